package bot

import (
	"jiesu/routing"
)

// filing is how a draft is filed. The zero value leaves it to the judgement.
type filing struct {
	placement *routing.Placement // picked by the complainant
	triage    bool               // whatever the judgement says
	human     bool               // and a clerk is to get in touch
	note      string             // catalogue key of the remark for the office
	noPhone   bool               // was asked for already, and not given
	place     bool               // the suggested district was confirmed
}

// file turns the draft into a case and asks for what is still missing.
func (t *talk) file(f filing) {
	d, j := t.s.Draft, t.judge()
	if f.place && j.District == "" {
		j.District = d.District
	}
	if f.placement != nil {
		f.placement.District = j.District
	}
	if f.triage {
		j.Decision = routing.DecisionTriage
	}
	c := routing.Complaint{Channel: routing.ChannelWeChat, Confidential: t.hidden(), Judgement: j, Placement: f.placement,
		Attachments: d.Attachments}
	c.Contact = t.contact(j)
	if f.note != "" {
		c.Note = t.w.Text.Text(f.note)
	}
	switch second, ok := t.second(j); {
	case ok && second == "":
		c.Note += t.w.Text.Text("bot.note.second_some")
	case ok:
		c.Note += t.w.Text.Text("bot.note.second", "item", t.itemName(second))
	}
	parts := chunks(d.text())
	if len(parts) == 0 || bare(d.text()) == "" {
		parts = []string{t.w.Text.Text("bot.text.evidence_only")}
		if f.human && len(d.Attachments) == 0 {
			parts = []string{t.w.Text.Text("bot.text.human")}
		}
	}
	c.Text = parts[0]
	t.do(File{Complaint: c, More: parts[1:]})
	if f.human {
		t.handOver("", d.text())
	}
	t.sayFiled(c, f)
	if f.human {
		t.sayStaff()
	}
	t.s.Draft, t.s.Last, t.s.LastAt = Draft{}, "", t.m.At
	t.s.Guessed = c.Contact.Enterprise != d.Contact.Enterprise
	t.idle()
	if t.m.Kind != KindWake {
		t.askFacts(c.Contact, j, f.noPhone)
	}
}

// contact is what was given in so many words, and else what the text names.
func (t *talk) contact(j routing.Judgement) routing.Contact {
	c := t.s.Draft.Contact
	if c.Enterprise == "" && t.w.Words.firm(named(j)) {
		c.Enterprise = named(j)
	}
	if c.Phone == "" && j.Entities != nil {
		c.Phone = onlyOne(j.Entities.Phones)
	}
	return c
}

// named is the enterprise that the judge found in the text.
func named(j routing.Judgement) string {
	if j.Entities == nil {
		return ""
	}
	return j.Entities.Enterprise
}

func (t *talk) sayFiled(c routing.Complaint, f filing) {
	switch p := c.Placement; {
	case t.m.Kind == KindWake:
		t.say("bot.closed.filed")
	case f.human:
		t.say("bot.filed.human")
	case p != nil:
		t.say("bot.filed.dispatched", "unit", t.w.Plan.UnitName(p.Unit))
	case c.Judgement.Decision == routing.DecisionDispatch && t.placeable(c.Judgement.Item, c.Judgement.Unit):
		t.say("bot.filed.dispatched", "unit", t.w.Plan.UnitName(c.Judgement.Unit))
	default:
		t.say("bot.filed.triage")
	}
	if c.Confidential {
		t.say("bot.filed.hidden")
	}
	if t.w.PageURL != "" {
		t.say("bot.filed.page")
	}
}

// chunks cuts a text into pieces that a case or a supplement can hold.
func chunks(text string) []string {
	var list []string
	for r := []rune(text); len(r) > 0; {
		n := min(len(r), routing.MaxText)
		list = append(list, string(r[:n]))
		r = r[n:]
	}
	return list
}

// supplement adds words and evidence to a case, in as many steps as the length needs.
func (t *talk) supplement(number, text string, attachments []string) {
	t.supplementWith(number, text, routing.Step{Attachments: attachments})
}

// supplementWith adds words and, with the first step, what the step holds. A wish to stay hidden is fulfilled, whenever it is said.
func (t *talk) supplementWith(number, text string, first routing.Step) {
	parts := chunks(text)
	if len(parts) == 0 {
		parts = []string{t.w.Text.Text("bot.note.evidence")}
	}
	c, _ := t.own(number)
	hide := !c.Confidential && t.w.Words.hinted("hide", text)
	for i, part := range parts {
		step := routing.Step{Action: routing.ActionSupplement, Note: part}
		if i == 0 {
			step.Attachments, step.Contact = first.Attachments, first.Contact
			if hide {
				step.Confidential = &hide
			}
		}
		t.do(Act{number, step})
	}
	if hide {
		t.say("bot.hidden_done", "number", number)
	}
}

