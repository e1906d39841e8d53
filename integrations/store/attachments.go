package store

import (
	"context"
	"fmt"

	"jiesu/routing"
)

const attachmentColumns = `id, complainant_id, case_number, kind, content_type, size, sha256, state, media_id, at`

func readAttachment(scan scanner) (a routing.Attachment, err error) {
	err = scan(&a.ID, &a.ComplainantID, &a.CaseNumber, &a.Kind, &a.ContentType, &a.Size, &a.SHA256, &a.State, &a.MediaID, when{&a.At})
	return a, err
}

func attachmentRow(a routing.Attachment) row {
	return row{
		{"id", a.ID}, {"complainant_id", a.ComplainantID}, {"case_number", a.CaseNumber}, {"kind", a.Kind},
		{"content_type", a.ContentType}, {"size", a.Size}, {"sha256", a.SHA256}, {"state", a.State}, {"media_id", a.MediaID}, {"at", at(a.At)},
	}
}

// Attachment implements routing.Reader.
func (r reader) Attachment(ctx context.Context, id string) (routing.Attachment, error) {
	return one(ctx, r.run, readAttachment, `SELECT `+attachmentColumns+` FROM attachments WHERE id = $1`, id)
}

// AttachmentsOf implements routing.Reader, oldest first.
func (r reader) AttachmentsOf(ctx context.Context, caseNumber string) ([]routing.Attachment, error) {
	return list(ctx, r.run, readAttachment, `SELECT `+attachmentColumns+` FROM attachments
		WHERE case_number = $1 AND case_number <> '' ORDER BY at, id`, caseNumber)
}

// AttachmentContent implements routing.Reader. ErrNotFound: the content has not arrived.
func (r reader) AttachmentContent(ctx context.Context, id string) ([]byte, error) {
	stored, err := one(ctx, r.run, value[[]byte], `SELECT content FROM attachment_contents WHERE attachment_id = $1`, id)
	if err != nil {
		return nil, err
	}
	return r.vault.openFile(id, stored)
}

// InsertAttachment implements routing.Tx.
func (t *tx) InsertAttachment(ctx context.Context, a routing.Attachment) error {
	if err := insert(ctx, t.run, "attachments", attachmentRow(a)); err != nil {
		return fmt.Errorf("insert attachment %s: %w", a.ID, err)
	}
	return nil
}

// UpdateAttachment implements routing.Tx.
func (t *tx) UpdateAttachment(ctx context.Context, a routing.Attachment) error {
	if err := update(ctx, t.run, "attachments", attachmentRow(a), row{{"id", a.ID}}, routing.ErrNotFound); err != nil {
		return fmt.Errorf("update attachment %s: %w", a.ID, err)
	}
	return nil
}

// PutAttachmentContent implements routing.Tx. Content that comes again takes the place of the earlier.
func (t *tx) PutAttachmentContent(ctx context.Context, id string, content []byte) error {
	_, err := run(ctx, t.run, `INSERT INTO attachment_contents (attachment_id, content) VALUES ($1, $2)
		ON CONFLICT (attachment_id) DO UPDATE SET content = excluded.content`, id, t.vault.sealFile(id, content))
	if err != nil {
		return fmt.Errorf("store content of attachment %s: %w", id, err)
	}
	return nil
}
