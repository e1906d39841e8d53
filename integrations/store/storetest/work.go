package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jiesu/routing"
)

func notice(id, number string, seq int64) routing.Notice {
	return routing.Notice{ID: id, Kind: routing.NoticeKind(routing.ActionReply), CaseNumber: number, ComplainantID: "1", Seq: seq,
		Text: "答复如下", State: routing.NoticePending, Rung: 1, CreatedAt: stored(noon)}
}

// A notice that is written while the one before it is being settled is called by that one or calls itself, never neither.
func testNoticesCallTheNext(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	for round := range int64(30) {
		number := fmt.Sprint("JS-", round)
		first, second := notice("a"+number, number, 3), notice("b"+number, number, 5)
		write(t, s, func(ctx context.Context, tx routing.Tx) error {
			if held, err := tx.HoldEarlier(ctx, number, 3); err != nil || held {
				t.Errorf("nothing is before the first: %v, %v", held, err)
			}
			return tx.InsertNotice(ctx, first)
		})
		var waits, called bool
		var both sync.WaitGroup
		both.Go(func() {
			err := writing(t, s, func(ctx context.Context, tx routing.Tx) (err error) {
				if waits, err = tx.HoldEarlier(ctx, number, second.Seq); err != nil {
					return err
				}
				return tx.InsertNotice(ctx, second)
			})
			if err != nil {
				t.Errorf("write the second: %v", err)
			}
		})
		both.Go(func() {
			settled := first
			settled.State = routing.NoticeSent
			err := writing(t, s, func(ctx context.Context, tx routing.Tx) error {
				if err := tx.UpdateNotice(ctx, settled); err != nil {
					return err
				}
				next, err := tx.NextPending(ctx, number)
				called = err == nil && next.ID == second.ID
				if errors.Is(err, routing.ErrNotFound) {
					err = nil
				}
				return err
			})
			if err != nil {
				t.Errorf("settle the first: %v", err)
			}
		})
		both.Wait()
		if waits != called {
			t.Fatalf("round %d: the second waits: %v, is called: %v", round, waits, called)
		}
	}
}

func testNotices(t *testing.T, s routing.Store) {
	ctx := t.Context()
	complainant(t, s, "1")
	first, second, other := notice("n1", "JS-1", 1), notice("n2", "JS-1", 2), notice("n3", "JS-2", 1)
	chat := routing.Notice{ID: "n4", Kind: routing.NoticeChat, ComplainantID: "1", Text: "还在吗？", State: routing.NoticePending, CreatedAt: stored(noon)}
	chat2 := chat
	chat2.ID, chat2.Seq = "n5", 7
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertNotice(ctx, second), tx.InsertNotice(ctx, first), tx.InsertNotice(ctx, other), tx.InsertNotice(ctx, chat),
			tx.InsertNotice(ctx, chat2))
	})
	got, err := s.Notice(ctx, "n1")
	want(t, "notice", got, err, first)
	_, err = s.Notice(ctx, "n9")
	wantErr(t, "unknown notice", err, routing.ErrNotFound)
	all, err := s.NoticesOf(ctx, "JS-1")
	want(t, "notices of a case", all, err, []routing.Notice{first, second})
	all, err = s.NoticesOf(ctx, "")
	want(t, "notices of no case", all, err, nil)
	err = writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertNotice(ctx, first) })
	wantErr(t, "the same notice", err, routing.ErrExists)
	err = writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateNotice(ctx, notice("n9", "", 1)) })
	wantErr(t, "update of no notice", err, routing.ErrNotFound)

	next, err := s.NextPending(ctx, "JS-1")
	want(t, "next of a case", next, err, first)
	_, err = s.NextPending(ctx, "")
	wantErr(t, "next of no case", err, routing.ErrNotFound)
	first.State, first.Rung = routing.NoticeSent, 2
	moved := first
	moved.Text = "nobody's to change"
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateNotice(ctx, moved) })
	got, err = s.Notice(ctx, "n1")
	want(t, "updated notice", got, err, first)
	next, err = s.NextPending(ctx, "JS-1")
	want(t, "next after the first", next, err, second)
	second.State = routing.NoticeFailed
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateNotice(ctx, second) })
	_, err = s.NextPending(ctx, "JS-1")
	wantErr(t, "next when all are settled", err, routing.ErrNotFound)
}

