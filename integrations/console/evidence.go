package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

const (
	// maxFile is the largest piece of evidence that a form takes, in bytes, and maxFiles how many of them.
	maxFile, maxFiles = 5 << 20, 6
	// maxUpload is the body of such a form.
	maxUpload = maxFiles*maxFile + maxBody
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

// evidenceView is the evidence of a case as the actor may have it.
type evidenceView struct {
	Files    []evidence
	Withheld int      // voices of somebody who wishes to stay hidden
	Cautions []string // kinds whose files may show who complains, though the actor isn't to know
}

func (s *Console) evidenceOf(ctx context.Context, actor routing.Actor, of routing.Case, base string) (evidenceView, error) {
	all, err := s.Store.AttachmentsOf(ctx, of.Number)
	if err != nil {
		return evidenceView{}, fmt.Errorf("list attachments of %s: %w", of.Number, err)
	}
	var v evidenceView
	for _, a := range all {
		if !a.VisibleTo(actor, of) {
			v.Withheld++
			continue
		}
		v.Files = append(v.Files, evidence{Attachment: a, Address: base + "/attachments/" + a.ID, Player: shown[a.ContentType]})
		if of.Confidential && actor.Role == routing.RoleUnit && !slices.Contains(v.Cautions, a.Kind) {
			v.Cautions = append(v.Cautions, a.Kind)
		}
	}
	return v, nil
}

func (s *Console) attachment(c *gin.Context, actor routing.Actor) error {
	found, err := s.Desk.Look(c.Request.Context(), actor, c.Param("number"), routing.LookFile)
	if err != nil {
		return err
	}
	return s.serveEvidence(c, actor, found)
}

// serveEvidence sends the content of an attachment of the case, and of no other, if the actor may have it. A stranger made it: it is never rendered as a page
// of ours, whatever it says it is.
func (s *Console) serveEvidence(c *gin.Context, actor routing.Actor, of routing.Case) error {
	ctx := c.Request.Context()
	a, err := s.Store.Attachment(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	if a.CaseNumber != of.Number || !a.VisibleTo(actor, of) || a.State != routing.AttachmentStored {
		return routing.ErrNotFound
	}
	return s.send(c, a, of.Number)
}

// sendAttachment sends what somebody sent who has no case of it yet, to a desk of operators.
func (s *Console) sendAttachment(c *gin.Context, id string) error {
	a, err := s.Store.Attachment(c.Request.Context(), id)
	if err != nil {
		return err
	}
	if a.State != routing.AttachmentStored {
		return routing.ErrNotFound
	}
	return s.send(c, a, "message")
}

// send sends the content as a download that runs nothing.
func (s *Console) send(c *gin.Context, a routing.Attachment, name string) error {
	content, err := s.Store.AttachmentContent(c.Request.Context(), a.ID)
	if err != nil {
		return fmt.Errorf("read attachment %s: %w", a.ID, err)
	}
	kind := "application/octet-stream"
	if _, safe := shown[a.ContentType]; safe {
		kind = a.ContentType
	}
	h := c.Writer.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+name+"-"+a.ID+suffix(a.ContentType)+`"`)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, max-age=600")
	http.ServeContent(c.Writer, c.Request, "", a.At, bytes.NewReader(content))
	return nil
}

// readFiles reads the fields of a form, and its files when it has any. Errors: *http.MaxBytesError, *routing.InvalidError.
func readFiles(c *gin.Context) (files []routing.File, err error) {
	if !strings.HasPrefix(c.ContentType(), "multipart/") {
		return nil, readForm(c)
	}
	if err := c.Request.ParseMultipartForm(maxUpload); err != nil {
		if is[*http.MaxBytesError](err) {
			return nil, err
		}
		return nil, &routing.InvalidError{Field: "form", Key: "console.problem.form"}
	}
	defer func() { err = errors.Join(err, c.Request.MultipartForm.RemoveAll()) }()
	c.Request.PostForm = c.Request.MultipartForm.Value
	for _, head := range c.Request.MultipartForm.File["files"] {
		if head.Size == 0 {
			continue
		}
		if head.Size > maxFile || len(files) == maxFiles {
			return nil, &routing.InvalidError{Field: "files", Key: "error.evidence_size"}
		}
		f, err := head.Open()
		if err != nil {
			return nil, fmt.Errorf("open evidence: %w", err)
		}
		content, err := io.ReadAll(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("read evidence: %w", err)
		}
		file, err := routing.NewFile(content)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// suffix ends a file's name so that the reader's computer knows it.
func suffix(contentType string) string {
	_, sub, ok := strings.Cut(contentType, "/")
	if !ok || !slices.Contains([]string{"jpeg", "png", "gif", "webp", "bmp", "mpeg", "amr", "wav", "ogg", "mp4", "webm", "pdf"}, sub) {
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
