package routing

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Outlook is what the complainant is told of where their case stands: who has it, until when, what comes next, and why the end has moved. The
// page, the chat and every message say it in these words. It tells of no refusal: a case that waits for the office's decision about one is
// with the office, which checks who handles it.
type Outlook struct {
	Who   string
	Until string // "": nobody has to do anything by a day
	Next  string
	Moved []string // why the end is another than first said, oldest first
	Late  bool
	Brief string // until when in at most 20 characters, for a card; "" when Until is
}

// Lines are the sentences that say something, in the order in which they are read.
func (o Outlook) Lines() []string {
	lines := []string{o.Who}
	for _, l := range append([]string{o.Until, o.Next}, o.Moved...) {
		if l != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

// Told is the state as the complainant is told of it: a case that the unit has refused looks like one that waits for its unit.
func (s State) Told() State {
	if s == StateRefused {
		return StateTriage
	}
	return s
}

// Outlook says how the case stood for its complainant at the moment, after the events until then. The events are all of the case, hidden ones
// too, since a clock may have stood still meanwhile.
func (p *Plan) Outlook(w Wording, c Case, events []Event, now time.Time) Outlook {
	v := viewer{plan: p, words: w, c: c, events: events, now: now}
	if c.Restricted && c.State == StateTransferred {
		return Outlook{Who: v.say("outlook.who.transferred.withheld"), Next: v.say("outlook.next.transferred.withheld")}
	}
	v.read()
	key := string(c.State)
	o := Outlook{Who: v.say("outlook.who." + key), Next: v.next()}
	if rated := "outlook.who." + key + ".rated"; c.Rating != nil && w.Has(rated) {
		o.Who = v.say(rated)
	}
	o.Until, o.Brief, o.Late = v.until()
	if c.State == StateDispatched || c.State == StateSigned {
		o.Moved = v.moved()
	}
	return o
}

// viewer makes an outlook.
type viewer struct {
	plan            *Plan
	words           Wording
	c               Case
	events          []Event
	now             time.Time
	office          *Clock // the office finds the unit
	finish, contact *Clock // the unit answers, and gets in touch before
}

// read picks the clocks that the complainant waits for.
func (v *viewer) read() {
	v.office, v.finish, v.contact = v.clocks(v.events, v.now)
}

func (v *viewer) clocks(events []Event, now time.Time) (office, finish, contact *Clock) {
	if v.plan.Timetable == nil {
		return nil, nil, nil
	}
	all := v.plan.Timetable.Clocks(v.plan, v.c.Channel, events, now)
	for i := range all {
		c := &all[i]
		if !c.Running() {
			continue
		}
		switch c.Kind {
		case ClockDispatch:
			office = c
		case ClockFinish:
			finish = c
		case ClockContact:
			contact = c
		}
	}
	return office, finish, contact
}

func (v *viewer) say(key string, args ...string) string {
	return v.words.Text(key, append([]string{"unit", v.plan.UnitName(v.c.Unit)}, args...)...)
}

// until names the end of the clock that counts in the state.
func (v *viewer) until() (text, brief string, late bool) {
	key, clock := "answer", v.finish
	switch v.c.State {
	case StateTriage, StateRefused:
		key, clock = "unit", v.office
	case StateDispatched, StateSigned:
	default:
		return "", "", false
	}
	if clock == nil {
		return "", "", false
	}
	if clock.Due.IsZero() {
		if clock.State == ClockMissing {
			text = v.say("outlook.until.unknown", "year", strconv.Itoa(clock.Missing))
		}
		return text, "", false
	}
	if late = v.now.After(clock.Due); late {
		key += ".late"
	}
	return v.say("outlook.until."+key, "due", v.day(clock.Due)), v.say("outlook.brief."+key, "due", v.date(clock.Due)), late
}

// next is what happens after that.
func (v *viewer) next() string {
	key := "outlook.next." + string(v.c.State)
	switch v.c.State {
	case StateDispatched, StateSigned:
		if v.contact != nil && v.now.Before(v.contact.Due) {
			return v.say(key+".contact", "due", v.day(v.contact.Due))
		}
	case StateReplied, StateClosed, StateStruckOff:
		switch {
		case v.c.Rating == nil:
		case v.c.Rating.Poor() && v.c.State != StateStruckOff:
			key += ".poor"
		default:
			key += ".rated"
		}
	}
	if !v.words.Has(key) {
		return ""
	}
	return v.say(key)
}

// moved compares the promised end before and after each event that may move it, from the last redo on.
func (v *viewer) moved() (list []string) {
	if v.finish == nil {
		return nil
	}
	for i, e := range v.events {
		if i == 0 || !movesEnd(e) {
			continue
		}
		if e.Action == ActionRedo {
			list = nil // what was before is over
		}
		_, before, _ := v.clocks(v.events[:i], e.At)
		_, after, _ := v.clocks(v.events[:i+1], e.At)
		if line := v.move(e, v.dueBefore(i, before), after, e.Data.Note); line != "" {
			list = append(list, line)
		}
	}
	return append(list, v.holidays()...)
}

// movesEnd reports whether the event can move the end that the complainant was told.
func movesEnd(e Event) bool {
	return e.Action == ActionExtend && e.Actor.May(DeedOversee) || e.Action == ActionReassign || e.Action == ActionUphold || e.Action == ActionRedo
}

// dueBefore is the end that was promised before the event with the index: while the office decides a refusal, the one from before it.
func (v *viewer) dueBefore(i int, clock *Clock) time.Time {
	if clock != nil && !clock.Due.IsZero() {
		return clock.Due
	}
	for j := i - 1; j > 0 && v.events[j].Action != ActionRedo; j-- {
		if v.events[j].Action != ActionRefuse {
			continue
		}
		if _, c, _ := v.clocks(v.events[:j], v.events[j].At); c != nil {
			return c.Due
		}
	}
	return time.Time{}
}

// move is the sentence for one event; reason is the office's word on it, "" to leave it out.
func (v *viewer) move(e Event, before time.Time, after *Clock, reason string) string {
	if after == nil || after.Due.IsZero() || after.Due.Equal(before) {
		return ""
	}
	key, from, to := "outlook.moved."+string(e.Action), v.date(before), v.date(after.Due)
	if from == to { // within a day: only the hour tells
		from, to = v.day(before), v.day(after.Due)
	}
	switch {
	case e.Action == ActionUphold, e.Action == ActionReassign && e.From == StateRefused && after.Since < e.Seq:
		key = "outlook.moved.decided"
	case e.Action != ActionRedo && before.IsZero():
		return ""
	}
	note := ""
	if e.Action == ActionExtend && reason != "" && !e.Data.Internal {
		note = v.words.Text("outlook.moved.note", "note", reason)
	}
	unit := e.Data.Unit
	if unit == "" {
		unit = v.c.Unit
	}
	return v.words.Text(key, "from", from, "to", to, "days", strconv.Itoa(e.Data.Days), "unit", v.plan.UnitName(unit), "note", note)
}

// holidays names those between the start of the clock and its end, which make it later than a look at the calendar on the wall would say.
func (v *viewer) holidays() (list []string) {
	if v.finish.Limit.Unit != WorkingDays {
		return nil
	}
	days, name := 0, ""
	flush := func() {
		if name != "" {
			list = append(list, v.words.Text("outlook.moved.holiday", "name", name, "days", strconv.Itoa(days)))
		}
		days, name = 0, ""
	}
	for _, d := range v.plan.Timetable.Explain(*v.finish) {
		if d.Kind != DayHoliday {
			continue
		}
		if d.Name != name {
			flush()
		}
		name, days = d.Name, days+1
	}
	flush()
	return list
}

// day writes an end as a shop owner says it: the day, its weekday and the hour. Beyond this year it has the year.
func (v *viewer) day(at time.Time) string { return v.moment("outlook.day", at) }

// date writes the day alone.
func (v *viewer) date(at time.Time) string { return v.moment("outlook.date", at) }

func (v *viewer) moment(key string, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	at = at.In(Beijing())
	if at.Year() != v.now.In(Beijing()).Year() {
		key += ".year"
	}
	return v.words.Text(key, "year", strconv.Itoa(at.Year()), "month", strconv.Itoa(int(at.Month())), "day", strconv.Itoa(at.Day()),
		"weekday", v.words.Text("weekday."+strconv.Itoa(int(at.Weekday()))), "time", at.Format("15:04"))
}

// Kept reports whether the newest of the events sends the case to the unit that has it already: to its complainant nothing has been moved.
func Kept(events []Event) bool {
	last := len(events) - 1
	if last < 0 || events[last].Action != ActionReassign {
		return false
	}
	for i := last - 1; i >= 0; i-- {
		if u := events[i].Data.Unit; u != "" {
			return u == events[last].Data.Unit
		}
	}
	return false
}

// MovedBy is the sentence of how the event with the number moved the end, "" when it moved nothing. The reason that the office gave stands beside
// it in a message, and not in it.
func (p *Plan) MovedBy(w Wording, c Case, events []Event, seq int64) string {
	for i, e := range events {
		if e.Seq != seq || i == 0 || !movesEnd(e) {
			continue
		}
		v := viewer{plan: p, words: w, c: c, events: events, now: e.At}
		_, before, _ := v.clocks(events[:i], e.At)
		_, after, _ := v.clocks(events[:i+1], e.At)
		return v.move(e, v.dueBefore(i, before), after, "")
	}
	return ""
}

// OutlookIn reads the case's events and says how it stands now. r is the store, or the transaction that the words go out with.
func (d *Desk) OutlookIn(ctx context.Context, r Reader, w Wording, c Case) (Outlook, error) {
	events, err := r.Events(ctx, c.Number)
	if err != nil {
		return Outlook{}, fmt.Errorf("read timeline of %s: %w", c.Number, err)
	}
	return d.plan.Outlook(w, c, events, d.nowAfter(events)), nil
}
