package routing

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// slowClock is a clock as a patient clerk would keep it: looking at the wall every minute.
type slowClock struct {
	rule    ClockRule
	since   int64
	unit    string
	days    bool
	from    time.Time
	budget  int64 // milliseconds of the unit
	elapsed int64
	virtual int64 // goes on after the stop: when would it have been over
	due     time.Time
	ticks   []slowTick
	stopped time.Time
	left    bool
	paused  bool
}

// slowTick is a minute that counted.
type slowTick struct {
	at            time.Time
	before, worth int64
	scale         float64
}

// slow is the clerk: nothing in it is shared with the code it checks but the words of a rule.
type slow struct {
	world  *clockWorld
	clocks []*slowClock
	facts  facts
	unit   string
}

// minute is what one minute of the day is worth in each unit, in milliseconds, as one reads it off the wall calendar.
func (w *clockWorld) minute(d Date, m TimeOfDay) (working, dayWorth int64) {
	spans := w.hours.Weekday
	switch wd := d.Weekday(); {
	case w.off[d]:
		return 0, 0
	case w.makeup[d]:
	case wd == time.Saturday || wd == time.Sunday:
		return 0, 0
	case wd == time.Friday && w.hours.Days["friday"] != nil:
		spans = w.hours.Days["friday"]
	}
	total := int64(0)
	for _, s := range spans {
		total += int64(s.To - s.From)
	}
	for _, s := range spans {
		if s.From <= m && m < s.To {
			return 60_000, 60_000 * w.dayMinutes / total
		}
	}
	return 0, 0
}

func (s *slow) run(events []Event, now time.Time) {
	if len(events) == 0 {
		return
	}
	next := 0
	start := events[0].At
	d, m := DateOf(start), TimeOfDay(start.Sub(DateOf(start).At(0))/time.Minute)
	for t := start; !t.After(now) || !s.dated(); t = t.Add(time.Minute) {
		for next < len(events) && !events[next].At.After(t) && !events[next].At.After(now) {
			s.take(events[next])
			next++
		}
		working, day := s.world.minute(d, m)
		for _, c := range s.clocks {
			worth := working
			switch {
			case c.rule.Limit.Unit == CalendarHours:
				worth = 60_000
			case c.days:
				worth = day
			}
			if worth == 0 || t.Before(c.from) || c.paused {
				continue
			}
			c.ticks = append(c.ticks, slowTick{t, c.virtual, worth, 60_000 / float64(worth)})
			c.virtual += worth
			if t.Before(now) && c.stopped.IsZero() {
				c.elapsed += worth
			}
		}
		if m++; m == 1440 {
			m, d = 0, d+1
		}
	}
	for _, c := range s.clocks {
		c.due = c.over()
	}
}

// dated: every clock that can still come to its end has.
func (s *slow) dated() bool {
	for _, c := range s.clocks {
		if c.virtual < c.budget && !c.paused {
			return false
		}
	}
	return true
}

func (c *slowClock) over() time.Time {
	for _, t := range c.ticks {
		if t.before+t.worth >= c.budget {
			return t.at.Add(time.Duration(float64(c.budget-t.before)*t.scale+0.999) * time.Millisecond)
		}
	}
	return time.Time{}
}

func (s *slow) take(e Event) {
	if d := e.Data; e.Action == ActionFile || e.Action == ActionAssign || e.Action == ActionReassign {
		if d.Unit != "" {
			s.unit = d.Unit
		}
		if d.Item != "" {
			s.facts.item, s.facts.category = d.Item, s.world.plan.CategoryOf(d.Item)
		}
		if d.Urgency != nil {
			s.facts.urgency = *d.Urgency
		}
	}
	running := map[ClockKind]bool{}
	for _, c := range s.clocks {
		if !c.stopped.IsZero() {
			continue
		}
		switch {
		case s.hit(c.rule.Stop, e):
			c.stopped, c.paused = e.At, false
		case !e.To.Open(), c.unit != "" && c.unit != s.unit:
			c.stopped, c.paused, c.left = e.At, false, true
		default:
			if e.Action == ActionExtend && e.Actor.Role != RoleUnit && c.rule.Extend {
				c.budget += s.world.extension(c, e.Data.Days)
			}
			c.paused = false
			for _, p := range c.rule.Pause {
				c.paused = c.paused || p == e.To
			}
			running[c.rule.Clock] = true
		}
	}
	for _, k := range ClockKinds() {
		for _, r := range s.world.rules.Rules {
			if r.Clock != k || !r.fits(&s.facts) {
				continue
			}
			if !running[k] && e.To.Open() && s.hit(r.Start, e) {
				s.start(r, e)
			}
			break
		}
	}
}

