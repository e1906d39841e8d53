package routing

import "time"

// State is where a case stands (工单状态). The package documentation draws the diagram.
type State string

// The states; their Chinese names are in the catalogue under "state.<value>".
const (
	StateTriage      State = "triage"       // waits for the office to decide where it goes
	StateDispatched  State = "dispatched"   // with the lead unit, not signed yet; the unit's clock runs
	StateSigned      State = "signed"       // the unit works on it
	StateRefused     State = "refused"      // the unit says it isn't its own; the office decides
	StateReplied     State = "replied"      // answered; the complainant can rate it or ask for a redo
	StateClosed      State = "closed"       // the unit applied for striking off
	StateStruckOff   State = "struck_off"   // done (销号)
	StateWithdrawn   State = "withdrawn"    // taken back by the complainant
	StateNotAccepted State = "not_accepted" // outside the remit; the lawful route was named
	StateTransferred State = "transferred"  // handed to a body outside the process
)

// States lists every state in the order of the process.
func States() []State {
	return []State{StateTriage, StateDispatched, StateSigned, StateRefused, StateReplied, StateClosed, StateStruckOff,
		StateWithdrawn, StateNotAccepted, StateTransferred}
}

// Valid reports whether s is one of States.
func (s State) Valid() bool {
	for _, v := range States() {
		if s == v {
			return true
		}
	}
	return false
}

// Open reports whether somebody still has to do something about the case.
func (s State) Open() bool {
	switch s {
	case StateStruckOff, StateWithdrawn, StateNotAccepted, StateTransferred:
		return false
	}
	return true
}

// Action is what an actor does to a case; an event carries the action that made it.
type Action string

// The actions; their Chinese names are in the catalogue under "action.<value>".
const (
	ActionFile       Action = "file"
	ActionAssign     Action = "assign"     // the office sends a case in triage to a lead unit
	ActionNotAccept  Action = "not-accept" // the office names the lawful route instead
	ActionTransfer   Action = "transfer"   // the office hands it to a body outside the process
	ActionSign       Action = "sign"       // the lead unit takes it
	ActionRefuse     Action = "refuse"     // the lead unit says it isn't its own, once
	ActionReassign   Action = "reassign"   // the office sends it to another unit, or back to the one that refused
	ActionUphold     Action = "uphold"     // the office holds that the unit which refused must answer
	ActionContact    Action = "contact"    // the unit has spoken with the complainant: when, and how
	ActionPoints     Action = "points"     // the unit corrects the list of what the complaint asks for
	ActionProgress   Action = "progress"   // a note on how it stands
	ActionExtend     Action = "extend"     // the unit asks for, or the office grants, more days
	ActionDecline    Action = "decline"    // the office declines the extension that was asked for
	ActionReply      Action = "reply"      // the unit answers
	ActionClose      Action = "close"      // the unit applies for striking off
	ActionStrikeOff  Action = "strike-off" // the office strikes it off
	ActionSendBack   Action = "send-back"  // the office has checked: not done yet; the answer stands, and the unit applies again
	ActionRedo       Action = "redo"       // back to the unit: not solved
	ActionWithdraw   Action = "withdraw"   // the complainant takes it back
	ActionRate       Action = "rate"       // the complainant judges the answer
	ActionCallBack   Action = "call-back"  // an operator asks the complainant by telephone (回访), or reaches nobody
	ActionUrge       Action = "urge"       // somebody asks for speed
	ActionSupervise  Action = "supervise"  // the office puts it on its own list
	ActionSupplement Action = "supplement" // the complainant adds words, evidence or contact
	ActionJoin       Action = "join"       // the case is found to be one of a mass incident; as filing, nobody's step on a case
	ActionMerge      Action = "merge"      // its problem was made one with another; as joining, nobody's step on a case
	ActionSplit      Action = "split"      // it has a problem of its own again
	ActionReveal     Action = "reveal"     // a member of staff looks at the unmasked contact, with a reason
	ActionRelink     Action = "relink"     // the complainant's page gets a new address, the old one is worth nothing any more
	ActionDoubt      Action = "doubt"      // the office holds that it was made up (疑似恶意反映); it is worked on all the same
	ActionTrust      Action = "trust"      // the mark was wrong, or is taken back after an appeal
	ActionHandOut    Action = "hand-out"   // everything about the complainant is handed to them (查阅复制)
	ActionErase      Action = "erase"      // what names people is removed; as handing out, no step on a case
	ActionWarn       Action = "warn"       // a clock comes near its limit (预警); the system's alone, as bulletin
	ActionBulletin   Action = "bulletin"   // long over a limit, the case is named in the bulletin (通报)
)

