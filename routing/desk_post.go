package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// told are the steps that the complainant hears of. Their own steps are answered where they take them.
var told = map[Action]bool{
	ActionFile: true, ActionAssign: true, ActionNotAccept: true, ActionTransfer: true, ActionSign: true, ActionReassign: true,
	ActionProgress: true, ActionExtend: true, ActionReply: true, ActionClose: true, ActionStrikeOff: true, ActionRedo: true,
	ActionWithdraw: true, ActionSupervise: true, ActionSendBack: true, ActionMerge: true, ActionSplit: true,
}

// notify writes the notice of a step to the outbox, if the complainant may know of the step and didn't take it.
func (d *Desk) notify(ctx context.Context, tx Tx, c Case, e Event) error {
	if !told[e.Action] || e.Actor.Role == RoleComplainant || !e.VisibleTo(Actor{Role: RoleComplainant}) {
		return nil
	}
	n := Notice{ID: NewID(), Kind: NoticeKind(e.Action), CaseNumber: c.Number, ComplainantID: c.ComplainantID, Seq: e.Seq,
		State: NoticePending, CreatedAt: e.At}
	if !e.Data.Internal && !c.Restricted { // what the office writes to such a body is for that body
		n.Text = e.Data.Note
	}
	if e.Action == ActionReply {
		n.Text = e.Data.answer()
	}
	return d.post(ctx, tx, n)
}

// post writes a notice and has it delivered: at once, or when the one before it is settled, which then calls it.
func (d *Desk) post(ctx context.Context, tx Tx, n Notice) error {
	waits := false
	if n.CaseNumber != "" {
		var err error
		if waits, err = tx.HoldEarlier(ctx, n.CaseNumber, n.Seq); err != nil {
			return err
		}
	}
	if err := tx.InsertNotice(ctx, n); err != nil {
		return fmt.Errorf("write notice: %w", err)
	}
	if waits {
		return nil
	}
	if err := tx.Enqueue(ctx, Job{Kind: JobDeliver, ID: n.ID}); err != nil {
		return fmt.Errorf("enqueue notice: %w", err)
	}
	return nil
}

// InboundKept is how long a message is known again by its key, with the reply to it: the platform repeats one for seconds, systems outside for days.
const InboundKept = 90 * 24 * time.Hour

// inboundBatch is how many messages are forgotten in one transaction, which others wait for.
const inboundBatch = 2000

// ForgetInbound drops the keys of messages that came long ago.
func (d *Desk) ForgetInbound(ctx context.Context) error {
	for {
		var n int
		err := d.store.Update(ctx, func(tx Tx) (err error) {
			n, err = tx.ForgetInbound(ctx, d.now().Add(-InboundKept), inboundBatch)
			return err
		})
		if err != nil || n < inboundBatch {
			return err
		}
	}
}

// ChatIn sends words of the conversation outside the inline reply: a late answer or a reminder.
func (d *Desk) ChatIn(ctx context.Context, tx Tx, complainantID, text string) error {
	return d.post(ctx, tx, Notice{ID: NewID(), Kind: NoticeChat, ComplainantID: complainantID, Text: text, State: NoticePending, CreatedAt: d.now()})
}

// ReportedIn takes the platform's word on a message that it had accepted from us. A failure sends the notice to the next rung. The
// report may come before our own record of the attempt is durable; it is kept until then.
func (d *Desk) ReportedIn(ctx context.Context, tx Tx, providerID, status string) error {
	attempt, err := tx.DeliveryByProvider(ctx, providerID)
	if errors.Is(err, ErrNotFound) {
		return tx.PutReport(ctx, providerID, status)
	}
	if err != nil {
		return fmt.Errorf("find reported delivery: %w", err)
	}
	n, err := tx.Notice(ctx, attempt.NoticeID)
	if err != nil {
		return fmt.Errorf("find reported notice: %w", err)
	}
	outcome := OutcomeOf(status)
	if err := tx.SetOutcome(ctx, providerID, outcome); err != nil {
		return fmt.Errorf("record report: %w", err)
	}
	if n.State != NoticeSent {
		return nil // already settled by another rung
	}
	if outcome == OutcomeDelivered {
		n.State = NoticeDelivered
		return tx.UpdateNotice(ctx, n)
	}
	n.State, n.Rung = NoticePending, n.Rung+1
	if err := tx.UpdateNotice(ctx, n); err != nil {
		return fmt.Errorf("send notice to the next rung: %w", err)
	}
	return tx.Enqueue(ctx, Job{Kind: JobDeliver, ID: n.ID})
}

