package storetest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
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
		{everything, "100%", []string{hidden.Number, plain.Number}}, // a number finds what begins so
		{everything, "1000", []string{hidden.Number}},
		{everything, `a_b\c`, []string{plain.Number}},
		{everything, "%", nil}, // no word
		{everything, "trad", []string{plain.Number}},
		{everything, "TRADING 折扣", []string{plain.Number}},
		{everything, "rading", nil},
		{everything, "-000003", []string{hidden.Number}},
		{everything, hidden.Number, []string{hidden.Number}},
		{everything, "没有这样的话", nil},
		{everything, "' OR 1=1 --", nil},
		{everything, "x' | '折扣", nil},
		{everything, `" OR said : "折扣`, nil},
		{everything, "隐名", []string{hidden.Number}},
		{everything, "名商", []string{hidden.Number}}, // also where no word is
		{everything, "隐商", nil},
		{routing.Actor{Role: routing.RoleOperator}, "隐名", []string{hidden.Number}},
		{routing.Actor{Role: routing.RoleComplainant, ID: "1"}, "隐名", []string{hidden.Number}},
		{unit, "隐名", nil}, // lest the name be guessed
		{unit, "aXb", nil},
		{unit, "aXb " + hidden.Number, nil},
		{unit, "-000003", []string{hidden.Number}},
		{unit, "示例区", []string{hidden.Number, plain.Number}},
		{unit, "示例区 折扣", []string{plain.Number}},
		{unit, `a_b`, []string{plain.Number}},
		{unit, "abc", []string{plain.Number}},
	} {
		if got := numbers(t, s, routing.Query{Visible: f.by, Text: f.text}); !slices.Equal(got, f.want) {
			t.Errorf("%s looks for %q: %v, want %v", f.by.Role, f.text, got, f.want)
		}
	}
	counts, err := s.CountByState(t.Context(), routing.Query{Visible: unit, Text: "隐名"})
	want(t, "a unit counts what it may not find", counts, err, map[routing.State]int{})
	counts, err = s.CountByState(t.Context(), routing.Query{Visible: unit, Text: "折扣"})
	want(t, "a unit counts what it finds", counts, err, map[routing.State]int{routing.StateDispatched: 1})
}

// testSearchFollows holds that what is said later is found with the step that says it, and guarded like the complaint.
func testSearchFollows(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	c := file(t, s, 2, "1", func(c *routing.Case) { c.Text = "围挡一年没有拆" })
	unit := routing.Actor{Role: routing.RoleUnit, Unit: "finance"}
	finds := func(by routing.Actor, text string) bool {
		return slices.Contains(numbers(t, s, routing.Query{Visible: by, Text: text}), c.Number)
	}
	step := func(a routing.Action, note string, change func(c *routing.Case)) {
		c.Version++
		if change != nil {
			change(&c)
		}
		e := routing.Event{ID: routing.NewID(), Case: c.Number, Seq: c.Version, Action: a, From: c.State, To: c.State, Data: routing.EventData{Note: note}}
		write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateCase(ctx, c, e) })
	}
	if finds(everything, "塌陷") || finds(everything, "示例二厂") {
		t.Fatal("found before it was said")
	}
	step(routing.ActionSupplement, "今天路面塌陷", func(c *routing.Case) { c.Contact.Enterprise = "示例二厂" })
	step(routing.ActionProgress, "现场核实", nil)
	step(routing.ActionReply, "周五拆除完毕", nil)
	step(routing.ActionReply, "已经复原", nil)
	for text, want := range map[string]bool{"围挡": true, "塌陷": true, "示例二厂": true, "周五拆除": true, "复原": true, "塌陷 复原": true, "核实": false, "示例建设": false} {
		if finds(everything, text) != want || finds(unit, text) != want {
			t.Errorf("%s: found is not %t", text, want)
		}
	}
	step(routing.ActionSupplement, "", func(c *routing.Case) { c.Confidential = true })
	for _, text := range []string{"围挡", "塌陷", "示例二厂", "复原"} {
		if !finds(everything, text) || finds(unit, text) {
			t.Errorf("%s of a case that has become confidential", text)
		}
	}
	step(routing.ActionProgress, "", func(c *routing.Case) { c.Text, c.Contact.Enterprise = "＊", "" }) // whatever the step is called
	for text, want := range map[string]bool{"围挡": false, "示例二厂": false, "塌陷": true} {
		if finds(everything, text) != want {
			t.Errorf("%s of a case whose text was taken out: found is not %t", text, want)
		}
	}
	// What was rolled back was never said.
	lost := errors.New("lost")
	err := writing(t, s, func(ctx context.Context, tx routing.Tx) error {
		gone, e := example(7, "1")
		gone.Text = "烟囱倒了"
		return errors.Join(tx.InsertCase(ctx, gone, e), lost)
	})
	wantErr(t, "rolled back", err, lost)
	if got := numbers(t, s, routing.Query{Visible: everything, Text: "烟囱"}); got != nil {
		t.Errorf("found %v, which was rolled back", got)
	}
}

