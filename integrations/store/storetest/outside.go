package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jiesu/routing"
)

func testPublished(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	filed := stored(noon)
	for n := range 7 {
		file(t, s, n, "1", func(c *routing.Case) {
			c.Published = n != 0 // nobody agreed
			c.Confidential, c.Restricted = n == 1, n == 2
			if n == 3 {
				c.Item = "1.2"
			}
			if n == 4 {
				c.State = routing.StateStruckOff
			}
			c.FiledAt = filed.Add(time.Duration(n) * time.Hour)
			c.UpdatedAt = c.FiledAt
		})
	}
	yes, no := true, false
	for name, tt := range map[string]struct {
		q    routing.PublishedQuery
		want []int
	}{
		"all": {routing.PublishedQuery{}, []int{6, 5, 4, 3}}, "open": {routing.PublishedQuery{Open: &yes}, []int{6, 5, 3}}, "closed": {routing.PublishedQuery{Open: &no}, []int{4}},
		"of an item": {routing.PublishedQuery{Items: []string{"1.2", "9.9"}}, []int{3}}, "of no item": {routing.PublishedQuery{Items: []string{}}, nil},
		"named":      {routing.PublishedQuery{Numbers: []string{number(0), number(1), number(2), number(5), "x"}}, []int{5}},
		"filed from": {routing.PublishedQuery{FiledFrom: filed.Add(5 * time.Hour)}, []int{6, 5}}, "filed to": {routing.PublishedQuery{FiledTo: filed.Add(5 * time.Hour)}, []int{4, 3}},
		"updated from": {routing.PublishedQuery{UpdatedFrom: filed.Add(6 * time.Hour)}, []int{6}}, "a page": {routing.PublishedQuery{Offset: 1, Limit: 2}, []int{5, 4}},
	} {
		if tt.q.Limit == 0 {
			tt.q.Limit = 1000
		}
		cases, err := s.Published(t.Context(), tt.q)
		var got []int
		for _, c := range cases {
			got = append(got, slices.IndexFunc([]int{0, 1, 2, 3, 4, 5, 6}, func(n int) bool { return number(n) == c.Number }))
		}
		want(t, name, got, err, tt.want)
	}
}

func number(n int) string { return fmt.Sprintf("JS20261124-%06d", n) }

func testHooks(t *testing.T, s routing.Store) {
	at := stored(noon)
	e := routing.Endpoint{ID: "e1", Name: "数据局", URL: "https://a.example/?token=x", Events: []string{"case.*"}, Secrets: []string{"whsec_b", "whsec_a"},
		Format: routing.HookStandard, Robot: routing.RobotWeCom, Unit: "finance", MadeBy: "某人", CreatedAt: at}
	other := routing.Endpoint{ID: "e2", Name: "另一个", URL: "https://b.example/", Secrets: []string{"whsec_c"}, Format: routing.HookCloudEvents, OffSince: at, OffWhy: routing.HookOffGone, CreatedAt: at.Add(1e9)}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		if err := tx.InsertEndpoint(ctx, e); err != nil {
			return err
		}
		return tx.InsertEndpoint(ctx, other)
	})
	wantErr(t, "the name again", writing(t, s, func(ctx context.Context, tx routing.Tx) error {
		return tx.InsertEndpoint(ctx, routing.Endpoint{ID: "e3", Name: e.Name, Format: routing.HookStandard})
	}), routing.ErrExists)
	all, err := s.Endpoints(t.Context())
	want(t, "endpoints", all, err, []routing.Endpoint{e, other})
	e.OffSince, e.OffWhy, e.Events, e.Secrets = at, routing.HookOffFailed, nil, []string{"whsec_d"}
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateEndpoint(ctx, e) })
	got, err := s.Endpoint(t.Context(), "e1")
	want(t, "changed endpoint", got, err, e)
	_, err = s.Endpoint(t.Context(), "none")
	wantErr(t, "no endpoint", err, routing.ErrNotFound)

	var hooks []routing.Hook
	for n := range 4 {
		h := routing.Hook{ID: fmt.Sprint("msg_", n), Endpoint: "e1", Case: "JS1", Seq: int64(n + 1), Type: "case.sign", Body: `{"a":1}`, State: routing.HookPending,
			CreatedAt: at.Add(time.Duration(n) * time.Second), NextAt: at}
		if n == 3 {
			h.Case = "JS2"
		}
		hooks = append(hooks, h)
	}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		for _, h := range hooks {
			if err := tx.InsertHook(ctx, h); err != nil {
				return err
			}
		}
		return nil
	})
	for n, before := range []bool{false, true, true, false} {
		earlier, err := s.HookBefore(t.Context(), hooks[n])
		want(t, fmt.Sprint("something before ", n), earlier, err, before)
	}
	hooks[0].State, hooks[0].Attempts, hooks[0].Status, hooks[0].Error, hooks[0].TriedAt = routing.HookDone, 3, 204, "x", at
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateHook(ctx, hooks[0]) })
	one, err := s.Hook(t.Context(), "msg_0")
	want(t, "a telling", one, err, hooks[0])
	earlier, err := s.HookBefore(t.Context(), hooks[1])
	want(t, "nothing before the second any more", earlier, err, false)
	for name, tt := range map[string]struct {
		q    routing.HookQuery
		want []int
	}{
		"log": {routing.HookQuery{Endpoint: "e1"}, []int{3, 2, 1, 0}}, "of another": {routing.HookQuery{Endpoint: "e2"}, nil}, "pending": {routing.HookQuery{Endpoint: "e1", States: []routing.HookState{routing.HookPending}}, []int{3, 2, 1}},
		"since": {routing.HookQuery{Endpoint: "e1", Since: at.Add(2 * time.Second)}, []int{3, 2}}, "a page": {routing.HookQuery{Endpoint: "e1", Before: "msg_3", Limit: 2}, []int{2, 1}},
	} {
		list, err := s.Hooks(t.Context(), tt.q)
		var got []int
		for _, h := range list {
			got = append(got, int(h.ID[4]-'0'))
		}
		want(t, name, got, err, tt.want)
	}
}

