package store

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The purposes of a key.
const (
	purposeSeal  = "seal"
	purposeIndex = "index" // stays as long as the database: what is looked up by it would be lost
	purposeAudit = "audit" // likewise: the trail would no longer hold
)

// storedKey is a line of the table keys.
type storedKey struct {
	id, purpose, sealed string
	usable              time.Time
	key                 []byte // opened
	secret              string // id of the secret that it is sealed under
}

// keyColumn is what a key is bound to, so that one of another purpose doesn't open in its place.
func keyColumn(purpose, id string) string { return "keys.sealed\x00" + purpose + "\x00" + id }

// wrap seals a key under the present secret.
func (v *vault) wrap(purpose, id string, key []byte) string {
	return sealWith(v.secrets[0].id, v.secrets[0].aead, keyColumn(purpose, id), base64.RawStdEncoding.EncodeToString(key))
}

func (v *vault) unwrap(k *storedKey) error {
	k.secret, _, _ = strings.Cut(k.sealed, ":")
	var aead cipher.AEAD
	if i := slices.IndexFunc(v.secrets, func(d derived) bool { return d.id == k.secret }); i >= 0 {
		aead = v.secrets[i].aead
	}
	text, err := openWith(aead, keyColumn(k.purpose, k.id), k.sealed)
	if err != nil {
		return err
	}
	k.key, err = base64.RawStdEncoding.DecodeString(text)
	return err
}

// hasTable reports whether the database has come so far.
func (db *DB) hasTable(ctx context.Context, name string) (bool, error) {
	exists := `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1`
	if db.dialect == Postgres {
		exists = `SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass($1)`
	}
	var tables int
	if err := db.read.QueryRowContext(ctx, exists, name).Scan(&tables); err != nil {
		return false, fmt.Errorf("look for the table %s: %w", name, err)
	}
	return tables > 0, nil
}

// RefreshKeys reads which keys there are. A server does so at its start and every half minute, so that it knows a new key before anybody seals with it.
// Error: ErrWrongKey, when they are sealed under another secret.
func (db *DB) RefreshKeys(ctx context.Context) error {
	stored, err := db.storedKeys(ctx)
	if err != nil || len(stored) == 0 {
		return err
	}
	r := db.vault.ringOf(db.vault.secrets[0])
	newest := time.Time{}
	for i := range stored {
		k := &stored[i]
		if err := db.vault.unwrap(k); err != nil {
			return fmt.Errorf("open key %s: %w", k.id, err)
		}
		switch k.purpose {
		case purposeIndex:
			r.index = k.key
		case purposeAudit:
			r.audit = k.key
		case purposeSeal:
			if r.seal[k.id], err = newAEAD(k.key); err != nil {
				return err
			}
			if !k.usable.After(db.now()) && k.usable.After(newest) {
				r.newest, newest = k.id, k.usable
			}
		}
	}
	db.vault.ring.Store(r)
	return nil
}

func (db *DB) storedKeys(ctx context.Context) ([]storedKey, error) {
	if there, err := db.hasTable(ctx, "keys"); err != nil || !there {
		return nil, err
	}
	return list(ctx, db.read, func(scan scanner) (k storedKey, err error) {
		err = scan(&k.id, &k.purpose, &k.sealed, when{&k.usable})
		return k, err
	}, `SELECT id, purpose, sealed, usable_at FROM keys ORDER BY id`)
}

// keepKeys gives a database keys of its own: for look-ups and the trail those that it was begun with. What is sealed under the secret before this one is sealed anew.
func (db *DB) keepKeys(ctx context.Context) error {
	begun, err := db.begunWith(ctx)
	if err != nil {
		return err
	}
	for purpose, key := range map[string][]byte{purposeIndex: begun.index, purposeAudit: begun.audit} {
		_, err := db.write.ExecContext(ctx, `INSERT INTO keys (id, purpose, sealed, usable_at, created_at) VALUES ($1, $2, $3, 0, $4) ON CONFLICT DO NOTHING`,
			purpose, purpose, db.vault.wrap(purpose, purpose, key), at(db.now()))
		if err != nil {
			return fmt.Errorf("keep the key for %s: %w", purpose, err)
		}
	}
	stored, err := db.storedKeys(ctx)
	if err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	for _, k := range stored {
		if err := db.vault.unwrap(&k); err != nil {
			return fmt.Errorf("open key %s: %w", k.id, err)
		}
		if k.secret == db.vault.secrets[0].id {
			continue
		}
		if _, err := db.write.ExecContext(ctx, `UPDATE keys SET sealed = $1 WHERE id = $2 AND sealed = $3`, db.vault.wrap(k.purpose, k.id, k.key), k.id, k.sealed); err != nil {
			return fmt.Errorf("seal key %s under the new secret: %w", k.id, err)
		}
	}
	return db.RefreshKeys(ctx)
}

