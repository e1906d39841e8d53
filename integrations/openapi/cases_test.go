package openapi

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jiesu/routing"
)

func TestASureComplaintIsFiledAndDispatched(t *testing.T) {
	t.Parallel()
	s := start(t)
	a := s.do("operator", "POST", "/api/v1/cases", map[string]any{"text": sureText, "channel": "hotline", "external_id": "W-1"})
	number := a.str("number")
	if a.Code != http.StatusCreated || a.Header().Get("Location") != "/api/v1/cases/"+number || !numberPattern.MatchString(number) {
		t.Fatalf("%d, Location %q: %s", a.Code, a.Header().Get("Location"), a.Body)
	}
	want := map[string]any{"state": "dispatched", "category": "1", "category_name": "政府失信", "item": "1.1", "item_name": "拖欠企业工程款",
		"unit": "finance", "unit_name": "市财政局", "confidence": 0.93, "decision": "dispatch", "channel": "hotline", "text": sureText,
		"external_id": "W-1", "version": 1.0, "filed_at": "2026-11-24T10:00:00+08:00", "dispatched_at": "2026-11-24T10:00:00+08:00", "confidential": false}
	for key, value := range want {
		if a.body[key] != value {
			t.Errorf("%s is %v, want %v", key, a.body[key], value)
		}
	}
	for _, key := range []string{"$schema", "token", "page", "complainant_id", "source"} {
		if _, there := a.body[key]; there {
			t.Errorf("the case tells its %s", key)
		}
	}
	evidence := a.body["evidence"].([]any)[0].(map[string]any)
	from, to := int(evidence["start"].(float64)), int(evidence["end"].(float64))
	if got := string([]rune(sureText)[from:to]); got != evidence["text"] {
		t.Errorf("evidence %v covers %q", evidence, got)
	}
}

func TestAComplaintFiledIsAnsweredWithThoseLikeIt(t *testing.T) {
	t.Parallel()
	s := start(t)
	file := func(text, phone string) (number string, similar []any) {
		t.Helper()
		a := s.do("operator", "POST", "/api/v1/cases", map[string]any{"text": text, "phone": phone, "enterprise": "隐名商行", "confidential": true, "external_id": text})
		if a.Code >= 300 || strings.Count(a.Body.String(), "隐名商行") != 1 {
			t.Fatalf("%d %s", a.Code, a.Body)
		}
		return a.str("number"), a.body["similar"].([]any)
	}
	first, similar := file("停业通知没有依据", "13800138001")
	if len(similar) != 0 {
		t.Errorf("the first: %v", similar)
	}
	if _, similar = file(unsureText, "13800138001"); len(similar) != 0 {
		t.Errorf("another matter: %v", similar)
	}
	second, similar := file("停业，说停就停", "13800138002")
	want := fmt.Sprint([]any{map[string]any{"number": first, "state": "triage", "score": 0.72, "same_complainant": false}})
	if fmt.Sprint(similar) != want {
		t.Errorf("by another: %v, want %s", similar, want)
	}
	_, similar = file("又来问停业的事", "13800138001")
	if got := fmt.Sprint(similar); len(similar) != 2 || !strings.Contains(got, "same_complainant:true") || strings.Index(got, first) > strings.Index(got, second) {
		t.Errorf("said again: %v", similar)
	}
	if _, similar = file("停业通知没有依据", "13800138001"); len(similar) != 2 { // the case that is there
		t.Errorf("the same external id: %v", similar)
	}
}

func TestAnUnsureComplaintWaitsInTriageAsOther(t *testing.T) {
	t.Parallel()
	s := start(t)
	a := s.do("office", "POST", "/api/v1/cases", map[string]any{"text": unsureText})
	if a.str("state") != "triage" || a.str("item") != "other" || a.str("unit") != "" || a.str("category") != "" || a.str("channel") != "api" {
		t.Errorf("%s", a.Body)
	}
	if _, there := a.body["dispatched_at"]; there {
		t.Error("dispatched_at before dispatch")
	}
	var actions []string
	for _, x := range a.body["actions"].([]any) {
		actions = append(actions, x.(string))
	}
	if want := []string{"assign", "not-accept", "transfer", "urge", "supervise"}; !slices.Equal(actions, want) {
		t.Errorf("actions %v, want %v", actions, want)
	}
}

