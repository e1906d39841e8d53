package classifier

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed data/places.tsv
var placeData string

// places finds the district of the matter. It is data and arithmetic, not learnt: the corpus names too few districts in too many ways.
type places struct {
	names     []placeName // longest first, so that a full name is not also its short one
	before    []cue
	after     []cue
	traps     [][]rune
	roads     [][]rune
	landmarks [][]rune
	// starts marks what names, traps and landmarks begin with.
	starts marks
}

const (
	startsName uint32 = 1 << iota
	startsTrap
	startsLandmark
)

type placeName struct {
	runes    []rune
	district string
	full     bool
}

type cue struct {
	runes  []rune
	points float64
}

// foundPlaces is what a text says of where.
type foundPlaces struct {
	district string
	hints    []Entity
}

// newPlaces takes the districts' full names; the short ones leave out 区, 县, 市 or 新区.
func newPlaces(districts []string) (*places, error) {
	p := &places{starts: newMarks()}
	err := readTable(placeData, 3, func(fields []string) error { return p.add(fields[0], fields[1], fields[2]) })
	if err != nil {
		return nil, fmt.Errorf("read places: %w", err)
	}
	for _, name := range districts {
		runes := []rune(name)
		p.names = append(p.names, placeName{runes, name, true})
		short := runes[:max(len(runes)-1, 0)]
		if len(short) > 2 && slices.Contains(p.shortEndings(), short[len(short)-1]) {
			short = short[:len(short)-1]
		}
		if len(short) >= 2 {
			p.names = append(p.names, placeName{short, name, false})
		}
	}
	slices.SortStableFunc(p.names, func(a, b placeName) int { return len(b.runes) - len(a.runes) })
	for _, name := range p.names {
		p.starts.add(startsName, name.runes[0], name.runes[0])
	}
	for _, words := range []struct {
		bit  uint32
		list [][]rune
	}{{startsTrap, p.traps}, {startsLandmark, p.landmarks}} {
		for _, word := range words.list {
			p.starts.add(words.bit, word[0], word[0])
		}
	}
	return p, nil
}

// shortEndings are the characters that a short name loses as well: 沈北新区 is called 沈北.
func (p *places) shortEndings() []rune { return []rune{'新'} }

func (p *places) add(kind, points, words string) error {
	for word := range strings.FieldsSeq(words) {
		runes := []rune(word)
		switch kind {
		case "before", "after":
			value, err := strconv.ParseFloat(points, 64)
			if err != nil {
				return fmt.Errorf("points of %s: %w", kind, err)
			}
			if kind == "before" {
				p.before = append(p.before, cue{runes, value})
			} else {
				p.after = append(p.after, cue{runes, value})
			}
		case "trap":
			p.traps = append(p.traps, runes)
		case "road":
			p.roads = append(p.roads, runes)
		case "landmark":
			p.landmarks = append(p.landmarks, runes)
		default:
			return fmt.Errorf("unknown kind %q", kind)
		}
	}
	return nil
}

// districtPoints are what the mentions of a district are worth.
type districtPoints struct {
	district string
	points   float64
}

func (p *places) find(r *reading) foundPlaces {
	var found foundPlaces
	r.points = r.points[:0]
	hint := func(start, end int) { found.hints = append(found.hints, Entity{r.text(start, end), start, end}) }
	for i := 0; i < len(r.Folded); {
		starts := p.starts.at(r.Folded[i])
		if starts == 0 {
			i++
			continue
		}
		if starts&startsTrap != 0 {
			if end := longest(r.Folded, i, p.traps); end > i {
				i = end
				continue
			}
		}
		if starts&startsLandmark != 0 {
			if end := longest(r.Folded, i, p.landmarks); end > i {
				hint(i, end)
				i = end
				continue
			}
		}
		name, ok := p.nameAt(r.Folded, i)
		if !ok {
			i++
			continue
		}
		end := i + len(name.runes)
		if road := p.roadEnd(r.Folded, end); road > end && !name.full {
			hint(i, road)
			i = road
			continue
		}
		r.mentioned(name.district, p.mention(r.Folded, i, end))
		i = end
	}
	found.district = winner(r.points)
	return found
}

func (r *reading) mentioned(district string, points float64) {
	for i := range r.points {
		if r.points[i].district == district {
			r.points[i].points += points
			return
		}
	}
	r.points = append(r.points, districtPoints{district, points})
}

// roadEnd returns where the name of a road ends whose own part starts at i, or i. 街道 is an office, not a 街: a longer cue goes before.
func (p *places) roadEnd(runes []rune, i int) int {
	road := longest(runes, i, p.roads)
	for _, c := range p.after {
		if i+len(c.runes) > road && startsWith(runes[i:], c.runes) {
			return i
		}
	}
	return road
}

func (p *places) nameAt(runes []rune, i int) (placeName, bool) {
	for _, name := range p.names {
		if startsWith(runes[i:], name.runes) {
			return name, true
		}
	}
	return placeName{}, false
}

// mention is worth one point, more or less by the words around it.
func (p *places) mention(runes []rune, start, end int) float64 {
	points := 1.0
	for _, c := range p.before {
		if at := start - len(c.runes); at >= 0 && startsWith(runes[at:], c.runes) {
			points += c.points
		}
	}
	for _, c := range p.after {
		if startsWith(runes[end:], c.runes) {
			points += c.points
		}
	}
	return points
}

// winner is the district with the most points if they are more than none and clearly more than the next one's.
func winner(points []districtPoints) string {
	const clear = 1
	var best string
	first, second := 0.0, 0.0
	for _, d := range points {
		switch {
		case d.points > first:
			best, first, second = d.district, d.points, first
		case d.points > second:
			second = d.points
		}
	}
	if first <= 0 || len(points) > 1 && first-second < clear {
		return ""
	}
	return best
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

// readTable reads tab-separated lines, leaving out empty ones and those that start with #.
func readTable(data string, fields int, add func([]string) error) error {
	for line := range strings.Lines(data) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(line, "\t")
		if len(columns) != fields {
			return fmt.Errorf("%d fields instead of %d in %q", len(columns), fields, line)
		}
		if err := add(columns); err != nil {
			return err
		}
	}
	return nil
}
