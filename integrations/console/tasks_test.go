package console

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

// fan is somebody who follows the account, who has written just now, and of whom nothing else is known.
func (w *world) fan() routing.Complainant {
	w.t.Helper()
	who := routing.Complainant{ID: routing.NewID(), OpenID: "openid-" + routing.NewID(), Following: true, CreatedAt: w.clock.now()}
	quota, _ := routing.Grant(routing.InboundText, w.clock.now())
	w.update(func(ctx context.Context, tx routing.Tx) error {
		if err := tx.InsertComplainant(ctx, who); err != nil {
			return err
		}
		return tx.GrantQuota(ctx, who.ID, quota)
	})
	return who
}

// byFan files a case by chat: the number is the case's alone.
func (w *world) byFan(who routing.Complainant) routing.Case {
	w.t.Helper()
	return w.file(func(c *routing.Complaint) { c.Channel, c.ComplainantID = routing.ChannelWeChat, who.ID })
}

func taskPath(t routing.Task, action string) string { return "/console/tasks/" + t.ID + "/" + action }

func TestACallBackShowsTheCasesContactAndRevealsItThroughTheCase(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.byFan(w.fan())
	task := w.addTask(routing.TaskCallBack, c, "消息没有送达，请电话告知诉求人")
	w.get("operator", "/console/tasks").want(200, casePath(c), "已派单", complaint[:30], caller.Enterprise, "欧**", "138****8000", taskPath(task, "reveal"), `value="电话回访"`).
		lacks(caller.Phone, caller.Name, "data-keep", "/console/chats/")
	w.post("operator", taskPath(task, "reveal"), "note", " ").want(422, "请写明情况或理由", "138****8000").lacks(caller.Phone)
	w.post("operator", taskPath(task, "reveal"), "note", "电话回访").want(200, `href="tel:`+caller.Phone+`"`, caller.Name, "data-keep", "已记入工单的流转记录")
	if e := w.lastEvent(c.Number); e.Action != routing.ActionReveal || e.Data.Note != "电话回访" || e.Actor.ID != w.users["operator"].ID {
		t.Errorf("on record: %+v", e)
	}
	w.get("operator", "/console/tasks").want(200, "138****8000").lacks(caller.Phone) // asked for again
	w.get("operator", taskPath(task, "reveal")).to("/console/tasks")
	for _, unit := range []string{"unit", "other"} {
		w.post(unit, taskPath(task, "reveal"), "note", "看看").want(403).lacks(caller.Phone)
	}
	if log := w.log.String(); strings.Contains(log, caller.Phone) || !strings.Contains(log, task.ID) {
		t.Errorf("log: %s", log)
	}
}

func TestACallersNumberWithoutACaseIsRevealedOnRecord(t *testing.T) {
	t.Parallel()
	w := start(t)
	known := routing.Complainant{ID: routing.NewID(), Phone: caller.Phone, Name: caller.Name, Enterprise: caller.Enterprise, CreatedAt: w.clock.now()}
	w.update(func(ctx context.Context, tx routing.Tx) error { return tx.InsertComplainant(ctx, known) })
	task := w.addTask(routing.TaskChat, routing.Case{ComplainantID: known.ID}, "想找人说说")
	w.get("operator", "/console/tasks").want(200, "138****8000", "欧**", caller.Enterprise, "对方没有关注公众号", "请改为打电话").lacks(caller.Phone, caller.Name, "<textarea")
	w.post("operator", taskPath(task, "reveal"), "note", "回电").want(200, caller.Phone, "已记录在案").lacks("流转记录")
	w.post("operator", talkPath(task, "write"), "text", "您好").want(422, "请改为打电话", "您好")
	w.get("operator", "/console/tasks").want(200, task.ID) // the record is no work
	if open, err := w.store.OpenTasks(t.Context(), 10); err != nil || len(open) != 1 {
		t.Errorf("open: %+v, %v", open, err)
	}
}

