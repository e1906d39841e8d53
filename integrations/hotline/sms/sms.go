// Package sms sends short text messages (短信) through Alibaba Cloud, Tencent Cloud or any gateway that takes JSON, and takes in what they report: whether a
// message arrived, and that somebody wants no more.
package sms

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"jiesu/routing"
)

// Channel is the name under which attempts are on record.
const Channel = "sms"

// Message is one text message, made of a template that the operator has approved: free text isn't sent by any carrier in China.
type Message struct {
	ID       string            // of the notice; the provider gives it back in its report
	Phone    string            // mobile number, 11 digits
	Template Template          // which text
	Values   map[string]string // what it says, by name: code, minutes, number, state, unit, token
}

// Template is an approved text and the values that it takes, in the order of its places.
type Template struct {
	ID     string
	Params []string
}

// args are the values in the template's order.
func (m Message) args() []string {
	list := make([]string, len(m.Template.Params))
	for i, name := range m.Template.Params {
		list[i] = m.Values[name]
	}
	return list
}

// Sender gives messages to a carrier. It returns the carrier's id of the message, by which its report will come. Errors: *routing.DeliveryError; any other
// error leaves open whether the message was taken.
type Sender interface {
	Send(ctx context.Context, m Message) (providerID string, err error)
}

// Account is how a provider knows us.
type Account struct {
	KeyID    string
	Secret   string
	Sign     string // approved signature (短信签名)
	AppID    string // Tencent: SmsSdkAppId
	Region   string // Tencent
	Endpoint string // scheme://host[/path]; empty: the provider's own
}

// The providers.
const (
	Aliyun  = "aliyun"
	Tencent = "tencent"
	Gateway = "http"
)

// New returns the sender of a provider. The client is for the gateway; the providers' SDKs have their own.
func New(provider string, a Account, client *http.Client, now func() time.Time) (Sender, error) {
	switch provider {
	case Aliyun:
		return newAliyun(a)
	case Tencent:
		return newTencent(a)
	case Gateway:
		return &gateway{account: a, http: client, now: now}, nil
	}
	return nil, fmt.Errorf("sms: no provider %q", provider)
}

// timeout of one request to a provider.
const timeout = 10 * time.Second

// failed is a provider's answer that it didn't take the message. The code is text with them; routing's is a number and stays 0.
func failed(code, message string, reactions map[string]reaction) error {
	r, known := reactions[code]
	if !known {
		r = alarm
	}
	return &routing.DeliveryError{Channel: Channel, Reaction: r.what, After: r.after, Err: fmt.Errorf("%s: %s", code, message)}
}

// reaction is what to do after a provider's code.
type reaction struct {
	what  routing.Reaction
	after time.Duration
}

var (
	again = reaction{what: routing.ReactRetry}
	next  = reaction{what: routing.ReactNext}
	alarm = reaction{what: routing.ReactAlarm}
	black = reaction{what: routing.ReactRefuse}
)

// unclear says that nobody knows whether the provider has the message.
func unclear(doing string, err error) error {
	if err == nil {
		err = errors.New("no answer")
	}
	return fmt.Errorf("sms: %s: %w", doing, err)
}
