package report

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"jiesu/routing"
)

// Figures are all that the papers of one period say, told apart by place: the paper of the city, of a category or of a unit is a sum of
// them. The same events give the same bytes.
type Figures struct {
	Period Period    `json:"period"`
	Until  time.Time `json:"until"` // before the period's end: the figures are provisional
	Cells  []Cell    `json:"cells"` // in the order of their places
}

// Cell is what is counted at one place.
type Cell struct {
	Place
	Counts    Counts              `json:"counts"`
	Numbers   map[string][]string `json:"numbers,omitempty"`   // of the cases of the listed figures
	Incidents map[string][]string `json:"incidents,omitempty"` // cases put on each mass incident
}

// Provisional reports whether the period wasn't over.
func (f Figures) Provisional() bool { return f.Until.Before(f.Period.Span().To) }

// Source is what papers are computed from; routing.Reader is one.
type Source interface {
	Histories(ctx context.Context, s routing.Span, visits ...func(routing.History) error) error
	Placements(ctx context.Context, s routing.Span, visit func(routing.History) error) error
	ProblemHistories(ctx context.Context, s routing.Span, visit func(routing.ProblemHistory) error) error
}

// Compute counts everything about the period in one pass over the histories of its cases and one over those of its problems, and the intake of the two periods that it is
// compared with. A period that isn't over is counted up to now, and compared with as much of the others.
func Compute(ctx context.Context, from Source, plan *routing.Plan, p Period, now time.Time) (Figures, error) {
	span := p.Span()
	until := span.To
	if now.Before(until) {
		until = now.UTC().Truncate(time.Millisecond)
	}
	if !span.Has(until.Add(-time.Millisecond)) {
		return Figures{}, fmt.Errorf("count %s: %w", p, &routing.InvalidError{Field: "period", Key: "error.period_future"})
	}
	whole := routing.Span{From: span.From, To: until}
	parts := []count{
		{p, func(ctx context.Context, t *tally) error { return t.read(ctx, from, plan, whole) }},
		{p, func(ctx context.Context, t *tally) error { return t.readProblems(ctx, from, plan, whole) }},
	}
	for figure, other := range map[Figure]Period{FiledBefore: p.Before(), FiledYear: p.YearBefore()} {
		part := other.Span()
		if as := part.From.Add(until.Sub(span.From)); until.Before(span.To) && as.Before(part.To) {
			part.To = as
		}
		parts = append(parts, count{other, func(ctx context.Context, t *tally) error { return t.compare(ctx, from, plan, part, figure) }})
	}
	total, err := sum(ctx, parts)
	if err != nil {
		return Figures{}, err
	}
	return Figures{Period: p, Until: until, Cells: total.sorted()}, nil
}

// count is one reading of the store for a paper.
type count struct {
	of   Period
	read func(ctx context.Context, t *tally) error
}

// sum makes the readings side by side, since each waits for the database most of the time.
func sum(ctx context.Context, parts []count) (*tally, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	tallies, failed := make([]*tally, len(parts)), make([]error, len(parts))
	var readings sync.WaitGroup
	for i, part := range parts {
		tallies[i] = &tally{cells: map[Place]*Cell{}}
		readings.Go(func() {
			if err := part.read(ctx, tallies[i]); err != nil {
				failed[i] = fmt.Errorf("count %s: %w", part.of, err)
				cancel()
			}
		})
	}
	readings.Wait()
	for _, err := range failed {
		if err != nil && !errors.Is(err, context.Canceled) {
			return nil, err
		}
	}
	total := tallies[0]
	for _, t := range tallies[1:] {
		total.merge(t)
	}
	return total, errors.Join(failed...)
}

// read counts the span, on every core.
func (t *tally) read(ctx context.Context, from Source, plan *routing.Plan, span routing.Span) error {
	parts := make([]*tally, runtime.GOMAXPROCS(0))
	visits := make([]func(routing.History) error, len(parts))
	for i := range parts {
		parts[i] = &tally{cells: map[Place]*Cell{}}
		r := reading{plan: plan, span: span, until: span.To, tell: parts[i].add}
		visits[i] = func(h routing.History) error { r.take(h); return nil }
	}
	err := from.Histories(ctx, span, visits...)
	for _, part := range parts {
		t.merge(part)
	}
	return err
}

func (t *tally) readProblems(ctx context.Context, from Source, plan *routing.Plan, span routing.Span) error {
	r := reading{plan: plan, span: span, until: span.To, tell: t.add}
	return from.ProblemHistories(ctx, span, r.visitProblem)
}

