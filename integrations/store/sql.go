package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"jiesu/routing"
)

// runner is what runs SQL: a pool, a transaction, or a turn in a shared one.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// pool is a runner that gets past connections which broke while they waited in the pool.
type pool struct{ db *sql.DB }

func (p pool) ExecContext(ctx context.Context, query string, args ...any) (res sql.Result, err error) {
	err = pastBroken(func() error {
		res, err = p.db.ExecContext(ctx, query, args...)
		return err
	})
	return res, err
}

func (p pool) QueryContext(ctx context.Context, query string, args ...any) (rows *sql.Rows, err error) {
	err = pastBroken(func() error {
		rows, err = p.db.QueryContext(ctx, query, args...) //nolint:sqlclosecheck // the caller's to close
		return err
	})
	return rows, err
}

// pastBroken tries again after a connection that was broken before anything was sent on it. database/sql does so itself, twice and then on a new
// connection; but who waits for one of a full pool may be handed a broken one instead of the new.
func pastBroken(try func() error) (err error) {
	for range 5 {
		if err = try(); !errors.Is(err, driver.ErrBadConn) {
			break
		}
	}
	return err
}

// errBroken: the database ended the transaction in the middle of it, so nothing of it was stored.
var errBroken = errors.New("the transaction was broken off by the database")

// shared is one function's turn in a shared SQLite transaction. It keeps the function's context away from the connection (an
// interrupted write makes SQLite roll back everybody's work), and lets nothing run after an error that may have ended the
// transaction: it would be committed by itself.
type shared struct {
	turn
	wrote bool // perhaps
	dead  error
}

func (s *shared) ExecContext(ctx context.Context, query string, args ...any) (res sql.Result, err error) {
	err = s.guard(ctx, false, func(ctx context.Context) error {
		res, err = s.tx.ExecContext(ctx, query, args...)
		return err
	})
	return res, err
}

func (s *shared) QueryContext(ctx context.Context, query string, args ...any) (rows *sql.Rows, err error) {
	err = s.guard(ctx, strings.HasPrefix(query, "SELECT "), func(ctx context.Context) error {
		rows, err = s.tx.QueryContext(ctx, query, args...) //nolint:sqlclosecheck // the caller's to close
		return err
	})
	return rows, err
}

func (s *shared) guard(ctx context.Context, reads bool, run func(ctx context.Context) error) error {
	if s.dead != nil {
		return s.dead
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.wrote = s.wrote || !reads
	err := run(context.WithoutCancel(ctx))
	if endsTransaction(err) {
		s.dead = fmt.Errorf("%w: %w", errBroken, err)
	}
	return err
}

// scanner reads the columns of one row.
type scanner func(dest ...any) error

// list runs the query and reads every row. The rows are closed before it returns: an open one holds its connection.
func list[T any](ctx context.Context, r runner, read func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := r.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, translate(err)
	}
	defer func() { _ = rows.Close() }() // its error is rows.Err's
	var all []T
	for rows.Next() {
		v, err := read(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, translate(rows.Err())
}

// one reads the first row; ErrNotFound when there is none.
func one[T any](ctx context.Context, r runner, read func(scanner) (T, error), query string, args ...any) (T, error) {
	all, err := list(ctx, r, read, query, args...)
	if err == nil && len(all) == 0 {
		err = routing.ErrNotFound
	}
	if err != nil {
		var none T
		return none, err
	}
	return all[0], nil
}

// value reads a row of one column.
func value[T any](scan scanner) (v T, err error) {
	err = scan(&v)
	return v, err
}

// run executes a statement and returns how many rows it touched.
func run(ctx context.Context, r runner, statement string, args ...any) (int64, error) {
	res, err := r.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, translate(err)
	}
	n, err := res.RowsAffected()
	return n, translate(err)
}

// row is what is written: columns beside their values.
type row []column

// value is what the column is set to, nil if there is none of this name.
func (r row) value(name string) any {
	for _, c := range r {
		if c.name == name {
			return c.value
		}
	}
	return nil
}

// with is the row with another value in a column.
func (r row) with(name string, value any) row {
	other := slices.Clone(r)
	for i, c := range other {
		if c.name == name {
			other[i].value = value
		}
	}
	return other
}

// since is the row's columns that are other than before in a row of the same columns; the first ones, which belong together, all or none.
func (r row) since(before row, together int) row {
	same := func(i int) bool { return reflect.DeepEqual(r[i].value, before[i].value) }
	var changed row
	for i := range together {
		if !same(i) {
			changed = append(changed, r[:together]...)
			break
		}
	}
	for i := together; i < len(r); i++ {
		if !same(i) {
			changed = append(changed, r[i])
		}
	}
	return changed
}

type column struct {
	name  string
	value any
}

// insert adds the row; ErrExists when a unique key is taken. The clash is no error to the database, since after one PostgreSQL does
// nothing more in the transaction.
func insert(ctx context.Context, r runner, table string, row row) error {
	statement, args := row.insert(table)
	n, err := run(ctx, r, statement, args...)
	if err == nil && n == 0 {
		err = routing.ErrExists
	}
	return err
}

// insertLater adds the row as insert does, when nobody waits to learn whether the key is taken.
func insertLater(ctx context.Context, r runner, what, table string, row row) error {
	statement, args := row.insert(table)
	return later(ctx, r, what, statement, routing.ErrExists, args...)
}

func (r row) insert(table string) (statement string, args []any) {
	names, marks, args := make([]string, len(r)), make([]string, len(r)), make([]any, len(r))
	for i, c := range r {
		names[i], marks[i], args[i] = c.name, "$"+strconv.Itoa(i+1), c.value
	}
	return "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(marks, ", ") + ") ON CONFLICT DO NOTHING", args
}

// update sets the row's columns where the key's columns are equal; miss is the error when that is nowhere.
func update(ctx context.Context, r runner, table string, row, key row, miss error) error {
	statement, args := row.update(table, key)
	n, err := run(ctx, r, statement, args...)
	if err == nil && n == 0 {
		err = miss
	}
	return err
}

// updateLater sets the columns as update does, when nobody waits to learn whether there is such a row.
func updateLater(ctx context.Context, r runner, what, table string, row, key row, miss error) error {
	statement, args := row.update(table, key)
	return later(ctx, r, what, statement, miss, args...)
}

func (r row) update(table string, key row) (statement string, args []any) {
	pairs := func(cs []column, glue string) string {
		parts := make([]string, len(cs))
		for i, c := range cs {
			args = append(args, c.value)
			parts[i] = c.name + " = $" + strconv.Itoa(len(args))
		}
		return strings.Join(parts, glue)
	}
	statement = "UPDATE " + table + " SET " + pairs(r, ", ") + " WHERE " + pairs(key, " AND ")
	return statement, args
}

// conditions builds a WHERE clause. In each one ? stands for the next argument.
type conditions struct {
	parts []string
	args  []any
	from  string            // where the cases are read
	names map[string]string // of columns that are called otherwise there
	few   string            // where those columns alone can be read; "" when others were asked for
}

// column is what a column of cases is called where they are read. One that only the cases themselves have makes them be read.
func (c *conditions) column(name string) string {
	if other, ok := c.names[name]; ok {
		return other
	}
	c.few = ""
	return name
}

func (c *conditions) add(part string, args ...any) {
	for _, a := range args {
		c.args = append(c.args, a)
		part = strings.Replace(part, "?", "$"+strconv.Itoa(len(c.args)), 1)
	}
	c.parts = append(c.parts, part)
}

func (c *conditions) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}
