package routing

import "time"

// Event is one immutable entry of a case's timeline (流转记录). Seq counts from 1 within the case and is the case's version after it.
type Event struct {
	ID     string
	Case   string // case number
	Seq    int64
	Action Action
	At     time.Time
	Actor  Actor
	From   State // empty for ActionFile
	To     State
	Data   EventData
}

// EventData is what the action carried. Contact is on the case alone; what people write may name them all the same.
type EventData struct {
	Note         string     `json:"note,omitempty"`
	Internal     bool       `json:"internal,omitempty"` // not for the complainant
	Item         string     `json:"item,omitempty"`
	Unit         string     `json:"unit,omitempty"`
	District     string     `json:"district,omitempty"`
	Assisting    []string   `json:"assisting,omitempty"`
	ProposedUnit string     `json:"proposed_unit,omitempty"` // of a refusal
	Days         int        `json:"days,omitempty"`          // of an extension
	Rating       *Rating    `json:"rating,omitempty"`
	Confidence   float64    `json:"confidence,omitempty"`
	Attachments  []string   `json:"attachments,omitempty"` // attachment ids
	Contact      bool       `json:"contact,omitempty"`     // the contact was changed
	Confidential *bool      `json:"confidential,omitempty"`
	Urgency      *Urgency   `json:"urgency,omitempty"`   // nil: as it was
	Clock        *ClockMark `json:"clock,omitempty"`     // of the clock that the system acts for: warn, urge, supervise, bulletin
	Published    bool       `json:"published,omitempty"` // the complainant agreed that everybody may read it
	Incident     string     `json:"incident,omitempty"`  // task id of the mass incident
	Problem      string     `json:"problem,omitempty"`   // number of the problem that it is one of from now on: merge, split

	Ground      Ground     `json:"ground,omitempty"`      // of a refusal
	Route       *Route     `json:"route,omitempty"`       // where the matter belongs that isn't accepted
	Body        Body       `json:"body,omitempty"`        // that the case was transferred to
	How         ContactWay `json:"how,omitempty"`         // the complainant was spoken with
	ContactedAt time.Time  `json:"contacted_at,omitzero"` // when that was
	Points      []string   `json:"points,omitempty"`      // what the complaint asks for
	Answers     []Answer   `json:"answers,omitempty"`     // of a reply, one to each point
	Unreached   bool       `json:"unreached,omitempty"`   // of a call-back: nobody answered
	Redone      int64      `json:"redone,omitempty"`      // of a redo: number of the reply that it is about
	Cause       Cause      `json:"cause,omitempty"`       // of what the system did by itself without a clock
	Erased      bool       `json:"erased,omitempty"`      // what was written here was removed since
}

// VisibleTo reports whether the event may be shown to the actor. The complainant doesn't hear of refusals, of an extension that is asked
// for but not granted, of internal progress notes, of who else complains; who looked at the contact is for the office, and for the unit that did.
func (e Event) VisibleTo(a Actor) bool {
	byUnit := e.Actor.Role == RoleUnit
	switch {
	case a.Role == RoleComplainant && e.Action == ActionProgress:
		return !e.Data.Internal
	case a.Role == RoleComplainant && e.Action == ActionExtend:
		return !byUnit
	case a.Role == RoleComplainant && e.Data.Clock != nil:
		return e.Action == ActionSupervise && !e.Data.Internal // the rest of the ladder is between the office and the unit
	case a.Role == RoleComplainant && e.Data.Cause != "":
		return !e.Data.Internal
	case a.Role == RoleComplainant:
		return !oneOf(e.Action, unheard)
	case a.Role == RoleUnit && e.Action == ActionReveal:
		return byUnit && e.Actor.Unit == a.Unit
	case a.Role == RoleUnit:
		return !oneOf(e.Action, []Action{ActionRelink, ActionHandOut, ActionDoubt, ActionTrust})
	}
	return true
}

