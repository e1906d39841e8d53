package store

import (
	"context"
	"fmt"
	"time"

	"jiesu/routing"
)

const (
	noticeColumns   = `id, kind, case_number, complainant_id, seq, body, state, rung, created_at`
	deliveryColumns = `notice_id, attempt, channel, at, outcome, code, provider_id`
)

func (r reader) readNotice(scan scanner) (n routing.Notice, err error) {
	err = scan(&n.ID, &n.Kind, &n.CaseNumber, &n.ComplainantID, &n.Seq, sealed{r.vault, "notices.body", &n.Text}, &n.State, &n.Rung,
		when{&n.CreatedAt})
	return n, err
}

func (r reader) noticeRow(n routing.Notice) row {
	return row{
		{"id", n.ID}, {"kind", n.Kind}, {"case_number", n.CaseNumber}, {"complainant_id", n.ComplainantID}, {"seq", n.Seq},
		{"body", sealed{r.vault, "notices.body", n.Text}}, {"state", n.State}, {"rung", n.Rung}, {"created_at", at(n.CreatedAt)},
	}
}

// Notice implements routing.Reader.
func (r reader) Notice(ctx context.Context, id string) (routing.Notice, error) {
	return one(ctx, r.run, r.readNotice, `SELECT `+noticeColumns+` FROM notices WHERE id = $1`, id)
}

// NoticesOf implements routing.Reader, in the order of delivery.
func (r reader) NoticesOf(ctx context.Context, caseNumber string) ([]routing.Notice, error) {
	return list(ctx, r.run, r.readNotice, `SELECT `+noticeColumns+` FROM notices
		WHERE case_number = $1 AND case_number <> '' ORDER BY seq, id`, caseNumber)
}

// NextPending implements routing.Reader. Words of the conversation (no case) wait for nothing and have no turn.
func (r reader) NextPending(ctx context.Context, caseNumber string) (routing.Notice, error) {
	return one(ctx, r.run, r.readNotice, `SELECT `+noticeColumns+` FROM notices
		WHERE case_number = $1 AND case_number <> '' AND state = 'pending' ORDER BY seq, id LIMIT 1`, caseNumber)
}

// HoldEarlier implements routing.Tx.
func (t *tx) HoldEarlier(ctx context.Context, caseNumber string, seq int64) (bool, error) {
	query := `SELECT seq FROM notices WHERE case_number = $1 AND case_number <> '' AND state = 'pending' AND seq < $2 ORDER BY seq DESC LIMIT 1`
	if t.dialect == Postgres {
		query += ` FOR NO KEY UPDATE`
	}
	earlier, err := list(ctx, t.run, value[int64], query, caseNumber, seq)
	if err != nil {
		return false, fmt.Errorf("look for earlier notices of %s: %w", caseNumber, err)
	}
	return len(earlier) > 0, nil
}

// InsertNotice implements routing.Tx.
func (t *tx) InsertNotice(ctx context.Context, n routing.Notice) error {
	return insertLater(ctx, t.run, "insert notice "+n.ID, "notices", t.noticeRow(n))
}

// UpdateNotice implements routing.Tx. A notice that is settled is nobody's any more.
func (t *tx) UpdateNotice(ctx context.Context, n routing.Notice) error {
	columns := row{{"state", n.State}, {"rung", n.Rung}}
	if n.State != routing.NoticePending {
		columns = append(columns, column{"claimed_by", ""}, column{"claimed_until", at(time.Time{})})
	}
	return updateLater(ctx, t.run, "update notice "+n.ID, "notices", columns, row{{"id", n.ID}}, routing.ErrNotFound)
}

// ClaimNotice implements routing.Tx, in one conditional statement.
func (t *tx) ClaimNotice(ctx context.Context, id, worker string, now, until time.Time) (bool, error) {
	n, err := run(ctx, t.run, `UPDATE notices SET claimed_by = $1, claimed_until = $2
		WHERE id = $3 AND state = 'pending' AND (claimed_by = $1 OR claimed_until <= $4)
		AND NOT EXISTS (SELECT 1 FROM notices AS earlier WHERE earlier.case_number = notices.case_number AND notices.case_number <> ''
			AND earlier.seq < notices.seq AND earlier.state = 'pending')`, worker, at(until), id, at(now))
	if err != nil {
		return false, fmt.Errorf("claim notice %s: %w", id, err)
	}
	return n > 0, nil
}

func readDelivery(scan scanner) (d routing.Delivery, err error) {
	err = scan(&d.NoticeID, &d.Attempt, &d.Channel, when{&d.At}, &d.Outcome, &d.Code, &d.ProviderID)
	return d, err
}

// DeliveriesOf implements routing.Reader, in the order of the notices and their attempts.
func (r reader) DeliveriesOf(ctx context.Context, caseNumber string) ([]routing.Delivery, error) {
	return list(ctx, r.run, readDelivery, `SELECT `+deliveryColumns+` FROM deliveries
		JOIN notices ON notices.id = deliveries.notice_id
		WHERE case_number = $1 AND case_number <> '' ORDER BY seq, notice_id, attempt`, caseNumber)
}

// InsertDelivery implements routing.Tx. ErrExists: the notice has an attempt of this number.
func (t *tx) InsertDelivery(ctx context.Context, d routing.Delivery) error {
	return insertLater(ctx, t.run, fmt.Sprintf("record attempt %d of notice %s", d.Attempt, d.NoticeID), "deliveries", row{
		{"notice_id", d.NoticeID}, {"attempt", d.Attempt}, {"channel", d.Channel}, {"at", at(d.At)}, {"outcome", d.Outcome},
		{"code", d.Code}, {"provider_id", d.ProviderID},
	})
}

// DeliveryByProvider implements routing.Tx; of several with the same id, the newest.
func (t *tx) DeliveryByProvider(ctx context.Context, providerID string) (routing.Delivery, error) {
	return one(ctx, t.run, readDelivery, `SELECT `+deliveryColumns+` FROM deliveries
		WHERE provider_id = $1 AND provider_id <> '' ORDER BY at DESC, attempt DESC LIMIT 1`, providerID)
}

// SetOutcome implements routing.Tx.
func (t *tx) SetOutcome(ctx context.Context, providerID string, o routing.Outcome) error {
	n, err := run(ctx, t.run, `UPDATE deliveries SET outcome = $1 WHERE provider_id = $2 AND provider_id <> ''`, o, providerID)
	if err == nil && n == 0 {
		err = routing.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("set outcome of delivery: %w", err)
	}
	return nil
}

// PutReport implements routing.Tx. A later report on the same message takes the place of the earlier one.
func (t *tx) PutReport(ctx context.Context, providerID, status string) error {
	_, err := run(ctx, t.run, `INSERT INTO reports (provider_id, status, at) VALUES ($1, $2, $3)
		ON CONFLICT (provider_id) DO UPDATE SET status = excluded.status, at = excluded.at`, providerID, status, at(t.now()))
	if err != nil {
		return fmt.Errorf("keep report: %w", err)
	}
	return nil
}

// TakeReport implements routing.Tx: what it returns is removed.
func (t *tx) TakeReport(ctx context.Context, providerID string) (string, error) {
	return one(ctx, t.run, value[string], `DELETE FROM reports WHERE provider_id = $1 RETURNING status`, providerID)
}
