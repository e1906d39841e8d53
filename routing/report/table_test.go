package report_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"jiesu/routing/report"
)

var made = time.Date(2026, 11, 26, 1, 2, 3, 0, time.UTC)

func table() report.Table {
	return report.Table{Name: "台账", Title: "问题台账", Columns: []report.Column{{Head: "编号", Width: 20}, {Head: "件数"}, {Head: "时间"}},
		Rows:  [][]any{{"=HYPERLINK(\"http://x\")", 3, made}, {"-1+1", 0.5, nil}, {"正常"}},
		Notes: []string{"说明"}}
}

func TestNoTextOfASheetIsAFormula(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	if err := report.WriteXLSX(&file, made, table(), report.Table{Name: "第二张", Columns: []report.Column{{Head: "a"}}}); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if names := book.GetSheetList(); len(names) != 2 || names[0] != "台账" {
		t.Errorf("sheets %v", names)
	}
	for cell, want := range map[string]string{"A1": "问题台账", "B2": "件数", "A3": "=HYPERLINK(\"http://x\")", "B3": "3", "C3": "2026-11-26 09:02", "A4": "-1+1", "A6": "说明"} {
		if got, err := book.GetCellValue("台账", cell); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", cell, got, err, want)
		}
		if formula, err := book.GetCellFormula("台账", cell); err != nil || formula != "" {
			t.Errorf("%s is the formula %q, %v", cell, formula, err)
		}
	}
}

func TestTheSameTableIsTheSameFile(t *testing.T) {
	t.Parallel()
	var a, b bytes.Buffer
	for _, file := range []*bytes.Buffer{&a, &b} {
		if err := report.WriteXLSX(file, made, table()); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two files of one table differ")
	}
}

func TestNoTextOfACommaSeparatedFileIsAFormula(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	if err := report.WriteCSV(&file, table()); err != nil {
		t.Fatal(err)
	}
	want := "\ufeff编号,件数,时间\r\n\"'=HYPERLINK(\"\"http://x\"\")\",3,2026-11-26 09:02\r\n'-1+1,0.5,\r\n正常\r\n"
	if file.String() != want {
		t.Errorf("got %q, want %q", file.String(), want)
	}
}

func TestATableThatIsNoSheetIsRefused(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string][][]any{"too long": {{"a", "b"}}, "odd kind": {{struct{}{}}}} {
		if err := report.WriteXLSX(&bytes.Buffer{}, made, report.Table{Name: "a", Columns: []report.Column{{Head: "a"}}, Rows: rows}); !errors.Is(err, report.ErrTable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestALongTableIsWrittenRowByRow(t *testing.T) {
	t.Parallel()
	table := report.Table{Name: "清单", Columns: []report.Column{{Head: "编号"}, {Head: "内容"}}, Rows: [][]any{{"first", nil}},
		Stream: func(write func(row []any) error) error {
			for i := range 3 {
				if err := write([]any{i, "=1+1"}); err != nil {
					return err
				}
			}
			return nil
		}}
	var text bytes.Buffer
	if err := report.WriteCSV(&text, table); err != nil {
		t.Fatal(err)
	}
	if got, want := text.String(), "\ufeff编号,内容\r\nfirst,\r\n0,'=1+1\r\n1,'=1+1\r\n2,'=1+1\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	var book bytes.Buffer
	if err := report.WriteXLSX(&book, time.Unix(0, 0), table); err != nil || book.Len() == 0 {
		t.Errorf("a workbook of %d bytes, %v", book.Len(), err)
	}
	broken := errors.New("the database went away")
	table.Stream = func(func([]any) error) error { return broken }
	if err := report.WriteCSV(&text, table); !errors.Is(err, broken) {
		t.Errorf("a stream that breaks: %v", err)
	}
	if err := report.WriteXLSX(&book, time.Unix(0, 0), table); !errors.Is(err, broken) {
		t.Errorf("a workbook that breaks: %v", err)
	}
	table.Stream = func(write func([]any) error) error { return write([]any{1, 2, 3}) }
	if err := report.WriteCSV(&text, table); !errors.Is(err, report.ErrTable) {
		t.Errorf("a row too long: %v", err)
	}
}
