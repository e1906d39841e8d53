package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"jiesu/configs"
	"jiesu/integrations/hotline"
	"jiesu/routing"
)

// importCommand files the work orders of a hotline (12345) that come as a file. It may be run again at any time: what was filed is found by its number.
type importCommand struct {
	In       string            `required:"" type:"existingfile" help:"Workbook (XLSX) or CSV in UTF-8, UTF-16 or GB18030."`
	Map      map[string]string `help:"Column of a field, by heading or number: --map text=工单内容 --map phone=7. Fields: external_id received_at contact_name phone enterprise title text item unit district urgency confidential remark. What isn't named is guessed; an empty column leaves the field out."`
	DryRun   bool              `help:"Say line by line what would become of the orders, and change nothing."`
	Rejected string            `type:"path" help:"File for rows that are wrong, with the reason; default: beside the input, .rejected.csv."`
	By       string            `default:"import" help:"Who imports, as the timeline of the cases names them."`
	Quiet    bool              `help:"No progress bar."`
}

// Run implements the command. One line for each order that isn't plainly filed goes to standard output, with --dry-run one for each.
func (i importCommand) Run(ctx context.Context, w world, load loader) error {
	cfg, err := load(configs.ModeServe)
	if err != nil {
		return err
	}
	words, err := loadWording()
	if err != nil {
		return err
	}
	rules, err := loadOrderRules()
	if err != nil {
		return err
	}
	content, err := os.ReadFile(i.In)
	if err != nil {
		return fmt.Errorf("read work orders: %w", err)
	}
	rows, err := countRows(content, rules)
	if err != nil {
		return explained(err, words)
	}
	sheet, err := hotline.Open(content, rules)
	if err != nil {
		return explained(err, words)
	}
	defer sheet.Close() //nolint:errcheck // only read
	mapping, err := i.mapping(sheet.Headings, rules)
	if err != nil {
		return err
	}
	importer, done, err := i.importer(ctx, cfg, w, words, rules)
	if err != nil {
		return err
	}
	defer done()
	run := importRun{importCommand: i, w: w, words: words, plan: importer.Desk.Plan(), counts: map[routing.OrderOutcome]int{}, headings: sheet.Headings, began: time.Now()}
	if bar := progress(w.stderr, "import"); bar != nil && !i.Quiet {
		run.progress = func(n int) { bar(n, rows) }
	}
	err = importer.Run(ctx, sheet, hotline.Pass{Actor: routing.Actor{Role: routing.RoleOperator, ID: "import", Name: i.By}, Mapping: mapping, Dry: i.DryRun, Tell: run.tell})
	return errors.Join(explained(err, words), run.finish())
}

// importer opens the database and what filing needs.
func (i importCommand) importer(ctx context.Context, cfg configs.Config, w world, words routing.Wording, rules routing.OrderRules) (*hotline.Importer, func(), error) {
	log := newLogger(w.stderr, cfg.Log)
	plan, err := loadPlan()
	if err != nil {
		return nil, nil, err
	}
	if plan.Timetable, err = loadTimetable(plan, cfg.Clocks); err != nil {
		return nil, nil, err
	}
	doors, err := loadDoors()
	if err != nil {
		return nil, nil, err
	}
	if err := addLife(plan, doors, words); err != nil {
		return nil, nil, err
	}
	judge, err := newJudge(cfg.Classifier, log)
	if err != nil {
		return nil, nil, err
	}
	db, err := openDatabase(ctx, cfg, clock, log)
	if err != nil {
		return nil, nil, err
	}
	desk := newDesk(cfg, db.store, plan, routing.NewMemory(clock), clock)
	close := func() {
		if err := db.Close(); err != nil {
			log.Error("the database did not close", "error", err)
		}
	}
	return &hotline.Importer{Desk: desk, Judge: judge, Rules: rules, Wording: words, Now: clock}, close, nil
}

