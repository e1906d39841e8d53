package classifier

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"sync"
	"unicode"
)

//go:embed data/places.tsv
var placeData string

// places finds the district of the matter: where several are named, by what is said around each and how it is named, weighed by
// data/places.tsv. Of one that is named alone, little speaks against it.
type places struct {
	*gazetteer
	offices   *offices
	districts []string
	rules     [ruleCount]float64
	before    []cues
	after     []cues
	near      []cues
	roads     [][]rune
	moving    [][]rune
	denied    [][]rune
}

// cues are words that speak equally for, or against, the district that they stand at.
type cues struct {
	words      [][]rune
	points     float64
	registered bool // the firm's seat
}

// rule is what isn't a matter of words.
type rule uint8

const (
	ruleFirst  rule = iota // named before the others
	ruleLast               // and after
	ruleAgain              // named again, up to three times
	ruleFull               // by its full name
	ruleOffice             // an office right behind: 铁西区税务局
	rulePlace              // a place of its own right behind: 和平区三好街
	ruleFirm               // the name is part of a firm's
	ruleListed             // one of several in a row: 铁西、和平
	ruleTitle              // in the head of a long text
	ruleEnd                // in its last words, where people sign
	ruleMoved              // registered there, in a text about moving
	ruleNone1              // for no district when one is named,
	ruleNone2              // two,
	ruleNone3              // or more
	ruleNoneListed
	ruleCount
)

var ruleNames = [ruleCount]string{"first", "last", "again", "full", "office", "place", "firm", "listed", "title", "end", "moved", "none1", "none2", "none3", "none_listed"}

// foundPlaces is what a text says of where.
type foundPlaces struct {
	district string
	hints    []PlaceHint
}

func newPlaces(tax Taxonomy, o *offices) (*places, error) {
	g, err := newGazetteer(tax.Districts, tax.Places)
	if err != nil {
		return nil, err
	}
	p := &places{gazetteer: g, offices: o, districts: tax.Districts}
	if err := readTable(placeData, 3, func(fields []string) error { return p.weigh(fields[0], fields[1], fields[2]) }); err != nil {
		return nil, fmt.Errorf("read words around places: %w", err)
	}
	return p, nil
}

// weigh takes a line of the table.
func (p *places) weigh(kind, points, words string) error {
	switch kind {
	case "road":
		p.roads = append(p.roads, runesOf(words)...)
		return nil
	case "denied":
		p.denied = append(p.denied, runesOf(words)...)
		return nil
	case "moving":
		p.moving = append(p.moving, runesOf(words)...)
		return nil
	}
	value, err := strconv.ParseFloat(points, 64)
	if err != nil {
		return fmt.Errorf("points of %s: %w", kind, err)
	}
	switch kind {
	case "rule":
		i := slices.Index(ruleNames[:], words)
		if i < 0 {
			return fmt.Errorf("unknown rule %q", words)
		}
		p.rules[i] = value
	case "before", "registered":
		p.before = append(p.before, cues{runesOf(words), value, kind == "registered"})
	case "after":
		p.after = append(p.after, cues{words: runesOf(words), points: value})
	case "near":
		p.near = append(p.near, cues{words: runesOf(words), points: value})
	default:
		return fmt.Errorf("unknown kind %q", kind)
	}
	return nil
}

// mention is a place where a district is named.
type mention struct {
	start, end, district int
	full                 bool
}

// districtPoints are a district that is named, and what speaks for it.
type districtPoints struct {
	district, mentions int
	points             float64
	listed             bool
}

func (p *places) find(r *reading, s *search) foundPlaces {
	var found foundPlaces
	s.reading = r
	found.hints = p.mentions(r, s)
	found.district = p.choose(r.Folded, s)
	return found
}

