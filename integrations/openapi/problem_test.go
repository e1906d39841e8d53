package openapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

func TestEveryFailureIsAProblemDocument(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	one := "/api/v1/cases/" + number
	for _, tc := range []struct {
		method, path, body, contentType string
		status                          int
		kind                            string
	}{
		{"GET", "/api/v1/nothing", "", "", 404, "not-found"},
		{"GET", "/api/v1/", "", "", 404, "not-found"},
		{"GET", "/api/v1/cases/", "", "", 404, "not-found"},
		{"POST", one + "/actions", "{}", "", 404, "not-found"},
		{"DELETE", one, "", "", 405, "method-not-allowed"},
		{"PUT", "/api/v1/cases", "{}", "", 405, "method-not-allowed"},
		{"POST", "/api/v1/cases", `{"text":`, "", 400, "malformed"},
		{"POST", "/api/v1/cases", "", "", 400, "malformed"},
		{"POST", "/api/v1/cases", `text=a`, "application/x-www-form-urlencoded", 415, "unsupported-media-type"},
		{"POST", "/api/v1/cases", `["a"]`, "", 422, "invalid"},
		{"POST", "/api/v1/cases", `null`, "", 422, "invalid"},
		{"POST", one + "/actions/urge", `{"version":1,"note":"` + strings.Repeat("x", maxBody) + `"}`, "", 413, "too-large"},
	} {
		contentType := tc.contentType
		if contentType == "" {
			contentType = "application/json"
		}
		a := s.do("office", tc.method, tc.path, tc.body, "Content-Type", contentType)
		wantProblem(t, a, tc.status, tc.kind)
		if allow := a.Header().Get("Allow"); (tc.status == 405) != (allow != "") {
			t.Errorf("%s %s: Allow %q", tc.method, tc.path, allow)
		}
		if strings.Contains(a.Body.String(), "xxxx") || strings.Contains(a.Body.String(), "text=a") {
			t.Errorf("%s %s echoes the body: %.300s", tc.method, tc.path, a.Body)
		}
	}
}

func TestABodyOfTheLargestSizeIsTaken(t *testing.T) {
	t.Parallel()
	s := start(t)
	body := `{"text":"事情一直没有人管。"}`
	body += strings.Repeat(" ", maxBody-len(body))
	if a := s.do("office", "POST", "/api/v1/cases", body); a.Code != http.StatusCreated {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	wantProblem(t, s.do("office", "POST", "/api/v1/cases", body+" "), http.StatusRequestEntityTooLarge, "too-large")
}

func TestEveryProblemTypeIsExplained(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, k := range problemKinds {
		a := s.do("", "GET", "/api/v1/problems/"+k.Name, nil)
		if a.Code != http.StatusOK || a.str("type") != "/api/v1/problems/"+k.Name || a.body["status"] != float64(k.Status) || a.str("meaning") == "" {
			t.Errorf("%s: %d %s", k.Name, a.Code, a.Body)
		}
	}
	wantProblem(t, s.do("", "GET", "/api/v1/problems/none", nil), http.StatusNotFound, "not-found")
}

// broken is a store that fails where it is told to.
type broken struct {
	routing.Store
	key, notices func() error
}

func (b broken) APIKeyByHash(ctx context.Context, hash string) (routing.APIKey, error) {
	if b.key != nil {
		return routing.APIKey{}, b.key()
	}
	return b.Store.APIKeyByHash(ctx, hash)
}

func (b broken) NoticesOf(ctx context.Context, number string) ([]routing.Notice, error) {
	if b.notices != nil {
		return nil, b.notices()
	}
	return b.Store.NoticesOf(ctx, number)
}

func TestInternalErrorsAreLoggedOnceAndNotShown(t *testing.T) {
	t.Parallel()
	down := func() error { return errors.New("disk is full") }
	for name, tc := range map[string]struct {
		store broken
		log   string
	}{
		"key":     {broken{key: down}, "disk is full"},
		"handler": {broken{notices: down}, "disk is full"},
		"panic":   {broken{notices: func() error { panic("话中有话") }}, "panic of type string"},
		"runtime": {broken{notices: func() error { list := make([]int, 0); list[len(list)] = 1; return nil }}, "index out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			armed := false
			s := start(t, func(c *Config) {
				tc.store.Store = c.Store.(routing.Store)
				sound := tc.store.Store
				c.Store = switched{on: &armed, broken: tc.store, sound: sound}
			})
			number := s.file("operator", map[string]any{"text": sureText})
			armed = true
			a := s.do("operator", "GET", "/api/v1/cases/"+number+"/notices", nil)
			wantProblem(t, a, http.StatusInternalServerError, "internal")
			log := s.log.String()
			if strings.Count(log, "level=ERROR") != 1 || !strings.Contains(log, tc.log) || !strings.Contains(log, a.str("instance")) {
				t.Errorf("log %s", log)
			}
			if name != "key" && !strings.Contains(log, number) {
				t.Errorf("the log doesn't name the case: %s", log)
			}
			for _, secret := range []string{s.keys["operator"], "话中有话", "disk is full"} {
				if strings.Contains(a.Body.String(), secret) || secret != "disk is full" && strings.Contains(log, secret) {
					t.Errorf("%q is told: %s %s", secret, a.Body, log)
				}
			}
		})
	}
}

// switched is sound until it is switched on.
type switched struct {
	on     *bool
	broken Store
	sound  Store
}

func (s switched) now() Store {
	if *s.on {
		return s.broken
	}
	return s.sound
}

func (s switched) Update(ctx context.Context, fn func(tx routing.Tx) error) error {
	return s.sound.Update(ctx, fn)
}

func (s switched) APIKeyByHash(ctx context.Context, hash string) (routing.APIKey, error) {
	return s.now().APIKeyByHash(ctx, hash)
}

func (s switched) NoticesOf(ctx context.Context, n string) ([]routing.Notice, error) {
	return s.now().NoticesOf(ctx, n)
}

func (s switched) DeliveriesOf(ctx context.Context, n string) ([]routing.Delivery, error) {
	return s.now().DeliveriesOf(ctx, n)
}

// uncounted is volatile state that is down.
type uncounted struct{ routing.Volatile }

func (uncounted) Allow(context.Context, string, int, time.Duration) (bool, error) {
	return false, errors.New("connection refused")
}

func TestRequestsPassWhenTheCounterIsDown(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *Config) { c.Live = uncounted{} })
	if a := s.do("unit", "GET", "/api/v1/plan", nil); a.Code != http.StatusOK || !strings.Contains(s.log.String(), "request limit not checked") {
		t.Errorf("%d, log %s", a.Code, s.log)
	}
}

func TestTheRestOfTheEngineIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.engine.GET("/healthz", func(g *gin.Context) { g.JSON(http.StatusOK, gin.H{"own": true}) })
	s.engine.NoRoute(func(g *gin.Context) { g.JSON(http.StatusTeapot, gin.H{"own": true}) })
	for path, status := range map[string]int{"/healthz": 200, "/elsewhere": 418, "/api": 418, "/api/v2/cases": 418} {
		if a := s.do("", "GET", path, nil); a.Code != status || a.body["own"] != true {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
	}
}
