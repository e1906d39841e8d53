package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"jiesu/integrations/jobs"
	"jiesu/routing"
	"jiesu/routing/report"
)

// originals is how many finished cases are filed and worked by the desk, one a day up to three weeks ago, before the database copies them: thousands of
// cases a second, each with its timeline, its problem on the ledger, its notices and its words in the index.
func (b benchCommand) originals() int { return max(1, min(1000, b.Growth[0]/2)) }

// growth measures on PostgreSQL what the product does, among more and more cases. Each figure is set beside the first size's.
func (b benchCommand) growth(ctx context.Context, w world, database string, connections int, add func(benchRow, error) error, step func()) error {
	var first map[string]float64
	for i, size := range b.Growth {
		rows, err := b.among(ctx, w, database, size, i, connections)
		if err != nil {
			return fmt.Errorf("measure among %d cases: %w", size, err)
		}
		if first == nil {
			first = map[string]float64{}
			for _, r := range rows {
				first[r.What] = r.PerSecond + r.Millis
			}
		}
		for _, r := range rows {
			if r.OfFirst = (r.PerSecond + r.Millis) / first[r.What]; r.PerSecond > 0 {
				r.OfFirst = first[r.What] / r.PerSecond
			}
			r.What = fmt.Sprintf("%s, among %d cases", r.What, size)
			if err := add(r, nil); err != nil {
				return err
			}
		}
		step()
	}
	return nil
}

