package store

import (
	"context"
	"fmt"
	"time"

	"jiesu/routing"
)

const codeColumns = `id, kind, digits, phone, case_number, complainant_id, created_at, expires_at, used_at`

func (r reader) readCode(scan scanner) (c routing.Code, err error) {
	err = scan(&c.ID, &c.Kind, sealed{r.vault, "codes.digits", &c.Digits}, sealed{r.vault, "codes.phone", &c.Phone}, &c.CaseNumber, &c.ComplainantID,
		when{&c.CreatedAt}, when{&c.ExpiresAt}, when{&c.UsedAt})
	return c, err
}

// phoneIndex is what a number is looked up by, "" for none.
func (r reader) phoneIndex(column, phone string) string {
	if phone == "" {
		return ""
	}
	return r.vault.lookup(column, phone)
}

// CodeByID implements routing.Reader.
func (r reader) CodeByID(ctx context.Context, id string) (routing.Code, error) {
	return one(ctx, r.run, r.readCode, `SELECT `+codeColumns+` FROM codes WHERE id = $1`, id)
}

// LiveCode implements routing.Reader.
func (r reader) LiveCode(ctx context.Context, digits string, now time.Time) (routing.Code, error) {
	return one(ctx, r.run, r.readCode, `SELECT `+codeColumns+` FROM codes WHERE digits_index = $1 AND expires_at > $2 AND used_at = 0
		ORDER BY expires_at LIMIT 1`, r.vault.lookup("codes.digits", digits), at(now))
}

// CodesSent implements routing.Reader.
func (r reader) CodesSent(ctx context.Context, phone string, since time.Time) (int, error) {
	return one(ctx, r.run, value[int], `SELECT count(*) FROM codes WHERE phone_index = $1 AND phone_index <> '' AND created_at >= $2`,
		r.phoneIndex("codes.phone", phone), at(since))
}

// SMSRefused implements routing.Reader.
func (r reader) SMSRefused(ctx context.Context, phone string) (bool, error) {
	n, err := one(ctx, r.run, value[int], `SELECT count(*) FROM sms_refusals WHERE phone_index = $1`, r.phoneIndex("sms.phone", phone))
	return n > 0, err
}

// InsertCode implements routing.Tx.
func (t *tx) InsertCode(ctx context.Context, c routing.Code) error {
	err := insert(ctx, t.run, "codes", row{{"id", c.ID}, {"kind", c.Kind}, {"digits", sealed{t.vault, "codes.digits", c.Digits}},
		{"digits_index", t.vault.lookup("codes.digits", c.Digits)}, {"phone", sealed{t.vault, "codes.phone", c.Phone}},
		{"phone_index", t.phoneIndex("codes.phone", c.Phone)}, {"case_number", c.CaseNumber}, {"complainant_id", c.ComplainantID},
		{"created_at", at(c.CreatedAt)}, {"expires_at", at(c.ExpiresAt)}, {"used_at", at(c.UsedAt)}})
	if err != nil {
		return fmt.Errorf("insert code: %w", err)
	}
	return nil
}

// UseCode implements routing.Tx.
func (t *tx) UseCode(ctx context.Context, c routing.Code) error {
	if err := update(ctx, t.run, "codes", row{{"used_at", at(c.UsedAt)}}, row{{"id", c.ID}, {"used_at", 0}}, routing.ErrConflict); err != nil {
		return fmt.Errorf("use code: %w", err)
	}
	return nil
}

// RefuseSMS implements routing.Tx.
func (t *tx) RefuseSMS(ctx context.Context, phone string, refused time.Time) error {
	index := t.phoneIndex("sms.phone", phone)
	if refused.IsZero() {
		_, err := run(ctx, t.run, `DELETE FROM sms_refusals WHERE phone_index = $1`, index)
		return err
	}
	_, err := run(ctx, t.run, `INSERT INTO sms_refusals (phone_index, at) VALUES ($1, $2) ON CONFLICT (phone_index) DO NOTHING`, index, at(refused))
	if err != nil {
		return fmt.Errorf("note that a number wants no messages: %w", err)
	}
	return nil
}
