package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"jiesu/routing"
)

// Config is what a Runner works with. Everything but the tuning, Media (nil: no media jobs are worked here), Periodic and Registerer
// is needed.
type Config struct {
	DB          *sql.DB // SQLite: the one write connection, shared with the store
	Dialect     Dialect
	PostgresURL string // for LISTEN; one connection outside the pool, so a pooler in between must pool sessions

	Store     routing.Store
	Desk      *routing.Desk
	Wording   routing.Wording
	Ladder    []routing.Messenger // first choice first; an operator's call comes after the last
	Media     MediaFetcher
	Hooks     HookSender // nil: no webhooks are sent here
	Imports   Importer   // nil: no files are imported here
	Periodic  []Periodic
	PublicURL string // without a slash at the end

	Workers       int           // per queue; default 64
	FetchCooldown time.Duration // throughput is at most Workers per cooldown; default 5 ms
	Timeout       time.Duration // of one run of one job; default a minute
	RescueAfter   time.Duration // a job that a crash left running starts again after this; default 5 minutes, more than Timeout

	Now        func() time.Time // the real clock in production: River plans its retries by it
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Tracer     trace.Tracer // nil: nothing is recorded
}

// Importer files the work orders of an uploaded file for as long as one run may take. more says that it isn't at the end.
type Importer interface {
	Import(ctx context.Context, id string) (more bool, err error)
}

// HookSender tells an outside system of an event. It returns how long to wait before the next look, 0 when nothing is left to do.
type HookSender interface {
	Send(ctx context.Context, id string) (wait time.Duration, err error)
}

// Runner works the jobs of this process. Several processes share one database; each job is worked by one.
type Runner struct {
	client *river.Client[*sql.Tx]
	listen *pgxpool.Pool // nil on SQLite
}

// NewRunner checks the configuration and prepares the workers; nothing runs yet. The tables must be there (Migrate).
func NewRunner(cfg Config) (*Runner, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	count, err := newMetrics(cfg.Registerer)
	if err != nil {
		return nil, err
	}
	rc, err := cfg.river(count)
	if err != nil {
		return nil, err
	}
	switch cfg.Dialect {
	case SQLite:
		client, err := river.NewClient(riversqlite.New(cfg.DB), rc)
		if err != nil {
			return nil, fmt.Errorf("prepare job runner: %w", err)
		}
		return &Runner{client: client}, nil
	case Postgres:
		return newListening(cfg, rc)
	}
	return nil, unknownDialect(cfg.Dialect)
}

// newListening gives River a connection of its own for LISTEN: without it a notice waits for the next poll.
func newListening(cfg Config, rc *river.Config) (*Runner, error) {
	pc, err := pgxpool.ParseConfig(cfg.PostgresURL)
	if err != nil {
		return nil, errors.New("job runner: the PostgreSQL URL is unreadable") // its text may carry a password
	}
	pc.MinConns, pc.MaxConns = 0, 1
	pool, err := pgxpool.NewWithConfig(context.Background(), pc)
	if err != nil {
		return nil, fmt.Errorf("prepare job listener: %w", err)
	}
	client, err := river.NewClient(riverdatabasesql.NewWithPgxListener(cfg.DB, pool), rc)
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("prepare job runner: %w", err)
	}
	return &Runner{client: client, listen: pool}, nil
}

// Run works jobs until ctx ends, then lets the running ones finish (for the time of one run at most) and returns.
func (r *Runner) Run(ctx context.Context) error {
	if r.listen != nil {
		defer r.listen.Close()
	}
	if err := r.client.Start(ctx); err != nil {
		return fmt.Errorf("start job workers: %w", err)
	}
	<-r.client.Stopped()
	return nil
}

func (cfg Config) withDefaults() Config {
	if cfg.Workers == 0 {
		cfg.Workers = 64
	}
	if cfg.FetchCooldown == 0 {
		cfg.FetchCooldown = defaultCooldown
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = time.Minute
	}
	if cfg.RescueAfter == 0 {
		cfg.RescueAfter = 5 * time.Minute
	}
	if cfg.Tracer == nil {
		cfg.Tracer = noop.NewTracerProvider().Tracer("")
	}
	return cfg
}

func (cfg Config) check() error {
	switch {
	case cfg.DB == nil, cfg.Store == nil, cfg.Desk == nil, cfg.Now == nil, cfg.Logger == nil:
		return errors.New("job runner: DB, Store, Desk, Now and Logger are needed")
	case cfg.RescueAfter <= cfg.Timeout:
		return errors.New("job runner: RescueAfter must be longer than Timeout, or running jobs would be started again")
	}
	return checkPeriodic(cfg.Periodic)
}

