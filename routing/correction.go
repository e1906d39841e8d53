package routing

import (
	"context"
	"fmt"
)

// Correction is a complaint that a person placed otherwise than the judge did: a row to learn from. Text is without names and telephone
// numbers.
type Correction struct {
	Text, Item, Unit, District string
}

// Corrections gives every case that a person has placed, and not where the judge wanted it, to each, oldest last. What is still in triage
// or was refused by its unit and not decided yet teaches nothing.
func (d *Desk) Corrections(ctx context.Context, each func(Correction) error) error {
	q := Query{Visible: System(), Limit: 200}
	for {
		cases, next, err := d.store.Cases(ctx, q)
		if err != nil {
			return fmt.Errorf("read corrected cases: %w", err)
		}
		for _, c := range cases {
			if !c.corrected() {
				continue
			}
			if err := each(Correction{c.hush(c.Text), c.Item, c.Unit, c.District}); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		q.Cursor = next
	}
}

// corrected: a person's placement has full confidence, and differs from the judgement.
func (c Case) corrected() bool {
	decided := c.Confidence == 1 && c.State != StateTriage && c.State != StateRefused
	return !c.Restricted && decided && (c.Item != c.Judgement.Item || c.Unit != c.Judgement.Unit) && (c.Item == Other) == (c.Unit == "")
}
