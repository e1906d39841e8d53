package bot

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"jiesu/routing"
)

// askFacts asks, after filing, for what the office needs and the text doesn't name: the enterprise, then a telephone.
func (t *talk) askFacts(known routing.Contact, j routing.Judgement) {
	t.s.AskPhone = known.Phone == ""
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

// note writes the contact to the case filed last, if it can still be written to.
func (t *talk) note(c routing.Contact) {
	if last, ok := t.own(t.s.Last); ok && t.may(last, routing.ActionSupplement) {
		t.do(Act{last.Number, routing.Step{Action: routing.ActionSupplement, Contact: &c}})
	}
	t.say("bot.noted")
}

func (t *talk) answerEnterprise(text string) bool {
	w := t.w.Words
	switch {
	case w.is("skip", text), w.is("no", text), w.is("cancel", text), w.is("done", text):
		t.say("bot.skipped")
	case w.yes(text) && t.s.Proposed != "":
		t.note(routing.Contact{Enterprise: t.s.Proposed})
	case w.yes(text), w.option(text, maxOptions) > 0:
		t.askFact()
		return true
	default:
		phone := findPhone(text)
		name, ok := t.enterpriseName(text)
		if !ok {
			return false
		}
		t.note(routing.Contact{Enterprise: name, Phone: phone})
		t.s.AskPhone = t.s.AskPhone && phone == ""
	}
	t.nextFact()
	return true
}

// enterpriseName reads a name. A sentence with a matter in it is none: it begins a complaint of its own.
func (t *talk) enterpriseName(text string) (string, bool) {
	words := strings.TrimSpace(phonePattern.ReplaceAllString(fold(text), ""))
	words = strings.TrimFunc(words, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) })
	n := utf8.RuneCountInString(words)
	if bare(words) == "" || n > 40 || strings.ContainsFunc(words, isPause) {
		return "", false
	}
	j := t.judgeText(words)
	if j.Entities != nil && 2*utf8.RuneCountInString(j.Entities.Enterprise) >= n {
		return j.Entities.Enterprise, true
	}
	named := t.w.Words.ends("enterprise", words)
	ok := vague(j) && (named || n <= 12) || named && n <= 25 && j.Decision != routing.DecisionDispatch
	return original(text, words), ok && !t.w.Words.madeOf(words, "greet", "thanks")
}

// isPause: comma, full stop, exclamation and question mark, semicolon, full-width ones folded or not; a name has none inside.
func isPause(r rune) bool {
	switch r {
	case ',', '!', '?', ';', '\n', '\u3002', '\uff0c', '\uff01', '\uff1f', '\uff1b':
		return true
	}
	return false
}

// phonePattern: a mobile number, a landline with its area code, or a local number, with or without blanks and dashes.
var phonePattern = regexp.MustCompile(`(?:\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}|\(?0[0-9]{2,3}\)?[- ]?[0-9]{7,8}|[2-8][0-9]{6,7}`)

// findPhone returns the digits of the first telephone number in the text, "" when there is none.
func findPhone(text string) string {
	found := phonePattern.FindString(fold(text))
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, found)
	if len(digits) == 13 {
		digits = strings.TrimPrefix(digits, "86")
	}
	return digits
}

func (t *talk) answerPhone(text string) bool {
	w := t.w.Words
	phone := findPhone(text)
	rest := utf8.RuneCountInString(bare(phonePattern.ReplaceAllString(fold(text), "")))
	switch {
	case w.is("skip", text), w.is("no", text), w.is("cancel", text), w.is("done", text):
		t.say("bot.skipped")
	case w.yes(text) && t.s.Proposed != "":
		t.note(routing.Contact{Phone: t.s.Proposed})
	case phone != "" && rest > 12: // the number, and something more to say
		t.note(routing.Contact{Phone: phone})
		return false
	case phone != "":
		t.note(routing.Contact{Phone: phone})
	case w.yes(text), w.option(text, maxOptions) > 0:
		t.askFact()
		return true
	case bare(text) != "" && rest <= 15 && vague(t.judgeText(text)) && !w.madeOf(text, "greet", "thanks"):
		t.say("bot.ask.phone_again")
		return true
	default:
		return false
	}
	t.nextFact()
	return true
}
