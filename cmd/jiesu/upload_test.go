package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A file of work orders is uploaded in a browser, tried, filed while the page shows how far it is, and filed again without doubling anything.
func TestAFileOfWorkOrdersIsImportedInTheBrowser(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, databaseURL string) {
		srv := startDemo(t, "JIESU_DATABASE_URL="+databaseURL)
		var rows strings.Builder
		rows.WriteString("工单编号,诉求内容,联系电话,所属区县\n")
		for i := range 120 {
			fmt.Fprintf(&rows, "HX%04d,城管第%d次来店里罚款，不出示证件也不开票，说不清依据,,\n", i, i+2)
		}
		rows.WriteString("HX9999,城管罚款,12,\n") // nobody can be called there
		path := filepath.Join(t.TempDir(), "orders.csv")
		if err := os.WriteFile(path, []byte(rows.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		desk := openWindow(t, "operator", 1280, 860)
		desk.signIn(srv.URL, "operator")
		upload := func() {
			t.Helper()
			desk.do(chromedp.Navigate(srv.URL+"/console/imports"), chromedp.SetUploadFiles(chromedp.CSS("input[type=file]"), []string{path}),
				chromedp.Click(chromedp.CSS("form[data-action=upload] button")), chromedp.WaitVisible(chromedp.CSS("form[data-action=import]")))
		}
		upload()
		desk.picture("columns")
		desk.do(chromedp.Click(chromedp.CSS("button[value=try]")))
		desk.text("#run", `试运行结果`)
		desk.text("#run", `121\s+行，共 121 行|已处理 121 行，共 121 行`)
		desk.picture("tried")
		desk.text("tr[data-line='2']", "可登记") // line by line, without a reload
		desk.do(chromedp.Click(chromedp.CSS("button[value=file]")))
		desk.text("#run", `导入结果`)
		desk.text(".counts .c-filed", `120`)
		desk.text(".counts .c-wrong", `1`)
		desk.picture("filed")
		upload()
		desk.do(chromedp.Click(chromedp.CSS("button[value=file]")))
		desk.text("#run", `导入结果`)
		desk.text(".counts .c-known", `120`)
		desk.text(".counts .c-filed", `0`)

		// The rows to mend come back with the reason.
		operator := newVisitor(t, srv.URL)
		operator.post("/console/login", url.Values{"name": {"operator"}, "password": {demoPassword}})
		desk.text("#run a[data-download]", "1 行")
		list := operator.get("/console/imports")
		id := regexp.MustCompile(`/console/imports/([0-9A-Z]+)`).FindStringSubmatch(list)
		if id == nil {
			t.Fatal("no import in the list")
		}
		if csv := operator.get("/console/imports/" + id[1] + "/rejected.csv"); !strings.Contains(csv, "HX9999,城管罚款,12,,联系电话：不是可以拨打的号码") {
			t.Errorf("rows to mend: %s", csv)
		}
	})
}
