package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// repliesView is the templates of a unit's answers, and the form that failed.
type repliesView struct {
	Templates []routing.ReplyTemplate
	Problem   *problemView
	Failed    string // id of the template whose form failed, "new" for the one to add
	Name      string
	Body      string
}

func (s *Console) replies(c *gin.Context, actor routing.Actor) error {
	return s.showReplies(c, http.StatusOK, actor, repliesView{})
}

func (s *Console) showReplies(c *gin.Context, status int, actor routing.Actor, v repliesView) error {
	var err error
	if v.Templates, err = s.Store.ReplyTemplates(c.Request.Context(), actor.Unit); err != nil {
		return err
	}
	s.render(c, status, "replies", page{Title: "console.replies.title", Actor: actor, Section: "replies", Data: v})
	return nil
}

// saveReply adds a template, or changes the one of the address.
func (s *Console) saveReply(c *gin.Context, actor routing.Actor) error {
	if err := readForm(c); err != nil {
		return err
	}
	ctx, id := c.Request.Context(), c.Param("id")
	p := routing.ReplyTemplate{ID: id, Unit: actor.Unit, Name: strings.TrimSpace(c.PostForm("name")), Body: strings.TrimSpace(c.PostForm("body")),
		UpdatedAt: s.Now(), UpdatedBy: actor.Name}
	err := checkReply(p)
	if err == nil {
		err = s.Store.Update(ctx, func(tx routing.Tx) error {
			if id != "" {
				return tx.UpdateReplyTemplate(ctx, p)
			}
			mine, err := tx.ReplyTemplates(ctx, actor.Unit)
			if err != nil {
				return err
			}
			if len(mine) >= mostReplies {
				return &routing.InvalidError{Field: "name", Key: "console.replies.too_many"}
			}
			p.ID = routing.NewID()
			return tx.InsertReplyTemplate(ctx, p)
		})
	}
	if errors.Is(err, routing.ErrExists) {
		err = &routing.InvalidError{Field: "name", Key: "console.replies.name_taken"}
	}
	var bad *routing.InvalidError
	if errors.As(err, &bad) {
		_, key, text := s.explain(err)
		v := repliesView{Problem: &problemView{Key: key, Text: text}, Failed: id, Name: p.Name, Body: p.Body}
		if id == "" {
			v.Failed = "new"
		}
		return s.showReplies(c, http.StatusUnprocessableEntity, actor, v)
	}
	if err != nil {
		return err
	}
	c.Redirect(http.StatusSeeOther, "/console/replies")
	return nil
}

func checkReply(p routing.ReplyTemplate) error {
	switch {
	case p.Name == "" || utf8.RuneCountInString(p.Name) > longestName:
		return &routing.InvalidError{Field: "name", Key: "console.saved.name_wrong"}
	case p.Body == "":
		return &routing.InvalidError{Field: "body", Key: "console.replies.body_empty"}
	case utf8.RuneCountInString(p.Body) > routing.MaxText:
		return &routing.InvalidError{Field: "body", Key: "error.text_too_long"}
	}
	return nil
}

func (s *Console) deleteReply(c *gin.Context, actor routing.Actor) error {
	ctx := c.Request.Context()
	err := s.Store.Update(ctx, func(tx routing.Tx) error { return tx.DeleteReplyTemplate(ctx, actor.Unit, c.Param("id")) })
	if err != nil {
		return err
	}
	c.Redirect(http.StatusSeeOther, "/console/replies")
	return nil
}

// backToReplies answers the address of a template when it is opened instead of posted.
func (s *Console) backToReplies(c *gin.Context, _ routing.Actor) error {
	c.Redirect(http.StatusSeeOther, "/console/replies")
	return nil
}

// addTemplates gives the form of an answer the templates of the unit.
func (s *Console) addTemplates(c *gin.Context, actor routing.Actor, v *caseView) error {
	at := slices.IndexFunc(v.Forms, func(f form) bool { return f.Action == routing.ActionReply })
	if at < 0 || actor.Role != routing.RoleUnit {
		return nil
	}
	var err error
	v.Forms[at].Templates, err = s.Store.ReplyTemplates(c.Request.Context(), actor.Unit)
	return err
}
