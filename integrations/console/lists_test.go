package console

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

func TestAListIsSortedByItsClocks(t *testing.T) {
	t.Parallel()
	w := start(t)
	old := w.file()
	w.clock.add(time.Hour)
	signed := w.at(routing.StateSigned) // its clock is days away
	w.clock.add(time.Hour)
	urgent := w.file(func(c *routing.Complaint) { c.Urgency = routing.UrgencyDanger })
	byClock := []string{urgent.Number, old.Number, signed.Number}
	newest := []string{urgent.Number, signed.Number, old.Number}
	for path, want := range map[string][]string{"/console": newest, "/console?order=clock": byClock, "/console?order=newest": newest, "/console?order=odd": newest} {
		if got := numbers(w.get("office", path).want(200)); !slices.Equal(got, want) {
			t.Errorf("office, %s: %v, want %v", path, got, want)
		}
	}
	// A unit sees first what ends first.
	for path, want := range map[string][]string{"/console": byClock, "/console?order=newest": newest, "/console?state=all": newest, "/console?state=all&order=clock": byClock} {
		if got := numbers(w.get("unit", path).want(200)); !slices.Equal(got, want) {
			t.Errorf("unit, %s: %v, want %v", path, got, want)
		}
	}
	w.get("unit", "/console").want(200, "本单位在办 3 件；累计 3 件，已销号 0 件，占 0%。")
	w.get("office", "/console").lacks("本单位在办")
}

func TestSavedFiltersAreOnesOwnAndMayBeShared(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	w.post("office", "/console/filters", "name", "财政在办", "query", "unit=finance&state=signed&cursor=x&evil=%3Cscript%3E").to("/console?state=signed&unit=finance")
	a := w.get("office", "/console").want(200, "财政在办", "/console/filters/").complete()
	path := regexp.MustCompile(`/console/filters/[0-9A-Za-z]+`).FindString(a.body)
	w.get("office", path).to("/console?state=signed&unit=finance")
	w.get("office", "/console?unit=finance&state=signed").want(200, `kept-filter now`, c.Number)
	// Whoever opens it sees what they may, and has no such filter of their own.
	w.get("other", path).to("/console?state=signed&unit=finance")
	if got := numbers(w.get("other", "/console?state=signed&unit=finance")); got != nil {
		t.Errorf("the other unit sees %v", got)
	}
	w.get("admin", "/console").lacks("财政在办")
	w.post("admin", path+"/delete").want(404)
	w.post("office", "/console/filters", "name", "财政在办", "query", "clock=late").to("/console?clock=late") // the same name: new conditions
	w.get("office", path).to("/console?clock=late")
	for name, fields := range map[string][]string{"no name": {"name", " "}, "long": {"name", strings.Repeat("长", 31)}, "mangled": {"name", "x", "query", "%zz"}} {
		if a := w.post("office", "/console/filters", fields...); a.Code != 422 {
			t.Errorf("%s: %d", name, a.Code)
		}
	}
	w.post("office", path+"/delete").to("/console")
	w.get("office", "/console").lacks("财政在办")
	w.get("office", path).want(404)
	for i := range mostFilters {
		w.post("office", "/console/filters", "name", fmt.Sprint("第", i), "query", "q=x").want(303)
	}
	w.post("office", "/console/filters", "name", "太多", "query", "q=x").want(422, "最多保存 20 组条件")
}

// ticks are the values of the boxes of a list page.
func ticks(a answer) (list []string) {
	for _, m := range regexp.MustCompile(`name="case" value="([^"]+)"`).FindAllStringSubmatch(a.body, -1) {
		list = append(list, m[1])
	}
	return list
}

