package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// caseActionPath is where steps on cases are posted.
const caseActionPath = "/console/cases/:number/:action"

// form is one legal step as a form: the fields it has, and what was typed when it failed.
type form struct {
	Action    routing.Action
	Address   string
	Version   int64
	Open      bool // unfolded: the step that comes next, or the one that failed
	Fields    []string
	Must      bool // the note is needed
	Values    url.Values
	Place     place
	Errors    map[string]string // what is wrong with a field, beside it
	Points    []string          // of the complaint
	Routes    []routing.Route
	Asked     int // days that the unit asks for
	Now       time.Time
	Text      string                  // prefix of the catalogue keys: console or page
	Words     string                  // end of the catalogue keys: the action, or what it is for this actor
	Templates []routing.ReplyTemplate // of the unit, for its answer
}

// place is what the fields of a placement offer and what is chosen.
type place struct {
	Item, Unit, District string
	Urgency              string // one of urgencies
	Assisting            []string
	Categories           []routing.Category
	Leads                []string // units that the item's category allows
	Units                []string // every unit, by id
	Districts            []string
	Hint                 placeHint // of a case without a district
}

// Has reports whether the form has the field.
func (f form) Has(field string) bool { return slices.Contains(f.Fields, field) }

// Value returns what was typed into the field, "" in a fresh form.
func (f form) Value(field string) string { return f.Values.Get(field) }

// stepFields are the fields of each step beside its version. A "!" makes the note needed, as routing does; the browser then says so
// before anything is sent.
var stepFields = map[routing.Action][]string{
	routing.ActionAssign:     {"place", "note"},
	routing.ActionReassign:   {"place", "note"},
	routing.ActionNotAccept:  {"route", "note"},
	routing.ActionTransfer:   {"body", "note!"},
	routing.ActionSign:       {"note"},
	routing.ActionRefuse:     {"ground", "note!", "proposed_unit"},
	routing.ActionUphold:     {"note!"},
	routing.ActionContact:    {"how", "contacted_at", "note"},
	routing.ActionPoints:     {"points", "note"},
	routing.ActionProgress:   {"note!", "internal"},
	routing.ActionExtend:     {"days", "note!"},
	routing.ActionDecline:    {"note!"},
	routing.ActionReply:      {"answers", "note!"},
	routing.ActionClose:      {"note"},
	routing.ActionStrikeOff:  {"note"},
	routing.ActionSendBack:   {"note!"},
	routing.ActionRedo:       {"note!"},
	routing.ActionWithdraw:   {"note"},
	routing.ActionRate:       {"rating", "note"},
	routing.ActionCallBack:   {"unreached", "rating", "note"},
	routing.ActionUrge:       {"note"},
	routing.ActionSupervise:  {"note!"},
	routing.ActionSupplement: {"note", "files", "contact", "confidential"},
	routing.ActionReveal:     {"note!"},
	routing.ActionRelink:     {"note"},
	routing.ActionDoubt:      {"note!"},
	routing.ActionTrust:      {"note!"},
}

// stepOrder is how steps stand on a page: what brings a case on, what accompanies it, what takes it off its way.
var stepOrder = []routing.Action{routing.ActionAssign, routing.ActionSign, routing.ActionReply, routing.ActionRate, routing.ActionClose,
	routing.ActionStrikeOff, routing.ActionCallBack, routing.ActionContact, routing.ActionProgress, routing.ActionPoints, routing.ActionExtend,
	routing.ActionDecline, routing.ActionSupplement, routing.ActionUrge, routing.ActionSupervise, routing.ActionUphold, routing.ActionReassign,
	routing.ActionSendBack, routing.ActionRedo, routing.ActionRefuse, routing.ActionTransfer,
	routing.ActionNotAccept, routing.ActionWithdraw, routing.ActionRelink, routing.ActionDoubt, routing.ActionTrust, routing.ActionReveal}