func testKeysAndAnswers(t *testing.T, s routing.Store) {
	at := stored(noon)
	k := routing.APIKey{ID: "k1", Name: "热线", Role: routing.RoleOperator, Hash: "h1", Scopes: []routing.Scope{routing.ScopeFile}, CreatedAt: at, ExpiresAt: at.Add(time.Hour)}
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertAPIKey(ctx, k) })
	got, err := s.APIKeyByHash(t.Context(), "h1")
	want(t, "key", got, err, k)
	k.UsedAt, k.RevokedAt = at.Add(time.Minute), at.Add(2*time.Minute)
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateAPIKey(ctx, k) })
	all, err := s.APIKeys(t.Context())
	want(t, "keys", all, err, []routing.APIKey{k})

	ask := routing.KeptAnswer{Owner: "k1", Key: "a", Request: "r1", At: at}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		fresh, _, err := tx.ClaimAnswer(ctx, ask)
		want(t, "the first time", fresh, err, true)
		answer := ask
		answer.Answer = []byte(`{"phone":"13800001234"}`)
		return tx.KeepAnswer(ctx, answer)
	})
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		fresh, kept, err := tx.ClaimAnswer(ctx, routing.KeptAnswer{Owner: "k1", Key: "a", Request: "r2", At: at})
		want(t, "the second time", fresh, err, false)
		want(t, "what was kept", string(kept.Answer)+kept.Request, nil, `{"phone":"13800001234"}r1`)
		fresh, _, err = tx.ClaimAnswer(ctx, routing.KeptAnswer{Owner: "k2", Key: "a", Request: "r2", At: at})
		want(t, "another's", fresh, err, true)
		return tx.ForgetAnswers(ctx, at.Add(time.Millisecond))
	})
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		fresh, _, err := tx.ClaimAnswer(ctx, ask)
		want(t, "forgotten", fresh, err, true)
		return nil
	})
}

