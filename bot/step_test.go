package bot_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"jiesu/bot"
	"jiesu/routing"
)

// modes are all questions that can be open.
var modes = []bot.Mode{bot.ModeIdle, bot.ModeThin, bot.ModeConfirm, bot.ModePick, bot.ModeTriage, bot.ModeRepeat, bot.ModeDoor, bot.ModeEnterprise,
	bot.ModePhone, bot.ModeChoose, bot.ModeAdd, bot.ModeWithdraw, bot.ModeSolved, bot.ModeSatisfied, bot.ModeRedo, bot.ModeRedoReason, bot.ModeHuman}

var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

// still is a world without a store: a complainant with an answered case and an open one.
func still(t testing.TB) bot.World {
	t.Helper()
	words, err := bot.NewWords(wording(t))
	if err != nil {
		t.Fatal(err)
	}
	me := routing.Actor{Role: routing.RoleComplainant, ID: "me"}
	return bot.World{Staff: func() routing.Staffing { return routing.Staffing{} }, Judge: defaultJudge(t), Plan: plan(t), Words: words, Text: wording(t), Doors: doors(t), Me: me, PageURL: "https://example.org/p/",
		Pace: bot.Pace{Remind: 30 * time.Minute, Close: 24 * time.Hour, OtherFrom: bot.DefaultOtherFrom},
		Cases: []routing.Case{
			{Number: "JS20260301-000002", State: routing.StateReplied, ComplainantID: "me", Item: "5.3", Unit: "urban-management", Text: "城管总来罚款",
				Reply: "已退还", Token: "t2", FiledAt: noon.Add(-25 * time.Hour), UpdatedAt: noon.Add(-time.Hour)},
			{Number: "JS20260301-000001", State: routing.StateSigned, ComplainantID: "me", Item: "6.2", Unit: "power", Text: "厂里三天两头停电",
				Token: "t1", FiledAt: noon.Add(-26 * time.Hour), UpdatedAt: noon.Add(-time.Hour)},
		}}
}

// in is a state in which the question of the mode is open.
func in(mode bot.Mode) bot.State {
	s := bot.State{Mode: mode, Last: "JS20260301-000002", LastAt: noon.Add(-time.Hour), SpokeAt: noon.Add(-time.Minute)}
	switch mode {
	case bot.ModeThin, bot.ModeConfirm, bot.ModePick, bot.ModeTriage, bot.ModeRepeat, bot.ModeDoor:
		s.Draft.Parts = append(make([]string, 0, 8), "办个变更跑了好几趟") // with room: an append would show
		s.Draft.Attachments = append(make([]string, 0, 8), "a1")
	}
	switch mode {
	case bot.ModeChoose:
		s.Choice, s.Then, s.Held = []string{"JS20260301-000002", "JS20260301-000001"}, bot.CommandSupplement, "昨天又来了"
	case bot.ModeIdle, bot.ModeThin, bot.ModeConfirm, bot.ModePick, bot.ModeTriage, bot.ModeDoor, bot.ModeEnterprise, bot.ModePhone:
	case bot.ModeHuman:
		s.HumanAt, s.AskPhone = noon.Add(-time.Minute), true
	default:
		s.Case, s.Solved = "JS20260301-000002", routing.SolvedNo
	}
	return s
}

