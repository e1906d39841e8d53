package wechat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"jiesu/configs"
	"jiesu/routing"
)

// book is a quota book with n messages left.
type book struct {
	mu    sync.Mutex
	n     int
	spent []string
	err   error
}

func (b *book) SpendQuota(_ context.Context, complainantID string, _ time.Time) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil || b.n == 0 {
		return false, b.err
	}
	b.n--
	b.spent = append(b.spent, complainantID)
	return true, nil
}

func letter() routing.Letter {
	return routing.Letter{
		Notice:    routing.Notice{ID: "n1", Kind: routing.NoticeKind(routing.ActionSign), CaseNumber: "JS20260304-000001", CreatedAt: testNow},
		Case:      routing.Case{Number: "JS20260304-000001", State: routing.StateSigned, Item: "1.1", Unit: "finance"},
		Recipient: routing.Complainant{ID: "c1", OpenID: testOpenID, Following: true},
		Text:      "您的诉求已签收。", PageURL: "https://jiesu.example/p/abc",
	}
}

func plan(t *testing.T) *routing.Plan {
	t.Helper()
	var p routing.Plan
	if err := configs.Decode("plan/taxonomy.yaml", &p); err != nil {
		t.Fatal(err)
	}
	return &p
}

var testTemplates = map[string]Template{
	"default": {ID: "t-default", Fields: map[string]string{"number": "character_string1", "state": "phrase2", "item": "thing3", "unit": "thing4", "time": "time5", "note": "thing6"}},
	"reply":   {ID: "t-reply", Fields: map[string]string{"number": "character_string1"}},
	"urge":    {},
}

func (f *fakeAPI) templates(t *testing.T, templates map[string]Template) *TemplateMessenger {
	t.Helper()
	return NewTemplateMessenger(f.client(), templates, plan(t), wording(t), standing)
}

func (f *fakeAPI) customer(b *book) *CustomerMessenger {
	return NewCustomerMessenger(f.client(), b, standing, slog.New(slog.DiscardHandler))
}

