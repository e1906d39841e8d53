package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"jiesu/configs"
	"jiesu/integrations/store"
)

// backupCommand copies a SQLite database while it is in use. What it writes holds personal data, sealed with the secret key, which is not in it.
type backupCommand struct {
	Out string `required:"" type:"path" help:"File to write; it must not be there yet."`
}

// Run implements the command.
func (b backupCommand) Run(ctx context.Context, w world, load loader) error {
	cfg, err := load(configs.ModeServe)
	if err != nil {
		return err
	}
	path, err := sqliteFile(cfg)
	if err != nil {
		return err
	}
	if _, err := os.Stat(b.Out); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("backup: %s is there already", b.Out)
	}
	if err := store.BackupSQLite(ctx, path, b.Out); err != nil {
		return err
	}
	info, err := os.Stat(b.Out)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	_, err = fmt.Fprintf(w.stdout, "%s\t%d bytes\n", b.Out, info.Size())
	return err
}

// restoreCommand puts a backup in the place of the configured database, which must not be in use or there at all.
type restoreCommand struct {
	In    string `required:"" type:"existingfile" help:"Backup to restore."`
	Force bool   `help:"Move a database that is there aside, as NAME.before-restore."`
}

// Run implements the command.
func (r restoreCommand) Run(ctx context.Context, w world, load loader) error {
	cfg, err := load(configs.ModeServe)
	if err != nil {
		return err
	}
	path, err := sqliteFile(cfg)
	if err != nil {
		return err
	}
	if err := r.clear(path); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	// A copy by the database itself, which refuses what is no whole database.
	if err := store.BackupSQLite(ctx, r.In, path); err != nil {
		return err
	}
	db, err := openDatabase(ctx, cfg, clock, newLogger(w.stderr, cfg.Log)) // another key's, or a newer program's, says so here
	if err != nil {
		return errors.Join(fmt.Errorf("restore: the backup can't be used: %w", err), os.Remove(path))
	}
	if err := db.Close(); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	_, err = fmt.Fprintln(w.stdout, path)
	return err
}

// clear moves aside what lies in the way.
func (r restoreCommand) clear(path string) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if !r.Force {
		return fmt.Errorf("restore: there is a database at %s; stop the server and give --force to move it aside", path)
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+end, path+".before-restore"+end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("restore: move the database aside: %w", err)
		}
	}
	return nil
}

// sqliteFile is the file of the configured database. PostgreSQL has tools of its own (docs/runbook.md).
func sqliteFile(cfg configs.Config) (string, error) {
	path, ok := strings.CutPrefix(cfg.DatabaseURL.Reveal(), "sqlite:")
	if !ok {
		return "", errors.New("this command is for SQLite; back PostgreSQL up with pg_dump or pg_basebackup (docs/runbook.md)")
	}
	return path, nil
}
