package routing

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// Case returns the case as the actor may see it. ErrNotFound: there is none, or the actor may not know of it.
func (d *Desk) Case(ctx context.Context, actor Actor, number string) (Case, error) {
	c, err := d.store.Case(ctx, number)
	if err != nil {
		return Case{}, err
	}
	if !actor.CanSee(c) {
		return Case{}, ErrNotFound
	}
	return c.View(actor), nil
}

// CaseIn is Case within the caller's transaction.
func (d *Desk) CaseIn(ctx context.Context, tx Tx, actor Actor, number string) (Case, error) {
	c, err := tx.Case(ctx, number)
	if err != nil {
		return Case{}, err
	}
	if !actor.CanSee(c) {
		return Case{}, ErrNotFound
	}
	return c.View(actor), nil
}

// CaseByToken opens the complainant's page: the case, and the complainant as an actor.
func (d *Desk) CaseByToken(ctx context.Context, token string) (Case, Actor, error) {
	c, err := d.store.CaseByToken(ctx, token)
	if err != nil {
		return Case{}, Actor{}, err
	}
	actor := Actor{Role: RoleComplainant, ID: c.ComplainantID}
	return c.View(actor), actor, nil
}

// Timeline returns the events of a case that the actor may see, oldest first, each as they may see it (Event.View).
func (d *Desk) Timeline(ctx context.Context, actor Actor, number string) ([]Event, error) {
	c, err := d.store.Case(ctx, number)
	if err != nil {
		return nil, err
	}
	if !actor.CanSee(c) {
		return nil, ErrNotFound
	}
	all, err := d.store.Events(ctx, number)
	if err != nil {
		return nil, fmt.Errorf("read timeline of %s: %w", number, err)
	}
	var list []Event
	for _, e := range all {
		if c.WithheldFrom(actor) && e.Action != ActionTransfer {
			continue
		}
		if e.VisibleTo(actor) {
			list = append(list, e.View(actor, c))
		}
	}
	return list, nil
}

// Cases lists what the actor may see of what the query selects.
func (d *Desk) Cases(ctx context.Context, actor Actor, q Query) ([]Case, string, error) {
	q.Visible = actor
	cases, next, err := d.store.Cases(ctx, q)
	if err != nil {
		return nil, "", fmt.Errorf("list cases: %w", err)
	}
	for i := range cases {
		cases[i] = cases[i].View(actor)
	}
	return cases, next, nil
}

// CasesOfCaller lists what somebody known by their telephone alone has called about, whoever has the cases by now, the newest first.
func (d *Desk) CasesOfCaller(ctx context.Context, actor Actor, complainantID string, limit int) ([]Case, error) {
	cases, _, err := d.Cases(ctx, actor, Query{ComplainantID: complainantID, Limit: limit})
	if err != nil {
		return nil, err
	}
	given, err := d.store.CasesCalled(ctx, complainantID, limit)
	if err != nil {
		return nil, fmt.Errorf("list cases that were given away: %w", err)
	}
	for _, c := range given {
		if actor.CanSee(c) {
			cases = append(cases, c.View(actor))
		}
	}
	slices.SortFunc(cases, func(a, b Case) int {
		return cmp.Or(b.FiledAt.Compare(a.FiledAt), strings.Compare(b.Number, a.Number))
	})
	return cases[:min(len(cases), limit)], nil
}

// Counts counts by state what the actor may see of what the query selects.
func (d *Desk) Counts(ctx context.Context, actor Actor, q Query) (map[State]int, error) {
	q.Visible = actor
	return d.store.CountByState(ctx, q)
}

// Doubted counts the other cases of the complainant of a case, as the actor sees it, that are marked as made up. Errors: ErrForbidden (units, complainants).
func (d *Desk) Doubted(ctx context.Context, actor Actor, c Case) (int, error) {
	if !actor.May(DeedServe) {
		return 0, ErrForbidden
	}
	return d.store.CountDoubted(ctx, c.ComplainantID, c.Number)
}

// Reveal returns the unmasked contact and puts on record who looked and why. A unit never sees that of a confidential case.
func (d *Desk) Reveal(ctx context.Context, actor Actor, number, reason string) (Contact, error) {
	var contact Contact
	err := d.store.Update(ctx, func(tx Tx) error {
		c, err := d.ActIn(ctx, tx, actor, number, Step{Action: ActionReveal, Note: reason})
		if err != nil {
			return err
		}
		if actor.Role == RoleUnit && c.Confidential {
			return ErrForbidden
		}
		contact = c.Contact
		return nil
	})
	return contact, err
}
