package sandbox

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/silenceper/wechat/v2/util"

	"jiesu/routing"
)

// replaceAccount lets h answer the callbacks instead.
func (w *world) replaceAccount(h http.HandlerFunc) *Fan {
	w.t.Helper()
	srv := httptest.NewServer(h)
	w.t.Cleanup(srv.Close)
	cfg := w.config()
	cfg.CallbackURL = srv.URL
	w.box = New(cfg)
	w.t.Cleanup(w.box.Close)
	return w.box.Fan("打印店")
}

// said is what became of a fan's text.
type said struct {
	reply string
	err   error
}

func say(t *testing.T, f *Fan, text string) <-chan said {
	t.Helper()
	done := make(chan said, 1)
	go func() {
		reply, err := f.Say(t.Context(), text)
		done <- said{reply, err}
	}()
	return done
}

func TestEverythingAFanDoesIsTakenInByARealCallback(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	setMenu(w)
	f := w.box.Fan("打印店")
	ctx := t.Context()
	quietly := func(_ string, err error) error { return err }
	tests := []struct {
		do   func() error
		want routing.Inbound // without Key, OpenID, At and MediaID
	}{
		{func() error { return quietly(f.Say(ctx, "收费<不合理> & ]]>")) }, routing.Inbound{Kind: routing.InboundText, Text: "收费<不合理> & ]]>"}},
		{func() error { return quietly(f.SendImage(ctx, photo())) }, routing.Inbound{Kind: routing.InboundImage}},
		{func() error { return quietly(f.SendVoice(ctx, SampleVoice(time.Second))) }, routing.Inbound{Kind: routing.InboundVoice}},
		{func() error { return quietly(f.SendVideo(ctx, mp4())) }, routing.Inbound{Kind: routing.InboundVideo}},
		{func() error { return quietly(f.SendLocation(ctx, "铁西区某路1号", 41.8, 123.4)) }, routing.Inbound{Kind: routing.InboundLocation, Text: "铁西区某路1号"}},
		{func() error { return quietly(f.SendLink(ctx, "标题", "摘要", "https://a.example/1")) },
			routing.Inbound{Kind: routing.InboundLink, Text: "标题\n摘要\nhttps://a.example/1"}},
		{func() error { return quietly(f.Click(ctx, "progress")) }, routing.Inbound{Kind: routing.InboundClick, Button: "progress"}},
		{func() error { return quietly(f.View(ctx, w.url+"/guide")) }, routing.Inbound{Kind: routing.InboundView, Button: w.url + "/guide"}},
		{func() error { return quietly(f.Scan(ctx, "case-1")) }, routing.Inbound{Kind: routing.InboundScan, Scene: "case-1"}},
		{func() error { return f.Unfollow(ctx) }, routing.Inbound{Kind: routing.InboundUnsubscribe}},
		{func() error { return quietly(f.Scan(ctx, "case-1")) }, routing.Inbound{Kind: routing.InboundSubscribe, Scene: "case-1"}},
		{func() error { return f.Unfollow(ctx) }, routing.Inbound{Kind: routing.InboundUnsubscribe}},
		{func() error { return quietly(f.Follow(ctx)) }, routing.Inbound{Kind: routing.InboundSubscribe}},
	}
	for i, tt := range tests {
		w.clock.advance(time.Second) // two of the same event in one second are one
		if err := tt.do(); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		took := w.received()
		got := took[len(took)-1]
		if (got.MediaID != "") != (i >= 1 && i <= 3) || got.OpenID != f.OpenID() {
			t.Errorf("%d: media %q of %q", i, got.MediaID, got.OpenID)
		}
		got.Key, got.OpenID, got.At, got.MediaID = "", "", time.Time{}, ""
		if len(took) != i+1 || got != tt.want {
			t.Errorf("%d: taken in %+v, want %+v", i, got, tt.want)
		}
	}
	events := 0
	for _, e := range f.Transcript() {
		if e.Kind == KindEvent {
			events++
		}
	}
	if events != 7 {
		t.Errorf("%d events in the chat, want 7", events)
	}
}

func TestWhoDoesNotFollowCannotWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, echo)
	f := w.box.fan("路人", false)
	if _, err := f.Say(t.Context(), "你好"); !errors.Is(err, ErrNotFollowing) {
		t.Errorf("said: %v", err)
	}
	if _, err := f.Click(t.Context(), "report"); !errors.Is(err, ErrNotFollowing) {
		t.Errorf("tapped: %v", err)
	}
	if err := f.Unfollow(t.Context()); !errors.Is(err, ErrNotFollowing) {
		t.Errorf("left: %v", err)
	}
	if n := len(w.received()); n != 0 {
		t.Errorf("%d taken in", n)
	}
}

func TestReplyStandsInTheChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, echo)
	f := w.box.Fan("打印店")
	reply, err := f.Say(t.Context(), "你好")
	if err != nil || reply != "你好" {
		t.Fatalf("reply %q, %v", reply, err)
	}
	chat := f.Transcript()
	if len(chat) != 2 || chat[0].Side != SideFan || chat[1].Side != SideAccount || !chat[1].Passive || chat[1].Text != "你好" || chat[0].ID >= chat[1].ID {
		t.Errorf("chat %+v", chat)
	}
}

func TestDeliversFourTimesFiveSecondsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	var deliveries atomic.Int32
	bodies := make(chan string, 10)
	f := w.replaceAccount(func(rw http.ResponseWriter, r *http.Request) {
		deliveries.Add(1)
		body, _ := io.ReadAll(r.Body)
		bodies <- plain(t, body)
		rw.WriteHeader(http.StatusInternalServerError)
	})
	done := say(t, f, "你好")
	for range 3 {
		w.setTimer(hangUp)
		w.setTimer(retryPause).fire <- time.Time{}
	}
	if s := <-done; s.err == nil || s.reply != "" {
		t.Errorf("said: %+v", s)
	}
	if n := deliveries.Load(); n != 4 {
		t.Errorf("delivered %d times, want 4", n)
	}
	first := <-bodies
	for range 3 {
		if again := <-bodies; again != first {
			t.Errorf("another message on repetition:\n%s\n%s", first, again)
		}
	}
	chat := f.Transcript()
	if last := chat[len(chat)-1]; last.Kind != KindError || last.Side != SidePlatform || last.Text != w.words.Text("sandbox.unavailable") {
		t.Errorf("the chat ends in %+v", last)
	}
}

// plain decrypts what the sandbox has posted.
func plain(t *testing.T, body []byte) string {
	t.Helper()
	var outer struct{ Encrypt string }
	if err := xml.Unmarshal(body, &outer); err != nil {
		t.Error(err)
	}
	_, text, err := util.DecryptMsg(testApp, outer.Encrypt, testKey)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

func TestSecondDeliveryMaySucceed(t *testing.T) {
	t.Parallel()
	fails := true
	w := newWorld(t, func(in routing.Inbound) (string, error) {
		if fails {
			fails = false
			return "", errors.New("database restarts")
		}
		return in.Text, nil
	})
	f := w.box.Fan("打印店")
	done := say(t, f, "你好")
	w.setTimer(hangUp)
	w.setTimer(retryPause).fire <- time.Time{}
	if s := <-done; s.err != nil || s.reply != "你好" {
		t.Errorf("said: %+v", s)
	}
	if in := w.received(); len(in) != 2 || in[0].Key != in[1].Key {
		t.Errorf("taken in: %+v", in)
	}
}

func TestHangsUpAfterFiveSeconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	var calls atomic.Int32
	arrived := make(chan struct{}, 2)
	f := w.replaceAccount(func(rw http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		if calls.Add(1) == 1 {
			_, _ = io.Copy(io.Discard, r.Body) // then the server notices that we hang up
			<-r.Context().Done()
			return
		}
		_, _ = io.WriteString(rw, "success")
	})
	done := say(t, f, "你好")
	<-arrived
	w.setTimer(hangUp).fire <- time.Time{}
	w.setTimer(retryPause).fire <- time.Time{}
	if s := <-done; s.err != nil || calls.Load() != 2 {
		t.Errorf("said: %+v after %d deliveries", s, calls.Load())
	}
}

