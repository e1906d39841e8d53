package store

import (
	"context"
	"fmt"
	"time"

	"jiesu/routing"
)

// ClaimAnswer implements routing.Tx. Who comes second waits on the unique key for the first to end.
func (t *tx) ClaimAnswer(ctx context.Context, a routing.KeptAnswer) (fresh bool, kept routing.KeptAnswer, err error) {
	n, err := run(ctx, t.run, `INSERT INTO answers (owner, key, request, answer, at) VALUES ($1, $2, $3, '', $4) ON CONFLICT DO NOTHING`,
		a.Owner, a.Key, a.Request, at(a.At))
	if err != nil {
		return false, kept, fmt.Errorf("claim answer: %w", err)
	}
	if n > 0 {
		return true, a, nil
	}
	read := func(scan scanner) (k routing.KeptAnswer, err error) {
		var text string
		err = scan(&k.Owner, &k.Key, &k.Request, sealed{t.vault, "answers.answer", &text}, when{&k.At})
		k.Answer = []byte(text)
		return k, err
	}
	kept, err = one(ctx, t.run, read, `SELECT owner, key, request, answer, at FROM answers WHERE owner = $1 AND key = $2`, a.Owner, a.Key)
	if err != nil {
		return false, kept, fmt.Errorf("read kept answer: %w", err)
	}
	return false, kept, nil
}

// KeepAnswer implements routing.Tx.
func (t *tx) KeepAnswer(ctx context.Context, a routing.KeptAnswer) error {
	n, err := run(ctx, t.run, `UPDATE answers SET answer = $1 WHERE owner = $2 AND key = $3`, sealed{t.vault, "answers.answer", string(a.Answer)}, a.Owner, a.Key)
	if err == nil && n == 0 {
		err = routing.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return nil
}

// ForgetAnswers implements routing.Tx.
func (t *tx) ForgetAnswers(ctx context.Context, before time.Time) error {
	if _, err := run(ctx, t.run, `DELETE FROM answers WHERE at < $1`, at(before)); err != nil {
		return fmt.Errorf("forget old answers: %w", err)
	}
	return nil
}
