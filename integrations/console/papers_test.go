package console

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"jiesu/routing"
	"jiesu/routing/report"
)

// made files cases of everybody's over some weeks, works on them, and has the papers of the month made.
func (w *world) made() (month report.Period) {
	w.t.Helper()
	must(w.t, w.turn(time.Date(2026, 10, 9, 1, 0, 0, 0, time.UTC)))
	items := map[string]string{"1.1": "finance", "1.2": "commerce", "2.3": "tax", "4.3": "market-regulation", "5.3": "ecology", "6.2": "power", "8.1": "business-environment"}
	n := 0
	for i, item := range []string{"1.1", "1.1", "1.2", "2.3", "4.3", "5.3", "6.2", "8.1", "1.1"} {
		for j := range 9 - i {
			n++
			w.clock.add(time.Duration(7+n%5) * time.Hour)
			unit, district := items[item], w.plan.Districts[(i+j)%len(w.plan.Districts)]
			c := w.file(func(c *routing.Complaint) {
				c.Placement = &routing.Placement{Item: item, Unit: unit, District: district}
				c.Channel = []routing.Channel{routing.ChannelWeChat, routing.ChannelHotline, routing.ChannelWeb}[n%3]
				c.Confidential = n%4 == 0
			})
			w.work(c, n, routing.Actor{Role: routing.RoleUnit, Unit: unit})
		}
	}
	must(w.t, w.turn(time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)))
	month = report.Period{Kind: report.Monthly, Year: 2026, N: 10}
	for _, p := range []report.Period{month, {Kind: report.Weekly, Year: 2026, N: 43}, {Kind: report.Quarterly, Year: 2026, N: 4}} {
		_, err := w.console.Press.Make(w.t.Context(), p, "")
		must(w.t, err)
	}
	return month
}

// turn sets the clock.
func (w *world) turn(to time.Time) error {
	w.clock.add(to.Sub(w.clock.now()))
	return nil
}

// work takes the nth case some way.
func (w *world) work(c routing.Case, n int, unit routing.Actor) {
	w.t.Helper()
	act := func(a routing.Actor, s routing.Step) {
		w.t.Helper()
		if _, err := w.desk.Act(w.t.Context(), a, c.Number, s); err != nil {
			w.t.Fatal(err)
		}
		w.clock.add(20 * time.Minute)
	}
	if n%11 == 0 {
		act(unit, step(routing.ActionRefuse, "不属于本单位职责。"))
		return
	}
	if n%9 == 0 {
		return // nobody does anything
	}
	act(unit, step(routing.ActionSign, ""))
	act(unit, step(routing.ActionProgress, "已联系。"))
	act(unit, step(routing.ActionReply, "已办理。"))
	who := routing.Actor{Role: routing.RoleComplainant, ID: c.ComplainantID}
	solved := []routing.Solved{routing.SolvedYes, routing.SolvedYes, routing.SolvedPartly, routing.SolvedNo}[n%4]
	act(who, routing.Step{Action: routing.ActionRate, Rating: &routing.Rating{Solved: solved, Satisfied: 1 + n%5}})
	if solved == routing.SolvedNo {
		act(who, step(routing.ActionRedo, "没有解决。"))
		return
	}
	act(unit, step(routing.ActionClose, ""))
	act(w.actor("office"), step(routing.ActionStrikeOff, ""))
}

