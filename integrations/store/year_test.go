package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"jiesu/configs"
	"jiesu/integrations/store"
	"jiesu/routing"
)

// newPlan is the plan with the clocks and the calendar that the product has.
func newPlan(t testing.TB) *routing.Plan {
	t.Helper()
	plan := &routing.Plan{}
	var rules routing.ClockRules
	years, err := configs.DecodeCalendar[routing.CalendarYear]("")
	err = errors.Join(err, configs.Decode("plan/taxonomy.yaml", plan), configs.DecodeOwn("clocks.yaml", "", &rules))
	if err != nil {
		t.Fatal(err)
	}
	if plan.Timetable, err = routing.NewTimetable(plan, rules, years); err != nil {
		t.Fatal(err)
	}
	return plan
}

// simulation is invented cases, filed evenly between two moments and taken through the process at random until the second of them.
type simulation struct {
	plan   *routing.Plan
	random *rand.Rand
	from   time.Time
	to     time.Time
	check  bool // every step is one that routing allows
}

func newSimulation(t testing.TB, from, to time.Time) *simulation {
	return &simulation{plan: newPlan(t), random: rand.New(rand.NewPCG(20, 26)), from: from, to: to, check: true}
}

// yearLife is one case under way.
type yearLife struct {
	*simulation
	c      routing.Case
	events []routing.Event
	at     time.Time
	err    error
}

// run makes the nth of so many cases.
func (s *simulation) run(n, of int) (routing.Case, []routing.Event, error) {
	filed := s.from.Add(time.Duration(float64(s.to.Sub(s.from)) * (float64(n) + s.random.Float64()) / float64(of))).Truncate(time.Millisecond)
	l := &yearLife{simulation: s, at: filed}
	channels := []routing.Channel{routing.ChannelWeChat, routing.ChannelWeChat, routing.ChannelHotline, routing.ChannelWeb, routing.ChannelAPI, routing.ChannelImport}
	l.c = routing.Case{Number: fmt.Sprintf("%s-%06d", routing.NumbersFrom(filed), n%1_000_000), Channel: channels[s.random.IntN(len(channels))], FiledAt: filed,
		Confidential: s.chance(.2), ComplainantID: "crowd"}
	l.live()
	return l.c, l.events, l.err
}

func (s *simulation) chance(p float64) bool { return s.random.Float64() < p }

// hours is a time between the two numbers of hours, more often short than long.
func (s *simulation) hours(least, most float64) time.Duration {
	r := s.random.Float64()
	return time.Duration((least + (most-least)*r*r) * float64(time.Hour))
}

// do appends an event after a while, unless the simulation's time is over by then. False: it is.
func (l *yearLife) do(after time.Duration, a routing.Action, by routing.Role, to routing.State, d routing.EventData) bool {
	l.at = l.at.Add(after.Truncate(time.Millisecond) + time.Millisecond)
	if !l.at.Before(l.to) || l.err != nil {
		return false
	}
	actor := routing.Actor{Role: by}
	switch by {
	case routing.RoleUnit:
		actor.Unit = l.c.Unit
	case routing.RoleComplainant:
		actor.ID = l.c.ComplainantID
	}
	alone := a == routing.ActionFile || a == routing.ActionJoin || a == routing.ActionBulletin // outside the table of transitions
	if l.check && !alone {
		if next, err := routing.Next(actor, l.c, a); err != nil || next != to {
			l.err = fmt.Errorf("%s in state %s leads to %q, not %q: %w", a, l.c.State, next, to, err)
			return false
		}
	}
	n := int64(len(l.events)) + 1
	e := routing.Event{ID: fmt.Sprint(l.c.Number, "-", n), Case: l.c.Number, Seq: n, Action: a, At: l.at, Actor: actor, From: l.c.State, To: to, Data: d}
	l.c.Apply(e, l.plan)
	l.events = append(l.events, e)
	return true
}

// leads are the units that can answer for the item.
func (s *simulation) leads(item string) []string {
	for _, c := range s.plan.Categories {
		if c.ID == s.plan.CategoryOf(item) {
			return c.Leads
		}
	}
	return nil
}

