package jobs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"jiesu/routing"
)

// leave steps off the rung before a letter is given to a channel that can't recognise a repetition: if we die before the outcome is on
// record, the next run goes on above it instead of sending the same words again.
func (c *courier) leave(ctx context.Context, id, channel string, rung int) error {
	if repeatable(channel) {
		return nil
	}
	err := c.store.Update(ctx, func(tx routing.Tx) error {
		n, err := tx.Notice(ctx, id)
		if err != nil {
			return err
		}
		n.Rung = rung + 1
		return tx.UpdateNotice(ctx, n)
	})
	if err != nil {
		return fmt.Errorf("step off rung %d of notice %s: %w", rung, id, err)
	}
	return nil
}

// record puts an attempt on record with all that follows from it, in one transaction. It returns how long to wait before the same
// channel is tried again, 0 when it isn't.
func (c *courier) record(ctx context.Context, n routing.Notice, rung int, v verdict, r run) (wait time.Duration, err error) {
	err = c.update(ctx, func(ctx context.Context, tx routing.Tx) error {
		past, err := pastAttempts(ctx, tx, n, v.channel, r)
		if err != nil {
			return err
		}
		wait = 0
		d := routing.Delivery{NoticeID: n.ID, Attempt: past.all + 1, Channel: v.channel, At: c.now(), Outcome: v.outcome, Code: v.code,
			ProviderID: v.receipt.ProviderID}
		if v.outcome == routing.OutcomeRetry {
			wait = retryWait(past.retries, v.after)
		}
		if v.outcome == routing.OutcomeRetry && wait == 0 {
			d.Outcome = routing.OutcomeFailed
		}
		if err := tx.InsertDelivery(ctx, d); err != nil {
			return err
		}
		if v.gone {
			if err := markGone(ctx, tx, n.ComplainantID); err != nil {
				return err
			}
		}
		return c.move(ctx, tx, n.ID, rung, d)
	})
	if err != nil {
		return 0, fmt.Errorf("record attempt on notice %s: %w", n.ID, err)
	}
	return wait, nil
}

