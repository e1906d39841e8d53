package classifier

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Chinese numerals by their value; the large ones close a group.
var (
	numerals = map[rune]float64{'零': 0, '〇': 0, '一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9}
	places10 = map[rune]float64{'十': 10, '百': 100, '千': 1000}
	groups   = map[rune]float64{'万': 1e4, '亿': 1e8}
	sizes    = map[string]float64{"": 1, "百": 1e2, "千": 1e3, "万": 1e4, "w": 1e4, "十万": 1e5, "百万": 1e6, "千万": 1e7, "亿": 1e8}
)

// sum is what a pattern found of an amount: 36, 万, 8, 元.
type sum struct{ number, size, tail, unit string }

func (f *finder) findAmounts(s *search) {
	for _, pattern := range f.amounts {
		f.patterns.each(pattern, s, func(m match) {
			part := sum{pattern.group(s, m, groupNumber), pattern.group(s, m, groupSize), pattern.group(s, m, groupTail), pattern.group(s, m, groupCurrency)}
			if part.tail != "" && (part.size == "" || s.digitAt(m.to)) {
				return // 3万 and then another number, or digits that belong together otherwise
			}
			yuan, ok := money(part)
			if !ok || part.unit == "" && f.measure.MatchString(s.folded[m.at[1]:]) || s.digitAt(m.from-1) {
				return
			}
			if e, ok := s.claim(m.from, m.to); ok {
				s.results.Amounts = append(s.results.Amounts, Amount{e, yuan})
			}
		})
	}
	slices.SortFunc(s.results.Amounts, func(a, b Amount) int { return a.Start - b.Start })
}

// money values an amount, false if it isn't clearly one: a bare number is none, nor is 三万六千 people.
func money(part sum) (float64, bool) {
	number := part.number
	if first, _ := utf8.DecodeRuneInString(number); first < utf8.RuneSelf {
		value, err := strconv.ParseFloat(strings.ReplaceAll(number, ",", ""), 64)
		size := sizes[part.size]
		if tail, err := strconv.ParseFloat(part.tail, 64); err == nil {
			value += tail / 10 // 36万8
		}
		return value * size, err == nil && (part.unit != "" || size >= 1e4)
	}
	if first, _ := utf8.DecodeRuneInString(number); part.unit == "" && strings.ContainsRune("百千万亿", first) {
		return 0, false // 千万别, 万一
	}
	value, ok := chineseNumber(number)
	return value, ok && (part.unit != "" && (value >= 10 || part.unit != "块") || value >= 1e4 && part.unit == "")
}

// chineseNumber values 三万六 as 36000, 一百九十多万 as 1900000, 十来万 as 100000. Spoken numbers leave out the last unit: 三万六 is 三万六千.
func chineseNumber(s string) (float64, bool) {
	var total, group, digit float64
	last := 1.0 // the unit before the digit that waits
	seen := false
	for _, r := range s {
		if v, ok := numerals[r]; ok {
			digit, seen = v, true
			if v == 0 {
				last = 10
			}
			continue
		}
		if unit, ok := places10[r]; ok {
			if digit == 0 {
				digit = 1
			}
			group, digit, last, seen = group+digit*unit, 0, unit, true
			continue
		}
		if unit, ok := groups[r]; ok {
			total, group, digit, last = (total+group+digit)*unit, 0, 0, unit
		}
	}
	if digit > 0 && last > 1 {
		digit *= last / 10
	}
	return total + group + digit, seen
}