// unheard are the steps that are between the units and the office.
var unheard = []Action{ActionReveal, ActionRefuse, ActionUphold, ActionDecline, ActionJoin, ActionDoubt, ActionTrust}

// View is an event of the case as the actor may see it: without the names of staff and internal notes for the complainant; without
// who the complainant is for units.
func (e Event) View(a Actor, c Case) Event {
	switch a.Role {
	case RoleComplainant:
		e.Actor.ID, e.Actor.Name = "", ""
		e.Data.Cause = ""
		e.Data.Problem = ""
		if e.Data.Internal {
			e.Data.Note = ""
		}
	case RoleUnit:
		if e.Actor.Role == RoleComplainant {
			e.Actor.ID = ""
		}
		if c.Confidential {
			e.Data.Note, e.Data.Points = c.hush(e.Data.Note), c.hushAll(e.Data.Points)
			e.Data.Answers = append([]Answer(nil), e.Data.Answers...)
			for i, answer := range e.Data.Answers {
				e.Data.Answers[i].Text, e.Data.Answers[i].Note = c.hush(answer.Text), c.hush(answer.Note)
			}
		}
	}
	if c.WithheldFrom(a) {
		e.Actor.ID, e.Actor.Name, e.Data = "", "", EventData{}
	}
	return e
}

// Apply folds an event into the projection. Replaying all events of a case over what was filed gives its row again.
func (c *Case) Apply(e Event, plan *Plan) {
	c.State, c.Version, c.UpdatedAt = e.To, e.Seq, e.At
	d := e.Data
	if d.Points != nil {
		c.Points = d.Points
	}
	if e.From != e.To || e.Action == ActionReassign || e.Action == ActionDecline {
		c.Asked = 0 // whatever the unit asked for was decided, or it is no longer the question
	}
	switch e.Action {
	case ActionFile, ActionAssign, ActionReassign:
		c.place(d, plan)
	case ActionExtend:
		c.extend(e)
	case ActionTransfer:
		c.Restricted = d.Body.restricts()
	case ActionRefuse:
		c.RefusedBy = append(append([]string(nil), c.RefusedBy...), e.Actor.Unit)
		c.Supervised = c.Supervised || len(c.RefusedBy) > 1
	case ActionReply:
		c.Reply = d.answer()
	case ActionRate:
		c.Rating = d.Rating
	case ActionCallBack:
		if !d.Unreached {
			c.Rating = d.Rating
		}
	case ActionRedo:
		c.Redos++
		c.Rating = nil
	case ActionUrge:
		c.Urges++
	case ActionSupervise:
		c.Supervised = true
	case ActionBulletin:
		c.Named++
	case ActionDoubt, ActionTrust:
		c.Doubted = e.Action == ActionDoubt
	case ActionErase:
		*c = c.erased(e.At)
	case ActionSupplement:
		if d.Confidential != nil {
			c.Confidential = *d.Confidential
		}
	}
	if e.To == StateDispatched && e.From != StateDispatched || e.Action == ActionReassign {
		c.DispatchedAt = e.At
	}
}

// extend: the unit asks, the office grants.
func (c *Case) extend(e Event) {
	if e.Actor.Role == RoleUnit {
		c.Asked = e.Data.Days
		return
	}
	c.Extensions, c.Asked = c.Extensions+1, 0
}

func (c *Case) place(d EventData, plan *Plan) {
	if d.Unit != "" && d.Unit != c.Unit {
		c.Extensions = 0 // another unit has clocks of its own
	}
	if d.Item != "" {
		c.Item, c.Category = d.Item, plan.CategoryOf(d.Item)
	}
	if d.Unit != "" {
		c.Unit = d.Unit
	}
	if d.District != "" {
		c.District = d.District
	}
	if d.Assisting != nil {
		c.Assisting = d.Assisting
	}
	if d.Confidence > 0 {
		c.Confidence = d.Confidence
	}
	if d.Urgency != nil {
		c.Urgency = *d.Urgency
	}
}