func TestPapersShowEachWhatTheyMayRead(t *testing.T) {
	t.Parallel()
	w := start(t)
	month := w.made()
	city, own, other := report.Path(month, report.WholeCity()), report.Path(month, report.Scope{Kind: report.OfUnit, ID: lead}), report.Path(month, report.Scope{Kind: report.OfUnit, ID: "tax"})
	w.get("office", "/console/papers").complete().want(http.StatusOK, "2026年10月", city, "2026年第43周", "现在生成")
	w.get("office", city).complete().want(http.StatusOK, "月调度（2026年10月）", "市财政局", "JS2026", `data-chart=`, "cases?figure=filed")
	w.get("office", other).want(http.StatusOK, "市税务局", "JS2026")
	w.get("office", report.Path(month, report.Scope{Kind: report.OfDistrict, ID: "和平区"})).complete().want(http.StatusOK, "和平区")

	w.get("unit", "/console/papers").complete().want(http.StatusOK, own, city).lacks("现在生成")
	w.get("unit", own).complete().want(http.StatusOK, "市财政局", "JS2026", "cases?figure=filed")
	w.get("unit", city).complete().want(http.StatusOK, "市税务局").lacks("JS2026", "cases?figure")
	for _, path := range []string{other, other + "/workbook.xlsx", other + "/print.html", city + "/cases?figure=filed", report.Path(month, report.Scope{Kind: report.OfCategory, ID: "1"})} {
		w.get("unit", path).want(http.StatusForbidden).lacks("JS2026")
	}
	w.post("unit", "/console/papers", "period", "2026-11").want(http.StatusForbidden)
	for _, path := range []string{"/console/papers", city, city + "/print.html", city + "/cases?figure=filed"} {
		w.get("operator", path).want(http.StatusForbidden)
	}
	for _, path := range []string{"/console/papers/2026-13/city", "/console/papers/2026-09/city", "/console/papers/2026-10/nowhere", city + "/cases?figure=none", city + "/cases",
		own + "/cases?figure=filed&unit=tax"} {
		w.get("office", path).want(http.StatusNotFound)
	}
	for _, path := range []string{city, own, city + "/print.html", own + "/print.html", city + "/cases?figure=filed"} {
		w.get("office", path).want(http.StatusOK).lacks(caller.Enterprise, caller.Name, caller.Phone, "138****8000", complaint[:30], "已办理。")
	}
	if a := w.get("office", city+"/workbook.xlsx"); a.Code != http.StatusOK || !strings.HasPrefix(a.body, "PK") || !strings.Contains(a.Header().Get("Content-Disposition"), "2026-10-city.xlsx") {
		t.Errorf("workbook: %d %v", a.Code, a.Header())
	}
	if a := w.get("unit", city+"/print.html"); !strings.Contains(a.body, "<style>") || strings.Contains(a.body, "<script") || strings.Contains(a.body, "JS2026") {
		t.Errorf("page to print: %s", a.body)
	}
}

var figureLink = regexp.MustCompile(`<a href="(/console/papers/[^"]+/cases\?[^"]+)">(\d+)</a>`)

// Every figure that leads somewhere leads to as many cases as it says.
func TestEveryFigureLeadsToItsCases(t *testing.T) {
	t.Parallel()
	w := start(t)
	month := w.made()
	counted := regexp.MustCompile(`共(\d+)件?次`)
	for _, scope := range []report.Scope{report.WholeCity(), {Kind: report.OfUnit, ID: lead}} {
		seen := map[string]bool{}
		page := w.get("office", report.Path(month, scope)).body
		links := figureLink.FindAllStringSubmatch(page, -1)
		if len(links) < 20 {
			t.Fatalf("%s has %d links", scope, len(links))
		}
		for _, m := range links {
			path := strings.ReplaceAll(m[1], "&amp;", "&")
			if seen[path] {
				continue
			}
			seen[path] = true
			a := w.get("office", path).complete().want(http.StatusOK)
			if got := counted.FindStringSubmatch(a.body); got == nil || got[1] != m[2] {
				t.Errorf("%s says %s, and leads to %v", path, m[2], got)
			}
		}
	}
}

func TestTheOfficeHasPapersMadeAnew(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.file()
	w.get("office", "/console/papers").complete().want(http.StatusOK, "还没有生成过")
	w.post("office", "/console/papers", "period", "2026-11").to("/console/papers/2026-11/city")
	w.get("office", "/console/papers/2026-11/city").complete().want(http.StatusOK, "尚未结束")
	w.file()
	w.clock.add(time.Minute)
	w.post("office", "/console/papers", "period", "2026-11").to("/console/papers/2026-11/city")
	if f, err := w.console.Press.Figures(t.Context(), report.Period{Kind: report.Monthly, Year: 2026, N: 11}); err != nil || counted(f, report.Filed) != 2 || counted(f, report.ProblemsOpened) != 2 {
		t.Errorf("%+v, %v", f, err)
	}
	w.post("office", "/console/papers", "period", "2027-01").want(http.StatusUnprocessableEntity, "还没有开始")
	w.post("office", "/console/papers", "period", "soon").want(http.StatusUnprocessableEntity, "没有这一期")
}

