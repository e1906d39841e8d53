package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/silenceper/wechat/v2/officialaccount"
	wechatconfig "github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/silenceper/wechat/v2/officialaccount/message"

	"jiesu/configs"
)

// start measures from the start of the process, on an empty database, to the first callback that is answered, and its memory then.
func (b benchCommand) start(ctx context.Context, folder string, add func(benchRow, error) error) error {
	for _, what := range []string{"first start, on an empty database", "start"} {
		began := time.Now()
		cmd, address, err := startSelf(ctx, "sqlite:"+filepath.Join(folder, "start.db"), roleAll)
		if err != nil {
			return err
		}
		_, err = eventuallyAnswered(ctx, address)
		took := time.Since(began)
		memory := residentOf(cmd.Process.Pid)
		err = errors.Join(err, cmd.Process.Signal(syscall.SIGTERM))
		_ = cmd.Wait()
		if err := add(benchRow{What: what + ", to the first answered callback", Millis: float64(took.Microseconds()) / 1000, Memory: memory}, err); err != nil {
			return err
		}
	}
	return nil
}

// startSelf starts this program as a server of its own and returns the address of its callback.
func startSelf(ctx context.Context, database string, does role) (*exec.Cmd, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", fmt.Errorf("find this program: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", fmt.Errorf("find a port: %w", err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, "", fmt.Errorf("find a port: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "serve", "--role", string(does)) // #nosec G204 -- ourselves
	cmd.Env = append(os.Environ(), "JIESU_LISTEN="+address, "JIESU_DATABASE_URL="+database, "JIESU_SECRET_KEY="+benchSecret(database),
		"JIESU_LOG_LEVEL=error", "JIESU_WECHAT_APP_ID="+benchAppID, "JIESU_WECHAT_APP_SECRET=x0123456789abcdef0123456789abcdef", "JIESU_WECHAT_TOKEN="+benchToken, "JIESU_WECHAT_AES_KEY="+benchAESKey,
		"JIESU_WECHAT_API_BASE=http://127.0.0.1:1", "JIESU_WECHAT_MENU=false")
	if err := cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("start the product: %w", err)
	}
	return cmd, "http://" + address + "/wechat/callback", nil
}

// replicas measures intake on so many processes of the product that answer the web (others would work the jobs), which share a database; what is sent goes to
// one after the other.
func (b benchCommand) replicas(ctx context.Context, database string, processes, connections int) (r benchRow, err error) {
	var addresses []string
	for range processes {
		cmd, address, failed := startSelf(ctx, database, roleWeb)
		if failed != nil {
			return r, failed
		}
		defer func() {
			err = errors.Join(err, cmd.Process.Signal(syscall.SIGTERM))
			_ = cmd.Wait()
		}()
		if _, err := eventuallyAnswered(ctx, address); err != nil {
			return r, err
		}
		addresses = append(addresses, address)
	}
	r, _, err = b.load(ctx, addresses, connections, int64(2000+processes))
	r.What, r.Connections, r.CPU, r.Memory = fmt.Sprintf("intake, PostgreSQL, %d processes", processes), connections, 0, 0
	return r, err
}

func eventuallyAnswered(ctx context.Context, address string) (string, error) {
	client := &http.Client{Timeout: 5 * time.Second}
	for {
		words, err := benchPost(client, address, "first", 1, "在吗")
		if err == nil {
			return words, nil
		}
		if err := wait(ctx, 2*time.Millisecond); err != nil {
			return "", err
		}
	}
}

var residentLine = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// residentOf is a process's memory in MiB, 0 where the system doesn't say.
func residentOf(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	m := residentLine.FindSubmatch(text)
	if m == nil {
		return 0
	}
	kib, _ := strconv.ParseFloat(string(m[1]), 64)
	return kib / 1024
}

// echo measures the SDK's own server answering with the same words. It stores nothing.
func (b benchCommand) echo(ctx context.Context, connections int) (benchRow, error) {
	account := officialaccount.NewOfficialAccount(&wechatconfig.Config{AppID: benchAppID, AppSecret: "x", Token: benchToken, EncodingAESKey: benchAESKey, Cache: benchCache{}})
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return benchRow{}, fmt.Errorf("find a port: %w", err)
	}
	server := &http.Server{Handler: engine, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	r, _, err := b.load(ctx, []string{"http://" + l.Addr().String() + "/wechat/callback"}, connections, 1)
	r.What, r.Connections = "the SDK's encrypted echo bot", connections
	return r, err
}

// benchCache: the echo bot never asks for a token.
type benchCache struct{}

func (benchCache) Get(string) any                       { return nil }
func (benchCache) Set(string, any, time.Duration) error { return nil }
func (benchCache) IsExist(string) bool                  { return false }
func (benchCache) Delete(string) error                  { return nil }

// share is what the database kept of one message.
type share struct{ rows, bytes int }

// intake measures the whole product: each complainant says a complaint and confirms it, so that every second message files a case, durably.
func (b benchCommand) intake(ctx context.Context, w world, database string, connections int, series int64) (benchRow, share, error) {
	cfg := benchConfig(database)
	cfg.WeChat.APIBase = "http://127.0.0.1:1" // nothing goes out
	a, err := newApp(ctx, cfg, world{stdout: io.Discard, stderr: w.stderr}, roleAll, false)
	if err != nil {
		return benchRow{}, share{}, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return benchRow{}, share{}, fmt.Errorf("find a port: %w", err)
	}
	// What an earlier load left to deliver to nobody would be tried again beside this one.
	for _, statement := range []string{`UPDATE notices SET state = 'failed' WHERE state = 'pending'`, `DELETE FROM river_job`} {
		if _, err := a.db.Write().ExecContext(ctx, statement); err != nil {
			return benchRow{}, share{}, fmt.Errorf("forget what waits: %w", err)
		}
	}
	before, err := contents(ctx, a.db.Write(), string(a.db.Dialect()))
	if err != nil {
		return benchRow{}, share{}, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running, l) }()
	r, n, err := b.load(ctx, []string{"http://" + l.Addr().String() + "/wechat/callback"}, connections, series)
	after, counting := contents(ctx, a.db.Write(), string(a.db.Dialect()))
	stop()
	err = errors.Join(err, counting, <-ended)
	if err != nil || n == 0 {
		return r, share{}, errors.Join(err, errors.New("no message was answered"))
	}
	return r, share{rows: max(1, (after.rows-before.rows)/n), bytes: max(1, (after.bytes-before.bytes)/max(1, after.rows-before.rows))}, nil
}

// benchConfig is the product on a database, with the account of the benchmark.
func benchConfig(database string) configs.Config {
	cfg := configs.Default()
	var secret [20]byte
	_, _ = rand.Read(secret[:]) // never fails since Go 1.24
	cfg.DatabaseURL, cfg.SecretKey, cfg.Log.Level = configs.Secret(database), configs.Secret(benchSecret(database)), "error"
	cfg.WeChat.AppID, cfg.WeChat.AppSecret, cfg.WeChat.Token, cfg.WeChat.AESKey = benchAppID, configs.Secret(hex.EncodeToString(secret[:])), benchToken, benchAESKey
	cfg.WeChat.Menu = false
	return cfg
}

// benchSecret is the same for every run on a database that stays.
func benchSecret(database string) string {
	if strings.HasPrefix(database, "sqlite:") {
		return "0123456789abcdef0123456789abcdef"
	}
	return "benchmark-of-jiesu-benchmark-of-jiesu"
}
