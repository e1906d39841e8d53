package routing

import (
	"context"
	"fmt"
	"time"
)

// PublishedQuery selects cases that everybody may read. Empty fields don't restrict.
type PublishedQuery struct {
	Numbers     []string
	Items       []string
	Open        *bool // open or closed
	FiledFrom   time.Time
	FiledTo     time.Time // not in it
	UpdatedFrom time.Time
	Offset      int
	Limit       int // 1 to 1000
}

// IsPublic reports whether everybody may read the complaint: its complainant agreed, wishes not to stay hidden, and no criminal or discipline body has
// it.
func (c Case) IsPublic() bool { return c.Published && !c.Confidential && !c.Restricted }

// Published lists the cases that everybody may read, newest first, as everybody may read them.
func (d *Desk) Published(ctx context.Context, q PublishedQuery) ([]Case, error) {
	cases, err := d.store.Published(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list published cases: %w", err)
	}
	for i, c := range cases {
		cases[i] = c.public()
	}
	return cases, nil
}

// public is the case as everybody may read it: nobody's name, number or enterprise in it.
func (c Case) public() Case {
	c.Reply = c.hush(c.Reply) // while the case still knows who complains
	c = c.hidden()
	c.Judgement, c.Points, c.Token, c.Source, c.ExternalID, c.Rating = Judgement{}, nil, "", "", "", nil
	return c
}

// PublishedCase is one of them. ErrNotFound: there is none, or not everybody may read it.
func (d *Desk) PublishedCase(ctx context.Context, number string) (Case, error) {
	c, err := d.store.Case(ctx, number)
	if err != nil {
		return Case{}, err
	}
	if !c.IsPublic() {
		return Case{}, ErrNotFound
	}
	return c.public(), nil
}

// FiledCase is a case that the actor has filed, as everybody could read it if it were public. ErrNotFound: there is none of theirs.
func (d *Desk) FiledCase(ctx context.Context, actor Actor, number string) (Case, error) {
	c, err := d.store.Case(ctx, number)
	if err != nil {
		return Case{}, err
	}
	if actor.ID == "" || c.Source != actor.ID || c.Restricted {
		return Case{}, ErrNotFound
	}
	return c.public(), nil
}

// PublicUpdate is something that happened to a case, as everybody may read it.
type PublicUpdate struct {
	ID     string // of the event
	Case   string
	Action Action
	At     time.Time
	To     State
	Text   string // of an answer, without anybody in it
}

// PublishedUpdates lists what happened to a case that everybody may read in the span. Steps between units and the office are left out.
func (d *Desk) PublishedUpdates(ctx context.Context, number string, span Span) ([]PublicUpdate, error) {
	c, err := d.store.Case(ctx, number)
	if err != nil {
		return nil, err
	}
	if !c.IsPublic() {
		return nil, ErrNotFound
	}
	events, err := d.store.Events(ctx, number)
	if err != nil {
		return nil, fmt.Errorf("read timeline of %s: %w", number, err)
	}
	reader := Actor{Role: RoleComplainant, ID: c.ComplainantID}
	var list []PublicUpdate
	for _, e := range events {
		if e.Action == ActionFile || e.Data.Internal || !e.VisibleTo(reader) || !span.Has(e.At) {
			continue
		}
		u := PublicUpdate{ID: e.ID, Case: number, Action: e.Action, At: e.At, To: e.To}
		if e.Action == ActionReply {
			u.Text = c.hush(e.Data.answer())
		}
		list = append(list, u)
	}
	return list, nil
}
