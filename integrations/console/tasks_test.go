package console

import (
	"context"
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
		lacks(caller.Phone, caller.Name, "data-keep", taskPath(task, "answer"))
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
	w.post("operator", taskPath(task, "answer"), "text", "您好").want(422, "请改为打电话", "<textarea readonly", "您好")
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
	w.get("operator", "/console/tasks").want(200, "请求人工", "门口的围挡什么时候拆？", "没有登记电话", "还可以发 5 条", "11月26日 10:00 前", taskPath(task, "answer"), "办好了").
		lacks(who.OpenID, taskPath(task, "reveal"))
	w.post("operator", taskPath(task, "answer"), "text", "您好，围挡下周一拆除。\r\n还有别的事吗？").to("/console/tasks?answered=" + task.ID)
	w.get("operator", "/console/tasks?answered="+task.ID).want(200, "已交给微信发送", task.ID)
	w.get("operator", "/console/tasks?answered=%3Cscript%3E").want(200).lacks("已交给微信发送", "&lt;script")
	n, err := w.store.Notice(t.Context(), w.jobs.last().ID)
	must(t, err)
	if n.Text != "您好，围挡下周一拆除。\n还有别的事吗？" || n.Kind != routing.NoticeChat || n.ComplainantID != who.ID {
		t.Errorf("sent %+v", n)
	}
	w.post("office", taskPath(task, "answer"), "text", strings.Repeat("长", 601)).want(422, "最多 600 字", strings.Repeat("长", 601)+"</textarea>")
	w.post("operator", taskPath(task, "done")).to("/console/tasks")
	w.post("operator", taskPath(task, "answer"), "text", "还有一句").want(409, "这件事已经办好了", "还有一句")
	if log := w.log.String(); strings.Contains(log, "围挡") || strings.Contains(log, who.OpenID) {
		t.Errorf("log: %s", log)
	}
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
	w.get("operator", "/console/tasks").want(200, "现在不能发微信消息", "请改为打电话", `<details class="more" open>`, taskPath(task, "reveal")).lacks(taskPath(task, "answer"))
	w.post("operator", taskPath(task, "answer"), "text", "来不及了").want(422, "现在不能给对方发微信消息", "来不及了")
	w.update(func(ctx context.Context, tx routing.Tx) error {
		quota, _ := routing.Grant(routing.InboundText, w.clock.now())
		return tx.GrantQuota(ctx, who.ID, quota)
	})
	w.get("operator", "/console/tasks").want(200, "还可以发 5 条", taskPath(task, "answer")).lacks("现在不能发微信消息")
	w.clock.add(49 * time.Hour)
	w.cookies = map[string]string{} // the login has run out too
	w.get("operator", "/console/tasks").want(200, "现在不能发微信消息").lacks(taskPath(task, "answer"))
}

func TestAHandOverWithoutACaseLeadsToTheCasesOfThePerson(t *testing.T) {
	t.Parallel()
	w := start(t)
	who := w.fan()
	c, others := w.byFan(who), w.at(routing.StateSigned)
	w.addTask(routing.TaskChat, routing.Case{ComplainantID: who.ID}, "")
	w.get("operator", "/console/tasks").want(200, "对方的工单", casePath(c), "联系方式请打开工单查看").lacks(others.Number, "没有登记电话")
}
