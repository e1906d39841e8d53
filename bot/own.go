package bot

import (
	"slices"
	"strconv"
	"time"

	"jiesu/routing"
)

// actions of the commands that work on one of the complainant's cases.
var actions = map[Command]routing.Action{
	CommandSupplement: routing.ActionSupplement, CommandWithdraw: routing.ActionWithdraw, CommandRate: routing.ActionRate,
	CommandUrge: routing.ActionUrge, CommandRelink: routing.ActionRelink,
}

// obey does a command. rest is what was said with it: a case number or words.
func (t *talk) obey(c Command, rest string) {
	switch {
	case t.s.Mode == ModeRepeat && t.w.Words.is("same", t.m.Text):
		t.answerRepeat(t.m.Text) // the word is also a command, but here it names the first of the two choices
		return
	case t.s.Mode.drafting() && c == CommandWithdraw && rest == "" && !t.s.Draft.empty():
		t.cancelDraft() // nobody means an older case while the bot asks about this one
		return
	case t.s.Mode == ModeDoor && !t.s.Sure && (actions[c] != "" || c == CommandReport):
		t.s.Draft = Draft{} // answered with the right door, not insisted on, and now something else is wanted
		t.idle()
	}
	switch c {
	case CommandProgress:
		t.progress(rest)
		t.again()
	case CommandHuman:
		t.human(rest)
	case CommandHide:
		t.hide()
	case CommandBind:
		t.leave()
		t.bind(rest)
	case CommandReport:
		t.leave()
		t.s.LastAt = time.Time{} // what is said next is no addition to the case filed just now
		t.say("bot.report")
		t.again()
	case CommandPrivacy:
		t.say("bot.privacy.more", "url", t.w.PrivacyURL)
		t.again()
	case CommandData:
		t.leave()
		t.data()
		t.again()
	case CommandHelp:
		t.say("bot.help")
		t.again()
	default:
		t.target(c, rest)
	}
}

func (t *talk) progress(number string) {
	c, ok := t.own(number)
	switch {
	case ok:
		t.showCase(c)
	case number != "": // a stranger's number and one that doesn't exist are the same to the asker
		t.say("bot.not_found", "number", number)
	case len(t.w.Cases) == 0:
		t.say("bot.none.progress")
	case len(t.w.Cases) == 1:
		t.showCase(t.w.Cases[0])
	default:
		t.say("bot.progress.list")
		for _, c := range t.w.Cases[:min(len(t.w.Cases), maxOptions)] {
			t.say("bot.progress.line", "number", c.Number, "item", t.itemName(c.Item), "state", t.stateName(c.State))
		}
		t.say("bot.progress.list_hint")
	}
}

func (t *talk) showCase(c routing.Case) {
	t.say("bot.progress.one", "number", c.Number, "state", t.stateName(c.State), "item", t.itemName(c.Item))
	t.say("bot.progress.outlook")
	t.shown = c.Number
	t.say("bot.progress.filed", "filed", t.date(c.FiledAt), "updated", t.date(c.UpdatedAt))
	if c.Reply != "" {
		t.say("bot.progress.reply", "reply", short(c.Reply, 200))
	}
	if c.Rating == nil && t.may(c, routing.ActionRate) {
		t.say("bot.progress.rate")
	}
	if t.w.PageURL != "" {
		t.say("bot.filed.page", "url", t.w.PageURL+c.Token)
	}
}

// human hands the draft, or the words said with the command, to the operators.
func (t *talk) human(words string) {
	t.leave()
	if words != "" && t.s.Draft.empty() && t.attach(words) {
		return
	}
	if words != "" {
		t.s.Draft.Parts = append(t.s.Draft.Parts, words)
	}
	switch {
	case !t.s.Draft.empty():
		note := "bot.note.human"
		if t.s.Mode == ModeDoor {
			note = "bot.note.other"
		}
		t.file(filing{triage: true, human: true, note: note})
		return
	case t.askedHuman():
		t.say("bot.human.again")
	default:
		t.handOver(t.s.Last, "")
		t.say("bot.human.queued")
		t.sayStaff()
	}
	t.s.Mode, t.s.AskPhone = ModeHuman, t.earlier().Phone == ""
	t.askHumanPhone()
}

// hide hides the complainant of the draft, or of the case filed last, from the unit.
func (t *talk) hide() {
	if t.s.Mode.drafting() {
		t.s.Draft.Confidential = true
		t.say("bot.hidden_set")
		t.again()
		return
	}
	c, ok := t.own(t.s.Last)
	if !ok && len(t.w.Cases) > 0 {
		c, ok = t.w.Cases[0], true
	}
	if !ok || !t.may(c, routing.ActionSupplement) {
		t.say("bot.none.supplement")
		t.again()
		return
	}
	yes := true
	t.do(Act{c.Number, routing.Step{Action: routing.ActionSupplement, Confidential: &yes}})
	t.say("bot.hidden_done", "number", c.Number)
	t.again()
}

// target finds the case that a command is meant for: the one named, the only one it is possible for, or one to be chosen.
func (t *talk) target(c Command, rest string) {
	number, words := cutNumber(rest)
	if c == CommandSupplement && number == "" && t.s.Mode.drafting() {
		if words == "" {
			t.say("bot.supplement.ask_draft")
		} else {
			t.tell(words)
		}
		return
	}
	t.leave()
	if number != "" {
		t.targetNamed(c, number, words)
		return
	}
	list := t.candidates(c)
	switch {
	case len(list) == 0 && words != "" && (c != CommandRate || t.goesOn(words)):
		t.tell(words)
	case len(list) == 0:
		t.say("bot.none." + string(c))
		t.again()
	case len(list) == 1:
		t.begin(c, list[0], words)
	default:
		t.choose(c, list, words)
	}
}

