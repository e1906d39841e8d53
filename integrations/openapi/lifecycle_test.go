package openapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"jiesu/configs"
	"jiesu/routing"
)

const twoPoints = "拖欠工程款三年。请尽快支付八十万元。另外，请公布付款计划。"

// ok is the answer to an action that was done.
func (s *server) ok(role, number, action string, more ...any) answer {
	s.t.Helper()
	c, err := s.store.Case(s.t.Context(), number)
	if err != nil {
		s.t.Fatal(err)
	}
	a := s.act(role, number, action, int(c.Version), more...)
	if a.Code != http.StatusOK {
		s.t.Fatalf("%s by %s: %d %s", action, role, a.Code, a.Body)
	}
	return a
}

// message is what the problem says of the location.
func message(a answer, location string) string {
	errs, _ := a.body["errors"].([]any)
	for _, e := range errs {
		if at(e, "location") == location {
			text, _ := at(e, "message").(string)
			return text
		}
	}
	return ""
}

func TestAReplyAnswersEveryPointOfTheComplaint(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": twoPoints})
	a := s.ok("unit", number, "sign")
	points, _ := a.body["points"].([]any)
	if len(points) != 2 || points[0] != "请尽快支付八十万元" || points[1] != "另外，请公布付款计划" {
		t.Fatalf("points %v", a.body["points"])
	}
	solved := map[string]any{"point": 1, "outcome": "solved", "note": "已经支付。"}
	for _, answers := range []any{nil, []any{}, []any{solved}, []any{solved, map[string]any{"point": 2, "outcome": "explained", "note": " "}}} {
		a := s.act("unit", number, "reply", 2, "note", "都办好了", "answers", answers)
		if answers == nil {
			a = s.act("unit", number, "reply", 2, "note", "都办好了")
		}
		wantProblem(t, a, http.StatusUnprocessableEntity, "invalid")
		if text := message(a, "body.answers.2"); !strings.Contains(text, "另外，请公布付款计划") {
			t.Errorf("%v: %s", answers, a.Body)
		}
	}
	wantProblem(t, s.act("unit", number, "reply", 2, "answers", []any{solved, map[string]any{"point": 2, "outcome": "solved", "note": "好"},
		map[string]any{"point": 3, "outcome": "solved", "note": "好"}}), http.StatusUnprocessableEntity, "invalid")

	a = s.ok("unit", number, "reply", "answers", []any{map[string]any{"point": 2, "outcome": "not_possible", "note": "涉密，不能公布。"}, solved})
	if a.str("state") != "replied" || a.str("reply") != "1. 已经支付。\n2. 涉密，不能公布。" {
		t.Errorf("reply %s", a.Body)
	}
	events := s.do("unit", "GET", "/api/v1/cases/"+number, nil).body["events"].([]any)
	answers, _ := at(events[len(events)-1], "answers").([]any)
	if len(answers) != 2 || at(answers[1], "text") != "另外，请公布付款计划" || at(answers[1], "outcome") != "not_possible" {
		t.Errorf("answers %v", answers)
	}
}

func TestTheUnitCorrectsTheListOfPoints(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	s.ok("unit", number, "sign")
	wantProblem(t, s.act("unit", number, "points", 2, "points", []string{" "}), http.StatusUnprocessableEntity, "invalid")
	wantProblem(t, s.act("office", number, "points", 2, "points", []string{"付款"}), http.StatusForbidden, "forbidden")
	a := s.ok("unit", number, "points", "points", []string{" 付款 ", "道歉"})
	if points, _ := a.body["points"].([]any); len(points) != 2 || points[0] != "付款" {
		t.Errorf("points %v", points)
	}
	wantProblem(t, s.act("unit", number, "reply", 3, "note", "好了"), http.StatusUnprocessableEntity, "invalid")
	s.ok("unit", number, "points", "points", []string{"付款并道歉"})
	if a := s.ok("unit", number, "reply", "note", "好了"); a.str("reply") != "好了" {
		t.Errorf("one point is answered by the note: %s", a.Body)
	}
}

func TestRefusingEndsWithItsClock(t *testing.T) {
	t.Parallel()
	s := start(t) // Tuesday, 24 November 2026, 10:00: the window ends on Wednesday at 17:00
	late, soon := s.file("operator", map[string]any{"text": sureText}), s.file("operator", map[string]any{"text": sureText})
	wantProblem(t, s.act("unit", soon, "refuse", 1, "note", "不是我们的事", "ground", "mood"), http.StatusUnprocessableEntity, "invalid")
	s.clock.add(31 * time.Hour)
	if a := s.ok("unit", soon, "refuse", "note", "三定方案没有这一项", "ground", "duty", "proposed_unit", "court"); a.str("state") != "refused" {
		t.Errorf("at the last moment: %s", a.Body)
	}
	s.clock.add(time.Minute)
	a := s.act("unit", late, "refuse", 1, "note", "三定方案没有这一项", "ground", "duty")
	wantProblem(t, a, http.StatusConflict, "illegal-transition")
	if !strings.Contains(a.str("detail"), "ended at 2026-11-25T17:00:00+08:00") || !strings.Contains(message(a, "path.action"), "2026-11-25 17:00") {
		t.Errorf("the answer doesn't say when it ended: %s", a.Body)
	}
	for _, action := range s.do("unit", "GET", "/api/v1/cases/"+late, nil).body["actions"].([]any) {
		if action == "refuse" {
			t.Error("it is still offered")
		}
	}
}

