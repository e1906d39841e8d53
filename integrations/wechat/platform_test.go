package wechat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/integrations/wechat/sandbox"
	"jiesu/routing"
)

// platform is the sandbox with our callback on one side and our client on the other.
type platform struct {
	t      *testing.T
	box    *sandbox.Sandbox
	client *Client
	intake *intake
	words  routing.Wording

	mu  sync.Mutex
	now time.Time
}

func newPlatform(t *testing.T, fn func(context.Context, routing.Inbound, func() bool) (string, error)) *platform {
	t.Helper()
	gin.SetMode(gin.TestMode)
	p := &platform{t: t, intake: &intake{fn: fn}, words: wording(t), now: testNow}
	engine := gin.New()
	srv := httptest.NewServer(engine)
	t.Cleanup(srv.Close)
	callback, err := NewCallback(CallbackConfig{AppID: testApp, Token: testToken, AESKey: otherKey, Now: p.clock, Logger: slog.New(slog.DiscardHandler)}, p.intake)
	if err != nil {
		t.Fatal(err)
	}
	callback.Routes(engine)
	p.box = sandbox.New(sandbox.Config{AppID: testApp, AppSecret: testSecret, Token: testToken, AESKey: otherKey, CallbackURL: srv.URL + "/wechat/callback",
		BaseURL: srv.URL, Now: p.clock, Logger: slog.New(slog.DiscardHandler), HTTP: &http.Client{}, Wording: p.words})
	t.Cleanup(p.box.Close)
	p.box.Routes(engine)
	p.client = newTestClient(srv.URL+"/sandbox/api", routing.NewMemory(p.clock), p.clock)
	return p
}

func (p *platform) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *platform) advance(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

func (p *platform) await(f *sandbox.Fan, match func(sandbox.Entry) bool) sandbox.Entry {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 10*time.Second)
	defer cancel()
	e, err := f.Await(ctx, match)
	if err != nil {
		p.t.Fatal(err)
	}
	return e
}

func (p *platform) templates(t *testing.T) *TemplateMessenger {
	t.Helper()
	templates := map[string]Template{"default": {ID: sandbox.DefaultTemplateID, Fields: sandbox.DefaultFields()}}
	return NewTemplateMessenger(p.client, templates, plan(t), p.words, p.clock)
}

func code(err error) int {
	var refused *APIError
	var failed *routing.DeliveryError
	switch {
	case errors.As(err, &refused):
		return refused.Code
	case errors.As(err, &failed):
		return failed.Code
	}
	return 0
}

func TestNoticesOfEveryStateKeepThePlatformsRules(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, echo)
	f := p.box.Fan("打印店")
	m := p.templates(t)
	states := []routing.State{routing.StateTriage, routing.StateDispatched, routing.StateSigned, routing.StateRefused, routing.StateReplied, routing.StateClosed,
		routing.StateStruckOff, routing.StateWithdrawn, routing.StateNotAccepted, routing.StateTransferred}
	actions := []routing.Action{routing.ActionFile, routing.ActionAssign, routing.ActionNotAccept, routing.ActionTransfer, routing.ActionSign, routing.ActionReassign,
		routing.ActionProgress, routing.ActionExtend, routing.ActionReply, routing.ActionClose, routing.ActionStrikeOff, routing.ActionRedo, routing.ActionWithdraw,
		routing.ActionUrge, routing.ActionSupervise}
	notes := []string{"", " \n", "款项已拨付，请查收。", strings.Repeat("很长的说明", 100), "第一行\n第二行\x07😀"}
	sent := 0
	for _, c := range plan(t).Categories {
		for _, item := range append([]routing.Item{{ID: routing.Other}}, c.Items...) {
			state, action, note := states[sent%len(states)], actions[sent%len(actions)], notes[sent%len(notes)]
			unit := append([]string{""}, c.Leads...)[sent%(len(c.Leads)+1)]
			sent++
			l := letter()
			l.Notice.ID, l.Notice.Kind, l.Notice.Text = fmt.Sprint("n", sent), routing.NoticeKind(action), note
			l.Case.State, l.Case.Item, l.Case.Unit, l.Recipient.OpenID = state, item.ID, unit, f.OpenID()
			if _, err := m.Send(t.Context(), l); err != nil {
				t.Errorf("%s %s, item %s, unit %q, note %q: %v", state, action, item.ID, unit, note, err)
			}
		}
	}
	if sent < 33 {
		t.Errorf("only %d items", sent)
	}
}