// mentions lists where districts are named, and returns the hints.
func (p *places) mentions(r *reading, s *search) []PlaceHint {
	var hints []PlaceHint
	s.districts = s.districts[:0]
	var foreign uint64 // districts of the same name elsewhere, which their short names mean from then on
	for i := 0; i < len(r.Folded); {
		name, ok := p.at(r.Folded, i)
		if !ok {
			i++
			continue
		}
		start, end := i, i+len(name.runes)
		i = end
		switch name.sense {
		case senseTrap:
			continue
		case senseShort:
			if road := p.roadEnd(r.Folded, end); road > end {
				name.district, end, i = -1, road, road
				break
			}
			fallthrough
		case senseFull:
			bit := uint64(1) << (name.district % 64)
			if p.isDenied(r.Folded, start) {
				continue
			}
			if p.elsewhere(r.Folded, start) {
				foreign |= bit
			} else if foreign&bit == 0 || name.sense == senseFull {
				s.districts = append(s.districts, mention{start, end, name.district, name.sense == senseFull})
			}
			continue
		}
		if len(name.runes) > 2 || r.wordsBetween(start, end) {
			hints = append(hints, PlaceHint{Entity{r.text(start, end), start, end}, p.name(name.district)})
		}
	}
	return hints
}

// isDenied reports whether what is named at i is said not to be the place, and not asked: 是不是铁西区的.
func (p *places) isDenied(runes []rune, i int) bool {
	return slices.ContainsFunc(p.denied, func(w []rune) bool {
		at := i - len(w)
		return at >= 0 && startsWith(runes[at:], w) && (at == 0 || runes[at-1] != '是' && runes[at-1] != '在')
	})
}

func (p *places) name(district int) string {
	if district < 0 {
		return ""
	}
	return p.districts[district]
}

// wordsBetween reports whether the characters [start, end) of the original are whole words: 北行 is none in 东北行业.
func (r *reading) wordsBetween(start, end int) bool {
	i := sort.Search(len(r.Tokens), func(i int) bool { begins, _ := r.original(i); return begins >= start })
	if i == len(r.Tokens) {
		return false
	}
	begins, ends := r.original(i)
	for ; ends < end && i+1 < len(r.Tokens); _, ends = r.original(i) {
		i++
	}
	return begins == start && ends == end
}

// original returns where a word is in the original.
func (r *reading) original(token int) (start, end int) {
	return r.Normalized.Original(r.Tokens[token].Start, r.Tokens[token].End)
}

// roadEnd returns where the name of a road ends whose own part starts at i, or i. 街道 is an office, not a 街.
func (p *places) roadEnd(runes []rune, i int) int {
	road := longest(runes, i, p.roads)
	if road > i && startsWith(runes[road-1:], []rune("街道")) {
		return i
	}
	return road
}

const (
	// head and tail are how many characters of a text longer than long are its title and its signature.
	long, head, tail = 150, 25, 25
	// nearby is how many characters after a name what is said still is about it.
	nearby = 16
	// again is how many more mentions count.
	again = 3
)

// choose returns the district with the most points, "" if no district has more.
func (p *places) choose(runes []rune, s *search) string {
	if len(s.districts) == 0 {
		return ""
	}
	nothing := p.score(runes, s)
	best := slices.MaxFunc(s.points, func(a, b districtPoints) int { return cmp.Compare(a.points, b.points) })
	if best.points <= nothing {
		return ""
	}
	return p.districts[best.district]
}

// score weighs the districts that are named, and returns the points for none of them.
func (p *places) score(runes []rune, s *search) (nothing float64) {
	s.points = s.points[:0]
	moving := sync.OnceValue(func() bool {
		s.work += len(runes) * len(p.moving)
		return slices.ContainsFunc(p.moving, func(w []rune) bool { return contains(runes, w) })
	})
	for i, m := range s.districts {
		at := slices.IndexFunc(s.points, func(d districtPoints) bool { return d.district == m.district })
		if at < 0 {
			at = len(s.points)
			s.points = append(s.points, districtPoints{district: m.district})
		}
		d, next := &s.points[at], len(runes)
		if i+1 < len(s.districts) {
			next = s.districts[i+1].start
		}
		if d.mentions++; d.mentions > 1 && d.mentions <= again+1 {
			d.points += p.rules[ruleAgain]
		}
		d.points += p.mention(runes, m, next, moving)
		if p.listed(runes, s.districts, i) {
			d.listed = true
		}
	}
	s.points[0].points += p.rules[ruleFirst]
	last := s.districts[len(s.districts)-1].district
	for i := range s.points {
		d := &s.points[i]
		if d.district == last {
			d.points += p.rules[ruleLast]
		}
		if d.listed {
			d.points += p.rules[ruleListed]
			nothing = p.rules[ruleNoneListed]
		}
	}
	return nothing + p.rules[ruleNone1+rule(min(len(s.points), 3))-1]
}

