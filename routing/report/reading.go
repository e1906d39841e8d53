package report

import (
	"time"

	"jiesu/routing"
)

// Place is what figures are told apart by: where a case lies at the moment that counts. Unit is the lead unit; "" before dispatch.
type Place struct {
	Category string          `json:"category,omitempty"`
	Item     string          `json:"item,omitempty"`
	Unit     string          `json:"unit,omitempty"`
	District string          `json:"district,omitempty"`
	Channel  routing.Channel `json:"channel,omitempty"`
}

func (p *Place) follow(e routing.Event, plan *routing.Plan) {
	switch e.Action {
	case routing.ActionFile, routing.ActionAssign, routing.ActionReassign:
	default:
		return
	}
	d := e.Data
	if d.Item != "" {
		p.Item, p.Category = d.Item, plan.CategoryOf(d.Item)
	}
	if d.Unit != "" {
		p.Unit = d.Unit
	}
	if d.District != "" {
		p.District = d.District
	}
}

// fact is one contribution to a figure: so many of the case, at the place.
type fact struct {
	figure   Figure
	place    Place
	number   string
	n        int
	incident string // of Joined
}

// reading turns histories into facts. It is the one place that says what is counted when; the numbers of a figure's cases are found by it
// too, so that a figure and its list are the same.
type reading struct {
	plan  *routing.Plan
	span  routing.Span
	until time.Time // events from then on are not known yet
	tell  func(fact)

	places  []Place         // after each event of the history in hand
	counted []routing.Clock // its clocks
}

// take reads one history. Events are taken where they lie in the span; what stands at its end is taken at until.
func (r *reading) take(h routing.History) {
	events := r.known(h.Events)
	if len(events) == 0 {
		return
	}
	r.places = r.places[:0]
	p := Place{Item: routing.Other, Channel: h.Channel}
	for _, e := range events {
		p.follow(e, r.plan)
		r.places = append(r.places, p)
	}
	say := func(f Figure, p Place) { r.tell(fact{figure: f, place: p, number: h.Number, n: 1}) }
	if r.span.Has(events[0].At) && events[0].Action == routing.ActionFile {
		say(Filed, p) // where it belongs is known better at the end
	}
	if events[len(events)-1].To.Open() {
		say(Open, p)
	}
	r.steps(h.Number, events, say)
	r.opinion(events, say)
	r.clocks(h, events, say)
}

// known are the events before until.
func (r *reading) known(events []routing.Event) []routing.Event {
	for i, e := range events {
		if !e.At.Before(r.until) {
			return events[:i]
		}
	}
	return events
}

// ofAction are the figures that count an action of the timeline.
var ofAction = map[routing.Action]Figure{
	routing.ActionReply: Answered, routing.ActionClose: Closed, routing.ActionStrikeOff: StruckOff, routing.ActionRefuse: Refused,
	routing.ActionRedo: Redone, routing.ActionWithdraw: Withdrawn, routing.ActionNotAccept: NotAccepted, routing.ActionTransfer: Transferred,
	routing.ActionUrge: Urged, routing.ActionSupervise: Supervised, routing.ActionBulletin: Named, routing.ActionJoin: Joined,
}

// steps counts what was done in the span.
func (r *reading) steps(number string, events []routing.Event, say func(Figure, Place)) {
	hops, bounced := 0, false
	for i, e := range events {
		moved := e.Action == routing.ActionReassign && i > 0 && r.places[i-1].Unit != r.places[i].Unit
		if e.Action == routing.ActionRefuse || moved {
			hops++
		}
		if !r.span.Has(e.At) {
			continue
		}
		p := r.places[i]
		if f, ok := ofAction[e.Action]; ok {
			r.tell(fact{figure: f, place: p, number: number, n: 1, incident: e.Data.Incident})
		}
		if e.Action == routing.ActionExtend && e.Actor.Role != routing.RoleUnit { // asked for by the unit, given by the office
			say(Extended, p)
		}
		if returned(e) {
			say(Returned, p)
		}
		if hops >= bounces && !bounced && (e.Action == routing.ActionRefuse || moved) {
			say(Bounced, p)
			bounced = true
		}
	}
}

// bounces is how many refusals and moves to another unit make a case bounced (来回流转): one refusal and the move that answers it are the
// ordinary way.
const bounces = 3

// returned reports whether a case that was struck off is to be done again.
func returned(e routing.Event) bool {
	return e.Action == routing.ActionRedo && e.From == routing.StateStruckOff
}

// content is the least grade of satisfaction that counts as satisfied, of five.
const content = 4

// opinion counts the last judgement of the complainant in the span.
func (r *reading) opinion(events []routing.Event, say func(Figure, Place)) {
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		if e.Data.Rating == nil || !r.span.Has(e.At) { // the complainant's own word, or what they told an operator
			continue
		}
		p := r.places[i]
		switch e.Data.Rating.Solved {
		case routing.SolvedYes:
			say(SolvedYes, p)
		case routing.SolvedPartly:
			say(SolvedPartly, p)
		default:
			say(SolvedNo, p)
		}
		switch s := e.Data.Rating.Satisfied; {
		case s == 0:
			say(SatisfiedUnsaid, p)
		case s >= content:
			say(SatisfiedYes, p)
		default:
			say(SatisfiedNo, p)
		}
		return
	}
}

// clocks counts each duty once, when it was decided: when it was done in time, or the moment its limit was over. So no period counts what
// another has counted, and a case that is never answered isn't left out.
func (r *reading) clocks(h routing.History, events []routing.Event, say func(Figure, Place)) {
	if r.plan.Timetable == nil {
		return
	}
	lateUnits, openUnits := map[string]bool(nil), map[string]bool(nil)
	r.counted = r.plan.Timetable.AppendClocks(r.counted, r.plan, h.Channel, events, r.until)
	for _, c := range r.counted {
		if c.Rule.Window {
			continue
		}
		p := r.placeOf(c, events)
		o, at, decided := decide(c)
		if decided && r.span.Has(at) {
			say(ofClock(c.Kind, o), p)
			if o == late && c.Unit != "" && !lateUnits[c.Unit] {
				say(Late, p)
				lateUnits = with(lateUnits, c.Unit)
			}
		}
		if c.State == routing.ClockLate && c.Running() && c.Unit != "" && !openUnits[c.Unit] {
			say(LateOpen, p)
			openUnits = with(openUnits, c.Unit)
		}
	}
}

func with(set map[string]bool, v string) map[string]bool {
	if set == nil {
		set = map[string]bool{}
	}
	set[v] = true
	return set
}

// decide says how a clock came out and when; false while that is open.
func decide(c routing.Clock) (outcome, time.Time, bool) {
	switch c.State {
	case routing.ClockLate:
		return late, c.Due, true
	case routing.ClockMet:
		return met, c.Stopped, true
	case routing.ClockEnded:
		return void, c.Stopped, true
	case routing.ClockMissing:
		return void, c.Stopped, !c.Running()
	}
	return 0, time.Time{}, false
}

// placeOf is where the case lay when the clock started. The office's own clocks are no unit's.
func (r *reading) placeOf(c routing.Clock, events []routing.Event) Place {
	for i, e := range events {
		if e.Seq == c.Since {
			p := r.places[i]
			p.Unit = c.Unit
			return p
		}
	}
	return Place{}
}
