package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"jiesu/routing"
)

func testTicks(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	now := stored(noon)
	for n, tick := range []time.Time{now, now.Add(-time.Hour), {}, now.Add(time.Millisecond), now.Add(-time.Minute)} {
		file(t, s, n, "1", func(c *routing.Case) { c.Clock = routing.CaseClock{NextTick: tick} })
	}
	due, err := s.DueTicks(t.Context(), now, 10)
	want(t, "due, the longest first", due, err, []string{"JS20261124-000001", "JS20261124-000004", "JS20261124-000000"})
	due, err = s.DueTicks(t.Context(), now, 1)
	want(t, "the first that is due", due, err, []string{"JS20261124-000001"})

	clock := routing.CaseClock{Kind: routing.ClockTell, Unit: routing.CalendarHours, From: now, Due: now.Add(time.Hour), Level: routing.LevelNamed, NextTick: now.Add(time.Minute)}
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.SetClock(ctx, "JS20261124-000001", 1, clock) })
	c, err := s.Case(t.Context(), "JS20261124-000001")
	want(t, "the clock alone", c.Clock, err, clock)
	if e, err := s.Events(t.Context(), c.Number); err != nil || len(e) != 1 || c.Version != 1 {
		t.Errorf("setting a clock made version %d, %d events, %v", c.Version, len(e), err)
	}
	err = writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.SetClock(ctx, c.Number, 2, clock) })
	wantErr(t, "at another version", err, routing.ErrConflict)
	err = writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.SetClock(ctx, "JS20261124-999999", 1, clock) })
	wantErr(t, "of no case", err, routing.ErrConflict)
	due, err = s.DueTicks(t.Context(), now, 10)
	want(t, "the others", due, err, []string{"JS20261124-000004", "JS20261124-000000"})
}

func testClockFilters(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	now := stored(noon)
	for n, clock := range []routing.CaseClock{
		{Due: now.Add(-time.Minute), Level: routing.LevelUrged}, {Due: now.Add(time.Minute), Level: routing.LevelWarned}, {Missing: 2027}, {},
		{Due: now, Level: routing.LevelNamed},
	} {
		file(t, s, n, "1", func(c *routing.Case) { c.Clock = clock })
	}
	for _, tt := range []struct {
		name string
		q    routing.Query
		want []string
	}{
		{"late", routing.Query{DueBefore: now}, []string{"JS20261124-000000"}},
		{"late a minute later", routing.Query{DueBefore: now.Add(time.Minute)}, []string{"JS20261124-000000", "JS20261124-000004"}},
		{"urged or more", routing.Query{Level: routing.LevelUrged}, []string{"JS20261124-000000", "JS20261124-000004"}},
		{"warned but in time", routing.Query{Level: routing.LevelWarned, DueFrom: now.Add(time.Second)}, []string{"JS20261124-000001"}},
		{"without calendar", routing.Query{NoCalendar: true}, []string{"JS20261124-000002"}},
	} {
		tt.q.Visible = everything
		got := numbers(t, s, tt.q)
		slices.Sort(got)
		want(t, tt.name, got, nil, tt.want)
		counts, err := s.CountByState(t.Context(), tt.q)
		want(t, "count of "+tt.name, counts, err, map[routing.State]int{routing.StateDispatched: len(tt.want)})
	}
}
