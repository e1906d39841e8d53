package bot

import "jiesu/routing"

func (t *talk) askSolved() {
	c, _ := t.own(t.s.Case)
	t.say("bot.rate.solved", "number", t.s.Case, "item", t.itemName(c.Item))
}

func (t *talk) answerSolved(text string) bool {
	w := t.w.Words
	n := w.option(text, 3)
	switch {
	case w.is("skip", text), w.is("cancel", text):
		t.say("bot.skipped")
		t.end()
	case w.solved(text) != "":
		t.solved(w.solved(text))
	case n > 0:
		t.solved([]routing.Solved{routing.SolvedYes, routing.SolvedPartly, routing.SolvedNo}[n-1])
	case w.yes(text), t.small(text), w.option(text, maxOptions) > 0:
		t.askSolved()
	default:
		return false
	}
	return true
}

func (t *talk) solved(s routing.Solved) {
	t.s.Solved, t.s.Mode = s, ModeSatisfied
	t.say("bot.rate.satisfied")
}

// rating is the order that puts the answers on record.
func (t *talk) rating(satisfied int) Order {
	return Act{t.s.Case, routing.Step{Action: routing.ActionRate, Rating: &routing.Rating{Solved: t.s.Solved, Satisfied: satisfied}}}
}

func (t *talk) answerSatisfied(text string) bool {
	w := t.w.Words
	n := w.grade(text)
	if n == 0 && !t.small(text) {
		if w.yes(text) {
			t.say("bot.rate.satisfied")
			return true
		}
		return false
	}
	t.do(t.rating(n))
	t.say("bot.rate.done")
	c, ok := t.own(t.s.Case)
	if t.s.Solved != routing.SolvedYes && ok && t.may(c, routing.ActionRedo) {
		t.s.Mode, t.s.Solved = ModeRedo, ""
		t.say("bot.rate.redo")
		return true
	}
	t.end()
	return true
}

// answerRedo takes any words as the reason: who was just told that it can be redone speaks of nothing else.
func (t *talk) answerRedo(text string) bool {
	w := t.w.Words
	c, ok := t.own(t.s.Case)
	skip := w.is("skip", text)
	switch {
	case !ok || !t.may(c, routing.ActionRedo), bare(text) == "", w.madeOf(text, "greet"):
		return false
	case t.s.Mode == ModeRedo && (skip || w.is("no", text) || w.is("cancel", text) || w.madeOf(text, "thanks")):
		t.say("bot.skipped")
	case t.s.Mode == ModeRedo && w.yes(text):
		t.s.Mode = ModeRedoReason
		t.say("bot.rate.redo_reason")
		return true
	case w.is("cancel", text):
		t.say("bot.skipped")
	default:
		t.redo(c, text, skip || w.is("no", text) || w.yes(text))
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
	t.say("bot.rate.redo_done", "number", c.Number, "unit", t.w.Plan.UnitName(c.Unit))
}
