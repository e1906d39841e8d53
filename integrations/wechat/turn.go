package wechat

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"jiesu/routing"
)

const (
	// grace that a commit gets beyond the deadline once the intake has decided to answer inline; 4.5 s and this stay under the platform's 5 s.
	grace = 400 * time.Millisecond
	// workLimit bounds the work on one message, the request's end notwithstanding.
	workLimit = 30 * time.Second
	// retryPause before a message that the platform won't deliver again is tried once more.
	retryPause = time.Second
)

// turn decides once between intake and handler where the reply goes.
type turn struct{ state atomic.Int32 }

const (
	undecided int32 = iota
	inline
	late
)

// onTime claims the reply for the answer; false when the handler has given up. It may be asked again, since a transaction may be run again.
func (t *turn) onTime() bool {
	return t.state.CompareAndSwap(undecided, inline) || t.state.Load() == inline
}

func (t *turn) giveUp() bool { return t.state.CompareAndSwap(undecided, late) }

type outcome struct {
	reply string
	err   error
}

// take runs the intake and returns its reply. When the deadline comes first the message is kept, the reply says so, and the work goes on in the
// background; its reply is a message of its own. When too much is in work already, the message is kept at once and the work is for later: what is begun
// goes before what is new. Any error means that the platform should deliver again: nothing was stored, or the commit is not done yet and the next
// delivery will find the stored reply.
func (c *Callback) take(ctx context.Context, in routing.Inbound, deadline <-chan time.Time) (string, error) {
	if c.busy.Load() >= c.max {
		return c.keep(ctx, in, c.now(), deadline)
	}
	// The work survives the request: the platform hanging up is no reason to lose a message.
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), workLimit)
	t, done := new(turn), make(chan outcome, 1)
	c.busy.Add(1)
	c.working.Go(func() {
		defer cancel()
		defer c.busy.Add(-1)
		c.work(work, in, t, done)
	})
	select {
	case o := <-done:
		return o.reply, o.err
	case <-deadline:
	}
	if t.giveUp() {
		c.late.Inc()
		return c.keep(ctx, in, c.now().Add(workLimit+workLimit/2), c.after(grace)) // after the work in the background has ended either way
	}
	select {
	case o := <-done:
		return o.reply, o.err
	case <-c.after(grace):
		return "", errors.New("commit takes too long")
	}
}

// keep makes the message durable before it is acknowledged. An error when that isn't done in time.
func (c *Callback) keep(ctx context.Context, in routing.Inbound, from time.Time, end <-chan time.Time) (string, error) {
	done := make(chan outcome, 1)
	c.working.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.deadline)
		defer cancel()
		reply, err := c.intake.Keep(ctx, in, from)
		done <- outcome{reply, err}
	})
	select {
	case o := <-done:
		if o.err == nil {
			c.kept.Inc()
		}
		return o.reply, o.err
	case <-end:
		return "", errors.New("keeping the message takes too long")
	}
}

// work runs the intake until it has stored the message. A failure before the handler gave up is reported to it; after that the platform
// may have our word that all is well, and trying again is on us.
func (c *Callback) work(ctx context.Context, in routing.Inbound, t *turn, done chan<- outcome) {
	for {
		reply, err := c.receiveSafely(ctx, in, t.onTime)
		if err == nil || t.onTime() {
			done <- outcome{reply, err}
			return
		}
		c.log.Error("take in message after the deadline, will retry", "message", in.Key, "error", err)
		select {
		case <-ctx.Done():
			c.log.Error("message not stored within the limit, left for later", "message", in.Key)
			return
		case <-c.after(retryPause):
		}
	}
}

// receiveSafely keeps a panic of the intake from taking the process with it: it runs outside of the server's recovery.
func (c *Callback) receiveSafely(ctx context.Context, in routing.Inbound, onTime func() bool) (reply string, err error) {
	defer func() {
		if p := recover(); p != nil {
			reply, err = "", fmt.Errorf("intake panicked: %T", p) // the value may quote the message
		}
	}()
	return c.intake.Receive(ctx, in, onTime)
}

// Wait returns when no message is being worked on, or with ctx's error. Call it once the server takes no more requests.
func (c *Callback) Wait(ctx context.Context) error {
	idle := make(chan struct{})
	go func() {
		c.working.Wait()
		close(idle)
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for messages in work: %w", ctx.Err())
	}
}
