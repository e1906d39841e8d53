package routing

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Import is a file of work orders that was uploaded, and what became of it (工单导入).
type Import struct {
	ID       string
	Name     string // of the file
	ByID     string // user who uploaded it
	By       string
	Headings []string
	Sample   [][]string // first rows, for choosing the columns. Personal data
	Rows     int
	Mapping  OrderMapping
	Dry      bool
	State    ImportState
	Line     int // last line that is settled
	Counts   map[OrderOutcome]int
	Problem  string    // key of the sentence that says why it failed
	At       time.Time // uploaded
	Began    time.Time // the run that is going on, or was last; zero: none
	Ended    time.Time // zero while it goes on
	Version  int64
}

// ImportState is how far an import has come; its Chinese name is in the catalogue under "import.state.<value>".
type ImportState string

// The states.
const (
	ImportReady   ImportState = "ready"   // uploaded, or tried: columns can be chosen
	ImportRunning ImportState = "running" // in the queue or under way
	ImportDone    ImportState = "done"    // filed
	ImportFailed  ImportState = "failed"  // Problem says why; it can be begun again
)

// Told is how many rows are settled.
func (i Import) Told() (n int) {
	for _, c := range i.Counts {
		n += c
	}
	return n
}

// ImportLine is what became of one row: of each in a dry run, else of those that weren't plainly filed.
type ImportLine struct {
	Line       int
	Outcome    OrderOutcome
	CaseNumber string
	Place      Placement // where it would go
	State      State     // what it would be
	Reason     string    // a sentence
	Cells      []string  // of a wrong one. Personal data
}

// ImportsKept is how long uploaded files stay: they hold personal data that the cases have by then.
const ImportsKept = 30 * 24 * time.Hour

// AddImport keeps an uploaded file. Error: ErrForbidden.
func (d *Desk) AddImport(ctx context.Context, actor Actor, i Import, content []byte) (Import, error) {
	if !actor.May(DeedServe) {
		return Import{}, ErrForbidden
	}
	i.ID, i.ByID, i.By, i.State, i.At, i.Version = NewID(), actor.ID, actor.Name, ImportReady, d.now(), 1
	err := d.store.Update(ctx, func(tx Tx) error {
		known, err := tx.ImportMapping(ctx, i.Headings)
		if err == nil {
			i.Mapping = known // as somebody chose it last for such a file
		} else if err := orMissing(err, "look for a remembered mapping"); err != nil {
			return err
		}
		return tx.InsertImport(ctx, i, content)
	})
	return i, err
}

// StartImport begins a run, dry or not, with columns as they were chosen, and remembers them for files with such headings. Errors: ErrForbidden, ErrNotFound;
// ErrConflict: it is running, or done; *InvalidError of the columns.
func (d *Desk) StartImport(ctx context.Context, actor Actor, id string, m OrderMapping, dry bool) error {
	if !actor.May(DeedServe) {
		return ErrForbidden
	}
	return d.store.Update(ctx, func(tx Tx) error {
		i, err := tx.Import(ctx, id)
		if err != nil {
			return err
		}
		if i.State == ImportRunning || i.State == ImportDone {
			return ErrConflict
		}
		if err := m.Check(len(i.Headings)); err != nil {
			return err
		}
		resumed := i.State == ImportFailed && !dry && !i.Dry && i.Line > 0
		i.Mapping, i.Dry, i.State, i.Problem, i.Began, i.Ended = m, dry, ImportRunning, "", d.now(), time.Time{}
		if !resumed {
			i.Line, i.Counts = 0, nil
			if err := tx.DropImportLines(ctx, id); err != nil {
				return err
			}
		}
		if err := tx.UpdateImport(ctx, i); err != nil {
			return err
		}
		if err := tx.PutImportMapping(ctx, i.Headings, m); err != nil {
			return err
		}
		return tx.Enqueue(ctx, Job{Kind: JobImport, ID: id})
	})
}

// Imports lists the newest first. Error: ErrForbidden.
func (d *Desk) Imports(ctx context.Context, actor Actor, limit int) ([]Import, error) {
	if !actor.May(DeedServe) {
		return nil, ErrForbidden
	}
	list, err := d.store.Imports(ctx, limit)
	if err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	return list, nil
}

// ImportOf is an import with the next of its lines after one. Errors: ErrForbidden, ErrNotFound.
func (d *Desk) ImportOf(ctx context.Context, actor Actor, id string, outcomes []OrderOutcome, after, limit int) (i Import, lines []ImportLine, err error) {
	if !actor.May(DeedServe) {
		return i, nil, ErrForbidden
	}
	if i, err = d.store.Import(ctx, id); err != nil {
		return i, nil, err
	}
	lines, err = d.store.ImportLines(ctx, id, outcomes, after, limit)
	return i, lines, err
}

// Progress puts on record what became of a stretch of rows.
func (i *Import) progress(verdicts []OrderVerdict, line int) {
	counts := map[OrderOutcome]int{}
	for o, n := range i.Counts {
		counts[o] = n
	}
	for _, v := range verdicts {
		counts[v.Outcome]++
	}
	i.Counts, i.Line = counts, line
}

// RecordImport puts on record what became of rows up to a line. Errors: ErrNotFound, ErrConflict: somebody else has begun it anew.
func (d *Desk) RecordImport(ctx context.Context, id string, verdicts []OrderVerdict, words Wording) error {
	return d.store.Update(ctx, func(tx Tx) error {
		i, err := tx.Import(ctx, id)
		if err != nil {
			return err
		}
		if i.State != ImportRunning || len(verdicts) == 0 {
			return ErrConflict
		}
		i.progress(verdicts, verdicts[len(verdicts)-1].Line)
		for _, v := range verdicts {
			if v.Outcome == OrderFiled && !i.Dry {
				continue
			}
			if err := tx.InsertImportLine(ctx, id, lineOf(v, words)); err != nil {
				return err
			}
		}
		return tx.UpdateImport(ctx, i)
	})
}

func lineOf(v OrderVerdict, words Wording) ImportLine {
	l := ImportLine{Line: v.Line, Outcome: v.Outcome, CaseNumber: v.Case.Number, State: v.Case.State,
		Place: Placement{Item: v.Case.Item, Unit: v.Case.Unit, District: v.Case.District}}
	if v.Err != nil {
		l.Reason = words.Text("order.field."+v.Err.Field) + words.Text("order.rejected.colon") + v.Err.Say(words)
		l.Cells = slices.Clone(v.Cells)
	}
	return l
}

// EndImport puts on record how a run ended; problem is the key of a sentence, "" when it went through. A dry run leaves the file ready.
func (d *Desk) EndImport(ctx context.Context, id, problem string) error {
	return d.store.Update(ctx, func(tx Tx) error {
		i, err := tx.Import(ctx, id)
		if err != nil || i.State != ImportRunning {
			return err
		}
		i.Ended, i.Problem = d.now(), problem
		switch {
		case problem != "":
			i.State = ImportFailed
		case i.Dry:
			i.State = ImportReady
		default:
			i.State = ImportDone
		}
		return tx.UpdateImport(ctx, i)
	})
}

// ForgetImports drops files that were uploaded long ago, with what their rows said.
func (d *Desk) ForgetImports(ctx context.Context) error {
	return d.store.Update(ctx, func(tx Tx) error { return tx.ForgetImports(ctx, d.now().Add(-ImportsKept)) })
}
