package console

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// formID begins the external id that a fresh filing form carries: sending the same form twice files one case.
const formID = "console-"

// knownCases is how many earlier cases of a caller are shown while they talk.
const knownCases = 5

// fileView is the form for filing on behalf of a caller.
type fileView struct {
	ID       string
	Values   url.Values
	Place    place
	Problem  *problemView
	Suggest  suggestView
	Callers  callerView
	Restored time.Time // when the draft was kept that the form was filled from; zero: it is fresh
}

// Value returns what was typed into the field.
func (v fileView) Value(field string) string { return v.Values.Get(field) }

// suggestView is what the classifier makes of the words so far.
type suggestView struct {
	Judgement routing.Judgement
	Marked    []stretch
	Choices   []routing.Alternative
	Same      string          // number of the case that it is the same matter as
	Picked    string          // "item|unit", "" for the system's own decision
	Alike     []routing.Alike // open cases that are likely the same matter
	Hint      placeHint
}

// placeHint is a place that is named, and the district that it suggests, "" for none.
type placeHint struct {
	Place, District string
	Confirmed       bool
}

func hintOf(j routing.Judgement) placeHint {
	place, district := j.SuggestedDistrict()
	return placeHint{Place: place, District: district}
}

// callerView is what we know of the number that calls.
type callerView struct {
	Doubtful   bool // nobody could be called under it
	Known      bool
	Enterprise string
	Name       string // masked
	Cases      []routing.Case
	Company    []routing.Case // of others of the same enterprise
}

// filedView tells the operator what to say to the caller.
type filedView struct {
	Case    routing.Case
	Created bool
	Page    string       // the complainant's page
	Chat    string       // conversation that it was filed from
	Read    bool         // a code may be read out
	Send    bool         // a code may be sent
	QR      template.URL // image that binds a WeChat fan to the case, "" when codes are not made
	Alike   []routing.Alike
}

func (s *Console) filePage(c *gin.Context, actor routing.Actor) error {
	v := fileView{ID: formID + routing.NewID(), Values: url.Values{}, Place: s.choices("")}
	if err := s.answering(c, actor, &v); err != nil {
		return err
	}
	s.render(c, http.StatusOK, "file", page{Title: "console.file.title", Actor: actor, Section: "file", Data: v})
	return nil
}

// answering fills the form with what is known of the call that it is for.
func (s *Console) answering(c *gin.Context, actor routing.Actor, v *fileView) error {
	if c.Query("chat") != "" {
		return s.fromChat(c, actor, v)
	}
	id := c.Query("call")
	if id == "" || len(id) > 100 {
		return s.restore(c, actor, v)
	}
	call, err := s.Desk.CallOf(c.Request.Context(), actor, id)
	if errors.Is(err, routing.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	v.Values.Set("call", call.ID)
	if call.OperatorID == actor.ID {
		v.Values.Set("phone", call.Caller)
	}
	if v.Callers, err = s.caller(c.Request.Context(), actor, v.Values.Get("phone")); err != nil {
		return err
	}
	v.Values.Set("enterprise", v.Callers.Enterprise)
	return nil
}

func (s *Console) suggest(c *gin.Context, actor routing.Actor) error {
	v, err := s.suggestion(c.Request.Context(), actor, c.PostForm("text"), c.PostForm("placement"), c.PostForm("place_district"), c.PostForm("phone"))
	if err != nil {
		return err
	}
	v.Same = c.PostForm("same")
	s.renderPart(c, http.StatusOK, "file", "suggest", v)
	return nil
}

func (s *Console) suggestion(ctx context.Context, actor routing.Actor, text, picked, confirmed, phone string) (suggestView, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return suggestView{}, nil
	}
	j := s.Judge.Judge(text)
	v := suggestView{Judgement: j, Marked: mark(text, j.Evidence), Choices: s.dispatchable(j), Picked: picked, Hint: hintOf(j)}
	v.Hint.Confirmed = confirmed != "" && confirmed == v.Hint.District
	if item, unit, ok := strings.Cut(picked, "|"); ok && !v.has(picked) {
		// What the operator picked stays, though more words make the classifier think of something else.
		if s.Plan.CheckPlacement(routing.Placement{Item: item, Unit: unit}) == nil {
			v.Choices = append(v.Choices, routing.Alternative{Item: item, Unit: unit})
		}
	}
	who, err := s.callerBy(ctx, phone)
	if err != nil {
		return suggestView{}, err
	}
	v.Alike, err = s.Desk.AlikeBefore(ctx, actor, j.Matter, who.ID)
	return v, err
}

