package console

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"jiesu/routing"
)

func TestEveryRouteByRole(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/access.md")
	must(t, err)
	w := start(t)
	c := w.at(routing.StateSigned)
	waiting := w.at(routing.StateTriage)
	file := w.attach(c, "image", "image/png", onePixel)
	roles := []string{"", "operator", "unit", "other", "office", "admin"}
	const in = 303 // to the login page
	named := map[string]bool{}
	problem, err := w.store.ProblemOf(t.Context(), c.Number)
	if err != nil {
		t.Fatal(err)
	}
	entry := "/console/problems/" + problem.Number
	for _, r := range []struct {
		method, path string
		want         [6]int // by role
	}{
		{"GET", "/console/login", [6]int{200, 303, 303, 303, 303, 303}},
		{"GET", "/console/second", [6]int{in, 303, 303, 303, 303, 303}},
		{"POST", "/console/second", [6]int{401, 303, 303, 303, 303, 303}},
		{"GET", "/console/second/new", [6]int{in, 200, 200, 200, 200, 200}},
		{"POST", "/console/second/new", [6]int{401, 422, 422, 422, 422, 422}},
		{"POST", "/console/second/recovery", [6]int{401, 404, 404, 404, 404, 404}},
		{"GET", "/console/password", [6]int{in, 200, 200, 200, 200, 200}},
		{"POST", "/console/password", [6]int{401, 422, 422, 422, 422, 422}},
		{"GET", "/console/account", [6]int{in, 200, 200, 200, 200, 200}},
		{"GET", "/console", [6]int{in, 200, 200, 200, 200, 200}},
		{"GET", "/console/units?item=1.1", [6]int{in, 200, 200, 200, 200, 200}},
		{"GET", casePath(c), [6]int{in, 200, 200, 404, 200, 200}},
		{"GET", casePath(c, "sign"), [6]int{in, 303, 303, 303, 303, 303}},
		{"GET", casePath(c, "attachments", file), [6]int{in, 200, 200, 404, 200, 200}},
		{"GET", casePath(waiting), [6]int{in, 200, 404, 404, 200, 200}},
		{"GET", "/console/cases/JS20260101-000000", [6]int{in, 404, 404, 404, 404, 404}},
		{"GET", "/console/triage", [6]int{in, 403, 403, 403, 200, 200}},
		{"GET", "/console/file", [6]int{in, 200, 403, 403, 200, 200}},
		{"GET", "/console/imports", [6]int{in, 200, 403, 403, 200, 200}},
		{"POST", "/console/imports", [6]int{401, 422, 403, 403, 422, 422}},
		{"GET", "/console/imports/none", [6]int{in, 404, 403, 403, 404, 404}},
		{"POST", "/console/imports/none", [6]int{401, 404, 403, 403, 404, 404}},
		{"GET", "/console/imports/none/rejected.csv", [6]int{in, 404, 403, 403, 404, 404}},
		{"POST", "/console/codes", [6]int{401, 404, 403, 403, 404, 404}},
		{"GET", "/console/tasks", [6]int{in, 200, 403, 403, 200, 200}},
		{"GET", "/console/groups", [6]int{in, 403, 403, 403, 200, 200}},
		{"GET", "/console/groups/1", [6]int{in, 403, 403, 403, 200, 200}},
		{"GET", "/console/groups/none", [6]int{in, 403, 403, 403, 404, 404}},
		{"GET", "/console/replies", [6]int{in, 403, 200, 200, 403, 403}},
		{"GET", "/console/replies/none", [6]int{in, 403, 303, 303, 403, 403}},
		{"POST", "/console/replies", [6]int{401, 403, 422, 422, 403, 403}},
		{"POST", "/console/replies/none", [6]int{401, 403, 422, 422, 403, 403}},
		{"POST", "/console/replies/none/delete", [6]int{401, 403, 404, 404, 403, 403}},
		{"GET", "/console/export/csv", [6]int{in, 403, 200, 200, 200, 200}},
		{"GET", "/console/export/xlsx", [6]int{in, 403, 200, 200, 200, 200}},
		{"GET", "/console/export/exe", [6]int{in, 403, 404, 404, 404, 404}},
		{"GET", "/console/filters/none", [6]int{in, 404, 404, 404, 404, 404}},
		{"POST", "/console/filters", [6]int{401, 422, 422, 422, 422, 422}},
		{"POST", "/console/filters/none/delete", [6]int{401, 404, 404, 404, 404, 404}},
		{"POST", "/console/bulk", [6]int{401, 403, 403, 403, 422, 422}},
		{"POST", "/console/bulk/done", [6]int{401, 403, 403, 403, 422, 422}},
		{"GET", casePath(c, "print"), [6]int{in, 200, 200, 404, 200, 200}},
		{"GET", casePath(c, "person"), [6]int{in, 403, 403, 403, 200, 200}},
		{"POST", casePath(c, "person", "dossier.zip"), [6]int{401, 403, 403, 403, 422, 422}},
		{"POST", casePath(c, "person", "erase"), [6]int{401, 403, 403, 403, 422, 422}},
		{"GET", "/privacy", [6]int{200, 200, 200, 200, 200, 200}},
		{"POST", "/console/suggest", [6]int{401, 200, 403, 403, 200, 200}},
		{"POST", "/console/lookup", [6]int{401, 200, 403, 403, 200, 200}},
		{"POST", "/console/file", [6]int{401, 422, 403, 403, 422, 422}},
		{"GET", "/console/tasks/none/reveal", [6]int{in, 303, 403, 403, 303, 303}},
		{"POST", "/console/tasks/none/done", [6]int{401, 404, 403, 403, 404, 404}},
		{"POST", "/console/tasks/none/written", [6]int{401, 422, 403, 403, 422, 422}},
		{"GET", "/console/voices/none", [6]int{in, 404, 403, 403, 404, 404}},
		{"GET", "/console/chats/none", [6]int{in, 404, 403, 403, 404, 404}},
		{"GET", "/console/chats/none/take", [6]int{in, 303, 403, 403, 303, 303}},
		{"POST", "/console/chats/none/take", [6]int{401, 404, 403, 403, 404, 404}},
		{"POST", "/console/chats/none/write", [6]int{401, 404, 403, 403, 404, 404}},
		{"POST", "/console/chats/none/back", [6]int{401, 404, 403, 403, 404, 404}},
		{"POST", "/console/chats/none/dance", [6]int{401, 404, 403, 403, 404, 404}},
		{"GET", "/console/chats/none/attachments/none", [6]int{in, 404, 403, 403, 404, 404}},
		{"POST", "/console/tasks/none/reveal", [6]int{401, 422, 403, 403, 422, 422}},
		{"GET", "/console/problems", [6]int{in, 200, 200, 200, 200, 200}},
		{"GET", "/console/problems.xlsx", [6]int{in, 200, 200, 200, 200, 200}},
		{"GET", "/console/problems/TZ20260101-000000", [6]int{in, 404, 404, 404, 404, 404}},
		{"GET", entry, [6]int{in, 200, 200, 404, 200, 200}},
		{"GET", entry + "/note", [6]int{in, 303, 303, 303, 303, 303}},
		{"POST", entry + "/note", [6]int{401, 403, 422, 404, 403, 403}},
		{"POST", entry + "/strike-off", [6]int{401, 403, 403, 404, 409, 409}},
		{"GET", entry + "/evidence/none", [6]int{in, 404, 404, 404, 404, 404}},
		{"GET", "/console/papers", [6]int{in, 403, 200, 200, 200, 200}},
		{"POST", "/console/papers", [6]int{401, 403, 403, 403, 422, 422}},
		{"GET", "/console/sample.xlsx", [6]int{in, 403, 403, 403, 422, 422}},
		{"GET", "/console/papers/2026-Q1/all", [6]int{in, 403, 404, 404, 404, 404}},
		{"GET", "/console/papers/2026-Q1/all/cases", [6]int{in, 403, 404, 404, 404, 404}},
		{"GET", "/console/papers/2026-Q1/all/workbook.xlsx", [6]int{in, 403, 404, 404, 404, 404}},
		{"GET", "/console/papers/2026-Q1/all/print.html", [6]int{in, 403, 404, 404, 404, 404}},
		{"GET", "/console/calls", [6]int{in, 200, 403, 403, 200, 200}},
		{"POST", "/console/file/draft", [6]int{401, 204, 403, 403, 204, 204}},
		{"POST", "/console/file/fresh", [6]int{401, 303, 403, 403, 303, 303}},
		{"POST", "/console/tasks/none/call", [6]int{401, 409, 403, 403, 409, 409}},
		{"POST", casePath(c, "reply"), [6]int{401, 403, 422, 404, 403, 403}},
		{"POST", casePath(c, "supervise"), [6]int{401, 403, 403, 404, 422, 422}},
		{"POST", casePath(c, "sign"), [6]int{401, 403, 409, 404, 403, 403}},
		{"POST", casePath(c, "fly"), [6]int{401, 422, 422, 404, 422, 422}},
		{"POST", casePath(c, "reveal"), [6]int{401, 422, 422, 404, 422, 422}},
	} {
		line := "| `" + r.method + " " + routeOf(w, r.method, r.path) + "` |"
		for _, status := range r.want {
			line += " " + strconv.Itoa(status) + " |"
		}
		if !strings.Contains(string(document), line+"\n") {
			t.Errorf("docs/access.md lacks the line\n%s", line)
		}
		for i, role := range roles {
			if a := w.do(role, r.method, r.path, formOf()); a.Code != r.want[i] {
				t.Errorf("%s %s by %q: %d, want %d", r.method, r.path, role, a.Code, r.want[i])
			}
		}
		named[r.method+" "+routeOf(w, r.method, r.path)] = true
	}
	for _, r := range w.engine.Routes() {
		if route := r.Method + " " + r.Path; !named[route] && !elsewhere[route] {
			t.Errorf("%s: nobody says who may", route)
		}
	}
	if got := w.load(c.Number); got.Version != c.Version {
		t.Errorf("the case has changed: version %d, want %d", got.Version, c.Version)
	}
}

