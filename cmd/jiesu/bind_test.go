package main

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// visitor is somebody with a browser's memory.
type visitor struct {
	t    *testing.T
	base string
	http *http.Client
}

func newVisitor(t *testing.T, base string) visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return visitor{t, base, &http.Client{Jar: jar}}
}

// post sends a form and returns the page that answers it.
func (v visitor) post(path string, fields url.Values) string {
	v.t.Helper()
	resp, err := v.http.PostForm(v.base+path, fields)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 400 {
		v.t.Fatalf("post %s: %s, %v", path, resp.Status, err)
	}
	return string(page)
}

func (v visitor) get(path string) string {
	v.t.Helper()
	resp, err := v.http.Get(v.base + path)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 400 {
		v.t.Fatalf("get %s: %s, %v", path, resp.Status, err)
	}
	return string(page)
}

// A caller's case is theirs in WeChat once they have scanned its code, and nobody else's by its number.
func TestACallerScansTheCodeAndHasTheCase(t *testing.T) {
	t.Parallel()
	srv := startDemo(t, "")
	operator := newVisitor(t, srv.URL)
	operator.post("/console/login", url.Values{"name": {"operator"}, "password": {demoPassword}})
	filed := operator.post("/console/file", url.Values{"text": {complaint}, "enterprise": {"城南打印店"}, "phone": {"13800001111"}})
	number := caseNumber.FindString(filed)
	code := regexp.MustCompile(`showqrcode\?ticket=([^"&]+)`).FindStringSubmatch(filed)
	if number == "" || code == nil {
		t.Fatalf("number %q, code %v", number, code)
	}
	ticket, err := url.QueryUnescape(html.UnescapeString(code[1]))
	if err != nil {
		t.Fatal(err)
	}

	people := newVisitor(t, srv.URL)
	caller := strings.TrimSpace(people.post("/sandbox/fans", url.Values{"name": {"打电话的人"}}))
	stranger := strings.TrimSpace(people.post("/sandbox/fans", url.Values{"name": {"路人"}}))
	people.post("/sandbox/fans/"+stranger+"/say", url.Values{"text": {number}})
	eventually(t, func() error { return contains(people.get("/sandbox/screen?fan="+stranger), "没有") })
	if chat := people.get("/sandbox/screen?fan=" + stranger); strings.Contains(chat, "铁西") || strings.Contains(chat, "财政") {
		t.Errorf("a stranger who knows the number is told: %s", chat)
	}
	people.post("/sandbox/fans/"+caller+"/scan", url.Values{"ticket": {ticket}})
	people.post("/sandbox/fans/"+caller+"/say", url.Values{"text": {"进度"}})
	eventually(t, func() error { return contains(people.get("/sandbox/screen?fan="+caller), number) })
}

// The code that is sent to a caller's telephone gives their case to the WeChat user who types it; a WeChat user who proves their number has all of them.
func TestACallersCaseIsBoundByTheCodeOnTheirTelephone(t *testing.T) {
	t.Parallel()
	srv := startDemo(t, "")
	operator := newVisitor(t, srv.URL)
	operator.post("/console/login", url.Values{"name": {"operator"}, "password": {demoPassword}})
	file := func(text string) string {
		t.Helper()
		return caseNumber.FindString(operator.post("/console/file", url.Values{"text": {text}, "enterprise": {"城南打印店"}, "phone": {"13800001111"}}))
	}
	first, second := file(complaint), file("我们店门口的路灯坏了半年，跟街道说了几回也没人来修。")
	if page := operator.post("/console/codes", url.Values{"number": {first}, "how": {"sms"}}); !strings.Contains(page, "138****1111") {
		t.Fatalf("no word of where the code went: %s", page)
	}
	people := newVisitor(t, srv.URL)
	texted := regexp.MustCompile(`验证码(\d{6})`)
	latest := func(n int) string {
		t.Helper()
		var code string
		eventually(t, func() error {
			found := texted.FindAllStringSubmatch(people.get("/sandbox/sms"), -1)
			if len(found) != n {
				return fmt.Errorf("%d codes, want %d", len(found), n)
			}
			code = found[n-1][1]
			return nil
		})
		return code
	}
	fan := strings.TrimSpace(people.post("/sandbox/fans", url.Values{"name": {"打电话的人"}}))
	say := func(text string) { people.post("/sandbox/fans/"+fan+"/say", url.Values{"text": {text}}) }
	answered := func(want string) {
		t.Helper()
		eventually(t, func() error { return contains(people.get("/sandbox/screen?fan="+fan), want) })
	}
	say(latest(1))
	answered(first)
	if strings.Contains(people.get("/sandbox/screen?fan="+fan), second) {
		t.Error("a code for one case gave another")
	}
	read := operator.post("/console/codes", url.Values{"number": {second}, "how": {"read"}})
	if !regexp.MustCompile(`aria-label="\d{6}"`).MatchString(read) {
		t.Errorf("no code to read out: %s", read)
	}
}
