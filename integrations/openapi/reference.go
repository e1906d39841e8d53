package openapi

import (
	"cmp"
	"context"
	"slices"
	"time"

	"jiesu/routing"
)

// Plan is the rectification plan for the selects of outside tools.
type Plan struct {
	City       string         `json:"city"`
	Categories []PlanCategory `json:"categories" nullable:"false"`
	Units      []PlanUnit     `json:"units" nullable:"false" doc:"By id."`
	Districts  []string       `json:"districts" nullable:"false" doc:"Full names."`
	Routes     []PlanRoute    `json:"routes" nullable:"false" doc:"The right doors for what isn't accepted."`
}

// PlanCategory is one of the plan's groups.
type PlanCategory struct {
	ID    string     `json:"id"`
	Name  string     `json:"name"`
	Leads []string   `json:"leads" nullable:"false" doc:"Ids of its lead units."`
	Items []PlanItem `json:"items" nullable:"false"`
}

// PlanItem is one matter of a category.
type PlanItem struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Covers []string `json:"covers" nullable:"false" doc:"Its key points."`
}

// PlanUnit is a lead unit.
type PlanUnit struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	FullName string `json:"full_name" doc:"Official name; the short one where the plan has no other."`
}

// PlanRoute is where a matter belongs that isn't accepted.
type PlanRoute struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Phone string `json:"phone"`
	When  string `json:"when" doc:"Which matters."`
}

type nothing struct{}

type planOutput struct{ Body Plan }

// plan returns the plan.
func (a *API) plan(context.Context, routing.Actor, *nothing) (*planOutput, error) {
	p := a.Desk.Plan()
	out := Plan{City: p.City, Districts: list(p.Districts), Routes: []PlanRoute{}}
	for _, r := range p.Routes {
		out.Routes = append(out.Routes, PlanRoute(r))
	}
	for _, c := range p.Categories {
		category := PlanCategory{ID: c.ID, Name: c.Name, Leads: list(c.Leads), Items: []PlanItem{}}
		for _, i := range c.Items {
			category.Items = append(category.Items, PlanItem{ID: i.ID, Name: i.Name, Covers: list(i.Covers)})
		}
		out.Categories = append(out.Categories, category)
	}
	for id, u := range p.UnitByID {
		out.Units = append(out.Units, PlanUnit{ID: id, Name: u.Name, FullName: cmp.Or(u.Full, u.Name)})
	}
	slices.SortFunc(out.Units, func(x, y PlanUnit) int { return cmp.Compare(x.ID, y.ID) })
	return &planOutput{Body: out}, nil
}

// Notice is a message to the complainant, with every attempt to deliver it.
type Notice struct {
	ID        string              `json:"id"`
	Kind      routing.NoticeKind  `json:"kind" doc:"The action that it tells of."`
	Seq       int64               `json:"seq" doc:"The version of the case that it tells of."`
	Text      string              `json:"text" doc:"Words that accompany the step."`
	State     routing.NoticeState `json:"state" doc:"pending, sent (accepted by a channel), delivered or failed"`
	CreatedAt time.Time           `json:"created_at"`
	Attempts  []Attempt           `json:"attempts" nullable:"false" doc:"Oldest first."`
}

// Attempt is one attempt to deliver a notice.
type Attempt struct {
	Attempt int             `json:"attempt"`
	Channel string          `json:"channel" doc:"template, customer, sms or call_back"`
	At      time.Time       `json:"at"`
	Outcome routing.Outcome `json:"outcome" doc:"sent, delivered, refused, failed or retry"`
	Code    int             `json:"code,omitempty" doc:"The channel's error code."`
}

type noticesInput struct {
	Number string `path:"number" example:"JS20261124-012345"`
}

// NoticeList is the notices of a case.
type NoticeList struct {
	Notices []Notice `json:"notices" nullable:"false" doc:"Oldest first."`
}

type noticesOutput struct{ Body NoticeList }

// notices returns what the complainant was told and how it reached them: no business of the units.
func (a *API) notices(ctx context.Context, actor routing.Actor, in *noticesInput) (*noticesOutput, error) {
	if actor.Role == routing.RoleUnit {
		return nil, routing.ErrForbidden
	}
	c, err := a.seen(ctx, actor, in.Number)
	if err != nil {
		return nil, err
	}
	if c.WithheldFrom(actor) {
		return &noticesOutput{Body: NoticeList{Notices: []Notice{}}}, nil
	}
	notices, err := a.Store.NoticesOf(ctx, in.Number)
	if err != nil {
		return nil, err
	}
	attempts, err := a.Store.DeliveriesOf(ctx, in.Number)
	if err != nil {
		return nil, err
	}
	byNotice := map[string][]Attempt{}
	for _, d := range attempts {
		byNotice[d.NoticeID] = append(byNotice[d.NoticeID],
			Attempt{Attempt: d.Attempt, Channel: d.Channel, At: beijing(d.At), Outcome: d.Outcome, Code: d.Code})
	}
	out := &noticesOutput{Body: NoticeList{Notices: make([]Notice, 0, len(notices))}}
	for _, n := range notices {
		out.Body.Notices = append(out.Body.Notices, Notice{ID: n.ID, Kind: n.Kind, Seq: n.Seq, Text: n.Text, State: n.State,
			CreatedAt: beijing(n.CreatedAt), Attempts: list(byNotice[n.ID])})
	}
	return out, nil
}
