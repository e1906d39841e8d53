package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// maxPostgresConns leaves room for several replicas under the server's default of 100.
const maxPostgresConns = 20

func (db *DB) openPostgres(ctx context.Context, address string) error {
	db.dialect = Postgres
	config, err := pgx.ParseConfig(address) // its error leaves the password out
	if err != nil {
		return fmt.Errorf("read the database address: %w", err)
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(maxPostgresConns)
	pool.SetMaxIdleConns(maxPostgresConns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db.write, db.read = pool, pool
	if err := pool.PingContext(ctx); err != nil {
		return fmt.Errorf("reach PostgreSQL: %w", err)
	}
	return nil
}
