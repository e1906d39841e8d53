package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"jiesu/routing"
)

const importColumns = `id, name, by_id, by_name, headings, sample, row_count, mapping, dry, state, line, counts, problem, at, began, ended, version`

func (r reader) readImport(scan scanner) (i routing.Import, err error) {
	err = scan(&i.ID, &i.Name, &i.ByID, &i.By, asJSON{&i.Headings}, sealed{r.vault, "imports.sample", &i.Sample}, &i.Rows, asJSON{&i.Mapping}, &i.Dry, &i.State, &i.Line,
		asJSON{&i.Counts}, &i.Problem, when{&i.At}, when{&i.Began}, when{&i.Ended}, &i.Version)
	return i, err
}

// Import implements routing.Reader.
func (r reader) Import(ctx context.Context, id string) (routing.Import, error) {
	return one(ctx, r.run, r.readImport, `SELECT `+importColumns+` FROM imports WHERE id = $1`, id)
}

// Imports implements routing.Reader.
func (r reader) Imports(ctx context.Context, limit int) ([]routing.Import, error) {
	return list(ctx, r.run, r.readImport, `SELECT `+importColumns+` FROM imports ORDER BY at DESC, id DESC LIMIT $1`, limit)
}

// ImportFile implements routing.Reader.
func (r reader) ImportFile(ctx context.Context, id string) ([]byte, error) {
	text, err := one(ctx, r.run, func(scan scanner) (s string, err error) {
		err = scan(sealed{r.vault, "imports.content", &s})
		return s, err
	}, `SELECT content FROM import_files WHERE import_id = $1`, id)
	return []byte(text), err
}

// ImportMapping implements routing.Reader.
func (r reader) ImportMapping(ctx context.Context, headings []string) (m routing.OrderMapping, err error) {
	key, err := json.Marshal(headings)
	if err != nil {
		return nil, fmt.Errorf("write headings: %w", err)
	}
	return one(ctx, r.run, func(scan scanner) (m routing.OrderMapping, err error) {
		err = scan(asJSON{&m})
		return m, err
	}, `SELECT mapping FROM import_mappings WHERE headings = $1`, string(key))
}

// ImportLines implements routing.Reader.
func (r reader) ImportLines(ctx context.Context, id string, outcomes []routing.OrderOutcome, after, limit int) ([]routing.ImportLine, error) {
	read := func(scan scanner) (l routing.ImportLine, err error) {
		err = scan(&l.Line, &l.Outcome, &l.CaseNumber, &l.State, &l.Place.Item, &l.Place.Unit, &l.Place.District, &l.Reason, sealed{r.vault, "import_lines.cells", &l.Cells})
		return l, err
	}
	args, marks := []any{id, after}, make([]string, len(outcomes))
	for i, o := range outcomes {
		args = append(args, o)
		marks[i] = "$" + strconv.Itoa(len(args))
	}
	only := ""
	if len(marks) > 0 {
		only = ` AND outcome IN (` + strings.Join(marks, ", ") + `)`
	}
	return list(ctx, r.run, read, `SELECT line, outcome, case_number, state, item, unit, district, reason, cells FROM import_lines
		WHERE import_id = $1 AND line > $2`+only+` ORDER BY line LIMIT `+strconv.Itoa(limit), args...)
}

func (t *tx) importRow(i routing.Import) row {
	return row{{"id", i.ID}, {"name", i.Name}, {"by_id", i.ByID}, {"by_name", i.By}, {"headings", asJSON{i.Headings}}, {"sample", sealed{t.vault, "imports.sample", i.Sample}},
		{"row_count", i.Rows}, {"mapping", asJSON{i.Mapping}}, {"dry", i.Dry}, {"state", i.State}, {"line", i.Line}, {"counts", asJSON{i.Counts}}, {"problem", i.Problem},
		{"at", at(i.At)}, {"began", at(i.Began)}, {"ended", at(i.Ended)}, {"version", i.Version}}
}

// InsertImport implements routing.Tx.
func (t *tx) InsertImport(ctx context.Context, i routing.Import, content []byte) error {
	if err := insert(ctx, t.run, "imports", t.importRow(i)); err != nil {
		return fmt.Errorf("insert import: %w", err)
	}
	if err := insert(ctx, t.run, "import_files", row{{"import_id", i.ID}, {"content", sealed{t.vault, "imports.content", string(content)}}}); err != nil {
		return fmt.Errorf("keep file of import %s: %w", i.ID, err)
	}
	return nil
}

// UpdateImport implements routing.Tx.
func (t *tx) UpdateImport(ctx context.Context, i routing.Import) error {
	was := i.Version
	i.Version++
	if err := update(ctx, t.run, "imports", t.importRow(i), row{{"id", i.ID}, {"version", was}}, routing.ErrConflict); err != nil {
		return fmt.Errorf("update import %s: %w", i.ID, err)
	}
	return nil
}

// InsertImportLine implements routing.Tx.
func (t *tx) InsertImportLine(ctx context.Context, id string, l routing.ImportLine) error {
	err := insert(ctx, t.run, "import_lines", row{{"import_id", id}, {"line", l.Line}, {"outcome", l.Outcome}, {"case_number", l.CaseNumber}, {"state", l.State},
		{"item", l.Place.Item}, {"unit", l.Place.Unit}, {"district", l.Place.District}, {"reason", l.Reason}, {"cells", sealed{t.vault, "import_lines.cells", l.Cells}}})
	if err != nil {
		return fmt.Errorf("insert line %d of import %s: %w", l.Line, id, err)
	}
	return nil
}

// DropImportLines implements routing.Tx.
func (t *tx) DropImportLines(ctx context.Context, id string) error {
	if _, err := run(ctx, t.run, `DELETE FROM import_lines WHERE import_id = $1`, id); err != nil {
		return fmt.Errorf("drop lines of import %s: %w", id, err)
	}
	return nil
}

// PutImportMapping implements routing.Tx.
func (t *tx) PutImportMapping(ctx context.Context, headings []string, m routing.OrderMapping) error {
	_, err := run(ctx, t.run, `INSERT INTO import_mappings (headings, mapping) VALUES ($1, $2) ON CONFLICT (headings) DO UPDATE SET mapping = excluded.mapping`,
		asJSON{headings}, asJSON{m})
	if err != nil {
		return fmt.Errorf("remember mapping: %w", err)
	}
	return nil
}

// ForgetImports implements routing.Tx.
func (t *tx) ForgetImports(ctx context.Context, before time.Time) error {
	for _, statement := range []string{`DELETE FROM import_lines WHERE import_id IN (SELECT id FROM imports WHERE at < $1)`,
		`DELETE FROM import_files WHERE import_id IN (SELECT id FROM imports WHERE at < $1)`, `DELETE FROM imports WHERE at < $1`} {
		if _, err := run(ctx, t.run, statement, at(before)); err != nil {
			return fmt.Errorf("forget imports: %w", err)
		}
	}
	return nil
}
