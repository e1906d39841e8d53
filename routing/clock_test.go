package routing

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiesu/configs"
)

// city is the plan with the rules and the calendar that come with the program.
func city(t testing.TB) *Plan {
	t.Helper()
	var p Plan
	var r ClockRules
	years, err := configs.DecodeCalendar[CalendarYear]("")
	if err := errors.Join(err, configs.Decode("plan/taxonomy.yaml", &p), configs.DecodeOwn("clocks.yaml", "", &r)); err != nil {
		t.Fatal(err)
	}
	if p.Timetable, err = NewTimetable(&p, r, years); err != nil {
		t.Fatal(err)
	}
	return &p
}

// clockAt reads a moment of Beijing, "2026-11-24 09:30".
func clockAt(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", text, Beijing())
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// story is a timeline in lines like "2026-11-24 09:30 office assign dispatched unit=finance item=2.1 days=3".
func story(lines string) []Event {
	var events []Event
	from := State("")
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		w := strings.Fields(line)
		e := Event{Seq: int64(len(events) + 1), At: clockAt(w[0] + " " + w[1]), Actor: Actor{Role: Role(w[2])}, Action: Action(w[3]), From: from, To: State(w[4])}
		for _, pair := range w[5:] {
			key, value, _ := strings.Cut(pair, "=")
			switch key {
			case "unit":
				e.Data.Unit = value
			case "item":
				e.Data.Item = value
			case "internal":
				e.Data.Internal = true
			case "urgency":
				u := Urgency(value)
				e.Data.Urgency = &u
			case "days":
				if _, err := fmt.Sscan(value, &e.Data.Days); err != nil {
					panic(err)
				}
			}
		}
		from = e.To
		events = append(events, e)
	}
	return events
}

// outline writes clocks as people would: "finish running due 2026-12-09 17:00".
func outline(clocks []Clock) string {
	var list []string
	for _, c := range clocks {
		s := string(c.Kind) + " " + string(c.State)
		if !c.Due.IsZero() {
			s += " due " + c.Due.In(Beijing()).Format("2006-01-02 15:04")
		}
		list = append(list, s)
	}
	return strings.Join(list, "\n")
}

