package classifier

import (
	"fmt"
	"slices"
	"strconv"
)

func (f *finder) findDates(s *search) {
	for _, pattern := range f.dates {
		for _, at := range pattern.FindAllStringSubmatchIndex(s.folded, -1) {
			if digitAt(s.folded, at[0]-1) || digitAt(s.folded, at[1]) {
				continue
			}
			var parts [3]string
			for i, name := range [...]string{"year", "month", "day"} {
				if g := pattern.SubexpIndex(name); g > 0 && at[2*g] >= 0 {
					parts[i] = s.folded[at[2*g]:at[2*g+1]]
				}
			}
			if e, ok := s.claim(at[0], at[1]); ok {
				s.results.Dates = append(s.results.Dates, Date{e, isoDate(parts)})
			}
		}
	}
	slices.SortFunc(s.results.Dates, func(a, b Date) int { return a.Start - b.Start })
}

// isoDate writes year, month and day as far as they are named; without a year there is no value. A year of two digits is of this century.
func isoDate(parts [3]string) string {
	year, err := strconv.Atoi(parts[0])
	if err != nil {
		return ""
	}
	if year < 100 {
		year += 2000
	}
	value := strconv.Itoa(year)
	for _, part := range parts[1:] {
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		value += fmt.Sprintf("-%02d", n)
	}
	return value
}