func (cfg Config) river(count *metrics) (*river.Config, error) {
	workers := river.NewWorkers()
	c := &courier{
		store: cfg.Store, desk: cfg.Desk, ladder: cfg.Ladder, now: cfg.Now, log: cfg.Logger, count: count,
		write: writer{store: cfg.Store, plan: cfg.Desk.Plan(), words: cfg.Wording, publicURL: cfg.PublicURL},
	}
	queues := map[string]river.QueueConfig{
		// Waiting notices come due between notifications, so this queue is looked at more often.
		queueNotices: {MaxWorkers: cfg.Workers, FetchPollInterval: 250 * time.Millisecond},
	}
	err := river.AddWorkerSafely(workers, newWorker(cfg, count, func(ctx context.Context, job *river.Job[deliverArgs]) error {
		wait, err := c.deliver(ctx, job.Args.Notice, run{job: job.ID, attempt: job.Attempt, snoozes: snoozes(job.Metadata)})
		if err == nil && wait > 0 {
			return river.JobSnooze(wait)
		}
		return err
	}))
	if cfg.Media != nil {
		m := collector{store: cfg.Store, media: cfg.Media}
		queues[queueMedia] = river.QueueConfig{MaxWorkers: cfg.Workers}
		err = errors.Join(err, river.AddWorkerSafely(workers, newWorker(cfg, count, func(ctx context.Context, job *river.Job[mediaArgs]) error {
			return m.collect(ctx, job.Args.Attachment)
		})))
	}
	if cfg.Hooks != nil {
		queues[queueHooks] = river.QueueConfig{MaxWorkers: cfg.Workers, FetchPollInterval: time.Second}
		err = errors.Join(err, river.AddWorkerSafely(workers, newWorker(cfg, count, func(ctx context.Context, job *river.Job[hookArgs]) error {
			wait, err := cfg.Hooks.Send(ctx, job.Args.Hook)
			if err == nil && wait > 0 {
				return river.JobSnooze(wait)
			}
			return err
		})))
	}
	if cfg.Imports != nil {
		queues[queueImports] = river.QueueConfig{MaxWorkers: 1, FetchPollInterval: time.Second} // one file after the other: complainants come first
		err = errors.Join(err, river.AddWorkerSafely(workers, newWorker(cfg, count, func(ctx context.Context, job *river.Job[importArgs]) error {
			more, err := cfg.Imports.Import(ctx, job.Args.Import)
			if err == nil && more {
				return river.JobSnooze(0)
			}
			return err
		})))
	}
	if len(cfg.Periodic) > 0 {
		queues[queueClocks] = river.QueueConfig{MaxWorkers: len(cfg.Periodic)}
		err = errors.Join(err, river.AddWorkerSafely(workers, newWorker(cfg, count, chores(cfg.Periodic))))
	}
	if err != nil {
		return nil, fmt.Errorf("register job workers: %w", err)
	}
	return &river.Config{
		Queues: queues, Workers: workers, PeriodicJobs: schedule(cfg.Periodic),
		// What River does well is of no interest; and its own tables keep themselves in order on SQLite, where it looks for indexes that
		// exist on PostgreSQL only.
		Logger: slog.New(onlyTrouble{cfg.Logger.Handler()}), ReindexerIndexNames: cfg.reindexed(),
		FetchCooldown: cfg.FetchCooldown, FetchPollInterval: time.Second, JobTimeout: cfg.Timeout, RescueStuckJobsAfter: cfg.RescueAfter,
		SoftStopTimeout: cfg.Timeout,
	}, nil
}

// reindexed are the indexes that River makes anew every day.
func (cfg Config) reindexed() []string {
	if cfg.Dialect == SQLite {
		return []string{}
	}
	return river.ReindexerIndexNamesDefault()
}

// onlyTrouble lets warnings and errors through.
type onlyTrouble struct{ slog.Handler }

// Enabled implements slog.Handler.
func (h onlyTrouble) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

// WithAttrs implements slog.Handler.
func (h onlyTrouble) WithAttrs(attrs []slog.Attr) slog.Handler {
	return onlyTrouble{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h onlyTrouble) WithGroup(name string) slog.Handler {
	return onlyTrouble{h.Handler.WithGroup(name)}
}

// worker runs one kind of job: it keeps panics inside, logs and counts failures, and spaces the next run.
type worker[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	work   func(context.Context, *river.Job[T]) error
	now    func() time.Time
	log    *slog.Logger
	count  *metrics
	tracer trace.Tracer
}

func newWorker[T river.JobArgs](cfg Config, count *metrics, work func(context.Context, *river.Job[T]) error) *worker[T] {
	return &worker[T]{work: work, now: cfg.Now, log: cfg.Logger, count: count, tracer: cfg.Tracer}
}

// Work implements river.Worker.
func (w *worker[T]) Work(ctx context.Context, job *river.Job[T]) (err error) {
	ctx, span := w.span(ctx, job)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in job %s: %v", job.Kind, p)
		}
		var snooze *river.JobSnoozeError
		if err == nil || errors.As(err, &snooze) || errors.Is(context.Cause(ctx), context.Canceled) {
			span.End()
			return
		}
		ended(span, err)
		w.count.failures.WithLabelValues(job.Kind).Inc()
		w.log.ErrorContext(ctx, "job failed", "kind", job.Kind, "job", job.ID, "attempt", job.Attempt, "error", err)
	}()
	return w.work(ctx, job)
}

// NextRetry implements river.Worker.
func (w *worker[T]) NextRetry(job *river.Job[T]) time.Time {
	return w.now().Add(Backoff(job.Attempt, rand.Float64()))
}

// snoozes reads how often the job has waited; River counts it in the job's metadata.
func snoozes(metadata []byte) int {
	var m struct {
		Snoozes int `json:"snoozes"`
	}
	if err := json.Unmarshal(metadata, &m); err != nil {
		return 0 // unreadable: as if it had never waited, which only makes it look sooner
	}
	return m.Snoozes
}
