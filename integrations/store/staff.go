package store

import (
	"context"
	"fmt"
	"time"

	"jiesu/routing"
)

const userColumns = `id, name, role, unit, extension, hash, initial, totp_secret, totp_step, recovery, subject, created_at`

func (r reader) readUser(scan scanner) (u routing.User, err error) {
	err = scan(&u.ID, &u.Name, &u.Role, &u.Unit, &u.Extension, &u.Hash, &u.Initial, sealed{r.vault, "users.totp_secret", &u.Secret}, &u.Step, asJSON{&u.Recovery},
		&u.Subject, when{&u.CreatedAt})
	return u, err
}

func (r reader) userRow(u routing.User) row {
	return row{
		{"id", u.ID}, {"name", u.Name}, {"role", u.Role}, {"unit", u.Unit}, {"extension", u.Extension}, {"hash", u.Hash}, {"initial", u.Initial},
		{"totp_secret", sealed{r.vault, "users.totp_secret", u.Secret}}, {"totp_step", u.Step}, {"recovery", asJSON{u.Recovery}}, {"subject", u.Subject},
		{"created_at", at(u.CreatedAt)},
	}
}

// User implements routing.Reader.
func (r reader) User(ctx context.Context, id string) (routing.User, error) {
	return one(ctx, r.run, r.readUser, `SELECT `+userColumns+` FROM users WHERE id = $1`, id)
}

// UserByName implements routing.Reader.
func (r reader) UserByName(ctx context.Context, name string) (routing.User, error) {
	return one(ctx, r.run, r.readUser, `SELECT `+userColumns+` FROM users WHERE name = $1`, name)
}

// UserBySubject implements routing.Reader.
func (r reader) UserBySubject(ctx context.Context, subject string) (routing.User, error) {
	if subject == "" {
		return routing.User{}, routing.ErrNotFound
	}
	return one(ctx, r.run, r.readUser, `SELECT `+userColumns+` FROM users WHERE subject = $1`, subject)
}

// InsertUser implements routing.Tx.
func (t *tx) InsertUser(ctx context.Context, u routing.User) error {
	if err := insert(ctx, t.run, "users", append(t.userRow(u), row{{"failures", 0}, {"locked_until", at(time.Time{})}}...)); err != nil {
		return fmt.Errorf("insert user %s: %w", u.Name, err)
	}
	return nil
}

// UpdateUser implements routing.Tx. Errors: ErrNotFound; ErrExists when the name is another's, which ends the transaction.
func (t *tx) UpdateUser(ctx context.Context, u routing.User) error {
	if err := update(ctx, t.run, "users", t.userRow(u), row{{"id", u.ID}}, routing.ErrNotFound); err != nil {
		return fmt.Errorf("update user %s: %w", u.Name, err)
	}
	return nil
}

// Session implements routing.Reader.
func (r reader) Session(ctx context.Context, hash string) (routing.Session, error) {
	read := func(scan scanner) (s routing.Session, err error) {
		err = scan(&s.Hash, &s.UserID, &s.Second, &s.Browser, sealed{r.vault, "sessions.secret", &s.Secret}, when{&s.CreatedAt}, when{&s.SeenAt})
		return s, err
	}
	return one(ctx, r.run, read, `SELECT hash, user_id, second, browser, secret, created_at, seen_at FROM sessions WHERE hash = $1`, hash)
}

// SessionsOf implements routing.Reader.
func (r reader) SessionsOf(ctx context.Context, userID string) (int, error) {
	n, err := one(ctx, r.run, value[int], `SELECT count(*) FROM sessions WHERE user_id = $1`, userID)
	if err != nil {
		return 0, fmt.Errorf("count sign-ins of %s: %w", userID, err)
	}
	return n, nil
}

func (t *tx) sessionRow(s routing.Session) row {
	return row{
		{"hash", s.Hash}, {"user_id", s.UserID}, {"second", s.Second}, {"browser", s.Browser}, {"secret", sealed{t.vault, "sessions.secret", s.Secret}},
		{"created_at", at(s.CreatedAt)}, {"seen_at", at(s.SeenAt)},
	}
}

