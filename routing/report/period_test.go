package report_test

import (
	"testing"
	"time"

	"jiesu/routing/report"
)

func TestPeriodsLieWhereTheCalendarHasThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][4]string{ // first day, day after the last, period before, the same a year before
		"2026-W40": {"2026-09-28", "2026-10-05", "2026-W39", "2025-W40"},
		"2026-W01": {"2025-12-29", "2026-01-05", "2025-W52", "2025-W01"},
		"2026-W53": {"2026-12-28", "2027-01-04", "2026-W52", "2026-W01"}, // 52 weeks earlier
		"2026-09":  {"2026-09-01", "2026-10-01", "2026-08", "2025-09"},
		"2026-01":  {"2026-01-01", "2026-02-01", "2025-12", "2025-01"},
		"2026-Q3":  {"2026-07-01", "2026-10-01", "2026-Q2", "2025-Q3"},
		"2026-Q1":  {"2026-01-01", "2026-04-01", "2025-Q4", "2025-Q1"},
	} {
		p, err := report.ParsePeriod(text)
		if err != nil {
			t.Fatal(err)
		}
		day := func(at time.Time) string { return at.Add(8 * time.Hour).Format(time.DateTime) }
		span := p.Span()
		if day(span.From) != want[0]+" 00:00:00" || day(span.To) != want[1]+" 00:00:00" {
			t.Errorf("%s is %s to %s", text, day(span.From), day(span.To))
		}
		if p.String() != text || p.Before().String() != want[2] || p.YearBefore().String() != want[3] || p.Before().After() != p {
			t.Errorf("%s: before %s, a year before %s", p, p.Before(), p.YearBefore())
		}
		if report.PeriodOf(p.Kind, span.To.Add(-time.Millisecond)) != p || report.PeriodOf(p.Kind, span.To) == p {
			t.Errorf("%s ends elsewhere", text)
		}
	}
	for _, text := range []string{"", "2026", "2026-13", "2026-00", "2026-W00", "2025-W53", "2026-Q5", "2026-Q0", "2026-9", " 2026-09", "2026-09-01"} {
		if p, err := report.ParsePeriod(text); err == nil {
			t.Errorf("%q is read as %v", text, p)
		}
	}
}

func TestFewCasesHaveAWideInterval(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rate      report.Rate
		low, high float64 // from Wilson's formula, worked out by hand to four places
	}{
		{report.Rate{Good: 0, Of: 0}, 0, 1}, {report.Rate{Good: 3, Of: 3}, .4385, 1}, {report.Rate{Good: 0, Of: 10}, 0, .2775},
		{report.Rate{Good: 95, Of: 100}, .8882, .9785}, {report.Rate{Good: 50, Of: 100}, .4038, .5962},
	} {
		low, high := tt.rate.Interval()
		if diff := max(low-tt.low, tt.low-low, high-tt.high, tt.high-high); diff > 1e-4 {
			t.Errorf("%v: %.4f to %.4f, want %.4f to %.4f", tt.rate, low, high, tt.low, tt.high)
		}
	}
	if (report.Rate{Good: 9, Of: 9}).Ranked() || !(report.Rate{Good: 1, Of: 10}).Ranked() {
		t.Error("the least number of cases is not what is said")
	}
}
