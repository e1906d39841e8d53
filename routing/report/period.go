package report

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"jiesu/routing"
)

// Kind is which of the three papers of the plan (section 五) a period has: 周报告, 月调度, 季通报.
type Kind string

// The kinds; their Chinese names are in the catalogue under "paper.kind.<value>".
const (
	Weekly    Kind = "weekly"
	Monthly   Kind = "monthly"
	Quarterly Kind = "quarterly"
)

// Kinds lists the kinds from the shortest period to the longest.
func Kinds() []Kind { return []Kind{Weekly, Monthly, Quarterly} }

// Period is a week (Monday to Sunday, numbered as in ISO 8601), a month or a quarter in Beijing. Its text is 2026-W40, 2026-09 or 2026-Q3.
type Period struct {
	Kind Kind
	Year int
	N    int // of the week, the month or the quarter
}

var periodPattern = regexp.MustCompile(`^(\d{4})-(?:W(\d\d)|(\d\d)|Q([1-4]))$`)

// ParsePeriod reads a period. Error: what a period looks like.
func ParsePeriod(text string) (Period, error) {
	m := periodPattern.FindStringSubmatch(text)
	if m == nil {
		return Period{}, fmt.Errorf("%q is no period like 2026-W40, 2026-09 or 2026-Q3", text)
	}
	year, _ := strconv.Atoi(m[1]) // digits, by the pattern
	for i, k := range []Kind{Weekly, Monthly, Quarterly} {
		if n, err := strconv.Atoi(m[2+i]); err == nil {
			p := Period{k, year, n}
			if p != PeriodOf(k, p.Span().From) { // a 13th month, a 53rd week of a year that has none
				return Period{}, fmt.Errorf("there is no %s", text)
			}
			return p, nil
		}
	}
	return Period{}, fmt.Errorf("%q is no period", text)
}

// PeriodOf is the period of the kind in which the moment lies.
func PeriodOf(k Kind, t time.Time) Period {
	t = t.In(beijing)
	switch k {
	case Weekly:
		year, week := t.ISOWeek()
		return Period{k, year, week}
	case Monthly:
		return Period{k, t.Year(), int(t.Month())}
	}
	return Period{k, t.Year(), (int(t.Month()) + 2) / 3}
}

func (p Period) String() string {
	switch p.Kind {
	case Weekly:
		return fmt.Sprintf("%04d-W%02d", p.Year, p.N)
	case Monthly:
		return fmt.Sprintf("%04d-%02d", p.Year, p.N)
	}
	return fmt.Sprintf("%04d-Q%d", p.Year, p.N)
}

// MarshalText implements encoding.TextMarshaler.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Period) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePeriod(string(text))
	return err
}

// Span is from the first midnight of the period to the one after it.
func (p Period) Span() routing.Span {
	day := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, beijing).UTC() }
	switch p.Kind {
	case Weekly:
		fourth := time.Date(p.Year, 1, 4, 0, 0, 0, 0, beijing) // is always in the first week
		monday := fourth.AddDate(0, 0, -(int(fourth.Weekday())+6)%7+7*(p.N-1))
		return routing.Span{From: monday.UTC(), To: monday.AddDate(0, 0, 7).UTC()}
	case Monthly:
		return routing.Span{From: day(p.Year, p.N, 1), To: day(p.Year, p.N+1, 1)}
	}
	return routing.Span{From: day(p.Year, 3*p.N-2, 1), To: day(p.Year, 3*p.N+1, 1)}
}

// Before is the period before.
func (p Period) Before() Period { return PeriodOf(p.Kind, p.Span().From.Add(-time.Hour)) }

// After is the period after.
func (p Period) After() Period { return PeriodOf(p.Kind, p.Span().To) }

// YearBefore is the same period of the year before; of a week the one 52 weeks earlier, which has the same days of the week at the same time
// of the year.
func (p Period) YearBefore() Period {
	if p.Kind == Weekly {
		return PeriodOf(Weekly, p.Span().From.AddDate(0, 0, -52*7))
	}
	p.Year--
	return p
}