func TestTheSameExternalIDOfOneKeyIsOneCaseUnderConcurrency(t *testing.T) {
	t.Parallel()
	s := start(t)
	var mu sync.Mutex
	codes, numbers := map[int]int{}, map[string]bool{}
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			a := s.do("operator", "POST", "/api/v1/cases", map[string]any{"text": sureText, "external_id": "W-1"})
			mu.Lock()
			defer mu.Unlock()
			codes[a.Code]++
			numbers[a.str("number")] = true
		})
	}
	all.Wait()
	if codes[http.StatusCreated] != 1 || codes[http.StatusOK] != 9 || len(numbers) != 1 {
		t.Errorf("answers %v, cases %v", codes, numbers)
	}
	if page := s.do("office", "GET", "/api/v1/cases", nil); len(page.body["cases"].([]any)) != 1 {
		t.Errorf("cases in the store: %s", page.Body)
	}
	other := s.do("office", "POST", "/api/v1/cases", map[string]any{"text": sureText, "external_id": "W-1"})
	if other.Code != http.StatusCreated || numbers[other.str("number")] {
		t.Errorf("another key's number was taken for the same: %d %s", other.Code, other.Body)
	}
}

func TestAFilingThatCannotBeTakenSaysWhy(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, tc := range map[string]struct{ body, location string }{
		"no text":          {`{}`, "body"},
		"empty text":       {`{"text":""}`, "body.text"},
		"blank text":       {`{"text":"  \n"}`, "body.text"},
		"long text":        {`{"text":"` + strings.Repeat("长", 10_001) + `"}`, "body.text"},
		"NUL":              {`{"text":"a\u0000b"}`, "body.text"},
		"NUL elsewhere":    {`{"text":"a","external_id":"\u0000"}`, "body.external_id"},
		"unknown channel":  {`{"text":"a","channel":"telegram"}`, "body.channel"},
		"wrong type":       {`{"text":"a","confidential":"yes"}`, "body.confidential"},
		"misspelt field":   {`{"text":"a","confidental":true}`, "body.confidental"},
		"impossible phone": {`{"text":"a","phone":"12345"}`, "body.phone"},
		"long number":      {`{"text":"a","external_id":"` + strings.Repeat("9", 201) + `"}`, "body.external_id"},
	} {
		a := s.do("operator", "POST", "/api/v1/cases", tc.body)
		if a.Code == http.StatusCreated {
			t.Errorf("%s was taken", name)
			continue
		}
		wantProblem(t, a, http.StatusUnprocessableEntity, "invalid")
		wantLocation(t, a, tc.location)
	}
	if page := s.do("office", "GET", "/api/v1/cases", nil); len(page.body["cases"].([]any)) != 0 {
		t.Errorf("something was filed: %s", page.Body)
	}
	if a := s.do("operator", "POST", "/api/v1/cases", `{"text":"`+strings.Repeat("长", 10_000)+`"}`); a.Code != http.StatusCreated {
		t.Errorf("the longest text: %d %.200s", a.Code, a.Body)
	}
}

func TestACaseIsReadWithWhatHappenedToIt(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": unsureText})
	s.clock.add(time.Hour)
	s.act("office", number, "assign", 1, "unit", otherUnit, "item", sureItem, "district", "和平区", "assisting", []string{sureUnit}, "note", "请核实")
	a := s.do("office", "GET", "/api/v1/cases/"+number, nil)
	if a.str("item") != sureItem || a.str("district") != "和平区" || a.body["confidence"] != 1.0 || fmt.Sprint(a.body["assisting"]) != "[finance]" {
		t.Errorf("case %s", a.Body)
	}
	events := a.body["events"].([]any)
	if len(events) != 2 {
		t.Fatalf("events %v", events)
	}
	event := events[1].(map[string]any)
	for key, want := range map[string]any{"seq": 2.0, "action": "assign", "from": "triage", "to": "dispatched", "unit": otherUnit, "note": "请核实",
		"at": "2026-11-24T11:00:00+08:00"} {
		if event[key] != want {
			t.Errorf("event's %s is %v, want %v", key, event[key], want)
		}
	}
	if actor := event["actor"].(map[string]any); actor["role"] != "office" || actor["name"] != "key of office" {
		t.Errorf("actor %v", actor)
	}
}

func TestAnUnchangedCaseIsNotSentAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := "/api/v1/cases/" + s.file("operator", map[string]any{"text": sureText})
	tag := s.do("unit", "GET", path, nil).Header().Get("ETag")
	for _, have := range []string{tag, "W/" + tag, `"0", ` + tag, "*"} {
		if a := s.do("unit", "GET", path, nil, "If-None-Match", have); a.Code != http.StatusNotModified || a.Body.Len() > 0 || a.Header().Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d %q", have, a.Code, a.Body)
		}
	}
	wantProblem(t, s.do("other", "GET", path, nil, "If-None-Match", tag), http.StatusNotFound, "not-found")
	s.do("unit", "POST", path+"/actions/sign", `{"version":1}`)
	if a := s.do("unit", "GET", path, nil, "If-None-Match", tag); a.Code != http.StatusOK || a.Header().Get("ETag") == tag {
		t.Errorf("after a change: %d, ETag %s", a.Code, a.Header().Get("ETag"))
	}
}

func TestWhatIsNoCaseNumberIsNotFound(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, number := range []string{"JS20261124-999999", "x", "%00", "JS20261124-0000001", "%ff", "13800001234"} {
		wantProblem(t, s.do("office", "GET", "/api/v1/cases/"+number, nil), http.StatusNotFound, "not-found")
		wantProblem(t, s.do("office", "GET", "/api/v1/cases/"+number+"/notices", nil), http.StatusNotFound, "not-found")
		wantProblem(t, s.act("office", number, "urge", 1), http.StatusNotFound, "not-found")
	}
	if s.log.Len() > 0 {
		t.Errorf("logged: %s", s.log)
	}
}

func TestAnActionNamesTheVersionItWasDecidedOn(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	path := "/api/v1/cases/" + number + "/actions/sign"
	for _, body := range []string{`{}`, `{"version":0}`, `{"version":-1}`, `{"version":"1"}`} {
		wantProblem(t, s.do("unit", "POST", path, body), http.StatusUnprocessableEntity, "invalid")
	}
	wantProblem(t, s.act("unit", number, "sign", 2), http.StatusConflict, "version-conflict")
	if a := s.act("unit", number, "sign", 1); a.Code != http.StatusOK {
		t.Fatalf("at the right version: %d %s", a.Code, a.Body)
	}
	wantProblem(t, s.act("unit", number, "sign", 1), http.StatusConflict, "version-conflict")
	wantProblem(t, s.act("unit", number, "sign", 2), http.StatusConflict, "illegal-transition")
}

func TestOfSeveralAtOneVersionOneWins(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	var mu sync.Mutex
	codes := map[int]int{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			a := s.act("unit", number, "progress", 1, "note", "已约企业面谈")
			mu.Lock()
			defer mu.Unlock()
			codes[a.Code]++
		})
	}
	all.Wait()
	if codes[http.StatusOK] != 1 || codes[http.StatusConflict] != 7 {
		t.Errorf("answers %v", codes)
	}
}

func TestAnActionThatLacksSomethingSaysWhat(t *testing.T) {
	t.Parallel()
	s := start(t)
	triage := s.file("operator", map[string]any{"text": unsureText})
	with := s.file("operator", map[string]any{"text": sureText})
	for _, tc := range []struct {
		role, number, action, location string
		more                           []any
	}{
		{"office", triage, "assign", "body.unit", nil},
		{"office", triage, "assign", "body.unit", []any{"unit", "nobody"}},
		{"office", triage, "assign", "body.unit", []any{"unit", "gas", "item", sureItem}},
		{"office", triage, "assign", "body.district", []any{"unit", "gas", "district", "月球"}},
		{"office", triage, "assign", "body.assisting", []any{"unit", "gas", "assisting", []string{"gas"}}},
		{"office", triage, "not-accept", "body.note", nil},
		{"unit", with, "refuse", "body.note", nil},
		{"unit", with, "refuse", "body.note", []any{"note", "a\x00b"}},
		{"unit", with, "refuse", "body.proposed_unit", []any{"note", "非本单位职责", "proposed_unit", sureUnit}},
		{"unit", with, "extend", "body.days", []any{"note", "需现场核查", "days", 31}},
		{"operator", with, "supplement", "body.note", nil},
		{"operator", with, "supplement", "body.phone", []any{"phone", "119"}},
		{"unit", with, "fly", "path.action", nil},
	} {
		a := s.act(tc.role, tc.number, tc.action, 1, tc.more...)
		wantProblem(t, a, http.StatusUnprocessableEntity, "invalid")
		wantLocation(t, a, tc.location)
	}
}