// testManyHits holds that common words give the same lists as rare ones, though they are looked for in another way.
func testManyHits(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	const count = 6100 // more than are looked up one by one
	var every, odd []string
	for n := range count {
		number := fmt.Sprintf("JS20261124-%06d", n)
		if every = append(every, number); n%2 == 1 {
			odd = append(odd, number)
		}
	}
	for part := range slices.Chunk(every, 300) { // a transaction has its limit, also on a busy machine
		write(t, s, func(ctx context.Context, tx routing.Tx) error {
			for _, number := range part {
				n, err := strconv.Atoi(number[len(number)-6:])
				if err != nil {
					return err
				}
				c, e := example(n, "1")
				c.Text, c.Assisting, c.Unit = "拖欠", nil, []string{"finance", "taxes"}[n%2]
				if err := tx.InsertCase(ctx, c, e); err != nil {
					return err
				}
			}
			return nil
		})
	}
	slices.Reverse(every)
	slices.Reverse(odd)
	if got := numbers(t, s, routing.Query{Visible: everything, Text: "拖欠", Limit: 200}); !slices.Equal(got, every) {
		t.Errorf("%d cases instead of %d", len(got), count)
	}
	if got := numbers(t, s, routing.Query{Visible: everything, Text: "拖欠", Unit: "taxes", Limit: 200}); !slices.Equal(got, odd) {
		t.Errorf("%d cases of a unit instead of %d", len(got), len(odd))
	}
	// All of the unit's are confidential: their common word finds none.
	if got := numbers(t, s, routing.Query{Visible: routing.Actor{Role: routing.RoleUnit, Unit: "taxes"}, Text: "拖欠"}); got != nil {
		t.Errorf("a unit finds %d confidential cases", len(got))
	}
	if _, err := s.CountByState(t.Context(), routing.Query{Visible: everything, Text: "拖欠"}); !errors.Is(err, routing.ErrTooMany) {
		t.Errorf("counting very many: %v", err)
	}
}

// testOrder holds the order of clocks and its pages.
func testOrder(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	var byClock []string
	for n, due := range []int{3, 1, 0, 2, 1, 0} { // hours; 0: none runs
		c := file(t, s, n, "1", func(c *routing.Case) {
			c.Clock.Due = time.Time{}
			if due > 0 {
				c.Clock.Due = stored(noon.Add(time.Duration(due) * time.Hour))
			}
		})
		byClock = append(byClock, c.Number)
	}
	sorted := func(i ...int) (list []string) {
		for _, n := range i {
			list = append(list, byClock[n])
		}
		return list
	}
	unit := routing.Actor{Role: routing.RoleUnit, Unit: "housing"}
	open := []routing.State{routing.StateDispatched, routing.StateSigned}
	for _, limit := range []int{1, 2, 50} {
		for _, q := range []routing.Query{{Visible: everything}, {Visible: unit}, {Visible: everything, States: open}, {Visible: unit, States: open}} {
			q.Order, q.Limit = routing.OrderClock, limit
			if got, want := numbers(t, s, q), sorted(1, 4, 3, 0, 2, 5); !slices.Equal(got, want) {
				t.Errorf("%+v: %v, want %v", q, got, want)
			}
		}
	}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return tx.SetClock(ctx, byClock[0], 1, routing.CaseClock{Due: stored(noon.Add(time.Minute))})
	})
	for _, by := range []routing.Actor{everything, unit} {
		if got := numbers(t, s, routing.Query{Visible: by, Order: routing.OrderClock, States: open}); got[0] != byClock[0] {
			t.Errorf("%s: a clock set anew leaves the case in its place: %v", by.Role, got)
		}
	}
}

