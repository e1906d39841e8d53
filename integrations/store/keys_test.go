package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"jiesu/integrations/store"
	"jiesu/routing"
)

const nextKey = "another secret for tests, as long as it must be"

func atOnce(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func openWith(t *testing.T, url, key, before string) (*store.DB, error) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{URL: url, Key: key, Before: before, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		t.Cleanup(func() { _ = db.Close() })
		err = db.Migrate(t.Context())
	}
	return db, err
}

// keysUsed counts the values by the key that they are sealed with.
func keysUsed(t *testing.T, db *store.DB) map[string]int {
	t.Helper()
	used := map[string]int{}
	for _, c := range store.SealedColumns() {
		table, column, _ := strings.Cut(c, ".")
		rows, err := db.Write().QueryContext(t.Context(), `SELECT substr(`+column+`, 1, 8) FROM `+table+` WHERE `+column+` <> ''`)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				t.Fatal(err)
			}
			used[id]++
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return used
}

// Somebody writes and reads with another handle all the while, and looks for new keys as a server does.
func TestTheKeyIsExchangedBesideTraffic(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		db, numbers := lived(t, url, true)
		s := newStore(t, url)
		if err := s.Update(t.Context(), func(tx routing.Tx) error {
			return errors.Join(tx.InsertAttachment(t.Context(), routing.Attachment{ID: "a", Kind: "image", State: routing.AttachmentStored, At: time.Now()}),
				tx.PutAttachmentContent(t.Context(), "a", []byte("a picture")))
		}); err != nil {
			t.Fatal(err)
		}
		was := keysUsed(t, db)
		if len(was) != 1 {
			t.Fatalf("before: %v", was)
		}
		server, err := openWith(t, url, fresh.Key, "")
		if err != nil {
			t.Fatal(err)
		}
		traffic := store.New(server, nil)
		ctx, stop := context.WithCancel(t.Context())
		var busy sync.WaitGroup
		busy.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				id := fmt.Sprint("during-", n)
				err := traffic.Update(t.Context(), func(tx routing.Tx) error {
					return tx.InsertComplainant(t.Context(), routing.Complainant{ID: id, OpenID: "openid-" + id, Name: secretName, CreatedAt: time.Now()})
				})
				if err == nil {
					_, err = traffic.ComplainantByOpenID(t.Context(), "openid-"+id)
				}
				if err == nil {
					_, err = traffic.Case(t.Context(), numbers[n%len(numbers)])
				}
				if err != nil {
					t.Errorf("beside it: %v", err)
					return
				}
			}
		})
		knows := func(context.Context, time.Duration) error { return server.RefreshKeys(t.Context()) }
		last := 0
		done, err := db.RotateKey(t.Context(), 0, knows, func(n, total int) { last = total - n })
		if err != nil || done.Values == 0 || done.Files != 1 || last != 0 {
			t.Errorf("%+v, %v; %d left", done, err, last)
		}
		stop()
		busy.Wait()
		if now := keysUsed(t, db); len(now) != 1 || now[done.Key] == 0 {
			t.Errorf("after: %v, want %s alone", now, done.Key)
		}
		again, err := openWith(t, url, fresh.Key, "")
		if err != nil {
			t.Fatal(err)
		}
		whole(t, again, numbers)
	})
}

// whole looks that everything is found and read, and that the trail holds.
func whole(t *testing.T, db *store.DB, numbers []string) {
	t.Helper()
	s := store.New(db, nil)
	for _, number := range numbers {
		if c, err := s.Case(t.Context(), number); err != nil || c.Contact.Name != secretName || c.Contact.Phone != secretPhone {
			t.Errorf("%s: %+v, %v", number, c.Contact, err)
		}
	}
	if content, err := s.AttachmentContent(t.Context(), "a"); err != nil && !errors.Is(err, routing.ErrNotFound) || err == nil && string(content) != "a picture" {
		t.Errorf("file: %q, %v", content, err)
	}
	if r := audited(t, db); len(r.Findings) > 0 {
		t.Errorf("audit: %+v", r.Findings)
	}
}

func TestTheSecretIsExchanged(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		_, numbers := lived(t, url, true)
		old, err := openWith(t, url, fresh.Key, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := store.New(old, nil).Update(t.Context(), func(tx routing.Tx) error {
			return tx.InsertComplainant(t.Context(), routing.Complainant{ID: "fan", OpenID: "openid-of-a-fan", CreatedAt: time.Now()})
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := openWith(t, url, nextKey, ""); !errors.Is(err, store.ErrWrongKey) {
			t.Errorf("the new secret without the old: %v", err)
		}
		both, err := openWith(t, url, nextKey, fresh.Key)
		if err != nil {
			t.Fatal(err)
		}
		whole(t, both, numbers)
		if _, err := both.RotateKey(t.Context(), 0, atOnce, nil); err != nil {
			t.Fatal(err)
		}
		alone, err := openWith(t, url, nextKey, "")
		if err != nil {
			t.Fatal(err)
		}
		whole(t, alone, numbers)
		if who, err := store.New(alone, nil).ComplainantByOpenID(t.Context(), "openid-of-a-fan"); err != nil || who.ID != "fan" {
			t.Errorf("a fan is no longer found: %+v, %v", who, err)
		}
		if _, err := openWith(t, url, fresh.Key, ""); !errors.Is(err, store.ErrWrongKey) {
			t.Errorf("the old secret still opens: %v", err)
		}
	})
}
