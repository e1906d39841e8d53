package store

import (
	"context"
	"encoding/base64"
	"fmt"
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
	c := r.matching(q)
	if len(q.States) > 0 {
		c.add("state IN (" + c.marks(q.States) + ")")
	}
	if q.Cursor != "" {
		filedAt, number, err := readCursor(q.Cursor)
		if err != nil {
			return nil, "", err
		}
		c.add("(filed_at, number) < (?, ?)", filedAt, number)
	}
	cases, err := list(ctx, r.run, r.readCase, `SELECT `+caseColumns+` FROM cases`+c.where()+
		` ORDER BY filed_at DESC, number DESC LIMIT `+strconv.Itoa(limit+1), c.args...) // one more tells whether there is a next page
	if err != nil {
		return nil, "", fmt.Errorf("list cases: %w", err)
	}
	if len(cases) <= limit {
		return cases, "", nil
	}
	cases = cases[:limit]
	return cases, cursor(cases[limit-1]), nil
}

// CountByState implements routing.Reader. States without a case are absent.
func (r reader) CountByState(ctx context.Context, q routing.Query) (map[routing.State]int, error) {
	type count struct {
		state routing.State
		n     int
	}
	read := func(scan scanner) (c count, err error) {
		err = scan(&c.state, &c.n)
		return c, err
	}
	c := r.matching(q)
	counts, err := list(ctx, r.run, read, `SELECT state, count(*) FROM cases`+c.where()+` GROUP BY state`, c.args...)
	if err != nil {
		return nil, fmt.Errorf("count cases: %w", err)
	}
	byState := make(map[routing.State]int, len(counts))
	for _, c := range counts {
		byState[c.state] = c.n
	}
	return byState, nil
}

// matching is what the query says besides its States and its page.
func (r reader) matching(q routing.Query) *conditions {
	c := &conditions{}
	c.visible(q.Visible)
	for _, f := range []struct{ column, value string }{
		{"unit", q.Unit}, {"item", q.Item}, {"district", q.District}, {"complainant_id", q.ComplainantID},
	} {
		if f.value != "" {
			c.add(f.column+" = ?", f.value)
		}
	}
	if q.Supervised {
		c.add("supervised")
	}
	if !q.DueBefore.IsZero() {
		c.add("clock_due > 0 AND clock_due < ?", at(q.DueBefore))
	}
	if !q.DueFrom.IsZero() {
		c.add("clock_due > 0 AND clock_due >= ?", at(q.DueFrom))
	}
	if q.Level > 0 {
		c.add("clock_level > 0 AND clock_level >= ?", q.Level)
	}
	if q.NoCalendar {
		c.add("calendar_missing > 0")
	}
	if q.Text != "" {
		r.find(c, q)
	}
	return c
}

// visible is routing.Actor.CanSee in SQL.
func (c *conditions) visible(a routing.Actor) {
	switch {
	case a.Role == routing.RoleComplainant && a.ID != "":
		c.add("complainant_id = ?", a.ID)
	case a.Role == routing.RoleUnit && a.Unit != "":
		c.add("number IN (SELECT case_number FROM case_units WHERE case_units.unit = ?)", a.Unit)
	case a.Role == routing.RoleOperator, a.Role == routing.RoleOffice, a.Role == routing.RoleAdmin, a.Role == routing.RoleSystem:
	default:
		c.add("1 = 0")
	}
}

// find looks for the text without regard to case: SQLite's LIKE does so for Latin letters, PostgreSQL calls it ILIKE.
func (r reader) find(c *conditions, q routing.Query) {
	like := ` LIKE ? ESCAPE '\'`
	if r.dialect == Postgres {
		like = ` ILIKE ? ESCAPE '\'`
	}
	words := "(complaint" + like + " OR enterprise" + like + ")"
	if q.Visible.Role == routing.RoleUnit { // who may not read a name may not find out about it by guessing either
		words = "(" + words + " AND NOT confidential)"
	}
	if !q.Visible.ReadsAll() {
		words = "(" + words + " AND NOT restricted)"
	}
	p := pattern(q.Text)
	c.add("(number"+like+" OR "+words+")", p, p, p)
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
func cursor(last routing.Case) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at(last.FiledAt), 10) + " " + last.Number))
}

func readCursor(s string) (filedAt int64, number string, err error) {
	invalid := &routing.InvalidError{Field: "cursor", Key: "error.cursor"}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return 0, "", invalid
	}
	ms, number, found := strings.Cut(string(raw), " ")
	filedAt, err = strconv.ParseInt(ms, 10, 64)
	if err != nil || !found || !isNumber(number) {
		return 0, "", invalid
	}
	return filedAt, number, nil
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
