package openapi

import (
	"slices"
	"time"

	"jiesu/routing"
)

// Case is a case as the key may see it. Times carry Beijing's offset.
type Case struct {
	Number       string                `json:"number" example:"JS20261124-012345"`
	State        routing.State         `json:"state" doc:"Where the case stands: triage, dispatched, signed, refused, replied, closed, struck_off, withdrawn, not_accepted or transferred."`
	Version      int64                 `json:"version" doc:"Number of events so far. An action names the version it was decided on."`
	Category     string                `json:"category" doc:"Category id of the plan, empty outside it."`
	CategoryName string                `json:"category_name"`
	Item         string                `json:"item" doc:"Item id of the plan, \"other\" outside it."`
	ItemName     string                `json:"item_name"`
	Unit         string                `json:"unit" doc:"Lead unit id, empty before dispatch."`
	UnitName     string                `json:"unit_name"`
	District     string                `json:"district" doc:"Full name of the district, empty when none is named."`
	Assisting    []string              `json:"assisting" nullable:"false" doc:"Ids of assisting units."`
	Confidence   float64               `json:"confidence" doc:"Of the classification, 0 to 1; 1 when a person decided."`
	Decision     routing.Decision      `json:"decision,omitempty" doc:"What the classifier dared to do: dispatch, ask or triage."`
	Alternatives []routing.Alternative `json:"alternatives" nullable:"false" doc:"Candidates of the classifier, most likely first."`
	Evidence     []routing.Evidence    `json:"evidence" nullable:"false" doc:"Stretches of the text that decided. start and end count Unicode characters (not bytes or UTF-16 units) of text from 0; end is the first one after."`
	Contrary     []routing.Evidence    `json:"contrary" nullable:"false" doc:"Stretches that spoke for the second alternative, as evidence."`
	Channel      routing.Channel       `json:"channel" doc:"How the complaint came: wechat, hotline, web, api or import."`
	Text         string                `json:"text" doc:"The complaint as said."`
	Enterprise   string                `json:"enterprise" doc:"Empty for a unit when the case is confidential."`
	ContactName  string                `json:"contact_name" doc:"Masked but for the family name; empty for a unit when the case is confidential."`
	Phone        string                `json:"phone" example:"138****1234" doc:"Masked in the middle; empty for a unit when the case is confidential."`
	Confidential bool                  `json:"confidential" doc:"The complainant stays hidden from the unit."`
	Published    bool                  `json:"published" doc:"The complainant agreed that everybody may read it, without who they are."`
	ExternalID   string                `json:"external_id" doc:"Number of the system that filed it; not shown to units."`
	FiledAt      time.Time             `json:"filed_at"`
	UpdatedAt    time.Time             `json:"updated_at"`
	DispatchedAt *time.Time            `json:"dispatched_at,omitempty" doc:"Last dispatch, at which the unit's clock starts."`
	Reply        string                `json:"reply" doc:"Last answer of the unit."`
	Rating       *routing.Rating       `json:"rating,omitempty" doc:"The complainant's judgement of the answer. solved: yes, partly or no; satisfied: 1 to 5."`
	Redos        int                   `json:"redos"`
	Urges        int                   `json:"urges"`
	Supervised   bool                  `json:"supervised" doc:"The office keeps it on its own list."`
	Urgency      routing.Urgency       `json:"urgency,omitempty" doc:"urgent or danger; absent when ordinary."`
	Named        int                   `json:"named" doc:"Times that it was named in the bulletin for being late."`
	Points       []string              `json:"points" nullable:"false" doc:"What the complaint asks for, as found in its text or corrected by the unit. With two or more a reply answers each."`
	Asked        int                   `json:"extension_asked,omitempty" doc:"Days of an extension that the unit has asked for and the office has not decided."`
	Extensions   int                   `json:"extensions" doc:"Granted to the unit; two at most."`
	Restricted   bool                  `json:"restricted" doc:"With a criminal or discipline body: only keys of the office and of administrators read its text and events."`
	Clock        *ClockSummary         `json:"clock,omitempty" doc:"Of all running clocks, the one that ends first. Absent when none runs."`
	Actions      []routing.Action      `json:"actions" nullable:"false" doc:"What this key may do to the case as it stands."`
}