func TestAHandOverShowsWhatWasSaidAndIsAnsweredInTheChat(t *testing.T) {
	t.Parallel()
	w := start(t)
	who := w.fan()
	task := w.addTask(routing.TaskChat, routing.Case{ComplainantID: who.ID}, "诉求人要求人工处理。\n她说：门口的围挡什么时候拆？")
	w.clock.add(3 * time.Minute)
	w.get("operator", "/console/tasks").want(200, "请求人工", "门口的围挡什么时候拆？", "没有登记电话", "已等 3 分钟", talkPath(task, ""), "办好了").
		lacks(who.OpenID, taskPath(task, "reveal"))
	w.get("operator", talkPath(task, "")).want(200, "等待接入", "接入会话", "还可以发 5 条", "11月26日 10:00 前").lacks("<textarea", who.OpenID)
	w.post("operator", talkPath(task, "take")).to(talkPath(task, ""))
	if n := w.lastNotice(); !strings.Contains(n.Text, "工作人员已接入") || n.Kind != routing.NoticeChat || n.ComplainantID != who.ID {
		t.Errorf("greeted with %+v", n)
	}
	w.post("operator", talkPath(task, "write"), "text", "您好，围挡下周一拆除。\r\n还有别的事吗？").to(talkPath(task, ""))
	if n := w.lastNotice(); n.Text != "您好，围挡下周一拆除。\n还有别的事吗？" {
		t.Errorf("sent %+v", n)
	}
	w.update(func(ctx context.Context, tx routing.Tx) error {
		_, err := w.desk.SaidIn(ctx, tx, who.ID, "没有了<b>，谢谢", "")
		return err
	})
	w.get("operator", talkPath(task, "")).want(200, "由您接待", "围挡下周一拆除", "没有了&lt;b&gt;，谢谢", "登记成工单", "交还机器人", "<textarea")
	w.get("office", talkPath(task, "")).want(200, "由operator接待").lacks("<textarea", "交还机器人")
	w.post("office", talkPath(task, "write"), "text", "我来").want(409, "已由operator接入")
	w.post("operator", talkPath(task, "write"), "text", strings.Repeat("长", 601)).want(422, "最多 600 字", strings.Repeat("长", 601)+"</textarea>")
	w.post("operator", talkPath(task, "back")).to("/console/tasks")
	if n := w.lastNotice(); !strings.Contains(n.Text, "人工会话已结束") {
		t.Errorf("farewell %+v", n)
	}
	w.post("operator", talkPath(task, "write"), "text", "还有一句").want(409, "已经结束")
	if log := w.log.String(); strings.Contains(log, "围挡") || strings.Contains(log, who.OpenID) {
		t.Errorf("log: %s", log)
	}
}

func talkPath(t routing.Task, action string) string {
	return strings.TrimSuffix("/console/chats/"+t.ID+"/"+action, "/")
}

// lastNotice is what was sent last.
func (w *world) lastNotice() routing.Notice {
	w.t.Helper()
	n, err := w.store.Notice(w.t.Context(), w.jobs.last().ID)
	must(w.t, err)
	return n
}

// What is filed from a conversation is the complainant's own case, with what they sent in it.
func TestAConversationIsFiledAsTheComplainantsOwnCase(t *testing.T) {
	t.Parallel()
	w := start(t)
	who := w.fan()
	var picture routing.Attachment
	w.update(func(ctx context.Context, tx routing.Tx) (err error) {
		if err = w.desk.HandOverIn(ctx, tx, routing.Task{Kind: routing.TaskChat, ComplainantID: who.ID}, "区里拖欠我们工程款"); err != nil {
			return err
		}
		if picture, err = w.desk.AttachIn(ctx, tx, routing.Attachment{ComplainantID: who.ID, Kind: "image", MediaID: "m1"}); err != nil {
			return err
		}
		picture.State, picture.ContentType = routing.AttachmentStored, "image/png"
		if err = errors.Join(tx.UpdateAttachment(ctx, picture), tx.PutAttachmentContent(ctx, picture.ID, []byte(onePixel))); err != nil {
			return err
		}
		if _, err = w.desk.SaidIn(ctx, tx, who.ID, "一共三十万", ""); err != nil {
			return err
		}
		_, err = w.desk.SaidIn(ctx, tx, who.ID, "", picture.ID)
		return err
	})
	open, err := w.store.OpenTasks(t.Context(), 10)
	must(t, err)
	task := open[0]
	w.post("operator", talkPath(task, "take"))
	w.get("operator", talkPath(task, "")).want(200, "区里拖欠我们工程款", talkPath(task, "attachments/"+picture.ID))
	w.get("operator", talkPath(task, "attachments/"+picture.ID)).want(200)
	w.get("operator", talkPath(task, "attachments/none")).want(404)
	w.get("operator", "/console/file?chat="+task.ID).want(200, "区里拖欠我们工程款\n一共三十万</textarea>", `name="chat" value="`+task.ID)
	w.post("operator", "/console/file", "external_id", "console-1", "chat", task.ID, "text", "区里拖欠我们工程款，一共三十万").want(200, "JS")
	cases, _, err := w.store.Cases(t.Context(), routing.Query{Visible: routing.System()})
	must(t, err)
	files, err := w.store.AttachmentsOf(t.Context(), cases[0].Number)
	must(t, err)
	if c := cases[0]; c.ComplainantID != who.ID || c.Channel != routing.ChannelWeChat || c.State != routing.StateDispatched || len(files) != 1 {
		t.Errorf("%+v, %d files", c, len(files))
	}
	w.post("operator", "/console/file", "external_id", "console-2", "chat", "none", "text", "区里拖欠我们工程款").want(422, "会话已经找不到了")
}