func counted(f report.Figures, of report.Figure) (n int) {
	for _, c := range f.Cells {
		n += c.Counts[of]
	}
	return n
}

// The papers of the last week, month and quarter are made once each, and again when they were made too early.
func TestPapersAreMadeWhenTheirPeriodIsOver(t *testing.T) {
	t.Parallel()
	w := start(t) // a Tuesday in November
	press := w.console.Press
	_, err := press.Make(t.Context(), report.Period{Kind: report.Weekly, Year: 2026, N: 48}, "office")
	must(t, err)
	must(t, press.MakeDue(t.Context()))
	kept := func() (list []string) {
		papers, err := press.Papers(t.Context(), 10)
		must(t, err)
		for _, p := range papers {
			list = append(list, fmt.Sprintf("%s %t%s", p.Period, p.Until.Before(p.Span.To), p.MadeBy))
		}
		return list
	}
	if got := fmt.Sprint(kept()); got != "[2026-W48 trueoffice 2026-W47 false 2026-10 false 2026-Q3 false]" {
		t.Errorf("kept: %s", got)
	}
	w.clock.add(7 * 24 * time.Hour)
	must(t, press.MakeDue(t.Context()))
	must(t, press.MakeDue(t.Context()))
	if got := fmt.Sprint(kept()); got != "[2026-11 false 2026-W48 false 2026-W47 false 2026-10 false 2026-Q3 false]" {
		t.Errorf("a week later: %s", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := press.MakeDue(ctx); err == nil {
		t.Error("a database that doesn't answer is not told")
	}
}

func TestPapersLookRightOnEveryScreen(t *testing.T) {
	w := start(t)
	month := w.made()
	server := w.serve()
	b := startBrowser(t, server.URL)
	for _, s := range []size{{"360", 360, 780}, {"1920", 1920, 1080}} {
		p := b.tab(s)
		p.signIn("office")
		p.open("/console/papers")
		p.shoot("papers", s)
		for name, path := range map[string]string{"paper-city": report.Path(month, report.WholeCity()),
			"paper-quarter": "/console/papers/2026-Q4/city", "paper-unit": report.Path(month, report.Scope{Kind: report.OfUnit, ID: lead})} {
			p.open(path)
			p.await(`document.querySelectorAll("figure[data-chart]").length > 0 && [...document.querySelectorAll("figure[data-chart]")].every(f => f.dataset.drawn && f.querySelector("canvas").width > 0)`)
			p.shoot(name, s)
		}
		p.open(report.Path(month, report.WholeCity()) + "/cases?" + url.Values{"figure": {"filed"}, "item": {"1.1"}}.Encode())
		p.shoot("paper-cases", s)
		p.quiet()
	}
}

func TestTheOfficeDrawsASampleForAThirdParty(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.made()
	w.get("office", "/console/papers").want(200, `action="/console/sample.xlsx"`, `<option value="2026-10">2026年10月`, `<option value="2026-Q3">2026年第3季度`, `<option value="2025">2025年`).lacks(`value="2026-11">2026年`)
	w.get("unit", "/console/papers").want(200).lacks("sample.xlsx")
	for path, says := range map[string]string{"?period=2026-13": "请从列表里选", "?period=2026-W40": "请从列表里选", "?period=2026-10&size=0": "1 到 10000", "?period=2026-10&size=x": "1 到 10000"} {
		w.get("office", samplePath+path).want(422, says)
	}
	for _, role := range []string{"unit", "operator", ""} {
		if a := w.get(role, samplePath+"?period=2026-10"); a.Code == 200 {
			t.Errorf("%q got a sample", role)
		}
	}
	first := w.get("office", samplePath+"?period=2026-10&size=5").want(200)
	if got := first.Header().Get("Content-Disposition"); got != `attachment; filename="sample-2026-10.xlsx"` || !strings.HasPrefix(first.body, "PK") {
		t.Errorf("%s, %d bytes", got, len(first.body))
	}
	if again := w.get("office", samplePath+"?period=2026-10&size=5"); again.body != first.body {
		t.Error("drawn again, the sample is another")
	}
}
