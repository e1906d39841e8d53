package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"jiesu/routing"
)

// Config is what an Intake works with. PageURL is the address of the complainants' pages up to the token; "" leaves them out of
// the answers.
type Config struct {
	Store      routing.Store
	Desk       *routing.Desk
	Judge      routing.Judge
	Wording    routing.Wording
	Doors      []Door
	Pace       Pace
	Codes      bool // six digits can be sent by SMS
	PageURL    string
	PrivacyURL string // of the page that says what becomes of personal data
	Now        func() time.Time
	Logger     *slog.Logger

	Live      routing.Volatile // counts messages; nil: nobody sends too many
	PerMinute int              // messages of one fan; 0: as many as they like

	// Span opens a stretch of work in the trace of the context, and returns what ends it; nil: nothing is recorded.
	Span func(ctx context.Context, name string) (context.Context, func())
}

// DefaultOtherFrom is the confidence from which a text outside the plan is answered with another door rather than shown to a clerk.
const DefaultOtherFrom = 0.6

// Intake implements routing.Intake: one transaction per message around Step.
type Intake struct {
	Config
	words *Words
}

// NewIntake checks the catalogue and the doors and returns the intake.
func NewIntake(c Config) (*Intake, error) {
	words, err := NewWords(c.Wording)
	if err != nil {
		return nil, fmt.Errorf("make bot: %w", err)
	}
	if len(c.Doors) == 0 || len(c.Doors[len(c.Doors)-1].Cues) > 0 {
		return nil, errors.New("make bot: the last door must take everything, so it has no cues")
	}
	if c.Pace.Remind <= 0 || c.Pace.Close <= c.Pace.Remind {
		return nil, errors.New("make bot: close_after must be longer than remind_after, and both longer than nothing")
	}
	if c.Pace.OtherFrom == 0 {
		c.Pace.OtherFrom = DefaultOtherFrom
	}
	if c.Span == nil {
		c.Span = func(ctx context.Context, _ string) (context.Context, func()) { return ctx, func() {} }
	}
	return &Intake{Config: c, words: words}, nil
}

// conflictTries is how often a message is taken in anew when another one of the same complainant or a step on the same case was
// faster. Messages of one person rarely cross more than once.
const conflictTries = 5

// Receive implements routing.Intake.
func (in *Intake) Receive(ctx context.Context, m routing.Inbound, onTime func() bool) (reply string, err error) {
	if reply, flood := in.flooding(ctx, m); flood {
		return reply, nil
	}
	if err := in.catchUp(ctx, m); err != nil {
		return "", err
	}
	return in.take(ctx, m, onTime)
}

