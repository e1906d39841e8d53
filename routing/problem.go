package routing

import "time"

// Problem is one entry of the ledger (台账问题): one or several cases of the same cause and lead unit, with what is done about it, by whom
// and until when, and struck off as one. It is a projection of its events. Each complainant keeps a case of their own and learns nothing of
// the others.
type Problem struct {
	Number  string // TZ + day of opening (Beijing) + six digits
	State   ProblemState
	Version int64 // number of events so far

	Category  string // id of the plan, "" for other
	Item      string // id of the plan, or Other
	Unit      string // lead unit id
	Assisting []string

	Cause   string    // what is wrong, in the unit's words; empty until it is set
	Measure string    // 整改措施
	Person  string    // who answers for it in the unit; an official, no complainant
	DueAt   time.Time // end of the last day; zero until it is set

	LastNote  string    // of the newest week that was reported
	NotedWeek time.Time // that week's Monday; zero: none
	ActiveAt  time.Time // since when weekly notes are owed: opened, or come back

	Mechanism   string // long-term mechanism (长效机制)
	NoMechanism string // why there is none

	Done      string    // what was done, of the last application
	Evidence  []string  // attachment ids of the last application
	Applicant *Actor    // who applied last
	AppliedAt time.Time // of the last application
	StruckAt  time.Time // last striking off, kept when it comes back

	Returns    int    // times that the matter came back after being struck off
	ReturnedBy string // number of the case by which it came back last
	MergedInto string // number of the problem that took over all its cases

	OpenedAt  time.Time
	UpdatedAt time.Time
}

// ProblemState is where a problem stands.
type ProblemState string

// The states; their Chinese names are in the catalogue under "ledger.state.<value>".
const (
	ProblemOpen      ProblemState = "open"       // being put right
	ProblemApplied   ProblemState = "applied"    // the unit says it is done; somebody else checks
	ProblemStruckOff ProblemState = "struck_off" // done (销号); none of its cases is open
	ProblemVoid      ProblemState = "void"       // no case is left: taken over by another problem, withdrawn or handed on
)

// ProblemStates lists every state in the order of the process.
func ProblemStates() []ProblemState {
	return []ProblemState{ProblemOpen, ProblemApplied, ProblemStruckOff, ProblemVoid}
}

// ProblemAction is what is done to a problem; an event carries the action that made it.
type ProblemAction string

// The actions; their Chinese names are in the catalogue under "ledger.event.<value>".
const (
	ProblemBegin     ProblemAction = "begin"      // opened for a case
	ProblemPlan      ProblemAction = "plan"       // cause, measure, person, deadline; changed with a reason
	ProblemNote      ProblemAction = "note"       // weekly progress
	ProblemMechanism ProblemAction = "mechanism"  // the long-term mechanism, or why there is none
	ProblemAnswer    ProblemAction = "answer"     // one answer to every complainant
	ProblemApply     ProblemAction = "apply"      // to have it struck off
	ProblemSendBack  ProblemAction = "send-back"  // checked: not done yet
	ProblemStrikeOff ProblemAction = "strike-off" // checked: done
	ProblemMerge     ProblemAction = "merge"      // takes over the cases of another problem
	ProblemSplit     ProblemAction = "split"      // gives a case a problem of its own again
	ProblemMerged    ProblemAction = "merged"     // its cases were taken over
	ProblemMove      ProblemAction = "move"       // its only case was sent to another unit or placed under another item
	ProblemLeave     ProblemAction = "leave"      // a case left: sent to another unit, withdrawn or handed on
	ProblemReopen    ProblemAction = "reopen"     // a complainant wants it redone while striking off is applied for
	ProblemReturn    ProblemAction = "return"     // the matter came back after being struck off (反弹)
)

// problemTransition is one line of the ledger's table; see transition.
type problemTransition struct {
	action ProblemAction
	roles  []Role
	from   []ProblemState
	to     ProblemState // empty: it stays where it is
}

// What the system enters as a consequence of steps on cases is not in the table.
var problemTransitions = []problemTransition{
	{ProblemPlan, unitOrOffice, []ProblemState{ProblemOpen}, ""},
	{ProblemNote, unit, []ProblemState{ProblemOpen}, ""},
	{ProblemAnswer, unit, []ProblemState{ProblemOpen}, ""},
	{ProblemMechanism, unitOrOffice, []ProblemState{ProblemOpen, ProblemStruckOff}, ""},
	{ProblemApply, unitOrOffice, []ProblemState{ProblemOpen}, ProblemApplied},
	{ProblemSendBack, office, []ProblemState{ProblemApplied}, ProblemOpen},
	{ProblemStrikeOff, office, []ProblemState{ProblemApplied}, ProblemStruckOff},
	{ProblemMerge, unitOrOffice, []ProblemState{ProblemOpen, ProblemStruckOff}, ProblemOpen},
	{ProblemSplit, unitOrOffice, []ProblemState{ProblemOpen}, ""},
}

