package redis

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// pause is how long Redis is left alone after it failed: what it holds may vanish, so nobody waits for it twice.
const pause = 5 * time.Second

// errResting: Redis failed a moment ago and isn't asked.
var errResting = errors.New("redis: failed a moment ago, not asked")

// breaker remembers a failure for a while.
type breaker struct {
	until atomic.Int64 // Unix nanoseconds
}

// ask runs fn unless Redis is left alone now.
func (b *breaker) ask(fn func() error) error {
	now := time.Now()
	if now.UnixNano() < b.until.Load() {
		return errResting
	}
	err := fn()
	if err != nil && !errors.Is(err, context.Canceled) { // the caller's leaving says nothing of Redis
		b.until.Store(time.Now().Add(pause).UnixNano())
	}
	return err
}