func testClaims(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	first, second, chat := notice("n1", "JS-1", 1), notice("n2", "JS-1", 2), notice("n3", "", 0)
	chat2 := notice("n4", "", 5)
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertNotice(ctx, first), tx.InsertNotice(ctx, second), tx.InsertNotice(ctx, chat), tx.InsertNotice(ctx, chat2))
	})
	claim := func(id, worker string, now time.Time, wanted bool) {
		t.Helper()
		write(t, s, func(ctx context.Context, tx routing.Tx) error {
			got, err := tx.ClaimNotice(ctx, id, worker, now, now.Add(time.Minute))
			want(t, "claim of "+id+" by "+worker, got, err, wanted)
			return nil
		})
	}
	claim("n9", "a", noon, false)
	claim("n2", "a", noon, false) // not its turn
	claim("n1", "a", noon, true)
	claim("n1", "b", noon.Add(time.Second), false)
	claim("n1", "a", noon.Add(time.Second), true)
	claim("n1", "b", noon.Add(time.Second+time.Minute), true) // a is taken for dead
	claim("n1", "a", noon.Add(time.Second+time.Minute), false)
	claim("n3", "a", noon, true)
	claim("n4", "a", noon, true) // words of the conversation wait for nothing
	first.State = routing.NoticeSent
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateNotice(ctx, first) })
	claim("n1", "b", noon.Add(time.Hour), false) // settled
	first.State = routing.NoticePending          // the channel reports that it didn't arrive: another worker may take it at once
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateNotice(ctx, first) })
	claim("n1", "c", noon.Add(time.Second+time.Minute), true)
	first.State = routing.NoticeFailed
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateNotice(ctx, first) })
	claim("n2", "a", noon, true)

	var winners atomic.Int32
	var racing sync.WaitGroup
	for _, worker := range []string{"b", "c", "d", "e", "f", "g", "h", "i"} {
		racing.Go(func() {
			err := s.Update(t.Context(), func(tx routing.Tx) error {
				ok, err := tx.ClaimNotice(t.Context(), "n2", worker, noon.Add(time.Hour), noon.Add(2*time.Hour))
				if ok {
					winners.Add(1)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	racing.Wait()
	if n := winners.Load(); n != 1 {
		t.Fatalf("%d workers have the same notice", n)
	}
}

func testDeliveries(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	a := routing.Delivery{NoticeID: "n1", Attempt: 1, Channel: "template", At: stored(noon), Outcome: routing.OutcomeRetry, Code: -1}
	b := routing.Delivery{NoticeID: "n1", Attempt: 2, Channel: "template", At: stored(noon), Outcome: routing.OutcomeSent, ProviderID: "p1"}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertNotice(ctx, notice("n1", "JS-1", 1)), tx.InsertDelivery(ctx, b), tx.InsertDelivery(ctx, a))
	})
	all, err := s.DeliveriesOf(t.Context(), "JS-1")
	want(t, "deliveries", all, err, []routing.Delivery{a, b})
	for what, f := range map[string]struct {
		want error
		do   func(ctx context.Context, tx routing.Tx) error
	}{
		"the same attempt": {routing.ErrExists, func(ctx context.Context, tx routing.Tx) error { return tx.InsertDelivery(ctx, b) }},
		"no notice": {routing.ErrNotFound, func(ctx context.Context, tx routing.Tx) error {
			return tx.InsertDelivery(ctx, routing.Delivery{NoticeID: "n9", Attempt: 1})
		}},
		"unknown provider id": {routing.ErrNotFound, func(ctx context.Context, tx routing.Tx) error { _, err := tx.DeliveryByProvider(ctx, "p9"); return err }},
		"empty provider id":   {routing.ErrNotFound, func(ctx context.Context, tx routing.Tx) error { _, err := tx.DeliveryByProvider(ctx, ""); return err }},
		"outcome of nothing":  {routing.ErrNotFound, func(ctx context.Context, tx routing.Tx) error { return tx.SetOutcome(ctx, "p9", routing.OutcomeFailed) }},
		"outcome without id":  {routing.ErrNotFound, func(ctx context.Context, tx routing.Tx) error { return tx.SetOutcome(ctx, "", routing.OutcomeFailed) }},
		"report never put":    {routing.ErrNotFound, func(ctx context.Context, tx routing.Tx) error { _, err := tx.TakeReport(ctx, "p9"); return err }},
		"outcome of something": {nil, func(ctx context.Context, tx routing.Tx) error {
			return tx.SetOutcome(ctx, "p1", routing.OutcomeDelivered)
		}},
	} {
		wantErr(t, what, writing(t, s, f.do), f.want)
	}
	b.Outcome = routing.OutcomeDelivered
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		got, err := tx.DeliveryByProvider(ctx, "p1")
		want(t, "delivery by provider", got, err, b)
		return errors.Join(tx.PutReport(ctx, "p2", "success"), tx.PutReport(ctx, "p2", "failed:user block"))
	})
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		status, err := tx.TakeReport(ctx, "p2")
		want(t, "report", status, err, "failed:user block")
		_, err = tx.TakeReport(ctx, "p2")
		wantErr(t, "report taken already", err, routing.ErrNotFound)
		return nil
	})
}

