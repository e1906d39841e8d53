package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"jiesu/configs"
	"jiesu/integrations/store"
	"jiesu/routing"
	"jiesu/routing/report"
)

// recount counts figures in SQL, by other means than package report does.
type recount struct {
	t        *testing.T
	db       *store.DB
	plan     *routing.Plan
	from, to int64
}

// exec runs a statement in which the words of the dialect and of the period are filled in.
func (r *recount) exec(statement string) {
	r.t.Helper()
	if _, err := r.db.Write().ExecContext(r.t.Context(), r.filled(statement)); err != nil {
		r.t.Fatalf("%v\n%s", err, r.filled(statement))
	}
}

// filled replaces <name> by what reads the name from an event's JSON, and {from} and {to} by the period.
func (r *recount) filled(q string) string {
	for _, path := range []string{"item", "unit", "district", "incident", "days", "internal", "late", "rating.solved", "rating.satisfied"} {
		read := "json_extract(data, '$." + path + "')"
		if r.db.Dialect() == store.Postgres {
			read = "(data::json #>> '{" + strings.ReplaceAll(path, ".", ",") + "}')"
		}
		if path == "internal" || path == "late" { // 1 in SQLite, 'true' in PostgreSQL
			read = "(coalesce(CAST(" + read + " AS TEXT), '') IN ('1', 'true'))"
		}
		if path == "days" || path == "rating.satisfied" {
			read = "CAST(coalesce(" + read + ", '0') AS BIGINT)"
		}
		q = strings.ReplaceAll(q, "<"+path+">", read)
	}
	return strings.NewReplacer("{from}", strconv.FormatInt(r.from, 10), "{to}", strconv.FormatInt(r.to, 10)).Replace(q)
}

