package openapi

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"jiesu/routing"
)

// Clock is one clock of a case: facts that change with the case's version alone, and how it stands now.
type Clock struct {
	Kind            routing.ClockKind  `json:"kind" doc:"dispatch, sign, refuse, contact, finish or tell."`
	Name            string             `json:"name" doc:"In Chinese."`
	State           routing.ClockState `json:"state" doc:"running, paused, met, late, ended (the case left, or went to another unit, in time), lapsed (a window that is over) or calendar_missing."`
	Rule            string             `json:"rule" doc:"Id of the rule that holds."`
	Source          string             `json:"source" doc:"Whose rule it is."`
	Owner           routing.Role       `json:"owner" doc:"Who must act: office or unit."`
	Unit            string             `json:"unit,omitempty" doc:"Lead unit whose clock it is."`
	Window          bool               `json:"window,omitempty" doc:"No duty: the time in which something may be done."`
	Since           int64              `json:"since" doc:"seq of the event that started it."`
	StartedAt       time.Time          `json:"started_at"`
	StoppedAt       *time.Time         `json:"stopped_at,omitempty" doc:"Absent while it runs."`
	DueAt           *time.Time         `json:"due_at,omitempty" doc:"Absent while it stands still, or when the calendar ends before."`
	Limit           ClockLimit         `json:"limit"`
	Redo            bool               `json:"redo,omitempty" doc:"Started by a redo, with its limit."`
	ExtendedDays    int                `json:"extended_days,omitempty" doc:"Working days that the office has granted."`
	Level           string             `json:"level,omitempty" enum:"warned,urged,supervised,named" doc:"How far up the ladder it has come."`
	CalendarMissing int                `json:"calendar_missing,omitempty" doc:"Year for which the server has no holidays and make-up days. Nothing is guessed in it."`
}

// ClockLimit is how long a clock may run.
type ClockLimit struct {
	N    int               `json:"n"`
	Unit routing.LimitUnit `json:"unit" enum:"working_days,working_hours,hours" doc:"Working days don't count the day of the start; hours run day and night."`
}

// ClockSummary is, of all running clocks of a case, the one that ends first.
type ClockSummary struct {
	Kind            routing.ClockKind `json:"kind"`
	DueAt           *time.Time        `json:"due_at,omitempty"`
	Paused          bool              `json:"paused,omitempty"`
	Level           string            `json:"level,omitempty" enum:"warned,urged,supervised,named" doc:"The highest of all running clocks."`
	CalendarMissing int               `json:"calendar_missing,omitempty" doc:"Year whose calendar one of the running clocks lacks."`
}

// ExplainedClock is a clock with how its end was found.
type ExplainedClock struct {
	Clock
	Text    string       `json:"text" example:"办理剩 2 个工作日 3 小时" doc:"How it stands, as the screens say it."`
	Budget  float64      `json:"budget_hours" doc:"The limit with extensions, in hours of its unit."`
	Elapsed float64      `json:"elapsed_hours" doc:"Used up so far, in the same measure."`
	Share   float64      `json:"share" doc:"elapsed / budget; above 1 when it is late."`
	Days    []ClockDay   `json:"days" nullable:"false" doc:"The days on the way from start to end. One without spans was skipped."`
	Pauses  []ClockPause `json:"pauses" nullable:"false" doc:"When it stood still."`
}

// ClockDay is a day of the calendar on the way to the end of a clock.
type ClockDay struct {
	Date  string          `json:"date" example:"2026-11-24"`
	Kind  routing.DayKind `json:"kind,omitempty" doc:"working, makeup (a weekend day that is worked), weekend or holiday. Absent when hours run day and night."`
	Name  string          `json:"name,omitempty" doc:"The holiday, also on the day worked for it."`
	First bool            `json:"first,omitempty" doc:"The day of the start, which doesn't count."`
	Hours float64         `json:"hours" doc:"What it counts."`
	Spans []ClockSpan     `json:"spans" nullable:"false"`
}

// ClockSpan is a stretch of time.
type ClockSpan struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// ClockPause is a stretch of time that may not be over.
type ClockPause struct {
	From time.Time  `json:"from"`
	To   *time.Time `json:"to,omitempty"`
}

