package console

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"jiesu/routing"
)

// extremes are the smallest telephone and the largest screen that the ledger must be good on.
var extremes = []size{{"phone", 360, 780}, {"wide", 1920, 1080}}

// fill types into a field of a problem's form, which it unfolds.
func (p *screen) fill(action, field, text string) {
	p.t.Helper()
	form := "form[data-action=" + action + "]"
	p.await(fmt.Sprintf(`document.querySelector(%q)`, form))
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`void (document.querySelector(%q).closest("details").open = true)`, form)))
	p.do(chromedp.SendKeys(chromedp.CSS(form+" [name="+field+"]"), text))
}

// The whole way of a problem: applied for, sent back, applied for again, approved by another, and back within ninety days.
func TestAProblemIsStruckOffByAnotherAndComesBack(t *testing.T) {
	w := start(t)
	server := w.serve()
	b := startBrowser(t, server.URL)
	for i, s := range extremes {
		closing := func(c *routing.Complaint) {
			c.Text = "停业通知没有依据，工程款被拖欠。" + s.name
			c.Contact.Phone = fmt.Sprintf("1380000000%d", i)
		}
		if i > 0 {
			w.clock.add(100 * 24 * time.Hour) // what was struck off on the other screen is not this one's
			w.cookies = map[string]string{}
		}
		c := w.file(closing)
		w.act("unit", c.Number, step(routing.ActionSign, ""), step(routing.ActionReply, "已撤销停业通知，款项已付。"))
		p, err := w.store.ProblemOf(t.Context(), c.Number)
		must(t, err)
		path := "/console/problems/" + p.Number

		unit := b.tab(s)
		unit.signIn("unit")
		unit.open("/console/problems")
		unit.shows(p.Number)
		unit.keys("j")
		unit.await(`document.querySelector("tr.chosen")`)
		unit.keys("\r")
		unit.await(`location.pathname === "` + path + `" && document.querySelector("form[data-action=plan]")`)
		unit.shoot("ledger-entry-new", s)
		unit.fill("plan", "measure", "撤销通知，按期付款，逐户回访。")
		unit.fill("plan", "person", "王某，财政局企业处处长")
		unit.do(chromedp.SetValue(chromedp.CSS("form[data-action=plan] [name=due]"), w.clock.now().AddDate(0, 0, 20).Format(time.DateOnly)))
		unit.submit("form[data-action=plan]", `document.querySelector("#timeline li[data-action=plan]")`)
		unit.fill("note", "note", "通知已撤销，正在走付款手续。")
		unit.submit("form[data-action=note]", `document.querySelector("#timeline li[data-action=note]")`)
		unit.fill("apply", "note", "通知已撤销，款项已付清。")
		unit.submit("form[data-action=apply]", `document.querySelector(".problem")`)
		unit.shows("请填写长效机制")
		unit.fill("apply", "no_mechanism", "个案，已纳入日常巡查。")
		unit.submit("form[data-action=apply]", `document.querySelector(".state.p-applied")`)

		office := b.tab(s)
		office.signIn("office")
		office.open(path)
		office.shows("尚未评价")
		office.shoot("ledger-entry-check", s)
		office.fill("send-back", "note", "没有附付款凭证。")
		office.submit("form[data-action=send-back]", `document.querySelector(".state.p-open")`)
		if got := w.load(c.Number).State; got != routing.StateReplied {
			t.Errorf("the case is %s after it was sent back", got)
		}

		unit.await(`document.querySelector(".state.p-open")`) // the page is live
		unit.fill("apply", "note", "凭证已补交，款项已到账。")
		unit.submit("form[data-action=apply]", `document.querySelector(".state.p-applied")`)
		office.open(path)
		office.submit("form[data-action=strike-off]", `document.querySelector(".state.p-struck_off")`)
		office.shoot("ledger-entry-struck", s)
		if got := w.load(c.Number).State; got != routing.StateStruckOff {
			t.Errorf("the case is %s after striking off", got)
		}

		w.clock.add(30 * time.Minute)
		again := w.file(closing)
		if back, err := w.store.ProblemOf(t.Context(), again.Number); err != nil || back.Number != p.Number || back.State != routing.ProblemOpen || back.Returns != 1 {
			t.Fatalf("the matter that came back is of %+v, %v", back, err)
		}
		office.open("/console/problems?filter=returned")
		office.shows("反弹 1 次")
		office.shoot("ledger-returned", s)
		office.open(path)
		office.shows("这是第 1 次反弹")
		office.shows("凭证已补交") // the old record stands there
		office.shoot("ledger-entry-returned", s)
		unit.open("/console/problems?state=void")
		unit.shows("没有问题")
		unit.shoot("ledger-empty", s)
		office.quiet()
	}
}

