package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jiesu/routing"
)

func testComplainants(t *testing.T, s routing.Store) {
	ctx := t.Context()
	fan := complainant(t, s, "1")
	got, err := s.Complainant(ctx, fan.ID)
	want(t, "complainant", got, err, fan)
	got, err = s.ComplainantByOpenID(ctx, fan.OpenID)
	want(t, "complainant by open id", got, err, fan)
	_, err = s.ComplainantByPhone(ctx, fan.Phone)
	wantErr(t, "a phone that a fan has typed", err, routing.ErrNotFound)

	older := routing.Complainant{ID: "c-b", Phone: fan.Phone, CreatedAt: stored(noon)}
	newer := routing.Complainant{ID: "c-a", Phone: fan.Phone, CreatedAt: stored(noon.Add(time.Second))}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertComplainant(ctx, newer), tx.InsertComplainant(ctx, older),
			tx.InsertComplainant(ctx, routing.Complainant{ID: "c-c", CreatedAt: noon}))
	})
	got, err = s.ComplainantByPhone(ctx, fan.Phone)
	want(t, "the oldest caller of a phone", got, err, older)
	c := file(t, s, 1, fan.ID, nil).Number
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.PutCaller(ctx, c, older.ID), tx.PutCaller(ctx, c, newer.ID)) // who was first stays it
	})
	for of, n := range map[string]int{older.ID: 1, newer.ID: 0} {
		called, err := s.CasesCalled(ctx, of, 10)
		want(t, "cases called about", len(called), err, n)
	}
	proven := fan
	proven.Proven = true
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.LockPhone(ctx, fan.Phone), tx.UpdateComplainant(ctx, proven))
	})
	got, err = s.ComplainantByPhone(ctx, fan.Phone)
	want(t, "the fan who has proven it", got, err, proven)
	for what, find := range map[string]func() (routing.Complainant, error){
		"unknown id":      func() (routing.Complainant, error) { return s.Complainant(ctx, "nobody") },
		"unknown open id": func() (routing.Complainant, error) { return s.ComplainantByOpenID(ctx, "nobody") },
		"unknown phone":   func() (routing.Complainant, error) { return s.ComplainantByPhone(ctx, "10000") },
		"empty open id":   func() (routing.Complainant, error) { return s.ComplainantByOpenID(ctx, "") },
		"empty phone":     func() (routing.Complainant, error) { return s.ComplainantByPhone(ctx, "") },
	} {
		_, err := find()
		wantErr(t, what, err, routing.ErrNotFound)
	}

	older.OpenID, older.Name, older.Phone, older.Enterprise, older.Following = "another", "孙某", "", "乙厂", true
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateComplainant(ctx, older) })
	got, err = s.ComplainantByOpenID(ctx, "another")
	want(t, "updated complainant", got, err, older)
	err = writing(t, s, func(ctx context.Context, tx routing.Tx) error {
		return tx.InsertComplainant(ctx, routing.Complainant{ID: "c-d", OpenID: fan.OpenID})
	})
	wantErr(t, "open id taken", err, routing.ErrExists)
	err = writing(t, s, func(ctx context.Context, tx routing.Tx) error {
		newer.OpenID = fan.OpenID
		return tx.UpdateComplainant(ctx, newer)
	})
	wantErr(t, "open id taken by an update", err, routing.ErrExists)
	err = writing(t, s, func(ctx context.Context, tx routing.Tx) error {
		return tx.UpdateComplainant(ctx, routing.Complainant{ID: "nobody"})
	})
	wantErr(t, "update of nobody", err, routing.ErrNotFound)
}

func testInbound(t *testing.T, s routing.Store) {
	in := routing.Inbound{Key: "openid-1/1764000000/click", Kind: routing.InboundClick, OpenID: "openid-1", At: noon}
	put := func(key string) (fresh bool, reply string) {
		in.Key = key
		write(t, s, func(ctx context.Context, tx routing.Tx) (err error) {
			fresh, reply, err = tx.PutInbound(ctx, in, "1")
			return err
		})
		return fresh, reply
	}
	if fresh, reply := put("k1"); !fresh || reply != "" {
		t.Fatalf("first: fresh %v, reply %q", fresh, reply)
	}
	if fresh, reply := put("k1"); fresh || reply != "" {
		t.Fatalf("again, not answered yet: fresh %v, reply %q", fresh, reply)
	}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return tx.SetReply(ctx, "k1", "您好，编号 JS20261124-000001。")
	})
	if fresh, reply := put("k1"); fresh || reply != "您好，编号 JS20261124-000001。" {
		t.Fatalf("again: fresh %v, reply %q", fresh, reply)
	}
	if fresh, _ := put("K1"); !fresh {
		t.Fatal("another key isn't fresh")
	}
	err := writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.SetReply(ctx, "k9", "x") })
	wantErr(t, "reply to nothing", err, routing.ErrNotFound)
}

