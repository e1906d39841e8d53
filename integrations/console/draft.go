package console

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// draftFields are what a draft keeps of the filing form.
var draftFields = []string{"phone", "contact_name", "enterprise", "text", "district", "urgency", "confidential", "publish", "call", "chat"}

// keepDraft keeps what the operator has typed so far, so that a closed browser loses nothing of a call. A form that says nothing takes the draft away.
func (s *Console) keepDraft(c *gin.Context, actor routing.Actor) error {
	if err := readForm(c); err != nil {
		return err
	}
	kept, says := url.Values{}, false
	for _, name := range draftFields {
		if v := c.PostForm(name); v != "" {
			kept.Set(name, v)
			says = says || slices.Contains([]string{"phone", "contact_name", "enterprise", "text"}, name)
		}
	}
	ctx := c.Request.Context()
	err := s.Store.Update(ctx, func(tx routing.Tx) error {
		// The form may have been sent while this was on its way: what is filed is no draft any more.
		filed, err := s.Desk.FiledIn(ctx, tx, actor, s.complaintOf(c.Request.PostForm).ExternalID)
		if err != nil || filed {
			says = false
			return err
		}
		if !says {
			return tx.DropDraft(ctx, actor.ID)
		}
		return tx.PutDraft(ctx, routing.Draft{UserID: actor.ID, Fields: kept.Encode(), At: s.Now()})
	})
	if err != nil {
		return err
	}
	if !says {
		c.Status(http.StatusNoContent)
		return nil
	}
	c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(template.HTMLEscapeString(s.text("console.file.kept", "time", s.Now().In(routing.Beijing()).Format("15:04")))))
	return nil
}

// dropDraft takes the draft away and begins a fresh form.
func (s *Console) dropDraft(c *gin.Context, actor routing.Actor) error {
	if err := s.forgetDraft(c.Request.Context(), actor); err != nil {
		return err
	}
	c.Redirect(http.StatusSeeOther, "/console/file")
	return nil
}

func (s *Console) forgetDraft(ctx context.Context, actor routing.Actor) error {
	return s.Store.Update(ctx, func(tx routing.Tx) error { return tx.DropDraft(ctx, actor.ID) })
}

// restore fills the form with the operator's draft, if there is one.
func (s *Console) restore(c *gin.Context, actor routing.Actor, v *fileView) error {
	ctx := c.Request.Context()
	d, err := s.Store.Draft(ctx, actor.ID)
	if errors.Is(err, routing.ErrNotFound) || err == nil && s.Now().Sub(d.At) > routing.DraftsKept {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read draft: %w", err)
	}
	fields, err := url.ParseQuery(d.Fields)
	if err != nil {
		return fmt.Errorf("read draft: %w", err)
	}
	v.Values, v.Restored = fields, d.At
	v.Place.District, v.Place.Urgency = fields.Get("district"), fields.Get("urgency")
	if v.Callers, err = s.caller(ctx, actor, fields.Get("phone")); err != nil {
		return err
	}
	v.Suggest, err = s.suggestion(ctx, actor, fields.Get("text"), "", "", fields.Get("phone"))
	return err
}
