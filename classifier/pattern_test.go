package classifier

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jiesu/classifier/text"
)

// Patterns are only tried where they can match: what they find must be what regexp finds in the whole text.
func TestPatternsFindWhatFindAllFinds(t *testing.T) {
	t.Parallel()
	p := newPatterns()
	var all []*pattern
	expressions := []string{`1[3-9]\d[ -]?\d{4}`, `(?:19|20)?\d{2}年(?:1[0-2]|0?[1-9])月份?`, `[零一二三]*[一二三](?:多)?[万亿]?`, `\d[\d,]*(?:\.\d+)?\s?[万亿]?(?:元|块)?`,
		`我叫\s?[王李]\p{Han}{1,2}?(?:[^\p{Han}]|$|是)`, `(?i)js\d+`,
		`[一三]月[一二三]{1,2}[日号]`, `(?:我|本人)姓(?P<name>[王李])`, `[零一二三]*[百万亿]|[一二]+多万`, `(?:一|三多)(?:万|元)+`}
	for _, expression := range expressions {
		one, err := p.compile(expression)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	pieces := []string{"1", "3", "13800001234", "2019年3月", "9月份", "年", "一", "零", "三", "多", "万", "亿", "元", ",", ".", " ", "我叫", "王", "建国", "是", "月", "日", "本人", "姓", "百", "js12", "JS3", "ſ1", "😡", "。",
		strings.Repeat("零", 70), strings.Repeat("1,", 40), strings.Repeat("一万", 40)}
	folder := text.NewFolder()
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "pieces"), "")
		s := &search{reading: &reading{}}
		s.Folded = folder.Fold(in)
		p.prepare(s)
		for i, one := range all {
			var got [][]int
			p.each(one, s, func(m match) { got = append(got, m.at) })
			want := regexp.MustCompile(expressions[i]).FindAllStringSubmatchIndex(string(s.Folded), -1)
			if !slices.EqualFunc(got, want, slices.Equal[[]int]) {
				t.Fatalf("%s in %q: %v, want %v", expressions[i], string(s.Folded), got, want)
			}
		}
	})
}

func TestPatternThatCannotBeTriedAloneIsRefused(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{`(`, `a*`, `\ba`, `^a`, `(?m)a$`} {
		p := newPatterns()
		if _, err := p.compile(expression); err == nil {
			t.Errorf("%s is taken", expression)
		}
	}
}
