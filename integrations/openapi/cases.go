package openapi

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"jiesu/routing"
)

// Filing is a complaint to be filed.
type Filing struct {
	Text         string `json:"text" minLength:"1" maxLength:"10000" doc:"The complaint as said."`
	Channel      string `json:"channel,omitempty" enum:"wechat,hotline,web,api,import" default:"api" doc:"How it came."`
	Enterprise   string `json:"enterprise,omitempty" maxLength:"200"`
	ContactName  string `json:"contact_name,omitempty" maxLength:"100"`
	Phone        string `json:"phone,omitempty" maxLength:"30" example:"13800001234" doc:"Chinese mobile number, or fixed line with area code."`
	Confidential bool   `json:"confidential,omitempty" doc:"The complainant stays hidden from the unit everywhere."`
	Publish      bool   `json:"publish,omitempty" doc:"The complainant agrees that everybody may read the complaint and its answers, without names, numbers and the enterprise (Open311). A confidential one stays private."`
	Urgency      string `json:"urgency,omitempty" enum:"urgent,danger" doc:"Left out: ordinary. Limits depend on it."`
	ExternalID   string `json:"external_id,omitempty" maxLength:"200" doc:"Your own number. Filing it again with the same key returns the case that is there."`
}

type fileInput struct {
	Idempotent
	Body Filing
}

// Resolve refuses what no database keeps.
func (in *fileInput) Resolve(huma.Context) []error {
	b := in.Body
	return readable("body", field{"text", b.Text}, field{"enterprise", b.Enterprise}, field{"contact_name", b.ContactName},
		field{"external_id", b.ExternalID})
}

type fileOutput struct {
	Status   int
	Location string `header:"Location"`
	Body     FiledCase
}

// file files a complaint, or returns the case that the same key has filed under the same external id.
func (a *API) file(ctx context.Context, actor routing.Actor, in *fileInput) (*fileOutput, error) {
	b := in.Body
	phone, callable := routing.PlainPhone(b.Phone)
	if !callable && b.Phone != "" {
		return nil, &routing.InvalidError{Field: "phone", Key: "openapi.phone_implausible"}
	}
	complaint := routing.Complaint{
		Text: b.Text, Channel: routing.Channel(b.Channel), Contact: routing.Contact{Enterprise: b.Enterprise, Name: b.ContactName, Phone: phone},
		Confidential: b.Confidential, Published: b.Publish, ExternalID: b.ExternalID, Judgement: a.Judge.Judge(b.Text), Urgency: routing.Urgency(b.Urgency),
	}
	out, err := once(ctx, a, actor, in.IdempotencyKey, "file", b, func(ctx context.Context, tx routing.Tx) (*fileOutput, error) {
		filed, created, err := a.Desk.FileIn(ctx, tx, actor, complaint)
		if err != nil {
			return nil, err
		}
		out := &fileOutput{Status: http.StatusOK, Body: FiledCase{a.caseOf(actor, filed), []Similar{}}}
		if created {
			out.Status, out.Location = http.StatusCreated, Prefix+"/cases/"+filed.Number
		}
		return out, nil
	})
	if err != nil {
		return nil, err
	}
	out.Body.Similar = a.similar(ctx, actor, out.Body.Number)
	return out, nil
}

// similar lists the cases alike. The complaint is filed whether they can be read or not.
func (a *API) similar(ctx context.Context, actor routing.Actor, number string) []Similar {
	alike, err := a.Desk.AlikeTo(ctx, actor, number)
	if err != nil {
		a.Logger.WarnContext(ctx, "no cases alike for a case just filed", "number", number, "error", err)
	}
	similar := []Similar{}
	for _, x := range alike {
		similar = append(similar, Similar{x.Case.Number, x.Case.State, math.Round(100*x.Likeness) / 100, x.Own})
	}
	return similar
}

type getInput struct {
	Number      string `path:"number" example:"JS20261124-012345"`
	IfNoneMatch string `header:"If-None-Match" doc:"ETag of the answer you have."`
}

type getOutput struct {
	Status int
	ETag   string `header:"ETag"`
	Body   CaseDetail
}

// get returns a case with its timeline. Events written after the case was read are left out, so that body and ETag agree.
func (a *API) get(ctx context.Context, actor routing.Actor, in *getInput) (*getOutput, error) {
	c, err := a.seen(ctx, actor, in.Number)
	if err != nil {
		return nil, err
	}
	clocks, err := a.clocksUntil(ctx, actor, c)
	if err != nil {
		return nil, err
	}
	out := &getOutput{Status: http.StatusOK, ETag: etagWith(c, clocks)}
	if matches(in.IfNoneMatch, out.ETag) {
		out.Status = http.StatusNotModified
		return out, nil
	}
	events, err := a.Desk.Timeline(ctx, actor, in.Number)
	if err != nil {
		return nil, err
	}
	out.Body = CaseDetail{Case: a.caseOf(actor, c), Clocks: clocks, Events: []Event{}}
	for _, e := range events {
		if e.Seq <= c.Version {
			out.Body.Events = append(out.Body.Events, eventOf(e))
		}
	}
	return out, nil
}

