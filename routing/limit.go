package routing

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// LimitUnit is what a limit is counted in.
type LimitUnit string

// The units. Working days are days of the calendar, of the same worth whatever their hours; hours run day and night.
const (
	WorkingHours  LimitUnit = "working_hours"
	WorkingDays   LimitUnit = "working_days"
	CalendarHours LimitUnit = "hours"
)

// Limit is how long a clock may run. Its text is "10 working_days".
type Limit struct {
	N    int
	Unit LimitUnit
}

func (l Limit) String() string { return strconv.Itoa(l.N) + " " + string(l.Unit) }

// UnmarshalText implements encoding.TextUnmarshaler; "1 hour" is as good as "1 hours".
func (l *Limit) UnmarshalText(text []byte) error {
	n, unit, _ := strings.Cut(string(text), " ")
	number, err := strconv.Atoi(n)
	if !strings.HasSuffix(unit, "s") {
		unit += "s"
	}
	*l = Limit{number, LimitUnit(unit)}
	switch l.Unit {
	case WorkingHours, WorkingDays, CalendarHours:
	default:
		err = fmt.Errorf("unknown unit")
	}
	if err != nil || number < 1 || number > 10_000 {
		return fmt.Errorf("%q is no limit like \"10 working_days\", \"4 working_hours\" or \"24 hours\"", text)
	}
	return nil
}

// amount is the limit as time of its unit: a working day is worth an ordinary one's length.
func (c *Calendar) amount(l Limit) time.Duration {
	if l.Unit == WorkingDays {
		return time.Duration(l.N) * c.day
	}
	return time.Duration(l.N) * time.Hour
}

// begins is from when on a limit of the unit counts. Days are counted from the next day on, hours from the moment: Civil Code of the
// PRC, article 201 (民法典第二百零一条：开始的当日不计入，自下一日开始计算；按照小时计算期间的，自规定的时间开始计算).
func begins(u LimitUnit, at time.Time) time.Time {
	if u == WorkingDays {
		return (DateOf(at) + 1).At(0)
	}
	return at
}

// forever is the end of a walk that nothing else ends.
var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// visit is told of each stretch that counts, with what it is worth. It may be nil.
type visit func(from, to time.Time, worth time.Duration)

// walk counts the time of the unit from one moment on until it is worth want or the other moment comes. It returns what was counted, and
// where it stopped. The last moment of a working day is its end, not the next morning, as article 203 has it (有业务时间的，停止业务活动的时间为
// 截止时间). Error: *MissingYearError, with what could be counted before.
func (c *Calendar) walk(u LimitUnit, from, to time.Time, want time.Duration, see visit) (used time.Duration, at time.Time, err error) {
	if want <= 0 || !from.Before(to) {
		return 0, from, nil
	}
	if u == CalendarHours {
		end := from.Add(want)
		if end.After(to) {
			end = to
		}
		see.tell(from, end, end.Sub(from))
		return end.Sub(from), end, nil
	}
	first, last := DateOf(from), DateOf(to)
	for d := first; d.At(0).Before(to); d++ {
		day, err := c.Day(d)
		if err != nil {
			return used, d.At(0), err
		}
		if see == nil && d > first && d < last { // a whole day, most often
			if worth := c.worth(u, day); used+worth < want {
				used += worth
				continue
			}
		}
		scale, gone := c.scale(u, day), time.Duration(0)
		for _, s := range day.Spans {
			open, shut := d.At(s.From), d.At(s.To)
			start, end := later(from, open), earlier(to, shut)
			before := gone + start.Sub(open)
			gone += shut.Sub(open)
			if !start.Before(end) {
				continue
			}
			worth := scale.worth(before+end.Sub(start)) - scale.worth(before)
			if used+worth < want {
				see.tell(start, end, worth)
				used += worth
				continue
			}
			end = start.Add(scale.cost(want-used+scale.worth(before)) - before)
			see.tell(start, end, want-used)
			return want, end, nil
		}
	}
	return used, to, nil
}

// worth is what the whole day counts.
func (c *Calendar) worth(u LimitUnit, d Day) time.Duration {
	if u == WorkingDays && len(d.Spans) > 0 {
		return c.day
	}
	return length(d.Spans)
}

func (v visit) tell(from, to time.Time, worth time.Duration) {
	if v != nil {
		v(from, to, worth)
	}
}

// scale makes every working day worth the same, whatever its hours. Zero: time counts as it is.
type scale struct{ whole, day int64 } // milliseconds, so that products stay within 64 bits

func (c *Calendar) scale(u LimitUnit, d Day) scale {
	if whole := length(d.Spans); u == WorkingDays && whole != c.day {
		return scale{whole.Milliseconds(), c.day.Milliseconds()}
	}
	return scale{}
}

// worth is what the first part of the day's hours counts. Asked from the day's start, so that its parts add up to a whole day.
func (s scale) worth(part time.Duration) time.Duration {
	if s.whole == 0 {
		return part
	}
	return time.Duration(part.Milliseconds()*s.day/s.whole) * time.Millisecond
}

// cost is the least first part of the day that is worth so much.
func (s scale) cost(worth time.Duration) time.Duration {
	if s.whole == 0 {
		return worth
	}
	return time.Duration((worth.Milliseconds()*s.whole+s.day-1)/s.day) * time.Millisecond
}

// add is the moment at which a limit that starts at the other moment is over.
func (c *Calendar) add(at time.Time, l Limit) (time.Time, error) {
	_, end, err := c.walk(l.Unit, begins(l.Unit, at), forever, c.amount(l), nil)
	return end, err
}

// Between is how much time of the unit lies between two moments, 0 when the first is not before the second. Error: *MissingYearError.
func (c *Calendar) Between(u LimitUnit, from, to time.Time) (time.Duration, error) {
	used, _, err := c.walk(u, from, to, forever.Sub(time.Time{}), nil)
	return used, err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
