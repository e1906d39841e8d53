package jobs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"image"
	"image/jpeg"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"jiesu/routing"
)

func TestNoticesOfACaseArriveInOrder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		const steps = 20
		c := w.file()
		var tries atomic.Int64
		template := &channel{name: "template", answer: func(routing.Letter) (routing.Receipt, error) {
			if tries.Add(1)%9 == 0 { // now and then the platform is busy
				return routing.Receipt{}, &routing.DeliveryError{Channel: "template", Code: -1, Reaction: routing.ReactRetry, After: time.Millisecond}
			}
			return routing.Receipt{Final: true}, nil
		}}
		for i := range steps {
			w.progress(c.Number, fmt.Sprint("第", i, "步"))
		}
		w.runner(Config{Ladder: []routing.Messenger{template}})
		eventually(t, "all notices delivered", func() bool {
			list, err := w.store.NoticesOf(t.Context(), c.Number)
			must(t, err)
			return len(list) == steps+1 && !slices.ContainsFunc(list, func(n routing.Notice) bool { return n.State != routing.NoticeDelivered })
		})
		var last int64
		for _, l := range template.letters() {
			if l.Notice.Seq != last && l.Notice.Seq != last+1 { // the same again is a retry
				t.Fatalf("notice %d came after %d", l.Notice.Seq, last)
			}
			last = l.Notice.Seq
		}
	})
}

func TestManyCasesAreDeliveredOnceEachByTwoRunners(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		const cases = 60
		for range cases {
			w.file()
		}
		template := &channel{name: "template"}
		w.runner(Config{Ladder: []routing.Messenger{template}})
		w.runner(Config{Ladder: []routing.Messenger{template}})
		eventually(t, "all cases told", func() bool { return len(template.letters()) >= cases })
		seen := map[string]bool{}
		for _, l := range template.letters() {
			if seen[l.Notice.ID] {
				t.Errorf("notice %s was sent twice", l.Notice.ID)
			}
			seen[l.Notice.ID] = true
		}
	})
}

func TestAFailureOnOurSideIsTriedAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		c := w.file()
		reg := prometheus.NewRegistry()
		var runs atomic.Int64
		template := &channel{name: "template", answer: func(routing.Letter) (routing.Receipt, error) {
			if runs.Add(1) == 1 {
				panic("a bug in a messenger")
			}
			return routing.Receipt{Final: true}, nil
		}}
		w.runner(Config{Ladder: []routing.Messenger{template}, Registerer: reg})
		eventually(t, "the notice is delivered", func() bool { return w.notice(c.Number).State == routing.NoticeDelivered })
		if n := total(t, reg, "jiesu_job_failures_total"); n != 1 {
			t.Errorf("%v counted failures", n)
		}
	})
}

func TestRunDrainsTheJobsUnderWay(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		c := w.file()
		started, release := make(chan struct{}), make(chan struct{})
		template := &channel{name: "template", answer: func(routing.Letter) (routing.Receipt, error) {
			close(started)
			<-release
			return routing.Receipt{Final: true}, nil
		}}
		stop := w.runner(Config{Ladder: []routing.Messenger{template}})
		<-started
		stopped := make(chan struct{})
		go func() { stop(); close(stopped) }()
		select {
		case <-stopped:
			t.Fatal("stopped with a letter in hand")
		case <-time.After(200 * time.Millisecond):
		}
		close(release)
		<-stopped
		if n := w.notice(c.Number); n.State != routing.NoticeDelivered {
			t.Errorf("state %s", n.State)
		}
	})
}

// shelf is the platform's store of media.
type shelf func(id string) ([]byte, string, error)

func (s shelf) Fetch(_ context.Context, id, _ string) ([]byte, string, error) { return s(id) }

func TestMediaIsFetchedOrRejected(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		var failures atomic.Int64
		var taken bytes.Buffer
		if err := jpeg.Encode(&taken, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
			w.t.Fatal(err)
		}
		picture, err := routing.CleanPicture(taken.Bytes(), "image/jpeg") // as it is kept
		if err != nil {
			w.t.Fatal(err)
		}
		media := shelf(func(id string) ([]byte, string, error) {
			switch id {
			case "gone":
				return nil, "", fmt.Errorf("media: %w", routing.ErrNotFound)
			case "huge":
				return nil, "", fmt.Errorf("media: %w", &routing.InvalidError{Field: "media", Key: "error.media_too_large"})
			case "later":
				if failures.Add(1) == 1 {
					return nil, "", errBroken
				}
			}
			return picture, "image/jpeg", nil
		})
		ids := map[string]string{}
		must(t, w.store.Update(t.Context(), func(tx routing.Tx) error {
			for _, m := range []string{"good", "gone", "huge", "later"} {
				a, err := w.desk.AttachIn(t.Context(), tx, routing.Attachment{ComplainantID: w.fan.ID, Kind: "image", MediaID: m})
				if err != nil {
					return err
				}
				ids[m] = a.ID
			}
			return nil
		}))
		w.runner(Config{Media: media})
		sum := sha256.Sum256(picture)
		for m, want := range map[string]routing.AttachmentState{"good": routing.AttachmentStored, "gone": routing.AttachmentRejected,
			"huge": routing.AttachmentRejected, "later": routing.AttachmentStored} {
			var a routing.Attachment
			eventually(t, m+" is settled", func() bool {
				var err error
				a, err = w.store.Attachment(t.Context(), ids[m])
				must(t, err)
				return a.State != routing.AttachmentPending
			})
			if a.State != want {
				t.Errorf("%s is %s", m, a.State)
			}
			if want == routing.AttachmentRejected {
				continue
			}
			content, err := w.store.AttachmentContent(t.Context(), a.ID)
			if err != nil || !bytes.Equal(content, picture) || a.SHA256 != hex.EncodeToString(sum[:]) || a.Size != int64(len(picture)) || a.ContentType != "image/jpeg" {
				t.Errorf("%s: %q, %+v, %v", m, content, a, err)
			}
		}
		if failures.Load() != 2 {
			t.Errorf("a passing error was met %d times", failures.Load())
		}
	})
}