func TestAVoiceMessageIsHeardAndWrittenDown(t *testing.T) {
	t.Parallel()
	w := start(t)
	who := w.fan()
	var voice routing.Attachment
	w.update(func(ctx context.Context, tx routing.Tx) (err error) {
		if voice, err = w.desk.AttachIn(ctx, tx, routing.Attachment{ComplainantID: who.ID, Kind: "voice", MediaID: "m1"}); err != nil {
			return err
		}
		return w.desk.AddTaskIn(ctx, tx, routing.Task{Kind: routing.TaskVoice, ComplainantID: who.ID, AttachmentID: voice.ID})
	})
	open, err := w.store.OpenTasks(t.Context(), 10)
	must(t, err)
	task := open[0]
	w.get("operator", "/console/tasks").want(200, "语音正在接收").lacks("<textarea")
	w.get("operator", "/console/voices/"+task.ID).want(404)
	w.update(func(ctx context.Context, tx routing.Tx) error {
		voice.State, voice.ContentType = routing.AttachmentStored, "audio/amr"
		return errors.Join(tx.UpdateAttachment(ctx, voice), tx.PutAttachmentContent(ctx, voice.ID, []byte("#!AMR\n")))
	})
	w.get("operator", "/console/tasks").want(200, `data-amr="/console/voices/`+task.ID, "听写", taskPath(task, "written"))
	if a := w.get("operator", "/console/voices/"+task.ID).want(200, "#!AMR"); a.Header().Get("Content-Type") != "audio/amr" && a.Header().Get("Content-Type") != "application/octet-stream" {
		t.Errorf("%v", a.Header())
	}
	w.post("operator", taskPath(task, "written"), "text", " ").want(422, "还没有写下听到的内容")
	w.post("operator", taskPath(task, "written"), "text", "区里拖欠\r\n工程款").to("/console/tasks")
	if len(w.voices.text) != 1 || w.voices.text[0] != "区里拖欠\n工程款" {
		t.Errorf("%q", w.voices.text)
	}
	w.post("operator", taskPath(task, "written"), "text", "又一遍").want(409, "这件事已经办好了", "又一遍")
	w.get("operator", "/console/voices/"+task.ID).want(404)
}

func TestWithoutQuotaTheDeskOffersToCall(t *testing.T) {
	t.Parallel()
	w := start(t)
	who := w.fan()
	c := w.byFan(who)
	task := w.addTask(routing.TaskChat, c, "诉求人要求人工处理。")
	for range 5 {
		spent, err := w.store.SpendQuota(t.Context(), who.ID, w.clock.now())
		if err != nil || !spent {
			t.Fatalf("%t, %v", spent, err)
		}
	}
	w.get("operator", "/console/tasks").want(200, "现在不能发微信消息", "请改为打电话", `<details class="more" open>`, taskPath(task, "reveal"))
	w.post("operator", talkPath(task, "take")).to(talkPath(task, "")) // the greeting can't be sent, and isn't
	w.get("operator", talkPath(task, "")).want(200, "现在不能发微信消息", "请改为打电话")
	w.post("operator", talkPath(task, "write"), "text", "来不及了").want(422, "现在不能给对方发微信消息", "来不及了")
	w.update(func(ctx context.Context, tx routing.Tx) error {
		quota, _ := routing.Grant(routing.InboundText, w.clock.now())
		return tx.GrantQuota(ctx, who.ID, quota)
	})
	w.get("operator", talkPath(task, "")).want(200, "还可以发 5 条").lacks("现在不能发微信消息")
	w.clock.add(49 * time.Hour)
	w.cookies = map[string]string{} // the login has run out too
	w.get("operator", "/console/tasks").want(200, "现在不能发微信消息")
}

func TestAHandOverWithoutACaseLeadsToTheCasesOfThePerson(t *testing.T) {
	t.Parallel()
	w := start(t)
	who := w.fan()
	c, others := w.byFan(who), w.at(routing.StateSigned)
	w.addTask(routing.TaskChat, routing.Case{ComplainantID: who.ID}, "")
	w.get("operator", "/console/tasks").want(200, "对方的工单", casePath(c), "联系方式请打开工单查看").lacks(others.Number, "没有登记电话")
}
