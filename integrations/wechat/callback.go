package wechat

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"jiesu/routing"
)

const (
	// maxBody of a callback; real ones are a few KiB.
	maxBody = 64 << 10
	// window around now in which a callback's timestamp counts. The platform names none; its retries take about 15 s, clocks differ.
	window = 10 * time.Minute
	// success tells the platform that all is well and nothing is to be shown (Passive_user_reply_message). Never encrypted.
	success = "success"
)

// CallbackConfig is what a Callback needs.
type CallbackConfig struct {
	AppID          string
	Token          string                                 // signs callbacks
	AESKey         string                                 // EncodingAESKey, 43 characters
	AESKeyPrevious string                                 // still accepted after a change; "" for none
	Deadline       time.Duration                          // our answer to the platform; 0: 4.5 s
	MaxWorking     int                                    // messages in work at once; what comes beyond is kept for later. 0: 256
	Now            func() time.Time                       // the clock
	After          func(d time.Duration) <-chan time.Time // the timers; nil: the machine's
	Logger         *slog.Logger
	Registerer     prometheus.Registerer // nil: rejections are counted nowhere
}

// Callback takes in what the platform delivers: it answers within the deadline whatever the intake does, and lets nothing in that the
// platform hasn't encrypted for this account.
type Callback struct {
	envelope envelope
	intake   routing.Intake
	deadline time.Duration
	now      func() time.Time
	after    func(time.Duration) <-chan time.Time
	log      *slog.Logger
	rejected *prometheus.CounterVec
	late     prometheus.Counter
	kept     prometheus.Counter
	working  sync.WaitGroup
	max      int64
	busy     atomic.Int64 // messages in work
}

// NewCallback returns a callback that hands messages to intake. It fails on an unusable key or token, or when the registerer refuses
// the metrics.
func NewCallback(cfg CallbackConfig, intake routing.Intake) (*Callback, error) {
	keys := []string{cfg.AESKey}
	if cfg.AESKeyPrevious != "" {
		keys = append(keys, cfg.AESKeyPrevious)
	}
	box, err := newEnvelope(cfg.AppID, cfg.Token, keys...)
	if err != nil {
		return nil, fmt.Errorf("wechat callback: %w", err)
	}
	c := &Callback{envelope: box, intake: intake, deadline: cfg.Deadline, max: int64(cmp.Or(cfg.MaxWorking, 256)), now: cfg.Now, after: cfg.After, log: cfg.Logger}
	if c.deadline == 0 {
		c.deadline = 4500 * time.Millisecond
	}
	if c.after == nil {
		c.after = func(d time.Duration) <-chan time.Time { return time.NewTimer(d).C }
	}
	return c, c.count(cfg.Registerer)
}

func (c *Callback) count(reg prometheus.Registerer) error {
	c.rejected = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "jiesu_wechat_callback_rejected_total", Help: "Callbacks not taken in, by reason.",
	}, []string{"reason"})
	c.late = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "jiesu_wechat_callback_late_total", Help: "Callbacks whose reply came after the deadline.",
	})
	c.kept = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "jiesu_wechat_callback_kept_total", Help: "Messages acknowledged and kept for later, because too many were in work or the deadline came first.",
	})
	if reg == nil {
		return nil
	}
	for _, m := range []prometheus.Collector{c.rejected, c.late, c.kept} {
		if err := reg.Register(m); err != nil {
			return fmt.Errorf("register callback metrics: %w", err)
		}
	}
	return nil
}

// Routes adds the address that the account's settings page names.
func (c *Callback) Routes(r gin.IRouter) {
	r.GET("/wechat/callback", c.verify)
	r.POST("/wechat/callback", c.receive)
}

// verify answers the platform's check of our address: echostr comes back as it is.
func (c *Callback) verify(g *gin.Context) {
	timestamp, nonce := g.Query("timestamp"), g.Query("nonce")
	if !c.fresh(timestamp) {
		c.reject(g, &rejection{http.StatusForbidden, "timestamp"})
		return
	}
	if !c.envelope.signed(g.Query("signature"), timestamp, nonce) {
		c.reject(g, &rejection{http.StatusForbidden, "signature"})
		return
	}
	g.Data(http.StatusOK, "text/plain; charset=utf-8", []byte(g.Query("echostr")))
}

