package routing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxAnswer is the longest answer by chat in characters: what the platform surely takes in one piece.
const MaxAnswer = 600

// TaskRevealed is on record, as a task that is done already and in no list, when somebody looked at the number of a person without a case; Note says what for.
const TaskRevealed TaskKind = "revealed"

// RevealTask returns the unmasked contact of the person whom an open task is about and puts on record who looked and why: in the case's
// timeline, or beside the tasks when there is no case. Errors: ErrForbidden; ErrConflict when the task isn't open; *InvalidError without a
// reason.
func (d *Desk) RevealTask(ctx context.Context, actor Actor, id, reason string) (contact Contact, err error) {
	reason = strings.TrimSpace(reason)
	switch {
	case !actor.May(DeedServe):
		return Contact{}, ErrForbidden
	case reason == "":
		return Contact{}, invalid("note", "error.note_empty")
	case utf8.RuneCountInString(reason) > MaxText:
		return Contact{}, invalid("note", "error.text_too_long")
	}
	err = d.store.Update(ctx, func(tx Tx) error {
		t, err := openTask(ctx, tx, id)
		if err != nil {
			return err
		}
		who, err := tx.Complainant(ctx, t.ComplainantID)
		if err != nil {
			return err
		}
		contact = Contact{Enterprise: who.Enterprise, Name: who.Name, Phone: who.Phone}
		if t.CaseNumber != "" {
			c, err := d.ActIn(ctx, tx, actor, t.CaseNumber, Step{Action: ActionReveal, Note: reason})
			contact = contact.with(c.Contact)
			return err
		}
		return d.noteTask(ctx, tx, actor, Task{Kind: TaskRevealed, ComplainantID: who.ID, Note: reason})
	})
	return contact, err
}

// openTask finds a task that is still to be done, else ErrConflict.
func openTask(ctx context.Context, tx Tx, id string) (Task, error) {
	t, err := tx.Task(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && (!t.DoneAt.IsZero() || t.Kind == TaskIncident) {
		return Task{}, ErrConflict
	}
	return t, err
}

func (d *Desk) noteTask(ctx context.Context, tx Tx, actor Actor, t Task) error {
	t.ID, t.CreatedAt, t.DoneAt, t.DoneBy = NewID(), d.now(), d.now(), actor.Name
	return tx.InsertTask(ctx, t)
}

// TakeVoiceIn finishes the task to write a voice message down, and returns it with the number of the case that the message belongs to by now. Errors:
// ErrForbidden; ErrConflict: somebody has; *InvalidError: it is another kind of task.
func (d *Desk) TakeVoiceIn(ctx context.Context, tx Tx, actor Actor, id string) (Task, error) {
	if !actor.May(DeedServe) {
		return Task{}, ErrForbidden
	}
	t, err := openTask(ctx, tx, id)
	if err != nil {
		return Task{}, err
	}
	if t.Kind != TaskVoice {
		return Task{}, invalid("text", "error.voice_task")
	}
	if t.CaseNumber == "" && t.AttachmentID != "" {
		a, err := tx.Attachment(ctx, t.AttachmentID)
		if err != nil {
			return Task{}, fmt.Errorf("load voice message: %w", err)
		}
		t.CaseNumber = a.CaseNumber
	}
	if err := tx.FinishTask(ctx, id, actor.Name, d.now()); err != nil {
		return Task{}, err
	}
	tx.AfterCommit(func() { d.live.Publish(context.Background(), Update{}) })
	return t, nil
}
