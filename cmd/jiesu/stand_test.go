package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"jiesu/routing"
)

// retarget sends every request to the server whose address becomes known later.
type retarget struct {
	mu   sync.Mutex
	base *url.URL
}

func (r *retarget) set(base string) {
	u, err := url.Parse(base)
	if err != nil {
		panic(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.base = u
}

// RoundTrip implements http.RoundTripper.
func (r *retarget) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	base := r.base
	r.mu.Unlock()
	out := req.Clone(req.Context())
	out.URL.Scheme, out.URL.Host, out.Host = base.Scheme, base.Host, base.Host
	return http.DefaultTransport.RoundTrip(out)
}

// forEachDatabase runs the test on a fresh SQLite file and on a fresh PostgreSQL database.
func forEachDatabase(t *testing.T, test func(t *testing.T, databaseURL string)) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, "sqlite:"+filepath.Join(t.TempDir(), "jiesu.db"))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, freshPostgres(t))
	})
}

// service returns the address of a service that a test needs. Without one the test is skipped, but never in CI.
func service(t *testing.T, name string) string {
	t.Helper()
	v := os.Getenv(name)
	switch {
	case v == "" && os.Getenv("CI") == "true":
		t.Fatalf("%s is not set: run make test", name)
	case v == "":
		t.Skipf("%s is not set: run make test", name)
	}
	return v
}

func freshPostgres(t *testing.T) string {
	t.Helper()
	admin := service(t, "JIESU_TEST_POSTGRES_URL")
	name := "jiesu_cmd_" + strings.ToLower(routing.NewID())
	run := func(statement string) error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		db, err := sql.Open("pgx", admin)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.ExecContext(ctx, statement)
		return err
	}
	if err := run("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := run("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return fmt.Sprint(u)
}
