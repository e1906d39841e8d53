package routing

import (
	"context"
	"fmt"
	"time"
)

// LookKind is in which way a case was looked at. Its Chinese name is in the catalogue under "look.<value>".
type LookKind string

// The ways of looking. That an unmasked contact was seen, and that a list was exported, are events and records of their own.
const (
	LookPage  LookKind = "page"
	LookPaper LookKind = "paper" // laid out for print
	LookFile  LookKind = "file"  // an attachment
	LookAPI   LookKind = "api"
)

// LooksKept is how long it is known who looked (the Cybersecurity Law, article 21, wants logs for six months at least).
const LooksKept = 400 * 24 * time.Hour

// Look is that somebody looked at a case. However often in an hour, it is one.
type Look struct {
	Number string
	Kind   LookKind
	Actor  Actor
	At     time.Time // of the first in the hour
}

// Look is Case for somebody's eyes: it puts on record that the actor has seen it, before they do.
func (d *Desk) Look(ctx context.Context, actor Actor, number string, kind LookKind) (Case, error) {
	c, err := d.Case(ctx, actor, number)
	if err != nil {
		return Case{}, err
	}
	look := Look{Number: number, Kind: kind, Actor: actor, At: d.now()}
	if err := d.store.Update(ctx, func(tx Tx) error { return tx.AddLook(ctx, look) }); err != nil {
		return Case{}, fmt.Errorf("record look at %s: %w", number, err)
	}
	return c, nil
}

// Looks lists who has looked at a case, the newest first, for those who watch over the others. Errors: ErrForbidden, ErrNotFound.
func (d *Desk) Looks(ctx context.Context, actor Actor, number string, limit int) ([]Look, error) {
	if !actor.May(DeedWatch) {
		return nil, ErrForbidden
	}
	if _, err := d.Case(ctx, actor, number); err != nil {
		return nil, err
	}
	return d.store.Looks(ctx, number, limit)
}

// ForgetLooks drops what is older than LooksKept.
func (d *Desk) ForgetLooks(ctx context.Context) error {
	return d.store.Update(ctx, func(tx Tx) error { return tx.ForgetLooks(ctx, d.now().Add(-LooksKept)) })
}
