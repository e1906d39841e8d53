package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"jiesu/configs"
	"jiesu/routing"
)

// driven is a clock that the test drives.
type driven struct {
	mu sync.Mutex
	at time.Time
}

func (d *driven) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

// to sets the clock to a moment of Beijing.
func (d *driven) to(text string) {
	t, err := time.ParseInLocation("2006-01-02 15:04", text, routing.Beijing())
	if err != nil {
		panic(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = t
}

// clocked gives the world a desk with the clocks that come with the program, on a driven clock.
func (w *world) clocked(start string) *driven {
	w.t.Helper()
	p := plan(w.t)
	var rules routing.ClockRules
	years, err := configs.DecodeCalendar[routing.CalendarYear]("")
	must(w.t, errors.Join(err, configs.DecodeOwn("clocks.yaml", "", &rules)))
	p.Timetable, err = routing.NewTimetable(p, rules, years)
	must(w.t, err)
	d := &driven{}
	d.to(start)
	w.desk = routing.NewDesk(w.store, p, routing.NewMemory(d.now), d.now)
	return d
}

// ladder is what the clocks have written on the case: "warn sign, urge sign …".
func (w *world) ladder(number string) string {
	w.t.Helper()
	events, err := w.store.Events(w.t.Context(), number)
	must(w.t, err)
	var list []string
	for _, e := range events {
		if e.Data.Clock != nil {
			list = append(list, fmt.Sprint(e.Action, " ", e.Data.Clock.Kind))
			if e.Actor != routing.System() || e.From != e.To {
				w.t.Errorf("%s by %s from %s to %s", e.Action, e.Actor.Role, e.From, e.To)
			}
		}
	}
	return strings.Join(list, ", ")
}

func TestTheLadderIsClimbedOnceRungByRung(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		clock := w.clocked("2026-11-23 09:30") // a Monday
		c := w.file()
		signed := w.file()
		unit := routing.Actor{Role: routing.RoleUnit, Unit: w.unit}
		for _, a := range []routing.Step{{Action: routing.ActionSign}, {Action: routing.ActionProgress, Note: "已联系"}} {
			_, err := w.desk.Act(t.Context(), unit, signed.Number, a)
			must(t, err)
		}
		reg := prometheus.NewRegistry()
		clocks, err := NewClocks(w.desk, w.logger(), reg)
		must(t, err)
		for _, step := range []struct{ at, want string }{
			{"2026-11-23 17:00", ""},
			{"2026-11-24 15:14", ""},
			{"2026-11-24 15:15", "warn sign"}, // 5 h 15 min of 7 h
			{"2026-11-24 17:00", "warn sign, urge sign"},
			{"2026-11-25 16:59", "warn sign, urge sign"},
			{"2026-11-25 17:00", "warn sign, urge sign, supervise sign"},
			{"2026-11-30 08:00", "warn sign, urge sign, supervise sign, warn contact, urge contact, supervise contact"},
			{"2026-12-01 17:00", "warn sign, urge sign, supervise sign, warn contact, urge contact, supervise contact, bulletin sign"},
		} {
			if step.at == "2026-11-30 08:00" { // the other clock goes on by the beat as well
				for _, at := range []string{"2026-11-26 10:15", "2026-11-26 17:00", "2026-11-27 17:00"} {
					clock.to(at)
					must(t, clocks.Tick(t.Context()))
				}
			}
			clock.to(step.at)
			for range 2 { // whoever ticks again, and another process
				must(t, clocks.Tick(t.Context()))
			}
			if got := w.ladder(c.Number); got != step.want {
				t.Fatalf("%s: %s", step.at, got)
			}
		}
		c, err = w.store.Case(t.Context(), c.Number)
		must(t, err)
		if !c.Supervised || c.Urges != 2 || c.Named != 1 || c.Clock.Level != routing.LevelNamed || c.Clock.Kind != routing.ClockSign {
			t.Errorf("case: %+v", c)
		}
		if n := total(t, reg, "jiesu_clock_rungs_total"); n < 7 {
			t.Errorf("%v rungs counted", n)
		}
		// The complainant hears once that it is supervised, and of nothing else.
		notices, err := w.store.NoticesOf(t.Context(), c.Number)
		must(t, err)
		if len(notices) != 2 || notices[1].Kind != routing.NoticeKind(routing.ActionSupervise) {
			t.Errorf("notices: %+v", notices)
		}
		if got := w.ladder(signed.Number); got != "" {
			t.Errorf("a case in time: %s", got)
		}
		_, err = w.desk.Act(t.Context(), unit, c.Number, routing.Step{Action: routing.ActionSign})
		must(t, err)
		c, err = w.store.Case(t.Context(), c.Number)
		must(t, err)
		if c.Clock.Kind != routing.ClockContact || c.Named != 1 {
			t.Errorf("after signing: %+v, named %d", c.Clock, c.Named)
		}
	})
}

