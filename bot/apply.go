package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"jiesu/routing"
)

// ownCases is how many of the complainant's cases the bot knows of without being told a number.
const ownCases = 20

// world reads what Step may know: the complainant's newest cases, and those named in the message or the state.
func (in *Intake) world(ctx context.Context, r routing.Reader, who routing.Complainant, m Message, s State) (World, error) {
	id := who.ID
	me := routing.Actor{Role: routing.RoleComplainant, ID: id}
	w := World{Judge: in.Judge, Plan: in.Desk.Plan(), Words: in.words, Text: in.Wording, Doors: in.Doors, Pace: in.Pace, Codes: in.Codes,
		PageURL: in.PageURL, PrivacyURL: in.PrivacyURL, Privacy: in.Wording.Text("privacy.version"), Agreed: who.Consent, Me: me}
	var err error
	w.Cases, _, err = r.Cases(ctx, routing.Query{Visible: me, ComplainantID: id, Limit: ownCases})
	if err != nil {
		return w, fmt.Errorf("read own cases: %w", err)
	}
	for i, c := range w.Cases {
		w.Cases[i] = c.View(me) // what is with a body before which nobody must be warned says nothing here either
	}
	if len(w.Cases) > 0 {
		if w.Matters, err = r.MattersOf(ctx, id); err != nil {
			return w, fmt.Errorf("read matters of own cases: %w", err)
		}
	}
	for _, number := range append([]string{CaseNumber(m.Text), tappedCase(m.Button), m.Bound, m.About, m.redeemed(), s.Case, s.Last}, s.Choice...) {
		if err := w.include(ctx, r, number); err != nil {
			return w, err
		}
	}
	return w, nil
}

// redeemed is the case that six digits gave, "" for none.
func (m Message) redeemed() string {
	if m.Redeemed == nil {
		return ""
	}
	return m.Redeemed.Case
}

// include adds a case by number if it is the complainant's own.
func (w *World) include(ctx context.Context, r routing.Reader, number string) error {
	if number == "" {
		return nil
	}
	for _, c := range w.Cases {
		if c.Number == number {
			return nil
		}
	}
	c, err := r.Case(ctx, number)
	if errors.Is(err, routing.ErrNotFound) || err == nil && !w.Me.CanSee(c) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read case %s: %w", number, err)
	}
	w.Cases = append(w.Cases, c.View(w.Me))
	return nil
}

// settle applies the turn, stores the state and returns the answer.
func (in *Intake) settle(ctx context.Context, tx routing.Tx, t thought) (string, error) {
	d, turn := t.dialogue, t.turn
	filed, instead, err := in.apply(ctx, tx, turn.Commands, routing.Actor{Role: routing.RoleComplainant, ID: t.who.ID})
	if err != nil {
		return "", err
	}
	if filed.Number != "" {
		turn.State.Last = filed.Number
	}
	if d.State, err = json.Marshal(turn.State); err != nil {
		return "", fmt.Errorf("write dialogue: %w", err)
	}
	d.WakeAt = turn.WakeAt
	if err := tx.PutDialogue(ctx, d); err != nil {
		return "", fmt.Errorf("store dialogue: %w", err)
	}
	if instead != "" {
		return in.Wording.Text(instead), nil
	}
	outlook, err := in.outlook(ctx, tx, turn.Shown)
	if err != nil {
		return "", err
	}
	return Render(in.Wording, turn.Reply, "number", filed.Number, "url", in.PageURL+filed.Token, "outlook", outlook), nil
}

// outlook says how the case stands after the turn's commands, in the words of its page; "" for none.
func (in *Intake) outlook(ctx context.Context, tx routing.Tx, number string) (string, error) {
	if number == "" {
		return "", nil
	}
	c, err := tx.Case(ctx, number)
	if err != nil {
		return "", fmt.Errorf("read case %s: %w", number, err)
	}
	o, err := in.Desk.OutlookIn(ctx, tx, in.Wording, c)
	if err != nil {
		return "", err
	}
	return strings.Join(o.Lines(), "\n"), nil
}

// apply gives the orders to the desk and returns the case that was filed, if one was. instead is the answer when an order was more than is allowed.
func (in *Intake) apply(ctx context.Context, tx routing.Tx, orders []Order, me routing.Actor) (filed routing.Case, instead string, err error) {
	for _, o := range orders {
		switch o := o.(type) {
		case File:
			filed, err = in.file(ctx, tx, o, me)
		case Act:
			_, err = in.Desk.ActIn(ctx, tx, me, o.Number, o.Step)
		case Agree:
			err = in.Desk.AgreeIn(ctx, tx, me.ID, in.Wording.Text("privacy.version"))
		case SendCode:
			err = in.Desk.PhoneCodeIn(ctx, tx, me.ID, o.Phone)
		case Hand:
			number := o.Number
			if number == "" {
				number = filed.Number
			}
			t := routing.Task{Kind: o.Kind, CaseNumber: number, ComplainantID: me.ID, Note: o.Note, AttachmentID: o.Attachment}
			switch o.Kind {
			case routing.TaskVoice:
				err = in.Desk.AddTaskIn(ctx, tx, t)
			case routing.TaskPrivacy:
				err = in.Desk.AddTaskOnceIn(ctx, tx, t)
			default:
				err = in.Desk.HandOverIn(ctx, tx, t, o.Summary)
			}
		}
		if many := (*routing.TooManyError)(nil); errors.As(err, &many) {
			instead, err = "bot.bind.many", nil
		}
		if err != nil {
			return filed, "", fmt.Errorf("apply %T: %w", o, err)
		}
	}
	return filed, instead, nil
}

func (in *Intake) file(ctx context.Context, tx routing.Tx, f File, me routing.Actor) (routing.Case, error) {
	f.Complaint.ComplainantID = me.ID
	filed, _, err := in.Desk.FileIn(ctx, tx, me, f.Complaint)
	if err != nil {
		return filed, err
	}
	for _, more := range f.More {
		step := routing.Step{Action: routing.ActionSupplement, Note: more}
		if _, err := in.Desk.ActIn(ctx, tx, me, filed.Number, step); err != nil {
			return filed, err
		}
	}
	return filed, nil
}
