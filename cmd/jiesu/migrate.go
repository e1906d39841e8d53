package main

import (
	"context"
	"fmt"

	"jiesu/configs"
)

type migrateCommand struct{}

// Run implements the command.
func (migrateCommand) Run(ctx context.Context, w world, load loader) error {
	cfg, err := load(configs.ModeServe)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, cfg, clock, newLogger(w.stderr, cfg.Log))
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	_, err = fmt.Fprintln(w.stdout, "the database is up to date")
	return err
}
