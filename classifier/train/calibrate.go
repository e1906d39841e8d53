package train

import (
	"cmp"
	"math"
	"slices"

	"jiesu/classifier"
)

// calibration is what held-out scores teach about trust in the model.
type calibration struct {
	temperature float64
	thresholds  classifier.Thresholds
}

// answer is one held-out prediction.
type answer struct {
	item, unit, district string
	confidence           float64
	decision             classifier.Decision
	top                  []classifier.Alternative
}

// calibrate finds the temperature at which the held-out texts are least surprising, then the thresholds.
func calibrate(scores [][]float64, docs []document, set labelSet, risk float64) calibration {
	c := calibration{temperature: coolest(scores, docs)}
	type guess struct {
		confidence  float64
		unit, inTop bool
	}
	var guesses []guess
	for i, s := range scores {
		p := classifier.Softmax(slices.Clone(s), c.temperature)
		order := byProbability(p)
		best := set.labels[order[0]]
		if best.Item == classifier.Other {
			continue
		}
		guesses = append(guesses, guess{p[order[0]], best.Unit == set.labels[docs[i].label].Unit,
			slices.Contains(order[:min(3, len(order))], docs[i].label)})
	}
	slices.SortStableFunc(guesses, func(a, b guess) int { return cmp.Compare(b.confidence, a.confidence) })
	// The longest run of the most confident that stays within the risk. The run must be long enough to mean something.
	const meaningful = 30
	c.thresholds = classifier.Thresholds{Dispatch: 1, Ask: 1}
	wrong, asked := 0, 0
	end := 0
	for n, g := range guesses {
		if !g.unit {
			wrong++
		}
		if n+1 >= meaningful && float64(wrong) <= risk*float64(n+1) {
			c.thresholds.Dispatch, end = g.confidence, n+1
		}
	}
	c.thresholds.Ask = c.thresholds.Dispatch
	hits := 0
	const worthAsking = 0.8
	for _, g := range guesses[end:] {
		asked++
		if g.inTop {
			hits++
		}
		if float64(hits) >= worthAsking*float64(asked) {
			c.thresholds.Ask = g.confidence
		}
	}
	return c
}

// coolest searches the temperature of least cross-entropy, which has one minimum, by thirds on a logarithmic scale.
func coolest(scores [][]float64, docs []document) float64 {
	low, high := math.Log(0.05), math.Log(20)
	for range 40 {
		a, b := low+(high-low)/3, high-(high-low)/3
		if surprise(scores, docs, math.Exp(a)) < surprise(scores, docs, math.Exp(b)) {
			high = b
		} else {
			low = a
		}
	}
	return math.Exp((low + high) / 2)
}

func surprise(scores [][]float64, docs []document, temperature float64) float64 {
	var sum float64
	for i, s := range scores {
		p := classifier.Softmax(slices.Clone(s), temperature)
		sum -= math.Log(max(p[docs[i].label], 1e-12))
	}
	return sum
}

func byProbability(p []float64) []int {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[b], p[a]) })
	return order
}

func (c calibration) answer(set labelSet, scores []float64) answer {
	p := classifier.Softmax(slices.Clone(scores), c.temperature)
	order := byProbability(p)
	var a answer
	for _, i := range order[:min(3, len(order))] {
		a.top = append(a.top, classifier.Alternative{Item: set.labels[i].Item, Unit: set.labels[i].Unit, Confidence: p[i]})
	}
	a.item, a.unit, a.confidence = a.top[0].Item, a.top[0].Unit, a.top[0].Confidence
	a.decision = c.thresholds.Decide(a.item, a.confidence)
	return a
}
