package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/integrations/wechat/sandbox"
)

const complaint = "我在铁西区开打印店，给区里一个学校印了半年试卷，三万六的印刷费拖了快两年不给，说财政没拨款，找谁都推。"

var caseNumber = regexp.MustCompile(`JS\d{8}-\d{6}`)

// platform is the sandbox on a server of its own, as the platform would be.
func platform(t *testing.T) (box *sandbox.Sandbox, apiBase string, callTo func(callbackURL string)) {
	t.Helper()
	target := &retarget{}
	return platformBy(t, target, target.set)
}

// platformVia is one whose callbacks go through a reaper.
func platformVia(t *testing.T, r *reaper) (box *sandbox.Sandbox, apiBase string, callTo func(callbackURL string)) {
	t.Helper()
	return platformBy(t, r, r.set)
}

func platformBy(t *testing.T, transport http.RoundTripper, set func(string)) (box *sandbox.Sandbox, apiBase string, callTo func(callbackURL string)) {
	t.Helper()
	words, err := loadWording()
	if err != nil {
		t.Fatal(err)
	}
	engine := gin.New()
	srv := httptest.NewUnstartedServer(engine)
	t.Cleanup(srv.Close)
	base := "http://" + srv.Listener.Addr().String() // known before it runs, so that the routes can be
	// The platform learns the callback's address after our server has a port.
	box = sandbox.New(sandbox.Config{AppID: testAppID, AppSecret: testSecret, Token: testToken, AESKey: testAESKey,
		CallbackURL: "http://callback.invalid/wechat/callback", BaseURL: base, Now: clock, Wording: words,
		Logger: slog.New(slog.DiscardHandler), HTTP: &http.Client{Timeout: 20 * time.Second, Transport: transport}})
	t.Cleanup(box.Close)
	box.Routes(engine)
	srv.Start()
	return box, base + "/sandbox/api", set
}

// templateConfig is a configuration file that names the sandbox's template.
func templateConfig(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "wechat:\n  templates:\n    default:\n      id: %s\n      fields:\n", sandbox.DefaultTemplateID)
	for field, key := range sandbox.DefaultFields() {
		fmt.Fprintf(&b, "        %s: %s\n", field, key)
	}
	path := t.TempDir() + "/jiesu.yaml"
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// say sends words as a fan and returns the account's reply.
func say(t *testing.T, fan *sandbox.Fan, text string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	reply, err := fan.Say(ctx, text)
	if err != nil {
		t.Fatalf("say %q: %v", text, err)
	}
	return reply
}

// fileByChat says the complaint and confirms whatever is proposed until there is a number.
func fileByChat(t *testing.T, fan *sandbox.Fan, text string) (number string, turns int) {
	t.Helper()
	reply := say(t, fan, text)
	for turns = 1; turns < 6; turns++ {
		if n := caseNumber.FindString(reply); n != "" {
			return n, turns
		}
		reply = say(t, fan, "1")
	}
	t.Fatalf("no number after %d turns: %s", turns, reply)
	return "", 0
}

// awaitCard waits for a template message that mentions all the words.
func awaitCard(t *testing.T, fan *sandbox.Fan, words ...string) sandbox.Entry {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	e, err := fan.Await(ctx, func(e sandbox.Entry) bool {
		if e.Kind != sandbox.KindCard {
			return false
		}
		all := fmt.Sprint(*e.Card)
		for _, w := range words {
			if !strings.Contains(all, w) {
				return false
			}
		}
		return true
	})
	if err != nil {
		t.Fatalf("no card with %v: %v\n%+v", words, err, fan.Transcript())
	}
	return e
}

func TestTheWholeStoryByChatAndREST(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, databaseURL string) {
		box, apiBase, callTo := platform(t)
		env := append(serveEnv(t, apiBase), "JIESU_DATABASE_URL="+databaseURL, "JIESU_CONFIG="+templateConfig(t))
		srv := start(t, env, "serve")
		callTo(srv.URL)
		office := newKey(t, env, srv.URL, "office", "")

		fan := box.Fan("printer")
		number, turns := fileByChat(t, fan, complaint)
		if turns > 3 {
			t.Errorf("%d turns to a number", turns)
		}
		c := office.do(200, "GET", "/api/v1/cases/"+number, nil)
		if c["state"] == "triage" {
			c = office.act(number, "assign", map[string]any{"unit": "finance", "item": "1.1"})
		}
		unitID, _ := c["unit"].(string)
		unit := newKey(t, env, srv.URL, "unit", unitID)
		other := newKey(t, env, srv.URL, "unit", "metro")

		if status, _ := other.call("GET", "/api/v1/cases/"+number, nil); status != 404 {
			t.Errorf("another unit sees the case: %d", status)
		}
		unit.act(number, "sign", nil)
		awaitCard(t, fan, number, "已签收")
		unit.act(number, "reply", map[string]any{"note": "款项已拨付，请查收。"})
		card := awaitCard(t, fan, number, "已答复")
		if !strings.Contains(fmt.Sprint(*card.Card), "/p/") {
			t.Errorf("the card has no link to the page: %+v", card)
		}

		reply := say(t, fan, "评价")
		for range 4 {
			if strings.Contains(reply, "感谢") || strings.Contains(reply, "谢谢") {
				break
			}
			reply = say(t, fan, "1")
		}
		rated := office.do(200, "GET", "/api/v1/cases/"+number, nil)
		if rating, _ := rated["rating"].(map[string]any); rating["solved"] != "yes" {
			t.Errorf("rating %v after %q", rated["rating"], reply)
		}
		unit.act(number, "close", nil)
		office.act(number, "strike-off", nil)
		awaitCard(t, fan, number, "已销号")
		if c := office.do(200, "GET", "/api/v1/cases/"+number, nil); c["state"] != "struck_off" {
			t.Errorf("state %v", c["state"])
		}
	})
}

func TestTheSameMessageFourTimesFilesOneCase(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, databaseURL string) {
		box, apiBase, callTo := platform(t)
		env := append(serveEnv(t, apiBase), "JIESU_DATABASE_URL="+databaseURL)
		srv := start(t, env, "serve")
		callTo(srv.URL)
		office := newKey(t, env, srv.URL, "office", "")
		box.SetFaults(sandbox.Faults{Duplicate: true})
		fan := box.Fan("printer")
		number, _ := fileByChat(t, fan, complaint)
		if list := office.do(200, "GET", "/api/v1/cases", nil)["cases"].([]any); len(list) != 1 {
			t.Fatalf("%d cases, want one (%s)", len(list), number)
		}
	})
}
