package store_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"jiesu/integrations/store"
)

// BenchmarkAudit looks at so many events (JIESU_BENCH_EVENTS, 20,000), four to a case. They are copies of some others', so each is a finding too.
func BenchmarkAudit(b *testing.B) {
	events := 20_000
	if n, err := strconv.Atoi(os.Getenv("JIESU_BENCH_EVENTS")); err == nil {
		events = n
	}
	for name, address := range map[string]func(testing.TB) string{"sqlite": fresh.SQLite, "postgres": fresh.Postgres} {
		b.Run(name, func(b *testing.B) {
			db := copiedCases(b, address(b), events/24)
			b.ResetTimer()
			var looked int64
			for b.Loop() {
				r, err := db.Audit(b.Context(), nil)
				if err != nil {
					b.Fatal(err)
				}
				looked += r.Events
			}
			b.ReportMetric(float64(looked)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// copiedCases is a database of six cases and so many copies of them.
func copiedCases(b *testing.B, url string, copies int) *store.DB {
	b.Helper()
	db, _ := lived(b, url, true)
	another := `substr(%s, 1, 11) || 'C' || (100000 + n)`
	number, owner := fmt.Sprintf(another, "number"), fmt.Sprintf(another, "case_number")
	series := fmt.Sprintf(`WITH RECURSIVE copies (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < %d) `, copies)
	for _, statement := range []string{
		`INSERT INTO cases (clock, clock_due, clock_order, clock_level, calendar_missing, next_tick, number, state, version, complaint, enterprise, contact_name, phone, confidential, channel, external_id, source,
			complainant_id, token, judgement, category, item, unit, district, assisting, confidence, filed_at, updated_at, dispatched_at, reply, rating, redos, urges, refused_by, supervised, urgency, named,
			points, asked, extensions, restricted, published) ` + series + `SELECT clock, clock_due, clock_order, clock_level, calendar_missing, next_tick, ` + number + ` || substr(number, 17), state, version, complaint, enterprise, contact_name, phone, confidential, channel,
			external_id, source, complainant_id, token || n, judgement, category, item, unit, district, assisting, confidence, filed_at, updated_at, dispatched_at, reply, rating, redos, urges, refused_by, supervised,
			urgency, named, points, asked, extensions, restricted, published FROM cases, copies`,
		`INSERT INTO events (id, case_number, seq, action, at, actor_role, actor_unit, actor_id, actor_name, from_state, to_state, data, chain) ` + series + `SELECT id || n, ` + owner + ` || substr(case_number, 17), seq, action, at,
			actor_role, actor_unit, actor_id, actor_name, from_state, to_state, data, chain FROM events, copies`,
	} {
		if _, err := db.Write().ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
	return db
}
