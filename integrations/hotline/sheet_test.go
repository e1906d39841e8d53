package hotline_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"jiesu/configs"
	"jiesu/integrations/hotline"
	"jiesu/routing"
)

func workbook(t testing.TB, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range rows {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetSheetRow("Sheet1", cell, &row); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// orders is what a file is read with.
type orders struct {
	rules routing.OrderRules
	plan  routing.Plan
	words routing.Wording
}

func loadOrders(t testing.TB) (o orders) {
	t.Helper()
	words, err := configs.Wording()
	if err := errors.Join(err, configs.DecodeOwn("orders.yaml", "", &o.rules), configs.Decode("plan/taxonomy.yaml", &o.plan)); err != nil {
		t.Fatal(err)
	}
	o.words = words
	return o
}

// check reads the file. Whatever file comes, it is refused with a reason for a person, or read row by row to its end, each row further down than the one
// before and of bounded width; and each row is a complaint or says which of its cells is wrong.
func (o orders) check(t *testing.T, content []byte) {
	t.Helper()
	wanted := func(err error) {
		t.Helper()
		if bad := (*routing.InvalidError)(nil); !errors.As(err, &bad) || bad.Say(o.words) == "" {
			t.Fatalf("no reason for a person: %v", err)
		}
	}
	sheet, err := hotline.Open(content, o.rules)
	if err != nil {
		wanted(err)
		return
	}
	defer func() { _ = sheet.Close() }()
	mapping, last := o.rules.Guess(sheet.Headings), sheet.Line
	now := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	for range 10_000 {
		order, err := sheet.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			wanted(err)
			return
		}
		if order.Line <= last || len(order.Cells) > 200 {
			t.Fatalf("line %d after %d, %d cells", order.Line, last, len(order.Cells))
		}
		last = order.Line
		if c, err := o.rules.Complaint(order, mapping, &o.plan, o.words, now); err != nil {
			wanted(err)
		} else if c.Text == "" || c.ExternalID == "" {
			t.Fatalf("a complaint of nothing: %+v", c)
		}
	}
}

func FuzzOrderFile(f *testing.F) {
	o := loadOrders(f)
	f.Add(workbook(f, []any{"工单编号", "诉求内容", "来电号码", "受理时间"}, []any{"1", "拖欠工程款三年", "13800001234", "2026-11-20 10:00"}, []any{"2", 3.5, true, 45000}))
	f.Add([]byte("工单编号,诉求内容,来电号码\n1,\"拖欠，\n三年\",13800001234\n"))
	f.Add([]byte("\xef\xbb\xbf标题\n\n诉求内容;来电号码\na;b;c\n"))
	f.Add([]byte("\xff\xfeA\x00,\x00B\x00\n\x00"))
	f.Add([]byte("\xcb\xdf\xc7\xf3\xc4\xda\xc8\xdd,x\n1,2\n"))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("\xd0\xcf\x11\xe0"))
	f.Add([]byte("\"\n"))
	f.Fuzz(func(t *testing.T, content []byte) { o.check(t, content) })
}

// FuzzWorkbook changes what is inside of a workbook, which changes to the packed file hardly ever reach.
func FuzzWorkbook(f *testing.F) {
	o := loadOrders(f)
	base := workbook(f, []any{"工单编号", "诉求内容", "来电号码"}, []any{"1", "拖欠工程款三年", "13800001234"})
	parts := map[string]string{}
	unpacked, err := zip.NewReader(bytes.NewReader(base), int64(len(base)))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range unpacked.File {
		r, err := file.Open()
		if err != nil {
			f.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			f.Fatal(err)
		}
		parts[file.Name] = string(content)
	}
	const sheet, shared, book = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"
	f.Add(parts[sheet], parts[shared], parts[book])
	f.Add(`<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>诉求内容</t></is></c></row><row r="9"><c r="XFD9" t="s"><v>99</v></c></row></sheetData></worksheet>`, "<sst/>", parts[book])
	f.Add(`<worksheet><sheetData><row r="0"/><row r="-1"/><row r="1048577"><c r="AAAA1"/></row></sheetData></worksheet>`, "", parts[book])
	f.Add(parts[sheet], "<sst><si><r><t>诉求</t></r><r><t>内容</t></r></si></sst>", "<workbook/>")
	f.Fuzz(func(t *testing.T, sheetXML, sharedXML, bookXML string) {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for name, content := range parts {
			switch name {
			case sheet:
				content = sheetXML
			case shared:
				content = sharedXML
			case book:
				content = bookXML
			}
			part, err := w.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(part, content); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		o.check(t, b.Bytes())
	})
}
