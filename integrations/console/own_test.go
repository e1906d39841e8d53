package console

import (
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

func TestComplainantFollowsTheirCase(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateReplied)
	w.act("unit", c.Number, routing.Step{Action: routing.ActionProgress, Note: "内部才看的话", Internal: true}, step(routing.ActionProgress, "款项在途"))
	if _, err := w.desk.Reveal(t.Context(), w.actor("office"), c.Number, "办公室看过"); err != nil {
		t.Fatal(err)
	}
	page := w.get("", "/p/"+c.Token).want(200, c.Number, "市财政局已答复，等您看看解决了没有。", "已收到您的诉求，派给市财政局", "市财政局已签收", "款项已列入本月拨付计划。", "款项在途",
		complaint, caller.Enterprise, "138****8000", "承办单位可以看到您的联系方式", "11月24日 10:0")
	page.lacks("内部才看的话", "办公室看过", caller.Phone, caller.Name, "/console\"", "data-live")
	for name, u := range w.users {
		page.lacks(">"+name+"<", u.ID)
	}
}

func TestAnUnknownPageIsAFriendlyDeadEnd(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, path := range []string{"/p/nothing", "/p/" + strings.Repeat("A", 32), "/p/nothing/urge"} {
		w.get("", path).want(404, "打不开这个页面", "回复“进度”").lacks("/console\"", "登录")
	}
	w.post("", "/p/nothing/withdraw").want(404, "打不开这个页面")
}

func TestComplainantTakesEveryStepOfThePage(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, tc := range []struct {
		action routing.Action
		state  routing.State
		sent   []string
		says   string
		then   routing.State
	}{
		{routing.ActionRate, routing.StateReplied, []string{"solved", "yes", "satisfied", "5", "note", "谢谢"}, "谢谢您的评价", routing.StateReplied},
		{routing.ActionRate, routing.StateStruckOff, []string{"solved", "no"}, "谢谢您的评价", routing.StateStruckOff},
		{routing.ActionRedo, routing.StateReplied, []string{"note", "钱没到账"}, "已退回重新办理", routing.StateDispatched},
		{routing.ActionSupplement, routing.StateSigned, []string{"note", "又想起一件事"}, "已补充", routing.StateSigned},
		{routing.ActionUrge, routing.StateDispatched, nil, "已经催办了", routing.StateDispatched},
		{routing.ActionWithdraw, routing.StateTriage, []string{"note", "已经解决"}, "已撤回", routing.StateWithdrawn},
	} {
		c := w.at(tc.state)
		page := "/p/" + c.Token
		w.get("", page).want(200, `action="`+page+"/"+string(tc.action)+`"`)
		w.post("", page+"/"+string(tc.action), tc.sent...).to(page + "?done=" + string(tc.action))
		w.get("", page+"?done="+string(tc.action)).want(200, tc.says)
		after, e := w.load(c.Number), w.lastEvent(c.Number)
		if after.State != tc.then || e.Action != tc.action || e.Actor.Role != routing.RoleComplainant || e.Data.Note != formOf(tc.sent...).Get("note") {
			t.Errorf("%s: %s %+v", tc.action, after.State, e)
		}
	}
	c := w.at(routing.StateSigned)
	w.get("", "/p/"+c.Token+"?done=%3Cscript%3E").want(200).lacks("&lt;script", "page.done")
}

func TestComplainantHidesFromTheUnitAndShowsAgain(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	page := "/p/" + c.Token
	w.get("", page).want(200, "对承办单位隐藏我的身份")
	w.post("", page+"/supplement", "confidential", "yes").to(page + "?done=supplement")
	w.get("", page).want(200, "没有告诉承办单位", "不用隐藏了")
	w.get("unit", casePath(c)).want(200, "改为匿名办理").lacks(secrets(c)...)
	w.post("", page+"/supplement", "confidential", "no").to(page + "?done=supplement")
	w.get("unit", casePath(c)).want(200, caller.Enterprise)
}

