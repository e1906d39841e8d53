package store

import (
	"context"
	"fmt"
	"time"

	"jiesu/routing"
)

const taskColumns = `id, kind, case_number, complainant_id, note, created_at, done_at, done_by, attachment_id`

func readTask(scan scanner) (t routing.Task, err error) {
	err = scan(&t.ID, &t.Kind, &t.CaseNumber, &t.ComplainantID, &t.Note, when{&t.CreatedAt}, when{&t.DoneAt}, &t.DoneBy, &t.AttachmentID)
	return t, err
}

// OpenTasks implements routing.Reader.
func (r reader) OpenTasks(ctx context.Context, limit int) ([]routing.Task, error) {
	return list(ctx, r.run, readTask, `SELECT `+taskColumns+` FROM tasks
		WHERE done_at = 0 AND kind <> 'incident' ORDER BY created_at, id LIMIT $1`, limit)
}

// OpenTasksOf implements routing.Reader.
func (r reader) OpenTasksOf(ctx context.Context, complainantID string) ([]routing.Task, error) {
	return list(ctx, r.run, readTask, `SELECT `+taskColumns+` FROM tasks
		WHERE done_at = 0 AND kind <> 'incident' AND complainant_id = $1 ORDER BY created_at, id`, complainantID)
}

// Task implements routing.Reader.
func (r reader) Task(ctx context.Context, id string) (routing.Task, error) {
	t, err := one(ctx, r.run, readTask, `SELECT `+taskColumns+` FROM tasks WHERE id = $1`, id)
	if err != nil {
		return t, fmt.Errorf("load task %s: %w", id, err)
	}
	return t, nil
}

// InsertTask implements routing.Tx.
func (t *tx) InsertTask(ctx context.Context, task routing.Task) error {
	err := insert(ctx, t.run, "tasks", row{
		{"id", task.ID}, {"kind", task.Kind}, {"case_number", task.CaseNumber}, {"complainant_id", task.ComplainantID},
		{"note", task.Note}, {"created_at", at(task.CreatedAt)}, {"done_at", at(task.DoneAt)}, {"done_by", task.DoneBy}, {"attachment_id", task.AttachmentID},
	})
	if err != nil {
		return fmt.Errorf("insert task %s: %w", task.ID, err)
	}
	return nil
}

// FinishTask implements routing.Tx. Errors: ErrConflict when somebody did it already, ErrNotFound when there is none.
func (t *tx) FinishTask(ctx context.Context, id, by string, when time.Time) error {
	n, err := run(ctx, t.run, `UPDATE tasks SET done_at = $1, done_by = $2 WHERE id = $3 AND done_at = 0`, at(when), by, id)
	if err == nil && n == 0 {
		if _, err = one(ctx, t.run, value[string], `SELECT id FROM tasks WHERE id = $1`, id); err == nil {
			err = routing.ErrConflict
		}
	}
	if err != nil {
		return fmt.Errorf("finish task %s: %w", id, err)
	}
	return nil
}

// UpdateTask implements routing.Tx.
func (t *tx) UpdateTask(ctx context.Context, task routing.Task) error {
	err := update(ctx, t.run, "tasks", row{{"kind", task.Kind}, {"case_number", task.CaseNumber}, {"note", task.Note}}, row{{"id", task.ID}, {"done_at", 0}}, routing.ErrConflict)
	if err != nil {
		return fmt.Errorf("update task %s: %w", task.ID, err)
	}
	return nil
}
