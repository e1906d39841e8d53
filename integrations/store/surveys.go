package store

import (
	"context"
	"fmt"
	"time"

	"jiesu/routing"
)

func readSurvey(scan scanner) (s routing.Survey, err error) {
	err = scan(&s.CaseNumber, &s.Round, &s.Stage, &s.Reason, when{&s.AskedAt}, when{&s.NextAt}, when{&s.ChangedAt})
	return s, err
}

// SurveysOf implements routing.Reader.
func (r reader) SurveysOf(ctx context.Context, number string) ([]routing.Survey, error) {
	return list(ctx, r.run, readSurvey, `SELECT case_number, round, stage, reason, asked_at, next_at, changed_at FROM surveys
		WHERE case_number = $1 ORDER BY round`, number)
}

// DueSurveys implements routing.Reader. The condition is that of the index, which holds only the surveys with something to come.
func (r reader) DueSurveys(ctx context.Context, now time.Time, limit int) ([]string, error) {
	numbers, err := list(ctx, r.run, value[string], `SELECT case_number FROM surveys WHERE next_at > 0 AND next_at <= $1
		ORDER BY next_at, case_number LIMIT $2`, at(now), limit)
	if err != nil {
		return nil, fmt.Errorf("list due surveys: %w", err)
	}
	return numbers, nil
}

// InsertSurvey implements routing.Tx.
func (t *tx) InsertSurvey(ctx context.Context, s routing.Survey) error {
	if err := insert(ctx, t.run, "surveys", append(surveyKey(s), surveyRow(s)...)); err != nil {
		return fmt.Errorf("insert survey of case %s: %w", s.CaseNumber, err)
	}
	return nil
}

// UpdateSurvey implements routing.Tx. The stage in the condition makes it a claim: of two processes that follow up, one finds no row.
func (t *tx) UpdateSurvey(ctx context.Context, s routing.Survey, from routing.SurveyStage) error {
	key := append(surveyKey(s), column{"stage", from})
	if err := update(ctx, t.run, "surveys", surveyRow(s), key, routing.ErrConflict); err != nil {
		return fmt.Errorf("update survey of case %s: %w", s.CaseNumber, err)
	}
	return nil
}

func surveyKey(s routing.Survey) row { return row{{"case_number", s.CaseNumber}, {"round", s.Round}} }

func surveyRow(s routing.Survey) row {
	return row{{"stage", s.Stage}, {"reason", s.Reason}, {"asked_at", at(s.AskedAt)}, {"next_at", at(s.NextAt)}, {"changed_at", at(s.ChangedAt)}}
}
