package report

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"jiesu/configs"
	"jiesu/routing"
)

// archive is a reader of cases that a test has made up.
type archive struct {
	routing.Reader
	cases  []routing.Case
	events map[string][]routing.Event
}

// Histories hands over every case that was filed before the end.
func (a *archive) Histories(_ context.Context, s routing.Span, visits ...func(routing.History) error) error {
	for _, c := range a.cases {
		h := routing.History{Number: c.Number, Channel: c.Channel}
		for _, e := range a.events[c.Number] {
			if e.At.Before(s.To) {
				e.Actor.Name, e.Data.Note = "", "" // as the reader promises
				h.Events = append(h.Events, e)
			}
		}
		if len(h.Events) == 0 {
			continue
		}
		if err := visits[0](h); err != nil {
			return err
		}
	}
	return nil
}

// add makes a case answered at the time, with more steps after it.
func (a *archive) add(plan *routing.Plan, filed, answered time.Time, more ...routing.Event) routing.Case {
	n := len(a.cases)
	c := routing.Case{Number: fmt.Sprintf("JS%s-%06d", filed.Format("20060102"), n), Text: "张三的电话 13800001234", Channel: routing.ChannelHotline, FiledAt: filed,
		Contact: routing.Contact{Enterprise: "示例机械厂", Name: "张三", Phone: "13800001234"}}
	unit := routing.Actor{Role: routing.RoleUnit, Unit: "finance", Name: "李科"}
	events := []routing.Event{
		{Action: routing.ActionFile, At: filed, To: routing.StateDispatched, Data: routing.EventData{Item: "1.1", Unit: "finance", District: "铁西区", Note: "张三来电"}},
		{Action: routing.ActionSign, At: filed.Add(time.Hour), From: routing.StateDispatched, To: routing.StateSigned, Actor: unit},
		{Action: routing.ActionReply, At: answered, From: routing.StateSigned, To: routing.StateReplied, Actor: unit, Data: routing.EventData{Note: "已与张三联系"}},
	}
	for i, e := range append(events, more...) {
		e.Seq, e.Case = int64(i+1), c.Number
		c.Apply(e, plan)
		a.events[c.Number] = append(a.events[c.Number], e)
	}
	a.cases = append(a.cases, c)
	return c
}

func city(t *testing.T) (*routing.Plan, routing.Wording) {
	t.Helper()
	var p routing.Plan
	var r routing.ClockRules
	years, err := configs.DecodeCalendar[routing.CalendarYear]("")
	words, wordsErr := configs.Wording()
	if err := errors.Join(err, wordsErr, configs.Decode("plan/taxonomy.yaml", &p), configs.DecodeOwn("clocks.yaml", "", &r)); err != nil {
		t.Fatal(err)
	}
	if p.Timetable, err = routing.NewTimetable(&p, r, years); err != nil {
		t.Fatal(err)
	}
	return &p, words
}

func momentOf(text string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", text, beijing)
	if err != nil {
		panic(err)
	}
	return at
}

