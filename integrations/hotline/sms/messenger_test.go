package sms_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"jiesu/integrations/hotline/sms"
	"jiesu/routing"
)

// sink takes every message.
type sink struct{ got []sms.Message }

func (s *sink) Send(_ context.Context, m sms.Message) (string, error) {
	s.got = append(s.got, m)
	return "b1", nil
}

// refusing is a book in which one number's owner wants no messages.
type refusing string

func (r refusing) SMSRefused(_ context.Context, phone string) (bool, error) {
	return phone == string(r), nil
}

func TestANoticeSaysWhatHappenedAndNotWhatItIsAbout(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	out := &sink{}
	plan := &routing.Plan{UnitByID: map[string]routing.PlanUnit{"finance": {Name: "市财政局"}}}
	m := sms.NewMessenger(out, map[string]sms.Template{"notice": {ID: "N"}, "code": {ID: "C"}}, refusing("13900000000"), routing.NewMemory(clock), sms.Limits{PerPerson: 2, PerDay: 5},
		routing.Wording{"event.reply": "已答复"}, plan, clock, slog.New(slog.DiscardHandler))
	letter := func(phone string) routing.Letter {
		return routing.Letter{Notice: routing.Notice{ID: "n1", Kind: "reply"}, Recipient: routing.Complainant{ID: routing.MaskPhone(strings.ReplaceAll(phone, " ", "")), Name: "张三"}, Text: "区里欠我钱",
			Case: routing.Case{Number: "JS20261126-000001", Unit: "finance", Token: "tok", Text: "区里欠我钱", Contact: routing.Contact{Phone: phone}}}
	}
	r, err := m.Send(t.Context(), letter("138 0000 1234"))
	if err != nil || r.ProviderID != "sms:b1" || r.Final {
		t.Fatalf("%+v, %v", r, err)
	}
	got := out.got[0]
	want := map[string]string{"number": "JS20261126-000001", "state": "已答复", "unit": "市财政局", "token": "tok"}
	for k, v := range want {
		if got.Values[k] != v {
			t.Errorf("%s: %q", k, got.Values[k])
		}
	}
	if len(got.Values) != len(want) || got.Phone != "13800001234" || got.Template.ID != "N" || got.ID != "n1" {
		t.Errorf("%+v", got)
	}
	unreachable := func(name string, l routing.Letter) {
		t.Helper()
		if _, err := m.Send(t.Context(), l); !errors.Is(err, routing.ErrUnreachable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	unreachable("a fixed line", letter("02423450000"))
	unreachable("no number", letter(""))
	unreachable("who wants none", letter("13900000000"))
	unreachable("words of the conversation", routing.Letter{Notice: routing.Notice{Kind: routing.NoticeChat}, Recipient: routing.Complainant{Phone: "13800001234"}})
	if _, err := m.Send(t.Context(), letter("13800001234")); err != nil {
		t.Error(err)
	}
	unreachable("a third one in a day", letter("13800001234"))

	// A code goes to its own number, whatever is refused.
	code := routing.Letter{Notice: routing.Notice{ID: "k1", Kind: routing.NoticeCode}, Code: routing.Code{Digits: "012345", Phone: "13900000000", ExpiresAt: now.Add(30 * time.Minute)}}
	if _, err := m.Send(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	if got := out.got[len(out.got)-1]; got.Values["code"] != "012345" || got.Values["minutes"] != "30" || got.Phone != "13900000000" || got.Template.ID != "C" {
		t.Errorf("%+v", got)
	}
	code.Code.ExpiresAt = now
	unreachable("an expired code", code)
	for _, phone := range []string{"13700000001", "13700000002"} {
		_, _ = m.Send(t.Context(), letter(phone))
	}
	unreachable("the day's share is used up", letter("13700000003"))
	now = now.Add(24 * time.Hour)
	if _, err := m.Send(t.Context(), letter("13800001234")); err != nil {
		t.Errorf("the next day: %v", err)
	}
}
