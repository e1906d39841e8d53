package jobs

import (
	"errors"
	"time"

	"jiesu/routing"
)

// verdict is what became of one attempt, and what follows.
type verdict struct {
	channel string
	outcome routing.Outcome // as it goes on record
	receipt routing.Receipt
	code    int
	gone    bool // the recipient has left the platform
	alarm   bool
	after   time.Duration // for OutcomeRetry; 0: the usual backoff
	err     error
}

// taken says whether the channel has the letter, so that no other rung is needed now.
func (v verdict) taken() bool {
	return v.outcome == routing.OutcomeSent || v.outcome == routing.OutcomeDelivered
}

// judge reads a messenger's answer. An error without a reaction (a timeout, a broken connection) leaves the fate of the letter
// unknown: where the channel recognises a repetition it is sent again; elsewhere the next rung takes it, since a complainant who
// hears twice through one channel trusts it less than one who hears once through each.
func judge(channel string, r routing.Receipt, err error) verdict {
	v := verdict{channel: channel, receipt: r, err: err}
	var de *routing.DeliveryError
	switch {
	case err == nil && r.Final:
		v.outcome = routing.OutcomeDelivered // no report will follow: this is the channel's last word
	case err == nil:
		v.outcome = routing.OutcomeSent
	case errors.As(err, &de):
		v.code, v.after = de.Code, de.After
		v.outcome, v.gone, v.alarm = consequence(de.Reaction)
	case repeatable(channel):
		v.outcome = routing.OutcomeRetry
	default:
		v.outcome = routing.OutcomeFailed
	}
	return v
}

// consequence is the outcome on record for a reaction. A reaction that we don't know moves on to the next rung and alarms.
func consequence(r routing.Reaction) (o routing.Outcome, gone, alarm bool) {
	switch r {
	case routing.ReactRetry:
		return routing.OutcomeRetry, false, false
	case routing.ReactNext:
		return routing.OutcomeFailed, false, false
	case routing.ReactGone:
		return routing.OutcomeFailed, true, false
	case routing.ReactRefuse:
		return routing.OutcomeRefused, false, false
	}
	return routing.OutcomeFailed, false, true
}

// repeatable says whether the channel recognises a letter that it has already taken.
func repeatable(channel string) bool { return channel == channelTemplate }
