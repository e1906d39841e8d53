package hotline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"jiesu/routing"
)

// Uploads imports files that came through a page, as jobs: a run goes on where the last one ended, whatever ended it.
type Uploads struct {
	Importer
	Store   routing.Store
	Logger  *slog.Logger
	Stretch time.Duration // how long one run works, less than a job may take
}

// samples is how many rows are shown for choosing the columns.
const samples = 3

// longestName is how much of a file's name is kept.
const longestName = 120

// Upload keeps a file and returns its import, with the columns as they were chosen last for such a file, or else as the headings say. Errors:
// routing.ErrForbidden; *routing.InvalidError: it is no table of orders.
func (u *Uploads) Upload(ctx context.Context, actor routing.Actor, name string, content []byte) (routing.Import, error) {
	sheet, err := Open(content, u.Rules)
	if err != nil {
		return routing.Import{}, err
	}
	defer sheet.Close() //nolint:errcheck // only read
	i := routing.Import{Name: short(name), Headings: sheet.Headings, Mapping: u.Rules.Guess(sheet.Headings)}
	for {
		o, err := sheet.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return routing.Import{}, err
		}
		if i.Rows++; len(i.Sample) < samples {
			i.Sample = append(i.Sample, o.Cells)
		}
	}
	if i.Rows == 0 {
		return routing.Import{}, &routing.InvalidError{Field: "file", Key: "error.order_file_empty"}
	}
	return u.Desk.AddImport(ctx, actor, i, content)
}

func short(name string) string {
	name = strings.ToValidUTF8(name, "")
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	if r := []rune(name); len(r) > longestName {
		return string(r[:longestName])
	}
	return name
}

// Import implements jobs.Importer.
func (u *Uploads) Import(ctx context.Context, id string) (more bool, err error) {
	i, err := u.Store.Import(ctx, id)
	if errors.Is(err, routing.ErrNotFound) || err == nil && i.State != routing.ImportRunning {
		return false, nil // forgotten, or ended already
	}
	if err != nil {
		return false, fmt.Errorf("load import %s: %w", id, err)
	}
	content, err := u.Store.ImportFile(ctx, id)
	if err != nil {
		return false, fmt.Errorf("load file of import %s: %w", id, err)
	}
	sheet, err := Open(content, u.Rules)
	if err != nil {
		return false, u.end(ctx, id, err)
	}
	defer sheet.Close() //nolint:errcheck // only read
	began := u.Now()
	var told []routing.OrderVerdict
	pass := Pass{Actor: routing.Actor{Role: routing.RoleOperator, ID: i.ByID, Name: i.By}, Mapping: i.Mapping, Dry: i.Dry, After: i.Line,
		Tell: func(v routing.OrderVerdict) error {
			told = append(told, v)
			return nil
		},
		Settled: func() error {
			err := u.Desk.RecordImport(ctx, id, told, u.Wording)
			if told = told[:0]; err != nil {
				return err
			}
			if u.Now().Sub(began) >= u.Stretch {
				return ErrPaused
			}
			return nil
		}}
	err = u.Run(ctx, sheet, pass)
	switch {
	case errors.Is(err, ErrPaused):
		return true, nil
	case errors.Is(err, routing.ErrConflict): // begun anew by somebody, or ended
		return false, nil
	}
	return false, u.end(ctx, id, err)
}

// end puts on record how the run ended. What is wrong with the file is said to who uploaded it; what is wrong with us is tried again.
func (u *Uploads) end(ctx context.Context, id string, cause error) error {
	var bad *routing.InvalidError
	problem := ""
	if errors.As(cause, &bad) {
		problem = bad.Key
	} else if cause != nil {
		return fmt.Errorf("import %s: %w", id, cause)
	}
	if err := u.Desk.EndImport(ctx, id, problem); err != nil {
		return fmt.Errorf("end import %s: %w", id, err)
	}
	u.Logger.InfoContext(ctx, "import ended", "import_id", id, "problem", problem)
	return nil
}

// Rejected writes the rows of an import that were wrong, with what to mend in each.
func (u *Uploads) Rejected(ctx context.Context, actor routing.Actor, id string, w io.Writer) error {
	after := 0
	var out *Rejects
	for {
		i, lines, err := u.Desk.ImportOf(ctx, actor, id, []routing.OrderOutcome{routing.OrderWrong}, after, batch*10)
		if err != nil {
			return err
		}
		if out == nil {
			if out, err = NewRejects(w, i.Headings, u.Wording); err != nil {
				return err
			}
		}
		for _, l := range lines {
			if err := out.write(l.Cells, l.Reason); err != nil {
				return err
			}
			after = l.Line
		}
		if len(lines) < batch*10 {
			return nil
		}
	}
}
