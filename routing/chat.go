package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
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
	chats, err := r.OpenChats(ctx)
	if err != nil {
		return s, fmt.Errorf("list conversations: %w", err)
	}
	has := map[string]int{}
	for _, c := range chats {
		has[c.OperatorID]++
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
	if !actor.serves() {
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

// chatTries is how often a step is tried again that crossed words of the complainant.
const chatTries = 5

// onChat runs a step on the open conversation of a task, again when it crossed another change. Errors beside fn's: ErrForbidden, ErrNotFound,
// *TakenError.
func (d *Desk) onChat(ctx context.Context, actor Actor, taskID string, fn func(tx Tx, c *Chat) error) (err error) {
	if !actor.serves() {
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
	if !actor.serves() {
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
	if !actor.serves() {
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
	if actor.Role != RoleOperator {
		return nil
	}
	return d.store.Update(ctx, func(tx Tx) error { return tx.PutDuty(ctx, actor.ID, d.now()) })
}
