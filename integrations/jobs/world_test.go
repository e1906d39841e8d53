package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"jiesu/configs"
	"jiesu/integrations/store"
	"jiesu/integrations/store/storetest"
	"jiesu/routing"
)

// patience is how long a test waits for a job.
const patience = 4 * time.Minute

const testKey = "a key for tests, long enough to be one"

// The databases of all tests, with the queue's tables.
var (
	freshSQLite   = storetest.Fresh{Key: testKey, More: func(ctx context.Context, db *store.DB) error { return Migrate(ctx, db.Write(), SQLite) }}
	freshPostgres = storetest.Fresh{Key: testKey, More: func(ctx context.Context, db *store.DB) error { return Migrate(ctx, db.Write(), Postgres) }}
)

func TestMain(m *testing.M) {
	code := m.Run()
	freshPostgres.Close()
	os.Exit(code)
}

// world is a fresh database with everything that works on it.
type world struct {
	t       *testing.T
	db      *sql.DB
	dialect Dialect
	url     string
	store   routing.Store
	desk    *routing.Desk
	words   routing.Wording
	fan     routing.Complainant
	unit    string
	item    string
}

// onBoth runs a test on a fresh SQLite file and on a fresh PostgreSQL database.
func onBoth(t *testing.T, test func(w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(newWorld(t, SQLite, freshSQLite.SQLite(t)))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(newWorld(t, Postgres, freshPostgres.Postgres(t)))
	})
}

func newWorld(t *testing.T, dialect Dialect, address string) *world {
	t.Helper()
	w := &world{t: t, dialect: dialect, url: address, words: wording(t)}
	db, err := store.Open(t.Context(), store.Options{URL: address, Key: testKey, Now: time.Now, Logger: w.logger()})
	must(t, err)
	w.db = db.Write()
	queue, err := NewQueue(w.db, dialect)
	must(t, err)
	s := store.New(db, queue.Enqueue)
	t.Cleanup(func() { must(t, s.Close()) })
	w.store = s
	p := plan(t)
	w.desk = routing.NewDesk(s, p, routing.NewMemory(time.Now), time.Now)
	w.item, w.unit = p.Categories[0].Items[0].ID, p.Categories[0].Leads[0]
	w.fan = routing.Complainant{ID: routing.NewID(), OpenID: "openid-" + routing.NewID(), Following: true, CreatedAt: time.Now()}
	must(t, s.Update(t.Context(), func(tx routing.Tx) error { return tx.InsertComplainant(t.Context(), w.fan) }))
	return w
}

func (w *world) logger() *slog.Logger { return slog.New(slog.DiscardHandler) }

// file files a case that an operator has placed. Its own notice is the first of the case.
func (w *world) file() routing.Case {
	w.t.Helper()
	c, _, err := w.desk.File(w.t.Context(), routing.Actor{Role: routing.RoleOperator, ID: "op"}, routing.Complaint{
		Text: "开发票被收了额外的费用", Channel: routing.ChannelHotline, ComplainantID: w.fan.ID,
		Placement: &routing.Placement{Item: w.item, Unit: w.unit}})
	must(w.t, err)
	return c
}

// progress does a step that the complainant hears of.
func (w *world) progress(number, note string) {
	w.t.Helper()
	_, err := w.desk.Act(w.t.Context(), routing.System(), number, routing.Step{Action: routing.ActionProgress, Note: note})
	must(w.t, err)
}

// notice is the only notice of the case.
func (w *world) notice(number string) routing.Notice {
	w.t.Helper()
	list, err := w.store.NoticesOf(w.t.Context(), number)
	must(w.t, err)
	if len(list) != 1 {
		w.t.Fatalf("%d notices of the case", len(list))
	}
	return list[0]
}

