package main

import (
	"jiesu/classifier/text"
	"jiesu/integrations/store"
	"jiesu/routing"
)

// newSearch cuts what is searched with the classifier's segmenter, and knows cases by the names of the plan. Numbers stay, unlike for the
// classifier: people look for them.
func newSearch(plan *routing.Plan) (store.Search, error) {
	segmenter, err := text.NewSegmenter()
	if err != nil {
		return store.Search{}, err
	}
	folder := text.NewFolder()
	words := func(s string) []string {
		tokens := segmenter.Segment(string(folder.Fold(s)))
		list := make([]string, len(tokens))
		for i, t := range tokens {
			list[i] = t.Text
		}
		return list
	}
	return store.Search{Words: words, Names: func(c routing.Case) []string { return namesOf(plan, c) }}, nil
}

// namesOf are the names of a case's place in the plan.
func namesOf(plan *routing.Plan, c routing.Case) []string {
	list := []string{plan.ItemName(c.Item)}
	if c.Category != "" {
		list = append(list, plan.CategoryName(c.Category))
	}
	if unit, ok := plan.UnitByID[c.Unit]; ok {
		list = append(list, unit.Name, unit.Full)
	}
	return list
}