func testAttachments(t *testing.T, s routing.Store) {
	ctx := t.Context()
	a := routing.Attachment{ID: "a1", ComplainantID: "1", Kind: "image", State: routing.AttachmentPending, MediaID: "m1", At: stored(noon)}
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertAttachment(ctx, a) })
	_, err := s.AttachmentContent(ctx, "a1")
	wantErr(t, "content that hasn't come", err, routing.ErrNotFound)
	all, err := s.AttachmentsOf(ctx, "")
	want(t, "attachments of no case", all, err, nil)
	a.CaseNumber, a.ContentType, a.Size, a.SHA256, a.State = "JS-1", "image/png", 1<<33, "ab", routing.AttachmentStored
	content := bytes.Repeat([]byte{0, 0xff, '\'', 'x'}, 1<<16)
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.UpdateAttachment(ctx, a), tx.PutAttachmentContent(ctx, "a1", []byte("other")), tx.PutAttachmentContent(ctx, "a1", content))
	})
	got, err := s.Attachment(ctx, "a1")
	want(t, "attachment", got, err, a)
	all, err = s.AttachmentsOf(ctx, "JS-1")
	want(t, "attachments of a case", all, err, []routing.Attachment{a})
	raw, err := s.AttachmentContent(ctx, "a1")
	if err != nil || !bytes.Equal(raw, content) {
		t.Fatalf("content of %d bytes, %v", len(raw), err)
	}
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.PutAttachmentContent(ctx, "a1", nil) })
	raw, err = s.AttachmentContent(ctx, "a1")
	if err != nil || len(raw) != 0 {
		t.Fatalf("empty content: %d bytes, %v", len(raw), err)
	}
	_, err = s.Attachment(ctx, "a9")
	wantErr(t, "unknown attachment", err, routing.ErrNotFound)
	err = writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.PutAttachmentContent(ctx, "a9", nil) })
	wantErr(t, "content of no attachment", err, routing.ErrNotFound)
	err = writing(t, s, func(ctx context.Context, tx routing.Tx) error {
		return tx.UpdateAttachment(ctx, routing.Attachment{ID: "a9", State: routing.AttachmentStored})
	})
	wantErr(t, "update of no attachment", err, routing.ErrNotFound)
	err = writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertAttachment(ctx, a) })
	wantErr(t, "the same attachment", err, routing.ErrExists)
}

func testTasks(t *testing.T, s routing.Store) {
	ctx := t.Context()
	newer := routing.Task{ID: "t1", Kind: routing.TaskCallBack, CaseNumber: "JS-1", ComplainantID: "1", Note: "短信未送达", CreatedAt: stored(noon.Add(time.Second))}
	older := routing.Task{ID: "t2", Kind: routing.TaskChat, ComplainantID: "1", CreatedAt: stored(noon)}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertTask(ctx, newer), tx.InsertTask(ctx, older))
	})
	open, err := s.OpenTasks(ctx, 10)
	want(t, "open tasks", open, err, []routing.Task{older, newer})
	open, err = s.OpenTasks(ctx, 1)
	want(t, "the oldest task", open, err, []routing.Task{older})
	err = writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertTask(ctx, older) })
	wantErr(t, "the same task", err, routing.ErrExists)
	finish := func(id string) error {
		return s.Update(ctx, func(tx routing.Tx) error { return tx.FinishTask(ctx, id, "接线员", noon) })
	}
	wantErr(t, "no task", finish("t9"), routing.ErrNotFound)
	var won atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			switch err := finish("t2"); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, routing.ErrConflict):
				t.Errorf("finish: %v", err)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Fatalf("finished %d times", won.Load())
	}
	open, err = s.OpenTasks(ctx, 10)
	want(t, "open tasks", open, err, []routing.Task{newer})
}

