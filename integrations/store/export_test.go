package store

import (
	"context"
	"database/sql"

	"github.com/pressly/goose/v3"

	"jiesu/routing"
)

// MigrateBut brings an empty database up to the schema without one version, as if that were the newest.
func (db *DB) MigrateBut(ctx context.Context, version int64) error {
	p, err := db.provider(goose.WithExcludeVersions([]int64{version}))
	if err == nil {
		_, err = p.Up(ctx)
	}
	return err
}

// MigrateMissing brings a database from there to the whole schema.
func (db *DB) MigrateMissing(ctx context.Context) error {
	p, err := db.provider(goose.WithAllowOutofOrder(true))
	if err == nil {
		_, err = p.Up(ctx)
	}
	return err
}

// PackMatter is a matter as it is stored, for benchmarks that write many at once.
func PackMatter(m routing.Matter) []byte { return packMatter(m) }

// Seal is a text as a sealed column holds it.
func (db *DB) Seal(column, text string) string { return db.vault.seal(column, text) }

// Terms are the words of a text as the index holds them.
func (db *DB) Terms(texts ...string) string {
	seen := map[string]bool{}
	db.search.indexed(seen, texts...)
	return lexemes(seen)
}

// Watched reads the database and tells of each statement before it runs.
func (db *DB) Watched(tell func(query string, args []any)) routing.Reader {
	return reader{watched{db.read, tell}, db.dialect, db.vault, db.search}
}

type watched struct {
	runner
	tell func(query string, args []any)
}

func (w watched) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	w.tell(query, args)
	return w.runner.QueryContext(ctx, query, args...) //nolint:sqlclosecheck // the caller's to close
}

// SealedColumns are the columns that hold sealed values, as table.column.
func SealedColumns() (list []string) {
	for _, t := range sealedTables() {
		for c := range t.columns {
			list = append(list, t.name+"."+c)
		}
	}
	return list
}
