package classifier

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Chinese numerals by their value, also as they are written on cheques; the large ones close a group.
var (
	numerals = map[rune]float64{'零': 0, '〇': 0, '一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9,
		'俩': 2, '仨': 3, '壹': 1, '贰': 2, '貳': 2, '叁': 3, '参': 3, '肆': 4, '伍': 5, '陆': 6, '柒': 7, '捌': 8, '玖': 9}
	places10 = map[rune]float64{'十': 10, '百': 100, '千': 1000, '拾': 10, '佰': 100, '仟': 1000}
	groups   = map[rune]float64{'万': 1e4, '亿': 1e8}
	sizes    = map[string]float64{"": 1, "百": 1e2, "千": 1e3, "万": 1e4, "w": 1e4, "个w": 1e4, "十万": 1e5, "百万": 1e6, "千万": 1e7, "亿": 1e8, "个亿": 1e8}
)

// few is what 几 says at least.
const few = 3

// amountPrefix is a word before a number that belongs to it: 几十万, 近百万, ¥500.
type amountPrefix struct {
	runes    []rune
	times    float64
	unit     bool // only before 十, 百, 千, 万 or 亿
	currency bool
}

func amountPrefixes(words string, p amountPrefix) []amountPrefix {
	var list []amountPrefix
	for _, p.runes = range runesOf(words) {
		list = append(list, p)
	}
	return list
}

// sum is what a pattern found of an amount: 36, 万, 8, 元.
type sum struct {
	number, size   string
	tail, tailSize string // 36万8, 4万5千
	unit           string
	low, lowSize   string // 20到30万
	cents          string // 3块5
	prefixed       bool
}

func (f *finder) findAmounts(s *search) {
	for _, pattern := range f.amounts {
		f.patterns.each(pattern, s, func(m match) { f.amount(s, pattern, m) })
	}
	slices.SortFunc(s.results.Amounts, func(a, b Amount) int { return a.Start - b.Start })
}

