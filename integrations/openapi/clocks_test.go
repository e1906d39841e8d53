package openapi

import (
	"net/http"
	"testing"
	"time"
)

// clockOfKind finds a clock in an answer.
func clockOfKind(t *testing.T, list any, kind string) map[string]any {
	t.Helper()
	all, _ := list.([]any)
	for _, c := range all {
		if at(c, "kind") == kind {
			return c.(map[string]any)
		}
	}
	t.Fatalf("no clock %s in %v", kind, list)
	return nil
}

func TestACaseTellsItsClocksAndTheyExplainThemselves(t *testing.T) {
	t.Parallel()
	s := start(t) // Tuesday, 24 November 2026, 10:00
	number := s.do("operator", "POST", "/api/v1/cases", map[string]any{"text": sureText}).str("number")
	path := "/api/v1/cases/" + number
	c := s.do("unit", "GET", path, nil)
	if at(c.body, "clock", "kind") != "sign" || at(c.body, "clock", "due_at") != "2026-11-25T17:00:00+08:00" {
		t.Errorf("clock %v", c.body["clock"])
	}
	finish := clockOfKind(t, c.body["clocks"], "finish")
	for key, want := range map[string]any{"state": "running", "name": "办理", "rule": "finish.promises", "owner": "unit", "unit": sureUnit, "since": 1.0,
		"started_at": "2026-11-24T10:00:00+08:00", "due_at": "2026-12-15T17:00:00+08:00"} {
		if finish[key] != want {
			t.Errorf("%s is %v, want %v", key, finish[key], want)
		}
	}
	if at(finish, "limit", "n") != 15.0 || at(finish, "limit", "unit") != "working_days" || finish["days"] != nil {
		t.Errorf("finish %v", finish)
	}

	tag := c.Header().Get("ETag")
	if got := s.do("unit", "GET", path, nil, "If-None-Match", tag).Code; got != http.StatusNotModified {
		t.Errorf("nothing has changed: %d", got)
	}
	s.clock.add(25 * time.Hour)
	a := s.do("unit", "GET", path+"/clocks", nil)
	if a.Code != http.StatusOK {
		t.Fatalf("%d: %s", a.Code, a.Body)
	}
	finish = clockOfKind(t, a.body["clocks"], "finish")
	days := finish["days"].([]any)
	if finish["text"] != "办理剩 14 个工作日 4 小时" || finish["budget_hours"] != 105.0 || finish["elapsed_hours"] != 2.5 || len(days) != 22 {
		t.Errorf("finish %v, %d days", finish, len(days))
	}
	if at(days[0], "first") != true || at(days[0], "hours") != 0.0 || at(days[1], "hours") != 7.0 || at(days[4], "kind") != "weekend" || len(at(days[4], "spans").([]any)) != 0 {
		t.Errorf("days %v", days)
	}
	if from := at(days[1], "spans").([]any)[1]; at(from, "from") != "2026-11-25T13:00:00+08:00" || at(from, "to") != "2026-11-25T17:00:00+08:00" {
		t.Errorf("span %v", from)
	}
	s.clock.add(10 * time.Hour) // the clock is late, and no event says so yet
	if got := s.do("unit", "GET", path, nil, "If-None-Match", tag); got.Code != http.StatusOK || clockOfKind(t, got.body["clocks"], "sign")["state"] != "late" {
		t.Errorf("a clock ran out: %d %s", got.Code, got.Body)
	}
	if l := s.do("unit", "GET", "/api/v1/cases?clock=late", nil); len(l.body["cases"].([]any)) != 1 {
		t.Errorf("late: %s", l.Body)
	}
	if l := s.do("unit", "GET", "/api/v1/cases?clock=missing", nil); len(l.body["cases"].([]any)) != 0 {
		t.Errorf("missing: %s", l.Body)
	}
	for key, code := range map[string]int{"other": 404, "office": 200, "operator": 200} {
		if got := s.do(key, "GET", path+"/clocks", nil).Code; got != code {
			t.Errorf("%s: %d", key, got)
		}
	}
	if got := s.do("office", "GET", "/api/v1/cases/JS20261124-000000/clocks", nil).Code; got != 404 {
		t.Errorf("no such case: %d", got)
	}
}

func TestUrgencyIsFiledAndChanged(t *testing.T) {
	t.Parallel()
	s := start(t)
	a := s.do("operator", "POST", "/api/v1/cases", map[string]any{"text": sureText, "urgency": "danger"})
	number := a.str("number")
	if a.str("urgency") != "danger" || at(a.body, "clock", "due_at") != "2026-11-24T12:00:00+08:00" {
		t.Errorf("%s", a.Body)
	}
	if got := s.do("operator", "POST", "/api/v1/cases", map[string]any{"text": sureText, "urgency": "extreme"}).Code; got != 422 {
		t.Errorf("unknown urgency: %d", got)
	}
	b := s.do("office", "POST", "/api/v1/cases/"+number+"/actions/reassign", map[string]any{"version": 1, "unit": otherUnit, "urgency": "ordinary"})
	if b.Code != 200 || b.str("urgency") != "" || at(b.body, "clock", "due_at") != "2026-11-25T17:00:00+08:00" {
		t.Errorf("%d: %s", b.Code, b.Body)
	}
}
