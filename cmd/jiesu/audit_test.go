package main

import (
	"database/sql"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// An administrator sees by one command that nobody changed the database past the program, and that somebody did.
func TestAuditVerifySaysWhatWasChanged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "jiesu.db")
	env := append(serveEnv(t, "http://127.0.0.1:1"), "JIESU_DATABASE_URL=sqlite:"+path)
	s := start(t, env, "serve")
	operator := newKey(t, env, s.URL, "operator", "")
	number := operator.do(201, "POST", "/api/v1/cases", map[string]any{"text": complaint, "phone": "13800001234"})["number"].(string)
	s.stop()

	out, errs, code := command(t, env, "", "audit", "verify")
	if code != 0 || !strings.Contains(out, "events, 0 of them from before chains") {
		t.Fatalf("untouched: %d, %s%s", code, out, errs)
	}
	if out, _, code := command(t, env, "", "audit", "verify", "--head", "0123"); code != 1 || !strings.Contains(out, "0123") {
		t.Errorf("a seal that isn't there: %d, %s", code, out)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE cases SET complaint = 'nothing' WHERE number = $1`, number); err != nil {
		t.Fatal(err)
	}
	out, errs, code = command(t, env, "", "audit", "verify")
	if code != 1 || !regexp.MustCompile(number+`\tthe case's row was changed`).MatchString(out) || !strings.Contains(errs, "changed past the program") {
		t.Errorf("changed: %d, %s%s", code, out, errs)
	}
}
