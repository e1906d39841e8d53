package store

import (
	"context"

	"jiesu/routing"
)

// PackMatter is a matter as it is stored, for benchmarks that write many at once.
func PackMatter(m routing.Matter) []byte { return packMatter(m) }

// MigrateTo brings the schema up to an older version only.
func (db *DB) MigrateTo(ctx context.Context, version int64) error {
	p, err := db.provider()
	if err != nil {
		return err
	}
	_, err = p.UpTo(ctx, version)
	return err
}