// elsewhere are the routes that have tests of their own: files that everybody may have, signing out, and a complainant's page, which its token alone opens.
var elsewhere = map[string]bool{
	"GET /console/static/:name": true, "POST /console/login": true, "POST /console/account/others": true, "POST /console/logout": true, "GET /console/events": true, "GET /console/:any": true,
	"GET /p/:token": true, "GET /p/:token/:action": true, "POST /p/:token/:action": true, "GET /p/:token/attachments/:id": true,
}

// routeOf is the route that a request goes to.
func routeOf(w *world, method, path string) string {
	path, _, _ = strings.Cut(path, "?")
	for _, r := range w.engine.Routes() {
		want, have := strings.Split(r.Path, "/"), strings.Split(path, "/")
		if r.Method != method || len(want) != len(have) {
			continue
		}
		same, fixed := true, 0
		for i := range want {
			if want[i] == have[i] {
				fixed++
			} else if !strings.HasPrefix(want[i], ":") {
				same = false
			}
		}
		if same && (fixed > 2 || !strings.Contains(path, "/console/") || r.Path != "/console/:any") {
			return r.Path
		}
	}
	return ""
}

func TestPagesOfferOnlyTheDesksOfTheRole(t *testing.T) {
	t.Parallel()
	w := start(t)
	for role, want := range map[string][3]bool{"operator": {false, true, true}, "unit": {}, "office": {true, true, true}, "admin": {true, true, true}} {
		a := w.get(role, "/console").want(200)
		for i, path := range []string{"/console/triage", "/console/file", "/console/tasks"} {
			if got := strings.Contains(a.body, `href="`+path+`"`); got != want[i] {
				t.Errorf("%s in the navigation of %s: %t", path, role, got)
			}
		}
	}
}

