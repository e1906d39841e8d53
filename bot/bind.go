package bot

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"jiesu/routing"
)

// bind makes the complainant known by a number, so that what they telephone about is theirs here too.
func (t *talk) bind(rest string) {
	if !t.w.Codes {
		t.say("bot.bind.off")
		t.again()
		return
	}
	if !t.sendCode(rest) {
		t.s.Mode = ModeBind
		t.say("bot.bind.ask")
	}
}

// sendCode sends a code to the number in the text and reports whether there was one.
func (t *talk) sendCode(text string) bool {
	named, _ := cutPhone(text)
	phone, mobile := routing.MobilePhone(named)
	if !mobile {
		return false
	}
	t.s.Mode = ModeCode
	t.do(SendCode{phone})
	t.say("bot.bind.sent", "phone", routing.MaskPhone(phone))
	return true
}

func (t *talk) answerBind(text string) bool {
	named, rest := cutPhone(text)
	switch {
	case t.declined(text):
		t.say("bot.skipped")
		t.end()
	case named != "" && t.filler(rest):
		if !t.sendCode(text) {
			t.say("bot.bind.mobile")
		}
	case digits(text) != "" && letters(text) <= briefly:
		t.say("bot.bind.mobile")
	default:
		return false
	}
	return true
}

func (t *talk) answerCode(text string) bool {
	switch {
	case t.declined(text):
		t.say("bot.skipped")
		t.end()
	case digits(text) != "" && letters(text) <= briefly: // another number, or digits that are not six
		if !t.sendCode(text) {
			t.say("bot.code.ask")
		}
	default:
		return false
	}
	return true
}

// redeemed says what six digits have brought.
func (t *talk) redeemed() {
	r := t.m.Redeemed
	switch {
	case r.Many:
		t.say("bot.code.many")
	case r.Wrong:
		t.say("bot.code.wrong")
	case r.Taken:
		t.say("bot.code.taken")
	case r.Kind == routing.CodePhone:
		t.say("bot.bind.done", "phone", r.Phone)
		if r.Cases > 0 {
			t.say("bot.bind.cases", "n", strconv.Itoa(r.Cases))
		}
		t.end()
	default:
		t.say("bot.scan.bound")
		if c, ok := t.own(r.Case); ok {
			t.showCase(c)
		}
	}
}

// redeems reports whether the message is six digits that may be a code.
func redeems(s State, m Message) bool {
	code := digits(m.Text)
	return m.Kind == KindText && len(code) == 6 && bare(m.Text) == code && (s.Mode == ModeIdle || s.Mode == ModeCode)
}

// redeem looks at six digits before the turn: whether they are a code is a fact of the world.
func (in *Intake) redeem(ctx context.Context, tx routing.Tx, id string, m *Message) error {
	found, err := in.Desk.RedeemIn(ctx, tx, id, digits(m.Text))
	m.Redeemed = &Redemption{Redeemed: found}
	switch many := (*routing.TooManyError)(nil); {
	case err == nil:
	case errors.Is(err, routing.ErrNotFound):
		m.Redeemed.Wrong = true
	case errors.Is(err, routing.ErrForbidden):
		m.Redeemed.Taken = true
	case errors.As(err, &many):
		m.Redeemed.Many = true
	default:
		return fmt.Errorf("redeem code: %w", err)
	}
	return nil
}
