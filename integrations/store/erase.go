package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"jiesu/routing"
)

// erasure is what the event that erased a case says of one of the case's events, so that the trail still holds: what it counted for in its day's seal as it was
// written, and the keyed hash of what is left of it.
type erasure struct {
	Seq     int64  `json:"seq"`
	Counted string `json:"counted"`
	Left    string `json:"left"`
}

// leftOf is the keyed hash of what is left of an event.
func (v *vault) leftOf(e row) (string, error) {
	parts, err := plainOf(e)
	if err != nil {
		return "", err
	}
	return v.mac("erased", parts...), nil
}

// EraseCase implements routing.Tx.
func (t *tx) EraseCase(ctx context.Context, c routing.Case, e routing.Event) error {
	erasures, err := t.scrub(ctx, c)
	if err != nil {
		return fmt.Errorf("erase case %s: %w", c.Number, err)
	}
	for _, statement := range []string{
		`DELETE FROM attachment_contents WHERE attachment_id IN (SELECT id FROM attachments WHERE case_number = $1)`,
		`DELETE FROM attachments WHERE case_number = $1`,
		`UPDATE notices SET body = '' WHERE case_number = $1 AND body <> ''`,
		`UPDATE tasks SET note = '', attachment_id = '' WHERE case_number = $1 AND kind <> 'incident'`,
		`UPDATE calls SET caller = '', caller_index = '', recording = '' WHERE case_number = $1`,
		`DELETE FROM codes WHERE case_number = $1`,
		`DELETE FROM case_callers WHERE case_number = $1`,
		`DELETE FROM matters WHERE case_number = $1`,
		`DELETE FROM struck_traits WHERE case_number = $1`,
		`UPDATE surveys SET stage = CASE WHEN stage IN ('asked', 'reminded', 'called') THEN 'skipped' ELSE stage END, next_at = 0 WHERE case_number = $1`,
	} {
		if _, err := run(ctx, t.run, statement, c.Number); err != nil {
			return fmt.Errorf("erase what hangs on case %s: %w", c.Number, err)
		}
	}
	return t.updateCase(ctx, c, e, erasures)
}

// scrub removes what was written in the events of a case and returns what the trail must know of it.
func (t *tx) scrub(ctx context.Context, c routing.Case) ([]erasure, error) {
	sealed, err := one(ctx, t.run, value[string], `SELECT COALESCE(max(day), '') FROM audit_seals`)
	if err != nil {
		return nil, fmt.Errorf("read the last seal: %w", err)
	}
	var events []stored
	trail := trails()[0]
	if err := trail.each(ctx, t.run, func(s stored) error { events = append(events, s); return nil }, ` WHERE case_number = $1`, c.Number); err != nil {
		return nil, err
	}
	var list []erasure
	for _, s := range events {
		if dayOfAudit(s.made) > sealed { // its day's seal is still to be made of what was written
			return nil, &routing.IllegalStepError{Action: routing.ActionErase, State: c.State, Why: routing.WhyUnsealed}
		}
		was := s.row.value("data").(string)
		var d eventData
		if err := json.Unmarshal([]byte(was), &d); err != nil {
			return nil, fmt.Errorf("read event %d: %w", s.seq, err)
		}
		if d.EventData = d.Scrubbed(); !d.Erased {
			continue
		}
		now, err := json.Marshal(d)
		if err != nil {
			return nil, fmt.Errorf("write event %d: %w", s.seq, err)
		}
		counted, err := t.vault.counted(s)
		if err != nil {
			return nil, err
		}
		left, err := t.vault.leftOf(s.row.with("data", string(now)))
		if err != nil {
			return nil, err
		}
		if _, err := run(ctx, t.run, `UPDATE events SET data = $1 WHERE case_number = $2 AND seq = $3`, string(now), c.Number, s.seq); err != nil {
			return nil, fmt.Errorf("erase event %d: %w", s.seq, err)
		}
		list = append(list, erasure{s.seq, counted, left})
	}
	return list, nil
}

