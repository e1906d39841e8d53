package store

import (
	"context"
	"fmt"
	"strconv"

	"jiesu/routing"
)

const callColumns = `id, caller, called, outgoing, queue, operator_id, operator, cause, recording, case_number, task_id, started_at, answered_at, ended_at`

func (r reader) readCall(scan scanner) (c routing.Call, err error) {
	err = scan(&c.ID, sealed{r.vault, "calls.caller", &c.Caller}, &c.Called, &c.Outgoing, &c.Queue, &c.OperatorID, &c.Operator, &c.Cause,
		sealed{r.vault, "calls.recording", &c.Recording}, &c.CaseNumber, &c.TaskID, when{&c.StartedAt}, when{&c.AnsweredAt}, when{&c.EndedAt})
	return c, err
}

func (r reader) callRow(c routing.Call) row {
	index := ""
	if c.Caller != "" {
		index = r.vault.lookup("calls.caller", c.Caller)
	}
	return row{{"id", c.ID}, {"caller", sealed{r.vault, "calls.caller", c.Caller}}, {"caller_index", index}, {"called", c.Called}, {"outgoing", c.Outgoing},
		{"queue", c.Queue}, {"operator_id", c.OperatorID}, {"operator", c.Operator}, {"cause", c.Cause}, {"recording", sealed{r.vault, "calls.recording", c.Recording}},
		{"case_number", c.CaseNumber}, {"task_id", c.TaskID}, {"started_at", at(c.StartedAt)}, {"answered_at", at(c.AnsweredAt)}, {"ended_at", at(c.EndedAt)}}
}

// Call implements routing.Reader.
func (r reader) Call(ctx context.Context, id string) (routing.Call, error) {
	return one(ctx, r.run, r.readCall, `SELECT `+callColumns+` FROM calls WHERE id = $1`, id)
}

// Calls implements routing.Reader.
func (r reader) Calls(ctx context.Context, q routing.CallQuery) ([]routing.Call, error) {
	c := &conditions{}
	if q.Missed {
		c.add("NOT outgoing AND ended_at > 0 AND answered_at = 0")
	}
	if q.Case != "" {
		c.add("case_number = ? AND case_number <> ''", q.Case)
	}
	if q.Before != "" {
		c.add("(started_at, id) < (SELECT started_at, id FROM calls WHERE id = ?)", q.Before)
	}
	return list(ctx, r.run, r.readCall, `SELECT `+callColumns+` FROM calls`+c.where()+` ORDER BY started_at DESC, id DESC LIMIT `+
		strconv.Itoa(max(1, min(q.Limit, 200))), c.args...)
}

// UserOfCall implements routing.Reader.
func (r reader) UserOfCall(ctx context.Context, name, extension string) (routing.User, error) {
	return one(ctx, r.run, r.readUser, `SELECT `+userColumns+` FROM users WHERE name = $1 AND name <> '' OR extension = $2 AND extension <> ''
		ORDER BY CASE WHEN name = $1 THEN 0 ELSE 1 END, id LIMIT 1`, name, extension)
}

// InsertCall implements routing.Tx.
func (t *tx) InsertCall(ctx context.Context, c routing.Call) error {
	if err := insert(ctx, t.run, "calls", t.callRow(c)); err != nil {
		return fmt.Errorf("insert call: %w", err)
	}
	return nil
}

// UpdateCall implements routing.Tx.
func (t *tx) UpdateCall(ctx context.Context, c routing.Call) error {
	if err := update(ctx, t.run, "calls", t.callRow(c), row{{"id", c.ID}}, routing.ErrNotFound); err != nil {
		return fmt.Errorf("update call: %w", err)
	}
	return nil
}
