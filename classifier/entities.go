package classifier

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

//go:embed data/entities.tsv
var entityData string

// Entity is something named in the text: Start and End count characters of the original, as in Span.
type Entity struct {
	Text  string `json:"text"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// Amount is a sum of money.
type Amount struct {
	Entity
	// Yuan is its value; 多, 余, 来 (about) don't change it.
	Yuan float64 `json:"yuan"`
}

// Date is a day, month or year.
type Date struct {
	Entity
	// Value is 2019, 2019-03 or 2019-03-28 where the text names the year, else "": the text's own day is not known here.
	Value string `json:"value,omitempty"`
}

// Entities are the named things of a text, each kind in order of place. Telephone numbers and people are personal data: show them masked.
type Entities struct {
	Enterprise []Entity `json:"enterprise,omitempty"`
	Amounts    []Amount `json:"amounts,omitempty"`
	Dates      []Date   `json:"dates,omitempty"`
	Phones     []Entity `json:"phones,omitempty"`
	// People are names after words such as 联系人 or 我叫, or a surname after 姓.
	People []Entity `json:"people,omitempty"`
	// PlaceHints are landmarks, and roads called after a district: no district, but worth asking about.
	PlaceHints []Entity `json:"place_hint,omitempty"`
}

// finder finds entities by patterns and words from a data file.
type finder struct {
	phones, amounts, dates, people []*regexp.Regexp
	measure                        *regexp.Regexp
	company, companyNot            []string
	companyStop, empty             map[string]bool
}

func newFinder() (*finder, error) {
	f := &finder{companyStop: map[string]bool{}, empty: map[string]bool{}}
	var surnames string
	err := readTable(entityData, 2, func(fields []string) error {
		if fields[0] == "surname" {
			surnames = fields[1]
		}
		return nil
	})
	if err == nil {
		err = readTable(entityData, 2, func(fields []string) error {
			return f.add(fields[0], strings.ReplaceAll(fields[1], "SURNAME", surnames))
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read entity patterns: %w", err)
	}
	return f, nil
}

func (f *finder) add(kind, value string) error {
	patterns := map[string]*[]*regexp.Regexp{"phone": &f.phones, "amount": &f.amounts, "date": &f.dates, "person": &f.people}
	if list, ok := patterns[kind]; ok {
		pattern, err := regexp.Compile(value)
		if err != nil {
			return fmt.Errorf("pattern of %s: %w", kind, err)
		}
		*list = append(*list, pattern)
		return nil
	}
	var err error
	switch kind {
	case "measure":
		f.measure, err = regexp.Compile("^" + value)
	case "company":
		f.company = strings.Fields(value)
	case "company_not":
		f.companyNot = strings.Fields(value)
	case "company_stop":
		addAll(f.companyStop, value)
	case "empty":
		addAll(f.empty, value)
	case "surname":
	default:
		err = fmt.Errorf("unknown kind %q", kind)
	}
	return err
}

func addAll(set map[string]bool, words string) {
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
}

// search is one text being searched: taken keeps a stretch from being found twice, the more specific kind first.
type search struct {
	reading
	cutter
	folded  string
	offset  []int // character number of each byte of folded
	taken   []bool
	results Entities
}

func (f *finder) find(r reading) Entities {
	s := &search{reading: r, cutter: newCutter(r.original), folded: string(r.folded)}
	s.offset = make([]int, len(s.folded)+1)
	s.taken = make([]bool, len(r.folded)+1)
	characters := 0
	for i := range s.folded {
		s.offset[i] = characters
		characters++
	}
	s.offset[len(s.folded)] = characters
	f.findPhones(s)
	f.findDates(s)
	f.findAmounts(s)
	f.findPeople(s)
	f.findCompanies(s)
	return s.results
}

// claim turns bytes of the folded text into an entity, false if part of it belongs to another one.
func (s *search) claim(start, end int) (Entity, bool) {
	from, to := s.offset[start], s.offset[end]
	if slices.Contains(s.taken[from:to], true) {
		return Entity{}, false
	}
	for i := from; i < to; i++ {
		s.taken[i] = true
	}
	return Entity{s.text(from, to), from, to}, true
}

func (f *finder) findPhones(s *search) {
	for _, pattern := range f.phones {
		for _, at := range pattern.FindAllStringIndex(s.folded, -1) {
			if digitAt(s.folded, at[0]-1) || digitAt(s.folded, at[1]) {
				continue // part of a longer number: an account, a file
			}
			if e, ok := s.claim(at[0], at[1]); ok {
				s.results.Phones = append(s.results.Phones, e)
			}
		}
	}
	slices.SortFunc(s.results.Phones, func(a, b Entity) int { return a.Start - b.Start })
}

func digitAt(s string, i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }

func (f *finder) findPeople(s *search) {
	for _, pattern := range f.people {
		group := pattern.SubexpIndex("name")
		for _, at := range pattern.FindAllStringSubmatchIndex(s.folded, -1) {
			if e, ok := s.claim(at[2*group], at[2*group+1]); ok {
				s.results.People = append(s.results.People, e)
			}
		}
	}
	slices.SortFunc(s.results.People, func(a, b Entity) int { return a.Start - b.Start })
}

// findCompanies walks back from a company's ending to where its name begins.
func (f *finder) findCompanies(s *search) {
	const longest, shortest = 10, 3 // words, and characters before the ending
	for last, token := range s.tokens {
		ending, ok := f.companyEnding(token.Text)
		if !ok {
			continue
		}
		first := last
		for first > 0 && last-first < longest && f.inName(s, s.tokens[first-1].Text) {
			first--
		}
		start, end := s.normalized.Original(s.tokens[first].Start, token.End)
		if end-start-ending < shortest || f.notCompany(string(s.reading.folded[start:end])) || slices.Contains(s.taken[start:end], true) {
			continue
		}
		s.results.Enterprise = append(s.results.Enterprise, Entity{s.text(start, end), start, end})
	}
}

// companyEnding returns how many characters of the word are a company's ending.
func (f *finder) companyEnding(word string) (int, bool) {
	for _, ending := range f.company {
		if strings.HasSuffix(word, ending) {
			return len([]rune(ending)), true
		}
	}
	return 0, false
}

func (f *finder) inName(s *search, word string) bool {
	if f.companyStop[word] {
		return false
	}
	for _, r := range word {
		if !unicode.Is(unicode.Han, r) && !unicode.IsLetter(r) && r != '(' && r != ')' {
			return false
		}
	}
	return true
}

func (f *finder) notCompany(name string) bool {
	return slices.ContainsFunc(f.companyNot, func(not string) bool { return strings.HasSuffix(name, not) })
}

// substance counts the letters of the words that say something: not greetings, nor a bare "I want to complain".
func (f *finder) substance(r reading) int {
	characters := 0
	for _, token := range r.tokens {
		if unicode.IsLetter(r.normalized.Runes[token.Start]) && !f.empty[token.Text] {
			characters += token.End - token.Start
		}
	}
	return characters
}
