package wechat

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"jiesu/routing"
)

// DefaultAPIBase is the platform's API.
const DefaultAPIBase = "https://api.weixin.qq.com"

// maxAnswer bounds a JSON answer of the platform.
const maxAnswer = 1 << 20

// ClientConfig is what a Client needs.
type ClientConfig struct {
	AppID     string
	AppSecret string
	APIBase   string           // "": DefaultAPIBase
	HTTP      *http.Client     // with a timeout
	Volatile  routing.Volatile // keeps the access token, shared by several nodes
	Now       func() time.Time
	Logger    *slog.Logger
}

// Client calls the platform's API. No error of it carries a token, a secret or an address with one.
type Client struct {
	appID  string
	secret string
	base   string
	http   *http.Client // follows no redirect, which would hand on the token in its address
	files  *http.Client
	live   routing.Volatile
	now    func() time.Time
	log    *slog.Logger
	tokens singleflight.Group
}

// NewClient returns a client for one account.
func NewClient(cfg ClientConfig) *Client {
	base := cfg.APIBase
	if base == "" {
		base = DefaultAPIBase
	}
	api := *cfg.HTTP
	api.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		appID: cfg.AppID, secret: cfg.AppSecret, base: strings.TrimRight(base, "/"), http: &api, files: cfg.HTTP,
		live: cfg.Volatile, now: cfg.Now, log: cfg.Logger,
	}
}

// post sends body as JSON to an operation and decodes the answer into `into`, which may be nil. Errors: *APIError when the platform
// says no, else what broke on the way.
func (c *Client) post(ctx context.Context, op, path string, body, into any) error {
	payload, err := encode(body)
	if err != nil {
		return fmt.Errorf("wechat %s: %w", op, err)
	}
	return c.authorized(ctx, func(token string) error {
		address := c.base + path + "?access_token=" + url.QueryEscape(token)
		answer, err := c.exchange(ctx, c.http, op, http.MethodPost, address, payload, maxAnswer)
		if err != nil {
			return err
		}
		return decode(op, answer.body, into)
	})
}

// encode writes JSON as UTF-8: the platform refuses a menu with \u escapes (40033).
func encode(body any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	return b.Bytes(), nil
}

// decode reads the answer; an errcode other than 0 is an *APIError.
func decode(op string, answer []byte, into any) error {
	var fault struct {
		Code    int    `json:"errcode"`
		Message string `json:"errmsg"`
	}
	if err := json.Unmarshal(answer, &fault); err != nil {
		return fmt.Errorf("wechat %s: answer is not the JSON we know", op)
	}
	if fault.Code != 0 {
		return newAPIError(op, fault.Code, fault.Message)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("wechat %s: answer is not the JSON we know", op)
	}
	return nil
}

// exchanged is an answer with HTTP 200, at most limit bytes of it and one more when it was longer.
type exchanged struct {
	body        []byte
	contentType string
}

func (c *Client) exchange(ctx context.Context, client *http.Client, op, method, address string, body []byte, limit int64) (exchanged, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return exchanged{}, fmt.Errorf("wechat %s: %w", op, harmless(err))
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	resp, err := client.Do(req)
	if err != nil {
		return exchanged{}, fmt.Errorf("wechat %s: %w", op, harmless(err))
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return exchanged{}, fmt.Errorf("wechat %s: HTTP status %d", op, resp.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return exchanged{}, fmt.Errorf("wechat %s: read answer: %w", op, harmless(err))
	}
	return exchanged{answer, resp.Header.Get("Content-Type")}, nil
}

// harmless makes an error of net/http fit for a log. Its own text has the address with the token in it, or quotes what it could not
// read of an answer; so only what is known to be about the connection is said, the rest stays behind Unwrap.
func harmless(err error) error {
	var op *net.OpError
	var cert *tls.CertificateVerificationError
	for _, plain := range []error{context.Canceled, context.DeadlineExceeded, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, plain) {
			return &censored{plain.Error(), err}
		}
	}
	switch {
	case errors.As(err, &op):
		return &censored{op.Error(), err}
	case errors.As(err, &cert):
		return &censored{cert.Error(), err}
	}
	return &censored{"no proper HTTP answer", err}
}

// censored is an error with another text, which may be shown.
type censored struct {
	text string
	err  error
}

func (e *censored) Error() string { return e.text }

// Unwrap lets errors.Is and errors.As see what went wrong.
func (e *censored) Unwrap() error { return e.err }
