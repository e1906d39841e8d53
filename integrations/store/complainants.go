package store

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"jiesu/routing"
)

const complainantColumns = `id, openid, phone, phone_proven, name, enterprise, following, created_at, consent, consent_at`

func (r reader) readComplainant(scan scanner) (c routing.Complainant, err error) {
	err = scan(&c.ID, sealed{r.vault, "complainants.openid", &c.OpenID}, sealed{r.vault, "complainants.phone", &c.Phone}, &c.Proven,
		sealed{r.vault, "complainants.name", &c.Name}, &c.Enterprise, &c.Following, when{&c.CreatedAt}, &c.Consent, when{&c.ConsentAt})
	return c, err
}

func (r reader) complainantRow(c routing.Complainant) row {
	return row{
		{"id", c.ID},
		{"openid", sealed{r.vault, "complainants.openid", c.OpenID}}, {"openid_index", r.vault.lookup("complainants.openid", c.OpenID)},
		{"phone", sealed{r.vault, "complainants.phone", c.Phone}}, {"phone_index", r.vault.lookup("complainants.phone", c.Phone)}, {"phone_proven", c.Proven},
		{"name", sealed{r.vault, "complainants.name", c.Name}},
		{"enterprise", c.Enterprise}, {"following", c.Following}, {"created_at", at(c.CreatedAt)}, {"consent", c.Consent}, {"consent_at", at(c.ConsentAt)},
	}
}

// Complainant implements routing.Reader.
func (r reader) Complainant(ctx context.Context, id string) (routing.Complainant, error) {
	return one(ctx, r.run, r.readComplainant, `SELECT `+complainantColumns+` FROM complainants WHERE id = $1`, id)
}

// ComplainantByOpenID implements routing.Reader.
func (r reader) ComplainantByOpenID(ctx context.Context, openID string) (routing.Complainant, error) {
	return one(ctx, r.run, r.readComplainant, `SELECT `+complainantColumns+` FROM complainants
		WHERE openid_index = $1 AND openid_index <> ''`, r.vault.lookup("complainants.openid", openID))
}

// ComplainantByPhone implements routing.Reader. It finds the WeChat user who has proven the number, or else the caller known by it alone, the oldest of several:
// a phone that a fan has typed is nobody's proof, and a case filed under it must not land in that fan's hands.
func (r reader) ComplainantByPhone(ctx context.Context, phone string) (routing.Complainant, error) {
	return one(ctx, r.run, r.readComplainant, `SELECT `+complainantColumns+` FROM complainants
		WHERE phone_index = $1 AND phone_index <> '' AND (openid_index = '' OR phone_proven)
		ORDER BY CASE WHEN phone_proven THEN 0 ELSE 1 END, created_at, id LIMIT 1`,
		r.vault.lookup("complainants.phone", phone))
}

// InsertComplainant implements routing.Tx.
func (t *tx) InsertComplainant(ctx context.Context, c routing.Complainant) error {
	if err := insert(ctx, t.run, "complainants", t.complainantRow(c)); err != nil {
		return fmt.Errorf("insert complainant %s: %w", c.ID, err)
	}
	return nil
}

// UpdateComplainant implements routing.Tx. Errors: ErrNotFound; ErrExists when the open id is another's, which ends the transaction.
func (t *tx) UpdateComplainant(ctx context.Context, c routing.Complainant) error {
	err := update(ctx, t.run, "complainants", t.complainantRow(c), row{{"id", c.ID}}, routing.ErrNotFound)
	if err != nil {
		return fmt.Errorf("update complainant %s: %w", c.ID, err)
	}
	return nil
}

// SetConsent implements routing.Tx.
func (t *tx) SetConsent(ctx context.Context, complainantID, version string, when time.Time) error {
	return updateLater(ctx, t.run, "record consent of "+complainantID, "complainants", row{{"consent", version}, {"consent_at", at(when)}},
		row{{"id", complainantID}}, routing.ErrNotFound)
}

// LockPhone implements routing.Tx. On SQLite transactions follow each other anyway; on PostgreSQL the number's index names an advisory lock, which ends with
// the transaction.
func (t *tx) LockPhone(ctx context.Context, phone string) error {
	if t.dialect != Postgres {
		return nil
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(t.vault.lookup("complainants.phone", phone))) // never fails
	if _, err := run(ctx, t.run, `SELECT pg_advisory_xact_lock($1)`, int64(h.Sum64())); err != nil {
		return fmt.Errorf("hold number: %w", err)
	}
	return nil
}

// CasesCalled implements routing.Reader.
func (r reader) CasesCalled(ctx context.Context, complainantID string, limit int) ([]routing.Case, error) {
	return list(ctx, r.run, r.readCase, `SELECT `+caseColumns+` FROM cases WHERE number IN (SELECT case_number FROM case_callers WHERE complainant_id = $1)
		ORDER BY filed_at DESC, number DESC LIMIT $2`, complainantID, limit)
}

// PutCaller implements routing.Tx.
func (t *tx) PutCaller(ctx context.Context, caseNumber, complainantID string) error {
	_, err := run(ctx, t.run, `INSERT INTO case_callers (case_number, complainant_id) VALUES ($1, $2) ON CONFLICT (case_number) DO NOTHING`, caseNumber, complainantID)
	if err != nil {
		return fmt.Errorf("keep who telephoned about %s: %w", caseNumber, err)
	}
	return nil
}