func (t *talk) targetNamed(c Command, number, words string) {
	named, ok := t.own(number)
	switch {
	case ok && t.may(named, actions[c]):
		t.begin(c, named, words)
		return
	case ok:
		t.say("bot.not_now", "number", number, "state", t.stateName(named.State))
	default:
		t.say("bot.not_found", "number", number)
	}
	if words != "" {
		t.tell(words)
		return
	}
	t.again()
}

// goesOn reports whether an answer to "is it solved?" says more than that.
func (t *talk) goesOn(words string) bool {
	_, rest := t.w.Words.verdict(words, false)
	return rest != ""
}

// candidates are the cases that the command is possible for, newest first. A case already rated isn't asked about again.
func (t *talk) candidates(c Command) []routing.Case {
	var list []routing.Case
	for _, own := range t.w.Cases {
		if t.may(own, actions[c]) && !(c == CommandRate && own.Rating != nil) && len(list) < maxOptions {
			list = append(list, own)
		}
	}
	return list
}

func (t *talk) choose(c Command, list []routing.Case, words string) {
	t.s.Mode, t.s.Then = ModeChoose, c
	if c == CommandSupplement || c == CommandRate && t.goesOn(words) {
		t.s.Held = words
	}
	t.say("bot.choose." + string(c))
	for i, own := range list {
		t.s.Choice = append(t.s.Choice, own.Number)
		t.say("bot.choose.option", "n", strconv.Itoa(i+1), "number", own.Number, "item", t.itemName(own.Item), "state", t.stateName(own.State))
	}
	t.say("bot.choose.hint")
}

func (t *talk) answerChoose(text string) bool {
	s := &t.s
	n := t.w.Words.option(text, len(s.Choice))
	if named := slices.Index(s.Choice, CaseNumber(text)); named >= 0 {
		n = named + 1
	}
	if n > 0 {
		c, ok := t.own(s.Choice[n-1])
		then, held := s.Then, s.Held
		t.idle()
		if !ok || !t.may(c, actions[then]) {
			t.targetNamed(then, c.Number, held)
			return true
		}
		t.begin(then, c, held)
		return true
	}
	if !t.small(text) {
		return false
	}
	held := s.Held
	t.idle()
	t.say("bot.skipped")
	if held != "" {
		t.tell(held)
	} else {
		t.end()
	}
	return true
}

// begin starts what a command does to a case.
func (t *talk) begin(c Command, own routing.Case, words string) {
	t.idle()
	t.s.Case = own.Number
	switch c {
	case CommandSupplement:
		t.beginSupplement(own, words)
	case CommandWithdraw:
		t.s.Mode = ModeWithdraw
		t.askWithdraw()
	case CommandRate:
		t.s.Mode = ModeSolved
		if solved, rest := t.w.Words.verdict(words, false); solved != "" {
			t.solved(solved, rest)
		} else {
			t.askSolved()
		}
	case CommandRelink:
		t.do(Act{own.Number, routing.Step{Action: routing.ActionRelink}})
		t.say("bot.relink.done", "number", own.Number)
		t.end()
	case CommandUrge:
		t.do(Act{own.Number, routing.Step{Action: routing.ActionUrge}})
		t.say("bot.urge.done", "number", own.Number)
		t.end()
	}
}

func (t *talk) beginSupplement(own routing.Case, words string) {
	if words == "" {
		t.s.Mode = ModeAdd
		t.say("bot.supplement.ask", "number", own.Number)
		return
	}
	t.supplement(own.Number, words, nil)
	t.say("bot.supplement.done", "number", own.Number)
	t.end()
}

func (t *talk) answerAdd(text string) bool {
	w := t.w.Words
	c, ok := t.own(t.s.Case)
	switch {
	case bare(text) == "" || w.greets(text):
		return false
	case w.yes(text), t.small(text), w.thanked(text):
		t.say("bot.supplement.end")
		t.end()
	case ok && t.may(c, routing.ActionSupplement):
		t.supplement(c.Number, text, nil)
		t.say("bot.supplement.done", "number", c.Number)
		t.say("bot.supplement.more")
	default:
		return false
	}
	return true
}

func (t *talk) askWithdraw() {
	c, _ := t.own(t.s.Case)
	t.say("bot.withdraw.ask", "number", t.s.Case, "item", t.itemName(c.Item))
}

func (t *talk) answerWithdraw(text string) bool {
	w := t.w.Words
	c, ok := t.own(t.s.Case)
	switch {
	case w.is("no", text), w.is("skip", text), w.is("cancel", text), letters(text) <= briefly && w.hinted("regret", text):
		t.say("bot.withdraw.kept")
	case w.yes(text) && ok && t.may(c, routing.ActionWithdraw):
		t.do(Act{c.Number, routing.Step{Action: routing.ActionWithdraw}})
		t.say("bot.withdraw.done", "number", c.Number)
	case w.yes(text):
		t.say("bot.not_now", "number", t.s.Case, "state", t.stateName(c.State))
	default:
		return false
	}
	t.end()
	return true
}
