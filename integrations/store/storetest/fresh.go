package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jiesu/integrations/store"
	"jiesu/routing"
)

// Fresh hands out migrated databases, one for each test. The first of each kind is migrated and the others are copies of it, since migrating takes long under
// the race detector. Call Close at the end of TestMain.
type Fresh struct {
	Key  string                                        // secret key of the stores that will open them
	More func(ctx context.Context, db *store.DB) error // migrations beside the store's own; nil: none

	mu       sync.Mutex
	file     []byte // of a migrated SQLite database
	template string // name of a migrated PostgreSQL database
}

func (f *Fresh) migrate(ctx context.Context, address string) error {
	db, err := store.Open(ctx, store.Options{URL: address, Key: f.Key, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	err = db.Migrate(ctx)
	if err == nil && f.More != nil {
		err = f.More(ctx, db)
	}
	return errors.Join(err, db.Close())
}

// SQLite returns the address of a database in a folder of the test's own.
func (f *Fresh) SQLite(t testing.TB) string {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	path := filepath.Join(t.TempDir(), "jiesu.db")
	if f.file != nil {
		if err := os.WriteFile(path, f.file, 0o600); err != nil {
			t.Fatal(err)
		}
		return "sqlite:" + path
	}
	err := f.migrate(context.Background(), "sqlite:"+path)
	if err == nil {
		f.file, err = os.ReadFile(path)
	}
	if err != nil {
		t.Fatalf("make a migrated SQLite database: %v", err)
	}
	return "sqlite:" + path
}

// Server is the address of the PostgreSQL server for tests. Without one the test is skipped, and in CI it fails.
func Server(t testing.TB) string {
	t.Helper()
	server := os.Getenv("JIESU_TEST_POSTGRES_URL")
	if server == "" && os.Getenv("CI") == "true" {
		t.Fatal("JIESU_TEST_POSTGRES_URL is not set")
	}
	if server == "" {
		t.Skip("JIESU_TEST_POSTGRES_URL is not set")
	}
	return server
}

// Postgres returns the address of a database of the test's own, which is dropped after it.
func (f *Fresh) Postgres(t testing.TB) string {
	t.Helper()
	server := Server(t)
	f.mu.Lock() // a template is copied by one at a time
	defer f.mu.Unlock()
	if f.template == "" {
		name := newName()
		err := admin(server, "CREATE DATABASE "+name)
		if err == nil {
			err = f.migrate(context.Background(), named(server, name))
		}
		if err != nil {
			t.Fatalf("make a migrated PostgreSQL database: %v", err)
		}
		f.template = name
	}
	return create(t, server, " TEMPLATE "+f.template)
}

// EmptyPostgres returns the address of a database without anything, which is dropped after the test.
func EmptyPostgres(t testing.TB) string {
	t.Helper()
	return create(t, Server(t), "")
}

func create(t testing.TB, server, options string) string {
	t.Helper()
	name := newName()
	if err := admin(server, "CREATE DATABASE "+name+options); err != nil {
		t.Fatalf("create a test database: %v", err)
	}
	t.Cleanup(func() {
		if err := admin(server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop a test database: %v", err)
		}
	})
	return named(server, name)
}

// Close drops the database that others were copied from.
func (f *Fresh) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.template == "" {
		return
	}
	if err := admin(os.Getenv("JIESU_TEST_POSTGRES_URL"), "DROP DATABASE "+f.template+" WITH (FORCE)"); err != nil {
		fmt.Fprintln(os.Stderr, "drop the database that others were copied from:", err)
	}
}

func newName() string { return "jiesu_test_" + strings.ToLower(routing.NewID()) }

func named(server, name string) string {
	u, err := url.Parse(server)
	if err != nil { // a server that was connected to a moment ago
		panic(err)
	}
	u.Path = "/" + name
	return u.String()
}

func admin(server, statement string) error {
	db, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	_, err = db.Exec(statement)
	return errors.Join(err, db.Close())
}