func (in *Intake) take(ctx context.Context, m routing.Inbound, onTime func() bool) (reply string, err error) {
	ctx, end := in.Span(ctx, "turn")
	defer end()
	inline := sync.OnceValue(onTime) // asked once, however often the transaction is tried
	ahead := in.thinkAhead(ctx, m)
	err = in.update(ctx, func(tx routing.Tx) error {
		thought := ahead
		ahead = nil // another try thinks anew
		reply, err = in.receive(ctx, tx, m, inline, thought)
		if err != nil && thought != nil { // perhaps only because something has changed since
			return fmt.Errorf("%w: %w", routing.ErrConflict, err)
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("take in message %s: %w", m.Key, err)
	}
	return reply, nil
}

// tracedJudge opens a stretch of the trace for each judgement.
type tracedJudge struct {
	judge routing.Judge
	open  func() (end func())
}

// Judge implements routing.Judge.
func (j tracedJudge) Judge(text string) routing.Judgement {
	defer j.open()()
	return j.judge.Judge(text)
}

// update runs fn in a transaction, again when somebody else was faster.
func (in *Intake) update(ctx context.Context, fn func(tx routing.Tx) error) error {
	var err error
	for range conflictTries {
		if err = in.Store.Update(ctx, fn); !errors.Is(err, routing.ErrConflict) {
			return err
		}
	}
	return err
}

func (in *Intake) receive(ctx context.Context, tx routing.Tx, m routing.Inbound, inline func() bool, ahead *thought) (string, error) {
	who, err := in.complainant(ctx, tx, m, ahead)
	if err != nil {
		return "", err
	}
	fresh, stored, err := tx.PutInbound(ctx, m, who.ID)
	if err != nil {
		return "", fmt.Errorf("record message: %w", err)
	}
	if !fresh {
		return stored, nil
	}
	if q, ok := routing.Grant(m.Kind, m.At); ok {
		if err := tx.GrantQuota(ctx, who.ID, q); err != nil {
			return "", fmt.Errorf("grant quota: %w", err)
		}
	}
	switch m.Kind {
	case routing.InboundReport:
		return "", in.Desk.ReportedIn(ctx, tx, m.ProviderID, m.Status)
	case routing.InboundUnsubscribe, routing.InboundView, routing.InboundUnknown:
		return "", nil
	}
	reply, err := in.converse(ctx, tx, who, m, ahead)
	if err != nil || reply == "" {
		return "", err
	}
	if !inline() {
		return "", in.Desk.ChatIn(ctx, tx, who.ID, reply)
	}
	if err := tx.SetReply(ctx, m.Key, reply); err != nil {
		return "", fmt.Errorf("store reply: %w", err)
	}
	return reply, nil
}

// complainant finds or makes the fan who speaks, and notes whether they follow: whoever can write to the account does.
func (in *Intake) complainant(ctx context.Context, tx routing.Tx, m routing.Inbound, ahead *thought) (routing.Complainant, error) {
	following := m.Kind != routing.InboundUnsubscribe
	if ahead != nil && ahead.who.Following == following {
		if !ahead.newcomer {
			return ahead.who, nil
		}
		return ahead.who, in.add(ctx, tx, ahead.who)
	}
	who, err := tx.ComplainantByOpenID(ctx, m.OpenID)
	if errors.Is(err, routing.ErrNotFound) {
		who = newcomer(m)
		return who, in.add(ctx, tx, who)
	}
	if err != nil {
		return who, fmt.Errorf("find complainant: %w", err)
	}
	if who.Following != following && m.Kind != routing.InboundReport {
		who.Following = following
		if err := tx.UpdateComplainant(ctx, who); err != nil {
			return who, fmt.Errorf("note following: %w", err)
		}
	}
	return who, nil
}

func (in *Intake) add(ctx context.Context, tx routing.Tx, who routing.Complainant) error {
	err := tx.InsertComplainant(ctx, who)
	if errors.Is(err, routing.ErrExists) { // the same fan's other message was faster: look again
		err = routing.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("add complainant: %w", err)
	}
	return nil
}

// newcomer is a fan who has never said anything.
func newcomer(m routing.Inbound) routing.Complainant {
	return routing.Complainant{ID: routing.NewID(), OpenID: m.OpenID, Following: m.Kind != routing.InboundUnsubscribe, CreatedAt: m.At}
}

// converse answers a message, or leaves that to whoever has taken over the conversation.
func (in *Intake) converse(ctx context.Context, tx routing.Tx, who routing.Complainant, m routing.Inbound, ahead *thought) (string, error) {
	msg, err := in.message(ctx, tx, who.ID, m)
	if err != nil {
		return "", err
	}
	if msg.Kind == KindButton || msg.Kind == KindFollow { // taps are for the bot whoever listens
		return in.talk(ctx, tx, who, msg, ahead)
	}
	chat, err := in.Desk.SaidIn(ctx, tx, who.ID, m.Text, msg.Attachment)
	switch {
	case errors.Is(err, routing.ErrNotFound):
		return in.talk(ctx, tx, who, msg, ahead)
	case err != nil:
		return "", fmt.Errorf("put into conversation: %w", err)
	case chat.Taken() && in.words.is("leave", clean(m.Text)):
		return in.Wording.Text("bot.human.left"), in.Desk.LeaveChatIn(ctx, tx, chat)
	case chat.Taken() && in.words.swearing(clean(m.Text)):
		return in.Wording.Text("bot.human.civil"), nil
	case chat.Taken():
		return "", nil
	}
	reply, err := in.talk(ctx, tx, who, msg, ahead)
	if err != nil || reply == "" {
		return "", err
	}
	return reply, in.Desk.AnsweredIn(ctx, tx, chat, reply)
}

// talk runs one turn: reads the world, steps, applies, stores; or applies and stores what was thought ahead.
func (in *Intake) talk(ctx context.Context, tx routing.Tx, who routing.Complainant, msg Message, ahead *thought) (string, error) {
	if ahead != nil && ahead.who.ID == who.ID && ahead.who.Consent == who.Consent {
		return in.settle(ctx, tx, *ahead)
	}
	d, state, err := in.dialogue(ctx, tx, who.ID)
	if err != nil {
		return "", err
	}
	if redeems(state, msg) {
		if err := in.redeem(ctx, tx, who.ID, &msg); err != nil {
			return "", err
		}
	}
	t, err := in.think(ctx, tx, who, d, state, msg)
	if err != nil {
		return "", err
	}
	return in.settle(ctx, tx, t)
}

// thought is a turn, and upon what it was taken.
type thought struct {
	who      routing.Complainant
	newcomer bool // not stored yet
	dialogue routing.Dialogue
	turn     Turn
}

// think steps. Who could take over is looked up only if the turn asks.
func (in *Intake) think(ctx context.Context, r routing.Reader, who routing.Complainant, d routing.Dialogue, s State, m Message) (thought, error) {
	w, err := in.world(ctx, r, who, m, s)
	if err != nil {
		return thought{}, err
	}
	w.Judge = tracedJudge{in.Judge, func() func() { _, end := in.Span(ctx, "classify"); return end }}
	var unknown error
	w.Staff = func() routing.Staffing {
		s, err := in.Desk.Staffing(ctx, r)
		unknown = errors.Join(unknown, err)
		return s
	}
	turn := Step(s, m, w)
	if unknown != nil {
		return thought{}, fmt.Errorf("look for staff: %w", unknown)
	}
	return thought{who: who, dialogue: d, turn: turn}, nil
}

// thinkAhead takes the turn before the transaction that will store it, since on SQLite transactions take turns and thinking takes as long as writing. What
// has changed until then is found out: by the version of the dialogue, or by an order that can't be done any more. nil: only the transaction can tell.
func (in *Intake) thinkAhead(ctx context.Context, m routing.Inbound) *thought {
	msg := heard(m)
	if msg.Kind != KindText && msg.Kind != KindButton {
		return nil
	}
	ctx, end := in.Span(ctx, "think")
	defer end()
	who, err := in.Store.ComplainantByOpenID(ctx, m.OpenID)
	unknown := errors.Is(err, routing.ErrNotFound)
	if unknown {
		who = newcomer(m)
	} else if err != nil {
		return nil
	}
	d, state, err := in.dialogue(ctx, in.Store, who.ID)
	if err != nil || redeems(state, msg) {
		return nil
	}
	t, err := in.think(ctx, in.Store, who, d, state, msg)
	if err != nil {
		return nil
	}
	t.newcomer = unknown
	return &t
}

// heard is what the platform delivered, as far as it is to be had without the database.
func heard(m routing.Inbound) Message {
	msg := Message{Kind: KindUnknown, Text: m.Text, Button: m.Button, At: m.At}
	switch m.Kind {
	case routing.InboundText, routing.InboundLink, routing.InboundLocation:
		msg.Kind = KindText
	case routing.InboundImage, routing.InboundVideo:
		msg.Kind = KindEvidence
	case routing.InboundVoice:
		msg.Kind = KindVoice
	case routing.InboundClick:
		msg.Kind = KindButton
	case routing.InboundSubscribe, routing.InboundScan:
		msg.Kind = KindFollow
	}
	return msg
}

// message is what the platform delivered, with what had to be kept or bound for it.
func (in *Intake) message(ctx context.Context, tx routing.Tx, id string, m routing.Inbound) (Message, error) {
	msg := heard(m)
	switch msg.Kind {
	case KindEvidence, KindVoice:
		a, err := in.Desk.AttachIn(ctx, tx, routing.Attachment{ComplainantID: id, Kind: string(m.Kind), MediaID: m.MediaID})
		if err != nil {
			return msg, err
		}
		msg.Attachment = a.ID
	case KindFollow:
		return in.scanned(ctx, tx, id, m.Scene, msg)
	}
	return msg, nil
}

// casePrefix begins what the code of a case carries; its token follows.
const casePrefix = "case_"

// CaseScene is what the QR code of a case carries: scanning it binds the case to the fan.
func CaseScene(token string) string { return casePrefix + token }

func (in *Intake) scanned(ctx context.Context, tx routing.Tx, id, scene string, msg Message) (Message, error) {
	token, ok := strings.CutPrefix(scene, casePrefix)
	if !ok {
		return msg, nil
	}
	msg.Scanned = true
	c, err := in.Desk.BindIn(ctx, tx, token, id)
	if errors.Is(err, routing.ErrNotFound) || errors.Is(err, routing.ErrForbidden) {
		return msg, nil
	}
	if err != nil {
		return msg, fmt.Errorf("bind scanned case: %w", err)
	}
	msg.Bound = c.Number
	return msg, nil
}

// dialogue loads where the conversation stands. A state that can't be read any more (older version) starts anew rather than
// silencing the complainant for good.
func (in *Intake) dialogue(ctx context.Context, r routing.Reader, id string) (routing.Dialogue, State, error) {
	var s State
	d, err := r.Dialogue(ctx, id)
	if errors.Is(err, routing.ErrNotFound) {
		return routing.Dialogue{ComplainantID: id}, s, nil
	}
	if err != nil {
		return d, s, fmt.Errorf("load dialogue: %w", err)
	}
	if err := json.Unmarshal(d.State, &s); err != nil {
		in.Logger.WarnContext(ctx, "dialogue unreadable, starting anew", "complainant", id, "error", err)
		s = State{}
	}
	return d, s, nil
}
