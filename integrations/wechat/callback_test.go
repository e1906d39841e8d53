package wechat

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/silenceper/wechat/v2/util"

	"jiesu/routing"
)

const (
	testApp   = "wxba5fad812f8e6fb9"
	testToken = "AAAAA"
	otherKey  = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
)

var testNow = time.Unix(1714112445, 0)

// intake is a routing.Intake made of a function, which counts its calls.
type intake struct {
	mu    sync.Mutex
	calls []routing.Inbound
	fn    func(context.Context, routing.Inbound, func() bool) (string, error)
	keep  func(in routing.Inbound, from time.Time) (string, error) // nil: every message can be kept
}

// kept is what the intake says of a message that is kept.
const kept = "已收到，稍后回复"

func (i *intake) Keep(_ context.Context, in routing.Inbound, from time.Time) (string, error) {
	if i.keep != nil {
		return i.keep(in, from)
	}
	return kept, nil
}

func (i *intake) Receive(ctx context.Context, in routing.Inbound, onTime func() bool) (string, error) {
	i.mu.Lock()
	i.calls = append(i.calls, in)
	i.mu.Unlock()
	return i.fn(ctx, in, onTime)
}

func (i *intake) received() []routing.Inbound {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]routing.Inbound(nil), i.calls...)
}

func echo(_ context.Context, in routing.Inbound, onTime func() bool) (string, error) {
	onTime()
	return in.Text, nil
}

// fixture is a callback on a clock that stands still, with timers that fire when the test says.
type fixture struct {
	callback *Callback
	server   *gin.Engine
	timers   chan timer
	registry *prometheus.Registry
	intake   *intake
}

type timer struct {
	d    time.Duration
	fire chan time.Time
}

func newFixture(t *testing.T, fn func(context.Context, routing.Inbound, func() bool) (string, error)) *fixture {
	t.Helper()
	gin.SetMode(gin.TestMode)
	f := &fixture{timers: make(chan timer, 1000), registry: prometheus.NewRegistry(), intake: &intake{fn: fn}, server: gin.New()}
	c, err := NewCallback(CallbackConfig{
		AppID: testApp, Token: testToken, AESKey: zeroKey, AESKeyPrevious: otherKey, Now: func() time.Time { return testNow },
		After: func(d time.Duration) <-chan time.Time {
			fire := make(chan time.Time, 1)
			f.timers <- timer{d, fire}
			return fire
		},
		Logger: slog.New(slog.DiscardHandler), Registerer: f.registry,
	}, f.intake)
	if err != nil {
		t.Fatal(err)
	}
	f.callback = c
	c.Routes(f.server)
	return f
}

func (f *fixture) do(req *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	f.server.ServeHTTP(w, req)
	return w
}

