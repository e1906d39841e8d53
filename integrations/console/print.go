package console

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// printView is a case on paper, as the actor may see it.
type printView struct {
	caseView
	By routing.Actor
	At time.Time
}

// printPage is a case laid out for paper. The contact is masked: a sheet goes from hand to hand.
func (s *Console) printPage(c *gin.Context, actor routing.Actor) error {
	v, err := s.lookAt(c, actor, routing.LookPaper)
	if err != nil {
		return err
	}
	s.renderPart(c, http.StatusOK, "print", "sheet", page{Title: "console.print.title", Actor: actor, Number: v.Case.Number, Data: printView{v, actor, s.Now()}})
	return nil
}
