package store_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"jiesu/integrations/store"
	"jiesu/routing"
)

// target is how long a list, a search or a board may take at the 95th percentile, in time on a processor: what it takes on a machine that
// has nothing else to do and the database in memory.
const target = 100 * time.Millisecond

// TestListsOfACityAreQuick measures every query behind the lists on a database of a city's size, prints the 50th and 95th percentile of each and
// the plan of the slowest. JIESU_TEST_SCALE is the database's address (sqlite:PATH or postgres://…); an empty one is filled with
// JIESU_TEST_SCALE_CASES cases, a million by default, and stays. JIESU_TEST_SCALE_ONLY narrows to the queries whose names it matches. See docs/performance.md.
func TestListsOfACityAreQuick(t *testing.T) {
	address := os.Getenv("JIESU_TEST_SCALE")
	if address == "" {
		t.Skip("JIESU_TEST_SCALE is not set: building the database takes minutes")
	}
	db := openDB(t, address)
	c := newCity(t, db)
	c.fill()
	c.measure()
}

// city is very many cases of three years, drawn from the texts that the classifier learns from: units, items and districts as unevenly as in
// a city, one case in forty still open, one in twenty confidential.
type city struct {
	t      *testing.T
	db     *store.DB
	random *rand.Rand
	texts  []string
	units  []string
	open   int // how many of the last cases are open
	cases  int
	begun  time.Time
}

func newCity(t *testing.T, db *store.DB) *city {
	t.Helper()
	c := &city{t: t, db: db, random: rand.New(rand.NewPCG(1, 2)), cases: 1_000_000, begun: day.AddDate(-3, 0, 0)}
	if n, err := strconv.Atoi(os.Getenv("JIESU_TEST_SCALE_CASES")); err == nil {
		c.cases = n
	}
	c.open = c.cases / 40
	files, err := filepath.Glob("../../classifier/corpus/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			var row struct{ Text string }
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			c.texts = append(c.texts, row.Text)
		}
	}
	for i := range 32 {
		c.units = append(c.units, fmt.Sprintf("unit-%02d", i))
	}
	return c
}

// uneven draws below n, the first most often.
func (c *city) uneven(n int) int { return int(float64(n) * c.random.Float64() * c.random.Float64()) }

var districts = []string{"", "和平区", "沈河区", "铁西区", "皇姑区", "大东区", "浑南区", "于洪区", "沈北新区", "苏家屯区", "辽中区", "新民市", "法库县", "康平县"}

var firmNames = []string{"春晓", "远航", "金穗", "北辰", "宏图", "安泰", "瑞丰", "鼎新", "和顺", "永固", "百川", "天成", "凌云", "嘉禾", "同舟", "启明"}

var firmKinds = []string{"保温工程有限公司", "机械制造厂", "餐饮服务店", "商贸有限公司", "建筑劳务公司", "物流运输公司"}

func (c *city) enterprise() string {
	return fmt.Sprintf("辽河%s%s%s", firmNames[c.random.IntN(len(firmNames))], firmNames[c.random.IntN(len(firmNames))], firmKinds[c.random.IntN(len(firmKinds))])
}

var ended = []string{"struck_off", "struck_off", "struck_off", "struck_off", "struck_off", "struck_off", "transferred", "not_accepted", "withdrawn"}

var pending = []string{"triage", "dispatched", "signed", "signed", "signed", "refused", "replied", "replied", "closed"}

