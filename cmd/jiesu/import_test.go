package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"jiesu/routing"
)

// orderHead are the columns of an invented export.
var orderHead = []string{"工单编号", "受理时间", "联系人", "联系电话（手机）", "企业名称", "诉求内容", "所属区县", "是否保密", "承办单位"}

func orderRow(n int) []string {
	return []string{fmt.Sprintf("SY%06d", n), "2026-11-20 09:30", "赵某", fmt.Sprintf("138%08d", n), fmt.Sprintf("虚构第%d建筑公司", n),
		fmt.Sprintf("区政府拖欠我公司第%d期工程款三百万元，催了两年没有给。", n), "铁西", []string{"是", "否", ""}[n%3], "某街道办"}
}

func csvOf(t *testing.T, rows ...[]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func fileWith(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWorkOrdersAreFiledOnceHoweverOftenTheyAreImported(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, url string) {
		env := append(serveEnv(t, "http://127.0.0.1:1"), "JIESU_DATABASE_URL="+url)
		rows := [][]string{{"12345热线工单导出（2026年11月）"}, orderHead}
		for n := range 120 {
			rows = append(rows, orderRow(n))
		}
		wrong, formula := orderRow(500), orderRow(501)
		wrong[3], formula[1], formula[4] = "12", "2036-01-01", "=1+1"
		rows = append(rows, wrong, formula, make([]string, len(orderHead)), orderRow(3)) // the last is there twice
		content, err := simplifiedchinese.GB18030.NewEncoder().Bytes(csvOf(t, rows...))
		if err != nil {
			t.Fatal(err)
		}
		path := fileWith(t, "orders.csv", content)

		out, errs, code := command(t, env, "", "import", "--in", path, "--dry-run")
		if code != 0 || strings.Count(out, "可登记") != 121 || !strings.Contains(out, "联系电话：不是可以拨打的号码") || !strings.Contains(out, "受理时间：时间在现在以后") {
			t.Fatalf("dry run: %d %s\n%s", code, errs, out)
		}
		out, errs, code = command(t, env, "", "import", "--in", path)
		if code != 0 || !strings.Contains(errs, "124 orders") && !strings.Contains(errs, "123 orders") || !strings.Contains(errs, "filed 120, known 1, changed 0, wrong 2") {
			t.Fatalf("import: %d %s\n%s", code, errs, out)
		}
		rejected, err := os.ReadFile(path + ".rejected.csv")
		if err != nil || !bytes.HasPrefix(rejected, []byte("\ufeff工单编号")) || bytes.Count(rejected, []byte("\n")) != 3 || !bytes.Contains(rejected, []byte("'=1+1")) {
			t.Errorf("rejected rows: %v\n%s", err, rejected)
		}
		rows[2][5] += "（又来电补充）"
		_, errs, code = command(t, env, "", "import", "--in", fileWith(t, "again.csv", csvOf(t, rows...)))
		if code != 0 || !strings.Contains(errs, "filed 0, known 120, changed 1, wrong 2") {
			t.Errorf("again: %d %s", code, errs)
		}
	})
}

// A run that is broken off anywhere and begun again comes to what one run comes to.
func TestAnImportThatIsBrokenOffIsBegunAgain(t *testing.T) {
	t.Parallel()
	env := serveEnv(t, "http://127.0.0.1:1")
	rows := [][]string{orderHead}
	for n := range 400 {
		rows = append(rows, orderRow(n))
	}
	path := fileWith(t, "orders.csv", csvOf(t, rows...))
	for tries, limit := 0, 300*time.Millisecond; ; tries, limit = tries+1, limit*3/2 {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		var out, errs bytes.Buffer
		run(ctx, []string{"import", "--in", path}, world{env, strings.NewReader(""), &out, &errs, nil})
		whole := ctx.Err() == nil
		cancel()
		if whole || tries > 20 {
			break
		}
	}
	_, errs, code := command(t, env, "", "import", "--in", path)
	if code != 0 || !strings.Contains(errs, "filed 0, known 400, changed 0, wrong 0") {
		t.Errorf("%d %s", code, errs)
	}
}

