package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/silenceper/wechat/v2/officialaccount"
	wechatconfig "github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/silenceper/wechat/v2/officialaccount/message"
	"github.com/silenceper/wechat/v2/util"

	"jiesu/configs"
)

// benchCommand measures the product on this machine, each figure beside something measured in the same run, since figures of two machines say nothing.
type benchCommand struct {
	Seconds     int    `default:"8" help:"How long each load runs."`
	Connections []int  `default:"1,16,64,256" help:"Connections that send at once."`
	Postgres    string `env:"JIESU_BENCH_POSTGRES" help:"Address of an empty PostgreSQL database to measure too; it is filled."`
	Out         string `type:"path" help:"Folder for bench.json and bench.html."`
	Profile     string `type:"path" help:"File for a profile of the processor (go tool pprof)."`
}

// benchRow is one line of the table.
type benchRow struct {
	What        string  `json:"what"`
	Connections int     `json:"connections,omitempty"`
	PerSecond   float64 `json:"per_second,omitempty"`
	P50         float64 `json:"p50_ms,omitempty"`
	P99         float64 `json:"p99_ms,omitempty"`
	P999        float64 `json:"p999_ms,omitempty"`
	CPU         float64 `json:"cpu_ms_per_message,omitempty"` // of client and server
	Memory      float64 `json:"memory_mib,omitempty"`         // resident, of the process
	OfEcho      float64 `json:"of_echo,omitempty"`            // messages a second ÷ the echo bot's
	OfRaw       float64 `json:"of_raw,omitempty"`             // ÷ raw inserts
	Late        int     `json:"late,omitempty"`               // acknowledged in time, and answered by a message of its own
	Millis      float64 `json:"ms,omitempty"`
}

// The account of the benchmark; nobody outside knows it.
const (
	benchAppID  = "wx0123456789abcdef"
	benchToken  = "benchtoken"
	benchAESKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFA"
)