// mention weighs one mention; next is where the next one begins, moving whether the text is about moving.
func (p *places) mention(runes []rune, m mention, next int, moving func() bool) float64 {
	points, seat := longestCue(p.before, func(w []rune) bool { return m.start >= len(w) && startsWith(runes[m.start-len(w):], w) })
	behind, _ := longestCue(p.after, func(w []rune) bool { return startsWith(runes[m.end:], w) })
	points += behind
	stretch := runes[m.end:min(m.end+nearby, next)]
	if stop := slices.IndexFunc(stretch, endsSentence); stop >= 0 {
		stretch = stretch[:stop]
	}
	for _, c := range p.near {
		if slices.ContainsFunc(c.words, func(w []rune) bool { return contains(stretch, w) }) {
			points += c.points
		}
	}
	add := func(r rule, holds bool) {
		if holds {
			points += p.rules[r]
		}
	}
	add(ruleMoved, seat && moving())
	add(ruleFull, m.full)
	add(ruleOffice, p.offices.begins(runes, m.end) || p.offices.begins(runes, m.end+1) && runes[m.end] == '的')
	name, ok := p.at(runes, m.end)
	add(rulePlace, ok && name.sense == senseHint && name.district == m.district)
	add(ruleFirm, p.firm(runes[m.end:min(m.end+firmName, len(runes))]))
	add(ruleTitle, len(runes) > long && m.start < head)
	add(ruleEnd, len(runes) > long && m.end > len(runes)-tail)
	return points
}

// firmName is how many characters behind a district's name a firm's may end that begins with it.
const firmName = 14

// firm reports whether a firm's name ends in the stretch, with nothing in between that no name has.
func (p *places) firm(stretch []rune) bool {
	for i, r := range stretch {
		if !unicode.Is(unicode.Han, r) || r == '的' {
			return false
		}
		if r == '公' && (startsWith(stretch[i:], []rune("公司"))) && i >= 3 {
			return true
		}
	}
	return false
}

// listed reports whether a mention is one of several in a row: 铁西、和平, 铁西和和平, 铁西和平.
func (p *places) listed(runes []rune, all []mention, i int) bool {
	joined := func(a, b mention) bool {
		between := runes[a.end:b.start]
		return a.district != b.district && (len(between) == 0 || len(between) == 1 && slices.Contains([]rune("、和跟与及,,/或"), between[0]))
	}
	return i > 0 && joined(all[i-1], all[i]) || i+1 < len(all) && joined(all[i], all[i+1])
}

// longestCue returns the points of the longest word that stands there.
func longestCue(list []cues, stands func([]rune) bool) (points float64, registered bool) {
	length := 0
	for _, c := range list {
		for _, w := range c.words {
			if len(w) > length && stands(w) {
				length, points, registered = len(w), c.points, c.registered
			}
		}
	}
	return points, registered
}

func contains(runes, word []rune) bool {
	for i := range runes {
		if startsWith(runes[i:], word) {
			return true
		}
	}
	return false
}

func startsWith(runes, prefix []rune) bool {
	return len(runes) >= len(prefix) && slices.Equal(runes[:len(prefix)], prefix)
}

// longest returns the end of the longest of words that starts at i, or i.
func longest(runes []rune, i int, words [][]rune) int {
	end := i
	for _, w := range words {
		if i+len(w) > end && startsWith(runes[min(i, len(runes)):], w) {
			end = i + len(w)
		}
	}
	return end
}
