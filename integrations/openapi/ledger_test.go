package openapi

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// problemOf is the problem of a case just filed, as the ledger lists it.
func (s *server) problemOf(number string) (problem string) {
	s.t.Helper()
	list, _ := s.do("office", "GET", "/api/v1/problems", nil).body["problems"].([]any)
	for _, p := range list {
		found := p.(map[string]any)["number"].(string)
		cases, _ := s.do("office", "GET", "/api/v1/problems/"+found, nil).body["cases"].([]any)
		for _, c := range cases {
			if c.(map[string]any)["number"] == number {
				return found
			}
		}
	}
	s.t.Fatalf("case %s is of no problem", number)
	return ""
}

// step does an action on a problem as it stands.
func (s *server) step(role, number, action string, more ...any) answer {
	s.t.Helper()
	body := map[string]any{"version": s.do("office", "GET", "/api/v1/problems/"+number, nil).body["version"]}
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return s.do(role, http.MethodPost, "/api/v1/problems/"+number+"/actions/"+action, body)
}

func TestAProblemIsWorkedOnAndStruckOffThroughTheAPI(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText, "phone": "13800001234", "enterprise": "示例建设公司"})
	p := s.problemOf(number)
	if a := s.step("unit", p, "plan", "measure", "列入拨付", "person", "王某", "due", "2026-12-31", "assisting", []string{"court"}); a.Code != 200 || a.str("due") != "2026-12-31" || a.str("measure") != "列入拨付" {
		t.Fatalf("plan: %d %s", a.Code, a.Body)
	}
	wantLocation(t, s.step("unit", p, "plan", "due", "2027-01-31"), "body.note")
	s.step("unit", p, "note", "note", "已走流程")
	wantLocation(t, s.step("unit", p, "apply", "note", "付清", "no_mechanism", "个案"), "body.case")
	s.act("unit", number, "sign", 1)
	s.act("unit", number, "reply", 2, "note", "已付清")
	wantLocation(t, s.step("unit", p, "apply", "note", "付清"), "body.mechanism")
	wantLocation(t, s.do("unit", "POST", "/api/v1/problems/"+p+"/evidence", map[string]any{"content": "bm8="}), "body.content")
	file := s.do("unit", "POST", "/api/v1/problems/"+p+"/evidence", map[string]any{"content": base64.StdEncoding.EncodeToString([]byte("%PDF-1.7 ..."))})
	if file.Code != 200 || file.str("kind") != "document" {
		t.Fatalf("evidence: %d %s", file.Code, file.Body)
	}
	wantProblem(t, s.step("unit", p, "strike-off"), 403, "forbidden")
	wantProblem(t, s.step("office", p, "strike-off"), 409, "illegal-transition")
	if a := s.step("unit", p, "apply", "note", "付清", "mechanism", "按月清欠", "attachments", []string{file.str("id")}); a.Code != 200 || a.str("state") != "applied" {
		t.Fatalf("apply: %d %s", a.Code, a.Body)
	}
	wantProblem(t, s.step("office", p, "apply", "note", "x", "no_mechanism", "y"), 409, "illegal-transition")
	wantProblem(t, s.do("office", "POST", "/api/v1/problems/"+p+"/actions/strike-off", map[string]any{"version": 1}), 409, "version-conflict")
	if a := s.step("office", p, "strike-off"); a.Code != 200 || a.str("state") != "struck_off" || a.str("struck_off_at") == "" {
		t.Fatalf("strike off: %d %s", a.Code, a.Body)
	}
	if a := s.do("operator", "GET", "/api/v1/cases/"+number, nil); a.str("state") != "struck_off" {
		t.Errorf("the case: %s", a.Body)
	}
	detail := s.do("unit", "GET", "/api/v1/problems/"+p, nil)
	if events, _ := detail.body["events"].([]any); len(events) != 5 || strings.Contains(detail.Body.String(), "示例建设公司") {
		t.Errorf("history: %s", detail.Body)
	}
}

func TestWhoAppliedByACaseMayNotStrikeOff(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	s.act("unit", number, "sign", 1)
	s.act("unit", number, "reply", 2, "note", "已付清")
	if a := s.act("office", number, "close", 3); a.Code != 200 || a.str("state") != "closed" {
		t.Fatalf("close: %d %s", a.Code, a.Body)
	}
	wantProblem(t, s.act("office", number, "strike-off", 4), 403, "forbidden")
	wantProblem(t, s.step("office", s.problemOf(number), "strike-off"), 403, "forbidden")
	if a := s.act("admin", number, "send-back", 4, "note", "没有凭证"); a.Code != 200 || a.str("state") != "replied" {
		t.Fatalf("send back: %d %s", a.Code, a.Body)
	}
	s.act("unit", number, "close", 5)
	if a := s.act("office", number, "strike-off", 6); a.Code != 200 || a.str("state") != "struck_off" {
		t.Fatalf("strike off: %d %s", a.Code, a.Body)
	}
}

func TestTheLedgerIsForThoseWhoseItIs(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.problemOf(s.file("operator", map[string]any{"text": sureText, "phone": "13800001234", "enterprise": "示例建设公司", "confidential": true}))
	for _, path := range []string{"/api/v1/problems/" + p, "/api/v1/problems/TZ20200101-000000", "/api/v1/problems/TZ1"} {
		wantProblem(t, s.do("other", "GET", path, nil), 404, "not-found")
	}
	wantProblem(t, s.do("", "GET", "/api/v1/problems/"+p, nil), 401, "unauthorized")
	wantProblem(t, s.do("other", "POST", "/api/v1/problems/"+p+"/actions/note", map[string]any{"version": 1, "note": "x"}), 404, "not-found")
	wantProblem(t, s.do("operator", "POST", "/api/v1/problems/"+p+"/actions/note", map[string]any{"version": 1, "note": "x"}), 403, "forbidden")
	if list, _ := s.do("other", "GET", "/api/v1/problems", nil).body["problems"].([]any); len(list) > 0 {
		t.Errorf("another unit's list: %v", list)
	}
	if list, _ := s.do("unit", "GET", "/api/v1/problems?state=open,applied&filter=overdue", nil).body["problems"].([]any); len(list) > 0 {
		t.Errorf("overdue without a deadline: %v", list)
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/problems.xlsx", nil)
	r.Header.Set("Authorization", "Bearer "+s.keys["unit"])
	w := httptest.NewRecorder()
	s.engine.ServeHTTP(w, r)
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), "PK") || !strings.Contains(w.Header().Get("Content-Type"), "spreadsheetml") {
		t.Errorf("spreadsheet: %d %v", w.Code, w.Header())
	}
}
