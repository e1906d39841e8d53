package console

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// mostAtOnce is how many cases one bulk step takes.
const mostAtOnce = 100

// bulkSteps are the steps that may be done to several cases at once: nothing that a complainant is told off by, nothing that ends a case.
var bulkSteps = []routing.Action{routing.ActionAssign, routing.ActionUrge}

// chosen is a case of a bulk step, with the version that the person saw.
type chosen struct {
	Case    routing.Case
	Version int64
	Why     string // why it can't be done, or was not
}

// Value names the case and its version in a form.
func (v chosen) Value() string { return v.Case.Number + ":" + strconv.FormatInt(v.Version, 10) }

// bulkView is the page before a bulk step, and the one after it.
type bulkView struct {
	Action  routing.Action
	Ready   []chosen // can be done; after the step: was done
	Left    []chosen // can't be done; after the step: was not
	Place   place
	Note    string
	Done    bool
	Back    string
	Problem *problemView
}

// confirmBulk shows what a bulk step would be done to. Nothing changes yet.
func (s *Console) confirmBulk(c *gin.Context, actor routing.Actor) error {
	v, err := s.bulkOf(c, actor)
	if err != nil {
		return err
	}
	if len(v.Ready)+len(v.Left) == 0 {
		return &routing.InvalidError{Field: "case", Key: "console.bulk.none"}
	}
	s.renderBulk(c, http.StatusOK, actor, v)
	return nil
}

func (s *Console) renderBulk(c *gin.Context, status int, actor routing.Actor, v bulkView) {
	s.render(c, status, "bulk", page{Title: "console.bulk.title", Actor: actor, Section: "list", Data: v})
}

// doBulk does the step to one case after the other, each in its own transaction and on the version that was shown, and says what was done and
// what was not, and why.
func (s *Console) doBulk(c *gin.Context, actor routing.Actor) error {
	v, err := s.bulkOf(c, actor)
	if err != nil {
		return err
	}
	v.Note = strings.TrimSpace(c.PostForm("note"))
	unit := c.PostForm("unit")
	if _, known := s.Plan.UnitByID[unit]; v.Action == routing.ActionAssign && !known {
		_, key, text := s.explain(&routing.InvalidError{Field: "unit", Key: "error.unit_empty"})
		v.Problem = &problemView{Key: key, Text: text}
		s.renderBulk(c, http.StatusUnprocessableEntity, actor, v)
		return nil
	}
	var done []chosen
	for _, one := range v.Ready {
		step := routing.Step{Action: v.Action, Version: one.Version, Note: v.Note}
		if v.Action == routing.ActionAssign {
			step.Unit, step.District = unit, one.Case.District
		}
		after, err := s.Desk.Act(c.Request.Context(), actor, one.Case.Number, step)
		if err != nil {
			if one.Why, err = s.why(err); err != nil {
				return err
			}
			v.Left = append(v.Left, one)
			continue
		}
		one.Case = after.View(actor)
		done = append(done, one)
	}
	v.Ready, v.Done = done, true
	s.Logger.Info("bulk step taken", "action", string(v.Action), "actor_id", actor.ID, "done", len(done), "left", len(v.Left))
	s.renderBulk(c, http.StatusOK, actor, v)
	return nil
}

// why says for a person why a case was left; an error that isn't theirs is returned.
func (s *Console) why(err error) (string, error) {
	if errors.Is(err, routing.ErrConflict) {
		return s.text("console.bulk.conflict"), nil
	}
	status, _, text := s.explain(err)
	if status == http.StatusInternalServerError {
		return "", err
	}
	return text, nil
}

// bulkOf reads the form: the step, and its cases as they now are. A case that has changed since, or whose step isn't legal, is set aside.
func (s *Console) bulkOf(c *gin.Context, actor routing.Actor) (bulkView, error) {
	if err := readForm(c); err != nil {
		return bulkView{}, err
	}
	v := bulkView{Action: routing.Action(c.PostForm("action")), Place: s.choices(""), Back: "/console"}
	if !slices.Contains(bulkSteps, v.Action) {
		return bulkView{}, &routing.InvalidError{Field: "action", Key: "error.unknown_action"}
	}
	if v.Action == routing.ActionAssign {
		v.Back = "/console?state=triage"
	}
	named := c.PostFormArray("case")
	if len(named) > mostAtOnce {
		return bulkView{}, &routing.InvalidError{Field: "case", Key: "console.bulk.too_many"}
	}
	seen := map[string]bool{}
	for _, value := range named {
		number, version, _ := strings.Cut(value, ":")
		if seen[number] {
			continue
		}
		seen[number] = true
		one := chosen{}
		var err error
		if one.Version, err = strconv.ParseInt(version, 10, 64); err != nil || one.Version < 1 {
			return bulkView{}, &routing.InvalidError{Field: "case", Key: "console.problem.form"}
		}
		if one.Case, err = s.Desk.Case(c.Request.Context(), actor, number); err != nil {
			return bulkView{}, err
		}
		if _, err := routing.Next(actor, one.Case, v.Action); err != nil {
			if one.Why, err = s.why(err); err != nil {
				return bulkView{}, err
			}
			v.Left = append(v.Left, one)
			continue
		}
		v.Ready = append(v.Ready, one)
	}
	return v, nil
}

// mayBulk reports whether the actor has bulk steps at all.
func mayBulk(r routing.Role) bool { return routing.RelationOf(r, routing.DeedOversee) != "" }

// bulkable reports whether a bulk step is legal for the case, so that it can be ticked.
func bulkable(a routing.Actor, c routing.Case) bool {
	if !mayBulk(a.Role) {
		return false
	}
	legal := routing.Legal(a, c)
	return slices.ContainsFunc(bulkSteps, func(step routing.Action) bool { return slices.Contains(legal, step) })
}