// numberPattern keeps from the store what cannot be a case number.
var numberPattern = regexp.MustCompile(`^JS\d{8}-\d{6}$`)

// seen reads the case if the actor may know of it, else ErrNotFound.
func (a *API) seen(ctx context.Context, actor routing.Actor, number string) (routing.Case, error) {
	if !numberPattern.MatchString(number) {
		return routing.Case{}, routing.ErrNotFound
	}
	return a.Desk.Look(ctx, actor, number, routing.LookAPI)
}

// etag is the version: every change of a case is an event.
func etag(c routing.Case) string { return strconv.Quote(strconv.FormatInt(c.Version, 10)) }

// matches compares weakly, as If-None-Match wants (RFC 9110, 13.1.2).
func matches(header, etag string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}

// stateName is a state in the query.
type stateName string

// Schema lists the states in the document, and has others refused.
func (stateName) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, v := range routing.States() {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

type listInput struct {
	Unit     string      `query:"unit" doc:"Lead unit id."`
	State    []stateName `query:"state" doc:"One or several, with commas between them."`
	Item     string      `query:"item" doc:"Item id of the plan, or other."`
	District string      `query:"district" doc:"Full name of a district."`
	Clock    string      `query:"clock" enum:"soon,late,named,missing" doc:"Cases whose clocks need somebody: warned and still in time, over a limit, to be named in the bulletin, without a calendar."`
	Text     string      `query:"q" maxLength:"200" doc:"Words that must all be in the complaint, its supplements, answers, enterprise, number or the names of its item, unit and district; a unit finds a confidential case by number and those names alone."`
	Cursor   string      `query:"cursor" maxLength:"500" doc:"next of the page before."`
	Limit    int         `query:"limit" minimum:"1" maximum:"200" default:"50"`

	IfNoneMatch string `header:"If-None-Match" doc:"ETag of the answer you have."`
}

// Resolve refuses what no database keeps.
func (in *listInput) Resolve(huma.Context) []error {
	return readable("query", field{"unit", in.Unit}, field{"item", in.Item}, field{"district", in.District}, field{"q", in.Text},
		field{"cursor", in.Cursor})
}

// CasePage is one page of a list.
type CasePage struct {
	Cases []Case `json:"cases" nullable:"false" doc:"Newest first."`
	Next  string `json:"next" doc:"Cursor of the next page, empty on the last."`
}

type listOutput struct {
	Status int
	ETag   string `header:"ETag"`
	Link   string `header:"Link" doc:"The next page (rel=next), while there is one."`
	Body   CasePage
}

// list lists what the actor may see.
func (a *API) list(ctx context.Context, actor routing.Actor, in *listInput) (*listOutput, error) {
	q := routing.Query{Unit: in.Unit, Item: in.Item, District: in.District, Text: in.Text, Cursor: in.Cursor, Limit: in.Limit}
	for _, s := range in.State {
		q.States = append(q.States, routing.State(s))
	}
	cases, next, err := a.Desk.Cases(ctx, actor, q.ByClock(routing.ClockFilter(in.Clock), a.Now()))
	if err != nil {
		return nil, err
	}
	out := &listOutput{Body: CasePage{Cases: make([]Case, 0, len(cases)), Next: next}}
	for _, c := range cases {
		out.Body.Cases = append(out.Body.Cases, a.caseOf(actor, c))
	}
	out.Status, out.ETag = http.StatusOK, pageTag(cases, next)
	if matches(in.IfNoneMatch, out.ETag) {
		out.Status = http.StatusNotModified
	}
	if next != "" {
		out.Link = "<" + Prefix + "/cases?" + in.next(next).Encode() + `>; rel="next"`
	}
	return out, nil
}

// next is the query of the next page.
func (in *listInput) next(cursor string) url.Values {
	q := url.Values{"cursor": {cursor}, "limit": {strconv.Itoa(in.Limit)}}
	for name, v := range map[string]string{"unit": in.Unit, "item": in.Item, "district": in.District, "clock": in.Clock, "q": in.Text} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if len(in.State) > 0 {
		states := make([]string, len(in.State))
		for i, s := range in.State {
			states[i] = string(s)
		}
		q.Set("state", strings.Join(states, ","))
	}
	return q
}

// pageTag changes with the cases of a page, their versions and how their clocks stand.
func pageTag(cases []routing.Case, next string) string {
	h := fnv.New64a()
	for _, c := range cases {
		_, _ = fmt.Fprintf(h, "%s %d %d %d|", c.Number, c.Version, c.Clock.Due.UnixMilli(), c.Clock.Level) // never fails
	}
	_, _ = io.WriteString(h, next)
	return strconv.Quote(strconv.FormatUint(h.Sum64(), 36))
}

// field is one text of a request.
type field struct{ name, value string }

// readable finds fields with bytes that are no text: PostgreSQL keeps neither NUL nor broken UTF-8, and both databases must agree.
func readable(in string, fields ...field) []error {
	var errs []error
	for _, f := range fields {
		if !utf8.ValidString(f.value) || strings.ContainsRune(f.value, 0) {
			errs = append(errs, &huma.ErrorDetail{Location: in + "." + f.name, Message: notText})
		}
	}
	return errs
}
