package store

import (
	"context"
	"strconv"

	"jiesu/routing"
)

// Published implements routing.Reader. What it says is routing.Case.IsPublic in SQL.
func (r reader) Published(ctx context.Context, q routing.PublishedQuery) ([]routing.Case, error) {
	c := &conditions{from: "cases"}
	c.add("published AND NOT confidential AND NOT restricted")
	if q.Numbers != nil {
		c.add(r.among(), asJSON{q.Numbers})
	}
	if q.Items != nil {
		c.add(r.listed("item"), asJSON{q.Items})
	}
	if q.Open != nil {
		c.add(r.listed("state"), asJSON{statesThat(*q.Open)})
	}
	if !q.FiledFrom.IsZero() {
		c.add("filed_at >= ?", at(q.FiledFrom))
	}
	if !q.FiledTo.IsZero() {
		c.add("filed_at < ?", at(q.FiledTo))
	}
	if !q.UpdatedFrom.IsZero() {
		c.add("updated_at >= ?", at(q.UpdatedFrom))
	}
	return list(ctx, r.run, r.readCase, `SELECT `+caseColumns+` FROM cases`+c.where()+
		` ORDER BY filed_at DESC, number DESC LIMIT `+strconv.Itoa(max(0, min(q.Limit, 1000)))+` OFFSET `+strconv.Itoa(max(0, q.Offset)), c.args...)
}

func statesThat(open bool) []routing.State {
	var list []routing.State
	for _, s := range routing.States() {
		if s.Open() == open {
			list = append(list, s)
		}
	}
	return list
}
