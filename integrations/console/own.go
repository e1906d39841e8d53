package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// stepsPerHour bounds what one page of a complainant may send; nobody with a complaint gets near it.
const stepsPerHour = 30

// ownActionPath is where complainants' steps are posted.
const ownActionPath = "/p/:token/:action"

// ownView is the complainant's own page.
type ownView struct {
	Case     routing.Case // contact masked: the address may be shown to somebody else on the same telephone
	Outlook  routing.Outlook
	Ask      *askView
	Again    *againView
	Path     []stop
	Timeline []ownEvent
	Evidence evidenceView
	Forms    []form
	Hide     *form // switches whether the unit may see who complains
	Problem  *problemView
	Thanks   string // the step just taken
	Withheld bool   // the case is with a body before which nobody must be warned
	Answer   routing.EventData
}

// ownSteps are the steps of the page, in its order.
var ownSteps = []routing.Action{routing.ActionRate, routing.ActionRedo, routing.ActionSupplement, routing.ActionUrge, routing.ActionWithdraw}

// own opens a complainant's page by its token. An unknown token and a page that is gone look the same.
func (s *Console) own(h func(*gin.Context, routing.Actor, routing.Case) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		found, actor, err := s.Desk.CaseByToken(c.Request.Context(), c.Param("token"))
		if err == nil {
			err = h(c, actor, found)
		}
		if err != nil {
			s.fail(c, routing.Actor{}, err)
		}
	}
}

// public reports whether the request is for a complainant's page.
func public(c *gin.Context) bool { return strings.HasPrefix(c.FullPath(), "/p/") }

func (s *Console) ownPage(c *gin.Context, actor routing.Actor, found routing.Case) error {
	v, err := s.loadOwn(c, actor, found)
	if err != nil {
		return err
	}
	if done := routing.Action(c.Query("done")); slices.Contains(ownSteps, done) {
		v.Thanks = string(done)
	}
	s.render(c, http.StatusOK, "own", page{Title: "page.title", Public: true, Data: v})
	return nil
}

// backToOwn answers the address of a step when it is opened instead of posted.
func (s *Console) backToOwn(c *gin.Context, _ routing.Actor, _ routing.Case) error {
	c.Redirect(http.StatusSeeOther, "/p/"+c.Param("token"))
	return nil
}

func (s *Console) loadOwn(c *gin.Context, actor routing.Actor, found routing.Case) (ownView, error) {
	ctx, base := c.Request.Context(), "/p/"+c.Param("token")
	visible, timeline, err := s.ownTimeline(ctx, actor, found)
	if err != nil {
		return ownView{}, err
	}
	outlook, err := s.Desk.OutlookIn(ctx, s.Store, s.Wording, found)
	if err != nil {
		return ownView{}, err
	}
	if found.WithheldFrom(actor) {
		return ownView{Case: found, Outlook: outlook, Path: pathOf(found.State, visible), Timeline: timeline, Withheld: true}, nil
	}
	files, err := s.evidenceOf(ctx, actor, found, base)
	if err != nil {
		return ownView{}, err
	}
	v := ownView{Outlook: outlook, Ask: askOf(actor, found, base), Again: againOf(actor, found, base), Path: pathOf(found.State, visible),
		Timeline: timeline, Evidence: files, Answer: answerOf(visible)}
	for _, f := range s.forms(actor, found, base) {
		f.Text = "page"
		f.Open = false // the page asks the open question itself
		if f.Action == routing.ActionSupplement {
			hide := f
			v.Hide = &hide
			f.Fields = []string{"note", "files"}
		}
		if slices.Contains(ownSteps, f.Action) {
			v.Forms = append(v.Forms, f)
		}
	}
	slices.SortStableFunc(v.Forms, func(a, b form) int { return slices.Index(ownSteps, a.Action) - slices.Index(ownSteps, b.Action) })
	found.Contact.Phone, found.Contact.Name = routing.MaskPhone(found.Contact.Phone), routing.MaskName(found.Contact.Name)
	found.State = found.State.Told()
	v.Case = found
	return v, nil
}

// ownStep does what the complainant asks. Their steps hold whatever the version is now: they speak of the matter, not of a state.
func (s *Console) ownStep(c *gin.Context, actor routing.Actor, found routing.Case) error {
	action := routing.Action(c.Param("action"))
	if !slices.Contains(ownSteps, action) {
		return routing.ErrNotFound
	}
	allowed, err := s.Live.Allow(c.Request.Context(), "page/"+found.Number, stepsPerHour, time.Hour)
	if err != nil {
		s.Logger.Warn("limit of pages is not working", "error", err)
	} else if !allowed {
		s.problem(c, http.StatusTooManyRequests, "too_many")
		return nil
	}
	files, err := readFiles(c)
	if is[*routing.InvalidError](err) {
		return s.ownFailed(c, actor, found, err)
	}
	if err != nil {
		return err
	}
	step := stepOf(action, c.Request.PostForm)
	step.Version, step.Contact, step.Files = 0, nil, files
	if _, err := s.Desk.Act(c.Request.Context(), actor, found.Number, step); err != nil {
		return s.ownFailed(c, actor, found, err)
	}
	s.Logger.Info("step taken", "number", found.Number, "action", string(action), "role", string(actor.Role))
	c.Redirect(http.StatusSeeOther, "/p/"+c.Param("token")+"?done="+string(action))
	return nil
}

// ownFailed shows the page as it now is, with what was typed.
func (s *Console) ownFailed(c *gin.Context, actor routing.Actor, found routing.Case, cause error) error {
	status, key, text := s.explain(cause)
	if status != http.StatusConflict && status != http.StatusUnprocessableEntity {
		return cause
	}
	v, err := s.loadOwn(c, actor, found)
	if err != nil {
		return err
	}
	v.Problem = &problemView{Key: key, Text: text, Typed: typed(c)}
	for i := range v.Forms {
		if string(v.Forms[i].Action) == c.Param("action") {
			v.Forms[i].Values, v.Forms[i].Open, v.Problem.Typed = c.Request.PostForm, true, nil
		}
	}
	s.render(c, status, "own", page{Title: "page.title", Public: true, Data: v})
	return nil
}

func (s *Console) ownAttachment(c *gin.Context, actor routing.Actor, found routing.Case) error {
	return s.serveEvidence(c, actor, found)
}
