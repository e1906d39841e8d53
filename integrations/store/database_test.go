package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jiesu/integrations/store"
	"jiesu/routing"
)

const (
	secretPhone  = "13900009999"
	secretOpenID = "oSecretOpenIDOfSomebody"
	secretName   = "欧阳无名"
)

// fileSecrets files a case whose personal data must not be readable in the database.
func fileSecrets(t *testing.T, s *store.Store) {
	t.Helper()
	who := routing.Complainant{ID: "1", OpenID: secretOpenID, Phone: secretPhone, Name: secretName, CreatedAt: time.Now()}
	c := routing.Case{Number: "JS20261124-000001", State: routing.StateTriage, Version: 1, Text: "一件事", ComplainantID: "1", Token: "t", FiledAt: time.Now(),
		Contact:   routing.Contact{Name: secretName, Phone: secretPhone},
		Judgement: routing.Judgement{Entities: &routing.Entities{Phones: []string{secretPhone}, People: []string{secretName}}}}
	e := routing.Event{ID: "e", Case: c.Number, Seq: 1, Action: routing.ActionFile, At: time.Now(), To: routing.StateTriage}
	err := s.Update(t.Context(), func(tx routing.Tx) error {
		_, _, err := tx.PutInbound(t.Context(), routing.Inbound{Key: secretOpenID + "|1", OpenID: secretOpenID, At: time.Now()}, "1")
		return errors.Join(err, tx.InsertComplainant(t.Context(), who), tx.InsertCase(t.Context(), c, e),
			tx.SetReply(t.Context(), secretOpenID+"|1", "您好，"+secretName),
			tx.PutDialogue(t.Context(), routing.Dialogue{ComplainantID: "1", State: []byte(`{"phone":"` + secretPhone + `"}`)}),
			tx.InsertAttachment(t.Context(), routing.Attachment{ID: "a", ComplainantID: "1", CaseNumber: c.Number, Kind: "document", State: routing.AttachmentStored}),
			tx.PutAttachmentContent(t.Context(), "a", []byte("%PDF-1.7 contract of "+secretName+", "+secretPhone)),
			tx.InsertNotice(t.Context(), routing.Notice{ID: "n", ComplainantID: "1", Text: secretName, State: routing.NoticePending, CreatedAt: time.Now()}))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPersonalDataIsUnreadableInTheDatabase(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		s := newStore(t, url)
		fileSecrets(t, s)
		var raw string
		if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				content, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				raw += string(content)
			}
		} else {
			raw = everyRow(t, url)
		}
		if !strings.Contains(raw, "JS20261124-000001") {
			t.Fatal("the case is not in what was read: the test sees nothing")
		}
		for _, secret := range []string{secretPhone, secretOpenID, secretName} {
			if strings.Contains(raw, secret) {
				t.Errorf("%q is readable in the database", secret)
			}
		}
	})
}

// A file that was stored before files were sealed is still read; one that was changed, or put in another's place, is not.
func TestStoredFilesAreReadAsTheyWereStored(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		s := newStore(t, url)
		fileSecrets(t, s)
		db := openDB(t, url)
		put := func(id string, content []byte) {
			t.Helper()
			err := s.Update(t.Context(), func(tx routing.Tx) error {
				return tx.InsertAttachment(t.Context(), routing.Attachment{ID: id, ComplainantID: "1", State: routing.AttachmentStored})
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Write().ExecContext(t.Context(), `INSERT INTO attachment_contents (attachment_id, content) VALUES ($1, $2)`, id, content); err != nil {
				t.Fatal(err)
			}
		}
		put("old", []byte("%PDF-1.7 of before"))
		if got, err := s.AttachmentContent(t.Context(), "old"); err != nil || string(got) != "%PDF-1.7 of before" {
			t.Errorf("%q, %v", got, err)
		}
		var stored []byte
		if err := db.Write().QueryRowContext(t.Context(), `SELECT content FROM attachment_contents WHERE attachment_id = 'a'`).Scan(&stored); err != nil {
			t.Fatal(err)
		}
		put("moved", stored)
		changed := bytes.Clone(stored)
		changed[len(changed)-1] ^= 1
		put("changed", changed)
		put("cut", stored[:20])
		for _, id := range []string{"moved", "changed", "cut"} {
			if got, err := s.AttachmentContent(t.Context(), id); !errors.Is(err, store.ErrWrongKey) {
				t.Errorf("%s: %q, %v", id, got, err)
			}
		}
	})
}