func TestSeveralCasesAreAssignedAtOnceAndTheRestIsSaid(t *testing.T) {
	t.Parallel()
	w := start(t)
	first, second, moved, foreign := w.at(routing.StateTriage), w.at(routing.StateTriage), w.at(routing.StateTriage), w.at(routing.StateTriage, func(c *routing.Complaint) {
		c.Text, c.Judgement = "电费收多了", routing.Judgement{Item: "6.2", Decision: routing.DecisionTriage}
	})
	gone := w.at(routing.StateTriage)
	values := ticks(w.get("office", "/console?state=triage").want(200, "分办到一个单位"))
	if len(values) != 5 {
		t.Fatalf("%d boxes: %v", len(values), values)
	}
	fields := []string{"action", "assign"}
	for _, v := range values {
		fields = append(fields, "case", v)
	}
	w.act("office", gone.Number, routing.Step{Action: routing.ActionNotAccept, Note: "请找法院"})
	page := w.post("office", "/console/bulk", fields...).want(200, "将要办理 4 件", "不能办理 1 件", "派单 4 件", gone.Number).complete()
	if got := len(ticks(page)); got != 4 {
		t.Fatalf("the confirmation would send %d cases", got)
	}
	for _, c := range []routing.Case{first, second, moved, foreign} {
		if w.load(c.Number).State != routing.StateTriage {
			t.Fatal("the confirmation has already done it")
		}
	}
	// Meanwhile somebody adds to one of them: it was decided on something else.
	w.act("operator", moved.Number, step(routing.ActionSupplement, "又来电，其实是另一件事"))
	send := []string{"action", "assign", "note", "集中分办"}
	for _, v := range ticks(page) {
		send = append(send, "case", v)
	}
	w.post("office", "/console/bulk/done", send...).want(422, "请补充一下").complete() // no unit
	done := w.post("office", "/console/bulk/done", append(send, "unit", "tax")...).want(200, "办好 2 件，没有办 2 件", "在您确认之前有了新变化").complete()
	for _, c := range []routing.Case{first, second} {
		if got := w.load(c.Number); got.Unit != "tax" || got.State != routing.StateDispatched || got.District != "浑南区" || got.Item != "2.3" {
			t.Errorf("assigned: %+v", got)
		}
		if e := w.lastEvent(c.Number); e.Data.Note != "集中分办" || e.Actor.ID != w.users["office"].ID {
			t.Errorf("its event: %+v", e)
		}
	}
	for _, c := range []routing.Case{moved, foreign} {
		if got := w.load(c.Number); got.State != routing.StateTriage {
			t.Errorf("%s became %s", c.Number, got.State)
		}
		if !strings.Contains(done.body[strings.Index(done.body, "bulk-left"):], c.Number) {
			t.Errorf("%s is not among what was left", c.Number)
		}
	}
	again := w.post("office", "/console/bulk/done", append(send, "unit", "tax")...).want(200, "办好 0 件")
	if w.load(first.Number).Version != 2 {
		t.Errorf("sent twice, it was done twice: %s", again.body)
	}
	if !strings.Contains(w.log.String(), `msg="bulk step taken" action=assign`) {
		t.Error("the log doesn't tell of it")
	}
}

func TestSeveralCasesAreUrgedAtOnce(t *testing.T) {
	t.Parallel()
	w := start(t)
	waits, signed, closed := w.file(), w.at(routing.StateSigned), w.at(routing.StateClosed)
	value := func(c routing.Case) string { return c.Number + ":" + strconv.FormatInt(c.Version, 10) }
	list := ticks(w.get("office", "/console?state=all"))
	if !slices.Contains(list, value(waits)) || !slices.Contains(list, value(signed)) || slices.Contains(list, value(closed)) {
		t.Errorf("boxes %v", list)
	}
	for _, role := range []string{"operator", "unit"} {
		if got := ticks(w.get(role, "/console?state=all")); got != nil {
			t.Errorf("%s may tick %v", role, got)
		}
	}
	w.post("office", "/console/bulk", "action", "urge", "case", value(waits), "case", value(signed), "case", value(closed), "case", value(waits)).
		want(200, "将要办理 2 件", "不能办理 1 件", "催办 2 件")
	w.post("office", "/console/bulk/done", "action", "urge", "case", value(waits), "case", value(signed)).want(200, "办好 2 件，没有办 0 件")
	for _, c := range []routing.Case{waits, signed} {
		if w.load(c.Number).Urges != 1 {
			t.Errorf("%s was urged %d times", c.Number, w.load(c.Number).Urges)
		}
	}
	for name, fields := range map[string][]string{
		"no case": {"action", "urge"}, "no action": {"case", value(waits)}, "another action": {"action", "strike-off", "case", value(closed)},
		"no version": {"action", "urge", "case", waits.Number}, "version 0": {"action", "urge", "case", waits.Number + ":0"},
	} {
		if a := w.post("office", "/console/bulk", fields...).complete(); a.Code != 422 {
			t.Errorf("%s: %d", name, a.Code)
		}
	}
	w.post("office", "/console/bulk", "action", "urge", "case", "JS20200101-000000:1").want(404)
	many := []string{"action", "urge"}
	for i := range mostAtOnce + 1 {
		many = append(many, "case", fmt.Sprintf("JS20261124-%06d:1", i))
	}
	w.post("office", "/console/bulk", many...).want(422, "一次最多办理 100 件")
}