func TestTemplateMessageSaysWhatTheCaseIs(t *testing.T) {
	t.Parallel()
	f := newFakeAPI(t, says(`{"errcode":0,"msgid":200163836}`))
	m := f.templates(t, testTemplates)
	receipt, err := m.Send(t.Context(), letter())
	if err != nil || receipt != (routing.Receipt{ProviderID: "200163836"}) || m.Channel() != "template" {
		t.Fatalf("%+v, %v", receipt, err)
	}
	_, calls := f.seen()
	for _, want := range []string{`"touser":"` + testOpenID + `"`, `"template_id":"t-default"`, `"client_msg_id":"n1"`, `"url":"https://jiesu.example/p/abc"`,
		`"character_string1":{"value":"JS20260304-000001"}`, `"phrase2":{"value":"办理中"}`, `"time5":{"value":"2024年4月26日 14:20"}`, `"thing6":{"value":"承办单位已签收"}`} {
		if !strings.Contains(calls[0].body, want) {
			t.Errorf("no %s in %s", want, calls[0].body)
		}
	}
	own := letter()
	own.Notice.Kind = "reply"
	if _, err := m.Send(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	if _, calls = f.seen(); !strings.Contains(calls[1].body, `"t-reply"`) || strings.Contains(calls[1].body, "thing") {
		t.Errorf("the kind's own template: %s", calls[1].body)
	}
}

func TestALetterThatAsksHasItsAnswersToTap(t *testing.T) {
	t.Parallel()
	f := newFakeAPI(t, says(`{"errcode":0}`))
	l := letter()
	l.Taps = routing.Taps(wording(t), l.Case.Number)
	if _, err := f.customer(&book{n: 1}).Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	_, calls := f.seen()
	for _, want := range []string{`"msgtype":"msgmenu"`, `"head_content":"您的诉求已签收。\nhttps://jiesu.example/p/abc"`, `{"id":"rate/JS20260304-000001/no","content":"没解决"}`} {
		if !strings.Contains(calls[0].body, want) {
			t.Errorf("no %s in %s", want, calls[0].body)
		}
	}
}

func TestACardSaysUntilWhen(t *testing.T) {
	t.Parallel()
	f := newFakeAPI(t, says(`{"errcode":0,"msgid":1}`))
	l := letter()
	l.Brief = "最晚2027年12月14日前答复" // the longest
	if _, err := f.templates(t, testTemplates).Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if _, calls := f.seen(); !strings.Contains(calls[0].body, `"thing6":{"value":"已签收，最晚2027年12月14日前答复"}`) {
		t.Errorf("%s", calls[0].body)
	}
}

func TestTheCardOfAReplyInvitesToRate(t *testing.T) {
	t.Parallel()
	f := newFakeAPI(t, says(`{"errcode":0,"msgid":1}`))
	m := f.templates(t, map[string]Template{"default": testTemplates["default"]})
	const invitation = "已答复，回复“评价”可评价"
	if fitted, err := FitField("thing6", invitation, ""); err != nil || fitted != invitation {
		t.Errorf("the invitation becomes %q, %v", fitted, err)
	}
	for kind, note := range map[routing.NoticeKind]string{"reply": invitation, "progress": "经查，该笔款项已经列入本月拨付计划，十…"} {
		l := letter()
		l.Notice.Kind, l.Notice.Text = kind, "经查，该笔款项已经列入本月拨付计划，十五日前到账。"
		if _, err := m.Send(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		_, calls := f.seen()
		if sent := calls[len(calls)-1].body; !strings.Contains(sent, `"thing6":{"value":"`+note+`"}`) {
			t.Errorf("%s: no %q in %s", kind, note, sent)
		}
	}
	// Whatever a kind has of its own fits the field, or the platform refuses the card.
	for key, text := range wording(t) {
		if strings.HasPrefix(key, "wechat.note.") && utf8.RuneCountInString(text) > 20 {
			t.Errorf("%s is too long", key)
		}
	}
}

func TestTemplateMessengerLeavesToOthersWhatItCannotCarry(t *testing.T) {
	t.Parallel()
	f := newFakeAPI(t, says(`{"errcode":0,"msgid":1}`))
	for name, bend := range map[string]func(*routing.Letter){
		"chat":                     func(l *routing.Letter) { l.Notice.Kind = routing.NoticeChat },
		"known by phone alone":     func(l *routing.Letter) { l.Recipient.OpenID = "" },
		"no longer a fan":          func(l *routing.Letter) { l.Recipient.Following = false },
		"template is switched off": func(l *routing.Letter) { l.Notice.Kind = "urge" },
	} {
		l := letter()
		bend(&l)
		if _, err := f.templates(t, testTemplates).Send(t.Context(), l); !errors.Is(err, routing.ErrUnreachable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.templates(t, nil).Send(t.Context(), letter()); !errors.Is(err, routing.ErrUnreachable) {
		t.Errorf("without templates: %v", err)
	}
	if _, calls := f.seen(); len(calls) != 0 {
		t.Errorf("%d calls", len(calls))
	}
}

func TestTemplateThatDoesNotFitIsAnAlarmAndNotSent(t *testing.T) {
	t.Parallel()
	f := newFakeAPI(t, says(`{"errcode":0,"msgid":1}`))
	wrong := map[string]Template{"default": {ID: "t", Fields: map[string]string{"item": "number1"}}}
	_, err := f.templates(t, wrong).Send(t.Context(), letter())
	var failed *routing.DeliveryError
	if !errors.As(err, &failed) || failed.Reaction != routing.ReactAlarm || !errors.Is(err, errUnfit) {
		t.Errorf("error %v", err)
	}
	if _, calls := f.seen(); len(calls) != 0 {
		t.Errorf("%d calls", len(calls))
	}
}

func TestDeliveryErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	hangUp := func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = conn.Close()
		}
	}
	tests := []struct {
		name               string
		serve              http.HandlerFunc
		template, customer routing.Reaction
		code               int
	}{
		{"busy", says(`{"errcode":-1}`), routing.ReactRetry, routing.ReactRetry, -1},
		{"gone", says(`{"errcode":43004}`), routing.ReactGone, routing.ReactGone, 43004},
		{"blocked", says(`{"errcode":40249}`), routing.ReactAlarm, routing.ReactAlarm, 40249},
		{"outside the window", says(`{"errcode":45015}`), routing.ReactNext, routing.ReactNext, 45015},
		// Nobody knows whether it was delivered: client_msg_id makes a template message safe to repeat, a customer message has nothing like it.
		{"hung up", hangUp, routing.ReactRetry, routing.ReactNext, 0},
		{"outage", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, routing.ReactRetry, routing.ReactNext, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeAPI(t, tt.serve)
			for m, want := range map[routing.Messenger]routing.Reaction{f.templates(t, testTemplates): tt.template, f.customer(&book{n: 5}): tt.customer} {
				_, err := m.Send(t.Context(), letter())
				var failed *routing.DeliveryError
				if !errors.As(err, &failed) || failed.Reaction != want || failed.Code != tt.code || failed.Channel != m.Channel() {
					t.Errorf("%s: %+v, want %s", m.Channel(), err, want)
				}
			}
		})
	}
}

