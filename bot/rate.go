package bot

import (
	"strings"

	"jiesu/routing"
)

func (t *talk) askSolved() {
	c, _ := t.own(t.s.Case)
	t.say("bot.rate.solved", "number", t.s.Case, "item", t.itemName(c.Item))
}

func (t *talk) answerSolved(text string) bool {
	w := t.w.Words
	n := w.option(text, len(solvedOptions))
	solved, rest := w.verdict(text, true)
	switch {
	case w.is("skip", text), w.is("cancel", text):
		t.say("bot.skipped")
		t.end()
	case n > 0:
		t.solved(solvedOptions[n-1], "")
	case solved != "":
		t.solved(solved, rest)
	case w.yes(text), t.small(text), w.option(text, maxOptions) > 0:
		t.askSolved()
	default:
		return false
	}
	return true
}

// solved notes the answer, and what was said beside it, until it is known how satisfied they are.
func (t *talk) solved(s routing.Solved, rest string) {
	t.s.Solved, t.s.Mode = s, ModeSatisfied
	t.hold(rest)
	t.say("bot.rate.satisfied")
}

// rating is the order that puts the answers on record.
func (t *talk) rating(satisfied int) Order {
	return Act{t.s.Case, routing.Step{Action: routing.ActionRate, Rating: &routing.Rating{Solved: t.s.Solved, Satisfied: satisfied}}}
}

func (t *talk) answerSatisfied(text string) bool {
	w := t.w.Words
	n, rest := w.graded(text)
	if n == 0 && !t.small(text) {
		if w.yes(text) {
			t.say("bot.rate.satisfied")
			return true
		}
		return false
	}
	t.do(t.rating(n))
	t.hold(rest)
	t.say("bot.rate.done")
	c, ok := t.own(t.s.Case)
	poor := routing.Rating{Solved: t.s.Solved, Satisfied: n}.Poor()
	if poor && ok && t.may(c, routing.ActionRedo) {
		t.s.Mode = ModeRedo
		t.askRedo()
		return true
	}
	t.keepHeld()
	t.end()
	return true
}

// dissatisfiedLength is the length, in letters, up to which words after an answer may be about the answer alone.
const dissatisfiedLength = 40

// dissatisfied offers to have it redone to whom an answer was given, and who says that it solved nothing. Thanks never come here, and
// nothing is redone that wasn't asked for: people reopened cases elsewhere by saying thank you. Words that are surely of another matter
// are a complaint of their own.
func (t *talk) dissatisfied(text string) bool {
	if n := letters(text); !t.s.Draft.empty() || n > dissatisfiedLength || !t.w.Words.hinted("dissatisfied", text) || CaseNumber(text) != "" {
		return false
	}
	for _, c := range t.w.Cases {
		if !c.State.Open() || !t.may(c, routing.ActionRedo) {
			continue
		}
		if j := t.judgeText(text); !vague(j) && j.Decision == routing.DecisionDispatch && j.Item != c.Item {
			return false
		}
		t.s.Mode, t.s.Case = ModeRedo, c.Number
		t.hold(text)
		t.say("bot.redo.offer", "number", c.Number, "item", t.itemName(c.Item))
		t.askRedo()
		return true
	}
	return false
}

func (t *talk) askRedo() {
	switch {
	case t.s.Held == "" && t.s.Solved == routing.SolvedYes:
		t.say("bot.rate.redo_unhappy")
	case t.s.Held == "":
		t.say("bot.rate.redo")
	default:
		t.say("bot.rate.redo_held", "reason", short(t.s.Held, 80))
	}
}

// hold keeps words said beside a rating, which itself holds none: they are the reason if it is redone.
func (t *talk) hold(words string) {
	t.s.Held = strings.Trim(t.s.Held+"\n"+words, "\n")
}

// keepHeld puts words said beside a rating into the case, or into a draft when the case takes none any more.
func (t *talk) keepHeld() {
	held := t.s.Held
	t.s.Held = ""
	switch {
	case held == "":
	case t.supplementable(t.s.Case):
		t.supplement(t.s.Case, held, nil)
		if t.m.Kind == KindWake {
			t.say("bot.closed.supplemented", "number", t.s.Case)
		} else {
			t.say("bot.supplement.done", "number", t.s.Case)
		}
	default:
		t.s.Draft.Parts = append(t.s.Draft.Parts, held)
	}
}

// answerRedo takes any words as the reason: who was just told that it can be redone speaks of nothing else.
func (t *talk) answerRedo(text string) bool {
	w := t.w.Words
	c, ok := t.own(t.s.Case)
	skip := w.is("skip", text)
	switch {
	case !ok || !t.may(c, routing.ActionRedo), bare(text) == "", w.greets(text):
		return false
	case t.s.Mode == ModeRedo && (skip || w.is("no", text) || w.is("cancel", text) || w.thanked(text)):
		t.say("bot.skipped")
		t.keepHeld()
	case t.s.Mode == ModeRedo && w.yes(text) && t.s.Held != "":
		t.redo(c, t.s.Held, false)
	case t.s.Mode == ModeRedo && w.yes(text):
		t.s.Mode = ModeRedoReason
		t.say("bot.rate.redo_reason")
		return true
	case w.is("cancel", text):
		t.say("bot.skipped")
	default:
		without := skip || w.is("no", text) || w.yes(text)
		t.hold(text)
		t.redo(c, t.s.Held, without)
	}
	t.end()
	return true
}

func (t *talk) redo(c routing.Case, reason string, without bool) {
	if without {
		reason = t.w.Text.Text("bot.note.redo")
	}
	parts := chunks(reason)
	t.do(Act{c.Number, routing.Step{Action: routing.ActionRedo, Note: parts[0]}})
	for _, more := range parts[1:] {
		t.do(Act{c.Number, routing.Step{Action: routing.ActionSupplement, Note: more}})
	}
	if t.w.Words.hinted("hide", reason) && !c.Confidential {
		yes := true
		t.do(Act{c.Number, routing.Step{Action: routing.ActionSupplement, Confidential: &yes}})
	}
	t.s.Held = ""
	t.say("bot.rate.redo_done", "number", c.Number, "unit", t.w.Plan.UnitName(c.Unit))
}