// compare counts the intake of another span as the figure.
func (t *tally) compare(ctx context.Context, from Source, plan *routing.Plan, span routing.Span, as Figure) error {
	return from.Placements(ctx, span, func(h routing.History) error {
		p := Place{Item: routing.Other, Channel: h.Channel}
		for _, e := range h.Events {
			p.follow(e, plan)
		}
		t.add(fact{figure: as, place: p, number: h.Number, n: 1})
		return nil
	})
}

// tally sums facts by place.
type tally struct{ cells map[Place]*Cell }

func (t *tally) at(p Place) *Cell {
	c := t.cells[p]
	if c == nil {
		c = &Cell{Place: p}
		t.cells[p] = c
	}
	return c
}

func (t *tally) add(f fact) {
	c := t.at(f.place)
	c.Counts[f.figure] += f.n
	if slices.Contains(listed, f.figure) {
		c.Numbers = put(c.Numbers, f.figure.String(), f.number)
	}
	if f.incident != "" {
		c.Incidents = put(c.Incidents, f.incident, f.number)
	}
}

func put(lists map[string][]string, key string, numbers ...string) map[string][]string {
	if lists == nil {
		lists = map[string][]string{}
	}
	lists[key] = append(lists[key], numbers...)
	return lists
}

func (t *tally) merge(o *tally) {
	for p, theirs := range o.cells {
		c := t.at(p)
		c.Counts.add(theirs.Counts)
		for key, numbers := range theirs.Numbers {
			c.Numbers = put(c.Numbers, key, numbers...)
		}
		for key, numbers := range theirs.Incidents {
			c.Incidents = put(c.Incidents, key, numbers...)
		}
	}
}

// sorted are the cells in the order of their places, with their numbers in order and each once.
func (t *tally) sorted() []Cell {
	list := make([]Cell, 0, len(t.cells))
	for _, c := range t.cells {
		for _, lists := range []map[string][]string{c.Numbers, c.Incidents} {
			for key, numbers := range lists {
				slices.Sort(numbers)
				lists[key] = slices.Compact(numbers)
			}
		}
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Cell) int {
		return cmp.Or(strings.Compare(a.Category, b.Category), strings.Compare(a.Item, b.Item), strings.Compare(a.Unit, b.Unit),
			strings.Compare(a.District, b.District), strings.Compare(string(a.Channel), string(b.Channel)))
	})
	return list
}

// Numbers finds the cases, or the problems, behind a figure of the period among those of the place's fields that aren't empty, each case once, and how often it
// counts. It reads the histories anew by the same rules, so the sum is the figure.
func Numbers(ctx context.Context, from Source, plan *routing.Plan, p Period, until time.Time, f Figure, of Place) ([]Counted, error) {
	var found []Counted
	take := func(c fact) {
		if c.figure != f || !of.holds(c.place) {
			return
		}
		if last := len(found) - 1; last >= 0 && found[last].Number == c.number {
			found[last].Times += c.n
			return
		}
		found = append(found, Counted{c.number, c.n})
	}
	span := routing.Span{From: p.Span().From, To: until}
	var err error
	switch f {
	case FiledBefore, FiledYear:
		return nil, nil // stands in the paper of that period
	default:
		r := reading{plan: plan, span: span, until: until, tell: take}
		if f.OfProblems() {
			err = from.ProblemHistories(ctx, span, r.visitProblem)
			break
		}
		err = from.Histories(ctx, span, func(h routing.History) error {
			r.take(h)
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("find the cases of %s in %s: %w", f, p, err)
	}
	return found, nil
}

// Counted is a case and how often a figure counts it.
type Counted struct {
	Number string
	Times  int
}

// Nowhere in a field of a filter stands for a place that lacks the field: no unit yet, no district named, outside the plan.
const Nowhere = "-"

// holds reports whether the other place has all that this one names.
func (p Place) holds(o Place) bool {
	has := func(want, got string) bool { return want == "" || want == got || want == Nowhere && got == "" }
	return has(p.Category, o.Category) && has(p.Item, o.Item) && has(p.Unit, o.Unit) && has(p.District, o.District) &&
		has(string(p.Channel), string(o.Channel))
}

// pack is the figures as they are kept.
func (f Figures) pack() ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(f); err != nil {
		return nil, fmt.Errorf("pack figures: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack figures: %w", err)
	}
	return b.Bytes(), nil
}

// maxFigures bounds what is unpacked: many times a big city's quarter.
const maxFigures = 1 << 30

func unpack(packed []byte) (f Figures, err error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return f, fmt.Errorf("unpack figures: %w", err)
	}
	if err := json.NewDecoder(io.LimitReader(z, maxFigures)).Decode(&f); err != nil {
		return f, fmt.Errorf("unpack figures: %w", err)
	}
	return f, nil
}