// FuzzStep: whatever is said in whatever mode, the turn is the same each time, changes nothing of what it was given, answers with at
// most 600 characters of valid text, orders only what the desk will do, and keeps what a draft held.
func FuzzStep(f *testing.F) {
	for i, text := range []string{"1", "２。", "跳过", "人工", "补充：昨天又来了", "JS20260301-000001", "撤回JS20260301-000001", "JS20260301-000002 评价", "13800001234", "老边饺子馆，电话13800001234",
		"城管总来罚款，没有依据", "<script>", "{number}", "😡", "", "\xff\xfe", "\x00", "我在健身房办的卡", "有人打架", "非常不满意", "[微笑]", "＋８６　１３８００００１２３４"} {
		f.Add(text, uint8(i), uint8(i%3))
	}
	w := still(f)
	f.Fuzz(func(t *testing.T, text string, mode, kind uint8) {
		s := in(modes[int(mode)%len(modes)])
		m := bot.Message{Kind: []bot.Kind{bot.KindText, bot.KindText, bot.KindEvidence, bot.KindVoice, bot.KindButton, bot.KindFollow, bot.KindWake}[int(kind)%7],
			Text: text, Button: text, Attachment: "a2", At: noon}
		given, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		turn := bot.Step(s, m, w)
		other := m
		other.Text += "又"
		bot.Step(s, other, w) // another message from the same state must not reach into this turn
		if again := bot.Step(in(s.Mode), m, w); !reflect.DeepEqual(turn, again) {
			t.Errorf("two turns of the same differ:\n%+v\n%+v", turn, again)
		}
		if now, err := json.Marshal(s); err != nil || string(now) != string(given) {
			t.Errorf("the state that was given has changed: %s → %s", given, now)
		}
		checkReply(t, w, m, turn)
		checkOrders(t, w, turn)
		if s.Mode == bot.ModeConfirm || s.Mode == bot.ModePick || s.Mode == bot.ModeTriage || s.Mode == bot.ModeThin {
			checkKept(t, w, s, turn)
		}
	})
}

func checkReply(t *testing.T, w bot.World, m bot.Message, turn bot.Turn) {
	t.Helper()
	reply := bot.Render(w.Text, turn.Reply, "number", "JS20260302-000003", "url", w.PageURL+"t3")
	if n := utf8.RuneCountInString(reply); n > 600 || n == 0 && m.Kind != bot.KindWake {
		t.Errorf("an answer of %d characters", n)
	}
	if !utf8.ValidString(reply) {
		t.Errorf("an answer that is no text: %q", reply)
	}
	for _, l := range turn.Reply {
		if !w.Text.Has(l.Key) {
			t.Errorf("%s is not in the catalogue", l.Key)
		}
	}
}

func checkOrders(t *testing.T, w bot.World, turn bot.Turn) {
	t.Helper()
	files := 0
	for _, o := range turn.Commands {
		switch o := o.(type) {
		case bot.File:
			files++
			if strings.TrimSpace(o.Complaint.Text) == "" || utf8.RuneCountInString(o.Complaint.Text) > routing.MaxText || !utf8.ValidString(o.Complaint.Text) {
				t.Errorf("the desk refuses this text: %q", o.Complaint.Text)
			}
		case bot.Act:
			checkAct(t, w, o)
		}
	}
	if files > 1 {
		t.Errorf("one turn files %d cases", files)
	}
}

func checkAct(t *testing.T, w bot.World, o bot.Act) {
	t.Helper()
	for _, c := range w.Cases {
		if c.Number != o.Number {
			continue
		}
		if _, err := routing.Next(w.Me, c, o.Step.Action); err != nil {
			t.Errorf("the desk refuses %s: %v", o.Step.Action, err)
		}
		return
	}
	t.Errorf("an order for %q, which is no case of theirs", o.Number)
}

// checkKept: what the draft held is still in it, or filed, or taken back in so many words.
func checkKept(t *testing.T, w bot.World, s bot.State, turn bot.Turn) {
	t.Helper()
	for _, l := range turn.Reply {
		if l.Key == "bot.cancelled" {
			return
		}
	}
	kept := strings.Join(turn.State.Draft.Parts, "\n")
	for _, o := range turn.Commands {
		switch o := o.(type) {
		case bot.File:
			kept += "\n" + o.Complaint.Text
		case bot.Act:
			kept += "\n" + o.Step.Note
		}
	}
	if n := strings.Count(kept, s.Draft.Parts[0]); n == 0 {
		t.Errorf("the draft is lost: %+v", turn)
	}
}

