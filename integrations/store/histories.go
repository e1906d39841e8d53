package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"jiesu/routing"
)

// historyData is what a history needs of an event's data. Notes are left out: nobody's words are in a paper.
type historyData struct {
	Internal bool               `json:"internal"`
	Item     string             `json:"item"`
	Unit     string             `json:"unit"`
	District string             `json:"district"`
	Days     int                `json:"days"`
	Rating   *routing.Rating    `json:"rating"`
	Missed   bool               `json:"unreached"`
	Urgency  *routing.Urgency   `json:"urgency"`
	Clock    *routing.ClockMark `json:"clock"`
	Incident string             `json:"incident"`
}

// lines are the events of a case in one text, a line each. It is many times quicker to read than a row for each event: a quarter has millions.
// The data of other actions isn't needed and isn't read.
const lines = `string_agg(seq || ' ' || action || ' ' || at || ' ' || actor_role || ' ' || actor_unit || ' ' || from_state || ' ' || to_state || ' ' ||
	CASE WHEN action IN ('file', 'assign', 'reassign', 'progress', 'extend', 'rate', 'call-back', 'join', 'warn', 'urge', 'supervise', 'bulletin') THEN data ELSE '' END, '
' ORDER BY seq)`

// Histories implements routing.Reader. A case that wasn't touched since the span began and isn't open now was not open in the span.
func (r reader) Histories(ctx context.Context, s routing.Span, visits ...func(routing.History) error) error {
	err := r.histories(ctx, visits, `SELECT cases.number, cases.channel, `+lines+` FROM cases JOIN events ON case_number = number
		WHERE filed_at < $2 AND (updated_at >= $1 OR state IN ('triage', 'dispatched', 'signed', 'refused', 'replied', 'closed')) AND at < $2
		GROUP BY cases.number ORDER BY cases.number`, at(s.From), at(s.To))
	if err != nil {
		return fmt.Errorf("read histories: %w", err)
	}
	return nil
}

// Placements implements routing.Reader.
func (r reader) Placements(ctx context.Context, s routing.Span, visit func(routing.History) error) error {
	err := r.histories(ctx, []func(routing.History) error{visit}, `SELECT cases.number, cases.channel, `+lines+` FROM cases JOIN events ON case_number = number
		WHERE filed_at >= $1 AND filed_at < $2 AND at < $2 AND action IN ('file', 'assign', 'reassign')
		GROUP BY cases.number ORDER BY cases.number`, at(s.From), at(s.To))
	if err != nil {
		return fmt.Errorf("read placements: %w", err)
	}
	return nil
}

// problemLines are the events of a problem as lines are those of a case.
const problemLines = `string_agg(seq || ' ' || action || ' ' || at || ' ' || from_state || ' ' || to_state || ' ' ||
	CASE WHEN action IN ('begin', 'move', 'return', 'split') THEN data ELSE '' END, '
' ORDER BY seq)`

// ProblemHistories implements routing.Reader.
func (r reader) ProblemHistories(ctx context.Context, s routing.Span, visit func(routing.ProblemHistory) error) error {
	rows, err := r.run.QueryContext(ctx, `SELECT number, `+problemLines+` FROM problems JOIN problem_events ON problem = number
		WHERE opened_at < $2 AND (updated_at >= $1 OR problems.state IN ('open', 'applied')) AND at < $2
		GROUP BY number ORDER BY number`, at(s.From), at(s.To))
	if err != nil {
		return fmt.Errorf("read histories of problems: %w", translate(err))
	}
	defer func() { _ = rows.Close() }() // its error is rows.Err's
	for rows.Next() {
		var h routing.ProblemHistory
		var text string
		if err := rows.Scan(&h.Number, &text); err != nil {
			return fmt.Errorf("read history of a problem: %w", err)
		}
		h.Events = make([]routing.ProblemEvent, 0, strings.Count(text, "\n")+1)
		for line := range strings.SplitSeq(text, "\n") {
			e, err := readProblemLine(line)
			if err != nil {
				return fmt.Errorf("event %d of problem %s: %w", e.Seq, h.Number, err)
			}
			e.Problem = h.Number
			h.Events = append(h.Events, e)
		}
		if err := visit(h); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read histories of problems: %w", translate(err))
	}
	return nil
}

