package routing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// Call is a telephone call, as the call centre tells of it.
type Call struct {
	ID         string // the call centre's
	Caller     string // plain number of the complainant; "" when it is withheld. Personal data
	Called     string // the number that was dialled, or that we dialled from
	Outgoing   bool
	Queue      string
	OperatorID string // user who answered; "" when it is nobody of ours
	Operator   string // their name
	Cause      string // why it ended, in the call centre's words
	Recording  string // address; heard by who answered and the office alone
	CaseNumber string // what came of it
	TaskID     string // of the call-back that a missed call asks for
	StartedAt  time.Time
	AnsweredAt time.Time // zero: nobody answered
	EndedAt    time.Time // zero: it goes on
}

// Missed reports whether somebody called and nobody answered.
func (c Call) Missed() bool { return !c.Outgoing && !c.EndedAt.IsZero() && c.AnsweredAt.IsZero() }

// Length is how long they spoke, 0 while they do and when they didn't.
func (c Call) Length() time.Duration {
	if c.AnsweredAt.IsZero() || c.EndedAt.IsZero() {
		return 0
	}
	return c.EndedAt.Sub(c.AnsweredAt)
}

// CallStep is what the call centre tells of.
type CallStep string

// The steps, in the order in which they should come; they may come in any, and more than once.
const (
	CallNew    CallStep = "new"
	CallAnswer CallStep = "answer"
	CallHangup CallStep = "hangup"
)

// CallEvent is one message of the call centre.
type CallEvent struct {
	Step      CallStep
	ID        string
	From, To  string
	Direction string // in, out; "" is in
	User      string // account name of who answered or calls
	Answering string // extension of who answered
	Queue     string
	Cause     string
	Recording string
}

const (
	callIn           = "in"
	callOut          = "out"
	longestCallField = 100

	callTries = 5 // of a message that crosses another
)

func (e CallEvent) check() error {
	switch e.Step {
	case CallNew, CallAnswer, CallHangup:
	default:
		return invalid("event", "error.call_event")
	}
	switch e.Direction {
	case "", callIn, callOut:
	default:
		return invalid("direction", "error.call_direction")
	}
	if e.ID == "" {
		return invalid("callid", "error.call_id")
	}
	for name, v := range map[string]string{"callid": e.ID, "from": e.From, "to": e.To, "user": e.User, "answeringNumber": e.Answering, "queue": e.Queue, "cause": e.Cause} {
		if len(v) > longestCallField || !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			return &InvalidError{Field: name, Key: "error.call_field"}
		}
	}
	if e.Recording != "" {
		if u, err := url.Parse(e.Recording); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(e.Recording) > 1000 {
			return invalid("recording", "error.call_recording")
		}
	}
	return nil
}

// ReportCall takes a message of the call centre: it keeps the log, tells the screen of who answers, and makes a call-back task of a missed call, one for
// each number until somebody has called. Errors: ErrForbidden, *InvalidError.
func (d *Desk) ReportCall(ctx context.Context, actor Actor, e CallEvent) (c Call, err error) {
	if !actor.May(DeedServe) {
		return c, ErrForbidden
	}
	if err := e.check(); err != nil {
		return c, err
	}
	for range callTries { // the first messages of a call, or two missed calls of one number, may come at once
		if c, err = d.reportCall(ctx, e); !errors.Is(err, ErrExists) {
			return c, err
		}
	}
	return c, err
}

func (d *Desk) reportCall(ctx context.Context, e CallEvent) (c Call, err error) {
	err = d.store.Update(ctx, func(tx Tx) error {
		known := true
		if c, err = tx.Call(ctx, e.ID); errors.Is(err, ErrNotFound) {
			known, c = false, Call{ID: e.ID, Outgoing: e.Direction == callOut, StartedAt: d.now()}
		} else if err != nil {
			return fmt.Errorf("load call: %w", err)
		}
		before := c
		c.tell(e)
		if err := d.step(ctx, tx, &c, e); err != nil {
			return err
		}
		if known && c == before {
			return nil // said before
		}
		put := tx.UpdateCall
		if !known {
			put = tx.InsertCall
		}
		if err := put(ctx, c); err != nil {
			return fmt.Errorf("keep call: %w", err)
		}
		if e.Step == CallAnswer && c.OperatorID != "" && c.EndedAt.IsZero() {
			tx.AfterCommit(func() { d.live.Publish(context.Background(), Update{Call: c.ID, User: c.OperatorID}) })
		}
		return nil
	})
	return c, err
}

// tell takes over what the message says of the call itself, unless it is known.
func (c *Call) tell(e CallEvent) {
	ours, theirs := e.To, e.From
	if c.Outgoing {
		ours, theirs = e.From, e.To
	}
	if number, callable := PlainPhone(theirs); callable && c.Caller == "" {
		c.Caller = number
	}
	for _, f := range []struct {
		to  *string
		say string
	}{{&c.Called, ours}, {&c.Queue, e.Queue}, {&c.Recording, e.Recording}} {
		if *f.to == "" {
			*f.to = f.say
		}
	}
}