// metric returns a counter as the scraper reads it, "" when it isn't there.
func (f *fixture) metric(name string) string {
	w := httptest.NewRecorder()
	promhttp.HandlerFor(f.registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (f *fixture) rejected(reason string) string {
	return f.metric(`jiesu_wechat_callback_rejected_total{reason="` + reason + `"}`)
}

// delivery is what the platform would post; tests bend it.
type delivery struct {
	app, key, timestamp, nonce string
	plain                      string
	encrypted                  string // "": plain under key for app
	query                      url.Values
	body                       string
}

func newDelivery(inner string) delivery {
	return delivery{app: testApp, key: zeroKey, timestamp: strconv.FormatInt(testNow.Unix(), 10), nonce: "415670741", plain: string(wrapXML(inner))}
}

func (d delivery) request(t *testing.T) *http.Request {
	t.Helper()
	if d.encrypted == "" {
		e, err := util.EncryptMsg([]byte("0123456789abcdef"), []byte(d.plain), d.app, d.key)
		if err != nil {
			t.Fatal(err)
		}
		d.encrypted = string(e)
	}
	q := url.Values{
		"signature": {util.Signature(testToken, d.timestamp, d.nonce)}, "timestamp": {d.timestamp}, "nonce": {d.nonce}, "encrypt_type": {"aes"},
		"msg_signature": {util.Signature(testToken, d.timestamp, d.nonce, d.encrypted)},
	}
	for k, v := range d.query {
		q[k] = v
	}
	if d.body == "" {
		d.body = "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[" + d.encrypted + "]]></Encrypt></xml>"
	}
	return httptest.NewRequest(http.MethodPost, "/wechat/callback?"+q.Encode(), strings.NewReader(d.body))
}

func text(content string, id int) string {
	return fmt.Sprintf("<MsgType>text</MsgType><Content><![CDATA[%s]]></Content><MsgId>%d</MsgId>", content, id)
}

// opened decrypts an answer as the platform would.
func opened(t *testing.T, w *httptest.ResponseRecorder, key string) (content string) {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Fatalf("status %d", w.Code)
	}
	var s struct{ Encrypt, MsgSignature, TimeStamp, Nonce string }
	if err := xml.Unmarshal(w.Body.Bytes(), &s); err != nil {
		t.Fatalf("answer %q: %v", w.Body, err)
	}
	if util.Signature(testToken, s.TimeStamp, s.Nonce, s.Encrypt) != s.MsgSignature || s.Nonce != "415670741" {
		t.Error("answer is not signed for the request's nonce")
	}
	_, plain, err := util.DecryptMsg(testApp, s.Encrypt, key)
	if err != nil {
		t.Fatal(err)
	}
	var r struct{ ToUserName, FromUserName, MsgType, Content string }
	if err := xml.Unmarshal(plain, &r); err != nil {
		t.Fatal(err)
	}
	if r.ToUserName != fan || r.FromUserName != "gh_1" || r.MsgType != "text" {
		t.Errorf("envelope of the reply: %+v", r)
	}
	return r.Content
}

func TestVerificationEchoesV1(t *testing.T) {
	t.Parallel()
	f := newFixture(t, echo)
	f.callback.now = func() time.Time { return time.Unix(1714036504, 0) }
	get := func(signature string) *httptest.ResponseRecorder {
		q := url.Values{"signature": {signature}, "timestamp": {"1714036504"}, "nonce": {"1514711492"}, "echostr": {"4375120948345356249"}}
		return f.do(httptest.NewRequest(http.MethodGet, "/wechat/callback?"+q.Encode(), nil))
	}
	if w := get("f464b24fc39322e44b38aa78f5edd27bd1441696"); w.Code != 200 || w.Body.String() != "4375120948345356249" {
		t.Errorf("status %d, body %q", w.Code, w.Body)
	}
	if w := get("f464b24fc39322e44b38aa78f5edd27bd1441697"); w.Code != 403 || w.Body.Len() != 0 {
		t.Errorf("wrong signature: status %d, body %q", w.Code, w.Body)
	}
	f.callback.now = func() time.Time { return time.Unix(1714036504, 0).Add(window + time.Second) }
	if w := get("f464b24fc39322e44b38aa78f5edd27bd1441696"); w.Code != 403 {
		t.Errorf("old check: status %d", w.Code)
	}
}

func TestRejectsWhatThePlatformDidNotSend(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		bend   func(*delivery)
		status int
		reason string
	}{
		{"plaintext with a valid signature", func(d *delivery) {
			d.query = url.Values{"encrypt_type": {""}}
			d.body = d.plain
		}, 403, "plaintext"},
		{"raw mode", func(d *delivery) { d.query = url.Values{"encrypt_type": {"raw"}} }, 403, "plaintext"},
		{"plaintext claimed to be encrypted", func(d *delivery) { d.body = d.plain }, 400, "xml"},
		{"replayed signature over another body", func(d *delivery) {
			other, _ := util.EncryptMsg([]byte("0123456789abcdef"), []byte("<xml/>"), testApp, zeroKey)
			d.body = "<xml><Encrypt>" + string(other) + "</Encrypt></xml>"
		}, 403, "signature"},
		{"only the weak signature", func(d *delivery) {
			d.query = url.Values{"msg_signature": {util.Signature(testToken, d.timestamp, d.nonce)}}
		}, 403, "signature"},
		{"no signature", func(d *delivery) { d.query = url.Values{"msg_signature": {""}} }, 403, "signature"},
		{"too old", func(d *delivery) { d.timestamp = strconv.FormatInt(testNow.Add(-window-time.Second).Unix(), 10) }, 403, "timestamp"},
		{"from the future", func(d *delivery) { d.timestamp = strconv.FormatInt(testNow.Add(window+time.Second).Unix(), 10) }, 403, "timestamp"},
		{"timestamp no number", func(d *delivery) { d.timestamp = "now" }, 403, "timestamp"},
		{"no timestamp", func(d *delivery) { d.timestamp = "" }, 403, "timestamp"},
		{"another account", func(d *delivery) { d.app = "wxother00000000000" }, 403, "appid"},
		{"another key", func(d *delivery) { d.key = strings.Repeat("B", 43) }, 403, "decrypt"},
		{"garbage base64", func(d *delivery) { d.encrypted = "%%%not base64%%%" }, 400, "base64"},
		{"garbage cipher", func(d *delivery) { d.encrypted = base64.StdEncoding.EncodeToString(make([]byte, 64)) }, 403, "decrypt"},
		{"cipher of half a block", func(d *delivery) { d.encrypted = base64.StdEncoding.EncodeToString(make([]byte, 40)) }, 403, "decrypt"},
		{"broken XML", func(d *delivery) { d.body = "<xml><Encrypt>" }, 400, "xml"},
		{"JSON", func(d *delivery) { d.body = `{"Encrypt":"x"}` }, 400, "xml"},
		{"one MiB", func(d *delivery) { d.body = "<xml><Encrypt>" + strings.Repeat("A", 1<<20) + "</Encrypt></xml>" }, 413, "too_large"},
		{"echostr doesn't skip the checks", func(d *delivery) { d.query = url.Values{"echostr": {"x"}, "msg_signature": {"x"}} }, 403, "signature"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, echo)
			d := newDelivery(text("你好", 1))
			tt.bend(&d)
			w := f.do(d.request(t))
			if w.Code != tt.status || w.Body.Len() != 0 {
				t.Errorf("status %d, body %q; want %d and nothing", w.Code, w.Body, tt.status)
			}
			if n := f.rejected(tt.reason); n != "1" {
				t.Errorf("counted %q under %q, want 1", n, tt.reason)
			}
			if n := len(f.intake.received()); n != 0 {
				t.Errorf("%d messages taken in", n)
			}
		})
	}
}

