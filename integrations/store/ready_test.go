package store

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"testing"
)

// count is how many rows of table a have another number than n.
func count(t *testing.T, conn *sql.Conn, n int) (rows int) {
	t.Helper()
	if err := conn.QueryRowContext(t.Context(), "SELECT count(*) FROM a WHERE n <> $1", n).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestAConnectionKeepsItsStatementsReady(t *testing.T) {
	t.Parallel()
	db, err := openReady(sqliteDSN(filepath.Join(t.TempDir(), "a.db"), false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	var ready *readyConn
	if err := conn.Raw(func(c any) error { ready = c.(*readyConn); return nil }); err != nil {
		t.Fatal(err)
	}
	const add, read = "INSERT INTO a (n) VALUES ($1)", "SELECT n FROM a WHERE n < $1 ORDER BY n"
	if _, err := conn.ExecContext(t.Context(), "CREATE TABLE a (n INTEGER NOT NULL UNIQUE)"); err != nil {
		t.Fatal(err)
	}
	for n := range 4 {
		if _, err := conn.ExecContext(t.Context(), add, n); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ExecContext(t.Context(), add, n); err == nil {
			t.Error("a number was added twice")
		}
		if _, err := conn.ExecContext(t.Context(), "INSERT INTO nowhere (n) VALUES ($1)", n); err == nil {
			t.Error("a table that isn't there was written")
		}
		if got := count(t, conn, -1); got != n+1 {
			t.Errorf("%d rows, want %d", got, n+1)
		}
	}
	// A list that is being read, and the same list for each of its rows: neither gets in the other's way.
	outer, err := conn.QueryContext(t.Context(), read, 3)
	if err != nil {
		t.Fatal(err)
	}
	seen := ""
	for outer.Next() {
		var n int
		if err := outer.Scan(&n); err != nil {
			t.Fatal(err)
		}
		inner, err := conn.QueryContext(t.Context(), read, n)
		if err != nil {
			t.Fatal(err)
		}
		below := 0
		for inner.Next() {
			below++
		}
		if err := inner.Close(); err != nil {
			t.Fatal(err)
		}
		seen += fmt.Sprint(n, ":", below, " ")
	}
	if err := outer.Err(); err != nil || seen != "0:0 1:1 2:2 " {
		t.Errorf("read %q, %v", seen, err)
	}
	if _, err := conn.ExecContext(t.Context(), "ALTER TABLE a ADD COLUMN m INTEGER NOT NULL DEFAULT 7"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), add, 9); err != nil { // made ready before the table had its second column
		t.Fatal(err)
	}
	if got := count(t, conn, -1); got != 5 {
		t.Errorf("%d rows after the table has changed", got)
	}
	for n := range 2 * maxReady { // of lists that are written anew each time
		if _, err := conn.ExecContext(t.Context(), fmt.Sprint("SELECT ", n)); err != nil {
			t.Fatal(err)
		}
	}
	if len(ready.idle) != maxReady || ready.order.Len() != maxReady || ready.idle[add] != nil {
		t.Errorf("%d and %d statements are kept", len(ready.idle), ready.order.Len())
	}
}

// A connection that its owner interrupts is as good as before, and so are its statements.
func TestAStatementThatWasBrokenOffRunsAgain(t *testing.T) {
	t.Parallel()
	db, err := openReady(sqliteDSN(filepath.Join(t.TempDir(), "a.db"), false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i FROM n"
	for _, most := range []int{1 << 40, 5} {
		rows, err := db.QueryContext(t.Context(), endless, most)
		if err != nil {
			t.Fatal(err)
		}
		read := 0
		for read < 10 && rows.Next() {
			read++
		}
		if err := rows.Close(); err != nil || read != min(most, 10) {
			t.Errorf("%d rows, %v", read, err)
		}
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.Raw(func(c any) error {
		if _, is := c.(interface{ Unwrap() driver.Conn }).Unwrap().(sqliteConn); !is {
			t.Error("the driver's connection isn't to be had")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
