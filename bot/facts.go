package bot

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"jiesu/routing"
)

// askFacts asks, after filing, for what the office needs and the text doesn't name: the enterprise, then a telephone.
func (t *talk) askFacts(known routing.Contact, j routing.Judgement, noPhone bool) {
	t.s.AskPhone = known.Phone == "" && !noPhone
	if j.Entities != nil {
		t.s.Phones = j.Entities.Phones
	}
	if known.Enterprise == "" {
		t.s.Mode, t.s.Proposed = ModeEnterprise, t.earlier().Enterprise
		t.askFact()
		return
	}
	t.nextFact()
}

// nextFact asks for the telephone if that is still open, or ends the questions.
func (t *talk) nextFact() {
	if !t.s.AskPhone {
		t.idle()
		t.say("bot.facts_done")
		return
	}
	t.s.AskPhone = false
	t.s.Mode, t.s.Proposed = ModePhone, t.earlier().Phone
	if len(t.s.Phones) > 0 {
		t.s.Proposed = t.s.Phones[0]
	}
	t.askFact()
}

func (t *talk) askFact() {
	key, value := "bot.ask."+string(t.s.Mode), t.s.Proposed
	if value == "" {
		t.say(key)
		return
	}
	if t.s.Mode == ModePhone {
		value = routing.MaskPhone(value)
	}
	t.say(key+"_known", "value", short(value, 40))
}

// earlier is the contact that the complainant gave for earlier cases.
func (t *talk) earlier() routing.Contact {
	var c routing.Contact
	for _, earlier := range t.w.Cases {
		if c.Enterprise == "" {
			c.Enterprise = earlier.Contact.Enterprise
		}
		if c.Phone == "" {
			c.Phone = earlier.Contact.Phone
		}
	}
	return c
}

// note writes the contact, and what was said beside it, to the case filed last.
func (t *talk) note(c routing.Contact, more string) {
	last, ok := t.own(t.s.Last)
	switch {
	case ok && t.may(last, routing.ActionSupplement):
		t.do(Act{last.Number, routing.Step{Action: routing.ActionSupplement, Contact: &c, Note: more}})
		t.s.Guessed = t.s.Guessed && c.Enterprise == ""
		t.say("bot.noted")
	case ok: // struck off or handed on meanwhile
		t.say("bot.not_now", "number", last.Number, "state", t.stateName(last.State))
	default:
		t.say("bot.skipped")
	}
}

// declined reports whether the question isn't to be answered.
func (t *talk) declined(text string) bool {
	w := t.w.Words
	return w.is("skip", text) || w.is("no", text) || w.is("cancel", text) || w.is("done", text) || t.refused(text)
}

// refused reports whether the question isn't to be answered, in other words than the listed ones ("算了不想留").
func (t *talk) refused(text string) bool {
	phone, _ := cutPhone(text)
	return letters(text) <= briefly && phone == "" && t.w.Words.hinted("refuse", text) && !t.w.Words.ends("firm", bare(text)) && t.matterless(text)
}

// briefly is the length, in letters, up to which a turn of phrase is taken to be all that is said.
const briefly = 16

func (t *talk) answerEnterprise(text string) bool {
	w := t.w.Words
	switch {
	case t.declined(text):
		t.say("bot.skipped")
	case w.yes(text) && t.s.Proposed != "":
		t.note(routing.Contact{Enterprise: t.s.Proposed}, "")
	case w.yes(text), w.option(text, maxOptions) > 0:
		t.askFact()
		return true
	default:
		phone, rest := cutPhone(text)
		name, more := t.enterpriseName(rest)
		if name == "" && (phone == "" || !t.filler(rest)) {
			return t.aside(text) || t.handed(text)
		}
		t.note(routing.Contact{Enterprise: name, Phone: phone}, more)
		t.s.AskPhone = t.s.AskPhone && phone == ""
		if name == "" { // a telephone only: the next question is answered, this one is still open
			t.askFact()
			return true
		}
	}
	t.nextFact()
	return true
}

func (t *talk) answerPhone(text string) bool {
	w := t.w.Words
	phone, rest := cutPhone(text)
	switch {
	case t.declined(text):
		t.say("bot.skipped")
	case w.yes(text) && t.s.Proposed != "":
		t.note(routing.Contact{Phone: t.s.Proposed}, "")
	case phone != "" && t.filler(rest):
		t.note(routing.Contact{Phone: phone}, "")
	case phone != "" && utf8.RuneCountInString(bare(rest)) <= 20 && t.plain(rest):
		t.note(routing.Contact{Phone: phone}, rest)
	case phone != "" && t.handed(text):
		return true
	case phone != "": // the number, and a matter
		t.note(routing.Contact{Phone: phone}, "")
		return false
	case w.yes(text), w.option(text, maxOptions) > 0:
		t.askFact()
		return true
	case utf8.RuneCountInString(digits(text)) >= fewestDigits && utf8.RuneCountInString(bare(text)) <= 20:
		t.say("bot.ask.phone_again")
		return true
	default:
		return t.lateName(text) || t.aside(text) || t.handed(text)
	}
	t.nextFact()
	return true
}