// ProblemActions lists every action of the table, in its order.
func ProblemActions() []ProblemAction {
	list := make([]ProblemAction, len(problemTransitions))
	for i, t := range problemTransitions {
		list[i] = t.action
	}
	return list
}

// CanSeeProblem reports whether the actor may know of the problem: units those they lead or assist, operators and the office all,
// complainants none, since it may be others' too.
func (a Actor) CanSeeProblem(p Problem) bool {
	switch a.Role {
	case RoleUnit:
		return a.Unit != "" && (a.Unit == p.Unit || contains(p.Assisting, a.Unit))
	case RoleOperator, RoleOffice, RoleAdmin, RoleSystem:
		return true
	}
	return false
}

// LegalForProblem lists what the actor may do to the problem as it stands, in the order of the table.
func LegalForProblem(a Actor, p Problem) []ProblemAction {
	var list []ProblemAction
	for _, t := range problemTransitions {
		if t.check(a, p) == nil {
			list = append(list, t.action)
		}
	}
	return list
}

// MayCheck reports whether the actor is another than who applied for striking off: nobody checks their own work (四眼).
func (p Problem) MayCheck(a Actor) bool { return p.Applicant == nil || !p.Applicant.same(a) }

// same reports whether two actors are one. Accounts and keys are told apart by id; those without one by what they stand for.
func (a Actor) same(b Actor) bool {
	if a.ID != "" || b.ID != "" {
		return a.ID == b.ID
	}
	return a.Role == b.Role && a.Unit == b.Unit
}

func (t problemTransition) check(a Actor, p Problem) error {
	switch {
	case !a.CanSeeProblem(p):
		return ErrNotFound
	case !(transition{roles: t.roles}).allows(a.Role), a.Role == RoleUnit && a.Unit != p.Unit:
		return ErrForbidden
	case (t.action == ProblemSendBack || t.action == ProblemStrikeOff) && !p.MayCheck(a):
		return ErrSamePerson
	case t.action == ProblemMerge && p.State == ProblemStruckOff && !a.May(DeedOversee): // it is put on record as come back
		return ErrForbidden
	}
	for _, s := range t.from {
		if s == p.State {
			return nil
		}
	}
	return &IllegalProblemStepError{Action: t.action, State: p.State}
}

// NextProblem returns the state that the action leads to, or why the actor may not do it: ErrNotFound, ErrForbidden, ErrSamePerson,
// *IllegalProblemStepError.
func NextProblem(a Actor, p Problem, action ProblemAction) (ProblemState, error) {
	for _, t := range problemTransitions {
		if t.action != action {
			continue
		}
		if err := t.check(a, p); err != nil {
			return "", err
		}
		if t.to == "" {
			return p.State, nil
		}
		return t.to, nil
	}
	return "", invalid("action", "error.unknown_action")
}

// ProblemEvent is one immutable entry of a problem's history. Seq counts from 1 and is the problem's version after it.
type ProblemEvent struct {
	ID      string
	Problem string
	Seq     int64
	Action  ProblemAction
	At      time.Time
	Actor   Actor
	From    ProblemState
	To      ProblemState
	Data    ProblemData
}

// ProblemData is what the action carried.
type ProblemData struct {
	Note        string     `json:"note,omitempty"`
	Case        string     `json:"case,omitempty"`    // the case that it is about
	Problem     string     `json:"problem,omitempty"` // the other problem of a merge or split
	Category    string     `json:"category,omitempty"`
	Item        string     `json:"item,omitempty"`
	Unit        string     `json:"unit,omitempty"`
	Assisting   []string   `json:"assisting,omitempty"`
	Cause       string     `json:"cause,omitempty"`
	Measure     string     `json:"measure,omitempty"`
	Person      string     `json:"person,omitempty"`
	DueAt       *time.Time `json:"due_at,omitempty"`
	Week        *time.Time `json:"week,omitempty"` // Monday of a weekly note
	Mechanism   string     `json:"mechanism,omitempty"`
	NoMechanism string     `json:"no_mechanism,omitempty"`
	Attachments []string   `json:"attachments,omitempty"`
	Likeness    float64    `json:"likeness,omitempty"` // to a struck-off case, of a return that was found
	Late        bool       `json:"late,omitempty"`     // it came back after the time in which that counts
	Undone      bool       `json:"undone,omitempty"`   // a split by which a return turns out to have been another matter
}