// receive takes in one delivery of a message.
func (c *Callback) receive(g *gin.Context) {
	deadline := c.after(c.deadline) // runs from here: a slow body is our time too
	raw, key, rejected := c.open(g)
	if rejected != nil {
		c.reject(g, rejected)
		return
	}
	m, err := parseMessage(raw)
	if err != nil {
		// Authentic but unreadable: delivered again it would be no better.
		c.rejected.WithLabelValues("message").Inc()
		c.log.Warn("callback message not understood", "error", err)
		g.String(http.StatusOK, success)
		return
	}
	in := m.inbound(c.now())
	reply, err := c.take(g.Request.Context(), in, deadline)
	switch {
	case err != nil:
		c.log.Error("take in message", "message", in.Key, "error", err)
		g.String(http.StatusInternalServerError, "") // the platform delivers it again
	default:
		c.answer(g, m, reply, key)
	}
}

// answer writes the passive reply, encrypted with the key that the platform used.
func (c *Callback) answer(g *gin.Context, m message, reply string, key []byte) {
	if CutText(reply) == "" { // an empty text shows the user an error
		g.String(http.StatusOK, success)
		return
	}
	now := c.now()
	plain, err := m.answer(reply, now)
	if err == nil {
		plain, err = c.envelope.seal(plain, key, g.Query("nonce"), now)
	}
	if err != nil {
		c.log.Error("answer callback", "message", m.key(), "error", err)
		g.String(http.StatusInternalServerError, "")
		return
	}
	g.Data(http.StatusOK, "application/xml; charset=utf-8", plain)
}

// rejection is why a delivery isn't taken in.
type rejection struct {
	status int
	reason string // label of the metric
}

func (c *Callback) reject(g *gin.Context, r *rejection) {
	c.rejected.WithLabelValues(r.reason).Inc()
	c.log.Debug("callback rejected", "reason", r.reason) // not louder: anybody can send rubbish
	g.String(r.status, "")
}

// open authenticates and decrypts the request. Only the encrypted mode exists here, whatever the query says: the plain mode's signature
// doesn't cover the body.
func (c *Callback) open(g *gin.Context) (msg, key []byte, r *rejection) {
	timestamp, nonce := g.Query("timestamp"), g.Query("nonce")
	if g.Query("encrypt_type") != "aes" {
		return nil, nil, &rejection{http.StatusForbidden, "plaintext"}
	}
	if !c.fresh(timestamp) {
		return nil, nil, &rejection{http.StatusForbidden, "timestamp"}
	}
	encrypted, r := readEncrypted(http.MaxBytesReader(g.Writer, g.Request.Body, maxBody))
	if r != nil {
		return nil, nil, r
	}
	if !c.envelope.signed(g.Query("msg_signature"), timestamp, nonce, encrypted) {
		return nil, nil, &rejection{http.StatusForbidden, "signature"}
	}
	msg, key, err := c.envelope.open(encrypted)
	switch {
	case errors.Is(err, errBase64):
		return nil, nil, &rejection{http.StatusBadRequest, "base64"}
	case errors.Is(err, errAppID):
		return nil, nil, &rejection{http.StatusForbidden, "appid"}
	case err != nil:
		return nil, nil, &rejection{http.StatusForbidden, "decrypt"}
	}
	return msg, key, nil
}

func readEncrypted(body io.Reader) (string, *rejection) {
	raw, err := io.ReadAll(body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return "", &rejection{http.StatusRequestEntityTooLarge, "too_large"}
	case err != nil:
		return "", &rejection{http.StatusBadRequest, "body"}
	}
	var outer struct {
		XMLName xml.Name `xml:"xml"`
		Encrypt string
	}
	if err := xml.Unmarshal(raw, &outer); err != nil || outer.Encrypt == "" {
		return "", &rejection{http.StatusBadRequest, "xml"}
	}
	return outer.Encrypt, nil
}

// fresh reports whether a timestamp in seconds or milliseconds lies in the window around now.
func (c *Callback) fresh(timestamp string) bool {
	n, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || n < 0 {
		return false
	}
	at := time.Unix(n, 0)
	if len(timestamp) == 13 {
		at = time.UnixMilli(n)
	}
	d := c.now().Sub(at)
	return d >= -window && d <= window
}