func testForgetting(t *testing.T, s routing.Store) {
	keys := func(n int, at time.Time) {
		write(t, s, func(ctx context.Context, tx routing.Tx) error {
			for i := range n {
				in := routing.Inbound{Key: fmt.Sprint(at, i), Kind: routing.InboundText, At: at}
				if _, _, err := tx.PutInbound(ctx, in, "1"); err != nil {
					return err
				}
			}
			return nil
		})
	}
	complainant(t, s, "1")
	keys(4500, noon) // more than goes in one transaction
	keys(1, noon.Add(time.Hour))
	desk := routing.NewDesk(s, &routing.Plan{}, routing.NewMemory(time.Now), func() time.Time { return noon.Add(time.Minute + routing.InboundKept) })
	for range 2 {
		if err := desk.ForgetInbound(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for at, known := range map[time.Time]bool{noon: false, noon.Add(time.Hour): true} {
		write(t, s, func(ctx context.Context, tx routing.Tx) error {
			fresh, _, err := tx.PutInbound(ctx, routing.Inbound{Key: fmt.Sprint(at, 0), Kind: routing.InboundText, At: at}, "1")
			if fresh == known {
				t.Errorf("a message of %v: fresh %v", at, fresh)
			}
			return err
		})
	}
}

func testSpool(t *testing.T, s routing.Store) {
	ctx := t.Context()
	complainant(t, s, "1")
	put := func(in routing.Inbound, due time.Time) {
		t.Helper()
		write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.PutSpooled(ctx, in, due) })
	}
	message := func(key string, after time.Duration) routing.Inbound {
		return routing.Inbound{Key: key, Kind: routing.InboundImage, OpenID: "openid-1", At: stored(noon.Add(after)).UTC(), Text: "欠我的钱", MediaID: "m" + key}
	}
	first, second, later := message("k1", 0), message("k2", time.Second), message("k3", 2*time.Second)
	put(second, noon)
	put(first, noon)
	put(first, noon.Add(time.Hour)) // kept already
	put(later, noon.Add(time.Minute))
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		_, _, err := tx.PutInbound(ctx, message("k4", 0), "1")
		return err
	})
	put(message("k4", 0), noon) // taken in already
	n, err := s.CountSpooled(ctx)
	want(t, "kept", n, err, 3)
	due, err := s.DueSpooled(ctx, noon, 10)
	want(t, "due, the oldest first", due, err, []routing.Inbound{first, second})
	due, err = s.DueSpooled(ctx, noon, 1)
	want(t, "one of them", due, err, []routing.Inbound{first})
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.DropSpooled(ctx, "k1"), tx.DropSpooled(ctx, "none"), tx.DelaySpooled(ctx, "k2", noon.Add(2*time.Minute)))
	})
	due, err = s.DueSpooled(ctx, noon.Add(time.Minute), 10)
	want(t, "a minute later", due, err, []routing.Inbound{later})
	due, err = s.SpooledOf(ctx, "openid-1")
	want(t, "of the fan", due, err, []routing.Inbound{second, later})
	due, err = s.SpooledOf(ctx, "openid-2")
	want(t, "of another", len(due), err, 0)
}

func testInboundRace(t *testing.T, s routing.Store) {
	var fresh, repeated atomic.Int32
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			var first bool
			var reply string
			err := s.Update(t.Context(), func(tx routing.Tx) (err error) {
				first, reply, err = tx.PutInbound(t.Context(), routing.Inbound{Key: "the same", At: noon}, "1")
				if err != nil || !first {
					return err
				}
				return tx.SetReply(t.Context(), "the same", "only once")
			})
			switch {
			case err != nil:
				t.Errorf("put: %v", err)
			case first:
				fresh.Add(1)
			case reply == "only once":
				repeated.Add(1)
			}
		})
	}
	group.Wait()
	if fresh.Load() != 1 || repeated.Load() != 19 {
		t.Fatalf("%d fresh, %d got the stored reply", fresh.Load(), repeated.Load())
	}
}

