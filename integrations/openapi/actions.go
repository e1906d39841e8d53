package openapi

import (
	"context"

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
	Version      int64    `json:"version" minimum:"1" doc:"Version of the case that this was decided on."`
	Note         string   `json:"note,omitempty" maxLength:"10000" doc:"Reason, progress or answer. Needed by not-accept, transfer, refuse, progress, extend, reply, send-back, redo and supervise."`
	Internal     bool     `json:"internal,omitempty" doc:"The note is not for the complainant."`
	Unit         string   `json:"unit,omitempty" doc:"Lead unit id: assign, reassign (needed)."`
	Item         string   `json:"item,omitempty" doc:"Item id or other: assign, reassign. Left out: as it is."`
	District     string   `json:"district,omitempty" doc:"Full name of a district: assign, reassign."`
	Assisting    []string `json:"assisting,omitempty" nullable:"false" maxItems:"32" doc:"Ids of assisting units: assign, reassign."`
	ProposedUnit string   `json:"proposed_unit,omitempty" doc:"The unit that should have it instead: refuse."`
	Days         int      `json:"days,omitempty" doc:"1 to 30: extend (needed)."`
	Urgency      string   `json:"urgency,omitempty" enum:"ordinary,urgent,danger" doc:"assign, reassign. Left out: as it is."`
	Solved       string   `json:"solved,omitempty" enum:"yes,partly,no" doc:"rate (needed)."`
	Satisfied    int      `json:"satisfied,omitempty" minimum:"0" maximum:"5" doc:"1 to 5, 0 when not said: rate."`
	Enterprise   string   `json:"enterprise,omitempty" maxLength:"200" doc:"supplement"`
	ContactName  string   `json:"contact_name,omitempty" maxLength:"100" doc:"supplement"`
	Phone        string   `json:"phone,omitempty" maxLength:"30" doc:"supplement"`
	Confidential *bool    `json:"confidential,omitempty" doc:"supplement: hide the complainant from the unit from now on, or no longer."`
}

type actInput struct {
	Number string     `path:"number" example:"JS20261124-012345"`
	Action actionName `path:"action"`
	Body   StepBody
}

// Resolve refuses what no database keeps.
func (in *actInput) Resolve(huma.Context) []error {
	b := in.Body
	return readable("body", field{"note", b.Note}, field{"enterprise", b.Enterprise}, field{"contact_name", b.ContactName})
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
	c, err := a.Desk.Act(ctx, actor, in.Number, step)
	if err != nil {
		return nil, err
	}
	return &actOutput{ETag: etag(c), Body: a.caseOf(actor, c)}, nil
}

// step is the body in the domain's words. Error: *routing.InvalidError for the phone; the desk checks the rest.
func (b StepBody) step(action routing.Action) (routing.Step, error) {
	s := routing.Step{Action: action, Version: b.Version, Note: b.Note, Internal: b.Internal, Unit: b.Unit, Item: b.Item,
		District: b.District, Assisting: b.Assisting, ProposedUnit: b.ProposedUnit, Days: b.Days, Confidential: b.Confidential}
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