func TestPostsFromOtherSitesAreTurnedAway(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateDispatched)
	own := "/p/" + c.Token + "/urge"
	for _, path := range []string{casePath(c, "sign"), "/console/login", "/console/logout", "/console/file", "/console/tasks/x/done", "/console/tasks/x/written", "/console/chats/x/write", "/console/tasks/x/reveal", own} {
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
			a := w.do("unit", http.MethodPost, path, formOf("note", "x"), header...).want(403, "请求被拦下了")
			if a.Header().Get("Content-Security-Policy") == "" {
				t.Error("the refusal has no policy")
			}
		}
	}
	if got := w.load(c.Number); got.State != routing.StateDispatched || got.Urges != 0 {
		t.Fatalf("a foreign post has had an effect: %+v", got)
	}
	w.do("unit", http.MethodPost, casePath(c, "sign"), formOf(), "Sec-Fetch-Site", "same-origin").to(casePath(c))
	w.do("", http.MethodPost, own, formOf(), "Origin", publicURL).to("/p/" + c.Token + "?done=urge") // behind a proxy that changes the host
}

func TestSecurityHeadersAreOnEveryPage(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateReplied)
	for _, path := range []string{"/console/login", "/console", casePath(c), "/console/cases/none", "/console/file", "/console/tasks", "/p/" + c.Token, "/p/none"} {
		h := w.get("operator", path).Header()
		csp := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: policy %q lacks %q", path, csp, part)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "mp.weixin.qq.com") {
			t.Errorf("%s: policy %q", path, csp)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Cross-Origin-Opener-Policy": "same-origin"} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestTemplatesHaveNothingInline(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateReplied)
	for _, path := range []string{"/console/login", "/console", casePath(c), casePath(c, "print"), "/console/triage", "/console/file", "/console/groups", "/console/groups/1", "/p/" + c.Token} {
		a := w.get("office", path)
		a.lacks(" style=", " onclick=", "<style", "javascript:", "http://", "https://")
		if scripts := strings.Count(a.body, "<script"); scripts != strings.Count(a.body, "<script src=\"/console/static/") {
			t.Errorf("%s has an inline script", path)
		}
	}
}

