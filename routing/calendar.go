package routing

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Date is a day in Beijing, counted from 1 January 1970. Its text is 2026-11-24.
type Date int

// beijingOffset is Beijing's distance from UTC in seconds; there is no summer time.
const beijingOffset = 8 * 60 * 60

const secondsADay = 24 * 60 * 60

// DateOf returns the day in Beijing on which the moment lies.
func DateOf(t time.Time) Date {
	s := t.Unix() + beijingOffset
	d := s / secondsADay
	if s%secondsADay < 0 {
		d--
	}
	return Date(d)
}

// At is the moment of the day, in UTC.
func (d Date) At(m TimeOfDay) time.Time {
	return time.Unix(int64(d)*secondsADay-beijingOffset+int64(m)*60, 0).UTC()
}

// Year of the day.
func (d Date) Year() int { return d.plain().Year() }

// Weekday of the day.
func (d Date) Weekday() time.Weekday { return d.plain().Weekday() }

// plain is the day's midnight as if Beijing lay on the prime meridian.
func (d Date) plain() time.Time { return time.Unix(int64(d)*secondsADay, 0).UTC() }

func (d Date) String() string { return d.plain().Format(time.DateOnly) }

// MarshalText implements encoding.TextMarshaler.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Date) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf("%q is no day like 2026-11-24", text)
	}
	*d = Date(t.Unix() / secondsADay)
	return nil
}

// TimeOfDay is minutes since midnight, up to 1440. Its text is 08:30.
type TimeOfDay int

func (m TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", int(m)/60, int(m)%60) }

func parseTimeOfDay(text string) (TimeOfDay, error) {
	h, m, found := strings.Cut(text, ":")
	hours, err1 := strconv.Atoi(h)
	minutes, err2 := strconv.Atoi(m)
	if !found || err1 != nil || err2 != nil || hours < 0 || minutes < 0 || minutes > 59 || hours*60+minutes > 1440 {
		return 0, fmt.Errorf("%q is no time of day like 08:30", text)
	}
	return TimeOfDay(hours*60 + minutes), nil
}

// WorkSpan is a stretch of a day in which is worked. Its text is 08:30-11:30.
type WorkSpan struct{ From, To TimeOfDay }

func (s WorkSpan) String() string { return s.From.String() + "-" + s.To.String() }

// MarshalText implements encoding.TextMarshaler.
func (s WorkSpan) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *WorkSpan) UnmarshalText(text []byte) (err error) {
	from, to, found := strings.Cut(string(text), "-")
	if !found {
		return fmt.Errorf("%q is no span like 08:30-11:30", text)
	}
	if s.From, err = parseTimeOfDay(from); err != nil {
		return err
	}
	s.To, err = parseTimeOfDay(to)
	return err
}

// Hours are the work spans of each kind of day, in their order.
type Hours struct {
	Weekday []WorkSpan            `yaml:"weekday"` // Monday to Friday
	Days    map[string][]WorkSpan `yaml:"days"`    // other hours of a day of the week: monday … friday
	Makeup  []WorkSpan            `yaml:"makeup"`  // of a worked Saturday or Sunday; empty: as Weekday
}

// CalendarYear is what the State Council publishes for one year: statutory holidays, and the weekend days worked for them (调休).
type CalendarYear struct {
	Year     int         `yaml:"year"`
	Source   string      `yaml:"source"` // the notice
	Holidays []Holiday   `yaml:"holidays"`
	Makeup   []MakeupDay `yaml:"makeup"`
}

// Holiday is a stretch of days off, both ends included.
type Holiday struct {
	Name string `yaml:"name"`
	From Date   `yaml:"from"`
	To   Date   `yaml:"to"`
}

// MakeupDay is a Saturday or Sunday that is worked for the holiday of that name.
type MakeupDay struct {
	Day  Date   `yaml:"day"`
	Name string `yaml:"name"`
}

// DayKind is what a day is to the calendar.
type DayKind string

// The kinds of day; their Chinese names are in the catalogue under "day.<value>".
const (
	DayWorking DayKind = "working"
	DayMakeup  DayKind = "makeup"
	DayWeekend DayKind = "weekend"
	DayHoliday DayKind = "holiday"
)

// Day is what the calendar says of one day. Spans is empty on days off.
type Day struct {
	Kind  DayKind
	Name  string // of the holiday, also on the day worked for it
	Spans []WorkSpan
}

// MissingYearError: the calendar knows nothing of the year, so nothing can be counted in it.
type MissingYearError struct{ Year int }

func (e *MissingYearError) Error() string {
	return fmt.Sprintf("no calendar of holidays and make-up days for %d", e.Year)
}

// Calendar says of each day when it is worked on. It guesses nothing: a day of a year without data is a *MissingYearError.
type Calendar struct {
	week    [7][]WorkSpan
	makeup  []WorkSpan
	day     time.Duration // of an ordinary working day
	years   map[int]bool
	special map[Date]Day
	first   Date  // of table
	table   []Day // every day from the first year with data to the last; those of a year without have no kind
}

