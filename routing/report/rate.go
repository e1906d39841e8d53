package report

import "math"

// Rate is how many of how many.
type Rate struct{ Good, Of int }

// Value is the share, 0 of nothing.
func (r Rate) Value() float64 {
	if r.Of == 0 {
		return 0
	}
	return float64(r.Good) / float64(r.Of)
}

// LeastRanked is how many a rate must be of to be ranked: below it, one case moves the rate by ten points and more.
const LeastRanked = 10

// Ranked reports whether the rate is of enough.
func (r Rate) Ranked() bool { return r.Of >= LeastRanked }

// Interval is the 95 % confidence interval of the share (E. B. Wilson, JASA 22, 1927). Unlike the plain share it says how little three of
// three means: whoever is ranked by its lower end doesn't gain by having had few cases.
func (r Rate) Interval() (low, high float64) {
	if r.Of == 0 {
		return 0, 1
	}
	const z = 1.959964 // of the normal distribution, for 95 %
	n, p := float64(r.Of), r.Value()
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, middle-half), min(1, middle+half)
}

// ranks numbers the rates from the highest lower end of the interval on; equal ones share a number, and what isn't ranked has 0.
func ranks(rates []Rate) []int {
	list := make([]int, len(rates))
	for i, r := range rates {
		if !r.Ranked() {
			continue
		}
		low, _ := r.Interval()
		list[i] = 1
		for _, other := range rates {
			if l, _ := other.Interval(); other.Ranked() && l > low {
				list[i]++
			}
		}
	}
	return list
}