func (s *slow) start(r ClockRule, e Event) {
	if e.Action == ActionRedo && r.Redo != nil {
		r.Limit = *r.Redo
	}
	c := &slowClock{rule: r, since: e.Seq, from: e.At, budget: int64(r.Limit.N) * 3_600_000}
	if r.Owner == RoleUnit {
		c.unit = s.unit
	}
	if r.Limit.Unit == WorkingDays {
		c.days, c.budget = true, int64(r.Limit.N)*s.world.dayMinutes*60_000
		c.from = (DateOf(e.At) + 1).At(0)
	}
	s.clocks = append(s.clocks, c)
}

func (w *clockWorld) extension(c *slowClock, days int) int64 {
	if c.rule.Limit.Unit == CalendarHours {
		return int64(days) * 24 * 3_600_000
	}
	return int64(days) * w.dayMinutes * 60_000
}

func (s *slow) hit(list []Moment, e Event) bool {
	for _, m := range list {
		switch {
		case string(m) == string(e.To) && (e.From != e.To || e.Action == ActionReassign):
			return true
		case string(m) == string(e.Action) && (e.Action != ActionProgress || !e.Data.Internal):
			return true
		}
	}
	return false
}

func (c *slowClock) state(now time.Time) ClockState {
	end := now
	if !c.stopped.IsZero() {
		end = c.stopped
	}
	switch {
	case !c.due.IsZero() && end.After(c.due) && c.rule.Window:
		return ClockLapsed
	case !c.due.IsZero() && end.After(c.due):
		return ClockLate
	case c.stopped.IsZero() && c.paused:
		return ClockPaused
	case c.stopped.IsZero():
		return ClockRunning
	case c.left:
		return ClockEnded
	}
	return ClockMet
}

// clockWorld is a random office: its hours, ten years of holidays, and rules of every kind.
type clockWorld struct {
	plan       *Plan
	hours      Hours
	years      []CalendarYear
	off        map[Date]bool
	makeup     map[Date]bool
	rules      ClockRules
	dayMinutes int64
	table      *Timetable
}

func span(text string) (s WorkSpan) {
	if err := s.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return s
}

func day(text string) (d Date) {
	if err := d.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return d
}

// firstYear and lastYear of the random calendars. Sequences take place in the ten years in between, their limits may reach beyond.
const firstYear, lastYear = 2019, 2033

