package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jiesu/routing/report"
)

// The papers of a week that a server has cases of are written as pages and workbooks without anybody's name, and a period that isn't one is said so.
func TestPapersAreWrittenByCommand(t *testing.T) {
	t.Parallel()
	env := serveEnv(t, "http://127.0.0.1:1")
	srv := start(t, env, "serve")
	operator := newKey(t, env, srv.URL, "operator", "")
	filed := operator.do(201, "POST", "/api/v1/cases", map[string]any{"text": complaint, "channel": "hotline", "enterprise": "春晓不许外传公司", "phone": "13800001111"})
	srv.stop()

	folder := filepath.Join(t.TempDir(), "papers")
	week := report.PeriodOf(report.Weekly, time.Now())
	if out, errs, code := command(t, env, "", "report", "weekly", "--week", week.String(), "--out", folder); code != 0 || !strings.Contains(out, "1 papers of "+week.String()) {
		t.Fatalf("code %d: %s %s", code, out, errs)
	}
	name := filepath.Join(folder, week.String()+"-city")
	page, err := os.ReadFile(name + ".html")
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	if !strings.Contains(text, "周报告") || !strings.Contains(text, "/console/papers/"+week.String()+"/city/cases?figure=filed") || strings.Contains(text, "<script") ||
		strings.Contains(text, "春晓") || strings.Contains(text, "13800001111") {
		t.Errorf("the page of a week with %v: %s", filed["number"], text)
	}
	if book, err := os.ReadFile(name + ".xlsx"); err != nil || !strings.HasPrefix(string(book), "PK") {
		t.Errorf("the workbook: %v", err)
	}
	if out, errs, code := command(t, env, "", "report", "quarterly", "--scope", "all", "--out", folder); code != 0 || !strings.Contains(out, "54 papers of ") {
		t.Errorf("code %d: %s %s", code, out, errs)
	}
	for _, args := range [][]string{{"weekly", "--week", "2026-53"}, {"monthly", "--week", "2026-W40"}, {"monthly", "--month", "2026-13"}, {"monthly", "--month", "2999-01"},
		{"weekly", "--scope", "unit-nobody"}, {"yearly"}, {"weekly", "--week", "2026-W40", "--month", "2026-09"}} {
		if out, errs, code := command(t, env, "", append(append([]string{"report"}, args...), "--out", folder)...); code == 0 || errs == "" {
			t.Errorf("%v: code %d: %s", args, code, out)
		}
	}
}
