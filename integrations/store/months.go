package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pressly/goose/v3"

	"jiesu/routing"
)

// monthly is a table that PostgreSQL keeps in a part for each month. What says the month is in the row's own key, so that each part holds by itself
// what is unique, and whoever asks for a case or a notice reads one part.
type monthly struct {
	table  string
	of     string                 // what its rows hang on, and what a writer therefore takes first
	column string                 // its values sort by time
	from   func(time.Time) string // the first value of a moment or later
	own    []string               // what each part has for itself, %s being its name
	rules  []string               // what the whole table has beside its columns; the indexes that the parts have already are taken over
}

// monthsAhead is how many months after the present one have their parts made: a server may be off for a while.
const monthsAhead = 3

// lockBriefly gives up instead of making everybody queue behind a lock that waits for a long reader.
const lockBriefly = `SET LOCAL lock_timeout = '5s'`

func monthlies() []monthly {
	return []monthly{
		{table: "events", of: "cases", column: "case_number", from: routing.NumbersFrom, own: []string{`ALTER TABLE %s ADD PRIMARY KEY (id)`}, rules: []string{
			`ALTER TABLE events ADD CONSTRAINT events_timeline UNIQUE (case_number, seq)`,
			`ALTER TABLE events ADD CONSTRAINT events_of_case FOREIGN KEY (case_number) REFERENCES cases (number)`,
		}},
		{table: "deliveries", of: "notices", column: "notice_id", from: routing.IDsFrom, rules: []string{
			`ALTER TABLE deliveries ADD CONSTRAINT deliveries_attempts PRIMARY KEY (notice_id, attempt)`,
			`ALTER TABLE deliveries ADD CONSTRAINT deliveries_of_notice FOREIGN KEY (notice_id) REFERENCES notices (id)`,
			`CREATE INDEX deliveries_reported ON deliveries (provider_id) WHERE provider_id <> ''`,
		}},
	}
}

// firstOf is the beginning of a month in Beijing, so many months after that of t.
func firstOf(t time.Time, after int) time.Time {
	t = t.In(routing.Beijing())
	return time.Date(t.Year(), t.Month()+time.Month(after), 1, 0, 0, 0, 0, t.Location())
}

// months is migration 00023. On PostgreSQL it makes tables that grow without end into tables of months: what is there stays where it is and becomes
// the first part. Names and columns stay as they were, so the version before works on. SQLite has no such thing.
func (db *DB) months() *goose.Migration {
	if db.dialect != Postgres {
		return goose.NewGoMigration(23, &goose.GoFunc{RunTx: func(context.Context, *sql.Tx) error { return nil }}, nil)
	}
	return goose.NewGoMigration(23, &goose.GoFunc{RunDB: func(ctx context.Context, sqlDB *sql.DB) error {
		for _, m := range monthlies() {
			if err := m.divide(ctx, sqlDB, db.now()); err != nil {
				return fmt.Errorf("divide %s by month: %w", m.table, err)
			}
		}
		return db.MakeMonths(ctx)
	}}, nil)
}

// divide makes the table the first part of a table of its name. Reading the whole table for proof that it fits is done beforehand and locks nobody out.
func (m monthly) divide(ctx context.Context, db *sql.DB, now time.Time) error {
	var done bool
	err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_partitioned_table WHERE partrelid = $1::regclass)`, m.table).Scan(&done)
	if err != nil || done {
		return err
	}
	end := m.from(firstOf(now, 2)) // nothing that is written while this runs reaches it
	for _, statement := range []string{
		`ALTER TABLE ` + m.table + ` DROP CONSTRAINT IF EXISTS ` + m.table + `_first_part`, // of an attempt that was broken off
		`ALTER TABLE ` + m.table + ` ADD CONSTRAINT ` + m.table + `_first_part CHECK (` + m.column + ` < '` + end + `') NOT VALID`,
		`ALTER TABLE ` + m.table + ` VALIDATE CONSTRAINT ` + m.table + `_first_part`,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	first := m.table + "_before"
	statements := append([]string{
		lockBriefly,
		`LOCK TABLE ` + m.of + ` IN SHARE ROW EXCLUSIVE MODE`,
		`LOCK TABLE ` + m.table + ` IN ACCESS EXCLUSIVE MODE`,
		`ALTER TABLE ` + m.table + ` RENAME TO ` + first,
		`CREATE TABLE ` + m.table + ` (LIKE ` + first + ` INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (` + m.column + `)`,
		`ALTER TABLE ` + m.table + ` DROP CONSTRAINT ` + m.table + `_first_part`, // the copy of it
	}, m.rules...)
	statements = append(statements,
		`ALTER TABLE `+m.table+` ATTACH PARTITION `+first+` FOR VALUES FROM (MINVALUE) TO ('`+end+`')`,
		`ALTER TABLE `+first+` DROP CONSTRAINT `+m.table+`_first_part`,
		`CREATE TABLE `+m.table+`_other PARTITION OF `+m.table+` DEFAULT`)
	statements = append(statements, m.ownOf(m.table+"_other")...)
	sqlTx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err := sqlTx.ExecContext(ctx, statement); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", statement, err), sqlTx.Rollback())
		}
	}
	return sqlTx.Commit()
}

func (m monthly) ownOf(part string) (statements []string) {
	for _, s := range m.own {
		statements = append(statements, fmt.Sprintf(s, part))
	}
	return statements
}

// MakeMonths makes the parts of the coming months where PostgreSQL keeps tables by month. It may be called at any time and by several at once. A row whose month
// has no part is kept in a part for such rows, so nothing is refused when this hasn't run; then that month's part can't be made and the error says so.
func (db *DB) MakeMonths(ctx context.Context) error {
	if db.dialect != Postgres {
		return nil
	}
	for _, m := range monthlies() {
		for i := range monthsAhead {
			// The first part ends two months after the month it was made in.
			from, to := firstOf(db.now(), i+1), firstOf(db.now(), i+2)
			if err := m.makePart(ctx, db.write, from, to); err != nil {
				return fmt.Errorf("make the part of %s for %s: %w", m.table, from.Format("2006-01"), err)
			}
		}
	}
	return nil
}

// makePart makes the part of a month unless some part has that month already.
func (m monthly) makePart(ctx context.Context, db *sql.DB, from, to time.Time) error {
	name := m.table + "_" + from.Format("200601")
	sqlTx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer sqlTx.Rollback() //nolint:errcheck // after a commit there is nothing to take back
	// One at a time: two that both find no part would both make it.
	if _, err := sqlTx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtext('jiesu months'))`); err != nil {
		return err
	}
	var there bool
	if err := sqlTx.QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL`, name).Scan(&there); err != nil || there {
		return err
	}
	var end string // of the first part, as a literal
	err = sqlTx.QueryRowContext(ctx, `SELECT substring(pg_get_expr(relpartbound, oid) FROM 'TO \(''(.*)''\)') FROM pg_class WHERE oid = $1::regclass`, m.table+"_before").Scan(&end)
	if err != nil || m.from(from) < end {
		return err
	}
	statements := append([]string{
		lockBriefly,
		`CREATE TABLE ` + name + ` (LIKE ` + m.table + ` INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`,
		// Attached, not made as a part: that would shut out who reads the table.
		`ALTER TABLE ` + m.table + ` ATTACH PARTITION ` + name + ` FOR VALUES FROM ('` + m.from(from) + `') TO ('` + m.from(to) + `')`,
	}, m.ownOf(name)...)
	for _, statement := range statements {
		if _, err := sqlTx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return sqlTx.Commit()
}