// prepare lays out where each case lies after each event before the period's end, and the working days.
func (r *recount) prepare() {
	for _, table := range []string{"t_events", "t_days", "t_last", "t_starts", "t_stops", "t_clocks", "t_problems"} {
		r.exec("DROP TABLE IF EXISTS " + table)
	}
	last := func(field string) string {
		return `(SELECT <` + field + `> FROM events p WHERE p.case_number = e.case_number AND p.seq <= e.seq AND p.action IN ('file', 'assign', 'reassign')
			AND coalesce(<` + field + `>, '') <> '' ORDER BY p.seq DESC LIMIT 1)`
	}
	r.exec(`CREATE TABLE t_events AS SELECT e.case_number, e.seq, e.action, e.at, e.actor_role, e.from_state, e.to_state, e.data, c.channel,
		coalesce(` + last("item") + `, 'other') AS item, coalesce(` + last("unit") + `, '') AS unit, coalesce(` + last("district") + `, '') AS district
		FROM events e JOIN cases c ON c.number = e.case_number WHERE e.at < {to}`)
	r.exec(`CREATE INDEX t_events_case ON t_events (case_number, seq)`)
	place := func(field string) string {
		return `(SELECT <` + field + `> FROM problem_events p WHERE p.problem = e.problem AND p.seq <= e.seq AND p.action IN ('begin', 'move') ORDER BY p.seq DESC LIMIT 1)`
	}
	r.exec(`CREATE TABLE t_problems AS SELECT e.problem, e.seq, e.action, e.at, e.to_state, e.data, ` + place("item") + ` AS item, ` + place("unit") + ` AS unit
		FROM problem_events e WHERE e.at < {to}`)
	r.exec(`CREATE INDEX t_problems_problem ON t_problems (problem, seq)`)
	r.exec(`CREATE TABLE t_last AS SELECT e.* FROM t_events e WHERE e.seq = (SELECT max(seq) FROM t_events x WHERE x.case_number = e.case_number)`)

	r.exec(`CREATE TABLE t_days (n BIGINT NOT NULL PRIMARY KEY, day BIGINT NOT NULL, ends BIGINT NOT NULL)`)
	var rows []string
	calendar := r.plan.Timetable.Calendar()
	first := routing.DateOf(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
	for d := first; d.Year() < 2027; d++ {
		day, err := calendar.Day(d)
		if err != nil {
			r.t.Fatal(err)
		}
		if day.Kind == routing.DayWorking || day.Kind == routing.DayMakeup {
			ends := time.Date(1970, 1, 1, 17-8, 0, 0, 0, time.UTC).AddDate(0, 0, int(d))
			rows = append(rows, fmt.Sprintf("(%d, %d, %d)", len(rows)+1, int(d), ends.UnixMilli()))
		}
	}
	r.exec("INSERT INTO t_days VALUES " + strings.Join(rows, ", "))
	r.clocks()
}

// clocks finds for each start of a clock where it stops, where it pauses and when it is due. The rules are those of configs/clocks.yaml, written
// down anew.
func (r *recount) clocks() {
	dispatched := `to_state = 'dispatched' AND (from_state <> 'dispatched' OR action = 'reassign')`
	r.exec(`CREATE TABLE t_starts (kind TEXT, case_number TEXT, seq BIGINT, at BIGINT, item TEXT, unit TEXT, district TEXT, channel TEXT, days BIGINT)`)
	start := func(kind, when, unit, days string) {
		r.exec(`INSERT INTO t_starts SELECT '` + kind + `', case_number, seq, at, item, ` + unit + `, district, channel, ` + days + ` FROM t_events WHERE ` + when)
	}
	start("dispatch", `to_state IN ('triage', 'refused') AND from_state <> to_state`, "''", "1")
	start("sign", dispatched, "unit", "1")
	start("contact", dispatched, "unit", "3")
	start("finish", dispatched, "unit", `CASE WHEN action = 'redo' THEN 5 WHEN item IN ('1.1', '1.2') THEN 15 ELSE 10 END`)
	start("tell", `to_state = 'replied' AND from_state <> 'replied'`, "unit", "5")

	stops := `CASE s.kind WHEN 'dispatch' THEN e.to_state = 'dispatched'
		WHEN 'sign' THEN e.to_state IN ('signed', 'refused') AND e.from_state <> e.to_state
		WHEN 'contact' THEN (e.to_state = 'replied' AND e.from_state <> 'replied') OR (e.action = 'progress' AND NOT <internal>)
		WHEN 'finish' THEN e.to_state IN ('replied', 'closed') AND e.from_state <> e.to_state
		ELSE e.action = 'rate' OR (e.to_state = 'dispatched' AND e.from_state <> 'dispatched') OR (e.to_state = 'closed' AND e.from_state <> 'closed') END`
	leaves := `(e.to_state IN ('struck_off', 'withdrawn', 'not_accepted', 'transferred') OR (s.kind <> 'dispatch' AND e.unit <> s.unit))`
	none := "9000000000000000"
	r.exec(`CREATE TABLE t_stops AS SELECT s.*, coalesce((SELECT min(seq) FROM t_events e WHERE e.case_number = s.case_number AND e.seq > s.seq
		AND ((` + stops + `) OR ` + leaves + `)), ` + none + `) AS stop FROM t_starts s`)
	r.exec(`CREATE TABLE t_clocks AS SELECT q.*, (SELECT ends FROM t_days WHERE n = (SELECT count(*) FROM t_days WHERE day <= (q.at + 28800000) / 86400000)
			+ q.days + (SELECT coalesce(sum(<days>), 0) FROM t_events x WHERE q.kind = 'finish' AND x.case_number = q.case_number AND x.action = 'extend'
				AND x.actor_role <> 'unit' AND x.seq > q.seq AND x.seq < q.stop)) AS due,
			coalesce((SELECT at FROM t_events x WHERE x.case_number = q.case_number AND x.seq = q.stop), ` + none + `) AS stopped,
			coalesce((SELECT (` + strings.ReplaceAll(stops, "s.kind", "q.kind") + `) FROM t_events e WHERE e.case_number = q.case_number AND e.seq = q.stop), FALSE) AS done,
			coalesce((SELECT min(at) FROM t_events x WHERE q.kind IN ('contact', 'finish') AND x.case_number = q.case_number AND x.seq > q.seq AND x.seq < q.stop
				AND x.to_state = 'refused'), ` + none + `) AS paused
		FROM t_stops q`)
}

// lateClock is a clock that was over its limit before it stopped or stood still.
const lateClock = `due < stopped AND due < paused AND due < {to}`

// figures are the queries, each for the places of one figure.
func (r *recount) figures() map[string]string {
	in := `at >= {from} AND at < {to}`
	count := func(from string) string {
		return `SELECT item, unit, district, channel, count(*) FROM ` + from + ` GROUP BY item, unit, district, channel`
	}
	q := map[string]string{
		"filed":    count(`t_last l WHERE EXISTS (SELECT 1 FROM t_events e WHERE e.case_number = l.case_number AND e.seq = 1 AND e.at >= {from})`),
		"open":     count(`t_last WHERE to_state NOT IN ('struck_off', 'withdrawn', 'not_accepted', 'transferred')`),
		"returned": count(`t_events WHERE action = 'redo' AND from_state = 'struck_off' AND ` + in),
		"extended": count(`t_events WHERE action = 'extend' AND actor_role <> 'unit' AND ` + in),
		"bounced": count(`(SELECT h.*, row_number() OVER (PARTITION BY case_number ORDER BY seq) AS first FROM
			(SELECT e.*, row_number() OVER (PARTITION BY e.case_number ORDER BY e.seq) AS hop FROM t_events e WHERE e.action = 'refuse' OR (e.action = 'reassign'
				AND e.unit <> (SELECT unit FROM t_events p WHERE p.case_number = e.case_number AND p.seq = e.seq - 1))) h
			WHERE hop >= 3 AND ` + in + `) b WHERE first = 1`),
		"late":      count(`(SELECT DISTINCT case_number, item, unit, district, channel FROM t_clocks WHERE kind <> 'dispatch' AND due >= {from} AND ` + lateClock + `) l`),
		"late_open": count(`(SELECT DISTINCT case_number, item, unit, district, channel FROM t_clocks WHERE kind <> 'dispatch' AND stopped > {to} AND ` + lateClock + `) l`),
	}
	problem := func(when string) string {
		return `SELECT item, unit, '', '', count(*) FROM t_problems WHERE ` + when + ` GROUP BY item, unit`
	}
	q["problems_opened"] = problem(`action = 'begin' AND ` + in)
	q["problems_struck"] = problem(`action = 'strike-off' AND ` + in)
	q["problems_returned"] = problem(`action = 'return' AND NOT <late> AND ` + in + ` AND NOT EXISTS (SELECT 1 FROM t_problems u WHERE u.problem = t_problems.problem
		AND u.action = 'split' AND u.seq > t_problems.seq)`)
	q["problems_open"] = problem(`to_state IN ('open', 'applied') AND seq = (SELECT max(seq) FROM t_problems x WHERE x.problem = t_problems.problem)`)
	for figure, action := range map[string]string{"answered": "reply", "closed": "close", "struck_off": "strike-off", "refused": "refuse", "redone": "redo",
		"withdrawn": "withdraw", "not_accepted": "not-accept", "transferred": "transfer", "urged": "urge", "supervised": "supervise", "named": "bulletin", "joined": "join"} {
		q[figure] = count(`t_events WHERE action = '` + action + `' AND ` + in)
	}
	judged := `action IN ('rate', 'call-back') AND <rating.solved> IS NOT NULL`
	lastWord := `t_events e WHERE ` + judged + ` AND ` + in + ` AND seq = (SELECT max(seq) FROM t_events x WHERE x.case_number = e.case_number AND ` + judged + `
		AND x.at >= {from} AND x.at < {to}) AND `
	for figure, said := range map[string]string{"solved_yes": "<rating.solved> = 'yes'", "solved_partly": "<rating.solved> = 'partly'", "solved_no": "<rating.solved> = 'no'",
		"satisfied_yes": "<rating.satisfied> >= 4", "satisfied_no": "<rating.satisfied> IN (1, 2, 3)", "satisfied_unsaid": "<rating.satisfied> = 0"} {
		q[figure] = count(lastWord + said)
	}
	for _, kind := range []string{"dispatch", "sign", "contact", "finish", "tell"} {
		of := `t_clocks WHERE kind = '` + kind + `' AND `
		q[kind+"_late"] = count(of + `due >= {from} AND ` + lateClock)
		q[kind+"_met"] = count(of + `done AND stopped >= {from} AND stopped < {to} AND NOT (` + lateClock + `)`)
		q[kind+"_void"] = count(of + `NOT done AND stopped >= {from} AND stopped < {to} AND NOT (` + lateClock + `)`)
	}
	return q
}

// read runs a figure's query.
func (r *recount) read(query string) map[report.Place]int {
	r.t.Helper()
	rows, err := r.db.Write().QueryContext(r.t.Context(), r.filled(query))
	if err != nil {
		r.t.Fatalf("%v\n%s", err, r.filled(query))
	}
	defer func() { _ = rows.Close() }()
	found := map[report.Place]int{}
	for rows.Next() {
		var p report.Place
		var n int
		if err := rows.Scan(&p.Item, &p.Unit, &p.District, &p.Channel, &n); err != nil {
			r.t.Fatal(err)
		}
		p.Category = r.plan.CategoryOf(p.Item)
		found[p] = n
	}
	if err := rows.Err(); err != nil {
		r.t.Fatal(err)
	}
	return found
}

// intake counts what was filed in a period as it lay at that period's end.
func (r *recount) intake(p report.Period) map[report.Place]int {
	span := p.Span()
	other := &recount{r.t, r.db, r.plan, span.From.UnixMilli(), span.To.UnixMilli()}
	other.prepare()
	return other.read(other.figures()["filed"])
}

// compare checks a figure at every place.
func compare(t *testing.T, f report.Figures, figure report.Figure, want map[report.Place]int) (sum int) {
	t.Helper()
	left := len(want)
	for _, c := range f.Cells {
		got := c.Counts[figure]
		sum += got
		if got != want[c.Place] {
			t.Errorf("%s of %s: %d at %+v, SQL says %d", figure, f.Period, got, c.Place, want[c.Place])
		}
		if _, there := want[c.Place]; there {
			left--
		}
	}
	if left > 0 {
		t.Errorf("%s of %s: %d places are missing", figure, f.Period, left)
	}
	return sum
}

// simulated is how many cases the test of a year has: few, unless JIESU_TEST_YEAR says otherwise (20000).
func simulated(t *testing.T, few int) int {
	t.Helper()
	text := os.Getenv("JIESU_TEST_YEAR")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("JIESU_TEST_YEAR: %v", err)
	}
	return n
}

