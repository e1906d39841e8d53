package routing

import (
	"errors"
	"time"
)

// ClockState is how a clock stands.
type ClockState string

// The states of a clock; their Chinese names are in the catalogue under "clock.state.<value>".
const (
	ClockRunning ClockState = "running"
	ClockPaused  ClockState = "paused"           // stands still, as its rule allows
	ClockMet     ClockState = "met"              // stopped in time
	ClockLate    ClockState = "late"             // over its limit, running or stopped
	ClockEnded   ClockState = "ended"            // stopped in time because the case left, or went to another unit
	ClockLapsed  ClockState = "lapsed"           // a window that is over
	ClockMissing ClockState = "calendar_missing" // nobody can say: the calendar has no data for a year that it needs
)

// Clock is one clock of a case, at one moment. It is computed from the events alone, and stored nowhere.
type Clock struct {
	Kind    ClockKind
	Rule    *ClockRule // one of the timetable's, not to be changed
	Since   int64      // number of the event that started it
	Unit    string     // lead unit whose clock it is; "" for one of the office
	Redo    bool       // started by a redo
	Started time.Time
	From    time.Time // counts from here: the moment itself, or the next day when days are counted
	Stopped time.Time // zero: it still runs
	Due     time.Time // zero: can't be said, because it stands still or the calendar ends before
	State   ClockState

	Limit    Limit
	Extended int           // days that the office has granted
	Budget   time.Duration // the limit with them, as time of its unit; a working day is worth Timetable.Calendar().WorkingDay()
	Elapsed  time.Duration // counted so far, in the same measure; more than Budget when it is late
	Missing  int           // the year that the calendar lacks, 0: none
	Level    Level         // how far up the ladder the events say it is

	pauses []Pause
	left   bool // the case left, or went to another unit
}

// Pause is a time in which a clock stood still. To is zero while it does.
type Pause struct{ From, To time.Time }

// Share is how much of the limit is used up; above 1 when it is late.
func (c Clock) Share() float64 { return float64(c.Elapsed) / float64(c.Budget) }

// Left is what remains of the limit, negative when it is over.
func (c Clock) Left() time.Duration { return c.Budget - c.Elapsed }

// Running reports whether nothing has stopped it yet.
func (c Clock) Running() bool { return c.Stopped.IsZero() }

// Pauses are the times in which it stood still.
func (c Clock) Pauses() []Pause { return c.pauses }

// Clocks computes every clock that the events have started, in the order of their starts, as they stand at the moment now. Events after
// it are left out, so that a paper re-made for a past day says the same.
func (t *Timetable) Clocks(p *Plan, ch Channel, events []Event, now time.Time) []Clock {
	return t.AppendClocks(nil, p, ch, events, now)
}

// AppendClocks is Clocks into memory that was used before: papers compute those of millions of cases.
func (t *Timetable) AppendClocks(clocks []Clock, p *Plan, ch Channel, events []Event, now time.Time) []Clock {
	f := fold{table: t, plan: p, facts: facts{channel: ch, item: Other}, clocks: clocks[:0]}
	now = now.Truncate(time.Millisecond) // as precise as what is stored
	for _, e := range events {
		e.At = later(f.last, e.At.Truncate(time.Millisecond)) // clocks of several servers differ a little
		if e.At.After(now) {
			break
		}
		f.last = e.At
		f.take(e)
	}
	for i := range f.clocks {
		t.settle(&f.clocks[i], later(now, f.last))
	}
	return f.clocks
}

// fold reads a timeline.
type fold struct {
	table  *Timetable
	plan   *Plan
	facts  facts
	unit   string
	last   time.Time
	clocks []Clock
}

func (f *fold) take(e Event) {
	f.place(e)
	for i := range f.clocks {
		c := &f.clocks[i]
		c.mark(e)
		if c.Running() {
			f.apply(c, e)
		}
	}
	if !e.To.Open() {
		return
	}
	for _, rules := range f.table.kinds {
		if r := firstThatFits(rules, &f.facts); r != nil && among(r.Start, e) && !f.running(r.Clock) {
			if f.clocks == nil {
				f.clocks = make([]Clock, 0, 8) // what an ordinary case comes to
			}
			f.clocks = append(f.clocks, f.start(r, e))
		}
	}
}

