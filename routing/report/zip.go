package report

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"github.com/xuri/excelize/v2"
)

// orderedZip writes the files of a workbook in the order of their names. excelize walks its sheets in the order of a map, which would make
// another file each time.
type orderedZip struct {
	to    io.Writer
	files map[string]*bytes.Buffer
}

func newOrderedZip(to io.Writer) excelize.ZipWriter {
	return &orderedZip{to, map[string]*bytes.Buffer{}}
}

// Create implements excelize.ZipWriter.
func (z *orderedZip) Create(name string) (io.Writer, error) {
	z.files[name] = &bytes.Buffer{}
	return z.files[name], nil
}

// AddFS implements excelize.ZipWriter; nothing calls it.
func (z *orderedZip) AddFS(fs.FS) error { return errors.ErrUnsupported }

// Close implements excelize.ZipWriter.
func (z *orderedZip) Close() error {
	w := zip.NewWriter(z.to)
	for _, name := range slices.Sorted(maps.Keys(z.files)) {
		f, err := w.Create(name)
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		if _, err := f.Write(z.files[name].Bytes()); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return w.Close()
}
