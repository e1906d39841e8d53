package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The secret of the server is exchanged as the runbook says: both secrets, everything sealed anew, the new one alone.
func TestTheSecretIsExchangedByTheRunbook(t *testing.T) {
	t.Parallel()
	env := append(serveEnv(t, "http://127.0.0.1:1"), "JIESU_DATABASE_URL=sqlite:"+filepath.Join(t.TempDir(), "jiesu.db"))
	s := start(t, env, "serve")
	operator := newKey(t, env, s.URL, "operator", "")
	number := operator.do(201, "POST", "/api/v1/cases", map[string]any{"text": complaint, "phone": "13800001234"})["number"].(string)
	out, errs, code := command(t, env, "", "rotate", "--wait", "0s") // beside the server, which learns of the key in half a minute
	if code != 0 || !regexp.MustCompile(`^key [0-9a-f]{8}: [1-9]\d* values and 0 files sealed anew`).MatchString(out) {
		t.Fatalf("%d, %s%s", code, out, errs)
	}
	s.stop()

	old := ""
	for _, e := range env {
		if key, found := strings.CutPrefix(e, "JIESU_SECRET_KEY="); found {
			old = key
		}
	}
	fresh := append(env, "JIESU_SECRET_KEY="+strings.Repeat("n", 40))
	if _, errs, code := command(t, fresh, "", "audit", "verify"); code == 0 {
		t.Errorf("another secret was taken: %s", errs)
	}
	both := append(fresh, "JIESU_SECRET_KEY_PREVIOUS="+old)
	if _, errs, code := command(t, both, "", "rotate", "--wait", "0s"); code != 0 {
		t.Fatalf("with both: %s", errs)
	}
	s = start(t, fresh, "serve")
	defer s.stop()
	operator.base = s.URL
	if c := operator.do(200, "GET", "/api/v1/cases/"+number, nil); c["phone"] != "138****1234" {
		t.Errorf("read with the new secret: %v", c)
	}
}
