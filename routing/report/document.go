package report

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"jiesu/routing"
)

// Document is a paper as people read it: on the screen, printed, or as a workbook. It holds numbers of cases and never who complains.
type Document struct {
	Period   Period
	Scope    Scope
	Title    string
	Whose    string // name of the scope
	Facts    []string
	Until    time.Time
	Warning  string // of a provisional paper
	Heads    []Head
	Sections []Section
	Notes    []string
}

// Head is one of the large figures at the top.
type Head struct {
	Label, Value, Small string
	Link                *Link
}

// Section is one part of a paper. There is a table beside every chart.
type Section struct {
	ID     string
	Title  string
	Lead   []string
	Chart  *Chart
	Tables []Grid
	Lists  []List
	Notes  []string
}

// Grid is a table with links.
type Grid struct {
	Title   string
	Columns []GridColumn
	Rows    [][]Datum
}

// GridColumn is a head; of a column of rates the workbook makes three.
type GridColumn struct {
	Head   string
	Number bool // set to the right
	Rate   bool
	Parts  [2]string // heads of what the workbook sets beside a rate: what it is of, and its interval
}

// Datum is what stands in a cell.
type Datum struct {
	Text  string
	Value any    // for calculating, in the workbook; nil: Text
	Small string // beside it: what the rate is of
	Span  string // of a rate: its interval
	Mark  string // a short word of warning
	Link  *Link
}

// Link leads to the cases of a figure.
type Link struct {
	Figure Figure
	Place  Place
}

// List is cases by number, in the paper itself.
type List struct {
	Title   string
	Numbers []string
	More    int // that are left out
	Link    *Link
}

// Chart is a picture of what the table beside it says: bars of each label's values, or rates with their intervals.
type Chart struct {
	Kind   string      `json:"kind"` // "bars" or "rates"
	Title  string      `json:"title"`
	Labels []string    `json:"labels"`
	Names  []string    `json:"names"`          // of the series
	Values [][]float64 `json:"values"`         // by series
	Low    []float64   `json:"low,omitempty"`  // of rates, in per cent
	High   []float64   `json:"high,omitempty"` // of rates, in per cent
}

// mostListed is how many numbers a list shows.
const mostListed = 100

// Write makes the paper of the scope from the figures. Without full it has the public figures alone: no numbers of cases and no links to them.
func Write(f Figures, s Scope, plan *routing.Plan, words routing.Wording, full bool) Document {
	w := writer{f: f, scope: s, plan: plan, words: words, full: full, filter: s.Place()}
	w.sum = f.of(w.filter)
	d := Document{Period: f.Period, Scope: s, Until: f.Until, Whose: w.whose(),
		Title: w.t("paper.title", "city", plan.City, "kind", w.t("paper.kind."+string(f.Period.Kind)), "period", w.period(f.Period))}
	span := f.Period.Span()
	d.Facts = []string{
		w.t("paper.span", "from", w.day(span.From), "to", w.day(span.To.Add(-time.Millisecond))),
		w.t("paper.until", "time", f.Until.In(beijing).Format("2006-01-02 15:04")),
		w.t("paper.compared", "before", w.period(f.Period.Before()), "year", w.period(f.Period.YearBefore())),
	}
	if f.Provisional() {
		d.Warning = w.t("paper.provisional")
	}
	d.Heads = w.heads()
	d.Sections = []Section{w.intake(), w.rates(), w.clocks()}
	if f.Period.Kind != Weekly && s.Kind != OfUnit {
		d.Sections = append(d.Sections, w.ranking(unitKey))
	}
	if f.Period.Kind != Weekly && s.Kind != OfDistrict {
		d.Sections = append(d.Sections, w.ranking(districtKey))
	}
	d.Sections = append(d.Sections, w.trouble(), w.mass(), w.ledger())
	d.Notes = []string{w.t("paper.note.source"), w.t("paper.note.place"), w.t("paper.note.again"), w.t("paper.note.private")}
	return d
}

// writer turns figures into words.
type writer struct {
	f      Figures
	scope  Scope
	plan   *routing.Plan
	words  routing.Wording
	full   bool
	filter Place
	sum    Counts
}

func (w writer) t(key string, args ...string) string { return w.words.Text(key, args...) }

// WhoseName is the name of a scope's body.
func WhoseName(s Scope, plan *routing.Plan, words routing.Wording) string {
	return writer{scope: s, plan: plan, words: words}.whose()
}

// PeriodName is a period as people say it.
func PeriodName(p Period, words routing.Wording) string { return writer{words: words}.period(p) }

// FigureName is what people call a figure. Those of clocks are made of the clock's name.
func FigureName(f Figure, words routing.Wording) string {
	if f < firstOfClocks {
		return words.Text("paper.figure." + f.String())
	}
	i := int(f - firstOfClocks)
	o := []string{"met", "late", "void"}[i%int(outcomes)]
	return words.Text("paper.figure.clock."+o, "clock", words.Text("clock."+string(countedClocks[i/int(outcomes)])))
}

