package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jiesu/routing"
)

func testCases(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	complainant(t, s, "2")
	c, e := example(1, "1")
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertCase(ctx, c, e) })
	ctx := t.Context()
	got, err := s.Case(ctx, c.Number)
	want(t, "case", got, err, c)
	got, err = s.CaseByToken(ctx, c.Token)
	want(t, "case by token", got, err, c)
	got, err = s.CaseByExternalID(ctx, c.Source, c.ExternalID)
	want(t, "case by external id", got, err, c)
	events, err := s.Events(ctx, c.Number)
	want(t, "events", events, err, []routing.Event{e})

	_, err = s.Case(ctx, "JS20261124-999999")
	wantErr(t, "unknown number", err, routing.ErrNotFound)
	_, err = s.CaseByToken(ctx, "")
	wantErr(t, "empty token", err, routing.ErrNotFound)
	_, err = s.CaseByExternalID(ctx, "key-2", c.ExternalID)
	wantErr(t, "another source's external id", err, routing.ErrNotFound)
	events, err = s.Events(ctx, "JS20261124-999999")
	want(t, "events of no case", events, err, nil)

	// Everything that a step may change, down to nothing.
	c2 := routing.Case{Number: c.Number, State: routing.StateWithdrawn, Version: 2, Text: c.Text, ComplainantID: "2", FiledAt: c.FiledAt}
	e2 := routing.Event{ID: "event-1-2", Case: c.Number, Seq: 2, Action: routing.ActionWithdraw, At: stored(noon), From: c.State, To: c2.State}
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateCase(ctx, c2, e2) })
	got, err = s.Case(ctx, c.Number)
	want(t, "updated case", got, err, c2)
	events, err = s.Events(ctx, c.Number)
	want(t, "both events", events, err, []routing.Event{e, e2})
}

func testCaseKeys(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	first := file(t, s, 1, "1", nil)
	clash := map[string]func(c *routing.Case){
		"number":      func(c *routing.Case) { c.Number = first.Number },
		"token":       func(c *routing.Case) { c.Token = first.Token },
		"external id": func(c *routing.Case) { c.ExternalID = first.ExternalID },
	}
	for name, edit := range clash {
		err := writing(t, s, func(ctx context.Context, tx routing.Tx) error {
			c, e := example(2, "1")
			edit(&c)
			err := tx.InsertCase(ctx, c, e)
			if !errors.Is(err, routing.ErrExists) {
				t.Errorf("%s taken: %v", name, err)
			}
			// The transaction goes on after the clash: Desk draws another number.
			_, err = tx.Case(ctx, first.Number)
			return err
		})
		if err != nil {
			t.Errorf("after a clash of %s: %v", name, err)
		}
	}
	file(t, s, 3, "1", func(c *routing.Case) { c.ExternalID, c.Source = first.ExternalID, "key-2" })
	file(t, s, 4, "1", func(c *routing.Case) { c.ExternalID, c.Source = "", "" })
	file(t, s, 5, "1", func(c *routing.Case) { c.ExternalID, c.Source = "", "" })
	err := writing(t, s, func(ctx context.Context, tx routing.Tx) error {
		c, e := example(6, "nobody")
		return tx.InsertCase(ctx, c, e)
	})
	wantErr(t, "case of an unknown complainant", err, routing.ErrNotFound)
}

func testReplay(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	plan := &routing.Plan{}
	c := routing.Case{Number: "JS20261124-000001", Text: "诉求", ComplainantID: "1", Token: "t", FiledAt: stored(noon)}
	unit := routing.Actor{Role: routing.RoleUnit, Unit: "finance"}
	office := routing.Actor{Role: routing.RoleOffice, ID: "o"}
	steps := []routing.Event{
		{Action: routing.ActionFile, To: routing.StateTriage, Actor: routing.System()},
		{Action: routing.ActionAssign, To: routing.StateDispatched, Actor: office, Data: routing.EventData{Item: "i", Unit: "finance", Assisting: []string{"taxes"}}},
		{Action: routing.ActionRefuse, To: routing.StateRefused, Actor: unit, Data: routing.EventData{Note: "不属于本单位"}},
		{Action: routing.ActionReassign, To: routing.StateDispatched, Actor: office, Data: routing.EventData{Unit: "taxes", Assisting: []string{}}},
		{Action: routing.ActionSupervise, To: routing.StateDispatched, Actor: office},
		{Action: routing.ActionReply, To: routing.StateReplied, Actor: unit, Data: routing.EventData{Note: "已付款"}},
		{Action: routing.ActionRate, To: routing.StateReplied, Data: routing.EventData{Rating: &routing.Rating{Solved: routing.SolvedYes, Satisfied: 5}}},
	}
	blank := c
	for i, e := range steps {
		e.ID, e.Case, e.Seq, e.At, e.From = routing.NewID(), c.Number, int64(i+1), stored(noon.Add(time.Duration(i)*time.Hour)), c.State
		c.Apply(e, plan)
		write(t, s, func(ctx context.Context, tx routing.Tx) error {
			if e.Seq == 1 {
				return tx.InsertCase(ctx, c, e)
			}
			return tx.UpdateCase(ctx, c, e)
		})
	}
	row, err := s.Case(t.Context(), c.Number)
	want(t, "row", row, err, c)
	events, err := s.Events(t.Context(), c.Number)
	if err != nil || len(events) != len(steps) {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for _, e := range events {
		blank.Apply(e, plan)
	}
	if blank.RefusedBy == nil || blank.Rating == nil || blank.Unit != "taxes" {
		t.Fatalf("replay gives %+v", blank)
	}
	want(t, "replay of the events", blank, nil, row)
}

func testOneWinner(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	c := file(t, s, 1, "1", nil)
	var won, lost atomic.Int32
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			err := s.Update(t.Context(), func(tx routing.Tx) error {
				next := c
				next.Version = 2
				return tx.UpdateCase(t.Context(), next, routing.Event{ID: routing.NewID(), Case: c.Number, Seq: 2, Action: routing.ActionSign,
					At: c.FiledAt, From: c.State, To: c.State})
			})
			switch {
			case err == nil:
				won.Add(1)
			case errors.Is(err, routing.ErrConflict):
				lost.Add(1)
			default:
				t.Errorf("update: %v", err)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 || lost.Load() != 19 {
		t.Fatalf("%d won, %d lost", won.Load(), lost.Load())
	}
	events, err := s.Events(t.Context(), c.Number)
	if err != nil || len(events) != 2 {
		t.Fatalf("%d events, %v", len(events), err)
	}
}
