package wechat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"jiesu/routing"
)

// Template is one template of the account: Fields maps what we know (number, state, item, unit, time, note) to the template's keys.
type Template struct {
	ID     string
	Fields map[string]string
}

// defaultTemplate serves every kind of notice that has none of its own.
const defaultTemplate = "default"

// TemplateMessenger sends notices as template messages.
type TemplateMessenger struct {
	client    *Client
	templates map[string]Template
	plan      *routing.Plan
	words     routing.Wording
	now       func() time.Time
}

// NewTemplateMessenger returns a messenger with templates by notice kind; "default" serves the others.
func NewTemplateMessenger(client *Client, templates map[string]Template, plan *routing.Plan, words routing.Wording, now func() time.Time) *TemplateMessenger {
	return &TemplateMessenger{client: client, templates: templates, plan: plan, words: words, now: now}
}

// Channel implements routing.Messenger.
func (m *TemplateMessenger) Channel() string { return "template" }

// Send implements routing.Messenger. Chat is no service notice, which is all that template messages may carry.
func (m *TemplateMessenger) Send(ctx context.Context, l routing.Letter) (routing.Receipt, error) {
	t, ok := m.template(l.Notice.Kind)
	if !ok || l.Notice.Kind == routing.NoticeChat || !reachable(l.Recipient) {
		return routing.Receipt{}, routing.ErrUnreachable
	}
	data, err := m.data(t, l)
	if err != nil {
		return routing.Receipt{}, &routing.DeliveryError{Channel: m.Channel(), Reaction: routing.ReactAlarm, Err: err}
	}
	id, err := m.client.TemplateSend(ctx, TemplateMessage{
		OpenID: l.Recipient.OpenID, TemplateID: t.ID, URL: l.PageURL, Data: data, ClientMessageID: l.Notice.ID,
	})
	if err != nil {
		// client_msg_id makes it safe to send again, whatever became of this attempt.
		return routing.Receipt{}, deliveryError(m.Channel(), err, routing.ReactRetry, m.now())
	}
	return routing.Receipt{ProviderID: id}, nil
}

func (m *TemplateMessenger) template(k routing.NoticeKind) (Template, bool) {
	t, ok := m.templates[string(k)]
	if !ok {
		t, ok = m.templates[defaultTemplate]
	}
	return t, ok && t.ID != ""
}

// data fills the template's fields.
func (m *TemplateMessenger) data(t Template, l routing.Letter) (map[string]string, error) {
	values, layout := m.values(l), m.words.Text("wechat.time_layout")
	data := map[string]string{}
	for _, field := range slices.Sorted(maps.Keys(t.Fields)) {
		key := t.Fields[field]
		fitted, err := FitField(key, values[field], layout)
		if err != nil {
			return nil, fmt.Errorf("template %s, our field %s: %w", t.ID, field, err)
		}
		data[key] = fitted
	}
	return data, nil
}

// values of the fields that a template can have. None is empty for a case of any state. What matters more than the beginning of a long
// note, which is all that a field has room for, stands in the catalogue for the kind, or is the day until when; the note is on the page behind the card.
func (m *TemplateMessenger) values(l routing.Letter) map[string]string {
	c := l.Case
	values := map[string]string{
		"number": c.Number,
		"state":  m.words.Text("state." + string(c.State)),
		"item":   m.plan.ItemName(c.Item),
		"unit":   m.words.Text("wechat.no_unit"),
		"time":   l.Notice.CreatedAt.In(routing.Beijing()).Format(m.words.Text("wechat.time_layout")),
		"note":   l.Notice.Text,
	}
	if values["item"] == "" {
		values["item"] = m.words.Text("wechat.no_item")
	}
	if c.Unit != "" {
		values["unit"] = m.plan.UnitName(c.Unit)
	}
	if clean(l.Notice.Text, false) == "" {
		values["note"] = m.words.Text("event." + string(l.Notice.Kind))
	}
	if l.Brief != "" {
		values["note"] = l.Brief
		if with := "wechat.brief." + string(l.Notice.Kind); m.words.Has(with) {
			values["note"] = m.words.Text(with, "brief", l.Brief)
		}
	}
	if own := "wechat.note." + string(l.Notice.Kind); m.words.Has(own) {
		values["note"] = m.words.Text(own)
	}
	return values
}

