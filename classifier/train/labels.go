package train

import (
	"cmp"
	"slices"

	"jiesu/classifier"
)

// labelSet numbers the labels of a corpus and their columns.
type labelSet struct {
	labels  []classifier.Label
	columns int
	number  map[[2]string]int
}

// newLabelSet gives each label the columns of its item and of its unit. Columns for pairs of both were measured too: no better, twice as large.
func newLabelSet(rows []Row) labelSet {
	set := labelSet{number: map[[2]string]int{}}
	var keys [][2]string
	for _, row := range rows {
		key := [2]string{row.Item, row.Unit}
		if _, ok := set.number[key]; !ok {
			set.number[key] = 0
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	column := map[[2]string]int{}
	place := func(kind, name string) int {
		key := [2]string{kind, name}
		if _, ok := column[key]; !ok {
			column[key] = len(column)
		}
		return column[key]
	}
	for i, key := range keys {
		set.number[key] = i
		label := classifier.Label{Item: key[0], Unit: key[1], Columns: []int{place("item", key[0])}}
		if key[1] != "" {
			label.Columns = append(label.Columns, place("unit", key[1]))
		}
		set.labels = append(set.labels, label)
	}
	set.columns = len(column)
	return set
}

func (s labelSet) of(row Row) int { return s.number[[2]string{row.Item, row.Unit}] }
