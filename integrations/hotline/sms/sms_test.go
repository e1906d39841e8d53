package sms_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/integrations/hotline/sms"
	"jiesu/integrations/hotline/sms/sandbox"
	"jiesu/routing"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	m.Run()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// city is a customer of a carrier. The SDKs sign with the time of the machine, so that is the carrier's too; moved is what it has gone on since.
type city struct {
	t        *testing.T
	provider string
	carrier  *sandbox.Server
	account  sms.Account
	sender   sms.Sender
	moved    time.Duration
	template sms.Template
}

var templates = map[string]map[string]string{
	sms.Aliyun:  {"T1": "验证码${code}，${minutes}分钟内有效。"},
	sms.Tencent: {"T1": "验证码{1}，{2}分钟内有效。"},
	sms.Gateway: {"T1": "验证码${code}，${minutes}分钟内有效。"},
}

func eachProvider(t *testing.T, test func(c *city)) {
	t.Helper()
	for _, provider := range []string{sms.Aliyun, sms.Tencent, sms.Gateway} {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			c := &city{t: t, provider: provider, template: sms.Template{ID: "T1", Params: []string{"code", "minutes"}}}
			c.carrier = sandbox.New(sandbox.Account{KeyID: "key", Secret: "secret", Sign: "接诉", AppID: "1400000001", Templates: templates[provider]},
				func() time.Time { return time.Now().Add(c.moved) })
			server := httptest.NewServer(c.carrier)
			t.Cleanup(server.Close)
			c.account = sms.Account{KeyID: "key", Secret: "secret", Sign: "接诉", AppID: "1400000001", Endpoint: server.URL}
			c.sender = c.with(c.account)
			test(c)
		})
	}
}

func (c *city) with(a sms.Account) sms.Sender {
	c.t.Helper()
	s, err := sms.New(c.provider, a, http.DefaultClient, time.Now)
	must(c.t, err)
	return s
}

func (c *city) message(phone string) sms.Message {
	return sms.Message{ID: "notice-1", Phone: phone, Template: c.template, Values: map[string]string{"code": "012345", "minutes": "30", "number": "unused"}}
}

func (c *city) wantReaction(name string, err error, want routing.Reaction) {
	c.t.Helper()
	var de *routing.DeliveryError
	if !errors.As(err, &de) || de.Reaction != want || de.Channel != "sms" {
		c.t.Errorf("%s: %v, want %s", name, err, want)
	}
}

func TestAMessageReachesTheTelephone(t *testing.T) {
	t.Parallel()
	eachProvider(t, func(c *city) {
		id, err := c.sender.Send(c.t.Context(), c.message("13800001234"))
		must(c.t, err)
		sent := c.carrier.Sent()
		if len(sent) != 1 || sent[0].ID != id || sent[0].OutID != "notice-1" || sent[0].Phone != "13800001234" || sent[0].Text != "【接诉】验证码012345，30分钟内有效。" {
			c.t.Errorf("id %q, sent %+v", id, sent)
		}
	})
}

func TestWhatACarrierRefusesIsTypedByWhatToDo(t *testing.T) {
	t.Parallel()
	eachProvider(t, func(c *city) {
		ctx := c.t.Context()
		for name, change := range map[string]func(a *sms.Account){"another secret": func(a *sms.Account) { a.Secret = "x" }, "another key": func(a *sms.Account) { a.KeyID = "x" },
			"another sign": func(a *sms.Account) { a.Sign = "别家" }} {
			a := c.account
			change(&a)
			_, err := c.with(a).Send(ctx, c.message("13800001234"))
			c.wantReaction(name, err, routing.ReactAlarm)
		}
		m := c.message("13800001234")
		m.Template.ID = "T9"
		_, err := c.sender.Send(ctx, m)
		c.wantReaction("another template", err, routing.ReactAlarm)
		_, err = c.sender.Send(ctx, c.message("2412345"))
		c.wantReaction("no mobile", err, routing.ReactNext)
		_, err = c.sender.Send(ctx, c.message("13800001234"))
		must(c.t, err)
		_, err = c.sender.Send(ctx, c.message("13800001234"))
		soon := map[string]routing.Reaction{sms.Aliyun: routing.ReactNext, sms.Tencent: routing.ReactRetry, sms.Gateway: routing.ReactRetry}[c.provider]
		c.wantReaction("at once again", err, soon)
		if de := (*routing.DeliveryError)(nil); errors.As(err, &de) && soon == routing.ReactRetry && de.After != 30*time.Second {
			c.t.Errorf("wait %s", de.After)
		}
		refused := map[string]string{sms.Aliyun: "isp.SYSTEM_ERROR", sms.Tencent: "FailedOperation.PhoneNumberInBlacklist", sms.Gateway: "refused"}[c.provider]
		c.carrier.FailNext("13900001234", refused)
		_, err = c.sender.Send(ctx, c.message("13900001234"))
		c.wantReaction(refused, err, map[string]routing.Reaction{sms.Aliyun: routing.ReactRetry, sms.Tencent: routing.ReactRefuse, sms.Gateway: routing.ReactRefuse}[c.provider])
		if len(c.carrier.Sent()) != 1 {
			c.t.Errorf("sent %+v", c.carrier.Sent())
		}
	})
}

