package routing

import (
	"cmp"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// labelled is a sentence of the test set and what is personal in it.
type labelled struct {
	text     string
	personal []Personal
}

func personalSet(t *testing.T) []labelled {
	t.Helper()
	content, err := os.ReadFile("testdata/personal.txt")
	if err != nil {
		t.Fatal(err)
	}
	mark := regexp.MustCompile(`\x{3014}([a-z_]+):([^\x{3015}]*)\x{3015}`)
	var set []labelled
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		var l labelled
		from := 0
		for _, m := range mark.FindAllStringSubmatchIndex(line, -1) {
			l.text += line[from:m[0]]
			start := len(l.text)
			l.text += line[m[4]:m[5]]
			l.personal, from = append(l.personal, Personal{PersonalKind(line[m[2]:m[3]]), start, len(l.text)}), m[1]
		}
		l.text += line[from:]
		set = append(set, l)
	}
	return set
}

// Recall and precision by kind on sentences of our own; what was found counts when it covers all of what is personal, whatever it was taken for.
func TestPersonalDataIsFoundByItsForm(t *testing.T) {
	t.Parallel()
	type score struct{ there, found, wrong int }
	scores := map[PersonalKind]*score{}
	of := func(k PersonalKind) *score {
		if scores[k] == nil {
			scores[k] = &score{}
		}
		return scores[k]
	}
	for _, l := range personalSet(t) {
		got := FindPersonal(l.text)
		covers := func(by, p Personal) bool { return by.Start <= p.Start && p.End <= by.End }
		for _, p := range l.personal {
			of(p.Kind).there++
			if slices.ContainsFunc(got, func(g Personal) bool { return covers(g, p) }) {
				of(p.Kind).found++
			} else {
				t.Logf("%s is missed in %s", p.Kind, l.text)
			}
		}
		for _, g := range got {
			if !slices.ContainsFunc(l.personal, func(p Personal) bool { return g.Start < p.End && p.Start < g.End }) {
				of(g.Kind).wrong++
				t.Logf("%q is taken for %s in %s", l.text[g.Start:g.End], g.Kind, l.text)
			}
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(scores), cmp.Compare[PersonalKind]) {
		s := scores[k]
		t.Logf("%-12s %2d of %2d found, %d taken for it wrongly", k, s.found, s.there, s.wrong)
		least := s.there
		if k == PersonalName { // which have no form: what stands beside them decides, and not always
			least = s.there * 9 / 10
		}
		if s.found < least || s.wrong > 0 {
			t.Errorf("%s: %+v", k, *s)
		}
	}
}

func TestPersonalDataHasItsPlace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("0123456789xX ABZ辽京·-@.号是微信身份证卡账１３８００Ａ，"))).Draw(t, "text")
		last := 0
		for _, p := range FindPersonal(text) {
			if p.Start < last || p.End <= p.Start || p.End > len(text) || !utf8.ValidString(text[p.Start:p.End]) {
				t.Fatalf("%q: %+v", text, p)
			}
			last = p.End
		}
		blanked := Case{}.hush(text)
		if utf8.RuneCountInString(blanked) != utf8.RuneCountInString(text) {
			t.Fatalf("%q becomes %q", text, blanked)
		}
	})
}
