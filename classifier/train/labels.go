package train

import (
	"cmp"
	"slices"

	"jiesu/classifier"
)

// labelSet numbers the labels of a corpus and the columns that their scores are made of.
type labelSet struct {
	labels  []classifier.Label
	number  map[[2]string]int
	columns []column
	// joint is how many columns all texts are judged by; those from there on tell the units of one item apart.
	joint int
}

// column is one thing to learn: to tell an item or a unit from all others, or a unit from the others of the same item.
type column struct {
	// share is how much the column counts in a label's score.
	share float64
	// within is the item whose texts alone the column is learnt from, "" for all texts.
	within string
}

// newLabelSet gives each label the columns of its item and of its unit, so that a rare pair learns from all texts of the item and from all
// texts of the unit, and, where its item has several units, one that tells it from these. A corpus without units, such as that of
// another task, has item columns only.
func newLabelSet(rows []Row, unitShare float64) labelSet {
	set := labelSet{number: map[[2]string]int{}}
	var keys [][2]string
	units := false
	for _, row := range rows {
		key := [2]string{row.Item, row.Unit}
		if _, ok := set.number[key]; !ok {
			set.number[key] = 0
			keys = append(keys, key)
		}
		units = units || row.Unit != ""
	}
	slices.SortFunc(keys, func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	known := map[[2]string]int{}
	number := func(kind, name string, share float64) int {
		key := [2]string{kind, name}
		if _, ok := known[key]; !ok {
			known[key] = len(set.columns)
			set.columns = append(set.columns, column{share: share})
		}
		return known[key]
	}
	unitsOf := map[string]int{}
	for i, key := range keys {
		set.number[key] = i
		label := classifier.Label{Item: key[0], Unit: key[1], Columns: []int{number("item", key[0], 1)}}
		if units { // having no unit is a column too, or other would be judged by half of what its rivals are
			label.Columns = append(label.Columns, number("unit", key[1], unitShare))
		}
		set.labels = append(set.labels, label)
		unitsOf[key[0]]++
	}
	set.joint = len(set.columns)
	for i, label := range set.labels {
		if unitsOf[label.Item] > 1 {
			set.labels[i].Within = len(set.columns)
			set.columns = append(set.columns, column{share: 1, within: label.Item})
		}
	}
	return set
}

func (s labelSet) of(row Row) int { return s.number[[2]string{row.Item, row.Unit}] }

// members returns the documents that a column is learnt from, by number, and which of these belong to it.
func (s labelSet) members(docs []document, column int) (taught []int, inside []bool) {
	only := s.columns[column].within
	for i, d := range docs {
		label := s.labels[d.label]
		if only != "" && label.Item != only {
			continue
		}
		taught = append(taught, i)
		inside = append(inside, slices.Contains(label.Columns, column) || only != "" && label.Within == column)
	}
	return taught, inside
}
