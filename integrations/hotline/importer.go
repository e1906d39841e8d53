package hotline

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"jiesu/routing"
)

// Importer files work orders.
type Importer struct {
	Desk    *routing.Desk
	Judge   routing.Judge
	Rules   routing.OrderRules
	Wording routing.Wording
	Now     func() time.Time
}

const (
	// batch is how many orders are filed in one transaction: enough that the disk isn't waited for with each, few enough that others get their turn.
	batch = 50
	// readers judge rows side by side.
	readers = 4
)

// Pass is one way through a sheet.
type Pass struct {
	Actor   routing.Actor
	Mapping routing.OrderMapping
	Dry     bool                             // say what would become of each order, and change nothing
	After   int                              // lines up to this one were done before
	Tell    func(routing.OrderVerdict) error // of each row, in the order of the sheet; after it was filed
	Settled func() error                     // after each batch of rows that Tell has told of; ErrPaused breaks off. nil: nothing
}

// ErrPaused breaks a pass off after a batch, to go on later.
var ErrPaused = errors.New("import paused")

// judged is a row that was read.
type judged struct {
	order     routing.WorkOrder
	complaint routing.Complaint
	wrong     *routing.InvalidError
}

// Run takes the sheet from its next row to its end. A row is filed wholly or not at all; rows are told of once they are durable, and filing them again finds
// them by their number, so a run that was broken off is simply begun again. Errors: *routing.InvalidError of the mapping or the file, what Tell says,
// ctx's, the database's.
func (i *Importer) Run(ctx context.Context, s *Sheet, p Pass) error {
	if err := p.Mapping.Check(len(s.Headings)); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	batches := make(chan chan []judged, readers)
	g.Go(func() error {
		defer close(batches)
		for {
			orders, last, err := take(s, p.After)
			if err != nil {
				return err
			}
			ready := make(chan []judged, 1)
			select {
			case batches <- ready:
			case <-ctx.Done():
				return ctx.Err()
			}
			g.Go(func() error {
				ready <- i.read(orders, p.Mapping)
				return nil
			})
			if last {
				return nil
			}
		}
	})
	g.Go(func() error {
		for ready := range batches {
			if err := i.settle(ctx, <-ready, p); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// take reads the rows of a batch.
func take(s *Sheet, after int) (orders []routing.WorkOrder, last bool, err error) {
	for len(orders) < batch {
		o, err := s.Next()
		switch {
		case errors.Is(err, io.EOF):
			return orders, true, nil
		case err != nil:
			return nil, false, err
		}
		if o.Line > after {
			orders = append(orders, o)
		}
	}
	return orders, false, nil
}

func (i *Importer) read(orders []routing.WorkOrder, m routing.OrderMapping) []judged {
	list := make([]judged, len(orders))
	for n, o := range orders {
		list[n].order = o
		c, err := i.Rules.Complaint(o, m, i.Desk.Plan(), i.Wording, i.Now())
		if errors.As(err, &list[n].wrong) {
			continue
		}
		district := c.Judgement.District
		c.Judgement = i.Judge.Judge(c.Text)
		if district != "" {
			c.Judgement.District = district
		}
		list[n].complaint = c
	}
	return list
}

// settle files what was read, or tries it, and tells.
func (i *Importer) settle(ctx context.Context, rows []judged, p Pass) error {
	verdicts, err := i.file(ctx, rows, p)
	if err != nil {
		return err
	}
	next := 0
	for _, r := range rows {
		v := routing.OrderVerdict{Outcome: routing.OrderWrong, Err: r.wrong}
		if r.wrong == nil {
			v, next = verdicts[next], next+1
		}
		v.WorkOrder = r.order
		if err := p.Tell(v); err != nil {
			return fmt.Errorf("tell of line %d: %w", r.order.Line, err)
		}
	}
	if p.Settled == nil || len(rows) == 0 {
		return nil
	}
	return p.Settled()
}

func (i *Importer) file(ctx context.Context, rows []judged, p Pass) (verdicts []routing.OrderVerdict, err error) {
	var good []routing.Complaint
	for _, r := range rows {
		if r.wrong == nil {
			good = append(good, r.complaint)
		}
	}
	if !p.Dry {
		for range 3 { // somebody else may have filed one of them meanwhile; then it is found
			verdicts, err = i.Desk.FileOrders(ctx, p.Actor, good)
			if !errors.Is(err, routing.ErrExists) && !errors.Is(err, routing.ErrConflict) {
				break
			}
		}
		return verdicts, err
	}
	for _, c := range good {
		v, err := i.Desk.TryOrder(ctx, p.Actor, c)
		if err != nil {
			return nil, err
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}

// Rejects writes rows that are wrong, with a last column that says what to mend.
type Rejects struct {
	out     *csv.Writer
	words   routing.Wording
	columns int
}

// NewRejects begins a file of rejected rows in UTF-8 with the mark that spreadsheets know it by.
func NewRejects(w io.Writer, headings []string, words routing.Wording) (*Rejects, error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, fmt.Errorf("write rejected rows: %w", err)
	}
	r := &Rejects{out: csv.NewWriter(w), words: words, columns: len(headings)}
	return r, r.write(headings, words.Text("order.rejected.reason"))
}

// Add writes a row and why it was refused.
func (r *Rejects) Add(v routing.OrderVerdict) error {
	return r.write(v.Cells, r.words.Text("order.field."+v.Err.Field)+r.words.Text("order.rejected.colon")+v.Err.Say(r.words))
}

func (r *Rejects) write(cells []string, reason string) error {
	row := make([]string, max(r.columns, len(cells)), max(r.columns, len(cells))+1)
	for i, c := range cells {
		row[i] = harmless(c)
	}
	if err := r.out.Write(append(row, reason)); err != nil {
		return fmt.Errorf("write rejected rows: %w", err)
	}
	r.out.Flush()
	if err := r.out.Error(); err != nil {
		return fmt.Errorf("write rejected rows: %w", err)
	}
	return nil
}

// harmless keeps a spreadsheet from taking a cell for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
