package classifier

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// around are words that stand directly before or after something.
type around struct{ before, after [][]rune }

func (a around) matches(runes []rune, start, end int) bool {
	return slices.ContainsFunc(a.before, func(w []rune) bool { return start >= len(w) && startsWith(runes[start-len(w):], w) }) ||
		slices.ContainsFunc(a.after, func(w []rune) bool { return startsWith(runes[end:], w) })
}

func runesOf(words string) [][]rune {
	var list [][]rune
	for w := range strings.FieldsSeq(words) {
		list = append(list, []rune(w))
	}
	return list
}

func (f *finder) findDurations(s *search) {
	for _, pattern := range f.durations {
		f.patterns.each(pattern, s, func(m match) {
			number := pattern.group(s, m, groupNumber)
			days, ok := daysOf(number, pattern.group(s, m, groupSize))
			if months := pattern.group(s, m, groupMonths); ok && months != "" {
				var more int
				more, ok = daysOf(months, "个月")
				days += more
			}
			if !ok || s.digitAt(m.from-1) || f.durationNot.matches(s.Folded, m.from, m.to) {
				return
			}
			vague := strings.ContainsRune(number, '几') || number == "数" || strings.HasSuffix(pattern.group(s, m, groupSize), "工作日")
			if vague && number != "好几" && !f.durationSure.matches(s.Folded, m.from, m.to) {
				return // 这几年, 限15个工作日
			}
			if len(number) == 2 && s.folded[m.at[0]:m.at[1]] == number+"年" && !f.durationSure.matches(s.Folded, m.from, m.to) {
				return // 19年签的
			}
			if e, ok := s.claim(m.from, m.to); ok {
				s.results.Durations = append(s.results.Durations, Duration{e, days})
			}
		})
	}
	slices.SortFunc(s.results.Durations, func(a, b Duration) int { return a.Start - b.Start })
}

// daysOf values a number of weeks, months, years ("" too) or days; false for what isn't clearly a duration, such as 一八年, and for half a day.
func daysOf(number, size string) (int, bool) {
	var value float64
	switch {
	case number == "半":
		if value = 0.5; size == "天" || size == "个半月" || size == "年半" || size == "月" {
			return 0, false
		}
	case number == "几" || number == "好几" || number == "数":
		if value = few; size == "月" || size == "周" {
			return 0, false // 几月
		}
	case size == "月" && !strings.ContainsAny(number, "俩仨"):
		return 0, false // 三月
	case number[0] == '0':
		return 0, false // 08年
	case number[0] >= '1' && number[0] <= '9':
		var err error
		if value, err = strconv.ParseFloat(number, 64); err != nil {
			return 0, false
		}
	default:
		least, ok := leastDuration(number)
		if value, _ = chineseNumber(least); !ok {
			return 0, false
		}
	}
	if size == "年半" || size == "个半月" {
		value += 0.5
	}
	day := 7.0
	switch {
	case strings.HasSuffix(size, "小时"), size == "个钟头":
		day = 1.0 / 24
	case size == "天", strings.HasSuffix(size, "工作日"):
		day = 1
	case size == "个季度":
		day = 91
	case size == "" || strings.HasPrefix(size, "年"):
		day = 365
	case strings.HasSuffix(size, "月"):
		day = 30
	}
	days := int(math.Floor(value * day))
	return days, days > 0 && days < 100*365
}

// leastDuration takes the smaller of two neighbouring digits, 三四 (three or four); digits in a row that aren't such are the number of a year.
func leastDuration(number string) (string, bool) {
	var least strings.Builder
	last, digit := 0.0, false
	for _, r := range number {
		v, isDigit := numerals[r]
		if isDigit && digit {
			if v != last+1 {
				return "", false
			}
			continue
		}
		least.WriteRune(r)
		last, digit = v, isDigit
	}
	return least.String(), true
}
