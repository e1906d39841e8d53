package store

import (
	"context"
	"fmt"

	"jiesu/routing"
)

func readFilter(scan scanner) (f routing.SavedFilter, err error) {
	err = scan(&f.ID, &f.UserID, &f.Name, &f.Query, when{&f.CreatedAt})
	return f, err
}

// SavedFilter implements routing.Reader.
func (r reader) SavedFilter(ctx context.Context, id string) (routing.SavedFilter, error) {
	return one(ctx, r.run, readFilter, `SELECT id, user_id, name, query, created_at FROM saved_filters WHERE id = $1`, id)
}

// SavedFilters implements routing.Reader.
func (r reader) SavedFilters(ctx context.Context, userID string) ([]routing.SavedFilter, error) {
	filters, err := list(ctx, r.run, readFilter, `SELECT id, user_id, name, query, created_at FROM saved_filters WHERE user_id = $1
		ORDER BY created_at, id`, userID)
	if err != nil {
		return nil, fmt.Errorf("list saved filters: %w", err)
	}
	return filters, nil
}

// PutSavedFilter implements routing.Tx.
func (t *tx) PutSavedFilter(ctx context.Context, f routing.SavedFilter) error {
	_, err := run(ctx, t.run, `INSERT INTO saved_filters (id, user_id, name, query, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (user_id, name) DO UPDATE SET query = EXCLUDED.query`, f.ID, f.UserID, f.Name, f.Query, at(f.CreatedAt))
	if err != nil {
		return fmt.Errorf("save filter: %w", err)
	}
	return nil
}

// DeleteSavedFilter implements routing.Tx.
func (t *tx) DeleteSavedFilter(ctx context.Context, userID, id string) error {
	n, err := run(ctx, t.run, `DELETE FROM saved_filters WHERE user_id = $1 AND id = $2`, userID, id)
	if err == nil && n == 0 {
		err = routing.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("delete saved filter: %w", err)
	}
	return nil
}

// ReplyTemplates implements routing.Reader.
func (r reader) ReplyTemplates(ctx context.Context, unit string) ([]routing.ReplyTemplate, error) {
	read := func(scan scanner) (p routing.ReplyTemplate, err error) {
		err = scan(&p.ID, &p.Unit, &p.Name, &p.Body, when{&p.UpdatedAt}, &p.UpdatedBy)
		return p, err
	}
	templates, err := list(ctx, r.run, read, `SELECT id, unit, name, body, updated_at, updated_by FROM reply_templates WHERE unit = $1
		ORDER BY name`, unit)
	if err != nil {
		return nil, fmt.Errorf("list reply templates: %w", err)
	}
	return templates, nil
}

func templateRow(p routing.ReplyTemplate) row {
	return row{{"id", p.ID}, {"unit", p.Unit}, {"name", p.Name}, {"body", p.Body}, {"updated_at", at(p.UpdatedAt)}, {"updated_by", p.UpdatedBy}}
}

// InsertReplyTemplate implements routing.Tx.
func (t *tx) InsertReplyTemplate(ctx context.Context, p routing.ReplyTemplate) error {
	if err := insert(ctx, t.run, "reply_templates", templateRow(p)); err != nil {
		return fmt.Errorf("add reply template: %w", err)
	}
	return nil
}

// UpdateReplyTemplate implements routing.Tx.
func (t *tx) UpdateReplyTemplate(ctx context.Context, p routing.ReplyTemplate) error {
	taken, err := list(ctx, t.run, value[string], `SELECT id FROM reply_templates WHERE unit = $1 AND name = $2 AND id <> $3`, p.Unit, p.Name, p.ID)
	if err == nil && len(taken) > 0 {
		err = routing.ErrExists
	}
	if err == nil {
		err = update(ctx, t.run, "reply_templates", templateRow(p), row{{"id", p.ID}, {"unit", p.Unit}}, routing.ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("change reply template: %w", err)
	}
	return nil
}

// DeleteReplyTemplate implements routing.Tx.
func (t *tx) DeleteReplyTemplate(ctx context.Context, unit, id string) error {
	n, err := run(ctx, t.run, `DELETE FROM reply_templates WHERE unit = $1 AND id = $2`, unit, id)
	if err == nil && n == 0 {
		err = routing.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("delete reply template: %w", err)
	}
	return nil
}
