package wechat

import (
	"fmt"
	"regexp"
	"time"

	"jiesu/routing"
)

// APIError is the platform's no to an operation, with HTTP status 200 and an errcode.
type APIError struct {
	Code  int
	Op    string // last part of the operation's path, e.g. template/send
	RID   string // request id for the platform's support; kept there for 7 days
	Field string // the template field that it names, "" when none
}

var (
	ridPattern   = regexp.MustCompile(`\brid: ?([0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8})\b`)
	fieldPattern = regexp.MustCompile(`\bdata\.([a-z_]{1,20}[0-9]{0,2})\.value\b`)
)

// newAPIError keeps of the platform's message only what is known to be harmless: it may quote tokens and texts.
func newAPIError(op string, code int, message string) *APIError {
	e := &APIError{Code: code, Op: op}
	if m := ridPattern.FindStringSubmatch(message); m != nil {
		e.RID = m[1]
	}
	if m := fieldPattern.FindStringSubmatch(message); m != nil {
		e.Field = m[1]
	}
	return e
}

func (e *APIError) Error() string {
	text := fmt.Sprintf("wechat %s: errcode %d", e.Op, e.Code)
	if e.Field != "" {
		text += ", field " + e.Field
	}
	if e.RID != "" {
		text += ", rid " + e.RID
	}
	return text
}

// staleToken reports whether another access token may help.
func (e *APIError) staleToken() bool {
	switch e.Code {
	case 40001, 40014, 41001, 42001:
		return e.Op != opToken // there the secret is wrong
	}
	return false
}

// reactions to the error codes (doc/oplatform/developers/errCode/errCode). A code that isn't here is new to us: an administrator
// should see it.
var reactions = map[int]routing.Reaction{
	-1:    routing.ReactRetry, // busy
	61450: routing.ReactRetry, // customer service system error

	40001: routing.ReactRetry, 40014: routing.ReactRetry, 41001: routing.ReactRetry, 42001: routing.ReactRetry, // token, refreshed once already
	45009: routing.ReactRetry, 45011: routing.ReactRetry, // day's and minute's quota

	40003: routing.ReactGone, 43004: routing.ReactGone, 50005: routing.ReactGone, // unknown openid, doesn't follow (any more)
	43019: routing.ReactGone, // the account has blacklisted them

	43101: routing.ReactRefuse, // refuses subscription notices, or has used them up

	45015: routing.ReactNext, 45047: routing.ReactNext, // outside the reply window, its messages used up
	40007: routing.ReactNext, // media gone

	40013: routing.ReactAlarm, 40125: routing.ReactAlarm, 40164: routing.ReactAlarm, 40243: routing.ReactAlarm, 61004: routing.ReactAlarm, // app id, secret, IP list
	40008: routing.ReactAlarm, 40033: routing.ReactAlarm, 40036: routing.ReactAlarm, 40037: routing.ReactAlarm, 40039: routing.ReactAlarm, // our request is wrong
	45002: routing.ReactAlarm, 47001: routing.ReactAlarm, 47003: routing.ReactAlarm,
	40249: routing.ReactAlarm, 43107: routing.ReactAlarm, 43116: routing.ReactAlarm, 45168: routing.ReactAlarm, // content or template blocked
	48001: routing.ReactAlarm, 48004: routing.ReactAlarm, 50001: routing.ReactAlarm, 50002: routing.ReactAlarm, // API not granted or banned
	61451: routing.ReactAlarm, 61452: routing.ReactAlarm, 61453: routing.ReactAlarm, // customer service account
}

// Reaction says what to do about the error, and for ReactRetry after how long (0: the usual backoff).
func (e *APIError) Reaction(now time.Time) (routing.Reaction, time.Duration) {
	if e.Op == opToken && e.Code == 40001 {
		return routing.ReactAlarm, 0
	}
	switch e.Code {
	case 45009:
		return routing.ReactRetry, untilNextDay(now)
	case 45011:
		return routing.ReactRetry, time.Minute
	}
	if r, known := reactions[e.Code]; known {
		return r, 0
	}
	return routing.ReactAlarm, 0
}

// untilNextDay is the time until five minutes after Beijing's next midnight. The platform doesn't say when a daily quota starts anew;
// that day's beginning is our guess.
func untilNextDay(now time.Time) time.Duration {
	local := now.In(routing.Beijing())
	next := time.Date(local.Year(), local.Month(), local.Day()+1, 0, 5, 0, 0, local.Location())
	return next.Sub(now)
}
