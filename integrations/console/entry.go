package console

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// entryActionPath is where steps on problems are posted.
const entryActionPath = "/console/problems/:number/:action"

// entryView is all that the page of a problem shows.
type entryView struct {
	Entry    entryLine
	Cases    []routing.Case
	Hidden   int // cases that the actor may not see
	Timeline []routing.ProblemEvent
	Offers   []routing.MergeOffer
	Files    []evidence // of the last application
	Forms    []entryForm
	Problem  *problemView   // why the last step was not taken
	Same     bool           // who looks has applied, and may not check
	Noted    bool           // this week is reported
	Stop     []routing.Case // open cases, which can be split off
	// Unanswered: a complainant waits for the unit's answer.
	Unanswered bool
}

// entryForm is one legal step as a form.
type entryForm struct {
	Action  routing.ProblemAction
	Address string
	Version int64
	Open    bool
	Values  url.Values // what was typed when it failed, else what is on record
	Struck  bool       // a merge that puts the problem on record as come back
	Cases   []routing.Case
	Units   []string
}

// Value returns what stands in the field.
func (f entryForm) Value(field string) string { return f.Values.Get(field) }

// Ticked reports whether the unit is among the assisting ones.
func (f entryForm) Ticked(unit string) bool { return slices.Contains(f.Values["assisting"], unit) }

// entryOrder is how steps stand on a problem's page.
var entryOrder = []routing.ProblemAction{routing.ProblemStrikeOff, routing.ProblemSendBack, routing.ProblemPlan, routing.ProblemNote, routing.ProblemAnswer,
	routing.ProblemApply, routing.ProblemMechanism, routing.ProblemMerge, routing.ProblemSplit}

func (s *Console) entryPage(c *gin.Context, actor routing.Actor) error {
	v, err := s.loadEntry(c, actor, nil)
	if err != nil {
		return err
	}
	s.renderEntry(c, http.StatusOK, actor, v)
	return nil
}

func (s *Console) renderEntry(c *gin.Context, status int, actor routing.Actor, v entryView) {
	s.render(c, status, "entry", page{Title: "ledger.page.title", Actor: actor, Section: "ledger", Number: v.Entry.Number, Data: v})
}

// backToEntry answers the address of a step when it is opened instead of posted.
func (s *Console) backToEntry(c *gin.Context, _ routing.Actor) error {
	c.Redirect(http.StatusSeeOther, "/console/problems/"+url.PathEscape(c.Param("number")))
	return nil
}

// loadEntry reads the problem as the actor may see it. typed are the values of a form that failed, nil otherwise.
func (s *Console) loadEntry(c *gin.Context, actor routing.Actor, typed url.Values) (entryView, error) {
	ctx, number := c.Request.Context(), c.Param("number")
	p, err := s.Desk.Problem(ctx, actor, number)
	if err != nil {
		return entryView{}, err
	}
	v := entryView{Entry: s.lineOf(p), Same: p.State == routing.ProblemApplied && actor.May(routing.DeedOversee) && !p.MayCheck(actor),
		Noted: !p.NotedWeek.Before(routing.WeekOf(s.Now()))}
	if v.Cases, err = s.Desk.ProblemCases(ctx, actor, number); err != nil {
		return entryView{}, err
	}
	all, err := s.Store.ProblemCases(ctx, number)
	if err != nil {
		return entryView{}, fmt.Errorf("count cases of %s: %w", number, err)
	}
	v.Hidden = len(all) - len(v.Cases)
	if v.Timeline, err = s.Desk.ProblemTimeline(ctx, actor, number); err != nil {
		return entryView{}, err
	}
	if v.Offers, err = s.Desk.MergeOffers(ctx, actor, number); err != nil {
		return entryView{}, err
	}
	if v.Files, err = s.filesOf(c, p); err != nil {
		return entryView{}, err
	}
	for _, found := range v.Cases {
		if found.State.Open() {
			v.Stop = append(v.Stop, found)
		}
		v.Unanswered = v.Unanswered || found.State == routing.StateDispatched || found.State == routing.StateSigned
	}
	s.addEntryForms(&v, actor, c.Param("action"), typed)
	return v, nil
}

// filesOf lists the evidence of the last application.
func (s *Console) filesOf(c *gin.Context, p routing.Problem) ([]evidence, error) {
	var files []evidence
	for _, id := range p.Evidence {
		a, err := s.Store.Attachment(c.Request.Context(), id)
		if err != nil {
			return nil, fmt.Errorf("read evidence of %s: %w", p.Number, err)
		}
		files = append(files, evidence{Attachment: a, Address: "/console/problems/" + p.Number + "/evidence/" + id, Player: shown[a.ContentType]})
	}
	return files, nil
}

func (s *Console) addEntryForms(v *entryView, actor routing.Actor, action string, typed url.Values) {
	p := v.Entry.Problem
	legal := routing.LegalForProblem(actor, p)
	for _, a := range entryOrder {
		if !slices.Contains(legal, a) || a == routing.ProblemSplit && len(v.Cases) < 2 || a == routing.ProblemAnswer && !v.Unanswered {
			continue
		}
		f := entryForm{Action: a, Address: "/console/problems/" + p.Number + "/" + string(a), Version: p.Version, Values: s.onRecord(a, p),
			Struck: p.State == routing.ProblemStruckOff, Cases: v.Stop, Units: slices.DeleteFunc(s.unitIDs(), func(u string) bool { return u == p.Unit })}
		f.Open = a == routing.ProblemStrikeOff || a == routing.ProblemPlan && p.Measure == "" && actor.Role == routing.RoleUnit ||
			a == routing.ProblemNote && v.Entry.Unnoted
		if typed != nil && string(a) == action {
			f.Values, f.Open = typed, true
		}
		v.Forms = append(v.Forms, f)
	}
}

