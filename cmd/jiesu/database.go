package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"jiesu/configs"
	"jiesu/integrations/jobs"
	"jiesu/integrations/store"
)

// database is an open, migrated database with the store and the job queue on it.
type database struct {
	*store.DB
	store *store.Store
	queue *jobs.Queue
}

// openDatabase opens the configured database and brings it to this binary's version; a newer one is refused.
func openDatabase(ctx context.Context, cfg configs.Config, now func() time.Time, log *slog.Logger) (*database, error) {
	plan, err := loadPlan()
	if err != nil {
		return nil, err
	}
	search, err := newSearch(plan)
	if err != nil {
		return nil, fmt.Errorf("load what cases are searched by: %w", err)
	}
	db, err := store.Open(ctx, store.Options{URL: cfg.DatabaseURL.Reveal(), Key: cfg.SecretKey.Reveal(), Before: cfg.SecretKeyPrevious.Reveal(), Now: now, Logger: log, Search: search})
	if err != nil {
		return nil, err
	}
	d := &database{DB: db}
	if err := d.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return d, nil
}

// withDatabase opens the database of a server's configuration for a command, and closes it after.
func withDatabase(ctx context.Context, w world, load loader, fn func(db *database) error) error {
	cfg, err := load(configs.ModeServe)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, cfg, clock, newLogger(w.stderr, cfg.Log))
	if err != nil {
		return err
	}
	return errors.Join(fn(db), db.Close())
}

func (d *database) prepare(ctx context.Context) error {
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	if err := jobs.Migrate(ctx, d.Write(), jobs.Dialect(d.Dialect())); err != nil {
		return fmt.Errorf("prepare job tables: %w", err)
	}
	queue, err := jobs.NewQueue(d.Write(), jobs.Dialect(d.Dialect()))
	if err != nil {
		return fmt.Errorf("open job queue: %w", err)
	}
	d.queue = queue
	d.store = store.New(d.DB, queue.Enqueue)
	return nil
}