func TestAWorkbookOfWorkOrdersIsRead(t *testing.T) {
	t.Parallel()
	env := serveEnv(t, "http://127.0.0.1:1")
	f := excelize.NewFile()
	set := func(cell string, v any) {
		t.Helper()
		if err := f.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	set("A1", "营商环境类工单")
	for i, h := range []string{"编号", "来电时间", "手机号", "主要内容", "整治问题", "承办单位", "所属区县"} {
		set(fmt.Sprintf("%c3", 'A'+i), h)
	}
	set("A4", 20261124001)                                    // numbers, as spreadsheets make them
	set("B4", time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)) // a serial number with a format
	set("C4", 13800001234)
	set("D4", "开发票来回跑了三趟，窗口每次都说材料不齐。")
	set("E4", "2.3")
	set("F4", "市税务局")
	set("G4", "沈阳市和平区")
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	path := fileWith(t, "orders.xlsx", b.Bytes())
	out, errs, code := command(t, env, "", "import", "--in", path, "--dry-run")
	if code != 0 || !strings.Contains(out, "4\t可登记\t已派单\t2.3\t市税务局\t和平区") {
		t.Fatalf("%d %s\n%s", code, errs, out)
	}
	out, errs, code = command(t, env, "", "import", "--in", path, "--map", "unit=", "--map", "text=4")
	if code != 0 || !strings.Contains(errs, "filed 1,") {
		t.Errorf("%d %s\n%s", code, errs, out)
	}
}

func TestFilesThatAreNoWorkOrdersAreRefusedPlainly(t *testing.T) {
	t.Parallel()
	env := serveEnv(t, "http://127.0.0.1:1")
	for _, tt := range []struct {
		name    string
		content []byte
		args    []string
		says    string
	}{
		{"empty", nil, nil, "文件里没有内容"},
		{"spaces", []byte(" \n\n"), nil, "文件里没有内容"},
		{"old workbook", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), nil, "旧版 XLS"},
		{"broken workbook", []byte("PK\x03\x04nothing more"), nil, "读不了这个文件"},
		{"picture", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d\xff\xff"), nil, "读不了这个文件"},
		{"no text", csvOf(t, []string{"工单编号", "电话"}, []string{"1", "13800001234"}), nil, "没有找到“诉求内容”一列"},
		{"a column twice", csvOf(t, orderHead, orderRow(1)), []string{"--map", "title=6"}, "同一列不能用于两个项目"},
		{"no such column", csvOf(t, orderHead, orderRow(1)), []string{"--map", "title=标题"}, "no column"},
		{"no such field", csvOf(t, orderHead, orderRow(1)), []string{"--map", "king=1"}, "no such field"},
	} {
		out, errs, code := command(t, env, "", append([]string{"import", "--in", fileWith(t, "orders", tt.content)}, tt.args...)...)
		if code != 1 || !strings.Contains(errs, tt.says) {
			t.Errorf("%s: %d %q %q", tt.name, code, out, errs)
		}
	}
}

func TestEveryMistakeInAnOrderIsSaid(t *testing.T) {
	t.Parallel()
	plan, err := loadPlan()
	if err != nil {
		t.Fatal(err)
	}
	words, err := loadWording()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := loadOrderRules()
	if err != nil {
		t.Fatal(err)
	}
	head := []string{"编号", "时间", "联系人", "电话", "企业名称", "标题", "内容", "整治问题", "承办单位", "区县", "紧急程度", "是否保密", "备注"}
	head[1] = "受理时间"
	mapping := rules.Guess(head)
	if len(mapping) != len(head) {
		t.Fatalf("%d of %d columns are known", len(mapping), len(head))
	}
	now := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		column int
		cell   string
		says   string // "" for none
	}{
		{6, "", ""}, // the title is there
		{6, strings.Repeat("字", routing.MaxText), "太长"},
		{1, "明天", "看不懂这个时间"}, {1, "2026-11-27", "在现在以后"}, {1, "2026年11月2日 9:05", ""}, {1, "46340.5", ""}, {1, "46360.5", "在现在以后"},
		{3, "110", "可以拨打"}, {3, "024-22331122", ""}, {3, "+86 138 0000 1234", ""},
		{2, strings.Repeat("长", 61), "超过60个字"}, {4, strings.Repeat("长", 201), "超过200个字"},
		{7, "9.9", "33项"}, {7, "1.1 拖欠企业工程款", ""},
		{8, "市税务局", "不是该整治问题的牵头单位"}, {8, "市财政局", ""}, {8, "某街道办", ""},
		{9, "火星区", "不是本市"}, {9, "铁西", ""},
		{10, "非常急", "特急"}, {10, "特急", ""}, {11, "也许", "系统不猜"}, {11, "y", ""},
	} {
		o := routing.WorkOrder{Line: 2, Cells: []string{"A1", "", "", "", "", "拖欠", "工程款没有给", "1.1", "", "", "", "", ""}}
		o.Cells[tt.column] = tt.cell
		_, err := rules.Complaint(o, mapping, plan, words, now)
		if (err != nil) != (tt.says != "") {
			t.Errorf("%s %.20q: %v", head[tt.column], tt.cell, err)
			continue
		}
		var bad *routing.InvalidError
		if errors.As(err, &bad) && (!strings.Contains(bad.Say(words), tt.says) || !words.Has("order.field."+bad.Field)) {
			t.Errorf("%s %.20q: %s", head[tt.column], tt.cell, bad.Say(words))
		}
	}
}