func testCalls(t *testing.T, s routing.Store) {
	ctx := t.Context()
	first := routing.Call{ID: "c1", Caller: "13800001234", Called: "12345", Queue: "企业", StartedAt: stored(noon)}
	second := routing.Call{ID: "c2", Outgoing: true, Caller: "13800001234", OperatorID: "u1", Operator: "小赵", Cause: "normalClearing", Recording: "https://rec.example/2", CaseNumber: "JS-1",
		TaskID: "t1", StartedAt: stored(noon.Add(time.Minute)), AnsweredAt: stored(noon.Add(2 * time.Minute)), EndedAt: stored(noon.Add(3 * time.Minute))}
	missed := routing.Call{ID: "c3", StartedAt: stored(noon.Add(time.Minute)), EndedAt: stored(noon.Add(2 * time.Minute))}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertCall(ctx, first), tx.InsertCall(ctx, second), tx.InsertCall(ctx, missed),
			tx.InsertUser(ctx, routing.User{ID: "u1", Name: "小赵", Role: routing.RoleOperator, Extension: "8001", CreatedAt: stored(noon)}),
			tx.InsertUser(ctx, routing.User{ID: "u2", Name: "8001", Role: routing.RoleOperator, CreatedAt: stored(noon)}))
	})
	c, err := s.Call(ctx, "c2")
	want(t, "a call", c, err, second)
	_, err = s.Call(ctx, "c9")
	wantErr(t, "unknown call", err, routing.ErrNotFound)
	err = writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertCall(ctx, first) })
	wantErr(t, "the same call", err, routing.ErrExists)
	err = writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateCall(ctx, routing.Call{ID: "c9"}) })
	wantErr(t, "update of no call", err, routing.ErrNotFound)

	for name, q := range map[string]routing.CallQuery{"c3 c2 c1": {Limit: 10}, "c3": {Missed: true, Limit: 10}, "c2": {Case: "JS-1", Limit: 10}, "c2 c1": {Before: "c3", Limit: 10}, "c3 c2": {Limit: 2}, "": {Case: "JS-2", Limit: 5}} {
		calls, err := s.Calls(ctx, q)
		var ids []string
		for _, c := range calls {
			ids = append(ids, c.ID)
		}
		want(t, fmt.Sprintf("%+v", q), strings.Join(ids, " "), err, name)
	}
	for of, id := range map[[2]string]string{{"小赵", ""}: "u1", {"", "8001"}: "u1", {"8001", "8001"}: "u2"} {
		u, err := s.UserOfCall(ctx, of[0], of[1])
		want(t, fmt.Sprint(of), u.ID, err, id)
	}
	_, err = s.UserOfCall(ctx, "", "")
	wantErr(t, "nobody", err, routing.ErrNotFound)

	// A number has one open call-back, a finished one aside.
	task := func(id string) routing.Task {
		return routing.Task{ID: id, Kind: routing.TaskMissed, ComplainantID: "1", CreatedAt: stored(noon)}
	}
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertTask(ctx, task("m1")) })
	err = writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertTask(ctx, task("m2")) })
	wantErr(t, "a second call-back", err, routing.ErrExists)
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.FinishTask(ctx, "m1", "小赵", noon), tx.InsertTask(ctx, task("m3")))
	})
}

// testCrossingCalls lets the messages of missed calls of one number cross.
func testCrossingCalls(t *testing.T, s routing.Store) {
	desk := routing.NewDesk(s, &routing.Plan{}, routing.NewMemory(time.Now), time.Now)
	bridge := routing.Actor{Role: routing.RoleOperator, ID: "bridge"}
	var group sync.WaitGroup
	for i := range 12 { // three messages of each of four calls
		group.Go(func() {
			e := routing.CallEvent{Step: routing.CallHangup, ID: fmt.Sprint("c", i%4), From: "13800001234", To: "12345"}
			if _, err := desk.ReportCall(t.Context(), bridge, e); err != nil {
				t.Errorf("report: %v", err)
			}
		})
	}
	group.Wait()
	calls, err := s.Calls(t.Context(), routing.CallQuery{Missed: true, Limit: 10})
	if err != nil || len(calls) != 4 {
		t.Fatalf("%d calls, %v", len(calls), err)
	}
	open, err := s.OpenTasks(t.Context(), 10)
	if err != nil || len(open) != 1 || calls[0].TaskID != open[0].ID || calls[3].TaskID != open[0].ID {
		t.Fatalf("tasks %+v of %+v, %v", open, calls, err)
	}
}

