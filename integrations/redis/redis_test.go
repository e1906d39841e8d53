package redis_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"jiesu/integrations/redis"
	"jiesu/routing"
)

// patience is how long a test waits for what happens on another connection.
const patience = 10 * time.Second

// each runs a test on every implementation of routing.Volatile: what holds for one node must hold for several.
func each(t *testing.T, test func(t *testing.T, v routing.Volatile, key string)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, routing.NewMemory(time.Now), "key")
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, address(t)), unique())
	})
}

// unique keeps tests apart that share the server.
func unique() string { return "test:" + routing.NewID() }

func address(t *testing.T) string {
	t.Helper()
	url := os.Getenv("JIESU_TEST_REDIS_URL")
	if url == "" && os.Getenv("CI") == "true" {
		t.Fatal("JIESU_TEST_REDIS_URL is not set")
	}
	if url == "" {
		t.Skip("JIESU_TEST_REDIS_URL is not set")
	}
	return url
}

func open(t *testing.T, url string) *redis.Volatile {
	t.Helper()
	v, err := redis.New(url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	return v
}

func TestValuesAreKeptUntilTheirTimeEnds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, v routing.Volatile, key string) {
		ctx := t.Context()
		if _, ok, err := v.Get(ctx, key); ok || err != nil {
			t.Fatalf("before it was set: %v, %v", ok, err)
		}
		must(t, v.Set(ctx, key, "一", time.Hour))
		must(t, v.Set(ctx, key, "二", time.Hour))
		if got, ok, err := v.Get(ctx, key); got != "二" || !ok || err != nil {
			t.Fatalf("got %q, %v, %v", got, ok, err)
		}
		must(t, v.Set(ctx, key, "短", 30*time.Millisecond))
		eventually(t, func() bool { _, ok, err := v.Get(ctx, key); return !ok && err == nil })
		must(t, v.Set(ctx, key, "kept", time.Hour))
		must(t, v.Set(ctx, key, "gone", 0))
		if _, ok, _ := v.Get(ctx, key); ok {
			t.Fatal("a value without time left is still there")
		}
	})
}

func TestDeleteIfSparesAFreshValue(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, v routing.Volatile, key string) {
		ctx := t.Context()
		must(t, v.DeleteIf(ctx, key, "stale")) // absent: nothing to do
		must(t, v.Set(ctx, key, "fresh", time.Hour))
		must(t, v.DeleteIf(ctx, key, "stale"))
		if got, ok, _ := v.Get(ctx, key); !ok || got != "fresh" {
			t.Fatalf("the fresh value became %q, %v", got, ok)
		}
		must(t, v.DeleteIf(ctx, key, "fresh"))
		if _, ok, _ := v.Get(ctx, key); ok {
			t.Fatal("the value named is still there")
		}
	})
}

func TestAllowLetsExactlySoManyThrough(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, v routing.Volatile, key string) {
		ctx := t.Context()
		must(t, v.Set(ctx, key, "a value of the same name is another thing", time.Hour))
		var allowed atomic.Int64
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				ok, err := v.Allow(ctx, key, 7, time.Hour)
				if err != nil {
					t.Error(err)
				}
				if ok {
					allowed.Add(1)
				}
			})
		}
		group.Wait()
		if n := allowed.Load(); n != 7 {
			t.Fatalf("%d of 50 were allowed, want 7", n)
		}
		if ok, err := v.Allow(ctx, key+":another", 7, time.Hour); !ok || err != nil {
			t.Fatalf("another key: %v, %v", ok, err)
		}
	})
}

func TestAllowStartsAnewWithTheNextWindow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, v routing.Volatile, key string) {
		ctx := t.Context()
		const window = 400 * time.Millisecond
		first, err := v.Allow(ctx, key, 1, window)
		must(t, err)
		second, err := v.Allow(ctx, key, 1, window)
		must(t, err)
		if !first || second {
			t.Fatalf("within the window: %v then %v", first, second)
		}
		eventually(t, func() bool { ok, err := v.Allow(ctx, key, 1, window); return ok && err == nil })
	})
}

func TestEverySubscriberHearsAnUpdate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, v routing.Volatile, key string) {
		ctx, cancel := context.WithCancel(t.Context())
		one, two := v.Subscribe(ctx), v.Subscribe(ctx)
		v.Publish(ctx, routing.Update{Number: key, Units: []string{"finance", "tax"}})
		for _, ch := range []<-chan routing.Update{one, two} {
			if u := hear(t, ch, key); fmt.Sprint(u.Units) != "[finance tax]" {
				t.Fatalf("heard %+v", u)
			}
		}
		cancel()
		closed(t, one)
		closed(t, two)
		v.Publish(t.Context(), routing.Update{Number: key}) // nobody listens: no matter
	})
}

func TestASlowSubscriberHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, v routing.Volatile, key string) {
		slow, quick := v.Subscribe(t.Context()), v.Subscribe(t.Context())
		for i := range 500 {
			number := fmt.Sprint(key, i)
			v.Publish(t.Context(), routing.Update{Number: number})
			hear(t, quick, number)
		}
		if n := len(slow); n == 0 || n == 500 {
			t.Fatalf("the slow one holds %d updates", n)
		}
	})
}

func TestNodesShareOneState(t *testing.T) {
	t.Parallel()
	a, b, key := open(t, address(t)), open(t, address(t)), unique()
	ctx := t.Context()
	must(t, a.Ping(ctx))
	must(t, a.Set(ctx, key, "token", time.Hour))
	if got, ok, err := b.Get(ctx, key); got != "token" || !ok || err != nil {
		t.Fatalf("the other node reads %q, %v, %v", got, ok, err)
	}
	news := b.Subscribe(ctx)
	a.Publish(ctx, routing.Update{Number: key})
	hear(t, news, key)
}

