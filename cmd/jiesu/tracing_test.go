package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// gatherer is a collector as strict as those of OTLP over HTTP: the one path, POST, protobuf, a whole message.
type gatherer struct {
	t     *testing.T
	mu    sync.Mutex
	spans []*traces.Span
}

func (g *gatherer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var m collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &m)
	}
	if r.Method != http.MethodPost || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" || err != nil {
		g.t.Errorf("%s %s %s: %v", r.Method, r.URL.Path, r.Header.Get("Content-Type"), err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, of := range m.ResourceSpans {
		for _, scope := range of.ScopeSpans {
			g.spans = append(g.spans, scope.Spans...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// chains are the spans of each trace from the root down to the last, as "root > child > …".
func (g *gatherer) chains() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	byID := map[string]*traces.Span{}
	for _, s := range g.spans {
		byID[hex.EncodeToString(s.SpanId)] = s
	}
	var lines strings.Builder
	for _, s := range g.spans {
		line := s.Name
		for up := byID[hex.EncodeToString(s.ParentSpanId)]; up != nil; up = byID[hex.EncodeToString(up.ParentSpanId)] {
			if hex.EncodeToString(up.TraceId) != hex.EncodeToString(s.TraceId) {
				g.t.Errorf("%s and its parent %s are of two traces", s.Name, up.Name)
			}
			line = up.Name + " > " + line
		}
		fmt.Fprintln(&lines, line)
	}
	return lines.String()
}

func TestATraceGoesFromTheCallbackToTheDeliveryAndNamesNobody(t *testing.T) {
	t.Parallel()
	g := &gatherer{t: t}
	collecting := httptest.NewServer(g)
	t.Cleanup(collecting.Close)
	r := &reaper{}
	box, apiBase, callTo := platformVia(t, r)
	env := append(serveEnv(t, apiBase), "JIESU_CONFIG="+templateConfig(t), "JIESU_TRACING_ENDPOINT="+collecting.URL, "JIESU_TRACING_SAMPLE=1")
	srv := start(t, env, "serve")
	callTo(srv.URL)
	fan := box.Fan("王五")
	say(t, fan, complaint)
	number := caseNumber.FindString(say(t, fan, "1"))
	c := newKey(t, env, srv.URL, "office", "").do(200, "GET", "/api/v1/cases/"+number, nil)
	newKey(t, env, srv.URL, "unit", c["unit"].(string)).act(number, "sign", nil)

	callback, step := "POST /wechat/callback > turn > ", "POST /api/v1/*path > transaction"
	for _, chain := range []string{callback + "think > classify", callback + "transaction", step, "> job deliver > send template", "> job deliver > transaction"} {
		eventually(t, func() error { return contains(g.chains(), chain) })
	}
	srv.stop() // sends the last ones
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.spans {
		said := s.String()
		for _, private := range []string{fan.OpenID(), "王五", "三万六", c["number"].(string)[:8] + "x", testSecret} {
			if strings.Contains(said, private) {
				t.Errorf("span %s tells %q", s.Name, private)
			}
		}
	}
}
