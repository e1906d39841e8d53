package bot

import (
	"strings"

	"jiesu/routing"
)

// tapped takes the tap on an answer under a message that asks how an answer turned out: the button names the case and what was tapped
// (routing.Tap). It reports whether the button is one of those.
func (t *talk) tapped(button string) bool {
	number, solved, ok := routing.ReadTap(button)
	if !ok {
		return false
	}
	t.leave()
	c, own := t.own(number)
	switch {
	case !own:
		t.say("bot.not_found", "number", number)
		t.again()
	case !t.may(c, routing.ActionRate):
		t.say("bot.not_now", "number", number, "state", t.stateName(c.State))
		t.again()
	default:
		t.idle()
		t.s.Case = c.Number
		t.solved(solved, "")
	}
	return true
}

// tappedCase is the case that a tap is about, "" for none.
func tappedCase(button string) string {
	number, _, _ := routing.ReadTap(strings.TrimSpace(button))
	return number
}