// fewestDigits make a telephone number with a slip in it rather than a sum or a date.
const fewestDigits = 6

// lateName takes the name of the enterprise, asked before and answered now.
func (t *talk) lateName(text string) bool {
	name := t.missingName(text)
	if name == "" {
		return false
	}
	t.note(routing.Contact{Enterprise: name}, "")
	t.askFact()
	return true
}

// missingName is the name in a text that is nothing but a name, if the case filed last lacks it, or has only a guess.
func (t *talk) missingName(text string) string {
	last, ok := t.own(t.s.Last)
	if !ok {
		return ""
	}
	if name, alone := t.ownName(text); alone {
		return name
	}
	if last.Contact.Enterprise != "" && !t.s.Guessed {
		return ""
	}
	name, more := t.enterpriseName(text)
	if more != "" || !t.w.Words.ends("enterprise", name) {
		return ""
	}
	return name
}

// lateFact takes a telephone number or a name, and nothing else, for the case filed last: the question was closed meanwhile.
func (t *talk) lateFact(text string) bool {
	last, ok := t.own(t.s.Last)
	if !ok || t.m.At.Sub(t.s.LastAt) > t.w.Pace.Close || !t.may(last, routing.ActionSupplement) {
		return false
	}
	phone, rest := cutPhone(text)
	c := routing.Contact{Phone: phone}
	if !t.filler(rest) {
		c.Enterprise = t.missingName(rest)
	}
	if c.Enterprise == "" && (phone == "" || !t.filler(rest)) {
		return false
	}
	t.do(Act{last.Number, routing.Step{Action: routing.ActionSupplement, Contact: &c}})
	t.s.Guessed = t.s.Guessed && c.Enterprise == ""
	t.say("bot.noted_late", "number", last.Number)
	return true
}

// aside adds words that are no answer and no matter of their own to the case filed just now, and asks again.
func (t *talk) aside(text string) bool {
	last, ok := t.own(t.s.Last)
	if !ok || !t.may(last, routing.ActionSupplement) || utf8.RuneCountInString(text) > asideLength || t.empty(text) || !t.matterless(text) {
		return false
	}
	t.supplement(last.Number, text, nil)
	t.say("bot.supplement.done", "number", last.Number)
	t.askFact()
	return true
}

// empty texts have nothing that could be added to a case.
func (t *talk) empty(text string) bool {
	w := t.w.Words
	return bare(text) == "" || strayOption(text) || w.faces(text) || w.is("sticker", text) || w.swearing(text) ||
		w.madeOf(text, "greet", "thanks", "thanks_with", "wait", "announce")
}

// asideLength is the longest aside, in characters; whoever writes more is asked what it is.
const asideLength = 60

// matterless texts name no matter, neither one of the plan nor surely one outside it.
func (t *talk) matterless(text string) bool {
	j := t.judgeText(text)
	return vague(j) && t.plain(text) && (j.Thin || j.Confidence < t.w.Pace.OtherFrom)
}

// plain texts aren't surely a matter: what the judge makes of a few words, when a name or a telephone was asked for, counts only if
// it is sure of it.
func (t *talk) plain(text string) bool {
	d, _ := doorFor(t.w.Doors, text)
	elsewhere := len(d.Cues) > 0 && !t.w.Words.ends("enterprise", bare(text)) // a shop may be called after its neighbourhood
	return t.judgeText(text).Decision != routing.DecisionDispatch && !elsewhere
}

// filler is what stands around a telephone number and says nothing.
func (t *talk) filler(text string) bool {
	return bare(text) == "" || t.w.Words.madeOf(text, "contact", "greet", "thanks", "thanks_with", "yes")
}

// enterpriseName reads a name, and what else is said with it. A sentence with a matter in it is none: it begins a complaint of its own.
func (t *talk) enterpriseName(text string) (name, more string) {
	var said []string
	for _, clause := range strings.FieldsFunc(text, isPause) {
		if clause = strings.TrimFunc(clause, isMark); !t.filler(clause) {
			said = append(said, clause)
		}
	}
	for i, clause := range said {
		if name = t.nameOf(clause, len(said) == 1); name != "" {
			more = strings.Join(append(append([]string(nil), said[:i]...), said[i+1:]...), t.w.Text.Text("bot.list_separator"))
			break
		}
	}
	if more != "" && (utf8.RuneCountInString(more) > 30 || !t.plain(text)) {
		return "", ""
	}
	return name, more
}

