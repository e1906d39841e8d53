package wechat

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jiesu/routing"
)

// fire lets the next timer of this length go off.
func (f *fixture) fire(t *testing.T, d time.Duration) {
	t.Helper()
	for {
		select {
		case tm := <-f.timers:
			if tm.d == d {
				tm.fire <- testNow
				return
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("no timer of %v was set", d)
		}
	}
}

// start posts in the background and gives the answer when it comes.
func (f *fixture) start(t *testing.T, d delivery) <-chan *httptest.ResponseRecorder {
	t.Helper()
	answer, req := make(chan *httptest.ResponseRecorder, 1), d.request(t)
	go func() { answer <- f.do(req) }()
	return answer
}

func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func TestLateReplyIsLeftToTheIntake(t *testing.T) {
	t.Parallel()
	gate, told := make(chan struct{}), make(chan bool, 1)
	f := newFixture(t, func(_ context.Context, _ routing.Inbound, onTime func() bool) (string, error) {
		<-gate
		told <- onTime()
		return "太晚了", nil
	})
	answer := f.start(t, newDelivery(text("你好", 1)))
	f.fire(t, 4500*time.Millisecond)
	if got := opened(t, receive(t, answer), zeroKey); got != kept {
		t.Errorf("at the deadline: %q", got)
	}
	close(gate)
	if receive(t, told) {
		t.Error("the intake was told that its reply is on time")
	}
	if late, stored := f.metric("jiesu_wechat_callback_late_total"), f.metric("jiesu_wechat_callback_kept_total"); late != "1" || stored != "1" {
		t.Errorf("counted %q late answers, %q kept messages", late, stored)
	}
}

// What isn't durable isn't acknowledged: the platform delivers it again.
func TestALateMessageThatCannotBeKeptIsDeliveredAgain(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]func(routing.Inbound, time.Time) (string, error){
		"it fails":        func(routing.Inbound, time.Time) (string, error) { return "", errors.New("no disk") },
		"it takes longer": func(routing.Inbound, time.Time) (string, error) { select {} },
	} {
		gate := make(chan struct{})
		f := newFixture(t, func(context.Context, routing.Inbound, func() bool) (string, error) { <-gate; return "", nil })
		f.intake.keep = keep
		answer := f.start(t, newDelivery(text("你好", 1)))
		f.fire(t, 4500*time.Millisecond)
		if name == "it takes longer" {
			f.fire(t, grace)
		}
		if w := receive(t, answer); w.Code != 500 {
			t.Errorf("%s: status %d", name, w.Code)
		}
		close(gate)
	}
}

func TestWhatIsTooMuchIsKeptAndWhatIsBegunIsFinished(t *testing.T) {
	t.Parallel()
	gate, begun := make(chan struct{}), make(chan struct{}, 8)
	f := newFixture(t, func(_ context.Context, in routing.Inbound, onTime func() bool) (string, error) {
		begun <- struct{}{}
		<-gate
		onTime()
		return in.Text, nil
	})
	f.callback.max = 2
	var later []time.Time
	f.intake.keep = func(_ routing.Inbound, from time.Time) (string, error) { later = append(later, from); return kept, nil }
	first, second := f.start(t, newDelivery(text("一", 1))), f.start(t, newDelivery(text("二", 2)))
	receive(t, begun)
	receive(t, begun)
	if got := opened(t, receive(t, f.start(t, newDelivery(text("三", 3)))), zeroKey); got != kept || len(later) != 1 || !later[0].Equal(testNow) {
		t.Errorf("the third hears %q and is for %v", got, later)
	}
	close(gate)
	if one, two := opened(t, receive(t, first), zeroKey), opened(t, receive(t, second), zeroKey); one != "一" || two != "二" {
		t.Errorf("those in work hear %q and %q", one, two)
	}
	if got := opened(t, receive(t, f.start(t, newDelivery(text("四", 4)))), zeroKey); got != "四" {
		t.Errorf("when it is quiet again: %q", got)
	}
}

func TestClaimedReplyWaitsForTheCommit(t *testing.T) {
	t.Parallel()
	claimed, commit := make(chan bool, 1), make(chan struct{})
	f := newFixture(t, func(_ context.Context, in routing.Inbound, onTime func() bool) (string, error) {
		claimed <- onTime()
		<-commit
		if !onTime() { // the transaction was run again
			return "", errors.New("claim was forgotten")
		}
		return in.Text, nil
	})
	answer := f.start(t, newDelivery(text("你好", 1)))
	if !receive(t, claimed) {
		t.Fatal("claim refused before the deadline")
	}
	f.fire(t, 4500*time.Millisecond)
	close(commit)
	if got := opened(t, receive(t, answer), zeroKey); got != "你好" {
		t.Errorf("reply %q", got)
	}
}

func TestCommitThatTakesTooLongIsDeliveredAgain(t *testing.T) {
	t.Parallel()
	claimed, commit := make(chan bool, 1), make(chan struct{})
	f := newFixture(t, func(_ context.Context, _ routing.Inbound, onTime func() bool) (string, error) {
		claimed <- onTime()
		<-commit
		return "x", nil
	})
	answer := f.start(t, newDelivery(text("你好", 1)))
	receive(t, claimed)
	f.fire(t, 4500*time.Millisecond)
	f.fire(t, grace)
	if w := receive(t, answer); w.Code != 500 {
		t.Errorf("status %d: the claimed reply would never be shown", w.Code)
	}
	close(commit)
	if err := f.callback.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFailureAfterTheDeadlineIsTriedAgain(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	gate, stored := make(chan struct{}), make(chan bool, 1)
	f := newFixture(t, func(_ context.Context, _ routing.Inbound, onTime func() bool) (string, error) {
		<-gate
		if calls.Add(1) == 1 {
			return "", errors.New("database restarts")
		}
		stored <- onTime()
		return "", nil
	})
	answer := f.start(t, newDelivery(text("你好", 1)))
	f.fire(t, 4500*time.Millisecond)
	if got := opened(t, receive(t, answer), zeroKey); got != kept {
		t.Fatalf("at the deadline: %q", got)
	}
	close(gate)
	f.fire(t, retryPause)
	if receive(t, stored) {
		t.Error("second try was told that it is on time")
	}
	if err := f.callback.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWorkSurvivesTheRequest(t *testing.T) {
	t.Parallel()
	begun, gate, alive := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	f := newFixture(t, func(ctx context.Context, _ routing.Inbound, _ func() bool) (string, error) {
		close(begun)
		<-gate
		alive <- ctx.Err()
		return "", nil
	})
	ctx, hangUp := context.WithCancel(t.Context())
	req := newDelivery(text("你好", 1)).request(t).WithContext(ctx)
	go f.do(req)
	receive(t, begun)
	hangUp()

	short, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.callback.Wait(short); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait with work left: %v", err)
	}
	close(gate)
	if err := receive(t, alive); err != nil {
		t.Errorf("the platform hanging up ended the work: %v", err)
	}
	if err := f.callback.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestManyFansAtOnceGetTheirOwnReplies(t *testing.T) {
	t.Parallel()
	f := newFixture(t, echo)
	var all sync.WaitGroup
	for i := range 100 {
		req := newDelivery(text(fmt.Sprintf("第%d条", i), i+1)).request(t)
		all.Go(func() {
			if got, want := opened(t, f.do(req), zeroKey), fmt.Sprintf("第%d条", i); got != want {
				t.Errorf("reply %q, want %q", got, want)
			}
		})
	}
	all.Wait()
	if n := len(f.intake.received()); n != 100 {
		t.Errorf("%d messages taken in", n)
	}
}
