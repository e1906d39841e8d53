package routing

import (
	"context"
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestViewHidesTheComplainantByRole(t *testing.T) {
	t.Parallel()
	full := Case{Unit: "finance", ComplainantID: "c1", Token: "secret", Confidential: true,
		Contact: Contact{Enterprise: "甲公司", Name: "张三", Phone: "13800001234"}, Judgement: Judgement{Entities: &Entities{}}}
	if v := full.View(Actor{Role: RoleUnit, Unit: "finance"}); v.Contact != (Contact{}) || v.ComplainantID != "" || v.Token != "" || v.Judgement.Entities != nil {
		t.Errorf("unit sees %+v", v)
	}
	open := full
	open.Confidential = false
	want := Contact{Enterprise: "甲公司", Name: "张**", Phone: "138****1234"}
	if v := open.View(Actor{Role: RoleUnit, Unit: "finance"}); v.Contact != want {
		t.Errorf("unit sees %+v of an open case", v.Contact)
	}
	if v := full.View(Actor{Role: RoleOperator}); v.Contact != want || v.Token != "" {
		t.Errorf("operator sees %+v, token %q", v.Contact, v.Token)
	}
	if v := full.View(Actor{Role: RoleComplainant, ID: "c1"}); v.Contact != full.Contact {
		t.Errorf("complainant sees %+v", v.Contact)
	}
}

func TestMaskedPhonesNeverShowTheMiddle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		phone := rapid.StringMatching(`[0-9]{0,15}`).Draw(t, "phone")
		masked := MaskPhone(phone)
		visible := regexp.MustCompile(`[0-9]`).FindAllString(masked, -1)
		if len(visible) > 7 || (phone != "" && masked == phone) {
			t.Fatalf("%q masked as %q", phone, masked)
		}
	})
}

func TestCaseNumbersCarryTheBeijingDay(t *testing.T) {
	t.Parallel()
	number, err := newNumber(time.Date(2026, 11, 23, 16, 30, 0, 0, time.UTC))
	if err != nil || !regexp.MustCompile(`^JS20261124-\d{6}$`).MatchString(number) {
		t.Fatalf("number %q, %v", number, err)
	}
}

func TestIDsSortByTimeAndDontRepeat(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := NewID()
		if len(id) != 26 || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
}

func TestWordingFillsNamesAndShowsGaps(t *testing.T) {
	t.Parallel()
	w := Wording{"a": "编号 {number}，{number}；{unit}"}
	if got := w.Text("a", "number", "7", "unit", "{number}"); got != "编号 7，7；{number}" {
		t.Errorf("got %q", got)
	}
	if got := w.Text("missing"); got != "missing" {
		t.Errorf("got %q", got)
	}
}

func TestOutcomeOfReport(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]Outcome{"success": OutcomeDelivered, "failed:user block": OutcomeRefused,
		"failed: system failed": OutcomeFailed, "failed:freq limit": OutcomeFailed, "": OutcomeFailed} {
		if got := OutcomeOf(status); got != want {
			t.Errorf("%q: %s, want %s", status, got, want)
		}
	}
}

func TestGrantFollowsThePlatformsTable(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(0)
	for kind, want := range map[InboundKind]Quota{
		InboundText: {TriggerMessage, 5, at.Add(48 * time.Hour)}, InboundClick: {TriggerClick, 3, at.Add(time.Minute)},
		InboundSubscribe: {TriggerFollow, 3, at.Add(time.Minute)}, InboundScan: {TriggerScan, 3, at.Add(time.Minute)},
	} {
		if got, ok := Grant(kind, at); !ok || got != want {
			t.Errorf("%s grants %+v", kind, got)
		}
	}
	for _, kind := range []InboundKind{InboundView, InboundReport, InboundUnsubscribe, InboundUnknown} {
		if _, ok := Grant(kind, at); ok {
			t.Errorf("%s grants something", kind)
		}
	}
}