func TestDeadlinesAsAnOfficeWouldCountThem(t *testing.T) {
	t.Parallel()
	p := city(t)
	for _, tt := range []struct {
		name   string
		events string
		now    string
		want   string
	}{
		{"an ordinary week", `
2026-11-23 09:30 system file dispatched unit=finance item=2.1`, "2026-11-24 10:00", `
sign running due 2026-11-24 17:00
refuse running due 2026-11-24 17:00
contact running due 2026-11-26 17:00
finish running due 2026-12-07 17:00`},
		{"at night: the day of the start doesn't count, however late", `
2026-11-23 23:59 system file dispatched unit=finance item=2.1`, "2026-11-24 00:01", `
sign running due 2026-11-24 17:00
refuse running due 2026-11-24 17:00
contact running due 2026-11-26 17:00
finish running due 2026-12-07 17:00`},
		{"a minute later is another day", `
2026-11-24 00:00 system file dispatched unit=finance item=2.1`, "2026-11-24 00:01", `
sign running due 2026-11-25 17:00
refuse running due 2026-11-25 17:00
contact running due 2026-11-27 17:00
finish running due 2026-12-08 17:00`},
		{"before Spring Festival, with the make-up Saturdays of 14 and 28 February", `
2026-02-12 16:00 system file dispatched unit=finance item=2.1`, "2026-02-12 16:30", `
sign running due 2026-02-13 17:00
refuse running due 2026-02-13 17:00
contact running due 2026-02-24 17:00
finish running due 2026-03-04 17:00`},
		{"within Spring Festival", `
2026-02-17 10:00 system file dispatched unit=finance item=2.1`, "2026-02-17 11:00", `
sign running due 2026-02-24 17:00
refuse running due 2026-02-24 17:00
contact running due 2026-02-26 17:00
finish running due 2026-03-06 17:00`},
		{"around National Day: the worked Sunday before and the worked Saturday after", `
2026-09-18 11:00 system file dispatched unit=finance item=2.1`, "2026-09-18 12:00", `
sign running due 2026-09-20 17:00
refuse running due 2026-09-20 17:00
contact running due 2026-09-22 17:00
finish running due 2026-10-09 17:00`},
		{"urgent ones run day and night", `
2026-10-01 22:00 system file dispatched unit=power item=6.2 urgency=urgent`, "2026-10-01 23:00", `
sign running due 2026-10-02 00:00
refuse running due 2026-10-08 17:00
contact running due 2026-10-02 22:00
finish running due 2026-10-08 22:00`},
		{"arrears take fifteen days", `
2026-11-02 09:00 system file dispatched unit=finance item=1.1`, "2026-11-03 09:00", `
sign running due 2026-11-03 17:00
refuse running due 2026-11-03 17:00
contact running due 2026-11-05 17:00
finish running due 2026-11-23 17:00`},
		{"on the boundary: in time at five, late a minute after", `
2026-11-23 09:30 system file dispatched unit=finance item=2.1
2026-11-24 17:00 unit sign signed
2026-11-26 17:01 unit progress signed`, "2026-11-26 18:00", `
sign met due 2026-11-24 17:00
refuse met due 2026-11-24 17:00
contact late due 2026-11-26 17:00
finish running due 2026-12-07 17:00`},
		{"words among colleagues are no contact", `
2026-11-23 09:30 system file dispatched unit=finance item=2.1
2026-11-23 10:00 unit sign signed
2026-11-23 11:00 unit progress signed internal`, "2026-11-25 18:00", `
sign met due 2026-11-24 17:00
refuse met due 2026-11-24 17:00
contact running due 2026-11-26 17:00
finish running due 2026-12-07 17:00`},
		{"asking for days gives none, granting does", `
2026-11-23 09:30 system file dispatched unit=finance item=2.1
2026-11-23 10:00 unit sign signed
2026-11-24 10:00 unit extend signed days=5
2026-11-25 10:00 office extend signed days=3`, "2026-11-25 18:00", `
sign met due 2026-11-24 17:00
refuse met due 2026-11-24 17:00
contact running due 2026-11-26 17:00
finish running due 2026-12-10 17:00`},
		{"refused and upheld: the new unit starts from the beginning, the old one's clocks are over", `
2026-11-02 09:30 system file dispatched unit=finance item=2.1
2026-11-03 10:00 unit refuse refused
2026-11-05 10:00 office reassign dispatched unit=tax`, "2026-11-05 11:00", `
sign met due 2026-11-03 17:00
refuse met due 2026-11-03 17:00
contact ended due 2026-11-09 17:00
finish ended due 2026-11-18 17:00
dispatch late due 2026-11-04 17:00
sign running due 2026-11-06 17:00
refuse running due 2026-11-06 17:00
contact running due 2026-11-10 17:00
finish running due 2026-11-19 17:00`},
		{"refused in vain: the clock goes on where it stood", `
2026-11-02 09:30 system file dispatched unit=finance item=2.1
2026-11-03 13:00 unit refuse refused
2026-11-04 13:00 office reassign dispatched unit=finance`, "2026-11-05 11:00", `
sign met due 2026-11-03 17:00
refuse met due 2026-11-03 17:00
contact running due 2026-11-06 17:00
finish running due 2026-11-17 17:00
dispatch met due 2026-11-04 17:00
sign running due 2026-11-05 17:00
refuse running due 2026-11-05 17:00`},
		{"while the office decides, the unit's clocks stand still", `
2026-11-02 09:30 system file dispatched unit=finance item=2.1
2026-11-03 13:00 unit refuse refused`, "2026-11-20 11:00", `
sign met due 2026-11-03 17:00
refuse met due 2026-11-03 17:00
contact paused
finish paused
dispatch late due 2026-11-04 17:00`},
		{"answered, not solved, again in five days", `
2026-11-02 09:30 system file dispatched unit=finance item=2.1
2026-11-02 10:00 unit sign signed
2026-11-10 10:00 unit reply replied
2026-11-11 10:00 complainant redo dispatched`, "2026-11-11 11:00", `
sign met due 2026-11-03 17:00
refuse met due 2026-11-03 17:00
contact late due 2026-11-05 17:00
finish met due 2026-11-16 17:00
tell met due 2026-11-17 17:00
sign running due 2026-11-12 17:00
refuse running due 2026-11-12 17:00
contact running due 2026-11-16 17:00
finish running due 2026-11-18 17:00`},
		{"closing stops what runs", `
2026-11-02 09:30 system file dispatched unit=finance item=2.1
2026-11-02 10:00 unit sign signed
2026-11-04 10:00 unit reply replied
2026-11-05 10:00 unit close closed`, "2026-12-30 11:00", `
sign met due 2026-11-03 17:00
refuse met due 2026-11-03 17:00
contact met due 2026-11-05 17:00
finish met due 2026-11-16 17:00
tell met due 2026-11-11 17:00`},
		{"taken back", `
2026-11-02 09:30 system file triage item=other
2026-11-02 10:00 complainant withdraw withdrawn`, "2026-12-30 11:00", `
dispatch ended due 2026-11-03 17:00`},
		{"into a year without calendar: said, not guessed", `
2026-12-28 09:30 system file dispatched unit=finance item=2.1
2026-12-28 10:00 unit sign signed`, "2026-12-29 11:00", `
sign met due 2026-12-29 17:00
refuse met due 2026-12-29 17:00
contact running due 2026-12-31 17:00
finish calendar_missing`},
		{"answered before the calendar ends is in time whatever the next year brings", `
2026-12-28 09:30 system file dispatched unit=finance item=2.1
2026-12-28 10:00 unit sign signed
2026-12-29 10:00 unit reply replied`, "2026-12-30 11:00", `
sign met due 2026-12-29 17:00
refuse met due 2026-12-29 17:00
contact met due 2026-12-31 17:00
finish met
tell calendar_missing`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := outline(p.Timetable.Clocks(p, ChannelWeChat, story(tt.events), clockAt(tt.now)))
			if got != strings.TrimSpace(tt.want) {
				t.Errorf("got\n%s\nwant%s", got, tt.want)
			}
		})
	}
}

