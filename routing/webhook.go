package routing

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// HookFormat is how the body of a webhook is written.
type HookFormat string

// The formats.
const (
	HookStandard    HookFormat = "standard"    // Standard Webhooks 1.0: type, timestamp, data
	HookCloudEvents HookFormat = "cloudevents" // CloudEvents 1.0, structured
)

// Robot is the kind of a group chat's robot (群机器人), which tells the staff in the chat in words what a system is told as data.
type Robot string

// The robots.
const (
	RobotWeCom    Robot = "wecom"    // 企业微信
	RobotDingTalk Robot = "dingtalk" // 钉钉, 政务钉钉; its keyword is 接诉
)

// Endpoint is where an outside system is told of events of cases.
type Endpoint struct {
	ID        string
	Name      string
	URL       string   // may carry a token of its owner
	Events    []string // "case.reply", or "case.*"; none: all
	Secrets   []string // whsec_…, the newest first; while two are there both sign
	Format    HookFormat
	Robot     Robot     // "": a system
	Unit      string    // cases that it leads or assists in alone; "": all
	OffSince  time.Time // zero: it is on
	OffWhy    HookOff
	MadeBy    string // name of who made it
	CreatedAt time.Time
}

// HookOff is why an endpoint is off; its Chinese name is in the catalogue under "hook.off.<value>".
type HookOff string

// The reasons.
const (
	HookOffByHand HookOff = "by_hand"
	HookOffGone   HookOff = "gone"   // it answered 410
	HookOffFailed HookOff = "failed" // days of attempts were of no use
)

// HookState is how a telling stands.
type HookState string

// The states.
const (
	HookPending HookState = "pending"
	HookDone    HookState = "done"
	HookFailed  HookState = "failed" // given up
)

// Hook is one event told to one endpoint. Its ID stays the same however often it is sent.
type Hook struct {
	ID        string
	Endpoint  string
	Case      string
	Seq       int64
	Type      string
	Body      string
	State     HookState
	Attempts  int
	NextAt    time.Time
	Status    int    // HTTP status of the last answer, 0: there was none
	Error     string // of the last attempt, without anything that the receiver said
	CreatedAt time.Time
	TriedAt   time.Time
}

// hookData is what a webhook says of an event: thin, so that nothing personal leaves and the receiver reads the rest with its key.
type hookData struct {
	Number     string    `json:"number"`
	Seq        int64     `json:"seq"`
	Action     Action    `json:"action"`
	At         time.Time `json:"at"`
	From       State     `json:"from,omitempty"`
	State      State     `json:"state"`
	Category   string    `json:"category"`
	Item       string    `json:"item"`
	Unit       string    `json:"unit"`
	District   string    `json:"district"`
	ExternalID string    `json:"external_id,omitempty"` // number of the system that filed it
	Role       Role      `json:"role"`                  // of who did it
	Clock      ClockKind `json:"clock,omitempty"`       // of a warning, an urging …: which limit
	Due        time.Time `json:"due,omitzero"`          // when it ends or ended
}

// HookType is the type of an event of a case: case.file, case.strike_off …
func HookType(a Action) string { return "case." + strings.ReplaceAll(string(a), "-", "_") }

// wants reports whether the endpoint is to be told of the type.
func (e Endpoint) wants(kind string) bool {
	if len(e.Events) == 0 {
		return true
	}
	for _, pattern := range e.Events {
		if pattern == kind || strings.HasSuffix(pattern, ".*") && strings.HasPrefix(kind, pattern[:len(pattern)-1]) {
			return true
		}
	}
	return false
}

// concerns reports whether the endpoint is told of the case: that of a unit of nothing that the unit mustn't see.
func (e Endpoint) concerns(c Case) bool {
	unit := Actor{Role: RoleUnit, Unit: e.Unit}
	return e.Unit == "" || (e.Unit == c.Unit || slices.Contains(c.Assisting, e.Unit)) && !c.WithheldFrom(unit)
}