func TestRefusingStaysLegalWhenTheCalendarIsMissing(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *Config) {
		var rules routing.ClockRules
		if err := configs.DecodeOwn("clocks.yaml", "", &rules); err != nil {
			t.Fatal(err)
		}
		var err error
		if c.Desk.Plan().Timetable, err = routing.NewTimetable(c.Desk.Plan(), rules, nil); err != nil {
			t.Fatal(err)
		}
	})
	number := s.file("operator", map[string]any{"text": sureText})
	s.clock.add(20 * 24 * time.Hour)
	s.ok("unit", number, "refuse", "note", "三定方案没有这一项", "ground", "duty")
}

func TestRefusedTwiceACaseIsSupervisedByItself(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	s.ok("unit", number, "refuse", "note", "不属于我局", "ground", "duty")
	a := s.ok("office", number, "reassign", "unit", otherUnit)
	if a.body["supervised"] != false {
		t.Error("supervised after one refusal")
	}
	a = s.ok("other", number, "refuse", "note", "也不属于我局", "ground", "duty")
	if a.body["supervised"] != true || a.body["version"] != 5.0 || a.str("state") != "refused" {
		t.Errorf("after two: %s", a.Body)
	}
	events := s.do("office", "GET", "/api/v1/cases/"+number, nil).body["events"].([]any)
	last := events[len(events)-1]
	if at(last, "action") != "supervise" || at(last, "actor", "role") != "system" || at(last, "cause") != "refusals" {
		t.Errorf("the last event is %v", last)
	}
	a = s.ok("office", number, "uphold", "note", "职责清单第三条")
	if a.str("state") != "dispatched" || a.str("unit") != otherUnit {
		t.Errorf("upheld: %s", a.Body)
	}
	wantProblem(t, s.act("other", number, "refuse", 6, "note", "还是不办"), http.StatusConflict, "illegal-transition")
}

func TestMoreTimeIsAskedForGrantedTwiceAndNeverAfterTheEnd(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	if a := s.ok("unit", number, "extend", "note", "等审计", "days", 3); a.body["extension_asked"] != 3.0 || a.body["extensions"] != 0.0 {
		t.Errorf("asked: %s", a.Body)
	}
	wantProblem(t, s.act("unit", number, "extend", 2, "note", "等审计", "days", 5), http.StatusConflict, "illegal-transition")
	wantProblem(t, s.act("office", number, "decline", 2), http.StatusUnprocessableEntity, "invalid")
	if a := s.ok("office", number, "decline", "note", "审计已经结束"); a.body["extension_asked"] != nil {
		t.Errorf("declined: %s", a.Body)
	}
	wantProblem(t, s.act("office", number, "decline", 3, "note", "再说一遍"), http.StatusConflict, "illegal-transition")
	for n := range 2 {
		s.ok("unit", number, "extend", "note", "等审计", "days", 1)
		if a := s.ok("office", number, "extend", "note", "同意", "days", 1); a.body["extensions"] != float64(n+1) {
			t.Errorf("granted: %s", a.Body)
		}
	}
	a := s.act("unit", number, "extend", 7, "note", "等审计", "days", 1)
	wantProblem(t, a, http.StatusConflict, "illegal-transition")
	if !strings.Contains(message(a, "path.action"), "两次") {
		t.Errorf("the third: %s", a.Body)
	}
	late := s.file("operator", map[string]any{"text": sureText})
	s.clock.add(40 * 24 * time.Hour)
	for _, role := range []string{"unit", "office"} {
		a := s.act(role, late, "extend", 1, "note", "来不及了", "days", 1)
		wantProblem(t, a, http.StatusConflict, "illegal-transition")
		if !strings.Contains(message(a, "path.action"), "2026-12-15 17:00") {
			t.Errorf("by %s: %s", role, a.Body)
		}
	}
}

func TestTheFirstContactStopsItsClock(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	s.clock.add(3 * time.Hour)
	for _, when := range []string{"2026-11-24T09:00:00+08:00", "2026-11-24T14:00:00+08:00"} {
		wantProblem(t, s.act("unit", number, "contact", 1, "how", "phone", "contacted_at", when), http.StatusUnprocessableEntity, "invalid")
	}
	wantProblem(t, s.act("unit", number, "contact", 1, "how", "dream"), http.StatusUnprocessableEntity, "invalid")
	s.ok("unit", number, "contact", "how", "visit", "contacted_at", "2026-11-24T11:30:00+08:00", "note", "约好明天对账")
	c := s.do("unit", "GET", "/api/v1/cases/"+number, nil)
	if clock := clockOfKind(t, c.body["clocks"], "contact"); clock["state"] != "met" {
		t.Errorf("clock %v", clock)
	}
	events := c.body["events"].([]any)
	if e := events[len(events)-1]; at(e, "how") != "visit" || at(e, "contacted_at") != "2026-11-24T03:30:00Z" {
		t.Errorf("event %v", e)
	}
}