// EraseComplainant implements routing.Tx.
func (t *tx) EraseComplainant(ctx context.Context, id string, when time.Time) error {
	for _, statement := range []string{
		`UPDATE complainants SET openid = '', openid_index = '', phone = '', phone_index = '', phone_proven = FALSE, name = '', enterprise = '', following = FALSE WHERE id = $1`,
		`DELETE FROM dialogues WHERE complainant_id = $1`,
		`DELETE FROM quotas WHERE complainant_id = $1`,
		`DELETE FROM codes WHERE complainant_id = $1`,
		`DELETE FROM case_callers WHERE complainant_id = $1`,
		`DELETE FROM chat_lines WHERE task_id IN (SELECT task_id FROM chats WHERE complainant_id = $1)`,
		`DELETE FROM attachment_contents WHERE attachment_id IN (SELECT id FROM attachments WHERE complainant_id = $1 AND case_number = '')`,
		`DELETE FROM attachments WHERE complainant_id = $1 AND case_number = ''`,
		`UPDATE notices SET body = '' WHERE complainant_id = $1 AND case_number = '' AND body <> ''`,
	} {
		if _, err := run(ctx, t.run, statement, id); err != nil {
			return fmt.Errorf("erase complainant %s: %w", id, err)
		}
	}
	for _, statement := range []string{
		`UPDATE chats SET summary = '', ended_at = CASE WHEN ended_at = 0 THEN $2 ELSE ended_at END, version = version + 1 WHERE complainant_id = $1`,
		`UPDATE tasks SET note = '', attachment_id = '', done_at = CASE WHEN done_at = 0 THEN $2 ELSE done_at END WHERE complainant_id = $1 AND kind <> 'incident'`,
	} {
		if _, err := run(ctx, t.run, statement, id, at(when)); err != nil {
			return fmt.Errorf("erase complainant %s: %w", id, err)
		}
	}
	return nil
}

// DropReplies implements routing.Tx.
func (t *tx) DropReplies(ctx context.Context, complainantID string) error {
	if _, err := run(ctx, t.run, `UPDATE inbound SET reply = '' WHERE complainant_id = $1 AND reply <> ''`, complainantID); err != nil {
		return fmt.Errorf("drop replies to complainant %s: %w", complainantID, err)
	}
	return nil
}

// ForgetTalk implements routing.Tx.
func (t *tx) ForgetTalk(ctx context.Context, before time.Time) error {
	for _, statement := range []string{
		`DELETE FROM chat_lines WHERE task_id IN (SELECT task_id FROM chats WHERE ended_at > 0 AND ended_at < $1)`,
		`UPDATE chats SET summary = '' WHERE ended_at > 0 AND ended_at < $1 AND summary <> ''`,
		`UPDATE notices SET body = '' WHERE case_number = '' AND body <> '' AND created_at < $1`,
		`UPDATE tasks SET note = '' WHERE done_at > 0 AND done_at < $1 AND note <> '' AND kind <> 'incident'`,
		`DELETE FROM codes WHERE expires_at < $1`,
		`DELETE FROM calls WHERE case_number = '' AND started_at < $1`,
		`DELETE FROM drafts WHERE at < $1`,
		`DELETE FROM attachment_contents WHERE attachment_id IN (SELECT id FROM attachments WHERE case_number = '' AND at < $1)`,
		`DELETE FROM attachments WHERE case_number = '' AND at < $1`,
	} {
		if _, err := run(ctx, t.run, statement, at(before)); err != nil {
			return fmt.Errorf("forget what was said: %w", err)
		}
	}
	return nil
}

// ended are the states that nobody works on, as the index of what can be erased has them.
const ended = `erased_at = 0 AND state IN ('struck_off', 'withdrawn', 'not_accepted', 'transferred')`

// Erasable implements routing.Reader.
func (r reader) Erasable(ctx context.Context, before time.Time, after string, limit int) ([]string, error) {
	numbers, err := list(ctx, r.run, value[string], `SELECT number FROM cases WHERE `+ended+` AND updated_at < $1 AND number > $2 ORDER BY number LIMIT $3`,
		at(before), after, limit)
	if err != nil {
		return nil, fmt.Errorf("list what can be erased: %w", err)
	}
	return numbers, nil
}

// CountDoubted implements routing.Reader.
func (r reader) CountDoubted(ctx context.Context, complainantID, but string) (int, error) {
	n, err := one(ctx, r.run, value[int], `SELECT count(*) FROM cases WHERE complainant_id = $1 AND doubted AND number <> $2`, complainantID, but)
	if err != nil {
		return 0, fmt.Errorf("count doubted cases: %w", err)
	}
	return n, nil
}

// Forgettable implements routing.Reader. Each message grants a quota that ends later than it came, so the last quota tells when somebody was heard of.
func (r reader) Forgettable(ctx context.Context, before time.Time, limit int) ([]string, error) {
	people, err := list(ctx, r.run, value[string], `SELECT id FROM complainants WHERE created_at < $1 AND (openid <> '' OR phone <> '' OR name <> '' OR enterprise <> '')
		AND NOT EXISTS (SELECT 1 FROM cases WHERE complainant_id = complainants.id AND erased_at = 0)
		AND NOT EXISTS (SELECT 1 FROM case_callers WHERE case_callers.complainant_id = complainants.id)
		AND NOT EXISTS (SELECT 1 FROM quotas WHERE quotas.complainant_id = complainants.id AND ends_at >= $1)
		AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.complainant_id = complainants.id AND done_at = 0) ORDER BY id LIMIT $2`, at(before), limit)
	if err != nil {
		return nil, fmt.Errorf("list who can be forgotten: %w", err)
	}
	return people, nil
}