func TestCustomerMessageThatWasSurelyNotSentIsSentAgain(t *testing.T) {
	t.Parallel()
	down := newFakeAPI(t, says(`{"errcode":0}`))
	down.tokens = func(int) string { return "<html>" }
	closed := newTestClient("http://127.0.0.1:1", routing.NewMemory(standing), standing)
	_ = closed.live.Set(t.Context(), closed.tokenKey(), "T", time.Hour)
	for name, m := range map[string]*CustomerMessenger{
		"no token": down.customer(&book{n: 5}), "no connection": NewCustomerMessenger(closed, &book{n: 5}, standing, slog.New(slog.DiscardHandler)),
	} {
		_, err := m.Send(t.Context(), letter())
		var failed *routing.DeliveryError
		if !errors.As(err, &failed) || failed.Reaction != routing.ReactRetry {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCustomerMessagesAreTakenOffTheBook(t *testing.T) {
	t.Parallel()
	f := newFakeAPI(t, says(`{"errcode":0}`))
	b := &book{n: 2}
	m := f.customer(b)
	for i := range 3 {
		receipt, err := m.Send(t.Context(), letter())
		if ok := err == nil && receipt.Final; ok != (i < 2) || i == 2 && !errors.Is(err, routing.ErrUnreachable) {
			t.Errorf("message %d: %+v, %v", i+1, receipt, err)
		}
	}
	if _, calls := f.seen(); len(calls) != 2 || fmt.Sprint(b.spent) != "[c1 c1]" {
		t.Errorf("%d calls, spent %v", len(calls), b.spent)
	}
	for name, bend := range map[string]func(*routing.Letter){
		"known by phone alone": func(l *routing.Letter) { l.Recipient.OpenID = "" },
		"no longer a fan":      func(l *routing.Letter) { l.Recipient.Following = false },
	} {
		l := letter()
		bend(&l)
		if _, err := f.customer(&book{n: 5}).Send(t.Context(), l); !errors.Is(err, routing.ErrUnreachable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.customer(&book{err: errors.New("database is down")}).Send(t.Context(), letter()); err == nil || errors.Is(err, routing.ErrUnreachable) {
		t.Errorf("without the book: %v", err)
	}
}

func TestBookIsEmptiedWhenThePlatformKnowsBetter(t *testing.T) {
	t.Parallel()
	for code, left := range map[int]int{45015: 0, 45047: 0, -1: 4, 40003: 4} {
		f := newFakeAPI(t, says(fmt.Sprintf(`{"errcode":%d}`, code)))
		b := &book{n: 5}
		_, _ = f.customer(b).Send(t.Context(), letter())
		if b.n != left {
			t.Errorf("%d: %d left in the book, want %d", code, b.n, left)
		}
	}
}

func TestCustomerMessageIsCutButNotItsLink(t *testing.T) {
	t.Parallel()
	const page = "https://jiesu.example/p/abc"
	for name, tt := range map[string]struct{ text, page, want string }{
		"short":           {"已签收。", page, "已签收。\n" + page},
		"has it already":  {"详见 " + page, page, "详见 " + page},
		"no page":         {"您好", "", "您好"},
		"long":            {strings.Repeat("诉", 700), page, strings.Repeat("诉", 571) + "…\n" + page},
		"long, no page":   {strings.Repeat("诉", 700), "", strings.Repeat("诉", 599) + "…"},
		"control letters": {"a\x00b", page, "ab\n" + page},
	} {
		got := withPage(tt.text, tt.page)
		if got != tt.want || utf8.RuneCountInString(got) > MaxTextRunes || len(got) > MaxTextBytes {
			t.Errorf("%s: %d characters, %q", name, utf8.RuneCountInString(got), got)
		}
		if CutText(got) != got {
			t.Errorf("%s: cut again before it is sent", name)
		}
	}
	f := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"errcode":0}`) })
	if _, err := f.customer(&book{n: 1}).Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	if _, calls := f.seen(); !strings.Contains(calls[0].body, `"content":"您的诉求已签收。\nhttps://jiesu.example/p/abc"`) {
		t.Errorf("sent %s", calls[0].body)
	}
}