func testDialogues(t *testing.T, s routing.Store) {
	ctx := t.Context()
	for _, id := range []string{"1", "2", "3"} {
		complainant(t, s, id)
	}
	_, err := s.Dialogue(ctx, "1")
	wantErr(t, "no dialogue", err, routing.ErrNotFound)
	d := routing.Dialogue{ComplainantID: "1", State: json.RawMessage(`{"step":"ask","phone":"13800001234"}`), WakeAt: stored(noon)}
	put := func(d routing.Dialogue) error {
		return writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.PutDialogue(ctx, d) })
	}
	if err := put(d); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "stored by somebody else first", put(d), routing.ErrConflict)
	d.Version = 1
	got, err := s.Dialogue(ctx, "1")
	want(t, "dialogue", got, err, d)
	d.State = json.RawMessage(`{}`)
	if err := put(d); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "an old version", put(d), routing.ErrConflict)

	for id, wake := range map[string]time.Time{"2": noon.Add(-time.Minute), "3": {}} {
		if err := put(routing.Dialogue{ComplainantID: id, State: json.RawMessage(`{}`), WakeAt: wake}); err != nil {
			t.Fatal(err)
		}
	}
	due := func(now time.Time, limit int) (ids string) {
		all, err := s.DueDialogues(ctx, now, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range all {
			ids += d.ComplainantID
		}
		return ids
	}
	for _, f := range []struct {
		now   time.Time
		limit int
		want  string
	}{{noon, 10, "21"}, {noon, 1, "2"}, {noon.Add(-time.Millisecond), 10, "2"}, {noon.Add(-time.Hour), 10, ""}} {
		if got := due(f.now, f.limit); got != f.want {
			t.Errorf("due at %v: %q, want %q", f.now, got, f.want)
		}
	}
}

func testQuotas(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	complainant(t, s, "2")
	now := stored(noon)
	grant := func(q routing.Quota) {
		write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.GrantQuota(ctx, "1", q) })
	}
	grant(routing.Quota{Trigger: routing.TriggerMessage, Left: 1, Until: now.Add(time.Hour)})
	grant(routing.Quota{Trigger: routing.TriggerClick, Left: 2, Until: now.Add(time.Minute)})
	grant(routing.Quota{Trigger: routing.TriggerScan, Left: 3, Until: now})
	quotas, err := s.Quotas(t.Context(), "1", now)
	want(t, "quotas", quotas, err, []routing.Quota{{Trigger: routing.TriggerClick, Left: 2, Until: now.Add(time.Minute)},
		{Trigger: routing.TriggerMessage, Left: 1, Until: now.Add(time.Hour)}})
	spend := func(id string, want bool) {
		t.Helper()
		if ok, err := s.SpendQuota(t.Context(), id, now); err != nil || ok != want {
			t.Fatalf("spend: %v, %v", ok, err)
		}
	}
	spend("1", true)
	quotas, err = s.Quotas(t.Context(), "1", now)
	want(t, "the one that ends first is used", quotas, err, []routing.Quota{{Trigger: routing.TriggerClick, Left: 1, Until: now.Add(time.Minute)},
		{Trigger: routing.TriggerMessage, Left: 1, Until: now.Add(time.Hour)}})
	spend("1", true)
	spend("1", true)
	spend("1", false)
	spend("2", false)
	grant(routing.Quota{Trigger: routing.TriggerMessage, Left: 5, Until: now.Add(2 * time.Hour)})
	quotas, err = s.Quotas(t.Context(), "1", now)
	want(t, "granted again", quotas, err, []routing.Quota{{Trigger: routing.TriggerMessage, Left: 5, Until: now.Add(2 * time.Hour)}})
}

func testQuotaRace(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.GrantQuota(ctx, "1", routing.Quota{Trigger: routing.TriggerMessage, Left: 5, Until: noon.Add(time.Hour)}),
			tx.GrantQuota(ctx, "1", routing.Quota{Trigger: routing.TriggerClick, Left: 3, Until: noon.Add(time.Minute)}))
	})
	var spent atomic.Int32
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			ok, err := s.SpendQuota(t.Context(), "1", noon)
			if err != nil {
				t.Errorf("spend: %v", err)
			}
			if ok {
				spent.Add(1)
			}
		})
	}
	group.Wait()
	if spent.Load() != 8 {
		t.Fatalf("spent %d of 8", spent.Load())
	}
}
