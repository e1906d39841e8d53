package openapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"jiesu/routing"
)

// fuzzed sends a request and checks what holds for every answer: it isn't our fault, and what says that it is JSON is.
func (s *server) fuzzed(t *testing.T, r *http.Request) {
	t.Helper()
	r.RemoteAddr = "127.0.0.1:1"
	w := httptest.NewRecorder()
	s.engine.ServeHTTP(w, r)
	if w.Code >= 500 {
		t.Fatalf("%s %s: %d %s", r.Method, r.URL, w.Code, w.Body)
	}
	if strings.Contains(w.Header().Get("Content-Type"), "json") && !json.Valid(w.Body.Bytes()) {
		t.Fatalf("%s %s: no JSON: %s", r.Method, r.URL, w.Body)
	}
}

func FuzzRequestBodies(f *testing.F) {
	s := start(f, func(c *Config) { c.PerMinute = 1 << 30 })
	number := s.file("operator", map[string]any{"text": sureText})
	operations := []string{"POST /cases", "POST /classify", "POST /cases/" + number + "/events", "PUT /cases/" + number + "/status", "POST /webhooks", "PATCH /webhooks/none",
		"POST /calls", "POST /cases/" + number + "/actions/sign", "POST /problems/none/actions/apply"}
	for i, body := range []string{`{"text":"拖欠工程款三年。","contact":{"phone":"13800001234"},"district":"沈河区"}`, `{"text":"x"}`, `{"action":"supplement","note":"又来电"}`, `{"status":"已接收"}`,
		`{"url":"https://example.com/hook","events":["case.filed"]}`, `{"active":false}`, `{"event":"newCall","from":"13800001234","callId":"1","direction":"in"}`, `[]`, `{"a":`, "\xff", `{"text":null,"text":{}}`} {
		f.Add(uint8(i), "application/json", []byte(body))
	}
	f.Add(uint8(0), "text/xml", []byte("<a/>"))
	f.Add(uint8(6), "application/x-www-form-urlencoded", []byte("event=newCall&from=13800001234&direction=in&callId=1"))
	f.Fuzz(func(t *testing.T, operation uint8, kind string, body []byte) {
		method, path, _ := strings.Cut(operations[int(operation)%len(operations)], " ")
		r, err := http.NewRequestWithContext(context.Background(), method, "/api/v1"+path, strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+s.keys["admin"])
		r.Header.Set("Content-Type", kind)
		s.fuzzed(t, r)
	})
}

// A system outside that has the secret is still not trusted to send sense.
func FuzzWebhooksIn(f *testing.F) {
	s := start(f, func(c *Config) {
		c.OutsideSecret = hookSecret
		c.Desk = c.Desk.WithOutside(routing.OutsideRules{"已接收": "signed", "办理中": "progress"})
	})
	number := s.file("operator", map[string]any{"text": sureText})
	f.Add([]byte(`{"type":"case.status","timestamp":"2026-11-24T02:00:00Z","data":{"number":"` + number + `","status":"已接收","note":""}}`))
	f.Add([]byte(`{"type":"case.status","data":{"number":"JS20261124-000000"}}`))
	f.Add([]byte(`{"type":1}`))
	f.Add([]byte("\x00"))
	hook, err := standard.NewWebhook(hookSecret)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		now, id := s.clock.now(), routing.NewID()
		signature, err := hook.Sign(id, now, body)
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, hookPath, strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(standard.HeaderWebhookID, id)
		r.Header.Set(standard.HeaderWebhookTimestamp, fmt.Sprint(now.Unix()))
		r.Header.Set(standard.HeaderWebhookSignature, signature)
		s.fuzzed(t, r)
	})
}
