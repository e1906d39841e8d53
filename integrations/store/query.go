package store

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jiesu/routing"
)

// Page sizes of routing.Query.
const (
	defaultLimit = 50
	maxLimit     = 200
)

// Cases implements routing.Reader. Errors: *routing.InvalidError for the cursor or the limit.
func (r reader) Cases(ctx context.Context, q routing.Query) ([]routing.Case, string, error) {
	limit := q.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	if limit < 1 || limit > maxLimit {
		return nil, "", &routing.InvalidError{Field: "limit", Key: "error.limit"}
	}
	c := filtered(q)
	c.inStates(q.States)
	by := listOrder{column: "filed_at", down: true}
	if q.Order == routing.OrderClock {
		by = listOrder{column: "clock_order"}
	}
	if q.Cursor != "" {
		after, last, err := readCursor(q.Cursor)
		if err != nil {
			return nil, "", err
		}
		c.add("("+c.column(by.column)+", "+c.column("number")+") "+by.after()+" (?, ?)", after, last)
	}
	var cases []routing.Case
	var err error
	if q.Text == "" { // one more tells whether there is a next page
		cases, err = r.page(ctx, c, by, limit+1)
	} else {
		cases, err = r.pageFound(ctx, c, q, by, limit+1)
	}
	if err != nil {
		return nil, "", fmt.Errorf("list cases: %w", err)
	}
	if len(cases) <= limit {
		return cases, "", nil
	}
	cases = cases[:limit]
	return cases, cursor(cases[limit-1], q.Order), nil
}

// listOrder is how a list is sorted: by a column of cases, then by number.
type listOrder struct {
	column string
	down   bool
}

// after compares what comes later in the list with what comes before.
func (o listOrder) after() string {
	if o.down {
		return "<"
	}
	return ">"
}

// by is the ORDER BY of where the conditions read.
func (o listOrder) by(c *conditions) string {
	direction := ""
	if o.down {
		direction = " DESC"
	}
	return ` ORDER BY ` + c.column(o.column) + direction + `, ` + c.column("number") + direction
}

// page reads the first n cases of the list.
func (r reader) page(ctx context.Context, c *conditions, o listOrder, n int) ([]routing.Case, error) {
	order := o.by(c)
	return list(ctx, r.run, r.readCase, `SELECT `+caseColumns+` FROM `+c.from+c.where()+order+` LIMIT `+strconv.Itoa(n), c.args...)
}

// CountByState implements routing.Reader. States without a case are absent.
func (r reader) CountByState(ctx context.Context, q routing.Query) (byState map[routing.State]int, err error) {
	type count struct {
		state routing.State
		n     int
	}
	read := func(scan scanner) (c count, err error) {
		err = scan(&c.state, &c.n)
		return c, err
	}
	var counts []count
	c, known := tallied(q)
	if known {
		counts, err = list(ctx, r.run, read, `SELECT state, CAST(sum(cases) AS BIGINT) FROM case_tally`+c.where()+
			` GROUP BY state HAVING sum(cases) > 0`, c.args...)
	} else if c, err = r.countable(ctx, q); err == nil {
		state := c.column("state")
		counts, err = list(ctx, r.run, read, `SELECT `+state+`, count(*) FROM `+cmp.Or(c.few, c.from)+c.where()+` GROUP BY `+state, c.args...)
	}
	if err != nil {
		return nil, fmt.Errorf("count cases: %w", err)
	}
	byState = make(map[routing.State]int, len(counts))
	for _, c := range counts {
		byState[c.state] = c.n
	}
	return byState, nil
}

// countable is what the query says besides its States. ErrTooMany: its Text finds more cases than can be looked at each.
func (r reader) countable(ctx context.Context, q routing.Query) (*conditions, error) {
	c := filtered(q)
	if q.Text == "" {
		return c, nil
	}
	return c, r.find(ctx, c, q)
}

