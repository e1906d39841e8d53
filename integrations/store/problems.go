package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jiesu/routing"
)

const problemColumns = `number, state, version, category, item, unit, assisting, cause, measure, person, due_at, last_note, noted_week,
	active_at, mechanism, no_mechanism, done, evidence, applicant, applied_at, struck_at, returns, returned_by, merged_into, opened_at, updated_at`

func readProblem(scan scanner) (p routing.Problem, err error) {
	err = scan(&p.Number, &p.State, &p.Version, &p.Category, &p.Item, &p.Unit, asJSON{&p.Assisting}, &p.Cause, &p.Measure, &p.Person,
		when{&p.DueAt}, &p.LastNote, when{&p.NotedWeek}, when{&p.ActiveAt}, &p.Mechanism, &p.NoMechanism, &p.Done, asJSON{&p.Evidence},
		asJSON{&p.Applicant}, when{&p.AppliedAt}, when{&p.StruckAt}, &p.Returns, &p.ReturnedBy, &p.MergedInto, when{&p.OpenedAt}, when{&p.UpdatedAt})
	return p, err
}

func problemRow(p routing.Problem) row {
	return row{
		{"number", p.Number}, {"state", p.State}, {"version", p.Version}, {"category", p.Category}, {"item", p.Item}, {"unit", p.Unit},
		{"assisting", asJSON{p.Assisting}}, {"cause", p.Cause}, {"measure", p.Measure}, {"person", p.Person}, {"due_at", at(p.DueAt)},
		{"last_note", p.LastNote}, {"noted_week", at(p.NotedWeek)}, {"active_at", at(p.ActiveAt)}, {"mechanism", p.Mechanism},
		{"no_mechanism", p.NoMechanism}, {"done", p.Done}, {"evidence", asJSON{p.Evidence}}, {"applicant", asJSON{p.Applicant}},
		{"applied_at", at(p.AppliedAt)}, {"struck_at", at(p.StruckAt)}, {"returns", p.Returns}, {"returned_by", p.ReturnedBy},
		{"merged_into", p.MergedInto}, {"opened_at", at(p.OpenedAt)}, {"updated_at", at(p.UpdatedAt)},
	}
}

// Problem implements routing.Reader.
func (r reader) Problem(ctx context.Context, number string) (routing.Problem, error) {
	return one(ctx, r.run, readProblem, `SELECT `+problemColumns+` FROM problems WHERE number = $1`, number)
}

// ProblemOf implements routing.Reader.
func (r reader) ProblemOf(ctx context.Context, caseNumber string) (routing.Problem, error) {
	return one(ctx, r.run, readProblem, `SELECT `+problemColumns+` FROM problems
		WHERE number = (SELECT problem FROM problem_cases WHERE case_number = $1)`, caseNumber)
}

// Problems implements routing.Reader. Errors: *routing.InvalidError for the cursor or the limit.
func (r reader) Problems(ctx context.Context, q routing.ProblemQuery) ([]routing.Problem, string, error) {
	limit := cmp.Or(q.Limit, defaultLimit)
	if limit < 1 || limit > maxLimit {
		return nil, "", &routing.InvalidError{Field: "limit", Key: "error.limit"}
	}
	c := matchingProblems(q)
	if len(q.States) > 0 {
		marks := make([]string, len(q.States))
		for i, s := range q.States {
			c.args = append(c.args, s)
			marks[i] = "$" + strconv.Itoa(len(c.args))
		}
		c.add("state IN (" + strings.Join(marks, ", ") + ")")
	}
	if q.Cursor != "" {
		openedAt, number, err := readCursor(q.Cursor)
		if err != nil {
			return nil, "", err
		}
		c.add("(opened_at, number) < (?, ?)", openedAt, number)
	}
	problems, err := list(ctx, r.run, readProblem, `SELECT `+problemColumns+` FROM problems`+c.where()+
		` ORDER BY opened_at DESC, number DESC LIMIT `+strconv.Itoa(limit+1), c.args...)
	if err != nil {
		return nil, "", fmt.Errorf("list problems: %w", err)
	}
	if len(problems) <= limit {
		return problems, "", nil
	}
	problems = problems[:limit]
	last := problems[limit-1]
	return problems, cursor(routing.Case{FiledAt: last.OpenedAt, Number: last.Number}, routing.OrderNewest), nil
}

// CountProblems implements routing.Reader. States without a problem are absent.
func (r reader) CountProblems(ctx context.Context, q routing.ProblemQuery) (map[routing.ProblemState]int, error) {
	type count struct {
		state routing.ProblemState
		n     int
	}
	read := func(scan scanner) (c count, err error) {
		err = scan(&c.state, &c.n)
		return c, err
	}
	c := matchingProblems(q)
	counts, err := list(ctx, r.run, read, `SELECT state, count(*) FROM problems`+c.where()+` GROUP BY state`, c.args...)
	if err != nil {
		return nil, fmt.Errorf("count problems: %w", err)
	}
	byState := make(map[routing.ProblemState]int, len(counts))
	for _, c := range counts {
		byState[c.state] = c.n
	}
	return byState, nil
}