func testGuesses(t *testing.T, s routing.Store) {
	until := noon.Add(15 * time.Minute)
	guess := func(key string, limit int, now time.Time) (open bool) {
		t.Helper()
		write(t, s, func(ctx context.Context, tx routing.Tx) (err error) {
			open, err = tx.Guess(ctx, key, limit, now, until)
			return err
		})
		return open
	}
	guesses := func(what, key string, limit int, now time.Time, want ...bool) {
		t.Helper()
		for i, w := range want {
			if got := guess(key, limit, now); got != w {
				t.Errorf("%s: guess %d of %s may be made: %t", what, i+1, key, got)
			}
		}
	}
	guesses("three at most", "a", 3, noon, true, true, true, false, false)
	guesses("another key", "b", 1, noon, true, false)
	guesses("just before the end", "a", 3, until.Add(-time.Second), false)
	guesses("after it", "a", 3, until, true, true)
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.DeleteGuesses(ctx, "a") })
	until = until.Add(time.Hour)
	guesses("begun anew", "a", 3, noon, true, true, true, false)
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.ForgetGuesses(ctx, noon.Add(time.Second)) })
	guesses("forgotten", "a", 3, noon, true)

	var group sync.WaitGroup
	var made atomic.Int64
	for range 20 {
		group.Go(func() {
			if guess("together", 7, noon) {
				made.Add(1)
			}
		})
	}
	group.Wait()
	if made.Load() != 7 {
		t.Errorf("%d of 20 guesses at once could be made, want 7", made.Load())
	}
}

func testLooks(t *testing.T, s routing.Store) {
	ctx := t.Context()
	who := routing.Actor{Role: routing.RoleUnit, Unit: "finance", ID: "u1", Name: "李四"}
	first := routing.Look{Number: "JS20261124-000001", Kind: routing.LookPage, Actor: who, At: stored(noon)}
	again, paper, later, other := first, first, first, first
	again.At, paper.Kind, later.At, other.Actor.ID = stored(noon.Add(59*time.Minute)), routing.LookPaper, stored(noon.Add(time.Hour)), "u2"
	other.At = stored(noon.Add(time.Minute))
	elsewhere := first
	elsewhere.Number = "JS20261124-000002"
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		for _, l := range []routing.Look{first, again, paper, later, other, elsewhere} {
			if err := tx.AddLook(ctx, l); err != nil {
				return err
			}
		}
		return nil
	})
	got, err := s.Looks(ctx, first.Number, 10)
	want(t, "looks", got, err, []routing.Look{later, other, first, paper})
	got, err = s.Looks(ctx, first.Number, 1)
	want(t, "the last look", got, err, []routing.Look{later})
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.ForgetLooks(ctx, noon.Add(time.Hour)) })
	got, err = s.Looks(ctx, first.Number, 10)
	want(t, "looks that are left", got, err, []routing.Look{later})
}

func testBrowsers(t *testing.T, s routing.Store) {
	ctx := t.Context()
	b := routing.Browser{Hash: "b1", UserID: "u1", CreatedAt: stored(noon)}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertUser(ctx, routing.User{ID: "u1", Name: "李四"}), tx.InsertUser(ctx, routing.User{ID: "u2", Name: "王五"}), tx.InsertBrowser(ctx, b),
			tx.InsertBrowser(ctx, routing.Browser{Hash: "b2", UserID: "u2", CreatedAt: noon}), tx.InsertBrowser(ctx, routing.Browser{Hash: "b3", UserID: "u1", CreatedAt: noon.Add(-time.Hour)}))
	})
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.DeleteBrowsersOf(ctx, "u2"), tx.ForgetBrowsers(ctx, noon.Add(-time.Minute)))
	})
	got, err := s.Browser(ctx, "b1")
	want(t, "browser", got, err, b)
	for _, hash := range []string{"b2", "b3"} {
		if _, err := s.Browser(ctx, hash); !errors.Is(err, routing.ErrNotFound) {
			t.Errorf("browser %s: %v", hash, err)
		}
	}
}

