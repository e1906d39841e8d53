package redis

import (
	"context"
	"encoding/json"
	"time"

	"github.com/redis/go-redis/v9"

	"jiesu/routing"
)

// Subscribe implements routing.Volatile. It returns once Redis has confirmed the subscription or failed to within a second; a lost
// connection is opened again, and what was published meanwhile is missed.
func (v *Volatile) Subscribe(ctx context.Context) <-chan routing.Update {
	out := make(chan routing.Update, buffer)
	sub := v.client.Subscribe(ctx, updates)
	confirmed := make(chan struct{})
	go v.pump(ctx, sub, confirmed, out)
	wait := time.NewTimer(publishTimeout)
	defer wait.Stop()
	select {
	case <-confirmed:
	case <-wait.C:
	case <-ctx.Done():
	}
	return out
}

// pump moves messages until ctx ends. A subscriber that doesn't keep up misses news.
func (v *Volatile) pump(ctx context.Context, sub *redis.PubSub, confirmed chan<- struct{}, out chan<- routing.Update) {
	defer close(out)
	defer func() {
		if err := sub.Close(); err != nil {
			v.log.DebugContext(ctx, "subscription not closed cleanly", "error", err)
		}
	}()
	// go-redis pings, reconnects and subscribes anew by itself; with the subscriptions it also tells when it has.
	in := sub.ChannelWithSubscriptions(redis.WithChannelSize(buffer))
	for {
		select {
		case <-ctx.Done():
			return
		case m, open := <-in:
			if !open {
				return
			}
			switch m := m.(type) {
			case *redis.Subscription:
				if confirmed != nil {
					close(confirmed)
					confirmed = nil
				}
			case *redis.Message:
				v.pass(ctx, m.Payload, out)
			}
		}
	}
}

func (v *Volatile) pass(ctx context.Context, payload string, out chan<- routing.Update) {
	var u routing.Update
	if err := json.Unmarshal([]byte(payload), &u); err != nil {
		v.log.WarnContext(ctx, "live update unreadable", "error", err)
		return
	}
	select {
	case out <- u:
	default:
	}
}
