package configs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/6tail/lunar-go/HolidayUtil"

	"jiesu/routing"
)

func years(t *testing.T, folder string) []routing.CalendarYear {
	t.Helper()
	list, err := DecodeCalendar[routing.CalendarYear](folder)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func rules(t *testing.T) (*routing.Plan, routing.ClockRules) {
	t.Helper()
	var plan routing.Plan
	var r routing.ClockRules
	if err := Decode("plan/taxonomy.yaml", &plan); err != nil {
		t.Fatal(err)
	}
	if err := DecodeOwn("clocks.yaml", "", &r); err != nil {
		t.Fatal(err)
	}
	return &plan, r
}

// The same notices, typed in by somebody else. lunar-go's table ends at 2026 and says nothing of later years, so that it can't be the source.
func TestCalendarAgreesWithLunarGo(t *testing.T) {
	t.Parallel()
	_, r := rules(t)
	all := years(t, "")
	calendar, err := routing.NewCalendar(r.Hours, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, y := range all {
		if HolidayUtil.GetHolidaysByYear(y.Year).Len() == 0 {
			continue
		}
		var first, last routing.Date
		if err := first.UnmarshalText(fmt.Appendf(nil, "%d-01-01", y.Year)); err != nil {
			t.Fatal(err)
		}
		for last = first; last.Year() == y.Year; last++ {
			day, err := calendar.Day(last)
			if err != nil {
				t.Fatal(err)
			}
			h := HolidayUtil.GetHoliday(last.String())
			weekend := last.Weekday() == 0 || last.Weekday() == 6
			works := !weekend
			if h != nil {
				works = h.IsWork()
			}
			if works != (len(day.Spans) > 0) {
				t.Errorf("%s: worked %v, lunar-go says %v", last, len(day.Spans) > 0, works)
			}
			if h != nil && h.IsWork() != (day.Kind == routing.DayMakeup) {
				t.Errorf("%s is %s, lunar-go says make-up day: %v", last, day.Kind, h.IsWork())
			}
		}
	}
}

func TestClockRulesHoldWithThePlan(t *testing.T) {
	t.Parallel()
	plan, r := rules(t)
	if _, err := routing.NewTimetable(plan, r, years(t, "")); err != nil {
		t.Fatal(err)
	}
	// Every clock has a rule without filters as its last, so that no case goes without it.
	last := map[routing.ClockKind]routing.ClockRule{}
	for _, rule := range r.Rules {
		last[rule.Clock] = rule
	}
	for _, k := range routing.ClockKinds() {
		rule, ok := last[k]
		if !ok || len(rule.Urgency)+len(rule.Items)+len(rule.Channels) > 0 {
			t.Errorf("clock %s: the last rule %q is not for all", k, rule.ID)
		}
	}
}

func TestOwnYearsAndRulesTakeTheirPlace(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if _, err := DecodeCalendar[routing.CalendarYear](folder); err == nil || !strings.Contains(err.Error(), folder) {
		t.Errorf("an empty folder: %v", err)
	}
	write("2027.yaml", "year: 2027\nsource: 自拟\nholidays:\n  - {name: 元旦, from: 2027-01-01, to: 2027-01-03}\n")
	all := years(t, folder)
	if last := all[len(all)-1]; last.Year != 2027 || last.Holidays[0].To.String() != "2027-01-03" {
		t.Errorf("own year: %+v", last)
	}
	write("2028.yaml", "year: 2028\nsorce: x\n")
	_, err := DecodeCalendar[routing.CalendarYear](folder)
	if err == nil || !strings.Contains(err.Error(), "2028.yaml") || !strings.Contains(err.Error(), "sorce") || strings.Contains(err.Error(), "\n") {
		t.Errorf("a misspelt key: %v", err)
	}
	var r routing.ClockRules
	own := write("rules.txt", "hours: {weekday: [\"8:30\"]}\n")
	if err := DecodeOwn("clocks.yaml", own, &r); err == nil || !strings.Contains(err.Error(), "rules.txt") {
		t.Errorf("a broken span: %v", err)
	}
	if err := DecodeOwn("clocks.yaml", filepath.Join(folder, "none"), &r); err == nil {
		t.Error("a file that isn't there: no error")
	}
}