func testStaff(t *testing.T, s routing.Store) {
	ctx := t.Context()
	u := routing.User{ID: "u1", Name: "李四", Role: routing.RoleUnit, Unit: "finance", Hash: "argon2", CreatedAt: stored(noon)}
	k := routing.APIKey{ID: "k1", Name: "热线平台", Role: routing.RoleOperator, Unit: "x", Hash: "h1", CreatedAt: stored(noon)}
	session := routing.Session{Hash: "s1", UserID: "u1", Second: true, Browser: "b", Secret: "JBSWY3DP", CreatedAt: stored(noon), SeenAt: stored(noon)} // #nosec G101 -- nobody's
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertUser(ctx, u), tx.InsertUser(ctx, routing.User{ID: "u2", Name: "王五"}), tx.InsertAPIKey(ctx, k), tx.InsertSession(ctx, session))
	})
	u.Initial, u.Secret, u.Step, u.Recovery, u.Subject, u.Hash = true, "JBSWY3DP", 59_000_000, []string{"r1", "r2"}, "https://id.example 42", "argon2-new"
	session.Second, session.Secret, session.SeenAt = false, "", stored(noon.Add(time.Hour))
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.UpdateUser(ctx, u), tx.UpdateSession(ctx, session), tx.TouchSession(ctx, "s1", noon.Add(time.Hour)))
	})
	n, err := s.SessionsOf(ctx, "u1")
	want(t, "sign-ins", n, err, 1)
	bySubject, err := s.UserBySubject(ctx, u.Subject)
	want(t, "user by subject", bySubject, err, u)
	if _, err := s.UserBySubject(ctx, ""); !errors.Is(err, routing.ErrNotFound) { // everybody without one has the empty one
		t.Errorf("user without a subject: %v", err)
	}
	if err := s.Update(ctx, func(tx routing.Tx) error { return tx.UpdateSession(ctx, routing.Session{Hash: "none", UserID: "u1"}) }); !errors.Is(err, routing.ErrNotFound) {
		t.Errorf("update a session that isn't there: %v", err)
	}
	gotUser, err := s.User(ctx, "u1")
	want(t, "user", gotUser, err, u)
	gotUser, err = s.UserByName(ctx, "李四")
	want(t, "user by name", gotUser, err, u)
	gotKey, err := s.APIKeyByHash(ctx, "h1")
	want(t, "API key", gotKey, err, k)
	gotSession, err := s.Session(ctx, "s1")
	want(t, "session", gotSession, err, session)
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.DeleteSession(ctx, "s1"), tx.DeleteSession(ctx, "s1"))
	})
	alive := func(want ...string) {
		t.Helper()
		for _, hash := range []string{"a", "b", "c"} {
			if _, err := s.Session(ctx, hash); (err == nil) != slices.Contains(want, hash) {
				t.Errorf("session %s: %v, want those of %v", hash, err, want)
			}
		}
	}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertSession(ctx, routing.Session{Hash: "a", UserID: "u1", CreatedAt: noon}), tx.InsertSession(ctx, routing.Session{Hash: "b", UserID: "u2", CreatedAt: noon.Add(time.Hour)}),
			tx.InsertSession(ctx, routing.Session{Hash: "c", UserID: "u2", CreatedAt: noon.Add(2 * time.Hour)}))
	})
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.DeleteSessionsOf(ctx, "u1") })
	alive("b", "c")
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.ForgetSessions(ctx, noon.Add(2*time.Hour)) })
	alive("c")
	for what, f := range map[string]struct {
		want error
		do   func(ctx context.Context, tx routing.Tx) error
	}{
		"name taken": {routing.ErrExists, func(ctx context.Context, tx routing.Tx) error {
			return tx.InsertUser(ctx, routing.User{ID: "u3", Name: "李四"})
		}},
		"name taken by an update": {routing.ErrExists, func(ctx context.Context, tx routing.Tx) error {
			return tx.UpdateUser(ctx, routing.User{ID: "u2", Name: "李四"})
		}},
		"update of no user": {routing.ErrNotFound, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateUser(ctx, routing.User{ID: "u9"}) }},
		"key taken": {routing.ErrExists, func(ctx context.Context, tx routing.Tx) error {
			return tx.InsertAPIKey(ctx, routing.APIKey{ID: "k2", Hash: "h1"})
		}},
		"session of nobody": {routing.ErrNotFound, func(ctx context.Context, tx routing.Tx) error {
			return tx.InsertSession(ctx, routing.Session{Hash: "s9", UserID: "u9"})
		}},
		"session deleted":  {routing.ErrNotFound, func(ctx context.Context, tx routing.Tx) error { _, err := tx.Session(ctx, "s1"); return err }},
		"touch of nothing": {routing.ErrNotFound, func(ctx context.Context, tx routing.Tx) error { return tx.TouchSession(ctx, "s1", noon) }},
		"unknown user":     {routing.ErrNotFound, func(ctx context.Context, tx routing.Tx) error { _, err := tx.User(ctx, "u9"); return err }},
		"unknown name":     {routing.ErrNotFound, func(ctx context.Context, tx routing.Tx) error { _, err := tx.UserByName(ctx, "nobody"); return err }},
		"unknown key":      {routing.ErrNotFound, func(ctx context.Context, tx routing.Tx) error { _, err := tx.APIKeyByHash(ctx, ""); return err }},
	} {
		wantErr(t, what, writing(t, s, f.do), f.want)
	}
}
