package bot_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"jiesu/bot"
	"jiesu/configs"
	"jiesu/integrations/store"
	"jiesu/integrations/store/storetest"
	"jiesu/routing"
)

// hint is one entry of testdata/judge.yaml.
type hint struct {
	Word       string   `yaml:"词"`
	Item       string   `yaml:"事项"`
	Unit       string   `yaml:"单位"`
	District   string   `yaml:"区县"`
	Decision   string   `yaml:"把握"`
	Confidence float64  `yaml:"可信"`
	Enterprise string   `yaml:"企业"`
	Amounts    []string `yaml:"金额"`
	Dates      []string `yaml:"时间"`
	Place      string   `yaml:"地名"`
	InDistrict string   `yaml:"地名所在"`
	Others     []hint   `yaml:"备选"`
}

// judge is a scripted routing.Judge: the first hint whose word is in the text decides.
type judge []hint

var (
	decisions = map[string]routing.Decision{"直派": routing.DecisionDispatch, "让选": routing.DecisionAsk, "人工": routing.DecisionTriage}
	mobiles   = regexp.MustCompile(`1[3-9][0-9]{9}`)
)

func (j judge) Judge(text string) routing.Judgement {
	e := &routing.Entities{Phones: mobiles.FindAllString(text, -1)}
	for _, h := range j {
		if !strings.Contains(text, h.Word) {
			continue
		}
		e.Enterprise, e.Amounts, e.Dates = h.Enterprise, h.Amounts, h.Dates
		e.PlaceHint, e.PlaceDistrict = h.Place, h.InDistrict
		out := routing.Judgement{Item: h.Item, Unit: h.Unit, District: h.District, Decision: decisions[h.Decision], Confidence: h.Confidence, Entities: e}
		for _, o := range h.Others {
			out.Alternatives = append(out.Alternatives, routing.Alternative{Item: o.Item, Unit: o.Unit, Confidence: o.Confidence})
		}
		start := utf8.RuneCountInString(text[:strings.Index(text, h.Word)])
		out.Evidence = []routing.Evidence{{Text: h.Word, Start: start, End: start + utf8.RuneCountInString(h.Word), Weight: 1}}
		return out
	}
	return routing.Judgement{Item: routing.Other, Decision: routing.DecisionTriage, Confidence: 0.3, Thin: utf8.RuneCountInString(text) < 10, Entities: e}
}

func defaultJudge(t testing.TB) judge {
	t.Helper()
	text, err := os.ReadFile("testdata/judge.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var j judge
	if err := yaml.Unmarshal(text, &j); err != nil {
		t.Fatal(err)
	}
	return j
}

// clock is the tests' time.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

// fresh makes the databases of all tests.
var fresh = storetest.Fresh{Key: strings.Repeat("k", 40)}

// world is a whole intake on a fresh SQLite database.
type world struct {
	t      testing.TB
	clock  *clock
	store  routing.Store
	desk   *routing.Desk
	intake *bot.Intake
	config bot.Config
	plan   *routing.Plan
	text   routing.Wording

	mu   sync.Mutex
	jobs []routing.Job
	keys int
}

func newWorld(t testing.TB, j routing.Judge) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{at: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)}, plan: plan(t), text: wording(t)}
	ctx := context.Background()
	log := slog.New(slog.DiscardHandler)
	db, err := store.Open(ctx, store.Options{URL: fresh.SQLite(t), Key: fresh.Key, Now: w.clock.now, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	w.store = store.New(db, func(_ context.Context, _ *sql.Tx, j routing.Job) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.jobs = append(w.jobs, j)
		return nil
	})
	t.Cleanup(func() { _ = w.store.Close() })
	w.desk = routing.NewDesk(w.store, w.plan, routing.NewMemory(w.clock.now), w.clock.now)
	w.config = bot.Config{Store: w.store, Desk: w.desk, Judge: j, Wording: w.text, Doors: doors(t),
		Pace: bot.Pace{Remind: 30 * time.Minute, Close: 24 * time.Hour}, PageURL: "https://example.org/p/", PrivacyURL: "https://example.org/privacy", Now: w.clock.now, Logger: log}
	if w.intake, err = bot.NewIntake(w.config); err != nil {
		t.Fatal(err)
	}
	return w
}

