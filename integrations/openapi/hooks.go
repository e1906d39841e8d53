package openapi

import (
	"context"
	"net/http"
	"regexp"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jiesu/routing"
)

// HookEndpoint is a webhook endpoint.
type HookEndpoint struct {
	ID        string             `json:"id"`
	Name      string             `json:"name"`
	URL       string             `json:"url"`
	Events    []string           `json:"events" nullable:"false" doc:"Types that are told: case.reply, or case.* for all. Empty: all."`
	Format    routing.HookFormat `json:"format" enum:"standard,cloudevents"`
	Robot     routing.Robot      `json:"robot,omitempty" enum:"wecom,dingtalk" doc:"A group chat's robot: it is told in words."`
	Unit      string             `json:"unit,omitempty" doc:"Cases that this unit leads or assists in alone."`
	On        bool               `json:"on"`
	OffWhy    routing.HookOff    `json:"off_why,omitempty" doc:"by_hand, gone (it answered 410) or failed (days of attempts were of no use)."`
	CreatedAt time.Time          `json:"created_at"`
	Secret    string             `json:"secret,omitempty" doc:"Shown once: when the endpoint is made and when the secret is rotated."`
}

// HookDelivery is one event told to an endpoint.
type HookDelivery struct {
	ID       string            `json:"id" doc:"The webhook-id that the receiver sees, the same however often it is sent."`
	Case     string            `json:"case"`
	Type     string            `json:"type"`
	State    routing.HookState `json:"state" enum:"pending,done,failed"`
	Attempts int               `json:"attempts"`
	Status   int               `json:"status,omitempty" doc:"HTTP status of the last answer."`
	Error    string            `json:"error,omitempty"`
	MadeAt   time.Time         `json:"made_at"`
	TriedAt  *time.Time        `json:"tried_at,omitempty"`
	NextAt   *time.Time        `json:"next_at,omitempty" doc:"Of a pending one: not before this."`
}

func (a *API) registerHooks(api huma.API) {
	const all, one = Prefix + "/webhooks", Prefix + "/webhooks/{id}"
	add := operation("add-webhook", http.MethodPost, all, "Have an address told of events",
		"Standard Webhooks 1.0; see docs/webhooks.md. The address must be a public one. For keys of the office and of administrators, as all of these.", 400, 403, 408, 409, 413, 415)
	add.DefaultStatus = http.StatusCreated
	huma.Register(api, add, handle(a, "body", a.addHook))
	huma.Register(api, operation("list-webhooks", http.MethodGet, all, "List the endpoints", "Without their secrets.", 403), handle(a, "query", a.listHooks))
	huma.Register(api, operation("change-webhook", http.MethodPatch, one, "Change an endpoint",
		"Turn it off or on (what waited is told then), move it, choose events, rotate its secret: the one before signs too until drop_old.", 400, 403, 404, 408, 413, 415),
		handle(a, "body", a.changeHook))
	huma.Register(api, operation("list-deliveries", http.MethodGet, one+"/deliveries", "Read what was told to an endpoint", "Newest first.", 403, 404), handle(a, "query", a.deliveries))
	replay := operation("replay-webhook", http.MethodPost, one+"/replay", "Tell again", "Everything since a moment, with the ids that it had.", 400, 403, 404, 408, 413, 415)
	replay.DefaultStatus = http.StatusAccepted
	huma.Register(api, replay, handle(a, "body", a.replay))
}

type addHookInput struct {
	Idempotent
	Body struct {
		Name   string   `json:"name" maxLength:"60" minLength:"1"`
		URL    string   `json:"url" maxLength:"500" example:"https://example.org/jiesu"`
		Events []string `json:"events,omitempty" nullable:"false" maxItems:"50"`
		Format string   `json:"format,omitempty" enum:"standard,cloudevents" default:"standard"`
		Robot  string   `json:"robot,omitempty" enum:"wecom,dingtalk" doc:"The address is a group chat's robot (企业微信、钉钉 群机器人), which tells staff in words. Without events: of limits that are near or over."`
		Unit   string   `json:"unit,omitempty" maxLength:"60" doc:"Only cases that this unit leads or assists in."`
	}
}

// Resolve refuses what no database keeps.
func (in *addHookInput) Resolve(huma.Context) []error {
	return readable("body", field{"name", in.Body.Name}, field{"url", in.Body.URL}, field{"unit", in.Body.Unit})
}

type hookOutput struct{ Body HookEndpoint }

func endpointOf(e routing.Endpoint) HookEndpoint {
	out := HookEndpoint{ID: e.ID, Name: e.Name, URL: e.URL, Events: list(e.Events), Format: e.Format, Robot: e.Robot, Unit: e.Unit, On: e.OffSince.IsZero(), OffWhy: e.OffWhy, CreatedAt: beijing(e.CreatedAt)}
	if len(e.Secrets) > 0 {
		out.Secret = e.Secrets[0]
	}
	return out
}

