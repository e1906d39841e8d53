package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/silenceper/wechat/v2/officialaccount"
	"github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/silenceper/wechat/v2/officialaccount/message"
	"github.com/silenceper/wechat/v2/util"

	"jiesu/configs"
)

// BenchmarkCallback sends encrypted complaints, each from another fan, to the whole product on SQLite (durable commits), and the same
// to an echo bot on the SDK that stores nothing. The ratio says what understanding, dialogue and durability cost beside the platform's
// own envelope. Client and server share the machine.
func BenchmarkCallback(b *testing.B) {
	for _, connections := range []int{1, 64} {
		b.Run(fmt.Sprint("connections=", connections), func(b *testing.B) {
			product, echo := benchProduct(b), benchEcho(b)
			b.ResetTimer()
			ours := load(b, product, connections)
			theirs := load(b, echo, connections)
			ours.report(b, "jiesu")
			theirs.report(b, "echo")
			b.ReportMetric(ours.perSecond()/theirs.perSecond(), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// benchProduct starts the product as serve does, and returns its callback's address.
func benchProduct(b *testing.B) string {
	b.Helper()
	cfg := configs.Default()
	cfg.DatabaseURL = configs.Secret("sqlite:" + filepath.Join(b.TempDir(), "jiesu.db"))
	cfg.SecretKey, cfg.Log.Level = testKey, "error"
	cfg.WeChat.AppID, cfg.WeChat.AppSecret, cfg.WeChat.Token, cfg.WeChat.AESKey = testAppID, testSecret, testToken, testAESKey
	cfg.WeChat.APIBase, cfg.WeChat.Menu = "http://127.0.0.1:1", false
	a, err := newApp(b.Context(), cfg, world{stdout: io.Discard, stderr: b.Output()}, roleAll, false)
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx, l) }()
	b.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	return "http://" + l.Addr().String() + "/wechat/callback"
}

// benchEcho is the SDK's own server answering with the same words.
func benchEcho(b *testing.B) string {
	b.Helper()
	account := officialaccount.NewOfficialAccount(&config.Config{AppID: testAppID, AppSecret: testSecret, Token: testToken, EncodingAESKey: testAESKey, Cache: noCache{}})
	engine := gin.New()
	engine.Any("/wechat/callback", func(c *gin.Context) {
		srv := account.GetServer(c.Request, c.Writer)
		srv.SetMessageHandler(func(m *message.MixMessage) *message.Reply {
			return &message.Reply{MsgType: message.MsgTypeText, MsgData: message.NewText(m.Content)}
		})
		if err := srv.Serve(); err != nil {
			c.String(http.StatusForbidden, "")
			return
		}
		_ = srv.Send()
	})
	server := httptest.NewServer(engine)
	b.Cleanup(server.Close)
	return server.URL + "/wechat/callback"
}

// noCache: the echo bot never asks for a token.
type noCache struct{}

func (noCache) Get(string) any                       { return nil }
func (noCache) Set(string, any, time.Duration) error { return nil }
func (noCache) IsExist(string) bool                  { return false }
func (noCache) Delete(string) error                  { return nil }

// measured is what a load measured.
type measured struct {
	took      time.Duration
	latencies []time.Duration
}

func (m measured) perSecond() float64 { return float64(len(m.latencies)) / m.took.Seconds() }

func (m measured) report(b *testing.B, name string) {
	slices.Sort(m.latencies)
	at := func(share float64) float64 {
		return float64(m.latencies[int(share*float64(len(m.latencies)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(m.perSecond(), name+"-callbacks/s")
	b.ReportMetric(at(0.5), name+"-p50-ms")
	b.ReportMetric(at(0.99), name+"-p99-ms")
}

// load sends b.N messages over so many connections.
func load(b *testing.B, address string, connections int) measured {
	b.Helper()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	m := measured{latencies: make([]time.Duration, b.N)}
	var next atomic.Int64
	var workers sync.WaitGroup
	begin := time.Now()
	for range connections {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				m.latencies[i] = post(b, client, address, i)
			}
		})
	}
	workers.Wait()
	m.took = time.Since(begin)
	return m
}

// post sends one message and checks that it was answered by words and not by a bare success.
func post(b *testing.B, client *http.Client, address string, i int64) time.Duration {
	now := strconv.FormatInt(time.Now().Unix(), 10)
	plain := fmt.Sprintf("<xml><ToUserName>gh</ToUserName><FromUserName>fan-%d</FromUserName><CreateTime>%s</CreateTime><MsgType>text</MsgType><Content>%s</Content><MsgId>%d</MsgId></xml>",
		i, now, complaint, i+1)
	encrypted, err := util.EncryptMsg([]byte("0123456789abcdef"), []byte(plain), testAppID, testAESKey)
	if err != nil {
		b.Error(err)
		return 0
	}
	query := url.Values{"timestamp": {now}, "nonce": {"1"}, "encrypt_type": {"aes"}, "signature": {util.Signature(testToken, now, "1")},
		"msg_signature": {util.Signature(testToken, now, "1", string(encrypted))}}
	body := []byte("<xml><ToUserName>gh</ToUserName><Encrypt>" + string(encrypted) + "</Encrypt></xml>")
	begin := time.Now()
	resp, err := client.Post(address+"?"+query.Encode(), "text/xml", bytes.NewReader(body))
	if err != nil {
		b.Error(err)
		return 0
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	took := time.Since(begin)
	var sealed struct{ Encrypt string }
	if err != nil || resp.StatusCode != http.StatusOK || xml.Unmarshal(answer, &sealed) != nil || sealed.Encrypt == "" {
		b.Errorf("status %d, %d bytes, %v", resp.StatusCode, len(answer), err)
	}
	return took
}
