package console

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"jiesu/routing"
)

// listExtremes are the narrowest and the widest screens that lists are made for.
var listExtremes = []size{{"narrow", 360, 780}, {"wide", 1920, 1080}}

func TestTheOfficeSearchesKeepsAndAssignsInTheBrowser(t *testing.T) {
	w := start(t)
	var waiting []routing.Case
	for range 3 {
		waiting = append(waiting, w.at(routing.StateTriage))
		w.clock.add(1)
	}
	sure := w.file()
	server := w.serve()
	b := startBrowser(t, server.URL)
	for _, s := range listExtremes {
		p := b.tab(s)
		p.signIn("office")
		p.keys("/")
		p.await(`document.activeElement.id === "q"`)
		p.keys(kb.Backspace + "保温工程款" + kb.Enter) // the protocol types the slash though the page took it
		p.await(`location.search.includes("q=") && document.querySelectorAll("tr[data-row]").length === 1`)
		p.shows(sure.Number)

		p.click(".saved .menu > summary")
		p.await(`document.querySelector("#share").value.startsWith("http")`)
		name := "保温" + s.name
		p.do(chromedp.SendKeys(chromedp.CSS(".saved input[name=name]"), name))
		p.shoot("list-save", s)
		p.submit(".saved .menu form", fmt.Sprintf(`[...document.querySelectorAll(".kept-filter.now")].some(e => e.innerText.includes(%q))`, name))
		p.open("/console?state=triage")
		p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`[...document.querySelectorAll(".kept-filter a")].find(a => a.innerText === %q).click()`, name)))
		p.await(`location.search.includes("q=") && document.readyState === "complete"`)
		p.shows(sure.Number)
		p.quiet()
	}

	p := b.tab(listExtremes[1])
	p.signIn("office")
	p.open("/console?state=triage")
	p.await(`document.querySelector("#bulk button").disabled`)
	p.keys("j" + "x" + "j" + "x")
	p.shows("已勾选 2 件")
	// Another case comes in; what is ticked stays ticked.
	more := w.at(routing.StateTriage)
	p.await(fmt.Sprintf(`document.querySelector('tr[data-number="%s"]')`, more.Number))
	p.await(`document.querySelectorAll("td.tick input:checked").length === 2`)
	p.shoot("list-ticked", listExtremes[1])
	p.click("#bulk button[value=assign]")
	p.await(`document.querySelector("#bulk-do") && document.readyState === "complete"`)
	p.shows("派单 2 件")
	p.shoot("bulk-confirm", listExtremes[1])
	p.do(chromedp.SetValue(chromedp.CSS("#bulk-do select"), "tax"))
	p.submit("#bulk-do", `document.querySelector(".thanks")`)
	p.shows("办好 2 件，没有办 0 件")
	p.quiet()
	dispatched := 0
	for _, c := range waiting {
		if got := w.load(c.Number); got.State == routing.StateDispatched && got.Unit == "tax" {
			dispatched++
		}
	}
	if dispatched != 2 {
		t.Errorf("%d cases were dispatched", dispatched)
	}
}