func (l *yearLife) live() {
	var items []string
	for _, c := range l.plan.Categories {
		for _, i := range c.Items {
			items = append(items, i.ID)
		}
	}
	item := items[min(l.random.IntN(len(items)), l.random.IntN(len(items)))] // the first ones more often
	leads := l.leads(item)
	d := routing.EventData{Item: item, Note: "一件事"}
	if l.chance(.8) {
		d.District = l.plan.Districts[l.random.IntN(len(l.plan.Districts))]
	}
	l.c.Item, l.at = routing.Other, l.at.Add(-time.Millisecond)
	if l.chance(.85) {
		d.Unit = leads[min(l.random.IntN(len(leads)), l.random.IntN(len(leads)))]
		l.do(0, routing.ActionFile, routing.RoleOperator, routing.StateDispatched, d)
	} else {
		if l.chance(.3) {
			d.Item = routing.Other
		}
		l.do(0, routing.ActionFile, routing.RoleComplainant, routing.StateTriage, d)
		l.triage(item, leads)
	}
	if l.chance(.03) {
		l.do(time.Minute, routing.ActionJoin, routing.RoleSystem, l.c.State, routing.EventData{Incident: fmt.Sprint("incident-", l.at.Unix()/(40*86400))})
	}
	for l.c.State == routing.StateDispatched && l.dispatched(leads) {
	}
}

func (l *yearLife) triage(item string, leads []string) {
	switch r := l.random.Float64(); {
	case r < .06:
		l.do(l.hours(1, 60), routing.ActionNotAccept, routing.RoleOffice, routing.StateNotAccepted, routing.EventData{})
	case r < .25:
		l.do(l.hours(1, 60), routing.ActionTransfer, routing.RoleOffice, routing.StateTransferred, routing.EventData{})
	default:
		l.do(l.hours(.5, 90), routing.ActionAssign, routing.RoleOffice, routing.StateDispatched,
			routing.EventData{Item: item, Unit: leads[l.random.IntN(len(leads))], Confidence: 1})
	}
}

// elsewhere is another lead unit, one that hasn't refused yet; "" when there is none.
func (l *yearLife) elsewhere(leads []string) string {
	var free []string
	for _, u := range leads {
		if u != l.c.Unit && !strings.Contains(strings.Join(l.c.RefusedBy, " ")+" ", u+" ") {
			free = append(free, u)
		}
	}
	if len(free) == 0 {
		return ""
	}
	return free[l.random.IntN(len(free))]
}

// dispatched is a case at its unit, until it is elsewhere or its way is over. False: nothing more happens to it.
func (l *yearLife) dispatched(leads []string) bool {
	if l.chance(.04) {
		l.do(l.hours(1, 90), routing.ActionUrge, routing.RoleComplainant, l.c.State, routing.EventData{Note: "请快一点"})
	}
	if l.chance(.04) {
		return l.do(l.hours(1, 90), routing.ActionWithdraw, routing.RoleComplainant, routing.StateWithdrawn, routing.EventData{}) && false
	}
	next := l.elsewhere(leads)
	if next != "" && l.chance(.15) && !strings.Contains(strings.Join(l.c.RefusedBy, " ")+" ", l.c.Unit+" ") {
		return l.do(l.hours(.2, 50), routing.ActionRefuse, routing.RoleUnit, routing.StateRefused, routing.EventData{Note: "不属于本单位职责"}) &&
			l.do(l.hours(.2, 60), routing.ActionReassign, routing.RoleOffice, routing.StateDispatched, routing.EventData{Item: l.c.Item, Unit: next, Confidence: 1})
	}
	if l.chance(.03) || !l.do(l.hours(.2, 60), routing.ActionSign, routing.RoleUnit, routing.StateSigned, routing.EventData{}) {
		return false
	}
	if l.chance(.35) {
		l.do(l.hours(1, 120), routing.ActionProgress, routing.RoleUnit, routing.StateSigned, routing.EventData{Note: "正在核实", Internal: l.chance(.3)})
	}
	if l.chance(.12) {
		l.do(l.hours(20, 400), routing.ActionExtend, routing.RoleUnit, routing.StateSigned, routing.EventData{Note: "还差一份材料", Days: 5})
		if l.chance(.6) {
			l.do(l.hours(1, 40), routing.ActionExtend, routing.RoleOffice, routing.StateSigned, routing.EventData{Note: "同意", Days: 1 + l.random.IntN(5)})
		}
	}
	if l.chance(.03) {
		l.do(l.hours(1, 90), routing.ActionSupervise, routing.RoleOffice, routing.StateSigned, routing.EventData{Note: "请加快"})
	}
	if l.chance(.02) {
		l.do(l.hours(1, 90), routing.ActionBulletin, routing.RoleSystem, routing.StateSigned, routing.EventData{Clock: &routing.ClockMark{Kind: routing.ClockFinish, Since: 1}})
	}
	if next != "" && l.chance(.04) {
		return l.do(l.hours(1, 90), routing.ActionReassign, routing.RoleOffice, routing.StateDispatched, routing.EventData{Item: l.c.Item, Unit: next, Confidence: 1})
	}
	if l.chance(.04) || !l.do(l.hours(5, 520), routing.ActionReply, routing.RoleUnit, routing.StateReplied, routing.EventData{Note: "已办"}) {
		return false
	}
	return l.replied()
}

