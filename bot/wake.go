package bot

import "jiesu/routing"

// wake deals with a silence: an unfinished draft is summed up once and later filed to triage; other questions are closed, with
// what was already answered kept.
func (t *talk) wake() {
	if !t.s.Mode.drafting() {
		t.closeQuestion()
	}
	d := t.s.Draft
	switch {
	case d.empty():
		t.idle()
	case t.s.Mode == ModeDoor && !t.s.Sure, t.hollow():
		t.s.Draft = Draft{} // answered, or nothing that a clerk could work on
		t.idle()
	case t.m.At.Sub(t.s.SpokeAt) < t.w.Pace.Close:
		t.remind()
	case t.s.Mode == ModeRepeat && t.supplementable(t.s.Case):
		t.supplement(t.s.Case, d.text(), d.Attachments)
		t.say("bot.closed.supplemented", "number", t.s.Case)
		t.s.Draft = Draft{}
		t.idle()
	default:
		t.file(filing{triage: true, note: "bot.note.abandoned"})
	}
}

func (t *talk) supplementable(number string) bool {
	c, ok := t.own(number)
	return ok && t.may(c, routing.ActionSupplement)
}

// closeQuestion ends a question about a case. Words held for a case that was never chosen go to the newest one offered.
func (t *talk) closeQuestion() {
	if t.s.Mode != ModeChoose {
		t.leave()
		return
	}
	held, choice := t.s.Held, t.s.Choice
	t.s.Held = ""
	t.leave()
	for _, number := range choice {
		if held != "" && t.supplementable(number) {
			t.supplement(number, held, nil)
			t.say("bot.closed.supplemented", "number", number)
			return
		}
	}
	if held != "" {
		t.s.Draft.Parts = append(t.s.Draft.Parts, held)
	}
}

// hollow drafts say nothing of any matter ("我要投诉") and carry no evidence.
func (t *talk) hollow() bool {
	for _, part := range t.s.Draft.Parts {
		if bare(part) != "" && !t.w.Words.madeOf(part, "announce", "greet", "thanks", "thanks_with", "yes", "no", "wait") && !t.w.Words.swearing(part) {
			return false
		}
	}
	return len(t.s.Draft.Attachments) == 0
}

// remind sums the draft up and asks its question again.
func (t *talk) remind() {
	t.s.Reminded = true
	text := t.s.Draft.text()
	if bare(text) == "" {
		text = t.w.Text.Text("bot.text.evidence_only")
	}
	t.say("bot.remind", "summary", short(text, 120))
	if t.s.Mode == ModeRepeat {
		t.askRepeatAgain()
	} else {
		t.assess()
	}
	t.say("bot.remind.how")
}
