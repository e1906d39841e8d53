package openapi

import (
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
