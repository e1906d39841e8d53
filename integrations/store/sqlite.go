package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

func (db *DB) openSQLite(ctx context.Context, path string) (err error) {
	db.dialect = SQLite
	if err := prepareFile(path); err != nil {
		return err
	}
	if db.write, err = openReady(sqliteDSN(path, false)); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	db.write.SetMaxOpenConns(1) // two writers would only wait for each other, unfairly: SQLite's lock has no queue
	if err := checkPragmas(ctx, db.write); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	if db.read, err = openReady(sqliteDSN(path, true)); err != nil {
		return fmt.Errorf("open %s for reading: %w", path, err)
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	db.read.SetMaxOpenConns(readers)
	db.read.SetMaxIdleConns(readers)
	db.read.SetConnMaxIdleTime(time.Hour)
	return nil
}

// prepareFile makes the folder and the file, which nobody but us may read, and says plainly when it can't: SQLite's own words for
// this are "unable to open database file" or, later, "attempt to write a readonly database".
func prepareFile(path string) error {
	if path == "" || path == ":memory:" {
		return errors.New("the address names no file: write sqlite:FOLDER/FILE.db")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the database's folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("the database file must be writable: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("make the database file: %w", err)
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".writable-*") // the write-ahead log lives beside the file
	if err != nil {
		return fmt.Errorf("the database's folder must be writable: %w", err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// sqliteDSN carries the settings, because a PRAGMA run on a pool reaches one of its connections only.
func sqliteDSN(path string, readOnly bool) string {
	q := url.Values{}
	// Another process (backup, command line) may hold the lock for a moment. Without this the first write beside it fails. It must
	// come first: the pragmas after it wait too.
	q.Add("_pragma", "busy_timeout(10000)")
	// Constraints in the schema count only on connections that ask for it.
	q.Add("_pragma", "foreign_keys(1)")
	if readOnly {
		q.Set("mode", "ro")
		q.Add("_pragma", "query_only(1)") // a write that lands on this pool is a mistake of ours: fail at once
	} else {
		// Readers go on while we write; one flush for a commit instead of several.
		q.Add("_pragma", "journal_mode(WAL)")
		// A commit that was answered survives a power cut. NORMAL may lose the last ones in WAL mode.
		q.Add("_pragma", "synchronous(FULL)")
		// Pages that each commit writes go to the database once in many commits, and those that are read stay (16 MiB).
		q.Add("_pragma", "wal_autocheckpoint(4000)")
		q.Add("_pragma", "cache_size(-16384)")
		// What was erased is overwritten where that costs no further write, instead of staying readable in the file.
		q.Add("_pragma", "secure_delete(FAST)")
		// The lock is taken at BEGIN, where waiting works; a transaction that reads first and then writes could fail at once.
		q.Set("_txlock", "immediate")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// checkPragmas makes sure that the settings took: a network folder, for one, silently refuses WAL.
func checkPragmas(ctx context.Context, pool *sql.DB) error {
	for _, p := range []struct{ name, want string }{{"journal_mode", "wal"}, {"synchronous", "2"}, {"foreign_keys", "1"}} {
		var got string
		if err := pool.QueryRowContext(ctx, "PRAGMA "+p.name).Scan(&got); err != nil {
			return fmt.Errorf("read pragma %s: %w", p.name, err)
		}
		if got != p.want {
			return fmt.Errorf("pragma %s is %s instead of %s: the database must lie on a local disk", p.name, got, p.want)
		}
	}
	return nil
}
