package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jiesu/routing"
)

// PutInbound implements routing.Tx. The unique key makes a second caller wait for the first: on SQLite transactions follow each
// other, on PostgreSQL the INSERT waits for the one that holds the key.
func (t *tx) PutInbound(ctx context.Context, in routing.Inbound, complainantID string) (fresh bool, reply string, err error) {
	index := t.inboundIndex(in.Key)
	err = insert(ctx, t.run, "inbound", row{{"key_index", index}, {"kind", in.Kind}, {"complainant_id", complainantID},
		{"at", at(in.At)}, {"reply", ""}})
	if err == nil {
		return true, "", nil
	}
	if !errors.Is(err, routing.ErrExists) {
		return false, "", fmt.Errorf("record inbound message: %w", err)
	}
	reply, err = one(ctx, t.run, func(scan scanner) (s string, err error) {
		err = scan(sealed{t.vault, "inbound.reply", &s})
		return s, err
	}, `SELECT reply FROM inbound WHERE key_index = $1`, index)
	if err != nil {
		return false, "", fmt.Errorf("read stored reply: %w", err)
	}
	return false, reply, nil
}

// SetReply implements routing.Tx. ErrNotFound: the key was never put.
func (t *tx) SetReply(ctx context.Context, key, reply string) error {
	return updateLater(ctx, t.run, "store reply", "inbound", row{{"reply", sealed{t.vault, "inbound.reply", reply}}},
		row{{"key_index", t.inboundIndex(key)}}, routing.ErrNotFound)
}

// ForgetInbound implements routing.Tx.
func (t *tx) ForgetInbound(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := run(ctx, t.run, `DELETE FROM inbound WHERE key_index IN (SELECT key_index FROM inbound WHERE at < $1 LIMIT $2)`, at(before), limit)
	if err != nil {
		return 0, fmt.Errorf("forget messages: %w", err)
	}
	return int(n), nil
}

func (t *tx) inboundIndex(key string) string { return t.vault.lookup("inbound.key", key) }

func (r reader) readDialogue(scan scanner) (d routing.Dialogue, err error) {
	var state string
	err = scan(&d.ComplainantID, sealed{r.vault, "dialogues.state", &state}, &d.Version, when{&d.WakeAt})
	d.State = []byte(state)
	return d, err
}

const dialogueColumns = `complainant_id, state, version, wake_at`

// Dialogue implements routing.Reader.
func (r reader) Dialogue(ctx context.Context, complainantID string) (routing.Dialogue, error) {
	return one(ctx, r.run, r.readDialogue, `SELECT `+dialogueColumns+` FROM dialogues WHERE complainant_id = $1`, complainantID)
}

// DueDialogues implements routing.Reader, the longest due first.
func (r reader) DueDialogues(ctx context.Context, now time.Time, limit int) ([]routing.Dialogue, error) {
	return list(ctx, r.run, r.readDialogue, `SELECT `+dialogueColumns+` FROM dialogues
		WHERE wake_at > 0 AND wake_at <= $1 ORDER BY wake_at, complainant_id LIMIT $2`, at(now), limit)
}

// PutDialogue implements routing.Tx.
func (t *tx) PutDialogue(ctx context.Context, d routing.Dialogue) error {
	fields := row{{"state", sealed{t.vault, "dialogues.state", string(d.State)}}, {"version", d.Version + 1}, {"wake_at", at(d.WakeAt)}}
	what := "store dialogue of " + d.ComplainantID
	if d.Version == 0 {
		add, args := append(row{{"complainant_id", d.ComplainantID}}, fields...).insert("dialogues")
		return later(ctx, t.run, what, add, routing.ErrConflict, args...)
	}
	key := row{{"complainant_id", d.ComplainantID}, {"version", d.Version}}
	return updateLater(ctx, t.run, what, "dialogues", fields, key, routing.ErrConflict)
}

// Quotas implements routing.Reader: those that still allow something, the one that ends first in front.
func (r reader) Quotas(ctx context.Context, complainantID string, now time.Time) ([]routing.Quota, error) {
	read := func(scan scanner) (q routing.Quota, err error) {
		err = scan(&q.Trigger, &q.Left, when{&q.Until})
		return q, err
	}
	return list(ctx, r.run, read, `SELECT granted_by, remaining, ends_at FROM quotas
		WHERE complainant_id = $1 AND remaining > 0 AND ends_at > $2 ORDER BY ends_at, granted_by`, complainantID, at(now))
}

// GrantQuota implements routing.Tx. A new grant of the same trigger takes the place of the old one, as it does at the platform.
func (t *tx) GrantQuota(ctx context.Context, complainantID string, q routing.Quota) error {
	return later(ctx, t.run, "grant quota to "+complainantID, `INSERT INTO quotas (complainant_id, granted_by, remaining, ends_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (complainant_id, granted_by) DO UPDATE SET remaining = excluded.remaining, ends_at = excluded.ends_at`,
		nil, complainantID, q.Trigger, q.Left, at(q.Until))
}

// SpendQuota implements routing.Store, in a transaction of its own. Each take is one conditional statement, so that two senders
// never share the last message; who finds a quota used up meanwhile tries the next.
func (s *Store) SpendQuota(ctx context.Context, complainantID string, now time.Time) (spent bool, err error) {
	err = s.transact(ctx, func(t *tx) error {
		spent = false
		quotas, err := t.Quotas(ctx, complainantID, now)
		if err != nil {
			return err
		}
		for _, q := range quotas {
			n, err := run(ctx, t.run, `UPDATE quotas SET remaining = remaining - 1
				WHERE complainant_id = $1 AND granted_by = $2 AND remaining > 0 AND ends_at > $3`, complainantID, q.Trigger, at(now))
			if err != nil || n > 0 {
				spent = n > 0
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("spend quota of %s: %w", complainantID, translate(err))
	}
	return spent, nil
}
