package openapi

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiesu/routing"
)

// tell sends a message of the call centre as a form.
func (s *server) tell(role, path, form string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/api/v1/calls"+path, strings.NewReader(form))
	r.Header.Set("Authorization", "Bearer "+s.keys[role])
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.engine.ServeHTTP(w, r)
	return w
}

var operatorActor = routing.Actor{Role: routing.RoleOperator, ID: "op", Name: "话务员"}

func (s *server) calls(t *testing.T) []routing.Call {
	t.Helper()
	calls, err := s.store.Calls(t.Context(), routing.CallQuery{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	return calls
}

func TestACallIsFollowedFromItsRingingToItsEnd(t *testing.T) {
	t.Parallel()
	s := start(t)
	user := routing.User{ID: "u1", Name: "小赵", Role: routing.RoleOperator, Extension: "8001", CreatedAt: s.clock.now()}
	if err := s.store.Update(t.Context(), func(tx routing.Tx) error { return tx.InsertUser(t.Context(), user) }); err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{"/new?", "/answer?answeringNumber=8001", "/answer?", "/hangup?cause=normalClearing&recording=https%3A%2F%2Frec.example%2F1"} {
		path, more, _ := strings.Cut(step, "?")
		if w := s.tell("operator", path, "callid=c1&from=13800001234&to=02412345&direction=in&queue=企业&"+more); w.Code != 200 || strings.TrimSpace(w.Body.String()) != "{}" {
			t.Fatalf("%s: %d %s", step, w.Code, w.Body)
		}
		s.clock.add(time.Minute)
	}
	c := s.calls(t)[0]
	if c.Caller != "13800001234" || c.Operator != "小赵" || c.OperatorID != "u1" || c.Length() != 2*time.Minute || c.Missed() || c.Queue != "企业" || c.Recording == "" || c.TaskID != "" {
		t.Errorf("%+v", c)
	}
	// The one address for all steps, and JSON.
	if w := s.do("operator", "POST", "/api/v1/calls", map[string]any{"event": "newCall", "callid": "c2", "from": "+86 138 0000 9999", "to": "12345", "user": []string{"小赵"}}); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if c := s.calls(t)[0]; c.ID != "c2" || c.Caller != "13800009999" || !c.AnsweredAt.IsZero() {
		t.Errorf("%+v", c)
	}
}

// Whatever way a bridge can send a key and an extension, it gets in.
func TestBridgesThatCanSendNoHeaderGetIn(t *testing.T) {
	t.Parallel()
	s := start(t)
	user := routing.User{ID: "u1", Name: "小赵", Role: routing.RoleOperator, Extension: "8001", CreatedAt: s.clock.now()}
	if err := s.store.Update(t.Context(), func(tx routing.Tx) error { return tx.InsertUser(t.Context(), user) }); err != nil {
		t.Fatal(err)
	}
	send := func(path, body string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		s.engine.ServeHTTP(w, r)
		return w
	}
	if w := send("/api/v1/cti/"+s.keys["operator"], `{"event":"newCall","callid":17,"from":13800001234,"to":12345,"direction":"in"}`); w.Code != 200 {
		t.Fatalf("key in the address: %d %s", w.Code, w.Body)
	}
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.SetBasicAuth("bridge", s.keys["operator"])
	if w := send("/api/v1/calls/answer", `{"callid":17,"answeringNumber":8001}`, "Authorization", r.Header.Get("Authorization")); w.Code != 200 {
		t.Fatalf("key as a password: %d %s", w.Code, w.Body)
	}
	if c := s.calls(t)[0]; c.ID != "17" || c.Caller != "13800001234" || c.OperatorID != "u1" {
		t.Errorf("%+v", c)
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"no key":               send("/api/v1/cti/jsk_wrong", `{"callid":1}`),
		"another password":     send("/api/v1/calls/new", `{"callid":1}`, "Authorization", "Basic eDp5"),
		"no base64":            send("/api/v1/calls/new", `{"callid":1}`, "Authorization", "Basic %%%"),
		"a key of the unit":    send("/api/v1/cti/"+s.keys["unit"], `{"event":"newCall","callid":1}`),
		"two values":           send("/api/v1/cti/"+s.keys["operator"], `{"event":"newCall","callid":1}{}`),
		"a direction of space": send("/api/v1/cti/"+s.keys["operator"], `{"event":"newCall","callid":1,"direction":"up"}`),
	} {
		if want := map[string]int{"a key of the unit": 403, "two values": 400, "a direction of space": 422}[name]; w.Code != cmp.Or(want, 401) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if strings.Contains(s.log.String(), "jsk_") {
		t.Errorf("a key in the log: %s", s.log)
	}
}

// A message that contradicts what is known, or comes after the end, changes nothing.
func TestALateMessageTurnsNoCallRound(t *testing.T) {
	t.Parallel()
	s := start(t)
	user := routing.User{ID: "u1", Name: "小赵", Role: routing.RoleOperator, Extension: "8001", CreatedAt: s.clock.now()}
	if err := s.store.Update(t.Context(), func(tx routing.Tx) error { return tx.InsertUser(t.Context(), user) }); err != nil {
		t.Fatal(err)
	}
	s.tell("operator", "/new", "callid=a&from=13800001234&to=12345")
	s.tell("operator", "/hangup", "callid=a&cause=noAnswer")
	before := s.calls(t)[0]
	s.tell("operator", "/answer", "callid=a&answeringNumber=8001&direction=out")
	s.tell("operator", "/new", "callid=a&from=12345&to=13999999999&direction=out")
	if after := s.calls(t)[0]; after != before || !after.Missed() {
		t.Errorf("%+v became %+v", before, after)
	}
}

// Who was called back, and took the call, needs no other one.
func TestACallBackIsDoneByTelephoning(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.tell("operator", "/new", "callid=a&from=13800001234&to=12345")
	s.tell("operator", "/hangup", "callid=a&cause=cancel")
	call := func(id, steps string) int {
		for step := range strings.SplitSeq(steps, " ") {
			if w := s.tell("operator", "/"+step, "callid="+id+"&from=12345&to=13800001234&direction=out"); w.Code != 200 {
				t.Fatal(w.Body)
			}
		}
		open, err := s.store.OpenTasks(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(open)
	}
	if n := call("b", "new hangup"); n != 1 {
		t.Errorf("nobody took the call, and %d tasks are open", n)
	}
	if n := call("c", "new answer hangup"); n != 0 {
		t.Errorf("called back, and %d tasks are open", n)
	}
	if n := call("d", "new answer hangup"); n != 0 {
		t.Errorf("called once more: %d", n)
	}
}

func TestAMissedCallAsksForOneCallBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	miss := func(id, from string) {
		s.tell("operator", "/new", "callid="+id+"&from="+from+"&to=12345")
		s.tell("operator", "/hangup", "callid="+id+"&from="+from+"&cause=noAnswer")
	}
	miss("a", "13800001234")
	miss("b", "13800001234")
	miss("c", "13800005678")
	miss("d", "anonymous")
	open, err := s.store.OpenTasks(t.Context(), 10)
	if err != nil || len(open) != 2 || open[0].Kind != routing.TaskMissed {
		t.Fatalf("%+v, %v", open, err)
	}
	desk := routing.NewDesk(s.store, &routing.Plan{}, routing.NewMemory(s.clock.now), s.clock.now)
	if err := desk.FinishTask(t.Context(), operatorActor, open[0].ID); err != nil {
		t.Fatal(err)
	}
	miss("e", "13800001234")
	if open, _ = s.store.OpenTasks(t.Context(), 10); len(open) != 2 {
		t.Errorf("called again after somebody called back: %+v", open)
	}
	missed, err := s.store.Calls(t.Context(), routing.CallQuery{Missed: true, Limit: 10})
	if err != nil || len(missed) != 5 {
		t.Errorf("%d missed, %v", len(missed), err)
	}
}

func TestWrongMessagesOfACallCentreAreAnsweredExactly(t *testing.T) {
	t.Parallel()
	s := start(t)
	wantCode := func(name string, w *httptest.ResponseRecorder, status int, says string) {
		t.Helper()
		if w.Code != status || !strings.Contains(w.Body.String(), says) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	wantCode("a unit's key", s.tell("unit", "/new", "callid=x&from=1&to=2"), 403, "forbidden")
	wantCode("no step", s.tell("operator", "", "callid=x"), 422, "body.event")
	wantCode("another step", s.tell("operator", "/dance", "callid=x"), 422, "body.event")
	wantCode("no id", s.tell("operator", "/new", "from=1"), 422, "body.callid")
	wantCode("endless", s.tell("operator", "/new", "callid="+strings.Repeat("x", 101)), 422, "body.callid")
	wantCode("too large", s.tell("operator", "/new", "callid="+strings.Repeat("x", maxCall)), 413, "too-large")
	wantCode("NUL", s.tell("operator", "/new", "callid=a%00"), 422, "body.callid")
	wantCode("a script for a recording", s.tell("operator", "/hangup", "callid=x&recording=javascript:x"), 422, "body.recording")
	wantCode("no form", s.tell("operator", "/new", "%zz=%"), 400, "malformed")
	wantProblem(t, s.do("operator", "POST", "/api/v1/calls/new", "{"), 400, "malformed")
	wantProblem(t, s.do("operator", "POST", "/api/v1/calls/new", "x", "Content-Type", "text/xml"), 415, "unsupported-media-type")
	wantProblem(t, s.do("", "POST", "/api/v1/calls/new", map[string]any{"callid": "x"}), 401, "unauthorized")
	if n := len(s.calls(t)); n != 0 {
		t.Errorf("%d calls were kept", n)
	}
	wantCode("hangup of what nobody knows", s.tell("operator", "/hangup", "callid=late&from=13800001234&cause=cancel"), 200, "{}")
}

// Whatever order messages come in and however often: what is over stays over, a call is missed or answered, and there is one task at most.
func TestMessagesOfACallMayComeInAnyOrder(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *Config) { c.PerMinute = 1_000_000 })
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		id := fmt.Sprint("r", n)
		number := fmt.Sprintf("139%08d", n)
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"new", "answer", "hangup"}), 1, 8).Draw(t, "steps")
		var last routing.Call
		for _, step := range steps {
			if w := s.tell("operator", "/"+step, "callid="+id+"&from="+number+"&to=12345&direction=in"); w.Code != 200 {
				t.Fatalf("%s: %d %s", step, w.Code, w.Body)
			}
			s.clock.add(time.Second)
			c, err := s.store.Call(context.Background(), id)
			if err != nil {
				t.Fatal(err)
			}
			if !last.EndedAt.IsZero() && (c.EndedAt != last.EndedAt || c.AnsweredAt != last.AnsweredAt) {
				t.Fatalf("it was over, and changed: %+v to %+v", last, c)
			}
			last = c
		}
		end := slices.Index(steps, "hangup")
		answered := slices.Index(steps, "answer")
		missed := end >= 0 && (answered < 0 || answered > end)
		if last.Missed() != missed || (last.TaskID != "") != missed || last.Caller != number {
			t.Fatalf("%v: %+v", steps, last)
		}
	})
}