func TestACallBackAddsUpWithTheRating(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	s.ok("unit", number, "sign")
	wantProblem(t, s.act("operator", number, "call-back", 2, "unreached", true), http.StatusConflict, "illegal-transition")
	s.ok("unit", number, "reply", "note", "好了")
	wantProblem(t, s.act("unit", number, "call-back", 3, "solved", "yes"), http.StatusForbidden, "forbidden")
	wantProblem(t, s.act("operator", number, "call-back", 3), http.StatusUnprocessableEntity, "invalid")
	if a := s.ok("operator", number, "call-back", "unreached", true); a.body["rating"] != nil {
		t.Errorf("nobody answered: %s", a.Body)
	}
	if a := s.ok("operator", number, "call-back", "solved", "no", "satisfied", 1, "note", "款没到"); at(a.body, "rating", "solved") != "no" {
		t.Errorf("%s", a.Body)
	}
	a := s.ok("operator", number, "redo", "note", "款没到")
	if a.str("unit") != sureUnit || a.body["redos"] != 1.0 || a.body["supervised"] != false {
		t.Errorf("redo: %s", a.Body)
	}
	events := s.do("office", "GET", "/api/v1/cases/"+number, nil).body["events"].([]any)
	if at(events[len(events)-1], "redone") != 3.0 {
		t.Errorf("the redo isn't linked to its reply: %v", events[len(events)-1])
	}
	s.ok("unit", number, "sign")
	s.ok("unit", number, "reply", "note", "这回好了")
	if a := s.ok("operator", number, "redo", "note", "还是没到"); a.body["supervised"] != true {
		t.Errorf("a second redo: %s", a.Body)
	}
}

func TestACaseThatIsNotAcceptedNamesTheRightDoor(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": unsureText})
	wantProblem(t, s.act("office", number, "not-accept", 1, "route", "moon"), http.StatusUnprocessableEntity, "invalid")
	s.ok("office", number, "not-accept", "route", "court")
	events := s.do("operator", "GET", "/api/v1/cases/"+number, nil).body["events"].([]any)
	if route := at(events[1], "route"); at(route, "phone") != "12368" || at(route, "name") != "法院诉讼服务" {
		t.Errorf("route %v", route)
	}
	routes, _ := s.do("operator", "GET", "/api/v1/plan", nil).body["routes"].([]any)
	if len(routes) != 1 || at(routes[0], "id") != "court" {
		t.Errorf("routes %v", routes)
	}
}

func TestWhatWentToACriminalOrDisciplineBodyIsForTheOfficeAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	for body, closed := range map[string]bool{"criminal": true, "discipline": true, "other": false} {
		number := s.file("operator", map[string]any{"text": sureText, "enterprise": "甲公司", "phone": "13800001234"})
		s.ok("unit", number, "sign")
		s.ok("office", number, "transfer", "body", body, "note", "线索编号七")
		for _, role := range []string{"operator", "unit", "office", "admin"} {
			hidden := closed && (role == "operator" || role == "unit")
			for _, path := range []string{"/api/v1/cases/" + number, "/api/v1/cases?q=" + number} {
				a := s.do(role, "GET", path, nil)
				if a.Code != http.StatusOK || !strings.Contains(a.Body.String(), "transferred") {
					t.Errorf("%s doesn't see that it is with another body: %s", role, a.Body)
				}
				for _, word := range []string{"祥饭店", "甲公司", "138****1234"} {
					if strings.Contains(a.Body.String(), word) == hidden {
						t.Errorf("%s, %s, %s: %s", body, role, word, a.Body)
					}
				}
				for _, word := range []string{"线索编号七", `"body":"` + body, `"sign"`} {
					if hidden && strings.Contains(a.Body.String(), word) {
						t.Errorf("%s, %s reads %s: %s", body, role, word, a.Body)
					}
				}
			}
			if found := len(s.pages(role, "?state=transferred&q=祥饭店")); hidden && found > 1 {
				t.Errorf("%s finds it by its words", role)
			}
		}
		notices := s.do("operator", "GET", "/api/v1/cases/"+number+"/notices", nil)
		if list, _ := notices.body["notices"].([]any); closed == (len(list) > 0) {
			t.Errorf("%s: notices %s", body, notices.Body)
		}
	}
}

func TestAnActionOnAnOldVersionSaysWhoDidWhatSince(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	s.ok("unit", number, "sign")
	s.ok("office", number, "supervise", "note", "盯紧")
	a := s.act("unit", number, "progress", 1, "note", "在办")
	wantProblem(t, a, http.StatusConflict, "version-conflict")
	if want := "The case was changed in the meantime: sign by unit finance (version 2), supervise by office (version 3)."; a.str("detail") != want {
		t.Errorf("%s", a.str("detail"))
	}
}
