package store_test

import (
	"context"
	"database/sql"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"jiesu/integrations/store"
	"jiesu/integrations/store/storetest"
	"jiesu/routing"
)

const testKey = "a secret for tests only, 0123456789"

func TestStoreOnSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) routing.Store { return newStore(t, sqliteURL(t)) })
}

func TestStoreOnPostgres(t *testing.T) {
	t.Parallel()
	postgresURL(t) // skip once, not in every part
	storetest.Run(t, func(t *testing.T) routing.Store { return newStore(t, postgresURL(t)) })
}

// bothDatabases runs the test on a fresh database of each kind.
func bothDatabases(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, sqliteURL(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, postgresURL(t))
	})
}

func sqliteURL(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "a folder", "jiesu #1.db")
}

// postgresURL makes a database for this test alone on the server of JIESU_TEST_POSTGRES_URL.
func postgresURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv("JIESU_TEST_POSTGRES_URL")
	if server == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("JIESU_TEST_POSTGRES_URL must be set in CI")
		}
		t.Skip("JIESU_TEST_POSTGRES_URL is not set")
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := "jiesu_test_" + strings.ToLower(routing.NewID())
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop test database: %v", err)
		}
		_ = admin.Close()
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
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
