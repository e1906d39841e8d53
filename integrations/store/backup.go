package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// BackupSQLite copies a database as it stands at one moment, while it may be in use, into a file that isn't there yet, and checks the copy. The file appears
// whole or not at all.
func BackupSQLite(ctx context.Context, from, to string) (err error) {
	part := to + ".part"
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("copy database: %w", err), remove(part))
		}
	}()
	if err := remove(part); err != nil {
		return err
	}
	if err := onFile(ctx, from, func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, `VACUUM INTO ?`, part)
		return err
	}); err != nil {
		return err
	}
	if err := os.Chmod(part, 0o600); err != nil { // as the database: it is for its owner alone
		return err
	}
	if err := onFile(ctx, part, func(db *sql.DB) error {
		var says string
		if err := db.QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&says); err != nil || says != "ok" {
			return errors.Join(err, fmt.Errorf("the copy is damaged: %s", says))
		}
		return nil
	}); err != nil {
		return err
	}
	if err := flush(part); err != nil {
		return err
	}
	if err := os.Rename(part, to); err != nil {
		return err
	}
	return flush(filepath.Dir(to))
}

// onFile opens a database for reading.
func onFile(ctx context.Context, path string, do func(db *sql.DB) error) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	if err := db.PingContext(ctx); err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(do(db), db.Close())
}

// flush makes a file, or the names in a folder, durable.
func flush(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
