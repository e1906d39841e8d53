package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"jiesu/routing"
)

// entry is a problem in which every field says something, with its first event.
func entry(n int) (routing.Problem, routing.ProblemEvent) {
	opened := stored(noon.Add(time.Duration(n) * time.Second))
	p := routing.Problem{
		Number: fmt.Sprintf("TZ20261124-%06d", n), State: routing.ProblemOpen, Version: 1, Category: "cat-1", Item: "item-1", Unit: "finance",
		Assisting: []string{"housing"}, Cause: "预算没有安排", Measure: "列入下月拨付", Person: "王某", DueAt: opened.AddDate(0, 0, 9), LastNote: "已列入",
		NotedWeek: routing.WeekOf(opened), ActiveAt: opened, Mechanism: "按月清欠", NoMechanism: "无", Done: "已付", Evidence: []string{"a1"},
		Applicant: &routing.Actor{Role: routing.RoleUnit, Unit: "finance", ID: "u1", Name: "王某"}, AppliedAt: opened, StruckAt: opened, Returns: 1,
		ReturnedBy: "JS20261124-000009", MergedInto: "TZ20261124-999999", OpenedAt: opened, UpdatedAt: opened,
	}
	week := routing.WeekOf(opened)
	e := routing.ProblemEvent{ID: fmt.Sprint("problem-event-", n), Problem: p.Number, Seq: 1, Action: routing.ProblemBegin, At: opened,
		Actor: routing.Actor{Role: routing.RoleUnit, Unit: "u", ID: "op-1", Name: "某人"}, To: p.State,
		Data: routing.ProblemData{Note: "说明", Case: "JS20261124-000001", Problem: "TZ20261124-000002", Category: "cat-1", Item: "item-1", Unit: "finance",
			Assisting: []string{"housing"}, Cause: "原因", Measure: "措施", Person: "王某", DueAt: &opened, Week: &week, Mechanism: "机制", NoMechanism: "无",
			Attachments: []string{"a1"}, Likeness: 0.5, Late: true, Undone: true}}
	return p, e
}

func testProblems(t *testing.T, s routing.Store) {
	ctx := t.Context()
	complainant(t, s, "1")
	c1, c2 := file(t, s, 1, "1", nil), file(t, s, 2, "1", nil)
	p, e := entry(1)
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertProblem(ctx, p, e), tx.PutInProblem(ctx, c2.Number, p.Number, noon), tx.PutInProblem(ctx, c1.Number, p.Number, noon.Add(time.Second)))
	})
	got, err := s.Problem(ctx, p.Number)
	want(t, "problem", got, err, p)
	got, err = s.ProblemOf(ctx, c1.Number)
	want(t, "problem of a case", got, err, p)
	events, err := s.ProblemEvents(ctx, p.Number)
	want(t, "events", events, err, []routing.ProblemEvent{e})
	cases, err := s.ProblemCases(ctx, p.Number)
	want(t, "cases, as they joined", cases, err, []routing.Case{c2, c1})
	_, err = s.Problem(ctx, "TZ20261124-424242")
	wantErr(t, "no problem", err, routing.ErrNotFound)
	_, err = s.ProblemOf(ctx, file(t, s, 3, "1", nil).Number)
	wantErr(t, "problem of a case of none", err, routing.ErrNotFound)
	wantErr(t, "the number again", writing(t, s, func(ctx context.Context, tx routing.Tx) error {
		return tx.InsertProblem(ctx, p, routing.ProblemEvent{ID: "x", Problem: p.Number, Seq: 1})
	}), routing.ErrExists)

	next, e2 := p, routing.ProblemEvent{ID: "e2", Problem: p.Number, Seq: 2, Action: routing.ProblemPlan, At: stored(noon), From: p.State, To: p.State,
		Data: routing.ProblemData{Assisting: []string{}}}
	next.Apply(e2)
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.LockProblem(ctx, p.Number), tx.UpdateProblem(ctx, next, e2))
	})
	got, err = s.Problem(ctx, p.Number)
	want(t, "problem without assistants", got, err, next)
	events, err = s.ProblemEvents(ctx, p.Number)
	want(t, "an empty list is no missing one", events, err, []routing.ProblemEvent{e, e2})
	wantErr(t, "decided on an old version", writing(t, s, func(ctx context.Context, tx routing.Tx) error {
		return tx.UpdateProblem(ctx, next, routing.ProblemEvent{ID: "e3", Problem: p.Number, Seq: 2})
	}), routing.ErrConflict)
}

