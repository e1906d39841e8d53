package report

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// Table is one sheet. A cell is a string, an int, a float64 (a number to calculate with) or a time.Time (written in Beijing time);
// nil leaves it empty.
type Table struct {
	// Name of the sheet: at most 31 characters, none of : \ / ? * [ ].
	Name    string
	Title   string // over the columns, "" for none
	Columns []Column
	Rows    [][]any
	// Stream writes rows after Rows, for tables that are too long to hold; nil for none.
	Stream func(write func(row []any) error) error
	Notes  []string // under the rows: formulas, exclusions
}

// Column is a column's head and width in characters; 0 is 14.
type Column struct {
	Head  string
	Width float64
}

// ErrTable reports a table that is no sheet: a row longer than the columns, or a cell of another kind.
var ErrTable = errors.New("no sheet")

// beijing is the zone of everything that people in the office read.
var beijing = time.FixedZone("UTC+8", 8*60*60)

// WriteXLSX writes one workbook with the tables as sheets. The same tables give the same bytes: at is the workbook's time of making. No text
// is ever a formula, whoever wrote it.
func WriteXLSX(w io.Writer, at time.Time, tables ...Table) (err error) {
	book := excelize.NewFile().SetZipWriter(newOrderedZip)
	defer func() { err = errors.Join(err, book.Close()) }()
	stamp := at.UTC().Format(time.RFC3339)
	if err := book.SetDocProps(&excelize.DocProperties{Created: stamp, Modified: stamp, Creator: "jiesu"}); err != nil {
		return fmt.Errorf("date workbook: %w", err)
	}
	style, err := newStyles(book)
	if err != nil {
		return err
	}
	for i, t := range tables {
		if i == 0 {
			err = book.SetSheetName("Sheet1", t.Name)
		} else {
			_, err = book.NewSheet(t.Name)
		}
		if err != nil {
			return fmt.Errorf("add sheet %s: %w", t.Name, err)
		}
		if err := t.stream(book, style); err != nil {
			return fmt.Errorf("write sheet %s: %w", t.Name, err)
		}
	}
	if err := book.Write(w); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return nil
}

// styles of a workbook's cells.
type styles struct{ title, head, note int }

func newStyles(book *excelize.File) (s styles, err error) {
	make := func(into *int, style excelize.Style) {
		if err == nil {
			*into, err = book.NewStyle(&style)
		}
	}
	make(&s.title, excelize.Style{Font: &excelize.Font{Bold: true, Size: 14}})
	make(&s.head, excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EEF4"}},
		Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}})
	make(&s.note, excelize.Style{Font: &excelize.Font{Color: "666666"}})
	if err != nil {
		return s, fmt.Errorf("style workbook: %w", err)
	}
	return s, nil
}

func (t Table) stream(book *excelize.File, style styles) error {
	out, err := book.NewStreamWriter(t.Name)
	if err != nil {
		return err
	}
	for i, c := range t.Columns {
		width := c.Width
		if width == 0 {
			width = 14
		}
		if err := out.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	line := 0
	write := func(cells []any) error {
		line++
		at, err := excelize.CoordinatesToCellName(1, line)
		if err != nil {
			return err
		}
		return out.SetRow(at, cells)
	}
	if t.Title != "" {
		if err := write([]any{excelize.Cell{StyleID: style.title, Value: t.Title}}); err != nil {
			return err
		}
	}
	head := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = excelize.Cell{StyleID: style.head, Value: c.Head}
	}
	if err := write(head); err != nil {
		return err
	}
	if err := t.each(write); err != nil {
		return err
	}
	for _, note := range t.Notes {
		if err := write([]any{excelize.Cell{StyleID: style.note, Value: note}}); err != nil {
			return err
		}
	}
	return out.Flush()
}

// each writes the cells of every row.
func (t Table) each(write func(cells []any) error) error {
	n := 0
	one := func(row []any) error {
		n++
		cells, err := t.cells(row)
		if err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
		return write(cells)
	}
	for _, row := range t.Rows {
		if err := one(row); err != nil {
			return err
		}
	}
	if t.Stream == nil {
		return nil
	}
	return t.Stream(one)
}

func (t Table) cells(row []any) ([]any, error) {
	if len(row) > len(t.Columns) {
		return nil, fmt.Errorf("%w: %d cells under %d heads", ErrTable, len(row), len(t.Columns))
	}
	cells := make([]any, len(row))
	for i, value := range row {
		switch v := value.(type) {
		case nil, int, float64:
			cells[i] = v
		case string:
			cells[i] = cut(v)
		case time.Time:
			cells[i] = v.In(beijing).Format("2006-01-02 15:04")
		default:
			return nil, fmt.Errorf("%w: a cell of kind %T", ErrTable, value)
		}
	}
	return cells, nil
}

// cut keeps what a cell of a spreadsheet can hold.
func cut(s string) string {
	const most = excelize.TotalCellChars
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// WriteCSV writes a table's heads and rows for a spreadsheet: UTF-8 with the mark that makes it read so, and an apostrophe before
// whatever it would take for a formula (OWASP, CSV Injection).
func WriteCSV(w io.Writer, t Table) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	head := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = harmless(c.Head)
	}
	if err := out.Write(head); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	err := t.each(func(cells []any) error {
		line := make([]string, len(cells))
		for i, cell := range cells {
			switch v := cell.(type) {
			case nil:
			case string:
				line[i] = harmless(v)
			default:
				line[i] = fmt.Sprint(v)
			}
		}
		return out.Write(line)
	})
	if err != nil {
		return err
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
