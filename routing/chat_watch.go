package routing

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// WatchStep is what was done about a conversation that waited.
type WatchStep string

// The steps.
const (
	WatchCallBack WatchStep = "call_back" // nobody took it: it is a call-back now, and the complainant knows
	WatchRequeued WatchStep = "requeued"  // who had it didn't answer: it is in the queue again, and the complainant knows
	WatchEnded    WatchStep = "ended"     // neither spoke any more: the bot has it again
)

// WatchChats sees to it that no conversation waits in silence: it deals with each whose time is up. say gives the words for the complainant and, for
// WatchCallBack, the note on the task. A conversation that somebody changes meanwhile is left for the next beat. The error joins the failures.
func (d *Desk) WatchChats(ctx context.Context, say func(s WatchStep) (words, note string), done func(taskID string, s WatchStep)) error {
	if d.handover == nil {
		return nil
	}
	open, err := d.store.OpenChats(ctx)
	if err != nil {
		return fmt.Errorf("list conversations: %w", err)
	}
	var failed []error
	for _, c := range open {
		step := d.watch(c)
		if step == "" {
			continue
		}
		switch err := d.seeTo(ctx, c.TaskID, step, say); {
		case errors.Is(err, ErrConflict):
		case err != nil:
			failed = append(failed, fmt.Errorf("see to conversation %s: %w", c.TaskID, err))
		default:
			done(c.TaskID, step)
		}
	}
	return errors.Join(failed...)
}

// watch is what is due of the conversation, "" for nothing.
func (d *Desk) watch(c Chat) WatchStep {
	now, r := d.now(), d.handover
	since, waits := c.Waits()
	over := func(from time.Time, limit time.Duration) bool { return !now.Before(from.Add(limit)) }
	switch {
	case !c.EndedAt.IsZero():
	case !c.Taken() && c.Alarm == 0 && over(c.QueuedAt, r.Wait):
		return WatchCallBack
	case c.Taken() && waits && over(since, r.Answer):
		return WatchRequeued
	case c.Taken() && !waits && over(later(c.WroteAt, c.TakenAt), r.Idle):
		return WatchEnded
	}
	return ""
}

func (d *Desk) seeTo(ctx context.Context, taskID string, step WatchStep, say func(s WatchStep) (words, note string)) error {
	return d.store.Update(ctx, func(tx Tx) error {
		c, err := tx.Chat(ctx, taskID)
		if err != nil {
			return err
		}
		if d.watch(c) != step {
			return ErrConflict
		}
		words, note := say(step)
		switch step {
		case WatchCallBack:
			c.Alarm++
			err = errors.Join(d.sayIfMay(ctx, tx, c, words), d.makeCallBack(ctx, tx, taskID, note))
		case WatchRequeued:
			d.release(&c)
			err = d.sayIfMay(ctx, tx, c, words)
		case WatchEnded:
			err = d.endChat(ctx, tx, &c, "", words)
		}
		if err != nil {
			return err
		}
		tx.AfterCommit(func() { d.live.Publish(context.Background(), Update{}) })
		return tx.UpdateChat(ctx, c)
	})
}

// makeCallBack makes the task of a conversation one to call.
func (d *Desk) makeCallBack(ctx context.Context, tx Tx, taskID, note string) error {
	t, err := openTask(ctx, tx, taskID)
	if err != nil {
		return err
	}
	t.Kind, t.Note = TaskCallBack, note
	return tx.UpdateTask(ctx, t)
}