func testProblemLists(t *testing.T, s routing.Store) {
	ctx, now := t.Context(), stored(noon.AddDate(0, 0, 21))
	week := routing.WeekOf(now)
	for n := range 6 {
		p, e := entry(n)
		p.Returns, p.DueAt, p.NotedWeek = 0, time.Time{}, week
		switch n {
		case 1:
			p.DueAt = now.Add(-time.Hour)
		case 2:
			p.NotedWeek = week.AddDate(0, 0, -14)
		case 3:
			p.Returns, p.Unit = 1, "court"
		case 4:
			p.State, p.DueAt, p.NotedWeek, p.Assisting = routing.ProblemStruckOff, now.Add(-time.Hour), time.Time{}, nil
		case 5:
			p.NotedWeek, p.ActiveAt, p.Item = time.Time{}, now.Add(-time.Hour), "item-2"
		}
		write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertProblem(ctx, p, e) })
	}
	office := routing.Actor{Role: routing.RoleOffice}
	for _, tt := range []struct {
		name string
		q    routing.ProblemQuery
		want string
	}{
		{"all", routing.ProblemQuery{Visible: office}, "543210"},
		{"nobody's", routing.ProblemQuery{}, ""},
		{"a complainant's", routing.ProblemQuery{Visible: routing.Actor{Role: routing.RoleComplainant, ID: "1"}}, ""},
		{"the lead's", routing.ProblemQuery{Visible: routing.Actor{Role: routing.RoleUnit, Unit: "court"}}, "3"},
		{"the assistant's", routing.ProblemQuery{Visible: routing.Actor{Role: routing.RoleUnit, Unit: "housing"}}, "53210"},
		{"of a unit", routing.ProblemQuery{Visible: office, Unit: "court"}, "3"},
		{"of an item", routing.ProblemQuery{Visible: office, Item: "item-2"}, "5"},
		{"struck off", routing.ProblemQuery{Visible: office, States: []routing.ProblemState{routing.ProblemStruckOff}}, "4"},
		{"overdue", routing.ProblemQuery{Visible: office, Filter: routing.ProblemsOverdue}, "1"},
		{"without a weekly note", routing.ProblemQuery{Visible: office, Filter: routing.ProblemsUnnoted}, "2"},
		{"returned", routing.ProblemQuery{Visible: office, Filter: routing.ProblemsReturned}, "3"},
	} {
		tt.q.Now, tt.q.Limit = now, 2
		got := ""
		for first := true; first || tt.q.Cursor != ""; first = false {
			page, next, err := s.Problems(ctx, tt.q)
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			for _, p := range page {
				got += p.Number[len(p.Number)-1:]
			}
			tt.q.Cursor = next
		}
		counts, err := s.CountProblems(ctx, tt.q)
		total := 0
		for _, n := range counts {
			total += n
		}
		if len(tt.q.States) == 0 && total != len(tt.want) {
			t.Errorf("%s: counted %v", tt.name, counts)
		}
		want(t, tt.name, got, err, tt.want)
	}
	_, _, err := s.Problems(ctx, routing.ProblemQuery{Visible: office, Cursor: "?"})
	if bad := new(*routing.InvalidError); !errors.As(err, bad) {
		t.Errorf("a mangled cursor: %v", err)
	}
}

func testCameBack(t *testing.T, s routing.Store) {
	ctx := t.Context()
	complainant(t, s, "1")
	var struck []routing.Case
	for n := 2; n <= 4; n++ { // even numbers aren't confidential
		c := file(t, s, 2*n, "1", func(c *routing.Case) {
			c.Judgement.Matter, c.State = matter(1, 2, 3, uint32(10*n)), routing.StateStruckOff
			c.Confidential = n == 4
		})
		struck = append(struck, c)
		p, e := entry(n)
		p.StruckAt = stored(noon.AddDate(0, 0, -n))
		e2 := routing.ProblemEvent{ID: fmt.Sprint("s", n), Problem: p.Number, Seq: 2, Action: routing.ProblemStrikeOff, At: p.StruckAt, From: p.State, To: routing.ProblemStruckOff}
		write(t, s, func(ctx context.Context, tx routing.Tx) error {
			if err := errors.Join(tx.InsertProblem(ctx, p, e), tx.PutInProblem(ctx, c.Number, p.Number, noon)); err != nil {
				return err
			}
			p.Apply(e2)
			return tx.UpdateProblem(ctx, p, e2)
		})
	}
	ask := func(q routing.Comeback) string {
		near, err := s.CameBack(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for _, n := range near {
			found += n.Number[len(n.Number)-1:]
		}
		return found
	}
	m := matter(1, 2, 3, 20)
	for _, tt := range []struct {
		name string
		q    routing.Comeback
		want string
	}{
		{"the most alike first, no confidential one", routing.Comeback{Matter: m, Unit: "finance", Least: 0.2}, "46"},
		{"alike enough", routing.Comeback{Matter: m, Unit: "finance", Least: 0.9}, "4"},
		{"struck off lately", routing.Comeback{Matter: m, Unit: "finance", Since: noon.AddDate(0, 0, -2).Add(-time.Minute)}, "4"},
		{"of another unit", routing.Comeback{Matter: m, Unit: "court"}, ""},
		{"of another matter", routing.Comeback{Matter: matter(99), Unit: "finance"}, ""},
		{"of no matter", routing.Comeback{Unit: "finance"}, ""},
	} {
		want(t, tt.name, ask(tt.q), nil, tt.want)
	}
	p, err := s.ProblemOf(ctx, struck[0].Number)
	if err != nil {
		t.Fatal(err)
	}
	e := routing.ProblemEvent{ID: "r", Problem: p.Number, Seq: 3, Action: routing.ProblemReturn, At: noon, From: p.State, To: routing.ProblemOpen}
	p.Apply(e)
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateProblem(ctx, p, e) })
	want(t, "what is open again", ask(routing.Comeback{Matter: m, Unit: "finance"}), nil, "6")
}

