package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"jiesu/integrations/wechat/sandbox"
	"jiesu/routing"
)

// storm is the product in this process with notices that wait, and the platform's stand-in, which goes wrong as the test says.
func storm(t *testing.T, notices int, now func() time.Time) (a *app, phone *sandbox.Sandbox, fans []*sandbox.Fan, run func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := benchConfig("sqlite:" + filepath.Join(t.TempDir(), "jiesu.db"))
	cfg.Log.Level = "error"
	settleWeChat(&cfg.WeChat, l.Addr())
	if a, err = newApp(t.Context(), cfg, world{stdout: io.Discard, stderr: io.Discard, now: now}, roleAll, false); err != nil {
		t.Fatal(err)
	}
	phone = a.buildSandbox(l.Addr())
	for i := range 3 {
		fans = append(fans, phone.Fan(fmt.Sprint("fan ", i)))
	}
	if _, err := (benchCommand{Notices: notices}).pileUp(t.Context(), a, fans); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return a, phone, fans, func() { go func() { ended <- a.Run(ctx, l) }() }
}

func pendingNotices(t *testing.T, a *app) error {
	var n int
	if err := a.db.Write().QueryRowContext(t.Context(), `SELECT count(*) FROM notices WHERE state = 'pending'`).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("%d notices wait", n)
	}
	return nil
}

func TestNoticesComeOnceAndInOrderWhateverThePlatformDoes(t *testing.T) {
	t.Parallel()
	const notices = 90
	a, phone, fans, run := storm(t, notices, nil)
	phone.SetFaults(sandbox.Faults{Outage: true})
	run()
	last := func(d time.Duration) { <-time.NewTimer(d).C } // how long a fault lasts is part of it
	last(time.Second)
	for range 3 {
		phone.SetFaults(sandbox.Faults{Slow: 300 * time.Millisecond, DropAnswers: 3})
		last(700 * time.Millisecond)
		phone.SetFaults(sandbox.Faults{Duplicate: true})
		phone.ExpireToken()
		last(200 * time.Millisecond)
		phone.SetFaults(sandbox.Faults{Outage: true, Duplicate: true})
		last(300 * time.Millisecond)
	}
	phone.SetFaults(sandbox.Faults{})
	eventually(t, func() error { return pendingNotices(t, a) })
	if err := arrived(t.Context(), fans, notices); err != nil {
		t.Error(err)
	}
}

// An account whose permissions were taken away is no reason to be silent: an operator calls, about each case once.
func TestWhatThePlatformRefusesIsToldByOperators(t *testing.T) {
	t.Parallel()
	const notices = 30
	a, phone, _, run := storm(t, notices, nil)
	phone.SetFaults(sandbox.Faults{Code: 48001})
	run()
	eventually(t, func() error { return pendingNotices(t, a) })
	calledOnce(t, a, notices/noticesOfACase)
}

// calledOnce holds that operators are to call about each of so many cases, once.
func calledOnce(t *testing.T, a *app, cases int) {
	t.Helper()
	tasks, err := a.db.store.OpenTasks(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]int{}
	for _, task := range tasks {
		if task.Kind == routing.TaskCallBack {
			calls[task.CaseNumber]++
		}
	}
	if len(calls) != cases {
		t.Errorf("%d cases are to be called about, there are %d", len(calls), cases)
	}
	for number, n := range calls {
		if n != 1 {
			t.Errorf("%s is to be called about %d times", number, n)
		}
	}
}

// For a whole day the platform's API is away, or says that the day's quota is used up: nobody waits for it, operators call. The day after, WeChat is
// used again.
func TestADayWithoutThePlatform(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]sandbox.Faults{"down": {Outage: true}, "quota used up": {Code: 45009}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const notices = 9
			var passed atomic.Int64 // of the simulated time
			a, phone, fans, run := storm(t, notices, func() time.Time { return clock().Add(time.Duration(passed.Load())) })
			phone.SetFaults(faults)
			run()
			for range 24 {
				passed.Add(int64(time.Hour))
				release(t, a)
				<-time.NewTimer(300 * time.Millisecond).C // the servers work in real time
			}
			eventually(t, func() error {
				release(t, a)
				return pendingNotices(t, a)
			})
			calledOnce(t, a, notices/noticesOfACase)

			phone.SetFaults(sandbox.Faults{})
			if _, err := (benchCommand{Notices: noticesOfACase}).pileUp(t.Context(), a, fans[:1]); err != nil {
				t.Fatal(err)
			}
			eventually(t, func() error { return pendingNotices(t, a) })
			if err := arrived(t.Context(), fans, noticesOfACase); err != nil {
				t.Errorf("the day after: %v", err)
			}
		})
	}
}

// release lets whatever waits for its next try have waited long enough.
func release(t *testing.T, a *app) {
	t.Helper()
	_, err := a.db.Write().ExecContext(t.Context(), `UPDATE river_job SET state = 'available', scheduled_at = created_at WHERE state IN ('retryable', 'scheduled', 'available')`)
	if err != nil {
		t.Fatal(err)
	}
}