func drawWorld(t *rapid.T) *clockWorld {
	w := &clockWorld{plan: testPlan(), off: map[Date]bool{}, makeup: map[Date]bool{}}
	w.hours.Weekday = rapid.SampledFrom([][]WorkSpan{
		{span("08:30-11:30"), span("13:00-17:00")}, {span("09:00-12:00"), span("13:30-15:30"), span("16:00-18:00")}, {span("00:00-24:00")},
	}).Draw(t, "weekday")
	if len(w.hours.Weekday) == 2 && rapid.Bool().Draw(t, "short fridays") {
		w.hours.Days = map[string][]WorkSpan{"friday": {span("09:00-12:00"), span("13:00-16:00")}} // a minute is 7/6 of an ordinary one
	}
	for _, s := range w.hours.Weekday {
		w.dayMinutes += int64(s.To - s.From)
	}
	for y := firstYear; y <= lastYear; y++ {
		w.years = append(w.years, w.drawYear(t, y))
	}
	limit := func(name string) Limit {
		unit := rapid.SampledFrom([]LimitUnit{WorkingDays, WorkingHours, CalendarHours}).Draw(t, name+" unit")
		return Limit{rapid.IntRange(1, 30).Draw(t, name+" limit"), unit}
	}
	redo := limit("redo")
	w.rules = ClockRules{Hours: w.hours, Ladder: Ladder{75, Limit{1, WorkingDays}, Limit{5, WorkingDays}, "x"}, Rules: []ClockRule{
		{ID: "d", Clock: ClockDispatch, Owner: RoleOffice, Start: []Moment{"triage", "refused"}, Stop: []Moment{"dispatched"}, Limit: limit("dispatch")},
		{ID: "su", Clock: ClockSign, Owner: RoleUnit, Urgency: []Urgency{UrgencyUrgent}, Start: []Moment{"dispatched"}, Stop: []Moment{"signed", "refused"}, Limit: Limit{2, CalendarHours}},
		{ID: "s", Clock: ClockSign, Owner: RoleUnit, Start: []Moment{"dispatched"}, Stop: []Moment{"signed", "refused"}, Limit: limit("sign")},
		{ID: "r", Clock: ClockRefuse, Owner: RoleUnit, Window: true, Start: []Moment{"dispatched"}, Stop: []Moment{"signed", "refused"}, Limit: Limit{1, WorkingDays}},
		{ID: "c", Clock: ClockContact, Owner: RoleUnit, Start: []Moment{"dispatched"}, Stop: []Moment{"progress", "replied"}, Pause: []State{StateRefused}, Limit: limit("contact")},
		{ID: "fi", Clock: ClockFinish, Owner: RoleUnit, Items: []string{"1.2"}, Start: []Moment{"dispatched"}, Stop: []Moment{"replied"}, Pause: []State{StateRefused}, Extend: true, Limit: Limit{30, WorkingDays}},
		{ID: "f", Clock: ClockFinish, Owner: RoleUnit, Start: []Moment{"dispatched"}, Stop: []Moment{"replied", "closed"}, Pause: []State{StateRefused}, Extend: true, Limit: limit("finish"), Redo: &redo},
		{ID: "t", Clock: ClockTell, Owner: RoleUnit, Start: []Moment{"replied"}, Stop: []Moment{"rate", "dispatched", "closed"}, Limit: limit("tell")},
	}}
	for i := range w.rules.Rules {
		w.rules.Rules[i].Source = "x"
	}
	var err error
	if w.table, err = NewTimetable(w.plan, w.rules, w.years); err != nil {
		t.Fatal(err)
	}
	return w
}

// drawYear puts a few holidays into a year and works some weekends for them.
func (w *clockWorld) drawYear(t *rapid.T, y int) CalendarYear {
	year := CalendarYear{Year: y, Source: "x"}
	first := day(fmt.Sprintf("%d-01-01", y))
	for i := range 6 {
		from := first + Date(i*60+rapid.IntRange(0, 40).Draw(t, "holiday"))
		to := from + Date(rapid.IntRange(0, 9).Draw(t, "length"))
		year.Holidays = append(year.Holidays, Holiday{"假", from, to})
		for d := from; d <= to; d++ {
			w.off[d] = true
		}
		for d := to + 1; d < to+9; d++ { // the next weekend is worked
			if wd := d.Weekday(); (wd == time.Saturday || wd == time.Sunday) && rapid.Bool().Draw(t, "worked") {
				year.Makeup = append(year.Makeup, MakeupDay{d, "假"})
				w.makeup[d] = true
			}
		}
	}
	return year
}

func testPlan() *Plan {
	return &Plan{UnitByID: map[string]PlanUnit{"a": {Name: "甲"}, "b": {Name: "乙"}, "c": {Name: "丙"}},
		Categories: []Category{{ID: "1", Name: "一", Leads: []string{"a", "b", "c"}, Items: []Item{{ID: "1.1", Name: "一"}, {ID: "1.2", Name: "二"}}}}}
}

// moving are the actions that clocks react to and a case survives.
var moving = []Action{ActionAssign, ActionReassign, ActionSign, ActionRefuse, ActionProgress, ActionExtend, ActionReply, ActionClose, ActionRedo}

