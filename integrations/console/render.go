package console

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
	"jiesu/routing/report"
)

//go:embed templates/*.html
var templateFiles embed.FS

// views are the parsed templates by page name. Each page is parsed with the layout and the shared parts into a set of its own.
type views map[string]*template.Template

// pageNames lists every page; a file that is missing stops the start.
var pageNames = []string{"login", "list", "case", "triage", "file", "filed", "tasks", "own", "problem", "ledger", "entry", "bulk", "groups", "replies", "print", "papers", "paper", "papercases", "calls", "chat", "code", "imports", "import", "second", "enrol", "recovery", "password", "account", "person", "privacy"}

// page is what the layout needs beside a page's own Data.
type page struct {
	Title   string // catalogue key
	Actor   routing.Actor
	Section string // which entry of the navigation is lit
	Number  string // case that the page shows, for live updates
	Chat    string // conversation that the page shows
	Public  bool   // the complainant's page: no navigation
	Sandbox bool
	Data    any
}

func (s *Console) loadViews() (views, error) {
	set := views{}
	for _, name := range pageNames {
		t, err := template.New("layout.html").Funcs(s.funcs()).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/clocks.html", "templates/entries.html", "templates/rows.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("console: parse page %s: %w", name, err)
		}
		set[name] = t.Option("missingkey=error")
	}
	return set, nil
}

func (s *Console) funcs() template.FuncMap {
	return template.FuncMap{
		"t":         s.text,
		"asset":     s.assets.asset,
		"unit":      s.Plan.UnitName,
		"item":      s.itemName,
		"category":  s.Plan.CategoryName,
		"when":      s.when,
		"ago":       s.ago,
		"dated":     s.dated,
		"stamp":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"asked":     asked,
		"did":       did,
		"entryDid":  entryDid,
		"week":      s.week,
		"day":       dayOf,
		"words":     s.words,
		"clock":     s.clockLines,
		"urgencies": func() []string { return urgencies },
		"urgency":   func(u *routing.Urgency) string { return urgencyName(*u) },
		"date":      s.date,
		"dayname":   s.dayName,
		"hours":     s.hours,
		"amount":    s.amount,
		"percent":   func(f float64) int { return int(f*100 + 0.5) },
		"short":     func(n int, text string) string { return shorten(text, n) },
		"card":      s.card,
		"seconds":   func(d time.Duration) string { return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60) },
		"add":       func(a, b int) int { return a + b },
		"has":       func(list []string, v string) bool { return slices.Contains(list, v) },
		"mayPerson": func(r routing.Role) bool { return routing.RelationOf(r, routing.DeedPerson) != "" },
		"mayFile":   func(r routing.Role) bool { return routing.RelationOf(r, routing.DeedServe) != "" },
		"scope":     s.scopeName,
		"period":    s.periodName,
		"figure":    s.figureName,
		"paperPath": func(p string, scope report.Scope) (string, error) {
			period, err := report.ParsePeriod(p)
			return report.Path(period, scope), err
		},
		"mayRead": func(r routing.Role) bool { return routing.RelationOf(r, routing.DeedPapers) != "" },
		"mayTriage": func(r routing.Role) bool {
			return routing.RelationOf(r, routing.DeedOversee) != ""
		},
		"mayExport":  exportable,
		"mayBulk":    mayBulk,
		"bulkable":   bulkable,
		"mayAnswer":  func(r routing.Role) bool { return routing.RelationOf(r, routing.DeedTemplates) != "" },
		"rows":       rowsOf,
		"mostExport": most,
	}
}

// text looks a text up for a template: t "console.case.days" "n" value … A value may be anything that prints as one word.
func (s *Console) text(key string, args ...any) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = fmt.Sprint(a)
	}
	return s.Wording.Text(key, words...)
}

// when writes a time as people in Beijing say it, without the year while it is this one.
func (s *Console) when(t time.Time) string {
	t = t.In(routing.Beijing())
	key := "console.date"
	if t.Year() != s.Now().In(routing.Beijing()).Year() {
		key = "console.date.year"
	}
	return s.text(key, "year", t.Year(), "month", int(t.Month()), "day", t.Day(), "time", t.Format("15:04"))
}

// dated writes a time with its year, for paper.
func (s *Console) dated(t time.Time) string {
	t = t.In(routing.Beijing())
	return s.text("console.date.year", "year", t.Year(), "month", int(t.Month()), "day", t.Day(), "time", t.Format("15:04"))
}

// asked reports whether the event asks the office for an extension instead of granting one.
func asked(e routing.Event) bool {
	return e.Action == routing.ActionExtend && e.Actor.Role == routing.RoleUnit
}

