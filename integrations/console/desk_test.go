package console

import (
	"strings"
	"testing"

	"jiesu/routing"
)

func TestTriageOffersTheBestThreeAndDispatchesWithOneKey(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.get("office", "/console/triage").want(200, "没有等待分办的诉求")
	c := w.at(routing.StateTriage)
	a := w.get("office", "/console/triage").want(200, c.Number, "发票</mark>", "市税务局", "48%", `data-key="1"`, `data-key="3"`).lacks(`data-key="4"`)
	if strings.Count(a.body, `action="`+casePath(c, "assign")+`"`) != 3 {
		t.Error("not three choices")
	}
	w.post("office", casePath(c, "assign"), append(version(c), "back", "triage", "item", "2.3", "unit", "tax", "district", c.District)...).to("/console/triage")
	if got := w.load(c.Number); got.State != routing.StateDispatched || got.Unit != "tax" || got.District != "浑南区" {
		t.Errorf("%+v", got)
	}
	w.get("office", "/console/triage").want(200).lacks(c.Number)
	w.post("office", casePath(c, "assign"), append(version(c), "back", "triage", "item", "2.4", "unit", "business-environment")...).want(409, c.Number)
}

func TestTriageOfWhatTheSystemDoesNotKnowLeadsToTheCase(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.file(func(c *routing.Complaint) { c.Text = "完全听不懂的话" })
	w.get("office", "/console/triage").want(200, c.Number, "系统没有合适的建议", "打开详情，自己指定").lacks("data-key", "都不对")
	w.get("office", casePath(c)).want(200, `data-step="assign" open`, "方案外事项")
}

func TestTriageDoesNotOfferWhatIsHardlyLikely(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.file(unsure, func(c *routing.Complaint) {
		c.Judgement = judge{}.Judge(c.Text)
		c.Judgement.Alternatives = []routing.Alternative{{Item: "2.3", Unit: "tax", Confidence: 0.05}, {Item: "2.4", Unit: "business-environment", Confidence: 0.049},
			{Item: "1.2", Unit: "commerce"}}
	})
	w.get("office", "/console/triage").want(200, `data-key="1"`, `value="tax"`).lacks(`data-key="2"`, `value="business-environment"`, `value="commerce"`)
	hopeless := w.file(unsure, func(c *routing.Complaint) {
		c.Judgement = judge{}.Judge(c.Text)
		c.Judgement.Alternatives = []routing.Alternative{{Item: "2.3", Unit: "tax", Confidence: 0.004}}
	})
	w.get("office", "/console/triage").want(200, hopeless.Number, "系统没有合适的建议", "打开详情，自己指定")
}

func TestTasksAreDoneOnce(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.get("operator", "/console/tasks").want(200, "没有要办的事")
	c := w.at(routing.StateReplied)
	call, voice := w.addTask(routing.TaskCallBack, c, "请电话告知诉求人"), w.addTask(routing.TaskVoice, c, "")
	w.get("operator", "/console/tasks").want(200, "请电话告知诉求人", "电话回访", "记录语音", "请听语音", casePath(c), caller.Enterprise, "138****8000").lacks(caller.Phone, caller.Name)
	w.post("operator", "/console/tasks/"+call.ID+"/done").to("/console/tasks")
	w.get("operator", "/console/tasks").want(200, voice.ID).lacks(call.ID)
	w.post("office", "/console/tasks/"+call.ID+"/done").to("/console/tasks") // a colleague was faster
}

func TestATaskAboutSomebodyUnknownIsShownAllTheSame(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.addTask(routing.TaskChat, routing.Case{ComplainantID: "nobody"}, "")
	w.get("operator", "/console/tasks").want(200, "请求人工", "希望和工作人员直接沟通")
}

func TestFailuresAreLoggedAndShownWithoutDetails(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	w.console.Store = brokenStore{w.store}
	w.get("office", casePath(c)).want(500, "系统出了点问题").lacks("disk on fire")
	if log := w.log.String(); !strings.Contains(log, "disk on fire") || strings.Count(log, "level=ERROR") != 1 {
		t.Errorf("log: %s", log)
	}
}
