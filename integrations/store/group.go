package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// maxGroup is how many functions share one commit at most. Each of them waits for the others, about a third of a millisecond each.
const maxGroup = 64

// group commits the functions that wait at the same time together, on SQLite's one write connection: it opens the transaction, runs one
// function after the other, and commits once for all. When one fails after it has written something, which is rare, everything is
// undone, and the others are run once more, from there on inside SAVEPOINTs: those cost a copy of every page that is written. Between
// groups the connection goes back to its pool, where the job queue waits for it.
type group struct {
	db      *sql.DB
	asks    chan *ask
	stop    chan struct{}
	stopped chan struct{}
	once    sync.Once
}

// ask is one function that wants to be run and committed. It runs in the group's goroutine: handing the transaction over to the caller's and back takes
// longer than most functions.
type ask struct {
	fn      func(s *shared) error
	careful bool // neither it nor whoever comes after it may undo the transaction
	taken   atomic.Bool
	ended   chan ending
}

// ending is what became of a function.
type ending struct {
	err      error
	panicked any  // what it panicked with
	exited   bool // by runtime.Goexit
}

// turn is a function's place in the transaction.
type turn struct {
	tx      *sql.Tx
	careful bool // inside a SAVEPOINT
}

func (t turn) exec(statement string) error {
	_, err := t.tx.ExecContext(context.Background(), statement)
	return err
}

type verdict int

const (
	undone verdict = iota // nothing is left of the function's writes; the transaction goes on
	kept                  // its writes wait for the commit
	spoilt                // the transaction can't go on, and with it goes all that the group had written
)

// errSpoilt: another function of the group failed, and nothing of this one was stored.
var errSpoilt = errors.New("another one's failure undid the transaction")

func newGroup(db *sql.DB) *group {
	g := &group{db: db, asks: make(chan *ask), stop: make(chan struct{}), stopped: make(chan struct{})}
	go g.loop()
	return g
}

// close returns once the commit under way is done. It may be called twice.
func (g *group) close() {
	g.once.Do(func() { close(g.stop) })
	<-g.stopped
}

func (g *group) loop() {
	defer close(g.stopped)
	for {
		select {
		case a := <-g.asks:
			var run sync.WaitGroup
			run.Go(func() { g.commit(a) }) // in a goroutine that a function may end
			run.Wait()
		case <-g.stop:
			return
		}
	}
}

// commit runs the first and whoever waits by now, then commits for all of them.
func (g *group) commit(first *ask) {
	tx, err := g.db.BeginTx(context.Background(), nil) // outlives each single caller
	if err != nil {
		first.end(ending{err: fmt.Errorf("begin: %w", err)})
		return
	}
	var waiting []*ask
	whole := false
	defer func() {
		if !whole {
			_ = tx.Rollback() // SQLite may have done it already, as far as it could
			endAll(waiting, errSpoilt)
		}
	}()
	careful := false
	for a, n := first, 1; a != nil; a, n = g.next(n), n+1 {
		careful = careful || a.careful
		switch a.run(turn{tx, careful}) {
		case kept:
			waiting = append(waiting, a)
		case spoilt:
			return
		}
	}
	whole = true
	if len(waiting) == 0 {
		_ = tx.Rollback() // nothing was written
		return
	}
	if err = tx.Commit(); err != nil {
		err = fmt.Errorf("commit: %w", err)
		_ = tx.Rollback()
	}
	endAll(waiting, err)
}

// next returns who waits by now, nil when nobody does or the group is full.
func (g *group) next(n int) *ask {
	if n >= maxGroup {
		return nil
	}
	select {
	case a := <-g.asks:
		return a
	default:
		return nil
	}
}

func (a *ask) end(e ending) { a.ended <- e }

func endAll(asks []*ask, err error) {
	for _, a := range asks {
		a.end(ending{err: err})
	}
}

// run runs the function. However it ends (an error, a panic, runtime.Goexit), its writes are undone unless it returned nil, and the
// others' are kept or done again. It is told its end, unless that is the commit's to say.
func (a *ask) run(t turn) (v verdict) {
	if !a.taken.CompareAndSwap(false, true) {
		return undone // its caller has left
	}
	s, e := &shared{turn: t}, ending{exited: true}
	v = spoilt
	defer func() {
		if p := recover(); p != nil {
			e = ending{panicked: p}
		}
		switch {
		case v == kept:
			return
		case s.careful:
			if s.exec("ROLLBACK TO turn") == nil && s.exec("RELEASE turn") == nil {
				v = undone
			}
		case !s.wrote:
			v = undone
		}
		a.end(e)
	}()
	if e.err = a.within(s); e.err == nil {
		v = kept
	}
	e.exited = false
	return v
}

func (a *ask) within(s *shared) error {
	if s.careful {
		if err := s.exec("SAVEPOINT turn"); err != nil {
			return fmt.Errorf("open savepoint: %w", err)
		}
	}
	if err := a.fn(s); err != nil {
		return err
	}
	if s.dead != nil {
		return s.dead
	}
	if s.careful {
		if err := s.exec("RELEASE turn"); err != nil {
			return fmt.Errorf("release savepoint: %w", err)
		}
	}
	return nil
}

// do runs fn in a turn and returns once it is durable. The context counts until fn starts; from then on the outcome must be known,
// and only fn itself can end it. fn may be run again. If it panics, so does do.
func (g *group) do(ctx context.Context, fn func(s *shared) error) error {
	err := g.try(ctx, fn, false)
	if errors.Is(err, errSpoilt) {
		err = g.try(ctx, fn, true)
	}
	return err
}

func (g *group) try(ctx context.Context, fn func(s *shared) error, careful bool) error {
	a := &ask{fn: fn, careful: careful, ended: make(chan ending, 1)}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case g.asks <- a:
	case <-ctx.Done():
		return ctx.Err()
	case <-g.stop:
		return ErrClosed
	}
	var e ending
	select {
	case e = <-a.ended:
	case <-ctx.Done():
		if a.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		e = <-a.ended
	}
	switch {
	case e.panicked != nil:
		panic(e.panicked)
	case e.exited:
		runtime.Goexit()
	}
	return e.err
}
