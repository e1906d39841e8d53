package console

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"jiesu/routing"
)

// A call comes in, opens on the screen of who answers it and on no other, is written down, filed, and the log shows what came of it.
func TestACallOpensOnTheScreenOfWhoAnswers(t *testing.T) {
	w := start(t)
	server := w.serve()
	b := startBrowser(t, server.URL)
	w.addUser("second", routing.RoleOperator, "")
	centre := routing.Actor{Role: routing.RoleOperator, ID: "key", Name: "呼叫中心"}
	report := func(e routing.CallEvent) {
		t.Helper()
		_, err := w.desk.ReportCall(t.Context(), centre, e)
		must(t, err)
	}
	for i, s := range extremes {
		id, number := fmt.Sprint("call-", i), fmt.Sprintf("1380000777%d", i)
		known := w.file(func(c *routing.Complaint) { c.Contact.Phone = number })
		answering, other := b.tab(s), b.tab(s)
		answering.signIn("operator")
		other.signIn("second")
		for _, p := range []*screen{answering, other} {
			p.await(`document.body.dataset.live`)
		}
		report(routing.CallEvent{Step: routing.CallNew, ID: id, From: number, To: "12345"})
		answering.await(`true`)
		report(routing.CallEvent{Step: routing.CallAnswer, ID: id, From: number, User: "operator"})
		answering.await(`location.pathname === "/console/file" && document.querySelector("input[name=phone]").value === "` + number + `"`)
		answering.shows(known.Number)
		answering.shoot("call-pop", s)
		if eval[string](other, `location.pathname`) != "/console" {
			t.Error("the call opens on another's screen too")
		}
		answering.do(chromedp.SendKeys(chromedp.CSS("textarea[name=text]"), "区里拖欠我们工程款三十万，催了半年。"))
		answering.await(`document.querySelector("#suggest mark")`)
		answering.submit("#filing", `!document.querySelector("#filing")`)
		report(routing.CallEvent{Step: routing.CallHangup, ID: id, Cause: "normalClearing", Recording: "https://records.example/1"})
		report(routing.CallEvent{Step: routing.CallHangup, ID: id + "-missed", From: number, Cause: "noAnswer"})
		answering.open("/console/calls")
		answering.await(fmt.Sprintf(`document.querySelector('tr[data-call="%s"] a[href^="/console/cases/JS"]')`, id))
		answering.shows("待回拨")
		answering.shoot("calls", s)
		answering.open("/console/calls?missed=1")
		if eval[bool](answering, fmt.Sprintf(`!!document.querySelector('tr[data-call="%s"]')`, id)) {
			t.Error("an answered call is among the missed")
		}
		answering.quiet()
		other.quiet()
		call, err := w.store.Call(t.Context(), id)
		must(t, err)
		if c := w.load(call.CaseNumber); c.Contact.Phone != number || c.ComplainantID != w.load(known.Number).ComplainantID {
			t.Errorf("%+v", c)
		}
	}
}
