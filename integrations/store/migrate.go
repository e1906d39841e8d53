package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the schema up to this program's version, each step in its own transaction, and records the key check on an empty
// database. It is safe to call at every start and from several replicas at once. Errors: *NewerError, ErrWrongKey.
func (db *DB) Migrate(ctx context.Context) error {
	p, err := db.provider()
	if err != nil {
		return fmt.Errorf("prepare migration: %w", err)
	}
	current, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if current > known {
		return &NewerError{Database: current, Program: known}
	}
	done, err := p.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, m := range done {
		db.log.InfoContext(ctx, "database migrated", "version", m.Source.Version, "took", m.Duration)
	}
	const keep = `INSERT INTO keycheck (id, sealed) VALUES (1, $1) ON CONFLICT DO NOTHING`
	if _, err := db.write.ExecContext(ctx, keep, db.vault.seal("keycheck.sealed", keycheckText)); err != nil {
		return fmt.Errorf("record key check: %w", err)
	}
	if err := db.checkKey(ctx); err != nil { // another replica may have been first, with another key
		return err
	}
	return db.keepKeys(ctx)
}

func (db *DB) provider(more ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	options := append(more, goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(db.lists(), db.months()))
	dialect := goose.DialectSQLite3
	if db.dialect == Postgres {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker() // replicas that start together migrate one after the other
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(dialect, db.write, files, options...)
}
