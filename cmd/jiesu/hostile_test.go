package main

import (
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/silenceper/wechat/v2/util"
)

// envelope is a request as the platform would send it, for a test to spoil.
type envelope struct {
	query url.Values
	body  string
}

// sealed makes a rightly signed and encrypted message for an account.
func sealed(t *testing.T, appID, plain string) envelope {
	t.Helper()
	encrypted, err := util.EncryptMsg([]byte("0123456789abcdef"), []byte(plain), appID, testAESKey)
	if err != nil {
		t.Fatal(err)
	}
	return signed(string(encrypted))
}

// signed signs whatever stands for the cipher text.
func signed(encrypted string) envelope {
	now, nonce := strconv.FormatInt(time.Now().Unix(), 10), "987654321"
	return envelope{
		query: url.Values{"timestamp": {now}, "nonce": {nonce}, "encrypt_type": {"aes"}, "signature": {util.Signature(testToken, now, nonce)},
			"msg_signature": {util.Signature(testToken, now, nonce, encrypted)}},
		body: "<xml><ToUserName>gh</ToUserName><Encrypt><![CDATA[" + encrypted + "]]></Encrypt></xml>",
	}
}

func textFrom(openID string) string {
	return "<xml><ToUserName>gh</ToUserName><FromUserName>" + openID + "</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType>" +
		"<Content>" + complaint + "</Content><MsgId>77</MsgId></xml>"
}

func TestHostileCallbacksAreRefusedCountedAndLeaveNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "jiesu.db")
	srv := start(t, append(serveEnv(t, "http://127.0.0.1:1"), "JIESU_DATABASE_URL=sqlite:"+path), "serve")
	send := func(e envelope) (status int, body string) {
		t.Helper()
		resp, err := http.Post(srv.URL+"/wechat/callback?"+e.query.Encode(), "text/xml", strings.NewReader(e.body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(answer)
	}
	for _, tt := range []struct {
		name   string
		reason string
		status int
		spoil  func() envelope
	}{
		{"wrong signature", "signature", 403, func() envelope {
			e := sealed(t, testAppID, textFrom("o1"))
			e.query.Set("msg_signature", strings.Repeat("0", 40))
			return e
		}},
		{"plaintext in safe mode", "plaintext", 403, func() envelope {
			e := sealed(t, testAppID, "")
			e.query.Del("encrypt_type")
			e.body = textFrom("o1")
			return e
		}},
		{"replayed triple with another body", "signature", 403, func() envelope {
			e := sealed(t, testAppID, textFrom("o1"))
			e.body = sealed(t, testAppID, textFrom("o2")).body
			return e
		}},
		{"a body of 1 MiB", "too_large", 413, func() envelope {
			e := sealed(t, testAppID, textFrom("o1"))
			e.body = "<xml><Encrypt>" + strings.Repeat("A", 1<<20) + "</Encrypt></xml>"
			return e
		}},
		{"broken XML", "xml", 400, func() envelope {
			e := sealed(t, testAppID, textFrom("o1"))
			e.body = "<xml><Encrypt>"
			return e
		}},
		{"another account's", "appid", 403, func() envelope { return sealed(t, "wxffffffffffffffff", textFrom("o1")) }},
		{"garbage instead of base64", "base64", 400, func() envelope { return signed("%%%% not base64 %%%%") }},
		{"base64 of garbage", "decrypt", 403, func() envelope { return signed("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=") }},
		{"an hour old", "timestamp", 403, func() envelope {
			e := sealed(t, testAppID, textFrom("o1"))
			e.query.Set("timestamp", strconv.FormatInt(time.Now().Add(-time.Hour).Unix(), 10))
			return e
		}},
		{"broken XML inside", "message", 200, func() envelope { return sealed(t, testAppID, "<xml><FromUserName>") }},
	} {
		before := srv.rejected(tt.reason)
		status, body := send(tt.spoil())
		if status != tt.status || status != 200 && body != "" || status == 200 && body != "success" {
			t.Errorf("%s: status %d, %q", tt.name, status, body)
		}
		if n := srv.rejected(tt.reason) - before; n != 1 {
			t.Errorf("%s: counted %d times as %s", tt.name, n, tt.reason)
		}
	}
	if status, body := send(sealed(t, testAppID, textFrom("o1"))); status != 200 || !strings.Contains(body, "Encrypt") {
		t.Errorf("the real message after all that: status %d, %q", status, body) // and the one that is stored below
	}
	srv.stop()
	if strings.Contains(srv.out.String(), "panic") || strings.Contains(srv.out.String(), "印刷费") {
		t.Errorf("the log tells too much:\n%s", srv.out)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, table := range []string{"inbound", "complainants", "dialogues"} {
		var n int
		if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil || n != 1 {
			t.Errorf("%d rows in %s, %v", n, table, err)
		}
	}
}

// rejected reads the counter of refused callbacks.
func (s *server) rejected(reason string) (n int) {
	s.t.Helper()
	resp, err := http.Get(s.URL + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	name := fmt.Sprintf("jiesu_wechat_callback_rejected_total{reason=%q} ", reason)
	if _, after, found := strings.Cut(string(page), name); found {
		_, err = fmt.Sscan(after, &n)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// Whoever sends a body one byte a minute holds nothing up for long: neither a connection nor a stop.
func TestSlowSendersAreHungUpOn(t *testing.T) {
	t.Parallel()
	srv := start(t, serveEnv(t, "http://127.0.0.1:1"), "serve")
	conn, err := net.Dial("tcp", strings.TrimPrefix(srv.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	query := signed("AAAA").query.Encode()
	if _, err := fmt.Fprintf(conn, "POST /wechat/callback?%s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<xm", query); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("still open: %v", err)
	}
	srv.stop()
}
