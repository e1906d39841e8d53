package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// looksShown is how many of those who looked at a case its page names.
const looksShown = 100

// caseView is all that the page of a case shows.
type caseView struct {
	Case       routing.Case
	Marked     []stretch
	Path       []stop
	Timeline   []routing.Event
	Evidence   evidenceView
	Notices    []noticeView
	Surveys    []routing.Survey // askings how it turned out; nothing for units
	Calls      []routing.Call   // on the telephone about it; nothing for units
	Looks      []routing.Look   // at it, the newest first; for those who watch over the others
	Alike      []routing.Alike  // open cases that are likely the same matter
	Clocks     []clockView
	Entry      *routing.Problem // the problem that it is one of
	Forms      []form
	Reveal     *form
	Contact    *routing.Contact // unmasked, right after it was revealed
	Problem    *problemView     // why the last step was not taken
	ExternalID string
	Doubted    int               // other cases of the complainant that are marked as made up; 0 for units
	Withheld   bool              // the case is with a body before which nobody must be warned
	Answer     routing.EventData // the last reply, with its answer to each point
}

// noticeView is a notice with every attempt to deliver it.
type noticeView struct {
	routing.Notice
	Attempts []routing.Delivery
}

func (s *Console) casePage(c *gin.Context, actor routing.Actor) error {
	v, err := s.lookAt(c, actor, routing.LookPage)
	if err != nil {
		return err
	}
	s.renderCase(c, http.StatusOK, actor, v)
	return nil
}

// backToCase answers the address of a step when it is opened instead of posted: after a reload, a new login or a look into the history.
func (s *Console) backToCase(c *gin.Context, _ routing.Actor) error {
	c.Redirect(http.StatusSeeOther, "/console/cases/"+url.PathEscape(c.Param("number")))
	return nil
}

func (s *Console) renderCase(c *gin.Context, status int, actor routing.Actor, v caseView) {
	s.render(c, status, "case", page{Title: "console.case.title", Actor: actor, Section: "list", Number: v.Case.Number, Data: v})
}

// lookAt is loadCase for somebody's eyes.
func (s *Console) lookAt(c *gin.Context, actor routing.Actor, kind routing.LookKind) (caseView, error) {
	found, err := s.Desk.Look(c.Request.Context(), actor, c.Param("number"), kind)
	if err != nil {
		return caseView{}, err
	}
	return s.viewCase(c, actor, found, nil)
}

// loadCase reads the case as the actor may see it. typed are the values of a form that failed, nil otherwise.
func (s *Console) loadCase(c *gin.Context, actor routing.Actor, typed url.Values) (caseView, error) {
	found, err := s.Desk.Case(c.Request.Context(), actor, c.Param("number"))
	if err != nil {
		return caseView{}, err
	}
	return s.viewCase(c, actor, found, typed)
}

// viewCase gathers what belongs to the case.
func (s *Console) viewCase(c *gin.Context, actor routing.Actor, found routing.Case, typed url.Values) (_ caseView, err error) {
	ctx, number := c.Request.Context(), found.Number
	v := caseView{Case: found, Marked: mark(found.Text, found.Judgement.Evidence), ExternalID: outsideID(found.ExternalID),
		Withheld: found.WithheldFrom(actor)}
	if v.Timeline, err = s.Desk.Timeline(ctx, actor, number); err != nil {
		return caseView{}, err
	}
	v.Path, v.Answer = pathOf(found.State, v.Timeline), answerOf(v.Timeline)
	if v.Withheld {
		return v, nil
	}
	if v.Evidence, err = s.evidenceOf(ctx, actor, found, "/console/cases/"+number); err != nil {
		return caseView{}, err
	}
	if v.Notices, err = s.noticesOf(c, number); err != nil {
		return caseView{}, err
	}
	if actor.May(routing.DeedServe) {
		if v.Doubted, err = s.Desk.Doubted(ctx, actor, found); err != nil {
			return caseView{}, err
		}
		if v.Surveys, err = s.Desk.Surveys(ctx, actor, number); err != nil {
			return caseView{}, err
		}
		if v.Calls, err = s.Desk.Calls(ctx, actor, routing.CallQuery{Case: number, Limit: callPage}); err != nil {
			return caseView{}, err
		}
	}
	if actor.May(routing.DeedWatch) {
		if v.Looks, err = s.Desk.Looks(ctx, actor, number, looksShown); err != nil {
			return caseView{}, err
		}
	}
	if v.Alike, err = s.Desk.AlikeTo(ctx, actor, number); err != nil {
		return caseView{}, err
	}
	if v.Clocks, err = s.clocksOf(ctx, actor, number); err != nil {
		return caseView{}, err
	}
	if p, err := s.Desk.ProblemOf(ctx, actor, number); err == nil {
		v.Entry = &p
	} else if !errors.Is(err, routing.ErrNotFound) {
		return caseView{}, err
	}
	s.addForms(&v, actor, c.Param("action"), typed)
	return v, s.addTemplates(c, actor, &v)
}