// PlaceNames are the names of what a filter of places narrows to.
func PlaceNames(p Place, plan *routing.Plan, words routing.Wording) []string {
	w := writer{plan: plan, words: words}
	var list []string
	for _, f := range []struct {
		value string
		key   key
	}{{p.Category, categoryKey}, {p.Item, itemKey}, {p.Unit, unitKey}, {p.District, districtKey}, {string(p.Channel), channelKey}} {
		switch f.value {
		case "":
		case Nowhere:
			list = append(list, f.key.title(w, ""))
		default:
			list = append(list, f.key.title(w, f.value))
		}
	}
	return list
}

func (w writer) whose() string {
	switch w.scope.Kind {
	case OfCategory:
		return w.t("paper.scope.group", "name", w.plan.CategoryName(w.scope.ID))
	case OfUnit:
		return w.plan.UnitName(w.scope.ID)
	case OfDistrict:
		return w.scope.ID
	}
	return w.t("paper.scope.city")
}

func (w writer) period(p Period) string {
	return w.t("paper.period."+string(p.Kind), "year", strconv.Itoa(p.Year), "n", strconv.Itoa(p.N))
}

func (w writer) day(t time.Time) string { return t.In(beijing).Format(time.DateOnly) }

// link leads to the cases of a figure at a place within the scope; nil when the reader may not follow it, or there are none.
func (w writer) link(f Figure, p Place, n int) *Link {
	if !w.full || n == 0 || f == FiledBefore || f == FiledYear {
		return nil
	}
	return &Link{f, p}
}

// count is a cell with a figure.
func (w writer) count(c Counts, f Figure, p Place) Datum {
	return Datum{Text: strconv.Itoa(c[f]), Value: c[f], Link: w.link(f, p, c[f])}
}

// percent writes a share with one decimal.
func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + "%" }

// round4 keeps of a share what a workbook shows.
func round4(v float64) float64 { return math.Round(v*1e4) / 1e4 }

// change is how much a number has grown; "" when there was none before.
func change(now, before int) (text string, value any) {
	if before == 0 {
		return "–", nil
	}
	v := float64(now-before) / float64(before)
	text = percent(v)
	if v > 0 {
		text = "+" + text
	}
	return text, round4(v)
}

func (w writer) changed(now, before int) Datum {
	text, value := change(now, before)
	if value == nil {
		return Datum{Text: text}
	}
	return Datum{Text: text, Value: value}
}

// rate is a cell with a rate, what it is of, and its interval.
func (w writer) rate(r Rate) Datum {
	if r.Of == 0 {
		return Datum{Text: "–", Small: "0/0"}
	}
	low, high := r.Interval()
	return Datum{Text: percent(r.Value()), Value: round4(r.Value()), Small: fmt.Sprintf("%d/%d", r.Good, r.Of), Span: percent(low) + "–" + percent(high)}
}

func (w writer) rateColumn(head string) GridColumn {
	return GridColumn{Head: head, Number: true, Rate: true, Parts: [2]string{w.t("paper.col.fraction"), w.t("paper.col.interval")}}
}

// trend says how the intake has grown.
func (w writer) trend(before int, than string) string {
	text, value := change(w.sum[Filed], before)
	if value == nil {
		return w.t("paper.trend.none", "than", w.t(than))
	}
	return w.t("paper.trend", "than", w.t(than), "change", text)
}

func (w writer) heads() []Head {
	filed := w.sum[Filed]
	heads := []Head{{w.t("paper.figure.filed"), strconv.Itoa(filed),
		w.trend(w.sum[FiledBefore], "paper.than.before") + w.t("paper.semicolon") + w.trend(w.sum[FiledYear], "paper.than.year"),
		w.link(Filed, Place{}, filed)}}
	for _, f := range []Figure{Answered, StruckOff, Open, LateOpen} {
		small := ""
		switch f {
		case StruckOff:
			small = w.t("paper.head.returned", "n", strconv.Itoa(w.sum[ProblemsReturned]))
			if w.scope.Kind == OfDistrict { // which has no problems of its own
				small = w.t("paper.head.redone", "n", strconv.Itoa(w.sum[Returned]))
			}
		case LateOpen:
			small = w.t("paper.head.late", "n", strconv.Itoa(w.sum[Late]))
		}
		heads = append(heads, Head{w.t("paper.figure." + f.String()), strconv.Itoa(w.sum[f]), small, w.link(f, Place{}, w.sum[f])})
	}
	for _, m := range Measures() {
		d := w.rate(w.sum.Rate(m))
		heads = append(heads, Head{w.t("paper.measure." + string(m)), d.Text, d.Small, nil})
	}
	return heads
}
