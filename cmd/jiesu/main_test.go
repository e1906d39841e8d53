package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

// TestMain lets the test binary be jiesu itself, so that the tests start, kill and restart the real process.
func TestMain(m *testing.M) {
	if os.Getenv("JIESU_TEST_AS_COMMAND") == "1" {
		if path := os.Getenv("JIESU_TEST_CLOCK"); path != "" {
			process(steppedClock{path}.now)
		}
		main()
		return
	}
	gin.SetMode(gin.ReleaseMode)
	os.Exit(runTests(m))
}

// asCommand is the program that the tests start: this test binary. Under the race detector it is another one, built without it, since hundreds of processes under
// it take half an hour on two slow cores. The servers' code is under it in the tests of its packages, and in those of this one that build the product in their own process.
var asCommand = os.Args[0]

func runTests(m *testing.M) int {
	if underRace {
		folder, err := os.MkdirTemp("", "jiesu-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		asCommand = filepath.Join(folder, "jiesu.test")
		if out, err := exec.Command("go", "test", "-c", "-o", asCommand, ".").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build the program that tests start: %v\n%s", err, out)
			return 1
		}
	}
	return m.Run()
}

// command runs jiesu to its end and returns what it wrote.
func command(t *testing.T, env []string, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(asCommand, args...)
	cmd.Env = append(cleanEnv(), env...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatalf("run jiesu %v: %v", args, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// cleanEnv is the environment without settings of whoever runs the tests.
func cleanEnv() []string {
	env := []string{"JIESU_TEST_AS_COMMAND=1"}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "JIESU_") {
			env = append(env, e)
		}
	}
	return env
}

// server is a running jiesu process.
type server struct {
	t      *testing.T
	cmd    *exec.Cmd
	URL    string
	out    *transcript
	exited chan struct{}
	err    error // of the exit
}

// transcript collects what a process writes and lets a test wait for a line.
type transcript struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{}
	ended   bool
}

func (tr *transcript) update(change func()) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	change()
	close(tr.changed)
	tr.changed = make(chan struct{})
}

func (tr *transcript) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		tr.update(func() { tr.text.WriteString(lines.Text() + "\n") })
	}
	tr.update(func() { tr.ended = true })
}

func (tr *transcript) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.String()
}

// await returns the submatches of the first match of re.
func (tr *transcript) await(t *testing.T, re *regexp.Regexp) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		tr.mu.Lock()
		text, changed, ended := tr.text.String(), tr.changed, tr.ended
		tr.mu.Unlock()
		if m := re.FindStringSubmatch(text); m != nil {
			return m
		}
		if ended {
			t.Fatalf("the process ended without %v:\n%s", re, text)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("no %v in:\n%s", re, text)
		}
	}
}

// start runs jiesu in the background with the environment and waits until it is ready.
func start(t *testing.T, env []string, args ...string) *server {
	t.Helper()
	s := &server{t: t, cmd: exec.Command(asCommand, args...), out: &transcript{changed: make(chan struct{})}, exited: make(chan struct{})}
	s.cmd.Env = append(cleanEnv(), env...)
	r, w := io.Pipe()
	s.cmd.Stdout, s.cmd.Stderr = w, w
	go s.out.read(r)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.err = s.cmd.Wait()
		_ = w.Close()
		close(s.exited)
	}()
	t.Cleanup(s.kill)
	s.URL = "http://" + s.out.await(t, regexp.MustCompile(`(?:listen=|    http://)(127\.0\.0\.1:\d+)`))[1]
	eventually(t, func() error {
		if status := s.get("/readyz"); status != http.StatusOK {
			return fmt.Errorf("readyz: %d", status)
		}
		return nil
	})
	return s
}

// startDemo runs jiesu demo on a free port; env may be "".
func startDemo(t *testing.T, env string, args ...string) *server {
	t.Helper()
	s := start(t, []string{"JIESU_LISTEN=127.0.0.1:0", env}, append([]string{"demo"}, args...)...)
	s.out.await(t, regexp.MustCompile(`Ctrl-C`)) // the last line of the welcome
	return s
}

// get returns the status of an address, 0 when nobody answers.
func (s *server) get(path string) int {
	resp, err := http.Get(s.URL + path)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// login returns the status of signing in: 303 when it worked.
func (s *server) login(name, password string) int {
	s.t.Helper()
	noFollow := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := noFollow.PostForm(s.URL+"/console/login", url.Values{"name": {name}, "password": {password}})
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// stop asks the process to end, as a service manager does, and insists that it does so cleanly.
func (s *server) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if <-s.exited; s.err != nil {
		s.t.Fatalf("stop: %v\n%s", s.err, s.out)
	}
}

// kill ends the process without any chance to clean up.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// eventually polls until f succeeds.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("still failing: %v", err)
		}
	}
}

// account is an official account's settings for a test.
const (
	testAppID  = "wx0123456789abcdef"
	testSecret = "0123456789abcdef0123456789abcdef"
	testToken  = "testtoken"
	testAESKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFA"
	testKey    = "a-secret-key-of-the-tests-only-0123456789"
)

// serveEnv is a whole configuration for serve on a fresh SQLite database; apiBase is the platform's stand-in.
func serveEnv(t *testing.T, apiBase string) []string {
	t.Helper()
	return []string{
		"JIESU_LISTEN=127.0.0.1:0", "JIESU_DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "jiesu.db"), "JIESU_SECRET_KEY=" + testKey,
		"JIESU_WECHAT_APP_ID=" + testAppID, "JIESU_WECHAT_APP_SECRET=" + testSecret, "JIESU_WECHAT_TOKEN=" + testToken,
		"JIESU_WECHAT_AES_KEY=" + testAESKey, "JIESU_WECHAT_API_BASE=" + apiBase,
	}
}

// client calls the REST API with one key.
type client struct {
	t    *testing.T
	base string
	key  string
}

func newKey(t *testing.T, env []string, base, role, unit string) client {
	t.Helper()
	args := []string{"key", "create", "--role", role, "--name", role + unit}
	if unit != "" {
		args = append(args, "--unit", unit)
	}
	out, errs, code := command(t, env, "", args...)
	if code != 0 || !regexp.MustCompile(`^\S+\n$`).MatchString(out) {
		t.Fatalf("key create: code %d, stdout %q, stderr %q", code, out, errs)
	}
	return client{t, base, strings.TrimSpace(out)}
}

// call sends a request and decodes the answer.
func (c client) call(method, path string, body any) (status int, answer map[string]any) {
	c.t.Helper()
	var payload io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		payload = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, c.base+path, payload)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		c.t.Fatalf("%s %s: %s: %v", method, path, resp.Status, err)
	}
	return resp.StatusCode, answer
}

// do calls and insists on the status.
func (c client) do(status int, method, path string, body any) map[string]any {
	c.t.Helper()
	got, answer := c.call(method, path, body)
	if got != status {
		c.t.Fatalf("%s %s: status %d, want %d: %v", method, path, got, status, answer)
	}
	return answer
}

// act takes one action on the case as it stands now.
func (c client) act(number, action string, fields map[string]any) map[string]any {
	c.t.Helper()
	body := map[string]any{"version": c.do(200, "GET", "/api/v1/cases/"+number, nil)["version"]}
	for k, v := range fields {
		body[k] = v
	}
	return c.do(200, "POST", "/api/v1/cases/"+number+"/actions/"+action, body)
}

func contains(text, word string) error {
	if !strings.Contains(text, word) {
		return fmt.Errorf("no %q in %q", word, text)
	}
	return nil
}