func (f *fold) running(k ClockKind) bool {
	for i := range f.clocks {
		if c := &f.clocks[i]; c.Kind == k && c.Running() {
			return true
		}
	}
	return false
}

// place follows where the case is, as Case.Apply does.
func (f *fold) place(e Event) {
	switch e.Action {
	case ActionFile, ActionAssign, ActionReassign:
	default:
		return
	}
	d := e.Data
	if d.Unit != "" {
		f.unit = d.Unit
	}
	if d.Item != "" {
		f.facts.item, f.facts.category = d.Item, f.plan.CategoryOf(d.Item)
	}
	if d.Urgency != nil {
		f.facts.urgency = *d.Urgency
	}
}

func (f *fold) start(r *ClockRule, e Event) Clock {
	c := Clock{Kind: r.Clock, Rule: r, Since: e.Seq, Started: e.At, Limit: r.Limit}
	if r.Owner == RoleUnit {
		c.Unit = f.unit
	}
	if e.Action == ActionRedo {
		c.Redo = true
		if r.Redo != nil {
			c.Limit = *r.Redo
		}
	}
	c.From = begins(c.Limit.Unit, c.Started)
	return c
}

// apply is what an event does to a running clock. An extension counts when the office grants it, not when the unit asks; for the new end
// the ladder begins at its foot.
func (f *fold) apply(c *Clock, e Event) {
	switch {
	case among(c.Rule.Stop, e):
		c.stop(e.At)
	case !e.To.Open(), c.Rule.Owner == RoleUnit && c.Unit != f.unit:
		c.stop(e.At)
		c.left = true
	case e.Action == ActionExtend && c.Rule.Extend && e.Actor.May(DeedOversee):
		c.Extended, c.Level = c.Extended+e.Data.Days, LevelNone
	}
	if paused := c.Paused(); c.Running() && paused != oneOf(e.To, c.Rule.Pause) {
		if paused {
			c.pauses[len(c.pauses)-1].To = e.At
		} else {
			c.pauses = append(c.pauses, Pause{From: e.At})
		}
	}
}

func (c *Clock) stop(at time.Time) {
	c.Stopped = at
	if c.Paused() {
		c.pauses[len(c.pauses)-1].To = at
	}
}

// Paused reports whether it stands still.
func (c *Clock) Paused() bool { return len(c.pauses) > 0 && c.pauses[len(c.pauses)-1].To.IsZero() }

// mark takes over what the clock's own events say of it.
func (c *Clock) mark(e Event) {
	if m := e.Data.Clock; m != nil && m.Kind == c.Kind && m.Since == c.Since {
		c.Level = max(c.Level, levelOf(e.Action))
	}
}

// settle counts: how much is used up, when it is over, and so how it stands.
func (t *Timetable) settle(c *Clock, now time.Time) {
	c.Budget = t.calendar.amount(c.Limit)
	extended := t.calendar.amount(Limit{c.Extended, WorkingDays})
	if c.Limit.Unit == CalendarHours {
		extended = time.Duration(c.Extended) * 24 * time.Hour
	}
	c.Budget += extended
	end := now
	if !c.Running() {
		end = c.Stopped
	}
	used, _, err := t.count(c, c.stretches(end, false), forever.Sub(time.Time{}), nil)
	c.Elapsed, c.Missing = used, missingYear(err)
	_, due, dueErr := t.count(c, c.stretches(end, !c.Paused()), c.Budget, nil)
	switch {
	case dueErr != nil:
		c.State = c.undated(err != nil)
		if c.State == ClockMissing {
			c.Missing = missingYear(dueErr)
		}
	case due.IsZero():
		c.State = ClockPaused
	default:
		c.Due, c.State = due, c.dated(due, end)
	}
}

