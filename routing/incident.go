package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Burst says when cases of one matter are a mass incident (群体性诉求): so many complainants within so long. The zero value: never.
type Burst struct {
	Complainants int
	Within       time.Duration
}

// Uncompared is a case just filed that has not been held against others.
type Uncompared struct {
	Number  string
	FiledAt time.Time
	Matter  Matter
}

// Incident is a mass incident, with its cases by number. It is a task of the office.
type Incident struct {
	Task
	Cases []string
}

// WithBurst returns the desk, watching for mass incidents from now on.
func (d *Desk) WithBurst(b Burst) *Desk {
	watching := *d
	watching.burst = b
	return &watching
}

// Incidents lists the mass incidents that the office has still to see to, oldest first, for those who may see every case. Error: ErrForbidden.
func (d *Desk) Incidents(ctx context.Context, actor Actor) ([]Incident, error) {
	if !actor.May(DeedServe) {
		return nil, ErrForbidden
	}
	open, err := d.store.OpenIncidents(ctx)
	if err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	return open, nil
}

const (
	// gatherBatch is how many cases just filed are looked at in a beat: more than a city files, and little enough that in a storm, which files more, those who
	// wait for an answer don't wait for this.
	gatherBatch = 200
	// joinBatch is how many cases are put on an incident in one transaction, for which everybody who files waits.
	joinBatch = 5
)

// Gather holds cases just filed against others and puts those of a mass incident together. It is a chore, to be called every few seconds: who files doesn't
// wait for it, and in a burst the first case that is looked at takes the others along. One that fails comes again; the error joins the failures.
func (d *Desk) Gather(ctx context.Context) error {
	fresh, err := d.store.Uncompared(ctx, gatherBatch)
	if err != nil {
		return err
	}
	var failed []error
	var done []string
	joined := map[string]bool{}
	for _, c := range fresh {
		if ctx.Err() != nil {
			break
		}
		if !joined[c.Number] {
			near, err := d.gather(ctx, c)
			if err != nil {
				failed = append(failed, fmt.Errorf("hold %s against others: %w", c.Number, err))
				continue
			}
			for _, n := range near {
				joined[n.Number] = true
			}
		}
		done = append(done, c.Number)
	}
	if len(done) > 0 {
		err = d.store.Update(context.WithoutCancel(ctx), func(tx Tx) error { return tx.Compared(ctx, done) })
	}
	return errors.Join(append(failed, err)...)
}

// gather makes the case one of the mass incident that cases like it are, or raises one when there are enough to make a burst, and returns the cases that
// are on it now. It looks at cases of the window alone, whatever else is open; those of an incident that the office is done with count no more, so that a
// matter that goes on is raised anew.
func (d *Desk) gather(ctx context.Context, c Uncompared) ([]Near, error) {
	if d.burst.Complainants < 1 {
		return nil, nil
	}
	near, err := d.near(ctx, d.store, c)
	if err != nil || !d.bursts(near) {
		return nil, err
	}
	incident := incidentOf(near)
	if incident == "" {
		err = d.store.Update(ctx, func(tx Tx) error {
			if err := tx.LockIncidents(ctx); err != nil { // somebody may be raising the same incident just now: wait, and look again
				return err
			}
			if near, err = d.near(ctx, tx, c); err != nil || !d.bursts(near) {
				near = nil
				return err
			}
			if incident = incidentOf(near); incident != "" {
				return nil
			}
			// The first cases come with it, so that whoever looks next finds it by them.
			incident = NewID()
			if err := tx.InsertTask(ctx, Task{ID: incident, Kind: TaskIncident, CreatedAt: d.now()}); err != nil {
				return fmt.Errorf("raise incident: %w", err)
			}
			return d.joinAll(ctx, tx, incident, near[:min(len(near), joinBatch)])
		})
	}
	for rest := near; err == nil && len(rest) > 0; rest = rest[min(len(rest), joinBatch):] {
		err = d.store.Update(ctx, func(tx Tx) error { return d.joinAll(ctx, tx, incident, rest[:min(len(rest), joinBatch)]) })
	}
	return near, err
}

// near are the case and those like it.
func (d *Desk) near(ctx context.Context, r Reader, c Uncompared) ([]Near, error) {
	near, err := r.Alike(ctx, Resemblance{Matter: c.Matter, Since: c.FiledAt.Add(-d.burst.Within), Pending: true, Newest: newestOfBurst, Least: SameMatter, Limit: mostNear})
	if err != nil {
		return nil, fmt.Errorf("look for a burst: %w", err)
	}
	return near, nil
}

// bursts reports whether something is to be put on an incident: one that some of the cases are of, or a new one of so many complainants.
func (d *Desk) bursts(near []Near) bool {
	known, who := 0, map[string]bool{}
	for _, n := range near {
		who[n.ComplainantID] = true
		if n.Incident != "" {
			known++
		}
	}
	return known < len(near) && (known > 0 || len(who) >= d.burst.Complainants)
}

// incidentOf is the incident that one of the cases is of, "" for none.
func incidentOf(near []Near) string {
	for _, n := range near {
		if n.Incident != "" {
			return n.Incident
		}
	}
	return ""
}

// joinAll puts the cases on the incident that are on none, in one order, so that no two wait for each other.
func (d *Desk) joinAll(ctx context.Context, tx Tx, incident string, near []Near) error {
	inOrder := slices.SortedFunc(slices.Values(near), func(a, b Near) int { return strings.Compare(a.Number, b.Number) })
	for _, n := range inOrder {
		if n.Incident != "" {
			continue
		}
		member, err := tx.Case(ctx, n.Number)
		if err != nil {
			return fmt.Errorf("read case of an incident: %w", err)
		}
		if err := d.join(ctx, tx, incident, &member); err != nil {
			return err
		}
	}
	return nil
}

// joinTries is how often a case that somebody works on meanwhile is read again; its members of staff rarely cross twice.
const joinTries = 5

// join puts the case on the incident, unless somebody has put it on one meanwhile. The event decides nothing about the case: see Desk.checkOvertaken.
func (d *Desk) join(ctx context.Context, tx Tx, incident string, c *Case) (err error) {
	if err := tx.JoinIncident(ctx, incident, c.Number); errors.Is(err, ErrExists) {
		return nil
	} else if err != nil {
		return fmt.Errorf("put case on an incident: %w", err)
	}
	for range joinTries {
		next := *c
		e := Event{ID: NewID(), Case: c.Number, Seq: c.Version + 1, Action: ActionJoin, At: d.now(), Actor: System(), From: c.State, To: c.State,
			Data: EventData{Incident: incident}}
		next.Apply(e, d.plan)
		if err = d.update(ctx, tx, next, e); err == nil {
			*c = next
			break
		}
		if !errors.Is(err, ErrConflict) {
			return fmt.Errorf("put case on an incident: %w", err)
		}
		if *c, err = tx.Case(ctx, c.Number); err != nil {
			return fmt.Errorf("read case of an incident: %w", err)
		}
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("put case on an incident: %w", err)
	}
	d.announce(tx, *c)
	tx.AfterCommit(func() { d.live.Publish(context.Background(), Update{}) })
	return nil
}
