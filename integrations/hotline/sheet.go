package hotline

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"jiesu/routing"
)

const (
	// MaxFile is the largest file that is read, in bytes.
	MaxFile = 100 << 20
	// maxUnpacked bounds what a workbook, which is a ZIP archive, may unpack to.
	maxUnpacked = 1 << 30
	// headRows is how far down the headings are looked for: titles and dates stand above them in many exports.
	headRows = 20
	// maxColumns bounds a row.
	maxColumns = 200
)

// Sheet is a file of work orders: its headings, and its rows one after the other.
type Sheet struct {
	Headings []string
	Line     int // of the headings, counted from 1
	rows     rows
	ahead    [][]string // read while the headings were looked for
	at       int
}

// rows reads a table row by row; io.EOF after the last.
type rows interface {
	next() ([]string, error)
	Close() error
}

// Open reads a workbook (XLSX, its first sheet with anything in it) or a CSV file in UTF-8, UTF-16 or GB18030, told apart by its content. The headings are the row,
// among the first, in which the rules know the most columns. Error: *routing.InvalidError.
func Open(content []byte, rules routing.OrderRules) (*Sheet, error) {
	if len(content) > MaxFile {
		return nil, &routing.InvalidError{Field: "file", Key: "error.order_file_size"}
	}
	source, err := open(content)
	if err != nil {
		return nil, err
	}
	s := &Sheet{rows: source}
	best, known := -1, 0
	for range headRows {
		row, err := source.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(err, source.Close())
		}
		s.ahead = append(s.ahead, row)
		if n := len(rules.Guess(row)); n > known {
			best, known = len(s.ahead)-1, n
		}
	}
	if best < 0 { // nothing is known: the first row that isn't a title
		for i, row := range s.ahead {
			if filled(row) > 1 || len(s.ahead) == 1 {
				best = i
				break
			}
		}
	}
	if best < 0 {
		return nil, errors.Join(&routing.InvalidError{Field: "file", Key: "error.order_file_empty"}, source.Close())
	}
	s.Headings, s.Line = s.ahead[best], best+1
	s.ahead, s.at = s.ahead[best+1:], best+1
	return s, nil
}

func filled(row []string) (n int) {
	for _, c := range row {
		if strings.TrimSpace(c) != "" {
			n++
		}
	}
	return n
}

// Next is the next row with anything in it; io.EOF after the last.
func (s *Sheet) Next() (routing.WorkOrder, error) {
	for {
		row, err := s.row()
		if err != nil {
			return routing.WorkOrder{}, err
		}
		s.at++
		if filled(row) > 0 {
			return routing.WorkOrder{Line: s.at, Cells: row}, nil
		}
	}
}

func (s *Sheet) row() ([]string, error) {
	if len(s.ahead) > 0 {
		row := s.ahead[0]
		s.ahead = s.ahead[1:]
		return row, nil
	}
	return s.rows.next()
}

// Close lets go of the file.
func (s *Sheet) Close() error { return s.rows.Close() }

func open(content []byte) (rows, error) {
	switch {
	case len(bytes.TrimSpace(content)) == 0:
		return nil, &routing.InvalidError{Field: "file", Key: "error.order_file_empty"}
	case bytes.HasPrefix(content, []byte("PK\x03\x04")):
		return openWorkbook(content)
	case bytes.HasPrefix(content, []byte("\xd0\xcf\x11\xe0")): // XLS, or a workbook with a password
		return nil, &routing.InvalidError{Field: "file", Key: "error.order_file_old"}
	}
	text, err := decode(content)
	if err != nil {
		return nil, err
	}
	return openCSV(text), nil
}

// decode brings text to UTF-8.
func decode(content []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(content, []byte("\xff\xfe")), bytes.HasPrefix(content, []byte("\xfe\xff")):
		text, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Bytes(content)
		if err != nil {
			return nil, &routing.InvalidError{Field: "file", Key: "error.order_file_kind"}
		}
		content = text
	case bytes.HasPrefix(content, []byte("\xef\xbb\xbf")):
		content = content[3:]
	case !utf8.Valid(content):
		text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(content)
		if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
			return nil, &routing.InvalidError{Field: "file", Key: "error.order_file_kind"}
		}
		content = text
	}
	if !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
		return nil, &routing.InvalidError{Field: "file", Key: "error.order_file_kind"}
	}
	return content, nil
}

// csvRows are the records of a CSV file.
type csvRows struct{ r *csv.Reader }

func openCSV(text []byte) csvRows {
	r := csv.NewReader(bufio.NewReader(bytes.NewReader(text)))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = separator(text), -1, true
	return csvRows{r}
}

// separator is what stands most often in the first lines.
func separator(text []byte) rune {
	head := text[:min(len(text), 4096)]
	best, most := ',', 0
	for _, sep := range []rune{',', '\t', ';'} {
		if n := bytes.Count(head, []byte(string(sep))); n > most {
			best, most = sep, n
		}
	}
	return best
}

func (c csvRows) next() ([]string, error) {
	row, err := c.r.Read()
	var broken *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.As(err, &broken), len(row) > maxColumns:
		return nil, &routing.InvalidError{Field: "file", Key: "error.order_file_kind"}
	case err != nil:
		return nil, fmt.Errorf("read work orders: %w", err)
	}
	return row, nil
}

// Close implements io.Closer.
func (csvRows) Close() error { return nil }

// workbookRows are the rows of a sheet of a workbook, read as they come.
type workbookRows struct {
	file *excelize.File
	rows *excelize.Rows
}

func openWorkbook(content []byte) (rows, error) {
	// Raw values: a telephone number formatted as a number would come as 1.38E+10, a time in whatever form the sheet shows.
	f, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: 32 << 20})
	if err != nil {
		return nil, &routing.InvalidError{Field: "file", Key: "error.order_file_kind"}
	}
	for _, name := range f.GetSheetList() {
		if visible, err := f.GetSheetVisible(name); err != nil || !visible {
			continue
		}
		r, err := f.Rows(name)
		if err != nil {
			continue
		}
		if r.Next() { // begin anew: the first row was only asked for
			if err := r.Close(); err != nil {
				return nil, errors.Join(&routing.InvalidError{Field: "file", Key: "error.order_file_kind"}, f.Close())
			}
			again, err := f.Rows(name)
			if err != nil {
				return nil, errors.Join(&routing.InvalidError{Field: "file", Key: "error.order_file_kind"}, f.Close())
			}
			return &workbookRows{f, again}, nil
		}
		_ = r.Close()
	}
	return nil, errors.Join(&routing.InvalidError{Field: "file", Key: "error.order_file_empty"}, f.Close())
}

func (w *workbookRows) next() ([]string, error) {
	if !w.rows.Next() {
		if err := w.rows.Error(); err != nil {
			return nil, &routing.InvalidError{Field: "file", Key: "error.order_file_kind"}
		}
		return nil, io.EOF
	}
	row, err := w.rows.Columns()
	if err != nil || len(row) > maxColumns {
		return nil, &routing.InvalidError{Field: "file", Key: "error.order_file_kind"}
	}
	return row, nil
}

// Close implements io.Closer.
func (w *workbookRows) Close() error { return errors.Join(w.rows.Close(), w.file.Close()) }
