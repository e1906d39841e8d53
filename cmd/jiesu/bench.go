package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// benchCommand measures the product on this machine, each figure beside something measured in the same run, since figures of two machines say nothing.
type benchCommand struct {
	Seconds     int    `default:"5" help:"How long each load runs."`
	Warm        int    `default:"2" help:"Seconds of each load that don't count."`
	Connections []int  `default:"1,16,64,256" help:"Connections that send at once."`
	Notices     int    `default:"3000" help:"Notices that wait to be delivered."`
	Growth      []int  `default:"10000,100000,1000000" help:"Numbers of cases in the database to measure among, in thousands and rising, on PostgreSQL."`
	Replicas    []int  `default:"1,2,4" help:"Numbers of processes on one database to measure, on PostgreSQL."`
	Large       bool   `help:"Also among ten million cases, and with 100,000 notices. Takes long."`
	Postgres    string `env:"JIESU_BENCH_POSTGRES" help:"Address of an empty PostgreSQL database to measure too; it is filled."`
	Out         string `type:"path" help:"Folder for bench.json and bench.html."`
	Profile     string `type:"path" help:"File for a profile of the processor (go tool pprof)."`
}

// benchRow is one line of the table.
type benchRow struct {
	What        string  `json:"what"`
	Connections int     `json:"connections,omitempty"`
	PerSecond   float64 `json:"per_second,omitempty"`
	P50         float64 `json:"p50_ms,omitempty"`
	P99         float64 `json:"p99_ms,omitempty"`
	P999        float64 `json:"p999_ms,omitempty"`
	CPU         float64 `json:"cpu_ms_per_message,omitempty"` // of client and server
	Memory      float64 `json:"memory_mib,omitempty"`         // resident, of the process
	OfEcho      float64 `json:"of_echo,omitempty"`            // messages a second ÷ the echo bot's
	OfRaw       float64 `json:"of_raw,omitempty"`             // ÷ raw inserts
	Late        int     `json:"late,omitempty"`               // acknowledged in time, and answered by a message of its own
	Again       int     `json:"again,omitempty"`              // deliveries that were not acknowledged, so that the message was sent again
	Millis      float64 `json:"ms,omitempty"`
	OfFirst     float64 `json:"of_first,omitempty"` // how many times as long as among the fewest cases, or in the first row of its kind
}

// The account of the benchmark; nobody outside knows it.
const (
	benchAppID  = "wx0123456789abcdef"
	benchToken  = "benchtoken"
	benchAESKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFA"
)

