package openapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"jiesu/routing"
)

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func outsideWorld(t *testing.T) *server {
	t.Helper()
	return start(t, func(c *Config) {
		c.OutsideSecret = hookSecret
		c.Desk = c.Desk.WithOutside(routing.OutsideRules{"已接收": "signed", "办理中": "progress", "已答复": "replied", "已办结": "closed", "退回": "refused"})
	})
}

// told is the actions on a case, from its filing.
func (s *server) told(number string) string {
	s.t.Helper()
	events, err := s.store.Events(s.t.Context(), number)
	if err != nil {
		s.t.Fatal(err)
	}
	var list []string
	for _, e := range events {
		if e.Data.Clock == nil {
			list = append(list, string(e.Action))
		}
	}
	return strings.Join(list, " ")
}

func TestOurCaseFollowsTheOneOutsideStepByStep(t *testing.T) {
	t.Parallel()
	s := outsideWorld(t)
	number := s.file("operator", map[string]any{"text": sureText})
	put := func(role, status, note string) answer {
		return s.do(role, "PUT", "/api/v1/cases/"+number+"/status", map[string]any{"status": status, "note": note})
	}
	state := func(w answer, want string) {
		t.Helper()
		var c struct{ State string }
		if err := json.Unmarshal(w.Body.Bytes(), &c); w.Code != 200 || err != nil || c.State != want {
			t.Errorf("%d %s, want %s", w.Code, w.Body, want)
		}
	}
	wantProblem(t, put("other", "已接收", ""), 404, "not-found") // another unit
	wantProblem(t, put("operator", "已接收", ""), 403, "forbidden")
	wantProblem(t, put("unit", "搁置", ""), 422, "invalid")
	wantProblem(t, put("unit", "已答复", ""), 422, "invalid") // an answer without words: nothing of it was done
	if got := s.told(number); got != "file" {
		t.Errorf("half done: %s", got)
	}
	state(put("office", "已办结", "款项已拨付。"), "closed") // signing and answering lie between
	if got := s.told(number); got != "file sign reply close" {
		t.Errorf("steps: %s", got)
	}
	state(put("unit", "已办结", "款项已拨付。"), "closed") // said before
	wantProblem(t, put("unit", "已接收", ""), 409, "illegal-transition")
	events, err := s.store.Events(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events[1:] {
		if e.Actor.Role != routing.RoleUnit || e.Actor.Unit != sureUnit {
			t.Errorf("%s by %+v", e.Action, e.Actor)
		}
	}
	number = s.file("operator", map[string]any{"text": sureText})
	state(put("unit", "已接收", ""), "signed")
	state(put("unit", "办理中", "已约谈承办人。"), "signed")
	number = s.file("operator", map[string]any{"text": sureText})
	state(put("unit", "退回", "不归我们管，应由人社部门办理。"), "refused")
	wantProblem(t, put("unit", "已办结", "x"), 409, "illegal-transition")
}

// hookOf signs a webhook as a system outside does.
func (s *server) hookOf(secret, id string, at time.Time, body string) answer {
	s.t.Helper()
	w, err := standard.NewWebhook(secret)
	if err != nil {
		s.t.Fatal(err)
	}
	signature, err := w.Sign(id, at, []byte(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, hookPath, strings.NewReader(body))
	r.Header.Set(standard.HeaderWebhookID, id)
	r.Header.Set(standard.HeaderWebhookTimestamp, fmt.Sprint(at.Unix()))
	r.Header.Set(standard.HeaderWebhookSignature, signature)
	rec := httptest.NewRecorder()
	s.engine.ServeHTTP(rec, r)
	a := answer{ResponseRecorder: rec}
	_ = json.Unmarshal(rec.Body.Bytes(), &a.body)
	return a
}

func TestWebhooksOfASystemOutsideAreVerifiedAndTakenOnce(t *testing.T) {
	t.Parallel()
	s := outsideWorld(t)
	number := s.file("operator", map[string]any{"text": sureText})
	body := func(status, note string) string {
		text, err := json.Marshal(map[string]any{"type": "case.status", "timestamp": "2026-11-24T02:00:00Z", "data": map[string]any{"number": number, "status": status, "note": note}})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	now := s.clock.now()
	s.hookOf(hookSecret, "msg_2", now, body("已接收", ""))
	for range 2 { // it comes again when our answer was lost
		if w := s.hookOf(hookSecret, "msg_3", now, body("办理中", "已约谈承办人。")); w.Code != 204 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if got := s.told(number); strings.Count(got, "progress") != 1 {
		t.Errorf("steps: %s", got)
	}
	for name, w := range map[string]answer{
		"another secret": s.hookOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx", "msg_4", now, body("已答复", "好")),
		"an old one":     s.hookOf(hookSecret, "msg_4", now.Add(-6*time.Minute), body("已答复", "好")),
		"a future one":   s.hookOf(hookSecret, "msg_4", now.Add(6*time.Minute), body("已答复", "好")),
	} {
		wantProblem(t, w, 401, "unauthorized")
		_ = name
	}
	wantProblem(t, s.do("", "POST", hookPath, map[string]any{"type": "case.status"}), 401, "unauthorized")
	wantProblem(t, s.hookOf(hookSecret, "msg_5", now, "{"), 400, "malformed")
	wantProblem(t, s.hookOf(hookSecret, "msg_6", now, body("搁置", "")), 422, "invalid")
	wantProblem(t, s.hookOf(hookSecret, "msg_7", now, `{"type":"case.status","data":{"number":"JS20200101-000000","status":"已接收"}}`), 404, "not-found")
	wantProblem(t, s.hookOf(hookSecret, "msg_8", now, strings.Repeat(" ", maxBody+1)), 413, "too-large")
	if w := s.hookOf(hookSecret, "msg_9", now, `{"type":"invoice.paid","data":{}}`); w.Code != 204 {
		t.Errorf("an event that isn't ours: %d", w.Code)
	}
	if w := s.hookOf(hookSecret, "msg_6", now, body("已答复", "已拨付。")); w.Code != 204 || !strings.HasSuffix(s.told(number), "reply") {
		t.Errorf("what was refused may come again, mended: %d %s, %s", w.Code, w.Body, s.told(number))
	}
	off := start(t)
	wantProblem(t, off.do("", "POST", hookPath, map[string]any{}), 404, "not-found")
}
