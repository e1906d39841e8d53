package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jiesu/routing"
)

// transactionLimit bounds a PostgreSQL transaction whose server has stopped answering.
const transactionLimit = time.Minute

// maxRuns is how often a function is run on PostgreSQL when the database asks for another try.
const maxRuns = 3

// Enqueue adds a job in the transaction; package jobs provides it.
type Enqueue func(ctx context.Context, tx *sql.Tx, j routing.Job) error

// Store implements routing.Store.
type Store struct {
	reader
	db      *DB
	enqueue Enqueue
	group   *group // SQLite only
}

// reader implements routing.Reader over a pool or a transaction.
type reader struct {
	run     runner
	dialect Dialect
	vault   *vault
	search  Search
}

// tx implements routing.Tx.
type tx struct {
	reader
	sql     *sql.Tx
	enqueue Enqueue
	now     func() time.Time
	after   []func()
	read    map[string]routing.Case // by number, as they are stored
}

var (
	_ routing.Store = (*Store)(nil)
	_ routing.Tx    = (*tx)(nil)
)

// New returns the store on a migrated database. Closing it closes the database.
func New(db *DB, enqueue func(ctx context.Context, tx *sql.Tx, j routing.Job) error) *Store {
	s := &Store{reader: reader{pool{db.read}, db.dialect, db.vault, db.search}, db: db, enqueue: enqueue}
	if db.dialect == SQLite {
		s.group = newGroup(db.write)
	}
	return s
}

// Update implements routing.Store. fn must not call Update or SpendQuota itself (on SQLite it would wait for its own end), and should
// be quick: every other writer waits for it. Errors besides fn's: ErrConflict when the database gave up on it, ErrClosed.
func (s *Store) Update(ctx context.Context, fn func(tx routing.Tx) error) error {
	ctx, span := trace.SpanFromContext(ctx).TracerProvider().Tracer("jiesu/store").Start(ctx, "transaction")
	var after []func()
	err := s.transact(ctx, func(t *tx) error {
		if err := fn(t); err != nil {
			return err
		}
		after = t.after
		return nil
	})
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	span.End() // what follows isn't the transaction's time
	if err != nil {
		return translate(err)
	}
	for _, announce := range after {
		announce()
	}
	return nil
}

func (s *Store) transact(ctx context.Context, fn func(t *tx) error) error {
	if s.group != nil {
		return s.group.do(ctx, func(run *shared) error { return fn(s.tx(run.tx, run)) })
	}
	var err error
	for range maxRuns {
		if err = s.transactAlone(ctx, fn); !wantsRetry(err) {
			break
		}
	}
	return err
}

// transactAlone runs fn in a PostgreSQL transaction of its own. A panic rolls it back on its way.
func (s *Store) transactAlone(ctx context.Context, fn func(t *tx) error) error {
	// The caller's leaving ends the waiting for a connection, and a statement, but not the commit: cut off there, nobody would know what was
	// stored.
	alive, cancel := context.WithTimeout(context.WithoutCancel(ctx), transactionLimit)
	defer cancel()
	begun := context.AfterFunc(ctx, cancel)
	conn, sqlTx, err := s.begin(alive)
	if err != nil {
		return errors.Join(fmt.Errorf("begin: %w", err), ctx.Err())
	}
	defer func() { _ = conn.Close() }()     // back to the pool
	defer func() { _ = sqlTx.Rollback() }() // does nothing after the commit
	if !begun() {
		return ctx.Err()
	}
	run := &pipeline{conn: conn, tx: sqlTx}
	if err := fn(s.tx(sqlTx, run)); err != nil {
		return err
	}
	if err := run.flush(alive); err != nil {
		return err
	}
	if err := sqlTx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// begin starts a transaction on a connection that works.
func (s *Store) begin(ctx context.Context) (conn *sql.Conn, sqlTx *sql.Tx, err error) {
	err = pastBroken(func() error {
		if conn, err = s.db.write.Conn(ctx); err != nil {
			return err
		}
		if sqlTx, err = conn.BeginTx(ctx, nil); err != nil {
			_ = conn.Close()
		}
		return err
	})
	return conn, sqlTx, err
}

func (s *Store) tx(sqlTx *sql.Tx, run runner) *tx {
	return &tx{reader: reader{run, s.dialect, s.vault, s.search}, sql: sqlTx, enqueue: s.enqueue, now: s.db.now}
}

// Ping implements routing.Store. It fails, too, on a database that isn't migrated.
func (s *Store) Ping(ctx context.Context) error {
	if _, err := one(ctx, s.run, value[int64], `SELECT count(*) FROM keycheck`); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Close waits for the commit under way and closes the database. Stop whatever uses DB.Write before. It may be called twice.
func (s *Store) Close() error {
	if s.group != nil {
		s.group.close()
	}
	return s.db.Close()
}

// AfterCommit implements routing.Tx.
func (t *tx) AfterCommit(fn func()) { t.after = append(t.after, fn) }

// Enqueue implements routing.Tx. On SQLite the job queue writes under the shared turn's rules, so that its failing can't hurt others.
func (t *tx) Enqueue(ctx context.Context, j routing.Job) error {
	add := func(ctx context.Context) error { return t.enqueue(ctx, t.sql, j) }
	var err error
	if turn, ok := t.run.(*shared); ok {
		err = turn.guard(ctx, false, add)
	} else {
		err = add(ctx)
	}
	if err != nil {
		return fmt.Errorf("enqueue %s %s: %w", j.Kind, j.ID, translate(err))
	}
	return nil
}
