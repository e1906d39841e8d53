package bot_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"jiesu/bot"
	"jiesu/routing"
)

// TestRandomTalksLoseNothing plays random conversations against the real desk and store. After every message: there is an answer of at
// most 600 characters that isn't the answer before, no text is missing from the catalogue, a case is filed only when it was confirmed or a
// human asked for just before, and every matter and every piece of evidence that was sent is in exactly one place, unless the complainant took it back or it was answered with another door.
// At the end, after a day of silence, nothing is left in a draft.
func TestRandomTalksLoseNothing(t *testing.T) {
	t.Parallel()
	// A talk goes through the database some thirty times: fewer talks than rapid's own default, unless more are asked for
	// (go test -run Random ./bot/ -rapid.checks=600).
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("30"); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorld(t, defaultJudge(t))
	fans := 0
	rapid.Check(t, func(r *rapid.T) {
		fans++
		p := &player{rapid: r, world: w, fan: fmt.Sprintf("fan%d", fans), last: map[string]bool{}}
		r.Repeat(map[string]func(*rapid.T){
			"matter":  p.matter,
			"answer":  p.answer,
			"answer2": p.answer, // twice as likely, or few talks would come to an end
			"command": p.command,
			"noise":   p.noise,
			"send":    p.send,
			"press":   p.press,
			"office":  p.office,
			"silence": p.silence,
		})
		p.pass(31 * time.Minute)
		p.pass(25 * time.Hour)
		if s := p.state; s.Mode != bot.ModeIdle || len(s.Draft.Parts)+len(s.Draft.Attachments) > 0 || s.Held != "" {
			r.Fatalf("after a day of silence something is left open: %+v", s)
		}
	})
}

// player is one complainant who talks at random.
type player struct {
	rapid    *rapid.T
	world    *world
	fan      string
	last     map[string]bool // matter → still somewhere
	said     int
	evidence int // pieces that are somewhere
	reply    string
	state    bot.State
	cases    []routing.Case
	user     string // id, once known
}

func (p *player) matter(r *rapid.T) {
	p.said++
	matter := fmt.Sprintf("matter%dx", p.said)
	p.last[matter] = true
	text := rapid.SampledFrom([]string{"城管总来罚款，没有依据", "厂里三天两头停电，机器都烧了两台", "办个变更跑了好几趟，窗口一会儿一个说法", "没人管我",
		"说不清哪儿不对劲", "我在健身房办的卡，不给退钱", "真是太气人了，都没法干了", "王八蛋，光收钱不干活", "有人打架，因为城管拆我的棚子",
		"补充：昨天又来了", "没解决！街道说没收到钱", "3，钱还没给", "解决了，就是慢了点", "不满意，态度差", "还有个事，研发补贴一直没给", "别让他们知道是我说的啊",
		"请保密，城管有人吃拿卡要", "电话13800001234，叫", "人工 我这事儿"}).Draw(r, "text") + matter
	if n := rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 0, 900, 4000}).Draw(r, "length"); n > 0 {
		text += strings.Repeat("很长的话", n)
	}
	p.say(text, false)
}

func (p *player) answer(r *rapid.T) {
	p.say(rapid.SampledFrom([]string{"1", "1", "1", "１。", "2", "3", "4", "5", "9", "跳过", "跳过", "好的", "不对", "没有", "嗯呐", "是的，谢谢", "取消", "完了",
		"小凤花店", "老边饺子馆，电话13800001234", "13900001111", "1380000123", "等一下", "根本没解决", "很满意", "另一件", "我要反映",
		"算了不想留", "不敢留名", "怎么还没人联系我", "我又不想撤了", "沈阳晨光建材有限公司", "我公司叫老边饺子", "没事了", "对"}).Draw(r, "answer"), true)
}

func (p *player) command(r *rapid.T) {
	text := rapid.SampledFrom([]string{"进度", "补充", "撤回", "评价", "人工", "帮助", "催办", "保密", "提诉求", "评价 没解决", "不投诉了"}).Draw(r, "command")
	if cases := p.cases; len(cases) > 0 && rapid.Bool().Draw(r, "with number") {
		text += cases[rapid.IntRange(0, len(cases)-1).Draw(r, "case")].Number
	}
	p.say(text, true)
}

func (p *player) noise(r *rapid.T) {
	p.say(rapid.SampledFrom([]string{"你好", "谢谢", "？？", "😡", "[微笑]", "王八蛋", "JS20200101-000001", "   ", "12", "好的谢谢", "我要投诉", "你们有人吗",
		"【某某银行】额度已提升，退订回T"}).Draw(r, "noise"), true)
}

func (p *player) send(r *rapid.T) {
	kind := rapid.SampledFrom([]routing.InboundKind{routing.InboundImage, routing.InboundVoice, routing.InboundVideo}).Draw(r, "kind")
	p.evidence++
	p.world.clock.pass(time.Second)
	m := p.world.inbound(p.fan, kind)
	m.MediaID = "media"
	p.turn(func() string { return p.world.receive(m) }, false)
}

func (p *player) press(r *rapid.T) {
	p.world.clock.pass(time.Second)
	m := p.world.inbound(p.fan, routing.InboundClick)
	m.Button = rapid.SampledFrom([]string{"report", "progress", "help", "human", "supplement"}).Draw(r, "button")
	p.turn(func() string { return p.world.receive(m) }, m.Button == "human")
}

