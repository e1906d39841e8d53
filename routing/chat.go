package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Chat is a conversation that a person is asked to take over from the bot (人工会话). It lasts as long as its task is open: while it waits the bot goes
// on answering, once somebody has taken it the bot is silent.
type Chat struct {
	TaskID        string
	ComplainantID string
	Summary       string // what was said to the bot before. Personal data
	OperatorID    string // who has taken it; "" while it waits
	Operator      string
	Alarm         int // how often its waiting was seen to
	QueuedAt      time.Time
	TakenAt       time.Time // zero while it waits
	SaidAt        time.Time // last words of the complainant
	WroteAt       time.Time // last words of the operator; zero: none yet
	EndedAt       time.Time // zero while it is open
	Version       int64
}

// Taken reports whether somebody has taken it.
func (c Chat) Taken() bool { return c.OperatorID != "" }

// Waits reports whether the complainant waits for an answer, and since when.
func (c Chat) Waits() (since time.Time, ok bool) {
	switch {
	case !c.EndedAt.IsZero():
		return time.Time{}, false
	case !c.Taken():
		return c.QueuedAt, true
	case c.SaidAt.After(c.WroteAt):
		return later(c.SaidAt, c.TakenAt), true
	}
	return time.Time{}, false
}

// ChatLine is one message of a conversation.
type ChatLine struct {
	ID           string
	TaskID       string
	Side         ChatSide
	Name         string // of the operator
	Text         string // personal data
	AttachmentID string // a picture, a video or a voice message
	At           time.Time
}

// ChatSide is who speaks.
type ChatSide string

// The sides.
const (
	SideComplainant ChatSide = "complainant"
	SideBot         ChatSide = "bot"
	SideOperator    ChatSide = "operator"
)

// HandoverRules say when people are there to take over, and how long somebody may wait. The zero value is a house where somebody always is.
type HandoverRules struct {
	Hours  []WorkSpan    // of every day; empty: the calendar's
	Wait   time.Duration // in the queue, until it becomes a call-back
	Answer time.Duration // after the complainant's words, until it goes back into the queue
	Idle   time.Duration // without a word from either, until the bot has it again
	Chats  int           // that one operator has at once
	Awake  time.Duration // a screen that was open so long ago still counts
}

// Staffing is whether a person can take over now.
type Staffing struct {
	Closed bool      // out of hours
	Busy   bool      // nobody is free
	Opens  time.Time // when somebody is there again; zero: now, or not known
}

// WithHandover sets the rules of the hand-over to a person.
func (d *Desk) WithHandover(r HandoverRules) *Desk {
	e := *d
	e.handover = &r
	return &e
}

// Staffing says whether a person can take over now.
func (d *Desk) Staffing(ctx context.Context, r Reader) (s Staffing, err error) {
	if d.handover == nil {
		return s, nil
	}
	now := d.now()
	var open bool
	if open, s.Opens = d.opens(now); !open {
		s.Closed = true
		return s, nil
	}
	s.Opens = time.Time{}
	awake, err := r.OnDuty(ctx, now.Add(-d.handover.Awake))
	if err != nil {
		return s, fmt.Errorf("look who is on duty: %w", err)
	}
	has, err := r.ChatsByOperator(ctx)
	if err != nil {
		return s, fmt.Errorf("count conversations: %w", err)
	}
	s.Busy = !slices.ContainsFunc(awake, func(id string) bool { return has[id] < d.handover.Chats })
	return s, nil
}

// lookAhead is how many days ahead the next working hours are looked for: longer than any holiday.
const lookAhead = 15

// opens reports whether now is within the hours, and else when they begin; zero when no calendar says.
func (d *Desk) opens(now time.Time) (open bool, at time.Time) {
	today := DateOf(now)
	for i := range lookAhead {
		day := today + Date(i)
		spans := d.handover.Hours
		if len(spans) == 0 {
			if d.plan.Timetable == nil {
				return true, time.Time{}
			}
			of, err := d.plan.Timetable.Calendar().Day(day)
			if err != nil { // a year without data: nobody is promised anything
				return false, time.Time{}
			}
			spans = of.Spans
		}
		for _, s := range spans {
			from, to := day.At(s.From), day.At(s.To)
			if now.Before(from) {
				return false, from
			}
			if now.Before(to) {
				return true, time.Time{}
			}
		}
	}
	return false, time.Time{}
}

