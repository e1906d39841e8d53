package routing

import (
	"strconv"
	"strings"
	"time"
)

// ClockMood is how pressing a clock is: what a colour may underline, never say alone.
type ClockMood string

// The moods.
const (
	MoodCalm    ClockMood = "calm"
	MoodSoon    ClockMood = "soon" // warned
	MoodLate    ClockMood = "late"
	MoodPaused  ClockMood = "paused"
	MoodUnknown ClockMood = "unknown" // the calendar is missing
	MoodDone    ClockMood = "done"
)

// ClockLine is one clock in words, the same on every screen and in every answer.
type ClockLine struct {
	Text string
	Mood ClockMood
}

// Amount says an amount of time of the unit, in its two largest parts that are not nothing; what is less than a minute is less than a minute.
func (t *Timetable) Amount(w Wording, u LimitUnit, d time.Duration) string {
	var parts []string
	whole, days := time.Duration(0), "clock.part.days"
	switch u {
	case WorkingDays:
		whole, days = t.calendar.day, "clock.part.working_days"
	case CalendarHours:
		whole = 24 * time.Hour
	}
	add := func(key string, n time.Duration) {
		if n > 0 && len(parts) < 2 {
			parts = append(parts, w.Text(key, "n", strconv.FormatInt(int64(n), 10)))
		}
	}
	if whole > 0 {
		add(days, d/whole)
		d %= whole
	}
	add("clock.part.hours", d/time.Hour)
	add("clock.part.minutes", d%time.Hour/time.Minute)
	if len(parts) == 0 {
		return w.Text("clock.part.moment")
	}
	return strings.Join(parts, " ")
}

// Line says how a clock stands.
func (t *Timetable) Line(w Wording, c Clock) ClockLine {
	name := w.Text("clock." + string(c.Kind))
	left := t.Amount(w, c.Limit.Unit, c.Left().Abs())
	say := func(key string, m ClockMood) ClockLine {
		return ClockLine{w.Text(key, "clock", name, "left", left, "state", w.Text("clock.state."+string(c.State)), "year", strconv.Itoa(c.Missing)), m}
	}
	switch {
	case c.State == ClockMissing:
		return say("clock.missing", MoodUnknown)
	case c.State == ClockLate:
		return say("clock.over", MoodLate)
	case !c.Running() || c.State == ClockLapsed:
		return say("clock.done", MoodDone)
	case c.State == ClockPaused:
		return say("clock.standing", MoodPaused)
	case c.Rule.Window:
		return say("clock.window", MoodCalm)
	}
	return say("clock.left", mood(c.Level))
}

func mood(l Level) ClockMood {
	if l >= LevelWarned {
		return MoodSoon
	}
	return MoodCalm
}

// Lines say what the row of a case tells of its clocks at the moment: the one that ends first, and that a calendar is missing.
func (t *Timetable) Lines(w Wording, s CaseClock, now time.Time) []ClockLine {
	if s.Kind == "" {
		return nil
	}
	c := Clock{Kind: s.Kind, Rule: &ClockRule{}, Limit: Limit{Unit: s.Unit}, Due: s.Due, Level: s.Level, Missing: s.Missing, State: ClockRunning}
	left, err := t.Left(s, now)
	c.Budget = left
	switch late := !s.Due.IsZero() && now.After(s.Due); {
	case err != nil:
		c.State, c.Missing = ClockMissing, missingYear(err)
	case late:
		c.State = ClockLate
	case s.Paused:
		c.State = ClockPaused
	case s.Due.IsZero():
		c.State = ClockMissing
	}
	lines := []ClockLine{t.Line(w, c)}
	if s.Missing != 0 && c.State != ClockMissing {
		lines = append(lines, ClockLine{w.Text("clock.missing.flag", "year", strconv.Itoa(s.Missing)), MoodUnknown})
	}
	return lines
}