func TestAssetsMayBeKeptForEver(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, name := range []string{"app.css", "app.js", "htmx.min.js", "icon.svg"} {
		path, err := w.console.assets.asset(name)
		must(t, err)
		a := w.get("", path).want(200)
		if h := a.Header(); !strings.Contains(h.Get("Cache-Control"), "immutable") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, h)
		}
	}
	w.get("", "/console/static/app.css").want(404)
	if _, err := w.console.assets.asset("none.css"); err == nil {
		t.Error("an unknown asset has an address")
	}
}

func TestConsoleRefusesToStartHalfConfigured(t *testing.T) {
	t.Parallel()
	w := start(t)
	for name, change := range map[string]func(*Config){
		"no store": func(c *Config) { c.Store = nil }, "no judge": func(c *Config) { c.Judge = nil }, "no clock": func(c *Config) { c.Now = nil },
		"no idle limit": func(c *Config) { c.SessionIdle = 0 }, "no failures": func(c *Config) { c.MaxFailures = 0 },
		"half an address": func(c *Config) { c.PublicURL = "jiesu.example" }, "address with a path": func(c *Config) { c.PublicURL = "://" },
	} {
		c := w.console.Config
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: it starts", name)
		}
	}
}

func TestALargeFormIsRefusedInPlainWords(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	w.post("unit", casePath(c, "reply"), "note", strings.Repeat("字", 10_001)).want(422, "内容太长了，请控制在一万字以内")
	a := w.post("unit", casePath(c, "reply"), "note", strings.Repeat("字", maxBody/3))
	a.want(413, "内容太长了")
	if n := len(w.load(c.Number).Reply); n > 0 {
		t.Errorf("%d bytes of it were taken", n)
	}
}