func TestKeysHaveASheetAndExportsAreFiles(t *testing.T) {
	w := start(t)
	for range pageSize + 3 {
		w.file()
	}
	server := w.serve()
	p := startBrowser(t, server.URL).tab(listExtremes[1])
	p.signIn("office")
	p.keys("?")
	p.await(`document.querySelector("#keys-sheet").open`)
	p.shows("勾选或取消选中的一条")
	p.shoot("keys", listExtremes[1])
	p.keys("j") // the sheet has the word
	if eval[bool](p, `!!document.querySelector(".chosen")`) {
		t.Error("a key goes through the sheet to the list")
	}
	p.keys(kb.Escape)
	p.await(`!document.querySelector("#keys-sheet").open`)
	p.click("[data-sheet]")
	p.await(`document.querySelector("#keys-sheet").open`)
	p.click("#keys-sheet button")
	p.await(`!document.querySelector("#keys-sheet").open`)
	p.keys("n")
	p.await(`location.search.includes("cursor=") && document.readyState === "complete"`)
	p.await(`document.querySelectorAll("tr[data-row]").length === 3`)
	p.keys("j" + kb.Enter)
	p.await(`document.body.dataset.number && document.readyState === "complete"`)
	p.keys("u")
	p.await(`location.pathname === "/console" && document.readyState === "complete"`)
	p.do(chromedp.Evaluate[chromedp.Void](`void fetch(document.querySelector(".tools .menu a[href*='/csv']").href).then(r => r.text()).then(t => window.file = t)`))
	p.await(`window.file`)
	file := eval[string](p, `window.file`)
	if got := strings.Count(file, "JS2026"); got != pageSize+3 {
		t.Errorf("the file has %d cases", got)
	}
	p.quiet()
	// What can't be fetched is said.
	p.do(chromedp.Evaluate[chromedp.Void](`document.dispatchEvent(new CustomEvent("htmx:sendError"))`))
	p.shows("与服务器的连接断了")
}

func TestAUnitAnswersWithATemplateInTheBrowser(t *testing.T) {
	w := start(t)
	c := w.at(routing.StateSigned)
	server := w.serve()
	p := startBrowser(t, server.URL).tab(listExtremes[0])
	p.signIn("unit")
	p.open("/console/replies")
	p.shoot("replies-empty", listExtremes[0])
	p.do(chromedp.SendKeys(chromedp.CSS("[data-template=new] input"), "已拨付"), chromedp.SendKeys(chromedp.CSS("[data-template=new] textarea"), "款项已列入本月拨付计划。"))
	p.submit("[data-template=new]", `document.querySelector("details[data-template]")`)
	p.shoot("replies", listExtremes[0])
	p.open(casePath(c))
	p.click(".replies > summary")
	p.await(`document.querySelector("[data-insert]") && !document.querySelector("[data-insert]").hidden`)
	p.do(chromedp.SendKeys(chromedp.CSS("details[data-step=reply] textarea"), "您好，"))
	p.shoot("case-templates", listExtremes[0])
	p.click("[data-insert]")
	p.await(`document.querySelector("details[data-step=reply] textarea").value === "您好，款项已列入本月拨付计划。"`)
	p.submit("details[data-step=reply] > form", `document.querySelector("#timeline li[data-action=reply]")`)
	if got := w.load(c.Number).Reply; got != "您好，款项已列入本月拨付计划。" {
		t.Errorf("answered %q", got)
	}
	p.quiet()
}

func TestListsLookRightOnEveryScreen(t *testing.T) {
	w := start(t)
	server := w.serve()
	b := startBrowser(t, server.URL)
	signed, replied := w.furnish()
	for _, name := range []string{"本周超期", "财政局在办"} {
		w.post("office", "/console/filters", "name", name, "query", "clock=late&state=all").want(303)
	}
	for _, s := range listExtremes {
		p := b.tab(s)
		p.signIn("office")
		for name, path := range map[string]string{"list": "/console", "list-all": "/console?state=all", "list-clock": "/console?order=clock", "list-saved": "/console?clock=late&state=all",
			"list-none": "/console?q=没有这样的话", "triage": "/console/triage", "tasks": "/console/tasks", "groups": "/console/groups", "group": "/console/groups/1", "group-empty": "/console/groups/3",
			"case": casePath(replied), "print": casePath(replied, "print")} {
			p.open(path)
			p.shoot("x-"+name, s)
		}
		p.quiet()
		u := b.tab(s)
		u.signIn("unit")
		for name, path := range map[string]string{"unit": "/console", "unit-all": "/console?state=all", "unit-case": casePath(signed)} {
			u.open(path)
			u.shoot("x-"+name, s)
		}
		u.quiet()
		o := b.tab(s)
		o.signIn("operator")
		o.open("/console?state=all")
		o.shoot("x-operator", s)
		e := b.tab(s)
		e.signIn("other")
		e.shoot("x-empty", s)
	}
}