func TestRulesFitByUrgencyItemAndChannel(t *testing.T) {
	t.Parallel()
	p := testPlan()
	rule := func(id string, edit func(r *ClockRule)) ClockRule {
		r := ClockRule{ID: id, Clock: ClockFinish, Owner: RoleUnit, Start: []Moment{"dispatched"}, Stop: []Moment{"replied"}, Limit: Limit{1, CalendarHours}, Source: "x"}
		edit(&r)
		return r
	}
	rules := ClockRules{Hours: Hours{Weekday: []WorkSpan{span("09:00-17:00")}}, Ladder: Ladder{75, Limit{1, CalendarHours}, Limit{2, CalendarHours}, "x"}, Rules: []ClockRule{
		rule("danger", func(r *ClockRule) { r.Urgency = []Urgency{UrgencyDanger} }),
		rule("item", func(r *ClockRule) { r.Items = []string{"1.2"}; r.Channels = []Channel{ChannelHotline} }),
		rule("category", func(r *ClockRule) { r.Items = []string{"1"} }),
		rule("rest", func(*ClockRule) {}),
	}}
	table, err := NewTimetable(p, rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		urgency Urgency
		item    string
		channel Channel
		want    string
	}{
		{UrgencyDanger, "1.2", ChannelHotline, "danger"}, {UrgencyOrdinary, "1.2", ChannelHotline, "item"}, {UrgencyUrgent, "1.2", ChannelWeb, "category"},
		{UrgencyOrdinary, "1.1", ChannelHotline, "category"}, {UrgencyOrdinary, Other, ChannelHotline, "rest"},
	} {
		e := Event{Seq: 1, Action: ActionFile, To: StateDispatched, At: clockAt("2026-11-24 09:00"), Data: EventData{Unit: "a", Item: tt.item, Urgency: &tt.urgency}}
		if got := table.Clocks(p, tt.channel, []Event{e}, e.At); len(got) != 1 || got[0].Rule.ID != tt.want {
			t.Errorf("%+v: %+v", tt, got)
		}
	}
}

