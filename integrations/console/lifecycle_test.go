package console

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

// asking files a complaint with two points.
func asking(c *routing.Complaint) {
	c.Text = "工程款三十八万被拖欠两年。请尽快支付。另外，请公布付款计划。"
	c.Judgement = judge{}.Judge(complaint)
}

func TestAReplyIsWrittenPointByPoint(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned, asking)
	page := w.get("unit", casePath(c)).want(200, "诉求要点", `name="outcome-1"`, `name="words-2"`, "1. 请尽快支付", "2. 另外，请公布付款计划", "总的说明（可不填")
	page.lacks(`name="outcome-3"`)
	sent := append(version(c), "outcome-1", "solved", "words-1", "周五前付清", "outcome-2", "explained", "words-2", " ", "note", "两件事都查了")
	page = w.post("unit", casePath(c, "reply"), sent...).want(422, "第 2 条还没有答复，请选择结果并写明：另外，请公布付款计划", "周五前付清", "两件事都查了",
		`name="outcome-1" value="solved" checked`, `name="outcome-2" value="explained" checked`)
	second := page.body[strings.Index(page.body, `data-point="2"`):]
	if beside := second[:strings.Index(second, "</fieldset>")]; !strings.Contains(beside, `<p class="wrong" role="alert">第 2 条还没有答复`) {
		t.Errorf("the error isn't beside its field: %s", beside)
	}
	if first := page.body[strings.Index(page.body, `data-point="1"`):strings.Index(page.body, `data-point="2"`)]; strings.Contains(first, "wrong") {
		t.Errorf("the point that was answered is blamed: %s", first)
	}
	w.post("unit", casePath(c, "reply"), append(version(c), "outcome-1", "solved", "words-1", "周五前付清", "outcome-2", "not_possible", "words-2", "计划不公开")...).to(casePath(c))
	for user, path := range map[string]string{"office": casePath(c), "": "/p/" + c.Token} {
		w.get(user, path).want(200, "请尽快支付", "已解决", "周五前付清", "另外，请公布付款计划", "无法办理", "计划不公开")
	}
	if got := w.load(c.Number).Reply; got != "1. 周五前付清\n2. 计划不公开" {
		t.Errorf("reply %q", got)
	}
}

func TestAHiddenComplainantIsHiddenInPointsAndAnswersToo(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned, asking, confidential, func(c *routing.Complaint) {
		c.Text = "工程款被拖欠两年。请尽快支付给" + caller.Enterprise + "。另外，请联系" + caller.Phone + "告知计划。"
	})
	w.get("office", casePath(c)).want(200, "支付给"+caller.Enterprise)
	w.get("unit", casePath(c)).want(200, "诉求要点", "请尽快支付给＊").lacks(secrets(c)...)
	w.post("unit", casePath(c, "reply"), append(version(c), "note", "x")...).want(422, "第 1 条还没有答复").lacks(secrets(c)...)
	w.post("unit", casePath(c, "reply"), append(version(c), "outcome-1", "solved", "words-1", "付了", "outcome-2", "solved", "words-2", "说了")...).to(casePath(c))
	w.get("unit", casePath(c)).want(200, "付了").lacks(secrets(c)...)
}

func TestTheTimeToRefuseIsSaidWhenItIsOver(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.file()
	w.get("unit", casePath(c)).want(200, `data-step="refuse"`, "不属于本单位法定职责")
	w.clock.add(48 * time.Hour)
	delete(w.cookies, "unit") // whose login has run out meanwhile
	w.get("unit", casePath(c)).want(200).lacks(`data-step="refuse"`)
	w.post("unit", casePath(c, "refuse"), append(version(c), "ground", "duty", "note", "写了很久的理由")...).want(409, "现在不能这样做",
		"退单期限已于 11月25日 17:00 截止", "写了很久的理由")
}

func TestWhoWasFasterIsNamed(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	w.act("office", c.Number, step(routing.ActionSupervise, "盯紧"))
	w.act("unit", c.Number, routing.Step{Action: routing.ActionExtend, Days: 3, Note: "等审计"})
	w.post("unit", casePath(c, "progress"), append(version(c), "note", "在办")...).want(409, "已被他人更新", "领导小组办公室 office：已列入督办",
		"市财政局 unit：承办单位申请延期")
}

