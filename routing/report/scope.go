package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"jiesu/routing"
)

// Scope is whose paper it is. Its text is city, category-1, unit-finance or district-和平区.
type Scope struct {
	Kind ScopeKind
	ID   string
}

// ScopeKind is what kind of body a paper is for.
type ScopeKind string

// The kinds of scope; their Chinese names are in the catalogue under "paper.scope.<value>".
const (
	City       ScopeKind = "city"
	OfCategory ScopeKind = "category" // 专项整治组
	OfUnit     ScopeKind = "unit"     // 牵头单位
	OfDistrict ScopeKind = "district" // 区县
)

// WholeCity is the scope that holds everything.
func WholeCity() Scope { return Scope{Kind: City} }

func (s Scope) String() string {
	if s.Kind == City {
		return string(City)
	}
	return string(s.Kind) + "-" + s.ID
}

// ParseScope reads a scope that the plan has. Error: ErrNotFound of routing.
func ParseScope(text string, plan *routing.Plan) (Scope, error) {
	for _, s := range Scopes(plan) {
		if s.String() == text {
			return s, nil
		}
	}
	return Scope{}, fmt.Errorf("paper of %q: %w", text, routing.ErrNotFound)
}

// Scopes lists everybody who has a paper: the city, the categories, the lead units by name, the districts.
func Scopes(plan *routing.Plan) []Scope {
	list := []Scope{WholeCity()}
	for _, c := range plan.Categories {
		list = append(list, Scope{OfCategory, c.ID})
	}
	for _, id := range units(plan) {
		list = append(list, Scope{OfUnit, id})
	}
	for _, d := range plan.Districts {
		list = append(list, Scope{OfDistrict, d})
	}
	return list
}

// units are the plan's lead units in the order of their ids.
func units(plan *routing.Plan) []string {
	return slices.SortedFunc(maps.Keys(plan.UnitByID), strings.Compare)
}

// Place is the scope as a filter of places.
func (s Scope) Place() Place {
	switch s.Kind {
	case OfCategory:
		return Place{Category: s.ID}
	case OfUnit:
		return Place{Unit: s.ID}
	case OfDistrict:
		return Place{District: s.ID}
	}
	return Place{}
}

// MayRead reports how the actor may read the paper of the scope: in full, or only its public figures, without the numbers of cases. The office
// reads all; a unit its own, and the public figures of the city.
func MayRead(a routing.Actor, s Scope) (full, public bool) {
	switch routing.RelationOf(a.Role, routing.DeedPapers) {
	case routing.RelationAny:
		return true, true
	case routing.RelationUnit:
		own := a.Unit != "" && s == Scope{OfUnit, a.Unit}
		return own, own || s.Kind == City
	}
	return false, false
}

// of sums the cells that lie in the filter.
func (f Figures) of(filter Place) Counts {
	var sum Counts
	for _, c := range f.Cells {
		if filter.holds(c.Place) {
			sum.add(c.Counts)
		}
	}
	return sum
}

// by sums the cells of the filter apart by a key.
func (f Figures) by(filter Place, key func(Place) string) map[string]*Counts {
	sums := map[string]*Counts{}
	for _, c := range f.Cells {
		if !filter.holds(c.Place) {
			continue
		}
		k := key(c.Place)
		if sums[k] == nil {
			sums[k] = &Counts{}
		}
		sums[k].add(c.Counts)
	}
	return sums
}

// numbers are the cases of a listed figure in the filter.
func (f Figures) numbers(filter Place, of Figure) []string {
	var all []string
	for _, c := range f.Cells {
		if filter.holds(c.Place) {
			all = append(all, c.Numbers[of.String()]...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// incidents are the mass incidents with cases of the filter, those with most cases first.
func (f Figures) incidents(filter Place) []Incident {
	byID := map[string]*Incident{}
	for _, c := range f.Cells {
		if !filter.holds(c.Place) {
			continue
		}
		for id, numbers := range c.Incidents {
			i := byID[id]
			if i == nil {
				i = &Incident{ID: id, Items: map[string]int{}}
				byID[id] = i
			}
			i.Cases = append(i.Cases, numbers...)
			i.Items[c.Item] += len(numbers)
		}
	}
	list := make([]Incident, 0, len(byID))
	for _, i := range byID {
		slices.Sort(i.Cases)
		i.Cases = slices.Compact(i.Cases)
		list = append(list, *i)
	}
	slices.SortFunc(list, func(a, b Incident) int {
		if len(a.Cases) != len(b.Cases) {
			return len(b.Cases) - len(a.Cases)
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list
}

// Incident is a mass incident as a paper tells it: the cases put on it in the period, and how many of each item.
type Incident struct {
	ID    string
	Cases []string
	Items map[string]int
}
