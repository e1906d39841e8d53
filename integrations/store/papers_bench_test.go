package store_test

import (
	"context"
	"database/sql"
	"os"
	"strconv"
	"testing"
	"time"

	"jiesu/integrations/store"
	"jiesu/routing"
	"jiesu/routing/report"
)

// BenchmarkQuarter counts the quarterly bulletin among a city's cases on PostgreSQL, filed evenly over so many years (JIESU_BENCH_YEARS, 1) up to the end of
// the quarter. A million (JIESU_BENCH_CASES) take minutes to write, so the default is fewer; JIESU_BENCH_POSTGRES names a database that stays: an empty one is
// filled, what another run wrote is read again.
func BenchmarkQuarter(b *testing.B) {
	number := func(name string, otherwise int) int {
		text := os.Getenv(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatalf("%s: %v", name, err)
		}
		return n
	}
	cases, years := number("JIESU_BENCH_CASES", 10_000), number("JIESU_BENCH_YEARS", 1)
	url := os.Getenv("JIESU_BENCH_POSTGRES")
	if url == "" {
		url = fresh.Postgres(b)
	}
	db := openDB(b, url)
	end := time.Date(2026, 9, 30, 16, 0, 0, 0, time.UTC)
	s := newSimulation(b, end.AddDate(-years, 0, 0), end)
	s.check = false
	var there int
	if err := db.Write().QueryRowContext(b.Context(), "SELECT count(*) FROM cases").Scan(&there); err != nil {
		b.Fatal(err)
	}
	if there == 0 {
		begin := time.Now()
		s.fill(b, db, cases)
		if _, err := db.Write().ExecContext(b.Context(), "VACUUM ANALYZE cases, events, problems, problem_events"); err != nil {
			b.Fatal(err)
		}
		b.Logf("%d cases written in %v", cases, time.Since(begin).Round(time.Second))
	}
	st := store.New(db, func(context.Context, *sql.Tx, routing.Job) error { return nil })
	period, err := report.ParsePeriod("2026-Q3")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f, err := report.Compute(b.Context(), st, s.plan, period, end)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, c := range f.Cells {
			n += c.Counts[report.Filed]
		}
		b.ReportMetric(float64(n), "cases-of-the-quarter")
	}
}