// did says what an event was for the words of a timeline: its action, or which kind of supplement when it brought no words and no
// evidence.
func did(e routing.Event) string {
	d := e.Data
	switch {
	case d.Unreached:
		return string(e.Action) + ".unreached"
	case e.Action != routing.ActionSupplement || d.Note != "" || len(d.Attachments) > 0:
	case d.Contact:
		return "supplement.contact"
	case d.Confidential != nil && *d.Confidential:
		return "supplement.hidden"
	case d.Confidential != nil:
		return "supplement.open"
	}
	return string(e.Action)
}

// itemName names an item, or says that it is outside the plan.
func (s *Console) itemName(id string) string {
	if name := s.Plan.ItemName(id); name != "" {
		return id + " " + name
	}
	return s.Wording.Text("console.item.other")
}

// words quotes the strongest words of an evidence for a sentence. A single character says little to a reader: it is named only when
// there is nothing else.
func (s *Console) words(list []routing.Evidence) string {
	const most = 3
	var long, all []string
	for _, e := range list {
		quoted := s.text("console.quote", "text", strings.TrimSpace(e.Text))
		all = append(all, quoted)
		if utf8.RuneCountInString(e.Text) > 1 {
			long = append(long, quoted)
		}
	}
	if len(long) == 0 {
		long = all
	}
	return strings.Join(long[:min(most, len(long))], "")
}

// shorten cuts a text to n characters, with an ellipsis where something is missing.
func shorten(text string, n int) string {
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	return string(r[:n]) + "…"
}

// render writes a page. It is made in memory first, so that an error gives an error page and not half a page.
func (s *Console) render(c *gin.Context, status int, name string, p page) {
	s.renderPart(c, status, name, "layout.html", p)
}

// renderPart writes one named part of a page, for htmx.
func (s *Console) renderPart(c *gin.Context, status int, name, part string, data any) {
	if p, ok := data.(page); ok {
		p.Sandbox = s.Sandbox
		data = p
	}
	var b bytes.Buffer
	if err := s.views[name].ExecuteTemplate(&b, part, data); err != nil {
		s.Logger.Error("page cannot be rendered", "page", name, "error", err)
		c.String(http.StatusInternalServerError, s.Wording.Text("console.problem.internal.title"))
		return
	}
	c.Data(status, "text/html; charset=utf-8", b.Bytes())
}

// problemView is the page for everything that went wrong: what, what to do, and what was typed.
type problemView struct {
	Key   string // of its title, console.problem.<key>.title
	Text  string
	Typed []string
	Since []string // who did what since the version that a step was decided on
	Again string   // login address, when the login has run out
}

// fail turns an error into a page.
func (s *Console) fail(c *gin.Context, actor routing.Actor, err error) {
	var rest *unfinishedError
	if errors.As(err, &rest) {
		s.toRest(c, rest.to)
		return
	}
	status, key, text := s.explain(err)
	if status == http.StatusUnauthorized && c.Request.Method == http.MethodGet {
		s.toLogin(c)
		return
	}
	if status == http.StatusForbidden {
		s.Logger.Info("refused", "route", c.FullPath(), "number", c.Param("number"), "actor_id", actor.ID, "role", string(actor.Role))
	}
	if status == http.StatusInternalServerError {
		if c.Request.Context().Err() != nil {
			return // the browser has gone; nobody reads the page and nothing is wrong
		}
		s.Logger.Error("request failed", "route", c.FullPath(), "number", c.Param("number"), "actor_id", actor.ID, "error", err)
	}
	v := problemView{Key: key, Text: text, Typed: typed(c)}
	if status == http.StatusUnauthorized {
		v.Again = "/console/login"
	}
	if public(c) && key == "not_found" {
		v.Key, v.Text = "page_gone", s.Wording.Text("console.problem.page_gone.text")
	}
	s.render(c, status, "problem", page{Title: "console.problem." + v.Key + ".title", Actor: actor, Public: public(c), Data: v})
}