func testChats(t *testing.T, s routing.Store) {
	ctx := t.Context()
	people := []routing.Complainant{{ID: "1", OpenID: "o1", CreatedAt: stored(noon)}, {ID: "2", OpenID: "o2", CreatedAt: stored(noon)}}
	task := func(id, who string) routing.Task {
		return routing.Task{ID: id, Kind: routing.TaskChat, ComplainantID: who, CreatedAt: stored(noon)}
	}
	first := routing.Chat{TaskID: "t1", ComplainantID: "1", Summary: "欠我工程款", QueuedAt: stored(noon), SaidAt: stored(noon)}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertComplainant(ctx, people[0]), tx.InsertComplainant(ctx, people[1]), tx.InsertTask(ctx, task("t1", "1")), tx.InsertTask(ctx, task("t2", "1")),
			tx.InsertTask(ctx, task("t3", "2")), tx.InsertUser(ctx, routing.User{ID: "u1", Name: "小赵"}), tx.InsertChat(ctx, first))
	})
	first.Version = 1
	c, err := s.Chat(ctx, "t1")
	want(t, "a conversation", c, err, first)
	c, err = s.ChatWith(ctx, "1")
	want(t, "of somebody", c, err, first)
	for what, err := range map[string]error{"of nobody": second(s.ChatWith(ctx, "2")), "of no task": second(s.Chat(ctx, "t3"))} {
		wantErr(t, what, err, routing.ErrNotFound)
	}
	another := routing.Chat{TaskID: "t2", ComplainantID: "1", QueuedAt: stored(noon)}
	wantErr(t, "a second one with the same", writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertChat(ctx, another) }), routing.ErrExists)

	taken := first
	taken.OperatorID, taken.Operator, taken.Alarm, taken.TakenAt, taken.WroteAt = "u1", "小赵", 2, stored(noon.Add(time.Minute)), stored(noon.Add(2*time.Minute))
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateChat(ctx, taken) })
	wantErr(t, "an old version", writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateChat(ctx, taken) }), routing.ErrConflict)
	taken.Version++
	open, err := s.OpenChats(ctx)
	want(t, "open conversations", open, err, []routing.Chat{taken})
	has, err := s.ChatsByOperator(ctx)
	want(t, "open conversations by operator", has, err, map[string]int{"u1": 1})

	lines := []routing.ChatLine{{ID: "l1", TaskID: "t1", Side: routing.SideComplainant, Text: "在吗", At: stored(noon)},
		{ID: "l2", TaskID: "t1", Side: routing.SideOperator, Name: "小赵", Text: "在的", At: stored(noon)},
		{ID: "l3", TaskID: "t1", Side: routing.SideComplainant, AttachmentID: "a1", At: stored(noon.Add(2 * time.Second))}}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertChatLine(ctx, lines[0]), tx.InsertChatLine(ctx, lines[1]), tx.InsertChatLine(ctx, lines[2]))
	})
	said, err := s.ChatLines(ctx, "t1")
	want(t, "what was said", said, err, lines)

	taken.EndedAt = stored(noon.Add(time.Hour))
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.UpdateChat(ctx, taken), tx.InsertChat(ctx, another), tx.PutDuty(ctx, "u1", noon), tx.PutDuty(ctx, "u1", noon.Add(time.Minute)))
	})
	on, err := s.OnDuty(ctx, noon.Add(time.Minute))
	want(t, "on duty", on, err, []string{"u1"})
	on, err = s.OnDuty(ctx, noon.Add(2*time.Minute))
	want(t, "on duty later", len(on), err, 0)

	changed := routing.Task{ID: "t2", Kind: routing.TaskCallBack, ComplainantID: "1", CaseNumber: "JS-7", Note: "请回电", CreatedAt: stored(noon)}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.UpdateTask(ctx, changed), tx.FinishTask(ctx, "t1", "小赵", noon), tx.FinishTask(ctx, "t3", "小赵", noon))
	})
	tasks, err := s.OpenTasks(ctx, 10)
	want(t, "the changed task", tasks, err, []routing.Task{changed})
	wantErr(t, "a finished task", writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateTask(ctx, task("t1", "1")) }), routing.ErrConflict)
}

func second[T any](_ T, err error) error { return err }

