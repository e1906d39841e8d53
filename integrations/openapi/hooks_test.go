package openapi

import (
	"net/http"
	"strings"
	"testing"
)

func TestEndpointsAreKeptByTheOfficeAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	right := map[string]any{"name": "市数据局", "url": "https://data.example/jiesu", "events": []string{"case.reply", "case.strike_off"}}
	for _, role := range []string{"operator", "unit"} {
		wantProblem(t, s.do(role, "POST", "/api/v1/webhooks", right), http.StatusForbidden, "forbidden")
		wantProblem(t, s.do(role, "GET", "/api/v1/webhooks", nil), http.StatusForbidden, "forbidden")
	}
	made := s.do("admin", "POST", "/api/v1/webhooks", right)
	id, secret := made.str("id"), made.str("secret")
	if made.Code != http.StatusCreated || !strings.HasPrefix(secret, "whsec_") || made.body["on"] != true || made.str("format") != "standard" {
		t.Fatalf("%d %s", made.Code, made.Body)
	}
	if a := s.do("admin", "POST", "/api/v1/webhooks", right); a.Code != http.StatusConflict {
		t.Errorf("the name again: %d %s", a.Code, a.Body)
	}
	if a := s.do("office", "GET", "/api/v1/webhooks", nil); a.Code != http.StatusOK || strings.Contains(a.Body.String(), "whsec_") || !strings.Contains(a.Body.String(), id) {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	rotated := s.do("admin", "PATCH", "/api/v1/webhooks/"+id, map[string]any{"rotate": true})
	if rotated.Code != http.StatusOK || rotated.str("secret") == "" || rotated.str("secret") == secret {
		t.Errorf("%d %s", rotated.Code, rotated.Body)
	}
	off := s.do("admin", "PATCH", "/api/v1/webhooks/"+id, map[string]any{"on": false})
	if off.body["on"] != false || off.str("off_why") != "by_hand" || off.str("secret") != "" {
		t.Errorf("%d %s", off.Code, off.Body)
	}
	if a := s.do("admin", "PATCH", "/api/v1/webhooks/"+id, map[string]any{"on": true, "events": []string{}}); a.body["on"] != true {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	number := s.file("operator", map[string]any{"text": sureText, "phone": "13800001234", "enterprise": "虚构建筑有限公司"})
	log := s.do("office", "GET", "/api/v1/webhooks/"+id+"/deliveries?state=pending", nil)
	if log.Code != http.StatusOK || !strings.Contains(log.Body.String(), number) || !strings.Contains(log.Body.String(), "case.file") {
		t.Errorf("%d %s", log.Code, log.Body)
	}
	if a := s.do("admin", "POST", "/api/v1/webhooks/"+id+"/replay", map[string]any{"since": "2026-11-01T00:00:00Z"}); a.Code != http.StatusAccepted {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	for name, body := range map[string]map[string]any{
		"a script": {"name": "x", "url": "javascript:alert(1)"}, "a file": {"name": "x", "url": "file:///etc/passwd"}, "with a password": {"name": "x", "url": "https://a:b@c.example/"},
		"no host": {"name": "x", "url": "https:///x"}, "no name": {"name": "", "url": "https://a.example/"}, "an unknown event": {"name": "x", "url": "https://a.example/", "events": []string{"case.dance"}},
		"another format": {"name": "x", "url": "https://a.example/", "format": "xml"}, "endless": {"name": "x", "url": "https://a.example/" + strings.Repeat("x", 500)},
	} {
		if a := s.do("admin", "POST", "/api/v1/webhooks", body); a.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
	}
	for _, path := range []string{"/nothing", "/%00", "/a'b"} {
		if a := s.do("admin", "PATCH", "/api/v1/webhooks"+path, map[string]any{"on": true}); a.Code != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
	}
}
