package main

import (
	"context"
	"fmt"
	"io"

	"jiesu/configs"
	"jiesu/routing/report"
)

// sampleCommand draws cases for evaluation by a third party. What it writes names nobody.
type sampleCommand struct {
	Period string `required:"" help:"Month (2026-11), quarter (2026-Q4) or year (2026) in which the cases were answered."`
	Size   int    `help:"Cases to draw; 0: evaluation.sample of the configuration."`
	Out    string `required:"" type:"path" help:"Spreadsheet (XLSX) to write."`
}

// Run implements the command.
func (s sampleCommand) Run(ctx context.Context, w world, load loader) error {
	cfg, err := load(configs.ModeServe)
	if err != nil {
		return err
	}
	if s.Size == 0 {
		s.Size = cfg.Evaluation.Sample
	}
	draw, err := report.NewDraw(s.Period, s.Size)
	if err != nil {
		return err
	}
	plan, err := loadPlan()
	if err != nil {
		return err
	}
	if plan.Timetable, err = loadTimetable(plan, cfg.Clocks); err != nil {
		return err
	}
	words, err := loadWording()
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, cfg, clock, newLogger(w.stderr, cfg.Log))
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read
	table, err := draw.Table(ctx, db.store, plan, words)
	if err != nil {
		return err
	}
	if err := writeFile(s.Out, func(out io.Writer) error { return report.WriteXLSX(out, draw.To, table) }); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.stderr, "%d cases of %s written to %s\n", len(table.Rows), draw.Period, s.Out)
	return err
}