func TestAnExportNamesNobodyAndIsOnRecord(t *testing.T) {
	t.Parallel()
	w := start(t)
	open := w.file(func(c *routing.Complaint) {
		c.Text += "联系人欧阳试之，电话13800138000。"
		c.Contact = caller
	})
	hidden := w.at(routing.StateSigned, confidential)
	formula := w.file(func(c *routing.Complaint) {
		c.Text = "=HYPERLINK(\"http://evil\")拖欠"
		c.Contact.Enterprise = "@SUM(A1)"
	})
	foreign := w.at(routing.StateTriage)
	a := w.get("office", "/console/export/csv?state=all").want(200)
	if got := a.Header().Get("Content-Disposition"); got != `attachment; filename="jiesu-20261124-1001.csv"` || !strings.HasPrefix(a.Header().Get("Content-Type"), "text/csv") {
		t.Errorf("head %q", got)
	}
	a.lacks(caller.Phone, caller.Name, "欧阳")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\ufeff"))).ReadAll()
	must(t, err)
	if len(rows) != 5 || rows[0][0] != "编号" {
		t.Fatalf("%d rows: %v", len(rows), rows)
	}
	row := map[string][]string{}
	for _, r := range rows[1:] {
		row[r[0]] = r
	}
	at := func(number, column string) string { return row[number][slices.Index(rows[0], column)] }
	if at(open.Number, "企业名称") != caller.Enterprise || at(open.Number, "状态") != "已派单" || at(open.Number, "牵头单位") != "市财政局" || at(open.Number, "登记时间") != "2026-11-24 10:00" {
		t.Errorf("an open case: %q", row[open.Number])
	}
	if at(hidden.Number, "企业名称") != "" || at(hidden.Number, "标记") != "匿名办理" {
		t.Errorf("a confidential case: %q", row[hidden.Number])
	}
	if got := at(formula.Number, "诉求内容") + at(formula.Number, "企业名称"); !strings.HasPrefix(got, "'=HYPERLINK") || !strings.Contains(got, "'@SUM") {
		t.Errorf("a formula: %q", got)
	}
	if !strings.Contains(at(open.Number, "时限情况"), "签收剩") {
		t.Errorf("clocks: %q", at(open.Number, "时限情况"))
	}
	// The list's filters, order and walls hold.
	only := w.get("office", "/console/export/csv?state=signed&q="+url.QueryEscape("拖欠")).want(200)
	if strings.Count(only.body, "JS2026") != 1 || !strings.Contains(only.body, hidden.Number) {
		t.Errorf("filtered: %s", only.body)
	}
	w.get("unit", "/console/export/csv?state=all").want(200, open.Number, hidden.Number).lacks(foreign.Number)
	w.get("other", "/console/export/csv?state=all").want(200).lacks("JS2026")

	book := w.get("admin", "/console/export/xlsx?state=all").want(200)
	files, err := zip.NewReader(bytes.NewReader(book.Body.Bytes()), int64(book.Body.Len()))
	must(t, err)
	var text strings.Builder
	for _, f := range files.File {
		r, err := f.Open()
		must(t, err)
		content, err := io.ReadAll(r)
		must(t, err)
		text.Write(content)
	}
	for _, want := range []string{open.Number, hidden.Number, foreign.Number, "市财政局"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the workbook lacks %q", want)
		}
	}
	for _, secret := range []string{caller.Phone, "欧阳", "<f>"} {
		if strings.Contains(text.String(), secret) {
			t.Errorf("the workbook has %q", secret)
		}
	}
	for _, line := range []string{"actor_id=" + w.users["office"].ID + " role=office unit=\"\" kind=csv rows=4", "kind=xlsx rows=4", "unit=finance kind=csv rows=3"} {
		if !strings.Contains(w.log.String(), line) {
			t.Errorf("the log lacks %q:\n%s", line, w.log)
		}
	}
	for range exportsPerHour {
		w.get("office", "/console/export/csv")
	}
	w.get("office", "/console/export/csv").want(http.StatusTooManyRequests)
	w.clock.add(2 * time.Hour)
}

