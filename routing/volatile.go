package routing

import (
	"context"
	"sync"
	"time"
)

// Volatile is state that may vanish at any time without loss: the platform's token, rate limits, live updates. In-process for one
// node (Memory), Redis for several.
type Volatile interface {
	// Get returns the value and true, or false when it is absent or has expired.
	Get(ctx context.Context, key string) (string, bool, error)
	Set(ctx context.Context, key, value string, ttl time.Duration) error
	// DeleteIf deletes the key if it still holds the value: two finders of the same stale token drop it once.
	DeleteIf(ctx context.Context, key, value string) error
	// Allow counts one use of key and says whether it is within n per window.
	Allow(ctx context.Context, key string, n int, window time.Duration) (bool, error)
	// Publish tells every subscriber of every node; a slow subscriber misses news rather than blocking.
	Publish(ctx context.Context, u Update)
	// Subscribe delivers updates until ctx ends, then closes the channel.
	Subscribe(ctx context.Context) <-chan Update
}

// Update is a live hint that a case or the task list has changed. It names the units concerned, so that only screens that may know
// of the case are told, and carries nothing else.
type Update struct {
	Number string   `json:"number,omitempty"` // "" for the task list
	Units  []string `json:"units,omitempty"`
	Call   string   `json:"call,omitempty"` // a call that User has just answered: for their screen alone
	Chat   string   `json:"chat,omitempty"` // task of a conversation in which something was said: for User's screen, or for all who see the queue
	User   string   `json:"user,omitempty"`
}

// Memory is the in-process Volatile.
type Memory struct {
	now func() time.Time

	mu     sync.Mutex
	values map[string]held
	counts map[string]window
	subs   map[chan Update]struct{}
	ops    int
}

type held struct {
	value string
	until time.Time
}

type window struct {
	n     int
	until time.Time
}

// NewMemory returns an empty in-process Volatile on the given clock.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, values: map[string]held{}, counts: map[string]window{}, subs: map[chan Update]struct{}{}}
}

// Get implements Volatile.
func (m *Memory) Get(_ context.Context, key string) (string, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.values[key]
	if !ok || !m.now().Before(h.until) {
		return "", false, nil
	}
	return h.value, true, nil
}

// Set implements Volatile.
func (m *Memory) Set(_ context.Context, key, value string, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	m.values[key] = held{value, m.now().Add(ttl)}
	return nil
}

// DeleteIf implements Volatile.
func (m *Memory) DeleteIf(_ context.Context, key, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values[key].value == value {
		delete(m.values, key)
	}
	return nil
}

// Allow implements Volatile with fixed windows.
func (m *Memory) Allow(_ context.Context, key string, n int, per time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	w := m.counts[key]
	if !m.now().Before(w.until) {
		w = window{until: m.now().Add(per)}
	}
	w.n++
	m.counts[key] = w
	return w.n <= n, nil
}

// Publish implements Volatile.
func (m *Memory) Publish(_ context.Context, u Update) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ch := range m.subs {
		select {
		case ch <- u:
		default: // slow: the screen refreshes on its next update
		}
	}
}

// Subscribe implements Volatile.
func (m *Memory) Subscribe(ctx context.Context) <-chan Update {
	ch := make(chan Update, 64)
	m.mu.Lock()
	m.subs[ch] = struct{}{}
	m.mu.Unlock()
	context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.subs, ch)
		close(ch)
	})
	return ch
}

// sweep drops what has expired, now and then, so that one-time keys don't pile up. Called with the lock held.
func (m *Memory) sweep() {
	m.ops++
	if m.ops%1024 != 0 {
		return
	}
	now := m.now()
	for k, h := range m.values {
		if !now.Before(h.until) {
			delete(m.values, k)
		}
	}
	for k, w := range m.counts {
		if !now.Before(w.until) {
			delete(m.counts, k)
		}
	}
}