func TestNoticeBecomesACardAndItsReportComesBack(t *testing.T) {
	t.Parallel()
	reports := make(chan routing.Inbound, 10)
	p := newPlatform(t, func(_ context.Context, in routing.Inbound, _ func() bool) (string, error) {
		reports <- in
		return "", nil
	})
	f := p.box.Fan("打印店")
	l := letter()
	l.Recipient.OpenID = f.OpenID()
	receipt, err := p.templates(t).Send(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	card := p.await(f, func(e sandbox.Entry) bool { return e.Kind == sandbox.KindCard }).Card
	if card.URL != l.PageURL || card.Fields[0].Value != l.Case.Number {
		t.Errorf("card %+v", card)
	}
	in := receive(t, reports)
	if in.Kind != routing.InboundReport || in.ProviderID != receipt.ProviderID || in.Status != "success" {
		t.Errorf("report %+v, receipt %+v", in, receipt)
	}
	// The same notice again is the same message.
	again, err := p.templates(t).Send(t.Context(), l)
	if err != nil || again != receipt {
		t.Errorf("again: %+v, %v", again, err)
	}

	if err := f.Unfollow(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = p.templates(t).Send(t.Context(), l)
	var failed *routing.DeliveryError
	if !errors.As(err, &failed) || failed.Code != 43004 || failed.Reaction != routing.ReactGone {
		t.Errorf("to somebody who has left: %v", err)
	}
}

func TestExpiredTokenIsRefreshedAtThePlatform(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, echo)
	if err := p.client.MenuCreate(t.Context(), Menu(p.words)); err != nil {
		t.Fatal(err)
	}
	p.box.ExpireToken()
	if err := p.client.MenuCreate(t.Context(), Menu(p.words)); err != nil {
		t.Errorf("with an expired token: %v", err)
	}
	p.advance(3 * time.Hour)
	if err := p.client.MenuCreate(t.Context(), Menu(p.words)); err != nil {
		t.Errorf("after its life: %v", err)
	}
	wrong := newTestClient(p.client.base, routing.NewMemory(p.clock), p.clock)
	wrong.secret = "wrong"
	if err := wrong.MenuCreate(t.Context(), Menu(p.words)); code(err) != 40125 {
		t.Errorf("with a wrong secret: %v", err)
	}
}

func TestCustomerMessagesKeepToTheWindow(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, echo)
	f := p.box.Fan("打印店")
	b := &book{n: 100} // promises too much
	m := NewCustomerMessenger(p.client, b, p.clock, slog.New(slog.DiscardHandler))
	l := letter()
	l.Recipient.OpenID = f.OpenID()
	if _, err := m.Send(t.Context(), l); code(err) != 45015 {
		t.Errorf("before the fan spoke: %v", err)
	}
	if _, err := f.Say(t.Context(), "你好"); err != nil {
		t.Fatal(err)
	}
	b.n = 5
	for range 5 {
		if _, err := m.Send(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.Send(t.Context(), l); !errors.Is(err, routing.ErrUnreachable) {
		t.Errorf("the sixth, by the book: %v", err)
	}
	b.n = 1
	if _, err := m.Send(t.Context(), l); code(err) != 45047 || b.n != 0 {
		t.Errorf("the sixth, by the platform: %v", err)
	}
	e := p.await(f, func(e sandbox.Entry) bool { return e.Side == sandbox.SideAccount && !e.Passive })
	if e.Text != l.Text+"\n"+l.PageURL {
		t.Errorf("shown %q", e.Text)
	}
}

func TestEvidenceIsDownloadedFromThePlatform(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, echo)
	f := p.box.Fan("打印店")
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	voice, video := sandbox.SampleVoice(time.Second), []byte(mp4Head+strings.Repeat("v", 100))
	for _, send := range []func() (string, error){
		func() (string, error) { return f.SendImage(t.Context(), picture.Bytes()) },
		func() (string, error) { return f.SendVoice(t.Context(), voice) },
		func() (string, error) { return f.SendVideo(t.Context(), video) },
	} {
		if _, err := send(); err != nil {
			t.Fatal(err)
		}
	}
	took := p.intake.received()
	for i, want := range []struct {
		kind, contentType string
		content           []byte
	}{{"image", "image/png", picture.Bytes()}, {"voice", "audio/amr", voice}, {"video", "video/mp4", video}} {
		content, contentType, err := p.client.Media(t.Context(), took[i].MediaID, string(took[i].Kind), 1<<20)
		if err != nil || contentType != want.contentType || !bytes.Equal(content, want.content) || string(took[i].Kind) != want.kind {
			t.Errorf("%s: %s, %d bytes, %v", want.kind, contentType, len(content), err)
		}
	}
	p.advance(73 * time.Hour)
	if _, _, err := p.client.Media(t.Context(), took[0].MediaID, "image", 1<<20); !errors.Is(err, routing.ErrNotFound) {
		t.Errorf("after three days: %v", err)
	}
}

func TestQRCodeBindsItsScene(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, echo)
	qr, err := p.client.QRCode(t.Context(), "case-token-1", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(qr.ImageURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, _, err := image.Decode(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("picture: status %d, %v", resp.StatusCode, err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	if _, err := p.box.Fan("打印店").Scan(t.Context(), "case-token-1"); err != nil {
		t.Fatal(err)
	}
	if in := p.intake.received(); len(in) != 1 || in[0].Kind != routing.InboundScan || in[0].Scene != "case-token-1" {
		t.Errorf("taken in %+v", in)
	}
}

func TestFaultsOfThePlatformAreTyped(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, echo)
	for _, tt := range []struct {
		faults sandbox.Faults
		code   int
	}{{sandbox.Faults{Code: 45009}, 45009}, {sandbox.Faults{Code: 48001}, 48001}, {sandbox.Faults{Outage: true}, 0}} {
		p.box.SetFaults(tt.faults)
		if err := p.client.MenuCreate(t.Context(), Menu(p.words)); err == nil || code(err) != tt.code {
			t.Errorf("%+v: %v", tt.faults, err)
		}
	}
	p.box.SetFaults(sandbox.Faults{})
	if err := p.client.MenuCreate(t.Context(), Menu(p.words)); err != nil {
		t.Errorf("repaired: %v", err)
	}
}
