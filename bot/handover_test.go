package bot_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"jiesu/bot"
	"jiesu/routing"
)

var (
	zhao = routing.Actor{Role: routing.RoleOperator, ID: "zhao", Name: "小赵"}
	qian = routing.Actor{Role: routing.RoleOperator, ID: "qian", Name: "小钱"}
)

// staffed is a world with rules of the hand-over and two operators' accounts. It is Monday, nine o'clock.
func staffed(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, defaultJudge(t))
	w.desk = w.desk.WithHandover(routing.HandoverRules{Wait: 5 * time.Minute, Answer: 10 * time.Minute, Idle: 30 * time.Minute, Chats: 1, Awake: time.Minute})
	w.config.Desk = w.desk
	var err error
	if w.intake, err = bot.NewIntake(w.config); err != nil {
		t.Fatal(err)
	}
	for _, a := range []routing.Actor{zhao, qian} {
		u := routing.User{ID: a.ID, Name: a.Name, Role: a.Role, CreatedAt: w.clock.now()}
		if err := w.store.Update(t.Context(), func(tx routing.Tx) error { return tx.InsertUser(t.Context(), u) }); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// on puts operators on duty now.
func (w *world) on(operators ...routing.Actor) {
	w.t.Helper()
	for _, a := range operators {
		if err := w.desk.Present(context.Background(), a); err != nil {
			w.t.Fatal(err)
		}
	}
}

// sent is what is sent to anybody while do runs.
func (w *world) sent(do func()) string {
	w.t.Helper()
	before := len(w.jobs)
	do()
	return strings.Join(w.delivered(before), "\n")
}

func (w *world) watch() []string {
	w.t.Helper()
	var done []string
	say := func(s routing.WatchStep) (string, string) {
		return w.text.Text("chat.watch." + string(s)), w.text.Text("chat.watch.note")
	}
	if err := w.desk.WatchChats(context.Background(), say, func(_ string, s routing.WatchStep) { done = append(done, string(s)) }); err != nil {
		w.t.Fatal(err)
	}
	return done
}

func (w *world) chat(taskID string) (routing.Chat, string) {
	w.t.Helper()
	c, lines, err := w.desk.ChatOf(context.Background(), zhao, taskID)
	if err != nil {
		w.t.Fatal(err)
	}
	var said []string
	for _, l := range lines {
		said = append(said, string(l.Side)+": "+l.Text)
	}
	return c, strings.Join(said, "\n")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAConversationIsTakenOverAndHandedBack(t *testing.T) {
	t.Parallel()
	w, ctx := staffed(t), t.Context()
	w.on(zhao, qian)
	w.say("fan", "城管总来罚款，没有依据")
	if a := w.say("fan", "人工"); !strings.Contains(a, "已转给工作人员") || strings.Contains(a, "都在忙") {
		t.Errorf("answer: %s", a)
	}
	tasks := w.tasks()
	if len(tasks) != 1 || tasks[0].Kind != routing.TaskChat {
		t.Fatalf("%+v", tasks)
	}
	id := tasks[0].ID
	if c, _ := w.chat(id); !strings.Contains(c.Summary, "城管总来罚款") || c.Taken() {
		t.Errorf("summary: %+v", c)
	}
	w.say("fan", "我姓王")
	if got := w.sent(func() { must(t, w.desk.TakeChat(ctx, zhao, id, "您好，工作人员已接入。")) }); got != "您好，工作人员已接入。" {
		t.Errorf("greeting: %q", got)
	}
	if a := w.say("fan", "进度"); a != "" {
		t.Errorf("the bot answers though a person is there: %s", a)
	}
	if a := w.say("another fan", "你们这帮骗子"); strings.Contains(a, "好好说") {
		t.Errorf("nobody is there to be abused: %s", a)
	}
	if a := w.say("fan", "你们这帮骗子"); !strings.Contains(a, "好好说") {
		t.Errorf("who abuses staff is told: %q", a)
	}
	if got := w.sent(func() { must(t, w.desk.WriteChat(ctx, zhao, id, "  马上帮您查。 ")) }); got != "马上帮您查。" {
		t.Errorf("sent %q", got)
	}
	for name, err := range map[string]error{"a colleague writes": w.desk.WriteChat(ctx, qian, id, "我来"), "a colleague takes": w.desk.TakeChat(ctx, qian, id, "我来"),
		"a colleague ends": w.desk.FinishTask(ctx, qian, id)} {
		if taken := (*routing.TakenError)(nil); !errors.As(err, &taken) || taken.By != "小赵" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, said := w.chat(id)
	if !strings.HasSuffix(said, "bot: 您好，工作人员已接入。\ncomplainant: 进度\ncomplainant: 你们这帮骗子\noperator: 马上帮您查。") || !strings.HasPrefix(said, "complainant: 我姓王\nbot: ") {
		t.Errorf("lines:\n%s", said)
	}
	must(t, w.desk.ReleaseChat(ctx, zhao, id))
	must(t, w.desk.WriteChat(ctx, qian, id, "我是小钱，接着帮您办。"))
	if got := w.sent(func() { must(t, w.desk.HandBack(ctx, qian, id, "再见")) }); got != "再见" {
		t.Errorf("farewell %q", got)
	}
	if a := w.say("fan", "进度"); !strings.Contains(a, "编号") && !strings.Contains(a, "JS") {
		t.Errorf("the bot is silent after the hand-back: %q", a)
	}
	if len(w.tasks()) != 0 {
		t.Errorf("still to do: %+v", w.tasks())
	}
	if taken := (*routing.TakenError)(nil); !errors.As(w.desk.WriteChat(ctx, qian, id, "还在吗"), &taken) || taken.By != "" {
		t.Error("words after the end")
	}
}

func TestTheComplainantMayLeaveThePerson(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.on(zhao)
	w.say("fan", "人工")
	id := w.tasks()[0].ID
	must(t, w.desk.TakeChat(t.Context(), zhao, id, ""))
	if a := w.say("fan", "结束人工"); !strings.Contains(a, "人工会话已结束") {
		t.Errorf("answer %q", a)
	}
	if c, _ := w.chat(id); c.EndedAt.IsZero() || len(w.tasks()) != 0 {
		t.Errorf("%+v", c)
	}
	if a := w.say("fan", "帮助"); a == "" {
		t.Error("the bot is silent")
	}
}

func TestWhoeverAsksWhenNobodyIsThereIsToldAndCalledBack(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		wait time.Duration
		on   []routing.Actor
		says []string
		kind routing.TaskKind
	}{
		"somebody is free":        {0, []routing.Actor{zhao}, []string{"已请工作人员联系您"}, routing.TaskChat},
		"no screen is open":       {0, nil, []string{"都在忙", "回电"}, routing.TaskCallBack},
		"lunch":                   {3 * time.Hour, []routing.Actor{zhao}, []string{"没有人值守", "3月2日13:00"}, routing.TaskCallBack},
		"the evening":             {9 * time.Hour, []routing.Actor{zhao}, []string{"没有人值守", "3月3日08:30", "12345"}, routing.TaskCallBack},
		"Friday evening":          {4*24*time.Hour + 9*time.Hour, []routing.Actor{zhao}, []string{"3月9日08:30"}, routing.TaskCallBack},
		"a year without calendar": {400 * 24 * time.Hour, []routing.Actor{zhao}, []string{"上班后会有工作人员给您回电"}, routing.TaskCallBack},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			w.clock.pass(tc.wait)
			w.on(tc.on...)
			a := w.say("fan", "人工")
			for _, want := range tc.says {
				if !strings.Contains(a, want) {
					t.Errorf("%q lacks %q", a, want)
				}
			}
			if tasks := w.tasks(); len(tasks) != 1 || tasks[0].Kind != tc.kind {
				t.Errorf("%+v", tasks)
			}
		})
	}
}

