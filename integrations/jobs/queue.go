// Package jobs does the work that follows a transaction: it delivers notices through a ladder of channels, fetches evidence from the
// platform and runs periodic chores. Jobs live in River's tables in the same database as the cases, so that a step and its
// consequences commit together or not at all.
//
// A job may run twice (a crash, a rescue); everything here is written so that the second run finds the work done or goes on with it.
// The package knows no channel and no SQL: messengers, the media fetcher and the store are given to it.
package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"jiesu/routing"
)

// Dialect names the database that a *sql.DB speaks to.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// The queues. Each has its own workers, so that a slow download delays no notice and a chore waits behind no backlog.
const (
	queueNotices = "notices"
	queueMedia   = "media"
	queueClocks  = "clocks"
	queueHooks   = "hooks"
	queueImports = "imports"
)

// defaultCooldown is the shortest time between two looks for jobs.
const defaultCooldown = 5 * time.Millisecond

// maxAttempts is how often River starts a job that fails on our side (the database is down). At maxBackoff apart that is three days,
// as long as the platform keeps media. What a channel refuses is counted apart (maxRetries).
const maxAttempts = 1000

// deliverArgs are the arguments of routing.JobDeliver.
type deliverArgs struct {
	Notice string `json:"notice"`
}

func (deliverArgs) Kind() string { return string(routing.JobDeliver) }

func (deliverArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueNotices, MaxAttempts: maxAttempts}
}

// mediaArgs are the arguments of routing.JobMedia.
type mediaArgs struct {
	Attachment string `json:"attachment"`
}

func (mediaArgs) Kind() string { return string(routing.JobMedia) }

func (mediaArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueMedia, MaxAttempts: maxAttempts}
}

// hookArgs are the arguments of routing.JobHook.
type hookArgs struct {
	Hook string `json:"hook"`
}

func (hookArgs) Kind() string { return string(routing.JobHook) }

func (hookArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueHooks, MaxAttempts: maxAttempts}
}

// importArgs are the arguments of routing.JobImport.
type importArgs struct {
	Import string `json:"import"`
}

func (importArgs) Kind() string { return string(routing.JobImport) }

func (importArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueImports, MaxAttempts: maxAttempts}
}

// Migrate brings River's own tables to the version that this binary needs. It is safe to call at every start.
func Migrate(ctx context.Context, db *sql.DB, dialect Dialect) error {
	var migrator *rivermigrate.Migrator[*sql.Tx]
	var err error
	switch dialect {
	case SQLite:
		migrator, err = rivermigrate.New(riversqlite.New(db), nil)
	case Postgres:
		migrator, err = rivermigrate.New(riverdatabasesql.New(db), nil)
	default:
		return unknownDialect(dialect)
	}
	if err != nil {
		return fmt.Errorf("prepare job tables: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate job tables: %w", err)
	}
	return nil
}

// Queue adds jobs and works none.
type Queue struct {
	client *river.Client[*sql.Tx]
}

// NewQueue returns a queue for transactions of db.
func NewQueue(db *sql.DB, dialect Dialect) (*Queue, error) {
	var client *river.Client[*sql.Tx]
	var err error
	// River tells the workers of new jobs once per cooldown; at its default of 100 ms every second step in a row would wait for the
	// workers' next look.
	config := &river.Config{FetchCooldown: defaultCooldown}
	switch dialect {
	case SQLite:
		client, err = river.NewClient(riversqlite.New(db), config)
	case Postgres:
		client, err = river.NewClient(riverdatabasesql.New(db), config)
	default:
		return nil, unknownDialect(dialect)
	}
	if err != nil {
		return nil, fmt.Errorf("open job queue: %w", err)
	}
	return &Queue{client: client}, nil
}

// Enqueue adds the job in the caller's transaction. There is no way to add one outside: with SQLite's single write connection that
// would wait for itself.
func (q *Queue) Enqueue(ctx context.Context, tx *sql.Tx, j routing.Job) error {
	var args river.JobArgs
	switch j.Kind {
	case routing.JobDeliver:
		args = deliverArgs{Notice: j.ID}
	case routing.JobMedia:
		args = mediaArgs{Attachment: j.ID}
	case routing.JobHook:
		args = hookArgs{Hook: j.ID}
	case routing.JobImport:
		args = importArgs{Import: j.ID}
	default:
		return fmt.Errorf("enqueue job: unknown kind %q", j.Kind)
	}
	if _, err := q.client.InsertTx(ctx, tx, args, traceOf(ctx)); err != nil {
		return fmt.Errorf("enqueue %s of %s: %w", j.Kind, j.ID, err)
	}
	return nil
}

func unknownDialect(d Dialect) error {
	return fmt.Errorf("jobs: unknown database dialect %q", string(d))
}