// Run implements the command.
func (b benchCommand) Run(ctx context.Context, w world) error {
	gin.SetMode(gin.ReleaseMode)
	if b.Large {
		b.Growth, b.Notices = append(b.Growth, 10_000_000), 100_000
	}
	if b.Profile != "" {
		f, err := os.Create(b.Profile)
		if err != nil {
			return fmt.Errorf("make file of profile: %w", err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("begin profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	folder, err := os.MkdirTemp("", "jiesu-bench-")
	if err != nil {
		return fmt.Errorf("make a folder for the benchmark: %w", err)
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	var rows []benchRow
	add := func(r benchRow, err error) error {
		if err == nil {
			rows = append(rows, r)
			_, err = fmt.Fprintln(w.stdout, r.line())
		}
		return err
	}
	if _, err := fmt.Fprintln(w.stdout, benchHead); err != nil {
		return err
	}
	databases := []string{"sqlite:" + filepath.Join(folder, "jiesu.db")}
	if b.Postgres != "" {
		databases = append(databases, b.Postgres)
	}
	bar := progress(w.stderr, "bench")
	total, done := 1+len(databases)+len(b.Connections)*(1+2*len(databases)), 0
	if b.Postgres != "" {
		total += len(b.Growth) + len(b.Replicas)
	}
	step := func() {
		if done++; bar != nil {
			bar(done, total)
		}
	}
	if err := b.start(ctx, folder, add); err != nil {
		return err
	}
	step()
	for _, connections := range b.Connections {
		echo, err := b.echo(ctx, connections)
		if err := add(echo, err); err != nil {
			return err
		}
		step()
		for i, database := range databases {
			name := map[bool]string{true: "SQLite", false: "PostgreSQL"}[strings.HasPrefix(database, "sqlite:")]
			if i == 0 {
				database = "sqlite:" + filepath.Join(folder, fmt.Sprintf("intake-%d.db", connections))
			}
			ours, each, err := b.intake(ctx, w, database, connections, int64(connections))
			if err != nil {
				return fmt.Errorf("measure intake on %s: %w", name, err)
			}
			step()
			raw, err := b.raw(ctx, database, folder, connections, each)
			if err != nil {
				return fmt.Errorf("measure raw inserts on %s: %w", name, err)
			}
			step()
			ours.What, ours.Connections, ours.OfEcho, ours.OfRaw = "intake, "+name, connections, ours.PerSecond/echo.PerSecond, ours.PerSecond/raw.PerSecond
			raw.What, raw.Connections = fmt.Sprintf("raw inserts, %s (%d rows of %d bytes a message)", name, each.rows, each.bytes), connections
			if err := errors.Join(add(ours, nil), add(raw, nil)); err != nil {
				return err
			}
		}
	}
	for i, database := range databases {
		name := "PostgreSQL"
		if i == 0 {
			name, database = "SQLite", "sqlite:"+filepath.Join(folder, "delivery.db")
		}
		told, err := b.delivery(ctx, w, database)
		if err != nil {
			return fmt.Errorf("measure delivery on %s: %w", name, err)
		}
		told.What = fmt.Sprintf("%d notices delivered, %s", b.Notices, name)
		if err := add(told, nil); err != nil {
			return err
		}
		step()
	}
	if b.Postgres == "" {
		return b.write(rows)
	}
	most := min(64, slices.Max(b.Connections))
	base := 0.0
	for _, processes := range b.Replicas {
		r, err := b.replicas(ctx, b.Postgres, processes, most)
		if err != nil {
			return fmt.Errorf("measure %d processes: %w", processes, err)
		}
		if base == 0 {
			base = r.PerSecond
		}
		r.OfFirst = base / r.PerSecond
		if err := add(r, nil); err != nil {
			return err
		}
		step()
	}
	if err := b.growth(ctx, w, b.Postgres, most, add, step); err != nil {
		return err
	}
	return b.write(rows)
}

const benchHead = "what                                                        conn     msg/s      p50      p99    p99.9   cpu/msg   memory  ÷echo   ÷raw"

func (r benchRow) line() string {
	if r.Millis > 0 {
		return fmt.Sprintf("%-60s %4s %8.1f ms %s", r.What, "", r.Millis, memoryOf(r.Memory)) + r.timesFirst()
	}
	if r.Connections == 0 {
		return fmt.Sprintf("%-60s %4s %9.0f %26s %7.2fms %8s", r.What, "", r.PerSecond, "", r.CPU, memoryOf(r.Memory)) + r.timesFirst()
	}
	text := fmt.Sprintf("%-60s %4d %9.0f %6.1fms %6.1fms %6.1fms %7.2fms %8s", r.What, r.Connections, r.PerSecond, r.P50, r.P99, r.P999, r.CPU, memoryOf(r.Memory))
	if r.Again > 0 {
		text += fmt.Sprintf("  (%d sent again)", r.Again)
	}
	if r.Late > 0 {
		text += fmt.Sprintf("  (%d late)", r.Late)
	}
	text += r.timesFirst()
	if r.OfEcho > 0 {
		text += fmt.Sprintf(" %6.2f %6.2f", r.OfEcho, r.OfRaw)
	}
	return text
}

// timesFirst says how many times as long it took as in the first row of its kind.
func (r benchRow) timesFirst() string {
	if r.OfFirst == 0 {
		return ""
	}
	return fmt.Sprintf("  %.2f times the first", r.OfFirst)
}

func memoryOf(mib float64) string {
	if mib == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f MiB", mib)
}

// write writes the figures as JSON and as a page.
func (b benchCommand) write(rows []benchRow) error {
	if b.Out == "" {
		return nil
	}
	if err := os.MkdirAll(b.Out, 0o755); err != nil { // #nosec G301 -- figures for everybody
		return fmt.Errorf("make the folder of the figures: %w", err)
	}
	text, err := json.MarshalIndent(rows, "", " ")
	if err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	if err := writeFile(filepath.Join(b.Out, "bench.json"), func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return err
	}
	most := 0.0
	for _, r := range rows {
		most = max(most, r.PerSecond)
	}
	return writeFile(filepath.Join(b.Out, "bench.html"), func(w io.Writer) error {
		return benchPage.Execute(w, map[string]any{"Rows": rows, "Most": most, "Cores": runtime.NumCPU(), "Version": version})
	})
}

var benchPage = template.Must(template.New("bench").Funcs(template.FuncMap{"share": func(a, b float64) int {
	if b == 0 {
		return 0
	}
	return int(a * 600 / b)
}}).Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Jiesu benchmark</title><style>
body{font:15px/1.6 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;color:#1b2531}table{border-collapse:collapse;width:100%}
td,th{padding:4px 8px;border-bottom:1px solid #dbe1e8;text-align:right;font-variant-numeric:tabular-nums}td:first-child,th:first-child{text-align:left}rect{fill:#174a7c}</style>
<h1>Jiesu {{.Version}} on {{.Cores}} cores</h1>
<table><tr><th>what</th><th>connections</th><th>messages a second</th><th></th><th>p50</th><th>p99</th><th>p99.9</th><th>cpu a message</th><th>÷ echo</th><th>÷ raw</th></tr>
{{range .Rows}}<tr><td>{{.What}}</td>{{if .Millis}}<td></td><td colspan="8">{{printf "%.1f ms" .Millis}}{{if .Memory}}, {{printf "%.0f MiB" .Memory}}{{end}}{{if .OfFirst}}, {{printf "%.2f" .OfFirst}} times the first{{end}}</td>{{else}}<td>{{.Connections}}</td><td>{{printf "%.0f" .PerSecond}}</td>
<td><svg width="220" height="12" viewBox="0 0 600 12" preserveAspectRatio="none" role="img" aria-label="{{printf "%.0f" .PerSecond}}"><rect width="{{share .PerSecond $.Most}}" height="12"/></svg></td>
<td>{{printf "%.1f ms" .P50}}</td><td>{{printf "%.1f ms" .P99}}</td><td>{{printf "%.1f ms" .P999}}</td><td>{{printf "%.2f ms" .CPU}}</td><td>{{if .OfEcho}}{{printf "%.2f" .OfEcho}}{{end}}</td><td>{{if .OfRaw}}{{printf "%.2f" .OfRaw}}{{end}}</td>{{end}}</tr>
{{end}}</table></html>
`))
