package report

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jiesu/routing"
)

// Press makes papers, keeps them and hands them out to who may read them.
type Press struct {
	store routing.Store
	plan  *routing.Plan
	words routing.Wording
	now   func() time.Time
}

// NewPress returns a press that counts what the store holds, under the plan.
func NewPress(store routing.Store, plan *routing.Plan, words routing.Wording, now func() time.Time) *Press {
	return &Press{store: store, plan: plan, words: words, now: now}
}

// Make counts the period anew and keeps the figures. by is who asked for it, "" for the system. Error: *routing.InvalidError for a period that
// hasn't begun.
func (p *Press) Make(ctx context.Context, period Period, by string) (Figures, error) {
	f, err := Compute(ctx, p.store, p.plan, period, p.now())
	if err != nil {
		return f, err
	}
	packed, err := f.pack()
	if err != nil {
		return f, err
	}
	kept := routing.Paper{Period: period.String(), Span: period.Span(), Until: f.Until, MadeAt: p.now(), MadeBy: by, Figures: packed}
	err = p.store.Update(ctx, func(tx routing.Tx) error { return tx.PutPaper(ctx, kept) })
	if err != nil {
		return f, fmt.Errorf("keep papers of %s: %w", period, err)
	}
	return f, nil
}

// MakeDue makes the papers of the last week, month and quarter that are over, where they weren't made yet or were made before the period
// was over. So a server that was down on a Monday makes them when it is up again.
func (p *Press) MakeDue(ctx context.Context) error {
	var failed []error
	for _, kind := range Kinds() {
		period := PeriodOf(kind, p.now()).Before()
		kept, err := p.store.Paper(ctx, period.String())
		switch {
		case errors.Is(err, routing.ErrNotFound):
		case err != nil:
			failed = append(failed, fmt.Errorf("look for papers of %s: %w", period, err))
			continue
		case !kept.Until.Before(kept.Span.To):
			continue
		}
		if _, err := p.Make(ctx, period, ""); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// Figures are the kept figures of the period. Error: ErrNotFound of routing when none were made.
func (p *Press) Figures(ctx context.Context, period Period) (Figures, error) {
	kept, err := p.store.Paper(ctx, period.String())
	if err != nil {
		return Figures{}, fmt.Errorf("papers of %s: %w", period, err)
	}
	return unpack(kept.Figures)
}

// Document is the paper of the scope as the actor may read it. Errors: ErrForbidden, ErrNotFound of routing.
func (p *Press) Document(ctx context.Context, a routing.Actor, period Period, s Scope) (Document, error) {
	full, public := MayRead(a, s)
	if !public {
		return Document{}, routing.ErrForbidden
	}
	f, err := p.Figures(ctx, period)
	if err != nil {
		return Document{}, err
	}
	return Write(f, s, p.plan, p.words, full), nil
}

// Numbers finds the cases behind a figure of the scope's paper. Errors: ErrForbidden, ErrNotFound of routing.
func (p *Press) Numbers(ctx context.Context, a routing.Actor, period Period, s Scope, f Figure, of Place) ([]Counted, error) {
	if full, _ := MayRead(a, s); !full {
		return nil, routing.ErrForbidden
	}
	kept, err := p.store.Paper(ctx, period.String())
	if err != nil {
		return nil, fmt.Errorf("papers of %s: %w", period, err)
	}
	filter, ok := s.within(of)
	if !ok {
		return nil, fmt.Errorf("cases outside of %s: %w", s, routing.ErrNotFound)
	}
	return Numbers(ctx, p.store, p.plan, period, kept.Until, f, filter)
}

// within is the place narrowed to the scope. False: the place lies outside.
func (s Scope) within(p Place) (Place, bool) {
	own := s.Place()
	for _, f := range []struct {
		mine string
		of   *string
	}{{own.Category, &p.Category}, {own.Unit, &p.Unit}, {own.District, &p.District}} {
		if f.mine == "" {
			continue
		}
		if *f.of != "" && *f.of != f.mine {
			return p, false
		}
		*f.of = f.mine
	}
	return p, true
}

// Papers lists what was made, the latest first.
func (p *Press) Papers(ctx context.Context, limit int) ([]routing.Paper, error) {
	return p.store.Papers(ctx, limit)
}
