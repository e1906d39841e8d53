package store

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresConns is how many connections a process keeps: a few for each core, since more transactions under way than the cores can work only hold each other's
// rows for longer (measured: two processes with 20 each did half of what one did), and few enough for several replicas under the server's default of 100.
func postgresConns() int { return min(max(8, 4*runtime.GOMAXPROCS(0)), 20) }

func (db *DB) openPostgres(ctx context.Context, address string) error {
	db.dialect = Postgres
	config, err := pgx.ParseConfig(address) // its error leaves the password out
	if err != nil {
		return fmt.Errorf("read the database address: %w", err)
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(postgresConns())
	pool.SetMaxIdleConns(postgresConns())
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db.write, db.read = pool, pool
	if err := pool.PingContext(ctx); err != nil {
		return fmt.Errorf("reach PostgreSQL: %w", err)
	}
	return nil
}