func (c *city) fill() {
	t := c.t
	there := 0
	if err := c.db.Write().QueryRowContext(t.Context(), `SELECT count(*) FROM cases`).Scan(&there); err != nil {
		t.Fatal(err)
	}
	if there > 0 {
		t.Logf("the database has %d cases", there)
		c.cases, c.open = there, there/40
		return
	}
	start := time.Now()
	restore := c.dropIndexes()
	people := max(1, c.cases/4)
	w := c.bulk(`INSERT INTO complainants (id, openid, openid_index, phone, phone_index, name, enterprise, following, created_at) VALUES `)
	for i := range people {
		w.add(fmt.Sprintf("('p%d', '', '', '', '', '', '', FALSE, 0)", i))
	}
	w.flush()
	judgement, err := json.Marshal(routing.Judgement{Item: "1.1", Unit: "unit-00", Confidence: 0.93, Decision: routing.DecisionDispatch,
		Alternatives: []routing.Alternative{{Item: "1.1", Unit: "unit-00", Confidence: 0.93}, {Item: "1.2", Unit: "unit-01", Confidence: 0.04}},
		Evidence:     []routing.Evidence{{Text: "拖欠", Start: 5, End: 7, Weight: 1.25}, {Text: "工程款", Start: 8, End: 11, Weight: 0.9}}})
	if err != nil {
		t.Fatal(err)
	}
	sealed := fmt.Sprintf("'%s', '%s', '%s'", c.db.Seal("cases.contact_name", "赵某"), c.db.Seal("cases.phone", "13800001234"), c.db.Seal("cases.judgement", string(judgement)))
	parts := strings.Split(sealed, ", ")
	w = c.bulk(`INSERT INTO cases (number, state, version, complaint, enterprise, contact_name, phone, confidential, channel, external_id, source,
		complainant_id, token, judgement, category, item, unit, district, assisting, confidence, filed_at, updated_at, dispatched_at, reply, rating,
		redos, urges, refused_by, supervised, clock, clock_due, clock_level, next_tick, clock_order) VALUES `)
	seen := c.bulk(`INSERT INTO case_units (unit, case_number, case_state, case_filed, case_item, case_district, case_supervised, case_order, case_level) VALUES `)
	words := c.bulk(`INSERT INTO case_words (case_number, said, named) VALUES `)
	terms := c.bulk(`INSERT INTO case_terms (rowid, said, named) VALUES `)
	if c.db.Dialect() == store.SQLite {
		words = c.bulk(`INSERT INTO case_words (id, case_number) VALUES `)
	}
	span := day.Sub(c.begun)
	for i := range c.cases {
		filed := c.begun.Add(span / time.Duration(c.cases) * time.Duration(i))
		number := fmt.Sprintf("%s-%06d", routing.NumbersFrom(filed), i%1_000_000)
		state, order, level := ended[c.random.IntN(len(ended))], int64(9_000_000_000_000_000), 0
		if i >= c.cases-c.open || i%500 == 0 { // some old cases never end
			state = pending[c.random.IntN(len(pending))]
			order = day.Add(time.Duration(c.random.IntN(20*24)-4*24) * time.Hour).UnixMilli()
			if level = c.random.IntN(8) - 3; level < 0 {
				level = 0
			}
		}
		group := c.uneven(8)
		item, unit := fmt.Sprintf("%d.%d", group+1, 1+c.uneven(4)), c.units[group*4+c.uneven(4)]
		if state == "triage" {
			unit = ""
		}
		supervised := i%199 == 0
		due := order
		if due == 9_000_000_000_000_000 {
			due = 0
		}
		district, firm, text := districts[c.uneven(len(districts))], c.enterprise(), c.texts[c.random.IntN(len(c.texts))]
		text += c.texts[c.random.IntN(len(c.texts))] // people write more than a line
		w.add(fmt.Sprintf("('%s', '%s', 4, '%s', '%s', %s, %s, %t, 'hotline', '', '', 'p%d', 't%d', %s, '%d', '%s', '%s', '%s', 'null', 1, %d, %d, %d, '', 'null', 0, 0, 'null', %t, '{}', %d, %d, %d, %d)",
			number, state, quoted(text), firm, parts[0], parts[1], i%20 == 0, c.random.IntN(people), i, parts[2], group+1, item, unit, district,
			filed.UnixMilli(), filed.UnixMilli(), filed.UnixMilli(), supervised, due, level, due, order))
		if unit != "" {
			seen.add(fmt.Sprintf("('%s', '%s', '%s', %d, '%s', '%s', %t, %d, %d)", unit, number, state, filed.UnixMilli(), item, district, supervised, order, level))
			if i%10 == 0 {
				if helper := c.units[c.uneven(len(c.units))]; helper != unit {
					seen.add(fmt.Sprintf("('%s', '%s', '%s', %d, '%s', '%s', %t, %d, %d)", helper, number, state, filed.UnixMilli(), item, district, supervised, order, level))
				}
			}
		}
		named := c.db.Terms(number, district, "牵头单位"+unit, "整治问题"+item)
		said := c.db.Terms(number, district, "牵头单位"+unit, "整治问题"+item, text, firm)
		if c.db.Dialect() == store.SQLite {
			words.add(fmt.Sprintf("(%d, '%s')", i+1, number))
			terms.add(fmt.Sprintf("(%d, '%s', '%s')", i+1, said, named))
		} else {
			words.add(fmt.Sprintf("('%s', '%s', '%s')", number, said, named))
		}
		if i%1000 == 999 { // the cases before what hangs on them
			for _, b := range []*heap{w, seen, words, terms} {
				b.flush()
			}
		}
	}
	for _, b := range []*heap{w, seen, words, terms} {
		b.flush()
	}
	t.Logf("%d cases written in %s", c.cases, time.Since(start).Round(time.Second))
	if c.db.Dialect() == store.Postgres {
		for i := range restore { // sorting in the default 64 MB takes a quarter of an hour
			restore[i] = "SET maintenance_work_mem = '2GB'; " + restore[i]
		}
	}
	for _, statement := range append(restore, `INSERT INTO case_tally (viewer, state, category, unit, item, district, cases)
		SELECT '', state, category, unit, item, district, count(*) FROM cases GROUP BY state, category, unit, item, district`,
		`INSERT INTO case_tally (viewer, state, category, unit, item, district, cases)
		SELECT case_units.unit, state, category, cases.unit, item, district, count(*) FROM case_units JOIN cases ON number = case_number
		GROUP BY case_units.unit, state, category, cases.unit, item, district`) {
		c.run(statement)
	}
	if c.db.Dialect() == store.Postgres {
		c.run("VACUUM ANALYZE")
	}
	t.Logf("ready after %s", time.Since(start).Round(time.Second))
}

