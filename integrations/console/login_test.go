package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

func (w *world) signIn(name, word string, header ...string) answer {
	w.t.Helper()
	return w.do("", http.MethodPost, "/console/login", formOf("name", name, "password", word), header...)
}

// sessionOf returns the session cookie that the answer sets.
func sessionOf(t *testing.T, a answer) *http.Cookie {
	t.Helper()
	for _, c := range a.Result().Cookies() {
		if strings.TrimPrefix(c.Name, "__Host-") == cookieName {
			return c
		}
	}
	t.Fatalf("no session cookie: %v", a.Header())
	return nil
}

func TestSignInOpensADesk(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.get("", "/console").to("/console/login?next=%2Fconsole")
	w.get("", "/console/login?next=/console/triage").want(200, `name="password"`, `value="/console/triage"`)
	a := w.do("", http.MethodPost, "/console/login", formOf("name", " office ", "password", password, "next", "/console/triage")).to("/console/triage")
	w.cookies["office"] = sessionOf(t, a).Value
	w.get("office", "/console/triage").want(200, "领导小组办公室")
	w.get("office", "/console/login?next=/console/file").to("/console/file")
}

func TestSignInRefusesWithoutTellingWhy(t *testing.T) {
	t.Parallel()
	w := start(t)
	wrong := w.signIn("office", "not the password").want(401, "账号或密码不对")
	unknown := w.signIn("nobody", password).want(401, "账号或密码不对")
	if strings.ReplaceAll(wrong.body, `value="office"`, "") != strings.ReplaceAll(unknown.body, `value="nobody"`, "") {
		t.Error("the page tells known accounts from unknown ones")
	}
	for _, a := range []answer{wrong, unknown, w.signIn("office", "").want(401), w.signIn("", "").want(401)} {
		if len(a.Result().Cookies()) > 0 {
			t.Errorf("a refused sign-in sets a cookie: %v", a.Header())
		}
		a.lacks("not the password")
	}
	if strings.Contains(w.log.String(), "not the password") {
		t.Error("the password is in the log")
	}
}

func TestWrongPasswordsLockOutWhereTheyAreTyped(t *testing.T) {
	t.Parallel()
	w := start(t)
	for range 2 {
		w.signIn("office", "wrong").want(401)
	}
	w.signIn("office", password).to("/console") // one in time starts the count afresh
	for range 3 {
		w.signIn("office", "wrong").want(401)
	}
	w.signIn("office", password).want(401, "连续输错 3 次")
	w.signIn("operator", password).to("/console")
	w.clock.add(15*time.Minute - time.Second)
	w.signIn("office", password).want(401)
	w.clock.add(time.Second)
	w.signIn("office", password).to("/console")
}

// A colleague who types wrong passwords on purpose, at their own desk or from many addresses, keeps nobody from working.
func TestNobodyLocksOutAColleague(t *testing.T) {
	t.Parallel()
	w := start(t)
	var known string
	for _, c := range w.signIn("office", password).to("/console").Result().Cookies() {
		if c.Name == knownName {
			known = c.Name + "=" + c.Value
		}
	}
	if known == "" {
		t.Fatal("the browser isn't remembered")
	}
	from := func(address, word string, header ...string) answer {
		t.Helper()
		return w.do("", http.MethodPost, "/console/login", formOf("name", "office", "password", word), append(header, "X-Forwarded-For", address)...)
	}
	must(t, w.engine.SetTrustedProxies([]string{"192.0.2.1"}))
	for range 3 {
		from("198.51.100.7", "wrong").want(401)
	}
	from("198.51.100.7", password).want(401) // where it was typed
	from("198.51.100.8", password).to("/console")
	for i := range strangers*3 - 1 { // all strangers together have an end, too
		from(fmt.Sprintf("203.0.113.%d", i), "wrong").want(401)
	}
	from("198.51.100.9", "wrong").want(401)
	from("198.51.100.10", password).want(401)
	from("198.51.100.10", password, "Cookie", known).to("/console") // the owner at their own desk
	from("198.51.100.10", password, "Cookie", knownName+"=forged").want(401)
	for range 3 {
		from("198.51.100.10", "wrong", "Cookie", known).want(401)
	}
	from("198.51.100.10", password, "Cookie", known).want(401) // a stolen browser has an end as well
	w.signIn("operator", password).to("/console")
	from("198.51.100.11", password, "Cookie", known).want(401)
	w.clock.add(15 * time.Minute)
	from("198.51.100.10", password).to("/console")
}

func TestABrowserKnownToOneIsAStrangerToAnother(t *testing.T) {
	t.Parallel()
	w := start(t)
	cookies := w.signIn("office", password).to("/console").Result().Cookies()
	for range 3 {
		w.signIn("operator", "wrong").want(401)
	}
	for _, c := range cookies {
		if c.Name == knownName {
			w.signIn("operator", password, "Cookie", c.Name+"="+c.Value).want(401)
			w.clock.add(KnownFor)
			for range 3 {
				w.signIn("office", "wrong").want(401)
			}
			w.signIn("office", password, "Cookie", c.Name+"="+c.Value).want(401) // it isn't known for ever
		}
	}
}

func TestATokenCarriedToAnotherBrowserIsWorthless(t *testing.T) {
	t.Parallel()
	w := start(t)
	token := sessionOf(t, w.signIn("office", password, "User-Agent", "Chromium 140").to("/console"))
	w.do("", http.MethodGet, "/console", nil, "Cookie", cookieName+"="+token.Value, "User-Agent", "Chromium 140").want(200)
	w.do("", http.MethodGet, "/console", nil, "Cookie", cookieName+"="+token.Value, "User-Agent", "curl").to("/console/login?next=%2Fconsole")
	if !strings.Contains(w.log.String(), "came from another browser") {
		t.Error("nobody is told")
	}
}

