package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiesu/configs"
	"jiesu/routing"
)

const (
	testSecret = "5ec4e70123456789abcdef0123456789"
	testOpenID = "oFan0000000000000000000000001"
)

// fakeAPI answers the client's calls as the test says and keeps what was asked.
type fakeAPI struct {
	url    string
	tokens func(n int) string // answer to the nth request for a token, from 1
	serve  http.HandlerFunc   // every other operation

	mu      sync.Mutex
	fetched int
	asked   []asked
}

type asked struct{ method, path, token, body string }

func newFakeAPI(t *testing.T, serve http.HandlerFunc) *fakeAPI {
	t.Helper()
	f := &fakeAPI{serve: serve, tokens: func(n int) string { return fmt.Sprintf(`{"access_token":"TOKEN-%d","expires_in":7200}`, n) }}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	if r.URL.Path == "/cgi-bin/stable_token" {
		f.fetched++
		n := f.fetched
		f.mu.Unlock()
		_, _ = io.WriteString(w, f.tokens(n))
		return
	}
	f.asked = append(f.asked, asked{r.Method, r.URL.Path, r.URL.Query().Get("access_token"), string(body)})
	f.mu.Unlock()
	f.serve(w, r)
}

func (f *fakeAPI) seen() (fetched int, calls []asked) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fetched, append([]asked(nil), f.asked...)
}

func says(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }
}

// newTestClient is a client of base on a clock that the test moves.
func newTestClient(base string, live routing.Volatile, now func() time.Time) *Client {
	return NewClient(ClientConfig{AppID: testApp, AppSecret: testSecret, APIBase: base, HTTP: &http.Client{Transport: &http.Transport{}},
		Volatile: live, Now: now, Logger: slog.New(slog.DiscardHandler)})
}

func standing() time.Time { return testNow }

func (f *fakeAPI) client() *Client {
	return newTestClient(f.url, routing.NewMemory(standing), standing)
}

func TestTokenIsFetchedOnceForAll(t *testing.T) {
	t.Parallel()
	f := newFakeAPI(t, says(`{"errcode":0}`))
	c := f.client()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := c.CustomerText(t.Context(), testOpenID, "您好"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	fetched, calls := f.seen()
	if fetched != 1 || len(calls) != 50 {
		t.Errorf("%d tokens for %d calls", fetched, len(calls))
	}
}

func TestTokenIsSharedByNodesUntilFiveMinutesBeforeItsEnd(t *testing.T) {
	t.Parallel()
	now := testNow
	live := routing.NewMemory(func() time.Time { return now })
	f := newFakeAPI(t, says(`{"errcode":0}`))
	one, two := newTestClient(f.url, live, standing), newTestClient(f.url, live, standing)
	for _, tt := range []struct {
		pass time.Duration
		want int
	}{{0, 1}, {6899 * time.Second, 1}, {time.Second, 2}} {
		now = now.Add(tt.pass)
		for _, c := range []*Client{one, two} {
			if err := c.CustomerText(t.Context(), testOpenID, "您好"); err != nil {
				t.Fatal(err)
			}
		}
		if fetched, _ := f.seen(); fetched != tt.want {
			t.Errorf("after %v more: %d tokens fetched, want %d", tt.pass, fetched, tt.want)
		}
	}
}

func TestTokenOfShortLifeIsKeptForHalfOfIt(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int64]time.Duration{7200: 6900 * time.Second, 300: 150 * time.Second, 0: time.Second, -5: time.Second} {
		if got := keepFor(seconds); got != want {
			t.Errorf("%d s: kept for %v, want %v", seconds, got, want)
		}
	}
}

func TestStaleTokenIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	for _, code := range []int{40001, 40014, 41001, 42001} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			f := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("access_token") == "TOKEN-1" {
					_, _ = fmt.Fprintf(w, `{"errcode":%d,"errmsg":"stale"}`, code)
					return
				}
				_, _ = io.WriteString(w, `{"errcode":0,"msgid":200163836}`)
			})
			id, err := f.client().TemplateSend(t.Context(), TemplateMessage{OpenID: testOpenID, TemplateID: "t"})
			fetched, calls := f.seen()
			if err != nil || id != "200163836" || fetched != 2 || len(calls) != 2 || calls[0].body != calls[1].body {
				t.Errorf("id %q, %v; %d tokens, %d calls", id, err, fetched, len(calls))
			}
		})
	}
	t.Run("stale again", func(t *testing.T) {
		t.Parallel()
		f := newFakeAPI(t, says(`{"errcode":42001,"errmsg":"stale"}`))
		err := f.client().CustomerText(t.Context(), testOpenID, "您好")
		var refused *APIError
		if fetched, calls := f.seen(); !errors.As(err, &refused) || refused.Code != 42001 || fetched != 2 || len(calls) != 2 {
			t.Errorf("%v; %d tokens, %d calls", err, fetched, len(calls))
		}
	})
	t.Run("another refusal is no reason", func(t *testing.T) {
		t.Parallel()
		f := newFakeAPI(t, says(`{"errcode":40003,"errmsg":"no"}`))
		_ = f.client().CustomerText(t.Context(), testOpenID, "您好")
		if fetched, calls := f.seen(); fetched != 1 || len(calls) != 1 {
			t.Errorf("%d tokens, %d calls", fetched, len(calls))
		}
	})
}

func TestTokenThatAnotherNodeRefreshedIsNotDropped(t *testing.T) {
	t.Parallel()
	live := routing.NewMemory(standing)
	var c *Client
	f := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("access_token") == "TOKEN-1" {
			_ = live.Set(r.Context(), c.tokenKey(), "NEWER", time.Hour) // by the other node
			_, _ = io.WriteString(w, `{"errcode":40001}`)
			return
		}
		_, _ = io.WriteString(w, `{"errcode":0}`)
	})
	c = newTestClient(f.url, live, standing)
	if err := c.CustomerText(t.Context(), testOpenID, "您好"); err != nil {
		t.Fatal(err)
	}
	if fetched, calls := f.seen(); fetched != 1 || calls[1].token != "NEWER" {
		t.Errorf("%d tokens fetched, calls %+v", fetched, calls)
	}
}

// broken is a cache that has lost its server.
type broken struct{ routing.Volatile }

func (broken) Get(context.Context, string) (string, bool, error) {
	return "", false, errors.New("down")
}
func (broken) Set(context.Context, string, string, time.Duration) error { return errors.New("down") }
func (broken) DeleteIf(context.Context, string, string) error           { return errors.New("down") }

func TestBrokenCacheCostsARequestNotAMessage(t *testing.T) {
	t.Parallel()
	stale := true
	f := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) {
		if stale {
			stale = false
			_, _ = io.WriteString(w, `{"errcode":42001}`)
			return
		}
		_, _ = io.WriteString(w, `{"errcode":0}`)
	})
	c := newTestClient(f.url, broken{}, standing)
	for range 2 {
		if err := c.CustomerText(t.Context(), testOpenID, "您好"); err != nil {
			t.Error(err)
		}
	}
	if fetched, _ := f.seen(); fetched != 3 {
		t.Errorf("%d tokens fetched, want 3", fetched)
	}
}

func TestWrongSecretIsAnAlarmAndNotTriedAgain(t *testing.T) {
	t.Parallel()
	for _, code := range []int{40001, 40125, 40164, 40243, 40013} {
		f := newFakeAPI(t, says(`{"errcode":0}`))
		f.tokens = func(int) string { return fmt.Sprintf(`{"errcode":%d,"errmsg":"no"}`, code) }
		err := f.client().CustomerText(t.Context(), testOpenID, "您好")
		var refused *APIError
		if !errors.As(err, &refused) || !errors.Is(err, errNotSent) {
			t.Fatalf("%d: %v", code, err)
		}
		if reaction, _ := refused.Reaction(testNow); reaction != routing.ReactAlarm {
			t.Errorf("%d: reaction %s", code, reaction)
		}
		if fetched, calls := f.seen(); fetched != 1 || len(calls) != 0 {
			t.Errorf("%d: %d tokens fetched, %d calls", code, fetched, len(calls))
		}
	}
}