// bureau is the office with a ledger: two units of one item, and several people.
type bureau struct {
	*office
	people []routing.Actor // two of each unit, two of the office
}

func newBureau(t *testing.T, s routing.Store) *bureau {
	o := &office{t: t, s: s, at: noon}
	plan := &routing.Plan{UnitByID: map[string]routing.PlanUnit{"finance": {}, "court": {}, "tax": {}},
		Categories: []routing.Category{{ID: "1", Leads: []string{"finance", "court"}, Items: []routing.Item{{ID: "1.1"}, {ID: "1.2"}}}}}
	o.desk = routing.NewDesk(s, plan, routing.NewMemory(time.Now), func() time.Time { return o.at }).WithReturns(90 * 24 * time.Hour)
	b := &bureau{office: o}
	for _, unit := range []string{"finance", "court", ""} {
		for n := range 2 {
			a := routing.Actor{Role: routing.RoleUnit, Unit: unit, ID: fmt.Sprint(unit, n)}
			if unit == "" {
				a = routing.Actor{Role: routing.RoleOffice, ID: fmt.Sprint("office", n)}
			}
			b.people = append(b.people, a)
		}
	}
	return b
}

func (b *bureau) unit() routing.Actor  { return b.people[0] }
func (b *bureau) chief() routing.Actor { return b.people[4] }

func (b *bureau) dispatched(phone string, m routing.Matter, hidden bool) routing.Case {
	b.t.Helper()
	b.at = b.at.Add(time.Minute)
	c, _, err := b.desk.File(b.t.Context(), routing.Actor{Role: routing.RoleOperator, ID: "op"}, routing.Complaint{Text: "工程款被拖欠", Channel: routing.ChannelHotline,
		Contact: routing.Contact{Phone: phone}, Confidential: hidden, Judgement: routing.Judgement{Matter: m}, Placement: &routing.Placement{Item: "1.1", Unit: "finance"}})
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bureau) answered(phone string, m routing.Matter) routing.Case {
	b.t.Helper()
	c := b.dispatched(phone, m, false)
	b.act(b.unit(), c, routing.Step{Action: routing.ActionSign})
	b.act(b.unit(), c, routing.Step{Action: routing.ActionReply, Note: "已付"})
	return c
}

func (b *bureau) act(a routing.Actor, c routing.Case, step routing.Step) {
	b.t.Helper()
	b.at = b.at.Add(time.Minute)
	if _, err := b.desk.Act(b.t.Context(), a, c.Number, step); err != nil {
		b.t.Fatalf("%s: %v", step.Action, err)
	}
}

// do does a step on the problem of a case.
func (b *bureau) do(a routing.Actor, c routing.Case, step routing.ProblemStep) error {
	b.at = b.at.Add(time.Minute)
	_, err := b.desk.ActOnProblem(b.t.Context(), a, b.of(c).Number, step)
	return err
}

func (b *bureau) must(a routing.Actor, c routing.Case, step routing.ProblemStep) {
	b.t.Helper()
	if err := b.do(a, c, step); err != nil {
		b.t.Fatalf("%s: %v", step.Action, err)
	}
}

func (b *bureau) of(c routing.Case) routing.Problem {
	b.t.Helper()
	p, err := b.s.ProblemOf(b.t.Context(), c.Number)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *bureau) wantStates(what string, want routing.State, cases ...routing.Case) {
	b.t.Helper()
	for _, c := range cases {
		if now, err := b.s.Case(b.t.Context(), c.Number); err != nil || now.State != want {
			b.t.Errorf("%s: a case is %s, %v; want %s", what, now.State, err, want)
		}
	}
}

