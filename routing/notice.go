package routing

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Notice is one message to a complainant (通知), written in the transaction of the step that it tells of. Seq orders the notices of
// one case; they are delivered in that order.
type Notice struct {
	ID            string
	Kind          NoticeKind
	CaseNumber    string // "" for NoticeChat
	ComplainantID string
	Seq           int64
	Text          string // for NoticeChat and notes that accompany a step; the rest is rendered from the case at delivery
	State         NoticeState
	Rung          int // index in the ladder of channels to try next
	CreatedAt     time.Time
}

// NoticeKind is the action that the notice tells of, or NoticeChat.
type NoticeKind string

// NoticeChat is a reply of the bot that came too late to be answered inline, or a reminder in the conversation.
const NoticeChat NoticeKind = "chat"

// NoticeRemind asks once more how an answer turned out.
const NoticeRemind NoticeKind = "remind"

// NoticeCode carries six digits to a number by SMS, and nothing else does; the Code of its id says what and where.
const NoticeCode NoticeKind = "code"

// NoticeState is how far a notice has come.
type NoticeState string

// The states of a notice. Sent is the channel's promise; delivered its word; failed: every rung was tried.
const (
	NoticePending   NoticeState = "pending"
	NoticeSent      NoticeState = "sent"
	NoticeDelivered NoticeState = "delivered"
	NoticeFailed    NoticeState = "failed"
)

// Delivery is one attempt to deliver a notice through one channel; every attempt is on record.
type Delivery struct {
	NoticeID   string
	Attempt    int
	Channel    string // "template", "customer", "sms", "call_back"
	At         time.Time
	Outcome    Outcome
	Code       int    // the channel's error code, 0 when none
	ProviderID string // the channel's id of the message, for later reports
}

// Outcome is what became of an attempt.
type Outcome string

// The outcomes.
const (
	OutcomeSent      Outcome = "sent"      // accepted by the channel, its report is still to come
	OutcomeDelivered Outcome = "delivered" // the channel says it arrived
	OutcomeRefused   Outcome = "refused"   // the complainant blocks us
	OutcomeFailed    Outcome = "failed"    // the channel could not deliver it
	OutcomeRetry     Outcome = "retry"     // to be tried again on the same channel
)

// Letter is a notice made ready for a channel.
type Letter struct {
	Notice    Notice
	Case      Case // state and unit as the step left them that the notice tells of, the rest as it is now; zero for NoticeChat
	Recipient Complainant
	Text      string // the whole message in plain words, at most 600 characters
	Brief     string // until when, in at most 20 characters, for a card; "" when there is nothing to say
	Taps      []Tap  // answers that one tap gives, on channels that can
	PageURL   string // the complainant's page, "" for NoticeChat
	Code      Code   // for NoticeCode
}

// Receipt is a channel's acceptance. Final: no report will follow.
type Receipt struct {
	ProviderID string
	Final      bool
}

// Messenger sends letters through one channel. It returns *DeliveryError, or ErrUnreachable when the recipient has no address on
// this channel or the channel is switched off for such letters.
type Messenger interface {
	Channel() string
	Send(ctx context.Context, l Letter) (Receipt, error)
}

// ErrUnreachable: this channel cannot carry the letter; take the next one without counting an attempt as failed.
var ErrUnreachable = errors.New("no way to reach the recipient on this channel")

// Reaction is what to do after a channel's error.
type Reaction string

// The reactions.
const (
	ReactRetry  Reaction = "retry"  // same channel, after After (0: the usual backoff)
	ReactNext   Reaction = "next"   // next rung of the ladder
	ReactGone   Reaction = "gone"   // the recipient cannot be reached on this platform any more: mark them, next rung
	ReactAlarm  Reaction = "alarm"  // our set-up is broken: tell the administrator, next rung
	ReactRefuse Reaction = "refuse" // the recipient refuses such messages: next rung
)

// DeliveryError is a channel's typed error.
type DeliveryError struct {
	Channel  string
	Code     int
	Reaction Reaction
	After    time.Duration
	Err      error
}

func (e *DeliveryError) Error() string {
	return fmt.Sprintf("deliver by %s: code %d (%s): %v", e.Channel, e.Code, e.Reaction, e.Err)
}

func (e *DeliveryError) Unwrap() error { return e.Err }
