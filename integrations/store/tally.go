package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"jiesu/routing"
)

// kind is a line of the tally.
type kind struct {
	viewer                         string // a unit that sees the case, "" for those who see all
	state                          routing.State
	category, unit, item, district string
}

func compareKinds(a, b kind) int {
	key := func(k kind) string {
		return strings.Join([]string{k.viewer, string(k.state), k.category, k.unit, k.item, k.district}, "\x00")
	}
	return strings.Compare(key(a), key(b))
}

// kindsOf are the lines that count the case.
func kindsOf(c routing.Case) []kind {
	list := []kind{{"", c.State, c.Category, c.Unit, c.Item, c.District}}
	for _, unit := range viewers(c) {
		list = append(list, kind{unit, c.State, c.Category, c.Unit, c.Item, c.District})
	}
	return list
}

// viewers are the units that see the case, each once.
func viewers(c routing.Case) []string {
	list := append([]string(nil), c.Assisting...)
	if c.Unit != "" {
		list = append(list, c.Unit)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// standing is how a case is stored before a step.
type standing struct {
	kinds   []kind // the lines that count it
	changed bool   // what it says is other than what is about to be stored
	chain   string // of its last event
	listed  bool   // its lines in the lists of units stay as they are
}

// standing finds how the case is stored; was is how it was read in this transaction, if that is known.
func (t *tx) standing(ctx context.Context, c, was routing.Case, known bool) (s standing, err error) {
	if known {
		s.kinds, s.changed = kindsOf(was), was.Text != c.Text || was.Contact.Enterprise != c.Contact.Enterprise
		s.chain, err = one(ctx, t.run, value[string], `SELECT chain FROM events WHERE case_number = $1 AND seq = $2`, c.Number, was.Version)
		if errors.Is(err, routing.ErrNotFound) {
			err = nil
		}
		if err != nil {
			return s, fmt.Errorf("read the last event of case %s: %w", c.Number, err)
		}
		return s, nil
	}
	read := func(scan scanner) (k kind, err error) {
		var same bool
		var chain string
		err = scan(&k.viewer, &k.state, &k.category, &k.unit, &k.item, &k.district, &same, &chain)
		s.changed, s.chain = s.changed || !same, s.chain+chain // one row has it
		return k, err
	}
	s.kinds, err = list(ctx, t.run, read, `SELECT '' AS viewer, state, category, unit, item, district, complaint = $2 AND enterprise = $3,
		COALESCE((SELECT chain FROM events WHERE case_number = $1 AND seq = cases.version), '') FROM cases
		WHERE number = $1 UNION ALL SELECT case_units.unit, state, category, cases.unit, item, district, TRUE, '' FROM case_units
		JOIN cases ON number = case_number WHERE case_number = $1`, c.Number, c.Text, c.Contact.Enterprise)
	if err != nil {
		return s, fmt.Errorf("look how case %s is counted: %w", c.Number, err)
	}
	return s, nil
}

// count moves a case from the lines of before to those of now. Lines are taken in one order everywhere, so that no two steps wait for each
// other.
func (t *tx) count(ctx context.Context, before, now []kind) error {
	change := map[kind]int{}
	for _, k := range before {
		change[k]--
	}
	for _, k := range now {
		change[k]++
	}
	var moved []kind
	for k, by := range change {
		if by != 0 {
			moved = append(moved, k)
		}
	}
	slices.SortFunc(moved, compareKinds)
	for _, k := range moved {
		err := later(ctx, t.run, "count cases", `INSERT INTO case_tally (viewer, state, category, unit, item, district, cases) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (viewer, state, category, unit, item, district) DO UPDATE SET cases = case_tally.cases + EXCLUDED.cases`,
			nil, k.viewer, k.state, k.category, k.unit, k.item, k.district, change[k])
		if err != nil {
			return err
		}
	}
	return nil
}

// tallied reports whether the tally knows how many cases the query matches, and where.
func tallied(q routing.Query) (c *conditions, ok bool) {
	if q.ComplainantID != "" || q.Supervised || !q.DueBefore.IsZero() || !q.DueFrom.IsZero() || q.Level > 0 || q.NoCalendar || q.Text != "" {
		return nil, false
	}
	c = &conditions{}
	switch q.Visible.Role {
	case routing.RoleUnit:
		if q.Visible.Unit == "" {
			return nil, false
		}
		c.add("viewer = ?", q.Visible.Unit)
	case routing.RoleOperator, routing.RoleOffice, routing.RoleAdmin, routing.RoleSystem:
		c.add("viewer = ''")
	default:
		return nil, false
	}
	for _, f := range []struct{ column, value string }{{"unit", q.Unit}, {"category", q.Category}, {"item", q.Item}, {"district", q.District}} {
		if f.value != "" {
			c.add(f.column+" = ?", f.value)
		}
	}
	return c, true
}

// Figures implements routing.Reader.
func (r reader) Figures(ctx context.Context, q routing.Query) ([]routing.Figure, error) {
	c, ok := tallied(q)
	if !ok {
		return nil, fmt.Errorf("figures: %w", routing.ErrForbidden)
	}
	read := func(scan scanner) (f routing.Figure, err error) {
		err = scan(&f.Category, &f.Unit, &f.State, &f.Cases)
		return f, err
	}
	figures, err := list(ctx, r.run, read, `SELECT category, unit, state, CAST(sum(cases) AS BIGINT) FROM case_tally`+c.where()+
		` GROUP BY category, unit, state HAVING sum(cases) > 0 ORDER BY category, unit, state`, c.args...)
	if err != nil {
		return nil, fmt.Errorf("read figures: %w", err)
	}
	return figures, nil
}

// LateByUnit implements routing.Reader.
func (r reader) LateByUnit(ctx context.Context, q routing.Query) ([]routing.Figure, error) {
	c, err := r.countable(ctx, q)
	if err != nil {
		return nil, err
	}
	read := func(scan scanner) (f routing.Figure, err error) {
		err = scan(&f.Category, &f.Unit, &f.Cases)
		return f, err
	}
	figures, err := list(ctx, r.run, read, `SELECT category, unit, count(*) FROM `+c.from+c.where()+` GROUP BY category, unit ORDER BY category, unit`, c.args...)
	if err != nil {
		return nil, fmt.Errorf("count late cases: %w", err)
	}
	return figures, nil
}
