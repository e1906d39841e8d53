package openapi

import (
	"cmp"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
)

// bodies are right requests for operations that need one.
var bodies = map[string]string{
	"POST /api/v1/cases":                            `{"text":"拖欠工程款三年，周转不过来。"}`,
	"POST /api/v1/cases/:number/actions/:action":    `{"version":1}`,
	"POST /api/v1/problems/:number/actions/:action": `{"version":1,"note":"已约谈"}`,
	"POST /api/v1/problems/:number/evidence":        `{"content":"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="}`,
	"POST /api/v1/webhooks":                         `{"name":"{role}","url":"https://93.184.215.14/hook","events":["case.*"]}`,
	"POST /api/v1/webhooks/:id/replay":              `{"since":"2026-11-01T00:00:00Z"}`,
	"PUT /api/v1/cases/:number/status":              `{"status":"已接收"}`,
}

// ask sends a request and returns the status of the answer, whatever it is.
func (s *server) ask(role, method, path, body string) int {
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if role != "" {
		r.Header.Set("Authorization", "Bearer "+s.keys[role])
	}
	w := httptest.NewRecorder()
	s.engine.ServeHTTP(w, r)
	return w.Code
}

// walked is what the roles get: nobody, operator, the unit of the case, another unit, office, administrator.
var walked = map[string]string{
	"GET /api/v1/cases":                             "401 200 200 200 200 200",
	"GET /api/v1/cases/:number":                     "401 200 200 404 200 200",
	"GET /api/v1/cases/:number/clocks":              "401 200 200 404 200 200",
	"GET /api/v1/cases/:number/notices":             "401 200 403 403 200 200",
	"GET /api/v1/problems":                          "401 200 200 200 200 200",
	"GET /api/v1/problems.xlsx":                     "401 200 200 200 200 200",
	"GET /api/v1/problems/:number":                  "401 200 200 404 200 200",
	"GET /api/v1/plan":                              "401 200 200 200 200 200",
	"GET /api/v1/webhooks":                          "401 403 403 403 200 200",
	"GET /api/v1/webhooks/:id/deliveries":           "401 403 403 403 200 200",
	"GET /api/v1/docs":                              "200 200 200 200 200 200",
	"GET /api/v1/docs.css":                          "200 200 200 200 200 200",
	"GET /api/v1/openapi.json":                      "200 200 200 200 200 200",
	"POST /api/v1/calls":                            "401 422 403 403 422 422",
	"POST /api/v1/calls/:event":                     "401 422 403 403 422 422",
	"POST /api/v1/cases":                            "401 201 403 403 201 201",
	"POST /api/v1/cases/:number/actions/:action":    "401 403 200 404 403 403",
	"POST /api/v1/cti/:key":                         "422 422 422 422 422 422",
	"POST /api/v1/problems/:number/actions/:action": "401 403 200 404 403 403",
	"POST /api/v1/problems/:number/evidence":        "401 403 200 404 200 200",
	"POST /api/v1/webhooks":                         "401 403 403 403 201 201",
	"POST /api/v1/webhooks/:id/replay":              "401 403 403 403 404 404",
	"POST /api/v1/hooks/status":                     "401 401 401 401 401 401",
	"PATCH /api/v1/webhooks/:id":                    "401 403 403 403 404 404",
	"PUT /api/v1/cases/:number/status":              "401 403 422 404 422 422",
}

// Each operation is asked for a fresh case of one unit by every role and by nobody; one that isn't in the table fails.
func TestEveryOperationByRole(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/access.md")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, func(c *Config) { c.PerMinute = 100_000; c.OutsideSecret = "whsec_" + strings.Repeat("QUFB", 8) })
	for _, r := range s.api.router.Routes() {
		name := r.Method + " " + r.Path
		var got []string
		for _, role := range []string{"", "operator", "unit", "other", "office", "admin"} {
			number := s.file("operator", map[string]any{"text": sureText})
			problem, err := s.store.ProblemOf(t.Context(), number)
			if err != nil {
				t.Fatal(err)
			}
			action := map[bool]string{true: "note", false: "sign"}[strings.Contains(r.Path, "/problems/")]
			path := strings.NewReplacer("/cases/:number", "/cases/"+number, "/problems/:number", "/problems/"+problem.Number, ":action", action, ":id", "none",
				":event", "new", ":key", s.keys["admin"]).Replace(r.Path)
			body := cmp.Or(strings.ReplaceAll(bodies[name], "{role}", role), "{}")
			got = append(got, strconv.Itoa(s.ask(role, r.Method, path, body)))
		}
		if row := strings.Join(got, " "); walked[name] != row {
			t.Errorf("%q: %q, want %q", name, row, walked[name])
		}
		if line := "| `" + name + "` | " + strings.Join(got, " | ") + " |"; !strings.Contains(string(document), line+"\n") {
			t.Errorf("docs/access.md lacks the line\n%s", line)
		}
	}
}