// nextSteps is what a state waits for: the first that the actor may do is unfolded.
var nextSteps = map[routing.State][]routing.Action{
	routing.StateTriage:     {routing.ActionAssign},
	routing.StateDispatched: {routing.ActionSign},
	routing.StateSigned:     {routing.ActionReply},
	routing.StateRefused:    {routing.ActionReassign},
	routing.StateReplied:    {routing.ActionRate, routing.ActionClose},
	routing.StateClosed:     {routing.ActionStrikeOff},
}

// forms makes a form of every legal step, in the order of stepOrder but for the one that comes next, which is first.
func (s *Console) forms(actor routing.Actor, c routing.Case, address string) []form {
	legal, next := routing.LegalAt(actor, c, s.Now()), nextSteps[c.State]
	rank := func(a routing.Action) int {
		i := slices.Index(stepOrder, a)
		if slices.Contains(next, a) {
			i -= len(stepOrder)
		}
		return i
	}
	slices.SortFunc(legal, func(a, b routing.Action) int { return rank(a) - rank(b) })
	list := make([]form, 0, len(legal))
	for _, a := range legal {
		f := form{Action: a, Address: address + "/" + string(a), Version: c.Version, Open: len(list) == 0 && slices.Contains(next, a), Text: "console", Words: string(a)}
		if a == routing.ActionExtend && actor.Role == routing.RoleUnit {
			f.Words = "extend.asked" // the office grants it
		}
		for _, field := range stepFields[a] {
			name, must := strings.CutSuffix(field, "!")
			f.Must = f.Must || must
			f.Fields = append(f.Fields, name)
		}
		s.fill(&f, c)
		if f.Has("place") || f.Has("proposed_unit") {
			f.Place = s.placeOf(c)
		}
		list = append(list, f)
	}
	return list
}

// fill gives a form what its lists offer. With several points of a complaint each has words of its own, and those on the whole may be left
// out; with fewer the note is the answer.
func (s *Console) fill(f *form, c routing.Case) {
	f.Points, f.Routes, f.Asked, f.Now = c.Points, s.Plan.Routes, c.Asked, s.Now()
	if !f.Has("answers") {
		return
	}
	if len(c.Points) > 1 {
		f.Must = false
	} else {
		f.Fields = slices.DeleteFunc(f.Fields, func(field string) bool { return field == "answers" })
	}
}

func (s *Console) placeOf(c routing.Case) place {
	p := s.choices(c.Item)
	p.Unit, p.District, p.Assisting, p.Urgency = c.Unit, c.District, c.Assisting, urgencyName(c.Urgency)
	if p.Unit == "" {
		p.Unit = c.Judgement.Unit
	}
	if c.District == "" {
		p.Hint = hintOf(c.Judgement)
	}
	return p
}

// propose chooses a unit, if the item may go to it.
func (p *place) propose(unit string) {
	if slices.Contains(p.Leads, unit) {
		p.Unit = unit
	}
}

// keepPlace puts back the placement that was chosen in a form that failed.
func (s *Console) keepPlace(f *form) {
	if !f.Has("place") {
		return
	}
	f.Place = s.choices(f.Value("item"))
	f.Place.Unit, f.Place.District, f.Place.Assisting, f.Place.Urgency = f.Value("unit"), f.Value("district"), f.Values["assisting"], f.Value("urgency")
}

// choices lists what a placement of the item may be.
func (s *Console) choices(item string) place {
	return place{Item: item, Categories: s.Plan.Categories, Leads: s.leads(item), Units: s.unitIDs(), Districts: s.Plan.Districts}
}

// leads lists the units that may be given the item: its category's, or any for what is outside the plan.
func (s *Console) leads(item string) []string {
	id := s.Plan.CategoryOf(item)
	for _, c := range s.Plan.Categories {
		if c.ID == id {
			return c.Leads
		}
	}
	return s.unitIDs()
}

