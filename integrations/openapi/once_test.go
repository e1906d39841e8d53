package openapi

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"jiesu/routing"
)

func TestARequestSentAgainIsAnsweredAgainAndDoneOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	body := map[string]any{"text": sureText, "phone": "13800001234"}
	first := s.do("operator", "POST", "/api/v1/cases", body, "Idempotency-Key", "k1")
	again := s.do("operator", "POST", "/api/v1/cases", body, "Idempotency-Key", "k1")
	if first.Code != 201 || again.Code != 201 || first.Body.String() != again.Body.String() || again.Header().Get("Location") != first.Header().Get("Location") {
		t.Errorf("%d %s\n%d %s", first.Code, first.Body, again.Code, again.Body)
	}
	number := first.str("number")
	if a := s.do("office", "POST", "/api/v1/cases", body, "Idempotency-Key", "k1"); a.str("number") == number || a.Code != 201 {
		t.Errorf("another key's request: %d %s", a.Code, a.Body)
	}
	wantProblem(t, s.do("operator", "POST", "/api/v1/cases", map[string]any{"text": "又一件事没有人管。"}, "Idempotency-Key", "k1"), 422, "idempotency-key-reused")

	step := map[string]any{"version": 1}
	one := s.do("unit", "POST", "/api/v1/cases/"+number+"/actions/sign", step, "Idempotency-Key", "sign")
	two := s.do("unit", "POST", "/api/v1/cases/"+number+"/actions/sign", step, "Idempotency-Key", "sign")
	if one.Code != 200 || two.Code != 200 || two.body["version"] != 2.0 || two.Header().Get("ETag") != `"2"` {
		t.Errorf("%d %s\n%d %s", one.Code, one.Body, two.Code, two.Body)
	}
	// What failed isn't kept: mended, it may be sent with the same key.
	wantProblem(t, s.do("unit", "POST", "/api/v1/cases/"+number+"/actions/progress", map[string]any{"version": 1, "note": "x"}, "Idempotency-Key", "p"), 409, "version-conflict")
	if a := s.do("unit", "POST", "/api/v1/cases/"+number+"/actions/progress", map[string]any{"version": 2, "note": "x"}, "Idempotency-Key", "p"); a.Code != 200 {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	wantProblem(t, s.do("operator", "POST", "/api/v1/cases", body, "Idempotency-Key", strings.Repeat("k", 101)), 422, "invalid")

	s.clock.add(routing.AnswersKept + time.Hour)
	if a := s.do("operator", "POST", "/api/v1/cases", body, "Idempotency-Key", "k1"); a.Code != 201 || a.str("number") == number {
		t.Errorf("after it was forgotten: %d %s", a.Code, a.Body)
	}
}

func TestManyThatSendTheSameAtOnceGetOneAnswer(t *testing.T) {
	t.Parallel()
	s := start(t)
	numbers := make([]string, 16)
	var all sync.WaitGroup
	for i := range numbers {
		all.Go(func() {
			numbers[i] = s.do("operator", "POST", "/api/v1/cases", map[string]any{"text": sureText}, "Idempotency-Key", "k").str("number")
		})
	}
	all.Wait()
	for _, n := range numbers {
		if n == "" || n != numbers[0] {
			t.Fatalf("%v", numbers)
		}
	}
}

func TestAStepMayNameTheCaseItWasDecidedOnByItsETag(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	path := "/api/v1/cases/" + number + "/actions/sign"
	wantProblem(t, s.do("unit", "POST", path, map[string]any{"version": 1}, "If-Match", `"7"`), http.StatusPreconditionFailed, "precondition-failed")
	if a := s.do("unit", "POST", path, map[string]any{"version": 1}, "If-Match", `"1"`); a.Code != 200 {
		t.Errorf("%d %s", a.Code, a.Body)
	}
}