func TestRulesAreRefusedWithTheirName(t *testing.T) {
	t.Parallel()
	for want, edit := range map[string]func(r *ClockRules){
		"clock rule f: unknown clock \"x\"":   func(r *ClockRules) { r.Rules[0].Clock = "x" },
		"clock rule f: owner":                 func(r *ClockRules) { r.Rules[0].Owner = RoleComplainant },
		"clock rule f: \"sing\" is neither":   func(r *ClockRules) { r.Rules[0].Stop = []Moment{"sing"} },
		"clock rule f: unknown channel":       func(r *ClockRules) { r.Rules[0].Channels = []Channel{"fax"} },
		"clock rule f: \"9.9\" is neither":    func(r *ClockRules) { r.Rules[0].Items = []string{"9.9"} },
		"clock rule f: source is needed":      func(r *ClockRules) { r.Rules[0].Source = "" },
		"clock rule f: pause: unknown state":  func(r *ClockRules) { r.Rules[0].Pause = []State{"x"} },
		"clock rule 2: its id \"f\" is empty": func(r *ClockRules) { r.Rules = append(r.Rules, r.Rules[0]) },
		"ladder of the clocks: warn_percent":  func(r *ClockRules) { r.Ladder.WarnPercent = 100 },
		"working hours: a working day needs":  func(r *ClockRules) { r.Hours.Weekday = nil },
		"working hours: span 13:00-12:00":     func(r *ClockRules) { r.Hours.Weekday = []WorkSpan{{780, 720}} },
		"working hours: \"sunday\" is no day": func(r *ClockRules) { r.Hours.Days = map[string][]WorkSpan{"sunday": {span("09:00-10:00")}} },
	} {
		r := ClockRules{Hours: Hours{Weekday: []WorkSpan{span("09:00-17:00")}}, Ladder: Ladder{75, Limit{1, CalendarHours}, Limit{2, CalendarHours}, "x"},
			Rules: []ClockRule{{ID: "f", Clock: ClockFinish, Owner: RoleUnit, Start: []Moment{"dispatched"}, Stop: []Moment{"replied"}, Limit: Limit{1, WorkingDays}, Source: "x"}}}
		edit(&r)
		if _, err := NewTimetable(testPlan(), r, nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	for want, y := range map[string]CalendarYear{
		"calendar of 2027: a year needs":              {Year: 2027},
		"calendar of 2027: 2026-01-01 isn't a day":    {Year: 2027, Source: "x", Holidays: []Holiday{{"元旦", day("2026-01-01"), day("2026-01-01")}}},
		"calendar of 2027: holiday 元旦 ends":           {Year: 2027, Source: "x", Holidays: []Holiday{{"元旦", day("2027-01-02"), day("2027-01-01")}}},
		"calendar of 2027: 2027-01-04 is no Saturday": {Year: 2027, Source: "x", Holidays: []Holiday{{"元旦", day("2027-01-01"), day("2027-01-01")}}, Makeup: []MakeupDay{{day("2027-01-04"), "元旦"}}},
		"calendar of 2027: 2027-01-02 stands twice":   {Year: 2027, Source: "x", Holidays: []Holiday{{"元旦", day("2027-01-01"), day("2027-01-02")}}, Makeup: []MakeupDay{{day("2027-01-02"), "元旦"}}},
		"calendar of 2027: 2027-01-01 has no name":    {Year: 2027, Source: "x", Holidays: []Holiday{{"", day("2027-01-01"), day("2027-01-01")}}},
	} {
		if _, err := NewCalendar(Hours{Weekday: []WorkSpan{span("09:00-17:00")}}, []CalendarYear{y}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestClocksNeverGoBackwardsAndDontCareWhenTheyAreRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		events := w.drawEvents(t)
		early := drawNow(t, events)
		late := early.Add(time.Duration(rapid.IntRange(0, 40_000_000).Draw(t, "later")) * time.Millisecond)
		before, after := w.table.Clocks(w.plan, ChannelWeb, events, early), w.table.Clocks(w.plan, ChannelWeb, events, late)
		var known []Event
		for _, e := range events {
			if !e.At.After(early) {
				known = append(known, e)
			}
		}
		past := w.table.Clocks(w.plan, ChannelWeb, known, early)
		for i, c := range before {
			if c.Elapsed < 0 || c.Budget <= 0 || c.Elapsed > after[i].Elapsed {
				t.Fatalf("%s: elapsed %v, later %v", c.Kind, c.Elapsed, after[i].Elapsed)
			}
			if fmt.Sprintf("%+v", past[i]) != fmt.Sprintf("%+v", c) {
				t.Fatalf("known then: %+v\nknown now:  %+v", past[i], c)
			}
			sameEvents := len(known) == len(events)
			if sameEvents && !c.Paused() && !c.Due.Equal(after[i].Due) {
				t.Fatalf("%s: due %v, and later %v", c.Kind, c.Due, after[i].Due)
			}
			if !c.Due.IsZero() {
				sum := time.Duration(0)
				for _, d := range w.table.Explain(c) {
					for _, s := range d.Spans {
						if !s.From.Before(s.To) || s.From.Before(c.From) || s.To.After(c.Due) {
							t.Fatalf("%s counts %v", c.Kind, s)
						}
					}
					sum += d.Counted
				}
				if sum != c.Budget {
					t.Fatalf("%s: the explained days make %v of %v", c.Kind, sum, c.Budget)
				}
			}
		}
		if s := w.table.Summary(before, early); !s.Due.IsZero() && !s.Paused {
			left, err := w.table.Left(s, early)
			if err != nil {
				t.Fatal(err)
			}
			if late := !early.Before(s.Due); late && left > 0 || !late && left < 0 {
				t.Fatalf("due %v, left %v at %v", s.Due, left, early)
			}
		}
	})
}

// A year without data must never change an answer in silence: either it is the same as with the year, or it says that it isn't known.
func TestAMissingYearIsSaidAndNotGuessed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		events := w.drawEvents(t)
		now := drawNow(t, events)
		gap := DateOf(events[0].At).Year() + rapid.IntRange(0, 1).Draw(t, "gap")
		var years []CalendarYear
		for _, y := range w.years {
			if y.Year != gap {
				years = append(years, y)
			}
		}
		poorer, err := NewTimetable(w.plan, w.rules, years)
		if err != nil {
			t.Fatal(err)
		}
		full := w.table.Clocks(w.plan, ChannelWeb, events, now)
		for i, c := range poorer.Clocks(w.plan, ChannelWeb, events, now) {
			f := full[i]
			switch {
			case c.State == ClockMissing && c.Missing != gap:
				t.Fatalf("%s misses %d instead of %d", c.Kind, c.Missing, gap)
			case c.State != ClockMissing && (c.State != f.State || !c.Due.IsZero() && !c.Due.Equal(f.Due)):
				t.Fatalf("%s: %s due %v, in truth %s due %v", c.Kind, c.State, c.Due, f.State, f.Due)
			case c.Missing == 0 && c.Elapsed != f.Elapsed:
				t.Fatalf("%s: elapsed %v, in truth %v", c.Kind, c.Elapsed, f.Elapsed)
			}
		}
	})
}

