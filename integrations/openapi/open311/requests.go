package open311

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

const (
	maxSpan   = 90 * 24 * time.Hour
	maxListed = 1000 // requests in an answer
	pageSize  = 50   // when pages are asked for without a size
	longest   = 4000 // characters of a description, as the standard has it
	maxIDs    = 100  // in a list of ids
)

// file files a request.
func (s *Server) file(g *gin.Context) (element, error) {
	ctx, form := g.Request.Context(), g.Request.PostForm
	actor, err := s.keyed(g)
	if err != nil {
		return element{}, err
	}
	c, err := s.complaint(g, form)
	if err != nil {
		return element{}, err
	}
	if key := g.GetHeader("Idempotency-Key"); key != "" {
		if !isText(key) || len(key) > 100 {
			return element{}, bad("400", "Idempotency-Key may have 100 characters")
		}
		c.ExternalID = "open311:" + key
	}
	var filed routing.Case
	for range 3 { // another request was faster with the same key: then its case is found
		filed, _, err = s.Desk.File(ctx, actor, c)
		if !errors.Is(err, routing.ErrConflict) && !errors.Is(err, routing.ErrExists) {
			break
		}
	}
	if err != nil {
		return element{}, err
	}
	notice := s.word("notice.private")
	if filed.IsPublic() {
		notice = s.word("notice.public")
	}
	return listOf("service_requests", group("request", text("service_request_id", filed.Number), text("service_notice", notice), nothing("account_id"))), nil
}

// complaint reads the form.
func (s *Server) complaint(g *gin.Context, form url.Values) (c routing.Complaint, err error) {
	code := form.Get("service_code")
	if code == "" {
		return c, bad("400", "service_code was not provided")
	}
	if !s.has(code) {
		return c, gone("404", "service_code was not found")
	}
	description := strings.TrimSpace(form.Get("description"))
	switch {
	case description == "":
		return c, bad("400", "description was not provided")
	case utf8.RuneCountInString(description) > longest:
		return c, bad("400", "description may have 4000 characters")
	}
	if err := s.place(form); err != nil {
		return c, err
	}
	if err := s.unknownAttribute(g); err != nil {
		return c, err
	}
	values := map[string]string{}
	for _, a := range s.attributes() {
		if values[a.code], err = s.value(g, a.code); err != nil {
			return c, err
		}
	}
	phone, callable := routing.PlainPhone(form.Get("phone"))
	if !callable && phone != "" {
		return c, bad("400", "phone is no Chinese telephone number")
	}
	c = routing.Complaint{Text: description, Channel: routing.ChannelAPI, Confidential: values[attrConfidential] == yes, Published: values[attrPublish] == yes,
		Contact: routing.Contact{Enterprise: limit(values[attrEnterprise], 200), Name: limit(strings.TrimSpace(form.Get("last_name")+form.Get("first_name")), 60), Phone: phone},
		Note:    s.notes(form)}
	s.judge(&c, code, values[attrDistrict], form.Get("address_string"))
	return c, nil
}

