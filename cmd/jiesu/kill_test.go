package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"testing"
	"time"
)

// reaper is a transport to a server that it kills, once, in the middle of a request: after the request is written and so much time
// has passed. It then starts the server anew, and whatever the dead one may have answered never arrived.
type reaper struct {
	retarget
	restart func() (url string)
	kill    func()

	mu    sync.Mutex
	after time.Duration
	armed bool
}

var errKilled = errors.New("the connection broke off")

func (r *reaper) arm(after time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.armed, r.after = true, after
}

// RoundTrip implements http.RoundTripper.
func (r *reaper) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	armed, after := r.armed, r.after
	r.armed = false
	r.mu.Unlock()
	if !armed {
		return r.retarget.RoundTrip(req)
	}
	written := make(chan struct{})
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(written) }}
	done := make(chan struct{})
	go func() {
		defer close(done)
		resp, err := r.retarget.RoundTrip(req.Clone(httptrace.WithClientTrace(context.WithoutCancel(req.Context()), trace)))
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}()
	<-written
	<-time.NewTimer(after).C // where in the work the blow falls is the point of the test
	r.kill()
	<-done
	r.set(r.restart())
	return nil, errKilled
}

// The process is killed at many points between the callback and its answer, and the platform delivers again.
func TestAKilledServerLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, databaseURL string) {
		blows := []time.Duration{0, time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 50 * time.Millisecond}
		deadly := &reaper{}
		box, apiBase, callTo := platformVia(t, deadly)
		env := append(serveEnv(t, apiBase), "JIESU_DATABASE_URL="+databaseURL)
		srv := start(t, env, "serve")
		callTo(srv.URL)
		deadly.kill = func() { srv.kill() }
		deadly.restart = func() string { srv = start(t, env, "serve"); return srv.URL }
		office := newKey(t, env, srv.URL, "office", "")

		numbers := map[string]bool{}
		for i, blow := range blows {
			fan := box.Fan(fmt.Sprint("fan ", i))
			say(t, fan, complaint)
			deadly.arm(blow)
			number := caseNumber.FindString(say(t, fan, "1"))
			if number == "" || numbers[number] {
				t.Fatalf("killed after %v: number %q", blow, number)
			}
			numbers[number] = true
			office.base = srv.URL
			c := office.do(200, "GET", "/api/v1/cases/"+number, nil)
			if c["text"] != complaint {
				t.Errorf("killed after %v: the case says %v", blow, c["text"])
			}
		}
		if list := office.do(200, "GET", "/api/v1/cases", nil)["cases"].([]any); len(list) != len(blows) {
			t.Errorf("%d cases of %d complaints", len(list), len(blows))
		}
	})
}
