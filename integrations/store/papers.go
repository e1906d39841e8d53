package store

import (
	"context"
	"fmt"

	"jiesu/routing"
)

const paperColumns = `period, from_at, to_at, until_at, made_at, made_by`

func readPaper(scan scanner) (p routing.Paper, err error) {
	err = scan(&p.Period, when{&p.Span.From}, when{&p.Span.To}, when{&p.Until}, when{&p.MadeAt}, &p.MadeBy, &p.Figures)
	return p, err
}

// Paper implements routing.Reader.
func (r reader) Paper(ctx context.Context, period string) (routing.Paper, error) {
	return one(ctx, r.run, readPaper, `SELECT `+paperColumns+`, figures FROM papers WHERE period = $1`, period)
}

// Papers implements routing.Reader. Of periods that end together the longer one comes first.
func (r reader) Papers(ctx context.Context, limit int) ([]routing.Paper, error) {
	read := func(scan scanner) (p routing.Paper, err error) {
		err = scan(&p.Period, when{&p.Span.From}, when{&p.Span.To}, when{&p.Until}, when{&p.MadeAt}, &p.MadeBy)
		return p, err
	}
	papers, err := list(ctx, r.run, read, `SELECT `+paperColumns+` FROM papers ORDER BY to_at DESC, from_at LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list papers: %w", err)
	}
	return papers, nil
}

// PutPaper implements routing.Tx.
func (t *tx) PutPaper(ctx context.Context, p routing.Paper) error {
	const put = `INSERT INTO papers (period, from_at, to_at, until_at, made_at, made_by, figures) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (period) DO UPDATE SET from_at = excluded.from_at, to_at = excluded.to_at, until_at = excluded.until_at,
		made_at = excluded.made_at, made_by = excluded.made_by, figures = excluded.figures`
	_, err := run(ctx, t.run, put, p.Period, at(p.Span.From), at(p.Span.To), at(p.Until), at(p.MadeAt), p.MadeBy, p.Figures)
	if err != nil {
		return fmt.Errorf("keep paper of %s: %w", p.Period, err)
	}
	return nil
}
