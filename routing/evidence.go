package routing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// File is evidence as it is handed in: a picture or a document. Make one with NewFile.
type File struct {
	Kind        string // image, document
	ContentType string // by its first bytes, whatever its sender says
	Content     []byte
}

// NewFile looks at what the content is, and of a picture keeps what can be seen in it. Error: *InvalidError for anything but JPEG, PNG and PDF.
func NewFile(content []byte) (File, error) {
	for _, known := range []struct{ mark, kind, contentType string }{
		{"\xff\xd8\xff", "image", "image/jpeg"}, {"\x89PNG\r\n\x1a\n", "image", "image/png"}, {"%PDF-", "document", "application/pdf"},
	} {
		if strings.HasPrefix(string(content[:min(len(content), len(known.mark))]), known.mark) {
			content, err := CleanPicture(content, known.contentType)
			return File{known.kind, known.contentType, content}, err
		}
	}
	return File{}, invalid("files", "error.evidence_type")
}

// keep stores a file as an attachment: of the complainant or of nobody, of the case or problem with the number or, as yet, of none.
func (d *Desk) keep(ctx context.Context, tx Tx, complainantID, number string, f File) (Attachment, error) {
	sum := sha256.Sum256(f.Content)
	a := Attachment{ID: NewID(), ComplainantID: complainantID, CaseNumber: number, Kind: f.Kind, ContentType: f.ContentType,
		Size: int64(len(f.Content)), SHA256: hex.EncodeToString(sum[:]), State: AttachmentStored, At: d.now()}
	if err := tx.InsertAttachment(ctx, a); err != nil {
		return Attachment{}, err
	}
	return a, tx.PutAttachmentContent(ctx, a.ID, f.Content)
}

// VisibleTo reports whether the attachment of the case may be given to the actor, who may see the case. A voice says who speaks: when the
// complainant wishes to stay hidden, the unit doesn't get theirs. What an image or a video shows is for a person to judge. Of a case that is
// with another body only the office gets any.
func (a Attachment) VisibleTo(actor Actor, c Case) bool {
	voice := a.Kind == "voice" || strings.HasPrefix(a.ContentType, "audio/")
	if c.WithheldFrom(actor) {
		return false
	}
	return !voice || !c.Confidential || actor.Role != RoleUnit
}
