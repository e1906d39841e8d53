// Package redis keeps routing.Volatile in Redis, for several nodes that must agree on the platform's token, on rate limits, and tell
// each other's screens of changes. Nothing in it is a record: losing Redis costs a new token and some live updates.
package redis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"jiesu/routing"
)

const (
	// prefix keeps our keys apart from those of other programs on the same server.
	prefix  = "jiesu:"
	values  = prefix + "value:"
	counts  = prefix + "count:"
	updates = prefix + "updates"

	// publishTimeout bounds an announcement: the step that it tells of is durable, and its caller must not wait for a screen.
	publishTimeout = time.Second
	// buffer is how many updates a subscriber may lag behind before it misses some.
	buffer = 64
)

// deleteIf compares and deletes in one step, so that a fresh value set in between survives.
var deleteIf = redis.NewScript(`if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0`)

// allow counts in fixed windows. The window is set with the first count, in one step: a counter without an end would lock a key
// out for ever.
var allow = redis.NewScript(`
local n = redis.call("INCR", KEYS[1])
if n == 1 or redis.call("PTTL", KEYS[1]) < 0 then redis.call("PEXPIRE", KEYS[1], ARGV[1]) end
return n`)

// Volatile is the shared implementation of routing.Volatile.
type Volatile struct {
	client   *redis.Client
	log      *slog.Logger
	breaker  breaker
	outgoing chan routing.Update // to be published
	idle     chan struct{}       // closed when nothing is published any more
	closing  sync.Once
}

var _ routing.Volatile = (*Volatile)(nil)

// New opens url (redis:// or rediss://). It doesn't wait for the server: Ping tells whether it answers.
func New(url string, log *slog.Logger) (*Volatile, error) {
	opts, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("redis: the URL is unreadable") // its text may carry a password
	}
	opts.DialTimeout, opts.MaxRetries, opts.ContextTimeoutEnabled = time.Second, 1, true
	v := &Volatile{client: redis.NewClient(opts), log: log, outgoing: make(chan routing.Update, buffer), idle: make(chan struct{})}
	go v.publish()
	return v, nil
}

// Ping says whether Redis answers.
func (v *Volatile) Ping(ctx context.Context) error {
	if err := v.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("redis: ping: %w", err)
	}
	return nil
}

// Close publishes what waits and ends all connections; subscriptions end with their own contexts. Nothing may be published afterwards.
func (v *Volatile) Close() error {
	v.closing.Do(func() { close(v.outgoing) })
	<-v.idle
	if err := v.client.Close(); err != nil {
		return fmt.Errorf("redis: close: %w", err)
	}
	return nil
}

// Get implements routing.Volatile.
func (v *Volatile) Get(ctx context.Context, key string) (value string, found bool, err error) {
	err = v.breaker.ask(func() error {
		value, err = v.client.Get(ctx, values+key).Result()
		if found = err == nil; errors.Is(err, redis.Nil) {
			return nil
		}
		return err
	})
	if err != nil {
		return "", false, fmt.Errorf("redis: get: %w", err)
	}
	return value, found, nil
}

// Set implements routing.Volatile. A value without any time left is not kept.
func (v *Volatile) Set(ctx context.Context, key, value string, ttl time.Duration) error {
	if ttl < time.Millisecond { // Redis keeps a value with no ttl for ever
		if err := v.breaker.ask(func() error { return v.client.Del(ctx, values+key).Err() }); err != nil {
			return fmt.Errorf("redis: set: %w", err)
		}
		return nil
	}
	err := v.breaker.ask(func() error { return v.client.Do(ctx, "SET", values+key, value, "PX", ttl.Milliseconds()).Err() })
	if err != nil {
		return fmt.Errorf("redis: set: %w", err)
	}
	return nil
}

// DeleteIf implements routing.Volatile.
func (v *Volatile) DeleteIf(ctx context.Context, key, value string) error {
	err := v.breaker.ask(func() error { return deleteIf.Run(ctx, v.client, []string{values + key}, value).Err() })
	if err != nil {
		return fmt.Errorf("redis: delete: %w", err)
	}
	return nil
}

// Allow implements routing.Volatile with fixed windows, as Memory does.
func (v *Volatile) Allow(ctx context.Context, key string, n int, window time.Duration) (bool, error) {
	ms := max(window.Milliseconds(), 1)
	var used int
	err := v.breaker.ask(func() (err error) {
		used, err = allow.Run(ctx, v.client, []string{counts + key}, ms).Int()
		return err
	})
	if err != nil {
		return false, fmt.Errorf("redis: count: %w", err)
	}
	return used <= n, nil
}

// Publish implements routing.Volatile. It never waits: the step that it tells of is done. What can't be published costs a screen its live
// update and nothing else.
func (v *Volatile) Publish(ctx context.Context, u routing.Update) {
	select {
	case v.outgoing <- u:
	default:
		v.log.WarnContext(ctx, "live update dropped: too many wait", "case", u.Number)
	}
}

// publish sends what waits, in order, until Close.
func (v *Volatile) publish() {
	defer close(v.idle)
	for u := range v.outgoing {
		ctx, cancel := context.WithTimeout(context.Background(), publishTimeout)
		text, err := json.Marshal(u)
		if err == nil {
			err = v.breaker.ask(func() error { return v.client.Publish(ctx, updates, text).Err() })
		}
		if err != nil && !errors.Is(err, errResting) { // once per pause is enough
			v.log.WarnContext(ctx, "live update not published", "case", u.Number, "error", err)
		}
		cancel()
	}
}