func TestAKeyIsGoodForItsScopesAndItsTime(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	add := func(name string, k routing.APIKey) routing.APIKey {
		plain, hash := NewKey()
		k.ID, k.Name, k.Hash, k.CreatedAt = routing.NewID(), name, hash, s.clock.now()
		s.keys[name] = plain
		if err := s.store.Update(t.Context(), func(tx routing.Tx) error { return tx.InsertAPIKey(t.Context(), k) }); err != nil {
			t.Fatal(err)
		}
		return k
	}
	add("reader", routing.APIKey{Role: routing.RoleOffice, Scopes: []routing.Scope{routing.ScopeRead}})
	add("filer", routing.APIKey{Role: routing.RoleOffice, Scopes: []routing.Scope{routing.ScopeFile}})
	add("actor", routing.APIKey{Role: routing.RoleOffice, Scopes: []routing.Scope{routing.ScopeAct, routing.ScopeRead}})
	for role, want := range map[string][3]int{"reader": {200, 403, 403}, "filer": {403, 201, 403}, "actor": {200, 403, 200}} {
		got := [3]int{s.do(role, "GET", "/api/v1/cases/"+number, nil).Code, s.do(role, "POST", "/api/v1/cases", map[string]any{"text": unsureText}).Code,
			s.do(role, "POST", "/api/v1/cases/"+number+"/actions/urge", map[string]any{"version": 1, "note": "x"}).Code}
		if got != want {
			t.Errorf("%s: %v, want %v", role, got, want)
		}
	}
	short := add("short", routing.APIKey{Role: routing.RoleOffice, ExpiresAt: s.clock.now().Add(time.Hour)})
	if a := s.do("short", "GET", "/api/v1/plan", nil); a.Code != 200 {
		t.Errorf("%d", a.Code)
	}
	kept, err := s.store.APIKeyByHash(t.Context(), short.Hash)
	if err != nil || !kept.UsedAt.Equal(s.clock.now()) {
		t.Errorf("used at %v, %v", kept.UsedAt, err)
	}
	s.clock.add(time.Hour)
	wantProblem(t, s.do("short", "GET", "/api/v1/plan", nil), 401, "unauthorized")
	kept.RevokedAt = s.clock.now()
	revoked := add("revoked", routing.APIKey{Role: routing.RoleOffice})
	revoked.RevokedAt = s.clock.now()
	if err := s.store.Update(t.Context(), func(tx routing.Tx) error { return tx.UpdateAPIKey(t.Context(), revoked) }); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, s.do("revoked", "GET", "/api/v1/plan", nil), 401, "unauthorized")
	keys, err := s.store.APIKeys(t.Context())
	if err != nil || len(keys) < 8 || keys[0].Name != "revoked" || fmt.Sprint(keys[len(keys)-1].Scopes) != "[]" {
		t.Errorf("%d keys, %v", len(keys), err)
	}
}

func TestEndpointsAndEvidenceAreAddedOnceToo(t *testing.T) {
	t.Parallel()
	s := start(t)
	hook := map[string]any{"name": "case-system", "url": "https://cases.example/jiesu"}
	first := s.do("admin", "POST", "/api/v1/webhooks", hook, "Idempotency-Key", "k1")
	again := s.do("admin", "POST", "/api/v1/webhooks", hook, "Idempotency-Key", "k1")
	if first.Code >= 300 || again.Code != first.Code || first.Body.String() != again.Body.String() {
		t.Errorf("%d %s, again %d %s", first.Code, first.Body, again.Code, again.Body)
	}
	if all, _ := s.do("admin", "GET", "/api/v1/webhooks", nil).body["webhooks"].([]any); len(all) != 1 {
		t.Errorf("%d endpoints", len(all))
	}
	wantProblem(t, s.do("admin", "POST", "/api/v1/webhooks", hook), 409, "already-exists") // without a key the name is taken

	number := s.file("operator", map[string]any{"text": sureText})
	p, err := s.store.ProblemOf(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	file := map[string]any{"content": base64.StdEncoding.EncodeToString([]byte("%PDF-1.4\n"))}
	one := s.do("unit", "POST", "/api/v1/problems/"+p.Number+"/evidence", file, "Idempotency-Key", "k2")
	two := s.do("unit", "POST", "/api/v1/problems/"+p.Number+"/evidence", file, "Idempotency-Key", "k2")
	if one.Code >= 300 || one.str("id") == "" || one.str("id") != two.str("id") {
		t.Errorf("%d %s, again %d %s", one.Code, one.Body, two.Code, two.Body)
	}
}