// QuotaBook keeps count of the customer messages that the platform still lets us send; routing.Store is one.
type QuotaBook interface {
	SpendQuota(ctx context.Context, complainantID string, now time.Time) (bool, error)
}

// CustomerMessenger sends letters as customer messages while the book says that the platform takes them.
type CustomerMessenger struct {
	client *Client
	quota  QuotaBook
	now    func() time.Time
	log    *slog.Logger
}

// NewCustomerMessenger returns a messenger that spends from quota.
func NewCustomerMessenger(client *Client, quota QuotaBook, now func() time.Time, log *slog.Logger) *CustomerMessenger {
	return &CustomerMessenger{client: client, quota: quota, now: now, log: log}
}

// Channel implements routing.Messenger.
func (m *CustomerMessenger) Channel() string { return "customer" }

// Send implements routing.Messenger. The message is taken off the book before it is sent: a book that promises too little costs a
// detour, one that promises too much a refused message.
func (m *CustomerMessenger) Send(ctx context.Context, l routing.Letter) (routing.Receipt, error) {
	if !reachable(l.Recipient) {
		return routing.Receipt{}, routing.ErrUnreachable
	}
	ok, err := m.quota.SpendQuota(ctx, l.Recipient.ID, m.now())
	if err != nil {
		return routing.Receipt{}, fmt.Errorf("spend customer message quota: %w", err)
	}
	if !ok {
		return routing.Receipt{}, routing.ErrUnreachable
	}
	text := withPage(l.Text, l.PageURL)
	if len(l.Taps) > 0 {
		err = m.client.CustomerMenu(ctx, l.Recipient.OpenID, text, l.Taps)
	} else {
		err = m.client.CustomerText(ctx, l.Recipient.OpenID, text)
	}
	if err != nil {
		m.correct(ctx, l.Recipient.ID, err)
		return routing.Receipt{}, deliveryError(m.Channel(), err, unclear(err), m.now())
	}
	return routing.Receipt{Final: true}, nil
}

// correct empties the book when the platform says that nothing is left (45047) or that it is too late (45015).
func (m *CustomerMessenger) correct(ctx context.Context, complainantID string, err error) {
	var refused *APIError
	if !errors.As(err, &refused) || (refused.Code != 45015 && refused.Code != 45047) {
		return
	}
	const most = 5 + 3 + 3 + 3 // of all triggers together
	for range most {
		left, err := m.quota.SpendQuota(ctx, complainantID, m.now())
		if err != nil {
			m.log.Warn("correct customer message quota", "complainant", complainantID, "error", err)
		}
		if err != nil || !left {
			return
		}
	}
}

// withPage adds the link to the complainant's page unless the text has it, and cuts the text, never the link.
func withPage(text, page string) string {
	if page == "" || strings.Contains(text, page) {
		return CutText(text)
	}
	link := "\n" + page
	return cut(clean(text, true), MaxTextRunes-utf8.RuneCountInString(link), MaxTextBytes-len(link)) + link
}

// reachable: the platform delivers to followers only.
func reachable(c routing.Complainant) bool { return c.OpenID != "" && c.Following }

// unclear says what to do when a customer message may have been delivered or not. There is no key against doubles, so only what
// surely wasn't sent is sent again.
func unclear(err error) routing.Reaction {
	var op *net.OpError
	if errors.Is(err, errNotSent) || errors.As(err, &op) && op.Op == "dial" {
		return routing.ReactRetry
	}
	return routing.ReactNext
}

// deliveryError translates: the platform's codes by the table, everything else as the caller says.
func deliveryError(channel string, err error, otherwise routing.Reaction, now time.Time) error {
	d := &routing.DeliveryError{Channel: channel, Reaction: otherwise, Err: err}
	var refused *APIError
	if errors.As(err, &refused) {
		d.Code = refused.Code
		d.Reaction, d.After = refused.Reaction(now)
	}
	return d
}
