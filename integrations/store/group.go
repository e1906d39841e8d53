package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// maxGroup is how many functions share one commit at most. Each of them waits for the others, about a third of a millisecond each.
const maxGroup = 64

// group commits the functions that wait at the same time together, on SQLite's one write connection: one goroutine opens the
// transaction and hands it to one function after the other (each in its caller's own goroutine), then commits once for all. When one
// fails after it has written something, which is rare, everything is undone, and the others are run once more, from there on inside
// SAVEPOINTs: those cost a copy of every page that is written. Between groups the connection goes back to its pool, where the job queue waits for it.
type group struct {
	db      *sql.DB
	asks    chan *ask
	stop    chan struct{}
	stopped chan struct{}
	once    sync.Once
}

// ask is one function's wish for a turn.
type ask struct {
	ctx       context.Context
	careful   bool         // neither it nor whoever comes after it may undo the transaction
	turn      chan turn    // unbuffered: taken only while the caller is still there
	verdict   chan verdict // what became of the turn
	committed chan error   // what became of the shared commit, for verdict kept
}

type turn struct {
	tx      *sql.Tx
	careful bool  // inside a SAVEPOINT
	err     error // no transaction could be opened
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
			g.commit(a)
		case <-g.stop:
			return
		}
	}
}

// commit gives turns to the first and to whoever waits by now, then commits for all of them.
func (g *group) commit(first *ask) {
	tx, err := g.db.BeginTx(context.Background(), nil) // outlives each single caller
	if err != nil {
		first.give(turn{err: fmt.Errorf("begin: %w", err)})
		return
	}
	var waiting []*ask
	careful := false
	for a, n := first, 1; a != nil; a, n = g.next(n), n+1 {
		careful = careful || a.careful
		switch a.give(turn{tx: tx, careful: careful}) {
		case kept:
			waiting = append(waiting, a)
		case spoilt:
			_ = tx.Rollback() // SQLite may have done it already, as far as it could
			tell(waiting, errSpoilt)
			return
		}
	}
	if len(waiting) == 0 {
		_ = tx.Rollback() // nothing was written
		return
	}
	if err = tx.Commit(); err != nil {
		err = fmt.Errorf("commit: %w", err)
		_ = tx.Rollback()
	}
	tell(waiting, err)
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

func tell(waiting []*ask, err error) {
	for _, a := range waiting {
		a.committed <- err
	}
}

// give hands the turn over and waits until it ends. A caller that has left meanwhile has written nothing.
func (a *ask) give(t turn) verdict {
	select {
	case a.turn <- t:
		if t.err != nil {
			return undone
		}
		return <-a.verdict
	case <-a.ctx.Done():
		return undone
	}
}

// do runs fn in a turn and returns once it is durable. The context counts until fn starts; from then on the outcome must be known,
// and only fn itself can end it. fn may be run again.
func (g *group) do(ctx context.Context, fn func(s *shared) error) error {
	err := g.try(ctx, fn, false)
	if errors.Is(err, errSpoilt) {
		err = g.try(ctx, fn, true)
	}
	return err
}

func (g *group) try(ctx context.Context, fn func(s *shared) error, careful bool) error {
	a := &ask{ctx: ctx, careful: careful, turn: make(chan turn), verdict: make(chan verdict, 1), committed: make(chan error, 1)}
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
	select {
	case t := <-a.turn:
		if t.err != nil {
			return t.err
		}
		if err := a.run(&shared{turn: t}, fn); err != nil {
			return err
		}
		return <-a.committed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run is the caller's turn. However fn ends (an error, a panic, runtime.Goexit), its writes are undone unless it returned nil, and the
// others' are kept or done again.
func (a *ask) run(s *shared, fn func(s *shared) error) (err error) {
	v := spoilt
	defer func() { a.verdict <- v }()
	if s.careful {
		if err := s.exec("SAVEPOINT turn"); err != nil {
			return fmt.Errorf("open savepoint: %w", err)
		}
	}
	defer func() {
		switch {
		case v == kept:
		case s.careful:
			if s.exec("ROLLBACK TO turn") == nil && s.exec("RELEASE turn") == nil {
				v = undone
			}
		case !s.wrote:
			v = undone
		}
	}()
	if err := fn(s); err != nil {
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
	v = kept
	return nil
}