func quoted(s string) string { return strings.ReplaceAll(s, "'", "''") }

func (c *city) run(statement string) {
	c.t.Helper()
	if _, err := c.db.Write().ExecContext(c.t.Context(), statement); err != nil {
		c.t.Fatalf("%.200s: %v", statement, err)
	}
}

// dropIndexes takes the indexes of the large tables away while they are filled, and returns the statements that make them again.
func (c *city) dropIndexes() (again []string) {
	c.t.Helper()
	query := `SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('cases', 'case_units', 'case_words') AND indexname NOT LIKE '%_pkey'`
	if c.db.Dialect() == store.SQLite {
		query = `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name IN ('cases', 'case_units') AND sql IS NOT NULL`
	}
	rows, err := c.db.Write().QueryContext(c.t.Context(), query)
	if err != nil {
		c.t.Fatal(err)
	}
	var names []string
	for rows.Next() {
		var name, definition string
		if err := rows.Scan(&name, &definition); err != nil {
			c.t.Fatal(err)
		}
		names, again = append(names, name), append(again, definition)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		c.t.Fatal(err)
	}
	for _, name := range names {
		c.run("DROP INDEX " + name)
	}
	return again
}

// heap is rows that are inserted together.
type heap struct {
	c     *city
	begun string
	rows  []string
}

func (c *city) bulk(statement string) *heap { return &heap{c: c, begun: statement} }

func (h *heap) add(row string) { h.rows = append(h.rows, row) }

func (h *heap) flush() {
	h.c.t.Helper()
	for batch := range slices.Chunk(h.rows, 1000) {
		h.c.run(h.begun + strings.Join(batch, ", "))
	}
	h.rows = h.rows[:0]
}

// asked is a query of a screen.
type asked struct {
	name string
	run  func(ctx context.Context, s routing.Reader, i int) error
}

// spent is what a query took.
type spent struct {
	name  string
	times []time.Duration // on a processor
	walls []time.Duration // by the clock, with whatever else the machine does
	query string          // the slowest statement
	args  []any
}

func (s spent) at(percent int) time.Duration { return percentile(s.times, percent) }

func percentile(sorted []time.Duration, percent int) time.Duration {
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)]
}