func TestAnAttachmentFiledMeanwhileKeepsItsCase(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		var a routing.Attachment
		must(t, w.store.Update(t.Context(), func(tx routing.Tx) (err error) {
			a, err = w.desk.AttachIn(t.Context(), tx, routing.Attachment{ComplainantID: w.fan.ID, Kind: "voice", MediaID: "m"})
			return err
		}))
		filed := w.file()
		c := collector{store: w.store, media: shelf(func(string) ([]byte, string, error) {
			_, err := w.desk.Act(t.Context(), routing.System(), filed.Number, routing.Step{Action: routing.ActionSupplement, Attachments: []string{a.ID}})
			return []byte("#!AMR\n"), "audio/amr", err
		})}
		must(t, c.collect(t.Context(), a.ID))
		must(t, c.collect(t.Context(), a.ID)) // a second run finds it done
		list, err := w.store.AttachmentsOf(t.Context(), filed.Number)
		if err != nil || len(list) != 1 || list[0].State != routing.AttachmentStored {
			t.Errorf("attachments %+v, %v", list, err)
		}
	})
}

func TestChoresRunFromTheStartAndGoOnAfterAFailure(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		var runs, busy atomic.Int64
		w.runner(Config{Periodic: []Periodic{{Name: "tick", Every: time.Second, Run: func(context.Context) error {
			if busy.Add(1) > 1 {
				t.Error("two at once")
			}
			defer busy.Add(-1)
			if runs.Add(1) == 1 {
				return errBroken
			}
			return nil
		}}}})
		eventually(t, "three beats", func() bool { return runs.Load() >= 3 })
	})
}

func TestAJobIsAsDurableAsItsTransaction(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		queue, err := NewQueue(w.db, w.dialect)
		must(t, err)
		count := func() (n int) {
			must(t, w.db.QueryRowContext(t.Context(), "SELECT count(*) FROM river_job").Scan(&n))
			return n
		}
		for _, tt := range []struct {
			kind   routing.JobKind
			finish func(*sql.Tx) error
			jobs   int
			fails  bool
		}{
			{routing.JobDeliver, (*sql.Tx).Rollback, 0, false},
			{"unheard-of", (*sql.Tx).Rollback, 0, true},
			{routing.JobDeliver, (*sql.Tx).Commit, 1, false},
			{routing.JobMedia, (*sql.Tx).Commit, 2, false},
		} {
			tx, err := w.db.BeginTx(t.Context(), nil)
			must(t, err)
			if err := queue.Enqueue(t.Context(), tx, routing.Job{Kind: tt.kind, ID: "x"}); (err != nil) != tt.fails {
				t.Errorf("enqueue %s: %v", tt.kind, err)
			}
			must(t, tt.finish(tx))
			if n := count(); n != tt.jobs {
				t.Errorf("%d jobs, want %d", n, tt.jobs)
			}
		}
		must(t, Migrate(t.Context(), w.db, w.dialect)) // at every start
		if n := count(); n != 2 {
			t.Errorf("%d jobs after migrating again", n)
		}
	})
}

func TestNewRunnerSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, SQLite, freshSQLite.SQLite(t))
	good := Config{DB: w.db, Dialect: SQLite, Store: w.store, Desk: w.desk, Now: time.Now, Logger: w.logger()}
	if _, err := NewRunner(good); err != nil {
		t.Fatal(err)
	}
	nothing := func(context.Context) error { return nil }
	for name, spoil := range map[string]func(*Config){
		"no store":       func(c *Config) { c.Store = nil },
		"no clock":       func(c *Config) { c.Now = nil },
		"dialect":        func(c *Config) { c.Dialect = "oracle" },
		"rescue":         func(c *Config) { c.RescueAfter = c.Timeout },
		"nameless chore": func(c *Config) { c.Periodic = []Periodic{{Every: time.Second, Run: nothing}} },
		"same chore":     func(c *Config) { c.Periodic = []Periodic{{"a", time.Second, nothing}, {"a", time.Second, nothing}} },
		"postgres url":   func(c *Config) { c.Dialect, c.PostgresURL = Postgres, "postgres://u:s3cret@h:port/" },
	} {
		cfg := good
		cfg.Timeout = time.Minute
		spoil(&cfg)
		if _, err := NewRunner(cfg); err == nil || bytes.Contains([]byte(err.Error()), []byte("s3cret")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