func TestTheCallerCanAddAndRate(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText, "enterprise": "甲公司"})
	a := s.act("operator", number, "supplement", 1, "phone", "024-2345 6789", "contact_name", "李四", "confidential", true)
	if a.str("phone") != "024****6789" || a.str("enterprise") != "甲公司" || a.body["confidential"] != true {
		t.Errorf("after the supplement: %s", a.Body)
	}
	s.act("unit", number, "sign", 2)
	if a := s.act("unit", number, "reply", 3, "note", "款项已安排支付"); a.str("reply") != "款项已安排支付" {
		t.Errorf("after the reply: %s", a.Body)
	}
	wantProblem(t, s.act("operator", number, "rate", 4), http.StatusUnprocessableEntity, "invalid")
	a = s.act("operator", number, "rate", 4, "solved", "partly", "satisfied", 4)
	if rating, _ := a.body["rating"].(map[string]any); rating["solved"] != "partly" || rating["satisfied"] != 4.0 {
		t.Errorf("after the rating: %s", a.Body)
	}
}

func TestListsAreFilteredAndPaged(t *testing.T) {
	t.Parallel()
	s := start(t)
	var sure, unsure []string
	for range 3 {
		sure = append(sure, s.file("operator", map[string]any{"text": sureText}))
		s.clock.add(time.Second)
		unsure = append(unsure, s.file("operator", map[string]any{"text": unsureText}))
		s.clock.add(time.Second)
	}
	s.act("unit", sure[0], "sign", 1)
	all := slices.Concat(sure, unsure)
	for query, want := range map[string][]string{
		"": all, "?state=triage": unsure, "?state=triage,dispatched": slices.Concat(unsure, sure[1:]), "?state=signed&unit=finance": sure[:1],
		"?unit=finance": sure, "?unit=commerce": nil, "?item=1.1": sure, "?item=other": unsure, "?district=和平区": nil,
		"?q=没有人管": unsure, "?q=" + sure[1]: sure[1:2], "?q=不存在的词": nil, "?limit=1&state=signed": sure[:1],
	} {
		if got := s.pages("office", query); !sameSet(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	if got := s.pages("unit", ""); !sameSet(got, sure) {
		t.Errorf("the unit sees %v", got)
	}
	if got := s.pages("unit", "?state=triage"); len(got) != 0 {
		t.Errorf("the unit sees %v in triage", got)
	}
	got := s.pages("office", "?limit=2")
	want := []string{unsure[2], sure[2], unsure[1], sure[1], unsure[0], sure[0]}
	if !slices.Equal(got, want) {
		t.Errorf("by two: %v, want newest first %v", got, want)
	}
}

// pages reads all pages of a list.
func (s *server) pages(role, query string) (numbers []string) {
	s.t.Helper()
	address := "/api/v1/cases" + query
	for range 20 {
		a := s.do(role, "GET", address, nil)
		if a.Code != http.StatusOK {
			s.t.Fatalf("%s: %d %s", address, a.Code, a.Body)
		}
		for _, c := range a.body["cases"].([]any) {
			numbers = append(numbers, c.(map[string]any)["number"].(string))
		}
		if a.str("next") == "" {
			return numbers
		}
		address = "/api/v1/cases" + query + map[bool]string{true: "?", false: "&"}[query == ""] + "cursor=" + a.str("next")
	}
	s.t.Fatal("the list doesn't end")
	return nil
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

func TestAWrongFilterIsRefusedAndNotIgnored(t *testing.T) {
	t.Parallel()
	s := start(t)
	for query, location := range map[string]string{"state=open": "query.state[0]", "state=triage,x": "query.state[1]", "limit=0": "query.limit",
		"limit=201": "query.limit", "limit=x": "query.limit", "status=triage": "query.status", "cursor=%00": "query.cursor", "q=%ff": "query.q",
		"cursor=nonsense": "query.cursor"} {
		a := s.do("office", "GET", "/api/v1/cases?"+query, nil)
		wantProblem(t, a, http.StatusUnprocessableEntity, "invalid")
		wantLocation(t, a, location)
	}
}

func TestNoticesTellEveryAttempt(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	s.file("operator", map[string]any{"text": sureText})
	s.act("unit", number, "sign", 1)
	notices, err := s.store.NoticesOf(t.Context(), number)
	if err != nil || len(notices) != 1 {
		t.Fatalf("notices %v, %v", notices, err)
	}
	err = s.store.Update(t.Context(), func(tx routing.Tx) error {
		return tx.InsertDelivery(t.Context(), routing.Delivery{NoticeID: notices[0].ID, Attempt: 1, Channel: "template", At: s.clock.now(),
			Outcome: routing.OutcomeFailed, Code: 43004, ProviderID: "p-1"})
	})
	if err != nil {
		t.Fatal(err)
	}
	a := s.do("operator", "GET", "/api/v1/cases/"+number+"/notices", nil)
	list, _ := a.body["notices"].([]any)
	if len(list) != 1 {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	notice := list[0].(map[string]any)
	attempt := notice["attempts"].([]any)[0].(map[string]any)
	if notice["kind"] != "sign" || notice["seq"] != 2.0 || attempt["channel"] != "template" || attempt["outcome"] != "failed" ||
		attempt["code"] != 43004.0 || attempt["at"] != "2026-11-24T10:00:00+08:00" || strings.Contains(a.Body.String(), "p-1") {
		t.Errorf("%s", a.Body)
	}
}

func TestThePlanFillsSelects(t *testing.T) {
	t.Parallel()
	a := start(t).do("unit", "GET", "/api/v1/plan", nil)
	items := 0
	for _, c := range a.body["categories"].([]any) {
		items += len(c.(map[string]any)["items"].([]any))
	}
	units := a.body["units"].([]any)
	if len(a.body["categories"].([]any)) != 8 || items != 33 || len(units) != 32 || len(a.body["districts"].([]any)) != 13 {
		t.Errorf("%d categories, %d items, %d units, %d districts", len(a.body["categories"].([]any)), items, len(units), len(a.body["districts"].([]any)))
	}
	for _, u := range units {
		if u.(map[string]any)["full_name"] == "" {
			t.Errorf("unit %v", u)
		}
	}
}

func TestAPageOfCasesNamesTheNextAndIsReadOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	for range 3 {
		s.file("operator", map[string]any{"text": sureText})
	}
	first := s.do("operator", "GET", "/api/v1/cases?limit=2&state=dispatched&q=工程款", nil)
	link := regexp.MustCompile(`^<(/api/v1/cases\?[^>]+)>; rel="next"$`).FindStringSubmatch(first.Header().Get("Link"))
	if first.Code != 200 || link == nil {
		t.Fatalf("%d, Link %q", first.Code, first.Header().Get("Link"))
	}
	second := s.do("operator", "GET", link[1], nil)
	if list, _ := second.body["cases"].([]any); second.Code != 200 || len(list) != 1 || second.Header().Get("Link") != "" {
		t.Errorf("%d %s", second.Code, second.Body)
	}
	tag := first.Header().Get("ETag")
	if a := s.do("operator", "GET", "/api/v1/cases?limit=2&state=dispatched&q=工程款", nil, "If-None-Match", tag); a.Code != 304 || a.Body.Len() != 0 {
		t.Errorf("unchanged: %d %s", a.Code, a.Body)
	}
	s.clock.add(time.Second)
	s.file("operator", map[string]any{"text": sureText})
	if a := s.do("operator", "GET", "/api/v1/cases?limit=2&state=dispatched&q=工程款", nil, "If-None-Match", tag); a.Code != 200 || a.Header().Get("ETag") == tag {
		t.Errorf("changed: %d %s", a.Code, a.Header().Get("ETag"))
	}
}

func TestWhoGuessesKeysIsKeptWaiting(t *testing.T) {
	t.Parallel()
	s := start(t)
	guess := func() int {
		return s.do("", "GET", "/api/v1/cases", nil, "Authorization", "Bearer jsk_guess").Code
	}
	for range wrongKeys {
		if code := guess(); code != 401 {
			t.Fatal(code)
		}
	}
	if code := guess(); code != 429 {
		t.Errorf("%d", code)
	}
	if a := s.do("operator", "GET", "/api/v1/cases", nil); a.Code != 200 {
		t.Errorf("a good key from the same address: %d", a.Code)
	}
	s.clock.add(time.Minute)
	if code := guess(); code != 401 {
		t.Errorf("a minute later: %d", code)
	}
}
