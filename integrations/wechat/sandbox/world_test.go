package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/configs"
	"jiesu/integrations/wechat"
	"jiesu/routing"
)

const (
	testApp    = "wx0123456789abcdef"
	testSecret = "5ec4e70123456789abcdef0123456789"
	testToken  = "token0123"
)

var testKey = strings.Repeat("k", 42) + "A"

// clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// timer is one that the sandbox has set; it goes off when the test says.
type timer struct {
	d    time.Duration
	fire chan time.Time
}

// world is a sandbox, an account behind a real callback, and the clock of both.
type world struct {
	t      *testing.T
	box    *Sandbox
	url    string
	clock  *clock
	timers chan timer
	words  routing.Wording
	close  func() // takes sandbox and account off the network

	mu    sync.Mutex
	took  []routing.Inbound
	reply func(routing.Inbound) (string, error)
}

// newWorld has an account that answers with reply.
func newWorld(t *testing.T, reply func(routing.Inbound) (string, error)) *world {
	t.Helper()
	gin.SetMode(gin.TestMode)
	texts, err := configs.Wording()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: &clock{now: time.Date(2026, 3, 4, 10, 0, 0, 0, routing.Beijing())}, timers: make(chan timer, 1000), words: texts, reply: reply}
	engine := gin.New()
	srv := httptest.NewServer(engine)
	t.Cleanup(srv.Close)
	w.url = srv.URL
	callback, err := wechat.NewCallback(wechat.CallbackConfig{
		AppID: testApp, Token: testToken, AESKey: testKey, Now: w.clock.Now, Logger: slog.New(slog.DiscardHandler),
	}, w)
	if err != nil {
		t.Fatal(err)
	}
	callback.Routes(engine)
	w.box = New(w.config())
	t.Cleanup(w.box.Close)
	w.box.Routes(engine)
	w.close = func() {
		w.box.Close()
		srv.CloseClientConnections()
		srv.Close()
	}
	return w
}

func (w *world) config() Config {
	return Config{
		AppID: testApp, AppSecret: testSecret, Token: testToken, AESKey: testKey, CallbackURL: w.url + "/wechat/callback", BaseURL: w.url + "/",
		Now: w.clock.Now, After: w.after, Logger: slog.New(slog.DiscardHandler), HTTP: &http.Client{}, Wording: w.words,
	}
}

func (w *world) after(d time.Duration) <-chan time.Time {
	tm := timer{d, make(chan time.Time, 1)}
	w.timers <- tm
	return tm.fire
}

// Receive implements routing.Intake.
func (w *world) Receive(_ context.Context, in routing.Inbound, onTime func() bool) (string, error) {
	onTime()
	w.mu.Lock()
	w.took = append(w.took, in)
	w.mu.Unlock()
	return w.reply(in)
}

// Keep implements routing.Intake. Nothing here takes so long.
func (w *world) Keep(context.Context, routing.Inbound, time.Time) (string, error) {
	return "", errors.New("a message is kept for later")
}

func (w *world) received() []routing.Inbound {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]routing.Inbound(nil), w.took...)
}

// setTimer is the next timer that is set, which must have this length.
func (w *world) setTimer(d time.Duration) timer {
	w.t.Helper()
	select {
	case tm := <-w.timers:
		if tm.d != d {
			w.t.Fatalf("timer of %v set, want %v", tm.d, d)
		}
		return tm
	case <-time.After(10 * time.Second):
		w.t.Fatalf("no timer of %v was set", d)
		panic("unreachable")
	}
}

func echo(in routing.Inbound) (string, error) { return in.Text, nil }
func mute(routing.Inbound) (string, error)    { return "", nil }

// answer is what the platform's API said.
type answer map[string]any

func (a answer) code() int {
	n, _ := a["errcode"].(json.Number)
	code, _ := strconv.Atoi(n.String())
	return code
}

func (w *world) token() string {
	w.t.Helper()
	a := w.post("/cgi-bin/stable_token", map[string]any{"grant_type": "client_credential", "appid": testApp, "secret": testSecret})
	token, _ := a["access_token"].(string)
	if token == "" {
		w.t.Fatalf("no token: %v", a)
	}
	return token
}

// call posts to an operation with a good token.
func (w *world) call(path string, body any) answer {
	w.t.Helper()
	return w.post(path+"?access_token="+url.QueryEscape(w.token()), body)
}

// post sends body, JSON unless it is a string already, and reads JSON.
func (w *world) post(path string, body any) answer {
	w.t.Helper()
	text, ok := body.(string)
	if !ok {
		b, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		text = string(b)
	}
	resp, err := http.Post(w.url+"/sandbox/api"+path, "application/json", strings.NewReader(text))
	if err != nil {
		w.t.Fatal(err)
	}
	return w.read(resp)
}

func (w *world) get(path string) answer {
	w.t.Helper()
	resp, err := http.Get(w.url + "/sandbox/api" + path)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.read(resp)
}

func (w *world) read(resp *http.Response) answer {
	w.t.Helper()
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	var a answer
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // a message's id is larger than a float64 tells exactly
	if resp.StatusCode != http.StatusOK || decoder.Decode(&a) != nil {
		w.t.Fatalf("status %d, body %q", resp.StatusCode, raw)
	}
	return a
}

// card is a template message for the fan that the default template takes.
func card(f *Fan, clientID string) map[string]any {
	value := func(v string) map[string]string { return map[string]string{"value": v} }
	return map[string]any{
		"touser": f.OpenID(), "template_id": DefaultTemplateID, "url": "https://jiesu.example/p/abc", "client_msg_id": clientID,
		"data": map[string]any{
			"character_string1": value("JS20260304-000001"), "phrase2": value("已签收"), "thing3": value("拖欠中小企业账款"),
			"thing4": value("市财政局"), "time5": value("2026年3月4日 10:00"), "thing6": value("已联系学校核实，本周内答复"),
		},
	}
}

// await is the first entry of the chat that match accepts.
func (w *world) await(f *Fan, match func(Entry) bool) Entry {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	e, err := f.Await(ctx, match)
	if err != nil {
		w.t.Fatalf("%v\n%+v", err, f.Transcript())
	}
	return e
}

func isCard(e Entry) bool { return e.Kind == KindCard }

// awaitInbound waits until the account took in what match accepts.
func (w *world) awaitInbound(match func(routing.Inbound) bool) routing.Inbound {
	w.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		for _, in := range w.received() {
			if match(in) {
				return in
			}
		}
		w.box.mu.Lock()
		changed := w.box.changed
		w.box.mu.Unlock()
		select {
		case <-changed:
		case <-time.After(10 * time.Millisecond): // taken in, but nothing has changed on the phone
		}
	}
	w.t.Fatalf("not taken in: %+v", w.received())
	panic("unreachable")
}

func isReport(in routing.Inbound) bool { return in.Kind == routing.InboundReport }
