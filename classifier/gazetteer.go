package classifier

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Place is a line of the gazetteer (configs/plan/places.tsv, which explains the kinds). The caller reads it with ReadPlaces and hands it in
// with the Taxonomy.
type Place struct {
	// District is the full name of the district that it lies in, "" if there is none or it isn't known.
	District string
	Kind     string
	Name     string
}

// Kinds of Place that don't lie in a district. Another kind is a place that is worth a suggestion.
const (
	kindName = "name" // another name of the district itself
	kindCity = "city" // another city, before the name of a district that it has too
	kindTrap = "trap" // a word that holds a district's name and means no place
)

// ReadPlaces reads a gazetteer: district (or -), kind and name, separated by tabs; lines that start with # are left out.
func ReadPlaces(r io.Reader) ([]Place, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read gazetteer: %w", err)
	}
	var list []Place
	err = readTable(string(data), 3, func(fields []string) error {
		p := Place{fields[0], fields[1], fields[2]}
		if p.District == "-" {
			p.District = ""
		}
		list = append(list, p)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read gazetteer: %w", err)
	}
	return list, nil
}

// gazetteer finds names in a text.
type gazetteer struct {
	// names by their first two characters, the longest first.
	names  map[[2]rune][]placeName
	starts marks
	// cities are not looked for, but only compared with what stands before a district.
	cities [][]rune
}

// placeName is what a name means.
type placeName struct {
	runes    []rune
	district int // index in Taxonomy.Districts, or -1
	sense    sense
}

type sense uint8

const (
	senseShort sense = iota // 铁西: the district, unless it goes on like the name of a road
	senseFull               // 铁西区
	senseHint
	senseTrap
)

// newGazetteer takes the districts' full and short names and the places. The short ones leave out 区, 县, 市 or 新区.
func newGazetteer(districts []string, places []Place) (*gazetteer, error) {
	g := &gazetteer{names: map[[2]rune][]placeName{}, starts: newMarks()}
	for i, name := range districts {
		if runes := []rune(name); len(runes) >= 2 {
			g.add(placeName{runes, i, senseFull})
			if short := shortName(runes); len(short) >= 2 {
				g.add(placeName{short, i, senseShort})
			}
		}
	}
	for _, p := range places {
		n := placeName{[]rune(p.Name), slices.Index(districts, p.District), senseHint}
		if p.District != "" && n.district < 0 || len(n.runes) < 2 || p.Kind == kindName && n.district < 0 {
			return nil, fmt.Errorf("gazetteer: %s %q of %q", p.Kind, p.Name, p.District)
		}
		switch p.Kind {
		case kindCity:
			g.cities = append(g.cities, n.runes)
			continue
		case kindName:
			n.sense = senseFull
		case kindTrap:
			n.sense = senseTrap
		}
		g.add(n)
	}
	for _, names := range g.names {
		slices.SortStableFunc(names, func(a, b placeName) int { return len(b.runes) - len(a.runes) })
	}
	return g, nil
}

func (g *gazetteer) add(n placeName) {
	first := [2]rune(n.runes)
	g.names[first] = append(g.names[first], n)
	g.starts.add(1, first[0], first[0])
}

// shortName leaves out the last character of a district's name, and 新 before it: 沈北新区 is called 沈北.
func shortName(name []rune) []rune {
	short := name[:len(name)-1]
	if len(short) > 2 && short[len(short)-1] == '新' {
		short = short[:len(short)-1]
	}
	return short
}

// at returns the longest name that begins at i.
func (g *gazetteer) at(runes []rune, i int) (placeName, bool) {
	if i+1 >= len(runes) || g.starts.at(runes[i]) == 0 {
		return placeName{}, false
	}
	for _, n := range g.names[[2]rune(runes[i:])] {
		if startsWith(runes[i:], n.runes) {
			return n, true
		}
	}
	return placeName{}, false
}

// elsewhere reports whether another city's name stands before i: 鞍山铁西区, 天津市的和平区.
func (g *gazetteer) elsewhere(runes []rune, i int) bool {
	for _, link := range [...]string{"的", "那边", "市"} {
		if l := []rune(link); i >= len(l) && startsWith(runes[i-len(l):], l) {
			i -= len(l)
		}
	}
	return slices.ContainsFunc(g.cities, func(city []rune) bool { return i >= len(city) && startsWith(runes[i-len(city):], city) })
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