func TestOnlyAProperAnswerCounts(t *testing.T) {
	t.Parallel()
	seal := func(app, key, token string, r *http.Request, inner string) string {
		nonce := r.URL.Query().Get("nonce")
		e, err := util.EncryptMsg([]byte("0123456789abcdef"), []byte(inner), app, key)
		if err != nil {
			t.Error(err)
		}
		sig := util.Signature(token, "1772589600", nonce, string(e))
		return "<xml><Encrypt>" + string(e) + "</Encrypt><MsgSignature>" + sig + "</MsgSignature><TimeStamp>1772589600</TimeStamp><Nonce>" + nonce + "</Nonce></xml>"
	}
	text := func(r *http.Request, to, kind, content string) string {
		return "<xml><ToUserName>" + to + "</ToUserName><FromUserName>" + accountName + "</FromUserName><CreateTime>1</CreateTime><MsgType>" +
			kind + "</MsgType><Content>" + content + "</Content></xml>"
	}
	good := func(r *http.Request) string { return text(r, r.URL.Query().Get("openid"), "text", "好") }
	tests := map[string]struct {
		answer func(r *http.Request) string
		reply  string
		ok     bool
	}{
		"success":            {func(*http.Request) string { return "success" }, "", true},
		"nothing":            {func(*http.Request) string { return "" }, "", true},
		"text":               {func(r *http.Request) string { return seal(testApp, testKey, testToken, r, good(r)) }, "好", true},
		"plain words":        {func(*http.Request) string { return "ok" }, "", false},
		"JSON":               {func(*http.Request) string { return `{"ok":true}` }, "", false},
		"not encrypted":      {good, "", false},
		"signed by another":  {func(r *http.Request) string { return seal(testApp, testKey, "other", r, good(r)) }, "", false},
		"under another key":  {func(r *http.Request) string { return seal(testApp, strings.Repeat("B", 43), testToken, r, good(r)) }, "", false},
		"of another account": {func(r *http.Request) string { return seal("wxother", testKey, testToken, r, good(r)) }, "", false},
		"to somebody else": {func(r *http.Request) string {
			return seal(testApp, testKey, testToken, r, text(r, "oOther", "text", "好"))
		}, "", false},
		"of no type": {func(r *http.Request) string {
			return seal(testApp, testKey, testToken, r, text(r, r.URL.Query().Get("openid"), "hologram", "好"))
		}, "", false},
		"empty text": {func(r *http.Request) string {
			return seal(testApp, testKey, testToken, r, text(r, r.URL.Query().Get("openid"), "text", " "))
		}, "", false},
		"long text": {func(r *http.Request) string {
			return seal(testApp, testKey, testToken, r, text(r, r.URL.Query().Get("openid"), "text", strings.Repeat("a", 2049)))
		}, "", false},
		"no XML inside": {func(r *http.Request) string { return seal(testApp, testKey, testToken, r, "hello") }, "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mute)
			f := w.replaceAccount(func(rw http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(rw, tt.answer(r)) })
			done := say(t, f, "你好")
			if !tt.ok {
				for range 3 {
					w.setTimer(hangUp)
					w.setTimer(retryPause).fire <- time.Time{}
				}
			}
			if s := <-done; (s.err == nil) != tt.ok || s.reply != tt.reply {
				t.Errorf("said: %+v", s)
			}
		})
	}
}

func TestCallbackIsSignedBothWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	f := w.replaceAccount(func(_ http.ResponseWriter, r *http.Request) {
		q, body := r.URL.Query(), new(strings.Builder)
		_, _ = io.Copy(body, r.Body)
		var outer struct{ ToUserName, Encrypt string }
		if err := xml.Unmarshal([]byte(body.String()), &outer); err != nil {
			t.Error(err)
		}
		at, nonce := q.Get("timestamp"), q.Get("nonce")
		if q.Get("signature") != util.Signature(testToken, at, nonce) || q.Get("msg_signature") != util.Signature(testToken, at, nonce, outer.Encrypt) {
			t.Error("signatures are wrong")
		}
		if q.Get("encrypt_type") != "aes" || q.Get("openid") == "" || outer.ToUserName != accountName || at != strconv.FormatInt(w.clock.Now().Unix(), 10) {
			t.Errorf("query %v", q)
		}
		if strings.Contains(body.String(), "你好") {
			t.Error("the message is readable")
		}
	})
	if _, err := f.Say(t.Context(), "你好"); err != nil {
		t.Fatal(err)
	}
}

func TestDroppedAnswersAreDeliveredAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, echo)
	w.box.SetFaults(Faults{DropAnswers: 2})
	f := w.box.Fan("打印店")
	done := say(t, f, "你好")
	for range 2 {
		w.setTimer(hangUp)
		w.setTimer(retryPause).fire <- time.Time{}
	}
	if s := <-done; s.err != nil || s.reply != "你好" {
		t.Errorf("said: %+v", s)
	}
	in := w.received()
	if len(in) != 3 || in[0].Key != in[2].Key {
		t.Errorf("taken in %d times", len(in))
	}
	if n := w.box.Faults().DropAnswers; n != 0 {
		t.Errorf("%d answers still to be dropped", n)
	}
}

func TestDuplicateIsDeliveredTwiceAndAnsweredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, echo)
	w.box.SetFaults(Faults{Duplicate: true})
	f := w.box.Fan("打印店")
	if reply, err := f.Say(t.Context(), "你好"); err != nil || reply != "你好" {
		t.Errorf("reply %q, %v", reply, err)
	}
	if in := w.received(); len(in) != 2 || in[0].Key != in[1].Key {
		t.Errorf("taken in: %+v", in)
	}
	if n := len(f.Transcript()); n != 2 {
		t.Errorf("%d entries in the chat, want 2", n)
	}
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.box.Fan("打印店").Await(ctx, isCard); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	arrived, closed := make(chan struct{}, 10), make(chan struct{})
	w.replaceAccount(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-closed:
		}
	})
	defer close(closed)
	f := w.box.Fan("打印店")
	w.box.inBackground(func(ctx context.Context) { _, _ = f.Say(ctx, "你好") })
	<-arrived
	w.box.Close() // returns although no answer ever comes
	w.box.inBackground(func(context.Context) { t.Error("something new begins after Close") })
}

func TestVoiceIsAsLongAsItsFrames(t *testing.T) {
	t.Parallel()
	wide := append([]byte("#!AMR-WB\n"), make([]byte, 18*50)...)
	for name, tt := range map[string]struct {
		content []byte
		want    int
	}{
		"three seconds": {SampleVoice(3 * time.Second), 3},
		"rounded up":    {SampleVoice(3*time.Second + 20*time.Millisecond), 4},
		"wide band":     {wide, 1},
		"cut off":       {SampleVoice(3 * time.Second)[:6+13*50+5], 1},
		"no AMR":        {[]byte("ID3"), 0},
		"bad frame":     {[]byte("#!AMR\n\x78"), 1},
		"header alone":  {[]byte("#!AMR\n"), 0},
	} {
		if got := voiceSeconds(tt.content); got != tt.want {
			t.Errorf("%s: %d s, want %d", name, got, tt.want)
		}
	}
}