func limit(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// place checks where it is, which a complaint needn't have.
func (s *Server) place(form url.Values) error {
	lat, long := form.Get("lat"), form.Get("long")
	if (lat == "") != (long == "") {
		return bad("400", "lat and long must both be provided")
	}
	for name, most := range map[string]float64{"lat": 90, "long": 180} {
		v := form.Get(name)
		if v == "" {
			continue
		}
		if f, err := strconv.ParseFloat(v, 64); err != nil || !(f >= -most && f <= most) { // not NaN either
			return bad("400", name+" is no coordinate")
		}
	}
	if len(form.Get("address_string")) > 1000 {
		return bad("400", "address_string is too long")
	}
	if m := form.Get("media_url"); m != "" {
		if u, err := url.Parse(m); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(m) > 1000 {
			return bad("400", "media_url is no web address")
		}
	}
	return nil
}

// notes keep for the office what has no field of its own.
func (s *Server) notes(form url.Values) string {
	var lines []string
	add := func(key, value string) {
		if value != "" {
			lines = append(lines, s.Wording.Text("open311.note."+key, "text", value))
		}
	}
	add("address", strings.TrimSpace(form.Get("address_string")))
	if lat := form.Get("lat"); lat != "" {
		add("position", lat+", "+form.Get("long"))
	}
	add("media", form.Get("media_url"))
	return strings.Join(lines, "\n")
}

// judge takes the caller's choice of a service for the item. The unit is the classifier's where it has one for that item; otherwise the office places the case.
func (s *Server) judge(c *routing.Complaint, code, district, address string) {
	j := s.Judge.Judge(c.Text)
	if district == "" {
		for _, d := range s.plan().Districts {
			if j.District == "" && strings.Contains(address, d) {
				district = d
			}
		}
	}
	if district != "" {
		j.District = district
	}
	c.Judgement = j
	if code == routing.Other || code == j.Item {
		return
	}
	for _, a := range j.Alternatives {
		if p := (routing.Placement{Item: a.Item, Unit: a.Unit, District: j.District}); a.Item == code && s.plan().CheckPlacement(p) == nil {
			c.Placement = &p
			return
		}
	}
	c.Judgement.Item, c.Judgement.Unit, c.Judgement.Decision, c.Judgement.Confidence = code, "", routing.DecisionTriage, 0
}

// token says which request a token stands for: here the token of the complainant's page.
func (s *Server) token(g *gin.Context, token string) (element, error) {
	c, err := s.Store.CaseByToken(g.Request.Context(), token)
	if errors.Is(err, routing.ErrNotFound) {
		return element{}, gone("404", "token was not found")
	}
	if err != nil {
		return element{}, err
	}
	return listOf("service_requests", group("request", text("service_request_id", c.Number), text("token", token))), nil
}

// one is a single request: a published one, or one that the key has filed.
func (s *Server) one(g *gin.Context, number string) (element, error) {
	c, err := s.Desk.PublishedCase(g.Request.Context(), number)
	if errors.Is(err, routing.ErrNotFound) && g.Request.Form.Get("api_key") != "" {
		actor, failed := s.keyed(g)
		if failed != nil {
			return element{}, failed
		}
		c, err = s.Desk.FiledCase(g.Request.Context(), actor, number)
	}
	if err != nil {
		return element{}, err
	}
	r, err := s.request(g, c)
	return listOf("service_requests", r), err
}

// requests are those that everybody may read.
func (s *Server) requests(g *gin.Context) (element, error) {
	q, err := s.query(g.Request.Form)
	if err != nil {
		return element{}, err
	}
	cases, err := s.Desk.Published(g.Request.Context(), q)
	if err != nil {
		return element{}, err
	}
	list := make([]element, len(cases))
	for i, c := range cases {
		if list[i], err = s.request(g, c); err != nil {
			return element{}, err
		}
	}
	return listOf("service_requests", list...), nil
}

// query reads the filters: ids override the rest; without dates the last 90 days, of which at most a thousand.
func (s *Server) query(form url.Values) (q routing.PublishedQuery, err error) {
	if q.Offset, q.Limit, err = pages(form); err != nil {
		return q, err
	}
	if ids := commas(form.Get("service_request_id")); len(ids) > 0 {
		if len(ids) > maxIDs {
			return q, bad("400", "service_request_id may name 100 requests")
		}
		q.Numbers = ids
		return q, nil
	}
	for _, code := range commas(form.Get("service_code")) {
		if !s.has(code) {
			return q, gone("404", "service_code was not found")
		}
		q.Items = append(q.Items, code)
	}
	if q.Open, err = status(form.Get("status")); err != nil {
		return q, err
	}
	span, err := s.span(form)
	q.FiledFrom, q.FiledTo = span.From, span.To
	return q, err
}

func pages(form url.Values) (offset, limit int, err error) {
	page, size := form.Get("page"), form.Get("page_size")
	if page == "" && size == "" {
		return 0, maxListed, nil
	}
	n, limit := 1, pageSize
	if page != "" {
		if n, err = strconv.Atoi(page); err != nil || n < 1 || n > 1_000_000 {
			return 0, 0, bad("400", "page is no number from 1")
		}
	}
	if size != "" {
		if limit, err = strconv.Atoi(size); err != nil || limit < 1 || limit > maxListed {
			return 0, 0, bad("400", "page_size is no number from 1 to 1000")
		}
	}
	return (n - 1) * limit, limit, nil
}

func commas(s string) (list []string) {
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// status: one of the two, or both, which restricts nothing.
func status(s string) (*bool, error) {
	var open, closed bool
	for _, v := range commas(s) {
		switch v {
		case "open":
			open = true
		case "closed":
			closed = true
		default:
			return nil, bad("400", "status is open, closed or both")
		}
	}
	if open == closed {
		return nil, nil
	}
	return &open, nil
}

// span reads start_date and end_date; one of them alone makes 90 days with it.
func (s *Server) span(form url.Values) (span routing.Span, err error) {
	for name, to := range map[string]*time.Time{"start_date": &span.From, "end_date": &span.To} {
		v := form.Get(name)
		if v == "" {
			continue
		}
		if *to, err = date(v); err != nil {
			return span, bad("400", name+" is no time like 2026-11-24T00:00:00Z")
		}
	}
	switch {
	case span.From.IsZero() && span.To.IsZero():
		span.From = s.Now().Add(-maxSpan)
	case span.From.IsZero():
		span.From = span.To.Add(-maxSpan)
	case span.To.IsZero():
		span.To = span.From.Add(maxSpan)
	}
	switch {
	case !span.To.IsZero() && span.To.Before(span.From):
		return span, bad("400", "end_date is before start_date")
	case span.To.Sub(span.From) > maxSpan && !span.To.IsZero():
		return span, bad("400", "start_date and end_date may be 90 days apart")
	}
	return span, nil
}

func date(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, strings.ReplaceAll(s, " ", "+")) // a plus that wasn't escaped
	if err != nil {
		t, err = time.ParseInLocation(time.DateOnly, s, beijing)
	}
	return t, err
}

// request is a case. Every element is there, empty when there is nothing to say.
func (s *Server) request(g *gin.Context, c routing.Case) (element, error) {
	state := "closed"
	if c.State.Open() {
		state = "open"
	}
	notes := s.Wording.Text("state." + string(c.State))
	if c.Reply != "" {
		notes += s.word("colon") + c.Reply
	}
	var expected time.Time
	if c.Clock.Kind == routing.ClockFinish {
		expected = c.Clock.Due
	}
	e := group("request", text("service_request_id", c.Number), text("status", state), text("status_notes", notes),
		text("service_name", s.serviceName(c.Item)), text("service_code", c.Item), text("description", c.Text), text("agency_responsible", s.plan().UnitName(c.Unit)),
		nothing("service_notice"), moment("requested_datetime", c.FiledAt), moment("updated_datetime", c.UpdatedAt), moment("expected_datetime", expected),
		text("address", c.District), nothing("address_id"), nothing("zipcode"), nothing("lat"), nothing("long"), nothing("media_url"))
	if g.Request.Form.Get("extensions") != "true" {
		return e, nil
	}
	happened, err := s.Desk.PublishedUpdates(g.Request.Context(), c.Number, routing.Span{To: s.Now().Add(time.Hour)})
	if err != nil && !errors.Is(err, routing.ErrNotFound) { // only its filer may read it: then without notes
		return e, err
	}
	var list []element
	for _, u := range happened {
		list = append(list, group("note", moment("datetime", u.At), text("description", s.told(u)), text("type", string(u.Action))))
	}
	e.children = append(e.children, group("extended_attributes", text("district", c.District), text("category", s.plan().CategoryName(c.Category))), listOf("notes", list...))
	return e, nil
}