// InsertSession implements routing.Tx.
func (t *tx) InsertSession(ctx context.Context, s routing.Session) error {
	if err := insert(ctx, t.run, "sessions", t.sessionRow(s)); err != nil {
		return fmt.Errorf("insert session of user %s: %w", s.UserID, err)
	}
	return nil
}

// UpdateSession implements routing.Tx.
func (t *tx) UpdateSession(ctx context.Context, s routing.Session) error {
	if err := update(ctx, t.run, "sessions", t.sessionRow(s), row{{"hash", s.Hash}}, routing.ErrNotFound); err != nil {
		return fmt.Errorf("update session of user %s: %w", s.UserID, err)
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

// Guess implements routing.Tx. One statement, so that many at once are counted one after the other.
func (t *tx) Guess(ctx context.Context, key string, limit int, now, until time.Time) (bool, error) {
	first := time.Time{}
	if limit <= 1 {
		first = until
	}
	n, err := run(ctx, t.run, `INSERT INTO guesses (key, failures, locked_until, at) VALUES ($1, 1, $2, $3)
		ON CONFLICT (key) DO UPDATE SET at = excluded.at,
			failures = CASE WHEN guesses.failures + 1 < $4 THEN guesses.failures + 1 ELSE 0 END,
			locked_until = CASE WHEN guesses.failures + 1 < $4 THEN guesses.locked_until ELSE $5 END
		WHERE guesses.locked_until <= excluded.at`, key, at(first), at(now), limit, at(until))
	if err != nil {
		return false, fmt.Errorf("count a guess: %w", err)
	}
	return n > 0, nil
}

// DeleteGuesses implements routing.Tx.
func (t *tx) DeleteGuesses(ctx context.Context, key string) error {
	if _, err := run(ctx, t.run, `DELETE FROM guesses WHERE key = $1`, key); err != nil {
		return fmt.Errorf("begin guesses anew: %w", err)
	}
	return nil
}

// ForgetGuesses implements routing.Tx.
func (t *tx) ForgetGuesses(ctx context.Context, before time.Time) error {
	if _, err := run(ctx, t.run, `DELETE FROM guesses WHERE at < $1`, at(before)); err != nil {
		return fmt.Errorf("forget guesses: %w", err)
	}
	return nil
}

// Browser implements routing.Reader.
func (r reader) Browser(ctx context.Context, hash string) (routing.Browser, error) {
	read := func(scan scanner) (b routing.Browser, err error) {
		err = scan(&b.Hash, &b.UserID, when{&b.CreatedAt})
		return b, err
	}
	return one(ctx, r.run, read, `SELECT hash, user_id, created_at FROM browsers WHERE hash = $1`, hash)
}

// InsertBrowser implements routing.Tx.
func (t *tx) InsertBrowser(ctx context.Context, b routing.Browser) error {
	if err := insert(ctx, t.run, "browsers", row{{"hash", b.Hash}, {"user_id", b.UserID}, {"created_at", at(b.CreatedAt)}}); err != nil {
		return fmt.Errorf("insert browser of user %s: %w", b.UserID, err)
	}
	return nil
}

// DeleteBrowsersOf implements routing.Tx.
func (t *tx) DeleteBrowsersOf(ctx context.Context, userID string) error {
	if _, err := run(ctx, t.run, `DELETE FROM browsers WHERE user_id = $1`, userID); err != nil {
		return fmt.Errorf("forget browsers of %s: %w", userID, err)
	}
	return nil
}

// ForgetBrowsers implements routing.Tx.
func (t *tx) ForgetBrowsers(ctx context.Context, before time.Time) error {
	if _, err := run(ctx, t.run, `DELETE FROM browsers WHERE created_at < $1`, at(before)); err != nil {
		return fmt.Errorf("forget browsers: %w", err)
	}
	return nil
}