// begunWith is the secret that the database was set up with, as far as it is known: the present one if nothing says otherwise.
func (db *DB) begunWith(ctx context.Context) (derived, error) {
	sealed, err := list(ctx, db.read, value[string], `SELECT sealed FROM keycheck WHERE id = 1`)
	if err != nil {
		return derived{}, fmt.Errorf("read the key check: %w", err)
	}
	for _, d := range db.vault.secrets {
		if len(sealed) > 0 && strings.HasPrefix(sealed[0], d.id+":") {
			return d, nil
		}
	}
	return db.vault.secrets[0], nil
}

// sealedTable is a table with sealed columns; to seal one anew, its name and the row's key are needed.
type sealedTable struct {
	name    string
	key     []string
	columns map[string]string // column: what its values are bound to
}

func sealedTables() []sealedTable {
	own := func(table string, key []string, columns ...string) sealedTable {
		t := sealedTable{table, key, map[string]string{}}
		for _, c := range columns {
			t.columns[c] = table + "." + c
		}
		return t
	}
	id := []string{"id"}
	return []sealedTable{
		own("keycheck", id, "sealed"),
		own("complainants", id, "openid", "phone", "name"),
		own("cases", []string{"number"}, "contact_name", "phone", "judgement"),
		own("inbound", []string{"key_index"}, "reply"),
		own("dialogues", []string{"complainant_id"}, "state"),
		own("notices", id, "body"),
		own("calls", id, "caller", "recording"),
		own("chats", []string{"task_id"}, "summary"),
		own("chat_lines", id, "text"),
		own("codes", id, "digits", "phone"),
		own("drafts", []string{"user_id"}, "fields"),
		own("spool", []string{"key_index"}, "message"),
		own("imports", id, "sample"),
		{"import_files", []string{"import_id"}, map[string]string{"content": "imports.content"}},
		own("import_lines", []string{"import_id", "line"}, "cells"),
		own("hook_endpoints", id, "url", "secrets"),
		own("answers", []string{"owner", "key"}, "answer"),
		own("users", id, "totp_secret"),
		own("sessions", []string{"hash"}, "secret"),
	}
}

// resealBatch is how many rows are sealed anew in one transaction, which others wait for.
const resealBatch = 200

// Rotation is what came of exchanging the key.
type Rotation struct {
	Key    string // id of the new one
	Values int    // sealed anew
	Files  int
}

// RotateKey makes a new key, waits until every server knows it, and seals everything anew, beside whatever goes on meanwhile. Called again after it was broken off, it
// begins with another key. tell, which may be nil, hears how many tables and files are done of how many. Keys that nothing is sealed with any more are dropped a day later.
func (db *DB) RotateKey(ctx context.Context, wait time.Duration, sleep func(context.Context, time.Duration) error, tell func(done, total int)) (r Rotation, err error) {
	key, id := make([]byte, sealKeySize), make([]byte, keyIDLength/2)
	_, _ = rand.Read(key) // never fails since Go 1.24
	_, _ = rand.Read(id)
	r.Key = hex.EncodeToString(id)
	usable := db.now().Add(wait)
	if _, err := db.write.ExecContext(ctx, `INSERT INTO keys (id, purpose, sealed, usable_at, created_at) VALUES ($1, $2, $3, $4, $5)`,
		r.Key, purposeSeal, db.vault.wrap(purposeSeal, r.Key, key), at(usable), at(db.now())); err != nil {
		return r, fmt.Errorf("add key: %w", err)
	}
	if err := sleep(ctx, 2*wait); err != nil { // once until it is used, once more until nobody uses another
		return r, err
	}
	if err := db.RefreshKeys(ctx); err != nil {
		return r, err
	}
	if now := db.vault.ring.Load().newest; now != r.Key {
		return r, fmt.Errorf("key %s isn't the newest, %s is: somebody else rotates", r.Key, now)
	}
	files, err := list(ctx, db.read, value[string], `SELECT attachment_id FROM attachment_contents ORDER BY attachment_id`)
	if err != nil {
		return r, fmt.Errorf("list files: %w", err)
	}
	tables := sealedTables()
	done := func(n int) {
		if tell != nil {
			tell(n, len(tables)+len(files))
		}
	}
	for i, t := range tables {
		n, err := db.reseal(ctx, t, r.Key)
		if r.Values += n; err != nil {
			return r, err
		}
		done(i + 1)
	}
	for i, id := range files {
		changed, err := db.resealFile(ctx, id, r.Key)
		if err != nil {
			return r, err
		}
		if changed {
			r.Files++
		}
		done(len(tables) + i + 1)
	}
	_, err = db.write.ExecContext(ctx, `DELETE FROM keys WHERE purpose = $1 AND id <> $2 AND usable_at < $3`, purposeSeal, r.Key, at(db.now().Add(-24*time.Hour)))
	if err != nil {
		return r, fmt.Errorf("drop old keys: %w", err)
	}
	return r, nil
}

