package openapi

import (
	"context"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jiesu/routing"
)

// actionName is an action in the path.
type actionName string

// Schema lists the actions in the document, and has others refused.
func (actionName) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, v := range routing.Actions() {
		if viaAPI(v) {
			s.Enum = append(s.Enum, string(v))
		}
	}
	return s
}

// StepBody is what an action carries. Which fields count depends on the action; the others are ignored.
type StepBody struct {
	Version      int64         `json:"version" minimum:"1" doc:"Version of the case that this was decided on."`
	Note         string        `json:"note,omitempty" maxLength:"10000" doc:"Reason, progress or answer. Needed by transfer, refuse, uphold, progress, extend, decline, redo and supervise; by not-accept without a route; by send-back; by reply when the case has fewer than two points."`
	Internal     bool          `json:"internal,omitempty" doc:"The note is not for the complainant."`
	Unit         string        `json:"unit,omitempty" doc:"Lead unit id: assign, reassign (needed)."`
	Item         string        `json:"item,omitempty" doc:"Item id or other: assign, reassign. Left out: as it is."`
	District     string        `json:"district,omitempty" doc:"Full name of a district: assign, reassign."`
	Assisting    []string      `json:"assisting,omitempty" nullable:"false" maxItems:"32" doc:"Ids of assisting units: assign, reassign."`
	ProposedUnit string        `json:"proposed_unit,omitempty" doc:"The unit that should have it instead: refuse."`
	Days         int           `json:"days,omitempty" doc:"1 to 30: extend (needed). A unit's key asks, the office's grants; at most twice and not after the due time."`
	Urgency      string        `json:"urgency,omitempty" enum:"ordinary,urgent,danger" doc:"assign, reassign. Left out: as it is."`
	Solved       string        `json:"solved,omitempty" enum:"yes,partly,no" doc:"rate, call-back (needed, but for a call-back that reached nobody)."`
	Satisfied    int           `json:"satisfied,omitempty" minimum:"0" maximum:"5" doc:"1 to 5, 0 when not said: rate, call-back."`
	Ground       string        `json:"ground,omitempty" enum:"duty,district,court,unclear,other" doc:"Lawful ground: refuse. Left out: other, which the note names. A unit refuses once, within the time of its refuse clock."`
	Route        string        `json:"route,omitempty" doc:"Id of one of the routes of /plan, told to the complainant in plain words: not-accept."`
	Body         string        `json:"body,omitempty" enum:"other,criminal,discipline" doc:"Whom it is handed to: transfer. Left out: other. After a transfer to a criminal or discipline body only the office reads text and events."`
	How          string        `json:"how,omitempty" enum:"phone,visit,meeting,message" doc:"How the complainant was spoken with: contact (needed)."`
	ContactedAt  *time.Time    `json:"contacted_at,omitempty" doc:"When that was: contact. Left out: now."`
	Points       []string      `json:"points,omitempty" nullable:"false" maxItems:"20" doc:"What the complaint asks for, as corrected: points (needed)."`
	Answers      []PointAnswer `json:"answers,omitempty" nullable:"false" maxItems:"20" doc:"One to each of the case's points when it has two or more: reply."`
	Unreached    bool          `json:"unreached,omitempty" doc:"The complainant could not be reached: call-back."`
	Enterprise   string        `json:"enterprise,omitempty" maxLength:"200" doc:"supplement"`
	ContactName  string        `json:"contact_name,omitempty" maxLength:"100" doc:"supplement"`
	Phone        string        `json:"phone,omitempty" maxLength:"30" doc:"supplement"`
	Confidential *bool         `json:"confidential,omitempty" doc:"supplement: hide the complainant from the unit from now on, or no longer."`
}

// PointAnswer is the answer to one point of a complaint.
type PointAnswer struct {
	Point   int    `json:"point" minimum:"1" maximum:"20" doc:"Its number in points of the case, from 1."`
	Outcome string `json:"outcome" enum:"solved,explained,not_possible"`
	Note    string `json:"note" maxLength:"10000"`
}

