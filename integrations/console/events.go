package console

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

const eventsPath = "/console/events"

// writeWithin is how long a browser may take to accept news before its stream is cut; it connects again by itself.
const writeWithin = 10 * time.Second

// events streams live hints (server-sent events): "case" with a number, "tasks" with nothing. A hint says only that something
// changed; what changed is read through the usual pages, with the usual rights. The stream ends with the login.
func (s *Console) events(c *gin.Context, actor routing.Actor) error {
	ctx, cancel := context.WithCancel(c.Request.Context())
	defer cancel()
	news := s.Live.Subscribe(ctx)
	beat := time.NewTicker(s.beat)
	defer beat.Stop()
	out := stream{c.Writer, http.NewResponseController(c.Writer)}
	h := c.Writer.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("X-Accel-Buffering", "no") // nginx would hold the hints back
	if out.send("retry: 5000\n\n") != nil {
		return nil
	}
	s.present(ctx, actor)
	for {
		line := ": beat\n\n"
		select {
		case <-ctx.Done():
			return nil
		case <-s.Stopping:
			return nil
		case <-beat.C:
			now, ok := s.stillIn(c)
			if !ok {
				return nil
			}
			actor = now
			s.present(ctx, actor)
		case u, more := <-news:
			if !more {
				return nil
			}
			if line = hint(actor, u); line == "" {
				continue
			}
		}
		if out.send(line) != nil {
			return nil // gone or too slow
		}
	}
}

// present notes that the actor's screen is open: whoever asks for a person is told whether there is one.
func (s *Console) present(ctx context.Context, actor routing.Actor) {
	if err := s.Desk.Present(ctx, actor); err != nil && ctx.Err() == nil {
		s.Logger.Warn("who is on duty isn't noted", "actor_id", actor.ID, "error", err)
	}
}

// hint is the line for the actor, "" when the update is none of theirs.
func hint(actor routing.Actor, u routing.Update) string {
	if u.Call != "" {
		if u.User != actor.ID {
			return ""
		}
		return fmt.Sprintf("event: call\ndata: %s\n\n", url.QueryEscape(u.Call))
	}
	if u.Chat != "" {
		if actor.Role == routing.RoleUnit || u.User != "" && u.User != actor.ID {
			return ""
		}
		event := "chat"
		if u.User == "" { // nobody's yet: no reason to call all from their work
			event = "queue"
		}
		return fmt.Sprintf("event: %s\ndata: %s\n\n", event, url.QueryEscape(u.Chat))
	}
	if actor.Role == routing.RoleUnit && (u.Number == "" || !slices.Contains(u.Units, actor.Unit)) {
		return ""
	}
	if u.Number == "" {
		return "event: tasks\ndata: -\n\n"
	}
	return fmt.Sprintf("event: case\ndata: %s\n\n", u.Number)
}

// stillIn says who the stream belongs to now: a login may have ended, an account may have been given to another unit.
func (s *Console) stillIn(c *gin.Context) (routing.Actor, bool) {
	token, err := c.Cookie(s.cookie(cookieName))
	if err != nil {
		return routing.Actor{}, false
	}
	_, actor, err := s.finished(c, digest(token))
	return actor, err == nil
}

type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// send writes one event before its deadline. A socket's deadline is on the machine's clock, not on ours.
func (o stream) send(text string) error {
	if err := o.control.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil { //nolint:forbidigo // see above
		return fmt.Errorf("set deadline of stream: %w", err)
	}
	if _, err := o.w.Write([]byte(text)); err != nil {
		return fmt.Errorf("write to stream: %w", err)
	}
	return o.control.Flush()
}
