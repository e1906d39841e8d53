package storetest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"jiesu/routing"
)

var everything = routing.Actor{Role: routing.RoleOffice}

// numbers lists what the query selects, over all pages.
func numbers(t *testing.T, s routing.Store, q routing.Query) []string {
	t.Helper()
	var all []string
	for {
		cases, next, err := s.Cases(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			all = append(all, c.Number)
		}
		if next == "" {
			return all
		}
		q.Cursor = next
	}
}

func testPages(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	const count = 500
	var filed []string
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		filed = nil
		for n := range count {
			c, e := example(n, "1")
			c.FiledAt = stored(noon.Add(time.Duration(n/7) * time.Second)) // many at the same time: the number decides
			if err := tx.InsertCase(ctx, c, e); err != nil {
				return err
			}
			filed = append(filed, c.Number)
		}
		return nil
	})
	slices.Reverse(filed)
	for _, limit := range []int{7, 50, 100, 200} {
		if got := numbers(t, s, routing.Query{Visible: everything, Limit: limit}); !slices.Equal(got, filed) {
			t.Fatalf("pages of %d: %d cases instead of %d, or another order", limit, len(got), count)
		}
	}
	cases, next, err := s.Cases(t.Context(), routing.Query{Visible: everything})
	if err != nil || len(cases) != 50 || next == "" {
		t.Fatalf("first page of %d, next %q, %v", len(cases), next, err)
	}
	// A case filed meanwhile belongs to no later page.
	file(t, s, 900, "1", nil)
	if got := numbers(t, s, routing.Query{Visible: everything, Cursor: next}); !slices.Equal(got, filed[50:]) {
		t.Fatalf("%d cases after the first page", len(got))
	}
}

func testInvalidPages(t *testing.T, s routing.Store) {
	text := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for field, queries := range map[string][]routing.Query{
		"cursor": {{Cursor: "?"}, {Cursor: text("x")}, {Cursor: text("1 ")}, {Cursor: text("x JS")}, {Cursor: text("1 \x00")}, {Cursor: text("1 \xff")}},
		"limit":  {{Limit: -1}, {Limit: 201}},
	} {
		for _, q := range queries {
			q.Visible = everything
			_, _, err := s.Cases(t.Context(), q)
			var invalid *routing.InvalidError
			if !errors.As(err, &invalid) || invalid.Field != field {
				t.Errorf("%+v: %v", q, err)
			}
		}
	}
}

func testFilters(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	complainant(t, s, "2")
	c1 := file(t, s, 1, "1", nil)
	c2 := file(t, s, 2, "2", func(c *routing.Case) { c.Unit, c.Item, c.District = "taxes", "item-2", "另一区" })
	c3 := file(t, s, 3, "1", func(c *routing.Case) {
		c.State, c.Supervised, c.Unit, c.Assisting = routing.StateTriage, false, "", nil
	})
	for name, f := range map[string]struct {
		q    routing.Query
		want []string
	}{
		"all":         {routing.Query{}, []string{c3.Number, c2.Number, c1.Number}},
		"unit":        {routing.Query{Unit: "taxes"}, []string{c2.Number}},
		"assisting":   {routing.Query{Unit: "housing"}, nil},
		"item":        {routing.Query{Item: "item-1"}, []string{c3.Number, c1.Number}},
		"district":    {routing.Query{District: "另一区"}, []string{c2.Number}},
		"complainant": {routing.Query{ComplainantID: "1"}, []string{c3.Number, c1.Number}},
		"supervised":  {routing.Query{Supervised: true}, []string{c2.Number, c1.Number}},
		"state":       {routing.Query{States: []routing.State{routing.StateTriage}}, []string{c3.Number}},
		"states":      {routing.Query{States: []routing.State{routing.StateTriage, routing.StateDispatched}, Limit: 1}, []string{c3.Number, c2.Number, c1.Number}},
		"together":    {routing.Query{States: []routing.State{routing.StateDispatched}, ComplainantID: "1", Item: "item-1", Text: "工程款"}, []string{c1.Number}},
	} {
		f.q.Visible = everything
		if got := numbers(t, s, f.q); !slices.Equal(got, f.want) {
			t.Errorf("%s: %v, want %v", name, got, f.want)
		}
	}
	counts, err := s.CountByState(t.Context(), routing.Query{Visible: everything, States: []routing.State{routing.StateSigned}, Limit: 1})
	want(t, "counts", counts, err, map[routing.State]int{routing.StateTriage: 1, routing.StateDispatched: 2})
	counts, err = s.CountByState(t.Context(), routing.Query{Visible: everything, Unit: "taxes"})
	want(t, "counts of a unit", counts, err, map[routing.State]int{routing.StateDispatched: 1})
}