// filtered is what the query says besides its States, its page and its Text.
func filtered(q routing.Query) *conditions {
	c := &conditions{from: "cases"}
	c.visible(q.Visible)
	for _, f := range []struct{ column, value string }{
		{"unit", q.Unit}, {"category", q.Category}, {"item", q.Item}, {"district", q.District}, {"complainant_id", q.ComplainantID},
	} {
		if f.value != "" {
			c.add(c.column(f.column)+" = ?", f.value)
		}
	}
	if q.Supervised {
		c.add(c.column("supervised"))
	}
	clock, level, missing := "clock_order", "clock_level", "calendar_missing"
	if c.names != nil {
		clock, level, missing = c.names[clock], c.names[level], c.names[missing]
	}
	if !q.DueBefore.IsZero() {
		c.add(clock+" < ?", at(q.DueBefore))
	}
	if !q.DueFrom.IsZero() {
		c.add(clock+" >= ? AND "+clock+" < "+strconv.Itoa(noClock), at(q.DueFrom))
	} else if !q.DueBefore.IsZero() {
		c.add(clock + " < " + strconv.Itoa(noClock)) // as the index of running clocks says it
	}
	if q.Level > 0 {
		c.add(level+" > 0 AND "+level+" >= ?", q.Level)
	}
	if q.NoCalendar {
		c.add(missing + " > 0")
	}
	return c
}

// unitColumns are the columns of cases that case_units has too.
func unitColumns() map[string]string {
	return map[string]string{"state": "case_state", "filed_at": "case_filed", "number": "case_number", "item": "case_item", "district": "case_district",
		"supervised": "case_supervised", "clock_order": "case_order", "clock_level": "case_level", "calendar_missing": "case_missing"}
}

// visible is routing.Actor.CanSee in SQL.
func (c *conditions) visible(a routing.Actor) {
	switch {
	case a.Role == routing.RoleComplainant && a.ID != "":
		c.add("complainant_id = ?", a.ID)
	case a.Role == routing.RoleUnit && a.Unit != "":
		c.few = `(SELECT unit AS viewer, case_number, case_state, case_filed, case_item, case_district, case_supervised, case_order, case_level,
			case_missing FROM case_units) AS seen`
		c.from, c.names = c.few+` JOIN cases ON number = case_number`, unitColumns()
		c.add("viewer = ?", a.Unit)
	case a.Role == routing.RoleOperator, a.Role == routing.RoleOffice, a.Role == routing.RoleAdmin, a.Role == routing.RoleSystem:
	default:
		c.add("1 = 0")
	}
}

// inStates narrows to the states, in literals: a partial index is used only where the statement itself says what it holds, word for word.
func (c *conditions) inStates(states []routing.State) {
	quoted := func(states []routing.State) string {
		list := make([]string, len(states))
		for i, s := range states {
			list[i] = "'" + string(s) + "'"
		}
		return c.column("state") + " IN (" + strings.Join(list, ", ") + ")"
	}
	known := slices.DeleteFunc(slices.Clone(states), func(s routing.State) bool { return !s.Valid() })
	open := openStates()
	switch {
	case len(states) == 0:
		return
	case len(known) == 0:
		c.add("1 = 0")
		return
	case !slices.ContainsFunc(known, func(s routing.State) bool { return !s.Open() }):
		c.add(quoted(open))
	}
	if !slices.Equal(known, open) {
		c.add(quoted(known))
	}
}

func (c *conditions) marks(states []routing.State) string {
	marks := make([]string, len(states))
	for i, s := range states {
		c.args = append(c.args, s)
		marks[i] = "$" + strconv.Itoa(len(c.args))
	}
	return strings.Join(marks, ", ")
}

// cursor marks the last case of a page by the columns of the order.
func cursor(last routing.Case, order routing.Order) string {
	by := at(last.FiledAt)
	if order == routing.OrderClock {
		by = orderOf(last.Clock)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(by, 10) + " " + last.Number))
}

func readCursor(s string) (by int64, number string, err error) {
	invalid := &routing.InvalidError{Field: "cursor", Key: "error.cursor"}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return 0, "", invalid
	}
	ms, number, found := strings.Cut(string(raw), " ")
	by, err = strconv.ParseInt(ms, 10, 64)
	if err != nil || !found || !isNumber(number) {
		return 0, "", invalid
	}
	return by, number, nil
}

// isNumber keeps out of a cursor what no case number contains: PostgreSQL refuses some bytes even as arguments.
func isNumber(s string) bool {
	for _, b := range []byte(s) {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return s != ""
}
