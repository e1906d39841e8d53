package sms

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"jiesu/routing"
)

// gateway is any service that takes our JSON: {"id","phone","sign","template","params":{…}} by POST, with X-Jiesu-Timestamp (Unix seconds) and X-Jiesu-Signature,
// the HMAC-SHA256 of timestamp, a dot and the body, in hex. It answers 200 or 202 with {"id"}, else {"code","message"}; docs/sms.md.
type gateway struct {
	account Account
	http    *http.Client
	now     func() time.Time
}

type gatewayMessage struct {
	ID       string            `json:"id"`
	Phone    string            `json:"phone"`
	Sign     string            `json:"sign"`
	Template string            `json:"template"`
	Params   map[string]string `json:"params"`
}

type gatewayAnswer struct {
	ID      string `json:"id"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Send implements Sender.
func (s *gateway) Send(ctx context.Context, m Message) (string, error) {
	values := map[string]string{}
	for _, name := range m.Template.Params {
		values[name] = m.Values[name]
	}
	body, err := json.Marshal(gatewayMessage{ID: m.ID, Phone: m.Phone, Sign: s.account.Sign, Template: m.Template.ID, Params: values})
	if err != nil {
		return "", fmt.Errorf("sms: write message: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.account.Endpoint, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("sms: make request: %w", err)
	}
	stamp := strconv.FormatInt(s.now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+s.account.KeyID)
	r.Header.Set("X-Jiesu-Timestamp", stamp)
	r.Header.Set("X-Jiesu-Signature", Sign(s.account.Secret, stamp, body))
	resp, err := s.http.Do(r)
	if err != nil {
		return "", unclear("send through the gateway", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return "", unclear("read the gateway's answer", err)
	}
	var a gatewayAnswer
	_ = json.Unmarshal(text, &a) // without one the status says it
	switch {
	case resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusAccepted:
		return a.ID, nil
	case resp.StatusCode == http.StatusTooManyRequests:
		after, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return "", &routing.DeliveryError{Channel: Channel, Code: resp.StatusCode, Reaction: routing.ReactRetry, After: time.Duration(after) * time.Second,
			Err: fmt.Errorf("%s: %s", a.Code, a.Message)}
	case resp.StatusCode >= 500:
		return "", unclear("send through the gateway", fmt.Errorf("status %d", resp.StatusCode))
	}
	return "", &routing.DeliveryError{Channel: Channel, Code: resp.StatusCode, Reaction: gatewayReaction(resp.StatusCode), Err: fmt.Errorf("%s: %s", a.Code, a.Message)}
}

// gatewayReaction: 401 and 403 are our set-up's fault, 410 says that the number wants nothing, the rest is the message's.
func gatewayReaction(status int) routing.Reaction {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return routing.ReactAlarm
	case http.StatusGone:
		return routing.ReactRefuse
	}
	return routing.ReactNext
}

// Sign is the signature of a body sent at a time, for the gateway and of its reports.
func Sign(secret, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