// answerOf is the last reply of a timeline.
func answerOf(timeline []routing.Event) (last routing.EventData) {
	for _, e := range timeline {
		if e.Action == routing.ActionReply {
			last = e.Data
		}
	}
	return last
}

// addForms offers the legal steps; looking at the contact has its own place beside the contact.
func (s *Console) addForms(v *caseView, actor routing.Actor, action string, typed url.Values) {
	for _, f := range s.forms(actor, v.Case, "/console/cases/"+v.Case.Number) {
		if string(f.Action) == action && typed != nil {
			f.Values, f.Open = typed, true
			s.keepPlace(&f)
		} else if f.Action == routing.ActionReassign {
			f.Place.propose(proposedUnit(v.Timeline))
		}
		if f.Action != routing.ActionReveal {
			v.Forms = append(v.Forms, f)
			continue
		}
		if hidden := v.Case.Confidential && actor.Role == routing.RoleUnit; !hidden {
			v.Reveal = &f
		}
	}
}

// proposedUnit is where the unit that refused last says the case belongs, "" if it doesn't.
func proposedUnit(timeline []routing.Event) string {
	for _, e := range slices.Backward(timeline) {
		if e.Action == routing.ActionRefuse {
			return e.Data.ProposedUnit
		}
	}
	return ""
}

func (s *Console) noticesOf(c *gin.Context, number string) ([]noticeView, error) {
	notices, err := s.Store.NoticesOf(c.Request.Context(), number)
	if err != nil {
		return nil, fmt.Errorf("read notices of %s: %w", number, err)
	}
	attempts, err := s.Store.DeliveriesOf(c.Request.Context(), number)
	if err != nil {
		return nil, fmt.Errorf("read deliveries of %s: %w", number, err)
	}
	list := make([]noticeView, len(notices))
	for i, n := range notices {
		list[i].Notice = n
		for _, d := range attempts {
			if d.NoticeID == n.ID {
				list[i].Attempts = append(list[i].Attempts, d)
			}
		}
	}
	return list, nil
}

// stretch is a piece of the complaint; Level is 0 for plain words and 1 to 3 for words that decided, by weight.
type stretch struct {
	Text   string
	Weight float64
	Level  int
}

// mark cuts the text into plain and deciding words. Evidence counts characters; what overlaps or lies outside is left out, so that
// joined stretches are always the text.
func mark(text string, evidence []routing.Evidence) []stretch {
	sorted := append([]routing.Evidence(nil), evidence...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Start < sorted[j].Start })
	top := 0.0
	for _, e := range sorted {
		top = max(top, e.Weight)
	}
	runes, at := []rune(text), 0
	var list []stretch
	for _, e := range sorted {
		if e.Weight <= 0 || e.Start < at || e.End <= e.Start || e.End > len(runes) {
			continue
		}
		if e.Start > at {
			list = append(list, stretch{Text: string(runes[at:e.Start])})
		}
		list = append(list, stretch{Text: string(runes[e.Start:e.End]), Weight: e.Weight, Level: min(1+int(3*e.Weight/top), 3)})
		at = e.End
	}
	if at < len(runes) {
		list = append(list, stretch{Text: string(runes[at:])})
	}
	return list
}

// stop is one stop of the way from filing to striking off.
type stop struct {
	Key         string // console.path.<key>
	Done, Now   bool
	Interrupted bool // the case left the way here
}

// pathStates are the stops of the way; a refused case waits at the second.
var pathStates = []routing.State{routing.StateTriage, routing.StateDispatched, routing.StateSigned, routing.StateReplied, routing.StateClosed, routing.StateStruckOff}

// pathOf says how far a case has come. One that left the way (withdrawn, not accepted, transferred) stands where it left it.
func pathOf(state routing.State, timeline []routing.Event) []stop {
	left := !state.Open() && state != routing.StateStruckOff
	for i := len(timeline) - 1; left && i >= 0; i-- {
		if e := timeline[i]; e.To == state && e.From != state {
			state = e.From
			break
		}
	}
	if state == routing.StateRefused {
		state = routing.StateDispatched
	}
	at := 0
	for i, p := range pathStates {
		if p == state {
			at = i
		}
	}
	list := make([]stop, len(pathStates))
	for i, p := range pathStates {
		list[i] = stop{Key: string(p), Done: i < at || p == routing.StateStruckOff && i == at, Now: i == at, Interrupted: left && i == at}
	}
	return list
}