// Named is the enterprise that the words name, which fills the field if nothing was typed there.
func (v suggestView) Named() string {
	if v.Judgement.Entities == nil {
		return ""
	}
	return v.Judgement.Entities.Enterprise
}

// Called is the one number that the words name.
func (v suggestView) Called() string {
	if v.Judgement.Entities == nil || len(v.Judgement.Entities.Phones) != 1 {
		return ""
	}
	return v.Judgement.Entities.Phones[0]
}

// Item is what the knowledge card is about: what the operator picked, or what the classifier thinks of first.
func (v suggestView) Item() string {
	if item, _, ok := strings.Cut(v.Picked, "|"); ok {
		return item
	}
	return v.Judgement.Item
}

func (v suggestView) has(picked string) bool {
	return slices.ContainsFunc(v.Choices, func(a routing.Alternative) bool { return a.Item+"|"+a.Unit == picked })
}

// lookup finds the caller's own cases. The number comes in the body: addresses end up in logs.
func (s *Console) lookup(c *gin.Context, actor routing.Actor) error {
	v, err := s.caller(c.Request.Context(), actor, c.PostForm("phone"))
	if err != nil {
		return err
	}
	s.renderPart(c, http.StatusOK, "file", "callers", v)
	return nil
}

// caller tells who has called from the number before. A number that looks wrong is filed all the same: the operator heard it, we
// didn't.
func (s *Console) caller(ctx context.Context, actor routing.Actor, typed string) (callerView, error) {
	phone, callable := routing.PlainPhone(typed)
	if phone == "" {
		return callerView{}, nil
	}
	v := callerView{Doubtful: !callable}
	who, err := s.callerBy(ctx, typed)
	if err != nil || who.ID == "" {
		return v, err
	}
	v.Known, v.Enterprise, v.Name = true, who.Enterprise, routing.MaskName(who.Name)
	if v.Cases, err = s.Desk.CasesOfCaller(ctx, actor, who.ID, knownCases); err != nil {
		return v, err
	}
	v.Company, err = s.company(ctx, actor, who)
	return v, err
}

// company finds cases that others of the caller's enterprise filed.
func (s *Console) company(ctx context.Context, actor routing.Actor, who routing.Complainant) ([]routing.Case, error) {
	if who.Enterprise == "" {
		return nil, nil
	}
	found, _, err := s.Desk.Cases(ctx, actor, routing.Query{Text: who.Enterprise, Limit: knownCases * 4})
	if err != nil {
		return nil, fmt.Errorf("look for cases of the enterprise: %w", err)
	}
	others := slices.DeleteFunc(found, func(c routing.Case) bool {
		return c.ComplainantID == who.ID || c.Contact.Enterprise != who.Enterprise || c.Confidential
	})
	return others[:min(len(others), knownCases)], nil
}

// callerBy finds the complainant of a number as it was typed, nobody when it is unknown.
func (s *Console) callerBy(ctx context.Context, typed string) (routing.Complainant, error) {
	phone, _ := routing.PlainPhone(typed)
	if phone == "" {
		return routing.Complainant{}, nil
	}
	who, err := s.Store.ComplainantByPhone(ctx, phone)
	if err != nil && !errors.Is(err, routing.ErrNotFound) {
		return routing.Complainant{}, fmt.Errorf("look up caller: %w", err)
	}
	return who, nil
}

func (s *Console) file(c *gin.Context, actor routing.Actor) error {
	if err := readForm(c); err != nil {
		return err
	}
	complaint := s.complaintOf(c.Request.PostForm)
	var filed routing.Case
	var created bool
	err := s.byChat(c, actor, &complaint)
	if err == nil {
		filed, created, err = s.Desk.File(c.Request.Context(), actor, complaint)
	}
	var bad *routing.InvalidError
	if errors.As(err, &bad) {
		return s.fileFailed(c, actor, err)
	}
	if err != nil {
		return err
	}
	s.Logger.Info("case filed", "number", filed.Number, "created", created, "actor_id", actor.ID)
	if err := s.forgetDraft(c.Request.Context(), actor); err != nil { // it would be offered again
		s.Logger.Warn("a draft isn't forgotten", "number", filed.Number, "error", err)
	}
	if id := c.PostForm("call"); id != "" && len(id) <= 100 {
		if err := s.Desk.LinkCall(c.Request.Context(), actor, id, filed.Number); err != nil { // filed it is all the same
			s.Logger.Warn("a case isn't linked to its call", "number", filed.Number, "error", err)
		}
	}
	if id := c.PostForm("chat"); id != "" {
		if err := s.Desk.LinkChat(c.Request.Context(), actor, id, filed.Number); err != nil && !errors.Is(err, routing.ErrConflict) { // filed it is all the same
			s.Logger.Warn("a case isn't linked to its conversation", "number", filed.Number, "error", err)
		}
	}
	_, mobile := routing.MobilePhone(filed.Contact.Phone)
	v := filedView{Send: s.Codes && mobile, Read: s.QR != nil, Chat: c.PostForm("chat"), Case: filed, Created: created, Page: s.address(c) + "/p/" + filed.Token, QR: s.code(c.Request.Context(), filed)}
	if v.Alike, err = s.Desk.AlikeTo(c.Request.Context(), actor, filed.Number); err != nil { // filed it is all the same
		s.Logger.Warn("no cases alike for a case just filed", "number", filed.Number, "error", err)
	}
	s.render(c, http.StatusOK, "filed", page{Title: "console.filed.title", Actor: actor, Section: "file", Data: v})
	return nil
}

