package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"jiesu/integrations/wechat/sandbox"
	"jiesu/routing"
)

// storm is the product in this process with notices that wait, and the platform's stand-in, which goes wrong as the test says.
func storm(t *testing.T, notices int) (a *app, phone *sandbox.Sandbox, fans []*sandbox.Fan, run func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := benchConfig("sqlite:" + filepath.Join(t.TempDir(), "jiesu.db"))
	cfg.Log.Level = "error"
	settleWeChat(&cfg.WeChat, l.Addr())
	if a, err = newApp(t.Context(), cfg, world{stdout: io.Discard, stderr: io.Discard}, roleAll, false); err != nil {
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
	a, phone, fans, run := storm(t, notices)
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
	a, phone, _, run := storm(t, notices)
	phone.SetFaults(sandbox.Faults{Code: 48001})
	run()
	eventually(t, func() error { return pendingNotices(t, a) })
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
	if len(calls) != notices/noticesOfACase {
		t.Errorf("%d cases are to be called about, there are %d", len(calls), notices/noticesOfACase)
	}
	for number, n := range calls {
		if n != 1 {
			t.Errorf("%s is to be called about %d times", number, n)
		}
	}
}
