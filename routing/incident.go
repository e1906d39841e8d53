package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Burst says when cases of one matter are a mass incident (群体性诉求): so many complainants within so long. The zero value: never.
type Burst struct {
	Complainants int
	Within       time.Duration
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
	if !actor.serves() {
		return nil, ErrForbidden
	}
	open, err := d.store.OpenIncidents(ctx)
	if err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	return open, nil
}

// gather makes the case just filed one of the mass incident that cases like it are, or raises one when it is the case that makes it a
// burst. It looks at cases of the window alone, whatever else is open; those of an incident that the office is done with count no more, so
// that a matter that goes on is raised anew. c is the case as it is then.
func (d *Desk) gather(ctx context.Context, tx Tx, c *Case) error {
	if d.burst.Complainants < 1 || len(c.Judgement.Matter) == 0 {
		return nil
	}
	for locked := false; ; locked = true {
		near, err := tx.Alike(ctx, Resemblance{Matter: c.Judgement.Matter, Except: c.Number, Since: c.FiledAt.Add(-d.burst.Within),
			Pending: true, Least: SameMatter, Limit: mostNear})
		if err != nil {
			return fmt.Errorf("look for a burst: %w", err)
		}
		if i := slices.IndexFunc(near, func(n Near) bool { return n.Incident != "" }); i >= 0 {
			return d.join(ctx, tx, near[i].Incident, c)
		}
		if complainants(*c, near) < d.burst.Complainants {
			return nil
		}
		if locked {
			return d.raise(ctx, tx, near, c)
		}
		// Somebody may be raising the same incident just now: wait, and look again.
		if err := tx.LockIncidents(ctx); err != nil {
			return err
		}
	}
}

// complainants counts whoever has filed the case and those like it.
func complainants(c Case, near []Near) int {
	who := map[string]bool{c.ComplainantID: true}
	for _, n := range near {
		who[n.ComplainantID] = true
	}
	return len(who)
}

// raise makes the office's task of the cases.
func (d *Desk) raise(ctx context.Context, tx Tx, near []Near, c *Case) error {
	t := Task{ID: NewID(), Kind: TaskIncident, CreatedAt: d.now()}
	if err := tx.InsertTask(ctx, t); err != nil {
		return fmt.Errorf("raise incident: %w", err)
	}
	for _, n := range near {
		member, err := tx.Case(ctx, n.Number)
		if err != nil {
			return fmt.Errorf("read case of an incident: %w", err)
		}
		if err := d.join(ctx, tx, t.ID, &member); err != nil {
			return err
		}
	}
	return d.join(ctx, tx, t.ID, c)
}

// joinTries is how often a case that somebody works on meanwhile is read again; its members of staff rarely cross twice.
const joinTries = 5

// join puts the case on the incident. The event decides nothing about the case: see Desk.stale.
func (d *Desk) join(ctx context.Context, tx Tx, incident string, c *Case) (err error) {
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
	if err := tx.JoinIncident(ctx, incident, c.Number); err != nil {
		return fmt.Errorf("put case on an incident: %w", err)
	}
	d.announce(tx, *c)
	tx.AfterCommit(func() { d.live.Publish(context.Background(), Update{}) })
	return nil
}
