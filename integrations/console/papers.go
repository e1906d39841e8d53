package console

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
	"jiesu/routing/report"
)

// papersShown is how many periods the list of papers has: more than a year of weeks, months and quarters.
const papersShown = 80

// papersView is the list of papers.
type papersView struct {
	Groups []paperGroup
	Scopes []report.Scope // whose papers the actor may open, the first one at a click
	Make   []makeChoice   // what the office may have made anew or before its time
	Draws  []drawChoice   // periods that the office may draw a sample of for a third party
	Size   int            // of the sample, unless another is asked for
}

// paperGroup is the papers of one kind.
type paperGroup struct {
	Kind   report.Kind
	Papers []routing.Paper
}

// makeChoice is a period that can be made on demand.
type makeChoice struct {
	Period report.Period
	Over   bool
}

func (s *Console) papers(c *gin.Context, actor routing.Actor) error {
	kept, err := s.Press.Papers(c.Request.Context(), papersShown)
	if err != nil {
		return err
	}
	v := papersView{Scopes: s.scopesOf(actor)}
	for _, kind := range report.Kinds() {
		g := paperGroup{Kind: kind}
		for _, p := range kept {
			if period, err := report.ParsePeriod(p.Period); err == nil && period.Kind == kind {
				g.Papers = append(g.Papers, p)
			}
		}
		v.Groups = append(v.Groups, g)
		if actor.May(routing.DeedOversee) {
			now := report.PeriodOf(kind, s.Now())
			v.Make = append(v.Make, makeChoice{now, false}, makeChoice{now.Before(), true})
		}
	}
	if actor.May(routing.DeedOversee) {
		v.Draws, v.Size = s.drawable(), s.SampleSize
	}
	s.render(c, http.StatusOK, "papers", page{Title: "console.papers.title", Actor: actor, Section: "papers", Data: v})
	return nil
}

// scopesOf lists whose papers the actor may read, their own first.
func (s *Console) scopesOf(actor routing.Actor) []report.Scope {
	var list []report.Scope
	for _, scope := range report.Scopes(s.Plan) {
		if full, public := report.MayRead(actor, scope); full && actor.Role == routing.RoleUnit {
			list = append([]report.Scope{scope}, list...)
		} else if public {
			list = append(list, scope)
		}
	}
	return list
}

// makePaper makes the papers of a period anew.
func (s *Console) makePaper(c *gin.Context, actor routing.Actor) error {
	period, err := report.ParsePeriod(c.PostForm("period"))
	if err != nil {
		return &routing.InvalidError{Field: "period", Key: "console.papers.period_invalid"}
	}
	if _, err := s.Press.Make(c.Request.Context(), period, actor.Name); err != nil {
		return err
	}
	c.Redirect(http.StatusSeeOther, report.Path(period, report.WholeCity()))
	return nil
}

// askedPaper reads from the address which paper is wanted. Error: ErrNotFound.
func (s *Console) askedPaper(c *gin.Context) (report.Period, report.Scope, error) {
	period, err := report.ParsePeriod(c.Param("period"))
	if err != nil {
		return period, report.Scope{}, fmt.Errorf("%w: %w", routing.ErrNotFound, err)
	}
	scope, err := report.ParseScope(c.Param("scope"), s.Plan)
	return period, scope, err
}

func (s *Console) document(c *gin.Context, actor routing.Actor) (report.Document, error) {
	period, scope, err := s.askedPaper(c)
	if err != nil {
		return report.Document{}, err
	}
	return s.Press.Document(c.Request.Context(), actor, period, scope)
}

// paperView is a paper with the way to the papers of the same period of others.
type paperView struct {
	Document report.Document
	Body     template.HTML
	Here     string
	Scopes   []scopeGroup
	Remake   bool
}

// scopeGroup is the scopes of one kind.
type scopeGroup struct {
	Kind   report.ScopeKind
	Scopes []report.Scope
}

