package routing

import (
	"context"
	"fmt"
)

// MaxExport is how many cases one export has at most.
const MaxExport = 100_000

// exportPage is how many cases are read at once while exporting.
const exportPage = 200

// Exported is the case for a file that leaves the house: nobody's name or telephone number, also where somebody wrote them into a text; of
// a confidential case not the enterprise either, whoever exports it.
func (c Case) Exported() Case {
	shown := c.Contact.Enterprise
	hushed := c
	if !c.Confidential { // the enterprise may be named, and so is it in its own words
		hushed.Contact.Enterprise = ""
		if e := c.Judgement.Entities; e != nil {
			people := *e
			people.Enterprise = ""
			hushed.Judgement.Entities = &people
		}
	}
	out := c
	out.Text, out.Reply = hushed.hush(c.Text), hushed.hush(c.Reply)
	out.Contact, out.ComplainantID, out.Token, out.Source, out.ExternalID = Contact{}, "", "", "", ""
	out.Judgement = Judgement{}
	if !c.Confidential {
		out.Contact.Enterprise = shown
	}
	return out
}

// Export tells of every case that the actor may see of what the query selects, in its order and as it may leave the house, MaxExport at most.
// It returns how many there were and whether there are more. An error of each ends it.
func (d *Desk) Export(ctx context.Context, actor Actor, q Query, each func(Case) error) (n int, more bool, err error) {
	if !actor.Role.Valid() {
		return 0, false, ErrForbidden
	}
	q.Visible, q.Cursor, q.Limit = actor, "", exportPage
	for {
		cases, next, err := d.store.Cases(ctx, q)
		if err != nil {
			return n, false, fmt.Errorf("read cases to export: %w", err)
		}
		for _, c := range cases {
			if err := each(c.Exported()); err != nil {
				return n, false, err
			}
			if n++; n == MaxExport {
				return n, next != "" || c.Number != cases[len(cases)-1].Number, nil
			}
		}
		if next == "" {
			return n, false, nil
		}
		q.Cursor = next
	}
}
