package routing

import (
	"context"
	"errors"
	"fmt"
)

// openProblem opens a problem for a case alone.
func (d *Desk) openProblem(ctx context.Context, tx Tx, c Case) (Problem, error) {
	for range 20 { // as Desk.insert
		now := d.now()
		number, err := newProblemNumber(now)
		if err != nil {
			return Problem{}, err
		}
		e := ProblemEvent{ID: NewID(), Problem: number, Seq: 1, Action: ProblemBegin, At: now, Actor: System(), To: ProblemOpen,
			Data: ProblemData{Case: c.Number, Category: c.Category, Item: c.Item, Unit: c.Unit, Assisting: c.Assisting}}
		var p Problem
		p.Apply(e)
		switch err := tx.InsertProblem(ctx, p, e); {
		case errors.Is(err, ErrExists):
			continue
		case err != nil:
			return Problem{}, fmt.Errorf("open a problem for %s: %w", c.Number, err)
		}
		if err := tx.PutInProblem(ctx, c.Number, number, now); err != nil {
			return Problem{}, err
		}
		return p, nil
	}
	return Problem{}, fmt.Errorf("open a problem for %s: no free number: %w", c.Number, ErrConflict)
}

// follow keeps the ledger in step with a step just taken on a case: a case that is dispatched gets a problem, one that goes to another unit or
// leaves the process leaves it, one that must be redone opens it again.
func (d *Desk) follow(ctx context.Context, tx Tx, before, c Case, e Event) error {
	moved := e.From != e.To && (e.To == StateDispatched || !e.To.Open() || e.From == StateClosed || !e.From.Open())
	if !moved && before.Unit == c.Unit && before.Item == c.Item {
		return nil
	}
	var p Problem
	err := ErrNotFound // a case just filed
	if e.Seq > 1 {
		p, err = tx.ProblemOf(ctx, c.Number)
	}
	switch {
	case errors.Is(err, ErrNotFound):
		if c.Unit == "" || !c.State.Open() {
			return nil
		}
		return d.enter(ctx, tx, c)
	case err != nil:
		return fmt.Errorf("find the problem of %s: %w", c.Number, err)
	case !c.State.Open():
		return d.leave(ctx, tx, p, c, false)
	case p.Unit != c.Unit || p.Item != c.Item:
		if p, err = d.move(ctx, tx, p, c); err != nil || p.Number == "" {
			return err
		}
	}
	return d.reopen(ctx, tx, p, c)
}

// reopen opens a problem whose case is worked on again.
func (d *Desk) reopen(ctx context.Context, tx Tx, p Problem, c Case) error {
	action, data := ProblemReopen, ProblemData{Case: c.Number}
	switch {
	case p.State == ProblemOpen, p.State == ProblemApplied && c.State == StateClosed:
		return nil
	case p.State == ProblemStruckOff:
		action, data.Late = ProblemReturn, d.lateFor(p)
	}
	_, err := d.recordProblem(ctx, tx, System(), p, action, ProblemOpen, data)
	return err
}

// lateFor reports whether coming back now is too late to count.
func (d *Desk) lateFor(p Problem) bool { return d.now().Sub(p.StruckAt) > d.back }

// move lets the problem of a single case go where the case goes; a case of several leaves it for one of its own. It returns the problem if the
// case is still of it.
func (d *Desk) move(ctx context.Context, tx Tx, p Problem, c Case) (Problem, error) {
	cases, err := tx.ProblemCases(ctx, p.Number)
	if err != nil {
		return Problem{}, fmt.Errorf("read cases of %s: %w", p.Number, err)
	}
	switch {
	case without(p, cases, c.Number) == ProblemVoid:
		return d.recordProblem(ctx, tx, System(), p, ProblemMove, p.State,
			ProblemData{Case: c.Number, Category: c.Category, Item: c.Item, Unit: c.Unit, Assisting: c.Assisting})
	case p.Unit == c.Unit: // the others stay under the item
		return p, nil
	}
	if err := d.leave(ctx, tx, p, c, true); err != nil {
		return Problem{}, err
	}
	return Problem{}, d.enter(ctx, tx, c)
}

// leave takes note that a case has left the process, or goes to another unit.
func (d *Desk) leave(ctx context.Context, tx Tx, p Problem, c Case, elsewhere bool) error {
	cases, err := tx.ProblemCases(ctx, p.Number)
	if err != nil {
		return fmt.Errorf("read cases of %s: %w", p.Number, err)
	}
	data := ProblemData{Case: c.Number}
	if elsewhere {
		data.Unit = c.Unit
	}
	_, err = d.recordProblem(ctx, tx, System(), p, ProblemLeave, without(p, cases, c.Number), data)
	return err
}

// enter puts a case that was just dispatched on the ledger: it brings back a problem of its unit that was struck off not long ago, or opens
// one. A confidential case brings nothing back: that two cases are alike may tell the unit who complains.
func (d *Desk) enter(ctx context.Context, tx Tx, c Case) error {
	p, likeness, err := d.cameBack(ctx, tx, c)
	if err != nil {
		return fmt.Errorf("look whether %s came back: %w", c.Number, err)
	}
	if p.Number == "" {
		_, err := d.openProblem(ctx, tx, c)
		return err
	}
	if err := tx.PutInProblem(ctx, c.Number, p.Number, d.now()); err != nil {
		return err
	}
	_, err = d.recordProblem(ctx, tx, System(), p, ProblemReturn, ProblemOpen, ProblemData{Case: c.Number, Likeness: likeness})
	return err
}

// cameBack finds the problem that the case is about, among those of its unit that were struck off within the time; none: the zero Problem.
func (d *Desk) cameBack(ctx context.Context, tx Tx, c Case) (p Problem, likeness float64, err error) {
	if d.back <= 0 || c.Confidential {
		return Problem{}, 0, nil
	}
	m := c.Judgement.Matter
	if len(m) == 0 {
		if m, err = tx.MatterOf(ctx, c.Number); err != nil {
			if errors.Is(err, ErrNotFound) {
				err = nil
			}
			return Problem{}, 0, err
		}
	}
	since := d.now().Add(-d.back)
	near, err := tx.CameBack(ctx, Comeback{Matter: m, Unit: c.Unit, Since: since, Least: SameMatterOwn})
	if err != nil {
		return Problem{}, 0, err
	}
	for _, n := range near {
		if n.Likeness < SameMatter && n.ComplainantID != c.ComplainantID {
			continue
		}
		found, err := tx.ProblemOf(ctx, n.Number)
		if err == nil {
			err = tx.LockProblem(ctx, found.Number)
		}
		if err == nil {
			found, err = tx.Problem(ctx, found.Number) // as it is, now that nobody changes it
		}
		if err != nil {
			return Problem{}, 0, err
		}
		if found.State == ProblemStruckOff && found.Unit == c.Unit && !found.StruckAt.Before(since) {
			return found, n.Likeness, nil
		}
	}
	return Problem{}, 0, nil
}