func TestOneCallersHasteDoesNotEndTheFetchOfAll(t *testing.T) {
	t.Parallel()
	begun, gate := make(chan struct{}, 1), make(chan struct{})
	f := newFakeAPI(t, says(`{"errcode":0}`))
	f.tokens = func(int) string {
		begun <- struct{}{}
		<-gate
		return `{"access_token":"TOKEN","expires_in":7200}`
	}
	c := f.client()
	hasty, giveUp := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- c.CustomerText(hasty, testOpenID, "您好") }()
	<-begun
	go func() { second <- c.CustomerText(t.Context(), testOpenID, "您好") }()
	giveUp()
	if err := receive(t, first); !errors.Is(err, context.Canceled) || !errors.Is(err, errNotSent) {
		t.Errorf("who gave up: %v", err)
	}
	close(gate)
	if err := receive(t, second); err != nil {
		t.Errorf("who waited: %v", err)
	}
}

func TestTokenAnswersThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"", "{}", "<html>", `{"access_token":5}`, `{"access_token":""}`, `[]`} {
		f := newFakeAPI(t, says(`{"errcode":0}`))
		f.tokens = func(int) string { return answer }
		if err := f.client().CustomerText(t.Context(), testOpenID, "您好"); !errors.Is(err, errNotSent) {
			t.Errorf("%q: %v", answer, err)
		}
	}
}

