package console

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// evidence is an attachment as a page shows it.
type evidence struct {
	routing.Attachment
	Address string
	Player  string // the element that plays it in a browser: img, audio, video, or "" for a download
}

// shown are the types that browsers show without running anything. WeChat's voices are AMR, which no browser plays.
var shown = map[string]string{
	"image/jpeg": "img", "image/png": "img", "image/gif": "img", "image/webp": "img", "image/bmp": "img",
	"audio/mpeg": "audio", "audio/wav": "audio", "audio/wave": "audio", "audio/ogg": "audio", "audio/mp4": "audio",
	"video/mp4": "video", "video/webm": "video",
}

func (s *Console) evidenceOf(ctx context.Context, number, base string) ([]evidence, error) {
	all, err := s.Store.AttachmentsOf(ctx, number)
	if err != nil {
		return nil, fmt.Errorf("list attachments of %s: %w", number, err)
	}
	list := make([]evidence, len(all))
	for i, a := range all {
		list[i] = evidence{Attachment: a, Address: base + "/attachments/" + a.ID, Player: shown[a.ContentType]}
	}
	return list, nil
}

func (s *Console) attachment(c *gin.Context, actor routing.Actor) error {
	found, err := s.Desk.Case(c.Request.Context(), actor, c.Param("number"))
	if err != nil {
		return err
	}
	return s.serveEvidence(c, found)
}

// serveEvidence sends the content of an attachment of the case, and of no other. A stranger made it: it is never rendered as a page
// of ours, whatever it says it is.
func (s *Console) serveEvidence(c *gin.Context, of routing.Case) error {
	ctx := c.Request.Context()
	a, err := s.Store.Attachment(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	if a.CaseNumber != of.Number || a.State != routing.AttachmentStored {
		return routing.ErrNotFound
	}
	content, err := s.Store.AttachmentContent(ctx, a.ID)
	if err != nil {
		return fmt.Errorf("read attachment %s: %w", a.ID, err)
	}
	kind := "application/octet-stream"
	if _, safe := shown[a.ContentType]; safe {
		kind = a.ContentType
	}
	h := c.Writer.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+of.Number+"-"+a.ID+suffix(a.ContentType)+`"`)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, max-age=600")
	http.ServeContent(c.Writer, c.Request, "", a.At, bytes.NewReader(content))
	return nil
}

// suffix ends a file's name so that the reader's computer knows it.
func suffix(contentType string) string {
	_, sub, ok := strings.Cut(contentType, "/")
	if !ok || !slices.Contains([]string{"jpeg", "png", "gif", "webp", "bmp", "mpeg", "amr", "wav", "ogg", "mp4", "webm"}, sub) {
		return ""
	}
	return "." + sub
}

// outsideID is the number of an outside system, without our own marks against double filing.
func outsideID(id string) string {
	if strings.HasPrefix(id, formID) {
		return ""
	}
	return id
}