func (l *yearLife) replied() bool {
	for range 1 + l.random.IntN(2) {
		if !l.chance(.6) {
			continue
		}
		r := routing.Rating{Solved: []routing.Solved{routing.SolvedYes, routing.SolvedYes, routing.SolvedPartly, routing.SolvedNo}[l.random.IntN(4)], Satisfied: l.random.IntN(6)}
		action, by := routing.ActionRate, routing.RoleComplainant
		if l.chance(.2) {
			action, by = routing.ActionCallBack, routing.RoleOperator
			if l.chance(.3) && !l.do(l.hours(1, 20), action, by, l.c.State, routing.EventData{Unreached: true}) {
				return false
			}
		}
		if !l.do(l.hours(1, 200), action, by, l.c.State, routing.EventData{Rating: &r}) {
			return false
		}
		if r.Solved == routing.SolvedNo && l.c.Redos < 3 && l.chance(.6) {
			return l.do(l.hours(.1, 20), routing.ActionRedo, routing.RoleComplainant, routing.StateDispatched, routing.EventData{Note: "没有解决"})
		}
	}
	if l.chance(.03) {
		return l.do(l.hours(1, 100), routing.ActionWithdraw, routing.RoleComplainant, routing.StateWithdrawn, routing.EventData{}) && false
	}
	if l.chance(.1) || !l.do(l.hours(10, 200), routing.ActionClose, routing.RoleUnit, routing.StateClosed, routing.EventData{}) {
		return false
	}
	if l.chance(.15) || !l.do(l.hours(1, 100), routing.ActionStrikeOff, routing.RoleOffice, routing.StateStruckOff, routing.EventData{}) {
		return false
	}
	return l.chance(.05) && l.do(l.hours(50, 3000), routing.ActionRedo, routing.RoleOffice, routing.StateDispatched, routing.EventData{Note: "又出现了"})
}

// problem is the ledger's entry of a case: begun when it is dispatched, moved when the unit or the item changes, struck off with it, and back when it
// is. A few returns come late, and a few turn out to be another matter.
func (s *simulation) problem(c routing.Case, events []routing.Event) (p routing.Problem, list []routing.ProblemEvent) {
	number := strings.Replace(c.Number, "JS", "TZ", 1)
	do := func(at time.Time, a routing.ProblemAction, to routing.ProblemState, d routing.ProblemData) {
		n := int64(len(list)) + 1
		e := routing.ProblemEvent{ID: fmt.Sprint(number, "-", n), Problem: number, Seq: n, Action: a, At: at, From: p.State, To: to, Data: d}
		p.Apply(e)
		list = append(list, e)
	}
	item, unit := routing.Other, ""
	for _, e := range events {
		if e.Data.Item != "" {
			item = e.Data.Item
		}
		if e.Data.Unit != "" && e.Action != routing.ActionRefuse {
			unit = e.Data.Unit
		}
		place := routing.ProblemData{Category: s.plan.CategoryOf(item), Item: item, Unit: unit}
		switch {
		case len(list) == 0 && e.To == routing.StateDispatched:
			do(e.At, routing.ProblemBegin, routing.ProblemOpen, place)
		case len(list) == 0:
		case p.Unit != unit || p.Item != item:
			do(e.At, routing.ProblemMove, p.State, place)
		case e.Action == routing.ActionClose:
			do(e.At, routing.ProblemApply, routing.ProblemApplied, routing.ProblemData{Note: "已办"})
		case e.Action == routing.ActionStrikeOff:
			do(e.At, routing.ProblemStrikeOff, routing.ProblemStruckOff, routing.ProblemData{})
		case e.Action == routing.ActionRedo && e.From == routing.StateStruckOff:
			do(e.At, routing.ProblemReturn, routing.ProblemOpen, routing.ProblemData{Case: c.Number, Late: s.chance(.2)})
			if s.chance(.2) && e.At.Add(time.Hour).Before(s.to) {
				do(e.At.Add(time.Hour), routing.ProblemSplit, routing.ProblemStruckOff, routing.ProblemData{Undone: true})
			}
		case !e.To.Open() && e.To != routing.StateStruckOff:
			do(e.At, routing.ProblemLeave, routing.ProblemVoid, routing.ProblemData{Case: c.Number})
		}
	}
	return p, list
}