func (a *API) addHook(ctx context.Context, actor routing.Actor, in *addHookInput) (*hookOutput, error) {
	return once(ctx, a, actor, in.IdempotencyKey, "webhooks", in.Body, func(ctx context.Context, tx routing.Tx) (*hookOutput, error) {
		e, err := a.Desk.AddEndpointIn(ctx, tx, actor, routing.Endpoint{Name: in.Body.Name, URL: in.Body.URL, Events: in.Body.Events, Format: routing.HookFormat(in.Body.Format),
			Robot: routing.Robot(in.Body.Robot), Unit: in.Body.Unit})
		if err != nil {
			return nil, err
		}
		return &hookOutput{endpointOf(e)}, nil
	})
}

type hooksOutput struct {
	Body struct {
		Webhooks []HookEndpoint `json:"webhooks" nullable:"false"`
	}
}

func (a *API) listHooks(ctx context.Context, actor routing.Actor, _ *nothing) (*hooksOutput, error) {
	all, err := a.Desk.Endpoints(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := &hooksOutput{}
	out.Body.Webhooks = []HookEndpoint{}
	for _, e := range all {
		out.Body.Webhooks = append(out.Body.Webhooks, endpointOf(e))
	}
	return out, nil
}

// hookPattern keeps from the store what cannot be an id.
var hookPattern = regexp.MustCompile(`^[0-9A-Za-z_]{1,40}$`)

type changeHookInput struct {
	ID   string `path:"id"`
	Body struct {
		URL     *string   `json:"url,omitempty" maxLength:"500"`
		Events  *[]string `json:"events,omitempty" maxItems:"50"`
		On      *bool     `json:"on,omitempty"`
		Rotate  bool      `json:"rotate,omitempty" doc:"Draw a new secret; it is in the answer, once."`
		DropOld bool      `json:"drop_old,omitempty" doc:"Forget the secret before the last rotation."`
	}
}

// Resolve refuses what no database keeps.
func (in *changeHookInput) Resolve(huma.Context) []error {
	if in.Body.URL == nil {
		return nil
	}
	return readable("body", field{"url", *in.Body.URL})
}

func (a *API) changeHook(ctx context.Context, actor routing.Actor, in *changeHookInput) (*hookOutput, error) {
	if !hookPattern.MatchString(in.ID) {
		return nil, routing.ErrNotFound
	}
	b := in.Body
	e, err := a.Desk.ChangeEndpoint(ctx, actor, in.ID, routing.EndpointChange{URL: b.URL, Events: b.Events, On: b.On, Rotate: b.Rotate, Drop: b.DropOld})
	if err != nil {
		return nil, err
	}
	return &hookOutput{endpointOf(e)}, nil
}

type deliveriesInput struct {
	ID     string `path:"id"`
	State  string `query:"state" enum:"pending,done,failed"`
	Before string `query:"before" maxLength:"40" doc:"Id of the last one of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type deliveriesOutput struct {
	Body struct {
		Deliveries []HookDelivery `json:"deliveries" nullable:"false"`
	}
}

func (a *API) deliveries(ctx context.Context, actor routing.Actor, in *deliveriesInput) (*deliveriesOutput, error) {
	if !hookPattern.MatchString(in.ID) || in.Before != "" && !hookPattern.MatchString(in.Before) {
		return nil, routing.ErrNotFound
	}
	q := routing.HookQuery{Endpoint: in.ID, Before: in.Before, Limit: in.Limit}
	if in.State != "" {
		q.States = []routing.HookState{routing.HookState(in.State)}
	}
	hooks, err := a.Desk.Hooks(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	out := &deliveriesOutput{}
	out.Body.Deliveries = []HookDelivery{}
	for _, h := range hooks {
		d := HookDelivery{ID: h.ID, Case: h.Case, Type: h.Type, State: h.State, Attempts: h.Attempts, Status: h.Status, Error: h.Error, MadeAt: beijing(h.CreatedAt)}
		if !h.TriedAt.IsZero() {
			at := beijing(h.TriedAt)
			d.TriedAt = &at
		}
		if h.State == routing.HookPending {
			at := beijing(h.NextAt)
			d.NextAt = &at
		}
		out.Body.Deliveries = append(out.Body.Deliveries, d)
	}
	return out, nil
}

type replayInput struct {
	ID   string `path:"id"`
	Body struct {
		Since time.Time `json:"since"`
	}
}

func (a *API) replay(ctx context.Context, actor routing.Actor, in *replayInput) (*nothing, error) {
	if !hookPattern.MatchString(in.ID) {
		return nil, routing.ErrNotFound
	}
	return &nothing{}, a.Desk.Replay(ctx, actor, in.ID, in.Body.Since)
}
