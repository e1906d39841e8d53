package openapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

// operations are all operations with a request that is right for a case at version 1.
func operations(number string) []struct{ method, path, body string } {
	list := []struct{ method, path, body string }{
		{"POST", "/api/v1/cases", `{"text":"事情一直没有人管。"}`},
		{"GET", "/api/v1/cases", ""},
		{"GET", "/api/v1/cases/" + number, ""},
		{"GET", "/api/v1/cases/" + number + "/notices", ""},
		{"GET", "/api/v1/plan", ""},
	}
	for _, x := range routing.Actions() {
		if x != routing.ActionReveal {
			body := `{"version":1,"note":"已联系企业核实","unit":"commerce","days":3,"solved":"yes"}`
			list = append(list, struct{ method, path, body string }{"POST", "/api/v1/cases/" + number + "/actions/" + string(x), body})
		}
	}
	return list
}

func TestNoOperationAnswersWithoutAKnownKey(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	stranger, _ := NewKey()
	ops := append(operations(number), struct{ method, path, body string }{"PUT", "/api/v1/cases/" + number + "/status", `{"status":"x"}`})
	for _, op := range ops {
		s.clock.add(time.Minute) // so many wrong keys would be too many
		for _, header := range []string{"", "Bearer", "Bearer ", "Bearer jsk_", "Basic " + s.keys["admin"], s.keys["admin"], "Bearer " + stranger,
			"Bearer " + s.keys["admin"] + "x", "Bearer " + HashKey(s.keys["admin"])} {
			a := s.do("", op.method, op.path, op.body, "Authorization", header)
			wantProblem(t, a, http.StatusUnauthorized, "unauthorized")
			if !strings.HasPrefix(a.Header().Get("WWW-Authenticate"), `Bearer realm="jiesu"`) {
				t.Errorf("%s %s with %q: challenge %q", op.method, op.path, header, a.Header().Get("WWW-Authenticate"))
			}
		}
	}
	if a := s.do("operator", "GET", "/api/v1/cases/"+number, nil); a.body["version"] != 1.0 {
		t.Errorf("a request without a key changed the case: %s", a.Body)
	}
	a := s.do("", "GET", "/api/v1/cases/"+number, nil, "Authorization", "bearer "+s.keys["office"])
	if a.Code != http.StatusOK {
		t.Errorf("the scheme's case matters: %d", a.Code)
	}
}

func TestEveryRoleGetsWhatIsItsOwn(t *testing.T) {
	t.Parallel()
	const ok, created, forbidden, unseen = 200, 201, 403, 404
	want := map[string]map[string]int{
		"POST /api/v1/cases":          {"operator": created, "office": created, "admin": created, "unit": forbidden, "other": forbidden},
		"GET /api/v1/cases":           {"operator": ok, "office": ok, "admin": ok, "unit": ok, "other": ok},
		"GET /api/v1/cases/N":         {"operator": ok, "office": ok, "admin": ok, "unit": ok, "other": unseen},
		"GET /api/v1/cases/N/notices": {"operator": ok, "office": ok, "admin": ok, "unit": forbidden, "other": forbidden},
		"GET /api/v1/plan":            {"operator": ok, "office": ok, "admin": ok, "unit": ok, "other": ok},
	}
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	for _, op := range operations(number) {
		name := op.method + " " + strings.ReplaceAll(op.path, number, "N")
		for role, status := range want[name] {
			if a := s.do(role, op.method, op.path, op.body); a.Code != status {
				t.Errorf("%s as %s: %d, want %d: %s", name, role, a.Code, status, a.Body)
			}
		}
		if want[name] == nil && !strings.Contains(name, "/actions/") {
			t.Errorf("%s isn't checked", name)
		}
	}
}

// Every action by every role in every state that this case passes through answers as the domain's table says.
func TestEveryActionByEveryRoleFollowsTheTable(t *testing.T) {
	t.Parallel()
	paths := map[routing.State][]string{
		routing.StateTriage: nil, routing.StateDispatched: nil, routing.StateSigned: {"unit sign"}, routing.StateRefused: {"unit refuse"},
		routing.StateReplied: {"unit sign", "unit reply"}, routing.StateClosed: {"unit sign", "unit reply", "unit close"},
		routing.StateStruckOff: {"unit sign", "unit reply", "unit close", "office strike-off"}, routing.StateWithdrawn: {"operator withdraw"},
		routing.StateTransferred: {"office transfer"}, routing.StateNotAccepted: {"office not-accept"},
	}
	for _, state := range routing.States() {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			s := start(t, func(c *Config) { c.PerMinute = 100_000 })
			for _, action := range routing.Actions() {
				if !viaAPI(action) {
					continue
				}
				for role := range s.keys {
					number, version := s.bring(state, paths[state])
					c, err := s.store.Case(t.Context(), number)
					if err != nil || c.State != state {
						t.Fatalf("case in %s, %v", c.State, err)
					}
					a := s.act(role, number, string(action), version, "note", "已核实", "unit", sureUnit, "days", 3, "solved", "yes", "satisfied", 4,
						"how", "phone", "points", []string{"尽快付款"})
					s.checkStep(t, a, role, c, action)
				}
			}
		})
	}
}

