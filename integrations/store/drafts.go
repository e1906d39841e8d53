package store

import (
	"context"
	"fmt"

	"jiesu/routing"
)

// Draft implements routing.Reader.
func (r reader) Draft(ctx context.Context, userID string) (routing.Draft, error) {
	read := func(scan scanner) (d routing.Draft, err error) {
		err = scan(&d.UserID, sealed{r.vault, "drafts.fields", &d.Fields}, when{&d.At})
		return d, err
	}
	return one(ctx, r.run, read, `SELECT user_id, fields, at FROM drafts WHERE user_id = $1`, userID)
}

// PutDraft implements routing.Tx.
func (t *tx) PutDraft(ctx context.Context, d routing.Draft) error {
	_, err := run(ctx, t.run, `INSERT INTO drafts (user_id, fields, at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id) DO UPDATE SET fields = excluded.fields, at = excluded.at`, d.UserID, sealed{t.vault, "drafts.fields", d.Fields}, at(d.At))
	if err != nil {
		return fmt.Errorf("keep draft: %w", err)
	}
	return nil
}

// DropDraft implements routing.Tx.
func (t *tx) DropDraft(ctx context.Context, userID string) error {
	if _, err := run(ctx, t.run, `DELETE FROM drafts WHERE user_id = $1`, userID); err != nil {
		return fmt.Errorf("drop draft: %w", err)
	}
	return nil
}
