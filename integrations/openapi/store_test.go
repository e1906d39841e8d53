package openapi

import (
	"context"
	"database/sql"
	"log/slog"
	"os/exec"
	"testing"
	"time"

	"jiesu/integrations/store"
	"jiesu/routing"
)

// openStore opens a fresh SQLite database. Jobs go nowhere: nothing is delivered here.
func openStore(t *testing.T, now func() time.Time) routing.Store {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, store.Options{URL: pgURL(t), Key: "a key for tests only",
		Now: now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(ctx); err != nil {
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

func pgURL(t *testing.T) string {
	name := "oa" + routing.NewID()
	if out, err := exec.Command("psql", "-h", "127.0.0.1", "-U", "postgres", "-c", `create database "`+name+`"`).CombinedOutput(); err != nil {
		t.Fatal(string(out))
	}
	t.Cleanup(func() {
		exec.Command("psql", "-h", "127.0.0.1", "-U", "postgres", "-c", `drop database "`+name+`" with (force)`).Run()
	})
	return "postgres://postgres@127.0.0.1:5432/" + name + "?sslmode=disable"
}
