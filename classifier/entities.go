package classifier

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed data/entities.tsv
var entityData string

// Entity is something named in the text: Start and End count characters of the original, as in Span.
type Entity struct {
	Text  string `json:"text"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// PlaceHint is a street, town, landmark or the like.
type PlaceHint struct {
	Entity
	// District is the one that it lies in, "" if that isn't known or it lies in several.
	District string `json:"district,omitempty"`
}

// Amount is a sum of money.
type Amount struct {
	Entity
	// Yuan is its value, of a range (三四万, 20到30万) the lower one; 多, 余, 来 (about) don't change it, and 几 alone is three.
	Yuan float64 `json:"yuan"`
	// UpTo is the higher value of a range, else 0.
	UpTo float64 `json:"up_to,omitempty"`
}

// Date is a day, month or year.
type Date struct {
	Entity
	// Value is 2019, 2019-03 or 2019-03-28 where the text names the year, else "": the text's own day is not known here.
	Value string `json:"value,omitempty"`
}

// Office is a lead unit of the plan by whatever name.
type Office struct {
	Entity
	// Unit is its id in the taxonomy.
	Unit string `json:"unit"`
}

// Duration is how long something has lasted.
type Duration struct {
	Entity
	// Days is its length, a month having 30, a quarter 91, half a year 182 and a year 365; working days count like others, hours from 24 on;
	// 多, 来 (about) don't change it, and 几 alone is three.
	Days int `json:"days"`
}

// Entities are the named things of a text, each kind in order of place. Telephone numbers and people are personal data: show them masked.
type Entities struct {
	Enterprise []Entity `json:"enterprise,omitempty"`
	Amounts    []Amount `json:"amounts,omitempty"`
	Dates      []Date   `json:"dates,omitempty"`
	Phones     []Entity `json:"phones,omitempty"`
	// People are names after words such as 联系人 or 我叫, or a surname after 姓.
	People []Entity `json:"people,omitempty"`
	// PlaceHints are streets, towns and landmarks: no district (labelling guide), but worth asking about.
	PlaceHints []PlaceHint `json:"place_hint,omitempty"`
	// Offices are the lead units that are named: the one complained of, as a rule.
	Offices   []Office   `json:"offices,omitempty"`
	Durations []Duration `json:"durations,omitempty"`
	// Orders are numbers of earlier work orders, without the words before them.
	Orders []Entity `json:"orders,omitempty"`
}

// finder finds entities by patterns and words from a data file.
type finder struct {
	patterns                       patterns
	phones, amounts, dates, people []*pattern
	durations, orders              []*pattern
	measure                        [][]rune
	company, companyNot            []string
	companyStop, empty             map[string]bool
	durationNot, durationSure      around
	amountSure                     around
	orderNot                       around
	amountBefore                   []amountPrefix
	amountOwn                      [][]rune
	offices                        offices
	// first and last mark the first characters of the empty words and the last ones of companies' endings.
	first, last marks
}

// newFinder looks for those of the offices that are lead units of the taxonomy.
func newFinder(tax Taxonomy) (*finder, error) {
	f := &finder{patterns: newPatterns(), companyStop: map[string]bool{}, empty: map[string]bool{},
		first: newMarks(), last: newMarks()}
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
	if f.offices, err = newOffices(tax); err != nil {
		return nil, err
	}
	for word := range f.empty {
		r, _ := utf8.DecodeRuneInString(word)
		f.first.add(1, r, r)
	}
	for _, ending := range f.company {
		r, _ := utf8.DecodeLastRuneInString(ending)
		f.last.add(1, r, r)
	}
	return f, nil
}

// Groups that the patterns of a kind may have, by their number in pattern.groups.
const (
	groupYear, groupMonth, groupDay                                 = 0, 1, 2
	groupNumber, groupSize, groupTail, groupTailSize, groupCurrency = 0, 1, 2, 3, 4
	groupLow, groupLowSize, groupCents                              = 5, 6, 7
	groupMonths                                                     = 2
	groupName                                                       = 0
)

func (f *finder) add(kind, value string) error {
	lists := map[string]struct {
		list  *[]*pattern
		names []string
	}{
		"phone": {&f.phones, []string{"name"}}, "amount": {&f.amounts, []string{"number", "size", "tail", "tailsize", "unit", "low", "lowsize", "cents"}},
		"date": {&f.dates, []string{"year", "month", "day"}}, "person": {&f.people, []string{"name"}},
		"duration": {&f.durations, []string{"number", "size", "months"}}, "order": {&f.orders, []string{"name"}},
	}
	if l, ok := lists[kind]; ok {
		p, err := f.patterns.compile(value, l.names...)
		if err != nil {
			return fmt.Errorf("pattern of %s: %w", kind, err)
		}
		*l.list = append(*l.list, p)
		return nil
	}
	var err error
	switch kind {
	case "measure":
		f.measure = runesOf(value)
	case "company":
		f.company = strings.Fields(value)
	case "company_not":
		f.companyNot = strings.Fields(value)
	case "company_stop":
		addAll(f.companyStop, value)
	case "empty":
		addAll(f.empty, value)
	case "amount_sure_before":
		f.amountSure.before = runesOf(value)
	case "amount_sure_after":
		f.amountSure.after = runesOf(value)
	case "amount_few":
		f.amountBefore = append(f.amountBefore, amountPrefixes(value, amountPrefix{times: few, unit: true})...)
	case "amount_nearly":
		f.amountBefore = append(f.amountBefore, amountPrefixes(value, amountPrefix{times: 1})...)
	case "amount_nearly_unit":
		f.amountBefore = append(f.amountBefore, amountPrefixes(value, amountPrefix{times: 1, unit: true})...)
	case "amount_own":
		f.amountOwn = runesOf(value)
	case "amount_currency":
		f.amountBefore = append(f.amountBefore, amountPrefixes(value, amountPrefix{times: 1, currency: true})...)
	case "order_not_before":
		f.orderNot.before = runesOf(value)
	case "duration_not_before":
		f.durationNot.before = runesOf(value)
	case "duration_not_after":
		f.durationNot.after = runesOf(value)
	case "duration_sure_before":
		f.durationSure.before = runesOf(value)
	case "duration_sure_after":
		f.durationSure.after = runesOf(value)
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
	*reading
	folded  string // empty if there are no places
	places  []place
	taken   []bool
	results Entities
	// districts are the mentions of districts, in order.
	districts []mention
	// work counts what was looked at: tests hold that it grows no faster than the text.
	work int
}

func (f *finder) find(r *reading, s *search) Entities {
	s.reading, s.results = r, Entities{}
	s.taken = append(s.taken[:0], make([]bool, len(r.Folded))...)
	f.patterns.prepare(s)
	if len(s.places) > 0 {
		f.findPhones(s)
		f.findDates(s)
		f.findAmounts(s)
		f.findPeople(s)
	}
	f.findCompanies(s)
	if len(s.places) > 0 {
		f.findOrders(s)
		f.findDurations(s)
	}
	f.offices.find(s)
	found := s.results
	s.folded, s.results = "", Entities{}
	return found
}

// claim turns characters of the text into an entity, false if part of it belongs to another one.
func (s *search) claim(from, to int) (Entity, bool) {
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
		f.patterns.each(pattern, s, func(m match) {
			from, to := m.from, m.to
			if g := pattern.groups[groupName]; g >= 0 {
				from += utf8.RuneCountInString(s.folded[m.at[0]:m.at[2*g]])
			}
			if s.digitAt(from-1) || s.digitAt(to) {
				return // part of a longer number: an account, a file
			}
			if e, ok := s.claim(from, to); ok {
				s.results.Phones = append(s.results.Phones, e)
			}
		})
	}
	slices.SortFunc(s.results.Phones, func(a, b Entity) int { return a.Start - b.Start })
}

func (s *search) digitAt(i int) bool {
	return i >= 0 && i < len(s.Folded) && s.Folded[i] >= '0' && s.Folded[i] <= '9'
}

func (f *finder) findPeople(s *search) {
	for _, pattern := range f.people {
		f.patterns.each(pattern, s, func(m match) {
			g := pattern.groups[groupName]
			from := m.from + utf8.RuneCountInString(s.folded[m.at[0]:m.at[2*g]])
			if e, ok := s.claim(from, from+utf8.RuneCountInString(s.folded[m.at[2*g]:m.at[2*g+1]])); ok {
				s.results.People = append(s.results.People, e)
			}
		})
	}
	slices.SortFunc(s.results.People, func(a, b Entity) int { return a.Start - b.Start })
}

// findOrders leaves out numbers of other things: 合同编号.
func (f *finder) findOrders(s *search) {
	for _, pattern := range f.orders {
		f.patterns.each(pattern, s, func(m match) {
			from, to := m.from, m.to
			if g := pattern.groups[groupName]; g >= 0 {
				if f.orderNot.matches(s.Folded, from, to) {
					return
				}
				from += utf8.RuneCountInString(s.folded[m.at[0]:m.at[2*g]])
			}
			if s.digitAt(to) || s.digitAt(from-1) {
				return
			}
			if e, ok := s.claim(from, to); ok {
				s.results.Orders = append(s.results.Orders, e)
			}
		})
	}
	slices.SortFunc(s.results.Orders, func(a, b Entity) int { return a.Start - b.Start })
}

// findCompanies walks back from a company's ending to where its name begins.
func (f *finder) findCompanies(s *search) {
	const longest, shortest = 10, 3 // words, and characters before the ending
	for last, token := range s.Tokens {
		if f.last.at(s.Normalized.Runes[token.End-1]) == 0 {
			continue
		}
		ending, ok := f.companyEnding(token.Text)
		if !ok {
			continue
		}
		first := last
		for first > 0 && last-first < longest && f.inName(s.Tokens[first-1].Text) {
			first--
		}
		start, end := s.Normalized.Original(s.Tokens[first].Start, token.End)
		if end-start-ending < shortest || f.notCompany(string(s.Folded[start:end])) || slices.Contains(s.taken[start:end], true) {
			continue
		}
		if last := len(s.results.Enterprise) - 1; last >= 0 && s.results.Enterprise[last].Start == start {
			s.results.Enterprise = s.results.Enterprise[:last] // 中铁九局集团 is only the beginning of 中铁九局集团有限公司
		}
		s.results.Enterprise = append(s.results.Enterprise, Entity{s.text(start, end), start, end})
	}
}

// companyEnding returns how many characters of the word are a company's ending.
func (f *finder) companyEnding(word string) (int, bool) {
	for _, ending := range f.company {
		if strings.HasSuffix(word, ending) {
			return utf8.RuneCountInString(ending), true
		}
	}
	return 0, false
}

func (f *finder) inName(word string) bool {
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
func (f *finder) substance(r *reading) int {
	characters := 0
	for _, token := range r.Tokens {
		first := r.Normalized.Runes[token.Start]
		if unicode.IsLetter(first) && (f.first.at(first) == 0 || !f.empty[token.Text]) {
			characters += token.End - token.Start
		}
	}
	return characters
}
