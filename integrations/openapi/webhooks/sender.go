package webhooks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"jiesu/routing"
)

// schedule is how long after each attempt the next comes, as the standard proposes it; after the last the endpoint is turned off.
var schedule = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

const (
	// turn is how long an event waits for an earlier one of its case.
	turn = 2 * time.Second
	// longestTurn bounds the wait when the earlier one waits for long itself.
	longestTurn = 10 * time.Minute
	// longestWait is the longest that a receiver may have us wait.
	longestWait = 24 * time.Hour
)

// Config is what a sender works with. Allowed and Registerer may be left out.
type Config struct {
	Store      routing.Store
	Desk       *routing.Desk
	Allowed    []netip.Prefix // networks that are called though they aren't public
	Now        func() time.Time
	Logger     *slog.Logger
	Version    string
	Plan       *routing.Plan   // names units and items to robots
	Wording    routing.Wording // of what robots say
	PublicURL  string          // scheme://host of the console that robots point to
	Registerer prometheus.Registerer
}

// Sender sends. It is safe for concurrent use.
type Sender struct {
	Config
	client *http.Client
	sent   *prometheus.CounterVec
}

// New returns a sender.
func New(c Config) (*Sender, error) {
	s := &Sender{Config: c, client: newClient(c.Allowed), sent: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jiesu_webhooks_total",
		Help: "Attempts to tell outside systems of events, by outcome."}, []string{"outcome"})}
	if c.Registerer == nil {
		return s, nil
	}
	if err := c.Registerer.Register(s.sent); err != nil {
		return nil, fmt.Errorf("register metrics of webhooks: %w", err)
	}
	return s, nil
}

// Send takes one telling as far as it goes now. It returns how long to wait before the next look, 0 when nothing is left to do: it was told, given up, or
// waits for its endpoint to be turned on. An error is a failure on our side.
func (s *Sender) Send(ctx context.Context, id string) (time.Duration, error) {
	h, err := s.Store.Hook(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("load webhook %s: %w", id, err)
	}
	if h.State != routing.HookPending {
		return 0, nil
	}
	to, err := s.Store.Endpoint(ctx, h.Endpoint)
	if err != nil {
		return 0, fmt.Errorf("load endpoint of webhook %s: %w", id, err)
	}
	if !to.OffSince.IsZero() { // turning it on sends everything that waits
		return 0, nil
	}
	now := s.Now()
	if wait := h.NextAt.Sub(now); wait > 0 {
		return wait, nil
	}
	earlier, err := s.Store.HookBefore(ctx, h)
	if err != nil {
		return 0, fmt.Errorf("look for earlier webhooks of case %s: %w", h.Case, err)
	}
	if earlier {
		return min(max(turn, now.Sub(h.CreatedAt)/4), longestTurn), nil
	}
	return s.attempt(ctx, h, to, now)
}

// result is what came of an attempt.
type result struct {
	status int
	why    string // for people who look after the endpoint; nothing that the receiver said
	after  time.Duration
}

func (s *Sender) attempt(ctx context.Context, h routing.Hook, to routing.Endpoint, now time.Time) (time.Duration, error) {
	r, err := s.post(ctx, h, to, now)
	if err != nil {
		return 0, err
	}
	h.Attempts, h.Status, h.Error, h.TriedAt = h.Attempts+1, r.status, r.why, now
	off, wait := routing.HookOff(""), time.Duration(0)
	switch {
	case r.why == "":
		h.State = routing.HookDone
		s.sent.WithLabelValues("done").Inc()
	case r.status == http.StatusGone:
		off = routing.HookOffGone // it stays pending: who turns the endpoint on again wants it
		s.sent.WithLabelValues("gone").Inc()
	case h.Attempts > len(schedule):
		h.State, off = routing.HookFailed, routing.HookOffFailed
		s.sent.WithLabelValues("given_up").Inc()
	default:
		wait = max(jittered(schedule[h.Attempts-1]), min(r.after, longestWait))
		h.NextAt = now.Add(wait)
		s.sent.WithLabelValues("failed").Inc()
	}
	if off != "" {
		s.Logger.WarnContext(ctx, "webhook endpoint turned off", "endpoint", to.ID, "why", off, "webhook", h.ID, "case", h.Case)
	}
	// What was sent must be on record, also when the server stops meanwhile; sent twice it is known by its id.
	if err := s.Desk.EndHook(context.WithoutCancel(ctx), h, off); err != nil {
		return 0, fmt.Errorf("record webhook %s: %w", h.ID, err)
	}
	return wait, nil
}

// jittered spreads a delay by a tenth to either side.
func jittered(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}

// post sends once. Its error is ours: a secret that can't be read, or the server that stops.
func (s *Sender) post(ctx context.Context, h routing.Hook, to routing.Endpoint, now time.Time) (result, error) {
	body := h.Body
	if to.Robot != "" {
		words, err := s.words(h, to.Robot)
		if err != nil {
			return result{}, err
		}
		body = words
	}
	signatures, err := Sign(to.Secrets, h.ID, now, []byte(body))
	if err != nil {
		return result{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, strings.NewReader(body))
	if err != nil {
		return result{why: "the address can't be read"}, nil //nolint:nilerr // the endpoint's fault
	}
	r.Header.Set("Content-Type", contentType(to.Format))
	r.Header.Set("User-Agent", "Jiesu/"+s.Version+" (+standardwebhooks)")
	r.Header.Set(standard.HeaderWebhookID, h.ID)
	r.Header.Set(standard.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	r.Header.Set(standard.HeaderWebhookSignature, signatures)
	answer, err := s.client.Do(r)
	if err != nil {
		if ctx.Err() != nil { // we stop; it counts for nothing
			return result{}, ctx.Err()
		}
		return result{why: reason(err)}, nil
	}
	defer func() { _ = answer.Body.Close() }()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10)) // to its end, so that the connection can be used again, if there isn't more
	res := result{status: answer.StatusCode}
	if res.status < 200 || res.status > 299 {
		res.why, res.after = "answered "+strconv.Itoa(res.status), retryAfter(answer.Header.Get("Retry-After"), now)
	} else if to.Robot != "" {
		res.why = refusal(said)
	}
	return res, nil
}

func contentType(f routing.HookFormat) string {
	if f == routing.HookCloudEvents {
		return "application/cloudevents+json"
	}
	return "application/json"
}

// reason says what kind of failure it was, without addresses.
func reason(err error) string {
	var dns *net.DNSError
	var timed interface{ Timeout() bool }
	switch {
	case errors.Is(err, ErrInside):
		return "the address is not a public one"
	case errors.As(err, &dns):
		return "the host has no address"
	case errors.As(err, &timed) && timed.Timeout():
		return "no answer in time"
	}
	return "no connection"
}

// retryAfter reads seconds or a date.
func retryAfter(v string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return time.Duration(min(n, int(longestWait/time.Second))) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}

// Sign is the signatures of a body by every secret, with spaces between them.
func Sign(secrets []string, id string, at time.Time, body []byte) (string, error) {
	var list []string
	for _, secret := range secrets {
		w, err := standard.NewWebhook(secret)
		if err != nil {
			return "", fmt.Errorf("read webhook secret: %w", err)
		}
		signature, err := w.Sign(id, at, body)
		if err != nil {
			return "", fmt.Errorf("sign webhook: %w", err)
		}
		list = append(list, signature)
	}
	return strings.Join(list, " "), nil
}
