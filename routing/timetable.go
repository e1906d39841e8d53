package routing

import (
	"errors"
	"fmt"
)

// ClockKind is what a clock measures (时限).
type ClockKind string

// The clocks; their Chinese names are in the catalogue under "clock.<value>".
const (
	ClockDispatch ClockKind = "dispatch" // the office finds the unit
	ClockSign     ClockKind = "sign"     // the unit takes it
	ClockRefuse   ClockKind = "refuse"   // the unit may still refuse
	ClockContact  ClockKind = "contact"  // the complainant hears from the unit
	ClockFinish   ClockKind = "finish"   // the unit answers
	ClockTell     ClockKind = "tell"     // the complainant knows and it is closed
)

// ClockKinds lists the clocks in the order of the process.
func ClockKinds() []ClockKind {
	return []ClockKind{ClockDispatch, ClockSign, ClockRefuse, ClockContact, ClockFinish, ClockTell}
}

// Urgency is how fast a matter must be looked at; "" is ordinary.
type Urgency string

// The urgencies; their Chinese names are in the catalogue under "urgency.<value>".
const (
	UrgencyOrdinary Urgency = ""
	UrgencyUrgent   Urgency = "urgent" // supply of water, power, gas or heat and the like
	UrgencyDanger   Urgency = "danger" // to life or safety
)

// Valid reports whether u is a known urgency.
func (u Urgency) Valid() bool {
	return u == UrgencyOrdinary || u == UrgencyUrgent || u == UrgencyDanger
}

// Moment is what starts or stops a clock: an action of the timeline, or a state that the case comes into. No action has the name of a state.
type Moment string

// matches reports whether the event is the moment. A case that is dispatched anew comes into the state again; a note that the complainant
// doesn't read is no progress to them.
func (m Moment) matches(e Event) bool {
	if s := State(m); s.Valid() {
		return e.To == s && (e.From != s || e.Action == ActionReassign)
	}
	return e.Action == Action(m) && !(e.Action == ActionProgress && e.Data.Internal)
}

func among(list []Moment, e Event) bool {
	for _, m := range list {
		if m.matches(e) {
			return true
		}
	}
	return false
}

// ClockRule says how long one clock may run, in which cases, and who says so. configs/clocks.yaml explains the fields.
type ClockRule struct {
	ID       string    `yaml:"id"`
	Clock    ClockKind `yaml:"clock"`
	Owner    Role      `yaml:"owner"`  // RoleOffice or RoleUnit
	Window   bool      `yaml:"window"` // the time in which something may be done, no duty
	Start    []Moment  `yaml:"start"`
	Stop     []Moment  `yaml:"stop"`
	Limit    Limit     `yaml:"limit"`
	Redo     *Limit    `yaml:"redo"`
	Pause    []State   `yaml:"pause"`
	Extend   bool      `yaml:"extend"`
	Urgency  []Urgency `yaml:"urgency"`
	Items    []string  `yaml:"items"` // items or categories of the plan
	Channels []Channel `yaml:"channels"`
	Source   string    `yaml:"source"`
}

// Ladder is what follows when a clock runs towards its limit and beyond.
type Ladder struct {
	WarnPercent    int    `yaml:"warn_percent"`
	SuperviseAfter Limit  `yaml:"supervise_after"` // counted from the end of the limit
	BulletinAfter  Limit  `yaml:"bulletin_after"`
	Source         string `yaml:"source"`
}

// ClockRules is the office's file of clocks, configs/clocks.yaml.
type ClockRules struct {
	Hours  Hours       `yaml:"hours"`
	Ladder Ladder      `yaml:"ladder"`
	Rules  []ClockRule `yaml:"rules"`
}

// Timetable computes the clocks of a case from its events: the rules, and the calendar that they are counted on.
type Timetable struct {
	calendar *Calendar
	ladder   Ladder
	kinds    [][]*ClockRule // the rules of each clock in their order, in the order of ClockKinds
}

