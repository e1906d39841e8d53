package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// pageSize is how many cases one page of the list has.
const pageSize = 30

// listView is the list of cases with its tabs and filters.
type listView struct {
	Cases   []routing.Case
	Tabs    []tab
	Bars    []bar
	Query   routing.Query
	State   string // the tab: open, all or a state
	Next    string // address of the next page, "" on the last
	First   string // address of the first page, "" on it
	Here    string
	Place   place
	Filters bool // one of the folded filters is set
	// Narrowed: a filter or a search is set beside the tab.
	Narrowed  bool
	Incidents []routing.Incident // mass incidents that the office has still to see to; for the office alone
	Board     []boardLine        // how many cases need somebody now
	Deaf      []routing.Endpoint // webhook endpoints that were turned off, for the office
	Missing   []int              // years without calendar, for the office
	Clock     routing.ClockFilter
	Clocks    []routing.ClockFilter
	Orders    []tab  // ways to sort, State being the name
	Asked     string // the order that the address asks for
	Saved     []savedView
	Keep      string // what a saved filter of this list would hold
	ShareAs   string // address of the list as others may open it
	Exports   []string
	Own       *ownFigures
	TooMany   bool // the search finds so many that they aren't counted
}

// ownFigures is how a unit stands, on its own desk.
type ownFigures struct{ Open, All, Struck, Share int }

// tab is one tab over the list.
type tab struct {
	State, Address string
	Count          int
	Now            bool
}

// bar is one part of the picture of states, in hundredths of its width.
type bar struct {
	State    string
	At, Wide float64
	Count    int
}

func (s *Console) list(c *gin.Context, actor routing.Actor) error {
	ctx := c.Request.Context()
	v := listView{Query: s.narrowed(c), State: tabOf(c.Query("state")), Here: c.Request.URL.RequestURI(), Place: s.choices(c.Query("item")),
		Missing: s.missingYears(actor), Clocks: routing.ClockFilters()}
	if f := routing.ClockFilter(c.Query("clock")); slices.Contains(v.Clocks, f) {
		v.Clock = f
	}
	var err error
	if v.Board, err = s.board(c, actor); err != nil {
		return err
	}
	if actor.May(routing.DeedOversee) {
		if v.Deaf, err = s.Desk.FailedEndpoints(c.Request.Context(), actor); err != nil {
			return err
		}
	}
	counts, err := s.Desk.Counts(ctx, actor, v.Query)
	if v.TooMany = errors.Is(err, routing.ErrTooMany); err != nil && !v.TooMany {
		return err
	}
	if err := s.around(c, actor, &v); err != nil {
		return err
	}
	v.Tabs, v.Bars = tabs(v.State, counts, c.Request.URL.Query()), bars(counts)
	v.Filters = v.Query.Unit != "" || v.Query.Item != "" || v.Query.Category != "" || v.Query.District != "" || v.Query.Supervised || v.Clock != ""
	v.Narrowed = v.Filters || v.Query.Text != ""
	if actor.May(routing.DeedOversee) {
		if v.Incidents, err = s.Desk.Incidents(ctx, actor); err != nil {
			return err
		}
	}
	q := v.Query
	q.States, q.Order = statesOf(v.State), orderOf(actor, v.State, c.Query("order"))
	var next string
	v.Cases, next, err = s.Desk.Cases(ctx, actor, q)
	var bad *routing.InvalidError
	if errors.As(err, &bad) && q.Cursor != "" { // an old or mangled address
		c.Redirect(http.StatusSeeOther, address(c.Request.URL.Query(), "cursor", ""))
		return nil
	}
	if err != nil {
		return err
	}
	if next != "" {
		v.Next = address(c.Request.URL.Query(), "cursor", next)
	}
	if q.Cursor != "" {
		v.First = address(c.Request.URL.Query(), "cursor", "")
	}
	s.render(c, http.StatusOK, "list", page{Title: "console.list.title", Actor: actor, Section: "list", Data: v})
	return nil
}

