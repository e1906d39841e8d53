package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"jiesu/routing"
)

// advance appends an event that brings the case to a state.
func advance(t *testing.T, s routing.Store, number string, a routing.Action, to routing.State, when time.Time, edit func(*routing.EventData)) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		c, err := tx.Case(ctx, number)
		if err != nil {
			return err
		}
		e := routing.Event{ID: fmt.Sprint(number, "-", c.Version+1), Case: number, Seq: c.Version + 1, Action: a, At: when, From: c.State, To: to,
			Actor: routing.Actor{Role: routing.RoleUnit, Unit: "finance", ID: "u1", Name: "经办人"}, Data: routing.EventData{Note: "一句话"}}
		if edit != nil {
			edit(&e.Data)
		}
		c.State, c.Version, c.UpdatedAt = to, e.Seq, when
		return tx.UpdateCase(ctx, c, e)
	})
}

func testHistories(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	day := 24 * time.Hour
	from := stored(noon).Add(30 * day)
	rated := func(n int) *routing.Rating { return &routing.Rating{Solved: routing.SolvedNo, Satisfied: n} }
	span := routing.Span{From: from, To: from.Add(7 * day)}
	for n := range 6 { // all filed before the span
		file(t, s, n, "1", nil)
	}
	number := func(n int) string { return fmt.Sprintf("JS20261124-%06d", n) }
	struck := routing.StateStruckOff
	advance(t, s, number(0), routing.ActionStrikeOff, struck, from.Add(-time.Millisecond), nil) // done before
	advance(t, s, number(1), routing.ActionStrikeOff, struck, from, nil)                        // done in it
	advance(t, s, number(2), routing.ActionSign, routing.StateSigned, span.To, nil)             // open throughout, signed after it
	// 3 is open and untouched.
	advance(t, s, number(4), routing.ActionCallBack, routing.StateReplied, from, func(d *routing.EventData) { d.Unreached = true })
	advance(t, s, number(4), routing.ActionCallBack, routing.StateReplied, from, func(d *routing.EventData) { d.Rating = rated(1) })
	advance(t, s, number(4), routing.ActionRate, routing.StateReplied, span.To.Add(-time.Millisecond), func(d *routing.EventData) { d.Rating = rated(2) })
	advance(t, s, number(5), routing.ActionProgress, routing.StateSigned, from, func(d *routing.EventData) { d.Internal = true })
	late := file(t, s, 6, "1", func(c *routing.Case) { c.FiledAt = span.To }) // filed after it

	found := map[string]routing.History{}
	last := ""
	err := s.Histories(t.Context(), span, func(h routing.History) error {
		if h.Number <= last {
			t.Errorf("%s comes after %s", h.Number, last)
		}
		h.Events = slices.Clone(h.Events)
		last, found[h.Number] = h.Number, h
		return nil
	})
	want(t, "cases", len(found), err, 5)
	if _, there := found[number(0)]; there {
		t.Error("a case that was done before is among them")
	}
	if _, there := found[late.Number]; there {
		t.Error("a case that was filed afterwards is among them")
	}
	for n, events := range map[int]int{1: 2, 2: 1, 3: 1, 4: 4, 5: 2} {
		h := found[number(n)]
		if len(h.Events) != events || h.Channel != routing.ChannelWeChat || h.Events[0].Data.Unit != "finance" || h.Events[0].Seq != 1 {
			t.Errorf("case %d: %+v", n, h)
		}
		for _, e := range h.Events {
			if e.Data.Note != "" || e.Actor.Name != "" || e.Actor.ID != "" || e.Case != h.Number {
				t.Errorf("case %d tells %+v", n, e)
			}
		}
	}
	said := found[number(4)].Events[1:]
	want(t, "what the complainant said", []any{said[0].Data.Unreached, said[0].Data.Rating == nil, said[1].Data.Unreached, *said[1].Data.Rating, *said[2].Data.Rating}, nil,
		[]any{true, true, false, *rated(1), *rated(2)})
	if e := found[number(5)].Events[1]; !e.Data.Internal || e.Actor.Unit != "finance" || e.To != routing.StateSigned || !e.At.Equal(from) {
		t.Errorf("%+v", e)
	}
	var seen sync.Map
	visit := func(h routing.History) error { seen.Store(h.Number, len(h.Events)); return nil }
	want(t, "visitors", s.Histories(t.Context(), span, visit, visit, visit), nil, error(nil))
	for number, h := range found {
		if n, _ := seen.Load(number); n != len(h.Events) {
			t.Errorf("several visitors of %s saw %v events, one %d", number, n, len(h.Events))
		}
	}
	stop := errors.New("enough")
	wantErr(t, "an error of one visitor of several", s.Histories(t.Context(), span, func(routing.History) error { return stop }, func(routing.History) error { return stop }), stop)
	calls := 0
	err = s.Histories(t.Context(), span, func(routing.History) error { calls++; return stop })
	wantErr(t, "visit's error", err, stop)
	want(t, "calls", calls, nil, 1)

	filed := stored(noon)
	advance(t, s, number(3), routing.ActionReassign, routing.StateDispatched, filed.Add(time.Hour), func(d *routing.EventData) { d.Unit = "tax" })
	var placed []string
	err = s.Placements(t.Context(), routing.Span{From: filed, To: filed.Add(6 * time.Second)}, func(h routing.History) error {
		placed = append(placed, fmt.Sprint(h.Number[len(h.Number)-1:], len(h.Events), h.Events[len(h.Events)-1].Data.Unit))
		return nil
	})
	want(t, "placed within seconds", placed, err, []string{"01finance", "11finance", "21finance", "31finance", "41finance", "51finance"})
	placed = nil
	err = s.Placements(t.Context(), routing.Span{From: filed.Add(3 * time.Second), To: filed.Add(2 * time.Hour)}, func(h routing.History) error {
		placed = append(placed, fmt.Sprint(h.Number[len(h.Number)-1:], len(h.Events), h.Events[len(h.Events)-1].Data.Unit))
		return nil
	})
	want(t, "placed within hours", placed, err, []string{"32tax", "41finance", "51finance"})
}

