package bot

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"jiesu/routing"
)

// maxDraft is the length from which a draft is filed as it is: what follows is a supplement or a matter of its own.
const maxDraft = 2 * routing.MaxText

// urgentLength is the longest text, in characters, that is taken for a cry for help. Whoever writes more tells a story in which somebody
// called the police last year.
const urgentLength = 60

// fewest letters that can say what happened, whatever the judge says of them.
const fewest = 4

// letters counts what can say something: a telephone number says nothing of what happened.
func letters(text string) (n int) {
	for _, r := range text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

func (d Draft) text() string { return strings.Join(d.Parts, "\n") }

// tell takes the text as part of a complaint.
func (t *talk) tell(text string) {
	t.leave()
	if n := len(t.s.Draft.Parts); n == 0 || t.s.Draft.Parts[n-1] != text { // sent twice, not said twice
		t.s.Draft.Parts = append(t.s.Draft.Parts, text)
	}
	if utf8.RuneCountInString(t.s.Draft.text()) > maxDraft {
		t.file(filing{})
		return
	}
	t.assess()
}

// judge judges the draft. Chatter and complaint in several messages may drown each other, so a part that makes sense by itself
// decides when the whole makes none.
func (t *talk) judge() routing.Judgement {
	text := t.s.Draft.text()
	best := t.judgeText(text)
	if len(t.s.Draft.Parts) < 2 || !vague(best) {
		return best
	}
	offset := 0
	for _, part := range t.s.Draft.Parts {
		j := t.judgeText(part)
		if !vague(j) && (vague(best) || j.Confidence > best.Confidence) {
			best = shifted(j, offset)
		}
		offset += utf8.RuneCountInString(part) + 1
	}
	return best
}

func (t *talk) judgeText(text string) routing.Judgement {
	if j, ok := t.judged[text]; ok {
		return j
	}
	if t.judged == nil {
		t.judged = map[string]routing.Judgement{}
	}
	j := t.w.Judge.Judge(text)
	t.judged[text] = j
	return j
}

func vague(j routing.Judgement) bool { return j.Thin || j.Item == routing.Other || j.Item == "" }

// shifted moves the evidence of a part to its place in the whole.
func shifted(j routing.Judgement, by int) routing.Judgement {
	list := make([]routing.Evidence, len(j.Evidence))
	for i, e := range j.Evidence {
		e.Start, e.End = e.Start+by, e.End+by
		list[i] = e
	}
	j.Evidence = list
	return j
}

// assess says what was understood of the draft and asks what is to be asked first.
func (t *talk) assess() {
	s := &t.s
	text, j := s.Draft.text(), t.judge()
	thin := j.Thin || letters(text) < fewest
	if urgent, ok := urgentFor(t.w.Doors, text); ok && utf8.RuneCountInString(text) <= urgentLength {
		if vague(j) {
			t.showDoor(urgent)
			return
		}
		t.say("bot.urgent", "phone", urgent.Phone, "name", urgent.Name)
	}
	switch c, same := t.sameMatter(text, j, thin); {
	case same:
		t.askRepeat(c)
	case thin, vague(j) && t.angry(text):
		t.askMore()
	case j.Item == routing.Other && j.Confidence >= t.w.Pace.OtherFrom:
		d, _ := doorFor(t.w.Doors, text)
		t.showDoor(d)
	case j.Decision == routing.DecisionDispatch && t.placeable(j.Item, j.Unit):
		t.askConfirm(j)
	case j.Decision == routing.DecisionAsk && len(t.options(j)) > 1:
		t.askPick(j)
	default:
		t.askTriage(j)
	}
}

func (t *talk) askMore() {
	s := &t.s
	s.Mode = ModeThin
	s.Draft.Asked++
	switch {
	case len(s.Draft.Parts) == 0 && s.Draft.Voice:
		t.say("bot.voice_first")
	case len(s.Draft.Parts) == 0:
		t.say("bot.image_first")
	case s.Draft.Asked == 1 && t.angry(s.Draft.text()):
		t.say("bot.calm")
	case s.Draft.Asked > 1:
		t.say("bot.thin_again")
	default:
		t.say("bot.thin")
	}
}

// angry texts swear and name no matter for which there is another door.
func (t *talk) angry(text string) bool {
	d, _ := doorFor(t.w.Doors, text)
	return len(d.Cues) == 0 && t.w.Words.has("abuse", fold(text))
}

func (t *talk) askConfirm(j routing.Judgement) {
	t.s.Mode = ModeConfirm
	t.say("bot.understood", "item", t.itemName(j.Item), "category", t.w.Plan.CategoryName(t.w.Plan.CategoryOf(j.Item)))
	if j.District == "" {
		t.say("bot.understood.unit", "unit", t.w.Plan.UnitName(j.Unit))
	} else {
		t.say("bot.understood.unit_district", "unit", t.w.Plan.UnitName(j.Unit), "district", j.District)
	}
	t.showFacts(j)
	if second, ok := t.second(j); ok {
		t.say("bot.second", "item", t.itemName(second))
	}
	t.askToFile()
}

func (t *talk) askTriage(j routing.Judgement) {
	t.s.Mode = ModeTriage
	t.say("bot.triage")
	if j.District != "" {
		t.say("bot.understood.district", "district", j.District)
	}
	t.showFacts(j)
	t.askToFile()
}

func (t *talk) askToFile() {
	if t.s.Draft.Confidential {
		t.say("bot.confirm_hidden")
	} else {
		t.say("bot.confirm")
	}
}

// showFacts lists what the text names, so that a slip is seen before it is filed.
func (t *talk) showFacts(j routing.Judgement) {
	if e := j.Entities; e != nil {
		sep := t.w.Text.Text("bot.list_separator")
		for _, f := range []struct{ name, value string }{
			{"amounts", listed(e.Amounts, sep)}, {"dates", listed(e.Dates, sep)}, {"enterprise", e.Enterprise},
			{"phone", routing.MaskPhone(onlyOne(e.Phones))},
		} {
			if f.value != "" {
				t.say("bot.understood."+f.name, f.name, short(f.value, 40))
			}
		}
	}
	if n := len(t.s.Draft.Attachments); n > 0 {
		t.say("bot.understood.evidence", "count", strconv.Itoa(n))
	}
	if t.hidden() {
		t.say("bot.understood.hidden")
	}
}

// hidden reports the wish to stay hidden from the unit, said in an answer or in the text itself.
func (t *talk) hidden() bool {
	t.s.Draft.Confidential = t.s.Draft.Confidential || t.w.Words.has("hide_in_text", t.s.Draft.text())
	return t.s.Draft.Confidential
}

// A second matter is told of when the text is long enough to hold two and another category comes close.
const (
	secondLength = 60
	secondFrom   = 0.25
)

func (t *talk) second(j routing.Judgement) (item string, ok bool) {
	if utf8.RuneCountInString(t.s.Draft.text()) < secondLength {
		return "", false
	}
	for _, a := range j.Alternatives {
		if a.Item != j.Item && a.Item != routing.Other && a.Confidence >= secondFrom &&
			t.w.Plan.CategoryOf(a.Item) != t.w.Plan.CategoryOf(j.Item) {
			return a.Item, true
		}
	}
	return "", false
}

// options are the candidates to pick from, best first.
func (t *talk) options(j routing.Judgement) []routing.Alternative {
	var list []routing.Alternative
	for _, a := range j.Alternatives {
		if len(list) < 3 && a.Item != routing.Other && t.placeable(a.Item, a.Unit) {
			list = append(list, a)
		}
	}
	return list
}

func (t *talk) placeable(item, unit string) bool {
	return item != routing.Other && t.w.Plan.CheckPlacement(routing.Placement{Item: item, Unit: unit}) == nil
}

func (t *talk) askPick(j routing.Judgement) {
	t.s.Mode = ModePick
	t.say("bot.pick")
	list := t.options(j)
	for i, a := range list {
		t.say("bot.pick.option", "n", strconv.Itoa(i+1), "item", t.itemName(a.Item), "unit", t.w.Plan.UnitName(a.Unit))
	}
	t.say("bot.pick.none", "n", strconv.Itoa(len(list)+1))
	t.showFacts(j)
	if !t.s.Draft.Confidential {
		t.say("bot.pick.hint")
	}
}

func (t *talk) showDoor(d Door) {
	t.s.Mode = ModeDoor
	t.say("bot.door", "when", d.When, "name", d.Name, "phone", d.Phone)
	t.say("bot.door.more")
}

// sameMatter finds the own open case that the draft seems to belong to: one named in it, one said again, or the one filed just now.
func (t *talk) sameMatter(text string, j routing.Judgement, thin bool) (routing.Case, bool) {
	if t.s.Draft.Fresh {
		return routing.Case{}, false
	}
	if c, ok := t.own(CaseNumber(text)); ok && t.may(c, routing.ActionSupplement) {
		return c, true
	}
	if c, ok := repeated(text, j, t.w.Cases); ok && !thin && t.may(c, routing.ActionSupplement) {
		return c, true
	}
	c, ok := t.recent()
	announced := t.w.Words.madeOf(text, "announce", "greet") // "I want to complain" begins something new
	return c, ok && text != "" && !announced && (thin || vague(j) || c.Item == j.Item)
}

// recent is the case filed a moment ago.
func (t *talk) recent() (routing.Case, bool) {
	c, ok := t.own(t.s.Last)
	return c, ok && t.m.At.Sub(t.s.LastAt) <= followOn && t.may(c, routing.ActionSupplement)
}

func (t *talk) askRepeat(c routing.Case) {
	t.s.Mode, t.s.Case = ModeRepeat, c.Number
	if recent, ok := t.recent(); ok && recent.Number == c.Number {
		t.say("bot.follow_on", "number", c.Number)
		return
	}
	t.say("bot.repeat", "date", t.date(c.FiledAt), "number", c.Number, "item", t.itemName(c.Item), "state", t.stateName(c.State))
}

// askRepeatAgain asks the same question about the same case, however long ago it was filed by now.
func (t *talk) askRepeatAgain() {
	if c, ok := t.own(t.s.Case); ok && t.may(c, routing.ActionSupplement) {
		t.askRepeat(c)
		return
	}
	t.assess()
}

func listed(values []string, sep string) string {
	if len(values) > 3 {
		values = values[:3]
	}
	return strings.Join(values, sep)
}

func onlyOne(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}