func TestASampleIsTheSameWhoeverDrawsItAndNamesNobody(t *testing.T) {
	t.Parallel()
	plan, words := city(t)
	a := &archive{events: map[string][]routing.Event{}}
	for i := range 40 {
		a.add(plan, momentOf("2026-11-02 09:30").Add(time.Duration(i)*time.Hour), momentOf("2026-11-10 10:00"))
	}
	outside := a.add(plan, momentOf("2026-10-12 09:30"), momentOf("2026-10-20 10:00"))
	withdrawn := a.add(plan, momentOf("2026-11-02 09:30"), momentOf("2026-11-10 10:00"),
		routing.Event{Action: routing.ActionWithdraw, At: momentOf("2026-11-11 10:00"), From: routing.StateReplied, To: routing.StateWithdrawn})
	draw, err := NewDraw("2026-11", 10)
	if err != nil {
		t.Fatal(err)
	}
	book := func() []byte {
		table, err := draw.Table(t.Context(), a, plan, words)
		if err != nil {
			t.Fatal(err)
		}
		if len(table.Rows) != 10 {
			t.Fatalf("%d rows", len(table.Rows))
		}
		all := fmt.Sprint(table)
		for _, never := range []string{"张三", "13800001234", "示例机械厂", "李科", outside.Number, withdrawn.Number} {
			if strings.Contains(all, never) {
				t.Errorf("the sample has %q", never)
			}
		}
		var b bytes.Buffer
		if err := WriteXLSX(&b, draw.To, table); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	first := book()
	// What happens after the period changes nothing, nor does the order in which cases are read.
	for i, c := range a.cases {
		e := routing.Event{Action: routing.ActionRate, Seq: 9, At: momentOf("2026-12-03 10:00"), From: c.State, To: c.State,
			Data: routing.EventData{Rating: &routing.Rating{Solved: routing.SolvedNo, Satisfied: 1}}}
		a.cases[i].Apply(e, plan)
		a.events[c.Number] = append(a.events[c.Number], e)
	}
	a.cases = append(a.cases[20:], a.cases[:20]...)
	if !bytes.Equal(first, book()) {
		t.Error("drawn again, the sample is another")
	}
	other, err := NewDraw("2026-Q4", 10)
	if err != nil {
		t.Fatal(err)
	}
	one, total, err := draw.Cases(t.Context(), a, plan)
	two, all, err2 := other.Cases(t.Context(), a, plan)
	if errors.Join(err, err2) != nil || total != 40 || all != 41 {
		t.Fatalf("%d and %d to draw from, %v", total, all, errors.Join(err, err2))
	}
	if fmt.Sprint(numbers(one)) == fmt.Sprint(numbers(two)) {
		t.Error("two periods have one sample")
	}
}

func numbers(list []Drawn) (all []string) {
	for _, d := range list {
		all = append(all, d.Case.Number)
	}
	return all
}

func TestARowSaysHowTheCaseWasHandled(t *testing.T) {
	t.Parallel()
	plan, words := city(t)
	a := &archive{events: map[string][]routing.Event{}}
	a.add(plan, momentOf("2026-11-02 09:30"), momentOf("2026-11-10 12:00"), routing.Event{Action: routing.ActionRate, At: momentOf("2026-11-11 09:00"), From: routing.StateReplied,
		To: routing.StateReplied, Data: routing.EventData{Rating: &routing.Rating{Solved: routing.SolvedPartly, Satisfied: 3}}})
	draw, err := NewDraw("2026", 5)
	if err != nil {
		t.Fatal(err)
	}
	table, err := draw.Table(t.Context(), a, plan, words)
	if err != nil {
		t.Fatal(err)
	}
	row := fmt.Sprint(table.Rows[0]...)
	for _, want := range []string{"市财政局", "铁西区", "5.4", "按时", "部分解决", "一般", "已答复"} {
		if !strings.Contains(row, want) {
			t.Errorf("%q isn't in %s", want, row)
		}
	}
}

func TestPeriodsAreMonthsQuartersAndYears(t *testing.T) {
	t.Parallel()
	for period, want := range map[string]string{"2026-11": "2026-11-01 2026-12-01", "2026-12": "2026-12-01 2027-01-01", "2026-Q4": "2026-10-01 2027-01-01", "2026": "2026-01-01 2027-01-01"} {
		d, err := NewDraw(period, 1)
		if got := d.From.Format(time.DateOnly) + " " + d.To.Format(time.DateOnly); err != nil || got != want {
			t.Errorf("%s: %s, %v", period, got, err)
		}
	}
	for _, bad := range []string{"", "2026-13", "2026-00", "2026-Q5", "11/2026", "2026-1"} {
		if _, err := NewDraw(bad, 1); err == nil {
			t.Errorf("%q is a period", bad)
		}
	}
	if _, err := NewDraw("2026", 0); err == nil {
		t.Error("a sample of none")
	}
}