func TestTheApplicantDoesNotCheck(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.addUser("office2", routing.RoleOffice, "")
	c := w.at(routing.StateReplied)
	p, err := w.store.ProblemOf(t.Context(), c.Number)
	must(t, err)
	path := "/console/problems/" + p.Number
	w.post("office", path+"/apply", "note", "已办结", "no_mechanism", "个案").to(path)
	w.get("office", path).want(200, "须由其他人核查").lacks(`data-action="strike-off"`)
	w.post("office", path+"/strike-off").want(403, "不能由申请人自己核查")
	w.post("office", casePath(c, "strike-off")).want(403, "不能由申请人自己核查")
	w.get("office2", path).want(200, `data-action="strike-off"`)
	w.post("office2", path+"/strike-off").to(path)
	if got := w.load(c.Number).State; got != routing.StateStruckOff {
		t.Errorf("the case is %s", got)
	}
}

func TestTheLedgerShowsAUnitItsOwnAlone(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.file(confidential)
	p, err := w.store.ProblemOf(t.Context(), c.Number)
	must(t, err)
	path := "/console/problems/" + p.Number
	w.get("unit", "/console/problems").want(200, p.Number)
	w.get("unit", path).want(200, c.Number).lacks(caller.Enterprise, caller.Phone, caller.Name)
	w.get("other", "/console/problems").want(200, "还没有台账问题").lacks(p.Number)
	w.get("other", path).want(404)
	w.post("other", path+"/note", "note", "x").want(404)
	w.get("operator", path).want(200).lacks("<form method=\"post\" action=\"" + path)
	w.post("operator", path+"/note", "note", "x").want(403)
	w.get("unit", casePath(c)).want(200, path)
	sheet := w.get("unit", "/console/problems.xlsx")
	if sheet.Code != 200 || !strings.HasPrefix(sheet.body, "PK") {
		t.Errorf("%d, %q", sheet.Code, sheet.body[:min(len(sheet.body), 40)])
	}
}

func TestEvidenceOfAnApplicationIsForThoseWhoSeeTheProblem(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateReplied)
	p, err := w.store.ProblemOf(t.Context(), c.Number)
	must(t, err)
	path := "/console/problems/" + p.Number
	send := func(file string) answer {
		return w.postFiles("unit", path+"/apply", []string{file}, "note", "已付款", "no_mechanism", "个案")
	}
	send("<script>").want(422, "只收图片", "已付款")
	send("%PDF-" + strings.Repeat("x", maxBody)).to(path) // larger than any other form
	found, err := w.store.Problem(t.Context(), p.Number)
	must(t, err)
	if len(found.Evidence) != 1 {
		t.Fatalf("evidence %v", found.Evidence)
	}
	file := path + "/evidence/" + found.Evidence[0]
	w.get("office", path).want(200, file)
	w.get("office", file).want(200, "%PDF-")
	w.get("other", file).want(404)
	w.get("office", casePath(c, "attachments", found.Evidence[0])).want(404)
	w.get("", "/p/"+c.Token+"/attachments/"+found.Evidence[0]).want(404)
}