func TestMemoryDropsASlowSubscribersNewsAndClosesOnEnd(t *testing.T) {
	t.Parallel()
	m := NewMemory(time.Now)
	ctx, cancel := context.WithCancel(context.Background())
	ch := m.Subscribe(ctx)
	for range 100 { // more than the buffer: must not block
		m.Publish(ctx, Update{Number: "n"})
	}
	if u := <-ch; u.Number != "n" {
		t.Fatalf("update %+v", u)
	}
	cancel()
	for range ch { // drains, then ends because it was closed
	}
	m.Publish(context.Background(), Update{}) // no send on a closed channel
}

func TestAConfidentialComplaintNamesNobodyToTheUnit(t *testing.T) {
	t.Parallel()
	full := Case{Unit: "finance", Confidential: true, Text: "我是城南打印店的李雪，电话13800001234，打印店的钱没给",
		Contact:   Contact{Enterprise: "城南打印店", Name: "李雪", Phone: "13800001234"},
		Judgement: Judgement{Evidence: []Evidence{{Text: "城南打印店", Start: 2, End: 7}, {Text: "没给", Start: 30, End: 32}}, Entities: &Entities{Phones: []string{"13800001234"}}}}
	unit := Actor{Role: RoleUnit, Unit: "finance"}
	seen := full.View(unit)
	if want := "我是＊＊＊＊＊的＊＊，电话＊＊＊＊＊＊＊＊＊＊＊，＊＊＊的钱没给"; seen.Text != want {
		t.Errorf("the unit reads %q", seen.Text)
	}
	for _, e := range seen.Judgement.Evidence {
		if got := string([]rune(seen.Text)[e.Start:e.End]); got != e.Text {
			t.Errorf("evidence %q stands where the text says %q", e.Text, got)
		}
	}
	for said, want := range map[string]string{
		"找李雪": "找＊＊", "打 139 8876 5432 找我": "打 ＊＊＊＊＊＊＊＊＊＊＊＊＊ 找我", "座机024-2270 0001": "座机＊＊＊＊＊＊＊＊＊＊＊＊＊", "我南打印店的": "我＊＊＊＊的",
		"欠了380000元，2024年3月15日说好的": "欠了380000元，2024年3月15日说好的", "\xff李雪": "\ufffd＊＊", "": "",
	} {
		note := Event{Action: ActionSupplement, Actor: Actor{Role: RoleComplainant, ID: "c1"}, Data: EventData{Note: said}}
		if v := note.View(unit, full); v.Data.Note != want || v.Actor.ID != "" {
			t.Errorf("of %q the unit reads %q", said, v.Data.Note)
		}
		if v := note.View(Actor{Role: RoleOffice}, full); v.Data.Note != said {
			t.Errorf("of %q the office reads %q", said, v.Data.Note)
		}
	}
	full.Confidential = false
	if full.View(unit).Text != full.Text {
		t.Error("an open complaint was blanked")
	}
}

func TestTheComplainantHearsWhatIsTheirs(t *testing.T) {
	t.Parallel()
	me := Actor{Role: RoleComplainant, ID: "c1"}
	office, unit := Actor{Role: RoleOffice, Name: "li"}, Actor{Role: RoleUnit, Unit: "tax", Name: "wang"}
	for _, tt := range []struct {
		e    Event
		sees bool
	}{
		{Event{Action: ActionFile, Actor: office, Data: EventData{Note: "why", Internal: true}}, true},
		{Event{Action: ActionProgress, Actor: unit, Data: EventData{Note: "n"}}, true},
		{Event{Action: ActionProgress, Actor: unit, Data: EventData{Note: "n", Internal: true}}, false},
		{Event{Action: ActionExtend, Actor: unit}, false},
		{Event{Action: ActionExtend, Actor: office}, true},
		{Event{Action: ActionRefuse, Actor: unit}, false},
		{Event{Action: ActionReveal, Actor: office}, false},
	} {
		if got := tt.e.VisibleTo(me); got != tt.sees {
			t.Errorf("%s by %s: sees %v", tt.e.Action, tt.e.Actor.Role, got)
		}
		if v := tt.e.View(me, Case{}); v.Actor.Name != "" || v.Data.Internal && v.Data.Note != "" {
			t.Errorf("%s: sees %+v", tt.e.Action, v)
		}
	}
}
