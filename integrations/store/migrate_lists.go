package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"

	"github.com/pressly/goose/v3"

	"jiesu/routing"
)

//go:embed migrations/lists/*.sql
var listMigrations embed.FS

// lists is migration 00009. It is written in Go because the words of the cases that there are must be cut by this program, and because the two
// databases keep words each in its own way.
func (db *DB) lists() *goose.Migration {
	return goose.NewGoMigration(9, &goose.GoFunc{RunTx: func(ctx context.Context, sqlTx *sql.Tx) error {
		for _, name := range []string{"both", string(db.dialect)} {
			text, err := listMigrations.ReadFile("migrations/lists/" + name + ".sql")
			if err != nil {
				return err
			}
			if _, err := sqlTx.ExecContext(ctx, string(text)); err != nil {
				return fmt.Errorf("make lists (%s): %w", name, err)
			}
		}
		t := &tx{reader: reader{run: sqlTx, dialect: db.dialect, vault: db.vault, search: db.search}, sql: sqlTx, now: db.now}
		return t.indexAll(ctx)
	}}, nil)
}

// saying is what of a case its words are made of.
const saying = `number, complaint, enterprise, category, item, unit, district`

// indexAll writes the words of every case, a thousand at a time.
func (t *tx) indexAll(ctx context.Context) error {
	read := func(scan scanner) (c routing.Case, err error) {
		err = scan(&c.Number, &c.Text, &c.Contact.Enterprise, &c.Category, &c.Item, &c.Unit, &c.District)
		return c, err
	}
	for last := ""; ; {
		cases, err := list(ctx, t.run, read, `SELECT `+saying+` FROM cases WHERE number > $1 ORDER BY number LIMIT 1000`, last)
		if err != nil {
			return fmt.Errorf("read cases to index: %w", err)
		}
		for _, c := range cases {
			events, err := t.Events(ctx, c.Number)
			if err != nil {
				return fmt.Errorf("read what was said of case %s: %w", c.Number, err)
			}
			if err := t.index(ctx, c, events); err != nil {
				return err
			}
			last = c.Number
		}
		if len(cases) == 0 {
			return nil
		}
	}
}
