package store

import (
	"context"
	"fmt"

	"jiesu/routing"
)

// OpenIncidents implements routing.Reader.
func (r reader) OpenIncidents(ctx context.Context) ([]routing.Incident, error) {
	type member struct {
		task   routing.Task
		number string
	}
	read := func(scan scanner) (m member, err error) {
		t := &m.task
		err = scan(&t.ID, &t.Kind, &t.CaseNumber, &t.ComplainantID, &t.Note, when{&t.CreatedAt}, when{&t.DoneAt}, &t.DoneBy, &m.number)
		return m, err
	}
	members, err := list(ctx, r.run, read, `SELECT id, kind, tasks.case_number, complainant_id, note, created_at, done_at, done_by,
		incident_cases.case_number FROM tasks JOIN incident_cases ON task_id = id WHERE done_at = 0 AND kind = 'incident'
		ORDER BY created_at, id, incident_cases.case_number`)
	if err != nil {
		return nil, fmt.Errorf("list open incidents: %w", err)
	}
	var open []routing.Incident
	for _, m := range members {
		if last := len(open) - 1; last < 0 || open[last].ID != m.task.ID {
			open = append(open, routing.Incident{Task: m.task})
		}
		last := &open[len(open)-1]
		last.Cases = append(last.Cases, m.number)
	}
	return open, nil
}

// Uncompared implements routing.Reader.
func (r reader) Uncompared(ctx context.Context, limit int) ([]routing.Uncompared, error) {
	read := func(scan scanner) (u routing.Uncompared, err error) {
		var raw []byte
		if err = scan(&u.Number, &raw, when{&u.FiledAt}); err == nil {
			u.Matter, err = unpackMatter(raw)
		}
		return u, err
	}
	fresh, err := list(ctx, r.run, read, `SELECT case_number, traits, filed_at FROM matters JOIN cases ON number = case_number
		WHERE uncompared ORDER BY case_number LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list cases that were not compared: %w", err)
	}
	return fresh, nil
}

// Compared implements routing.Tx.
func (t *tx) Compared(ctx context.Context, numbers []string) error {
	return later(ctx, t.run, "note what was compared", `UPDATE matters SET uncompared = FALSE WHERE case_number IN (`+marksOf(numbers)+`)`, nil, anyOf(numbers)...)
}

// LockIncidents implements routing.Tx.
func (t *tx) LockIncidents(ctx context.Context) error {
	if _, err := run(ctx, t.run, `UPDATE incident_turn SET taken = taken + 1 WHERE id = 1`); err != nil {
		return fmt.Errorf("wait for the turn to raise an incident: %w", err)
	}
	return nil
}

// JoinIncident implements routing.Tx.
func (t *tx) JoinIncident(ctx context.Context, taskID, number string) error {
	if err := insert(ctx, t.run, "incident_cases", row{{"case_number", number}, {"task_id", taskID}}); err != nil {
		return fmt.Errorf("put case %s on incident %s: %w", number, taskID, err)
	}
	return nil
}
