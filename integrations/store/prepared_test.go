package store

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
)

func TestAStatementIsMadeReadyOnceItHasComeTwice(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", sqliteDSN(filepath.Join(t.TempDir(), "a.db"), false))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE a (n INTEGER NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	p := newPrepared(db)
	group := func(run func(tx *sql.Tx)) {
		t.Helper()
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		run(tx)
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		p.learn()
	}
	const add, bad = "INSERT INTO a (n) VALUES ($1)", "INSERT INTO nowhere (n) VALUES ($1)"
	for n := range 4 {
		group(func(tx *sql.Tx) {
			if _, err := p.exec(t.Context(), tx, add, n); err != nil {
				t.Fatal(err)
			}
			if _, err := p.exec(t.Context(), tx, bad, n); err == nil {
				t.Error("a table that isn't there was written")
			}
			if n == 3 { // the schema has changed under statements that were ready
				if _, err := p.exec(t.Context(), tx, "ALTER TABLE a ADD COLUMN m INTEGER"); err != nil {
					t.Fatal(err)
				}
			}
		})
		if ready := p.ready[add] != nil; ready != (n > 0) {
			t.Errorf("after %d times: ready %v", n+1, ready)
		}
	}
	group(func(tx *sql.Tx) {
		for n := range 3 {
			rows, err := p.query(t.Context(), tx, "SELECT count(*) FROM a")
			if err != nil {
				t.Fatal(err)
			}
			count := -1
			for rows.Next() {
				if err := rows.Scan(&count); err != nil {
					t.Fatal(err)
				}
			}
			if err := rows.Close(); err != nil || count != 4+n {
				t.Errorf("%d rows, %v", count, err)
			}
			if _, err := p.exec(t.Context(), tx, add, n); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 2 * maxSeen { // of lists that are written anew each time
			if s := p.in(t.Context(), tx, fmt.Sprint("SELECT ", n)); s != nil {
				t.Fatal("a statement that came once is ready")
			}
		}
	})
	if len(p.ready) != 3 || len(p.seen) > maxSeen {
		t.Errorf("%d ready, %d seen once", len(p.ready), len(p.seen))
	}
}