// nameOf reads a clause as a name. One that stands alone needn't end like an enterprise's.
func (t *talk) nameOf(clause string, alone bool) string {
	w := t.w.Words
	for _, p := range w.lists["name_prefix"] {
		if rest, ok := strings.CutPrefix(clause, p); ok && utf8.RuneCountInString(bare(rest)) >= 2 {
			clause = strings.TrimFunc(rest, isMark)
			break
		}
	}
	n := utf8.RuneCountInString(clause)
	if n > 40 || !strings.ContainsFunc(clause, unicode.IsLetter) || w.has("abuse", fold(clause)) || w.madeOf(clause, "announce", "wait", "faces") {
		return ""
	}
	j := t.judgeText(clause)
	if j.Entities != nil && j.Entities.Enterprise != "" && 2*utf8.RuneCountInString(j.Entities.Enterprise) >= n {
		return j.Entities.Enterprise
	}
	named := w.ends("enterprise", clause)
	switch {
	case w.has("sentence", clause):
	case (named && n <= 25 || alone && n <= 12) && t.plain(clause):
		return clause
	}
	return ""
}

// ownName is the name that a text announces as that of one's own enterprise, and whether the text says nothing else.
func (t *talk) ownName(text string) (name string, alone bool) {
	w := t.w.Words
	clauses := strings.FieldsFunc(text, isPause)
	for _, clause := range clauses {
		clause = strings.TrimFunc(clause, isMark)
		for _, p := range w.lists["own_name"] {
			rest, ok := strings.CutPrefix(clause, p)
			rest = strings.TrimFunc(rest, isMark)
			n := utf8.RuneCountInString(rest)
			if !ok || n < 2 || n > 25 || w.has("sentence", rest) {
				continue
			}
			if w.ends("firm", rest) || len(clauses) == 1 && t.plain(rest) {
				return rest, len(clauses) == 1
			}
		}
	}
	return "", false
}

// takeContact takes a name or a telephone number and nothing else, said while the draft is asked about.
func (t *talk) takeContact(text string) bool {
	phone, rest := cutPhone(text)
	c := routing.Contact{Phone: phone}
	if !t.filler(rest) {
		name, alone := t.ownName(rest)
		if bareName := strings.TrimFunc(rest, isMark); !alone && t.w.Words.firm(bareName) && !t.w.Words.has("sentence", bareName) && t.plain(bareName) {
			name, alone = bareName, true
		}
		if !alone {
			return false
		}
		c.Enterprise = name
	}
	if c == (routing.Contact{}) {
		return false
	}
	if c.Enterprise != "" {
		t.s.Draft.Contact.Enterprise = c.Enterprise
	}
	if c.Phone != "" {
		t.s.Draft.Contact.Phone = c.Phone
	}
	return true
}

// isPause: comma, full stop, exclamation and question mark, semicolon, full-width ones folded or not; a name has none inside.
func isPause(r rune) bool {
	switch r {
	case ',', '!', '?', ';', '\n', '\u3001', '\u3002', '\uff0c', '\uff01', '\uff1f', '\uff1b':
		return true
	}
	return false
}

// phonePattern: a mobile number, a landline with its area code, a 400 or 800 number or a local one, with or without blanks and dashes.
// It stands between characters that are no digits, or a number with one digit too few would be read as a shorter one, and not before a
// unit of money.
var phonePattern = regexp.MustCompile(`(?:^|[^0-9])((?:\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}|\(?0[0-9]{2,3}\)?[- ]?[0-9]{7,8}|` +
	`[48]00[- ]?[0-9]{3}[- ]?[0-9]{4}|[2-8][0-9]{6,7})(?:[^0-9\x{5143}\x{5757}\x{4e07}\x{4ebf}]|$)`)

// cutPhone takes the first telephone number, as digits, out of the text, which is otherwise as it was written.
func cutPhone(text string) (phone, rest string) {
	text = strings.ToValidUTF8(text, "")
	folded := fold(text)
	m := phonePattern.FindStringSubmatchIndex(folded)
	if m == nil {
		return "", text
	}
	phone = digits(folded[m[2]:m[3]])
	if len(phone) == 13 {
		phone = strings.TrimPrefix(phone, "86")
	}
	r := []rune(text) // folding keeps the number of characters
	from, to := utf8.RuneCountInString(folded[:m[2]]), utf8.RuneCountInString(folded[:m[3]])
	return phone, strings.TrimFunc(string(r[:from])+" "+string(r[to:]), isMark)
}

// digits are the digits of a text.
func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, fold(text))
}
