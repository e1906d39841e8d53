package store

import (
	"context"
	"fmt"
	"time"

	"jiesu/routing"
)

// PutSpooled implements routing.Tx.
func (t *tx) PutSpooled(ctx context.Context, in routing.Inbound, due time.Time) error {
	_, err := run(ctx, t.run, `INSERT INTO spool (key_index, fan_index, message, at, due_at) SELECT $1, $2, $3, $4, $5
		WHERE NOT EXISTS (SELECT 1 FROM inbound WHERE key_index = $1) ON CONFLICT DO NOTHING`,
		t.inboundIndex(in.Key), t.vault.lookup("spool.openid", in.OpenID), sealed{t.vault, "spool.message", in}, at(in.At), at(due))
	if err != nil {
		return fmt.Errorf("keep message: %w", err)
	}
	return nil
}

// DueSpooled implements routing.Reader.
func (r reader) DueSpooled(ctx context.Context, now time.Time, limit int) ([]routing.Inbound, error) {
	due, err := list(ctx, r.run, r.readSpooled, `SELECT message FROM spool WHERE due_at <= $1 ORDER BY at, key_index LIMIT $2`, at(now), limit)
	if err != nil {
		return nil, fmt.Errorf("list kept messages: %w", err)
	}
	return due, nil
}

func (r reader) readSpooled(scan scanner) (in routing.Inbound, err error) {
	err = scan(sealed{r.vault, "spool.message", &in})
	return in, err
}

// SpooledOf implements routing.Reader.
func (r reader) SpooledOf(ctx context.Context, openID string) ([]routing.Inbound, error) {
	kept, err := list(ctx, r.run, r.readSpooled, `SELECT message FROM spool WHERE fan_index = $1 ORDER BY at, key_index`, r.vault.lookup("spool.openid", openID))
	if err != nil {
		return nil, fmt.Errorf("list kept messages of a fan: %w", err)
	}
	return kept, nil
}

// CountSpooled implements routing.Reader.
func (r reader) CountSpooled(ctx context.Context) (int, error) {
	return one(ctx, r.run, value[int], `SELECT count(*) FROM spool`)
}

// DelaySpooled implements routing.Tx.
func (t *tx) DelaySpooled(ctx context.Context, key string, due time.Time) error {
	if _, err := run(ctx, t.run, `UPDATE spool SET due_at = $1 WHERE key_index = $2`, at(due), t.inboundIndex(key)); err != nil {
		return fmt.Errorf("delay kept message: %w", err)
	}
	return nil
}

// DropSpooled implements routing.Tx.
func (t *tx) DropSpooled(ctx context.Context, key string) error {
	if _, err := run(ctx, t.run, `DELETE FROM spool WHERE key_index = $1`, t.inboundIndex(key)); err != nil {
		return fmt.Errorf("drop kept message: %w", err)
	}
	return nil
}