// readProblemLine reads a line of problemLines. Of the data it takes what says where the problem lies and what its return was.
func readProblemLine(line string) (e routing.ProblemEvent, err error) {
	w := words{line}
	if e.Seq, err = w.number(); err != nil {
		return e, err
	}
	e.Action = routing.ProblemAction(w.next())
	ms, err := w.number()
	if err != nil {
		return e, err
	}
	e.At = time.UnixMilli(ms).UTC()
	e.From, e.To = routing.ProblemState(w.next()), routing.ProblemState(w.next())
	if w.rest == "" {
		return e, nil
	}
	var d struct {
		Category string `json:"category"`
		Item     string `json:"item"`
		Unit     string `json:"unit"`
		Late     bool   `json:"late"`
		Undone   bool   `json:"undone"`
	}
	if err := json.Unmarshal([]byte(w.rest), &d); err != nil {
		return e, fmt.Errorf("read data: %w", err)
	}
	e.Data = routing.ProblemData{Category: d.Category, Item: d.Item, Unit: d.Unit, Late: d.Late, Undone: d.Undone}
	return e, nil
}

// batch is how many rows go to a visitor at a time.
const batch = 256

// histories runs a query of cases with their events' lines. The database reads on while the visitors take apart what it has read: each on a
// core of its own, into memory of its own.
func (r reader) histories(ctx context.Context, visits []func(routing.History) error, query string, args ...any) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	rows, err := r.run.QueryContext(ctx, query, args...)
	if err != nil {
		return translate(err)
	}
	defer func() { _ = rows.Close() }() // its error is rows.Err's
	work, failed := make(chan []historyRow, len(visits)), make([]error, len(visits))
	var visitors sync.WaitGroup
	for i, visit := range visits {
		visitors.Go(func() {
			if failed[i] = showAll(work, visit); failed[i] != nil {
				stop()
			}
		})
	}
	unread := feed(ctx, rows, work)
	close(work)
	visitors.Wait()
	for _, err := range failed {
		if err != nil { // the cause of a reading that was stopped
			return err
		}
	}
	return translate(unread)
}

// historyRow is a case as it is read: the text holds its events.
type historyRow struct {
	number  string
	channel routing.Channel
	text    string
}

// feed sends rows until there are no more or somebody has had enough.
func feed(ctx context.Context, rows *sql.Rows, work chan<- []historyRow) error {
	next := make([]historyRow, 0, batch)
	send := func() error {
		select {
		case work <- next:
			next = make([]historyRow, 0, batch)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for rows.Next() {
		var row historyRow
		if err := rows.Scan(&row.number, &row.channel, &row.text); err != nil {
			return err
		}
		if next = append(next, row); len(next) == batch {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return send()
}

// showAll takes rows apart and shows their cases to a visitor, all in the same memory: that of millions of events is most of the work.
func showAll(work <-chan []historyRow, visit func(routing.History) error) error {
	var events []routing.Event
	for rows := range work {
		for _, row := range rows {
			events = events[:0]
			for line := range strings.SplitSeq(row.text, "\n") { // JSON has no line breaks
				e, err := readLine(line)
				if err != nil {
					return fmt.Errorf("event %d of case %s: %w", e.Seq, row.number, err)
				}
				e.Case = row.number
				events = append(events, e)
			}
			if err := visit(routing.History{Number: row.number, Channel: row.channel, Events: events}); err != nil {
				return err
			}
		}
	}
	return nil
}

// words takes a line apart; none of its words but the last, the data, holds a space.
type words struct{ rest string }

func (w *words) next() (word string) {
	word, w.rest, _ = strings.Cut(w.rest, " ")
	return word
}

func (w *words) number() (int64, error) {
	n, err := strconv.ParseInt(w.next(), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read a number: %w", err)
	}
	return n, nil
}

// readLine reads a line of lines.
func readLine(line string) (e routing.Event, err error) {
	w := words{line}
	if e.Seq, err = w.number(); err != nil {
		return e, err
	}
	e.Action = routing.Action(w.next())
	ms, err := w.number()
	if err != nil {
		return e, err
	}
	e.At = time.UnixMilli(ms).UTC()
	e.Actor.Role, e.Actor.Unit, e.From, e.To = routing.Role(w.next()), w.next(), routing.State(w.next()), routing.State(w.next())
	e.Data, err = recount(w.rest)
	return e, err
}

// recount reads what a history needs of an event's data.
func recount(data string) (d routing.EventData, err error) {
	if data == "" || data == "{}" {
		return d, nil
	}
	var h historyData
	if err := json.Unmarshal([]byte(data), &h); err != nil {
		return d, fmt.Errorf("read data: %w", err)
	}
	return routing.EventData{Internal: h.Internal, Item: h.Item, Unit: h.Unit, District: h.District, Days: h.Days, Rating: h.Rating, Unreached: h.Missed,
		Urgency: h.Urgency, Clock: h.Clock, Incident: h.Incident}, nil
}
