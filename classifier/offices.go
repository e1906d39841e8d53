package classifier

import (
	_ "embed"
	"fmt"
	"slices"
)

//go:embed data/offices.tsv
var officeData string

// offices finds the lead units by what people call them.
type offices struct {
	// names by their first character, the longest first.
	names map[rune][]officeName
	first marks
}

type officeName struct {
	runes []rune
	unit  string // "" for what is no office
}

func newOffices(tax Taxonomy) (offices, error) {
	o := offices{names: map[rune][]officeName{}, first: newMarks()}
	err := readTable(officeData, 2, func(fields []string) error {
		unit := fields[0]
		if unit == "-" {
			unit = ""
		} else if !tax.leads(unit) {
			return nil // another city's plan
		}
		for _, name := range runesOf(fields[1]) {
			o.names[name[0]] = append(o.names[name[0]], officeName{name, unit})
			o.first.add(1, name[0], name[0])
		}
		return nil
	})
	if err != nil {
		return o, fmt.Errorf("read offices: %w", err)
	}
	for _, names := range o.names {
		slices.SortStableFunc(names, func(a, b officeName) int { return len(b.runes) - len(a.runes) })
	}
	return o, nil
}

// find looks at the beginnings of words, and takes what ends where a word ends: 工商 is no office in 个体工商户, nor inside a company's name.
func (o offices) find(s *search) {
	behind := 0
	enterprises := s.results.Enterprise // in order, as the offices are
	for i, token := range s.Tokens {
		runes := s.Normalized.Runes
		if token.Start < behind || o.first.at(runes[token.Start]) == 0 {
			continue
		}
		name, ok := o.nameAt(s, i)
		if !ok {
			continue
		}
		behind = token.Start + len(name.runes)
		start, end := s.Normalized.Original(token.Start, behind)
		for len(enterprises) > 0 && enterprises[0].End <= start {
			enterprises = enterprises[1:]
		}
		inside := len(enterprises) > 0 && enterprises[0].Start < end && (enterprises[0].Start < start || enterprises[0].End > end)
		if name.unit == "" || inside {
			continue
		}
		s.results.Offices = append(s.results.Offices, Office{Entity{s.text(start, end), start, end}, name.unit})
	}
}

// nameAt returns the longest name that begins with a word and ends with it or a later one.
func (o offices) nameAt(s *search, token int) (officeName, bool) {
	start := s.Tokens[token].Start
	for _, name := range o.names[s.Normalized.Runes[start]] {
		if startsWith(s.Normalized.Runes[start:], name.runes) && (name.unit == "" || endsWord(s, token, start+len(name.runes))) {
			return name, true
		}
	}
	return officeName{}, false
}

func endsWord(s *search, token, end int) bool {
	for token < len(s.Tokens) && s.Tokens[token].End < end {
		token++
	}
	return token < len(s.Tokens) && s.Tokens[token].End == end
}

// begins reports whether the name of an office begins at i, whatever words the text is cut into.
func (o *offices) begins(runes []rune, i int) bool {
	if i >= len(runes) || o.first.at(runes[i]) == 0 {
		return false
	}
	return slices.ContainsFunc(o.names[runes[i]], func(n officeName) bool { return n.unit != "" && startsWith(runes[i:], n.runes) })
}