func TestTheExplanationNamesTheDaysSkipped(t *testing.T) {
	t.Parallel()
	p := city(t)
	clocks := p.Timetable.Clocks(p, ChannelWeChat, story(`2026-09-18 11:00 system file dispatched unit=finance item=2.1`), clockAt("2026-09-18 12:00"))
	var got []string
	for _, d := range p.Timetable.Explain(clocks[3]) {
		line := d.Date.String() + " " + string(d.Kind) + d.Name
		if d.First {
			line += " first"
		}
		for _, s := range d.Spans {
			line += " " + s.From.In(Beijing()).Format("15:04") + "-" + s.To.In(Beijing()).Format("15:04")
		}
		got = append(got, line)
	}
	const whole = " 08:30-11:30 13:00-17:00"
	want := []string{"2026-09-18 working first", "2026-09-19 weekend", "2026-09-20 makeup国庆节" + whole, "2026-09-21 working" + whole, "2026-09-22 working" + whole,
		"2026-09-23 working" + whole, "2026-09-24 working" + whole, "2026-09-25 holiday中秋节", "2026-09-26 holiday中秋节", "2026-09-27 holiday中秋节",
		"2026-09-28 working" + whole, "2026-09-29 working" + whole, "2026-09-30 working" + whole, "2026-10-01 holiday国庆节", "2026-10-02 holiday国庆节",
		"2026-10-03 holiday国庆节", "2026-10-04 holiday国庆节", "2026-10-05 holiday国庆节", "2026-10-06 holiday国庆节", "2026-10-07 holiday国庆节",
		"2026-10-08 working" + whole, "2026-10-09 working" + whole}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// marked is a story with an entry of the ladder for the clock that the first event started.
func marked(events []Event, at string, a Action, k ClockKind) []Event {
	last := events[len(events)-1]
	return append(events, Event{Seq: last.Seq + 1, At: clockAt(at), Action: a, Actor: System(), From: last.To, To: last.To,
		Data: EventData{Clock: &ClockMark{Kind: k, Since: 1}}})
}

func TestTheLadderIsReadFromTheEvents(t *testing.T) {
	t.Parallel()
	p := city(t)
	next := func(events []Event, now string) string {
		for _, c := range p.Timetable.Clocks(p, ChannelWeChat, events, clockAt(now)) {
			if r, ok := p.Timetable.next(c, clockAt(now)); ok && c.Kind == ClockFinish {
				return string(r.Action) + " " + r.At.In(Beijing()).Format("2006-01-02 15:04")
			}
		}
		return ""
	}
	want := func(what string, events []Event, now, rung string) {
		t.Helper()
		if got := next(events, now); got != rung {
			t.Errorf("%s: %q, want %q", what, got, rung)
		}
	}
	events := story(`
2026-11-02 09:30 system file dispatched unit=finance item=2.1
2026-11-02 10:00 unit sign signed`)
	want("standing still: nobody is urged", append(events[:2:2], story("2026-11-03 09:00 unit refuse refused")...), "2026-12-01 09:00", "")
	want("fresh", events, "2026-11-02 11:00", "warn 2026-11-12 13:30")
	want("never warned, over", events, "2026-11-17 11:00", "urge 2026-11-16 17:00")
	warned := marked(events, "2026-11-12 13:30", ActionWarn, ClockFinish)
	want("warned", warned, "2026-11-12 15:00", "urge 2026-11-16 17:00")
	want("another clock's warning", marked(events, "2026-11-12 13:30", ActionWarn, ClockContact), "2026-11-12 15:00", "warn 2026-11-12 13:30")
	urged := marked(warned, "2026-11-16 17:00", ActionUrge, ClockFinish)
	want("urged", urged, "2026-11-16 18:00", "supervise 2026-11-17 17:00")
	supervised := marked(urged, "2026-11-17 17:00", ActionSupervise, ClockFinish)
	want("supervised", supervised, "2026-11-17 18:00", "bulletin 2026-11-23 17:00")
	want("named: the end", marked(supervised, "2026-11-23 17:00", ActionBulletin, ClockFinish), "2026-11-23 18:00", "")
	last := supervised[len(supervised)-1]
	extended := append(supervised[:len(supervised):len(supervised)], Event{Seq: last.Seq + 1, At: clockAt("2026-11-18 09:00"), Action: ActionExtend,
		Actor: Actor{Role: RoleOffice}, From: StateSigned, To: StateSigned, Data: EventData{Days: 5}})
	want("extended: from the foot for the new end", extended, "2026-11-18 10:00", "warn 2026-11-18 10:15")
}

func BenchmarkClocks(b *testing.B) {
	p := city(b)
	events := story(`
2026-09-18 11:00 system file dispatched unit=finance item=2.1
2026-09-19 10:00 unit sign signed
2026-09-24 10:00 office extend signed days=5`)
	now := clockAt("2026-10-20 10:00")
	for b.Loop() {
		p.Timetable.Summary(p.Timetable.Clocks(p, ChannelWeChat, events, now), now)
	}
}
