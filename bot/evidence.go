package bot

import (
	"strconv"

	"jiesu/routing"
)

// takeEvidence puts an image, a video or a voice message where it belongs: the case that is being talked about or was filed just
// now, else the draft.
func (t *talk) takeEvidence() {
	c, ok := t.evidenceFor()
	if !ok || !t.may(c, routing.ActionSupplement) {
		t.draftEvidence()
		return
	}
	t.supplement(c.Number, "", []string{t.m.Attachment})
	if t.m.Kind == KindVoice {
		t.handVoice(c.Number)
	}
	t.say("bot.evidence.case", "number", c.Number)
	t.again()
}

// evidenceFor is the case that evidence sent now is about.
func (t *talk) evidenceFor() (routing.Case, bool) {
	switch t.s.Mode {
	case ModeAdd, ModeWithdraw, ModeSolved, ModeSatisfied, ModeRedo, ModeRedoReason:
		return t.own(t.s.Case)
	case ModeEnterprise, ModePhone, ModeHuman:
		return t.own(t.s.Last)
	case ModeIdle:
		return t.recent()
	}
	return routing.Case{}, false
}

func (t *talk) draftEvidence() {
	d := &t.s.Draft
	d.Attachments = append(d.Attachments, t.m.Attachment)
	if t.m.Kind == KindVoice {
		d.Voice = true
		t.handVoice("")
	}
	if len(d.Parts) > 0 && t.s.Mode.drafting() {
		t.say("bot.evidence.draft", "count", strconv.Itoa(len(d.Attachments)))
	}
	if t.s.Mode == ModeHuman {
		t.fileForHuman()
		return
	}
	if t.s.Mode.drafting() || t.s.Mode == ModeIdle {
		t.assess()
		return
	}
	t.say("bot.evidence.draft", "count", strconv.Itoa(len(d.Attachments)))
	t.again()
}

// handVoice asks the operators to write down the voice message that just came.
func (t *talk) handVoice(number string) {
	t.do(Hand{Number: number, Kind: routing.TaskVoice, Note: t.w.Text.Text("bot.note.voice"), Attachment: t.m.Attachment})
}

// hearVoice takes what an operator wrote down of a voice message: for the case that it was sent for, or else as if it had been typed.
func (t *talk) hearVoice() {
	if c, ok := t.own(t.m.About); ok && t.may(c, routing.ActionSupplement) {
		t.supplement(c.Number, t.m.Text, nil)
		t.say("bot.voice.case", "number", c.Number, "text", short(t.m.Text, 120))
		t.again()
		return
	}
	t.say("bot.voice.heard", "text", short(t.m.Text, 120))
	t.hear(t.m.Text)
}