func testProblemHistories(t *testing.T, s routing.Store) {
	from := stored(noon).AddDate(0, 1, 0)
	span := routing.Span{From: from, To: from.AddDate(0, 0, 7)}
	later := func(p routing.Problem, action routing.ProblemAction, to routing.ProblemState, at time.Time, d routing.ProblemData) routing.Problem {
		e := routing.ProblemEvent{ID: fmt.Sprint(p.Number, "-", p.Version+1), Problem: p.Number, Seq: p.Version + 1, Action: action, At: at,
			Actor: routing.Actor{Role: routing.RoleOffice, ID: "u", Name: "某人"}, From: p.State, To: to, Data: d}
		p.Apply(e)
		write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateProblem(ctx, p, e) })
		return p
	}
	var problems []routing.Problem
	for n := range 4 {
		p, e := entry(n)
		write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertProblem(ctx, p, e) })
		problems = append(problems, p)
	}
	struck, back := routing.ProblemStruckOff, routing.ProblemReturn
	later(problems[0], routing.ProblemStrikeOff, struck, from.Add(-time.Millisecond), routing.ProblemData{}) // done before
	p := later(problems[1], routing.ProblemStrikeOff, struck, from, routing.ProblemData{Note: "属实"})         // done in it, and back after it
	later(p, back, routing.ProblemOpen, span.To, routing.ProblemData{Case: "JS1"})
	p = later(problems[2], routing.ProblemMove, routing.ProblemOpen, from, routing.ProblemData{Item: "item-2", Category: "cat-2", Unit: "tax"})
	later(p, back, routing.ProblemOpen, from.Add(time.Hour), routing.ProblemData{Late: true, Note: "又来了"})
	// 3 is open and untouched.
	late, e := entry(4)
	late.OpenedAt, e.At = span.To, span.To // opened after it
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertProblem(ctx, late, e) })

	found := map[string]string{}
	err := s.ProblemHistories(t.Context(), span, func(h routing.ProblemHistory) error {
		for _, e := range h.Events {
			d := e.Data
			found[h.Number] += fmt.Sprint(e.Seq, e.Action, e.To, d.Item, d.Unit, d.Late, d.Undone, d.Note, e.Actor.Name, " ")
			if e.Problem != h.Number || e.At.IsZero() {
				t.Errorf("%+v", e)
			}
		}
		return nil
	})
	const begun = "1beginopenitem-1financetrue true "
	want(t, "histories", found, err, map[string]string{
		problems[1].Number: begun + "2strike-offstruck_offfalse false ",
		problems[2].Number: begun + "2moveopenitem-2taxfalse false 3returnopentrue false ",
		problems[3].Number: begun,
	})
	stop := errors.New("enough")
	err = s.ProblemHistories(t.Context(), span, func(routing.ProblemHistory) error { return stop })
	wantErr(t, "visit's error", err, stop)
}

func testPapers(t *testing.T, s routing.Store) {
	_, err := s.Paper(t.Context(), "2026-Q3")
	wantErr(t, "no paper", err, routing.ErrNotFound)
	at := stored(noon)
	month := routing.Paper{Period: "2026-09", Span: routing.Span{From: at.Add(-time.Hour), To: at}, Until: at, MadeAt: at.Add(time.Minute), Figures: []byte{0x1f, 0x8b, 0}}
	quarter := month
	quarter.Period, quarter.Span.From, quarter.MadeBy = "2026-Q3", at.Add(-3*time.Hour), "li"
	week := month
	week.Period, week.Span.To = "2026-W40", at.Add(time.Hour)
	for _, p := range []routing.Paper{month, quarter, week} {
		write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.PutPaper(ctx, p) })
	}
	got, err := s.Paper(t.Context(), "2026-Q3")
	want(t, "paper", got, err, quarter)
	list := func(of ...routing.Paper) []routing.Paper {
		for i := range of {
			of[i].Figures = nil
		}
		return of
	}
	papers, err := s.Papers(t.Context(), 10)
	want(t, "papers", papers, err, list(week, quarter, month))
	papers, err = s.Papers(t.Context(), 1)
	want(t, "the latest", papers, err, list(week))
	month.Figures, month.MadeAt, month.MadeBy = []byte("anew"), at.Add(time.Hour), "wang"
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.PutPaper(ctx, month) })
	got, err = s.Paper(t.Context(), "2026-09")
	want(t, "made anew", got, err, month)
}
