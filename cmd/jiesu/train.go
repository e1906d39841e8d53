package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"

	"jiesu/classifier"
	"jiesu/classifier/train"
)

// trainCommand makes a model file. The same input gives the same bytes.
type trainCommand struct {
	In       string `required:"" type:"path" help:"A label<TAB>text file (.tsv), a corpus file (.jsonl) or a folder of them."`
	Out      string `required:"" type:"path" help:"Model file to write."`
	Feedback string `type:"existingfile" help:"Rows of jiesu feedback to learn from too."`
	Frozen   string `type:"path" help:"Texts never learnt from: the model is only written if it isn't worse on them than the one in use."`
	Than     string `type:"existingfile" help:"The model in use, for --frozen; default: the one built in."`
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
	if c.Feedback != "" {
		more, err := train.ReadPath(c.Feedback, tax)
		if err != nil {
			return fmt.Errorf("read feedback: %w", err)
		}
		rows = append(rows, more...)
	}
	options := train.DefaultOptions()
	options.Progress = progress(w.stderr, "training")
	model, report, err := train.Train(ctx, rows, tax, options)
	if err != nil {
		return fmt.Errorf("train on %s: %w", c.In, err)
	}
	if err := c.compare(w, model, tax); err != nil {
		return err
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

// compare refuses a model that is worse on the frozen texts than the one in use: a correction may be wrong, or crowd out what was known.
func (c trainCommand) compare(w world, model *classifier.Model, tax classifier.Taxonomy) error {
	if c.Frozen == "" {
		return nil
	}
	rows, err := train.ReadPath(c.Frozen, tax)
	if err != nil {
		return fmt.Errorf("read frozen texts: %w", err)
	}
	inUse, err := loadModel(c.Than)
	if err != nil {
		return err
	}
	before, now := train.Evaluate(inUse, rows, tax), train.Evaluate(model, rows, tax)
	if _, err := fmt.Fprintf(w.stderr, "on %d frozen texts: item and unit %.2f %% before, %.2f %% now\n", len(rows), 100*before.BothAccuracy, 100*now.BothAccuracy); err != nil {
		return err
	}
	if now.BothAccuracy < before.BothAccuracy {
		return fmt.Errorf("the new model is worse on the frozen texts and was not written")
	}
	return nil
}

// progress draws a bar when a person is looking.
func progress(out io.Writer, what string) func(done, total int) {
	file, ok := out.(*os.File)
	if !ok {
		return nil
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	var bar *progressbar.ProgressBar
	return func(done, total int) {
		if bar == nil {
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(what),
				progressbar.OptionClearOnFinish(), progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond))
		}
		_ = bar.Set(done) // a bar that can't be drawn stops nothing
	}
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
