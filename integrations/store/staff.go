package store

import (
	"context"
	"fmt"
	"time"

	"jiesu/routing"
)

const userColumns = `id, name, role, unit, extension, hash, failures, locked_until, created_at`

func readUser(scan scanner) (u routing.User, err error) {
	err = scan(&u.ID, &u.Name, &u.Role, &u.Unit, &u.Extension, &u.Hash, &u.Failures, when{&u.LockedUntil}, when{&u.CreatedAt})
	return u, err
}

func userRow(u routing.User) row {
	return row{
		{"id", u.ID}, {"name", u.Name}, {"role", u.Role}, {"unit", u.Unit}, {"extension", u.Extension}, {"hash", u.Hash}, {"failures", u.Failures},
		{"locked_until", at(u.LockedUntil)}, {"created_at", at(u.CreatedAt)},
	}
}

// User implements routing.Reader.
func (r reader) User(ctx context.Context, id string) (routing.User, error) {
	return one(ctx, r.run, readUser, `SELECT `+userColumns+` FROM users WHERE id = $1`, id)
}

// UserByName implements routing.Reader.
func (r reader) UserByName(ctx context.Context, name string) (routing.User, error) {
	return one(ctx, r.run, readUser, `SELECT `+userColumns+` FROM users WHERE name = $1`, name)
}

// InsertUser implements routing.Tx.
func (t *tx) InsertUser(ctx context.Context, u routing.User) error {
	if err := insert(ctx, t.run, "users", userRow(u)); err != nil {
		return fmt.Errorf("insert user %s: %w", u.Name, err)
	}
	return nil
}

// UpdateUser implements routing.Tx. Errors: ErrNotFound; ErrExists when the name is another's, which ends the transaction.
func (t *tx) UpdateUser(ctx context.Context, u routing.User) error {
	if err := update(ctx, t.run, "users", userRow(u), row{{"id", u.ID}}, routing.ErrNotFound); err != nil {
		return fmt.Errorf("update user %s: %w", u.Name, err)
	}
	return nil
}

// Session implements routing.Reader.
func (r reader) Session(ctx context.Context, hash string) (routing.Session, error) {
	read := func(scan scanner) (s routing.Session, err error) {
		err = scan(&s.Hash, &s.UserID, when{&s.CreatedAt}, when{&s.SeenAt})
		return s, err
	}
	return one(ctx, r.run, read, `SELECT hash, user_id, created_at, seen_at FROM sessions WHERE hash = $1`, hash)
}

// InsertSession implements routing.Tx.
func (t *tx) InsertSession(ctx context.Context, s routing.Session) error {
	err := insert(ctx, t.run, "sessions", row{
		{"hash", s.Hash}, {"user_id", s.UserID}, {"created_at", at(s.CreatedAt)}, {"seen_at", at(s.SeenAt)},
	})
	if err != nil {
		return fmt.Errorf("insert session of user %s: %w", s.UserID, err)
	}
	return nil
}

// TouchSession implements routing.Tx. ErrNotFound: it was deleted meanwhile.
func (t *tx) TouchSession(ctx context.Context, hash string, seen time.Time) error {
	if err := update(ctx, t.run, "sessions", row{{"seen_at", at(seen)}}, row{{"hash", hash}}, routing.ErrNotFound); err != nil {
		return fmt.Errorf("touch session: %w", err)
	}
	return nil
}

// DeleteSession implements routing.Tx. Deleting what isn't there is no error.
func (t *tx) DeleteSession(ctx context.Context, hash string) error {
	if _, err := run(ctx, t.run, `DELETE FROM sessions WHERE hash = $1`, hash); err != nil {
		return fmt.Errorf("delete session: %w", err)
	}
	return nil
}

const keyColumns = `id, name, role, unit, hash, scopes, created_at, expires_at, revoked_at, used_at`

func readKey(scan scanner) (k routing.APIKey, err error) {
	err = scan(&k.ID, &k.Name, &k.Role, &k.Unit, &k.Hash, asJSON{&k.Scopes}, when{&k.CreatedAt}, when{&k.ExpiresAt}, when{&k.RevokedAt}, when{&k.UsedAt})
	return k, err
}

// APIKeyByHash implements routing.Reader.
func (r reader) APIKeyByHash(ctx context.Context, hash string) (routing.APIKey, error) {
	return one(ctx, r.run, readKey, `SELECT `+keyColumns+` FROM api_keys WHERE hash = $1`, hash)
}

// APIKeys implements routing.Reader.
func (r reader) APIKeys(ctx context.Context) ([]routing.APIKey, error) {
	keys, err := list(ctx, r.run, readKey, `SELECT `+keyColumns+` FROM api_keys ORDER BY created_at DESC, id DESC`)
	if err != nil {
		return nil, fmt.Errorf("list API keys: %w", err)
	}
	return keys, nil
}

// UpdateAPIKey implements routing.Tx.
func (t *tx) UpdateAPIKey(ctx context.Context, k routing.APIKey) error {
	err := update(ctx, t.run, "api_keys", row{{"used_at", at(k.UsedAt)}, {"revoked_at", at(k.RevokedAt)}}, row{{"id", k.ID}}, routing.ErrNotFound)
	if err != nil {
		return fmt.Errorf("update API key %s: %w", k.ID, err)
	}
	return nil
}

// InsertAPIKey implements routing.Tx.
func (t *tx) InsertAPIKey(ctx context.Context, k routing.APIKey) error {
	err := insert(ctx, t.run, "api_keys", row{
		{"id", k.ID}, {"name", k.Name}, {"role", k.Role}, {"unit", k.Unit}, {"hash", k.Hash}, {"scopes", asJSON{k.Scopes}},
		{"created_at", at(k.CreatedAt)}, {"expires_at", at(k.ExpiresAt)}, {"revoked_at", at(k.RevokedAt)}, {"used_at", at(k.UsedAt)},
	})
	if err != nil {
		return fmt.Errorf("insert API key %s: %w", k.Name, err)
	}
	return nil
}

// DeleteSessionsOf implements routing.Tx.
func (t *tx) DeleteSessionsOf(ctx context.Context, userID string) error {
	if _, err := run(ctx, t.run, `DELETE FROM sessions WHERE user_id = $1`, userID); err != nil {
		return fmt.Errorf("end sign-ins of %s: %w", userID, err)
	}
	return nil
}

// ForgetSessions implements routing.Tx.
func (t *tx) ForgetSessions(ctx context.Context, before time.Time) error {
	if _, err := run(ctx, t.run, `DELETE FROM sessions WHERE created_at < $1`, at(before)); err != nil {
		return fmt.Errorf("forget sign-ins: %w", err)
	}
	return nil
}