// NewTimetable checks the rules against the plan and the calendar against itself. The error names the rule and what is wrong with it.
func NewTimetable(p *Plan, r ClockRules, years []CalendarYear) (*Timetable, error) {
	calendar, err := NewCalendar(r.Hours, years)
	if err != nil {
		return nil, err
	}
	if err := r.Ladder.check(); err != nil {
		return nil, fmt.Errorf("ladder of the clocks: %w", err)
	}
	seen := map[string]bool{}
	for i, rule := range r.Rules {
		if rule.ID == "" || seen[rule.ID] {
			return nil, fmt.Errorf("clock rule %d: its id %q is empty or stands twice", i+1, rule.ID)
		}
		seen[rule.ID] = true
		if err := rule.check(p); err != nil {
			return nil, fmt.Errorf("clock rule %s: %w", rule.ID, err)
		}
	}
	t := &Timetable{calendar: calendar, ladder: r.Ladder}
	for _, k := range ClockKinds() {
		var rules []*ClockRule
		for _, rule := range r.Rules {
			if rule.Clock == k {
				rules = append(rules, &rule)
			}
		}
		t.kinds = append(t.kinds, rules)
	}
	return t, nil
}

func (l Ladder) check() error {
	switch {
	case l.WarnPercent < 1 || l.WarnPercent > 99:
		return errors.New("warn_percent must be from 1 to 99")
	case l.SuperviseAfter.N < 1 || l.BulletinAfter.N < 1:
		return errors.New("supervise_after and bulletin_after are needed")
	}
	return nil
}

func (r ClockRule) check(p *Plan) error {
	switch {
	case !oneOf(r.Clock, ClockKinds()):
		return fmt.Errorf("unknown clock %q", r.Clock)
	case r.Owner != RoleOffice && r.Owner != RoleUnit:
		return fmt.Errorf("owner %q must be office or unit", r.Owner)
	case len(r.Start) == 0 || len(r.Stop) == 0:
		return errors.New("start and stop are needed")
	case r.Limit.N < 1:
		return errors.New("limit is needed")
	case r.Source == "":
		return errors.New("source is needed: people are told whose rule it is")
	}
	for _, m := range append(append([]Moment(nil), r.Start...), r.Stop...) {
		if !State(m).Valid() && Action(m) != ActionFile && !oneOf(Action(m), Actions()) {
			return fmt.Errorf("%q is neither a state nor an action", m)
		}
	}
	return r.checkFilters(p)
}

func (r ClockRule) checkFilters(p *Plan) error {
	for _, s := range r.Pause {
		if !s.Valid() {
			return fmt.Errorf("pause: unknown state %q", s)
		}
	}
	for _, u := range r.Urgency {
		if !u.Valid() {
			return fmt.Errorf("unknown urgency %q", u)
		}
	}
	for _, c := range r.Channels {
		if !c.Valid() {
			return fmt.Errorf("unknown channel %q", c)
		}
	}
	for _, id := range r.Items {
		if id != Other && p.CategoryOf(id) == "" && !p.hasCategory(id) {
			return fmt.Errorf("%q is neither an item nor a category of the plan", id)
		}
	}
	return nil
}

func oneOf[T comparable](v T, list []T) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

// facts are what the filters of a rule look at, as they stand when a clock starts.
type facts struct {
	urgency        Urgency
	item, category string
	channel        Channel
}

// fits reports whether the rule is for such cases.
func (r *ClockRule) fits(f *facts) bool {
	return (len(r.Urgency) == 0 || oneOf(f.urgency, r.Urgency)) &&
		(len(r.Items) == 0 || contains(r.Items, f.item) || contains(r.Items, f.category)) &&
		(len(r.Channels) == 0 || oneOf(f.channel, r.Channels))
}

// firstThatFits is the first of a clock's rules that is for such cases, nil when there is none.
func firstThatFits(rules []*ClockRule, f *facts) *ClockRule {
	for _, r := range rules {
		if r.fits(f) {
			return r
		}
	}
	return nil
}

// Calendar is what the clocks are counted on.
func (t *Timetable) Calendar() *Calendar { return t.calendar }
