package store_test

import (
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"jiesu/integrations/store"
	"jiesu/routing"
)

func TestCasesFromBeforeTheLedgerAreProblemsOfTheirOwn(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		ctx := t.Context()
		db, err := store.Open(ctx, store.Options{URL: url, Key: testKey, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		s := store.New(db, nil)
		t.Cleanup(func() { _ = s.Close() })
		filed := time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC)
		states := routing.States()
		err = s.Update(ctx, func(tx routing.Tx) error {
			if err := tx.InsertComplainant(ctx, routing.Complainant{ID: "1", CreatedAt: filed}); err != nil {
				return err
			}
			for n, state := range states {
				c := routing.Case{Number: fmt.Sprintf("JS20261124-%06d", n), State: state, Version: 1, ComplainantID: "1", Category: "1", Item: "1.1", Unit: "finance",
					Assisting: []string{"court"}, FiledAt: filed, UpdatedAt: filed.Add(time.Hour)}
				if state == routing.StateTriage {
					c.Unit, c.Assisting = "", nil
				}
				if err := tx.InsertCase(ctx, c, routing.Event{ID: c.Number, Case: c.Number, Seq: 1, Action: routing.ActionFile, To: state}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range fillingLedger(t) {
			if _, err := db.Write().ExecContext(ctx, statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		want := map[routing.State]routing.ProblemState{routing.StateDispatched: routing.ProblemOpen, routing.StateSigned: routing.ProblemOpen, routing.StateRefused: routing.ProblemOpen,
			routing.StateReplied: routing.ProblemOpen, routing.StateClosed: routing.ProblemApplied, routing.StateStruckOff: routing.ProblemStruckOff}
		for n, state := range states {
			p, err := s.ProblemOf(ctx, fmt.Sprintf("JS20261124-%06d", n))
			if p.State != want[state] || (err != nil) != (want[state] == "") {
				t.Errorf("of a case that is %s: %+v, %v", state, p, err)
			}
			if err != nil {
				continue
			}
			events, err := s.ProblemEvents(ctx, p.Number)
			if err != nil {
				t.Fatal(err)
			}
			var replayed routing.Problem
			for _, e := range events {
				replayed.Apply(e)
			}
			if !reflect.DeepEqual(replayed, p) {
				t.Errorf("replayed %+v\nstored %+v", replayed, p)
			}
		}
		seen, _, err := s.Problems(ctx, routing.ProblemQuery{Visible: routing.Actor{Role: routing.RoleUnit, Unit: "court"}})
		if err != nil || len(seen) != len(want) {
			t.Errorf("the assisting unit sees %d, %v", len(seen), err)
		}
	})
}

// fillingLedger lists what the migration does for the cases that there are. It is run on today's schema: cases of an older one can't be written any more.
func fillingLedger(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("migrations/00005_ledger.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, text2, ok := strings.Cut(string(text), "-- Each case that was dispatched before")
	if !ok {
		t.Fatal("the migration fills nothing")
	}
	return strings.Split(strings.TrimSpace(text2[strings.Index(text2, "INSERT"):]), ";\n\n")
}
