package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Dialect names the kind of database.
type Dialect string

// The dialects. Their values are what goose and River's set-up call them.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Options are what Open needs.
type Options struct {
	URL    string           // sqlite:PATH or postgres://…
	Key    string           // the secret that the keys for personal data are sealed under
	Before string           // the secret before it, while it is exchanged; "": none
	Now    func() time.Time // for what the store stamps itself
	Logger *slog.Logger
	Search Search
}

// DB is an open database.
type DB struct {
	write, read *sql.DB // the same pool on PostgreSQL
	dialect     Dialect
	vault       *vault
	now         func() time.Time
	log         *slog.Logger
	search      Search
}

// Open opens the database and makes sure that it is set up durably and was written with this key. It doesn't migrate. Errors:
// ErrWrongKey, or what is wrong with the address or the folder.
func Open(ctx context.Context, o Options) (*DB, error) {
	v, err := newVault(o.Key, o.Before)
	if err != nil {
		return nil, err
	}
	db := &DB{vault: v, now: o.Now, log: o.Logger, search: o.Search}
	if path, ok := strings.CutPrefix(o.URL, "sqlite:"); ok {
		err = db.openSQLite(ctx, path)
	} else if strings.HasPrefix(o.URL, "postgres://") || strings.HasPrefix(o.URL, "postgresql://") {
		err = db.openPostgres(ctx, o.URL)
	} else {
		return nil, errors.New("the database address must start with sqlite: or postgres://")
	}
	if err == nil {
		err = db.RefreshKeys(ctx)
	}
	if err == nil {
		err = db.checkKey(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), db.Close())
	}
	return db, nil
}

// Write is the pool that writes. On SQLite it has one connection: whoever holds it must not wait for another user of the pool.
func (db *DB) Write() *sql.DB { return db.write }

// Dialect is the kind of database.
func (db *DB) Dialect() Dialect { return db.dialect }

// Close closes all connections. It may be called twice.
func (db *DB) Close() error {
	var errs []error
	for _, pool := range []*sql.DB{db.read, db.write} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}

// keycheckText is what the check row holds, sealed.
const keycheckText = "jiesu"

// checkKey opens the check row, if the database has one yet.
func (db *DB) checkKey(ctx context.Context) error {
	if there, err := db.hasTable(ctx, "keycheck"); err != nil || !there {
		return err
	}
	var sealed string
	switch err := db.read.QueryRowContext(ctx, `SELECT sealed FROM keycheck WHERE id = 1`).Scan(&sealed); {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("read the key check: %w", err)
	}
	text, err := db.vault.open("keycheck.sealed", sealed)
	if err != nil {
		return err
	}
	if text != keycheckText {
		return ErrWrongKey
	}
	return nil
}
