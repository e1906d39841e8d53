package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"jiesu/routing"
)

func TestTheLedgerHasTheOfficesColumns(t *testing.T) {
	t.Parallel()
	plan := &routing.Plan{UnitByID: map[string]routing.PlanUnit{"finance": {Name: "市财政局"}, "court": {Name: "市法院"}},
		Categories: []routing.Category{{ID: "1", Name: "政府失信", Items: []routing.Item{{ID: "1.1", Name: "拖欠工程款"}}}}}
	words := routing.Wording{"channel.hotline": "热线", "channel.wechat": "微信", "ledger.sheet.source.count": "{channel} {n} 件", "ledger.sheet.separator": "；",
		"ledger.sheet.comma": "、", "ledger.sheet.hidden": "（匿名）", "ledger.sheet.none": "无（{reason}）", "ledger.sheet.yes": "是", "ledger.sheet.no_yet": "否", "ledger.sheet.name": "台账"}
	due := time.Date(2026, 12, 31, 15, 59, 59, 0, time.UTC)
	entries := []routing.LedgerEntry{
		{Problem: routing.Problem{Number: "TZ1", State: routing.ProblemStruckOff, Category: "1", Item: "1.1", Unit: "finance", Assisting: []string{"court"},
			Measure: "=拨付", Person: "王某", DueAt: due, LastNote: "已付", StruckAt: due, NoMechanism: "个案", Returns: 1}, Said: "拖欠",
			Sources: []routing.Channel{routing.ChannelHotline, routing.ChannelWeChat, routing.ChannelHotline}, Districts: []string{"铁西区"}},
		{Problem: routing.Problem{Number: "TZ2", State: routing.ProblemOpen, Unit: "finance", StruckAt: due, Mechanism: "按月清欠"}},
		{Problem: routing.Problem{Number: "TZ3", State: routing.ProblemOpen, Cause: "预算"}, Said: "拖欠"},
	}
	table := Ledger(entries, true, plan, words, due)
	for i, want := range []string{
		"1|TZ1|政府失信|拖欠工程款|热线 2 件；微信 1 件|拖欠|3|市财政局|铁西区、市法院|=拨付|王某|2026-12-31|已付|是|2026-12-31|无（个案）|1",
		"2|TZ2||ledger.sheet.other||（匿名）|0|市财政局||||||否||按月清欠|0",
		"3|TZ3||ledger.sheet.other||预算|0|||||||否|||0",
	} {
		cells := make([]string, len(table.Rows[i]))
		for n, c := range table.Rows[i] {
			cells[n] = fmt.Sprint(c)
		}
		if got := strings.Join(cells, "|"); got != want {
			t.Errorf("row %d:\n%s\nwant\n%s", i+1, got, want)
		}
	}
	if len(table.Notes) != 2 {
		t.Errorf("notes: %v", table.Notes)
	}
	var b bytes.Buffer
	if err := WriteXLSX(&b, due, table); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := book.GetRows("台账")
	if err != nil || len(rows) != 1+1+3+2 || rows[2][9] != "=拨付" {
		t.Errorf("%d rows, %v: %v", len(rows), err, rows)
	}
}
