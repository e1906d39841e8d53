package main

import (
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