func plan(t testing.TB) *routing.Plan {
	t.Helper()
	var p routing.Plan
	if err := configs.Decode("plan/taxonomy.yaml", &p); err != nil {
		t.Fatal(err)
	}
	var rules routing.ClockRules
	years, err := configs.DecodeCalendar[routing.CalendarYear]("")
	if err := errors.Join(err, configs.DecodeOwn("clocks.yaml", "", &rules)); err != nil {
		t.Fatal(err)
	}
	if p.Timetable, err = routing.NewTimetable(&p, rules, years); err != nil {
		t.Fatal(err)
	}
	return &p
}

func wording(t testing.TB) routing.Wording {
	t.Helper()
	w, err := configs.Wording()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func doors(t testing.TB) []bot.Door {
	t.Helper()
	var file struct {
		Doors []bot.Door `yaml:"doors"`
	}
	if err := configs.Decode("plan/doors.yaml", &file); err != nil {
		t.Fatal(err)
	}
	return file.Doors
}

func onTime() bool { return true }

// inbound makes a message of the fan that the platform has not delivered before.
func (w *world) inbound(fan string, kind routing.InboundKind) routing.Inbound {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keys++
	return routing.Inbound{Key: fmt.Sprintf("m%d", w.keys), Kind: kind, OpenID: fan, At: w.clock.now()}
}

func (w *world) receive(m routing.Inbound) string {
	w.t.Helper()
	reply, err := w.intake.Receive(context.Background(), m, onTime)
	if err != nil {
		w.t.Fatalf("receive %s %q: %v", m.Kind, m.Text, err)
	}
	if n := utf8.RuneCountInString(reply); n > 600 {
		w.t.Fatalf("reply of %d characters to %q", n, m.Text)
	}
	return reply
}

func (w *world) say(fan, text string) string {
	w.t.Helper()
	w.clock.pass(time.Second)
	m := w.inbound(fan, routing.InboundText)
	m.Text = text
	return w.receive(m)
}

// pass lets time go by and sweeps; it returns what was sent to anybody meanwhile.
func (w *world) pass(d time.Duration) string {
	w.t.Helper()
	w.mu.Lock()
	before := len(w.jobs)
	w.mu.Unlock()
	w.clock.pass(d)
	if err := w.intake.Sweep(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	texts := w.delivered(before)
	for _, text := range texts {
		if n := utf8.RuneCountInString(text); n > 600 {
			w.t.Fatalf("a message of %d characters was sent", n)
		}
	}
	return strings.Join(texts, "\n")
}

// delivered are the texts of the chat messages in the outbox, from the given job on.
func (w *world) delivered(from int) []string {
	w.t.Helper()
	w.mu.Lock()
	jobs := append([]routing.Job(nil), w.jobs[from:]...)
	w.mu.Unlock()
	var list []string
	for _, j := range jobs {
		if j.Kind != routing.JobDeliver {
			continue
		}
		n, err := w.store.Notice(context.Background(), j.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		if n.Kind == routing.NoticeChat {
			list = append(list, n.Text)
		}
	}
	return list
}

// cases are all cases, oldest first.
func (w *world) cases() []routing.Case {
	w.t.Helper()
	list, _, err := w.store.Cases(context.Background(), routing.Query{Visible: routing.System(), Limit: 200})
	if err != nil {
		w.t.Fatal(err)
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

func (w *world) events(number string) []routing.Event {
	w.t.Helper()
	list, err := w.store.Events(context.Background(), number)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *world) tasks() []routing.Task {
	w.t.Helper()
	list, err := w.store.OpenTasks(context.Background(), 100)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}
