package store

import (
	linked "container/list"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"modernc.org/sqlite"
)

// maxReady bounds the memory of statements that a connection keeps ready; ours and the job queue's are some two hundred and fifty.
const maxReady = 400

// openReady opens a pool of SQLite connections that keep their statements ready, since reading the text of one takes as long as running it, and
// database/sql reads it each time, whoever asks: our queries, the job queue's, a page's.
func openReady(dsn string) (*sql.DB, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector{c}), nil
}

type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &readyConn{sqliteConn: conn.(sqliteConn), idle: map[string]*linked.Element{}}, nil
}

// sqliteConn and sqliteStmt are what the driver's connections and statements can do, of what database/sql asks for.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// readyConn is a connection with the statements that it ran last. One that is in use isn't among them: whoever comes with the same text meanwhile gets one
// of their own. database/sql lets nobody else at a connection, its statements and its rows while one of their methods runs, so it needs no lock.
type readyConn struct {
	sqliteConn
	idle  map[string]*linked.Element // by text
	order linked.List                // of idleStmt, the one used last in front
}

type idleStmt struct {
	query string
	stmt  sqliteStmt
}

// Unwrap is asked for by the driver's own functions.
func (c *readyConn) Unwrap() driver.Conn { return c.sqliteConn }

func (c *readyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	r, err := s.ExecContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return r, c.keep(query, s)
}

func (c *readyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &readyRows{rows, func() error { return c.keep(query, s) }}, nil
}

func (c *readyConn) Close() error {
	var errs []error
	for e := c.order.Front(); e != nil; e = e.Next() {
		errs = append(errs, e.Value.(idleStmt).stmt.Close())
	}
	return errors.Join(append(errs, c.sqliteConn.Close())...)
}

// take returns a statement that nobody else uses.
func (c *readyConn) take(ctx context.Context, query string) (sqliteStmt, error) {
	if e := c.idle[query]; e != nil {
		delete(c.idle, query)
		return c.order.Remove(e).(idleStmt).stmt, nil
	}
	s, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.(sqliteStmt), nil
}

// keep takes it back, and lets go of the one that was used longest ago.
func (c *readyConn) keep(query string, s sqliteStmt) error {
	if c.idle[query] != nil {
		return s.Close()
	}
	c.idle[query] = c.order.PushFront(idleStmt{query, s})
	if c.order.Len() <= maxReady {
		return nil
	}
	oldest := c.order.Remove(c.order.Back()).(idleStmt)
	delete(c.idle, oldest.query)
	return oldest.stmt.Close()
}

// readyRows gives its statement back when it is closed.
type readyRows struct {
	driver.Rows
	done func() error
}

func (r *readyRows) Close() error {
	err := r.Rows.Close()
	if r.done != nil {
		err = errors.Join(err, r.done())
		r.done = nil
	}
	return err
}