// Run implements the command.
func (b benchCommand) Run(ctx context.Context, w world) error {
	gin.SetMode(gin.ReleaseMode)
	if b.Profile != "" {
		f, err := os.Create(b.Profile)
		if err != nil {
			return fmt.Errorf("make file of profile: %w", err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("begin profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	folder, err := os.MkdirTemp("", "jiesu-bench-")
	if err != nil {
		return fmt.Errorf("make a folder for the benchmark: %w", err)
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	var rows []benchRow
	add := func(r benchRow, err error) error {
		if err == nil {
			rows = append(rows, r)
			_, err = fmt.Fprintln(w.stdout, r.line())
		}
		return err
	}
	if _, err := fmt.Fprintln(w.stdout, benchHead); err != nil {
		return err
	}
	databases := []string{"sqlite:" + filepath.Join(folder, "jiesu.db")}
	if b.Postgres != "" {
		databases = append(databases, b.Postgres)
	}
	bar := progress(w.stderr, "bench")
	total, done := 1+len(b.Connections)*(1+2*len(databases)), 0
	step := func() {
		if done++; bar != nil {
			bar(done, total)
		}
	}
	if err := b.start(ctx, folder, add); err != nil {
		return err
	}
	step()
	for _, connections := range b.Connections {
		echo, err := b.echo(ctx, connections)
		if err := add(echo, err); err != nil {
			return err
		}
		step()
		for i, database := range databases {
			name := map[bool]string{true: "SQLite", false: "PostgreSQL"}[strings.HasPrefix(database, "sqlite:")]
			if i == 0 {
				database = "sqlite:" + filepath.Join(folder, fmt.Sprintf("intake-%d.db", connections))
			}
			ours, each, err := b.intake(ctx, w, database, connections)
			if err != nil {
				return fmt.Errorf("measure intake on %s: %w", name, err)
			}
			step()
			raw, err := b.raw(ctx, database, folder, connections, each)
			if err != nil {
				return fmt.Errorf("measure raw inserts on %s: %w", name, err)
			}
			step()
			ours.What, ours.Connections, ours.OfEcho, ours.OfRaw = "intake, "+name, connections, ours.PerSecond/echo.PerSecond, ours.PerSecond/raw.PerSecond
			raw.What, raw.Connections = fmt.Sprintf("raw inserts, %s (%d rows of %d bytes a message)", name, each.rows, each.bytes), connections
			if err := errors.Join(add(ours, nil), add(raw, nil)); err != nil {
				return err
			}
		}
	}
	return b.write(rows)
}

const benchHead = "what                                                        conn     msg/s      p50      p99    p99.9   cpu/msg   memory  ÷echo   ÷raw"

func (r benchRow) line() string {
	if r.Millis > 0 {
		return fmt.Sprintf("%-60s %4s %8.0f ms %s", r.What, "", r.Millis, memoryOf(r.Memory))
	}
	text := fmt.Sprintf("%-60s %4d %9.0f %6.1fms %6.1fms %6.1fms %7.2fms %8s", r.What, r.Connections, r.PerSecond, r.P50, r.P99, r.P999, r.CPU, memoryOf(r.Memory))
	if r.Late > 0 {
		text += fmt.Sprintf("  (%d late)", r.Late)
	}
	if r.OfEcho > 0 {
		text += fmt.Sprintf(" %6.2f %6.2f", r.OfEcho, r.OfRaw)
	}
	return text
}

func memoryOf(mib float64) string {
	if mib == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f MiB", mib)
}

// write writes the figures as JSON and as a page.
func (b benchCommand) write(rows []benchRow) error {
	if b.Out == "" {
		return nil
	}
	if err := os.MkdirAll(b.Out, 0o755); err != nil { //nolint:gosec // figures for everybody
		return fmt.Errorf("make the folder of the figures: %w", err)
	}
	text, err := json.MarshalIndent(rows, "", " ")
	if err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	if err := writeFile(filepath.Join(b.Out, "bench.json"), func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return err
	}
	most := 0.0
	for _, r := range rows {
		most = max(most, r.PerSecond)
	}
	return writeFile(filepath.Join(b.Out, "bench.html"), func(w io.Writer) error {
		return benchPage.Execute(w, map[string]any{"Rows": rows, "Most": most, "Cores": runtime.NumCPU(), "Version": version})
	})
}

var benchPage = template.Must(template.New("bench").Funcs(template.FuncMap{"share": func(a, b float64) int {
	if b == 0 {
		return 0
	}
	return int(a * 600 / b)
}}).Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Jiesu benchmark</title><style>
body{font:15px/1.6 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;color:#1b2531}table{border-collapse:collapse;width:100%}
td,th{padding:4px 8px;border-bottom:1px solid #dbe1e8;text-align:right;font-variant-numeric:tabular-nums}td:first-child,th:first-child{text-align:left}rect{fill:#174a7c}</style>
<h1>Jiesu {{.Version}} on {{.Cores}} cores</h1>
<table><tr><th>what</th><th>connections</th><th>messages a second</th><th></th><th>p50</th><th>p99</th><th>p99.9</th><th>cpu a message</th><th>÷ echo</th><th>÷ raw</th></tr>
{{range .Rows}}<tr><td>{{.What}}</td>{{if .Millis}}<td></td><td colspan="8">{{printf "%.0f ms" .Millis}}{{if .Memory}}, {{printf "%.0f MiB" .Memory}}{{end}}</td>{{else}}<td>{{.Connections}}</td><td>{{printf "%.0f" .PerSecond}}</td>
<td><svg width="220" height="12" viewBox="0 0 600 12" preserveAspectRatio="none" role="img" aria-label="{{printf "%.0f" .PerSecond}}"><rect width="{{share .PerSecond $.Most}}" height="12"/></svg></td>
<td>{{printf "%.1f ms" .P50}}</td><td>{{printf "%.1f ms" .P99}}</td><td>{{printf "%.1f ms" .P999}}</td><td>{{printf "%.2f ms" .CPU}}</td><td>{{if .OfEcho}}{{printf "%.2f" .OfEcho}}{{end}}</td><td>{{if .OfRaw}}{{printf "%.2f" .OfRaw}}{{end}}</td>{{end}}</tr>
{{end}}</table></html>
`))

// start measures from the start of the process, on an empty database, to the first callback that is answered, and its memory then.
func (b benchCommand) start(ctx context.Context, folder string, add func(benchRow, error) error) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	for _, what := range []string{"first start, on an empty database", "start"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("find a port: %w", err)
		}
		address := l.Addr().String()
		if err := l.Close(); err != nil {
			return err
		}
		began := time.Now()
		cmd := exec.CommandContext(ctx, self, "serve") //nolint:gosec // ourselves
		cmd.Env = append(os.Environ(), "JIESU_LISTEN="+address, "JIESU_DATABASE_URL=sqlite:"+filepath.Join(folder, "start.db"), "JIESU_SECRET_KEY=0123456789abcdef0123456789abcdef",
			"JIESU_LOG_LEVEL=error", "JIESU_WECHAT_APP_ID="+benchAppID, "JIESU_WECHAT_APP_SECRET=x0123456789abcdef0123456789abcdef", "JIESU_WECHAT_TOKEN="+benchToken, "JIESU_WECHAT_AES_KEY="+benchAESKey,
			"JIESU_WECHAT_API_BASE=http://127.0.0.1:1", "JIESU_WECHAT_MENU=false")
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("start the product: %w", err)
		}
		_, err = eventuallyAnswered(ctx, "http://"+address+"/wechat/callback")
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
	r, _, err := b.load(ctx, "http://"+l.Addr().String()+"/wechat/callback", connections)
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
func (b benchCommand) intake(ctx context.Context, w world, database string, connections int) (benchRow, share, error) {
	cfg := configs.Default()
	var secret [20]byte
	_, _ = rand.Read(secret[:]) // never fails since Go 1.24
	cfg.DatabaseURL, cfg.SecretKey, cfg.Log.Level = configs.Secret(database), configs.Secret(benchSecret(database)), "error"
	cfg.WeChat.AppID, cfg.WeChat.AppSecret, cfg.WeChat.Token, cfg.WeChat.AESKey = benchAppID, configs.Secret(hex.EncodeToString(secret[:])), benchToken, benchAESKey
	cfg.WeChat.APIBase, cfg.WeChat.Menu = "http://127.0.0.1:1", false
	a, err := newApp(ctx, cfg, world{stdout: io.Discard, stderr: w.stderr}, roleAll, false)
	if err != nil {
		return benchRow{}, share{}, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return benchRow{}, share{}, fmt.Errorf("find a port: %w", err)
	}
	before, err := contents(ctx, a.db.Write(), string(a.db.Dialect()))
	if err != nil {
		return benchRow{}, share{}, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running, l) }()
	r, n, err := b.load(ctx, "http://"+l.Addr().String()+"/wechat/callback", connections)
	after, counting := contents(ctx, a.db.Write(), string(a.db.Dialect()))
	stop()
	err = errors.Join(err, counting, <-ended)
	if err != nil || n == 0 {
		return r, share{}, errors.Join(err, errors.New("no message was answered"))
	}
	return r, share{rows: max(1, (after.rows-before.rows)/n), bytes: max(1, (after.bytes-before.bytes)/max(1, after.rows-before.rows))}, nil
}

// benchSecret is the same for every run on a database that stays.
func benchSecret(database string) string {
	if strings.HasPrefix(database, "sqlite:") {
		return "0123456789abcdef0123456789abcdef"
	}
	return "benchmark-of-jiesu-benchmark-of-jiesu"
}

// contents counts the rows of our tables and the bytes in them.
func contents(ctx context.Context, db *sql.DB, dialect string) (s share, err error) {
	names := `SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '%\_data' ESCAPE '\' AND name NOT LIKE '%\_idx' ESCAPE '\' AND name NOT LIKE '%\_docsize' ESCAPE '\' AND name NOT LIKE '%\_config' ESCAPE '\'`
	if dialect == "postgres" {
		names = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	rows, err := db.QueryContext(ctx, names)
	if err != nil {
		return s, fmt.Errorf("list tables: %w", err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return s, errors.Join(err, rows.Close())
		}
		tables = append(tables, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return s, fmt.Errorf("list tables: %w", err)
	}
	for _, name := range tables {
		n, size, err := weigh(ctx, db, name)
		if err != nil {
			return s, err
		}
		s.rows, s.bytes = s.rows+n, s.bytes+size
	}
	return s, nil
}

// weigh counts a table's rows, and by the newest two hundred how many bytes they have.
func weigh(ctx context.Context, db *sql.DB, table string) (n, size int, err error) {
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&n); err != nil || n == 0 {
		return n, 0, err
	}
	rows, err := db.QueryContext(ctx, `SELECT * FROM `+table+` LIMIT 200`)
	if err != nil {
		return n, 0, fmt.Errorf("weigh %s: %w", table, err)
	}
	columns, err := rows.Columns()
	if err != nil {
		return n, 0, errors.Join(err, rows.Close())
	}
	seen := 0
	for rows.Next() {
		values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return n, 0, errors.Join(err, rows.Close())
		}
		seen++
		for _, v := range values {
			size += len(v)
		}
	}
	return n, size * n / max(1, seen), errors.Join(rows.Err(), rows.Close())
}

// raw measures what the database could take at most: as many rows of the same size for each message, in a plain table, those that wait at once in one commit.
func (b benchCommand) raw(ctx context.Context, database, folder string, connections int, each share) (benchRow, error) {
	driver, address := "pgx", database
	if strings.HasPrefix(database, "sqlite:") {
		driver = "sqlite"
		address = "file:" + filepath.Join(folder, fmt.Sprintf("raw-%d.db", connections)) + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		return benchRow{}, fmt.Errorf("open: %w", err)
	}
	defer db.Close()
	if driver == "sqlite" {
		db.SetMaxOpenConns(1)
	}
	table := fmt.Sprintf("bench_raw_%d", connections)
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS `+table+` (id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL)`); err != nil {
		return benchRow{}, fmt.Errorf("make table: %w", err)
	}
	body := strings.Repeat("x", each.bytes)
	asks := make(chan chan error, connections)
	var serial atomic.Int64
	go func() { // the one writer: all that wait share a commit
		for first := range asks {
			group := []chan error{first}
			for len(group) < connections && len(asks) > 0 {
				group = append(group, <-asks)
			}
			err := insertRaw(ctx, db, table, body, each.rows*len(group), &serial)
			for _, done := range group {
				done <- err
			}
		}
	}()
	defer close(asks)
	r, err := b.measure(ctx, connections, func(int64) error {
		done := make(chan error, 1)
		asks <- done
		return <-done
	})
	return r, err
}

func insertRaw(ctx context.Context, db *sql.DB, table, body string, rows int, serial *atomic.Int64) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	statement, err := tx.PrepareContext(ctx, `INSERT INTO `+table+` (id, body) VALUES ($1, $2)`)
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	defer statement.Close()
	for range rows {
		if _, err := statement.ExecContext(ctx, fmt.Sprintf("%d-%020d", os.Getpid(), serial.Add(1)), body); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// load sends complaints over so many connections for as long as the benchmark says.
func (b benchCommand) load(ctx context.Context, address string, connections int) (benchRow, int, error) {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	var sent atomic.Int64
	said, err := complaints()
	if err != nil {
		return benchRow{}, 0, err
	}
	var late atomic.Int64
	r, err := b.measure(ctx, connections, func(n int64) error {
		words := said(n / 2)
		if n%2 == 1 {
			words = "1"
		}
		sent.Add(1)
		// The platform's ids are unique for ever, and so are ours on a database that stays from load to load.
		_, err := benchPost(client, address, fmt.Sprintf("fan-%d-%d", connections, n/2), int64(connections)*1_000_000_000+n+1, words)
		if errors.Is(err, errLate) {
			late.Add(1)
			return nil
		}
		return err
	})
	r.Late = int(late.Load())
	return r, int(sent.Load()), err
}

// complaints makes texts that no two people would send: five phrases each of those that the demo's samples are made of.
func complaints() (func(n int64) string, error) {
	var phrases []string
	lines := bufio.NewScanner(bytes.NewReader(samplesFile))
	for lines.Scan() {
		var sm sample
		if err := json.Unmarshal(lines.Bytes(), &sm); err != nil {
			return nil, fmt.Errorf("read samples: %w", err)
		}
		phrases = append(phrases, strings.FieldsFunc(sm.Text, func(r rune) bool { return strings.ContainsRune("\uff0c\u3002\uff1b\uff01\uff1f\n", r) })...)
	}
	if len(phrases) < 100 {
		return nil, errors.New("the samples say too little")
	}
	return func(n int64) string {
		r := mathrand.New(mathrand.NewPCG(1, uint64(n))) //nolint:gosec // the same texts in every run
		var text strings.Builder
		for range 5 {
			text.WriteString(phrases[r.IntN(len(phrases))] + "\uff0c")
		}
		return text.String()
	}, lines.Err()
}

// measure runs do from so many goroutines. Each worker has pairs of numbers of its own, one after the other.
func (b benchCommand) measure(ctx context.Context, connections int, do func(n int64) error) (benchRow, error) {
	var (
		next    atomic.Int64
		mu      sync.Mutex
		took    []time.Duration
		failed  error
		workers sync.WaitGroup
	)
	before, began := cpuTime(), time.Now()
	end := began.Add(time.Duration(b.Seconds) * time.Second)
	for range connections {
		workers.Go(func() {
			var mine []time.Duration
			for time.Now().Before(end) && ctx.Err() == nil {
				pair := next.Add(2) - 2
				for n := pair; n < pair+2; n++ {
					at := time.Now()
					if err := do(n); err != nil {
						mu.Lock()
						failed = errors.Join(failed, err)
						mu.Unlock()
						return
					}
					mine = append(mine, time.Since(at))
				}
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	workers.Wait()
	if failed != nil || len(took) == 0 {
		return benchRow{}, errors.Join(failed, ctx.Err())
	}
	elapsed := time.Since(began)
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
	}
	return benchRow{PerSecond: float64(len(took)) / elapsed.Seconds(), P50: at(0.5), P99: at(0.99), P999: at(0.999),
		CPU: float64((cpuTime() - before).Microseconds()) / 1000 / float64(len(took)), Memory: residentOf(os.Getpid())}, nil
}

// cpuTime is the processor time of this process so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// errLate: the message was acknowledged in time, and its answer will be a message of its own.
var errLate = errors.New("answered late")

// benchPost sends one encrypted message and checks that it was answered by words. Error: errLate.
func benchPost(client *http.Client, address, fan string, id int64, words string) (string, error) {
	now := strconv.FormatInt(time.Now().Unix(), 10)
	plain := fmt.Sprintf("<xml><ToUserName>gh</ToUserName><FromUserName>%s</FromUserName><CreateTime>%s</CreateTime><MsgType>text</MsgType><Content>%s</Content><MsgId>%d</MsgId></xml>", fan, now, words, id)
	encrypted, err := util.EncryptMsg([]byte("0123456789abcdef"), []byte(plain), benchAppID, benchAESKey)
	if err != nil {
		return "", fmt.Errorf("seal message: %w", err)
	}
	query := url.Values{"timestamp": {now}, "nonce": {"1"}, "encrypt_type": {"aes"}, "signature": {util.Signature(benchToken, now, "1")},
		"msg_signature": {util.Signature(benchToken, now, "1", string(encrypted))}}
	resp, err := client.Post(address+"?"+query.Encode(), "text/xml", bytes.NewReader([]byte("<xml><ToUserName>gh</ToUserName><Encrypt>"+string(encrypted)+"</Encrypt></xml>")))
	if err != nil {
		return "", fmt.Errorf("send message: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode == http.StatusOK && string(answer) == "success" {
		return "", errLate
	}
	var sealed struct{ Encrypt string }
	if err != nil || resp.StatusCode != http.StatusOK || xml.Unmarshal(answer, &sealed) != nil || sealed.Encrypt == "" {
		return "", errors.Join(err, fmt.Errorf("message %d: status %d, %d bytes", id, resp.StatusCode, len(answer)))
	}
	return sealed.Encrypt, nil
}
