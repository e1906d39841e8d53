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
	// Failed is told of a case that was filed and then could not be compared with others; the next one like it takes it along. nil: nobody is.
	Failed func(number string, err error)
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

// compare compares the case with others once it is on record: whoever files doesn't make everybody else wait for that.
func (d *Desk) compare(ctx context.Context, tx Tx, c Case) {
	if d.burst.Complainants < 1 || len(c.Judgement.Matter) == 0 {
		return
	}
	tx.AfterCommit(func() {
		if err := d.gather(context.WithoutCancel(ctx), c); err != nil && d.burst.Failed != nil {
			d.burst.Failed(c.Number, err)
		}
	})
}

// gather makes the case just filed one of the mass incident that cases like it are, or raises one when it is the case that makes it a
// burst. It looks at cases of the window alone, whatever else is open; those of an incident that the office is done with count no more, so
// that a matter that goes on is raised anew.
func (d *Desk) gather(ctx context.Context, c Case) error {
	near, err := d.near(ctx, d.store, c)
	if err != nil || !d.bursts(near) {
		return err
	}
	return d.store.Update(ctx, func(tx Tx) error {
		if incidentOf(near) == "" { // somebody may be raising the same incident just now: wait, and look again
			if err := tx.LockIncidents(ctx); err != nil {
				return err
			}
			if near, err = d.near(ctx, tx, c); err != nil || !d.bursts(near) {
				return err
			}
		}
		return d.raise(ctx, tx, near)
	})
}

// near are the case and those like it.
func (d *Desk) near(ctx context.Context, r Reader, c Case) ([]Near, error) {
	near, err := r.Alike(ctx, Resemblance{Matter: c.Judgement.Matter, Since: c.FiledAt.Add(-d.burst.Within), Pending: true, Newest: newestOfBurst, Least: SameMatter, Limit: mostNear})
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

// raise puts the cases on the incident that one of them is of, else on a new one, which is a task of the office.
func (d *Desk) raise(ctx context.Context, tx Tx, near []Near) error {
	t := Task{ID: NewID(), Kind: TaskIncident, CreatedAt: d.now()}
	if known := incidentOf(near); known != "" {
		t.ID = known
	} else if err := tx.InsertTask(ctx, t); err != nil {
		return fmt.Errorf("raise incident: %w", err)
	}
	slices.SortFunc(near, func(a, b Near) int { return strings.Compare(a.Number, b.Number) }) // in one order, so that no two wait for each other
	for _, n := range near {
		if n.Incident != "" {
			continue
		}
		member, err := tx.Case(ctx, n.Number)
		if err != nil {
			return fmt.Errorf("read case of an incident: %w", err)
		}
		if err := d.join(ctx, tx, t.ID, &member); err != nil {
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
