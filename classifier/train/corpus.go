// Package train makes models from labelled texts and measures them. Nothing that serves needs it.
package train

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"jiesu/classifier"
)

// Row is one labelled text. The JSON names are those of the corpus files.
type Row struct {
	Text string `json:"text"`
	// Item is an item of the plan, other, or any label of a foreign task.
	Item string `json:"item"`
	// Unit is the lead unit, "" for other and foreign labels.
	Unit string `json:"unit"`
	// District is the full name of the district of the matter, "" for none.
	District string `json:"district"`
	// Style is the voice; one author per style.
	Style string `json:"style"`
	Hard  bool   `json:"hard"`
	// Trap is a text of a batch that was written to mislead. The model learns from it and is measured on it, but what confidence is worth
	// trust is found on the others, since no city writes like that.
	Trap bool `json:"trap"`
	// Batch is the file that the row came from. Rows of a batch are alike beyond their label, so that honest measuring holds out whole batches.
	Batch string `json:"-"`
}

// ErrRow reports a line that is no labelled text; the message names the file and the line, never the text.
var ErrRow = errors.New("bad training row")

// maxLine bounds a line in bytes: a letter of a million characters fits.
const maxLine = 4 << 20

// ReadPath reads a .jsonl or .tsv file, or all of them in a folder, in order of name.
func ReadPath(path string, tax classifier.Taxonomy) ([]Row, error) {
	files := []string{path}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("find corpus: %w", err)
	}
	if info.IsDir() {
		if files, err = corpusFiles(path); err != nil {
			return nil, err
		}
	}
	var rows []Row
	for _, name := range files {
		more, err := readFile(name, tax)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%w: %s holds none", ErrRow, path)
	}
	return rows, nil
}

func corpusFiles(dir string) ([]string, error) {
	var files []string
	for _, pattern := range []string{"*.jsonl", "*.tsv"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, fmt.Errorf("list corpus: %w", err)
		}
		files = append(files, names...)
	}
	slices.Sort(files)
	return files, nil
}

func readFile(path string, tax classifier.Taxonomy) ([]Row, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open corpus: %w", err)
	}
	defer file.Close()
	read := ReadTSV
	if strings.HasSuffix(path, ".jsonl") {
		read = ReadJSONL
	}
	rows, err := read(file, tax)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	for i := range rows {
		rows[i].Batch = filepath.Base(path)
	}
	return rows, nil
}

// ReadJSONL reads one JSON object per line. A label or district that the taxonomy doesn't know, or no text,
// is ErrRow.
func ReadJSONL(r io.Reader, tax classifier.Taxonomy) ([]Row, error) {
	return readLines(r, func(line string) (Row, error) {
		var row Row
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			return row, fmt.Errorf("%w: %w", ErrRow, err)
		}
		switch {
		case strings.TrimSpace(row.Text) == "":
			return row, fmt.Errorf("%w: no text", ErrRow)
		case !tax.Valid(row.Item, row.Unit):
			return row, fmt.Errorf("%w: label %q/%q is outside the plan", ErrRow, row.Item, row.Unit)
		case row.District != "" && !slices.Contains(tax.Districts, row.District):
			return row, fmt.Errorf("%w: district %q is not one of the city's", ErrRow, row.District)
		}
		return row, nil
	})
}

// ReadTSV reads label<TAB>text lines with labels of any kind. A label item/unit that the taxonomy allows, e.g. 1.1/finance, is taken apart.
func ReadTSV(r io.Reader, tax classifier.Taxonomy) ([]Row, error) {
	return readLines(r, func(line string) (Row, error) {
		label, text, ok := strings.Cut(line, "\t")
		label = strings.TrimSpace(label)
		if !ok || label == "" {
			return Row{}, fmt.Errorf("%w: no label<TAB>text", ErrRow)
		}
		if item, unit, ok := strings.Cut(label, "/"); ok && tax.Valid(item, unit) {
			return Row{Text: text, Item: item, Unit: unit}, nil
		}
		return Row{Text: text, Item: label}, nil
	})
}

func readLines(r io.Reader, parse func(string) (Row, error)) ([]Row, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	var rows []Row
	number := 1
	for ; lines.Scan(); number++ {
		line := strings.TrimPrefix(lines.Text(), "\ufeff")
		if strings.TrimSpace(line) == "" {
			continue
		}
		row, err := parse(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		rows = append(rows, row)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", number, err)
	}
	return rows, nil
}

// Fingerprint tells corpora apart: texts, labels and batches in their order. The model keeps it, so that a test can say that the
// embedded model is not the one that the corpus makes.
func Fingerprint(rows []Row) string {
	sum := sha256.New()
	for _, row := range rows {
		for _, field := range [...]string{row.Batch, row.Item, row.Unit, row.Text} {
			fmt.Fprintf(sum, "%d:%s", len(field), field)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