// transition is one line of the table: in any of the states `from`, an actor of one of `roles` may do it, and the case is then in
// `to` (empty: it stays where it is).
type transition struct {
	action Action
	roles  []Role
	from   []State
	to     State
	needs  []string // fields of the Step that must not be empty
}

// The table of every legal transition. A redo goes back to dispatched and counts; who may act on a case at all is CanSee.
var transitions = []transition{
	{ActionAssign, office, []State{StateTriage}, StateDispatched, []string{"unit"}},
	{ActionNotAccept, office, []State{StateTriage}, StateNotAccepted, []string{"route"}},
	{ActionTransfer, office, []State{StateTriage, StateDispatched, StateSigned, StateRefused}, StateTransferred, []string{"note"}},
	{ActionSign, unit, []State{StateDispatched}, StateSigned, nil},
	{ActionRefuse, unit, []State{StateDispatched}, StateRefused, []string{"note"}},
	{ActionReassign, office, []State{StateDispatched, StateSigned, StateRefused, StateReplied}, StateDispatched, []string{"unit"}},
	{ActionUphold, office, []State{StateRefused}, StateDispatched, []string{"note"}},
	{ActionContact, unitOrOffice, []State{StateDispatched, StateSigned}, "", []string{"how"}},
	{ActionPoints, unit, []State{StateDispatched, StateSigned}, "", []string{"points"}},
	{ActionProgress, unitOrOffice, []State{StateDispatched, StateSigned, StateReplied}, "", []string{"note"}},
	{ActionExtend, unitOrOffice, []State{StateDispatched, StateSigned}, "", []string{"note", "days"}},
	{ActionDecline, office, []State{StateDispatched, StateSigned}, "", []string{"note"}},
	{ActionReply, unit, []State{StateSigned}, StateReplied, []string{"answers"}},
	{ActionClose, unitOrOffice, []State{StateReplied}, StateClosed, nil},
	{ActionStrikeOff, office, []State{StateClosed}, StateStruckOff, nil},
	{ActionSendBack, office, []State{StateClosed}, StateReplied, []string{"note"}},
	{ActionRedo, complainantSideOrOffice, []State{StateReplied, StateClosed, StateStruckOff}, StateDispatched, []string{"note"}},
	{ActionWithdraw, complainantSide, []State{StateTriage, StateDispatched, StateSigned, StateRefused, StateReplied}, StateWithdrawn, nil},
	{ActionRate, complainantSide, []State{StateReplied, StateClosed, StateStruckOff}, "", []string{"solved"}},
	{ActionCallBack, callers, []State{StateReplied, StateClosed, StateStruckOff}, "", []string{"reached"}},
	{ActionUrge, complainantSideOrOffice, []State{StateTriage, StateDispatched, StateSigned, StateRefused}, "", nil},
	{ActionSupervise, office, []State{StateTriage, StateDispatched, StateSigned, StateRefused, StateReplied, StateClosed}, "", []string{"note"}},
	{ActionSupplement, complainantSide, []State{StateTriage, StateDispatched, StateSigned, StateRefused, StateReplied, StateClosed}, "", nil},
	{ActionReveal, staff, States(), "", []string{"note"}},
	{ActionRelink, complainantSideOrOffice, States(), "", nil},
	{ActionDoubt, office, States(), "", []string{"note"}},
	{ActionTrust, office, States(), "", []string{"note"}},
}

var (
	office                  = []Role{RoleOffice, RoleAdmin, RoleSystem}
	unit                    = []Role{RoleUnit}
	unitOrOffice            = []Role{RoleUnit, RoleOffice, RoleAdmin, RoleSystem}
	complainantSide         = []Role{RoleComplainant, RoleOperator, RoleSystem}
	complainantSideOrOffice = []Role{RoleComplainant, RoleOperator, RoleOffice, RoleAdmin, RoleSystem}
	callers                 = []Role{RoleOperator, RoleOffice, RoleAdmin}
	staff                   = StaffRoles()
)

