package console

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"jiesu/routing"
)

// The smallest telephone that the page must work on, and a large screen.
var pageSizes = []size{{"360", 360, 720}, {"1440", 1440, 900}}

func TestAShopOwnerRatesAddsAndHasItRedone(t *testing.T) {
	w := start(t)
	server := w.serve()
	b := startBrowser(t, server.URL)
	owed := filepath.Join(t.TempDir(), "欠条.png")
	must(t, os.WriteFile(owed, onePixel, 0o600))
	for _, s := range pageSizes {
		c := w.at(routing.StateSigned)
		w.attach(c, "image", "image/png", onePixel)
		w.act("office", c.Number, routing.Step{Action: routing.ActionExtend, Note: "审计报告要到月底才能出", Days: 5})
		page := "/p/" + c.Token

		p := b.tab(s)
		p.open(page)
		p.shows("市财政局正在办理。")
		p.shows("准予延期 5 个工作日。原因：审计报告要到月底才能出")
		p.shoot("page-signed", s)
		// "add", by keyboard alone.
		p.focus("details[data-step=supplement] > summary")
		p.keys(kb.Enter)
		p.focus("details[data-step=supplement] textarea")
		p.keys("合同原件在我手里")
		p.do(chromedp.SetUploadFiles(`details[data-step=supplement] input[type=file]`, []string{owed}))
		p.shoot("page-adding", s)
		p.focus("details[data-step=supplement] button[type=submit]")
		p.keys(kb.Enter)
		p.await(`location.search === "?done=supplement" && document.readyState === "complete"`)
		p.shows("合同原件在我手里")
		if kept, err := w.store.AttachmentsOf(t.Context(), c.Number); err != nil || len(kept) != 2 {
			t.Errorf("%d files of the case, %v", len(kept), err)
		}

		w.act("unit", c.Number, step(routing.ActionReply, "经核对，尚欠工程款三十八万元，已列入本月拨付计划，预计月底到账。"))
		p.open(page)
		p.shows("问题解决了吗？")
		p.shoot("page-replied", s)
		large(p, s, "page-replied-large")
		// One tap: not solved. The redo is offered at once, and the second question is asked.
		p.click(`#ask button[value=no]`)
		p.await(`location.search === "?done=rate" && document.querySelector("#again") && document.readyState === "complete"`)
		p.shows("对办理满意吗？")
		p.shoot("page-unsolved", s)
		p.focus(`#ask button[value="2"]`) // the second answer by keyboard
		p.keys(kb.Enter)
		p.await(`!document.querySelector("#ask") && document.readyState === "complete"`)
		p.shows("您的评价：未解决、不满意")
		p.shoot("page-rated", s)
		p.submit("#again", `location.search === "?done=redo"`)
		p.shows("已派给市财政局，等待签收。")
		p.shows("重新办理，重新计时")
		p.shoot("page-redone", s)
		p.quiet()
		if got := w.load(c.Number); got.State != routing.StateDispatched || got.Redos != 1 || w.lastEvent(c.Number).Data.Note != "没有解决，请重新办理。" {
			t.Errorf("%+v", got)
		}
		late := w.at(routing.StateDispatched)
		w.clock.add(30 * 24 * time.Hour)
		p.open("/p/" + late.Token)
		p.shows("已经超期，我们在催办")
		p.shoot("page-late", s)
		w.clock.add(-30 * 24 * time.Hour)
	}
}

// large shows the page in print twice as large, which must not make it scroll sideways.
func large(p *screen, s size, name string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`document.documentElement.style.fontSize = "200%"; undefined`))
	p.shoot(name, s)
}

func TestEveryStateOfThePageOnASmallTelephone(t *testing.T) {
	w := start(t)
	server := w.serve()
	p := startBrowser(t, server.URL).tab(pageSizes[0])
	for _, state := range routing.States() {
		c := w.at(state)
		p.open("/p/" + c.Token)
		p.await(`document.querySelector(".stand h1")`)
		p.shoot(fmt.Sprint("page-state-", state), pageSizes[0])
	}
	p.quiet()
}

func TestAnOperatorWritesDownACallInTheBrowser(t *testing.T) {
	w := start(t)
	server := w.serve()
	b := startBrowser(t, server.URL)
	for _, s := range pageSizes {
		c := w.at(routing.StateReplied)
		task := w.addTask(routing.TaskCallBack, c, w.words.Text("survey.call"))
		p := b.tab(s)
		p.signIn("operator")
		p.open("/console/tasks")
		row := fmt.Sprintf(`[data-task="%s"] `, task.ID)
		p.click(row + "details[data-step=call] > summary")
		p.shoot("tasks-call", s)
		p.click(row + `label.pick input[name=solved][value=yes]`)
		p.click(row + `label.pick input[name=satisfied][value="4"]`)
		p.submit(row+"form[data-action=call]", `!document.querySelector('`+row+`')`)
		if got := w.load(c.Number).Rating; got == nil || got.Satisfied != 4 {
			t.Errorf("%+v", got)
		}
		p.quiet()
	}
}