func testTextSearch(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	plain := file(t, s, 2, "1", func(c *routing.Case) { c.Text, c.Contact.Enterprise = `折扣 100% 到 a_b\c`, "ABC Trading" })
	hidden := file(t, s, 3, "1", func(c *routing.Case) { c.Text, c.Contact.Enterprise = "折扣 1000 到 aXb", "隐名商行" })
	unit := routing.Actor{Role: routing.RoleUnit, Unit: "finance"}
	for _, f := range []struct {
		by   routing.Actor
		text string
		want []string
	}{
		{everything, "折扣", []string{hidden.Number, plain.Number}},
		{everything, "100%", []string{plain.Number}},
		{everything, "a_b", []string{plain.Number}},
		{everything, `b\c`, []string{plain.Number}},
		{everything, "%", []string{plain.Number}},
		{everything, "trading", []string{plain.Number}},
		{everything, "-000003", []string{hidden.Number}},
		{everything, "没有这样的话", nil},
		{everything, "' OR 1=1 --", nil},
		{everything, "隐名", []string{hidden.Number}},
		{routing.Actor{Role: routing.RoleOperator}, "隐名", []string{hidden.Number}},
		{routing.Actor{Role: routing.RoleComplainant, ID: "1"}, "隐名", []string{hidden.Number}},
		{unit, "隐名", nil}, // lest the name be guessed
		{unit, "aXb", nil},
		{unit, "-000003", []string{hidden.Number}},
		{unit, "a_b", []string{plain.Number}},
		{unit, "abc", []string{plain.Number}},
	} {
		if got := numbers(t, s, routing.Query{Visible: f.by, Text: f.text}); !slices.Equal(got, f.want) {
			t.Errorf("%s looks for %q: %v, want %v", f.by.Role, f.text, got, f.want)
		}
	}
	counts, err := s.CountByState(t.Context(), routing.Query{Visible: unit, Text: "隐名"})
	want(t, "a unit counts what it may not find", counts, err, map[routing.State]int{})
}

// testVisibility holds the SQL against routing.Actor.CanSee.
func testVisibility(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	complainant(t, s, "2")
	var all []routing.Case
	for n, p := range []struct {
		who, unit string
		assisting []string
	}{{"1", "finance", nil}, {"1", "taxes", []string{"finance"}}, {"2", "taxes", []string{"taxes", "fin"}}, {"2", "", nil}, {"2", "finance", []string{"taxes"}}} {
		all = append(all, file(t, s, n, p.who, func(c *routing.Case) { c.Unit, c.Assisting = p.unit, p.assisting }))
	}
	// A case that has gone to another unit is none of the first one's business any more.
	moved := file(t, s, 9, "1", func(c *routing.Case) { c.Unit, c.Assisting = "finance", []string{"fin"} })
	moved.Unit, moved.Assisting, moved.Version = "taxes", nil, 2
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return tx.UpdateCase(ctx, moved, routing.Event{ID: routing.NewID(), Case: moved.Number, Seq: 2, Action: routing.ActionReassign, To: moved.State})
	})
	all = append(all, moved)
	actors := []routing.Actor{{}, {Role: "stranger"}, {Role: routing.RoleComplainant}, {Role: routing.RoleUnit}}
	for _, id := range []string{"1", "2", "3"} {
		actors = append(actors, routing.Actor{Role: routing.RoleComplainant, ID: id})
	}
	for _, unit := range []string{"finance", "taxes", "fin", "f%", "housing"} {
		actors = append(actors, routing.Actor{Role: routing.RoleUnit, Unit: unit})
	}
	for _, role := range []routing.Role{routing.RoleOperator, routing.RoleOffice, routing.RoleAdmin, routing.RoleSystem} {
		actors = append(actors, routing.Actor{Role: role})
	}
	for _, a := range actors {
		var visible []string
		for _, c := range slices.Backward(all) {
			if a.CanSee(c) {
				visible = append(visible, c.Number)
			}
		}
		if got := numbers(t, s, routing.Query{Visible: a, Limit: 2}); !slices.Equal(got, visible) {
			t.Errorf("%+v sees %v, want %v", a, got, visible)
		}
		counts, err := s.CountByState(t.Context(), routing.Query{Visible: a})
		if err != nil || counts[routing.StateDispatched] != len(visible) {
			t.Errorf("%+v counts %v, want %d, %v", a, fmt.Sprint(counts), len(visible), err)
		}
	}
}