// office does a step to one of the cases, whether it fits or not.
func (p *player) office(r *rapid.T) {
	cases := p.cases
	if len(cases) == 0 {
		r.Skip("no case yet")
	}
	c := cases[rapid.IntRange(0, len(cases)-1).Draw(r, "case")]
	unit, office := routing.Actor{Role: routing.RoleUnit, Unit: c.Unit, ID: "u"}, routing.Actor{Role: routing.RoleOffice, ID: "o"}
	for _, a := range []routing.Action{routing.ActionSign, routing.ActionReply, routing.ActionClose, routing.ActionStrikeOff} {
		actor := unit
		if a == routing.ActionStrikeOff {
			actor = office
		}
		if _, err := p.world.desk.Act(context.Background(), actor, c.Number, routing.Step{Action: a, Note: "已办理"}); err == nil {
			p.look()
			return
		}
	}
}

func (p *player) silence(r *rapid.T) {
	p.pass(rapid.SampledFrom([]time.Duration{10 * time.Minute, 31 * time.Minute, 25 * time.Hour}).Draw(r, "silence"))
}

func (p *player) pass(d time.Duration) {
	p.turn(func() string { p.world.pass(d); return "-" }, true)
}

func (p *player) say(text string, confirms bool) {
	p.turn(func() string { return p.world.say(p.fan, text) }, confirms || strings.HasPrefix(text, "人工"))
}

// turn takes one turn and checks it. confirms says that it may file a case.
func (p *player) turn(take func() string, confirms bool) {
	before, filed := p.state, len(p.cases)
	reply := take()
	p.look()
	after, cases := p.state, p.cases
	switch n := utf8.RuneCountInString(reply); {
	case n == 0:
		p.rapid.Fatal("no answer")
	case n > 600:
		p.rapid.Fatalf("an answer of %d characters", n)
	case strings.Contains(reply, "bot.") || strings.Contains(reply, "{"):
		p.rapid.Fatalf("a text is missing from the catalogue or has a gap:\n%s", reply)
	}
	if reply == p.reply && reply != "-" {
		p.rapid.Fatalf("the same answer twice running:\n%s", reply)
	}
	p.reply = reply
	if full := before.Draft.Parts; len(cases) > filed && !confirms && before.Mode != bot.ModeHuman && utf8.RuneCountInString(strings.Join(full, ""))+16_100 < 2*routing.MaxText {
		p.rapid.Fatalf("filed without being asked, from mode %q", before.Mode)
	}
	if len(cases) > filed+1 {
		p.rapid.Fatalf("one turn filed %d cases", len(cases)-filed)
	}
	// Taken back, answered with another door, or said to be nothing.
	released := before.Mode == bot.ModeDoor || strings.Contains(reply, p.world.text.Text("bot.cancelled"))
	p.checkMatters(after, cases, released)
	p.checkEvidence(after, cases, released)
}

func (p *player) checkMatters(s bot.State, cases []routing.Case, released bool) {
	places, names := append(slices.Clone(s.Draft.Parts), s.Held), []string{}
	for _, c := range cases {
		places, names = append(places, c.Text), append(names, c.Contact.Enterprise)
		for _, e := range p.world.events(c.Number) {
			places = append(places, e.Data.Note)
		}
	}
	for matter, there := range p.last {
		n := strings.Count(strings.Join(places, "\n"), matter)
		if n == 0 && strings.Contains(strings.Join(names, "\n"), matter) {
			n = 1 // taken for a name, which is proposed for the next cases too
		}
		switch {
		case n > 1:
			p.rapid.Fatalf("%s is in %d places", matter, n)
		case n == 1 && !there:
			p.rapid.Fatalf("%s is back", matter)
		case n == 0 && there && !released:
			p.rapid.Fatalf("%s is lost: %+v", matter, s)
		}
		p.last[matter] = n == 1
	}
}

func (p *player) checkEvidence(s bot.State, cases []routing.Case, released bool) {
	n := len(s.Draft.Attachments)
	for _, c := range cases {
		list, err := p.world.store.AttachmentsOf(context.Background(), c.Number)
		if err != nil {
			p.rapid.Fatal(err)
		}
		n += len(list)
	}
	if n != p.evidence && !released || n > p.evidence {
		p.rapid.Fatalf("%d pieces of evidence are somewhere, want %d", n, p.evidence)
	}
	p.evidence = n
}

// look reads where the conversation stands.
func (p *player) look() {
	ctx := context.Background()
	if p.user == "" {
		who, err := p.world.store.ComplainantByOpenID(ctx, p.fan)
		if errors.Is(err, routing.ErrNotFound) {
			return // has not spoken yet
		}
		if err != nil {
			p.rapid.Fatal(err)
		}
		p.user = who.ID
	}
	d, err := p.world.store.Dialogue(ctx, p.user)
	if err != nil {
		p.rapid.Fatal(err)
	}
	p.state = bot.State{}
	if err := json.Unmarshal(d.State, &p.state); err != nil {
		p.rapid.Fatal(err)
	}
	if p.cases, _, err = p.world.store.Cases(ctx, routing.Query{Visible: routing.System(), ComplainantID: p.user, Limit: 100}); err != nil {
		p.rapid.Fatal(err)
	}
}
