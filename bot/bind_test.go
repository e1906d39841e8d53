package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jiesu/bot"
	"jiesu/routing"
)

// texted is a world in which codes go out by SMS.
func texted(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, defaultJudge(t))
	w.config.Codes = true
	var err error
	if w.intake, err = bot.NewIntake(w.config); err != nil {
		t.Fatal(err)
	}
	return w
}

// called files a case by telephone.
func (w *world) called(phone, text string) routing.Case {
	w.t.Helper()
	c, _, err := w.desk.File(w.t.Context(), zhao, routing.Complaint{Text: text, Channel: routing.ChannelHotline, Contact: routing.Contact{Phone: phone},
		Placement: &routing.Placement{Item: "5.3", Unit: w.plan.Categories[4].Leads[0]}})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// texts are the codes that were sent, as number and digits.
func (w *world) texts() (list []string) {
	w.t.Helper()
	for _, j := range w.jobs {
		if n, err := w.store.Notice(w.t.Context(), j.ID); j.Kind == routing.JobDeliver && err == nil && n.Kind == routing.NoticeCode {
			c, err := w.store.CodeByID(w.t.Context(), n.ID)
			if err != nil {
				w.t.Fatal(err)
			}
			list = append(list, c.Phone+" "+c.Digits)
		}
	}
	return list
}

func (w *world) wants(answer string, parts ...string) {
	w.t.Helper()
	for _, p := range parts {
		if !strings.Contains(answer, p) {
			w.t.Errorf("%q lacks %q", answer, p)
		}
	}
}

func TestAReadOutCodeGivesTheCallersCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, defaultJudge(t))
	c, other := w.called("13800001234", "城管乱罚款"), w.called("13800001234", "另一件")
	code, err := w.desk.CaseCode(t.Context(), zhao, c.Number, false)
	must(t, err)
	if len(code.Digits) != 6 || len(w.texts()) != 0 {
		t.Fatalf("%+v, sent %v", code, w.texts())
	}
	w.wants(w.say("fan", " "+code.Digits+" 。"), "已为您关联诉求", c.Number)
	who, err := w.store.ComplainantByOpenID(t.Context(), "fan")
	must(t, err)
	if bound, err := w.store.Case(t.Context(), c.Number); err != nil || bound.ComplainantID != who.ID {
		t.Errorf("%+v, %v", bound, err)
	}
	if still, err := w.store.Case(t.Context(), other.Number); err != nil || still.ComplainantID == who.ID {
		t.Errorf("another case of the number came along: %+v, %v", still, err)
	}
	if called, err := w.desk.CasesOfCaller(t.Context(), zhao, c.ComplainantID, 5); err != nil || len(called) != 2 { // whoever calls again is known by both
		t.Errorf("%+v, %v", called, err)
	}
	w.wants(w.say("second", code.Digits), "这个码不对，或者已经过期") // it is spent
	if _, err := w.desk.CaseCode(t.Context(), zhao, c.Number, false); err == nil {
		t.Error("a code for a case that is bound")
	}
	late, err := w.desk.CaseCode(t.Context(), zhao, other.Number, false)
	must(t, err)
	w.clock.pass(30 * time.Minute)
	w.wants(w.say("second", late.Digits), "已经过期")
}

func TestFewGuessesAreAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, defaultJudge(t))
	c := w.called("13800001234", "城管乱罚款")
	code, err := w.desk.CaseCode(t.Context(), zhao, c.Number, false)
	must(t, err)
	wrong := "000000"
	if code.Digits == wrong {
		wrong = "000001"
	}
	for range 5 {
		w.wants(w.say("fan", wrong), "这个码不对")
	}
	w.wants(w.say("fan", code.Digits), "试的次数太多")
	w.wants(w.say("another", code.Digits), "已为您关联诉求")
}

func TestAPhoneIsBoundByTheCodeSentToIt(t *testing.T) {
	t.Parallel()
	w := texted(t)
	first, second := w.called("13800001234", "城管乱罚款"), w.called("13800001234", "城管又来罚款")
	w.wants(w.say("fan", "绑定手机"), "请发一个您本人的手机号")
	w.wants(w.say("fan", "024-23450000"), "11位的手机号")
	w.wants(w.say("fan", "138 0000 1234"), "验证码已发到 138****1234")
	texts := w.texts()
	if len(texts) != 1 || !strings.HasPrefix(texts[0], "13800001234 ") {
		t.Fatalf("sent %v", texts)
	}
	digits := texts[0][len("13800001234 "):]
	w.wants(w.say("thief", digits), "这个码不对") // whoever reads over a shoulder
	w.wants(w.say("fan", digits), "已绑定 138****1234", "2 件")
	who, err := w.store.ComplainantByPhone(t.Context(), "13800001234")
	must(t, err)
	if who.OpenID != "fan" {
		t.Errorf("%+v", who)
	}
	for _, c := range []routing.Case{first, second} {
		if bound, err := w.store.Case(t.Context(), c.Number); err != nil || bound.ComplainantID != who.ID {
			t.Errorf("%+v, %v", bound, err)
		}
	}
	third := w.called("13800001234", "城管再来罚款") // what they telephone about from now on is theirs here too
	w.wants(w.say("fan", third.Number), third.Number)
	if third.ComplainantID != who.ID {
		t.Errorf("%+v", third)
	}
	// The number goes to another account, with its own cases alone.
	w.say("new", "绑定手机 13800001234")
	texts = w.texts()
	w.wants(w.say("new", texts[len(texts)-1][len("13800001234 "):]), "已绑定")
	w.wants(w.say("new", "进度"), "还没有")
	if now, err := w.store.ComplainantByPhone(t.Context(), "13800001234"); err != nil || now.OpenID != "new" {
		t.Errorf("%+v, %v", now, err)
	}
}

func TestBindingAPhoneCanBeGivenUp(t *testing.T) {
	t.Parallel()
	w := texted(t)
	w.say("fan", "绑定手机")
	w.wants(w.say("fan", "跳过"), "好")
	w.say("fan", "绑定手机13800001234")
	w.wants(w.say("fan", "12345"), "短信里的6位数字")
	w.wants(w.say("fan", "跳过"), "好")
	w.wants(w.say("fan", "城管总来罚款，没有依据"), "市城管执法局") // nothing stands in the way of a complaint
	off := newWorld(t, defaultJudge(t))
	off.wants(off.say("fan", "绑定手机"), "还不能用短信绑定")
}

func TestANumberGetsFewCodesADay(t *testing.T) {
	t.Parallel()
	w := texted(t)
	for i := range 5 {
		w.wants(w.say(fmt.Sprint("fan", i), "绑定手机13800001234"), "验证码已发到")
	}
	w.wants(w.say("fan", "绑定手机13800001234"), "今天收到的验证码太多")
	if n := len(w.texts()); n != 5 {
		t.Errorf("%d sent", n)
	}
	w.clock.pass(24 * time.Hour)
	w.wants(w.say("fan", "绑定手机13800001234"), "验证码已发到")
}