func (s *Console) paper(c *gin.Context, actor routing.Actor) error {
	d, err := s.document(c, actor)
	if err != nil {
		return err
	}
	body, err := d.Body(s.Wording, d.LinksTo(""))
	if err != nil {
		return err
	}
	v := paperView{Document: d, Body: body, Here: report.Path(d.Period, d.Scope), Remake: actor.May(routing.DeedOversee)}
	for _, scope := range s.scopesOf(actor) {
		if n := len(v.Scopes); n == 0 || v.Scopes[n-1].Kind != scope.Kind {
			v.Scopes = append(v.Scopes, scopeGroup{Kind: scope.Kind})
		}
		g := &v.Scopes[len(v.Scopes)-1]
		g.Scopes = append(g.Scopes, scope)
	}
	s.render(c, http.StatusOK, "paper", page{Title: "console.papers.title", Actor: actor, Section: "papers", Data: v})
	return nil
}

// paperCasesView is the cases that a figure counts.
type paperCasesView struct {
	Document report.Document
	Figure   report.Figure
	Where    []string // what the figure is narrowed to
	Back     string
	Link     func(number string) string
	Sum      int
	Cases    []report.Counted
	More     int
}

// casesShown is how many numbers the page has; who needs more narrows the figure or takes the workbook of the case list.
const casesShown = 2000

func (s *Console) paperCases(c *gin.Context, actor routing.Actor) error {
	d, err := s.document(c, actor)
	if err != nil {
		return err
	}
	figure, known := report.ParseFigure(c.Query("figure"))
	if !known {
		return fmt.Errorf("figure of a paper: %w", routing.ErrNotFound)
	}
	of := report.PlaceOf(c.Request.URL.Query())
	found, err := s.Press.Numbers(c.Request.Context(), actor, d.Period, d.Scope, figure, of)
	if err != nil {
		return err
	}
	v := paperCasesView{Document: d, Figure: figure, Where: report.PlaceNames(of, s.Plan, s.Wording), Back: report.Path(d.Period, d.Scope),
		Link: d.LinksTo("").Number}
	for _, n := range found {
		v.Sum += n.Times
	}
	v.Cases = found[:min(casesShown, len(found))]
	v.More = len(found) - len(v.Cases)
	s.render(c, http.StatusOK, "papercases", page{Title: "console.papers.title", Actor: actor, Section: "papers", Data: v})
	return nil
}

func (s *Console) paperWorkbook(c *gin.Context, actor routing.Actor) error {
	d, err := s.document(c, actor)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := d.WriteXLSX(&b); err != nil {
		return err
	}
	s.download(c, d, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b.Bytes())
	return nil
}

func (s *Console) paperPage(c *gin.Context, actor routing.Actor) error {
	d, err := s.document(c, actor)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := d.WriteHTML(&b, s.Wording, d.LinksTo(s.PublicURL)); err != nil {
		return err
	}
	s.download(c, d, "html", "text/html; charset=utf-8", b.Bytes())
	return nil
}

func (s *Console) download(c *gin.Context, d report.Document, ext, kind string, content []byte) {
	name := d.Period.String() + "-" + d.Scope.String() + "." + ext
	c.Header("Content-Disposition", `attachment; filename*=UTF-8''`+url.PathEscape(name))
	c.Data(http.StatusOK, kind, content)
}

// scopeName and periodName are for templates.
func (s *Console) scopeName(scope report.Scope) string {
	return report.WhoseName(scope, s.Plan, s.Wording)
}

func (s *Console) periodName(p any) (string, error) {
	switch p := p.(type) {
	case report.Period:
		return report.PeriodName(p, s.Wording), nil
	case string:
		period, err := report.ParsePeriod(p)
		return report.PeriodName(period, s.Wording), err
	}
	return "", errors.New("no period")
}

// figureName names a figure: those of clocks are made of the clock's name.
func (s *Console) figureName(f report.Figure) string { return report.FigureName(f, s.Wording) }