func (f *finder) amount(s *search, pattern *pattern, m match) {
	part := sum{number: pattern.group(s, m, groupNumber), size: pattern.group(s, m, groupSize), tail: pattern.group(s, m, groupTail),
		tailSize: pattern.group(s, m, groupTailSize), unit: pattern.group(s, m, groupCurrency), low: pattern.group(s, m, groupLow),
		lowSize: pattern.group(s, m, groupLowSize), cents: pattern.group(s, m, groupCents)}
	from, to := m.from, m.to
	cut := func(group int) { // leaves out what begins with the group
		to = m.from + utf8.RuneCountInString(s.folded[m.at[0]:m.at[2*pattern.groups[group]]])
	}
	if part.cents != "" && (s.digitAt(to) || f.measured(s, to)) {
		cut(groupCents) // 50块3次
		part.cents = ""
	}
	if part.tail != "" && (s.digitAt(to) && part.unit == "" || !part.tailFits() || part.unit == "" && f.measured(s, to)) {
		cut(groupTail) // 3万, and then another number
		part.tail, part.tailSize, part.unit, part.cents = "", "", "", ""
	}
	if runes := []rune(part.number); len(runes) > 2 && part.unit == "" && part.size == "" && numerals[runes[len(runes)-1]] > 0 && f.ownDigit(s, to) {
		part.number, to = string(runes[:len(runes)-1]), to-1
	}
	for to > from && s.Folded[to-1] == ' ' {
		to--
	}
	times := 1.0
	for _, p := range f.amountBefore {
		behind := from
		if p.currency && behind > 0 && s.Folded[behind-1] == ' ' {
			behind--
		}
		if p.unit && !strings.ContainsRune("十百千万亿", firstRune(part.number)) {
			continue // 几个3万, 账上四十万
		}
		if at := behind - len(p.runes); at >= 0 && startsWith(s.Folded[at:], p.runes) {
			from, times, part.prefixed = at, p.times, true
			if p.currency && part.unit == "" {
				part.unit = "元"
			}
			break
		}
	}
	yuan, upTo, ok := money(part)
	if !ok && f.amountSure.matches(s.Folded, from, to) {
		part.unit = "元"
		yuan, upTo, ok = money(part)
		ok = ok && yuan >= 100 && !yearLike(part.number)
		part.unit = ""
	}
	if part.low != "" && upTo == 0 {
		from += utf8.RuneCountInString(s.folded[m.at[0]:m.at[2*pattern.groups[groupNumber]]]) // 第3到20万元的项目
	}
	if !ok || part.unit == "" && f.measured(s, to) || s.digitAt(from-1) && firstRune(part.number) < utf8.RuneSelf {
		return
	}
	if e, ok := s.claim(from, to); ok {
		s.results.Amounts = append(s.results.Amounts, Amount{e, yuan * times, upTo * times})
	}
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// measured reports whether a measure stands at i, so that the number before it is none of money: 三万六千人.
func (f *finder) measured(s *search, i int) bool {
	return i < len(s.Folded) && slices.ContainsFunc(f.measure, func(w []rune) bool { return startsWith(s.Folded[i:], w) })
}

// ownDigit reports whether the digit before i belongs to what stands at i: 八十万三月.
func (f *finder) ownDigit(s *search, i int) bool {
	return i < len(s.Folded) && slices.ContainsFunc(f.amountOwn, func(w []rune) bool { return startsWith(s.Folded[i:], w) })
}

// yearLike numbers stand for years before they stand for money: 欠款2019.
func yearLike(number string) bool {
	return len(number) == 4 && number != "2000" && (strings.HasPrefix(number, "19") || strings.HasPrefix(number, "20"))
}

// tailFits reports whether the tail can belong to the number: one digit as people say it, or one with its own size, or what is left to a
// unit of money.
func (p sum) tailFits() bool {
	switch {
	case p.size == "" || strings.ContainsRune(p.tail, '.') && p.tailSize == "":
		return false
	case p.tailSize != "":
		return sizes[p.tailSize]*leading(p.tail) < sizes[p.size]
	case len(p.tail) == 1:
		return true
	}
	return len(p.tail) >= 3 && p.unit != "" && leading(p.tail) < sizes[p.size]
}

func leading(number string) float64 {
	value, err := strconv.ParseFloat(strings.ReplaceAll(number, ",", ""), 64)
	if err != nil {
		return 0
	}
	return value
}

// money values an amount, false if it isn't clearly one: a bare number is none, nor is 三万六千 people.
func money(part sum) (yuan, upTo float64, ok bool) {
	first := firstRune(part.number)
	if first < utf8.RuneSelf {
		value, err := strconv.ParseFloat(strings.ReplaceAll(part.number, ",", ""), 64)
		size := sizes[part.size]
		yuan = value * size
		switch {
		case part.tail == "":
		case part.tailSize != "":
			yuan += leading(part.tail) * sizes[part.tailSize]
		case len(part.tail) == 1:
			yuan += leading(part.tail) * size / 10 // 36万8
		default:
			yuan += leading(part.tail) // 3万2000元
		}
		yuan += leading(part.cents) / 10
		if part.low != "" {
			low := leading(part.low) * sizes[part.lowSize]
			if part.lowSize == "" && part.unitless(low) {
				low *= size
			}
			if low > 0 && low < yuan {
				yuan, upTo = low, yuan
			}
		}
		return yuan, upTo, err == nil && (part.unit != "" || size >= 1e4)
	}
	number, high := part.number, ""
	if rest, ok := strings.CutPrefix(number, "百八十"); ok {
		number, high = "八十"+rest, "一百"+rest // some ninety
	} else if rest, ok := strings.CutPrefix(number, "百十"); ok {
		number = "一百" + rest
	} else if part.unit == "" && !part.prefixed && strings.ContainsRune("百千万亿", first) && !strings.HasPrefix(number, "百把") {
		return 0, 0, false // 千万别, 万一
	}
	if high == "" {
		number, high = leastOf(number)
	}
	switch number {
	case "半":
		yuan = 0.5
	case "几":
		yuan = few
	case "万", "亿":
		if !part.prefixed {
			return 0, 0, false // a column's 万元
		}
		fallthrough
	default:
		if yuan, ok = chineseNumber(number); !ok {
			return 0, 0, false
		}
	}
	yuan *= sizes[part.size]
	if high != "" {
		upTo, _ = chineseNumber(high)
		upTo *= sizes[part.size]
	}
	if low, ok := chineseNumber(part.low); ok && upTo == 0 {
		if last, _ := utf8.DecodeLastRuneInString(part.number); low < 1e4 && groups[last] > 0 {
			low *= groups[last] // 三到五万
		}
		if low > 0 && low < yuan {
			yuan, upTo = low, yuan
		}
	}
	if part.unit == "" {
		return yuan, upTo, yuan >= 1e4
	}
	return yuan, upTo, yuan >= 10 || part.unit != "块"
}

// unitless reports whether the lower number of a range is counted in the size of the higher one: 20-30万, but not 5000-1万.
func (p sum) unitless(low float64) bool { return low < 1000 || low < leading(p.number) }

// chineseNumber values 三万六 as 36000, 一百九十多万 as 1900000, 十来万 as 100000. Spoken numbers leave out the last unit: 三万六 is 三万六千.
func chineseNumber(s string) (float64, bool) {
	var total, below, group, digit float64 // below: of the 亿 that are counted already, what is left of its 万
	last := 1.0                            // the unit before the digit that waits
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
			amount := below + group + digit
			if amount == 0 {
				amount, seen = 1, true // 上万元
			}
			if unit > 1e4 {
				total, below = total+amount*unit, 0
			} else {
				below = amount * unit
			}
			group, digit, last = 0, 0, unit
		}
	}
	if digit > 0 && last > 1 {
		digit *= last / 10
	}
	return total + below + group + digit, seen
}

// leastOf takes the smaller of two digits in a row, 三四万 and 三五百 (three or four), and returns the number with the larger one too. Other
// digits in a row are left as they are.
func leastOf(number string) (least, high string) {
	var a, b strings.Builder
	last, digit, range2 := 0.0, false, false
	runes := []rune(number)
	for i, r := range runes {
		v, isDigit := numerals[r]
		if isDigit && digit && v > last && last > 0 && !range2 && i+1 < len(runes) {
			range2 = true
			h := []rune(b.String())
			h[len(h)-1] = r
			b.Reset()
			b.WriteString(string(h))
			continue
		}
		a.WriteRune(r)
		b.WriteRune(r)
		last, digit = v, isDigit
	}
	if !range2 {
		return number, ""
	}
	return a.String(), b.String()
}