// bring files a case and takes it along the path.
func (s *server) bring(state routing.State, path []string) (number string, version int) {
	s.t.Helper()
	text := sureText
	if state == routing.StateTriage || state == routing.StateNotAccepted {
		text = unsureText
	}
	number, version = s.file("operator", map[string]any{"text": text}), 1
	for _, step := range path {
		role, action, _ := strings.Cut(step, " ")
		if a := s.act(role, number, action, version, "note", "已核实"); a.Code != http.StatusOK {
			s.t.Fatalf("%s: %d %s", step, a.Code, a.Body)
		}
		version++
	}
	return number, version
}

func (s *server) checkStep(t *testing.T, a answer, role string, c routing.Case, action routing.Action) {
	t.Helper()
	actor := routing.Actor{Role: routing.Role(role), Unit: sureUnit}
	if role == "other" {
		actor = routing.Actor{Role: routing.RoleUnit, Unit: otherUnit}
	}
	to, err := routing.Next(actor, c, action)
	var illegal *routing.IllegalStepError
	switch {
	case err == nil:
		if a.Code != http.StatusOK || a.str("state") != string(to) || a.body["version"] != float64(c.Version+1) ||
			a.Header().Get("ETag") != fmt.Sprintf(`"%d"`, c.Version+1) {
			t.Errorf("%s %s: %d %s", role, action, a.Code, a.Body)
		}
	case errors.Is(err, routing.ErrNotFound):
		wantProblem(t, a, http.StatusNotFound, "not-found")
	case errors.Is(err, routing.ErrForbidden):
		wantProblem(t, a, http.StatusForbidden, "forbidden")
	case errors.As(err, &illegal):
		wantProblem(t, a, http.StatusConflict, "illegal-transition")
	default:
		t.Errorf("%s %s: %v", role, action, err)
	}
}

func TestTheUnmaskedContactIsNotToBeHadByKey(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText, "phone": "13800001234"})
	for role := range s.keys {
		a := s.act(role, number, "reveal", 1, "note", "核实情况")
		wantProblem(t, a, http.StatusUnprocessableEntity, "invalid")
		wantLocation(t, a, "path.action")
	}
}

func TestContactIsMaskedAndAConfidentialOneHiddenFromTheUnit(t *testing.T) {
	t.Parallel()
	s := start(t)
	contact := map[string]any{"text": sureText, "enterprise": "甲建筑公司", "contact_name": "欧阳甲", "phone": "138 0000 1234", "external_id": "W-7"}
	open := s.file("operator", contact)
	contact["confidential"], contact["external_id"] = true, "W-8"
	hidden := s.file("operator", contact)
	for _, tc := range []struct{ role, number, enterprise, name, phone, external string }{
		{"operator", open, "甲建筑公司", "欧**", "138****1234", "W-7"},
		{"unit", open, "甲建筑公司", "欧**", "138****1234", ""},
		{"office", hidden, "甲建筑公司", "欧**", "138****1234", "W-8"},
		{"unit", hidden, "", "", "", ""},
	} {
		one := s.do(tc.role, "GET", "/api/v1/cases/"+tc.number, nil)
		page := s.do(tc.role, "GET", "/api/v1/cases?q="+tc.number, nil)
		cases, _ := page.body["cases"].([]any)
		if len(cases) != 1 {
			t.Fatalf("list as %s: %s", tc.role, page.Body)
		}
		for _, body := range []map[string]any{one.body, cases[0].(map[string]any)} {
			if body["enterprise"] != tc.enterprise || body["contact_name"] != tc.name || body["phone"] != tc.phone || body["external_id"] != tc.external {
				t.Errorf("%s sees %v", tc.role, body)
			}
		}
	}
	signed := s.act("unit", hidden, "sign", 1)
	for _, word := range []string{"13800001234", "138****1234", "甲建筑公司", "欧"} {
		if signed.Code != http.StatusOK || strings.Contains(signed.Body.String(), word) {
			t.Errorf("the answer to the unit's action says %s: %s", word, signed.Body)
		}
	}
	if strings.Contains(s.log.String(), "1380000") {
		t.Error("contact in the log")
	}
}

func TestRequestsBeyondTheLimitWaitUntilTheNextMinute(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *Config) { c.PerMinute = 3 })
	s.clock.add(20*time.Second + 500*time.Millisecond)
	for range 3 {
		if a := s.do("office", "GET", "/api/v1/plan", nil); a.Code != http.StatusOK {
			t.Fatalf("within the limit: %d", a.Code)
		}
	}
	a := s.do("office", "GET", "/api/v1/plan", nil)
	wantProblem(t, a, http.StatusTooManyRequests, "too-many-requests")
	if got := a.Header().Get("Retry-After"); got != "40" {
		t.Errorf("Retry-After %q, want the rest of the minute, rounded up", got)
	}
	if a := s.do("operator", "GET", "/api/v1/plan", nil); a.Code != http.StatusOK {
		t.Errorf("another key is limited too: %d", a.Code)
	}
	s.clock.add(40 * time.Second)
	if a := s.do("office", "GET", "/api/v1/plan", nil); a.Code != http.StatusOK {
		t.Errorf("next minute: %d", a.Code)
	}
}

func TestNewKeysAreUnlikeEachOtherAndKeptAsHash(t *testing.T) {
	t.Parallel()
	one, hash := NewKey()
	two, _ := NewKey()
	if one == two || len(one) != len("jsk_")+43 || !strings.HasPrefix(one, "jsk_") || hash != HashKey(one) || len(hash) != 64 || strings.Contains(hash, one) {
		t.Errorf("keys %q %q, hash %q", one, two, hash)
	}
}
