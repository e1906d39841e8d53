package openapi

import (
	"context"
	"database/sql"
	"log/slog"
	"testing"
	"time"

	"jiesu/integrations/store"
	"jiesu/integrations/store/storetest"
	"jiesu/routing"
)

var fresh = storetest.Fresh{Key: "a key for tests only"}

// openStore opens a fresh SQLite database. Jobs go nowhere: nothing is delivered here.
func openStore(t testing.TB, now func() time.Time) routing.Store {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, store.Options{URL: fresh.SQLite(t), Key: fresh.Key,
		Now: now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(db, func(context.Context, *sql.Tx, routing.Job) error { return nil })
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
