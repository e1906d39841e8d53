package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"jiesu/routing"
)

const endpointColumns = `id, name, url, events, secrets, format, robot, unit, off_since, off_why, made_by, created_at`

func (r reader) readEndpoint(scan scanner) (e routing.Endpoint, err error) {
	err = scan(&e.ID, &e.Name, sealed{r.vault, "hook_endpoints.url", &e.URL}, asJSON{&e.Events}, sealed{r.vault, "hook_endpoints.secrets", &e.Secrets}, &e.Format, &e.Robot, &e.Unit,
		when{&e.OffSince}, &e.OffWhy, &e.MadeBy, when{&e.CreatedAt})
	return e, err
}

func (r reader) endpointRow(e routing.Endpoint) row {
	return row{{"id", e.ID}, {"name", e.Name}, {"url", sealed{r.vault, "hook_endpoints.url", e.URL}}, {"events", asJSON{e.Events}},
		{"secrets", sealed{r.vault, "hook_endpoints.secrets", e.Secrets}}, {"format", e.Format}, {"robot", e.Robot}, {"unit", e.Unit}, {"off_since", at(e.OffSince)}, {"off_why", e.OffWhy},
		{"made_by", e.MadeBy}, {"created_at", at(e.CreatedAt)}}
}

// Endpoints implements routing.Reader.
func (r reader) Endpoints(ctx context.Context) ([]routing.Endpoint, error) {
	return list(ctx, r.run, r.readEndpoint, `SELECT `+endpointColumns+` FROM hook_endpoints ORDER BY created_at, id`)
}

// Endpoint implements routing.Reader.
func (r reader) Endpoint(ctx context.Context, id string) (routing.Endpoint, error) {
	return one(ctx, r.run, r.readEndpoint, `SELECT `+endpointColumns+` FROM hook_endpoints WHERE id = $1`, id)
}

// InsertEndpoint implements routing.Tx.
func (t *tx) InsertEndpoint(ctx context.Context, e routing.Endpoint) error {
	if err := insert(ctx, t.run, "hook_endpoints", t.endpointRow(e)); err != nil {
		return fmt.Errorf("add webhook endpoint: %w", err)
	}
	return nil
}

// UpdateEndpoint implements routing.Tx.
func (t *tx) UpdateEndpoint(ctx context.Context, e routing.Endpoint) error {
	if err := update(ctx, t.run, "hook_endpoints", t.endpointRow(e), row{{"id", e.ID}}, routing.ErrNotFound); err != nil {
		return fmt.Errorf("update webhook endpoint %s: %w", e.ID, err)
	}
	return nil
}

const hookColumns = `id, endpoint, case_number, seq, type, body, state, attempts, next_at, status, error, created_at, tried_at`

func readHook(scan scanner) (h routing.Hook, err error) {
	err = scan(&h.ID, &h.Endpoint, &h.Case, &h.Seq, &h.Type, &h.Body, &h.State, &h.Attempts, when{&h.NextAt}, &h.Status, &h.Error, when{&h.CreatedAt}, when{&h.TriedAt})
	return h, err
}

func hookRow(h routing.Hook) row {
	return row{{"id", h.ID}, {"endpoint", h.Endpoint}, {"case_number", h.Case}, {"seq", h.Seq}, {"type", h.Type}, {"body", h.Body}, {"state", h.State},
		{"attempts", h.Attempts}, {"next_at", at(h.NextAt)}, {"status", h.Status}, {"error", h.Error}, {"created_at", at(h.CreatedAt)}, {"tried_at", at(h.TriedAt)}}
}

// Hook implements routing.Reader.
func (r reader) Hook(ctx context.Context, id string) (routing.Hook, error) {
	return one(ctx, r.run, readHook, `SELECT `+hookColumns+` FROM hook_deliveries WHERE id = $1`, id)
}

// Hooks implements routing.Reader.
func (r reader) Hooks(ctx context.Context, q routing.HookQuery) ([]routing.Hook, error) {
	c := &conditions{}
	c.add("endpoint = ?", q.Endpoint)
	if len(q.States) > 0 {
		c.add(r.listed("state"), asJSON{q.States})
	}
	if !q.Since.IsZero() {
		c.add("created_at >= ?", at(q.Since))
	}
	if q.Before != "" {
		c.add("(created_at, id) < (SELECT created_at, id FROM hook_deliveries WHERE id = ?)", q.Before)
	}
	query := `SELECT ` + hookColumns + ` FROM hook_deliveries` + c.where() + ` ORDER BY created_at DESC, id DESC`
	if q.Limit > 0 {
		query += ` LIMIT ` + strconv.Itoa(q.Limit)
	}
	hooks, err := list(ctx, r.run, readHook, query, c.args...)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return hooks, nil
}

// HookBefore implements routing.Reader.
func (r reader) HookBefore(ctx context.Context, h routing.Hook) (bool, error) {
	n, err := one(ctx, r.run, value[int64], `SELECT count(*) FROM hook_deliveries WHERE state = 'pending' AND endpoint = $1 AND case_number = $2
		AND (seq < $3 OR seq = $3 AND id < $4)`, h.Endpoint, h.Case, h.Seq, h.ID)
	return n > 0, err
}

// InsertHook implements routing.Tx.
func (t *tx) InsertHook(ctx context.Context, h routing.Hook) error {
	if err := insert(ctx, t.run, "hook_deliveries", hookRow(h)); err != nil {
		return fmt.Errorf("write webhook of case %s: %w", h.Case, err)
	}
	return nil
}

// UpdateHook implements routing.Tx.
func (t *tx) UpdateHook(ctx context.Context, h routing.Hook) error {
	if err := update(ctx, t.run, "hook_deliveries", hookRow(h), row{{"id", h.ID}}, routing.ErrNotFound); err != nil {
		return fmt.Errorf("update webhook %s: %w", h.ID, err)
	}
	return nil
}

// ForgetHooks implements routing.Tx.
func (t *tx) ForgetHooks(ctx context.Context, before time.Time) error {
	if _, err := run(ctx, t.run, `DELETE FROM hook_deliveries WHERE created_at < $1 AND state <> 'pending'`, at(before)); err != nil {
		return fmt.Errorf("forget webhooks: %w", err)
	}
	return nil
}
