package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jiesu/configs"
	"jiesu/routing"
	"jiesu/routing/report"
)

var update = flag.Bool("update", false, "write the golden papers anew")

// tale is one invented case: how it came, and a line for each event: time in Beijing, action, then what the event carries.
type tale struct {
	channel routing.Channel
	lines   string
}

// tales are the cases of the golden paper; about each is said what it is there for.
var tales = []tale{
	{routing.ChannelHotline, `2026-07-06 09:00 file to=dispatched item=2.3 unit=tax district=铁西区
		2026-07-06 15:00 sign to=signed
		2026-07-08 10:00 progress to=signed
		2026-07-13 16:00 reply to=replied
		2026-07-14 10:00 rate to=replied solved=yes satisfied=5
		2026-07-15 10:00 close to=closed
		2026-07-16 10:00 strike-off to=struck_off by=office`}, // all in time
	{routing.ChannelWeChat, `2026-06-01 09:00 file to=dispatched item=1.1 unit=finance district=和平区
		2026-07-10 09:00 sign to=signed
		2026-08-03 09:00 reply to=replied
		2026-08-04 09:00 rate to=replied solved=no satisfied=1
		2026-08-04 10:00 redo to=dispatched by=complainant
		2026-08-05 09:00 sign to=signed
		2026-08-06 09:00 reply to=replied
		2026-08-07 09:00 rate to=replied solved=partly`}, // filed and late before the quarter, redone in it; its last word counts
	{routing.ChannelWeChat, `2026-09-01 09:00 file to=dispatched item=1.2 unit=finance district=和平区
		2026-09-01 15:00 refuse to=refused
		2026-09-02 09:00 reassign to=dispatched by=office item=1.2 unit=commerce
		2026-09-02 15:00 refuse to=refused
		2026-09-03 09:00 reassign to=dispatched by=office item=1.2 unit=industry`}, // bounced, and nobody signs
	{routing.ChannelWeb, `2026-09-02 09:00 file to=triage item=other
		2026-09-02 10:00 assign to=dispatched by=office item=4.3 unit=market-regulation
		2026-09-02 11:00 withdraw to=withdrawn by=complainant`}, // the unit's clocks count for nothing
	{routing.ChannelAPI, `2026-07-20 09:00 file to=dispatched item=2.3 unit=tax
		2026-07-20 09:01 join to=dispatched by=system incident=i1
		2026-07-20 10:00 sign to=signed
		2026-07-28 10:00 extend to=signed days=5
		2026-07-29 10:00 extend to=signed by=office days=5
		2026-08-07 10:00 reply to=replied
		2026-08-10 10:00 close to=closed
		2026-08-11 10:00 strike-off to=struck_off by=office
		2026-09-20 10:00 redo to=dispatched by=office`}, // extended, struck off, and back again
	{routing.ChannelAPI, `2026-07-20 09:02 file to=dispatched item=2.3 unit=tax
		2026-07-20 09:02 join to=dispatched by=system incident=i1
		2026-07-20 10:00 sign to=signed
		2026-07-20 10:30 progress to=signed internal=yes
		2026-07-30 10:00 reply to=replied
		2026-10-08 10:00 rate to=replied solved=yes satisfied=4`}, // rated after the quarter
	{routing.ChannelHotline, `2026-04-03 09:00 file to=triage item=other
		2026-04-03 10:00 not-accept to=not_accepted by=office`}, // the quarter before
	{routing.ChannelHotline, `2025-08-04 09:00 file to=dispatched item=2.3 unit=tax
		2025-08-04 10:00 transfer to=transferred by=office`}, // a year before
	{routing.ChannelHotline, `2026-10-01 00:00 file to=dispatched item=2.3 unit=tax`}, // a moment too late
}

