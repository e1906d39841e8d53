package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jiesu/routing"
)

func testSurveys(t *testing.T, s routing.Store) {
	ctx := t.Context()
	complainant(t, s, "1")
	c, other := file(t, s, 1, "1", nil), file(t, s, 2, "1", nil)
	survey := func(number string, round int64, due time.Duration) routing.Survey {
		return routing.Survey{CaseNumber: number, Round: round, Stage: routing.SurveyAsked, AskedAt: stored(noon), NextAt: stored(noon.Add(due)), ChangedAt: stored(noon)}
	}
	first, second, late := survey(c.Number, 4, 0), survey(c.Number, 9, 2*time.Hour), survey(other.Number, 3, time.Hour)
	first.NextAt, first.Stage, first.Reason = time.Time{}, routing.SurveySkipped, routing.SurveyRedone
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertSurvey(ctx, second), tx.InsertSurvey(ctx, first), tx.InsertSurvey(ctx, late))
	})
	got, err := s.SurveysOf(ctx, c.Number)
	want(t, "surveys of a case", got, err, []routing.Survey{first, second})
	if got, err = s.SurveysOf(ctx, "JS20260101-000000"); err != nil || len(got) != 0 {
		t.Errorf("surveys of no case: %v, %v", got, err)
	}
	wantErr(t, "the same round", writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertSurvey(ctx, first) }), routing.ErrExists)
	for _, due := range []struct {
		after time.Duration
		limit int
		want  []string
	}{{0, 10, nil}, {time.Hour, 10, []string{other.Number}}, {3 * time.Hour, 10, []string{other.Number, c.Number}}, {3 * time.Hour, 1, []string{other.Number}}} {
		numbers, err := s.DueSurveys(ctx, stored(noon.Add(due.after)), due.limit)
		want(t, "due "+due.after.String(), numbers, err, due.want)
	}
	var won atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			next := second
			next.Stage, next.NextAt = routing.SurveyReminded, time.Time{}
			switch err := s.Update(ctx, func(tx routing.Tx) error { return tx.UpdateSurvey(ctx, next, routing.SurveyAsked) }); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, routing.ErrConflict):
				t.Errorf("follow up: %v", err)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Fatalf("followed up %d times", won.Load())
	}
	numbers, err := s.DueSurveys(ctx, stored(noon.Add(3*time.Hour)), 10)
	want(t, "due after that", numbers, err, []string{other.Number})
	wantErr(t, "no survey", writing(t, s, func(ctx context.Context, tx routing.Tx) error {
		return tx.UpdateSurvey(ctx, survey(other.Number, 77, 0), routing.SurveyAsked)
	}), routing.ErrConflict)
}
