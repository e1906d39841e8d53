package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"jiesu/routing"
)

var errStop = errors.New("stop")

func addUser(ctx context.Context, tx routing.Tx, id string) error {
	return tx.InsertUser(ctx, routing.User{ID: id, Name: id})
}

// wantUsers checks that of the users exactly those exist.
func wantUsers(t *testing.T, s routing.Store, users map[string]bool) {
	t.Helper()
	for id, exists := range users {
		_, err := s.User(t.Context(), id)
		if exists != (err == nil) || (err != nil && !errors.Is(err, routing.ErrNotFound)) {
			t.Errorf("user %s: want exists = %v, got %v", id, exists, err)
		}
	}
}

func testRollback(t *testing.T, s routing.Store) {
	announced := ""
	update := func(id string, result error) error {
		return writing(t, s, func(ctx context.Context, tx routing.Tx) error {
			tx.AfterCommit(func() { announced += id })
			if err := tx.Enqueue(ctx, routing.Job{Kind: routing.JobDeliver, ID: id}); err != nil {
				return err
			}
			if err := addUser(ctx, tx, id); err != nil {
				return err
			}
			tx.AfterCommit(func() { announced += "!" })
			return result
		})
	}
	wantErr(t, "the function's error", update("a", fmt.Errorf("wrapped: %w", errStop)), errStop)
	if err := update("b", nil); err != nil {
		t.Fatal(err)
	}
	wantUsers(t, s, map[string]bool{"a": false, "b": true})
	if announced != "b!" {
		t.Fatalf("announced %q", announced)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func testPanic(t *testing.T, s routing.Store) {
	func() {
		defer func() {
			if r := recover(); r != errStop {
				t.Errorf("recovered %v", r)
			}
		}()
		_ = writing(t, s, func(ctx context.Context, tx routing.Tx) error {
			if err := addUser(ctx, tx, "a"); err != nil {
				return err
			}
			panic(errStop)
		})
	}()
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return addUser(ctx, tx, "b") })
	wantUsers(t, s, map[string]bool{"a": false, "b": true})
}

// testGoexit: t.FailNow in a function must not take the writer with it.
func testGoexit(t *testing.T, s routing.Store) {
	var group sync.WaitGroup
	group.Go(func() {
		_ = s.Update(t.Context(), func(tx routing.Tx) error {
			if err := addUser(t.Context(), tx, "a"); err != nil {
				return err
			}
			runtime.Goexit()
			return nil
		})
	})
	group.Wait()
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return addUser(ctx, tx, "b") })
	wantUsers(t, s, map[string]bool{"a": false, "b": true})
}

func testCancelled(t *testing.T, s routing.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Update(ctx, func(routing.Tx) error {
		t.Error("ran although nobody waits for it")
		return nil
	})
	wantErr(t, "cancelled before the start", err, context.Canceled)
	if _, err := s.SpendQuota(ctx, "1", noon); !errors.Is(err, context.Canceled) {
		t.Errorf("spend: %v", err)
	}

	// Cancelled while another function has the turn: on SQLite it waits in the queue, on PostgreSQL for the row.
	inside, leave, left := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		left <- s.Update(t.Context(), func(tx routing.Tx) error {
			if err := addUser(t.Context(), tx, "a"); err != nil {
				return err
			}
			close(inside)
			<-leave
			return nil
		})
	}()
	<-inside
	ctx, cancel = context.WithCancel(t.Context())
	waited := make(chan error, 1)
	go func() { waited <- s.Update(ctx, func(tx routing.Tx) error { return addUser(ctx, tx, "a") }) }()
	cancel()
	wantErr(t, "cancelled while waiting", <-waited, context.Canceled)
	close(leave)
	if err := <-left; err != nil {
		t.Fatal(err)
	}
	wantUsers(t, s, map[string]bool{"a": true})
}

// testCancelledWithin: a function whose caller leaves is undone alone, also in the middle of a statement.
func testCancelledWithin(t *testing.T, s routing.Store) {
	var group sync.WaitGroup
	for n := range 40 {
		group.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := s.Update(ctx, func(tx routing.Tx) error {
				if n%4 == 0 {
					go cancel() // may hit any statement
				}
				for i := range 5 {
					if err := addUser(ctx, tx, fmt.Sprint("u", n, "-", i)); err != nil {
						return err
					}
				}
				return nil
			})
			_, found := s.User(t.Context(), fmt.Sprint("u", n, "-4"))
			if (err == nil) != (found == nil) || (err != nil && n%4 != 0) {
				t.Errorf("update %d: %v, and then: %v", n, err, found)
			}
		})
	}
	group.Wait()
}

// testFailureBesideOthers: functions that fail amid others that don't leave no trace, and the others all of it.
func testFailureBesideOthers(t *testing.T, s routing.Store) {
	var group sync.WaitGroup
	users := make(map[string]bool)
	for n := range 60 {
		fails := n%3 == 0
		id := fmt.Sprint("u", n)
		users[id] = !fails
		group.Go(func() {
			err := s.Update(t.Context(), func(tx routing.Tx) error {
				if err := addUser(t.Context(), tx, id); err != nil {
					return err
				}
				if !fails {
					return nil
				}
				if n%2 == 0 {
					return errStop
				}
				return tx.UpdateUser(t.Context(), routing.User{ID: "nobody"})
			})
			if fails != (err != nil) {
				t.Errorf("update %d: %v", n, err)
			}
		})
	}
	group.Wait()
	wantUsers(t, s, users)
}

func testOwnWrites(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	c, e := example(1, "1")
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		if err := tx.InsertCase(ctx, c, e); err != nil {
			return err
		}
		got, err := tx.Case(ctx, c.Number)
		want(t, "own case", got, err, c)
		cases, _, err := tx.Cases(ctx, routing.Query{Visible: everything})
		want(t, "own cases", cases, err, []routing.Case{c})
		_, err = s.Case(ctx, c.Number)
		wantErr(t, "seen from outside before the commit", err, routing.ErrNotFound)
		return nil
	})
}

func testClose(t *testing.T, s routing.Store) {
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Update(t.Context(), func(routing.Tx) error { return nil }); err == nil {
		t.Error("an update after the close")
	}
	if err := s.Ping(t.Context()); err == nil {
		t.Error("a ping after the close")
	}
}