// TestLateReminderFilesAtOnce: after an outage of more than a day the first wake files, without a reminder before.
func TestLateReminderFilesAtOnce(t *testing.T) {
	t.Parallel()
	w := still(t)
	s := in(bot.ModeConfirm)
	early := bot.Step(s, bot.Message{Kind: bot.KindWake, At: s.SpokeAt.Add(w.Pace.Remind)}, w)
	if len(early.Commands) != 0 || !early.State.Reminded {
		t.Errorf("after half an hour: %+v", early)
	}
	late := bot.Step(s, bot.Message{Kind: bot.KindWake, At: s.SpokeAt.Add(w.Pace.Close)}, w)
	if len(late.Commands) == 0 || late.State.Mode != bot.ModeIdle || !late.WakeAt.IsZero() {
		t.Errorf("after a day: %+v", late)
	}
}

// TestNeverTheSameTextTwiceRunning: whatever is said, and however often, in whatever mode: two answers running differ.
func TestNeverTheSameTextTwiceRunning(t *testing.T) {
	t.Parallel()
	w := still(t)
	texts := []string{"1", "9", "好", "对", "完了", "跳过", "不对", "谢谢", "在吗", "在？", "你们有人吗", "人工", "进度", "帮助", "保密", "评价", "催办", "等一下", "😡", "[微笑]", "王八蛋",
		"你们到底管不管", "怎么还没人联系我", "我是做餐饮的", "我在健身房办的卡", "着火了", "没事了 灭了", "小凤花店", "13800001234", "没人管我", "不想留", "城管总来罚款，没有依据",
		"办个变更跑了好几趟", "【某某银行】额度已提升，退订回T", "JS20200101-000001"}
	rapid.Check(t, func(r *rapid.T) {
		s := in(rapid.SampledFrom(modes).Draw(r, "mode"))
		at, before := noon, ""
		say := rapid.SampledFrom(texts)
		text := say.Draw(r, "text")
		for range 12 {
			if !rapid.Bool().Draw(r, "repeat") {
				text = say.Draw(r, "text")
			}
			at = at.Add(time.Second)
			turn := bot.Step(s, bot.Message{Kind: bot.KindText, Text: text, At: at}, w)
			reply := bot.Render(w.Text, turn.Reply, "number", "JS20260302-000003", "url", w.PageURL+"t3")
			if reply == before {
				r.Fatalf("twice running after %q:\n%s", text, reply)
			}
			s, before = turn.State, reply
		}
	})
}

// TestWishesToStayHidden: people ask for it in their own words; words that only look like it hide nobody.
func TestWishesToStayHidden(t *testing.T) {
	t.Parallel()
	w := still(t)
	w.Cases = nil
	for text, want := range map[string]bool{
		"别让他们知道是我说的啊，以后还想接活": true, "千万别告诉他们我是谁": true, "我可不敢留名字啊 怕穿小鞋": true, "怕报复": true, "不敢实名": true, "怕领导知道是我反映的": true,
		"不想让街道的人知道": true, "我的身份可千万别泄露": true, "不要公开我的姓名": true, "能不能匿名": true, "别把我说出去": true, "不能让他们知道": true, "担心被他们知道": true,
		"我不知道该找谁": false, "他们没告诉我": false, "别人都知道这事": false, "窗口说不能告诉我": false, "补贴名单一直不公开": false, "特别想知道结果": false,
		"凭啥不让我们知道收费标准": false, "有人匿名举报我": false, "别告诉我没钱": false, "不想知道原因": false, "实名认证过不去": false, "城管报复性罚款": false, "恐怕他们都不知道": false,
		"不能公开招标": false, "级别不够不让告诉企业": false, "能不能告诉一声": false, "我可不怕得罪谁": false, "附通报复印件": false,
	} {
		turn := bot.Step(in(bot.ModeIdle), bot.Message{Kind: bot.KindText, Text: "城管总来罚款，" + text, At: noon}, w)
		if turn.State.Draft.Confidential != want {
			t.Errorf("%s: hidden %v, want %v", text, turn.State.Draft.Confidential, want)
		}
	}
}

// TestWordsRefuseGaps: a catalogue without one of the lists makes a bot that is deaf in one ear.
func TestWordsRefuseGaps(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"bot.words.yes", "bot.words.options", "bot.words.satisfied", "bot.words.human", "bot.words.never", "bot.hints.hide"} {
		w := wording(t)
		delete(w, key)
		if _, err := bot.NewWords(w); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("without %s: %v", key, err)
		}
	}
}