// told are the notices of a case of the kind.
func (b *bureau) told(c routing.Case, kind routing.Action) (notes []string) {
	b.t.Helper()
	all, err := b.s.NoticesOf(b.t.Context(), c.Number)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, n := range all {
		if n.Kind == routing.NoticeKind(kind) {
			notes = append(notes, n.Text)
		}
	}
	return notes
}

func testStruckOffAsOne(t *testing.T, s routing.Store) {
	b := newBureau(t, s)
	c1, c2 := b.answered("13800000001", nil), b.dispatched("13800000002", nil, true)
	apply := routing.ProblemStep{Action: routing.ProblemApply, Note: "都付清了", NoMechanism: "个案"}
	b.must(b.unit(), c1, routing.ProblemStep{Action: routing.ProblemMerge, Problem: b.of(c2).Number})
	if p1, p2 := b.of(c1), b.of(c2); p1.Number != p2.Number {
		t.Fatalf("merged into %s and %s", p1.Number, p2.Number)
	}
	want(t, "told of the merging", b.told(c2, routing.ActionMerge), nil, []string{""})
	wantInvalid(t, "while one has no answer", b.do(b.unit(), c1, apply), "case")
	wantInvalid(t, "the same through the case", actOn(b, b.unit(), c1, routing.ActionClose), "case")
	b.must(b.unit(), c1, routing.ProblemStep{Action: routing.ProblemAnswer, Note: "统一答复"})
	want(t, "answered", b.told(c2, routing.ActionReply), nil, []string{"统一答复"})
	want(t, "not answered twice", b.told(c1, routing.ActionReply), nil, []string{"已付"})
	wantInvalid(t, "without a mechanism or why none", b.do(b.unit(), c1, routing.ProblemStep{Action: routing.ProblemApply, Note: "付清了"}), "mechanism")
	wantInvalid(t, "without what was done", b.do(b.unit(), c1, routing.ProblemStep{Action: routing.ProblemApply, Mechanism: "按月清欠"}), "note")
	wantInvalid(t, "with evidence of something else", b.do(b.unit(), c1, routing.ProblemStep{Action: routing.ProblemApply, Note: "x", NoMechanism: "y", Attachments: []string{"a"}}), "attachments")
	wantErr(t, "checked before it is applied for", errKind(b.do(b.chief(), c1, routing.ProblemStep{Action: routing.ProblemStrikeOff})), errIllegal)
	b.must(b.chief(), c1, apply) // by the office itself
	b.wantStates("applied", routing.StateClosed, c1, c2)
	wantErr(t, "by who applied", b.do(b.chief(), c2, routing.ProblemStep{Action: routing.ProblemStrikeOff}), routing.ErrSamePerson)
	wantErr(t, "sent back by who applied", b.do(b.chief(), c2, routing.ProblemStep{Action: routing.ProblemSendBack, Note: "x"}), routing.ErrSamePerson)
	wantErr(t, "through a case", actOn(b, b.chief(), c1, routing.ActionStrikeOff), routing.ErrSamePerson)
	wantErr(t, "by the unit", b.do(b.unit(), c2, routing.ProblemStep{Action: routing.ProblemStrikeOff}), routing.ErrForbidden)
	b.must(b.people[5], c1, routing.ProblemStep{Action: routing.ProblemSendBack, Note: "王某的款还没到"})
	b.wantStates("sent back", routing.StateReplied, c1, c2)
	want(t, "the reason is not for complainants", b.told(c2, routing.ActionSendBack), nil, []string{""})
	b.act(b.unit(), c1, routing.Step{Action: routing.ActionClose, Note: "您的款已付清"}) // through one case, for all
	b.wantStates("applied again", routing.StateClosed, c1, c2)
	want(t, "the words for one", b.told(c1, routing.ActionClose), nil, []string{"", "您的款已付清"})
	want(t, "are not for the other", b.told(c2, routing.ActionClose), nil, []string{"", ""})
	b.act(b.chief(), c2, routing.Step{Action: routing.ActionStrikeOff, Note: "核查无误"})
	b.wantStates("struck off", routing.StateStruckOff, c1, c2)
	if p := b.of(c1); p.State != routing.ProblemStruckOff || p.StruckAt.IsZero() {
		t.Errorf("the problem is %+v", p)
	}
	want(t, "each is told", [][]string{b.told(c1, routing.ActionStrikeOff), b.told(c2, routing.ActionStrikeOff)}, nil, [][]string{{""}, {"核查无误"}})
	events, err := b.desk.Timeline(t.Context(), routing.Actor{Role: routing.RoleComplainant, ID: c2.ComplainantID}, c2.Number)
	for _, e := range events {
		if e.Data.Problem != "" || e.Data.Note == "您的款已付清" || e.Data.Note == "王某的款还没到" {
			t.Errorf("a complainant learns of others: %+v", e)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// errIllegal stands for an *IllegalProblemStepError.
var errIllegal = errors.New("illegal step on a problem")

func errKind(err error) error {
	if bad := new(*routing.IllegalProblemStepError); errors.As(err, bad) {
		return errIllegal
	}
	return err
}

func wantInvalid(t *testing.T, what string, err error, field string) {
	t.Helper()
	var bad *routing.InvalidError
	if !errors.As(err, &bad) || bad.Field != field {
		t.Fatalf("%s: %v, want the field %s refused", what, err, field)
	}
}

func actOn(b *bureau, a routing.Actor, c routing.Case, action routing.Action) error {
	_, err := b.desk.Act(b.t.Context(), a, c.Number, routing.Step{Action: action})
	return err
}

func testPlansAndNotes(t *testing.T, s routing.Store) {
	b := newBureau(t, s)
	c := b.dispatched("13800000001", nil, false)
	plan := func(p routing.ProblemStep) routing.ProblemStep { p.Action = routing.ProblemPlan; return p }
	wantInvalid(t, "nothing", b.do(b.unit(), c, plan(routing.ProblemStep{})), "measure")
	wantInvalid(t, "no day", b.do(b.unit(), c, plan(routing.ProblemStep{Due: "明天"})), "due")
	wantInvalid(t, "yesterday", b.do(b.unit(), c, plan(routing.ProblemStep{Due: "2026-11-23"})), "due")
	wantInvalid(t, "itself assisting", b.do(b.unit(), c, plan(routing.ProblemStep{Assisting: []string{"finance"}})), "assisting")
	wantErr(t, "another unit's", b.do(b.people[2], c, plan(routing.ProblemStep{Measure: "x"})), routing.ErrNotFound)
	b.must(b.unit(), c, plan(routing.ProblemStep{Measure: "列入拨付", Due: "2026-11-24", Assisting: []string{"tax"}}))
	wantInvalid(t, "changed without a reason", b.do(b.unit(), c, plan(routing.ProblemStep{Due: "2026-12-31"})), "note")
	wantErr(t, "an assisting unit's", b.do(routing.Actor{Role: routing.RoleUnit, Unit: "tax"}, c, plan(routing.ProblemStep{Cause: "x"})), routing.ErrForbidden)
	if p := b.of(c); p.Overdue(b.at) || !p.Overdue(b.at.AddDate(0, 0, 1)) {
		t.Errorf("due %s, overdue is wrong", p.DueAt)
	}
	b.must(b.unit(), c, plan(routing.ProblemStep{Due: "2026-12-31", Note: "预算调整"}))
	for _, tt := range []struct {
		days   int
		note   *routing.ProblemStep
		missed bool
	}{
		{0, nil, false}, {7, nil, true}, {0, &routing.ProblemStep{Note: "上周的", LastWeek: true}, false}, {7, nil, true}, {0, &routing.ProblemStep{Note: "本周的"}, false}, {7, nil, false}, {7, nil, true},
	} {
		b.at = b.at.AddDate(0, 0, tt.days)
		if tt.note != nil {
			tt.note.Action = routing.ProblemNote
			b.must(b.unit(), c, *tt.note)
		}
		if p := b.of(c); p.Unnoted(b.at) != tt.missed {
			t.Errorf("on %s with notes up to %s: missing is %v", b.at, p.NotedWeek, !tt.missed)
		}
	}
	wantErr(t, "a note of the office", b.do(b.chief(), c, routing.ProblemStep{Action: routing.ProblemNote, Note: "x"}), routing.ErrForbidden)
	wantInvalid(t, "both", b.do(b.unit(), c, routing.ProblemStep{Action: routing.ProblemMechanism, Mechanism: "x", NoMechanism: "y"}), "no_mechanism")
	b.must(b.unit(), c, routing.ProblemStep{Action: routing.ProblemMechanism, Mechanism: "按月清欠"})
	wantErr(t, "an old version", b.do(b.unit(), c, routing.ProblemStep{Action: routing.ProblemMechanism, Mechanism: "x", Version: 1}), routing.ErrConflict)
}

func (b *bureau) strike(c routing.Case) {
	b.t.Helper()
	b.must(b.unit(), c, routing.ProblemStep{Action: routing.ProblemApply, Note: "已付", NoMechanism: "个案"})
	b.must(b.chief(), c, routing.ProblemStep{Action: routing.ProblemStrikeOff})
}

func testReturns(t *testing.T, s routing.Store) {
	b := newBureau(t, s)
	m := matter(1, 2, 3, 4)
	c := b.answered("13800000001", m)
	b.strike(c)
	struck := b.of(c)
	if other := b.of(b.dispatched("13800000002", matter(6, 7, 8, 9), false)); other.Number == struck.Number {
		t.Error("another matter brought the problem back")
	}
	if hidden := b.of(b.dispatched("13800000003", m, true)); hidden.Number == struck.Number {
		t.Error("a confidential case brought the problem back")
	}
	again := b.dispatched("13800000004", m, false)
	if p := b.of(again); p.Number != struck.Number || p.State != routing.ProblemOpen || p.Returns != 1 || p.ReturnedBy != again.Number || !p.StruckAt.Equal(struck.StruckAt) {
		t.Fatalf("after it came back: %+v", p)
	}
	b.wantStates("the old record", routing.StateStruckOff, c)
	// It turns out to be another matter: the problem is as it was.
	b.must(b.chief(), again, routing.ProblemStep{Action: routing.ProblemSplit, Case: again.Number, Note: "不是一回事"})
	if p := b.of(c); p.State != routing.ProblemStruckOff || p.Returns != 0 {
		t.Errorf("after the split: %+v", p)
	}
	if own := b.of(again); own.Number == struck.Number || own.State != routing.ProblemOpen {
		t.Errorf("its own: %+v", own)
	}
	// A redo within the time counts, later it opens the problem and doesn't.
	b.act(b.chief(), c, routing.Step{Action: routing.ActionRedo, Note: "款没到"})
	if p := b.of(c); p.State != routing.ProblemOpen || p.Returns != 1 {
		t.Errorf("after a redo: %+v", p)
	}
	b.act(b.unit(), c, routing.Step{Action: routing.ActionSign})
	b.act(b.unit(), c, routing.Step{Action: routing.ActionReply, Note: "已付"})
	b.strike(c)
	b.at = b.at.AddDate(0, 0, 91)
	if late := b.of(b.dispatched("13800000005", m, false)); late.Number == struck.Number {
		t.Error("the matter came back after the time")
	}
	b.act(b.chief(), c, routing.Step{Action: routing.ActionRedo, Note: "又没付"})
	if p := b.of(c); p.State != routing.ProblemOpen || p.Returns != 1 {
		t.Errorf("after a late redo: %+v", p)
	}
	b.act(b.unit(), c, routing.Step{Action: routing.ActionSign})
	b.act(b.unit(), c, routing.Step{Action: routing.ActionReply, Note: "已付"})
	b.strike(c)
	// The office puts on record by hand that another one is the same.
	fresh := b.dispatched("13800000006", matter(50), false)
	wantErr(t, "by the unit", b.do(b.unit(), c, routing.ProblemStep{Action: routing.ProblemMerge, Problem: b.of(fresh).Number}), routing.ErrForbidden)
	b.must(b.chief(), c, routing.ProblemStep{Action: routing.ProblemMerge, Problem: b.of(fresh).Number})
	if p := b.of(fresh); p.Number != struck.Number || p.Returns != 2 {
		t.Errorf("after a return by hand: %+v", p)
	}
}

func testMergesThatMayNotBe(t *testing.T, s routing.Store) {
	b := newBureau(t, s)
	c, other := b.dispatched("13800000001", nil, false), b.dispatched("13800000002", nil, false)
	merge := func(number string) routing.ProblemStep {
		return routing.ProblemStep{Action: routing.ProblemMerge, Problem: number}
	}
	wantInvalid(t, "with itself", b.do(b.unit(), c, merge(b.of(c).Number)), "problem")
	wantInvalid(t, "with nothing", b.do(b.unit(), c, merge("TZ20261124-000000")), "problem")
	wantInvalid(t, "splitting the only one", b.do(b.unit(), c, routing.ProblemStep{Action: routing.ProblemSplit, Case: c.Number}), "case")
	wantInvalid(t, "splitting another's", b.do(b.unit(), c, routing.ProblemStep{Action: routing.ProblemSplit, Case: other.Number}), "case")
	before := b.of(other).Number
	b.act(b.chief(), other, routing.Step{Action: routing.ActionReassign, Unit: "court"})
	if p := b.of(other); p.Number != before || p.Unit != "court" {
		t.Errorf("the problem of a single case didn't go with it: %+v", p)
	}
	wantInvalid(t, "with another unit's, by the unit", b.do(b.unit(), c, merge(b.of(other).Number)), "problem")
	wantInvalid(t, "with another unit's, by the office", b.do(b.chief(), c, merge(b.of(other).Number)), "problem")
	third := b.dispatched("13800000003", nil, false)
	b.must(b.unit(), c, merge(b.of(third).Number))
	b.act(b.chief(), third, routing.Step{Action: routing.ActionReassign, Unit: "court"})
	if p, stay := b.of(third), b.of(c); p.Number == stay.Number || p.Unit != "court" || stay.Unit != "finance" {
		t.Errorf("one of several went with unit %s, the others' is %s", p.Unit, stay.Unit)
	}
	b.act(routing.Actor{Role: routing.RoleOperator}, c, routing.Step{Action: routing.ActionWithdraw})
	if p := b.of(c); p.State != routing.ProblemVoid {
		t.Errorf("without a case it is %s", p.State)
	}
}

// Whatever people do, in whatever order: a struck-off problem never has an open case, an open case that is with a unit always has a problem
// of its unit that isn't done, nobody checks what they applied for, and the events give the row again.
func testLedgerModel(t *testing.T, s routing.Store) {
	taken := map[string]int{}
	for seed := range uint64(3) {
		b := newBureau(t, s)
		w := walk{bureau: b, r: rand.New(rand.NewPCG(seed, 7)), seed: uint32(seed), taken: taken}
		b.at = noon.Add(time.Duration(seed) * 24 * time.Hour)
		for n := range 150 {
			w.step(n)
			b.check(w.cases)
			if t.Failed() {
				t.Fatalf("seed %d, step %d", seed, n)
			}
		}
	}
	for _, way := range []string{"close", "strike-off", "send-back", "redo", "reassign", "problem merge", "problem split", "problem apply", "problem strike-off", "problem send-back", "returned"} {
		if taken[way] == 0 {
			t.Errorf("%s was never taken: %v", way, taken)
		}
	}
}

// walk goes through the rules at random.
type walk struct {
	*bureau
	r     *rand.Rand
	seed  uint32
	cases []routing.Case
	taken map[string]int
}

// step files a case, or does something to one: mostly what is legal for somebody whose business it is, sometimes anything by anybody.
func (w *walk) step(n int) {
	w.at = w.at.Add(time.Duration(w.r.IntN(40)) * time.Hour)
	if len(w.cases) < 3 || w.r.IntN(15) == 0 {
		c := w.dispatched(fmt.Sprintf("138%04d%04d", w.seed, n), matter(10*w.seed+uint32(w.r.IntN(2))+1, 1000+w.seed, 2000+w.seed), w.r.IntN(5) == 0)
		if w.of(c).Returns > 0 {
			w.taken["returned"]++
		}
		w.cases = append(w.cases, c)
		return
	}
	c, err := w.s.Case(w.t.Context(), w.cases[w.r.IntN(len(w.cases))].Number)
	if err != nil {
		w.t.Fatal(err)
	}
	who := w.people[w.r.IntN(len(w.people))]
	if who.Role == routing.RoleUnit && w.r.IntN(10) > 0 {
		who.Unit, who.ID = c.Unit, c.Unit+who.ID[len(who.ID)-1:]
	}
	if w.r.IntN(3) == 0 {
		w.onProblem(n, who, c)
	} else {
		w.onCase(who, c)
	}
}

func (w *walk) onProblem(n int, who routing.Actor, c routing.Case) {
	choice := routing.LegalForProblem(who, w.of(c))
	if len(choice) == 0 || w.r.IntN(5) == 0 {
		choice = routing.ProblemActions()
	}
	step := routing.ProblemStep{Action: choice[w.r.IntN(len(choice))], Note: "说明", NoMechanism: "个案", Measure: fmt.Sprint(n)}
	step.Case, step.Problem = w.cases[w.r.IntN(len(w.cases))].Number, w.of(w.cases[w.r.IntN(len(w.cases))]).Number
	if w.do(who, c, step) == nil {
		w.taken["problem "+string(step.Action)]++
	}
}

func (w *walk) onCase(who routing.Actor, c routing.Case) {
	step := routing.Step{Note: "说明", Unit: []string{"finance", "court"}[w.r.IntN(2)], Days: 1}
	switch rare := w.r.IntN(40); {
	case rare == 0:
		step.Action, who = routing.ActionWithdraw, routing.Actor{Role: routing.RoleOperator}
	case rare == 1:
		step.Action = routing.ActionTransfer
	default:
		all := []routing.Action{routing.ActionSign, routing.ActionReply, routing.ActionClose, routing.ActionStrikeOff, routing.ActionSendBack, routing.ActionRedo,
			routing.ActionReassign, routing.ActionRefuse}
		var choice []routing.Action
		for _, a := range all {
			often := a != routing.ActionRedo && a != routing.ActionReassign && a != routing.ActionRefuse || c.State == routing.StateRefused || w.r.IntN(6) == 0
			if slices.Contains(routing.Legal(who, c), a) && often {
				choice = append(choice, a)
			}
		}
		if len(choice) == 0 {
			choice = all
		}
		step.Action = choice[w.r.IntN(len(choice))]
	}
	if _, err := w.desk.Act(w.t.Context(), who, c.Number, step); err == nil {
		w.taken[string(step.Action)]++
	}
}

// Steps on cases of one problem at the same moment: they follow each other, and no struck-off problem is left with an open case.
func testLedgerRace(t *testing.T, s routing.Store) {
	b := newBureau(t, s)
	cases := make([]routing.Case, 6)
	for n := range cases {
		cases[n] = b.answered(fmt.Sprintf("1380000000%d", n), nil)
		if n > 0 {
			b.must(b.unit(), cases[0], routing.ProblemStep{Action: routing.ProblemMerge, Problem: b.of(cases[n]).Number})
		}
	}
	atOnce := func(steps ...func() error) {
		t.Helper()
		failed := make([]error, len(steps))
		var all sync.WaitGroup
		for i, step := range steps {
			all.Go(func() { failed[i] = step() })
		}
		all.Wait()
		for _, err := range failed {
			illegal, bad := new(*routing.IllegalStepError), new(*routing.InvalidError)
			if err != nil && !errors.Is(err, routing.ErrConflict) && !errors.As(err, illegal) && !errors.As(err, bad) && errKind(err) != errIllegal {
				t.Errorf("at once: %v", err)
			}
		}
		b.check(cases)
	}
	act := func(a routing.Actor, c routing.Case, action routing.Action) func() error {
		return func() error {
			_, err := b.desk.Act(t.Context(), a, c.Number, routing.Step{Action: action, Note: "说明"})
			return err
		}
	}
	for range 4 {
		atOnce(act(b.unit(), cases[1], routing.ActionClose), act(b.people[1], cases[2], routing.ActionClose), act(b.chief(), cases[3], routing.ActionRedo))
		atOnce(act(b.chief(), cases[1], routing.ActionStrikeOff), act(b.people[5], cases[4], routing.ActionSendBack), act(b.chief(), cases[2], routing.ActionRedo),
			act(b.unit(), cases[3], routing.ActionSign))
		for _, c := range cases {
			_, _ = act(b.unit(), c, routing.ActionSign)(), act(b.unit(), c, routing.ActionReply)()
		}
	}
}

func (b *bureau) check(cases []routing.Case) {
	b.t.Helper()
	ctx := b.t.Context()
	seen := map[string]bool{}
	for _, c := range cases {
		p := b.of(c)
		now, err := b.s.Case(ctx, c.Number)
		if err != nil {
			b.t.Fatal(err)
		}
		switch {
		case now.State.Open() && (p.State == routing.ProblemStruckOff || p.State == routing.ProblemVoid):
			b.t.Errorf("%s is %s, its problem %s", c.Number, now.State, p.State)
		case now.State.Open() && p.Unit != now.Unit:
			b.t.Errorf("%s is with %s, its problem with %s", c.Number, now.Unit, p.Unit)
		}
		if seen[p.Number] {
			continue
		}
		seen[p.Number] = true
		events, err := b.s.ProblemEvents(ctx, p.Number)
		if err != nil {
			b.t.Fatal(err)
		}
		var replayed routing.Problem
		var applicant string
		for _, e := range events {
			replayed.Apply(e)
			switch e.Action {
			case routing.ProblemApply:
				applicant = e.Actor.ID
			case routing.ProblemStrikeOff, routing.ProblemSendBack:
				if e.Actor.ID == applicant {
					b.t.Errorf("%s was checked by who applied", p.Number)
				}
			}
		}
		replayed.OpenedAt, replayed.UpdatedAt, replayed.ActiveAt = p.OpenedAt, p.UpdatedAt, p.ActiveAt // kept to the millisecond
		if !reflect.DeepEqual(plain(replayed), plain(p)) {
			b.t.Errorf("replayed:\n%+v\nstored:\n%+v", replayed, p)
		}
	}
}

// plain is the problem without the difference between no list and an empty one.
func plain(p routing.Problem) routing.Problem {
	p.Assisting, p.Evidence = slices.Clone(p.Assisting), slices.Clone(p.Evidence)
	if len(p.Assisting) == 0 {
		p.Assisting = nil
	}
	if len(p.Evidence) == 0 {
		p.Evidence = nil
	}
	p.AppliedAt, p.StruckAt = p.AppliedAt.Truncate(time.Millisecond), p.StruckAt.Truncate(time.Millisecond)
	return p
}
