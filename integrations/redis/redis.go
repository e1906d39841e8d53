// Package redis keeps routing.Volatile in Redis, for several nodes that must agree on the platform's token, on rate limits, and tell
// each other's screens of changes. Nothing in it is a record: losing Redis costs a new token and some live updates.
package redis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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
	client *redis.Client
	log    *slog.Logger
}

var _ routing.Volatile = (*Volatile)(nil)

// New opens url (redis:// or rediss://). It doesn't wait for the server: Ping tells whether it answers.
func New(url string, log *slog.Logger) (*Volatile, error) {
	opts, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("redis: the URL is unreadable") // its text may carry a password
	}
	return &Volatile{client: redis.NewClient(opts), log: log}, nil
}

// Ping says whether Redis answers.
func (v *Volatile) Ping(ctx context.Context) error {
	if err := v.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("redis: ping: %w", err)
	}
	return nil
}

// Close ends all connections; subscriptions end with their own contexts.
func (v *Volatile) Close() error {
	if err := v.client.Close(); err != nil {
		return fmt.Errorf("redis: close: %w", err)
	}
	return nil
}

// Get implements routing.Volatile.
func (v *Volatile) Get(ctx context.Context, key string) (string, bool, error) {
	value, err := v.client.Get(ctx, values+key).Result()
	if errors.Is(err, redis.Nil) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("redis: get: %w", err)
	}
	return value, true, nil
}

// Set implements routing.Volatile. A value without any time left is not kept.
func (v *Volatile) Set(ctx context.Context, key, value string, ttl time.Duration) error {
	if ttl < time.Millisecond { // Redis keeps a value with no ttl for ever
		if err := v.client.Del(ctx, values+key).Err(); err != nil {
			return fmt.Errorf("redis: set: %w", err)
		}
		return nil
	}
	if err := v.client.Do(ctx, "SET", values+key, value, "PX", ttl.Milliseconds()).Err(); err != nil {
		return fmt.Errorf("redis: set: %w", err)
	}
	return nil
}

// DeleteIf implements routing.Volatile.
func (v *Volatile) DeleteIf(ctx context.Context, key, value string) error {
	if err := deleteIf.Run(ctx, v.client, []string{values + key}, value).Err(); err != nil {
		return fmt.Errorf("redis: delete: %w", err)
	}
	return nil
}

// Allow implements routing.Volatile with fixed windows, as Memory does.
func (v *Volatile) Allow(ctx context.Context, key string, n int, window time.Duration) (bool, error) {
	ms := max(window.Milliseconds(), 1)
	used, err := allow.Run(ctx, v.client, []string{prefix + "allow:" + key}, ms).Int()
	if err != nil {
		return false, fmt.Errorf("redis: count: %w", err)
	}
	return used <= n, nil
}

// Publish implements routing.Volatile. A failure is logged: it costs a screen its live update and nothing else.
func (v *Volatile) Publish(ctx context.Context, u routing.Update) {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	text, err := json.Marshal(u)
	if err == nil {
		err = v.client.Publish(ctx, updates, text).Err()
	}
	if err != nil {
		v.log.WarnContext(ctx, "live update not published", "case", u.Number, "error", err)
	}
}
