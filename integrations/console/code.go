package console

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// codeView is a code to be read out, or where it was sent.
type codeView struct {
	Number string
	Digits string // "": it was sent
	Phone  string // masked; "": it is to be read out
}

// makeCode makes a code by which a caller gets their case in WeChat: read out by the operator, or sent to the number of the case.
func (s *Console) makeCode(c *gin.Context, actor routing.Actor) error {
	if err := readForm(c); err != nil {
		return err
	}
	number, send := c.PostForm("number"), c.PostForm("how") == "sms"
	if send && !s.Codes {
		return routing.ErrNotFound
	}
	code, err := s.Desk.CaseCode(c.Request.Context(), actor, number, send)
	if many := (*routing.TooManyError)(nil); errors.As(err, &many) {
		err = &routing.InvalidError{Field: "code", Key: "error.code_many"}
	}
	if err != nil {
		return err
	}
	s.Logger.Info("code made", "number", number, "sent", send, "actor_id", actor.ID)
	v := codeView{Number: number, Phone: routing.MaskPhone(code.Phone)}
	if !send {
		v.Digits = code.Digits
	}
	s.render(c, http.StatusOK, "code", page{Title: "console.code.title", Actor: actor, Section: "file", Data: v})
	return nil
}