// hook writes what endpoints are to be told of the event, in the transaction of the event.
func (d *Desk) hook(ctx context.Context, tx Tx, c Case, e Event) error {
	endpoints, err := tx.Endpoints(ctx)
	if err != nil {
		return fmt.Errorf("read webhook endpoints: %w", err)
	}
	for _, to := range endpoints {
		if to.Unit != "" && !e.VisibleTo(Actor{Role: RoleUnit, Unit: to.Unit}) {
			continue
		}
		if kind := HookType(e.Action); to.OffSince.IsZero() && to.wants(kind) && to.concerns(c) {
			if err := d.tell(ctx, tx, to, kind, c, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Desk) tell(ctx context.Context, tx Tx, to Endpoint, kind string, c Case, e Event) error {
	h := Hook{ID: "msg_" + NewID(), Endpoint: to.ID, Case: c.Number, Seq: e.Seq, Type: kind, State: HookPending, CreatedAt: e.At, NextAt: e.At}
	data := hookData{Number: c.Number, Seq: e.Seq, Action: e.Action, At: e.At, From: e.From, State: e.To, Category: c.Category, Item: c.Item, Unit: c.Unit,
		District: c.District, ExternalID: c.ExternalID, Role: e.Actor.Role}
	if m := e.Data.Clock; m != nil {
		data.Clock, data.Due = m.Kind, m.Due
	}
	var body any = struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      hookData  `json:"data"`
	}{kind, e.At, data}
	if to.Format == HookCloudEvents {
		body = struct {
			SpecVersion string    `json:"specversion"`
			ID          string    `json:"id"`
			Source      string    `json:"source"`
			Type        string    `json:"type"`
			Subject     string    `json:"subject"`
			Time        time.Time `json:"time"`
			ContentType string    `json:"datacontenttype"`
			Data        hookData  `json:"data"`
		}{"1.0", h.ID, "/cases", "jiesu." + kind, c.Number, e.At, "application/json", data}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write webhook: %w", err)
	}
	h.Body = string(text)
	if err := tx.InsertHook(ctx, h); err != nil {
		return err
	}
	if err := tx.Enqueue(ctx, Job{Kind: JobHook, ID: h.ID}); err != nil {
		return fmt.Errorf("enqueue webhook: %w", err)
	}
	return nil
}

// NewHookSecret draws a secret in the form of the standard: whsec_ and 32 random bytes in base64.
func NewHookSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return "whsec_" + base64.StdEncoding.EncodeToString(b[:])
}

// maxEndpoints bounds what one event sets in motion.
const maxEndpoints = 50

// AddEndpoint makes an endpoint and returns it with its first secret. Errors: ErrForbidden (administrators and the office alone), ErrExists for the
// name, *InvalidError.
func (d *Desk) AddEndpoint(ctx context.Context, actor Actor, e Endpoint) (added Endpoint, err error) {
	err = d.store.Update(ctx, func(tx Tx) error {
		added, err = d.AddEndpointIn(ctx, tx, actor, e)
		return err
	})
	return added, err
}

// AddEndpointIn is AddEndpoint within the caller's transaction.
func (d *Desk) AddEndpointIn(ctx context.Context, tx Tx, actor Actor, e Endpoint) (Endpoint, error) {
	if !actor.May(DeedEndpoints) {
		return Endpoint{}, ErrForbidden
	}
	e.ID, e.Secrets, e.MadeBy, e.CreatedAt, e.OffSince, e.OffWhy = NewID(), []string{NewHookSecret()}, actor.Name, d.now(), time.Time{}, ""
	if e.Format == "" {
		e.Format = HookStandard
	}
	if e.Robot != "" && len(e.Events) == 0 {
		e.Events = rungTypes()
	}
	if err := e.check(d.plan); err != nil {
		return Endpoint{}, err
	}
	all, err := tx.Endpoints(ctx)
	if err != nil {
		return Endpoint{}, err
	}
	if len(all) >= maxEndpoints {
		return Endpoint{}, invalid("url", "error.hook_many")
	}
	return e, tx.InsertEndpoint(ctx, e)
}

func (e Endpoint) check(plan *Plan) error {
	switch n := utf8.RuneCountInString(strings.TrimSpace(e.Name)); {
	case n == 0 || n > 60:
		return invalid("name", "error.hook_name")
	case e.Format != HookStandard && e.Format != HookCloudEvents:
		return invalid("format", "error.hook_format")
	case e.Robot != "" && e.Robot != RobotWeCom && e.Robot != RobotDingTalk, e.Robot != "" && e.Format != HookStandard:
		return invalid("robot", "error.hook_robot")
	}
	if _, known := plan.UnitByID[e.Unit]; e.Unit != "" && !known {
		return invalid("unit", "error.unknown_unit")
	}
	u, err := url.Parse(e.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.Fragment != "" || len(e.URL) > 500 {
		return invalid("url", "error.hook_url")
	}
	known := map[string]bool{"case.*": true}
	for _, a := range allActions() {
		known[HookType(a)] = true
	}
	for _, pattern := range e.Events {
		if !known[pattern] {
			return invalid("events", "error.hook_event")
		}
	}
	return nil
}

// rungTypes are what staff are told of unless they want more: that a limit is near or over.
func rungTypes() []string {
	var list []string
	for _, a := range rungs {
		list = append(list, HookType(a))
	}
	return list
}

// allActions are those of the table and what the system enters by itself.
func allActions() []Action {
	return append(Actions(), ActionFile, ActionWarn, ActionBulletin, ActionJoin, ActionReveal, ActionHandOut, ActionErase)
}

// Endpoints lists the endpoints, without their secrets. Error: ErrForbidden.
func (d *Desk) Endpoints(ctx context.Context, actor Actor) ([]Endpoint, error) {
	if !actor.May(DeedEndpoints) {
		return nil, ErrForbidden
	}
	list, err := d.store.Endpoints(ctx)
	if err != nil {
		return nil, fmt.Errorf("list webhook endpoints: %w", err)
	}
	for i := range list {
		list[i].Secrets = nil
	}
	return list, nil
}

// EndpointChange is what may be changed of an endpoint; nil and false leave it.
type EndpointChange struct {
	URL    *string
	Events *[]string
	On     *bool
	Rotate bool // draw a new secret; the one before signs too until the next rotation or DropOld
	Drop   bool // forget the secret before
}

// ChangeEndpoint changes an endpoint and returns it, with the secrets when a new one was drawn. What waited while it was off is told once it is on.
// Errors: ErrForbidden, ErrNotFound, *InvalidError.
func (d *Desk) ChangeEndpoint(ctx context.Context, actor Actor, id string, c EndpointChange) (e Endpoint, err error) {
	if !actor.May(DeedEndpoints) {
		return e, ErrForbidden
	}
	err = d.store.Update(ctx, func(tx Tx) error {
		if e, err = tx.Endpoint(ctx, id); err != nil {
			return err
		}
		if c.URL != nil {
			e.URL = *c.URL
		}
		if c.Events != nil {
			e.Events = *c.Events
		}
		if c.Rotate {
			e.Secrets = append([]string{NewHookSecret()}, e.Secrets[0])
		}
		if c.Drop {
			e.Secrets = e.Secrets[:1]
		}
		if err := e.check(d.plan); err != nil {
			return err
		}
		wasOff := !e.OffSince.IsZero()
		if c.On != nil {
			e.OffSince, e.OffWhy = time.Time{}, ""
			if !*c.On {
				e.OffSince, e.OffWhy = d.now(), HookOffByHand
			}
		}
		if err := tx.UpdateEndpoint(ctx, e); err != nil {
			return err
		}
		if wasOff && e.OffSince.IsZero() {
			return d.again(ctx, tx, HookQuery{Endpoint: id, States: []HookState{HookPending}})
		}
		return nil
	})
	if !c.Rotate {
		e.Secrets = nil
	}
	return e, err
}

// HookQuery selects tellings of an endpoint.
type HookQuery struct {
	Endpoint string
	States   []HookState // none: all
	Since    time.Time   // made then or later
	Before   string      // id: older ones than it, for the next page
	Limit    int         // 0: all
}

// Hooks is the log of an endpoint, the newest first. Error: ErrForbidden.
func (d *Desk) Hooks(ctx context.Context, actor Actor, q HookQuery) ([]Hook, error) {
	if !actor.May(DeedEndpoints) {
		return nil, ErrForbidden
	}
	return d.store.Hooks(ctx, q)
}

// Replay tells again what was told since a moment, whatever became of it. Errors: ErrForbidden, ErrNotFound.
func (d *Desk) Replay(ctx context.Context, actor Actor, id string, since time.Time) error {
	if !actor.May(DeedEndpoints) {
		return ErrForbidden
	}
	return d.store.Update(ctx, func(tx Tx) error {
		if _, err := tx.Endpoint(ctx, id); err != nil {
			return err
		}
		return d.again(ctx, tx, HookQuery{Endpoint: id, Since: since})
	})
}

// again sets tellings to their beginning, the oldest first.
func (d *Desk) again(ctx context.Context, tx Tx, q HookQuery) error {
	hooks, err := tx.Hooks(ctx, q)
	if err != nil {
		return err
	}
	for i := len(hooks) - 1; i >= 0; i-- {
		h := hooks[i]
		h.State, h.Attempts, h.NextAt = HookPending, 0, d.now()
		if err := tx.UpdateHook(ctx, h); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, Job{Kind: JobHook, ID: h.ID}); err != nil {
			return fmt.Errorf("enqueue webhook: %w", err)
		}
	}
	return nil
}

// EndHook records an attempt. off turns the endpoint off, of which the office is told on its screens.
func (d *Desk) EndHook(ctx context.Context, h Hook, off HookOff) error {
	return d.store.Update(ctx, func(tx Tx) error {
		if err := tx.UpdateHook(ctx, h); err != nil || off == "" {
			return err
		}
		e, err := tx.Endpoint(ctx, h.Endpoint)
		if err != nil || !e.OffSince.IsZero() {
			return err
		}
		e.OffSince, e.OffWhy = d.now(), off
		if err := tx.UpdateEndpoint(ctx, e); err != nil {
			return err
		}
		tx.AfterCommit(func() { d.live.Publish(context.Background(), Update{}) })
		return nil
	})
}

// HooksKept is how long what was told stays in the log, and can be told again.
const HooksKept = 90 * 24 * time.Hour

// ForgetHooks drops what was told long ago.
func (d *Desk) ForgetHooks(ctx context.Context) error {
	return d.store.Update(ctx, func(tx Tx) error { return tx.ForgetHooks(ctx, d.now().Add(-HooksKept)) })
}

// FailedEndpoints are those that were turned off because nobody answers there. Error: ErrForbidden.
func (d *Desk) FailedEndpoints(ctx context.Context, actor Actor) (list []Endpoint, err error) {
	all, err := d.Endpoints(ctx, actor)
	for _, e := range all {
		if !e.OffSince.IsZero() && e.OffWhy != HookOffByHand {
			list = append(list, e)
		}
	}
	return list, err
}
