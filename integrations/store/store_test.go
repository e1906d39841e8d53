package store_test

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"jiesu/integrations/store"
	"jiesu/integrations/store/storetest"
	"jiesu/routing"
)

const testKey = "a secret for tests only, 0123456789"

// fresh makes the databases of all tests.
var fresh = storetest.Fresh{Key: testKey}

func TestMain(m *testing.M) {
	code := m.Run()
	fresh.Close()
	os.Exit(code)
}

func TestStoreOnSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) routing.Store { return newStore(t, fresh.SQLite(t)) })
}

func TestStoreOnPostgres(t *testing.T) {
	t.Parallel()
	storetest.Server(t) // skip once, not in every part
	storetest.Run(t, func(t *testing.T) routing.Store { return newStore(t, fresh.Postgres(t)) })
}

// bothDatabases runs the test on a fresh database of each kind.
func bothDatabases(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, fresh.SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, fresh.Postgres(t))
	})
}

func openDB(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), options(url))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func options(url string) store.Options {
	return store.Options{URL: url, Key: testKey, Now: time.Now, Logger: slog.New(slog.DiscardHandler)}
}

// newStore opens a store whose jobs are rows of the table test_jobs.
func newStore(t testing.TB, url string) *store.Store {
	t.Helper()
	db := openDB(t, url)
	if _, err := db.Write().ExecContext(t.Context(), `CREATE TABLE IF NOT EXISTS test_jobs (kind TEXT NOT NULL, id TEXT NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	s := store.New(db, func(ctx context.Context, tx *sql.Tx, j routing.Job) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO test_jobs (kind, id) VALUES ($1, $2)`, j.Kind, j.ID)
		return err
	})
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestADatabaseFileMayLieInAnyFolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a folder", "jiesu #1.db")
	db := openDB(t, "sqlite:"+path)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}
