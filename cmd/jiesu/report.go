package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"jiesu/configs"
	"jiesu/routing"
	"jiesu/routing/report"
)

// reportCommand writes papers. It counts anew and keeps nothing in the database.
type reportCommand struct {
	Kind    string `arg:"" enum:"weekly,monthly,quarterly" help:"weekly, monthly or quarterly."`
	Week    string `help:"The week, like 2026-W40; default: the last one that is over." xor:"period"`
	Month   string `help:"The month, like 2026-09; default: the last one that is over." xor:"period"`
	Quarter string `help:"The quarter, like 2026-Q3; default: the last one that is over." xor:"period"`
	Scope   string `help:"Whose paper: city, category-1, unit-finance, district-和平区, or all." default:"city"`
	Out     string `required:"" type:"path" help:"Folder for the files, one page (HTML) and one workbook (XLSX) for each paper."`
}

// Run implements the command.
func (r reportCommand) Run(ctx context.Context, w world, load loader) error {
	period, err := r.period()
	if err != nil {
		return err
	}
	plan, err := loadPlan()
	if err != nil {
		return err
	}
	cfg, err := load(configs.ModeServe)
	if err != nil {
		return err
	}
	if plan.Timetable, err = loadTimetable(plan, cfg.Clocks); err != nil {
		return err
	}
	scopes := report.Scopes(plan)
	if r.Scope != "all" {
		scope, err := report.ParseScope(r.Scope, plan)
		if err != nil {
			return err
		}
		scopes = []report.Scope{scope}
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
	figures, err := report.Compute(ctx, db.store, plan, period, clock())
	if err != nil {
		return explained(err, words)
	}
	if err := os.MkdirAll(r.Out, 0o700); err != nil {
		return fmt.Errorf("make the folder for papers: %w", err)
	}
	for _, scope := range scopes {
		d := report.Write(figures, scope, plan, words, true)
		name := filepath.Join(r.Out, period.String()+"-"+scope.String())
		if err := writePaper(name, d, words, strings.TrimRight(cfg.PublicURL, "/")); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(w.stdout, "%d papers of %s written to %s\n", len(scopes), period, r.Out)
	return err
}

// period is the one that was named, or the last one of the kind that is over.
func (r reportCommand) period() (report.Period, error) {
	kind := report.Kind(r.Kind)
	named := map[report.Kind]string{report.Weekly: r.Week, report.Monthly: r.Month, report.Quarterly: r.Quarter}
	text := named[kind]
	if text == "" && r.Week+r.Month+r.Quarter == "" {
		return report.PeriodOf(kind, clock()).Before(), nil
	}
	p, err := report.ParsePeriod(text)
	if err == nil && p.Kind != kind {
		err = fmt.Errorf("%s is not for %s", text, kind)
	}
	if err != nil {
		return p, fmt.Errorf("read the period: %w", err)
	}
	return p, nil
}

// explained gives an error that a person can mend its sentence.
func explained(err error, words routing.Wording) error {
	var bad *routing.InvalidError
	if errors.As(err, &bad) {
		return fmt.Errorf("%w: %s", err, words.Text(bad.Key))
	}
	return err
}

// writePaper writes name.html and name.xlsx; the page's figures and numbers lead to the console at base.
func writePaper(name string, d report.Document, words routing.Wording, base string) error {
	if err := writeFile(name+".html", func(out io.Writer) error { return d.WriteHTML(out, words, d.LinksTo(base)) }); err != nil {
		return err
	}
	return writeFile(name+".xlsx", d.WriteXLSX)
}