func TestAnswersInline(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("诉", 700)
	tests := []struct {
		name, said string
		bend       func(*delivery)
		key, want  string
	}{
		{"text", "收费<不合理> & 其他", nil, zeroKey, "收费<不合理> & 其他"},
		{"under the previous key", "你好", func(d *delivery) { d.key = otherKey }, otherKey, "你好"},
		{"timestamp in milliseconds", "你好", func(d *delivery) { d.timestamp += "999" }, zeroKey, "你好"},
		{"at the window's edge", "你好", func(d *delivery) { d.timestamp = strconv.FormatInt(testNow.Add(-window).Unix(), 10) }, zeroKey, "你好"},
		{"longer than the platform takes", long, nil, zeroKey, strings.Repeat("诉", 599) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, echo)
			d := newDelivery(text(tt.said, 42))
			if tt.bend != nil {
				tt.bend(&d)
			}
			if got := opened(t, f.do(d.request(t)), tt.key); got != tt.want {
				t.Errorf("reply %q, want %q", got, tt.want)
			}
			in := f.intake.received()
			if len(in) != 1 || in[0].Key != "m:42" || in[0].Text != tt.said || !in[0].At.Equal(testNow) {
				t.Errorf("taken in: %+v", in)
			}
		})
	}
}

func TestNothingToSayIsSuccess(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(context.Context, routing.Inbound, func() bool) (string, error) { return " \n", nil })
	w := f.do(newDelivery("<MsgType>hologram</MsgType><MsgId>1</MsgId>").request(t))
	if w.Code != 200 || w.Body.String() != "success" {
		t.Errorf("status %d, body %q", w.Code, w.Body)
	}
	if in := f.intake.received(); len(in) != 1 || in[0].Kind != routing.InboundUnknown {
		t.Errorf("taken in: %+v", in)
	}
}

func TestUnreadableMessageIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t, echo)
	d := newDelivery("")
	d.plain = `{"MsgType":"text"}`
	w := f.do(d.request(t))
	if w.Code != 200 || w.Body.String() != "success" || f.rejected("message") != "1" || len(f.intake.received()) != 0 {
		t.Errorf("status %d, body %q, counted %v", w.Code, w.Body, f.rejected("message"))
	}
}

func TestFailedIntakeIsDeliveredAgain(t *testing.T) {
	t.Parallel()
	for name, fn := range map[string]func(context.Context, routing.Inbound, func() bool) (string, error){
		"error": func(context.Context, routing.Inbound, func() bool) (string, error) {
			return "", errors.New("disk full")
		},
		"error after claiming the reply": func(_ context.Context, _ routing.Inbound, onTime func() bool) (string, error) {
			onTime()
			return "", errors.New("commit failed")
		},
		"panic": func(context.Context, routing.Inbound, func() bool) (string, error) { panic("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, fn)
			if w := f.do(newDelivery(text("你好", 1)).request(t)); w.Code != 500 || w.Body.Len() != 0 {
				t.Errorf("status %d, body %q", w.Code, w.Body)
			}
		})
	}
}

func FuzzCallback(f *testing.F) {
	f.Add("<xml><Encrypt>AAAA</Encrypt></xml>", "aes", "1714112445")
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, body, mode, timestamp string) {
		fx := newFixture(t, echo)
		q := url.Values{"encrypt_type": {mode}, "timestamp": {timestamp}, "nonce": {"1"}, "msg_signature": {"0"}}
		w := fx.do(httptest.NewRequest(http.MethodPost, "/wechat/callback?"+q.Encode(), strings.NewReader(body)))
		if w.Code < 400 || w.Code > 499 || len(fx.intake.received()) != 0 {
			t.Fatalf("unsigned body: status %d, %d taken in", w.Code, len(fx.intake.received()))
		}
	})
}

func TestBodyThatBreaksOffIsRejected(t *testing.T) {
	t.Parallel()
	f := newFixture(t, echo)
	req := newDelivery(text("你好", 1)).request(t)
	req.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))
	if w := f.do(req); w.Code != 400 || f.rejected("body") != "1" || len(f.intake.received()) != 0 {
		t.Errorf("status %d, counted %q", w.Code, f.rejected("body"))
	}
}

func TestCallbackNeedsAUsableAccount(t *testing.T) {
	t.Parallel()
	good := CallbackConfig{AppID: testApp, Token: testToken, AESKey: zeroKey, Now: standing, Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()}
	for name, bend := range map[string]func(*CallbackConfig){
		"no app id":         func(c *CallbackConfig) { c.AppID = "" },
		"no token":          func(c *CallbackConfig) { c.Token = "" },
		"no key":            func(c *CallbackConfig) { c.AESKey = "" },
		"bad previous key":  func(c *CallbackConfig) { c.AESKeyPrevious = "short" },
		"metrics are taken": func(c *CallbackConfig) { _, _ = NewCallback(*c, &intake{fn: echo}) },
	} {
		cfg := good
		bend(&cfg)
		if _, err := NewCallback(cfg, &intake{fn: echo}); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), zeroKey) || strings.Contains(err.Error(), testToken) {
			t.Errorf("%s: the error says a secret: %v", name, err)
		}
	}
}

func TestRepeatedDeliveryReachesTheIntakeUnderTheSameKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t, echo)
	for range 4 { // the platform's own retries: whether they are signed anew is not known
		if got := opened(t, f.do(newDelivery(text("你好", 42)).request(t)), zeroKey); got != "你好" {
			t.Errorf("reply %q", got)
		}
	}
	for _, in := range f.intake.received() {
		if in.Key != "m:42" {
			t.Errorf("key %q", in.Key)
		}
	}
}