// Apply folds an event into the projection. Replaying all events of a problem gives its row again.
func (p *Problem) Apply(e ProblemEvent) {
	p.State, p.Version, p.UpdatedAt = e.To, e.Seq, e.At
	d := e.Data
	switch e.Action {
	case ProblemBegin:
		p.Number, p.OpenedAt, p.ActiveAt = e.Problem, e.At, e.At
		p.Category, p.Item, p.Unit, p.Assisting = d.Category, d.Item, d.Unit, d.Assisting
	case ProblemMove:
		p.Category, p.Item, p.Unit, p.Assisting = d.Category, d.Item, d.Unit, d.Assisting
	case ProblemPlan:
		p.plan(d)
	case ProblemNote:
		if d.Week != nil && !d.Week.Before(p.NotedWeek) {
			p.LastNote, p.NotedWeek = d.Note, *d.Week
		}
	case ProblemMechanism:
		p.Mechanism, p.NoMechanism = d.Mechanism, d.NoMechanism
	case ProblemApply:
		by := e.Actor
		p.Done, p.Evidence, p.Applicant, p.AppliedAt = d.Note, d.Attachments, &by, e.At
		if d.Mechanism != "" || d.NoMechanism != "" {
			p.Mechanism, p.NoMechanism = d.Mechanism, d.NoMechanism
		}
	case ProblemMerged:
		p.MergedInto = d.Problem
	case ProblemSplit:
		if d.Undone {
			p.Returns--
			p.ReturnedBy = ""
		}
	case ProblemReturn:
		p.ActiveAt = e.At
		if !d.Late {
			p.Returns, p.ReturnedBy = p.Returns+1, d.Case
		}
	}
	if e.Action == ProblemStrikeOff {
		p.StruckAt = e.At
	}
}

func (p *Problem) plan(d ProblemData) {
	if d.Cause != "" {
		p.Cause = d.Cause
	}
	if d.Measure != "" {
		p.Measure = d.Measure
	}
	if d.Person != "" {
		p.Person = d.Person
	}
	if d.DueAt != nil {
		p.DueAt = *d.DueAt
	}
	if d.Assisting != nil {
		p.Assisting = d.Assisting
	}
}

// Overdue reports whether the problem's own deadline has passed without striking off.
func (p Problem) Overdue(now time.Time) bool {
	return (p.State == ProblemOpen || p.State == ProblemApplied) && !p.DueAt.IsZero() && p.DueAt.Before(now)
}

// Unnoted reports whether the unit owes a weekly note (周报告): it was to work on the problem when this week began, and has reported neither
// the last week nor this one.
func (p Problem) Unnoted(now time.Time) bool {
	week := WeekOf(now)
	return p.State == ProblemOpen && p.ActiveAt.Before(week) && p.NotedWeek.Before(week.AddDate(0, 0, -7))
}

// WeekOf is the beginning of the week in Beijing: Monday, 0:00.
func WeekOf(t time.Time) time.Time {
	t = t.In(Beijing())
	return time.Date(t.Year(), t.Month(), t.Day()-(int(t.Weekday())+6)%7, 0, 0, 0, 0, Beijing()).UTC()
}

// ProblemFilter names problems that somebody must look at.
type ProblemFilter string

// The filters; their Chinese names are in the catalogue under "ledger.filter.<value>".
const (
	ProblemsOverdue  ProblemFilter = "overdue"  // past their own deadline
	ProblemsUnnoted  ProblemFilter = "unnoted"  // a weekly note is missing
	ProblemsReturned ProblemFilter = "returned" // came back after being struck off
)

// ProblemFilters lists the filters.
func ProblemFilters() []ProblemFilter {
	return []ProblemFilter{ProblemsOverdue, ProblemsUnnoted, ProblemsReturned}
}

// ProblemQuery selects problems. Empty fields don't restrict.
type ProblemQuery struct {
	Visible Actor // only what this actor may see; the zero actor sees nothing
	Unit    string
	Item    string
	States  []ProblemState
	Filter  ProblemFilter
	Now     time.Time // what Filter is measured by
	Cursor  string    // as returned by the page before
	Limit   int       // 1 to 200; 0: 50
}

// Comeback selects struck-off cases of a unit by what they are about, confidential ones aside.
type Comeback struct {
	Matter Matter
	Unit   string
	Since  time.Time // struck off then or later
	Least  float64   // likeness
}
