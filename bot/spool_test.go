package bot_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"jiesu/bot"
	"jiesu/routing"
)

func TestAKeptMessageIsWorkedOnLaterAndOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, defaultJudge(t))
	ctx := t.Context()
	m := w.inbound("fan", routing.InboundText)
	m.Text = "铁西区欠我们保温工程款三年了，一直不给"
	reply, err := w.intake.Keep(ctx, m, w.clock.now().Add(time.Minute))
	if err != nil || !strings.Contains(reply, "收到了") {
		t.Fatalf("%q, %v", reply, err)
	}
	if _, err := w.intake.Keep(ctx, m, w.clock.now()); err != nil { // the platform delivers it again
		t.Fatal(err)
	}
	resume := func() string {
		t.Helper()
		before := len(w.jobs)
		if err := w.intake.Resume(ctx); err != nil {
			t.Fatal(err)
		}
		return strings.Join(w.delivered(before), "\n")
	}
	if said := resume(); said != "" {
		t.Errorf("before its time: %q", said)
	}
	w.clock.pass(time.Minute)
	if said := resume(); !strings.Contains(said, "回复 1") {
		t.Errorf("the answer is %q", said)
	}
	if said := resume(); said != "" {
		t.Errorf("worked on twice: %q", said)
	}
	if again := w.receive(m); again != "" {
		t.Errorf("delivered once more: %q", again)
	}
	if n, err := w.store.CountSpooled(ctx); err != nil || n != 0 {
		t.Errorf("%d kept, %v", n, err)
	}
	w.say("fan", "对")
	if got := w.cases(); len(got) != 1 || got[0].Text != m.Text {
		t.Errorf("%+v", got)
	}
}

// An event that nobody waits for is kept without a word.
func TestAKeptEventIsNotAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, defaultJudge(t))
	if reply, err := w.intake.Keep(t.Context(), w.inbound("fan", routing.InboundUnsubscribe), w.clock.now()); err != nil || reply != "" {
		t.Errorf("%q, %v", reply, err)
	}
}

// stumbling is a store whose transactions fail at first.
type stumbling struct {
	routing.Store
	left int
}

func (s *stumbling) Update(ctx context.Context, fn func(routing.Tx) error) error {
	if s.left > 0 {
		s.left--
		return errors.New("no connection")
	}
	return s.Store.Update(ctx, fn)
}

func TestAKeptMessageThatFailsIsTriedAgainAndHoldsUpNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, defaultJudge(t))
	ctx := t.Context()
	for _, fan := range []string{"one", "two"} {
		m := w.inbound(fan, routing.InboundText)
		m.Text = fan + "号门口的路灯坏了，物业和街道都不管"
		if _, err := w.intake.Keep(ctx, m, w.clock.now()); err != nil {
			t.Fatal(err)
		}
	}
	weak := &stumbling{w.store, 1}
	w.config.Store = weak
	intake, err := bot.NewIntake(w.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := intake.Resume(ctx); err == nil || !strings.Contains(err.Error(), "no connection") {
		t.Errorf("the failure is not told: %v", err)
	}
	if n, err := w.store.CountSpooled(ctx); err != nil || n != 1 {
		t.Errorf("%d kept after a failure, %v", n, err)
	}
	w.clock.pass(2 * time.Minute)
	if err := intake.Resume(ctx); err != nil {
		t.Error(err)
	}
	if n, err := w.store.CountSpooled(ctx); err != nil || n != 0 {
		t.Errorf("%d kept in the end, %v", n, err)
	}
}

func TestWhoeverSendsTooMuchIsToldOnceAndOthersAreNotHeldUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, defaultJudge(t))
	w.config.Live, w.config.PerMinute = routing.NewMemory(w.clock.now), 10
	var err error
	if w.intake, err = bot.NewIntake(w.config); err != nil {
		t.Fatal(err)
	}
	flood := func(n int) (told int) {
		for i := range n {
			m := w.inbound("loud", routing.InboundText)
			m.Text = fmt.Sprint("第", i, "条")
			if strings.Contains(w.receive(m), "太快了") {
				told++
			}
		}
		return told
	}
	if told := flood(10); told != 0 {
		t.Errorf("told %d times within the limit", told)
	}
	if told := flood(30); told != 1 {
		t.Errorf("told %d times", told)
	}
	if reply := w.say("quiet", "你好"); reply == "" || strings.Contains(reply, "太快了") {
		t.Errorf("somebody else hears %q", reply)
	}
	again := w.inbound("patient", routing.InboundText)
	again.Text = "铁西区欠我们保温工程款三年了"
	for range 30 { // delivered again and again
		if reply := w.receive(again); strings.Contains(reply, "太快了") {
			t.Fatal("the platform's repetitions count against the fan")
		}
	}
	follow := w.inbound("loud", routing.InboundUnsubscribe)
	w.receive(follow) // events are no messages
	w.clock.pass(time.Minute)
	if told := flood(3); told != 0 {
		t.Error("a minute later it isn't taken in")
	}
}

func TestWhatIsKeptIsUnderstoodBeforeWhatIsSaidNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, defaultJudge(t))
	m := w.inbound("fan", routing.InboundText)
	m.Text = "铁西区欠我们保温工程款三年了，一直不给"
	if _, err := w.intake.Keep(t.Context(), m, w.clock.now().Add(time.Minute)); err != nil { // somebody may still be at it
		t.Fatal(err)
	}
	w.say("fan", "1")
	got := w.cases()
	if len(got) != 1 || got[0].Text != m.Text {
		t.Fatalf("%+v", got)
	}
	if n, err := w.store.CountSpooled(t.Context()); err != nil || n != 0 {
		t.Errorf("%d kept, %v", n, err)
	}
}