// step moves the call on; what is over stays over, whatever comes late.
func (d *Desk) step(ctx context.Context, tx Tx, c *Call, e CallEvent) error {
	switch e.Step {
	case CallNew:
	case CallAnswer:
		if !c.EndedAt.IsZero() {
			return nil
		}
		if c.AnsweredAt.IsZero() {
			c.AnsweredAt = d.now()
		}
		if c.OperatorID == "" {
			u, err := tx.UserOfCall(ctx, e.User, e.Answering)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return fmt.Errorf("look for who answers: %w", err)
			}
			if u.Actor().May(DeedServe) {
				c.OperatorID, c.Operator = u.ID, u.Name
			}
		}
	case CallHangup:
		if !c.EndedAt.IsZero() {
			return nil
		}
		c.EndedAt, c.Cause = d.now(), e.Cause
		switch {
		case c.Caller == "":
		case c.Missed():
			return d.callBack(ctx, tx, c)
		case c.Outgoing && !c.AnsweredAt.IsZero():
			return d.calledBack(ctx, tx, c)
		}
	}
	return nil
}

// callBack asks an operator to call a number, unless one is asked to already.
func (d *Desk) callBack(ctx context.Context, tx Tx, c *Call) error {
	who, err := d.complainantOf(ctx, tx, Complaint{Contact: Contact{Phone: c.Caller}})
	if err != nil {
		return fmt.Errorf("find caller: %w", err)
	}
	switch t, err := missedTask(ctx, tx, who.ID); {
	case err == nil:
		c.TaskID = t.ID
		return nil
	case !errors.Is(err, ErrNotFound):
		return err
	}
	t := Task{ID: NewID(), Kind: TaskMissed, ComplainantID: who.ID, CreatedAt: d.now()}
	c.TaskID = t.ID
	if err := tx.InsertTask(ctx, t); err != nil {
		return fmt.Errorf("add task: %w", err)
	}
	tx.AfterCommit(func() { d.live.Publish(context.Background(), Update{}) })
	return nil
}

// missedTask is the open task to call somebody back, ErrNotFound when there is none.
func missedTask(ctx context.Context, tx Tx, complainantID string) (Task, error) {
	open, err := tx.OpenTasksOf(ctx, complainantID)
	if err != nil {
		return Task{}, fmt.Errorf("list tasks: %w", err)
	}
	for _, t := range open {
		if t.Kind == TaskMissed {
			return t, nil
		}
	}
	return Task{}, ErrNotFound
}

// calledBack finishes the task to call a number back once somebody there has taken our call.
func (d *Desk) calledBack(ctx context.Context, tx Tx, c *Call) error {
	who, err := tx.ComplainantByPhone(ctx, c.Caller)
	if err != nil {
		return orMissing(err, "find who was called")
	}
	t, err := missedTask(ctx, tx, who.ID)
	if err != nil {
		return orMissing(err, "find task")
	}
	c.TaskID = t.ID
	if err := tx.FinishTask(ctx, t.ID, cmp.Or(c.Operator, c.Called), d.now()); err != nil && !errors.Is(err, ErrConflict) {
		return err
	}
	tx.AfterCommit(func() { d.live.Publish(context.Background(), Update{}) })
	return nil
}

// orMissing lets a miss pass.
func orMissing(err error, doing string) error {
	if err == nil || errors.Is(err, ErrNotFound) {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// CallQuery selects calls.
type CallQuery struct {
	Missed bool
	Case   string
	Before string // id: earlier ones than it, for the next page
	Limit  int    // 1 to 200
}

// Calls is the log, the newest first, numbers masked. Error: ErrForbidden.
func (d *Desk) Calls(ctx context.Context, actor Actor, q CallQuery) ([]Call, error) {
	if !actor.May(DeedServe) {
		return nil, ErrForbidden
	}
	calls, err := d.store.Calls(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list calls: %w", err)
	}
	for i := range calls {
		calls[i] = calls[i].view(actor)
		calls[i].Caller = MaskPhone(calls[i].Caller)
	}
	return calls, nil
}

// CallOf is a call with its number in full, for who answers it; for others it is masked. Errors: ErrForbidden, ErrNotFound.
func (d *Desk) CallOf(ctx context.Context, actor Actor, id string) (Call, error) {
	if !actor.May(DeedServe) {
		return Call{}, ErrForbidden
	}
	c, err := d.store.Call(ctx, id)
	if err != nil {
		return Call{}, err
	}
	if c.OperatorID != actor.ID {
		c.Caller = MaskPhone(c.Caller)
	}
	return c.view(actor), nil
}

// view leaves out the recording for whom it isn't: those who didn't answer, the office aside.
func (c Call) view(actor Actor) Call {
	if c.OperatorID != actor.ID && !actor.May(DeedStandIn) {
		c.Recording = ""
	}
	return c
}

// LinkCall puts on record which case came of a call, once. A call that is linked already stays as it is.
func (d *Desk) LinkCall(ctx context.Context, actor Actor, id, number string) error {
	if !actor.May(DeedServe) {
		return ErrForbidden
	}
	return d.store.Update(ctx, func(tx Tx) error {
		c, err := tx.Call(ctx, id)
		if err != nil || c.CaseNumber != "" {
			return err
		}
		c.CaseNumber = number
		return tx.UpdateCall(ctx, c)
	})
}
