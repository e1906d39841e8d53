package main

import (
	"slices"
	"strings"
	"testing"

	"jiesu/routing"
)

func TestSearchCutsAsTheClassifierButKeepsNumbers(t *testing.T) {
	t.Parallel()
	plan, err := loadPlan()
	if err != nil {
		t.Fatal(err)
	}
	search, err := newSearch(plan)
	if err != nil {
		t.Fatal(err)
	}
	words := search.Words("ＪＳ２０２６政府拖欠工程款，發票38萬")
	if strings.Join(words, "") != "js2026政府拖欠工程款,发票38万" {
		t.Errorf("joined, %q are not the folded text", words)
	}
	for _, w := range []string{"政府", "拖欠", "工程款", "发票"} {
		if !slices.Contains(words, w) {
			t.Errorf("%q is not cut out: %q", w, words)
		}
	}
	names := search.Names(routing.Case{Item: "1.1", Category: "1", Unit: "finance"})
	if !slices.Contains(names, plan.ItemName("1.1")) || !slices.Contains(names, plan.UnitName("finance")) || !slices.Contains(names, plan.CategoryName("1")) {
		t.Errorf("names %q", names)
	}
	if names := search.Names(routing.Case{Item: routing.Other}); strings.Join(names, "") != "" {
		t.Errorf("a case outside the plan has the names %q", names)
	}
}