// matchingProblems is what the query says besides its States and its page. The filters are those of routing.Problem in SQL.
func matchingProblems(q routing.ProblemQuery) *conditions {
	c := &conditions{}
	switch a := q.Visible; {
	case a.Role == routing.RoleUnit && a.Unit != "":
		c.add("number IN (SELECT problem FROM problem_units WHERE problem_units.unit = ?)", a.Unit)
	case a.Role == routing.RoleOperator, a.Role == routing.RoleOffice, a.Role == routing.RoleAdmin, a.Role == routing.RoleSystem:
	default:
		c.add("1 = 0")
	}
	if q.Unit != "" {
		c.add("unit = ?", q.Unit)
	}
	if q.Item != "" {
		c.add("item = ?", q.Item)
	}
	switch week := routing.WeekOf(q.Now); q.Filter {
	case routing.ProblemsOverdue:
		c.add("state IN ('open', 'applied') AND due_at > 0 AND due_at < ?", at(q.Now))
	case routing.ProblemsUnnoted:
		c.add("state = 'open' AND active_at < ? AND noted_week < ?", at(week), at(week.AddDate(0, 0, -7)))
	case routing.ProblemsReturned:
		c.add("returns > 0")
	}
	return c
}

// ProblemCases implements routing.Reader.
func (r reader) ProblemCases(ctx context.Context, number string) ([]routing.Case, error) {
	return list(ctx, r.run, r.readCase, `SELECT `+caseColumns+` FROM cases JOIN problem_cases ON case_number = number
		WHERE problem = $1 ORDER BY joined_at, number`, number)
}

// InsertProblem implements routing.Tx.
func (t *tx) InsertProblem(ctx context.Context, p routing.Problem, e routing.ProblemEvent) error {
	if err := insert(ctx, t.run, "problems", problemRow(p)); err != nil {
		return fmt.Errorf("insert problem %s: %w", p.Number, err)
	}
	return t.followProblem(ctx, p, e)
}

// UpdateProblem implements routing.Tx. The version in the condition makes it a claim, as that of a case.
func (t *tx) UpdateProblem(ctx context.Context, p routing.Problem, e routing.ProblemEvent) error {
	key := row{{"number", p.Number}, {"version", e.Seq - 1}}
	if err := update(ctx, t.run, "problems", problemRow(p), key, routing.ErrConflict); err != nil {
		return fmt.Errorf("update problem %s: %w", p.Number, err)
	}
	if err := later(ctx, t.run, "update units of problem "+p.Number, `DELETE FROM problem_units WHERE problem = $1`, nil, p.Number); err != nil {
		return err
	}
	if err := t.followProblem(ctx, p, e); err != nil {
		return err
	}
	return t.moveStruck(ctx, p, e)
}

// followProblem writes what hangs on the problem's row: who may see it, and its newest event.
func (t *tx) followProblem(ctx context.Context, p routing.Problem, e routing.ProblemEvent) error {
	for _, unit := range append([]string{p.Unit}, p.Assisting...) {
		const add = `INSERT INTO problem_units (unit, problem) VALUES ($1, $2) ON CONFLICT DO NOTHING`
		if err := later(ctx, t.run, "record unit of problem "+p.Number, add, nil, unit, p.Number); err != nil {
			return err
		}
	}
	before := ""
	if e.Seq > 1 {
		found, err := list(ctx, t.run, value[string], `SELECT chain FROM problem_events WHERE problem = $1 AND seq = $2`, p.Number, e.Seq-1)
		if err != nil {
			return fmt.Errorf("read the last event of problem %s: %w", p.Number, err)
		}
		before = strings.Join(found, "")
	}
	return t.append(ctx, "problem_events", "problem", p.Number, e.ID, e.Seq, string(e.Action), e.At, e.Actor, string(e.From), string(e.To),
		problemData{e.Data, e.Data.Assisting}, before, problemRow(p))
}

// problemData keeps an empty list of assisting units apart from none, as eventData.
type problemData struct {
	routing.ProblemData
	Assisting []string `json:"assisting,omitzero"`
}

func readProblemEvent(scan scanner) (e routing.ProblemEvent, err error) {
	var d problemData
	err = scan(&e.ID, &e.Problem, &e.Seq, &e.Action, when{&e.At}, &e.Actor.Role, &e.Actor.Unit, &e.Actor.ID, &e.Actor.Name,
		&e.From, &e.To, asJSON{&d})
	e.Data = d.ProblemData
	e.Data.Assisting = d.Assisting
	return e, err
}

// ProblemEvents implements routing.Reader.
func (r reader) ProblemEvents(ctx context.Context, number string) ([]routing.ProblemEvent, error) {
	return list(ctx, r.run, readProblemEvent, `SELECT id, problem, seq, action, at, actor_role, actor_unit, actor_id, actor_name,
		from_state, to_state, data FROM problem_events WHERE problem = $1 ORDER BY seq`, number)
}

