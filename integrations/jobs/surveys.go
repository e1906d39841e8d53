package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"jiesu/routing"
)

// Surveys follows up those who haven't said how an answer turned out: one reminder, then an operator's call. What is due, and that it is
// working hours, the desk says.
type Surveys struct {
	desk  *routing.Desk
	words routing.Wording
	log   *slog.Logger
	count *prometheus.CounterVec
}

// NewSurveys returns what follows up. The registerer may be nil. Run FollowUp as a Periodic.
func NewSurveys(desk *routing.Desk, words routing.Wording, log *slog.Logger, reg prometheus.Registerer) (*Surveys, error) {
	s := &Surveys{desk: desk, words: words, log: log, count: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jiesu_surveys_total",
		Help: "Surveys that were followed up, by the stage they came to."}, []string{"stage"})}
	if reg == nil {
		return s, nil
	}
	if err := reg.Register(s.count); err != nil {
		return nil, fmt.Errorf("register metrics of surveys: %w", err)
	}
	return s, nil
}

// FollowUp does all that is due. A case that somebody else changes meanwhile, or that fails, is left for the next beat; it keeps no other
// case waiting. The error joins the failures.
func (s *Surveys) FollowUp(ctx context.Context) error {
	seen := map[string]bool{}
	var failed []error
	for ctx.Err() == nil {
		due, err := s.desk.DueSurveys(ctx, tickBatch+len(failed))
		if err != nil {
			return errors.Join(append(failed, fmt.Errorf("look for due surveys: %w", err))...)
		}
		fresh := false
		for _, number := range due {
			if seen[number] {
				continue
			}
			seen[number], fresh = true, true
			stage, err := s.desk.FollowUp(ctx, number, s.words.Text("survey.call"))
			switch {
			case errors.Is(err, routing.ErrConflict): // answered, or followed up by another process
			case err != nil:
				failed = append(failed, err)
			case stage != "":
				s.count.WithLabelValues(string(stage)).Inc()
				s.log.InfoContext(ctx, "survey followed up", "number", number, "stage", stage)
			}
		}
		if !fresh {
			return errors.Join(failed...)
		}
	}
	return errors.Join(append(failed, ctx.Err())...)
}
