package store

import (
	"context"
	"encoding/json"
	"fmt"
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
	Urgency  *routing.Urgency   `json:"urgency"`
	Clock    *routing.ClockMark `json:"clock"`
	Incident string             `json:"incident"`
}

// told are the actions whose data a history needs; the others' isn't even read.
const told = `('file', 'assign', 'reassign', 'progress', 'extend', 'rate', 'join', 'warn', 'urge', 'supervise', 'bulletin')`

// Histories implements routing.Reader. A case that wasn't touched since the span began and isn't open now was not open in the span.
func (r reader) Histories(ctx context.Context, s routing.Span, visit func(routing.History) error) error {
	err := r.histories(ctx, visit, `SELECT cases.number, cases.channel, seq, action, at, actor_role, actor_unit, from_state, to_state,
		CASE WHEN action IN `+told+` THEN data ELSE '' END FROM cases JOIN events ON case_number = number
		WHERE filed_at < $2 AND (updated_at >= $1 OR state IN ('triage', 'dispatched', 'signed', 'refused', 'replied', 'closed')) AND at < $2
		ORDER BY cases.number, seq`, at(s.From), at(s.To))
	if err != nil {
		return fmt.Errorf("read histories: %w", err)
	}
	return nil
}

// Placements implements routing.Reader.
func (r reader) Placements(ctx context.Context, s routing.Span, visit func(routing.History) error) error {
	err := r.histories(ctx, visit, `SELECT cases.number, cases.channel, seq, action, at, actor_role, actor_unit, from_state, to_state, data
		FROM cases JOIN events ON case_number = number
		WHERE filed_at >= $1 AND filed_at < $2 AND at < $2 AND action IN ('file', 'assign', 'reassign')
		ORDER BY cases.number, seq`, at(s.From), at(s.To))
	if err != nil {
		return fmt.Errorf("read placements: %w", err)
	}
	return nil
}

// histories runs a query of events in the order of their cases and hands over case by case.
func (r reader) histories(ctx context.Context, visit func(routing.History) error, query string, args ...any) error {
	rows, err := r.run.QueryContext(ctx, query, args...)
	if err != nil {
		return translate(err)
	}
	defer func() { _ = rows.Close() }() // its error is rows.Err's
	var h routing.History
	for rows.Next() {
		var number, data string
		var channel routing.Channel
		var e routing.Event
		var ms int64
		if err := rows.Scan(&number, &channel, &e.Seq, &e.Action, &ms, &e.Actor.Role, &e.Actor.Unit, &e.From, &e.To, &data); err != nil {
			return err
		}
		e.At = time.UnixMilli(ms).UTC()
		if e.Data, err = recount(data); err != nil {
			return fmt.Errorf("event %d of case %s: %w", e.Seq, number, err)
		}
		if number != h.Number {
			if err := handOver(h, visit); err != nil {
				return err
			}
			h = routing.History{Number: number, Channel: channel, Events: make([]routing.Event, 0, 8)}
		}
		e.Case = h.Number
		h.Events = append(h.Events, e)
	}
	if err := rows.Err(); err != nil {
		return translate(err)
	}
	return handOver(h, visit)
}

func handOver(h routing.History, visit func(routing.History) error) error {
	if h.Number == "" {
		return nil
	}
	return visit(h)
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
	return routing.EventData{Internal: h.Internal, Item: h.Item, Unit: h.Unit, District: h.District, Days: h.Days, Rating: h.Rating,
		Urgency: h.Urgency, Clock: h.Clock, Incident: h.Incident}, nil
}
