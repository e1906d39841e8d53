package store

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"jiesu/routing"
)

// ErrWrongKey: the database was written with another secret key. Start with that one; without it the personal data is lost.
var ErrWrongKey = errors.New("the secret key is not the one that this database was written with")

// ErrClosed: the store was closed while or before it was asked.
var ErrClosed = errors.New("the store is closed")

// NewerError: the database was migrated by a newer program, which this one must not write over.
type NewerError struct {
	Database, Program int64 // schema versions
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("the database has schema version %d, this program knows versions up to %d: "+
		"start the newer program, or restore the backup that was made before it was upgraded", e.Database, e.Program)
}

// PostgreSQL's codes (its documentation, appendix A).
const (
	pgUnique        = "23505"
	pgForeignKey    = "23503"
	pgSerialization = "40001"
	pgDeadlock      = "40P01"
)

// translate makes a driver's error one of the domain's kinds, by code, and keeps it in the chain.
func translate(err error) error {
	kind := kindOf(err)
	if err == nil || kind == nil || errors.Is(err, kind) {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return kind // says nothing more
	}
	return fmt.Errorf("%w: %w", kind, err)
}

func kindOf(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return routing.ErrNotFound
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case pgUnique:
			return routing.ErrExists
		case pgForeignKey:
			return routing.ErrNotFound
		case pgSerialization, pgDeadlock:
			return routing.ErrConflict
		}
	}
	switch code := sqliteCode(err); {
	case code == sqlite3.SQLITE_CONSTRAINT_UNIQUE, code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return routing.ErrExists
	case code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return routing.ErrNotFound
	case code&0xff == sqlite3.SQLITE_BUSY:
		return routing.ErrConflict
	}
	return nil
}

// sqliteCode is the extended result code, 0 for another's error.
func sqliteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// endsTransaction reports whether SQLite may have rolled back the whole transaction by itself (its documentation of
// transactions, "response to errors within a transaction").
func endsTransaction(err error) bool {
	switch sqliteCode(err) & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_INTERRUPT,
		sqlite3.SQLITE_CORRUPT:
		return true
	}
	return false
}

// wantsRetry reports whether PostgreSQL asks for the transaction to be run again.
func wantsRetry(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == pgSerialization || pg.Code == pgDeadlock)
}
