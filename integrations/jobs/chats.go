package jobs

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"jiesu/routing"
)

// Chats sees to it that nobody waits for a person in silence. Whose time is up, the desk says.
type Chats struct {
	desk  *routing.Desk
	words routing.Wording
	log   *slog.Logger
	count *prometheus.CounterVec
}

// NewChats returns the watch. The registerer may be nil. Run Watch as a Periodic.
func NewChats(desk *routing.Desk, words routing.Wording, log *slog.Logger, reg prometheus.Registerer) (*Chats, error) {
	c := &Chats{desk: desk, words: words, log: log, count: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jiesu_conversations_seen_to_total",
		Help: "Conversations that waited for too long, by what was done about them."}, []string{"step"})}
	if reg == nil {
		return c, nil
	}
	if err := reg.Register(c.count); err != nil {
		return nil, fmt.Errorf("register metrics of conversations: %w", err)
	}
	return c, nil
}

// Watch does all that is due. The error joins the failures.
func (c *Chats) Watch(ctx context.Context) error {
	say := func(s routing.WatchStep) (words, note string) {
		words = c.words.Text("chat.watch." + string(s))
		if s == routing.WatchCallBack {
			note = c.words.Text("chat.watch.note")
		}
		return words, note
	}
	return c.desk.WatchChats(ctx, say, func(taskID string, s routing.WatchStep) {
		c.count.WithLabelValues(string(s)).Inc()
		c.log.InfoContext(ctx, "conversation seen to", "task_id", taskID, "step", s)
	})
}
