package classifier

import "slices"

// Other is the item of every text outside the plan.
const Other = "other"

// Taxonomy is the part of configs/plan/taxonomy.yaml that the classifier needs. The caller decodes it. (Plan sections 二 and 三.)
type Taxonomy struct {
	Categories []Category `yaml:"categories"`
	// Districts are the full names, e.g. 铁西区.
	Districts []string `yaml:"districts"`
	// Places are the gazetteer; the caller fills it in from its own file (ReadPlaces). Without it only the districts' own names are known.
	Places []Place `yaml:"-"`
}

// Category is one of the plan's eight rectification categories (专项).
type Category struct {
	ID string `yaml:"id"`
	// Leads are the ids of its lead units (牵头单位).
	Leads  []string `yaml:"leads"`
	Issues []Issue  `yaml:"issues"`
}

// Issue is one rectification item (整治问题).
type Issue struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
}

// category returns the category of an item, false for other and for labels outside the plan.
func (t Taxonomy) category(item string) (Category, bool) {
	for _, c := range t.Categories {
		for _, issue := range c.Issues {
			if issue.ID == item {
				return c, true
			}
		}
	}
	return Category{}, false
}

// Valid reports whether (item, unit) may be a label: an item of the plan with one of its category's lead units, or other without one.
func (t Taxonomy) Valid(item, unit string) bool {
	if item == Other {
		return unit == ""
	}
	c, ok := t.category(item)
	return ok && slices.Contains(c.Leads, unit)
}

// CategoryOf returns the id of an item's category, "" for other and for labels outside the plan.
func (t Taxonomy) CategoryOf(item string) string {
	c, _ := t.category(item)
	return c.ID
}

// leads reports whether a unit leads any category.
func (t Taxonomy) leads(unit string) bool {
	return slices.ContainsFunc(t.Categories, func(c Category) bool { return slices.Contains(c.Leads, unit) })
}