func TestAnOperatorWithEnoughConversationsIsNotFree(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.on(zhao)
	w.say("first", "人工")
	must(t, w.desk.TakeChat(t.Context(), zhao, w.tasks()[0].ID, ""))
	if a := w.say("second", "人工"); !strings.Contains(a, "都在忙") {
		t.Errorf("answer %q", a)
	}
	w.on(qian)
	if a := w.say("third", "人工"); strings.Contains(a, "都在忙") {
		t.Errorf("answer %q", a)
	}
}

// Whatever operators do or don't do, nobody waits in silence.
func TestNobodyWaitsForAPersonInSilence(t *testing.T) {
	t.Parallel()
	w, ctx := staffed(t), t.Context()
	w.on(zhao)
	w.say("fan", "人工")
	id := w.tasks()[0].ID
	w.clock.pass(4 * time.Minute)
	if done := w.watch(); len(done) != 0 {
		t.Errorf("too early: %v", done)
	}
	w.clock.pass(time.Minute)
	if got := w.sent(func() { w.watch() }); !strings.Contains(got, "回电") {
		t.Errorf("after five minutes: %q", got)
	}
	if task := w.tasks()[0]; task.Kind != routing.TaskCallBack || task.ID != id || !strings.Contains(task.Note, "久等") {
		t.Errorf("%+v", task)
	}
	w.clock.pass(time.Hour)
	if done := w.watch(); len(done) != 0 { // it is on the list of calls, and they know
		t.Errorf("told again: %v", done)
	}
	must(t, w.desk.WriteChat(ctx, zhao, id, "您好，请讲。"))
	w.say("fan", "我的执照被扣了")
	w.clock.pass(10 * time.Minute)
	if got := w.sent(func() { w.watch() }); !strings.Contains(got, "转接同事") {
		t.Errorf("not answered for ten minutes: %q", got)
	}
	if c, _ := w.chat(id); c.Taken() {
		t.Errorf("%+v", c)
	}
	must(t, w.desk.WriteChat(ctx, qian, id, "我来帮您。"))
	w.clock.pass(29 * time.Minute)
	if done := w.watch(); len(done) != 0 {
		t.Errorf("too early: %v", done)
	}
	w.clock.pass(time.Minute)
	if got := w.sent(func() { w.watch() }); !strings.Contains(got, "人工会话已结束") {
		t.Errorf("when neither speaks: %q", got)
	}
	if len(w.tasks()) != 0 {
		t.Errorf("%+v", w.tasks())
	}
}

