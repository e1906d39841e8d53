package sms

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"jiesu/routing"
)

// Book is what the messenger asks before it sends.
type Book interface {
	SMSRefused(ctx context.Context, phone string) (bool, error)
}

// Limits keep a mistake from costing much, and from annoying anybody.
type Limits struct {
	PerPerson int // notices to one complainant in a day
	PerDay    int // messages of all
}

// Messenger sends notices by SMS: that something has happened to a case, with its number and the address of its page, and nothing of what it is about, since
// telephones lie about.
type Messenger struct {
	sender    Sender
	templates map[string]Template // by what they are for: notice, code
	book      Book
	live      routing.Volatile
	limits    Limits
	words     routing.Wording
	plan      *routing.Plan
	now       func() time.Time
	log       *slog.Logger
}

// The texts that are needed.
const (
	TemplateNotice = "notice"
	TemplateCode   = "code"
)

// NewMessenger returns the channel. A text without a template isn't sent.
func NewMessenger(s Sender, templates map[string]Template, book Book, live routing.Volatile, l Limits, words routing.Wording, plan *routing.Plan,
	now func() time.Time, log *slog.Logger) *Messenger {
	return &Messenger{sender: s, templates: templates, book: book, live: live, limits: l, words: words, plan: plan, now: now, log: log}
}

// Channel implements routing.Messenger.
func (m *Messenger) Channel() string { return Channel }

// Send implements routing.Messenger. Error: routing.ErrUnreachable when there is no mobile number, its owner wants no messages, or the day's share is used up.
func (m *Messenger) Send(ctx context.Context, l routing.Letter) (routing.Receipt, error) {
	msg, err := m.message(ctx, l)
	if err != nil {
		return routing.Receipt{}, err
	}
	if !m.within(ctx, "sms:all", m.limits.PerDay) {
		m.log.ErrorContext(ctx, "the day's text messages are used up", "limit", m.limits.PerDay)
		return routing.Receipt{}, routing.ErrUnreachable
	}
	id, err := m.sender.Send(ctx, msg)
	if err != nil {
		return routing.Receipt{}, err
	}
	if id == "" { // nothing that a report could name
		return routing.Receipt{Final: true}, nil
	}
	return routing.Receipt{ProviderID: ProviderID(id)}, nil
}

// ProviderID keeps a carrier's ids apart from those of other channels.
func ProviderID(id string) string { return Channel + ":" + id }

func (m *Messenger) message(ctx context.Context, l routing.Letter) (Message, error) {
	if l.Notice.Kind == routing.NoticeCode {
		t, ok := m.templates[TemplateCode]
		left := l.Code.ExpiresAt.Sub(m.now())
		if !ok || l.Code.Phone == "" || left <= 0 || !l.Code.UsedAt.IsZero() {
			return Message{}, routing.ErrUnreachable
		}
		minutes := strconv.Itoa(max(1, int(left.Minutes())))
		return Message{ID: l.Notice.ID, Phone: l.Code.Phone, Template: t, Values: map[string]string{"code": l.Code.Digits, "minutes": minutes, "number": l.Code.CaseNumber}}, nil
	}
	t, ok := m.templates[TemplateNotice]
	phone, mobile := routing.MobilePhone(l.Case.Contact.Phone)
	if !mobile {
		phone, mobile = routing.MobilePhone(l.Recipient.Phone)
	}
	if !ok || !mobile || l.Case.Number == "" {
		return Message{}, routing.ErrUnreachable
	}
	refused, err := m.book.SMSRefused(ctx, phone)
	if err != nil {
		return Message{}, fmt.Errorf("sms: look whether messages are wanted: %w", err)
	}
	if refused || !m.within(ctx, "sms:"+l.Recipient.ID, m.limits.PerPerson) {
		return Message{}, routing.ErrUnreachable
	}
	return Message{ID: l.Notice.ID, Phone: phone, Template: t, Values: map[string]string{
		"number": l.Case.Number, "state": m.words.Text("event." + string(l.Notice.Kind)), "unit": short(m.plan.UnitName(l.Case.Unit)), "token": l.Case.Token}}, nil
}

// longest is what a place of a template takes (短信模板变量规范: up to 35 characters).
const longest = 35

func short(s string) string {
	if r := []rune(s); len(r) > longest {
		return string(r[:longest-1]) + "…"
	}
	return s
}

// within counts one message. When the counter can't be reached, messages go out: they are rare, and wanted.
func (m *Messenger) within(ctx context.Context, key string, n int) bool {
	ok, err := m.live.Allow(ctx, key+":"+m.now().In(routing.Beijing()).Format(time.DateOnly), n, 24*time.Hour)
	if err != nil {
		m.log.WarnContext(ctx, "text messages aren't counted", "error", err)
		return true
	}
	return ok
}