// onRecord are the values with which a form begins.
func (s *Console) onRecord(a routing.ProblemAction, p routing.Problem) url.Values {
	v := url.Values{}
	switch a {
	case routing.ProblemPlan:
		v.Set("cause", p.Cause)
		v.Set("measure", p.Measure)
		v.Set("person", p.Person)
		v["assisting"] = p.Assisting
		if !p.DueAt.IsZero() {
			v.Set("due", p.DueAt.In(routing.Beijing()).Format(time.DateOnly))
		}
	case routing.ProblemMechanism, routing.ProblemApply:
		v.Set("mechanism", p.Mechanism)
		v.Set("no_mechanism", p.NoMechanism)
	}
	return v
}

// actOnEntry does the step of a form. When it cannot be done, the page comes back as the problem now is, with what was typed.
func (s *Console) actOnEntry(c *gin.Context, actor routing.Actor) error {
	files, err := readFiles(c)
	if err != nil {
		if is[*routing.InvalidError](err) {
			return s.entryFailed(c, actor, err)
		}
		return err
	}
	number, step := c.Param("number"), entryStepOf(routing.ProblemAction(c.Param("action")), c.Request.PostForm)
	for _, f := range files {
		a, err := s.Desk.AddEvidence(c.Request.Context(), actor, number, f)
		if err != nil {
			return s.entryFailed(c, actor, err)
		}
		step.Attachments = append(step.Attachments, a.ID)
	}
	if _, err := s.Desk.ActOnProblem(c.Request.Context(), actor, number, step); err != nil {
		return s.entryFailed(c, actor, err)
	}
	s.Logger.Info("step on a problem taken", "number", number, "action", string(step.Action), "actor_id", actor.ID)
	c.Redirect(http.StatusSeeOther, "/console/problems/"+url.PathEscape(number))
	return nil
}

// entryStepOf reads a step from a form. Empty fields stay empty; routing judges the rest.
func entryStepOf(action routing.ProblemAction, v url.Values) routing.ProblemStep {
	get := func(field string) string { return strings.TrimSpace(strings.ReplaceAll(v.Get(field), "\r\n", "\n")) }
	version, _ := strconv.ParseInt(v.Get("version"), 10, 64) // 0: whatever it is now
	s := routing.ProblemStep{Action: action, Version: version, Note: get("note"), Cause: get("cause"), Measure: get("measure"), Person: get("person"),
		Due: get("due"), LastWeek: v.Get("week") == "last", Mechanism: get("mechanism"), NoMechanism: get("no_mechanism"),
		Problem: strings.ToUpper(get("problem")), Case: get("case")}
	if v.Has("measure") { // the form of the plan: no box ticked means nobody assists
		s.Assisting = append([]string{}, v["assisting"]...)
	}
	return s
}

func (s *Console) entryFailed(c *gin.Context, actor routing.Actor, err error) error {
	status, key, text := s.explain(err)
	if status != http.StatusConflict && status != http.StatusUnprocessableEntity && !errors.Is(err, routing.ErrSamePerson) {
		return err
	}
	v, loadErr := s.loadEntry(c, actor, c.Request.PostForm)
	if loadErr != nil {
		return loadErr
	}
	v.Problem = &problemView{Key: key, Text: text}
	if !slices.ContainsFunc(v.Forms, func(f entryForm) bool { return string(f.Action) == c.Param("action") }) {
		v.Problem.Typed = typed(c)
	}
	s.renderEntry(c, status, actor, v)
	return nil
}

// entryEvidence sends a piece of evidence of the problem, and of no other thing, to who may see the problem.
func (s *Console) entryEvidence(c *gin.Context, actor routing.Actor) error {
	ctx := c.Request.Context()
	p, err := s.Desk.Problem(ctx, actor, c.Param("number"))
	if err != nil {
		return err
	}
	a, err := s.Store.Attachment(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	if a.CaseNumber != p.Number || a.State != routing.AttachmentStored {
		return routing.ErrNotFound
	}
	content, err := s.Store.AttachmentContent(ctx, a.ID)
	if err != nil {
		return fmt.Errorf("read attachment %s: %w", a.ID, err)
	}
	name := p.Number + "-" + a.ID + suffix(a.ContentType)
	if a.ContentType == "application/pdf" {
		name += ".pdf"
	}
	h := c.Writer.Header()
	h.Set("Content-Type", a.ContentType) // one of routing.NewFile
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, max-age=600")
	http.ServeContent(c.Writer, c.Request, "", a.At, bytes.NewReader(content))
	return nil
}

// entryDid tells a plan that was set from one that was changed, by the reason that only a change needs.
func entryDid(e routing.ProblemEvent) string {
	if e.Action == routing.ProblemPlan && e.Data.Note != "" {
		return "plan.changed"
	}
	return string(e.Action)
}

// week names a week by its Monday.
func (s *Console) week(t time.Time) string {
	t = t.In(routing.Beijing())
	return s.text("ledger.page.week.of", "month", int(t.Month()), "day", t.Day())
}

// dayOf writes a day, as in 2026-12-31.
func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(routing.Beijing()).Format(time.DateOnly)
}