// among brings the database to so many cases and measures.
func (b benchCommand) among(ctx context.Context, w world, database string, size, run, connections int) (rows []benchRow, err error) {
	cfg := benchConfig(database)
	cfg.WeChat.APIBase = "http://127.0.0.1:1" // nothing goes out
	a, err := newApp(ctx, cfg, world{stdout: io.Discard, stderr: w.stderr}, roleAll, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	if err := growTo(ctx, a, size, b.originals()); err != nil {
		return nil, fmt.Errorf("grow: %w", err)
	}
	intake, _, err := b.intake(ctx, w, database, connections, int64(1000+run))
	if err != nil {
		return nil, fmt.Errorf("intake: %w", err)
	}
	intake.What, intake.Connections = fmt.Sprintf("intake, %d connections", connections), 0
	rows = append(rows, intake)
	for _, m := range []struct {
		what string
		do   func(ctx context.Context, i int) error
	}{
		{"a list (of the office, of a unit, by clock), p95", func(ctx context.Context, i int) error { return a.list(ctx, i, "") }},
		{"a search for one or two words, p95", func(ctx context.Context, i int) error { return a.list(ctx, i, searched[i%len(searched)]) }},
		{"the tabs of a desk, p95", func(ctx context.Context, i int) error {
			_, err := a.db.store.CountByState(ctx, routing.Query{Visible: viewer(i)})
			return err
		}},
	} {
		took := make([]time.Duration, 0, 60)
		for i := range cap(took) + 3 {
			began := time.Now()
			if err := m.do(ctx, i); err != nil && !errors.Is(err, routing.ErrTooMany) {
				return nil, fmt.Errorf("%s: %w", m.what, err)
			}
			if i >= 3 { // the first ones warm the cache
				took = append(took, time.Since(began))
			}
		}
		slices.Sort(took)
		rows = append(rows, benchRow{What: m.what, Millis: float64(took[len(took)*95/100].Microseconds()) / 1000})
	}
	ticks, err := a.timeTicks(ctx)
	if err != nil {
		return nil, fmt.Errorf("clocks: %w", err)
	}
	papers, err := a.timePapers(ctx)
	if err != nil {
		return nil, fmt.Errorf("papers: %w", err)
	}
	return append(rows, ticks, papers), nil
}

var searched = []string{"\u65bd\u5de5", "\u5408\u540c", "\u5de5\u7a0b\u6b3e", "\u65bd\u5de5 \u5408\u540c", "\u7a97\u53e3 \u6750\u6599"}

func viewer(i int) routing.Actor {
	if i%2 == 0 {
		return routing.Actor{Role: routing.RoleOffice, ID: "bench"}
	}
	return routing.Actor{Role: routing.RoleUnit, Unit: []string{"finance", "market-regulation", "gas"}[i%3], ID: "bench"}
}

func (a *app) list(ctx context.Context, i int, text string) error {
	_, _, err := a.db.store.Cases(ctx, routing.Query{Visible: viewer(i), Text: text, Limit: 30, Order: []routing.Order{routing.OrderNewest, routing.OrderClock}[i/2%2]})
	return err
}

// timeTicks files cases of two weeks ago and lets their clocks tell what has happened since.
func (a *app) timeTicks(ctx context.Context) (benchRow, error) {
	at := clock().AddDate(0, 0, -14)
	desk := routing.NewDesk(a.db.store, a.plan, routing.NewMemory(clock), func() time.Time { return at })
	const due = 200
	for i := range due {
		_, _, err := desk.File(ctx, routing.Actor{Role: routing.RoleOperator, ID: "bench"}, routing.Complaint{Text: fmt.Sprint("late ", i), Channel: routing.ChannelHotline,
			Contact: routing.Contact{Phone: fmt.Sprintf("138%08d", i)}, Placement: &routing.Placement{Item: "1.1", Unit: "finance"}})
		if err != nil {
			return benchRow{}, fmt.Errorf("file case: %w", err)
		}
	}
	clocks, err := jobs.NewClocks(a.desk, a.log, nil)
	if err != nil {
		return benchRow{}, err
	}
	began := time.Now()
	err = clocks.Tick(ctx)
	return benchRow{What: "clocks, for each case that is due", Millis: float64(time.Since(began).Microseconds()) / 1000 / due}, err
}

// timePapers counts the figures of the last whole quarter.
func (a *app) timePapers(ctx context.Context) (benchRow, error) {
	now := clock().In(routing.Beijing())
	first := time.Date(now.Year(), now.Month()-(now.Month()-1)%3, 1, 0, 0, 0, 0, now.Location()).AddDate(0, -3, 0)
	period, err := report.ParsePeriod(fmt.Sprintf("%d-Q%d", first.Year(), (first.Month()+2)/3))
	if err != nil {
		return benchRow{}, err
	}
	began := time.Now()
	_, err = report.Compute(ctx, a.db.store, a.plan, period, now)
	return benchRow{What: "papers, a quarter", Millis: float64(time.Since(began).Microseconds()) / 1000}, err
}

// growTo fills the database up to about so many cases.
func growTo(ctx context.Context, a *app, size, originals int) error {
	db, err := a.db.Write().Conn(ctx)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // back to the pool
	var there int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM cases WHERE number LIKE '%C%'`).Scan(&there); err != nil {
		return err
	}
	if there == 0 {
		if err := a.fileOriginals(ctx, db, originals); err != nil {
			return fmt.Errorf("file originals: %w", err)
		}
	}
	from, to := there/originals+1, size/originals-1
	if to < from {
		return nil
	}
	indexes, err := dropIndexes(ctx, db)
	if err != nil {
		return err
	}
	statements := []string{`SET synchronous_commit = off`, `SET maintenance_work_mem = '1GB'`,
		// What refers to what is copied with it; looking each up again would double the time. Only an owner of the whole server may say so.
		`DO $$ BEGIN SET session_replication_role = replica; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$`}
	for begin := from; begin <= to; begin += 50 { // a transaction of fifty thousand cases
		for _, c := range copies {
			statements = append(statements, c.statement(begin, min(begin+49, to)))
		}
	}
	statements = append(statements, indexes...)
	for _, statement := range append(statements, `RESET session_replication_role`, `RESET synchronous_commit`, `DELETE FROM case_tally`,
		`INSERT INTO case_tally (viewer, state, category, unit, item, district, cases)
			SELECT '', state, category, unit, item, district, count(*) FROM cases GROUP BY state, category, unit, item, district
			UNION ALL SELECT case_units.unit, state, category, cases.unit, item, district, count(*) FROM case_units JOIN cases ON number = case_number
			GROUP BY case_units.unit, state, category, cases.unit, item, district`,
		`VACUUM ANALYZE`) {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%.200s: %w", statement, err)
		}
	}
	return nil
}

// fileOriginals files finished cases and notes their numbers.
func (a *app) fileOriginals(ctx context.Context, db *sql.Conn, originals int) error {
	say, err := complaints()
	if err != nil {
		return err
	}
	known, err := samples()
	if err != nil {
		return err
	}
	known = slices.DeleteFunc(known, func(sm sample) bool { return sm.Item == routing.Other || sm.Path == string(routing.StateTriage) })
	var at time.Time
	s := &seeder{store: a.db.store, judge: a.judge, words: a.words, at: &at}
	s.desk = routing.NewDesk(s.store, a.plan, routing.NewMemory(clock), func() time.Time { return at })
	err = s.store.Update(ctx, func(tx routing.Tx) error {
		for i := range originals {
			of := known[i%len(known)]
			sm := sample{Text: say(int64(i)), Item: of.Item, Unit: of.Unit, District: of.District, Path: string(routing.StateStruckOff), Channel: routing.ChannelHotline,
				Enterprise: fmt.Sprint("firm ", i), Phone: fmt.Sprintf("139%08d", i), Days: 20 + i}
			if err := s.play(ctx, tx, sm, i); err != nil {
				return fmt.Errorf("case %d: %w", i, err)
			}
		}
		return nil
	})
	if err == nil {
		_, err = db.ExecContext(ctx, `CREATE TABLE bench_originals AS SELECT number FROM cases WHERE state = 'struck_off'`)
	}
	return err
}

// copied is a table whose rows are copied with the case.
type copied struct {
	table string
	of    string            // which rows belong to an original
	set   map[string]string // how columns of the copy differ, n is its number; the rest is as it was
	rest  []string
}

const (
	ofCase    = `case_number IN (SELECT number FROM bench_originals)`
	ofProblem = `IN (SELECT problem FROM problem_cases WHERE ` + ofCase + `)`
	ofNotice  = `notice_id IN (SELECT id FROM notices WHERE ` + ofCase + `)`
)

// another is the number of the nth copy. It begins as the original's, so that it lies in the same month; two originals may have been filed on one day.
func another(column string) string { return column + ` || 'C' || lpad(n::text, 5, '0')` }

// anotherID keeps an id's length and its time.
func anotherID(column string) string { return `substr(` + column + `, 1, 20) || lpad(n::text, 6, '0')` }

// copies lists the tables, those that others refer to first. Not copied: what marks a kind of matter as struck off, which so many twins would make the commonest there is.
var copies = []copied{
	{"cases", `number IN (SELECT number FROM bench_originals)`, map[string]string{"number": another("number"), "token": `CASE WHEN token = '' THEN '' ELSE token || n END`},
		[]string{"state", "version", "complaint", "enterprise", "contact_name", "phone", "confidential", "channel", "external_id", "source", "complainant_id", "judgement", "category", "item", "unit", "district", "assisting", "confidence", "filed_at", "updated_at", "dispatched_at", "reply", "rating", "redos", "urges", "refused_by", "supervised", "urgency", "named", "clock", "clock_due", "clock_level", "calendar_missing", "next_tick", "points", "asked", "extensions", "restricted", "clock_order", "published"}},
	{"case_units", ofCase, map[string]string{"case_number": another("case_number")},
		[]string{"unit", "case_state", "case_filed", "case_item", "case_district", "case_supervised", "case_order", "case_level", "case_missing"}},
	{"case_words", ofCase, map[string]string{"case_number": another("case_number")}, []string{"said", "named"}},
	{"events", ofCase, map[string]string{"id": "id || n", "case_number": another("case_number")},
		[]string{"seq", "action", "at", "actor_role", "actor_unit", "actor_id", "actor_name", "from_state", "to_state", "data"}},
	{"notices", ofCase, map[string]string{"id": anotherID("id"), "case_number": another("case_number")},
		[]string{"kind", "complainant_id", "seq", "body", "state", "rung", "created_at", "claimed_by", "claimed_until"}},
	{"deliveries", ofNotice, map[string]string{"notice_id": anotherID("notice_id"), "provider_id": `CASE WHEN provider_id = '' THEN '' ELSE provider_id || n END`},
		[]string{"attempt", "channel", "at", "outcome", "code"}},
	{"problems", `number ` + ofProblem, map[string]string{"number": another("number")},
		[]string{"state", "version", "category", "item", "unit", "assisting", "cause", "measure", "person", "due_at", "last_note", "noted_week", "active_at", "mechanism", "no_mechanism", "done", "evidence", "applicant", "applied_at", "struck_at", "returns", "returned_by", "merged_into", "opened_at", "updated_at"}},
	{"problem_units", `problem ` + ofProblem, map[string]string{"problem": another("problem")}, []string{"unit"}},
	{"problem_events", `problem ` + ofProblem, map[string]string{"id": "id || n", "problem": another("problem")},
		[]string{"seq", "action", "at", "actor_role", "actor_unit", "actor_id", "actor_name", "from_state", "to_state", "data"}},
	{"problem_cases", ofCase, map[string]string{"case_number": another("case_number"), "problem": another("problem")}, []string{"joined_at"}},
}

func (c copied) statement(from, to int) string {
	names := slices.Sorted(maps.Keys(c.set))
	values := make([]string, 0, len(names)+len(c.rest))
	for _, name := range names {
		values = append(values, c.set[name])
	}
	return fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM %s, generate_series(%d, %d) AS n WHERE %s`, c.table, strings.Join(append(names, c.rest...), ", "),
		strings.Join(append(values, c.rest...), ", "), c.table, from, to, c.of)
}

// dropIndexes takes away the indexes of the copied tables that hold nothing unique, and returns the statements that make them again.
func dropIndexes(ctx context.Context, db *sql.Conn) (again []string, err error) {
	var tables []string
	for _, c := range copies {
		tables = append(tables, c.table)
	}
	rows, err := db.QueryContext(ctx, `SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
		WHERE relkind = 'r' AND NOT indisunique AND relname = ANY($1)`, tables)
	if err != nil {
		return nil, fmt.Errorf("list indexes: %w", err)
	}
	var names []string
	for rows.Next() {
		var name, definition string
		if err := rows.Scan(&name, &definition); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		names, again = append(names, name), append(again, definition)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("list indexes: %w", err)
	}
	for _, name := range names {
		if _, err := db.ExecContext(ctx, `DROP INDEX `+name); err != nil {
			return nil, fmt.Errorf("drop index: %w", err)
		}
	}
	return again, nil
}