// around adds to the list what stands around it: ways to sort it and to take it along, what the person has kept, and how a unit stands.
func (s *Console) around(c *gin.Context, actor routing.Actor, v *listView) error {
	query := c.Request.URL.Query()
	query.Del("cursor")
	v.Keep = keepable(query)
	v.ShareAs = "/console?" + v.Keep
	now := "newest"
	if orderOf(actor, v.State, c.Query("order")) == routing.OrderClock {
		now = "clock"
	}
	if asked := c.Query("order"); slices.Contains(orders, asked) {
		v.Asked = asked
	}
	for _, name := range orders {
		v.Orders = append(v.Orders, tab{State: name, Address: address(query, "order", name), Now: name == now})
	}
	for _, kind := range []string{"xlsx", "csv"} {
		v.Exports = append(v.Exports, "/console/export/"+kind+"?"+v.Keep)
	}
	var err error
	if v.Saved, err = s.savedOf(c, actor); err != nil || actor.Role != routing.RoleUnit {
		return err
	}
	counts, err := s.Desk.Counts(c.Request.Context(), actor, routing.Query{})
	if err != nil {
		return err
	}
	own := ownFigures{Struck: counts[routing.StateStruckOff]}
	for state, n := range counts {
		own.All += n
		if state.Open() {
			own.Open += n
		}
	}
	if own.All > 0 {
		own.Share = 100 * own.Struck / own.All
		v.Own = &own
	}
	return nil
}

// caseRows is a table of cases for somebody.
type caseRows struct {
	Cases []routing.Case
	Actor routing.Actor
	Tick  bool // rows can be ticked for a bulk step
}

func rowsOf(cases []routing.Case, actor routing.Actor, tick bool) caseRows {
	return caseRows{cases, actor, tick}
}

func queryOf(v url.Values) routing.Query {
	get := func(field string) string { return strings.TrimSpace(v.Get(field)) }
	return routing.Query{Unit: get("unit"), Category: get("category"), Item: get("item"), District: get("district"), Supervised: v.Get("supervised") == "1",
		Text: get("q"), Cursor: get("cursor"), Limit: pageSize}
}

// tabOf reads the tab; whatever isn't one is the tab of open cases.
func tabOf(v string) string {
	if v == "all" || routing.State(v).Valid() {
		return v
	}
	return "open"
}

func statesOf(tab string) []routing.State {
	switch tab {
	case "all":
		return nil
	case "open":
		var open []routing.State
		for _, s := range routing.States() {
			if s.Open() {
				open = append(open, s)
			}
		}
		return open
	}
	return []routing.State{routing.State(tab)}
}

// tabs are the open cases, every state that has any, and all.
func tabs(now string, counts map[routing.State]int, query url.Values) []tab {
	open, all := tab{State: "open"}, tab{State: "all"}
	var states []tab
	for _, s := range routing.States() {
		n := counts[s]
		all.Count += n
		if s.Open() {
			open.Count += n
		}
		if n > 0 || string(s) == now {
			states = append(states, tab{State: string(s), Count: n})
		}
	}
	list := append([]tab{open}, append(states, all)...)
	for i := range list {
		list[i].Now = list[i].State == now
		query.Del("cursor")
		list[i].Address = address(query, "state", list[i].State)
	}
	return list
}

func bars(counts map[routing.State]int) []bar {
	total, at := 0, 0.0
	for _, n := range counts {
		total += n
	}
	var list []bar
	for _, s := range routing.States() {
		if n := counts[s]; n > 0 {
			wide := 100 * float64(n) / float64(total)
			list = append(list, bar{State: string(s), At: at, Wide: wide, Count: n})
			at += wide
		}
	}
	return list
}

// address is the list's address with one value of the query changed.
func address(query url.Values, field, value string) string {
	v := url.Values{}
	for k, old := range query {
		if len(old) > 0 && old[0] != "" {
			v.Set(k, old[0])
		}
	}
	if v.Del(field); value != "" {
		v.Set(field, value)
	}
	if len(v) == 0 {
		return "/console"
	}
	return "/console?" + v.Encode()
}