// work tells how long this process, and PostgreSQL's behind the only connection, have been on a processor.
func (c *city) work() func() time.Duration {
	c.t.Helper()
	server := ""
	if c.db.Dialect() == store.Postgres {
		c.db.Write().SetMaxOpenConns(1)
		var pid int
		err := c.db.Write().QueryRowContext(c.t.Context(), `SELECT pg_backend_pid() FROM set_config('max_parallel_workers_per_gather', '0', FALSE)`).Scan(&pid)
		if err != nil {
			c.t.Fatal(err)
		}
		server = fmt.Sprintf("/proc/%d/schedstat", pid)
	}
	return func() time.Duration {
		var own syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
			c.t.Fatal(err)
		}
		spent := time.Duration(own.Utime.Nano() + own.Stime.Nano())
		if server == "" {
			return spent
		}
		content, err := os.ReadFile(server) // nanoseconds on a processor, and two other figures
		if err != nil {
			c.t.Fatalf("PostgreSQL must run on this machine: %v", err)
		}
		first, _, _ := strings.Cut(string(content), " ")
		n, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			c.t.Fatal(err)
		}
		return spent + time.Duration(n)
	}
}

func (c *city) measure() {
	const rounds = 20
	t := c.t
	var statement string
	var args []any
	var worst struct {
		took  time.Duration
		query string
		args  []any
		begun time.Time
	}
	settle := func(now time.Time) {
		if took := now.Sub(worst.begun); statement != "" && took > worst.took {
			worst.took, worst.query, worst.args = took, statement, args
		}
	}
	reader := c.db.Watched(func(query string, a []any) {
		now := time.Now()
		settle(now)
		statement, args, worst.begun = query, a, now
	})
	var all []spent
	work := c.work()
	only := os.Getenv("JIESU_TEST_SCALE_ONLY")
	for _, q := range c.questions() {
		if matched, err := regexp.MatchString(only, q.name); err != nil || !matched {
			continue
		}
		s := spent{name: q.name}
		worst.took, statement = 0, ""
		for i := range rounds + 3 {
			begun, before := time.Now(), work()
			err := q.run(t.Context(), reader, i)
			took, wall := work()-before, time.Since(begun)
			settle(time.Now())
			statement = ""
			if err != nil && !errors.Is(err, routing.ErrTooMany) {
				t.Fatalf("%s: %v", q.name, err)
			}
			if i >= 3 { // the first ones warm the cache
				s.times, s.walls = append(s.times, took), append(s.walls, wall)
			} else {
				worst.took = 0
			}
		}
		slices.Sort(s.times)
		slices.Sort(s.walls)
		s.query, s.args = worst.query, worst.args
		all = append(all, s)
	}
	slowest := slices.MaxFunc(all, func(a, b spent) int { return cmp.Compare(a.at(95), b.at(95)) })
	var table strings.Builder
	for _, s := range all {
		fmt.Fprintf(&table, "| %s | %.1f | %.1f | %.0f |\n", s.name, s.at(50).Seconds()*1000, s.at(95).Seconds()*1000, percentile(s.walls, 95).Seconds()*1000)
		if s.at(95) > target {
			t.Errorf("%s: %s at the 95th percentile", s.name, s.at(95))
		}
	}
	t.Logf("%s, %d cases, %d of them open at the end\n| query | p50 ms | p95 ms | by the clock p95 |\n|---|---|---|---|\n%s", c.db.Dialect(), c.cases, c.open, table.String())
	t.Logf("the slowest is %s:\n%s\n%.500v\n%s", slowest.name, slowest.query, slowest.args, c.explain(slowest))
	for _, s := range all {
		if s.at(95) > target && s.name != slowest.name {
			t.Logf("also slow, %s:\n%s\n%.300v\n%s", s.name, s.query, s.args, c.explain(s))
		}
	}
}

func (c *city) explain(s spent) string {
	prefix := "EXPLAIN (ANALYZE, BUFFERS) "
	if c.db.Dialect() == store.SQLite {
		prefix = "EXPLAIN QUERY PLAN "
	}
	rows, err := c.db.Write().QueryContext(c.t.Context(), prefix+s.query, s.args...)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var line string
		var id, parent, unused int
		to := []any{&line}
		if c.db.Dialect() == store.SQLite {
			to = []any{&id, &parent, &unused, &line}
		}
		if err := rows.Scan(to...); err != nil {
			return err.Error()
		}
		plan.WriteString(line + "\n")
	}
	return plan.String()
}

