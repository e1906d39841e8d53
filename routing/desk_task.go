package routing

import (
	"context"
	"strings"
	"unicode/utf8"
)

// MaxAnswer is the longest answer by chat in characters: what the platform surely takes in one piece.
const MaxAnswer = 600

// What an operator did for a task is put on record as a task of its own that is done already, so that no list of open ones shows it.
const (
	TaskAnswered TaskKind = "answered" // wrote to the complainant; the words are in the notice
	TaskRevealed TaskKind = "revealed" // looked at the number of somebody without a case; Note says what for
)

// everyTask is more tasks than are ever open.
const everyTask = 100_000

// AnswerTask sends words of an operator to the complainant of an open task, as a message of the conversation. The task stays open: one
// answer may not be the last. Errors: ErrForbidden; ErrConflict when the task isn't open, since somebody has done it; *InvalidError for the
// words, and when the platform doesn't let us write now, so that one has to call.
func (d *Desk) AnswerTask(ctx context.Context, actor Actor, id, text string) error {
	text = strings.TrimSpace(text)
	switch {
	case !actor.serves():
		return ErrForbidden
	case text == "":
		return invalid("text", "error.answer_empty")
	case utf8.RuneCountInString(text) > MaxAnswer:
		return invalid("text", "error.answer_too_long")
	}
	return d.store.Update(ctx, func(tx Tx) error {
		t, err := openTask(ctx, tx, id)
		if err != nil {
			return err
		}
		who, err := tx.Complainant(ctx, t.ComplainantID)
		if err != nil {
			return err
		}
		left, err := tx.Quotas(ctx, who.ID, d.now())
		if err != nil {
			return err
		}
		if who.OpenID == "" || !who.Following || len(left) == 0 {
			return invalid("text", "error.answer_closed")
		}
		if err := d.ChatIn(ctx, tx, who.ID, text); err != nil {
			return err
		}
		return d.noteTask(ctx, tx, actor, Task{Kind: TaskAnswered, CaseNumber: t.CaseNumber, ComplainantID: who.ID})
	})
}

// RevealTask returns the unmasked contact of the person whom an open task is about and puts on record who looked and why: in the case's
// timeline, or beside the tasks when there is no case. Errors: ErrForbidden; ErrConflict when the task isn't open; *InvalidError without a
// reason.
func (d *Desk) RevealTask(ctx context.Context, actor Actor, id, reason string) (contact Contact, err error) {
	reason = strings.TrimSpace(reason)
	switch {
	case !actor.serves():
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

// serves: the operators, and those who stand in for them.
func (a Actor) serves() bool { return a.Role == RoleOperator || a.overseer() }

// openTask finds a task that is still to be done, else ErrConflict.
func openTask(ctx context.Context, tx Tx, id string) (Task, error) {
	open, err := tx.OpenTasks(ctx, everyTask)
	if err != nil {
		return Task{}, err
	}
	for _, t := range open {
		if t.ID == id {
			return t, nil
		}
	}
	return Task{}, ErrConflict
}

func (d *Desk) noteTask(ctx context.Context, tx Tx, actor Actor, t Task) error {
	t.ID, t.CreatedAt, t.DoneAt, t.DoneBy = NewID(), d.now(), d.now(), actor.Name
	return tx.InsertTask(ctx, t)
}
