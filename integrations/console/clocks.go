package console

import (
	"context"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// clockView is one clock of a case with how its end was found.
type clockView struct {
	routing.Clock
	Line  routing.ClockLine
	Limit string
	Used  string
	Days  []routing.ExplainedDay
}

// clockLines are the clocks of a row of a list.
func (s *Console) clockLines(c routing.Case) []routing.ClockLine {
	if s.Plan.Timetable == nil {
		return nil
	}
	return s.Plan.Timetable.Lines(s.Wording, c.Clock, s.Now())
}

// clocksOf are the clocks of the case's page: those that run, the first that ends in front, then those that have stopped.
func (s *Console) clocksOf(ctx context.Context, actor routing.Actor, number string) ([]clockView, error) {
	clocks, err := s.Desk.Clocks(ctx, actor, number)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(clocks, func(a, b routing.Clock) int { return rank(a).Compare(rank(b)) })
	views := make([]clockView, len(clocks))
	for i, c := range clocks {
		t := s.Plan.Timetable
		views[i] = clockView{Clock: c, Line: t.Line(s.Wording, c), Limit: s.limit(c), Used: t.Amount(s.Wording, c.Limit.Unit, c.Elapsed), Days: t.Explain(c)}
	}
	return views, nil
}

// rank orders clocks: by their end while they run, windows behind duties, then by when they stopped.
func rank(c routing.Clock) time.Time {
	const aside, done = 100 * 365 * 24 * time.Hour, 200 * 365 * 24 * time.Hour
	switch {
	case !c.Running():
		return c.Stopped.Add(done)
	case c.Rule.Window:
		return c.Due.Add(aside)
	}
	return c.Due
}

// limit says how long a clock may run.
func (s *Console) limit(c routing.Clock) string {
	text := s.text("clock.limit."+string(c.Limit.Unit), "n", c.Limit.N)
	if c.Redo && c.Rule.Redo != nil {
		text = s.text("clock.explain.redo", "limit", text)
	}
	if c.Extended > 0 {
		text = s.text("clock.explain.extended", "limit", text, "n", c.Extended)
	}
	return text
}

// date writes a day of an explanation.
func (s *Console) date(d routing.Date) string {
	day := d.At(0).In(routing.Beijing())
	key := "clock.explain.days.date"
	if day.Year() != s.Now().In(routing.Beijing()).Year() {
		key += ".year"
	}
	return s.text(key, "year", day.Year(), "month", int(day.Month()), "day", day.Day(), "weekday", s.text("weekday."+string(rune('0'+day.Weekday()))))
}

// dayName says what a day is: 工作日, or which holiday.
func (s *Console) dayName(d routing.ExplainedDay) string {
	if d.Kind == "" {
		return ""
	}
	if d.Name != "" {
		return s.text("day."+string(d.Kind)+".named", "name", d.Name)
	}
	return s.text("day." + string(d.Kind))
}

// hours writes a span of an explanation; one that goes on the next day names its end's day.
func (s *Console) hours(span routing.ExplainedSpan) string {
	from, to := span.From.In(routing.Beijing()), span.To.In(routing.Beijing())
	if end := to.Format("15:04"); routing.DateOf(span.From) == routing.DateOf(span.To) {
		return from.Format("15:04") + "–" + end
	}
	return from.Format("15:04") + " – " + s.when(span.To)
}

// amount says an amount of time of a clock.
func (s *Console) amount(c clockView, d time.Duration) string {
	return s.Plan.Timetable.Amount(s.Wording, c.Clock.Limit.Unit, d)
}

// boardLine is one entry over a list: how many cases need somebody, and where they are.
type boardLine struct {
	Name, Address string
	Count         int
	Now           bool
}

// board counts, of all that the actor may see, the cases that need somebody now. Empty entries are left out.
func (s *Console) board(c *gin.Context, actor routing.Actor) ([]boardLine, error) {
	if s.Plan.Timetable == nil {
		return nil, nil
	}
	var lines []boardLine
	for _, f := range routing.ClockFilters() {
		counts, err := s.Desk.Counts(c.Request.Context(), actor, routing.Query{}.ByClock(f, s.Now()))
		if err != nil {
			return nil, err
		}
		name := string(f)
		line := boardLine{Name: name, Address: "/console?clock=" + name + "&state=all", Now: c.Query("clock") == name}
		for _, n := range counts {
			line.Count += n
		}
		if line.Count > 0 {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// missingYears are the years that the clocks may need and the calendar lacks, for those who can see to it.
func (s *Console) missingYears(actor routing.Actor) []int {
	if s.Plan.Timetable == nil || !actor.May(routing.DeedOversee) {
		return nil
	}
	return s.Plan.Timetable.Calendar().Missing(s.Now())
}

// urgencies are the values of the field of that name; the first has no name in the domain.
var urgencies = []string{ordinary, string(routing.UrgencyUrgent), string(routing.UrgencyDanger)}

const ordinary = "ordinary"

func urgencyName(u routing.Urgency) string {
	if u == routing.UrgencyOrdinary {
		return ordinary
	}
	return string(u)
}

// urgencyOf reads the field, nil when the form has none.
func urgencyOf(name string) *routing.Urgency {
	u := routing.Urgency(name)
	switch name {
	case "":
		return nil
	case ordinary:
		u = routing.UrgencyOrdinary
	}
	return &u
}
