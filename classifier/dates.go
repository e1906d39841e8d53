package classifier

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func (f *finder) findDates(s *search) {
	for _, pattern := range f.dates {
		f.patterns.each(pattern, s, func(m match) {
			if s.digitAt(m.from-1) || s.digitAt(m.to) {
				return
			}
			if e, ok := s.claim(m.from, m.to); ok {
				value := isoDate([3]string{pattern.group(s, m, groupYear), pattern.group(s, m, groupMonth), pattern.group(s, m, groupDay)})
				s.results.Dates = append(s.results.Dates, Date{e, value})
			}
		})
	}
	slices.SortFunc(s.results.Dates, func(a, b Date) int { return a.Start - b.Start })
}

// isoDate writes year, month and day as far as they are named; without a year there is no value. A year of two digits is of this century.
func isoDate(parts [3]string) string {
	if parts[0] == "" {
		return ""
	}
	year, ok := dateNumber(parts[0])
	if !ok {
		return ""
	}
	if year < 100 {
		year += 2000
	}
	value := strconv.Itoa(year)
	for _, part := range parts[1:] {
		n, ok := dateNumber(part)
		if !ok {
			break
		}
		value += fmt.Sprintf("-%02d", n)
	}
	return value
}

// dateNumber reads 2021, 二〇二一 and 十二.
func dateNumber(s string) (int, bool) {
	if strings.ContainsAny(s, "十") {
		n, ok := chineseNumber(s)
		return int(n), ok
	}
	digits := strings.Map(func(r rune) rune {
		if n, ok := numerals[r]; ok {
			return '0' + rune(n)
		}
		return r
	}, s)
	n, err := strconv.Atoi(digits)
	return n, err == nil
}
