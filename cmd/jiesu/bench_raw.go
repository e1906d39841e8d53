package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// contents counts the rows of our tables and the bytes in them.
func contents(ctx context.Context, db *sql.DB, dialect string) (s share, err error) {
	names := `SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '%\_data' ESCAPE '\' AND name NOT LIKE '%\_idx' ESCAPE '\' AND name NOT LIKE '%\_docsize' ESCAPE '\' AND name NOT LIKE '%\_config' ESCAPE '\'`
	if dialect == "postgres" {
		names = `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace`
	}
	rows, err := db.QueryContext(ctx, names)
	if err != nil {
		return s, fmt.Errorf("list tables: %w", err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return s, errors.Join(err, rows.Close())
		}
		tables = append(tables, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return s, fmt.Errorf("list tables: %w", err)
	}
	for _, name := range tables {
		n, size, err := weigh(ctx, db, name)
		if err != nil {
			return s, err
		}
		s.rows, s.bytes = s.rows+n, s.bytes+size
	}
	return s, nil
}

// weigh counts a table's rows, and by the newest two hundred how many bytes they have.
func weigh(ctx context.Context, db *sql.DB, table string) (n, size int, err error) {
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&n); err != nil || n == 0 {
		return n, 0, err
	}
	rows, err := db.QueryContext(ctx, `SELECT * FROM `+table+` LIMIT 200`) // #nosec G202 -- a name of ours
	if err != nil {
		return n, 0, fmt.Errorf("weigh %s: %w", table, err)
	}
	columns, err := rows.Columns()
	if err != nil {
		return n, 0, errors.Join(err, rows.Close())
	}
	seen := 0
	for rows.Next() {
		values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return n, 0, errors.Join(err, rows.Close())
		}
		seen++
		for _, v := range values {
			size += len(v)
		}
	}
	return n, size * n / max(1, seen), errors.Join(rows.Err(), rows.Close())
}

// raw measures what the database could take at most: as many rows of the same size for each message, in a plain table, those that wait at once in one commit.
func (b benchCommand) raw(ctx context.Context, database, folder string, connections int, each share) (benchRow, error) {
	driver, address := "pgx", database
	if strings.HasPrefix(database, "sqlite:") {
		driver = "sqlite"
		address = "file:" + filepath.Join(folder, fmt.Sprintf("raw-%d.db", connections)) + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		return benchRow{}, fmt.Errorf("open: %w", err)
	}
	defer db.Close()
	if driver == "sqlite" {
		db.SetMaxOpenConns(1)
	}
	table := fmt.Sprintf("bench_raw_%d", connections)
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS `+table+` (id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL)`); err != nil {
		return benchRow{}, fmt.Errorf("make table: %w", err)
	}
	body := strings.Repeat("x", each.bytes)
	asks := make(chan chan error, connections)
	var serial atomic.Int64
	go func() { // the one writer: all that wait share a commit
		for first := range asks {
			group := []chan error{first}
			for len(group) < connections && len(asks) > 0 {
				group = append(group, <-asks)
			}
			err := insertRaw(ctx, db, table, body, each.rows*len(group), &serial)
			for _, done := range group {
				done <- err
			}
		}
	}()
	defer close(asks)
	r, err := b.measure(ctx, connections, func(int64) error {
		done := make(chan error, 1)
		asks <- done
		return <-done
	})
	return r, err
}

func insertRaw(ctx context.Context, db *sql.DB, table, body string, rows int, serial *atomic.Int64) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	statement, err := tx.PrepareContext(ctx, `INSERT INTO `+table+` (id, body) VALUES ($1, $2)`) // #nosec G202 -- a name of ours
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	defer statement.Close()
	for range rows {
		if _, err := statement.ExecContext(ctx, fmt.Sprintf("%d-%020d", os.Getpid(), serial.Add(1)), body); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}