func TestASupplementIsCalledWhatItIs(t *testing.T) {
	t.Parallel()
	w := start(t)
	yes, no := true, false
	contact := &routing.Contact{Name: "新联系人", Phone: "13900139000"}
	for name, tc := range map[string]struct {
		step       routing.Step
		page, desk string
		sub        string // a line of its own at the desk
	}{
		"words":            {routing.Step{Note: "又想起一件事"}, "您补充了情况", "诉求人补充了材料", ""},
		"contact":          {routing.Step{Contact: contact}, "联系方式已更新", "联系方式有更新", ""},
		"hidden":           {routing.Step{Confidential: &yes}, "已对承办单位隐藏您的身份", "改为匿名办理", ""},
		"shown":            {routing.Step{Confidential: &no}, "不再对承办单位隐藏您的身份", "不再匿名办理", ""},
		"contact, hidden":  {routing.Step{Contact: contact, Confidential: &yes}, "联系方式已更新", "联系方式有更新", "改为匿名办理"},
		"words, contact":   {routing.Step{Note: "换了电话", Contact: contact}, "您补充了情况", "诉求人补充了材料", "联系方式有更新"},
		"words and hidden": {routing.Step{Note: "怕报复", Confidential: &yes}, "您补充了情况", "诉求人补充了材料", "改为匿名办理"},
	} {
		c := w.at(routing.StateSigned)
		tc.step.Action = routing.ActionSupplement
		w.act("complainant", c.Number, tc.step)
		page, desk := w.get("", "/p/"+c.Token).want(200, "<b>"+tc.page+"</b>"), w.get("office", casePath(c)).want(200, "<b>"+tc.desk+"</b>")
		for _, other := range []string{"您补充了情况", "联系方式已更新"} {
			if other != tc.page {
				page.lacks(other)
			}
		}
		for _, line := range []string{"联系方式有更新", "改为匿名办理", "不再匿名办理"} {
			if got := strings.Contains(desk.body, "<p>"+line+"</p>"); got != (line == tc.sub) {
				t.Errorf("%s: the line %q: %t", name, line, got)
			}
		}
	}
}

func TestComplainantsPageChangesNeitherContactNorWhatStaffDo(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	page := "/p/" + c.Token
	w.post("", page+"/supplement", "note", "换个号码", "phone", "13900139000", "enterprise", "别的企业").to(page + "?done=supplement")
	if got := w.load(c.Number).Contact; got != caller {
		t.Errorf("contact %+v", got)
	}
	for _, action := range []string{"sign", "reply", "strike-off", "reveal", "assign", "fly"} {
		w.post("", page+"/"+action, "note", "x", "unit", other).want(404)
	}
}

func TestComplainantsMistakesAreExplainedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateReplied)
	page := "/p/" + c.Token
	w.post("", page+"/redo", "note", " ").want(422, "请补充一下", "请写明情况或理由")
	w.post("", page+"/rate", "note", "还没选就提交了").want(422, "请选择问题是否解决", ">还没选就提交了</textarea>")
	w.post("", page+"/rate", "solved", "maybe").want(422)
	w.post("", page+"/urge", "note", "答复了还催").want(409, "现在不能这样做", "已答复", "答复了还催")
	closed := w.at(routing.StateStruckOff)
	w.post("", "/p/"+closed.Token+"/redo", "note", "还是没解决").want(409, "现在不能这样做", "还是没解决")
}

func TestComplainantsPageIsNoDoorForFloods(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	page := "/p/" + c.Token
	for range stepsPerHour {
		w.post("", page+"/urge").to(page + "?done=urge")
	}
	w.post("", page+"/supplement", "note", "真有新情况").want(429, "操作太频繁了", "真有新情况")
	w.get("", page).want(200)
	w.clock.add(time.Hour)
	w.post("", page+"/urge").to(page + "?done=urge")
}

func TestARatedCaseDoesNotAskAgain(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateReplied)
	w.get("", "/p/"+c.Token).want(200, `id="ask"`)
	w.act("complainant", c.Number, routing.Step{Action: routing.ActionRate, Rating: &routing.Rating{Solved: routing.SolvedPartly, Satisfied: 4}})
	w.get("", "/p/"+c.Token).want(200, `data-step="rate"`, "您的评价：部分解决、满意").lacks(`id="ask"`)
}
