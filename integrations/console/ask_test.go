package console

import (
	"strings"
	"testing"

	"jiesu/routing"
)

func TestThePageAsksTheTwoQuestionsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateReplied)
	page := "/p/" + c.Token
	w.get("", page).want(200, `id="ask"`, `name="solved" value="yes"`, "问题解决了吗？").lacks(`name="satisfied" value="5">很`, `id="again"`)
	w.post("", page+"/rate", "solved", "yes").to(page + "?done=rate")
	w.get("", page).want(200, `<input type="hidden" name="solved" value="yes">`, "对办理满意吗？", "解决没解决已经记下了").lacks(`id="again"`)
	w.post("", page+"/rate", "solved", "yes", "satisfied", "5").to(page + "?done=rate")
	after := w.get("", page).want(200, "您的评价：已解决、很满意").lacks(`id="ask"`, `id="again"`)
	if n := strings.Count(after.body, `data-action="rate"><p>`); n != 1 {
		t.Errorf("%d lines of the timeline for one evaluation", n)
	}
}

func TestWhoeverIsNotHelpedIsOfferedARedoAtOnce(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, tc := range []struct{ solved, satisfied, offer, note string }{
		{"no", "", "没解决，可以要求重新办理", "没有解决，请重新办理。"},
		{"partly", "3", "没解决，可以要求重新办理", "没有解决，请重新办理。"},
		{"yes", "2", "不满意，可以要求重新办理", "对办理不满意，请重新办理。"},
	} {
		c := w.at(routing.StateClosed)
		page := "/p/" + c.Token
		w.post("", page+"/rate", "solved", tc.solved, "satisfied", tc.satisfied).to(page + "?done=rate")
		w.get("", page+"?done=rate").want(200, `id="again"`, tc.offer, tc.note)
		w.post("", page+"/redo", "note", tc.note).to(page + "?done=redo")
		w.get("", page).want(200, "已派给市财政局，等待签收。", "期限改到 12月1日：重新办理，重新计时。").lacks(`id="again"`, `id="ask"`)
		if got := w.load(c.Number); got.State != routing.StateDispatched || got.Redos != 1 {
			t.Errorf("%+v", got)
		}
	}
	// A case that is struck off comes back through the office alone: nothing is promised.
	struck := w.at(routing.StateStruckOff)
	w.post("", "/p/"+struck.Token+"/rate", "solved", "no").to("/p/" + struck.Token + "?done=rate")
	w.get("", "/p/"+struck.Token).want(200).lacks(`id="again"`)
}

func TestThePageSaysUntilWhenAndWhyItMoved(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	w.get("", "/p/"+c.Token).want(200, "市财政局正在办理。", "最晚 12月15日（周二）17:00 前答复您。", "11月27日（周五）17:00 前先跟您联系").lacks("期限从")
	w.act("unit", c.Number, routing.Step{Action: routing.ActionExtend, Note: "在等审计", Days: 5})
	w.get("", "/p/"+c.Token).want(200, "最晚 12月15日").lacks("期限从", "在等审计")
	w.act("office", c.Number, routing.Step{Action: routing.ActionExtend, Note: "审计要到月底", Days: 5})
	page := w.get("", "/p/"+c.Token).want(200, "最晚 12月22日（周二）17:00 前答复您。", "期限从 12月15日 改到 12月22日：准予延期 5 个工作日。原因：审计要到月底")
	page.lacks("在等审计")
}

func TestThePageNeverTellsOfARefusal(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateRefused)
	never := []string{"退单", "不属于本单位职责", "refused", "拒"}
	w.get("", "/p/"+c.Token).want(200, "正在核对由哪个单位办理", "最晚 11月25日（周三）17:00 前确定由谁办。").lacks(never...)
	w.act("office", c.Number, routing.Step{Action: routing.ActionReassign, Unit: lead})
	w.get("", "/p/"+c.Token).want(200, "核对过了，仍由市财政局办理").lacks(append(never, "改由")...)
	d := w.at(routing.StateRefused)
	w.act("office", d.Number, routing.Step{Action: routing.ActionReassign, Unit: other})
	w.get("", "/p/"+d.Token).want(200, "改由市商务局办理").lacks(never...)
}

func TestAnOperatorPutsACallOnRecord(t *testing.T) {
	t.Parallel()
	w := start(t)
	solved, again, vain, talked := w.at(routing.StateReplied), w.at(routing.StateReplied), w.at(routing.StateReplied), w.at(routing.StateSigned)
	tasks := map[string]string{}
	for _, c := range []routing.Case{solved, again, vain, talked} {
		tasks[c.Number] = w.addTask(routing.TaskCallBack, c, "请电话回访").ID
	}
	call := func(c routing.Case) string { return "/console/tasks/" + tasks[c.Number] + "/call" }
	w.get("operator", "/console/tasks").want(200, `action="`+call(solved)+`"`, "先问：问题解决了吗？", "没有问到").lacks(`action="` + call(talked) + `"`)
	w.post("unit", call(solved), "solved", "yes").want(403)
	w.post("operator", call(solved), "heard", "1", "note", "说不清").want(422, "请选择问题是否解决", ">说不清</textarea>")
	w.post("operator", call(solved), "heard", "1", "solved", "yes", "satisfied", "4", "note", "挺好").to("/console/tasks")
	if c := w.load(solved.Number); c.Rating == nil || *c.Rating != (routing.Rating{Solved: routing.SolvedYes, Satisfied: 4}) {
		t.Errorf("%+v", c.Rating)
	}
	w.post("operator", call(again), "heard", "1", "solved", "no", "redo", "1").want(422, "请写明情况或理由")
	if c := w.load(again.Number); c.Rating != nil {
		t.Error("half of a call was put on record")
	}
	w.post("office", call(again), "heard", "1", "solved", "no", "satisfied", "1", "note", "钱没到账", "redo", "1").to("/console/tasks")
	if c := w.load(again.Number); c.State != routing.StateDispatched || w.lastEvent(c.Number).Data.Note != "钱没到账" {
		t.Errorf("%s", c.State)
	}
	w.post("operator", call(vain), "skip", "redone").want(422, "请选择没有评价的原因")
	w.post("operator", call(vain), "skip", "unreachable").to("/console/tasks")
	w.get("operator", "/console/tasks").want(200).lacks(tasks[vain.Number])
}

func TestStaffSeeWhyNobodyIsAskedAndTheUnitDoesNot(t *testing.T) {
	t.Parallel()
	w := start(t)
	days := routing.Limit{N: 2, Unit: routing.WorkingDays}
	w.desk = w.desk.WithSurvey(routing.SurveyRules{Remind: days, Call: days, Share: 100})
	asked, withdrawn := w.at(routing.StateReplied), w.at(routing.StateReplied)
	w.act("complainant", withdrawn.Number, step(routing.ActionWithdraw, ""))
	w.get("operator", casePath(asked)).want(200, "请诉求人评价", "已请评价", "没有评价的话，提醒一次", "11月27日 08:30")
	w.get("office", casePath(withdrawn)).want(200, "不再询问（诉求人已撤回）")
	w.get("unit", casePath(asked)).want(200).lacks("请诉求人评价")
}
