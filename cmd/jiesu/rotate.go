package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// keysBeat is how often a server looks for a new key; a key is sealed with only after every server has looked.
const keysBeat = 30 * time.Second

type rotateCommand struct {
	Wait time.Duration `help:"How long every server has to learn of the new key before it is used; servers look each half minute. 0s: none is running." default:"1m"`
}

// Run implements the command.
func (r rotateCommand) Run(ctx context.Context, w world, load loader) error {
	return withDatabase(ctx, w, load, func(db *database) error {
		if r.Wait > 0 {
			if _, err := fmt.Fprintf(w.stderr, "waiting %s until every server knows the new key\n", 2*r.Wait); err != nil {
				return err
			}
		}
		done, err := db.RotateKey(ctx, r.Wait, wait, progress(w.stderr, "seal"))
		if err != nil {
			return fmt.Errorf("rotate the key (%d values and %d files were sealed anew; call it again): %w", done.Values, done.Files, err)
		}
		_, err = fmt.Fprintf(w.stdout, "key %s: %d values and %d files sealed anew\n", done.Key, done.Values, done.Files)
		return err
	})
}

// watchKeys looks for a new key until ctx ends. What can't be read is told of, and the keys in use stay.
func (d *database) watchKeys(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(keysBeat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := d.RefreshKeys(ctx); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "keys of the database can't be read anew", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}
