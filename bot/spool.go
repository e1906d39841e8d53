package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"jiesu/routing"
)

const (
	// spoolBatch is how many kept messages one read returns.
	spoolBatch = 100
	// spoolPause is how long a kept message that could not be taken in waits for the next try.
	spoolPause = time.Minute
)

// Keep implements routing.Intake.
func (in *Intake) Keep(ctx context.Context, m routing.Inbound, from time.Time) (reply string, err error) {
	if err := in.Store.Update(ctx, func(tx routing.Tx) error { return tx.PutSpooled(ctx, m, from) }); err != nil {
		return "", fmt.Errorf("keep message %s: %w", m.Key, err)
	}
	if !said(m.Kind) {
		return "", nil
	}
	return in.Wording.Text("bot.kept"), nil
}

// said reports whether somebody said something and waits for an answer.
func said(k routing.InboundKind) bool {
	switch k {
	case routing.InboundText, routing.InboundImage, routing.InboundVoice, routing.InboundVideo, routing.InboundLocation, routing.InboundLink, routing.InboundClick:
		return true
	}
	return false
}

// Resume works on the messages that were kept, the oldest first; what there is to say goes out as messages of their own. To be called every few seconds;
// several replicas may, since a message is taken in once. It goes on past one that fails, which waits for its next try, and returns those errors joined.
func (in *Intake) Resume(ctx context.Context) error {
	var failed []error
	for ctx.Err() == nil {
		due, err := in.Store.DueSpooled(ctx, in.Now(), spoolBatch)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for _, m := range due {
			if err := in.resume(ctx, m); err != nil {
				failed = append(failed, err)
			}
		}
		if len(due) < spoolBatch {
			break
		}
	}
	return errors.Join(append(failed, ctx.Err())...)
}

// catchUp works on what is kept of the fan before what they say now, so that they are understood in the order in which they spoke.
func (in *Intake) catchUp(ctx context.Context, now routing.Inbound) error {
	kept, err := in.Store.SpooledOf(ctx, now.OpenID)
	if err != nil {
		return err
	}
	for _, m := range kept {
		if m.Key == now.Key { // delivered again
			break
		}
		if err := in.resume(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (in *Intake) resume(ctx context.Context, m routing.Inbound) error {
	_, failed := in.take(ctx, m, func() bool { return false })
	err := in.Store.Update(ctx, func(tx routing.Tx) error {
		if failed != nil {
			return tx.DelaySpooled(ctx, m.Key, in.Now().Add(spoolPause))
		}
		return tx.DropSpooled(ctx, m.Key)
	})
	return errors.Join(failed, err)
}

// flooding reports whether the fan sends more than anybody writes, and what to tell them, once a minute. What the platform delivers again, because we
// were not there, is not the fan's doing.
func (in *Intake) flooding(ctx context.Context, m routing.Inbound) (reply string, flood bool) {
	if in.Live == nil || in.PerMinute < 1 || !said(m.Kind) {
		return "", false
	}
	within := func(key string, n int) bool {
		ok, err := in.Live.Allow(ctx, key, n, time.Minute)
		if err != nil {
			in.Logger.WarnContext(ctx, "limit of messages is not working", "error", err)
		}
		return ok || err != nil
	}
	fan := pseudonym(m.OpenID)
	if !within("chat-message:"+pseudonym(m.Key), 1) || within("chat:"+fan, in.PerMinute) {
		return "", false
	}
	if !within("chat-told:"+fan, 1) {
		return "", true
	}
	return in.Wording.Text("bot.too_fast"), true
}

// pseudonym stands for an openid where others may look.
func pseudonym(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:12])
}