// drawEvents takes a case through random legal steps, minutes to months apart.
func (w *clockWorld) drawEvents(t *rapid.T) []Event {
	at := day(fmt.Sprintf("%d-01-01", firstYear+1)).At(0).Add(time.Duration(rapid.IntRange(0, 10*365*1440).Draw(t, "filed")) * time.Minute)
	c := Case{Number: "JS20260101-000001", ComplainantID: "p"}
	e := Event{Seq: 1, Action: ActionFile, At: at, To: StateTriage, Data: EventData{Item: "1.1"}}
	if rapid.Bool().Draw(t, "sure") {
		e.To, e.Data.Unit = StateDispatched, "a"
	}
	if rapid.Bool().Draw(t, "urgent") {
		urgent := UrgencyUrgent
		e.Data.Urgency = &urgent
	}
	c.Apply(e, w.plan)
	events := []Event{e}
	for range rapid.IntRange(0, 16).Draw(t, "steps") {
		at = at.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 59, 600, 1440, 4000, 20_000}).Draw(t, "far")+rapid.IntRange(0, 2000).Draw(t, "wait")) * time.Minute)
		actor := rapid.SampledFrom([]Actor{{Role: RoleUnit, Unit: c.Unit}, {Role: RoleOffice}, {Role: RoleComplainant, ID: "p"}}).Draw(t, "actor")
		legal := slices.DeleteFunc(Legal(actor, c), func(a Action) bool { return !slices.Contains(moving, a) })
		if len(legal) == 0 || rapid.IntRange(0, 9).Draw(t, "any") == 0 {
			legal = Legal(actor, c)
		}
		if len(legal) == 0 {
			continue
		}
		action := rapid.SampledFrom(legal).Draw(t, "action")
		to, err := Next(actor, c, action)
		if err != nil {
			t.Fatal(err)
		}
		e := Event{Seq: c.Version + 1, Action: action, At: at, Actor: actor, From: c.State, To: to}
		switch action {
		case ActionAssign, ActionReassign:
			e.Data = EventData{Unit: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "unit"), Item: rapid.SampledFrom([]string{"1.1", "1.2"}).Draw(t, "item")}
		case ActionExtend:
			e.Data.Days = rapid.IntRange(1, 30).Draw(t, "days")
		case ActionProgress:
			e.Data.Internal = rapid.Bool().Draw(t, "internal")
		}
		c.Apply(e, w.plan)
		events = append(events, e)
	}
	return events
}

func drawNow(t *rapid.T, events []Event) time.Time {
	whole := int(events[len(events)-1].At.Sub(events[0].At)/time.Minute) + 30_000
	return events[0].At.Add(time.Duration(rapid.IntRange(0, whole).Draw(t, "now")) * time.Minute)
}

func TestClocksAgreeWithAClerkWhoLooksEveryMinute(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		events := w.drawEvents(t)
		now := drawNow(t, events)
		got := w.table.Clocks(w.plan, ChannelWeb, events, now)
		clerk := &slow{world: w, facts: facts{item: Other, channel: ChannelWeb}}
		clerk.run(events, now)
		if len(got) != len(clerk.clocks) {
			t.Fatalf("%d clocks, the clerk has %d", len(got), len(clerk.clocks))
		}
		for i, c := range got {
			s := clerk.clocks[i]
			if c.Kind != s.rule.Clock || c.Since != s.since || c.Rule.ID != s.rule.ID || c.Unit != s.unit {
				t.Fatalf("clock %d is %s of %q, the clerk's %s of %q", i, c.Rule.ID, c.Unit, s.rule.ID, s.unit)
			}
			if c.Elapsed.Milliseconds() != s.elapsed || c.Budget.Milliseconds() != s.budget || !c.Due.Equal(s.due) || !c.Stopped.Equal(s.stopped) || c.State != s.state(now) {
				t.Fatalf("%s since %d: %s, elapsed %v of %v, due %v, stopped %v\nclerk: %s, elapsed %v of %v, due %v, stopped %v", c.Kind, c.Since,
					c.State, c.Elapsed, c.Budget, c.Due, c.Stopped, s.state(now), time.Duration(s.elapsed)*time.Millisecond,
					time.Duration(s.budget)*time.Millisecond, s.due, s.stopped)
			}
		}
	})
}