// history reads a tale.
func (tl tale) history(t testing.TB, n int) routing.History {
	t.Helper()
	h := routing.History{Channel: tl.channel}
	state, unit := routing.State(""), ""
	for line := range strings.Lines(tl.lines) {
		words := strings.Fields(line)
		at, err := time.Parse("2006-01-02 15:04 -0700", words[0]+" "+words[1]+" +0800")
		if err != nil {
			t.Fatal(err)
		}
		if h.Number == "" {
			h.Number = fmt.Sprintf("%s-%06d", routing.NumbersFrom(at), n)
		}
		e := routing.Event{Case: h.Number, Seq: int64(len(h.Events)) + 1, Action: routing.Action(words[2]), At: at.UTC(), From: state, Actor: routing.Actor{Role: routing.RoleUnit}}
		for _, w := range words[3:] {
			name, v, _ := strings.Cut(w, "=")
			d := &e.Data
			switch name {
			case "to":
				e.To = routing.State(v)
			case "by":
				e.Actor.Role = routing.Role(v)
			case "item":
				d.Item = v
			case "unit":
				d.Unit = v
			case "district":
				d.District = v
			case "incident":
				d.Incident = v
			case "internal":
				d.Internal = true
			case "days":
				d.Days, err = strconv.Atoi(v)
			case "solved":
				d.Rating = &routing.Rating{Solved: routing.Solved(v)}
			case "satisfied":
				d.Rating.Satisfied, err = strconv.Atoi(v)
			default:
				t.Fatalf("what is %s?", w)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if e.Data.Unit != "" {
			unit = e.Data.Unit
		}
		if e.Actor.Role == routing.RoleUnit {
			e.Actor.Unit = unit
		}
		state = e.To
		h.Events = append(h.Events, e)
	}
	return h
}

// told is a source of tales.
type told []routing.History

func tell(t testing.TB, tales []tale) (all told) {
	t.Helper()
	for n, tl := range tales {
		all = append(all, tl.history(t, n))
	}
	slices.SortFunc(all, func(a, b routing.History) int { return strings.Compare(a.Number, b.Number) })
	return all
}

// Histories hands over every case and every event before the end, as a store does at least.
func (all told) Histories(_ context.Context, s routing.Span, visits ...func(routing.History) error) error {
	for _, h := range all {
		if err := visits[0](h); err != nil {
			return err
		}
	}
	return nil
}

// entries are the problems of the golden paper: one struck off that came back in time, one that came back too late, one whose return was another
// matter, one that moved to another unit.
func entries() []routing.ProblemHistory {
	finance, commerce := routing.ProblemData{Category: "1", Item: "1.1", Unit: "finance"}, routing.ProblemData{Category: "1", Item: "1.2", Unit: "commerce"}
	open, applied, struck := routing.ProblemOpen, routing.ProblemApplied, routing.ProblemStruckOff
	type step struct {
		day    string
		action routing.ProblemAction
		to     routing.ProblemState
		data   routing.ProblemData
	}
	var list []routing.ProblemHistory
	for n, steps := range [][]step{
		{{"2026-06-02", routing.ProblemBegin, open, finance}, {"2026-07-02", routing.ProblemApply, applied, routing.ProblemData{}},
			{"2026-07-03", routing.ProblemStrikeOff, struck, routing.ProblemData{}}, {"2026-08-03", routing.ProblemReturn, open, routing.ProblemData{}}},
		{{"2026-01-05", routing.ProblemBegin, open, finance}, {"2026-02-03", routing.ProblemStrikeOff, struck, routing.ProblemData{}},
			{"2026-08-04", routing.ProblemReturn, open, routing.ProblemData{Late: true}}},
		{{"2026-07-06", routing.ProblemBegin, open, finance}, {"2026-07-20", routing.ProblemStrikeOff, struck, routing.ProblemData{}},
			{"2026-08-05", routing.ProblemReturn, open, routing.ProblemData{}}, {"2026-08-06", routing.ProblemSplit, struck, routing.ProblemData{Undone: true}}},
		{{"2026-09-01", routing.ProblemBegin, open, finance}, {"2026-09-02", routing.ProblemMove, open, commerce},
			{"2026-10-09", routing.ProblemStrikeOff, struck, routing.ProblemData{}}},
	} {
		h := routing.ProblemHistory{Number: fmt.Sprintf("TZ20260101-%06d", n+1)}
		for i, s := range steps {
			at, err := time.ParseInLocation(time.DateOnly, s.day, routing.Beijing())
			if err != nil {
				panic(err)
			}
			h.Events = append(h.Events, routing.ProblemEvent{Problem: h.Number, Seq: int64(i + 1), Action: s.action, At: at.Add(9 * time.Hour), To: s.to, Data: s.data})
		}
		list = append(list, h)
	}
	return list
}

// ProblemHistories hands over every entry of the ledger.
func (told) ProblemHistories(_ context.Context, _ routing.Span, visit func(routing.ProblemHistory) error) error {
	for _, h := range entries() {
		if err := visit(h); err != nil {
			return err
		}
	}
	return nil
}

// Placements hands over the events that place a case.
func (all told) Placements(_ context.Context, s routing.Span, visit func(routing.History) error) error {
	for _, h := range all {
		if !s.Has(h.Events[0].At) {
			continue
		}
		placed := routing.History{Number: h.Number, Channel: h.Channel}
		for _, e := range h.Events {
			if s.Has(e.At) && (e.Action == routing.ActionFile || e.Action == routing.ActionAssign || e.Action == routing.ActionReassign) {
				placed.Events = append(placed.Events, e)
			}
		}
		if err := visit(placed); err != nil {
			return err
		}
	}
	return nil
}

func newPlan(t testing.TB) (*routing.Plan, routing.Wording) {
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
	words, err := configs.Wording()
	if err != nil {
		t.Fatal(err)
	}
	return plan, words
}

func period(t testing.TB, text string) report.Period {
	t.Helper()
	p, err := report.ParsePeriod(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var afterwards = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)

func compute(t testing.TB, from report.Source, plan *routing.Plan, p string, now time.Time) report.Figures {
	t.Helper()
	f, err := report.Compute(t.Context(), from, plan, period(t, p), now)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// sum adds a figure up over all places.
func sum(f report.Figures, of report.Figure) (n int) {
	for _, c := range f.Cells {
		n += c.Counts[of]
	}
	return n
}

func TestFiguresCountWhatHappenedInThePeriod(t *testing.T) {
	t.Parallel()
	plan, _ := newPlan(t)
	f := compute(t, tell(t, tales), plan, "2026-Q3", afterwards)
	for name, want := range map[string]int{
		"filed": 5, "filed_before": 2, "filed_year": 1, "answered": 5, "closed": 2, "struck_off": 2, "returned": 1, "refused": 2, "bounced": 1,
		"redone": 2, "withdrawn": 1, "extended": 1, "open": 4, "joined": 2, "solved_yes": 1, "solved_partly": 1, "solved_no": 0,
		"satisfied_yes": 1, "satisfied_no": 0, "satisfied_unsaid": 1, "not_accepted": 0, "transferred": 0, "late_open": 3,
		"problems_opened": 2, "problems_struck": 2, "problems_returned": 1, "problems_open": 3,
	} {
		figure, ok := report.ParseFigure(name)
		if !ok || sum(f, figure) != want {
			t.Errorf("%s is %d, want %d", name, sum(f, figure), want)
		}
		if name == "filed_before" || name == "filed_year" {
			continue
		}
		found, err := report.Numbers(t.Context(), tell(t, tales), plan, f.Period, f.Until, figure, report.Place{})
		times := 0
		for _, c := range found {
			times += c.Times
		}
		if err != nil || times != want {
			t.Errorf("%s has the cases %v (%v), want %d", name, found, err, want)
		}
	}
}

// Whatever happens after a period, its papers stay as they were, to the byte.
func TestAPaperMadeAgainIsTheSame(t *testing.T) {
	t.Parallel()
	plan, words := newPlan(t)
	var before []tale // as it was known when the quarter ended
	for _, tl := range tales {
		var known []string
		for line := range strings.Lines(tl.lines) {
			if strings.Fields(line)[0] < "2026-10-01" {
				known = append(known, line)
			}
		}
		if len(known) > 0 {
			before = append(before, tale{tl.channel, strings.Join(known, "")})
		}
	}
	then := compute(t, tell(t, before), plan, "2026-Q3", time.Date(2026, 9, 30, 16, 0, 0, 0, time.UTC))
	now := compute(t, tell(t, tales), plan, "2026-Q3", afterwards)
	a, err1 := json.Marshal(then)
	b, err2 := json.Marshal(now)
	if err1 != nil || err2 != nil || !bytes.Equal(a, b) {
		t.Errorf("the figures differ:\n%s\n%s", a, b)
	}
	for _, tt := range []struct {
		scope report.Scope
		full  bool
		name  string
	}{{report.WholeCity(), true, "city"}, {report.Scope{Kind: report.OfUnit, ID: "tax"}, true, "unit"}, {report.WholeCity(), false, "public"}} {
		d := report.Write(now, tt.scope, plan, words, tt.full)
		var page, again, book, second bytes.Buffer
		err := errors.Join(d.WriteHTML(&page, words, d.LinksTo("https://jiesu.example")), report.Write(then, tt.scope, plan, words, tt.full).WriteHTML(&again, words, d.LinksTo("https://jiesu.example")),
			d.WriteXLSX(&book), d.WriteXLSX(&second))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(page.Bytes(), again.Bytes()) {
			t.Errorf("the page of %s made again differs", tt.name)
		}
		if !bytes.Equal(book.Bytes(), second.Bytes()) {
			t.Errorf("the workbook of %s made again differs", tt.name)
		}
		golden(t, "2026-Q3-"+tt.name+".html", page.Bytes())
		if missing := strings.Count(page.String(), ">paper."); missing > 0 {
			t.Errorf("%s: %d texts are missing", tt.name, missing)
		}
		if numbers := strings.Contains(page.String(), "JS2026") || strings.Contains(page.String(), "TZ2026"); numbers != tt.full {
			t.Errorf("%s: numbers of cases are there: %v", tt.name, numbers)
		}
	}
	golden(t, "2026-Q3.json", append(b, '\n'))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is another than before; if that is meant: go test ./routing/report -update", name)
	}
}

func TestAPeriodThatIsNotOverIsComparedWithAsMuch(t *testing.T) {
	t.Parallel()
	plan, words := newPlan(t)
	now := time.Date(2026, 7, 21, 0, 0, 0, 0, time.UTC)
	f := compute(t, tell(t, tales), plan, "2026-Q3", now)
	if !f.Provisional() || !f.Until.Equal(now) || sum(f, report.Filed) != 3 || sum(f, report.FiledBefore) != 1 || sum(f, report.FiledYear) != 0 {
		t.Errorf("until %v: %d filed, %d before, %d a year before", f.Until, sum(f, report.Filed), sum(f, report.FiledBefore), sum(f, report.FiledYear))
	}
	if d := report.Write(f, report.WholeCity(), plan, words, true); d.Warning == "" {
		t.Error("nobody is warned that the period isn't over")
	}
	var bad *routing.InvalidError
	if _, err := report.Compute(t.Context(), tell(t, tales), plan, period(t, "2026-Q4"), now); !errors.As(err, &bad) || !words.Has(bad.Key) {
		t.Errorf("a period that hasn't begun: %v", err)
	}
}

func TestEveryFigureHasItsWords(t *testing.T) {
	t.Parallel()
	plan, words := newPlan(t)
	for _, f := range report.AllFigures() {
		if name := report.FigureName(f, words); strings.Contains(name, ".") || strings.Contains(name, "{") {
			t.Errorf("%s is called %s", f, name)
		}
	}
	for _, s := range report.Scopes(plan) {
		got, err := report.ParseScope(s.String(), plan)
		if err != nil || got != s || strings.Contains(report.WhoseName(s, plan, words), "paper.") {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	if _, err := report.ParseScope("unit-nobody", plan); !errors.Is(err, routing.ErrNotFound) {
		t.Errorf("a unit that isn't: %v", err)
	}
}

func TestWhoMayReadWhichPaper(t *testing.T) {
	t.Parallel()
	city, own, other := report.WholeCity(), report.Scope{Kind: report.OfUnit, ID: "tax"}, report.Scope{Kind: report.OfUnit, ID: "finance"}
	group := report.Scope{Kind: report.OfCategory, ID: "1"}
	for _, tt := range []struct {
		actor        routing.Actor
		scope        report.Scope
		full, public bool
	}{
		{routing.Actor{Role: routing.RoleOffice}, other, true, true}, {routing.Actor{Role: routing.RoleAdmin}, group, true, true},
		{routing.Actor{Role: routing.RoleUnit, Unit: "tax"}, own, true, true}, {routing.Actor{Role: routing.RoleUnit, Unit: "tax"}, city, false, true},
		{routing.Actor{Role: routing.RoleUnit, Unit: "tax"}, other, false, false}, {routing.Actor{Role: routing.RoleUnit, Unit: "tax"}, group, false, false},
		{routing.Actor{Role: routing.RoleUnit}, report.Scope{Kind: report.OfUnit}, false, false},
		{routing.Actor{Role: routing.RoleOperator}, city, false, false}, {routing.Actor{Role: routing.RoleComplainant, ID: "1"}, city, false, false}, {routing.Actor{}, city, false, false},
	} {
		if full, public := report.MayRead(tt.actor, tt.scope); full != tt.full || public != tt.public {
			t.Errorf("%+v reads %s: %v, %v", tt.actor, tt.scope, full, public)
		}
	}
}