// move brings the notice to where the attempt leaves it, and applies the platform's report if that was faster than our record.
func (c *courier) move(ctx context.Context, tx routing.Tx, id string, rung int, d routing.Delivery) error {
	n, err := tx.Notice(ctx, id)
	if err != nil || n.State != routing.NoticePending {
		return err
	}
	switch d.Outcome {
	case routing.OutcomeDelivered:
		n.State, n.Rung = routing.NoticeDelivered, rung
	case routing.OutcomeSent:
		n.State, n.Rung = routing.NoticeSent, rung
	case routing.OutcomeRetry:
		n.Rung = rung
	default:
		n.Rung = rung + 1
	}
	if err := put(ctx, tx, n); err != nil {
		return err
	}
	if d.Outcome != routing.OutcomeSent || d.ProviderID == "" {
		return nil
	}
	status, err := tx.TakeReport(ctx, d.ProviderID)
	if errors.Is(err, routing.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.desk.ReportedIn(ctx, tx, d.ProviderID, status)
}

// put stores how far the notice has come. One that is settled calls the next of its case, which would otherwise find out by looking.
func put(ctx context.Context, tx routing.Tx, n routing.Notice) error {
	if err := tx.UpdateNotice(ctx, n); err != nil {
		return err
	}
	if n.State == routing.NoticePending || n.CaseNumber == "" {
		return nil
	}
	next, err := tx.NextPending(ctx, n.CaseNumber)
	if errors.Is(err, routing.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.Enqueue(ctx, routing.Job{Kind: routing.JobDeliver, ID: next.ID})
}

// handOver is the last rung: the notice has failed and an operator is asked to call. One open task per case is enough, since whoever
// calls reads out how the case stands by then.
func (c *courier) handOver(ctx context.Context, n routing.Notice, text string, r run) error {
	err := c.update(ctx, func(ctx context.Context, tx routing.Tx) error {
		now, err := tx.Notice(ctx, n.ID)
		if err != nil || now.State != routing.NoticePending {
			return err
		}
		past, err := pastAttempts(ctx, tx, n, channelCallBack, r)
		if err != nil {
			return err
		}
		d := routing.Delivery{NoticeID: n.ID, Attempt: past.all + 1, Channel: channelCallBack, At: c.now(), Outcome: routing.OutcomeSent}
		if n.CaseNumber == "" {
			d.Attempt++ // the run that fails has already recorded its own
		}
		if err := tx.InsertDelivery(ctx, d); err != nil {
			return err
		}
		now.State, now.Rung = routing.NoticeFailed, len(c.ladder)
		if err := put(ctx, tx, now); err != nil {
			return err
		}
		return c.addTask(ctx, tx, n, text)
	})
	if err != nil {
		return fmt.Errorf("hand notice %s to an operator: %w", n.ID, err)
	}
	c.count.attempts.WithLabelValues(channelCallBack, string(routing.OutcomeSent)).Inc()
	return nil
}

func (c *courier) addTask(ctx context.Context, tx routing.Tx, n routing.Notice, text string) error {
	if n.Kind == routing.NoticeCode { // nobody can do anything with its digits; who waits for them is told
		who, err := tx.Complainant(ctx, n.ComplainantID)
		if err != nil || who.OpenID == "" {
			return err
		}
		return c.desk.ChatIn(ctx, tx, n.ComplainantID, c.write.words.Text("code.failed"))
	}
	if n.CaseNumber == "" {
		note := c.write.words.Text("notice.write_back", "text", text)
		return c.desk.HandOverIn(ctx, tx, routing.Task{Kind: routing.TaskChat, ComplainantID: n.ComplainantID, Note: note}, "")
	}
	open, err := tx.OpenTasks(ctx, 1000)
	if err != nil {
		return err
	}
	for _, o := range open {
		if o.Kind == routing.TaskCallBack && o.CaseNumber == n.CaseNumber {
			return nil
		}
	}
	return c.desk.AddTaskIn(ctx, tx, routing.Task{Kind: routing.TaskCallBack, CaseNumber: n.CaseNumber, ComplainantID: n.ComplainantID,
		Note: c.write.words.Text("notice.call_back", "text", text)})
}

// update runs fn in a transaction that the end of the job doesn't cut off.
func (c *courier) update(ctx context.Context, fn func(context.Context, routing.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	return c.store.Update(ctx, func(tx routing.Tx) error { return fn(ctx, tx) })
}

func markGone(ctx context.Context, tx routing.Tx, complainantID string) error {
	who, err := tx.Complainant(ctx, complainantID)
	if err != nil || !who.Following {
		return err
	}
	who.Following = false
	return tx.UpdateComplainant(ctx, who)
}

// tally counts the attempts on record for a notice.
type tally struct {
	all     int
	retries int // on the channel asked about
}

// pastAttempts counts what is on record. Words of the conversation belong to no case and have one channel, so their job knows.
func pastAttempts(ctx context.Context, tx routing.Tx, n routing.Notice, channel string, r run) (tally, error) {
	if n.CaseNumber == "" {
		return tally{all: r.attempt + r.snoozes - 1, retries: r.snoozes}, nil
	}
	list, err := tx.DeliveriesOf(ctx, n.CaseNumber)
	if err != nil {
		return tally{}, err
	}
	var t tally
	for _, d := range list {
		if d.NoticeID != n.ID {
			continue
		}
		t.all++
		if d.Channel == channel && d.Outcome == routing.OutcomeRetry {
			t.retries++
		}
	}
	return t, nil
}

// retryWait is how long to wait before the same channel again, 0 when it was tried often enough.
func retryWait(retries int, asked time.Duration) time.Duration {
	switch {
	case retries >= maxRetries:
		return 0
	case asked > 0:
		return asked
	}
	return Backoff(retries+1, rand.Float64())
}