// A year and a quarter of cases; every figure of a quarter, a month and a week, at every place, is what SQL counts. Then the papers of
// everybody are written from the figures.
func TestEveryFigureIsWhatSQLCounts(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		db := openDB(t, url)
		s := newSimulation(t, time.Date(2025, 6, 20, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 15, 0, 0, 0, 0, time.UTC))
		cases := simulated(t, 1200)
		s.fill(t, db, cases)
		st := store.New(db, func(context.Context, *sql.Tx, routing.Job) error { return nil })
		words, err := configs.Wording()
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"2026-Q3", "2026-08", "2026-W32"} {
			period, err := report.ParsePeriod(text)
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			f, err := report.Compute(t.Context(), st, s.plan, period, s.to)
			if err != nil {
				t.Fatal(err)
			}
			took := time.Since(begin)
			r := &recount{t, db, s.plan, period.Span().From.UnixMilli(), period.Span().To.UnixMilli()}
			r.prepare()
			queries, silent := r.figures(), []string(nil)
			for _, figure := range report.AllFigures() {
				if figure == report.FiledBefore || figure == report.FiledYear {
					continue // below: they need other tables
				}
				query, ok := queries[figure.String()]
				if !ok {
					t.Fatalf("nothing recounts %s", figure)
				}
				if compare(t, f, figure, r.read(query)) == 0 {
					silent = append(silent, figure.String())
				}
			}
			if text == "2026-Q3" && len(silent) > 0 {
				t.Errorf("the simulation says nothing about %v", silent)
			}
			compare(t, f, report.FiledBefore, r.intake(period.Before()))
			compare(t, f, report.FiledYear, r.intake(period.YearBefore()))

			t.Logf("%d cases, %s: counted in %v", cases, period, took.Round(time.Millisecond))
			if text != "2026-Q3" {
				continue
			}
			begin = time.Now()
			for _, scope := range report.Scopes(s.plan) {
				d := report.Write(f, scope, s.plan, words, true)
				var page, book strings.Builder
				if err := d.WriteHTML(&page, words, d.LinksTo("")); err != nil {
					t.Fatal(err)
				}
				if err := d.WriteXLSX(&book); err != nil {
					t.Fatal(err)
				}
			}
			t.Logf("%d papers written in %v", len(report.Scopes(s.plan)), time.Since(begin).Round(time.Millisecond))
		}
	})
}