// questions are what the screens of each role ask.
func (c *city) questions() []asked {
	var open []routing.State
	for _, s := range routing.States() {
		if s.Open() {
			open = append(open, s)
		}
	}
	office, operator := routing.Actor{Role: routing.RoleOffice}, routing.Actor{Role: routing.RoleOperator}
	unit := func(i int) routing.Actor { return routing.Actor{Role: routing.RoleUnit, Unit: c.units[i%len(c.units)]} }
	big := func(int) routing.Actor { return routing.Actor{Role: routing.RoleUnit, Unit: c.units[0]} }
	always := func(a routing.Actor) func(int) routing.Actor { return func(int) routing.Actor { return a } }
	pick := func(list ...string) func(int) string { return func(i int) string { return list[i%len(list)] } }
	common := pick("拖欠", "公司", "工程款", "政府", "办理", "窗口", "材料")
	middle := pick("招商 补贴", "发票 窗口", "消防 验收", "停电", "围挡", "罚款 检查", "验收 材料")
	rare := pick("春晓百川", "辽河嘉禾启明物流", "同舟鼎新餐饮", "北辰天成商贸")
	number := func(i int) string { return fmt.Sprintf("-%06d", (i*7919)%c.cases) }
	type change func(q *routing.Query, i int)
	list := func(name string, by func(int) routing.Actor, changes ...change) asked {
		return asked{name, func(ctx context.Context, s routing.Reader, i int) error {
			q := routing.Query{Visible: by(i), Limit: 30}
			for _, f := range changes {
				f(&q, i)
			}
			_, _, err := s.Cases(ctx, q)
			return err
		}}
	}
	deep := func(name string, by func(int) routing.Actor, changes ...change) asked {
		return asked{name, func(ctx context.Context, s routing.Reader, i int) error {
			q := routing.Query{Visible: by(i), Limit: 200}
			for _, f := range changes {
				f(&q, i)
			}
			for range 3 {
				_, next, err := s.Cases(ctx, q)
				if err != nil || next == "" {
					return err
				}
				q.Cursor, q.Limit = next, 30
			}
			return nil
		}}
	}
	counts := func(name string, by func(int) routing.Actor, changes ...change) asked {
		return asked{name, func(ctx context.Context, s routing.Reader, i int) error {
			q := routing.Query{Visible: by(i)}
			for _, f := range changes {
				f(&q, i)
			}
			_, err := s.CountByState(ctx, q)
			return err
		}}
	}
	text := func(of func(int) string) change { return func(q *routing.Query, i int) { q.Text = of(i) } }
	opened := func(q *routing.Query, _ int) { q.States = open }
	clock := func(q *routing.Query, _ int) { q.Order = routing.OrderClock }
	ofUnit := func(q *routing.Query, i int) { q.Unit = c.units[i%len(c.units)] }
	ofItem := func(q *routing.Query, i int) { q.Item = fmt.Sprintf("%d.%d", 1+i%8, 1+i%4) }
	ofDistrict := func(q *routing.Query, i int) { q.District = districts[1+i%13] }
	ofCategory := func(q *routing.Query, i int) { q.Category = strconv.Itoa(1 + i%8) }
	inState := func(q *routing.Query, i int) { q.States = []routing.State{routing.States()[i%10]} }
	supervised := func(q *routing.Query, _ int) { q.Supervised = true }
	level := func(f routing.ClockFilter) change { return func(q *routing.Query, _ int) { *q = q.ByClock(f, day) } }
	soon, late, named, blind := level(routing.ClockSoon), level(routing.ClockOver), level(routing.ClockNamed), level(routing.ClockBlind)
	board := func(name string, by func(int) routing.Actor) asked {
		return asked{name, func(ctx context.Context, s routing.Reader, i int) error {
			for _, f := range []change{soon, late, named, blind} {
				q := routing.Query{Visible: by(i)}
				f(&q, i)
				if _, err := s.CountByState(ctx, q); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	everybody := always(office)
	return []asked{
		list("office: open, newest", everybody, opened),
		list("office: open, by clock", everybody, opened, clock),
		list("office: all, newest", everybody),
		list("office: all, by clock", everybody, clock),
		list("office: one state", everybody, inState),
		list("office: one state, by clock", everybody, inState, clock),
		list("office: triage", everybody, func(q *routing.Query, _ int) { q.States = []routing.State{routing.StateTriage} }),
		list("office: of a unit", everybody, ofUnit),
		list("office: open of a unit", everybody, ofUnit, opened),
		list("office: open of a unit, by clock", everybody, ofUnit, opened, clock),
		list("office: of an item", everybody, ofItem),
		list("office: of a district", everybody, ofDistrict),
		list("office: open of a district and an item", everybody, ofDistrict, ofItem, opened),
		list("office: of a district, an item and a state", everybody, ofDistrict, ofItem, inState),
		list("office: category group", everybody, ofCategory),
		list("office: open of a category, by clock", everybody, ofCategory, opened, clock),
		list("office: supervised", everybody, supervised),
		list("office: open supervised of a unit", everybody, supervised, opened, ofUnit),
		list("office: late", everybody, late),
		list("office: late of a unit, by clock", everybody, late, ofUnit, clock),
		list("office: soon", everybody, soon),
		list("office: to be named", everybody, named),
		deep("office: three pages", everybody),
		deep("office: three pages by clock", everybody, opened, clock),
		counts("office: tabs", everybody),
		counts("office: tabs of a unit and a district", everybody, ofUnit, ofDistrict),
		counts("office: tabs of supervised", everybody, supervised),
		counts("office: tabs of late", everybody, late),
		board("office: board (4 counts)", everybody),
		{"office: figures of all categories", func(ctx context.Context, s routing.Reader, _ int) error {
			_, err := s.Figures(ctx, routing.Query{Visible: office})
			return err
		}},
		{"office: late by unit", func(ctx context.Context, s routing.Reader, i int) error {
			q := routing.Query{Visible: office, Category: strconv.Itoa(1 + i%8)}
			_, err := s.LateByUnit(ctx, q.ByClock(routing.ClockOver, day))
			return err
		}},
		list("office: common word", everybody, text(common)),
		list("office: common word, open", everybody, text(common), opened),
		list("office: common word, open by clock", everybody, text(common), opened, clock),
		list("office: common word, of a unit", everybody, text(common), ofUnit),
		list("office: two words", everybody, text(middle)),
		list("office: two words, open", everybody, text(middle), opened),
		list("office: two words, of a district", everybody, text(middle), ofDistrict),
		list("office: enterprise", everybody, text(rare)),
		counts("office: tabs of an enterprise", everybody, text(rare)),
		counts("office: tabs of two words", everybody, text(middle)),
		counts("office: tabs of a common word", everybody, text(common)),
		list("operator: open, newest", always(operator), opened),
		list("operator: number", always(operator), text(number)),
		list("operator: whole number", always(operator), func(q *routing.Query, i int) {
			q.Text = fmt.Sprintf("JS%s-%06d", day.AddDate(0, 0, -i).Format("20060102"), i)
		}),
		list("operator: enterprise", always(operator), text(rare)),
		list("unit: open, by clock", unit, opened, clock),
		list("unit: open, newest", unit, opened),
		list("unit: all", unit),
		list("unit: one state", unit, inState),
		list("unit: of an item", unit, ofItem),
		list("unit: of a district", unit, ofDistrict),
		list("unit: late", unit, late),
		list("unit: supervised", unit, supervised),
		deep("unit: three pages", unit),
		counts("unit: tabs", unit),
		counts("unit: tabs of a district", unit, ofDistrict),
		counts("unit: tabs of supervised", unit, supervised),
		board("unit: board (4 counts)", unit),
		list("unit: common word", unit, text(common)),
		list("unit: common word, open by clock", unit, text(common), opened, clock),
		list("unit: two words", unit, text(middle)),
		list("unit: enterprise", unit, text(rare)),
		counts("unit: tabs of an enterprise", unit, text(rare)),
		counts("unit: tabs of two words", unit, text(middle)),
		list("largest unit: open, by clock", big, opened, clock),
		list("largest unit: of a district", big, ofDistrict),
		list("largest unit: common word", big, text(common)),
		board("largest unit: board (4 counts)", big),
		list("complainant: own", func(i int) routing.Actor { return routing.Actor{Role: routing.RoleComplainant, ID: fmt.Sprint("p", i)} }),
	}
}