// trail is the attempts of a case as text: "template failed 43101".
func (w *world) trail(number string) []string {
	w.t.Helper()
	list, err := w.store.DeliveriesOf(w.t.Context(), number)
	must(w.t, err)
	trail := make([]string, len(list))
	for i, d := range list {
		trail[i] = fmt.Sprint(d.Channel, " ", d.Outcome, " ", d.Code)
	}
	return trail
}

func (w *world) tasks() []routing.Task {
	w.t.Helper()
	list, err := w.store.OpenTasks(w.t.Context(), 100)
	must(w.t, err)
	return list
}

// courier is a courier without River around it.
func (w *world) courier(ladder ...routing.Messenger) *courier {
	w.t.Helper()
	count, err := newMetrics(nil)
	must(w.t, err)
	return &courier{store: w.store, desk: w.desk, ladder: ladder, now: time.Now, log: w.logger(), count: count,
		write: writer{store: w.store, plan: w.desk.Plan(), words: w.words, publicURL: "https://jiesu.example"}}
}

// settle delivers as River would, without its waiting, until the notice needs no more looks.
func (w *world) settle(c *courier, id string) []time.Duration {
	w.t.Helper()
	var waits []time.Duration
	for r := (run{attempt: 1}); ; r.snoozes++ {
		wait, err := c.deliver(w.t.Context(), id, r)
		must(w.t, err)
		if wait == 0 {
			return waits
		}
		waits = append(waits, wait)
		if len(waits) > 100 {
			w.t.Fatal("the notice is never settled")
		}
	}
}

// runner starts the workers; they have stopped when the test ends, or when stop returns.
func (w *world) runner(cfg Config) (stop func()) {
	w.t.Helper()
	cfg.DB, cfg.Dialect, cfg.PostgresURL, cfg.Desk, cfg.Wording = w.db, w.dialect, w.url, w.desk, w.words
	cfg.Now, cfg.Logger, cfg.PublicURL = time.Now, w.logger(), "https://jiesu.example"
	if cfg.Store == nil {
		cfg.Store = w.store
	}
	r, err := NewRunner(cfg)
	must(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			must(w.t, <-done)
		})
	}
	w.t.Cleanup(stop)
	return stop
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatal("never came about: " + what)
		}
	}
}

// channel is a messenger that a test writes: it keeps what it was given and answers what it is told.
type channel struct {
	name   string
	answer func(l routing.Letter) (routing.Receipt, error) // nil: taken, final

	mu   sync.Mutex
	took []routing.Letter
}

func (c *channel) Channel() string { return c.name }

func (c *channel) Send(_ context.Context, l routing.Letter) (routing.Receipt, error) {
	c.mu.Lock()
	c.took = append(c.took, l)
	c.mu.Unlock()
	if c.answer == nil {
		return routing.Receipt{Final: true}, nil
	}
	return c.answer(l)
}

func (c *channel) letters() []routing.Letter {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]routing.Letter(nil), c.took...)
}

// refusing is a channel that always answers with the reaction.
func refusing(name string, code int, r routing.Reaction) *channel {
	return &channel{name: name, answer: func(routing.Letter) (routing.Receipt, error) {
		return routing.Receipt{}, &routing.DeliveryError{Channel: name, Code: code, Reaction: r, After: time.Millisecond}
	}}
}

func unreachable(name string) *channel {
	return &channel{name: name, answer: func(routing.Letter) (routing.Receipt, error) {
		return routing.Receipt{}, routing.ErrUnreachable
	}}
}

// total is the sum of a counter over its labels.
func total(t *testing.T, reg *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := reg.Gather()
	must(t, err)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			sum += m.GetCounter().GetValue()
		}
	}
	return sum
}

func plan(t *testing.T) *routing.Plan {
	t.Helper()
	var p routing.Plan
	must(t, configs.Decode("plan/taxonomy.yaml", &p))
	return &p
}

func wording(t *testing.T) routing.Wording {
	t.Helper()
	w, err := configs.Wording()
	must(t, err)
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