// FiledCase is a case just filed, with those that it may repeat.
type FiledCase struct {
	Case
	Similar []Similar `json:"similar" nullable:"false" doc:"Open cases that are likely the same matter, by what is said: those of the same complainant first, then the most alike. At most five."`
}

// Similar is a case like another one.
type Similar struct {
	Number          string        `json:"number" example:"JS20261124-012345"`
	State           routing.State `json:"state"`
	Score           float64       `json:"score" doc:"How alike, 0 to 1. The same matter told by another person is rarely above 0.5."`
	SameComplainant bool          `json:"same_complainant"`
}

// CaseDetail is a case with its timeline.
type CaseDetail struct {
	Case
	Clocks []Clock `json:"clocks" nullable:"false" doc:"Every clock so far, in the order of their starts. /clocks explains them."`
	Events []Event `json:"events" nullable:"false" doc:"Oldest first."`
}

// Event is one entry of the timeline, with what its action carried.
type Event struct {
	Seq    int64          `json:"seq" doc:"The case's version after it."`
	Action routing.Action `json:"action"`
	At     time.Time      `json:"at"`
	Actor  EventActor     `json:"actor"`
	From   routing.State  `json:"from,omitempty"`
	To     routing.State  `json:"to"`
	routing.EventData
}

// EventActor is who did it.
type EventActor struct {
	Role routing.Role `json:"role" doc:"complainant, operator, unit, office, admin or system"`
	Unit string       `json:"unit,omitempty"`
	Name string       `json:"name,omitempty" doc:"Account or key; never a complainant's name."`
}

// caseOf is the case as the actor may see it. Whatever c still shows, the actor's view is taken here, once for every answer.
func (a *API) caseOf(actor routing.Actor, c routing.Case) Case {
	now := a.Now()
	c = c.View(actor)
	plan, j := a.Desk.Plan(), c.Judgement
	out := Case{
		Number: c.Number, State: c.State, Version: c.Version,
		Category: c.Category, CategoryName: plan.CategoryName(c.Category), Item: c.Item, ItemName: plan.ItemName(c.Item),
		Unit: c.Unit, UnitName: plan.UnitName(c.Unit), District: c.District, Assisting: list(c.Assisting),
		Confidence: c.Confidence, Decision: j.Decision, Alternatives: list(j.Alternatives), Evidence: list(j.Evidence), Contrary: list(j.Contrary),
		Channel: c.Channel, Text: c.Text, Enterprise: c.Contact.Enterprise, ContactName: c.Contact.Name, Phone: c.Contact.Phone,
		Confidential: c.Confidential, Published: c.Published, ExternalID: c.ExternalID, FiledAt: beijing(c.FiledAt), UpdatedAt: beijing(c.UpdatedAt),
		Reply: c.Reply, Rating: c.Rating, Redos: c.Redos, Urges: c.Urges, Supervised: c.Supervised, Actions: offered(actor, c, now),
		Urgency: c.Urgency, Named: c.Named, Clock: summaryOf(c.Clock),
		Points: list(c.Points), Asked: c.Asked, Extensions: c.Extensions, Restricted: c.Restricted,
	}
	if !c.DispatchedAt.IsZero() {
		at := beijing(c.DispatchedAt)
		out.DispatchedAt = &at
	}
	return out
}

func eventOf(e routing.Event) Event {
	return Event{Seq: e.Seq, Action: e.Action, At: beijing(e.At), From: e.From, To: e.To, EventData: e.Data,
		Actor: EventActor{Role: e.Actor.Role, Unit: e.Actor.Unit, Name: e.Actor.Name}}
}

// offered are the legal actions that the API has.
func offered(actor routing.Actor, c routing.Case, now time.Time) []routing.Action {
	return list(slices.DeleteFunc(routing.LegalAt(actor, c, now), func(x routing.Action) bool { return !viaAPI(x) }))
}

// byHand are steps that a person answers for at a screen: the look at the unmasked contact, a new address of the page, the mark of doubt.
var byHand = []routing.Action{routing.ActionReveal, routing.ActionRelink, routing.ActionDoubt, routing.ActionTrust}

func viaAPI(x routing.Action) bool { return !slices.Contains(byHand, x) }

func beijing(t time.Time) time.Time { return t.In(routing.Beijing()) }

// list is v as a JSON array even when it is empty.
func list[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}
