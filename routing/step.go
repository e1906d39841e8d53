package routing

import (
	"time"
	"unicode/utf8"
)

// MaxText is the longest text taken for a complaint, a note or an answer, in characters.
const MaxText = 10_000

// maxExtension is the longest extension of one step, in days (facts: one or two extensions of few working days each).
const maxExtension = 30

// Step is what an actor wants to do to a case. Which fields count depends on the action; the others are ignored.
type Step struct {
	Action       Action
	Version      int64 // the version it was decided on; 0: whatever it is now (the complainant's own steps)
	Note         string
	Internal     bool // the note is not for the complainant
	Item         string
	Unit         string
	District     string
	Assisting    []string
	ProposedUnit string
	Days         int
	Rating       *Rating
	Attachments  []string // taken in already
	Files        []File   // ActionSupplement: evidence that comes with the step
	Contact      *Contact // ActionSupplement: replaces the fields that are not empty
	Confidential *bool    // ActionSupplement
	Urgency      *Urgency // ActionAssign, ActionReassign; nil: as it is

	Ground      Ground     // ActionRefuse; "" is GroundOther
	Route       string     // ActionNotAccept: id of one of the plan's routes; "": the note names it
	Body        Body       // ActionTransfer; "" is BodyOther
	How         ContactWay // ActionContact
	ContactedAt time.Time  // ActionContact; zero: now
	Points      []string   // ActionPoints
	Answers     []Answer   // ActionReply
	Unreached   bool       // ActionCallBack: nobody answered
}

// data checks the step against the case and returns what its event carries. Errors: *InvalidError.
func (s Step) data(c Case, plan *Plan, now time.Time) (d EventData, err error) {
	t, _ := find(s.Action)
	if err := s.checkNeeds(t.needs); err != nil {
		return EventData{}, err
	}
	if utf8.RuneCountInString(s.Note) > MaxText {
		return EventData{}, invalid("note", "error.text_too_long")
	}
	if len(s.Files) > 0 && s.Action != ActionSupplement {
		return EventData{}, invalid("files", "error.files_not_here")
	}
	d = EventData{Note: s.Note, Internal: s.Internal, Attachments: s.Attachments}
	switch s.Action {
	case ActionAssign, ActionReassign:
		return s.placed(d, c, plan)
	case ActionRefuse:
		if _, known := plan.UnitByID[s.ProposedUnit]; s.ProposedUnit != "" && (!known || s.ProposedUnit == c.Unit) {
			return EventData{}, invalid("proposed_unit", "error.unknown_unit")
		}
		d.ProposedUnit = s.ProposedUnit
		if d.Ground = orElse(s.Ground, GroundOther); !oneOf(d.Ground, Grounds()) {
			return EventData{}, invalid("ground", "error.ground_unknown")
		}
	case ActionNotAccept:
		if s.Route != "" {
			d.Route, err = plan.route(s.Route)
		}
	case ActionTransfer:
		if d.Body = orElse(s.Body, BodyOther); !oneOf(d.Body, Bodies()) {
			return EventData{}, invalid("body", "error.body_unknown")
		}
	case ActionContact:
		d.How = s.How
		d.ContactedAt, err = s.contacted(c, now)
	case ActionPoints:
		d.Points, err = s.corrected()
	case ActionSign:
		if len(c.Points) == 0 {
			d.Points = plan.Asks.Points(c.Text)
		}
	case ActionReply:
		d.Answers, err = s.answers(c)
	case ActionCallBack:
		if d.Unreached = s.Unreached; !d.Unreached {
			d.Rating = s.Rating
		}
	case ActionExtend:
		d.Days = s.Days
	case ActionRate:
		d.Rating = s.Rating
	case ActionSupplement:
		d.Contact = s.Contact != nil
		d.Confidential = s.Confidential
		if d.Note == "" && !d.Contact && d.Confidential == nil && len(d.Attachments)+len(s.Files) == 0 {
			return EventData{}, invalid("note", "error.note_empty")
		}
	}
	return d, err
}

// orElse is the value, or what stands for it when it was left out.
func orElse[T ~string](v, otherwise T) T {
	if v == "" {
		return otherwise
	}
	return v
}

func (s Step) checkNeeds(needs []string) error {
	for _, field := range needs {
		switch field {
		case "note":
			if s.Note == "" {
				return invalid("note", "error.note_empty")
			}
		case "unit":
			if s.Unit == "" {
				return invalid("unit", "error.unit_empty")
			}
		case "days":
			if s.Days < 1 || s.Days > maxExtension {
				return invalid("days", "error.days_range")
			}
		case "route":
			if s.Note == "" && s.Route == "" {
				return invalid("note", "error.route_empty")
			}
		case "how":
			if !oneOf(s.How, ContactWays()) {
				return invalid("how", "error.how_unknown")
			}
		case "reached":
			if !s.Unreached {
				if err := s.Rating.check(); err != nil {
					return err
				}
			}
		case "solved":
			if err := s.Rating.check(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Rating) check() error {
	if r == nil || (r.Solved != SolvedYes && r.Solved != SolvedPartly && r.Solved != SolvedNo) {
		return invalid("solved", "error.solved_unknown")
	}
	if r.Satisfied < 0 || r.Satisfied > 5 {
		return invalid("satisfied", "error.satisfied_range")
	}
	return nil
}

// placed fills the placement of an assign or reassign; what it doesn't name stays as it is.
func (s Step) placed(d EventData, c Case, plan *Plan) (EventData, error) {
	pl := Placement{Item: s.Item, Unit: s.Unit, District: s.District, Assisting: s.Assisting}
	if pl.Item == "" {
		pl.Item = c.Item
	}
	if err := plan.CheckPlacement(pl); err != nil {
		return EventData{}, err
	}
	if s.Urgency != nil && !s.Urgency.Valid() {
		return EventData{}, invalid("urgency", "error.unknown_urgency")
	}
	d.Item, d.Unit, d.District, d.Assisting, d.Confidence, d.Urgency = pl.Item, pl.Unit, pl.District, pl.Assisting, 1, s.Urgency
	return d, nil
}