func (t *talk) cancelDraft() {
	t.s.Draft = Draft{}
	t.idle()
	t.say("bot.cancelled")
}

func (t *talk) answerThin(text string) bool {
	w, d := t.w.Words, t.s.Draft
	proposed := d.Asked > 1 || len(d.Attachments) > 0
	switch {
	case w.is("cancel", text):
		t.cancelDraft()
	case w.is("skip", text), proposed && (w.yes(text) || w.is("done", text)):
		t.file(filing{triage: true, note: "bot.note.triage_unsure"})
	case w.yes(text), w.is("done", text):
		t.assess()
	default:
		return false
	}
	return true
}

func (t *talk) answerConfirm(text string) bool {
	w := t.w.Words
	f := filing{}
	if t.s.Mode == ModeTriage {
		f.note = "bot.note.triage_unsure"
	}
	switch {
	case w.is("cancel", text):
		t.cancelDraft()
	case w.option(text, 2) == 2:
		t.s.Draft.Confidential, f.place = true, true
		t.file(f)
	case w.yes(text):
		f.place = true
		t.file(f)
	case w.is("skip", text), w.is("done", text), w.is("insist", text):
		t.file(f)
	case w.is("no", text):
		t.misunderstood()
	case t.takeContact(text):
		t.say("bot.noted")
		t.askToFile()
	default:
		return false
	}
	return true
}

// misunderstood offers the other candidates, or asks for more words.
func (t *talk) misunderstood() {
	if d := &t.s.Draft; d.District != "" {
		d.Elsewhere, d.District = true, ""
	}
	if j := t.judge(); t.s.Mode == ModeConfirm && len(t.options(j)) > 1 {
		t.askPick(j)
		return
	}
	t.s.Mode = ModeTriage
	t.say("bot.thin")
	t.askToFile()
}

func (t *talk) answerPick(text string) bool {
	w, j := t.w.Words, t.judge()
	list := t.s.Offered // what was shown, whatever the judge makes of the words that came since
	if len(list) == 0 {
		list = offers(t.options(j))
	}
	n := w.option(text, len(list)+1)
	switch {
	case w.is("cancel", text):
		t.cancelDraft()
	case n > 0 && n <= len(list) && t.placeable(list[n-1].Item, list[n-1].Unit):
		a := list[n-1]
		t.file(filing{placement: &routing.Placement{Item: a.Item, Unit: a.Unit}, place: true})
	case n > 0, w.is("skip", text), w.is("no", text):
		t.file(filing{triage: true, note: "bot.note.triage_pick"})
	case w.yes(text), w.is("done", text), t.takeContact(text):
		t.s.Offered = list
		t.askPickAgain()
	default:
		return false
	}
	return true
}

func (t *talk) answerRepeat(text string) bool {
	w := t.w.Words
	c, known := t.own(t.s.Case)
	switch {
	case w.is("cancel", text):
		t.cancelDraft()
	case known && t.may(c, routing.ActionSupplement) && (w.yes(text) || w.is("done", text) || w.is("same", text)):
		t.supplement(c.Number, t.s.Draft.text(), t.s.Draft.Attachments)
		t.s.Draft = Draft{}
		t.idle()
		t.say("bot.supplement.done", "number", c.Number)
	case w.option(text, 2) == 2, w.is("no", text), w.is("new", text), w.is("skip", text), w.yes(text):
		t.s.Draft.Fresh = true
		t.s.Case = ""
		t.assess()
	case t.lateFact(text):
		t.askRepeatAgain()
	default:
		return false
	}
	return true
}

func (t *talk) answerDoor(text string) bool {
	w := t.w.Words
	switch {
	case w.option(text, 1) == 1, w.is("insist", text), t.s.Sure && w.is("yes", text):
		t.file(filing{triage: true, human: true, note: "bot.note.other"})
	case w.is("cancel", text), w.is("drop", text):
		t.cancelDraft()
	case w.is("no", text):
		t.misunderstood()
	case w.is("yes", text): // to the door, or to having it passed on? Whoever assents is not sent away
		t.s.Sure = true
		t.say("bot.door.ask")
	case w.thanked(text), w.is("skip", text):
		t.s.Draft = Draft{}
		t.idle()
		t.say("bot.thanks")
	case w.yes(text), w.is("done", text):
		t.s.Sure = true
		t.say("bot.door.ask")
	default:
		return false
	}
	return true
}