// address is how browsers reach us: the public one, or the one that this request came to.
func (s *Console) address(c *gin.Context) string {
	switch {
	case s.PublicURL != "":
		return strings.TrimSuffix(s.PublicURL, "/")
	case s.Secure:
		return "https://" + c.Request.Host
	}
	return "http://" + c.Request.Host
}

// fileFailed gives the form back with everything that was typed.
func (s *Console) fileFailed(c *gin.Context, actor routing.Actor, cause error) error {
	values := c.Request.PostForm
	status, key, text := s.explain(cause)
	callers, err := s.caller(c.Request.Context(), actor, values.Get("phone"))
	if err != nil {
		return err
	}
	suggest, err := s.suggestion(c.Request.Context(), actor, values.Get("text"), values.Get("placement"), values.Get("place_district"), values.Get("phone"))
	if err != nil {
		return err
	}
	suggest.Same = values.Get("same")
	v := fileView{ID: values.Get("external_id"), Values: values, Place: s.choices(values.Get("item")), Problem: &problemView{Key: key, Text: text},
		Suggest: suggest, Callers: callers}
	v.Place.Unit, v.Place.District, v.Place.Urgency = values.Get("unit"), values.Get("district"), values.Get("urgency")
	s.render(c, status, "file", page{Title: "console.file.title", Actor: actor, Section: "file", Data: v})
	return nil
}

// complaintOf reads the form. A person's placement wins; without one the judgement decides, with the district that was chosen.
func (s *Console) complaintOf(v url.Values) routing.Complaint {
	text := strings.TrimSpace(v.Get("text"))
	phone, _ := routing.PlainPhone(v.Get("phone"))
	c := routing.Complaint{
		Text: text, Channel: routing.ChannelHotline, Confidential: v.Get("confidential") == "yes", Published: v.Get("publish") == "yes",
		Contact: routing.Contact{Enterprise: strings.TrimSpace(v.Get("enterprise")), Name: strings.TrimSpace(v.Get("contact_name")), Phone: phone},
	}
	if id := v.Get("external_id"); strings.HasPrefix(id, formID) {
		c.ExternalID = id
	}
	if u := urgencyOf(v.Get("urgency")); u != nil {
		c.Urgency = *u
	}
	if text != "" {
		c.Judgement = s.Judge.Judge(text)
	}
	c.SameAs = v.Get("same")
	if d := v.Get("district"); d != "" {
		c.Judgement.District = d
	} else if hint := hintOf(c.Judgement); hint.District != "" && v.Get("place_district") == hint.District {
		c.Judgement.District = hint.District
	}
	item, unit, picked := strings.Cut(v.Get("placement"), "|")
	if v.Get("placement") == "manual" {
		item, unit, picked = v.Get("item"), v.Get("unit"), true
	}
	if picked {
		c.Placement = &routing.Placement{Item: item, Unit: unit, District: c.Judgement.District}
	}
	return c
}

// code makes the QR code of a case. Filing is done whether it comes or not.
func (s *Console) code(ctx context.Context, c routing.Case) template.URL {
	if s.QR == nil {
		return ""
	}
	image, err := s.QR(ctx, c.Token)
	if err != nil {
		s.Logger.Warn("no QR code for a case", "number", c.Number, "error", err)
		return ""
	}
	image = strings.TrimPrefix(image, strings.TrimSuffix(s.PublicURL, "/")) // the stand-in's codes are on our own server
	if !strings.HasPrefix(image, "https://") && !strings.HasPrefix(image, "data:image/") && !strings.HasPrefix(image, "/") {
		s.Logger.Warn("QR code has an address that pages don't load", "number", c.Number)
		return ""
	}
	return template.URL(image) // #nosec G203 -- checked above
}