type actInput struct {
	Idempotent
	IfMatch string     `header:"If-Match" doc:"ETag of the case that this was decided on; another version is refused with 412."`
	Number  string     `path:"number" example:"JS20261124-012345"`
	Action  actionName `path:"action"`
	Body    StepBody
}

// Resolve refuses what no database keeps.
func (in *actInput) Resolve(huma.Context) []error {
	b := in.Body
	fields := []field{{"note", b.Note}, {"enterprise", b.Enterprise}, {"contact_name", b.ContactName}}
	for _, point := range b.Points {
		fields = append(fields, field{"points", point})
	}
	for _, answer := range b.Answers {
		fields = append(fields, field{"answers." + strconv.Itoa(answer.Point), answer.Note})
	}
	return readable("body", fields...)
}

type actOutput struct {
	ETag string `header:"ETag"`
	Body Case
}

// act does one step to a case.
func (a *API) act(ctx context.Context, actor routing.Actor, in *actInput) (*actOutput, error) {
	if !numberPattern.MatchString(in.Number) {
		return nil, routing.ErrNotFound
	}
	step, err := in.Body.step(routing.Action(in.Action))
	if err != nil {
		return nil, err
	}
	return once(ctx, a, actor, in.IdempotencyKey, in.Number+"/"+string(in.Action), in.Body, func(ctx context.Context, tx routing.Tx) (*actOutput, error) {
		if in.IfMatch != "" {
			before, err := a.Desk.CaseIn(ctx, tx, actor, in.Number)
			if err != nil {
				return nil, err
			}
			if !matches(in.IfMatch, etag(before)) {
				return nil, newProblem("precondition-failed", "The case is at another version than If-Match names.")
			}
		}
		c, err := a.Desk.ActIn(ctx, tx, actor, in.Number, step)
		if err != nil {
			return nil, err
		}
		return &actOutput{ETag: etag(c), Body: a.caseOf(actor, c)}, nil
	})
}

// step is the body in the domain's words. Error: *routing.InvalidError for the phone; the desk checks the rest.
func (b StepBody) step(action routing.Action) (routing.Step, error) {
	s := routing.Step{Action: action, Version: b.Version, Note: b.Note, Internal: b.Internal, Unit: b.Unit, Item: b.Item,
		District: b.District, Assisting: b.Assisting, ProposedUnit: b.ProposedUnit, Days: b.Days, Confidential: b.Confidential}
	s.Ground, s.Route, s.Body, s.How = routing.Ground(b.Ground), b.Route, routing.Body(b.Body), routing.ContactWay(b.How)
	s.Points, s.Unreached = b.Points, b.Unreached
	if b.ContactedAt != nil {
		s.ContactedAt = *b.ContactedAt
	}
	for _, answer := range b.Answers {
		s.Answers = append(s.Answers, routing.Answer{Point: answer.Point, Outcome: routing.PointOutcome(answer.Outcome), Note: answer.Note})
	}
	if b.Urgency != "" {
		u := routing.Urgency(b.Urgency)
		if b.Urgency == "ordinary" {
			u = routing.UrgencyOrdinary
		}
		s.Urgency = &u
	}
	if b.Solved != "" || b.Satisfied != 0 {
		s.Rating = &routing.Rating{Solved: routing.Solved(b.Solved), Satisfied: b.Satisfied}
	}
	phone, callable := routing.PlainPhone(b.Phone)
	if !callable && b.Phone != "" {
		return routing.Step{}, &routing.InvalidError{Field: "phone", Key: "openapi.phone_implausible"}
	}
	if contact := (routing.Contact{Enterprise: b.Enterprise, Name: b.ContactName, Phone: phone}); contact != (routing.Contact{}) {
		s.Contact = &contact
	}
	return s, nil
}
