package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"jiesu/routing"
)

const (
	// tickBatch is how many due cases are listed at a time. Only those are read, however many cases there are.
	tickBatch = 500
	// tickers is how many cases are ticked at the same time, each in a transaction of its own; on SQLite they share a commit.
	tickers = 16
)

// Clocks ticks the clocks of open cases: near a limit the unit is warned, over it the case is urged, supervised and named.
type Clocks struct {
	desk  *routing.Desk
	log   *slog.Logger
	rungs prometheus.Counter
}

// NewClocks returns what ticks. The registerer may be nil. Run Tick as a Periodic.
func NewClocks(desk *routing.Desk, log *slog.Logger, reg prometheus.Registerer) (*Clocks, error) {
	c := &Clocks{desk: desk, log: log, rungs: prometheus.NewCounter(prometheus.CounterOpts{Name: "jiesu_clock_rungs_total",
		Help: "Warnings, urgings, supervisions and namings written by the clocks."})}
	if reg == nil {
		return c, nil
	}
	if err := reg.Register(c.rungs); err != nil {
		return nil, fmt.Errorf("register metrics of clocks: %w", err)
	}
	return c, nil
}

// Tick does all that is due. A case that somebody else changes meanwhile, or that fails, is left for the next beat; it keeps no other case
// waiting. The error joins the failures.
func (c *Clocks) Tick(ctx context.Context) error {
	seen := map[string]bool{}
	var failed []error
	for {
		due, err := c.desk.DueTicks(ctx, tickBatch+len(failed))
		if err != nil {
			return errors.Join(append(failed, fmt.Errorf("look for due clocks: %w", err))...)
		}
		var fresh []string
		for _, number := range due {
			if !seen[number] {
				seen[number] = true
				fresh = append(fresh, number)
			}
		}
		if len(fresh) == 0 {
			return errors.Join(failed...)
		}
		failed = append(failed, c.tickAll(ctx, fresh)...)
		if err := ctx.Err(); err != nil {
			return errors.Join(append(failed, err)...)
		}
	}
}

func (c *Clocks) tickAll(ctx context.Context, numbers []string) (failed []error) {
	var g errgroup.Group
	g.SetLimit(tickers)
	errs := make([]error, len(numbers))
	for i, number := range numbers {
		g.Go(func() error {
			rungs, err := c.desk.Tick(ctx, number)
			if err != nil {
				errs[i] = fmt.Errorf("tick clocks of %s: %w", number, err)
			}
			if rungs > 0 {
				c.rungs.Add(float64(rungs))
				c.log.InfoContext(ctx, "clocks climbed", "number", number, "rungs", rungs)
			}
			return nil
		})
	}
	_ = g.Wait() // the errors are in errs
	for i, err := range errs {
		switch {
		case errors.Is(err, routing.ErrConflict): // its own step has reckoned its clocks anew
		case err != nil:
			failed = append(failed, errs[i])
		}
	}
	return failed
}