func TestCategoryGroupsCountOverAllUnits(t *testing.T) {
	t.Parallel()
	w := start(t)
	for range 3 {
		w.file()
	}
	w.at(routing.StateStruckOff)
	w.at(routing.StateWithdrawn)
	w.at(routing.StateTriage) // of category 2
	helped := w.file()
	w.act("office", helped.Number, routing.Step{Action: routing.ActionReassign, Unit: other, Item: item})
	cells := func(a answer, group string) []string {
		t.Helper()
		i := strings.Index(a.body, `<tr data-group="`+group+`"`)
		if i < 0 {
			t.Fatalf("no line %q:\n%s", group, a.body)
		}
		line := a.body[i:]
		var list []string
		for _, part := range strings.Split(line[:strings.Index(line, "</tr>")], "</td>") {
			list = append(list, strings.TrimSpace(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(part, ""))))
		}
		return list
	}
	all := w.get("office", "/console/groups").want(200, "政府失信", "服务意识差", "方案外事项").complete()
	// open, late, then the ten states, all, share of what is accepted: one of five
	if got, want := strings.Join(cells(all, "1"), "|"), "政府失信4|0|0|4|0|0|0|0|1|1|0|0|6|20%20%|"; got != want {
		t.Errorf("category 1: %s, want %s", got, want)
	}
	if got := cells(all, "2"); got[0] != "办事不方便1" {
		t.Errorf("category 2: %v", got)
	}
	one := w.get("office", "/console/groups/1").want(200, helped.Number, "市财政局", "市商务局").complete()
	if got := cells(one, lead); got[0] != "市财政局3" {
		t.Errorf("finance: %v", got)
	}
	if got := cells(one, other); got[0] != "市商务局1" {
		t.Errorf("commerce: %v", got)
	}
	w.clock.add(30 * 24 * time.Hour)
	delete(w.cookies, "office") // the login has run out
	if got := cells(w.get("office", "/console/groups"), "1"); got[1] != "4" {
		t.Errorf("a month later: %v", got)
	}
	// Each figure leads to its cases.
	if got := numbers(w.get("office", "/console?category=1&unit=finance&state=dispatched").want(200)); len(got) != 3 {
		t.Errorf("the cases behind a figure: %v", got)
	}
}

func TestTemplatesAreOfTheUnitAlone(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	w.get("unit", casePath(c)).lacks("插入常用答复")
	w.post("unit", "/console/replies", "name", " 已拨付 ", "body", "款项已列入本月拨付计划。").to("/console/replies")
	w.post("unit", "/console/replies", "name", "已拨付", "body", "另一条").want(422, "已有同名", "另一条").complete()
	w.post("unit", "/console/replies", "name", "空的", "body", " ").want(422, "请填写内容")
	a := w.get("unit", "/console/replies").want(200, "已拨付", "款项已列入本月拨付计划。").complete()
	w.get("other", "/console/replies").want(200, "还没有常用答复").lacks("已拨付")
	path := regexp.MustCompile(`/console/replies/[0-9A-Za-z]+`).FindString(a.body)
	w.post("other", path, "name", "x", "body", "篡改").want(404)
	w.post("other", path+"/delete").want(404)
	w.get("unit", casePath(c)).want(200, "插入常用答复", "款项已列入本月拨付计划。")
	w.get("office", casePath(c)).lacks("插入常用答复")
	w.post("unit", path, "name", "已拨付", "body", "款项今天已经拨付。").to("/console/replies")
	w.get("unit", casePath(c)).want(200, "款项今天已经拨付。").lacks("本月拨付计划")
	w.post("unit", path+"/delete").to("/console/replies")
	w.get("unit", "/console/replies").want(200, "还没有常用答复")
	for i := range mostReplies {
		w.post("unit", "/console/replies", "name", fmt.Sprint("第", i), "body", "x").want(303)
	}
	w.post("unit", "/console/replies", "name", "太多", "body", "x").want(422, "最多 50 条")
}

func TestACaseOnPaperHidesWhatTheScreenHides(t *testing.T) {
	t.Parallel()
	w := start(t)
	open, hidden := w.at(routing.StateReplied), w.at(routing.StateReplied, confidential)
	w.get("unit", casePath(open, "print")).want(200, "营商环境诉求办理单", open.Number, "款项已列入本月拨付计划。", "138****8000", "欧**").lacks(caller.Phone, caller.Name)
	w.get("office", casePath(hidden, "print")).want(200, caller.Enterprise, "匿名办理").lacks(caller.Phone, caller.Name)
	w.get("unit", casePath(hidden, "print")).want(200, "匿名办理").lacks(caller.Enterprise, caller.Phone, caller.Name, "欧**", "138****")
	w.get("other", casePath(open, "print")).want(404)
}

func TestASearchThatFindsVeryManySaysSo(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *Config) { c.Desk = routing.NewDesk(crowded{c.Store}, c.Plan, c.Live, c.Now) })
	c := w.file()
	w.get("office", "/console?q=拖欠").want(200, c.Number, "找到的工单很多，不逐一计数").lacks("待处理<b>")
	w.get("office", "/console").want(200, "待处理<b>")
}

// crowded counts no search.
type crowded struct{ routing.Store }

func (s crowded) CountByState(ctx context.Context, q routing.Query) (map[routing.State]int, error) {
	if q.Text != "" {
		return nil, fmt.Errorf("count: %w", routing.ErrTooMany)
	}
	return s.Store.CountByState(ctx, q)
}
