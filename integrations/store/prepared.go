package store

import (
	"context"
	"database/sql"
)

const (
	// maxPrepared bounds the memory of statements that are kept ready; ours are some two hundred.
	maxPrepared = 500
	// maxSeen bounds the memory of those that came once.
	maxSeen = 2000
)

// prepared keeps the statements of SQLite's write connection ready, since reading the text of one takes as long as running it. A statement is made ready
// between two groups, when the connection is free, once it has come twice: lists write some of theirs anew each time. The group's turns and its loop take
// turns with it, so it needs no lock.
type prepared struct {
	db    *sql.DB
	ready map[string]*sql.Stmt // nil: it can't be made ready
	seen  map[string]bool      // came once
	next  []string             // came twice
}

func newPrepared(db *sql.DB) *prepared {
	return &prepared{db: db, ready: map[string]*sql.Stmt{}, seen: map[string]bool{}}
}

// in returns the statement for use in the transaction, nil when it isn't ready.
func (p *prepared) in(ctx context.Context, tx *sql.Tx, query string) *sql.Stmt {
	if s, known := p.ready[query]; s != nil {
		return tx.StmtContext(ctx, s)
	} else if known {
		return nil
	}
	if p.seen[query] {
		if len(p.ready)+len(p.next) < maxPrepared {
			p.next = append(p.next, query)
		}
	} else if len(p.seen) < maxSeen {
		p.seen[query] = true
	}
	return nil
}

// learn makes ready what has come twice.
func (p *prepared) learn() {
	for _, query := range p.next {
		if _, known := p.ready[query]; known {
			continue
		}
		s, err := p.db.PrepareContext(context.Background(), query)
		if err != nil {
			s = nil // it is run as it is, and says itself what is wrong
		}
		p.ready[query] = s
		delete(p.seen, query)
	}
	p.next = nil
}

func (p *prepared) exec(ctx context.Context, tx *sql.Tx, query string, args ...any) (sql.Result, error) {
	if s := p.in(ctx, tx, query); s != nil {
		return s.ExecContext(ctx, args...)
	}
	return tx.ExecContext(ctx, query, args...)
}

func (p *prepared) query(ctx context.Context, tx *sql.Tx, query string, args ...any) (*sql.Rows, error) {
	if s := p.in(ctx, tx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return tx.QueryContext(ctx, query, args...)
}
