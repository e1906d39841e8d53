package bot

import (
	"slices"

	"jiesu/routing"
)

// asking are the lines after which somebody gives what names them, or has it filed.
var asking = []string{"bot.confirm", "bot.confirm_hidden", "bot.pick", "bot.ask.enterprise", "bot.ask.enterprise_known", "bot.ask.phone", "bot.ask.phone_known",
	"bot.human.ask_phone", "bot.bind.ask"}

// inform says what becomes of personal data before the first question whose answer gives some, once. Whoever then goes on agrees
// (个人信息保护法, articles 14 and 17).
func (t *talk) inform() {
	if t.w.Agreed == t.w.Privacy || t.m.Kind == KindWake {
		return
	}
	if t.s.Informed == t.w.Privacy {
		if slices.ContainsFunc(t.orders, givesData) {
			t.do(Agree{})
		}
		return
	}
	if i := slices.IndexFunc(t.out, func(l Line) bool { return slices.Contains(asking, l.Key) }); i >= 0 {
		t.s.Informed = t.w.Privacy
		t.out = slices.Insert(t.out, i, Line{"bot.privacy", []string{"url", t.w.PrivacyURL}})
	}
}

// givesData reports whether an order takes something of who speaks.
func givesData(o Order) bool {
	switch o := o.(type) {
	case File, SendCode:
		return true
	case Act:
		return o.Step.Contact != nil
	}
	return false
}

// data puts the wish to see or to erase one's data before those who answer for it.
func (t *talk) data() {
	if len(t.w.Cases) == 0 {
		t.say("bot.data.none", "url", t.w.PrivacyURL)
		return
	}
	t.do(Hand{Number: t.w.Cases[0].Number, Kind: routing.TaskPrivacy, Note: t.w.Text.Text("bot.note.data", "said", short(t.m.Text, 40))})
	t.say("bot.data.asked", "url", t.w.PrivacyURL)
}
