// Package sandbox stands in for the WeChat platform: it delivers real encrypted callbacks to an account's server, answers the API calls
// that we make, as strictly as the platform does, and shows the chat of each fan as a phone in the browser. Tests drive it by Go
// (Sandbox.Fan), people by /sandbox. Everything is in memory and gone when the process ends. It knows nothing of package wechat, so
// that a mistake there isn't repeated here.
package sandbox

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// Config is what a Sandbox needs.
type Config struct {
	AppID       string
	AppSecret   string
	Token       string
	AESKey      string
	CallbackURL string                                 // where callbacks go
	BaseURL     string                                 // how the sandbox is reached from outside, e.g. http://127.0.0.1:8080
	Templates   []Template                             // nil: DefaultTemplate alone
	Now         func() time.Time                       // the clock
	After       func(d time.Duration) <-chan time.Time // the timers; nil: the machine's
	Logger      *slog.Logger
	HTTP        *http.Client // delivers callbacks
	Wording     routing.Wording
	Stopping    <-chan struct{} // closed when the server begins to stop, so that open phones don't hold it up; nil: never
}

// Sandbox is the stand-in. Close it to end its deliveries and live updates.
type Sandbox struct {
	cfg        Config
	ctx        context.Context // of everything that outlives a request
	cancel     context.CancelFunc
	background sync.WaitGroup

	mu        sync.Mutex // guards all below, and every Fan
	changed   chan struct{}
	fans      map[string]*Fan // by openid
	order     []*Fan
	faults    Faults
	token     issued
	menu      []menuButton
	media     map[string]media
	mediaIDs  []string // oldest first
	codes     map[string]qrCode
	sent      map[string]delivered // template messages by openid and client_msg_id
	templates map[string]Template
	lastID    int64
}

// Faults are what goes wrong on purpose, until it is set otherwise. The zero value: nothing.
type Faults struct {
	Slow        time.Duration // before every answer of the API
	Code        int           // errcode of every API call but the token's
	Outage      bool          // the API answers HTTP 502
	DropAnswers int           // so many answers to callbacks get lost; the platform delivers again
	Duplicate   bool          // every message is delivered twice, whatever the answer
	Report      string        // status of the reports on template messages; "": success
}

// New returns a sandbox without fans.
func New(cfg Config) *Sandbox {
	if cfg.After == nil {
		cfg.After = func(d time.Duration) <-chan time.Time { return time.NewTimer(d).C }
	}
	if cfg.Templates == nil {
		cfg.Templates = []Template{DefaultTemplate(cfg.Wording)}
	}
	cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sandbox{
		cfg: cfg, ctx: ctx, cancel: cancel, changed: make(chan struct{}), fans: map[string]*Fan{}, media: map[string]media{},
		codes: map[string]qrCode{}, sent: map[string]delivered{}, templates: map[string]Template{}, lastID: cfg.Now().UnixNano(),
	}
	for _, t := range cfg.Templates {
		s.templates[t.ID] = t
	}
	return s
}

// Routes adds the phone under /sandbox and the platform's API under /sandbox/api.
func (s *Sandbox) Routes(r gin.IRouter) {
	s.apiRoutes(r.Group("/sandbox/api"))
	s.phoneRoutes(r.Group("/sandbox"))
}

// SetFaults replaces the faults.
func (s *Sandbox) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
	s.announce()
}

// Faults returns the faults as they are now.
func (s *Sandbox) Faults() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults
}

// Close ends live updates and deliveries, and waits for those at work.
func (s *Sandbox) Close() {
	s.cancel()
	s.background.Wait()
}

// inBackground runs fn until Close. Nothing new begins after that.
func (s *Sandbox) inBackground(fn func(ctx context.Context)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() == nil {
		s.background.Go(func() { fn(s.ctx) })
	}
}

// announce wakes everybody who waits for a change. Called with the lock held.
func (s *Sandbox) announce() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// nextID returns a number that was never given before. Called with the lock held.
func (s *Sandbox) nextID() int64 {
	s.lastID++
	return s.lastID
}