func TestWhatIsSentIsWhatThePlatformReads(t *testing.T) {
	t.Parallel()
	words := wording(t)
	tests := map[string]struct {
		call       func(ctx context.Context, c *Client) error
		path, want string
	}{
		"template": {func(ctx context.Context, c *Client) error {
			_, err := c.TemplateSend(ctx, TemplateMessage{OpenID: "o1", TemplateID: "t1", URL: "https://jiesu.example/p/a?b=1&c=2",
				Data: map[string]string{"thing1": "乱收费<罚款>"}, ClientMessageID: "n1"})
			return err
		}, "/cgi-bin/message/template/send",
			`{"touser":"o1","template_id":"t1","url":"https://jiesu.example/p/a?b=1&c=2","client_msg_id":"n1","data":{"thing1":{"value":"乱收费<罚款>"}}}`},
		"template without a page": {func(ctx context.Context, c *Client) error {
			_, err := c.TemplateSend(ctx, TemplateMessage{OpenID: "o1", TemplateID: "t1"})
			return err
		}, "/cgi-bin/message/template/send", `{"touser":"o1","template_id":"t1","data":{}}`},
		"customer": {func(ctx context.Context, c *Client) error { return c.CustomerText(ctx, "o1", "您好\x00 & 再见\n") },
			"/cgi-bin/message/custom/send", `{"msgtype":"text","text":{"content":"您好 & 再见"},"touser":"o1"}`},
		"menu": {func(ctx context.Context, c *Client) error { return c.MenuCreate(ctx, Menu(words)[:1]) },
			"/cgi-bin/menu/create", `{"button":[{"type":"click","name":"提诉求","key":"report"}]}`},
		"QR code": {func(ctx context.Context, c *Client) error { _, err := c.QRCode(ctx, "case-1", time.Hour); return err },
			"/cgi-bin/qrcode/create", `{"action_info":{"scene":{"scene_str":"case-1"}},"action_name":"QR_STR_SCENE","expire_seconds":3600}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeAPI(t, says(`{"errcode":0,"msgid":1,"ticket":"gQ=="}`))
			if err := tt.call(t.Context(), f.client()); err != nil {
				t.Fatal(err)
			}
			_, calls := f.seen()
			if len(calls) != 1 || calls[0].method != "POST" || calls[0].path != tt.path || strings.TrimSpace(calls[0].body) != tt.want {
				t.Errorf("sent %+v\nwant %s %s", calls, tt.path, tt.want)
			}
		})
	}
}

func TestQRCodeIsShownByThePlatform(t *testing.T) {
	t.Parallel()
	f := newFakeAPI(t, says(`{"ticket":"gQ/+x==","expire_seconds":3600}`))
	code, err := f.client().QRCode(t.Context(), "case-1", time.Hour)
	want := QRCode{Ticket: "gQ/+x==", ImageURL: f.url + "/cgi-bin/showqrcode?ticket=gQ%2F%2Bx%3D%3D", Expires: testNow.Add(time.Hour)}
	if err != nil || code != want {
		t.Errorf("%+v, %v; want %+v", code, err, want)
	}
	c := newTestClient("", routing.NewMemory(standing), standing)
	c.http.Transport = http.NewFileTransport(http.Dir(t.TempDir())) // reaches nobody
	_ = c.live.Set(t.Context(), c.tokenKey(), "T", time.Hour)
	if _, err := c.QRCode(t.Context(), "case-1", time.Hour); err == nil || c.base != DefaultAPIBase {
		t.Errorf("default base %q, %v", c.base, err)
	}
	for name, bad := range map[string]struct {
		scene string
		life  time.Duration
	}{"no scene": {"", time.Hour}, "long scene": {strings.Repeat("c", 65), time.Hour}, "no life": {"c", 0}, "31 days": {"c", 31 * 24 * time.Hour}} {
		if _, err := f.client().QRCode(t.Context(), bad.scene, bad.life); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	none := newFakeAPI(t, says(`{"errcode":0}`))
	if _, err := none.client().QRCode(t.Context(), "c", time.Hour); err == nil {
		t.Error("an answer without ticket is accepted")
	}
	if _, calls := f.seen(); len(calls) != 1 {
		t.Errorf("%d calls: what can't be good was sent", len(calls))
	}
}

func TestMenuIsCheckedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	click := Button{Type: "click", Name: "查进度", Key: "progress"}
	sub := func(b ...Button) []Button { return []Button{{Name: "更多", Sub: b}} }
	f := newFakeAPI(t, says(`{"errcode":0}`))
	for name, menu := range map[string][]Button{
		"none":                nil,
		"four":                {click, click, click, click},
		"no name":             {{Type: "click", Key: "k"}},
		"long name":           {{Type: "click", Name: strings.Repeat("名", 6), Key: "k"}},
		"no key":              {{Type: "click", Name: "名"}},
		"long key":            {{Type: "click", Name: "名", Key: strings.Repeat("k", 129)}},
		"no address":          {{Type: "view", Name: "名"}},
		"long address":        {{Type: "view", Name: "名", URL: strings.Repeat("u", 1025)}},
		"unknown type":        {{Type: "hologram", Name: "名"}},
		"six below":           sub(click, click, click, click, click, click),
		"third level":         sub(sub(click)...),
		"long name below":     sub(Button{Type: "click", Name: strings.Repeat("名", 21), Key: "k"}),
		"unknown type below":  sub(Button{Name: "名"}),
		"no address below":    sub(Button{Type: "view", Name: "名"}),
		"name below is empty": sub(Button{Type: "click", Key: "k"}),
	} {
		if err := f.client().MenuCreate(t.Context(), menu); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if fetched, calls := f.seen(); fetched != 0 || len(calls) != 0 {
		t.Errorf("%d tokens, %d calls for menus that can't be good", fetched, len(calls))
	}
	menu := Menu(wording(t))
	if err := f.client().MenuCreate(t.Context(), menu); err != nil {
		t.Errorf("our own menu: %v", err)
	}
	var keys []string
	for _, b := range menu {
		for _, leaf := range append(b.Sub, b) {
			if leaf.Key != "" {
				keys = append(keys, leaf.Key)
			}
		}
	}
	if got := strings.Join(keys, " "); got != "report progress help human" {
		t.Errorf("keys %s", got)
	}
}

// Table A11 of the platform's error codes and what is to be done about each.
func TestEveryErrorCodeHasItsReaction(t *testing.T) {
	t.Parallel()
	evening := time.Date(2026, 3, 4, 23, 0, 0, 0, routing.Beijing())
	tests := map[routing.Reaction][]int{
		routing.ReactRetry:  {-1, 40001, 40014, 42001, 41001, 45009, 45011, 61450},
		routing.ReactGone:   {40003, 43004, 50005, 43019},
		routing.ReactRefuse: {43101},
		routing.ReactNext:   {45015, 45047, 40007},
		routing.ReactAlarm: {40164, 40243, 40013, 40125, 61004, 40036, 40037, 40039, 47001, 47003, 40033, 40249, 43116, 43107, 45168, 45002,
			48001, 48004, 50001, 50002, 61451, 61452, 61453, 99999},
	}
	for want, codes := range tests {
		for _, code := range codes {
			got, after := newAPIError("template/send", code, "").Reaction(evening)
			wantAfter := map[int]time.Duration{45009: time.Hour + 5*time.Minute, 45011: time.Minute}[code]
			if got != want || after != wantAfter {
				t.Errorf("%d: %s after %v, want %s after %v", code, got, after, want, wantAfter)
			}
		}
	}
	if got, _ := newAPIError(opToken, 40001, "").Reaction(evening); got != routing.ReactAlarm {
		t.Errorf("40001 for the secret: %s", got)
	}
}

func TestErrorNamesTheRequestAndTheField(t *testing.T) {
	t.Parallel()
	e := newAPIError("template/send", 47003, "argument invalid! data.thing1.value invalid rid: 6123ab12-1234abcd-00ffee11")
	if got := e.Error(); got != "wechat template/send: errcode 47003, field thing1, rid 6123ab12-1234abcd-00ffee11" {
		t.Errorf("error %q", got)
	}
	for _, message := range []string{"", "rid: " + testSecret, "data." + testSecret + ".value", "rid:", "data..value"} {
		if e := newAPIError("x", 1, message); e.RID != "" || e.Field != "" {
			t.Errorf("%q: %+v", message, e)
		}
	}
}

// leak is what no error may say.
var leak = []string{"TOKEN-S3CRET", url.QueryEscape("TOKEN-S3CRET+/="), testSecret, testOpenID, "印刷费", "access_token"}

// wreck answers in all the ways in which a call can fail, quoting what it was asked wherever there is room.
func wreck(how string, code int) http.HandlerFunc {
	quote := leak[0] + " " + testSecret + " " + testOpenID + " 印刷费 data." + testSecret + ".value rid: " + leak[0]
	return func(w http.ResponseWriter, r *http.Request) {
		raw := func(text string) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, text)
				_ = conn.Close()
			}
		}
		switch how {
		case "errcode":
			_ = json.NewEncoder(w).Encode(map[string]any{"errcode": code, "errmsg": quote})
		case "status":
			http.Error(w, quote, http.StatusInternalServerError)
		case "not JSON":
			_, _ = io.WriteString(w, "<html>"+quote)
		case "wrong JSON":
			_, _ = io.WriteString(w, `{"errcode":"`+quote+`"}`)
		case "wrong type":
			_, _ = io.WriteString(w, `{"errcode":0,"msgid":"`+leak[0]+`","ticket":5,"video_url":"ftp://x/`+leak[0]+`"}`)
		case "redirect":
			http.Redirect(w, r, "/elsewhere?"+r.URL.RawQuery, http.StatusFound)
		case "broken redirect":
			raw("HTTP/1.1 302 Found\r\nLocation: http://[" + r.URL.RawQuery + "&" + leak[0] + "\r\nContent-Length: 0\r\n\r\n")
		case "no HTTP":
			raw(leak[0] + " " + testSecret + "\r\n\r\n")
		case "bad status":
			raw("HTTP/1.1 " + leak[0] + "\r\n\r\n")
		case "bad header":
			raw("HTTP/1.1 200 OK\r\n" + leak[0] + testSecret + "\r\n\r\n")
		case "bad length":
			raw("HTTP/1.1 200 OK\r\nContent-Length: " + leak[0] + "\r\n\r\n")
		case "cut off":
			raw("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
		case "hang up":
			raw("")
		}
	}
}

func TestNoErrorSaysASecret(t *testing.T) {
	t.Parallel()
	ways := []string{"errcode", "status", "not JSON", "wrong JSON", "wrong type", "redirect", "broken redirect", "no HTTP", "bad status", "bad header",
		"bad length", "cut off", "hang up", "refused", "cancelled"}
	operations := map[string]func(ctx context.Context, c *Client) error{
		"template": func(ctx context.Context, c *Client) error {
			_, err := c.TemplateSend(ctx, TemplateMessage{OpenID: testOpenID, TemplateID: "t", Data: map[string]string{"thing1": "印刷费"}})
			return err
		},
		"customer": func(ctx context.Context, c *Client) error { return c.CustomerText(ctx, testOpenID, "印刷费") },
		"QR code":  func(ctx context.Context, c *Client) error { _, err := c.QRCode(ctx, "c", time.Hour); return err },
		"menu": func(ctx context.Context, c *Client) error {
			return c.MenuCreate(ctx, []Button{{Type: "click", Name: "印刷费", Key: "k"}})
		},
		"media": func(ctx context.Context, c *Client) error { _, _, err := c.Media(ctx, "m", "image", 1<<20); return err },
	}
	names := []string{"template", "customer", "QR code", "menu", "media"}
	rapid.Check(t, func(rt *rapid.T) {
		how := rapid.SampledFrom(ways).Draw(rt, "how")
		op := rapid.SampledFrom(names).Draw(rt, "operation")
		code := rapid.SampledFrom([]int{-1, 40001, 40003, 40007, 42001, 45009, 47003, 48001, 99999}).Draw(rt, "code")
		atToken := rapid.Bool().Draw(rt, "already at the token")

		f := &fakeAPI{tokens: func(int) string { return `{"access_token":"` + leak[0] + `","expires_in":7200}` }, serve: wreck(how, code)}
		var h http.Handler = f
		if atToken {
			h = wreck(how, code)
		}
		srv := httptest.NewUnstartedServer(h)
		srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		srv.Start()
		defer srv.Close()
		var log bytes.Buffer
		c := newTestClient(srv.URL, routing.NewMemory(standing), standing)
		c.log = slog.New(slog.NewTextHandler(&log, nil))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		switch how {
		case "refused":
			if !atToken {
				_ = c.live.Set(ctx, c.tokenKey(), leak[0], time.Hour)
			}
			srv.Close()
		case "cancelled":
			cancel()
		}
		err := operations[op](ctx, c)
		if err == nil && how != "wrong type" { // some read nothing of the answer
			rt.Fatal("no error")
		}
		for _, secret := range leak {
			if err != nil && strings.Contains(err.Error(), secret) {
				rt.Fatalf("error says %q: %v", secret, err)
			}
			if strings.Contains(log.String(), secret) {
				rt.Fatalf("log says %q: %s", secret, log.String())
			}
		}
	})
}

func wording(t *testing.T) routing.Wording {
	t.Helper()
	texts, err := configs.Wording()
	if err != nil {
		t.Fatal(err)
	}
	return texts
}