// mapping is what is known of the headings, and what the command line says otherwise.
func (i importCommand) mapping(headings []string, rules routing.OrderRules) (routing.OrderMapping, error) {
	m := rules.Guess(headings)
	for name, column := range i.Map {
		f := routing.OrderField(name)
		if !slices.Contains(routing.OrderFields(), f) {
			return nil, fmt.Errorf("--map %s: there is no such field", name)
		}
		delete(m, f)
		if column == "" {
			continue
		}
		at := slices.IndexFunc(headings, func(h string) bool { return strings.TrimSpace(h) == column })
		if n, err := strconv.Atoi(column); at < 0 && err == nil {
			at = n - 1
		}
		if at < 0 || at >= len(headings) {
			return nil, fmt.Errorf("--map %s: there is no column %q; the file has %s", name, column, strings.Join(headings, ", "))
		}
		m[f] = at
	}
	return m, nil
}

func loadOrderRules() (rules routing.OrderRules, err error) {
	if err := configs.DecodeOwn("orders.yaml", "", &rules); err != nil {
		return rules, fmt.Errorf("read rules of work orders: %w", err)
	}
	return rules, nil
}

// countRows is for the progress bar.
func countRows(content []byte, rules routing.OrderRules) (n int, err error) {
	s, err := hotline.Open(content, rules)
	if err != nil {
		return 0, err
	}
	defer s.Close() //nolint:errcheck // only read
	for {
		if _, err := s.Next(); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return 0, err
		}
		n++
	}
}

// importRun tells of a run.
type importRun struct {
	importCommand
	w        world
	words    routing.Wording
	plan     *routing.Plan
	headings []string
	counts   map[routing.OrderOutcome]int
	told     int
	progress func(n int) // nil: nobody looks
	out      *os.File    // of rejected rows, made with the first
	rejects  *hotline.Rejects
	began    time.Time
}

func (r *importRun) tell(v routing.OrderVerdict) error {
	r.counts[v.Outcome]++
	r.told++
	if r.progress != nil {
		r.progress(r.told)
	}
	if v.Outcome == routing.OrderWrong && !r.DryRun {
		if err := r.reject(v); err != nil {
			return err
		}
	}
	if v.Outcome == routing.OrderFiled && !r.DryRun {
		return nil
	}
	_, err := fmt.Fprintln(r.w.stdout, r.line(v))
	return err
}

// line says what became of one order.
func (r *importRun) line(v routing.OrderVerdict) string {
	key := "order.outcome." + string(v.Outcome)
	if r.DryRun && v.Outcome == routing.OrderFiled {
		key = "order.would.filed"
	}
	said := []string{strconv.Itoa(v.Line), r.words.Text(key)}
	switch {
	case v.Err != nil:
		said = append(said, r.words.Text("order.field."+v.Err.Field)+r.words.Text("order.rejected.colon")+v.Err.Say(r.words))
	case v.Case.Number != "":
		said = append(said, v.Case.Number)
	default:
		said = append(said, r.words.Text("state."+string(v.Case.State)), v.Case.Item, r.plan.UnitName(v.Case.Unit), v.Case.District)
	}
	return strings.TrimRight(strings.Join(said, "\t"), "\t")
}

func (r *importRun) reject(v routing.OrderVerdict) (err error) {
	if r.rejects == nil {
		if r.Rejected == "" {
			r.Rejected = r.In + ".rejected.csv"
		}
		if r.out, err = os.OpenFile(r.Rejected, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); err != nil {
			return fmt.Errorf("make file of rejected rows: %w", err)
		}
		if r.rejects, err = hotline.NewRejects(r.out, r.headings, r.words); err != nil {
			return err
		}
	}
	return r.rejects.Add(v)
}

func (r *importRun) finish() error {
	var parts []string
	for _, o := range routing.OrderOutcomes() {
		parts = append(parts, fmt.Sprintf("%s %d", o, r.counts[o]))
	}
	_, err := fmt.Fprintf(r.w.stderr, "%d orders in %s: %s\n", r.told, time.Since(r.began).Round(100*time.Millisecond), strings.Join(parts, ", "))
	if r.out != nil {
		_, told := fmt.Fprintf(r.w.stderr, "rows to mend: %s\n", r.Rejected)
		err = errors.Join(err, r.out.Close(), told)
	}
	return err
}