// A silence is the bot's to end only while no person is there.
func TestTheBotDoesNotRemindWhileAPersonIsThere(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.on(zhao)
	w.say("fan", "城管总来罚款，没有依据") // a draft that waits for a 1
	who, err := w.store.ComplainantByOpenID(t.Context(), "fan")
	must(t, err)
	must(t, w.store.Update(t.Context(), func(tx routing.Tx) error {
		return w.desk.HandOverIn(t.Context(), tx, routing.Task{Kind: routing.TaskChat, ComplainantID: who.ID}, "")
	}))
	id := w.tasks()[0].ID
	must(t, w.desk.TakeChat(t.Context(), zhao, id, ""))
	if got := w.pass(31 * time.Minute); got != "" {
		t.Errorf("the bot spoke: %s", got)
	}
	must(t, w.desk.HandBack(t.Context(), zhao, id, ""))
	if got := w.pass(31 * time.Minute); !strings.Contains(got, "还没提交") {
		t.Errorf("the draft is forgotten: %q", got)
	}
}

func TestAVoiceMessageIsWrittenDownAsIfTyped(t *testing.T) {
	t.Parallel()
	w, ctx := staffed(t), t.Context()
	voice := func() routing.Task {
		t.Helper()
		m := w.inbound("fan", routing.InboundVoice)
		m.MediaID = "media-" + m.Key
		w.receive(m)
		for _, task := range w.tasks() {
			if task.Kind == routing.TaskVoice {
				return task
			}
		}
		t.Fatal("nobody is asked to write it down")
		return routing.Task{}
	}
	task := voice()
	if task.AttachmentID == "" || task.CaseNumber != "" {
		t.Fatalf("%+v", task)
	}
	got := w.sent(func() { must(t, w.intake.WriteDown(ctx, zhao, task.ID, " 城管总来罚款，没有依据\x00 ")) })
	if !strings.Contains(got, "听写了您的语音：“城管总来罚款，没有依据”") || !strings.Contains(got, "回复 1") {
		t.Errorf("sent %q", got)
	}
	if a := w.say("fan", "1"); !strings.Contains(a, "JS") {
		t.Errorf("answer %q", a)
	}
	c := w.cases()[0]
	if c.Item != "5.3" || !strings.Contains(c.Text, "城管总来罚款") {
		t.Errorf("%+v", c)
	}
	// One more for the case just filed: it belongs there, whatever is being talked about by the time it is written down.
	task = voice()
	got = w.sent(func() { must(t, w.intake.WriteDown(ctx, zhao, task.ID, "昨天又罚了两千")) })
	if !strings.Contains(got, "已补充到 "+c.Number) {
		t.Errorf("sent %q", got)
	}
	events := w.events(c.Number)
	if last := events[len(events)-1]; last.Action != routing.ActionSupplement || last.Data.Note != "昨天又罚了两千" {
		t.Errorf("%+v", last)
	}
	if err := w.intake.WriteDown(ctx, zhao, task.ID, "又一遍"); !errors.Is(err, routing.ErrConflict) {
		t.Errorf("written down twice: %v", err)
	}
	task = voice()
	for name, tc := range map[string]struct {
		by   routing.Actor
		text string
		key  string
	}{"nothing": {zhao, " ", "error.voice_empty"}, "endless": {zhao, strings.Repeat("长", routing.MaxText+1), "error.text_too_long"}, "a unit": {routing.Actor{Role: routing.RoleUnit}, "x", ""}} {
		err := w.intake.WriteDown(ctx, tc.by, task.ID, tc.text)
		var bad *routing.InvalidError
		if tc.key == "" && !errors.Is(err, routing.ErrForbidden) || tc.key != "" && (!errors.As(err, &bad) || bad.Key != tc.key) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.say("fan", "人工")
	for _, task := range w.tasks() {
		if task.Kind != routing.TaskVoice {
			if err := w.intake.WriteDown(ctx, zhao, task.ID, "x"); err == nil {
				t.Error("a hand-over was written down")
			}
		}
	}
}
