package bot

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"jiesu/routing"
)

// Step answers one message. It is pure: the same arguments give the same turn.
func Step(s State, m Message, w World) Turn {
	t := &talk{s: s, m: m, w: w}
	d := &t.s.Draft // appended to below: without spare room the caller's arrays stay as they are
	d.Parts, d.Attachments, t.s.Choice = slices.Clip(d.Parts), slices.Clip(d.Attachments), slices.Clip(t.s.Choice)
	if m.Kind == KindWake {
		t.wake()
	} else {
		t.s.SpokeAt, t.s.Reminded = m.At, false
		t.receive()
	}
	t.inform()
	t.vary()
	return Turn{State: t.s, Shown: t.shown, Reply: t.out, Commands: t.orders, WakeAt: t.wakeAt()}
}

// talk is one turn in the making.
type talk struct {
	s      State
	m      Message
	w      World
	out    []Line
	orders []Order
	judged map[string]routing.Judgement // a text is judged once per turn
	shown  string                       // number of the case whose outlook the answer tells
	more   bool                         // words were added to the draft in this turn
}

func (t *talk) say(key string, args ...string) { t.out = append(t.out, Line{key, args}) }

func (t *talk) do(o Order) { t.orders = append(t.orders, o) }

// vary keeps the bot from sending the same text twice running, which reads as if nobody were there: it says it in other words if the
// catalogue has some, or else that it is the same again.
func (t *talk) vary() {
	if len(t.out) == 0 {
		return
	}
	if fingerprint(t.out) == t.s.Said {
		t.out = t.varied()
	}
	t.s.Said = fingerprint(t.out)
}

func (t *talk) varied() []Line {
	out := slices.Clone(t.out)
	for i, l := range out {
		if other := l.Key + ".again"; t.w.Text.Has(other) {
			out[i].Key = other
			return out
		}
	}
	return append([]Line{{Key: "bot.again"}}, out...)
}

func fingerprint(lines []Line) string {
	h := fnv.New64a()
	for _, l := range lines {
		fmt.Fprintf(h, "%q", append([]string{l.Key}, l.Args...))
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

func (t *talk) receive() {
	switch t.m.Kind {
	case KindText:
		if t.m.Voice {
			t.hearVoice()
		} else {
			t.hear(t.m.Text)
		}
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
	if t.tapped(t.m.Button) {
		return
	}
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
	text = clean(text)
	if t.m.Redeemed != nil {
		t.redeemed()
		return
	}
	if t.s.Mode == ModeChoose && slices.Contains(t.s.Choice, CaseNumber(text)) && t.answerChoose(text) {
		return // a number is one of the choices here, elsewhere it asks for progress
	}
	if phone, rest := cutPhone(text); phone != "" && t.w.Words.is("bind", rest) { // in one breath
		t.leave()
		t.bind(phone)
		return
	}
	if c, rest, ok := t.w.Words.command(text); ok {
		t.obey(c, rest)
		return
	}
	if t.impatient(text) || t.lateWish(text) || t.answer(text) {
		return
	}
	w, idle := t.w.Words, t.s.Mode == ModeIdle
	switch {
	case bare(text) == "", w.faces(text):
		t.say("bot.empty")
		t.again()
	case w.is("sticker", text):
		t.say("bot.unsupported")
		t.again()
	case w.greets(text):
		t.greet()
	case idle && t.volunteered(text):
	case w.thanked(text):
		t.say("bot.thanks")
		t.again()
	case idle && t.dissatisfied(text):
	case w.madeOf(text, "wait"):
		t.say("bot.take_time")
	case w.swearing(text): // nothing to file, and nothing to be cross about
		t.say("bot.calm")
		t.again()
	case idle && (w.option(text, maxOptions) > 0 || w.yes(text) || t.small(text) || strayOption(text)):
		t.say("bot.nothing_open")
	case !idle && strayOption(text):
		t.say("bot.no_option")
		t.again()
	case idle && (t.regretted(text) || t.attach(text)):
	default:
		t.tell(text)
	}
}

// clean takes out what no person writes: broken characters and control characters, which PostgreSQL won't store.
func clean(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "")))
}

// volunteered takes what was asked earlier and is answered now, when the question is long closed: contact data of the case filed
// last, or a judgement on an answer.
func (t *talk) volunteered(text string) bool {
	if t.s.Draft.empty() && t.lateFact(text) {
		return true
	}
	solved, _ := t.w.Words.verdict(text, false)
	if solved == "" && t.w.Words.opinion(text) == 0 || len(t.candidates(CommandRate)) == 0 {
		return false
	}
	t.target(CommandRate, text)
	return true
}

func (t *talk) greet() {
	switch {
	case t.s.Mode == ModeHuman, t.s.Mode == ModeIdle && t.askedHuman():
		t.say("bot.human.again")
	case t.s.Mode == ModeIdle:
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
	if t.s.Mode == ModeDoor && t.over(text) {
		return true
	}
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
	case ModeHuman:
		return t.answerHuman(text)
	case ModeBind:
		return t.answerBind(text)
	case ModeCode:
		return t.answerCode(text)
	}
	return false
}

// again asks the open question once more, after an aside.
func (t *talk) again() {
	switch t.s.Mode {
	case ModeIdle:
	case ModeThin:
		t.s.Draft.Asked = max(0, t.s.Draft.Asked-1) // an aside is no second try at saying it
		t.assess()
	case ModeRepeat:
		t.askRepeatAgain()
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
		t.askRedo()
	case ModeRedoReason:
		t.say("bot.rate.redo_reason")
	case ModeHuman:
		t.askHumanPhone()
	case ModeBind:
		t.say("bot.bind.ask")
	case ModeCode:
		t.say("bot.code.ask")
	default:
		t.assess()
	}
}

// leave gives up the open question about a case without losing what was already answered.
func (t *talk) leave() {
	switch t.s.Mode {
	case ModeSatisfied:
		t.do(t.rating(0))
		t.keepHeld()
	case ModeRedo, ModeRedoReason:
		t.keepHeld()
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
	s.Offered, s.Sure = nil, false
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

func (t *talk) stateName(s routing.State) string { return t.w.Text.Text("state." + string(s.Told())) }

func (t *talk) date(at time.Time) string {
	d := at.In(routing.Beijing())
	return t.w.Text.Text("bot.date", "month", strconv.Itoa(int(d.Month())), "day", strconv.Itoa(d.Day()))
}

// short cuts a value that goes into an answer to n characters, in one line. The platform makes links of what looks like HTML.
func short(s string, n int) string {
	r := []rune(strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "<", "\uff1c"))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n-1]) + "…"
}
