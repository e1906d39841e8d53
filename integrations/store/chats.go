package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jiesu/routing"
)

const chatColumns = `task_id, complainant_id, summary, operator_id, operator, alarm, queued_at, taken_at, said_at, wrote_at, ended_at, version`

func (r reader) readChat(scan scanner) (c routing.Chat, err error) {
	err = scan(&c.TaskID, &c.ComplainantID, sealed{r.vault, "chats.summary", &c.Summary}, &c.OperatorID, &c.Operator, &c.Alarm, when{&c.QueuedAt}, when{&c.TakenAt},
		when{&c.SaidAt}, when{&c.WroteAt}, when{&c.EndedAt}, &c.Version)
	return c, err
}

func (r reader) chatRow(c routing.Chat) row {
	return row{{"task_id", c.TaskID}, {"complainant_id", c.ComplainantID}, {"summary", sealed{r.vault, "chats.summary", c.Summary}}, {"operator_id", c.OperatorID},
		{"operator", c.Operator}, {"alarm", c.Alarm}, {"queued_at", at(c.QueuedAt)}, {"taken_at", at(c.TakenAt)}, {"said_at", at(c.SaidAt)},
		{"wrote_at", at(c.WroteAt)}, {"ended_at", at(c.EndedAt)}, {"version", c.Version + 1}}
}

// Chat implements routing.Reader.
func (r reader) Chat(ctx context.Context, taskID string) (routing.Chat, error) {
	return one(ctx, r.run, r.readChat, `SELECT `+chatColumns+` FROM chats WHERE task_id = $1`, taskID)
}

// ChatWith implements routing.Reader.
func (r reader) ChatWith(ctx context.Context, complainantID string) (routing.Chat, error) {
	return one(ctx, r.run, r.readChat, `SELECT `+chatColumns+` FROM chats WHERE complainant_id = $1 AND ended_at = 0`, complainantID)
}

// OpenChats implements routing.Reader.
func (r reader) OpenChats(ctx context.Context) ([]routing.Chat, error) {
	return list(ctx, r.run, r.readChat, `SELECT `+chatColumns+` FROM chats WHERE ended_at = 0 ORDER BY queued_at, task_id`)
}

// ChatsOf implements routing.Reader.
func (r reader) ChatsOf(ctx context.Context, complainantID string) ([]routing.Chat, error) {
	chats, err := list(ctx, r.run, r.readChat, `SELECT `+chatColumns+` FROM chats WHERE complainant_id = $1 ORDER BY queued_at, task_id`, complainantID)
	if err != nil {
		return nil, fmt.Errorf("list conversations of %s: %w", complainantID, err)
	}
	return chats, nil
}

// ChatsByOperator implements routing.Reader.
func (r reader) ChatsByOperator(ctx context.Context) (map[string]int, error) {
	byOperator := map[string]int{}
	read := func(scan scanner) (none struct{}, err error) {
		var id string
		var n int
		err = scan(&id, &n)
		byOperator[id] = n
		return none, err
	}
	_, err := list(ctx, r.run, read, `SELECT operator_id, count(*) FROM chats WHERE ended_at = 0 GROUP BY operator_id`)
	return byOperator, err
}

// ChatLines implements routing.Reader.
func (r reader) ChatLines(ctx context.Context, taskID string) ([]routing.ChatLine, error) {
	read := func(scan scanner) (l routing.ChatLine, err error) {
		err = scan(&l.ID, &l.TaskID, &l.Side, &l.Name, sealed{r.vault, "chat_lines.text", &l.Text}, &l.AttachmentID, when{&l.At})
		return l, err
	}
	return list(ctx, r.run, read, `SELECT id, task_id, side, name, text, attachment_id, at FROM chat_lines WHERE task_id = $1 ORDER BY seq`, taskID)
}

// OnDuty implements routing.Reader.
func (r reader) OnDuty(ctx context.Context, since time.Time) ([]string, error) {
	return list(ctx, r.run, value[string], `SELECT user_id FROM duty WHERE seen_at >= $1 ORDER BY user_id`, at(since))
}

// InsertChat implements routing.Tx.
func (t *tx) InsertChat(ctx context.Context, c routing.Chat) error {
	if err := insert(ctx, t.run, "chats", t.chatRow(c)); err != nil {
		return fmt.Errorf("insert conversation %s: %w", c.TaskID, err)
	}
	return nil
}

// UpdateChat implements routing.Tx.
func (t *tx) UpdateChat(ctx context.Context, c routing.Chat) error {
	if err := update(ctx, t.run, "chats", t.chatRow(c), row{{"task_id", c.TaskID}, {"version", c.Version}}, routing.ErrConflict); err != nil {
		return fmt.Errorf("update conversation %s: %w", c.TaskID, err)
	}
	return nil
}

// InsertChatLine implements routing.Tx. Lines come in their order: whoever adds one has stored its conversation in the same transaction, which others wait for.
func (t *tx) InsertChatLine(ctx context.Context, l routing.ChatLine) error {
	seq, err := one(ctx, t.run, value[int64], `SELECT COALESCE(max(seq), 0) + 1 FROM chat_lines WHERE task_id = $1`, l.TaskID)
	if err != nil {
		return fmt.Errorf("count lines of conversation %s: %w", l.TaskID, err)
	}
	err = insert(ctx, t.run, "chat_lines", row{{"id", l.ID}, {"task_id", l.TaskID}, {"seq", seq}, {"side", l.Side}, {"name", l.Name},
		{"text", sealed{t.vault, "chat_lines.text", l.Text}}, {"attachment_id", l.AttachmentID}, {"at", at(l.At)}})
	if errors.Is(err, routing.ErrExists) { // another line was faster
		err = routing.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("insert line of conversation %s: %w", l.TaskID, err)
	}
	return nil
}

// PutDuty implements routing.Tx.
func (t *tx) PutDuty(ctx context.Context, userID string, seen time.Time) error {
	_, err := run(ctx, t.run, `INSERT INTO duty (user_id, seen_at) VALUES ($1, $2) ON CONFLICT (user_id) DO UPDATE SET seen_at = excluded.seen_at`, userID, at(seen))
	if err != nil {
		return fmt.Errorf("note that %s is on duty: %w", userID, err)
	}
	return nil
}
