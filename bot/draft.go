package bot

import (
	"slices"
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
	if t.s.Mode == ModeDoor && t.advert() && !t.w.Words.hinted("about_it", text) { // told that it isn't taken in: this is another matter
		t.s.Draft.Parts = nil
	}
	if n := len(t.s.Draft.Parts); n == 0 || t.s.Draft.Parts[n-1] != text { // sent twice, not said twice
		t.s.Draft.Parts = append(t.s.Draft.Parts, text)
	}
	if d := []rune(t.s.Draft.District); len(d) > 0 && strings.Contains(text, string(d[:len(d)-1])) {
		t.s.Draft.Elsewhere = true // confirmed or denied by name: what the judge makes of it holds
	}
	t.more, t.s.Sure = true, false
	if name, _ := t.ownName(text); name != "" {
		t.s.Draft.Contact.Enterprise = name
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
	text := strings.Join(t.matterParts(), "\n")
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

// matterParts are the draft's parts, with blanks for those that only wish to stay hidden: they say nothing of what happened, and as many
// blanks as there were characters keep the places of the evidence.
func (t *talk) matterParts() []string {
	parts := slices.Clone(t.s.Draft.Parts)
	for i, part := range parts {
		if len(parts) > 1 && t.wishOnly(part) {
			parts[i] = strings.Repeat(" ", utf8.RuneCountInString(part))
		}
	}
	return parts
}

// wishOnly reports whether a text wishes to stay hidden and says nothing else that the judge is sure of.
func (t *talk) wishOnly(text string) bool {
	n := letters(text)
	return n <= 2*briefly && t.w.Words.hinted("hide", text) && (n <= wholeLength || t.judgeText(text).Decision != routing.DecisionDispatch)
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
	j.Evidence, j.Contrary = moved(j.Evidence, by), moved(j.Contrary, by)
	return j
}

func moved(list []routing.Evidence, by int) []routing.Evidence {
	at := make([]routing.Evidence, len(list))
	for i, e := range list {
		e.Start, e.End = e.Start+by, e.End+by
		at[i] = e
	}
	return at
}

// assess says what was understood of the draft and asks what is to be asked first.
func (t *talk) assess() {
	s := &t.s
	text, j := s.Draft.text(), t.judge()
	thin := j.Thin || letters(text) < fewest
	if t.advert() {
		t.s.Mode = ModeDoor
		t.say("bot.advert")
		t.say("bot.advert.more")
		return
	}
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
		t.pointElsewhere(text)
	case j.Decision == routing.DecisionDispatch && t.placeable(j.Item, j.Unit):
		t.askConfirm(j)
	case j.Decision == routing.DecisionAsk && len(t.options(j)) > 1:
		t.askPick(j)
	default:
		t.askTriage(j)
	}
}

// doorLength is the length, in letters, from which a message without a door's cue is a matter of its own. Shorter ones are pieces of a
// story ("我是做餐饮的"), which isn't to be interrupted.
const doorLength = 20

func (t *talk) pointElsewhere(text string) {
	d, _ := doorFor(t.w.Doors, text)
	for _, part := range t.s.Draft.Parts {
		if len(d.Cues) > 0 || letters(part) >= doorLength {
			t.showDoor(d)
			return
		}
	}
	t.askMore()
}

// advert reports whether nothing but advertisements was sent.
func (t *talk) advert() bool {
	for _, part := range t.s.Draft.Parts {
		if !t.w.Words.advert(part, vague(t.judgeText(part))) {
			return false
		}
	}
	return len(t.s.Draft.Parts) > 0 && len(t.s.Draft.Attachments) == 0
}

// sameMatter finds the own open case that the draft seems to belong to: one named in it, one said again, or the one filed just now.
func (t *talk) sameMatter(text string, j routing.Judgement, thin bool) (routing.Case, bool) {
	if t.s.Draft.Fresh {
		return routing.Case{}, false
	}
	if c, ok := t.own(CaseNumber(text)); ok && t.may(c, routing.ActionSupplement) {
		return c, true
	}
	if c, ok := repeated(text, j, t.w); ok && !thin && t.may(c, routing.ActionSupplement) {
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
