package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"jiesu/routing"
)

// testErasing fills everything that hangs on a person, and looks what is left of it. How a case is erased with its trail is tested with the audit.
func testErasing(t *testing.T, s routing.Store) {
	ctx := t.Context()
	gone, stays := complainant(t, s, "gone"), complainant(t, s, "stays")
	of := func(tx routing.Tx, who routing.Complainant) error {
		id := who.ID
		return errors.Join(
			tx.GrantQuota(ctx, id, routing.Quota{Trigger: routing.TriggerMessage, Left: 1, Until: noon.Add(48 * time.Hour)}),
			tx.PutDialogue(ctx, routing.Dialogue{ComplainantID: id, State: []byte(`{"said":"x"}`)}),
			tx.InsertTask(ctx, routing.Task{ID: "task-" + id, Kind: routing.TaskChat, ComplainantID: id, Note: "请回电话", CreatedAt: noon}),
			tx.InsertChat(ctx, routing.Chat{TaskID: "task-" + id, ComplainantID: id, Summary: "说过的话", QueuedAt: noon}),
			tx.InsertChatLine(ctx, routing.ChatLine{ID: "line-" + id, TaskID: "task-" + id, Side: routing.SideComplainant, Text: "在吗", At: noon}),
			tx.InsertAttachment(ctx, routing.Attachment{ID: "file-" + id, ComplainantID: id, Kind: "image", State: routing.AttachmentStored, At: noon}),
			tx.PutAttachmentContent(ctx, "file-"+id, []byte("picture")),
			tx.InsertNotice(ctx, routing.Notice{ID: "notice-" + id, Kind: routing.NoticeChat, ComplainantID: id, Text: "稍等", State: routing.NoticeDelivered, CreatedAt: noon}),
			tx.InsertCode(ctx, routing.Code{ID: "code-" + id, Kind: routing.CodePhone, Digits: "12345" + id[:1], ComplainantID: id, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}),
			tx.InsertCall(ctx, routing.Call{ID: "call-" + id, Caller: who.Phone, StartedAt: noon}),
		)
	}
	write(t, s, func(_ context.Context, tx routing.Tx) error { return errors.Join(of(tx, gone), of(tx, stays)) })
	left := func(id string) (list []string) {
		t.Helper()
		add := func(what string, there bool, err error) {
			if err != nil && !errors.Is(err, routing.ErrNotFound) {
				t.Fatalf("%s: %v", what, err)
			}
			if there && err == nil {
				list = append(list, what)
			}
		}
		who, err := s.Complainant(ctx, id)
		add("name", who.OpenID+who.Phone+who.Name+who.Enterprise != "" || who.Following, err)
		d, err := s.Dialogue(ctx, id)
		add("dialogue", len(d.State) > 0, err)
		quotas, err := s.Quotas(ctx, id, noon)
		add("quota", len(quotas) > 0, err)
		task, err := s.Task(ctx, "task-"+id)
		add("task", task.Note != "", err)
		add("open task", task.DoneAt.IsZero(), err)
		chats, err := s.ChatsOf(ctx, id)
		add("chat", len(chats) == 1 && chats[0].Summary != "", err)
		add("open chat", len(chats) == 1 && chats[0].EndedAt.IsZero(), err)
		lines, err := s.ChatLines(ctx, "task-"+id)
		add("line", len(lines) > 0, err)
		_, err = s.Attachment(ctx, "file-"+id)
		add("file", true, err)
		_, err = s.AttachmentContent(ctx, "file-"+id)
		add("content", true, err)
		n, err := s.Notice(ctx, "notice-"+id)
		add("notice", n.Text != "", err)
		_, err = s.CodeByID(ctx, "code-"+id)
		add("code", true, err)
		_, err = s.Call(ctx, "call-"+id)
		add("call", true, err)
		return list
	}
	all := []string{"name", "dialogue", "quota", "task", "open task", "chat", "open chat", "line", "file", "content", "notice", "code", "call"}
	want(t, "before", left("gone"), nil, all)
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return tx.EraseComplainant(ctx, "gone", noon.Add(time.Hour))
	})
	want(t, "erased", left("gone"), nil, []string{"call"}) // which belongs to no case; ForgetTalk takes it
	want(t, "somebody else", left("stays"), nil, all)

	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.ForgetTalk(ctx, noon) })
	want(t, "not old enough", left("stays"), nil, all)
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.ForgetTalk(ctx, noon.Add(2*time.Hour)) })
	want(t, "old, but not done", left("stays"), nil, []string{"name", "dialogue", "quota", "task", "open task", "chat", "open chat", "line"})
	chat, err := s.Chat(ctx, "task-stays")
	if err != nil {
		t.Fatal(err)
	}
	chat.EndedAt = noon.Add(time.Minute)
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.UpdateChat(ctx, chat), tx.FinishTask(ctx, "task-stays", "u", noon.Add(time.Minute)))
	})
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.ForgetTalk(ctx, noon.Add(2*time.Hour)) })
	want(t, "old and done", left("stays"), nil, []string{"name", "dialogue", "quota"})

	people := func(before time.Time, numbers ...string) {
		t.Helper()
		got, err := s.Forgettable(ctx, before, 10)
		want(t, "forgettable before "+before.String(), got, err, numbers)
	}
	people(noon)
	people(noon.Add(time.Hour)) // a message of theirs came not long before
	people(noon.Add(49*time.Hour), "stays")
	c := file(t, s, 1, "stays", func(c *routing.Case) { c.State = routing.StateWithdrawn })
	open := file(t, s, 2, "stays", nil)
	people(noon.Add(49 * time.Hour))
	erasable := func(before time.Time, after string, numbers ...string) {
		t.Helper()
		got, err := s.Erasable(ctx, before, after, 10)
		want(t, "erasable", got, err, numbers)
	}
	erasable(c.UpdatedAt, "")
	erasable(c.UpdatedAt.Add(time.Second), "", c.Number)
	erasable(c.UpdatedAt.Add(time.Hour), c.Number)
	if !open.State.Open() {
		t.Fatal("the other case isn't open")
	}
	inbound := routing.Inbound{Key: "k", Kind: routing.InboundText, OpenID: stays.OpenID, At: noon}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		_, _, err := tx.PutInbound(ctx, inbound, "stays")
		return errors.Join(err, tx.SetReply(ctx, "k", "您好"))
	})
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.DropReplies(ctx, "stays") })
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		fresh, reply, err := tx.PutInbound(ctx, inbound, "stays")
		if fresh || reply != "" {
			t.Errorf("a message known again: fresh %v, reply %q", fresh, reply)
		}
		return err
	})
}
