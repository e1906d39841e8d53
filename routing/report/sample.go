package report

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"jiesu/routing"
)

// Draw is a sample of answered cases for evaluation by a third party (第三方评估). It is random, and the same whoever draws it again: the period and
// the number of a case decide, and nothing that happened after the period.
type Draw struct {
	Period   string    // 2026-11, 2026-Q4 or 2026
	From, To time.Time // of the period in Beijing, To excluded
	Size     int
}

// NewDraw reads the period. Errors: another form than a month, a quarter or a year; a size below 1.
func NewDraw(period string, size int) (Draw, error) {
	d := Draw{Period: period, Size: size}
	if year, err := strconv.Atoi(period); err == nil && len(period) == len("2026") {
		d.From = time.Date(year, 1, 1, 0, 0, 0, 0, beijing)
		d.To = d.From.AddDate(1, 0, 0)
	} else if p, err := ParsePeriod(period); err == nil && p.Kind != Weekly {
		span := p.Span()
		d.From, d.To = span.From.In(beijing), span.To.In(beijing)
	} else {
		return Draw{}, fmt.Errorf("period %q must be a month (2026-11), a quarter (2026-Q4) or a year (2026)", period)
	}
	if size < 1 {
		return Draw{}, fmt.Errorf("a sample of %d cases is none", size)
	}
	return d, nil
}

// Drawn is a case of the sample as it stood at the end of the period. It names nobody.
type Drawn struct {
	Case     routing.Case
	Answered time.Time // last answer in the period
	Days     float64   // working days of the unit until then, -1 unknown
	Late     bool
	Extended int // working days

	rank [sha256.Size]byte
}

// Cases draws the sample, in the order of the numbers. total is how many cases were answered in the period.
func (d Draw) Cases(ctx context.Context, store routing.Reader, plan *routing.Plan) (drawn []Drawn, total int, err error) {
	err = store.Histories(ctx, routing.Span{From: d.From, To: d.To}, func(h routing.History) error {
		if one, ok := d.look(h, plan); ok {
			drawn = append(drawn, one)
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("draw a sample: %w", err)
	}
	total = len(drawn)
	slices.SortFunc(drawn, func(a, b Drawn) int { return bytes.Compare(a.rank[:], b.rank[:]) })
	drawn = drawn[:min(d.Size, total)]
	slices.SortFunc(drawn, func(a, b Drawn) int { return cmp.Compare(a.Case.Number, b.Case.Number) })
	return drawn, total, nil
}

// look replays the case up to the end of the period. False: it wasn't answered in the period, or was taken back or handed on by its end.
func (d Draw) look(h routing.History, plan *routing.Plan) (Drawn, bool) {
	one := Drawn{Case: routing.Case{Number: h.Number, Channel: h.Channel, FiledAt: h.Events[0].At}, Days: -1, rank: sha256.Sum256([]byte(d.Period + "/" + h.Number))}
	for _, e := range h.Events {
		one.Case.Apply(e, plan)
		if e.Action == routing.ActionReply && !e.At.Before(d.From) {
			one.Answered = e.At
		}
	}
	switch one.Case.State {
	case routing.StateWithdrawn, routing.StateTransferred, routing.StateNotAccepted:
		return Drawn{}, false
	}
	if one.Answered.IsZero() {
		return Drawn{}, false
	}
	if plan.Timetable != nil {
		one.measure(plan.Timetable.Clocks(plan, h.Channel, h.Events, d.To), plan.Timetable)
	}
	return one, true
}

// measure reads the clock that the last answer stopped.
func (o *Drawn) measure(clocks []routing.Clock, t *routing.Timetable) {
	for _, c := range clocks {
		if c.Kind != routing.ClockFinish || !c.Stopped.Equal(o.Answered) {
			continue
		}
		o.Late, o.Extended = c.State == routing.ClockLate, c.Extended
		if c.Limit.Unit == routing.WorkingDays {
			o.Days = math.Round(10*float64(c.Elapsed)/float64(t.Calendar().WorkingDay())) / 10
		}
	}
}

// Table draws the sample as a sheet without personal data: neither what was said nor who said it.
func (d Draw) Table(ctx context.Context, store routing.Reader, plan *routing.Plan, w routing.Wording) (Table, error) {
	drawn, total, err := d.Cases(ctx, store, plan)
	if err != nil {
		return Table{}, err
	}
	t := Table{Name: w.Text("sample.sheet"), Title: w.Text("sample.title", "period", d.Period)}
	for _, c := range []struct {
		key   string
		width float64
	}{
		{"n", 6}, {"number", 20}, {"category", 18}, {"item", 30}, {"unit", 16}, {"district", 12}, {"channel", 12}, {"filed", 18}, {"answered", 18},
		{"days", 12}, {"in_time", 10}, {"extended", 10}, {"redos", 10}, {"solved", 12}, {"satisfied", 12}, {"state", 10},
	} {
		t.Columns = append(t.Columns, Column{Head: w.Text("sample.column." + c.key), Width: c.width})
	}
	for i, o := range drawn {
		t.Rows = append(t.Rows, o.row(i+1, plan, w))
	}
	for _, key := range []string{"sample.note.how", "sample.note.excluded", "sample.note.private"} {
		t.Notes = append(t.Notes, w.Text(key, "total", strconv.Itoa(total), "n", strconv.Itoa(len(drawn)), "period", d.Period))
	}
	return t, nil
}

func (o Drawn) row(n int, plan *routing.Plan, w routing.Wording) []any {
	c := o.Case
	item, category := w.Text("sample.other"), ""
	if name := plan.ItemName(c.Item); name != "" {
		item, category = name, plan.CategoryName(c.Category)
	}
	var days any
	if o.Days >= 0 {
		days = o.Days
	}
	solved, satisfied := w.Text("sample.unrated"), ""
	if r := c.Rating; r != nil {
		solved = w.Text("page.solved." + string(r.Solved))
		if r.Satisfied > 0 {
			satisfied = w.Text("page.satisfied." + strconv.Itoa(r.Satisfied))
		}
	}
	in := map[bool]string{true: w.Text("sample.late"), false: w.Text("sample.in_time")}[o.Late]
	return []any{n, c.Number, category, item, plan.UnitName(c.Unit), c.District, w.Text("channel." + string(c.Channel)), c.FiledAt, o.Answered,
		days, in, o.Extended, c.Redos, solved, satisfied, w.Text("state." + string(c.State))}
}