func TestKeysCarryOurName(t *testing.T) {
	t.Parallel()
	v, key := open(t, address(t)), unique()
	must(t, v.Set(t.Context(), key, "x", time.Minute))
	_, err := v.Allow(t.Context(), key, 1, time.Minute)
	must(t, err)
	opts, err := goredis.ParseURL(address(t))
	must(t, err)
	raw := goredis.NewClient(opts)
	defer func() { _ = raw.Close() }()
	keys, err := raw.Keys(t.Context(), "*"+key+"*").Result()
	must(t, err)
	if len(keys) != 2 {
		t.Fatalf("keys %q", keys)
	}
	for _, k := range keys {
		if k[:6] != "jiesu:" || raw.PTTL(t.Context(), k).Val() <= 0 {
			t.Errorf("key %q lacks our name or an end", k)
		}
	}
}

func TestASubscriptionOutlivesALostConnection(t *testing.T) {
	t.Parallel()
	name := routing.NewID()
	listener, speaker, key := open(t, address(t)+"?client_name="+name), open(t, address(t)), unique()
	news := listener.Subscribe(t.Context())
	speaker.Publish(t.Context(), routing.Update{Number: key + "before"})
	hear(t, news, key+"before")
	hangUp(t, name)
	heard := make(chan struct{})
	go func() {
		for u := range news {
			if u.Number == key+"after" {
				close(heard)
				return
			}
		}
	}()
	eventually(t, func() bool {
		speaker.Publish(t.Context(), routing.Update{Number: key + "after"})
		select {
		case <-heard:
			return true
		default:
			return false
		}
	})
}

func TestErrorsTellNoPassword(t *testing.T) {
	t.Parallel()
	_, err := redis.New("redis://:s3cret@127.0.0.1:port/0", slog.New(slog.DiscardHandler))
	if err == nil || err.Error() != "redis: the URL is unreadable" {
		t.Fatalf("an unreadable URL: %v", err)
	}
}

func TestALostServerIsAnErrorAndNeverAHang(t *testing.T) {
	t.Parallel()
	v := open(t, "redis://127.0.0.1:1/0?max_retries=-1") // nobody listens on port 1
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, _, err := v.Get(ctx, "x"); err == nil {
		t.Error("get: no error")
	}
	if err := v.Set(ctx, "x", "y", time.Second); err == nil {
		t.Error("set: no error")
	}
	if err := v.DeleteIf(ctx, "x", "y"); err == nil {
		t.Error("delete: no error")
	}
	if ok, err := v.Allow(ctx, "x", 1, time.Second); ok || err == nil {
		t.Error("allow: no error")
	}
	if v.Ping(ctx) == nil {
		t.Error("ping: no error")
	}
	v.Publish(ctx, routing.Update{})
	sub, stop := context.WithCancel(ctx)
	news := v.Subscribe(sub)
	stop()
	closed(t, news)
	if ctx.Err() != nil {
		t.Fatal("something waited for a server that isn't there")
	}
}

// hangUp cuts the subscribed connection of the client with that name, on the server's side.
func hangUp(t *testing.T, name string) {
	t.Helper()
	opts, err := goredis.ParseURL(address(t))
	must(t, err)
	raw := goredis.NewClient(opts)
	defer func() { _ = raw.Close() }()
	list, err := raw.Do(t.Context(), "CLIENT", "LIST", "TYPE", "pubsub").Text()
	must(t, err)
	for line := range strings.Lines(list) {
		if strings.Contains(line, "name="+name+" ") {
			id := strings.TrimPrefix(strings.Fields(line)[0], "id=")
			must(t, raw.Do(t.Context(), "CLIENT", "KILL", "ID", id).Err())
			return
		}
	}
	t.Fatal("the server knows no such subscriber")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// hear waits for the update of that number; others on the same server are none of ours.
func hear(t *testing.T, ch <-chan routing.Update, number string) routing.Update {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		select {
		case u, open := <-ch:
			if !open {
				t.Fatal("the channel was closed")
			}
			if u.Number == number {
				return u
			}
		case <-limit.C:
			t.Fatalf("update %s never came", number)
		}
	}
}

func closed(t *testing.T, ch <-chan routing.Update) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		select {
		case _, open := <-ch:
			if !open {
				return
			}
		case <-limit.C:
			t.Fatal("the channel was not closed")
		}
	}
}

// eventually polls until the condition holds.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatal("it never came about")
		}
	}
}

func TestADeadRedisIsNotWaitedForTwice(t *testing.T) {
	t.Parallel()
	v := open(t, "redis://127.0.0.1:1/0")
	if _, err := v.Allow(t.Context(), "key", 1, time.Minute); err == nil {
		t.Fatal("nobody answered, and it was allowed")
	}
	begin := time.Now()
	for range 1000 {
		v.Publish(t.Context(), routing.Update{Number: "n"})
		if _, _, err := v.Get(t.Context(), "key"); err == nil {
			t.Fatal("nobody answered, and there was a value")
		}
	}
	if took := time.Since(begin); took > 5*time.Second { // asking each time would take minutes
		t.Errorf("1000 answers of a dead Redis took %v", took)
	}
}

func TestACallerWhoLeavesSaysNothingOfRedis(t *testing.T) {
	t.Parallel()
	v := open(t, address(t))
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, _, err := v.Get(gone, unique()); err == nil {
		t.Fatal("an answer for who has left")
	}
	if err := v.Set(t.Context(), unique(), "x", time.Minute); err != nil {
		t.Errorf("the next one: %v", err)
	}
}
