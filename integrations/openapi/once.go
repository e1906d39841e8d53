package openapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"jiesu/routing"
)

// Idempotent is a request that may carry a key of its own, so that sending it again does nothing twice.
type Idempotent struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"100" doc:"Drawn by you for this request. Sent again with the same key within 48 hours, the request gets the same answer and is not done again; with another body it is refused. Only successes are kept."`
}

// once does the work in a transaction, together with keeping its answer for the key. Errors: the work's, and a problem document when the
// key came with another request before.
func once[O any](ctx context.Context, a *API, actor routing.Actor, key, address string, body any, do func(ctx context.Context, tx routing.Tx) (*O, error)) (out *O, err error) {
	ask := routing.KeptAnswer{Owner: actor.ID, Key: key, At: a.Now()}
	if key != "" {
		if ask.Request, err = digest(address, body); err != nil {
			return nil, err
		}
	}
	for range 3 { // somebody else was faster with the same external id: it is found then
		err = a.Store.Update(ctx, func(tx routing.Tx) error {
			out, err = within(ctx, tx, ask, do)
			return err
		})
		if !errors.Is(err, routing.ErrExists) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func within[O any](ctx context.Context, tx routing.Tx, ask routing.KeptAnswer, do func(ctx context.Context, tx routing.Tx) (*O, error)) (*O, error) {
	if ask.Key == "" {
		return do(ctx, tx)
	}
	if err := tx.ForgetAnswers(ctx, ask.At.Add(-routing.AnswersKept)); err != nil {
		return nil, err
	}
	fresh, kept, err := tx.ClaimAnswer(ctx, ask)
	switch {
	case err != nil:
		return nil, err
	case !fresh && kept.Request != ask.Request:
		return nil, newProblem("idempotency-key-reused", "This Idempotency-Key came with another request before.")
	case !fresh:
		out := new(O)
		if err := json.Unmarshal(kept.Answer, out); err != nil {
			return nil, fmt.Errorf("read kept answer: %w", err)
		}
		return out, nil
	}
	out, err := do(ctx, tx)
	if err != nil {
		return nil, err
	}
	if ask.Answer, err = json.Marshal(out); err != nil {
		return nil, fmt.Errorf("write kept answer: %w", err)
	}
	return out, tx.KeepAnswer(ctx, ask)
}

func digest(address string, body any) (string, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("write request: %w", err)
	}
	sum := sha256.Sum256(append([]byte(address+"\n"), text...))
	return hex.EncodeToString(sum[:]), nil
}
