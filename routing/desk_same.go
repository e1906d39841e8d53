package routing

import (
	"context"
	"errors"
	"fmt"
)

// sameMatter places a complaint where the case lies that it is said to be the same as, and returns that case's number, "" when there is none, or one of the
// complainants wants to stay hidden: which cases belong together may tell the unit who complains. Error: *InvalidError.
func (d *Desk) sameMatter(ctx context.Context, tx Tx, actor Actor, c *Complaint) (number string, err error) {
	if c.SameAs == "" || !actor.May(DeedServe) {
		return "", nil
	}
	other, err := tx.Case(ctx, c.SameAs)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && !actor.CanSee(other):
		return "", invalid("same", "error.same_gone")
	case err != nil:
		return "", fmt.Errorf("load the case that it is the same as: %w", err)
	case other.Unit == "" || !other.State.Open():
		return "", invalid("same", "error.same_closed")
	}
	district := c.Judgement.District
	if district == "" {
		district = other.District
	}
	c.Placement = &Placement{Item: other.Item, Unit: other.Unit, District: district, Assisting: other.Assisting}
	if c.Confidential || other.Confidential {
		return "", nil
	}
	return other.Number, nil
}

// joinMatter makes a case that was just filed one of the problem of another, if that is worked on.
func (d *Desk) joinMatter(ctx context.Context, tx Tx, actor Actor, filed Case, same string) (Case, error) {
	own, err := tx.ProblemOf(ctx, filed.Number)
	if err != nil {
		return filed, orMissing(err, "find its problem")
	}
	to, err := tx.ProblemOf(ctx, same)
	if err != nil {
		return filed, orMissing(err, "find the other's problem")
	}
	if to.Number == own.Number {
		return filed, nil
	}
	if err := tx.LockProblem(ctx, to.Number); err != nil {
		return filed, err
	}
	if to, err = tx.Problem(ctx, to.Number); err != nil {
		return filed, fmt.Errorf("load problem: %w", err)
	}
	if to.State != ProblemOpen || to.Unit != own.Unit || own.State != ProblemOpen {
		return filed, nil // it stays a problem of its own; who checks them can still make them one
	}
	if _, err := d.merge(ctx, tx, actor, to, ProblemStep{Action: ProblemMerge, Problem: own.Number}); err != nil {
		return filed, fmt.Errorf("join problem %s: %w", to.Number, err)
	}
	if filed, err = tx.Case(ctx, filed.Number); err != nil {
		return filed, fmt.Errorf("load filed case: %w", err)
	}
	return filed, nil
}