func levelName(l routing.Level) string {
	return map[routing.Level]string{routing.LevelWarned: "warned", routing.LevelUrged: "urged", routing.LevelSupervised: "supervised", routing.LevelNamed: "named"}[l]
}

// moment is a time of the answer, nil for the zero time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	at := beijing(t)
	return &at
}

func (a *API) clockOf(c routing.Clock) Clock {
	return Clock{Kind: c.Kind, Name: a.Wording.Text("clock." + string(c.Kind)), State: c.State, Rule: c.Rule.ID, Source: c.Rule.Source, Owner: c.Rule.Owner,
		Unit: c.Unit, Window: c.Rule.Window, Since: c.Since, StartedAt: beijing(c.Started), StoppedAt: moment(c.Stopped), DueAt: moment(c.Due),
		Limit: ClockLimit{c.Limit.N, c.Limit.Unit}, Redo: c.Redo, ExtendedDays: c.Extended, Level: levelName(c.Level), CalendarMissing: c.Missing}
}

func summaryOf(c routing.CaseClock) *ClockSummary {
	if c.Kind == "" {
		return nil
	}
	return &ClockSummary{Kind: c.Kind, DueAt: moment(c.Due), Paused: c.Paused, Level: levelName(c.Level), CalendarMissing: c.Missing}
}

func (a *API) explained(c routing.Clock) ExplainedClock {
	table := a.Desk.Plan().Timetable
	out := ExplainedClock{Clock: a.clockOf(c), Text: table.Line(a.Wording, c).Text, Budget: c.Budget.Hours(), Elapsed: c.Elapsed.Hours(), Share: c.Share(),
		Days: []ClockDay{}, Pauses: []ClockPause{}}
	for _, d := range table.Explain(c) {
		day := ClockDay{Date: d.Date.String(), Kind: d.Kind, Name: d.Name, First: d.First, Hours: d.Counted.Hours(), Spans: []ClockSpan{}}
		for _, s := range d.Spans {
			day.Spans = append(day.Spans, ClockSpan{beijing(s.From), beijing(s.To)})
		}
		out.Days = append(out.Days, day)
	}
	for _, p := range c.Pauses() {
		out.Pauses = append(out.Pauses, ClockPause{beijing(p.From), moment(p.To)})
	}
	return out
}

type clocksInput struct {
	Number string `path:"number" example:"JS20261124-012345"`
}

// ClockList is the clocks of a case.
type ClockList struct {
	Clocks []ExplainedClock `json:"clocks" nullable:"false" doc:"In the order of their starts."`
}

type clocksOutput struct{ Body ClockList }

// clocks returns every clock of a case as it stands now, with how its end was found.
func (a *API) clocks(ctx context.Context, actor routing.Actor, in *clocksInput) (*clocksOutput, error) {
	if !numberPattern.MatchString(in.Number) {
		return nil, routing.ErrNotFound
	}
	clocks, err := a.Desk.Clocks(ctx, actor, in.Number)
	if err != nil {
		return nil, err
	}
	out := &clocksOutput{Body: ClockList{Clocks: []ExplainedClock{}}}
	for _, c := range clocks {
		out.Body.Clocks = append(out.Body.Clocks, a.explained(c))
	}
	return out, nil
}

// clocksUntil are the clocks of the case that its events up to the version have started.
func (a *API) clocksUntil(ctx context.Context, actor routing.Actor, c routing.Case) ([]Clock, error) {
	clocks, err := a.Desk.Clocks(ctx, actor, c.Number)
	if err != nil {
		return nil, err
	}
	out := []Clock{}
	for _, k := range clocks {
		if k.Since <= c.Version {
			out = append(out, a.clockOf(k))
		}
	}
	return out, nil
}

// etagWith tells answers apart whose clocks differ: one may be late before the event is written that says so.
func etagWith(c routing.Case, clocks []Clock) string {
	h := fnv.New64a()
	for _, k := range clocks {
		fmt.Fprint(h, k.Kind, k.State, k.DueAt, k.Level, k.CalendarMissing, "|")
	}
	return strconv.Quote(fmt.Sprintf("%d-%x", c.Version, h.Sum64()))
}
