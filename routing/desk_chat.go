package routing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// chatTries is how often a step is tried again that crossed words of the complainant.
const chatTries = 5

// onChat runs a step on the open conversation of a task, again when it crossed another change. Errors beside fn's: ErrForbidden, ErrNotFound,
// *TakenError.
func (d *Desk) onChat(ctx context.Context, actor Actor, taskID string, fn func(tx Tx, c *Chat) error) (err error) {
	if !actor.May(DeedServe) {
		return ErrForbidden
	}
	for range chatTries {
		err = d.store.Update(ctx, func(tx Tx) error {
			c, err := tx.Chat(ctx, taskID)
			switch {
			case err != nil:
				return err
			case !c.EndedAt.IsZero():
				return &TakenError{}
			case c.Taken() && c.OperatorID != actor.ID:
				return &TakenError{By: c.Operator}
			}
			if err := fn(tx, &c); err != nil {
				return err
			}
			if err := tx.UpdateChat(ctx, c); err != nil {
				return err
			}
			d.tellChat(tx, c)
			tx.AfterCommit(func() { d.live.Publish(context.Background(), Update{}) })
			return nil
		})
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return err
}

// TakenError: another operator has the conversation, or it is over.
type TakenError struct{ By string } // "": over

func (e *TakenError) Error() string { return "the conversation is over or with another operator" }

// TakeChat gives the conversation to the operator and says greeting to the complainant. Errors: ErrForbidden, ErrNotFound, *TakenError.
func (d *Desk) TakeChat(ctx context.Context, actor Actor, taskID, greeting string) error {
	return d.onChat(ctx, actor, taskID, func(tx Tx, c *Chat) error {
		if c.Taken() {
			return nil
		}
		return d.take(ctx, tx, actor, c, greeting)
	})
}

func (d *Desk) take(ctx context.Context, tx Tx, actor Actor, c *Chat, greeting string) error {
	c.OperatorID, c.Operator, c.TakenAt, c.Alarm = actor.ID, actor.Name, d.now(), 0
	return d.sayIfMay(ctx, tx, *c, greeting)
}

// sayIfMay sends a sentence of the house into the conversation when the platform lets us, and keeps it.
func (d *Desk) sayIfMay(ctx context.Context, tx Tx, c Chat, text string) error {
	may, err := d.mayWrite(ctx, tx, c.ComplainantID)
	if err != nil || !may || text == "" {
		return err
	}
	if err := d.AnsweredIn(ctx, tx, c, text); err != nil {
		return err
	}
	return d.ChatIn(ctx, tx, c.ComplainantID, text)
}

// mayWrite reports whether the platform lets us write to somebody now.
func (d *Desk) mayWrite(ctx context.Context, tx Tx, complainantID string) (bool, error) {
	who, err := tx.Complainant(ctx, complainantID)
	if err != nil {
		return false, fmt.Errorf("load complainant: %w", err)
	}
	left, err := tx.Quotas(ctx, who.ID, d.now())
	if err != nil {
		return false, fmt.Errorf("read quota: %w", err)
	}
	return who.OpenID != "" && who.Following && len(left) > 0, nil
}

// WriteChat sends the operator's words and takes the conversation if nobody has. Errors as of TakeChat; *InvalidError for the words, and when the platform
// doesn't let us write now, so that one has to call.
func (d *Desk) WriteChat(ctx context.Context, actor Actor, taskID, text string) error {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return invalid("text", "error.answer_empty")
	case utf8.RuneCountInString(text) > MaxAnswer:
		return invalid("text", "error.answer_too_long")
	}
	return d.onChat(ctx, actor, taskID, func(tx Tx, c *Chat) error {
		may, err := d.mayWrite(ctx, tx, c.ComplainantID)
		if err != nil {
			return err
		}
		if !may {
			return invalid("text", "error.answer_closed")
		}
		if !c.Taken() {
			if err := d.take(ctx, tx, actor, c, ""); err != nil {
				return err
			}
		}
		c.WroteAt, c.Alarm = d.now(), 0
		l := ChatLine{ID: NewID(), TaskID: taskID, Side: SideOperator, Name: actor.Name, Text: text, At: d.now()}
		if err := tx.InsertChatLine(ctx, l); err != nil {
			return err
		}
		return d.ChatIn(ctx, tx, c.ComplainantID, text)
	})
}

// ReleaseChat puts the conversation back into the queue, for a colleague. Errors as of TakeChat.
func (d *Desk) ReleaseChat(ctx context.Context, actor Actor, taskID string) error {
	return d.onChat(ctx, actor, taskID, func(_ Tx, c *Chat) error {
		d.release(c)
		return nil
	})
}

func (d *Desk) release(c *Chat) {
	c.OperatorID, c.Operator, c.TakenAt, c.Alarm, c.QueuedAt = "", "", time.Time{}, 0, d.now()
}

// HandBack ends the conversation, says farewell and lets the bot speak again. Errors as of TakeChat.
func (d *Desk) HandBack(ctx context.Context, actor Actor, taskID, farewell string) error {
	return d.onChat(ctx, actor, taskID, func(tx Tx, c *Chat) error {
		return d.endChat(ctx, tx, c, actor.Name, farewell)
	})
}

// endChat finishes the task with the conversation; the caller stores c.
func (d *Desk) endChat(ctx context.Context, tx Tx, c *Chat, by, farewell string) error {
	if err := d.sayIfMay(ctx, tx, *c, farewell); err != nil {
		return err
	}
	c.EndedAt = d.now()
	return tx.FinishTask(ctx, c.TaskID, by, d.now())
}

// LeaveChatIn ends the conversation as the complainant wishes.
func (d *Desk) LeaveChatIn(ctx context.Context, tx Tx, c Chat) error {
	if err := d.endChat(ctx, tx, &c, "", ""); err != nil {
		return err
	}
	d.tellChat(tx, c)
	tx.AfterCommit(func() { d.live.Publish(context.Background(), Update{}) })
	return tx.UpdateChat(ctx, c)
}

// ChatOf is the conversation of a task with what was said. Errors: ErrForbidden, ErrNotFound.
func (d *Desk) ChatOf(ctx context.Context, actor Actor, taskID string) (c Chat, lines []ChatLine, err error) {
	if !actor.May(DeedServe) {
		return c, nil, ErrForbidden
	}
	if c, err = d.store.Chat(ctx, taskID); err != nil {
		return c, nil, err
	}
	lines, err = d.store.ChatLines(ctx, taskID)
	return c, lines, err
}

// Chats are the open conversations, by task. Error: ErrForbidden.
func (d *Desk) Chats(ctx context.Context, actor Actor) (map[string]Chat, error) {
	if !actor.May(DeedServe) {
		return nil, ErrForbidden
	}
	open, err := d.store.OpenChats(ctx)
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", err)
	}
	byTask := map[string]Chat{}
	for _, c := range open {
		byTask[c.TaskID] = c
	}
	return byTask, nil
}

// Present notes that an operator's screen is open.
func (d *Desk) Present(ctx context.Context, actor Actor) error {
	if !actor.May(DeedPresent) {
		return nil
	}
	return d.store.Update(ctx, func(tx Tx) error { return tx.PutDuty(ctx, actor.ID, d.now()) })
}