// A carrier that can't be reached, or answers nonsense, leaves open whether it has the message: that is no typed error, so that nothing is sent twice.
func TestWithoutAnAnswerNobodyKnowsWhetherItWasSent(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"nonsense": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		"broken":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProvider(t, func(c *city) {
				server := httptest.NewServer(handler)
				c.t.Cleanup(server.Close)
				a := c.account
				a.Endpoint = server.URL
				_, err := c.with(a).Send(c.t.Context(), c.message("13800001234"))
				var de *routing.DeliveryError
				if name == "nonsense" && c.provider == sms.Gateway { // it says 200, and gives no id
					must(c.t, err)
				} else if err == nil || errors.As(err, &de) {
					c.t.Errorf("%v", err)
				}
			})
		})
	}
}

// office keeps what carriers tell.
type office struct {
	told []string
	fail bool
}

func (o *office) SMSReported(_ context.Context, id, status string) error {
	if o.fail {
		return errors.New("the database is away")
	}
	o.told = append(o.told, id+" "+status)
	return nil
}

func (o *office) SMSReplied(_ context.Context, phone, text string) error {
	o.told = append(o.told, phone+" "+text)
	return nil
}

func TestCarriersReportWhatBecameOfMessages(t *testing.T) {
	t.Parallel()
	eachProvider(t, func(c *city) {
		o, engine := &office{}, gin.New()
		sms.Callbacks{Provider: c.provider, Token: "long-token", Secret: "secret", Office: o, Now: time.Now, Logger: slog.New(slog.DiscardHandler)}.Routes(engine)
		server := httptest.NewServer(engine)
		c.t.Cleanup(server.Close)
		address := server.URL + sms.Path + "/long-token"
		_, err := c.sender.Send(c.t.Context(), c.message("13800001234"))
		must(c.t, err)
		m := c.carrier.Sent()[0]
		want := func(resp *http.Response, err error, status int, says string) {
			c.t.Helper()
			must(c.t, err)
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			must(c.t, err)
			if resp.StatusCode != status || !strings.Contains(string(body), says) {
				c.t.Errorf("%d %s, want %d", resp.StatusCode, body, status)
			}
		}
		ok := map[string]string{sms.Aliyun: `"code":0`, sms.Tencent: `"result":0`, sms.Gateway: `"code":0`}[c.provider]
		for _, arrived := range []bool{true, false} {
			resp, err := c.carrier.Report(http.DefaultClient, c.provider, address, m, arrived)
			want(resp, err, 200, ok)
		}
		resp, err := c.carrier.Reply(http.DefaultClient, c.provider, address, "13800001234", "TD")
		want(resp, err, 200, ok)
		if got := fmt.Sprint(o.told); got != fmt.Sprintf("[sms:%s success sms:%s failed: UNDELIV 13800001234 TD]", m.ID, m.ID) {
			c.t.Error(got)
		}
		resp, err = c.carrier.Report(http.DefaultClient, c.provider, server.URL+sms.Path+"/another", m, true)
		want(resp, err, 404, "")
		post := func(what, body string) (*http.Response, error) {
			r, err := http.NewRequest(http.MethodPost, address+"/"+what, strings.NewReader(body))
			must(c.t, err)
			stamp := fmt.Sprint(time.Now().Unix())
			r.Header.Set("X-Jiesu-Timestamp", stamp)
			r.Header.Set("X-Jiesu-Signature", sms.Sign("secret", stamp, []byte(body)))
			return http.DefaultClient.Do(r)
		}
		for what, body := range map[string]string{"report": `{}`, "reply": `"x"`} {
			resp, err := post(what, body)
			want(resp, err, 400, "")
		}
		resp, err = post("report", `[{"id":"","sid":"","biz_id":""}]`)
		want(resp, err, 400, "")
		resp, err = post("dance", `[]`)
		want(resp, err, 404, "")
		resp, err = post("report", strings.Repeat(" ", 300<<10))
		want(resp, err, 413, "")
		o.fail = true
		resp, err = c.carrier.Report(http.DefaultClient, c.provider, address, m, true)
		want(resp, err, 500, "") // it is told again
		if c.provider == sms.Gateway {
			resp, err := http.Post(address+"/report", "application/json", strings.NewReader(`[]`))
			want(resp, err, 401, "")
		}
	})
}

func FuzzReports(f *testing.F) {
	f.Add("aliyun", []byte(`[{"phone_number":"13800001234","success":true,"biz_id":"1"}]`))
	f.Add("tencent", []byte(`{"mobile":"13800001234","content":"TD"}`))
	f.Add("http", []byte(`[{"id":"1","success":false}]`))
	f.Fuzz(func(t *testing.T, provider string, body []byte) {
		o, engine := &office{}, gin.New()
		sms.Callbacks{Provider: provider, Token: "t", Secret: "s", Office: o, Now: time.Now, Logger: slog.New(slog.DiscardHandler)}.Routes(engine)
		for _, what := range []string{"report", "reply"} {
			r := httptest.NewRequest(http.MethodPost, sms.Path+"/t/"+what, strings.NewReader(string(body)))
			w := httptest.NewRecorder()
			engine.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Fatalf("%s %s: %d", what, body, w.Code)
			}
		}
		for _, told := range o.told {
			if id, _, _ := strings.Cut(told, " "); id == "sms:" || id == "" {
				t.Fatalf("a report of nothing: %q", told)
			}
		}
	})
}
