package console

import (
	"context"
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

// tick does what the clocks job does.
func (w *world) tick(number string) {
	w.t.Helper()
	w.update(func(ctx context.Context, tx routing.Tx) error {
		_, err := w.desk.TickIn(ctx, tx, number)
		return err
	})
}

// later turns the clock on; whoever was signed in signs in again.
func (w *world) later(d time.Duration) {
	w.clock.add(d)
	clear(w.cookies)
}

func TestListsSayInWordsWhatIsLeft(t *testing.T) {
	t.Parallel()
	w := start(t) // Tuesday, 24 November 2026, 10:00
	c := w.file()
	for _, tt := range []struct {
		after time.Duration
		want  string
		lacks []string
	}{
		{0, `<span class="clock c-calm">签收剩 1 个工作日</span>`, []string{"快到期 1 件", "已超期 1 件"}},
		{24 * time.Hour, `<span class="clock c-calm">签收剩 5 小时 30 分钟</span>`, []string{"快到期 1 件"}},
		{5*time.Hour + 30*time.Minute, `<span class="clock c-soon">签收剩 1 小时 30 分钟</span>`, []string{"已超期 1 件"}},
		{91 * time.Minute, `<span class="clock c-late">签收超期 不到 1 分钟</span>`, []string{"快到期 1 件"}},
		{17*time.Hour + 4*time.Minute, `<span class="clock c-late">签收超期 1 小时 35 分钟</span>`, nil}, // 10:05 on Thursday
		{24 * time.Hour, `<span class="clock c-late">签收超期 1 个工作日 1 小时</span>`, nil},
	} {
		w.later(tt.after)
		w.tick(c.Number)
		page := w.get("unit", "/console").complete().want(200, tt.want).lacks(tt.lacks...)
		if strings.Contains(tt.want, "c-late") {
			page.want(200, "已超期 1 件", `href="/console?clock=late&amp;state=all"`)
		}
	}
	w.get("unit", "/console?clock=late&state=all").want(200, c.Number, "清除条件")
	w.get("unit", "/console?clock=missing&state=all").lacks(c.Number)
	w.get("other", "/console").lacks("已超期 1 件")
	w.act("unit", c.Number, step(routing.ActionSign, ""))
	w.get("unit", "/console").lacks("签收超期").want(200, "首次联系")
}

func TestTriageSaysHowLongTheOfficeHas(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.at(routing.StateTriage)
	w.get("office", "/console/triage").complete().want(200, "派单剩 1 个工作日")
}

func TestTheCasePageExplainsEachClock(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.file()
	w.get("unit", casePath(c)).complete().want(200, "时限怎么算的", "15 个工作日", "湖北省营商环境投诉办理要求", "11月24日 周二", "开始的当天不计入", "11月28日 周六", "周末",
		"08:30–11:30、13:00–17:00", "计 1 个工作日", "12月15日 17:00", "民法典第二百零一条")
	w.act("office", c.Number, routing.Step{Action: routing.ActionExtend, Days: 3, Note: "同意"})
	w.act("unit", c.Number, step(routing.ActionRefuse, "不属于本单位职责。"))
	w.get("unit", casePath(c)).complete().want(200, "15 个工作日，另准予延期 3 个工作日", "起暂停计时", "首次联系暂停，剩 3 个工作日", "派单剩 1 个工作日")
	w.act("office", c.Number, routing.Step{Action: routing.ActionReassign, Unit: lead, Note: "退单理由不成立"})
	w.act("unit", c.Number, step(routing.ActionSign, ""), step(routing.ActionReply, "好了"))
	w.act("complainant", c.Number, step(routing.ActionRedo, "没有好"))
	w.get("unit", casePath(c)).complete().want(200, "5 个工作日（重办期限）", "办理按时完成")
	w.get("office", casePath(c)).complete().want(200, "告知按时完成")
}

func TestUrgentCasesRunDayAndNight(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.post("operator", "/console/file", "text", complaint, "urgency", "danger", "phone", "13800138000").want(200, "登记好了")
	w.get("unit", "/console").complete().want(200, "涉险", "签收剩 2 小时")
	c := w.at(routing.StateTriage)
	w.post("office", casePath(c, "assign"), "version", "1", "item", item, "unit", lead, "urgency", "urgent").to(casePath(c))
	w.get("office", casePath(c)).complete().want(200, "168 小时（不分昼夜）", "紧急程度：紧急", "24 小时（不分昼夜）")
	w.post("office", casePath(c, "reassign"), "version", "2", "item", item, "unit", other, "urgency", "extreme").want(422, "没有这个紧急程度")
	w.post("office", casePath(c, "reassign"), "version", "2", "item", item, "unit", other, "urgency", "ordinary").to(casePath(c))
	if got := w.load(c.Number).Urgency; got != routing.UrgencyOrdinary {
		t.Errorf("urgency %q", got)
	}
}

func TestAYearWithoutCalendarIsToldToTheOffice(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.clock.add(35 * 24 * time.Hour) // 29 December
	c := w.file()
	w.get("office", "/console").complete().want(200, "没有 2027 年的工作日历", "缺工作日历 1 件", "缺 2027 年工作日历")
	w.get("unit", "/console").lacks("没有 2027 年的工作日历（")
	w.get("unit", casePath(c)).complete().want(200, "缺 2027 年工作日历，办理时限无法计算", "没有 2027 年的节假日和调休安排，不作推测", "现在无法确定")
	w.get("office", "/console?clock=missing&state=all").want(200, c.Number)
}

func TestTheLadderIsOnTheTimelineButNotOnTheComplainantsPage(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.file()
	w.clock.add(14 * 24 * time.Hour)
	w.tick(c.Number)
	w.get("unit", casePath(c)).complete().want(200, `data-action="bulletin"`, `data-action="supervise"`, "签收时限，截止 11月25日 17:00", "通报 2 次")
	w.get("", "/p/"+c.Token).complete().want(200, `data-action="supervise"`).lacks(`<li data-action="urge"`, `<li data-action="bulletin"`, `<li data-action="warn"`, "通报", "超期")
	w.get("office", "/console?clock=named&state=all").want(200, c.Number)
}
