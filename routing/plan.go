package routing

import (
	"fmt"
	"strings"
)

// Plan is the rectification plan as data (configs/plan/taxonomy.yaml): categories, items, lead units and districts.
type Plan struct {
	City       string              `yaml:"city"`
	UnitByID   map[string]PlanUnit `yaml:"units"`
	Districts  []string            `yaml:"districts"`
	Categories []Category          `yaml:"categories"`
	Timetable  *Timetable          `yaml:"-"` // the clocks of its cases; nil: none run
	Routes     []Route             `yaml:"-"` // the right doors for what isn't accepted
	Asks       *Asks               `yaml:"-"` // finds what a complaint asks for; nil: nothing is found
}

// PlanUnit is a lead unit (牵头单位).
type PlanUnit struct {
	Name string `yaml:"name"`
	Full string `yaml:"full"`
}

// Category is one of the plan's eight groups (专项) with its lead units.
type Category struct {
	ID    string   `yaml:"id"`
	Name  string   `yaml:"name"`
	Leads []string `yaml:"leads"`
	Items []Item   `yaml:"issues"`
}

// Item is one of the plan's 33 matters (整治问题).
type Item struct {
	ID     string   `yaml:"id"`
	Name   string   `yaml:"name"`
	Covers []string `yaml:"covers"`
}

// CategoryOf returns the category id of an item, "" for Other and unknown ones.
func (p *Plan) CategoryOf(item string) string {
	if c, _, ok := p.item(item); ok {
		return c.ID
	}
	return ""
}

// CategoryName returns the name of a category, its id when unknown.
func (p *Plan) CategoryName(id string) string {
	for _, c := range p.Categories {
		if c.ID == id {
			return c.Name
		}
	}
	return id
}

// ItemName returns the name of an item, "" for Other and unknown ones.
func (p *Plan) ItemName(item string) string {
	_, i, _ := p.item(item)
	return i.Name
}

// UnitName returns the short name of a unit, its id when unknown.
func (p *Plan) UnitName(id string) string {
	if u, ok := p.UnitByID[id]; ok {
		return u.Name
	}
	return id
}

// route finds a route by its id. Error: *InvalidError.
func (p *Plan) route(id string) (*Route, error) {
	for _, r := range p.Routes {
		if r.ID == id {
			return &r, nil
		}
	}
	return nil, invalid("route", "error.route_unknown")
}

// DistrictNamed returns the full name of the district that people call so, with or without 市, 区 or 县; "" when there is none.
func (p *Plan) DistrictNamed(name string) string {
	name = strings.TrimPrefix(name, p.City)
	for _, d := range p.Districts {
		if name == d || name != "" && name+"区" == d || name+"县" == d || name+"市" == d {
			return d
		}
	}
	return ""
}

// UnitNamed returns the id of the lead unit that is called so in short or in full, or has the id; "" when there is none.
func (p *Plan) UnitNamed(name string) string {
	if _, ok := p.UnitByID[name]; ok {
		return name
	}
	for id, u := range p.UnitByID {
		if name != "" && (name == u.Name || name == u.Full) {
			return id
		}
	}
	return ""
}

// ItemNamed returns the id of the item that is called so, has the id, or both as in "1.1 拖欠企业工程款"; "" when there is none.
func (p *Plan) ItemNamed(name string) string {
	name = strings.TrimSpace(name)
	for _, c := range p.Categories {
		for _, i := range c.Items {
			if name == i.ID || name == i.Name || name == i.ID+" "+i.Name || name == i.ID+i.Name {
				return i.ID
			}
		}
	}
	return ""
}

// HasDistrict reports whether name is the full name of one of the city's districts.
func (p *Plan) HasDistrict(name string) bool { return contains(p.Districts, name) }

// CheckPlacement says whether a person may place a case so: the item is of the plan (or Other), the unit is one of its category's
// lead units (any unit for Other), the district is known. Errors: *InvalidError.
func (p *Plan) CheckPlacement(pl Placement) error {
	c, _, ok := p.item(pl.Item)
	if !ok && pl.Item != Other {
		return invalid("item", "error.unknown_item")
	}
	if _, known := p.UnitByID[pl.Unit]; !known {
		return invalid("unit", "error.unknown_unit")
	}
	if ok && !contains(c.Leads, pl.Unit) {
		return invalid("unit", "error.unit_not_lead")
	}
	if pl.District != "" && !p.HasDistrict(pl.District) {
		return invalid("district", "error.unknown_district")
	}
	for _, a := range pl.Assisting {
		if _, known := p.UnitByID[a]; !known || a == pl.Unit {
			return invalid("assisting", "error.unknown_unit")
		}
	}
	return nil
}

// Validate checks the data against itself, so that a slip of an editor's hand stops the start and not a complaint.
func (p *Plan) Validate() error {
	seen := map[string]bool{}
	for _, c := range p.Categories {
		for _, l := range c.Leads {
			if _, ok := p.UnitByID[l]; !ok {
				return fmt.Errorf("plan: category %s: unknown lead unit %q", c.ID, l)
			}
		}
		for _, i := range c.Items {
			if seen[i.ID] {
				return fmt.Errorf("plan: item %s stands twice", i.ID)
			}
			seen[i.ID] = true
		}
	}
	if len(seen) == 0 {
		return fmt.Errorf("plan: no items")
	}
	return nil
}

func (p *Plan) hasCategory(id string) bool {
	for _, c := range p.Categories {
		if c.ID == id {
			return true
		}
	}
	return false
}

func (p *Plan) item(id string) (Category, Item, bool) {
	for _, c := range p.Categories {
		for _, i := range c.Items {
			if i.ID == id {
				return c, i, true
			}
		}
	}
	return Category{}, Item{}, false
}