// dated is the state of a clock whose end is known.
func (c *Clock) dated(due, end time.Time) ClockState {
	switch over := end.After(due); {
	case over && c.Rule.Window:
		return ClockLapsed
	case over:
		return ClockLate
	case c.Paused():
		return ClockPaused
	case c.Running():
		return ClockRunning
	case c.left:
		return ClockEnded
	}
	return ClockMet
}

// undated is the state of a clock whose end lies beyond the calendar. One that stopped before that was in time, whenever it would have ended.
func (c *Clock) undated(uncounted bool) ClockState {
	switch {
	case c.Running() || uncounted:
		return ClockMissing
	case c.left:
		return ClockEnded
	}
	return ClockMet
}

func missingYear(err error) int {
	var m *MissingYearError
	if errors.As(err, &m) {
		return m.Year
	}
	return 0
}

// stretches are the times in which the clock goes, until end, or without end as if nothing happened any more.
func (c *Clock) stretches(end time.Time, endless bool) []Pause {
	var list []Pause
	from := c.From
	for _, p := range c.pauses {
		if from.Before(p.From) {
			list = append(list, Pause{from, p.From})
		}
		if p.To.IsZero() {
			return list
		}
		from = later(from, p.To)
	}
	if endless {
		return append(list, Pause{from, forever})
	}
	return append(list, Pause{from, end})
}

// count walks along the stretches until it has counted want. at is zero when they end before that.
func (t *Timetable) count(c *Clock, stretches []Pause, want time.Duration, see visit) (used time.Duration, at time.Time, err error) {
	for _, s := range stretches {
		part, end, err := t.calendar.walk(c.Limit.Unit, s.From, s.To, want-used, see)
		used += part
		if err != nil || used == want {
			return used, end, err
		}
	}
	return used, time.Time{}, nil
}

// ExplainedDay is a day of the calendar on the way from a clock's start to its end, so that the reader can count it again. One without spans
// was skipped.
type ExplainedDay struct {
	Date    Date
	Kind    DayKind // "" when hours are counted day and night
	Name    string  // of the holiday
	First   bool    // the day of the start, which doesn't count when days are counted
	Spans   []ExplainedSpan
	Counted time.Duration
}

// ExplainedSpan is a stretch that counts.
type ExplainedSpan struct{ From, To time.Time }

// Explain shows which spans lead to the clock's end and which days were skipped. Where the end can't be said it shows what could be counted.
func (t *Timetable) Explain(c Clock) []ExplainedDay {
	e := explaining{table: t, clock: c}
	// What could not be counted is the clock's Missing.
	_, _, _ = t.count(&c, c.stretches(c.Stopped, !c.Paused()), c.Budget, e.see)
	return e.days
}

type explaining struct {
	table *Timetable
	clock Clock
	days  []ExplainedDay
}

// see adds a stretch to its day, and the days between it and the one before.
func (e *explaining) see(from, to time.Time, worth time.Duration) {
	on := DateOf(from)
	if e.clock.Limit.Unit == CalendarHours {
		e.days = append(e.days, ExplainedDay{Date: on})
	} else {
		e.reach(on)
	}
	d := &e.days[len(e.days)-1]
	d.Spans, d.Counted = append(d.Spans, ExplainedSpan{from, to}), d.Counted+worth
}

// reach lists the days up to the given one, which the calendar knows since something on it was counted.
func (e *explaining) reach(on Date) {
	first := DateOf(e.clock.Started)
	d := first
	if n := len(e.days); n > 0 {
		d = e.days[n-1].Date + 1
	}
	for ; d <= on; d++ {
		// The day of the start may lie in a year that the calendar lacks; it doesn't count then and is listed without a kind.
		day, _ := e.table.calendar.Day(d)
		e.days = append(e.days, ExplainedDay{Date: d, Kind: day.Kind, Name: day.Name, First: d == first && e.clock.Limit.Unit == WorkingDays})
	}
}
