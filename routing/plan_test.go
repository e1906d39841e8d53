package routing_test

import (
	"errors"
	"testing"

	"jiesu/configs"
	"jiesu/routing"
)

func shippedPlan(t *testing.T) *routing.Plan {
	t.Helper()
	var plan routing.Plan
	if err := configs.Decode("plan/taxonomy.yaml", &plan); err != nil {
		t.Fatal(err)
	}
	return &plan
}

func TestTheShippedPlanIsWhole(t *testing.T) {
	t.Parallel()
	plan := shippedPlan(t)
	if err := plan.Validate(); err != nil {
		t.Fatal(err)
	}
	items := 0
	for _, c := range plan.Categories {
		items += len(c.Items)
	}
	if len(plan.Categories) != 8 || items != 33 || len(plan.UnitByID) != 32 || len(plan.Districts) != 13 {
		t.Fatalf("%d categories, %d items, %d units, %d districts", len(plan.Categories), items, len(plan.UnitByID), len(plan.Districts))
	}
	if plan.CategoryOf("5.3") != "5" || plan.CategoryOf(routing.Other) != "" || plan.UnitName("drc") != "市发改委" {
		t.Fatal("look-ups")
	}
}

func TestPlacementMustFitThePlan(t *testing.T) {
	t.Parallel()
	plan := shippedPlan(t)
	for name, tc := range map[string]struct {
		placement routing.Placement
		field     string
	}{
		"fits":               {routing.Placement{Item: "1.1", Unit: "finance", District: "铁西区", Assisting: []string{"drc"}}, ""},
		"other, any unit":    {routing.Placement{Item: "other", Unit: "police"}, ""},
		"unknown item":       {routing.Placement{Item: "9.9", Unit: "finance"}, "item"},
		"unknown unit":       {routing.Placement{Item: "1.1", Unit: "moon"}, "unit"},
		"not a lead there":   {routing.Placement{Item: "1.1", Unit: "tax"}, "unit"},
		"unknown district":   {routing.Placement{Item: "1.1", Unit: "finance", District: "铁西"}, "district"},
		"assists itself":     {routing.Placement{Item: "1.1", Unit: "finance", Assisting: []string{"finance"}}, "assisting"},
		"unknown assistance": {routing.Placement{Item: "1.1", Unit: "finance", Assisting: []string{"moon"}}, "assisting"},
	} {
		err := plan.CheckPlacement(tc.placement)
		var bad *routing.InvalidError
		if tc.field == "" && err != nil || tc.field != "" && (!errors.As(err, &bad) || bad.Field != tc.field) {
			t.Errorf("%s: %v, want field %q", name, err, tc.field)
		}
	}
}

func TestEveryReasonOfTheDomainHasWords(t *testing.T) {
	t.Parallel()
	words, err := configs.Wording()
	if err != nil {
		t.Fatal(err)
	}
	w := routing.Wording(words)
	for _, s := range routing.States() {
		if !w.Has("state." + string(s)) {
			t.Errorf("no name for state %s", s)
		}
	}
	for _, a := range append(routing.Actions(), routing.ActionFile) {
		if !w.Has("action." + string(a)) {
			t.Errorf("no name for action %s", a)
		}
	}
}
