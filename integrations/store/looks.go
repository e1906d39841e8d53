package store

import (
	"context"
	"fmt"
	"time"

	"jiesu/routing"
)

// AddLook implements routing.Tx.
func (t *tx) AddLook(ctx context.Context, l routing.Look) error {
	_, err := run(ctx, t.run, `INSERT INTO looks (case_number, actor_id, kind, hour, actor, role, unit, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (case_number, actor_id, kind, hour) DO NOTHING`,
		l.Number, l.Actor.ID, l.Kind, l.At.Unix()/int64(time.Hour.Seconds()), l.Actor.Name, l.Actor.Role, l.Actor.Unit, at(l.At))
	if err != nil {
		return fmt.Errorf("record look: %w", err)
	}
	return nil
}

// Looks implements routing.Reader.
func (r reader) Looks(ctx context.Context, number string, limit int) ([]routing.Look, error) {
	read := func(scan scanner) (l routing.Look, err error) {
		err = scan(&l.Number, &l.Kind, &l.Actor.ID, &l.Actor.Name, &l.Actor.Role, &l.Actor.Unit, when{&l.At})
		return l, err
	}
	looks, err := list(ctx, r.run, read, `SELECT case_number, kind, actor_id, actor, role, unit, at FROM looks WHERE case_number = $1
		ORDER BY at DESC, actor_id, kind LIMIT $2`, number, limit)
	if err != nil {
		return nil, fmt.Errorf("list looks at %s: %w", number, err)
	}
	return looks, nil
}

// ForgetLooks implements routing.Tx.
func (t *tx) ForgetLooks(ctx context.Context, before time.Time) error {
	if _, err := run(ctx, t.run, `DELETE FROM looks WHERE at < $1`, at(before)); err != nil {
		return fmt.Errorf("forget looks: %w", err)
	}
	return nil
}
