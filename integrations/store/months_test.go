package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"jiesu/integrations/store"
	"jiesu/integrations/store/storetest"
	"jiesu/routing"
)

// monthsDB opens a database of PostgreSQL on a day.
func monthsDB(t *testing.T, url string, now time.Time) (*store.DB, *store.Store) {
	t.Helper()
	o := options(url)
	o.Now = func() time.Time { return now }
	db, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(db, nil)
	t.Cleanup(func() { _ = s.Close() })
	return db, s
}

// fileOn files a case on a day, with a notice that was tried once.
func fileOn(ctx context.Context, s *store.Store, at time.Time, n int) (number string, err error) {
	number = fmt.Sprintf("%s-%06d", routing.NumbersFrom(at), n)
	who := routing.Complainant{ID: number, CreatedAt: at}
	c := routing.Case{Number: number, State: routing.StateTriage, Version: 1, Text: "一件事", ComplainantID: who.ID, Token: number, FiledAt: at}
	notice := routing.IDsFrom(at)[:20] + fmt.Sprintf("%06d", n)
	return number, s.Update(ctx, func(tx routing.Tx) error {
		return errors.Join(tx.InsertComplainant(ctx, who),
			tx.InsertCase(ctx, c, routing.Event{ID: number, Case: number, Seq: 1, Action: routing.ActionFile, At: at, To: routing.StateTriage}),
			tx.InsertNotice(ctx, routing.Notice{ID: notice, ComplainantID: who.ID, State: routing.NoticePending, CreatedAt: at}),
			tx.InsertDelivery(ctx, routing.Delivery{NoticeID: notice, Attempt: 1, At: at, Outcome: routing.OutcomeSent, ProviderID: number}))
	})
}

// partsOf counts the rows of each part of a table that has some.
func partsOf(t *testing.T, db *store.DB, table string) map[string]int {
	t.Helper()
	rows, err := db.Write().QueryContext(t.Context(), `SELECT tableoid::regclass::text, count(*) FROM `+table+` GROUP BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	parts := map[string]int{}
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			t.Fatal(err)
		}
		parts[strings.TrimPrefix(name, table+"_")] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return parts
}

func sameParts(t *testing.T, db *store.DB, want map[string]int) {
	t.Helper()
	for _, table := range []string{"events", "deliveries"} {
		if got := partsOf(t, db, table); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", table, got, want)
		}
	}
}

func TestTablesThatGrowAreDividedByMonthWhileTheyAreInUse(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyPostgres(t)
	now := time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC)
	old, before := monthsDB(t, url, now)
	if err := old.MigrateBut(t.Context(), 23); err != nil {
		t.Fatal(err)
	}
	// A server of the version before files and reads all the time.
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	var filed []string
	begun := make(chan struct{})
	working.Go(func() {
		begin := sync.OnceFunc(func() { close(begun) })
		defer begin()
		for n := 0; ctx.Err() == nil; n++ {
			number, err := fileOn(t.Context(), before, now, n)
			if err == nil {
				_, err = before.Events(t.Context(), number)
			}
			if err != nil {
				t.Errorf("case %d: %v", n, err)
				return
			}
			if filed = append(filed, number); n == 20 {
				begin()
			}
		}
	})
	<-begun
	db, s := monthsDB(t, url, now)
	if err := db.MigrateMissing(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop()
	working.Wait()
	if _, err := fileOn(t.Context(), before, now, 900_000); err != nil {
		t.Errorf("the version before can't work on: %v", err)
	}
	sameParts(t, db, map[string]int{"before": len(filed) + 1})
	for _, number := range filed {
		if events, err := s.Events(t.Context(), number); err != nil || len(events) != 1 {
			t.Errorf("%s: %d events, %v", number, len(events), err)
		}
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestEachMonthHasItsPart(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyPostgres(t)
	now := time.Date(2026, 12, 1, 0, 30, 0, 0, routing.Beijing()) // elsewhere it is November
	db, s := monthsDB(t, url, now)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n, at := range []time.Time{now.AddDate(-3, 0, 0), now, now.AddDate(0, 1, 0), now.AddDate(0, 2, 0), now.AddDate(0, 3, 0), now.AddDate(1, 0, 0)} {
		if _, err := fileOn(t.Context(), s, at, n); err != nil {
			t.Errorf("%s: %v", at, err)
		}
	}
	sameParts(t, db, map[string]int{"before": 3, "202702": 1, "202703": 1, "other": 1})

	// Whatever of a case or a notice is asked for, only its month is looked at.
	for query, part := range map[string]string{
		`SELECT * FROM events WHERE case_number = 'JS20270215-000001'`:                               "events_202702",
		`SELECT * FROM deliveries WHERE notice_id = '` + routing.IDsFrom(now.AddDate(0, 3, 0)) + `'`: "deliveries_202703",
	} {
		rows, err := db.Write().QueryContext(t.Context(), `EXPLAIN `+query)
		if err != nil {
			t.Fatal(err)
		}
		plan := ""
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			plan += line + "\n"
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
		if strings.Count(plan, part[:6]) == 0 || !strings.Contains(plan, part) || strings.Contains(plan, "Append") {
			t.Errorf("%s reads more than its month:\n%s", query, plan)
		}
	}

	// Half a year later, from several processes at once.
	later, _ := monthsDB(t, url, now.AddDate(0, 6, 0))
	var working sync.WaitGroup
	for range 4 {
		working.Go(func() {
			if err := later.MakeMonths(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	working.Wait()
	if _, err := fileOn(t.Context(), s, now.AddDate(0, 8, 0), 100); err != nil {
		t.Error(err)
	}
	sameParts(t, db, map[string]int{"before": 3, "202702": 1, "202703": 1, "202708": 1, "other": 1})

	// A month whose rows came before its part is named.
	tooLate, _ := monthsDB(t, url, now.AddDate(1, -1, 0))
	if err := tooLate.MakeMonths(t.Context()); err == nil || !strings.Contains(err.Error(), "2027-12") {
		t.Errorf("the part of a month that has rows elsewhere: %v", err)
	}
}

// A message delivered twice, a timeline's place taken twice and an attempt made twice are refused whatever the month.
func TestDividedTablesHoldWhatIsUnique(t *testing.T) {
	t.Parallel()
	db, s := monthsDB(t, fresh.Postgres(t), time.Now())
	number, err := fileOn(t.Context(), s, time.Now(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`INSERT INTO events SELECT 'another', case_number, seq, action, at, actor_role, actor_unit, actor_id, actor_name, from_state, to_state, data FROM events`,
		`INSERT INTO deliveries SELECT * FROM deliveries`,
		`INSERT INTO events SELECT 'another', 'JS20990101-000001', seq, action, at, actor_role, actor_unit, actor_id, actor_name, from_state, to_state, data FROM events`, // no such case
	} {
		if _, err := db.Write().ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s of %s: taken", statement, number)
		}
	}
}
