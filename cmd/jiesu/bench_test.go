package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The benchmark runs from end to end, on both databases, and sets each figure beside those of the same run.
func TestTheBenchmarkMeasuresBesideEchoAndRawInserts(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	table, errs, code := command(t, nil, "", "bench", "--seconds", "1", "--warm", "0", "--connections", "2", "--notices", "30", "--growth", "100", "--replicas", "1", "--postgres", freshPostgres(t), "--out", out)
	if code != 0 {
		t.Fatal(errs)
	}
	text, err := os.ReadFile(filepath.Join(out, "bench.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []benchRow
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	seen := map[string]benchRow{}
	for _, r := range rows {
		seen[strings.SplitN(r.What, " (", 2)[0]] = r
		if !strings.Contains(table, r.What) {
			t.Errorf("the table lacks %q", r.What)
		}
	}
	for _, name := range []string{"intake, SQLite", "intake, PostgreSQL"} {
		if r := seen[name]; r.PerSecond <= 0 || r.OfEcho <= 0 || r.OfRaw <= 0 || r.P50 <= 0 || r.P50 > r.P99 || r.CPU <= 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := seen["start, to the first answered callback"]; r.Millis <= 0 || r.Memory <= 0 {
		t.Errorf("start: %+v", r)
	}
	for _, name := range []string{"intake, PostgreSQL, 1 processes", "intake, 2 connections, among 100 cases", "a list", "clocks, for each case that is due, among 100 cases", "papers, a quarter, among 100 cases"} {
		if r := seen[name]; r.PerSecond+r.Millis <= 0 || r.OfFirst <= 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if page, err := os.ReadFile(filepath.Join(out, "bench.html")); err != nil || !strings.Contains(string(page), "<svg") {
		t.Errorf("the page: %v", err)
	}
}
