package routing

import (
	"context"
	"fmt"
	"time"
)

// Clocks returns every clock of the case as it stands now, in the order of their starts. ErrNotFound as Case. Without a timetable there are
// none.
func (d *Desk) Clocks(ctx context.Context, actor Actor, number string) ([]Clock, error) {
	c, err := d.store.Case(ctx, number)
	if err != nil {
		return nil, err
	}
	if !actor.CanSee(c) {
		return nil, ErrNotFound
	}
	if d.plan.Timetable == nil || c.WithheldFrom(actor) {
		return nil, nil
	}
	events, err := d.store.Events(ctx, number)
	if err != nil {
		return nil, fmt.Errorf("read timeline of %s: %w", number, err)
	}
	return d.clocks(c, events), nil
}

func (d *Desk) clocks(c Case, events []Event) []Clock {
	return d.plan.Timetable.Clocks(d.plan, c.Channel, events, d.nowAfter(events))
}

// nowAfter is the present, which no event lies behind: another server's clock may be ahead of ours, and its events still count.
func (d *Desk) nowAfter(events []Event) time.Time {
	now := d.now()
	for _, e := range events {
		now = later(now, e.At)
	}
	return now
}

// wind projects the case's clocks onto its row, as its events leave them.
func (d *Desk) wind(c *Case, events []Event) {
	if d.plan.Timetable != nil {
		c.Clock = d.plan.Timetable.Summary(d.clocks(*c, events), d.nowAfter(events))
	}
}

// record stores an event and the case as it leaves it.
func (d *Desk) record(ctx context.Context, tx Tx, c *Case, e Event) error {
	if d.plan.Timetable != nil {
		past, err := tx.Events(ctx, c.Number)
		if err != nil {
			return fmt.Errorf("read timeline of %s: %w", c.Number, err)
		}
		d.wind(c, append(past, e))
	}
	return d.update(ctx, tx, *c, e)
}

// update stores the case with its event, and what outside systems are to be told of it.
func (d *Desk) update(ctx context.Context, tx Tx, c Case, e Event) error {
	if err := tx.UpdateCase(ctx, c, e); err != nil {
		return err
	}
	return d.hook(ctx, tx, c, e)
}

// checkOvertaken is ErrConflict when somebody has acted since the version. What the system enters overtakes nobody: whoever was writing an
// answer when the case was urged by its clock, or joined with others of the same matter, decided on the same facts.
func (d *Desk) checkOvertaken(ctx context.Context, tx Tx, actor Actor, c Case, version int64) error {
	if version > c.Version || version < 0 {
		return ErrConflict
	}
	events, err := tx.Events(ctx, c.Number)
	if err != nil {
		return fmt.Errorf("read timeline of %s: %w", c.Number, err)
	}
	var overtaken bool
	var since []Event
	for _, e := range events {
		if e.Seq <= version {
			continue
		}
		overtaken = overtaken || e.Data.Clock == nil && e.Action != ActionJoin && e.Action != ActionMerge && e.Action != ActionSplit
		if e.VisibleTo(actor) {
			since = append(since, e.View(actor, c))
		}
	}
	if overtaken {
		return &OvertakenError{Since: since}
	}
	return nil
}

// DueTicks lists cases for which something is due that nobody does; TickIn does it.
func (d *Desk) DueTicks(ctx context.Context, limit int) ([]string, error) {
	return d.store.DueTicks(ctx, d.now(), limit)
}

// Tick climbs the ladder for a case in a transaction of its own; see TickIn.
func (d *Desk) Tick(ctx context.Context, number string) (rungs int, err error) {
	err = d.store.Update(ctx, func(tx Tx) error {
		rungs, err = d.TickIn(ctx, tx, number)
		return err
	})
	return rungs, err
}

// TickIn writes down what the case's clocks have come to: near the limit its unit is warned, over it the case is urged, then supervised, then
// named in the bulletin. Each is an event by the system, which says which clock it is for, so that it happens once whoever ticks, and how
// often. It returns how many events it wrote. These steps are not in the table of transitions: a clock may run in any open state.
func (d *Desk) TickIn(ctx context.Context, tx Tx, number string) (int, error) {
	c, err := tx.Case(ctx, number)
	if err != nil || d.plan.Timetable == nil {
		return 0, err
	}
	events, err := tx.Events(ctx, number)
	if err != nil {
		return 0, fmt.Errorf("read timeline of %s: %w", number, err)
	}
	now, written := d.now(), 0
	for r, due := d.dueRung(c, events, now); due; r, due = d.dueRung(c, events, now) {
		e := Event{ID: NewID(), Case: number, Seq: c.Version + 1, Action: r.Action, At: now, Actor: System(), From: c.State, To: c.State,
			Data: EventData{Internal: c.Supervised, // the complainant hears once that it is supervised, however many clocks are late
				Clock: &ClockMark{Kind: r.Clock.Kind, Since: r.Clock.Since, Due: r.Clock.Due}}}
		c.Apply(e, d.plan)
		events = append(events, e)
		d.wind(&c, events)
		if err := d.update(ctx, tx, c, e); err != nil {
			return 0, err
		}
		if err := d.notify(ctx, tx, c, e); err != nil {
			return 0, err
		}
		written++
	}
	if written == 0 {
		d.wind(&c, events)
		return 0, tx.SetClock(ctx, number, c.Version, c.Clock)
	}
	d.announce(tx, c)
	return written, nil
}

// dueRung is the earliest rung that is due.
func (d *Desk) dueRung(c Case, events []Event, now time.Time) (first Rung, due bool) {
	for _, clock := range d.clocks(c, events) {
		r, ok := d.plan.Timetable.next(clock, now)
		if ok && !r.At.After(now) && (!due || r.At.Before(first.At)) {
			first, due = r, true
		}
	}
	return first, due
}