// OutcomeOf reads the status of a TEMPLATESENDJOBFINISH event: "success", "failed:user block", "failed: system failed" (the platform
// writes it with and without the blank) and others that begin with "failed".
func OutcomeOf(status string) Outcome {
	s := strings.ToLower(status)
	switch {
	case s == "success":
		return OutcomeDelivered
	case strings.Contains(s, "user block"):
		return OutcomeRefused
	}
	return OutcomeFailed
}

// AddTaskOnceIn is AddTaskIn unless such work about the person is open already.
func (d *Desk) AddTaskOnceIn(ctx context.Context, tx Tx, t Task) error {
	open, err := tx.OpenTasksOf(ctx, t.ComplainantID)
	if err != nil {
		return fmt.Errorf("look for the same task: %w", err)
	}
	if slices.ContainsFunc(open, func(other Task) bool { return other.Kind == t.Kind }) {
		return nil
	}
	return d.AddTaskIn(ctx, tx, t)
}

// AddTaskIn puts work on the operators' list.
func (d *Desk) AddTaskIn(ctx context.Context, tx Tx, t Task) error {
	t.ID, t.CreatedAt = NewID(), d.now()
	if err := tx.InsertTask(ctx, t); err != nil {
		return fmt.Errorf("add task: %w", err)
	}
	tx.AfterCommit(func() { d.live.Publish(context.Background(), Update{}) })
	return nil
}

// FinishTask takes a task off the list; a mass incident is for the office to finish. Errors: ErrForbidden; ErrConflict when somebody did
// it already; *TakenError: a colleague is talking to the complainant.
func (d *Desk) FinishTask(ctx context.Context, actor Actor, id string) error {
	if !actor.May(DeedServe) {
		return ErrForbidden
	}
	return d.store.Update(ctx, func(tx Tx) error {
		open, err := tx.OpenIncidents(ctx)
		if err != nil {
			return fmt.Errorf("look for open incidents: %w", err)
		}
		if !actor.May(DeedStandIn) && slices.ContainsFunc(open, func(i Incident) bool { return i.ID == id }) {
			return ErrForbidden
		}
		if err := tx.FinishTask(ctx, id, actor.Name, d.now()); err != nil {
			return err
		}
		if err := d.closeChat(ctx, tx, actor, id); err != nil {
			return err
		}
		tx.AfterCommit(func() { d.live.Publish(context.Background(), Update{}) })
		return nil
	})
}

// closeChat ends the conversation of a task that is done, if it has one.
func (d *Desk) closeChat(ctx context.Context, tx Tx, actor Actor, taskID string) error {
	c, err := tx.Chat(ctx, taskID)
	if err != nil || !c.EndedAt.IsZero() {
		return orMissing(err, "look for the conversation")
	}
	if c.Taken() && c.OperatorID != actor.ID && !actor.May(DeedStandIn) {
		return &TakenError{By: c.Operator}
	}
	c.EndedAt = d.now()
	return tx.UpdateChat(ctx, c)
}

// AttachIn records evidence that is still at the platform and has it fetched.
func (d *Desk) AttachIn(ctx context.Context, tx Tx, a Attachment) (Attachment, error) {
	a.ID, a.State, a.At = NewID(), AttachmentPending, d.now()
	if err := tx.InsertAttachment(ctx, a); err != nil {
		return Attachment{}, fmt.Errorf("record attachment: %w", err)
	}
	if err := tx.Enqueue(ctx, Job{Kind: JobMedia, ID: a.ID}); err != nil {
		return Attachment{}, fmt.Errorf("enqueue attachment: %w", err)
	}
	return a, nil
}

// BindIn gives a case that was filed by telephone to the fan who scanned its code. ErrNotFound: no such code. ErrForbidden: the
// case belongs to another fan already.
func (d *Desk) BindIn(ctx context.Context, tx Tx, token, complainantID string) (Case, error) {
	c, err := tx.CaseByToken(ctx, token)
	if err != nil || c.ComplainantID == complainantID {
		return c, err
	}
	owner, err := tx.Complainant(ctx, c.ComplainantID)
	if err != nil {
		return Case{}, fmt.Errorf("load complainant: %w", err)
	}
	if owner.OpenID != "" {
		return Case{}, ErrForbidden
	}
	if err := tx.PutCaller(ctx, c.Number, owner.ID); err != nil {
		return Case{}, err
	}
	c.ComplainantID = complainantID
	e := Event{ID: NewID(), Case: c.Number, Seq: c.Version + 1, Action: ActionSupplement, At: d.now(),
		Actor: Actor{Role: RoleComplainant, ID: complainantID}, From: c.State, To: c.State, Data: EventData{Contact: true}}
	c.Apply(e, d.plan)
	if err := d.record(ctx, tx, &c, e); err != nil {
		return Case{}, err
	}
	d.announce(tx, c)
	return c, nil
}