// fill writes so many cases straight into the tables of cases and events.
func (s *simulation) fill(t testing.TB, db *store.DB, cases int) {
	t.Helper()
	put(t, db, "complainants", []string{"id", "openid", "openid_index", "phone", "phone_index", "name", "enterprise", "following", "created_at"},
		[][]any{{"crowd", "", "", "", "", "", "", false, int64(0)}})
	caseColumns := strings.Fields(`number state version complaint enterprise contact_name phone confidential channel external_id source complainant_id token judgement
		category item unit district assisting confidence filed_at updated_at dispatched_at reply rating redos urges refused_by supervised`)
	eventColumns := strings.Fields(`id case_number seq action at actor_role actor_unit actor_id actor_name from_state to_state data`)
	problemColumns := strings.Fields(`number state version category item unit assisting cause measure person due_at last_note noted_week
		active_at mechanism no_mechanism done evidence applicant applied_at struck_at returns returned_by merged_into opened_at updated_at`)
	problemEventColumns := strings.Fields(`id problem seq action at actor_role actor_unit actor_id actor_name from_state to_state data`)
	text := strings.Repeat("一", 150)
	var caseRows, eventRows, problemRows, problemEventRows [][]any
	for n := range cases {
		c, events, err := s.run(n, cases)
		if err != nil {
			t.Fatalf("case %d: %v", n, err)
		}
		caseRows = append(caseRows, []any{c.Number, string(c.State), c.Version, text, "", "", "", c.Confidential, string(c.Channel), "", "", "crowd", fmt.Sprint("t", n), "",
			c.Category, c.Item, c.Unit, c.District, "null", 1.0, c.FiledAt.UnixMilli(), c.UpdatedAt.UnixMilli(), c.DispatchedAt.UnixMilli(), "", "null", int64(c.Redos), int64(0), "null", false})
		for _, e := range events {
			data, err := json.Marshal(e.Data)
			if err != nil {
				t.Fatal(err)
			}
			eventRows = append(eventRows, []any{e.ID, e.Case, e.Seq, string(e.Action), e.At.UnixMilli(), string(e.Actor.Role), e.Actor.Unit, "", "", string(e.From), string(e.To), string(data)})
		}
		p, problemEvents := s.problem(c, events)
		if len(problemEvents) > 0 {
			problemRows = append(problemRows, []any{p.Number, string(p.State), p.Version, p.Category, p.Item, p.Unit, "null", "", "", "", int64(0), "", int64(0), int64(0),
				"", "", "", "null", "null", int64(0), int64(0), int64(p.Returns), "", "", p.OpenedAt.UnixMilli(), p.UpdatedAt.UnixMilli()})
		}
		for _, e := range problemEvents {
			data, err := json.Marshal(e.Data)
			if err != nil {
				t.Fatal(err)
			}
			problemEventRows = append(problemEventRows, []any{e.ID, e.Problem, e.Seq, string(e.Action), e.At.UnixMilli(), "system", "", "", "", string(e.From), string(e.To), string(data)})
		}
		if n == cases-1 || len(caseRows) == 200 {
			put(t, db, "cases", caseColumns, caseRows)
			put(t, db, "events", eventColumns, eventRows)
			put(t, db, "problems", problemColumns, problemRows)
			put(t, db, "problem_events", problemEventColumns, problemEventRows)
			caseRows, eventRows, problemRows, problemEventRows = nil, nil, nil, nil
		}
	}
}

// put adds rows in one statement, or on PostgreSQL by its faster way.
func put(t testing.TB, db *store.DB, table string, columns []string, rows [][]any) {
	t.Helper()
	ctx := context.Background()
	if db.Dialect() == store.Postgres {
		conn, err := db.Write().Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		err = conn.Raw(func(driver any) error {
			_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(rows))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	var marks []string
	var args []any
	for _, row := range rows {
		marks = append(marks, "("+strings.TrimSuffix(strings.Repeat("?, ", len(row)), ", ")+")")
		args = append(args, row...)
	}
	if _, err := db.Write().ExecContext(ctx, "INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") VALUES "+strings.Join(marks, ", "), args...); err != nil {
		t.Fatal(err)
	}
}
