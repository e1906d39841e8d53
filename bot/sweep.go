package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jiesu/routing"
)

// sweepBatch is how many silent conversations one read returns.
const sweepBatch = 100

// Sweep deals with every conversation whose time has come: sums up unfinished drafts, files those left alone for too long. To be
// called every minute or so; several replicas may. It goes on past a conversation that fails and returns those errors joined.
func (in *Intake) Sweep(ctx context.Context) error {
	var failed []error
	tried := map[string]bool{}
	for ctx.Err() == nil {
		now := in.Now()
		due, err := in.Store.DueDialogues(ctx, now, sweepBatch)
		if err != nil {
			return errors.Join(append(failed, fmt.Errorf("read due dialogues: %w", err))...)
		}
		progress := false
		for _, d := range due {
			if tried[d.ComplainantID] {
				continue
			}
			tried[d.ComplainantID], progress = true, true
			if err := in.wake(ctx, d.ComplainantID, now); err != nil {
				failed = append(failed, fmt.Errorf("wake dialogue of %s: %w", d.ComplainantID, err))
			}
		}
		if !progress || len(due) < sweepBatch {
			break
		}
	}
	return errors.Join(append(failed, ctx.Err())...)
}

// wake takes the turn of a silent conversation, unless something was said meanwhile.
func (in *Intake) wake(ctx context.Context, id string, now time.Time) error {
	return in.update(ctx, func(tx routing.Tx) error {
		d, state, err := in.dialogue(ctx, tx, id)
		if err != nil || d.WakeAt.IsZero() || d.WakeAt.After(now) {
			return err
		}
		if chat, err := tx.ChatWith(ctx, id); err == nil && chat.Taken() { // a person is there: the bot waits
			d.WakeAt = now.Add(in.Pace.Remind)
			return tx.PutDialogue(ctx, d)
		} else if err != nil && !errors.Is(err, routing.ErrNotFound) {
			return fmt.Errorf("look for a conversation: %w", err)
		}
		t, err := in.think(ctx, tx, routing.Complainant{ID: id}, d, state, Message{Kind: KindWake, At: now})
		if err != nil {
			return err
		}
		reply, err := in.settle(ctx, tx, t)
		if err != nil || reply == "" {
			return err
		}
		return in.Desk.ChatIn(ctx, tx, id, reply)
	})
}