// NewCalendar checks hours and years and returns their calendar. A later entry of the same year takes the place of an earlier one.
func NewCalendar(h Hours, years []CalendarYear) (*Calendar, error) {
	c := &Calendar{makeup: h.Makeup, years: map[int]bool{}, special: map[Date]Day{}}
	if len(c.makeup) == 0 {
		c.makeup = h.Weekday
	}
	if err := c.setWeek(h); err != nil {
		return nil, err
	}
	for _, y := range years {
		if err := c.addYear(y); err != nil {
			return nil, fmt.Errorf("calendar of %d: %w", y.Year, err)
		}
	}
	c.lay()
	return c, nil
}

// lay looks every day up once: papers ask for days many millions of times.
func (c *Calendar) lay() {
	if len(c.years) == 0 {
		return
	}
	years := slices.Sorted(maps.Keys(c.years))
	newYear := func(y int) Date { return DateOf(time.Date(y, 1, 1, 0, 0, 0, 0, Beijing())) }
	c.first = newYear(years[0])
	c.table = make([]Day, newYear(years[len(years)-1]+1)-c.first)
	for i := range c.table {
		d := c.first + Date(i)
		if !c.years[d.Year()] {
			continue
		}
		day, special := c.special[d]
		switch spans := c.week[d.Weekday()]; {
		case special:
		case len(spans) > 0:
			day = Day{Kind: DayWorking, Spans: spans}
		default:
			day = Day{Kind: DayWeekend}
		}
		c.table[i] = day
	}
}

func (c *Calendar) setWeek(h Hours) error {
	for d := time.Monday; d <= time.Friday; d++ {
		c.week[d] = h.Weekday
	}
	for name, spans := range h.Days {
		d, ok := weekday(name)
		if !ok {
			return fmt.Errorf("working hours: %q is no day from monday to friday", name)
		}
		c.week[d] = spans
	}
	for _, spans := range append(c.week[time.Monday:time.Saturday], h.Weekday, c.makeup) {
		if err := checkSpans(spans); err != nil {
			return fmt.Errorf("working hours: %w", err)
		}
	}
	c.day = length(h.Weekday)
	return nil
}

func weekday(name string) (time.Weekday, bool) {
	for d := time.Monday; d <= time.Friday; d++ {
		if strings.EqualFold(d.String(), name) {
			return d, true
		}
	}
	return 0, false
}

func checkSpans(spans []WorkSpan) error {
	if len(spans) == 0 {
		return fmt.Errorf("a working day needs at least one span like 08:30-11:30")
	}
	last := TimeOfDay(0)
	for _, s := range spans {
		if s.From < last || s.To <= s.From {
			return fmt.Errorf("span %s ends before it begins, or begins before the one in front of it ends", s)
		}
		last = s.To
	}
	return nil
}

func length(spans []WorkSpan) time.Duration {
	var sum time.Duration
	for _, s := range spans {
		sum += time.Duration(s.To-s.From) * time.Minute
	}
	return sum
}

func (c *Calendar) addYear(y CalendarYear) error {
	for d := range c.special {
		if d.Year() == y.Year {
			delete(c.special, d)
		}
	}
	c.years[y.Year] = true
	put := func(d Date, day Day) error {
		if d.Year() != y.Year {
			return fmt.Errorf("%s isn't a day of the year", d)
		}
		if day.Name == "" {
			return fmt.Errorf("%s has no name", d)
		}
		if _, taken := c.special[d]; taken {
			return fmt.Errorf("%s stands twice", d)
		}
		c.special[d] = day
		return nil
	}
	if y.Source == "" || len(y.Holidays) == 0 {
		return fmt.Errorf("a year needs the notice it is from (source) and its holidays")
	}
	for _, h := range y.Holidays {
		if h.To < h.From {
			return fmt.Errorf("holiday %s ends before it begins", h.Name)
		}
		for d := h.From; d <= h.To; d++ {
			if err := put(d, Day{Kind: DayHoliday, Name: h.Name}); err != nil {
				return err
			}
		}
	}
	for _, m := range y.Makeup {
		if d := m.Day.Weekday(); d != time.Saturday && d != time.Sunday {
			return fmt.Errorf("%s is no Saturday or Sunday, so it can't be a make-up day", m.Day)
		}
		if err := put(m.Day, Day{Kind: DayMakeup, Name: m.Name, Spans: c.makeup}); err != nil {
			return err
		}
	}
	return nil
}

// Day returns what the day is. Error: *MissingYearError.
func (c *Calendar) Day(d Date) (Day, error) {
	if i := int(d - c.first); i >= 0 && i < len(c.table) && c.table[i].Kind != "" {
		return c.table[i], nil
	}
	return Day{}, &MissingYearError{Year: d.Year()}
}

// WorkingDay is the length of an ordinary working day.
func (c *Calendar) WorkingDay() time.Duration { return c.day }

// horizon is how far ahead a calendar must reach: the longest usual limit, thirty working days, with holidays in between.
const horizon = 60 * 24 * time.Hour

// Missing lists the years without data that clocks may need now or soon.
func (c *Calendar) Missing(now time.Time) []int {
	var list []int
	for y := DateOf(now).Year(); y <= DateOf(now.Add(horizon)).Year(); y++ {
		if !c.years[y] {
			list = append(list, y)
		}
	}
	return list
}