func (s *Console) unitIDs() []string {
	ids := make([]string, 0, len(s.Plan.UnitByID))
	for id := range s.Plan.UnitByID {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// unitOptions answers htmx when another item is chosen: the units that may be given it.
func (s *Console) unitOptions(c *gin.Context, _ routing.Actor) error {
	p := s.choices(c.Query("item"))
	p.Unit = c.Query("unit")
	s.renderPart(c, http.StatusOK, "case", "unit-options", p)
	return nil
}

// act does the step of a form. When it cannot be done, the page comes back as the case now is, with what was typed.
func (s *Console) act(c *gin.Context, actor routing.Actor) error {
	files, err := readFiles(c)
	if is[*routing.InvalidError](err) {
		return s.stepFailed(c, actor, err)
	}
	if err != nil {
		return err
	}
	number, action := c.Param("number"), routing.Action(c.Param("action"))
	if action == routing.ActionReveal {
		return s.reveal(c, actor)
	}
	step := stepOf(action, c.Request.PostForm)
	step.Files = files
	if _, err := s.Desk.Act(c.Request.Context(), actor, number, step); err != nil {
		return s.stepFailed(c, actor, err)
	}
	s.Logger.Info("step taken", "number", number, "action", string(action), "actor_id", actor.ID)
	if c.PostForm("back") == "triage" {
		c.Redirect(http.StatusSeeOther, "/console/triage")
		return nil
	}
	c.Redirect(http.StatusSeeOther, "/console/cases/"+url.PathEscape(number))
	return nil
}

// readForm reads the posted fields. Errors: *http.MaxBytesError, *routing.InvalidError.
func readForm(c *gin.Context) error {
	err := c.Request.ParseForm()
	if err == nil || is[*http.MaxBytesError](err) {
		return err
	}
	return &routing.InvalidError{Field: "form", Key: "console.problem.form"}
}

// reveal shows the contact on the page that answers the post, so that going back or reloading asks for the reason again.
func (s *Console) reveal(c *gin.Context, actor routing.Actor) error {
	contact, err := s.Desk.Reveal(c.Request.Context(), actor, c.Param("number"), strings.TrimSpace(c.PostForm("note")))
	if err != nil {
		return s.stepFailed(c, actor, err)
	}
	v, err := s.loadCase(c, actor, nil)
	if err != nil {
		return err
	}
	v.Contact = &contact
	s.renderCase(c, http.StatusOK, actor, v)
	return nil
}

func (s *Console) stepFailed(c *gin.Context, actor routing.Actor, err error) error {
	status, key, text := s.explain(err)
	if status != http.StatusConflict && status != http.StatusUnprocessableEntity {
		return err
	}
	v, loadErr := s.loadCase(c, actor, c.Request.PostForm)
	if loadErr != nil {
		return loadErr // the case left this desk meanwhile: the plain page gives back what was typed
	}
	v.Problem = &problemView{Key: key, Text: text, Since: s.since(err)}
	for i := range v.Forms {
		if v.Forms[i].Values != nil {
			v.Forms[i].Errors = s.beside(err)
		}
	}
	if !slices.ContainsFunc(v.Forms, func(f form) bool { return f.Values != nil }) {
		v.Problem.Typed = typed(c)
	}
	s.renderCase(c, status, actor, v)
	return nil
}

// beside are the sentences of an invalid step by field.
func (s *Console) beside(err error) map[string]string {
	var bad *routing.InvalidError
	if !errors.As(err, &bad) {
		return nil
	}
	list := map[string]string{}
	for _, e := range bad.All() {
		list[e.Field] = e.Say(s.Wording)
	}
	return list
}

// stepOf reads a step from a form. Empty fields stay empty; routing judges the rest.
func stepOf(action routing.Action, v url.Values) routing.Step {
	get := func(field string) string { return strings.TrimSpace(v.Get(field)) }
	version, _ := strconv.ParseInt(v.Get("version"), 10, 64) // 0 as the API has it: whatever it is now
	days, _ := strconv.Atoi(get("days"))                     // 0 is out of range and said so
	s := routing.Step{Action: action, Version: version, Note: get("note"), Internal: v.Get("internal") == "1", Days: days,
		Item: get("item"), Unit: get("unit"), District: get("district"), ProposedUnit: get("proposed_unit"),
		Urgency: urgencyOf(v.Get("urgency"))}
	if v.Has("item") { // a form with a placement: no box ticked means none
		s.Assisting = append([]string{}, v["assisting"]...)
	}
	s.Ground, s.Route, s.Body, s.How = routing.Ground(get("ground")), get("route"), routing.Body(get("body")), routing.ContactWay(get("how"))
	if action == routing.ActionRefuse && s.Ground == "" {
		s.Ground = routing.Ground(unchosen) // a person at a form chooses; only a program may leave it out
	}
	s.Points, s.Answers = strings.Split(v.Get("points"), "\n"), answersOf(v)
	s.ContactedAt, _ = time.ParseInLocation(minuteForm, get("contacted_at"), routing.Beijing()) // empty: now
	s.Unreached = v.Get("unreached") == "1"
	if action == routing.ActionRate || action == routing.ActionCallBack {
		satisfied, _ := strconv.Atoi(v.Get("satisfied"))
		s.Rating = &routing.Rating{Solved: routing.Solved(v.Get("solved")), Satisfied: satisfied}
	}
	if action == routing.ActionSupplement {
		s.Confidential = choice(v.Get("confidential"))
		phone, _ := routing.PlainPhone(v.Get("phone"))
		contact := routing.Contact{Enterprise: get("enterprise"), Name: get("contact_name"), Phone: phone}
		if contact != (routing.Contact{}) {
			s.Contact = &contact
		}
	}
	return s
}

// unchosen is what a list gives that nothing was chosen from; minuteForm is a time as browsers send it.
const (
	unchosen   = "-"
	minuteForm = "2006-01-02T15:04"
)

// answersOf reads the answers to the points of a complaint, which are numbered from 1.
func answersOf(v url.Values) []routing.Answer {
	var list []routing.Answer
	for n := 1; n <= routing.MaxPoints; n++ {
		i := strconv.Itoa(n)
		if v.Has("outcome-"+i) || v.Has("words-"+i) {
			list = append(list, routing.Answer{Point: n, Outcome: routing.PointOutcome(v.Get("outcome-" + i)), Note: v.Get("words-" + i)})
		}
	}
	return list
}

// choice reads yes, no or nothing said.
func choice(v string) *bool {
	if v != "yes" && v != "no" {
		return nil
	}
	yes := v == "yes"
	return &yes
}

// Solved and Grades list the answers of a rating for its form.
func (f form) Solved() []string {
	return []string{string(routing.SolvedYes), string(routing.SolvedPartly), string(routing.SolvedNo)}
}

// Grades are the marks of satisfaction, the best first.
func (f form) Grades() []string { return []string{"5", "4", "3", "2", "1"} }

// Grounds, Bodies, Ways and Outcomes list what the selects of a form offer.
func (f form) Grounds() []routing.Ground { return routing.Grounds() }

// Bodies are whom a case can be handed to.
func (f form) Bodies() []routing.Body { return routing.Bodies() }

// Ways are how a complainant is spoken with.
func (f form) Ways() []routing.ContactWay { return routing.ContactWays() }

// Outcomes are what can become of a point.
func (f form) Outcomes() []routing.PointOutcome { return routing.PointOutcomes() }

// PointLines is the list of points as it is edited, one a line.
func (f form) PointLines() string {
	if f.Values != nil {
		return f.Value("points")
	}
	return strings.Join(f.Points, "\n")
}

// Days is what was typed, or what the unit asks for.
func (f form) Days() string {
	if f.Values == nil && f.Asked > 0 {
		return strconv.Itoa(f.Asked)
	}
	return f.Value("days")
}

// Latest is the latest moment of a contact, as browsers take it.
func (f form) Latest() string { return f.Now.In(routing.Beijing()).Format(minuteForm) }

// Error is what is wrong with a field.
func (f form) Error(field string) string { return f.Errors[field] }

// NoteKind chooses the label of the note: what it is for, or that it may be left out.
func (f form) NoteKind() string {
	switch {
	case f.Has("answers"):
		return "whole"
	case f.Has("route"):
		return "route"
	case f.Action == routing.ActionReply:
		return "reply"
	case f.Must:
		return "must"
	}
	return "may"
}