func testCodes(t *testing.T, s routing.Store) {
	ctx := t.Context()
	end := noon.Add(30 * time.Minute)
	read := routing.Code{ID: "k1", Kind: routing.CodeCase, Digits: "012345", CaseNumber: "JS-1", CreatedAt: stored(noon), ExpiresAt: stored(end)}
	sent := routing.Code{ID: "k2", Kind: routing.CodePhone, Digits: "678901", Phone: "13800001234", ComplainantID: "1", CreatedAt: stored(noon), ExpiresAt: stored(end)}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertCode(ctx, read), tx.InsertCode(ctx, sent))
	})
	got, err := s.LiveCode(ctx, "012345", noon)
	want(t, "a live code", got, err, read)
	got, err = s.CodeByID(ctx, "k2")
	want(t, "a code by id", got, err, sent)
	for what, err := range map[string]error{"other digits": second(s.LiveCode(ctx, "012346", noon)), "expired": second(s.LiveCode(ctx, "012345", end)), "unknown id": second(s.CodeByID(ctx, "k9"))} {
		wantErr(t, what, err, routing.ErrNotFound)
	}
	used := read
	used.UsedAt = stored(noon.Add(time.Minute))
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UseCode(ctx, used) })
	wantErr(t, "used twice", writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UseCode(ctx, used) }), routing.ErrConflict)
	wantErr(t, "a used code", second(s.LiveCode(ctx, "012345", noon)), routing.ErrNotFound)
	for since, n := range map[time.Time]int{noon: 1, noon.Add(time.Second): 0} {
		count, err := s.CodesSent(ctx, "13800001234", since)
		want(t, "codes sent", count, err, n)
	}
	count, err := s.CodesSent(ctx, "", noon)
	want(t, "codes sent nowhere", count, err, 0)

	refuse := func(at time.Time) {
		write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.RefuseSMS(ctx, "13800001234", at) })
	}
	wantRefused := func(what string, is bool) {
		t.Helper()
		refused, err := s.SMSRefused(ctx, "13800001234")
		want(t, what, refused, err, is)
	}
	wantRefused("never asked", false)
	refuse(noon)
	refuse(noon.Add(time.Second))
	wantRefused("refused", true)
	refuse(time.Time{})
	wantRefused("wanted again", false)
}

func testImports(t *testing.T, s routing.Store) {
	ctx := t.Context()
	i := routing.Import{ID: "i1", Name: "十一月.csv", ByID: "u1", By: "小赵", Headings: []string{"编号", "内容"}, Sample: [][]string{{"A1", "欠我钱"}}, Rows: 2, Mapping: routing.OrderMapping{routing.OrderText: 1},
		State: routing.ImportReady, At: stored(noon), Version: 1}
	content := []byte("a\x00\xff编号")
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertImport(ctx, i, content) })
	got, err := s.Import(ctx, "i1")
	want(t, "an import", got, err, i)
	file, err := s.ImportFile(ctx, "i1")
	want(t, "its file", file, err, content)
	for what, err := range map[string]error{"unknown": second(s.Import(ctx, "i9")), "unknown file": second(s.ImportFile(ctx, "i9")), "unknown headings": second(s.ImportMapping(ctx, i.Headings))} {
		wantErr(t, what, err, routing.ErrNotFound)
	}
	i.State, i.Line, i.Counts, i.Dry, i.Began = routing.ImportRunning, 3, map[routing.OrderOutcome]int{routing.OrderWrong: 1}, true, stored(noon.Add(time.Minute))
	lines := []routing.ImportLine{{Line: 2, Outcome: routing.OrderFiled, State: routing.StateDispatched, Place: routing.Placement{Item: "1.1", Unit: "finance", District: "和平区"}},
		{Line: 3, Outcome: routing.OrderWrong, Reason: "没有内容", Cells: []string{"A2", ""}}}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.UpdateImport(ctx, i), tx.InsertImportLine(ctx, "i1", lines[1]), tx.InsertImportLine(ctx, "i1", lines[0]), tx.PutImportMapping(ctx, i.Headings, routing.OrderMapping{routing.OrderText: 0}),
			tx.PutImportMapping(ctx, i.Headings, i.Mapping))
	})
	wantErr(t, "an old version", writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.UpdateImport(ctx, i) }), routing.ErrConflict)
	i.Version++
	all, err := s.Imports(ctx, 10)
	want(t, "imports", all, err, []routing.Import{i})
	m, err := s.ImportMapping(ctx, i.Headings)
	want(t, "the remembered columns", m, err, i.Mapping)
	found, err := s.ImportLines(ctx, "i1", nil, 0, 10)
	want(t, "all lines", found, err, lines)
	found, err = s.ImportLines(ctx, "i1", nil, 2, 10)
	want(t, "lines after one", found, err, lines[1:])
	found, err = s.ImportLines(ctx, "i1", []routing.OrderOutcome{routing.OrderFiled, routing.OrderKnown}, 0, 10)
	want(t, "lines of an outcome", found, err, lines[:1])
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.DropImportLines(ctx, "i1") })
	found, err = s.ImportLines(ctx, "i1", nil, 0, 10)
	want(t, "dropped lines", len(found), err, 0)
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.ForgetImports(ctx, noon) })
	_, err = s.Import(ctx, "i1")
	want(t, "as old as that", 0, err, 0)
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.ForgetImports(ctx, noon.Add(time.Second)) })
	wantErr(t, "forgotten", second(s.Import(ctx, "i1")), routing.ErrNotFound)
}