func TestTheOfficeDecidesOnWhatTheUnitAsksFor(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	w.get("office", casePath(c)).want(200, `data-step="extend"`).lacks(`data-step="decline"`)
	w.act("unit", c.Number, routing.Step{Action: routing.ActionExtend, Days: 4, Note: "等审计"})
	w.get("unit", casePath(c)).want(200).lacks(`data-step="extend"`)
	w.get("office", casePath(c)).want(200, `data-step="decline"`, "承办单位申请延期 4 个工作日", `name="days" min="1" max="30" inputmode="numeric" required value="4"`)
	w.act("office", c.Number, step(routing.ActionDecline, "审计已经结束"))
	w.get("unit", casePath(c)).want(200, "不予延期", "审计已经结束", `data-step="extend"`)
	w.get("", "/p/"+c.Token).want(200).lacks("审计", "不予延期")
}

func TestTheCallBackHasTwoQuestionsOrReachesNobody(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateReplied)
	w.post("operator", casePath(c, "call-back"), append(version(c), "note", "没选")...).want(422, "请选择问题是否解决")
	w.post("operator", casePath(c, "call-back"), append(version(c), "unreached", "1", "note", "两次无人接听")...).to(casePath(c))
	w.get("operator", casePath(c)).want(200, "电话回访，没有联系上", "两次无人接听")
	w.get("", "/p/"+c.Token).want(200, "我们给您打过回访电话，没有联系上")
	w.post("operator", casePath(c, "call-back"), "version", strconv.FormatInt(c.Version+1, 10), "solved", "yes", "satisfied", "4").to(casePath(c))
	if got := w.load(c.Number).Rating; got == nil || *got != (routing.Rating{Solved: routing.SolvedYes, Satisfied: 4}) {
		t.Errorf("rating %+v", got)
	}
}

func TestTheFirstContactIsDatedAndSeen(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	w.clock.add(3 * time.Hour)
	w.post("unit", casePath(c, "contact"), append(version(c), "how", "phone", "contacted_at", "2026-11-24T20:00")...).want(422, "联系时间应在诉求登记之后",
		`value="2026-11-24T20:00"`)
	w.post("unit", casePath(c, "contact"), append(version(c), "how", "visit", "contacted_at", "2026-11-24T11:30", "note", "约好对账")...).to(casePath(c))
	w.get("office", casePath(c)).want(200, "承办单位联系了诉求人", "上门走访、11月24日 11:30", "约好对账")
	w.get("", "/p/"+c.Token).want(200, "市财政局联系了您", "上门走访、11月24日 11:30")
}

func TestTheRightDoorStandsOnThePageOfWhoIsNotAccepted(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateTriage)
	w.post("office", casePath(c, "not-accept"), version(c)...).want(422, "请从列表里选一个该找的地方")
	w.post("office", casePath(c, "not-accept"), append(version(c), "route", "court")...).to(casePath(c))
	for user, path := range map[string]string{"operator": casePath(c), "": "/p/" + c.Token} {
		w.get(user, path).want(200, "已经起诉或判决的案件，请找法院诉讼服务（电话 12368）。")
	}
}

func TestWhatIsWithACriminalOrDisciplineBodyIsSeenByTheOfficeAlone(t *testing.T) {
	t.Parallel()
	w := start(t)
	const words = "去过三次都说等等" // of the complaint, none of which are marked
	for _, body := range []string{"criminal", "discipline"} {
		c := w.at(routing.StateReplied)
		w.act("operator", c.Number, step(routing.ActionRedo, "款还没到"))
		file := w.attach(c, "image", "image/png", []byte("\x89PNG"))
		c = w.load(c.Number)
		w.post("office", casePath(c, "transfer"), append(version(c), "body", body, "note", "线索编号七")...).to(casePath(c))
		secret := append(secrets(c), words, "线索编号七", "款还没到", "款项已列入", "纪检", "检察", file)
		for _, user := range []string{"operator", "unit"} {
			w.get(user, casePath(c)).want(200, "已转办", "已移送有权处理的机关", "已移送，内容不公开").lacks(secret...)
			w.get(user, casePath(c, "attachments", file)).lacks("PNG")
			w.get(user, "/console?tab=all").lacks(words)
			w.get(user, "/console/tasks").lacks(secret...)
			w.post(user, casePath(c, "reveal"), append(version(w.load(c.Number)), "note", "看看")...).want(403)
		}
		w.get("", "/p/"+c.Token).want(200, "这件事已依法移送有权处理的机关", "不用重新提交").lacks(secret...)
		for _, user := range []string{"office", "admin"} {
			w.get(user, casePath(c)).want(200, words, "线索编号七", "款还没到")
		}
	}
	open := w.at(routing.StateTransferred)
	w.get("operator", casePath(open)).want(200, words, "转省里办理。")
}
