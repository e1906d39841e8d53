package bot

import (
	"strings"
	"time"

	"jiesu/routing"
)

// impatientLength is the length, in letters, up to which a text may be nothing but impatience.
const impatientLength = 20

// impatient answers whoever asks what has become of it ("怎么还没人联系我") with how it stands, and what they can do.
func (t *talk) impatient(text string) bool {
	switch t.s.Mode {
	case ModeIdle, ModeEnterprise, ModePhone, ModeRepeat, ModeHuman:
	default:
		return false
	}
	c, ok := t.waiting()
	idleDraft := t.s.Mode == ModeIdle && !t.s.Draft.empty()
	if n := letters(text); !ok || idleDraft || n > impatientLength || n < 2 || !t.w.Words.hinted("impatient", text) || CaseNumber(text) != "" {
		return false
	}
	j := t.judgeText(text)
	if !vague(j) && (j.Decision == routing.DecisionDispatch || letters(text) > impatientLength/2) {
		return false
	}
	key := "bot.impatient"
	if !t.may(c, routing.ActionUrge) {
		key = "bot.impatient.answered"
	}
	t.say(key, "number", c.Number, "item", t.itemName(c.Item), "state", t.stateName(c.State), "updated", t.date(c.UpdatedAt))
	t.again()
	return true
}

// waiting is the newest own case that waits for somebody, or else for the complainant's judgement.
func (t *talk) waiting() (routing.Case, bool) {
	for _, a := range []routing.Action{routing.ActionUrge, routing.ActionRedo} {
		for _, c := range t.w.Cases {
			if c.State.Open() && t.may(c, a) {
				return c, true
			}
		}
	}
	return routing.Case{}, false
}

// lateWish fulfils a wish to stay hidden that is said right after filing.
func (t *talk) lateWish(text string) bool {
	w := t.w.Words
	asked := t.s.Mode == ModeEnterprise || t.s.Mode == ModePhone
	last, ok := t.own(t.s.Last)
	if t.s.Mode == ModeIdle {
		last, ok = t.recent()
		ok = ok && t.s.Draft.empty()
	} else if !asked {
		return false
	}
	if phone, _ := cutPhone(text); !ok || phone != "" || !t.may(last, routing.ActionSupplement) || !t.wishOnly(text) {
		return false
	}
	if last.Confidential {
		t.say("bot.hidden_done", "number", last.Number)
	}
	t.supplement(last.Number, text, nil)
	switch {
	case asked && w.hinted("refuse", text):
		t.nextFact()
	case asked:
		t.askFact()
	}
	return true
}

// regretTime is how long after a withdrawal it is still talked about.
const regretTime = 24 * time.Hour

// regretted answers who wants a withdrawn case back.
func (t *talk) regretted(text string) bool {
	if letters(text) > briefly || !t.w.Words.hinted("regret", text) {
		return false
	}
	for _, c := range t.w.Cases {
		if c.State == routing.StateWithdrawn && t.m.At.Sub(c.UpdatedAt) < regretTime {
			t.say("bot.withdraw.regret", "number", c.Number)
			return true
		}
	}
	return false
}

// over ends a cry for help when the danger is past. A draft that holds a matter beside it is only taken back in the usual words.
func (t *talk) over(text string) bool {
	_, urgent := urgentFor(t.w.Doors, t.s.Draft.text())
	if !urgent || letters(text) > briefly || !t.w.Words.hinted("over", text) || !vague(t.judge()) {
		return false
	}
	t.s.Draft = Draft{}
	t.idle()
	t.say("bot.over")
	return true
}

// firm reports whether a name read out of a text can be that of an enterprise: it ends like one and is no piece of a sentence.
func (w *Words) firm(name string) bool {
	rest := name
	for _, word := range w.lists["in_firm"] {
		rest = strings.ReplaceAll(rest, word, "")
	}
	return w.ends("firm", name) && !w.has("no_firm", rest)
}