// testFigures holds the tally against what it counts, whatever happens to cases.
func testFigures(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	all := map[string]routing.Case{}
	for n := range 12 {
		c := file(t, s, n, "1", func(c *routing.Case) {
			c.Unit, c.Category, c.Item = []string{"finance", "taxes", ""}[n%3], fmt.Sprint("cat-", n%2), fmt.Sprint("item-", n%4)
			c.Assisting = [][]string{nil, {"housing"}, {"finance", "finance"}}[n%3]
		})
		all[c.Number] = c
	}
	check := func() {
		t.Helper()
		for _, by := range []routing.Actor{everything, {Role: routing.RoleUnit, Unit: "finance"}, {Role: routing.RoleUnit, Unit: "housing"}, {Role: routing.RoleUnit, Unit: "taxes"}} {
			for _, q := range []routing.Query{{}, {Unit: "finance"}, {Category: "cat-1"}, {Item: "item-2"}, {District: "示例区", Unit: "taxes"}, {District: "nowhere"}} {
				q.Visible = by
				states, figures := map[routing.State]int{}, map[routing.Figure]int{}
				for _, c := range all {
					if by.CanSee(c) && (q.Unit == "" || q.Unit == c.Unit) && (q.Category == "" || q.Category == c.Category) &&
						(q.Item == "" || q.Item == c.Item) && (q.District == "" || q.District == c.District) {
						states[c.State]++
						figures[routing.Figure{Category: c.Category, Unit: c.Unit, State: c.State}]++
					}
				}
				counts, err := s.CountByState(t.Context(), q)
				want(t, fmt.Sprintf("counts of %+v", q), counts, err, states)
				list, err := s.Figures(t.Context(), q)
				found := map[routing.Figure]int{}
				for _, f := range list {
					n := f.Cases
					f.Cases = 0
					found[f] += n
				}
				want(t, fmt.Sprintf("figures of %+v", q), found, err, figures)
			}
		}
	}
	check()
	states := routing.States()
	for i, number := range slices.Sorted(maps.Keys(all)) {
		c := all[number]
		from := c.State
		c.State, c.Version = states[i%len(states)], c.Version+1
		if i%4 == 0 {
			c.Unit, c.Assisting, c.Item, c.Category = "housing", []string{"taxes"}, "item-9", ""
		}
		write(t, s, func(ctx context.Context, tx routing.Tx) error {
			return tx.UpdateCase(ctx, c, routing.Event{ID: routing.NewID(), Case: number, Seq: c.Version, Action: routing.ActionReassign, From: from, To: c.State})
		})
		all[number] = c
	}
	check()
	if _, err := s.Figures(t.Context(), routing.Query{Visible: routing.Actor{Role: routing.RoleComplainant, ID: "1"}}); err == nil {
		t.Error("a complainant has figures")
	}
	late, err := s.LateByUnit(t.Context(), routing.Query{Visible: everything, DueBefore: noon.Add(1000 * time.Hour), Category: "cat-1"})
	total := 0
	for _, f := range late {
		total += f.Cases
	}
	counts, countErr := s.CountByState(t.Context(), routing.Query{Visible: everything, Category: "cat-1"})
	sum := 0
	for _, n := range counts {
		sum += n
	}
	want(t, "late by unit", total, errors.Join(err, countErr), sum)
}

// testKeeping holds what people keep: their own filters, their unit's templates.
func testKeeping(t *testing.T, s routing.Store) {
	for _, id := range []string{"u1", "u2"} {
		write(t, s, func(ctx context.Context, tx routing.Tx) error {
			return tx.InsertUser(ctx, routing.User{ID: id, Name: id, Role: routing.RoleOffice, CreatedAt: stored(noon)})
		})
	}
	f := routing.SavedFilter{ID: "f1", UserID: "u1", Name: "超期", Query: "clock=late", CreatedAt: stored(noon)}
	other := routing.SavedFilter{ID: "f2", UserID: "u2", Name: "超期", Query: "q=x", CreatedAt: stored(noon)}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.PutSavedFilter(ctx, f), tx.PutSavedFilter(ctx, other))
	})
	f.Query = "clock=soon"
	again := f
	again.ID = "f3"
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.PutSavedFilter(ctx, again) })
	got, err := s.SavedFilters(t.Context(), "u1")
	want(t, "filters", got, err, []routing.SavedFilter{f})
	one, err := s.SavedFilter(t.Context(), "f2")
	want(t, "another's filter", one, err, other)
	wantErr(t, "delete another's", writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.DeleteSavedFilter(ctx, "u1", "f2") }), routing.ErrNotFound)
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.DeleteSavedFilter(ctx, "u1", "f1") })
	_, err = s.SavedFilter(t.Context(), "f1")
	wantErr(t, "deleted", err, routing.ErrNotFound)

	p := routing.ReplyTemplate{ID: "p1", Unit: "finance", Name: "已拨付", Body: "款项已拨付。", UpdatedAt: stored(noon), UpdatedBy: "u"}
	q := routing.ReplyTemplate{ID: "p2", Unit: "finance", Name: "核实中", Body: "正在核实。", UpdatedAt: stored(noon), UpdatedBy: "u"}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertReplyTemplate(ctx, p), tx.InsertReplyTemplate(ctx, q))
	})
	wantErr(t, "same name", writing(t, s, func(ctx context.Context, tx routing.Tx) error {
		return tx.InsertReplyTemplate(ctx, routing.ReplyTemplate{ID: "p3", Unit: "finance", Name: p.Name})
	}), routing.ErrExists)
	renamed := q
	renamed.Name = p.Name
	wantErr(t, "renamed to a name that is taken", writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateReplyTemplate(ctx, renamed) }), routing.ErrExists)
	stolen := p
	stolen.Unit = "taxes"
	wantErr(t, "another unit's", writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateReplyTemplate(ctx, stolen) }), routing.ErrNotFound)
	wantErr(t, "delete another unit's", writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.DeleteReplyTemplate(ctx, "taxes", "p1") }), routing.ErrNotFound)
	p.Body = "款项今天拨付。"
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.UpdateReplyTemplate(ctx, p), tx.DeleteReplyTemplate(ctx, "finance", "p2"))
	})
	list, err := s.ReplyTemplates(t.Context(), "finance")
	want(t, "templates", list, err, []routing.ReplyTemplate{p})
	none, err := s.ReplyTemplates(t.Context(), "taxes")
	want(t, "of another unit", none, err, nil)
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