// Actions lists every action of the table, in its order.
func Actions() []Action {
	list := make([]Action, len(transitions))
	for i, t := range transitions {
		list[i] = t.action
	}
	return list
}

// Legal lists what the actor may do to the case as it stands, in the order of the table: the buttons of a screen.
func Legal(a Actor, c Case) []Action {
	var list []Action
	for _, t := range transitions {
		if t.check(a, c) == nil {
			list = append(list, t.action)
		}
	}
	return list
}

// LegalAt is Legal at a moment: without the steps for which the time is over.
func LegalAt(a Actor, c Case, now time.Time) []Action {
	var list []Action
	for _, action := range Legal(a, c) {
		if c.checkTime(action, now) == nil {
			list = append(list, action)
		}
	}
	return list
}

// Next returns the state that the action leads to, or why the actor may not do it: ErrNotFound (may not see the case),
// ErrForbidden (role), *IllegalStepError (state).
func Next(a Actor, c Case, action Action) (State, error) {
	t, ok := find(action)
	if !ok {
		return "", invalid("action", "error.unknown_action")
	}
	if err := t.check(a, c); err != nil {
		return "", err
	}
	if t.to == "" {
		return c.State, nil
	}
	return t.to, nil
}

func find(action Action) (transition, bool) {
	for _, t := range transitions {
		if t.action == action {
			return t, true
		}
	}
	return transition{}, false
}

func (t transition) check(a Actor, c Case) error {
	if !a.CanSee(c) {
		return ErrNotFound
	}
	if !t.allows(a.Role) {
		return ErrForbidden
	}
	if !stepRelation(a.Role, t.action).holds(a, c) {
		return ErrForbidden
	}
	for _, s := range t.from {
		if s == c.State {
			return t.checkOnce(a, c)
		}
	}
	return &IllegalStepError{Action: t.action, State: c.State}
}

// maxExtensions is how often more time is granted (source: a city's rule for letters, one or two extensions on application).
const maxExtensions = 2

// checkOnce keeps a case from flying round: one refusal per unit and case, two extensions, one application for one at a time. A case that
// was struck off comes back through the office alone; contacts of a case that is with another body are for the office alone.
func (t transition) checkOnce(a Actor, c Case) error {
	why := WhyNot("")
	switch {
	case !c.ErasedAt.IsZero():
		why = WhyErased
	case t.action == ActionRefuse && contains(c.RefusedBy, a.Unit):
		why = WhyRefusedOnce
	case t.action == ActionRedo && c.State == StateStruckOff && !a.May(DeedOversee):
		why = WhyStruckOff
	case t.action == ActionExtend && c.Extensions >= maxExtensions:
		why = WhyExtendedTwice
	case t.action == ActionExtend && a.Role == RoleUnit && c.Asked > 0:
		why = WhyAsked
	case t.action == ActionDoubt && c.Doubted:
		why = WhyDoubted
	case t.action == ActionTrust && !c.Doubted:
		why = WhyNotDoubted
	case t.action == ActionDecline && c.Asked == 0:
		why = WhyNotAsked
	case t.action == ActionReveal && c.WithheldFrom(a):
		return ErrForbidden
	}
	if why != "" {
		return &IllegalStepError{Action: t.action, State: c.State, Why: why}
	}
	return nil
}

// checkTime is *IllegalStepError when the time for the action is over, as the clocks of the case say. What the calendar can't tell stays
// legal: nobody loses a right because we lack data.
func (c Case) checkTime(action Action, now time.Time) error {
	why, end := WhyNot(""), time.Time{}
	switch action {
	case ActionRefuse:
		why, end = WhyRefuseOver, c.Clock.RefuseBy
	case ActionExtend:
		why, end = WhyExtendOver, c.Clock.ExtendBy
	}
	if end.IsZero() || !now.After(end) {
		return nil
	}
	return &IllegalStepError{Action: action, State: c.State, Why: why, Ended: end}
}

func (t transition) allows(r Role) bool {
	for _, v := range t.roles {
		if v == r {
			return true
		}
	}
	return false
}
