package console

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

// feed is an open live stream.
type feed struct {
	t     *testing.T
	lines chan string // closed when the server ends the stream
	close func()
}

// listen opens the stream of the user on a real server and waits until it is on.
func (w *world) listen(base, user string) *feed {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/console/events", nil)
	must(w.t, err)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: w.cookie(user)})
	answer, err := http.DefaultClient.Do(r)
	must(w.t, err)
	if got := answer.Header.Get("Content-Type"); answer.StatusCode != 200 || got != "text/event-stream; charset=utf-8" {
		w.t.Fatalf("stream of %s: %d %s", user, answer.StatusCode, got)
	}
	f := &feed{w.t, make(chan string, 100), cancel}
	go func() {
		defer close(f.lines)
		defer answer.Body.Close()
		for in := bufio.NewScanner(answer.Body); in.Scan(); {
			if text := in.Text(); text != "" {
				f.lines <- text
			}
		}
	}()
	w.t.Cleanup(cancel)
	f.want("retry: 5000")
	return f
}

// want waits for the lines, in this order and with none between them but heartbeats.
func (f *feed) want(lines ...string) {
	f.t.Helper()
	for _, want := range lines {
		for {
			got, open := f.next()
			if !open {
				f.t.Fatalf("the stream ended before %q", want)
			}
			if got == want {
				break
			}
			if got != ": beat" {
				f.t.Fatalf("%q, want %q", got, want)
			}
		}
	}
}

// beats waits for n heartbeats.
func (f *feed) beats(n int) {
	f.t.Helper()
	for range n {
		if got, _ := f.next(); got != ": beat" {
			f.t.Fatalf("%q, want a heartbeat", got)
		}
	}
}

func (f *feed) next() (string, bool) {
	f.t.Helper()
	select {
	case got, open := <-f.lines:
		return got, open
	case <-time.After(patience):
		f.t.Fatal("nothing comes")
		return "", false
	}
}

// ended waits for the end of the stream.
func (f *feed) ended() {
	f.t.Helper()
	for {
		if got, open := f.next(); !open {
			return
		} else if strings.HasPrefix(got, "event") {
			f.t.Fatalf("%q instead of an end", got)
		}
	}
}

func TestLiveUpdatesReachThoseWhoMaySeeTheCase(t *testing.T) {
	t.Parallel()
	w := start(t)
	server := w.serve()
	office, unit, foreign := w.listen(server.URL, "office"), w.listen(server.URL, "unit"), w.listen(server.URL, "other")
	hint := func(c routing.Case) []string { return []string{"event: case", "data: " + c.Number} }

	mine := w.file()
	waiting := w.at(routing.StateTriage)
	w.addTask(routing.TaskCallBack, mine, "")
	w.act("unit", mine.Number, step(routing.ActionSign, ""))
	w.act("office", mine.Number, routing.Step{Action: routing.ActionReassign, Unit: other})
	w.act("other", mine.Number, step(routing.ActionSign, ""))

	office.want(hint(mine)...)
	office.want(hint(waiting)...)
	office.want("event: tasks", "data: -")
	for range 3 {
		office.want(hint(mine)...)
	}
	// The lead unit: filing, signing and losing it, nothing of the queue, the tasks or what comes after.
	for range 3 {
		unit.want(hint(mine)...)
	}
	// The other unit: from when it got the case.
	for range 2 {
		foreign.want(hint(mine)...)
	}
	w.stop()
	for _, f := range []*feed{office, unit, foreign} {
		f.ended()
	}
}

func TestLiveStreamsEndWithTheServerAndTheReader(t *testing.T) {
	t.Parallel()
	w := start(t)
	server := w.serve()
	a, b := w.listen(server.URL, "office"), w.listen(server.URL, "unit")
	a.close()
	a.ended()
	w.stop()
	b.ended()
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Close() // waits for every request
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("a stream holds up the server")
	}
}

func TestLiveStreamEndsWithTheLoginAndNeverExtendsIt(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.console.beat = 5 * time.Millisecond
	server := w.serve()
	f := w.listen(server.URL, "office")
	f.beats(2)
	w.clock.add(50 * time.Minute)
	w.listen(server.URL, "office").beats(1) // as after a broken line
	w.clock.add(11 * time.Minute)
	f.ended()
	w.get("office", "/console").to("/console/login?next=%2Fconsole")
}

func TestLiveStreamFollowsAnAccountThatChangesUnits(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.console.beat = 5 * time.Millisecond
	server := w.serve()
	f := w.listen(server.URL, "other")
	u := w.users["other"]
	u.Unit = lead
	w.update(func(ctx context.Context, tx routing.Tx) error { return tx.UpdateUser(ctx, u) })
	f.beats(2)
	c := w.file()
	f.want("event: case", "data: "+c.Number)
}

// Words in a conversation are news for who has it; those of one that waits are for the queue, and none of it is for units.
func TestNewsOfAConversationGoToWhoHasIt(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		actor routing.Actor
		user  string
		want  string
	}{
		{routing.Actor{Role: routing.RoleOperator, ID: "zhao"}, "zhao", "event: chat\ndata: t1\n\n"}, {routing.Actor{Role: routing.RoleOperator, ID: "qian"}, "zhao", ""},
		{routing.Actor{Role: routing.RoleOperator, ID: "qian"}, "", "event: queue\ndata: t1\n\n"}, {routing.Actor{Role: routing.RoleUnit, ID: "zhao", Unit: lead}, "zhao", ""},
		{routing.Actor{Role: routing.RoleUnit, Unit: lead}, "", ""},
	} {
		if got := hint(tc.actor, routing.Update{Chat: "t1", User: tc.user}); got != tc.want {
			t.Errorf("%+v of %q: %q, want %q", tc.actor, tc.user, got, tc.want)
		}
	}
}
