package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// callView is what an operator asks on the telephone about an answer.
type callView struct {
	Form    form // for its answers
	Reasons []routing.SurveyReason
	Open    bool
	Values  url.Values // typed into a form that failed
}

// Value returns what was typed into the field, "" in a fresh form.
func (v callView) Value(field string) string { return v.Values.Get(field) }

// callOf offers the questions for a task of calling back when its case waits for a rating, nil otherwise.
func callOf(v taskView) *callView {
	if v.Kind != routing.TaskCallBack || v.Case == nil || v.Case.Rating != nil {
		return nil
	}
	if !slices.Contains(routing.Legal(routing.Actor{Role: routing.RoleOperator}, *v.Case), routing.ActionRate) {
		return nil
	}
	return &callView{Reasons: []routing.SurveyReason{routing.SurveyUnreachable, routing.SurveyDeclined}}
}

// finishCall puts on record what was heard on the telephone, or why nothing was.
func (s *Console) finishCall(c *gin.Context, actor routing.Actor) error {
	if err := readForm(c); err != nil {
		return err
	}
	id := c.Param("id")
	satisfied, _ := strconv.Atoi(c.PostForm("satisfied")) // 0: not said
	heard := routing.Called{Rating: &routing.Rating{Solved: routing.Solved(c.PostForm("solved")), Satisfied: satisfied},
		Note: strings.TrimSpace(c.PostForm("note")), Redo: c.PostForm("redo") == "1", Skip: routing.SurveyReason(c.PostForm("skip"))}
	if err := s.Desk.FinishCall(c.Request.Context(), actor, id, heard); err != nil {
		return s.taskFailed(c, actor, err)
	}
	s.Logger.Info("call put on record", "task_id", id, "actor_id", actor.ID)
	c.Redirect(http.StatusSeeOther, "/console/tasks")
	return nil
}
