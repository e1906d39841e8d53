package routing

import "time"

// Level is how far a clock has come up the ladder.
type Level int

// The levels.
const (
	LevelNone Level = iota
	LevelWarned
	LevelUrged
	LevelSupervised
	LevelNamed // in the bulletin
)

// rungs are the actions of the levels from LevelWarned on.
var rungs = []Action{ActionWarn, ActionUrge, ActionSupervise, ActionBulletin}

// levelOf is the level that an action brings a clock to.
func levelOf(a Action) Level {
	for i, r := range rungs {
		if r == a {
			return LevelWarned + Level(i)
		}
	}
	return LevelNone
}

// ClockMark says of an event which clock made it: the clock that the numbered event started.
type ClockMark struct {
	Kind  ClockKind `json:"kind"`
	Since int64     `json:"since"` // number of the event that started the clock
	Due   time.Time `json:"due"`
}

// Rung is a step of the ladder: what happens to which clock, when.
type Rung struct {
	Action Action
	At     time.Time
	Clock  Clock
}

// next is the clock's next rung, false when none is left or none can be dated. Who was never warned isn't warned after the end.
func (t *Timetable) next(c Clock, now time.Time) (Rung, bool) {
	if !c.Running() || c.Rule.Window || c.Paused() || c.Due.IsZero() || c.Level >= LevelNamed {
		return Rung{}, false
	}
	level := c.Level + 1
	if level == LevelWarned && !now.Before(c.Due) {
		level = LevelUrged
	}
	at, err := t.rungAt(c, level)
	return Rung{rungs[level-LevelWarned], at, c}, err == nil
}

func (t *Timetable) rungAt(c Clock, l Level) (time.Time, error) {
	switch l {
	case LevelWarned:
		_, at, err := t.count(&c, c.stretches(forever, true), c.Budget/100*time.Duration(t.ladder.WarnPercent), nil)
		return at, err
	case LevelSupervised:
		return t.calendar.add(c.Due, t.ladder.SuperviseAfter)
	case LevelNamed:
		return t.calendar.add(c.Due, t.ladder.BulletinAfter)
	}
	return c.Due, nil
}

// recheck is how soon a case is looked at again that waits for data of a year.
const recheck = 24 * time.Hour

// CaseClock is what lists show and search of a case's clocks, a projection of its events and of the moment when it was made: of all running
// clocks, the one that ends first.
type CaseClock struct {
	Kind    ClockKind     `json:"kind,omitempty"` // "": no clock runs
	Unit    LimitUnit     `json:"unit,omitempty"`
	From    time.Time     `json:"from,omitzero"`
	Due     time.Time     `json:"-"`              // zero while it stands still or can't be said
	Left    time.Duration `json:"left,omitempty"` // of one that stands still
	Paused  bool          `json:"paused,omitempty"`
	Level   Level         `json:"-"` // the highest of all running clocks
	Missing int           `json:"-"` // a year whose calendar one of them lacks
	// NextTick is when something will be due that nobody does: a rung, or another look for the calendar. Zero: nothing.
	NextTick time.Time `json:"-"`
	// RefuseBy and ExtendBy are when the time to refuse, and to give more time, is over. Zero: never, or nobody can say.
	RefuseBy time.Time `json:"refuse_by,omitzero"`
	ExtendBy time.Time `json:"extend_by,omitzero"`
}

// Summary projects the clocks onto the case's row.
func (t *Timetable) Summary(clocks []Clock, now time.Time) CaseClock {
	var s CaseClock
	for _, c := range clocks {
		if !c.Running() {
			continue
		}
		if c.Kind == ClockRefuse {
			s.RefuseBy = c.Due
		}
		if c.Rule.Extend && (s.ExtendBy.IsZero() || c.Due.Before(s.ExtendBy)) {
			s.ExtendBy = c.Due
		}
		if c.Rule.Window {
			continue
		}
		s.Level, s.Missing = max(s.Level, c.Level), max(s.Missing, c.Missing)
		if s.Kind == "" || s.Due.IsZero() && !c.Due.IsZero() || !c.Due.IsZero() && c.Due.Before(s.Due) {
			s.Kind, s.Unit, s.From, s.Due, s.Paused, s.Left = c.Kind, c.Limit.Unit, c.From, c.Due, c.Paused(), 0
			if s.Paused {
				s.Left = c.Left()
			}
		}
		at, unknown := now.Add(recheck), c.State == ClockMissing
		if r, ok := t.next(c, now); ok {
			at = r.At
		} else if !unknown && (c.Paused() || c.Level >= LevelNamed) {
			continue
		}
		if s.NextTick.IsZero() || at.Before(s.NextTick) {
			s.NextTick = at
		}
	}
	return s
}

// Left is what remains until the clock of the row ends, negative when it has. Error: *MissingYearError.
func (t *Timetable) Left(s CaseClock, now time.Time) (time.Duration, error) {
	switch {
	case s.Paused && s.Due.IsZero():
		return s.Left, nil
	case now.Before(s.Due):
		return t.calendar.Between(s.Unit, later(now, s.From), s.Due)
	}
	over, err := t.calendar.Between(s.Unit, s.Due, now)
	return -over, err
}
