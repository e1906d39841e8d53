package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// callPage is how many calls are on a page of the log.
const callPage = 50

// callsView is the log of telephone calls.
type callsView struct {
	Calls  []routing.Call
	Missed bool
	More   string // id that the next page begins after, "" on the last
}

func (s *Console) calls(c *gin.Context, actor routing.Actor) error {
	v := callsView{Missed: c.Query("missed") == "1"}
	before := c.Query("before")
	if len(before) > 100 {
		before = ""
	}
	calls, err := s.Desk.Calls(c.Request.Context(), actor, routing.CallQuery{Missed: v.Missed, Before: before, Limit: callPage + 1})
	if err != nil {
		return err
	}
	if v.Calls = calls; len(calls) > callPage {
		v.Calls, v.More = calls[:callPage], calls[callPage-1].ID
	}
	s.render(c, http.StatusOK, "calls", page{Title: "console.calls.title", Actor: actor, Section: "calls", Data: v})
	return nil
}