func TestManyGuessesFromOneAddressAreSlowedDown(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *Config) { c.MaxFailures = 1000 })
	ctx := t.Context()
	for range loginsPerMinute { // what so many attempts would count, without their work
		if _, err := w.live.Allow(ctx, "console/login/192.0.2.1", loginsPerMinute, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	w.signIn("office", password).want(429, "操作太频繁了")
	w.clock.add(time.Minute)
	w.signIn("office", password).to("/console")
}

func TestSessionCookieIsKeptFromScriptsAndOtherSites(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		w := start(t, func(c *Config) { c.Secure = secure })
		a := w.signIn("office", password).to("/console")
		c := sessionOf(t, a)
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != map[bool]string{true: "/", false: "/console"}[secure] || strings.HasPrefix(c.Name, "__Host-") != secure || c.Secure != secure || c.MaxAge != 12*60*60 || len(c.Value) < 43 {
			t.Errorf("secure %t: cookie %+v", secure, c)
		}
		if hsts := a.Header().Get("Strict-Transport-Security") != ""; hsts != secure {
			t.Errorf("secure %t: HSTS %t", secure, hsts)
		}
		if _, err := w.store.Session(t.Context(), c.Value); err == nil {
			t.Error("the store knows the token itself")
		}
	}
}

func TestSessionEndsWhenIdle(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cookie("office")
	for range 3 {
		w.clock.add(50 * time.Minute)
		w.get("office", "/console").want(200)
	}
	w.clock.add(61 * time.Minute)
	w.get("office", "/console").to("/console/login?next=%2Fconsole")
}

func TestRequestsThatNobodyAskedForDoNotKeepASession(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cookie("office")
	w.clock.add(50 * time.Minute)
	w.do("office", http.MethodGet, "/console", nil, background, "1").want(200)
	w.clock.add(11 * time.Minute)
	a := w.do("office", http.MethodGet, "/console", nil, background, "1", "HX-Request", "true").want(401)
	if a.Header().Get("HX-Redirect") != "/console/login" {
		t.Errorf("htmx isn't sent to the login page: %v", a.Header())
	}
}

func TestSessionEndsAfterItsLongestTimeHoweverBusy(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cookie("office")
	for range 24 {
		w.get("office", "/console").want(200)
		w.clock.add(30 * time.Minute)
	}
	w.get("office", "/console").want(200)
	w.clock.add(time.Minute)
	w.get("office", "/console").to("/console/login?next=%2Fconsole")
}

func TestSigningOutEndsTheSessionItself(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cookie("office")
	a := w.post("office", "/console/logout").to("/console/login")
	if c := sessionOf(t, a); c.MaxAge >= 0 || c.Value != "" {
		t.Errorf("the cookie stays: %+v", c)
	}
	w.get("office", "/console").to("/console/login?next=%2Fconsole") // the old token is worth nothing
	w.post("", "/console/logout").to("/console/login")
}

func TestAnAccountThatChangesIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.get("office", "/console/triage").want(200)
	u := w.users["office"]
	u.Role, u.Unit = routing.RoleUnit, other
	w.update(func(ctx context.Context, tx routing.Tx) error { return tx.UpdateUser(ctx, u) })
	w.get("office", "/console/triage").want(403)
}

func TestAPostWithoutALoginGivesBackWhatWasTyped(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	w.post("", casePath(c, "reply"), "note", "写了很久的答复").want(401, "登录已过期", "写了很久的答复", `href="/console/login"`)
	if got := w.load(c.Number).State; got != routing.StateSigned {
		t.Errorf("state %s", got)
	}
}

func TestAfterSignInOneStaysInside(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/console": "/console", "/console?state=all&q=x": "/console?state=all&q=x", "/console/cases/JS20260102-000001": "/console/cases/JS20260102-000001",
		"": "/console", "//evil.example": "/console", "https://evil.example": "/console", "/consolex": "/console", `/console/\evil`: "/console",
		"/console/login?next=/console": "/console", "/p/token": "/console", "/console/a\r\nX: y": "/console",
	} {
		if got := inside(next); got != want {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
	}
}

func TestPasswordsAreHashedWithSaltAndParameters(t *testing.T) {
	t.Parallel()
	a, err := HashPassword(password)
	must(t, err)
	b, err := HashPassword(password)
	must(t, err)
	if a == b || !strings.HasPrefix(a, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("%s\n%s", a, b)
	}
	for word, want := range map[string]bool{password: true, password + " ": false, "": false} {
		if got, err := CheckPassword(a, word); err != nil || got != want {
			t.Errorf("%q: %t %v", word, got, err)
		}
	}
	if ok, err := CheckPassword("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$"+strings.Repeat("A", 43), "x"); err != nil || ok {
		t.Errorf("the parameters of the hash don't count: %t %v", ok, err)
	}
	for _, broken := range []string{"", "plain", "$2a$10$abc", "$argon2id$v=18$m=8,t=1,p=1$c29tZXNhbHQ$AAAA", "$argon2id$v=19$m=8,t=0,p=1$c29tZXNhbHQ$AAAA",
		"$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43), "$argon2id$v=19$m=8,t=1,p=1$!!$AAAA", "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAA"} {
		if ok, err := CheckPassword(broken, "x"); err == nil || ok {
			t.Errorf("%q is taken for a hash", broken)
		}
	}
	if _, err := HashPassword(""); err == nil {
		t.Error("an empty password is hashed")
	}
}
