package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/configs"
	"jiesu/routing"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	m.Run()
}

// Texts that the stub judge is sure and unsure about.
const (
	sureText   = "拖欠工程款三年，𠮷祥饭店周转不过来。" // 𠮷 is one character, two UTF-16 units and four bytes
	unsureText = "事情一直没有人管。"
	sureItem   = "1.1"
	sureUnit   = "finance"
	otherUnit  = "commerce" // also a lead unit of sureItem
)

// judge is sure of texts that speak of arrears.
type judge struct{}

func (judge) Judge(text string) routing.Judgement {
	if !strings.Contains(text, "拖欠") {
		j := routing.Judgement{Item: routing.Other, Confidence: 0.3, Decision: routing.DecisionTriage}
		if strings.Contains(text, "停业") { // all of one matter
			j.Matter = routing.Matter{{Hash: 1, Weight: 0.6}, {Hash: 2, Weight: 0.6}}
		}
		return j
	}
	return routing.Judgement{Item: sureItem, Unit: sureUnit, Confidence: 0.93, Decision: routing.DecisionDispatch,
		Alternatives: []routing.Alternative{{Item: sureItem, Unit: sureUnit, Confidence: 0.93}},
		Evidence:     []routing.Evidence{{Text: "饭店", Start: 10, End: 12, Weight: 1.5}}}
}

// clock is set by the test.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// server is the API on a fresh store, with a key for every role.
type server struct {
	t      testing.TB
	engine *gin.Engine
	api    *API
	store  routing.Store
	clock  *clock
	log    *bytes.Buffer
	words  routing.Wording
	keys   map[string]string // by role; "other" is a key of another unit
}

// start starts a server; change may alter its configuration.
func start(t testing.TB, change ...func(*Config)) *server {
	t.Helper()
	s := &server{t: t, engine: gin.New(), clock: &clock{at: time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)}, log: &bytes.Buffer{}, keys: map[string]string{}}
	s.store = openStore(t, s.clock.now)
	var plan routing.Plan
	if err := configs.Decode("plan/taxonomy.yaml", &plan); err != nil {
		t.Fatal(err)
	}
	var rules routing.ClockRules
	years, err := configs.DecodeCalendar[routing.CalendarYear]("")
	if err := errors.Join(err, configs.DecodeOwn("clocks.yaml", "", &rules)); err != nil {
		t.Fatal(err)
	}
	if plan.Timetable, err = routing.NewTimetable(&plan, rules, years); err != nil {
		t.Fatal(err)
	}
	words, err := configs.Wording()
	if err != nil {
		t.Fatal(err)
	}
	s.words = words
	plan.Routes = []routing.Route{{ID: "court", Name: "法院诉讼服务", Phone: "12368", When: "已经起诉或判决的案件"}}
	if plan.Asks, err = routing.NewAsks(words); err != nil {
		t.Fatal(err)
	}
	live := routing.NewMemory(s.clock.now)
	c := Config{Store: s.store, Desk: routing.NewDesk(s.store, &plan, live, s.clock.now), Judge: judge{}, Wording: words, Live: live,
		Now: s.clock.now, Logger: slog.New(slog.NewTextHandler(&locked{w: s.log}, nil)), Version: "1.2.3", PublicURL: "https://jiesu.example"}
	for _, f := range change {
		f(&c)
	}
	api, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	api.Routes(s.engine)
	s.api = api
	for _, role := range routing.StaffRoles() {
		s.addKey(string(role), role, map[bool]string{true: sureUnit}[role == routing.RoleUnit])
	}
	s.addKey("other", routing.RoleUnit, otherUnit)
	return s
}

// locked lets concurrent requests log.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (s *server) addKey(name string, role routing.Role, unit string) {
	s.t.Helper()
	plain, hash := NewKey()
	s.keys[name] = plain
	key := routing.APIKey{ID: routing.NewID(), Name: "key of " + name, Role: role, Unit: unit, Hash: hash, CreatedAt: s.clock.now()}
	err := s.store.Update(s.t.Context(), func(tx routing.Tx) error { return tx.InsertAPIKey(s.t.Context(), key) })
	if err != nil {
		s.t.Fatal(err)
	}
}

// answer is a response with its body decoded.
type answer struct {
	*httptest.ResponseRecorder
	body map[string]any
}

// str is a text of the body.
func (a answer) str(key string) string {
	v, _ := a.body[key].(string)
	return v
}

// do sends a request. role "" sends no key. body may be a string (sent as it is) or a value (sent as JSON).
func (s *server) do(role, method, path string, body any, header ...string) answer {
	s.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, reader)
	if role != "" {
		r.Header.Set("Authorization", "Bearer "+s.keys[role])
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.engine.ServeHTTP(w, r)
	a := answer{ResponseRecorder: w}
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil {
			s.t.Fatalf("%s %s: %d, not JSON: %s", method, path, w.Code, w.Body)
		}
	}
	return a
}

// file files a complaint and returns its number.
func (s *server) file(role string, body map[string]any) string {
	s.t.Helper()
	a := s.do(role, http.MethodPost, "/api/v1/cases", body)
	if a.Code != http.StatusCreated {
		s.t.Fatalf("filing: %d %s", a.Code, a.Body)
	}
	return a.str("number")
}

// act does an action at the version.
func (s *server) act(role, number, action string, version int, more ...any) answer {
	s.t.Helper()
	body := map[string]any{"version": version}
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return s.do(role, http.MethodPost, "/api/v1/cases/"+number+"/actions/"+action, body)
}

// wantProblem checks status, form and kind of a failure.
func wantProblem(t *testing.T, a answer, status int, kind string) {
	t.Helper()
	if a.Code != status || a.Header().Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%d %s, want a problem with %d: %s", a.Code, a.Header().Get("Content-Type"), status, a.Body)
	}
	if a.str("type") != "/api/v1/problems/"+kind || a.str("title") == "" || a.body["status"] != float64(status) {
		t.Fatalf("problem %s, want %s", a.Body, kind)
	}
}

// wantLocation checks that one of the errors is about the location, has a message and echoes no value.
func wantLocation(t *testing.T, a answer, location string) {
	t.Helper()
	errs, _ := a.body["errors"].([]any)
	for _, e := range errs {
		detail, _ := e.(map[string]any)
		if _, echoed := detail["value"]; echoed {
			t.Errorf("a rejected value is echoed: %s", a.Body)
		}
		if detail["location"] == location && detail["message"] != "" {
			return
		}
	}
	t.Errorf("no error about %s: %s", location, a.Body)
}
