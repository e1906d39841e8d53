package console

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
	"jiesu/routing/report"
)

// ledgerView is the list of problems with its tabs and filters.
type ledgerView struct {
	Entries  []entryLine
	Tabs     []tab
	State    string // the tab: all or a state
	Query    routing.ProblemQuery
	Place    place
	Board    []ledgerCount
	Next     string // address of the next page, "" on the last
	First    string // address of the first page, "" on it
	Here     string
	Export   string // address of the spreadsheet
	Narrowed bool   // a filter is set beside the tab
	Any      bool   // there is any problem at all
	Filters  []routing.ProblemFilter
}

// entryLine is a problem with how it stands now.
type entryLine struct {
	routing.Problem
	Overdue, Unnoted bool
	Said             string // on the list, what the first complainant says while the unit has named no cause
}

// ledgerCount is how many open problems somebody must look at.
type ledgerCount struct {
	Name    routing.ProblemFilter
	Address string
	Count   int
	Now     bool
}

func (s *Console) lineOf(p routing.Problem) entryLine {
	now := s.Now()
	return entryLine{Problem: p, Overdue: p.Overdue(now), Unnoted: p.Unnoted(now)}
}

func (s *Console) ledger(c *gin.Context, actor routing.Actor) error {
	ctx, query := c.Request.Context(), c.Request.URL.Query()
	v := ledgerView{Query: problemQueryOf(query), State: ledgerTab(query.Get("state")), Here: c.Request.URL.RequestURI(), Place: s.choices(query.Get("item")),
		Filters: routing.ProblemFilters()}
	v.Export = "/console/problems.xlsx"
	if c.Request.URL.RawQuery != "" {
		v.Export += "?" + c.Request.URL.RawQuery
	}
	v.Narrowed = v.Query.Unit != "" || v.Query.Item != "" || v.Query.Filter != ""
	var err error
	if v.Board, err = s.ledgerBoard(c, actor, v.Query); err != nil {
		return err
	}
	counts, err := s.Desk.CountProblems(ctx, actor, v.Query)
	if err != nil {
		return err
	}
	v.Tabs = ledgerTabs(v.State, counts, query)
	v.Any = len(counts) > 0
	q := v.Query
	q.States = problemStatesOf(v.State)
	found, next, err := s.Desk.Problems(ctx, actor, q)
	var bad *routing.InvalidError
	if errors.As(err, &bad) && q.Cursor != "" { // an old or mangled address
		c.Redirect(http.StatusSeeOther, ledgerAddress(query, "cursor", ""))
		return nil
	}
	if err != nil {
		return err
	}
	for _, p := range found {
		line := s.lineOf(p)
		if p.Cause == "" {
			cases, err := s.Desk.ProblemCases(ctx, actor, p.Number)
			if err != nil {
				return err
			}
			if len(cases) > 0 {
				line.Said = cases[0].Text
			}
		}
		v.Entries = append(v.Entries, line)
	}
	if next != "" {
		v.Next = ledgerAddress(query, "cursor", next)
	}
	if q.Cursor != "" {
		v.First = ledgerAddress(query, "cursor", "")
	}
	s.render(c, http.StatusOK, "ledger", page{Title: "ledger.title", Actor: actor, Section: "ledger", Data: v})
	return nil
}

// ledgerBoard counts what somebody must look at among the problems that are not done, whatever else is filtered.
func (s *Console) ledgerBoard(c *gin.Context, actor routing.Actor, now routing.ProblemQuery) ([]ledgerCount, error) {
	var board []ledgerCount
	for _, f := range routing.ProblemFilters() {
		counts, err := s.Desk.CountProblems(c.Request.Context(), actor, routing.ProblemQuery{Filter: f, Unit: now.Unit})
		if err != nil {
			return nil, err
		}
		n := counts[routing.ProblemOpen] + counts[routing.ProblemApplied]
		if n > 0 {
			q := url.Values{"filter": {string(f)}}
			if now.Unit != "" {
				q.Set("unit", now.Unit)
			}
			board = append(board, ledgerCount{Name: f, Address: "/console/problems?" + q.Encode(), Count: n, Now: now.Filter == f})
		}
	}
	return board, nil
}

// ledgerSheet answers with what the list shows, and its further pages, as a spreadsheet.
func (s *Console) ledgerSheet(c *gin.Context, actor routing.Actor) error {
	query := c.Request.URL.Query()
	q := problemQueryOf(query)
	q.States = problemStatesOf(ledgerTab(query.Get("state")))
	entries, more, err := s.Desk.Ledger(c.Request.Context(), actor, q)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	now := s.Now()
	if err := report.WriteXLSX(&b, now, report.Ledger(entries, more, s.Plan, s.Wording, now)); err != nil {
		return err
	}
	s.Logger.Info("ledger exported", "problems", len(entries), "actor_id", actor.ID)
	c.Header("Content-Disposition", `attachment; filename="ledger-`+now.In(routing.Beijing()).Format(time.DateOnly)+`.xlsx"`)
	c.Data(http.StatusOK, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b.Bytes())
	return nil
}

func problemQueryOf(v url.Values) routing.ProblemQuery {
	q := routing.ProblemQuery{Unit: strings.TrimSpace(v.Get("unit")), Item: strings.TrimSpace(v.Get("item")), Cursor: v.Get("cursor"), Limit: pageSize}
	if f := routing.ProblemFilter(v.Get("filter")); slices.Contains(routing.ProblemFilters(), f) {
		q.Filter = f
	}
	return q
}

// ledgerTab reads the tab; whatever isn't one is the tab of all problems that still have cases.
func ledgerTab(v string) string {
	if slices.Contains(routing.ProblemStates(), routing.ProblemState(v)) {
		return v
	}
	return "all"
}

func problemStatesOf(tab string) []routing.ProblemState {
	if tab == "all" {
		return []routing.ProblemState{routing.ProblemOpen, routing.ProblemApplied, routing.ProblemStruckOff}
	}
	return []routing.ProblemState{routing.ProblemState(tab)}
}

func ledgerTabs(now string, counts map[routing.ProblemState]int, query url.Values) []tab {
	all := tab{State: "all"}
	var states []tab
	for _, p := range routing.ProblemStates() {
		n := counts[p]
		if p != routing.ProblemVoid {
			all.Count += n
		}
		if n > 0 || string(p) == now {
			states = append(states, tab{State: string(p), Count: n})
		}
	}
	list := append([]tab{all}, states...)
	query.Del("cursor")
	for i := range list {
		list[i].Now = list[i].State == now
		list[i].Address = ledgerAddress(query, "state", list[i].State)
	}
	return list
}

// ledgerAddress is the ledger's address with one value of the query changed.
func ledgerAddress(query url.Values, field, value string) string {
	return strings.Replace(address(query, field, value), "/console", "/console/problems", 1)
}
