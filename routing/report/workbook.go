package report

import (
	"io"
	"strings"
)

// WriteXLSX writes the paper as a workbook: a sheet of the large figures, and one for each section. The same paper gives the same bytes.
func (d Document) WriteXLSX(w io.Writer) error {
	first := Table{Name: "1", Title: d.Title, Columns: []Column{{Head: d.Whose, Width: 22}, {Width: 14}, {Width: 44}}, Notes: append(append([]string{}, d.Facts...), d.Notes...)}
	if d.Warning != "" {
		first.Notes = append([]string{d.Warning}, first.Notes...)
	}
	for _, h := range d.Heads {
		first.Rows = append(first.Rows, []any{h.Label, h.Value, h.Small})
	}
	tables := []Table{first}
	for _, s := range d.Sections {
		tables = append(tables, s.sheet())
	}
	return WriteXLSX(w, d.Until, tables...)
}

// sheet is the section's tables one under the other, and its lists of numbers.
func (s Section) sheet() Table {
	t := Table{Name: sheetName(s.Title), Title: s.Title, Notes: s.Notes}
	wide := 1
	for i, g := range s.Tables {
		head := g.heads()
		wide = max(wide, len(head))
		if i == 0 {
			for _, h := range head {
				t.Columns = append(t.Columns, Column{Head: h})
			}
		} else {
			t.Rows = append(t.Rows, nil)
			row := make([]any, len(head))
			for j, h := range head {
				row[j] = h
			}
			t.Rows = append(t.Rows, row)
		}
		for _, r := range g.Rows {
			t.Rows = append(t.Rows, g.cells(r))
		}
	}
	for _, l := range s.Lists {
		t.Rows = append(t.Rows, nil, []any{l.Title})
		for _, n := range l.Numbers {
			t.Rows = append(t.Rows, []any{n})
		}
	}
	for len(t.Columns) < wide {
		t.Columns = append(t.Columns, Column{})
	}
	t.Columns[0].Width = 26
	return t
}

// heads are the columns' heads; a rate has three columns.
func (g Grid) heads() []string {
	var list []string
	for _, c := range g.Columns {
		list = append(list, c.Head)
		if c.Rate {
			list = append(list, c.Parts[:]...)
		}
	}
	return list
}

func (g Grid) cells(row []Datum) []any {
	var list []any
	for i, d := range row {
		var v any = d.Text
		if d.Value != nil {
			v = d.Value
		}
		list = append(list, v)
		if g.Columns[i].Rate {
			list = append(list, d.Small, strings.TrimSpace(d.Span+" "+d.Mark))
		}
	}
	return list
}

// sheetName keeps of a title what a sheet may be called.
func sheetName(title string) string {
	r := []rune(strings.NewReplacer(":", "", `\`, "", "/", "", "?", "", "*", "", "[", "", "]", "").Replace(title))
	return string(r[:min(31, len(r))])
}
