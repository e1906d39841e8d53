package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"jiesu/routing"
)

const (
	// channelTemplate is the one channel with an idempotency key: the platform delivers the same client_msg_id once within ten
	// minutes (WeChat: api_sendtemplatemessage), so a letter whose fate is unknown is simply sent again.
	channelTemplate = "template"
	// channelCustomer carries the conversation. It has no such key (WeChat: api_sendcustommessage).
	channelCustomer = "customer"
	// channelSMS reaches a telephone. It has no such key either.
	channelSMS = "sms"
	// channelCallBack is the last rung: an operator's list of tasks.
	channelCallBack = "call_back"

	// claimFor is how long a run keeps its notice from other runs, longer than one run may take (Config.Timeout). A run that died is
	// started again under its own name before that.
	claimFor = 10 * time.Minute

	// recordTimeout bounds the transaction that records an attempt. It doesn't end with the job: what was sent must be on record.
	recordTimeout = 15 * time.Second
)

// courier delivers notices. The ladder of channels is climbed from notice.Rung; above its last rung waits an operator.
type courier struct {
	store  routing.Store
	desk   *routing.Desk
	write  writer
	ladder []routing.Messenger
	now    func() time.Time
	log    *slog.Logger
	count  *metrics
}

// run tells of the job's runs so far.
type run struct {
	job     int64 // River's id: whose claim it is
	attempt int   // from 1; counts runs that failed on our side
	snoozes int   // runs that ended in waiting
}

// deliver takes one notice as far as it goes now. It returns how long to wait before the next look, 0 when the notice is settled.
// An error is a failure on our side. A notice that is settled already is left alone, so that a job may run twice.
func (c *courier) deliver(ctx context.Context, id string, r run) (time.Duration, error) {
	n, err := c.store.Notice(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("load notice %s: %w", id, err)
	}
	if n.State != routing.NoticePending {
		return 0, nil
	}
	if r.attempt > poisoned {
		c.log.ErrorContext(ctx, "notice keeps failing, given to an operator", "notice", n.ID, "case", n.CaseNumber, "runs", r.attempt)
		return 0, c.handOver(ctx, n, n.Text, r)
	}
	mine, err := c.claim(ctx, id, r)
	if err != nil {
		return 0, err
	}
	if !mine { // another run has it, or an earlier notice of the case comes first and calls this one when it is settled
		return turnWait(r.snoozes), nil
	}
	l, err := c.write.letter(ctx, n)
	if err != nil {
		return 0, err
	}
	return c.climb(ctx, l, r)
}

func (c *courier) claim(ctx context.Context, id string, r run) (mine bool, err error) {
	err = c.store.Update(ctx, func(tx routing.Tx) error {
		now := c.now()
		mine, err = tx.ClaimNotice(ctx, id, fmt.Sprint("job ", r.job), now, now.Add(claimFor))
		return err
	})
	return mine, err
}

// climb tries one rung after the other until one takes the letter or asks to wait; above them all is a person.
func (c *courier) climb(ctx context.Context, l routing.Letter, r run) (time.Duration, error) {
	ladder := c.ladderOf(l.Notice.Kind)
	for rung := l.Notice.Rung; rung < len(ladder); rung++ {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		m := ladder[rung]
		if err := c.leave(ctx, l.Notice.ID, m.Channel(), rung); err != nil {
			return 0, err
		}
		receipt, err := send(ctx, m, l)
		if errors.Is(err, routing.ErrUnreachable) {
			continue
		}
		v := judge(m.Channel(), receipt, err)
		c.watch(ctx, l.Notice, v)
		wait, err := c.record(ctx, l.Notice, rung, v, r)
		if err != nil || wait > 0 || v.taken() {
			return wait, err
		}
	}
	return 0, c.handOver(ctx, l.Notice, l.Text, r)
}

// send gives a letter to a channel.
func send(ctx context.Context, m routing.Messenger, l routing.Letter) (routing.Receipt, error) {
	ctx, span := trace.SpanFromContext(ctx).TracerProvider().Tracer("jiesu/jobs").Start(ctx, "send "+m.Channel(), trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("notice.kind", string(l.Notice.Kind))))
	receipt, err := m.Send(ctx, l)
	ended(span, err)
	return receipt, err
}

// ladderOf is the channels for a kind of notice. Words of the conversation make sense only in the conversation: a template message
// can't carry them, and nobody wants them by SMS. Codes prove that somebody holds a telephone.
func (c *courier) ladderOf(k routing.NoticeKind) []routing.Messenger {
	only := map[routing.NoticeKind]string{routing.NoticeChat: channelCustomer, routing.NoticeCode: channelSMS}[k]
	if only == "" {
		return c.ladder
	}
	var rungs []routing.Messenger
	for _, m := range c.ladder {
		if m.Channel() == only {
			rungs = append(rungs, m)
		}
	}
	return rungs
}

// watch logs and counts what became of an attempt.
func (c *courier) watch(ctx context.Context, n routing.Notice, v verdict) {
	c.count.attempts.WithLabelValues(v.channel, string(v.outcome)).Inc()
	if v.taken() {
		c.count.delay.Observe(c.now().Sub(n.CreatedAt).Seconds())
		return
	}
	level := slog.LevelInfo
	if v.alarm {
		level = slog.LevelError
		c.count.alarms.WithLabelValues(v.channel).Inc()
	}
	c.log.Log(ctx, level, "notice not taken by channel", "notice", n.ID, "case", n.CaseNumber, "channel", v.channel,
		"outcome", v.outcome, "code", v.code, "error", v.err)
}