// everyRow is every row of every table as text.
func everyRow(t *testing.T, url string) string {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var all strings.Builder
	for _, table := range []string{"complainants", "cases", "events", "inbound", "dialogues", "notices"} {
		rows, err := db.QueryContext(t.Context(), "SELECT t::text FROM "+table+" AS t")
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var row string
			if err := rows.Scan(&row); err != nil {
				t.Fatal(err)
			}
			all.WriteString(row)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

func TestAnotherKeyIsRefused(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		if err := openDB(t, url).Close(); err != nil {
			t.Fatal(err)
		}
		o := options(url)
		o.Key = "another secret, as long as the first one"
		if _, err := store.Open(t.Context(), o); !errors.Is(err, store.ErrWrongKey) || strings.Contains(err.Error(), o.Key) {
			t.Errorf("another key: %v", err)
		}
		if err := openDB(t, url).Close(); err != nil { // migrating again changes nothing
			t.Errorf("the right key: %v", err)
		}
	})
}

func TestANewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		db := openDB(t, url)
		if _, err := db.Write().ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, TRUE)"); err != nil {
			t.Fatal(err)
		}
		var newer *store.NewerError
		if err := db.Migrate(t.Context()); !errors.As(err, &newer) || newer.Database != 999 || newer.Program < 1 {
			t.Errorf("migrate: %v", err)
		}
	})
}

// A pragma that is run on a pool reaches one of its connections only; ours come with the address and hold on every one.
func TestEveryConnectionHasTheSettings(t *testing.T) {
	t.Parallel()
	db := openDB(t, fresh.SQLite(t))
	for range 2 {
		conn, err := db.Write().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000"} {
			var got string
			if err := conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %s, want %s (%v)", pragma, got, want, err)
			}
		}
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // thrown away: the next round has a fresh one
		_ = conn.Close()
	}
}

func TestTheDatabaseIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "a folder", "jiesu.db")
	openDB(t, url)
	path := strings.TrimPrefix(url, "sqlite:")
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", filepath.Base(name), info.Mode().Perm(), err)
		}
	}
}

func TestJobsAreAsDurableAsTheirStep(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		s := newStore(t, url)
		fail := errors.New("the step failed")
		add := func(result error) error {
			return s.Update(t.Context(), func(tx routing.Tx) error {
				return errors.Join(tx.Enqueue(t.Context(), routing.Job{Kind: routing.JobDeliver, ID: "n"}), result)
			})
		}
		if err := add(fail); !errors.Is(err, fail) {
			t.Fatal(err)
		}
		if err := add(nil); err != nil {
			t.Fatal(err)
		}
		db, err := store.Open(context.Background(), options(url))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		var n int
		if err := db.Write().QueryRowContext(t.Context(), "SELECT count(*) FROM test_jobs").Scan(&n); err != nil || n != 1 {
			t.Errorf("%d jobs, %v", n, err)
		}
	})
}

func TestUnusableAddressesAreNamed(t *testing.T) {
	t.Parallel()
	for url, says := range map[string]string{
		"mysql://x": "sqlite: or postgres://", "sqlite:": "names no file", "sqlite::memory:": "names no file",
		"sqlite:/proc/none/jiesu.db": "folder", "postgres://u:s3cret@127.0.0.1:1/x": "PostgreSQL",
	} {
		o := options(url)
		_, err := store.Open(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// However many cases there are, looking for due clocks reads those alone.
func TestDueClocksAreFoundByTheirIndex(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		db := openDB(t, url)
		explain := "EXPLAIN QUERY PLAN "
		if !strings.HasPrefix(url, "sqlite:") {
			explain = "EXPLAIN "
		}
		conn, err := db.Write().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if explain == "EXPLAIN " { // an empty table is read as fast without any index
			if _, err := conn.ExecContext(t.Context(), "SET enable_seqscan = off; SET enable_bitmapscan = off"); err != nil {
				t.Fatal(err)
			}
		}
		for index, query := range map[string]string{
			"cases_next_tick":   `SELECT number FROM cases WHERE next_tick > 0 AND next_tick <= 1 ORDER BY next_tick, number LIMIT 500`,
			"cases_clock_due":   `SELECT state, count(*) FROM cases WHERE clock_due > 0 AND clock_due < 1 GROUP BY state`,
			"cases_clock_level": `SELECT state, count(*) FROM cases WHERE clock_level > 0 AND clock_level >= 1 GROUP BY state`,
			"cases_calendar":    `SELECT state, count(*) FROM cases WHERE calendar_missing > 0 GROUP BY state`,
		} {
			if plan := planOf(t, conn, explain+query); !strings.Contains(plan, index) || strings.HasSuffix(query, "500") && strings.Contains(plan, "SORT") {
				t.Errorf("%s isn't used as it should be: %s", index, plan)
			}
		}
	})
}

// planOf is how the database runs a query.
func planOf(t *testing.T, conn *sql.Conn, explain string) (plan string) {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), explain)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(any)
	}
	for rows.Next() {
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		plan += fmt.Sprintln(*values[len(values)-1].(*any)) // the last column is the words, in both databases
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan
}
