package console

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

// numbers are the cases of a list page, in its order.
func numbers(a answer) []string {
	var list []string
	for _, part := range strings.Split(a.body, `<tr data-number="`)[1:] {
		list = append(list, part[:strings.Index(part, `"`)])
	}
	return list
}

func TestListShowsOpenCasesFirstAndEveryStateByTab(t *testing.T) {
	t.Parallel()
	w := start(t)
	byState := map[string][]string{}
	for _, s := range routing.States() {
		n := w.at(s).Number
		w.clock.add(time.Minute)
		byState[string(s)] = append(byState[string(s)], n)
		byState["all"] = append(byState["all"], n)
		if s.Open() {
			byState["open"] = append(byState["open"], n)
		}
	}
	for tab, want := range byState {
		slices.Reverse(want) // the newest first
		a := w.get("office", "/console?state="+tab).want(200, fmt.Sprintf(`class="s-%s" aria-current="page"`, tab))
		if got := numbers(a); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", tab, got, want)
		}
		if !strings.Contains(a.body, fmt.Sprintf("<b>%d</b>", len(want))) {
			t.Errorf("%s: no count of %d", tab, len(want))
		}
	}
	for _, address := range []string{"/console", "/console?state=nonsense", "/console?state=%3Cscript%3E"} {
		if got := numbers(w.get("office", address).want(200)); !slices.Equal(got, byState["open"]) {
			t.Errorf("%s: %v", address, got)
		}
	}
}

func TestListFiltersAndSearches(t *testing.T) {
	t.Parallel()
	w := start(t)
	sure := w.at(routing.StateSigned)
	torn := w.at(routing.StateTriage)
	w.act("office", sure.Number, step(routing.ActionSupervise, "盯紧"))
	for query, want := range map[string]string{
		"unit=finance": sure.Number, "item=2.3": torn.Number, "district=浑南区": torn.Number, "supervised=1": sure.Number,
		"q=" + torn.Number: torn.Number, "q= " + sure.Number + " ": sure.Number, "q=外墙保温": sure.Number, "q=发票&district=浑南区": torn.Number,
		"q=发票&unit=finance": "", "q=%25": "", "q='%3B drop table cases%3B --": "", "item=other": "", "unit=none": "",
	} {
		v, err := url.ParseQuery(query)
		must(t, err)
		a := w.get("office", "/console?"+v.Encode()).want(200, "清除条件")
		if got := strings.Join(numbers(a), " "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
		for field := range v {
			if v.Get(field) != "1" && field != "unit" && !strings.Contains(a.body, strings.TrimSpace(strings.ReplaceAll(v.Get(field), "'", "&#39;"))) {
				t.Errorf("%s: the form has forgotten %s", query, field)
			}
		}
	}
	if a := w.get("office", "/console?unit=finance"); !strings.Contains(a.body, `href="/console?state=signed&amp;unit=finance"`) {
		t.Error("a tab drops the filter")
	}
}

func TestListOfAUnitIsItsOwn(t *testing.T) {
	t.Parallel()
	w := start(t)
	mine := w.at(routing.StateSigned)
	w.at(routing.StateTriage)
	if got := numbers(w.get("unit", "/console?state=all").want(200)); !slices.Equal(got, []string{mine.Number}) {
		t.Errorf("own: %v", got)
	}
	for _, path := range []string{"/console?state=all", "/console?state=all&unit=finance", "/console?state=all&q=" + mine.Number} {
		w.get("other", path).want(200, "全部<b>0</b>").lacks(`data-number="` + mine.Number)
	}
	w.get("other", "/console").want(200, "都办完了")
	w.get("other", "/console?state=closed").want(200, "这个状态下没有工单")
	w.get("other", "/console?q=x").want(200, "没有符合条件的工单")
}

func TestLongListsHavePages(t *testing.T) {
	t.Parallel()
	w := start(t)
	const n = pageSize + 2
	for range n {
		w.file()
		w.clock.add(time.Second)
	}
	first := w.get("office", "/console?q=外墙").want(200, "下一页").lacks("回到首页")
	next := first.body[strings.Index(first.body, `/console?cursor=`):]
	next = strings.ReplaceAll(next[:strings.Index(next, `"`)], "&amp;", "&")
	second := w.get("office", next).want(200, "回到首页").lacks("下一页")
	all := append(numbers(first), numbers(second)...)
	slices.Sort(all)
	if len(slices.Compact(all)) != n {
		t.Errorf("%d different cases on both pages, want %d", len(slices.Compact(all)), n)
	}
	w.get("office", "/console?q=外墙&cursor=mangled").to("/console?q=" + url.QueryEscape("外墙"))
}

func TestTimesAreSaidAsInBeijing(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.clock.add(-48 * time.Hour * 200)
	old := w.file()
	w.clock.add(48 * time.Hour * 200)
	w.file()
	w.get("office", "/console").want(200, "11月24日 10:00", `datetime="2026-11-24T02:00:00Z"`, "2025年10月20日 10:00")
	w.get("office", casePath(old)).want(200, "2025年10月20日 10:00")
}