// reseal seals a table's columns anew, row by row in the order of its key. A value that changes meanwhile was sealed by somebody who knows the key.
func (db *DB) reseal(ctx context.Context, t sealedTable, key string) (total int, err error) {
	names := make([]string, 0, len(t.columns))
	for c := range t.columns {
		names = append(names, c)
	}
	slices.Sort(names)
	var after []any
	for {
		rows, err := db.sealedRows(ctx, t, names, key, after)
		if err != nil {
			return total, fmt.Errorf("read %s: %w", t.name, err)
		}
		if len(rows) == 0 {
			return total, nil
		}
		after = rows[len(rows)-1].key
		n, err := db.resealRows(ctx, t, names, key, rows)
		if total += n; err != nil {
			return total, fmt.Errorf("seal %s anew: %w", t.name, err)
		}
	}
}

type sealedRow struct {
	key    []any
	values []string
}

func (db *DB) sealedRows(ctx context.Context, t sealedTable, names []string, key string, after []any) ([]sealedRow, error) {
	args := []any{key + ":%"}
	old := make([]string, len(names))
	for i, c := range names {
		old[i] = c + ` <> '' AND ` + c + ` NOT LIKE $1`
	}
	where := `(` + strings.Join(old, ` OR `) + `)`
	if after != nil {
		marks := make([]string, len(after))
		for i, v := range after {
			args = append(args, v)
			marks[i] = "$" + strconv.Itoa(len(args))
		}
		where += ` AND (` + strings.Join(t.key, ", ") + `) > (` + strings.Join(marks, ", ") + `)`
	}
	read := func(scan scanner) (row sealedRow, err error) {
		row.key, row.values = make([]any, len(t.key)), make([]string, len(names))
		into := make([]any, 0, len(t.key)+len(names))
		for i := range row.key {
			into = append(into, &row.key[i])
		}
		for i := range row.values {
			into = append(into, &row.values[i])
		}
		err = scan(into...)
		return row, err
	}
	order := strings.Join(t.key, ", ")
	return list(ctx, db.read, read, `SELECT `+order+`, `+strings.Join(names, ", ")+` FROM `+t.name+` WHERE `+where+` ORDER BY `+order+` LIMIT `+strconv.Itoa(resealBatch), args...)
}

func (db *DB) resealRows(ctx context.Context, t sealedTable, names []string, key string, rows []sealedRow) (n int, err error) {
	sqlTx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = sqlTx.Rollback() }() // does nothing after the commit
	for _, r := range rows {
		for i, c := range names {
			if r.values[i] == "" || strings.HasPrefix(r.values[i], key+":") {
				continue
			}
			plain, err := db.vault.open(t.columns[c], r.values[i])
			if err != nil {
				return 0, err
			}
			set, at := row{{c, db.vault.seal(t.columns[c], plain)}}, row{{c, r.values[i]}}
			for k, name := range t.key {
				at = append(at, column{name, r.key[k]})
			}
			statement, args := set.update(t.name, at)
			changed, err := run(ctx, sqlTx, statement, args...)
			if err != nil {
				return 0, err
			}
			n += int(changed)
		}
	}
	return n, sqlTx.Commit()
}

func (db *DB) resealFile(ctx context.Context, id, key string) (bool, error) {
	var stored []byte
	switch err := db.read.QueryRowContext(ctx, `SELECT content FROM attachment_contents WHERE attachment_id = $1`, id).Scan(&stored); {
	case errors.Is(err, sql.ErrNoRows): // erased meanwhile
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read file %s: %w", id, err)
	}
	if fileKey(stored) == key {
		return false, nil
	}
	plain, err := db.vault.openFile(id, stored)
	if err != nil {
		return false, err
	}
	n, err := run(ctx, db.write, `UPDATE attachment_contents SET content = $1 WHERE attachment_id = $2 AND content = $3`, db.vault.sealFile(id, plain), id, stored)
	if err != nil {
		return false, fmt.Errorf("seal file %s anew: %w", id, err)
	}
	return n > 0, nil
}