// LockProblem implements routing.Tx: an update that changes nothing holds the row on either database.
func (t *tx) LockProblem(ctx context.Context, number string) error {
	if _, err := run(ctx, t.run, `UPDATE problems SET version = version WHERE number = $1`, number); err != nil {
		return fmt.Errorf("hold problem %s: %w", number, err)
	}
	return nil
}

// PutInProblem implements routing.Tx.
func (t *tx) PutInProblem(ctx context.Context, caseNumber, problem string, joined time.Time) error {
	return later(ctx, t.run, "put case "+caseNumber+" in problem "+problem, `INSERT INTO problem_cases (case_number, problem, joined_at) VALUES ($1, $2, $3)
		ON CONFLICT (case_number) DO UPDATE SET problem = excluded.problem, joined_at = excluded.joined_at`, nil, caseNumber, problem, at(joined))
}

// keepStruck is how long the traits of struck-off cases are kept: longer than the longest time in which coming back may count.
const keepStruck = 400 * 24 * time.Hour

// moveStruck puts the cases of a problem that was struck off into the index of what may come back, or takes them out when it did.
func (t *tx) moveStruck(ctx context.Context, p routing.Problem, e routing.ProblemEvent) error {
	was, is := e.From == routing.ProblemStruckOff, p.State == routing.ProblemStruckOff
	if was == is {
		return nil
	}
	if was {
		_, err := run(ctx, t.run, `DELETE FROM struck_traits WHERE case_number IN (SELECT case_number FROM problem_cases WHERE problem = $1)`, p.Number)
		if err != nil {
			return fmt.Errorf("take problem %s out of what may come back: %w", p.Number, err)
		}
		return nil
	}
	if _, err := run(ctx, t.run, `DELETE FROM struck_traits WHERE struck_at < $1`, at(p.StruckAt.Add(-keepStruck))); err != nil {
		return fmt.Errorf("forget what was struck off long ago: %w", err)
	}
	cases, err := list(ctx, t.run, readNumbered, `SELECT matters.case_number, traits FROM problem_cases
		JOIN matters ON matters.case_number = problem_cases.case_number JOIN cases ON number = problem_cases.case_number
		WHERE problem = $1 AND state = 'struck_off' AND NOT confidential`, p.Number)
	if err != nil {
		return fmt.Errorf("read matters of problem %s: %w", p.Number, err)
	}
	for _, c := range cases {
		marks, args := make([]string, len(c.matter)), []any{p.Unit, at(p.StruckAt), c.number}
		for i, trait := range c.matter {
			args = append(args, int64(trait.Hash))
			marks[i] = "($1, $" + strconv.Itoa(len(args)) + ", $2, $3)"
		}
		_, err := run(ctx, t.run, `INSERT INTO struck_traits (unit, trait, struck_at, case_number) VALUES `+strings.Join(marks, ", ")+
			` ON CONFLICT DO NOTHING`, args...)
		if err != nil {
			return fmt.Errorf("index matter of struck-off case %s: %w", c.number, err)
		}
	}
	return nil
}

// CameBack implements routing.Reader, as Alike does among open cases.
func (r reader) CameBack(ctx context.Context, q routing.Comeback) ([]routing.Near, error) {
	if len(q.Matter) == 0 {
		return nil, nil
	}
	args := []any{q.Unit, at(q.Since)}
	mark := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	holders := make([]string, len(q.Matter))
	for i, t := range q.Matter {
		holders[i] = fmt.Sprintf(`SELECT case_number, weight FROM (SELECT case_number, CAST(%s AS DOUBLE PRECISION) AS weight FROM struck_traits
			WHERE unit = $1 AND trait = %s AND struck_at >= $2 ORDER BY struck_at DESC, case_number DESC LIMIT %d) AS t%d`,
			mark(float64(t.Weight)), mark(int64(t.Hash)), newestOfTrait, i)
	}
	found, err := list(ctx, r.run, readNumbered, `SELECT matters.case_number, traits FROM (SELECT case_number FROM
		(SELECT case_number, sum(weight) AS weight FROM (`+strings.Join(holders, ` UNION ALL `)+`) AS holders GROUP BY case_number) AS sharing
		ORDER BY weight DESC, case_number DESC LIMIT `+strconv.Itoa(candidates)+`) AS best
		JOIN matters ON matters.case_number = best.case_number`, args...)
	if err != nil {
		return nil, fmt.Errorf("look for what came back: %w", err)
	}
	likeness := map[string]float64{}
	for _, n := range found {
		if l := q.Matter.Likeness(n.matter); l >= q.Least {
			likeness[n.number] = l
		}
	}
	if len(likeness) == 0 {
		return nil, nil
	}
	near, err := r.near(ctx, likeness)
	if err != nil {
		return nil, fmt.Errorf("read what came back: %w", err)
	}
	slices.SortFunc(near, func(a, b routing.Near) int {
		return cmp.Or(cmp.Compare(b.Likeness, a.Likeness), cmp.Compare(b.Number, a.Number))
	})
	return near, nil
}
