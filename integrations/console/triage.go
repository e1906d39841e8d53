package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// triageView is the queue of cases that wait for a person to say where they go.
type triageView struct {
	Cards []triageCard
	More  bool // there are more than the page shows
}

// triageCard is one case with what the classifier would do; keys 1 to 3 pick.
type triageCard struct {
	Case    routing.Case
	Marked  []stretch
	Choices []routing.Alternative // at most three that can be dispatched
}

func (s *Console) triage(c *gin.Context, actor routing.Actor) error {
	cases, next, err := s.Desk.Cases(c.Request.Context(), actor, routing.Query{States: []routing.State{routing.StateTriage}, Limit: pageSize})
	if err != nil {
		return err
	}
	v := triageView{More: next != ""}
	for _, found := range cases {
		v.Cards = append(v.Cards, triageCard{found, mark(found.Text, found.Judgement.Evidence), s.dispatchable(found.Judgement)})
	}
	s.render(c, http.StatusOK, "triage", page{Title: "console.triage.title", Actor: actor, Section: "triage", Data: v})
	return nil
}

// leastChance is the probability below which a candidate isn't offered: one key must not dispatch what the classifier rules out.
const leastChance = 0.05

// dispatchable lists the first three alternatives that a person could dispatch as they stand and that are likely at all.
func (s *Console) dispatchable(j routing.Judgement) []routing.Alternative {
	var list []routing.Alternative
	for _, a := range j.Alternatives {
		placed := routing.Placement{Item: a.Item, Unit: a.Unit}
		if a.Confidence >= leastChance && a.Item != routing.Other && s.Plan.CheckPlacement(placed) == nil && len(list) < 3 {
			list = append(list, a)
		}
	}
	return list
}