func TestAfterALongSleepEverythingIsCaughtUpInOrder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		clock := w.clocked("2026-11-02 09:30")
		c := w.file()
		withdrawn := w.file()
		_, err := w.desk.Act(t.Context(), routing.System(), withdrawn.Number, routing.Step{Action: routing.ActionWithdraw})
		must(t, err)
		clock.to("2026-11-20 09:30")
		clocks, err := NewClocks(w.desk, w.logger(), nil)
		must(t, err)
		w.runner(Config{Periodic: []Periodic{{Name: "tick_clocks", Every: time.Second, Run: clocks.Tick}}})
		eventually(t, "the clocks have caught up", func() bool {
			row, err := w.store.Case(t.Context(), c.Number)
			must(t, err)
			return row.Clock.NextTick.After(clock.now())
		})
		const want = "urge sign, supervise sign, urge contact, supervise contact, bulletin sign, bulletin contact, warn finish"
		if got := w.ladder(c.Number); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if got := w.ladder(withdrawn.Number); got != "" {
			t.Errorf("a case that was taken back: %s", got)
		}
	})
}

func TestACaseWithoutCalendarIsMarkedAndHealsWhenItComes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		clock := w.clocked("2026-12-28 09:30")
		c := w.file()
		if c.Clock.Missing != 2027 || c.Clock.Kind != routing.ClockSign {
			t.Fatalf("filed: %+v", c.Clock)
		}
		// The office puts the file into its folder, and the server is started again.
		var rules routing.ClockRules
		years, err := configs.DecodeCalendar[routing.CalendarYear]("")
		must(t, errors.Join(err, configs.DecodeOwn("clocks.yaml", "", &rules)))
		var day routing.Date
		must(t, day.UnmarshalText([]byte("2027-01-01")))
		years = append(years, routing.CalendarYear{Year: 2027, Source: "自拟", Holidays: []routing.Holiday{{Name: "元旦", From: day, To: day + 2}}})
		p := plan(t)
		p.Timetable, err = routing.NewTimetable(p, rules, years)
		must(t, err)
		w.desk = routing.NewDesk(w.store, p, routing.NewMemory(clock.now), clock.now)
		clocks, err := NewClocks(w.desk, w.logger(), nil)
		must(t, err)
		clock.to("2026-12-29 09:31")
		must(t, clocks.Tick(t.Context()))
		if c, err = w.store.Case(t.Context(), c.Number); err != nil || c.Clock.Missing != 0 {
			t.Errorf("%+v, %v", c.Clock, err)
		}
	})
}

func TestOneCaseThatFailsKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		clock := w.clocked("2026-11-23 09:30")
		bad, good := w.file(), w.file()
		clock.to("2026-11-24 17:00")
		w.desk = routing.NewDesk(failing{w.store, bad.Number}, w.desk.Plan(), routing.NewMemory(clock.now), clock.now)
		clocks, err := NewClocks(w.desk, w.logger(), nil)
		must(t, err)
		if err := clocks.Tick(t.Context()); !errors.Is(err, errBroken) || !strings.Contains(err.Error(), bad.Number) {
			t.Errorf("tick: %v", err)
		}
		if w.ladder(good.Number) != "urge sign" || w.ladder(bad.Number) != "" {
			t.Errorf("good: %s, bad: %s", w.ladder(good.Number), w.ladder(bad.Number))
		}
	})
}

// failing is a store whose events of one case can't be read.
type failing struct {
	routing.Store
	number string
}

func (f failing) Update(ctx context.Context, fn func(routing.Tx) error) error {
	return f.Store.Update(ctx, func(tx routing.Tx) error { return fn(failingTx{tx, f.number}) })
}

type failingTx struct {
	routing.Tx
	number string
}

func (f failingTx) Events(ctx context.Context, number string) ([]routing.Event, error) {
	if number == f.number {
		return nil, errBroken
	}
	return f.Tx.Events(ctx, number)
}

func TestTwoThatTickAtOnceUrgeOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		clock := w.clocked("2026-11-23 09:30")
		var numbers []string
		for range 30 {
			numbers = append(numbers, w.file().Number)
		}
		clock.to("2026-11-25 17:00")
		clocks, err := NewClocks(w.desk, w.logger(), nil)
		must(t, err)
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if err := clocks.Tick(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		for _, number := range numbers {
			if got := w.ladder(number); got != "urge sign, supervise sign" {
				t.Errorf("%s: %s", number, got)
			}
		}
	})
}

func TestEventsOfAServerWhoseClockIsAheadCount(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		clock := w.clocked("2026-11-23 09:30")
		c := w.file()
		clock.to("2026-11-23 09:29")
		c, err := w.desk.Act(t.Context(), routing.Actor{Role: routing.RoleUnit, Unit: w.unit}, c.Number, routing.Step{Action: routing.ActionSign})
		must(t, err)
		if c.Clock.Kind != routing.ClockContact || c.Clock.NextTick.IsZero() {
			t.Errorf("clock %+v", c.Clock)
		}
	})
}

func TestAnEntryOfTheClocksOvertakesNobody(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		clock := w.clocked("2026-11-23 09:30")
		c := w.file()
		clock.to("2026-11-24 17:00")
		rungs, err := w.desk.Tick(t.Context(), c.Number)
		if err != nil || rungs != 1 {
			t.Fatalf("%d rungs, %v", rungs, err)
		}
		unit := routing.Actor{Role: routing.RoleUnit, Unit: w.unit}
		if _, err := w.desk.Act(t.Context(), unit, c.Number, routing.Step{Action: routing.ActionSign, Version: c.Version}); err != nil {
			t.Errorf("signed on the page from before the urging: %v", err)
		}
		if _, err := w.desk.Act(t.Context(), unit, c.Number, routing.Step{Action: routing.ActionReply, Note: "好了", Version: c.Version}); !errors.Is(err, routing.ErrConflict) {
			t.Errorf("answered on the page from before the signing: %v", err)
		}
	})
}
