package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/schollz/progressbar/v3"

	"jiesu/classifier/train"
)

// trainCommand makes a model file. The same input gives the same bytes.
type trainCommand struct {
	In  string `required:"" type:"path" help:"A label<TAB>text file (.tsv), a corpus file (.jsonl) or a folder of them."`
	Out string `required:"" type:"path" help:"Model file to write."`
}

// Run implements the command.
func (c trainCommand) Run(ctx context.Context, w world) error {
	tax, err := loadTaxonomy()
	if err != nil {
		return err
	}
	rows, err := train.ReadPath(c.In, tax)
	if err != nil {
		return fmt.Errorf("read corpus: %w", err)
	}
	options := train.DefaultOptions()
	var bar *progressbar.ProgressBar
	options.Progress = func(done, total int) {
		if bar == nil {
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(w.stderr), progressbar.OptionSetDescription("training"),
				progressbar.OptionClearOnFinish(), progressbar.OptionShowCount())
		}
		_ = bar.Set(done) // a bar that can't be drawn stops nothing
	}
	model, report, err := train.Train(ctx, rows, tax, options)
	if err != nil {
		return fmt.Errorf("train on %s: %w", c.In, err)
	}
	if err := writeFile(c.Out, model.Save); err != nil {
		return err
	}
	if err := report.Print(w.stderr); err != nil {
		return fmt.Errorf("print report: %w", err)
	}
	_, err = fmt.Fprintf(w.stderr, "model %s of %d texts written to %s; the figures above are of held-out batches\n", model.Version(), len(rows), c.Out)
	return err
}

// writeFile writes beside the file and renames, so that what breaks off never leaves half of one.
func writeFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".jiesu-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
