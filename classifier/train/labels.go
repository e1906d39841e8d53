package train

import (
	"cmp"
	"slices"

	"jiesu/classifier"
)

// labelSet numbers the labels of a corpus and the columns that their scores are made of.
type labelSet struct {
	labels []classifier.Label
	number map[[2]string]int
	// shares[c] is how much column c counts in a label's score: 1 for items, Options.UnitShare for units.
	shares []float64
}

// newLabelSet gives each label the columns of its item and of its unit, so that a rare pair learns from all texts of the item and from all
// texts of the unit. Columns for pairs of both were measured too: no better, twice as large. A corpus without units, such as that of
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
	columns := map[[2]string]int{}
	column := func(kind, name string, share float64) int {
		key := [2]string{kind, name}
		if _, ok := columns[key]; !ok {
			columns[key] = len(columns)
			set.shares = append(set.shares, share)
		}
		return columns[key]
	}
	for i, key := range keys {
		set.number[key] = i
		label := classifier.Label{Item: key[0], Unit: key[1], Columns: []int{column("item", key[0], 1)}}
		if units { // having no unit is a column too, or other would be judged by half of what its rivals are
			label.Columns = append(label.Columns, column("unit", key[1], unitShare))
		}
		set.labels = append(set.labels, label)
	}
	return set
}

func (s labelSet) of(row Row) int { return s.number[[2]string{row.Item, row.Unit}] }

// members tells which documents belong to a column.
func (s labelSet) members(docs []document, column int) []bool {
	in := make([]bool, len(docs))
	for i, d := range docs {
		in[i] = slices.Contains(s.labels[d.label].Columns, column)
	}
	return in
}