// explain says what an error means to a person: the status, the key of the problem, and the sentence that says what to do.
func (s *Console) explain(err error) (status int, key, text string) {
	status, key = kindOf(err)
	text = s.Wording.Text("console.problem." + key + ".text")
	var bad *routing.InvalidError
	var illegal *routing.IllegalStepError
	var taken *routing.TakenError
	var illegalForProblem *routing.IllegalProblemStepError
	switch {
	case errors.As(err, &bad):
		var sentences []string
		for _, e := range bad.All() {
			sentences = append(sentences, e.Say(s.Wording))
		}
		text = strings.Join(sentences, "\n")
	case errors.As(err, &illegal) && illegal.Why != "":
		text = s.text("illegal."+string(illegal.Why), "ended", s.when(illegal.Ended))
	case errors.As(err, &taken) && taken.By == "":
		text = s.text("console.problem.taken.over")
	case errors.As(err, &taken):
		text = s.text("console.problem.taken.by", "name", taken.By)
	case errors.Is(err, routing.ErrSamePerson):
		text = s.Wording.Text("ledger.problem.same")
	case errors.As(err, &illegalForProblem):
		text = s.Wording.Text("ledger.problem.illegal", "action", s.Wording.Text("ledger.action."+string(illegalForProblem.Action)),
			"state", s.Wording.Text("ledger.state."+string(illegalForProblem.State)))
	case errors.As(err, &illegal):
		text = s.Wording.Text("console.problem.illegal.text",
			"action", s.Wording.Text("action."+string(illegal.Action)), "state", s.Wording.Text("state."+string(illegal.State)))
	}
	return status, key, text
}

// since says who did what since the version that a step was decided on, oldest first.
func (s *Console) since(err error) []string {
	var overtaken *routing.OvertakenError
	if !errors.As(err, &overtaken) {
		return nil
	}
	var list []string
	for _, e := range overtaken.Since {
		who := s.text("role." + string(e.Actor.Role))
		if e.Actor.Unit != "" {
			who = s.Plan.UnitName(e.Actor.Unit)
		}
		what := s.text("event." + did(e))
		if asked(e) {
			what = s.text("console.event.asked")
		}
		list = append(list, s.text("console.problem.since", "when", s.when(e.At), "who", who, "name", e.Actor.Name, "what", what))
	}
	return list
}

// ago is how long it has been since t, in whole minutes or hours.
func (s *Console) ago(t time.Time) string {
	past := s.Now().Sub(t)
	switch {
	case past < time.Minute:
		return s.text("console.ago.moment")
	case past < time.Hour:
		return s.text("console.ago.minutes", "n", int(past.Minutes()))
	}
	return s.text("console.ago.hours", "n", int(past.Hours()))
}

// kindOf is the one place that maps the domain's errors to HTTP.
func kindOf(err error) (status int, key string) {
	switch {
	case errors.Is(err, errSignedOut):
		return http.StatusUnauthorized, "signed_out"
	case errors.Is(err, routing.ErrNotFound):
		return http.StatusNotFound, "not_found"
	case errors.Is(err, routing.ErrForbidden):
		return http.StatusForbidden, "forbidden"
	case errors.Is(err, routing.ErrConflict), errors.Is(err, routing.ErrExists):
		return http.StatusConflict, "conflict"
	case is[*routing.TakenError](err):
		return http.StatusConflict, "taken"
	case is[*routing.IllegalStepError](err), is[*routing.IllegalProblemStepError](err):
		return http.StatusConflict, "illegal"
	case is[*routing.InvalidError](err):
		return http.StatusUnprocessableEntity, "invalid"
	case is[*http.MaxBytesError](err):
		return http.StatusRequestEntityTooLarge, "too_large"
	}
	return http.StatusInternalServerError, "internal"
}

func is[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

// problem shows a problem that is no error of the domain.
func (s *Console) problem(c *gin.Context, status int, key string) {
	s.render(c, status, "problem", page{Title: "console.problem." + key + ".title", Public: true,
		Data: problemView{Key: key, Text: s.Wording.Text("console.problem." + key + ".text"), Typed: typed(c)}})
}

// toRest sends the browser to what is left to do before its sign-in counts. What it sent is not done.
func (s *Console) toRest(c *gin.Context, to string) {
	if c.GetHeader("HX-Request") != "" {
		c.Header("HX-Redirect", to)
		c.Status(http.StatusUnauthorized)
		return
	}
	if c.Request.Method == http.MethodGet {
		to += "?next=" + template.URLQueryEscaper(inside(c.Request.URL.RequestURI()))
	}
	c.Redirect(http.StatusSeeOther, to)
}

// toLogin sends the browser to the login page, in htmx's way when a script asks.
func (s *Console) toLogin(c *gin.Context) {
	if c.GetHeader("HX-Request") != "" {
		c.Header("HX-Redirect", "/console/login")
		c.Status(http.StatusUnauthorized)
		return
	}
	c.Redirect(http.StatusSeeOther, "/console/login?next="+template.URLQueryEscaper(c.Request.URL.RequestURI()))
}

// typed is what a person wrote into the form that failed; they get it back, whatever happened.
func typed(c *gin.Context) []string {
	var list []string
	fields := []string{"text", "note", "points"}
	for n := 1; n <= routing.MaxPoints; n++ {
		fields = append(fields, "words-"+strconv.Itoa(n))
	}
	for _, field := range fields {
		if v := c.PostForm(field); v != "" {
			list = append(list, v)
		}
	}
	return list
}
