package bot

import (
	"jiesu/routing"
)

// askedHuman reports whether a human was asked for a moment ago: what is said until then belongs to it.
func (t *talk) askedHuman() bool {
	return !t.s.HumanAt.IsZero() && t.m.At.Sub(t.s.HumanAt) < t.w.Pace.Remind
}

// handOver asks the operators to take over. When nobody can, somebody will call.
func (t *talk) handOver(number, summary string) {
	h := Hand{Number: number, Kind: routing.TaskChat, Note: t.w.Text.Text("bot.note.human"), Summary: summary}
	switch s := t.w.Staff(); {
	case s.Closed:
		h.Kind, h.Note = routing.TaskCallBack, t.w.Text.Text("bot.note.human.closed")
	case s.Busy:
		h.Kind, h.Note = routing.TaskCallBack, t.w.Text.Text("bot.note.human.busy")
	}
	t.do(h)
	t.s.HumanAt = t.m.At
}

// sayStaff says so when nobody can take over now.
func (t *talk) sayStaff() {
	switch s := t.w.Staff(); {
	case s.Closed && s.Opens.IsZero():
		t.say("bot.human.closed")
	case s.Closed:
		at := s.Opens.In(routing.Beijing())
		t.say("bot.human.opens", "date", t.date(at), "time", at.Format("15:04"))
	case s.Busy:
		t.say("bot.human.busy")
	}
}

// askHumanPhone asks whoever waits for a human for a telephone, unless one is known or wasn't to be told.
func (t *talk) askHumanPhone() {
	if t.s.AskPhone {
		t.say("bot.human.ask_phone")
	}
}

// answerHuman puts what is said to the same hand-over: into the case that it is about, or a new one for the operators.
func (t *talk) answerHuman(text string) bool {
	w := t.w.Words
	if !t.askedHuman() {
		t.idle()
		return false
	}
	switch {
	case t.declined(text):
		t.s.AskPhone = false
		t.say("bot.human.wait")
	case w.hinted("impatient", text) && letters(text) <= briefly && t.matterless(text):
		t.say("bot.human.again")
		t.askHumanPhone()
	case w.yes(text), w.option(text, maxOptions) > 0, strayOption(text):
		t.say("bot.human.wait")
		t.askHumanPhone()
	case t.empty(text), w.thanked(text):
		return false
	case t.supplementable(t.s.Last) && t.matter(text): // another one
		return false
	case t.supplementable(t.s.Last):
		t.addHanded(text)
	default:
		phone, rest := cutPhone(text)
		t.s.Draft.Contact.Phone = phone
		if !t.filler(rest) {
			t.s.Draft.Parts = append(t.s.Draft.Parts, text)
		}
		t.fileForHuman()
	}
	return true
}

// fileForHuman files what was sent after a human was asked for: that was the word to do so.
func (t *talk) fileForHuman() {
	t.file(filing{triage: true, human: true, note: "bot.note.human", noPhone: t.s.Mode == ModeHuman && !t.s.AskPhone && t.earlier().Phone == ""})
}

// matter reports whether the text is surely a matter of its own: long enough, and the judge is sure. "Let's talk on the telephone" is none,
// whatever the judge makes of it.
func (t *talk) matter(text string) bool {
	last, _ := t.own(t.s.Last)
	j := t.judgeText(text)
	return letters(text) >= briefly && j.Decision == routing.DecisionDispatch && j.Item != last.Item
}

// attach adds what is said to the case that was handed to a human a moment ago.
func (t *talk) attach(text string) bool {
	if !t.askedHuman() || t.s.LastAt.Before(t.s.HumanAt) || !t.supplementable(t.s.Last) || t.empty(text) || t.matter(text) || t.angry(text) {
		return false
	}
	t.addHanded(text)
	return true
}

// handed is attach while a question about contact data is open.
func (t *talk) handed(text string) bool {
	if !t.attach(text) {
		return false
	}
	if phone, _ := cutPhone(text); phone != "" {
		t.s.AskPhone = false
		if t.s.Mode == ModePhone {
			t.nextFact()
			return true
		}
	}
	t.askFact()
	return true
}

func (t *talk) addHanded(text string) {
	phone, rest := cutPhone(text)
	first := routing.Step{}
	if phone != "" {
		first.Contact = &routing.Contact{Phone: phone}
		t.s.AskPhone = false
	}
	if phone != "" && t.filler(rest) {
		t.do(Act{t.s.Last, routing.Step{Action: routing.ActionSupplement, Contact: first.Contact}})
	} else {
		t.supplementWith(t.s.Last, text, first)
	}
	t.say("bot.human.attached", "number", t.s.Last)
}
