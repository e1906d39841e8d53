package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// pipeline is a transaction of PostgreSQL that puts off statements whose outcome nobody waits for, and sends all of them at once, in their order, before
// the next one that somebody waits for and before the commit: a filing has some twenty, and each would be a way to the server and back.
type pipeline struct {
	conn *sql.Conn
	tx   *sql.Tx
	put  []putOff
}

// putOff is a statement that waits to be sent.
type putOff struct {
	statement string
	args      []any
	none      error // what it means that no row was touched; nil: nothing
	what      string
}

// later runs the statement, on PostgreSQL not before the next one that is waited for. none, unless nil, is the error when it touches no row.
func later(ctx context.Context, r runner, what, statement string, none error, args ...any) error {
	if p, ok := r.(*pipeline); ok {
		p.put = append(p.put, putOff{statement, args, none, what})
		return nil
	}
	n, err := run(ctx, r, statement, args...)
	if err == nil && n == 0 {
		err = none
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// flush sends what was put off. An error ends the transaction: PostgreSQL does nothing more in it.
func (p *pipeline) flush(ctx context.Context) error {
	if len(p.put) == 0 {
		return nil
	}
	list := p.put
	p.put = nil
	var batch pgx.Batch
	for _, s := range list {
		values := make([]any, len(s.args))
		for i, a := range s.args { // as database/sql would
			v, err := driver.DefaultParameterConverter.ConvertValue(a)
			if err != nil {
				return fmt.Errorf("%s: argument %d: %w", s.what, i+1, err)
			}
			values[i] = v
		}
		batch.Queue(s.statement, values...)
	}
	return p.conn.Raw(func(conn any) error {
		results := conn.(*stdlib.Conn).Conn().SendBatch(ctx, &batch)
		for _, s := range list {
			tag, err := results.Exec()
			if err != nil {
				err = translate(err)
			} else if tag.RowsAffected() == 0 {
				err = s.none
			}
			if err != nil {
				return errors.Join(fmt.Errorf("%s: %w", s.what, err), results.Close())
			}
		}
		return results.Close()
	})
}

// ExecContext implements runner.
func (p *pipeline) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := p.flush(ctx); err != nil {
		return nil, err
	}
	return p.tx.ExecContext(ctx, query, args...)
}

// QueryContext implements runner.
func (p *pipeline) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := p.flush(ctx); err != nil {
		return nil, err
	}
	return p.tx.QueryContext(ctx, query, args...)
}