// HandOverIn puts a conversation into the operators' queue, unless it is there already or with somebody: then what is new of the summary is added.
func (d *Desk) HandOverIn(ctx context.Context, tx Tx, t Task, summary string) error {
	known, err := tx.ChatWith(ctx, t.ComplainantID)
	if err == nil {
		if summary != "" && !strings.Contains(known.Summary, summary) {
			known.Summary = strings.TrimSpace(known.Summary + "\n" + summary)
		}
		if t.CaseNumber != "" {
			if err := d.nameCase(ctx, tx, known.TaskID, t.CaseNumber); err != nil {
				return err
			}
		}
		if known.Taken() && t.Note != "" { // who has it should read that too: what they wrote hasn't arrived, say
			if err := d.AnsweredIn(ctx, tx, known, t.Note); err != nil {
				return err
			}
			d.tellChat(tx, known)
		}
		return tx.UpdateChat(ctx, known)
	}
	if !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("look for an open conversation: %w", err)
	}
	t.ID, t.CreatedAt = NewID(), d.now()
	if err := tx.InsertTask(ctx, t); err != nil {
		return fmt.Errorf("add task: %w", err)
	}
	if err := tx.InsertChat(ctx, Chat{TaskID: t.ID, ComplainantID: t.ComplainantID, Summary: summary, QueuedAt: t.CreatedAt, SaidAt: t.CreatedAt}); err != nil {
		if errors.Is(err, ErrExists) { // another message of theirs was faster: look again
			err = ErrConflict
		}
		return err
	}
	tx.AfterCommit(func() { d.live.Publish(context.Background(), Update{}) })
	return nil
}

// nameCase says which case a conversation is about, if that isn't known.
func (d *Desk) nameCase(ctx context.Context, tx Tx, taskID, number string) error {
	t, err := openTask(ctx, tx, taskID)
	if err != nil || t.CaseNumber != "" {
		return err
	}
	t.CaseNumber = number
	return tx.UpdateTask(ctx, t)
}

// LinkChat says which case was made of a conversation.
func (d *Desk) LinkChat(ctx context.Context, actor Actor, taskID, number string) error {
	if !actor.May(DeedServe) {
		return ErrForbidden
	}
	return d.store.Update(ctx, func(tx Tx) error { return d.nameCase(ctx, tx, taskID, number) })
}

// SaidIn puts what the complainant says, and what the bot answers, into the open conversation. taken says that a person answers now, and the bot must not.
// ErrNotFound: there is no open conversation.
func (d *Desk) SaidIn(ctx context.Context, tx Tx, complainantID, text, attachmentID string) (c Chat, err error) {
	if c, err = tx.ChatWith(ctx, complainantID); err != nil {
		return c, err
	}
	if c.SaidAt = d.now(); c.Taken() {
		c.Alarm = 0
	}
	if err := tx.UpdateChat(ctx, c); err != nil {
		return c, err
	}
	c.Version++
	l := ChatLine{ID: NewID(), TaskID: c.TaskID, Side: SideComplainant, Text: text, AttachmentID: attachmentID, At: d.now()}
	if err := tx.InsertChatLine(ctx, l); err != nil {
		return c, err
	}
	d.tellChat(tx, c)
	return c, nil
}

// AnsweredIn puts what the bot answered into a conversation that waits.
func (d *Desk) AnsweredIn(ctx context.Context, tx Tx, c Chat, text string) error {
	return tx.InsertChatLine(ctx, ChatLine{ID: NewID(), TaskID: c.TaskID, Side: SideBot, Text: text, At: d.now()})
}

// tellChat tells the screen of who has the conversation, or the queue.
func (d *Desk) tellChat(tx Tx, c Chat) {
	u := Update{Chat: c.TaskID, User: c.OperatorID}
	tx.AfterCommit(func() { d.live.Publish(context.Background(), u) })
}
