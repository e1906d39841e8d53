package bot

import (
	"strconv"
	"strings"
	"time"

	"jiesu/routing"
)

// Step answers one message. It is pure: the same arguments give the same turn.
func Step(s State, m Message, w World) Turn {
	t := &talk{s: s, m: m, w: w}
	if m.Kind == KindWake {
		t.wake()
	} else {
		t.s.SpokeAt, t.s.Reminded = m.At, false
		t.receive()
	}
	return Turn{State: t.s, Reply: t.out, Commands: t.orders, WakeAt: t.wakeAt()}
}

// talk is one turn in the making.
type talk struct {
	s      State
	m      Message
	w      World
	out    []Line
	orders []Order
	judged map[string]routing.Judgement // a text is judged once per turn
}

func (t *talk) say(key string, args ...string) { t.out = append(t.out, Line{key, args}) }

func (t *talk) do(o Order) { t.orders = append(t.orders, o) }

func (t *talk) receive() {
	switch t.m.Kind {
	case KindText:
		t.hear(t.m.Text)
	case KindEvidence, KindVoice:
		t.takeEvidence()
	case KindButton:
		t.press()
	case KindFollow:
		t.follow()
	default:
		t.say("bot.unsupported")
	}
}

func (t *talk) press() {
	for _, c := range commands {
		if string(c) == t.m.Button {
			t.obey(c, "")
			return
		}
	}
	t.say("bot.help")
}

func (t *talk) follow() {
	c, bound := t.own(t.m.Bound)
	switch {
	case bound:
		t.say("bot.scan.bound")
		t.showCase(c)
	case t.m.Scanned:
		t.say("bot.scan.unknown")
	default:
		t.say("bot.welcome")
	}
	t.again()
}

// hear answers words. Commands come first, then the open question, then whatever else it may be.
func (t *talk) hear(text string) {
	text = strings.TrimSpace(strings.ToValidUTF8(text, ""))
	if c, rest, ok := t.w.Words.command(text); ok {
		t.obey(c, rest)
		return
	}
	if t.answer(text) {
		return
	}
	switch {
	case bare(text) == "":
		t.say("bot.empty")
		t.again()
	case t.w.Words.madeOf(text, "greet"):
		t.greet()
	case t.w.Words.madeOf(text, "thanks", "greet"):
		t.say("bot.thanks")
		t.again()
	case t.s.Mode == ModeIdle && (t.w.Words.option(text, maxOptions) > 0 || t.w.Words.is("yes", text) || t.small(text)):
		t.say("bot.nothing_open")
	default:
		t.tell(text)
	}
}

func (t *talk) greet() {
	if t.s.Mode == ModeIdle {
		t.say("bot.greeting")
	}
	t.again()
}

// small words mean something only as an answer.
func (t *talk) small(text string) bool {
	w := t.w.Words
	return w.is("no", text) || w.is("skip", text) || w.is("done", text) || w.is("cancel", text)
}

// answer takes the text as the answer to the open question and reports whether it was one.
func (t *talk) answer(text string) bool {
	switch t.s.Mode {
	case ModeThin:
		return t.answerThin(text)
	case ModeConfirm, ModeTriage:
		return t.answerConfirm(text)
	case ModePick:
		return t.answerPick(text)
	case ModeRepeat:
		return t.answerRepeat(text)
	case ModeDoor:
		return t.answerDoor(text)
	case ModeEnterprise:
		return t.answerEnterprise(text)
	case ModePhone:
		return t.answerPhone(text)
	case ModeChoose:
		return t.answerChoose(text)
	case ModeAdd:
		return t.answerAdd(text)
	case ModeWithdraw:
		return t.answerWithdraw(text)
	case ModeSolved:
		return t.answerSolved(text)
	case ModeSatisfied:
		return t.answerSatisfied(text)
	case ModeRedo, ModeRedoReason:
		return t.answerRedo(text)
	}
	return false
}

// again asks the open question once more, after an aside.
func (t *talk) again() {
	switch t.s.Mode {
	case ModeIdle:
	case ModeEnterprise, ModePhone:
		t.askFact()
	case ModeChoose:
		t.say("bot.choose.hint")
	case ModeAdd:
		t.say("bot.supplement.more")
	case ModeWithdraw:
		t.askWithdraw()
	case ModeSolved:
		t.askSolved()
	case ModeSatisfied:
		t.say("bot.rate.satisfied")
	case ModeRedo:
		t.say("bot.rate.redo")
	case ModeRedoReason:
		t.say("bot.rate.redo_reason")
	default:
		t.assess()
	}
}

// leave gives up the open question about a case without losing what was already answered.
func (t *talk) leave() {
	switch t.s.Mode {
	case ModeSatisfied:
		t.do(t.rating(0))
	case ModeChoose:
		if t.s.Held != "" { // words meant for a case that was never named: part of what is said next
			t.s.Draft.Parts = append(t.s.Draft.Parts, t.s.Held)
		}
	}
	if !t.s.Mode.drafting() {
		t.idle()
	}
}

// idle ends the open question.
func (t *talk) idle() {
	s := &t.s
	s.Mode, s.Case, s.Choice, s.Then, s.Held, s.Solved, s.Proposed, s.Phones, s.AskPhone = ModeIdle, "", nil, "", "", "", "", nil, false
}

// end ends the open question and returns to a draft that it interrupted.
func (t *talk) end() {
	t.idle()
	if !t.s.Draft.empty() {
		t.assess()
	}
}

func (t *talk) wakeAt() time.Time {
	switch {
	case t.s.Mode == ModeIdle && t.s.Draft.empty():
		return time.Time{}
	case t.s.Reminded:
		return t.s.SpokeAt.Add(t.w.Pace.Close)
	}
	return t.s.SpokeAt.Add(t.w.Pace.Remind)
}

// own finds a case of the complainant.
func (t *talk) own(number string) (routing.Case, bool) {
	for _, c := range t.w.Cases {
		if number != "" && c.Number == number {
			return c, true
		}
	}
	return routing.Case{}, false
}

func (t *talk) may(c routing.Case, a routing.Action) bool {
	_, err := routing.Next(t.w.Me, c, a)
	return err == nil
}

// itemName is an item in plain words.
func (t *talk) itemName(item string) string {
	if key := "bot.item." + item; t.w.Text.Has(key) {
		return t.w.Text.Text(key)
	}
	return t.w.Text.Text("bot.item.other")
}

func (t *talk) stateName(s routing.State) string { return t.w.Text.Text("state." + string(s)) }

func (t *talk) date(at time.Time) string {
	d := at.In(routing.Beijing())
	return t.w.Text.Text("bot.date", "month", strconv.Itoa(int(d.Month())), "day", strconv.Itoa(d.Day()))
}

// short cuts a value that goes into an answer to n characters, in one line.
func short(s string, n int) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n-1]) + "…"
}
