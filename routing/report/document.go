package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
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
			small = w.t("paper.head.returned", "n", strconv.Itoa(w.sum[Returned]))
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

// key is a way to tell places apart.
type key struct {
	name  string // in the catalogue: "paper.by.<name>"
	of    func(Place) string
	place func(string) Place
	title func(writer, string) string
	order func(*routing.Plan) []string // nil: the most first
}

func filter(v string) string {
	if v == "" {
		return Nowhere
	}
	return v
}

var (
	categoryKey = key{"category", func(p Place) string { return p.Category }, func(v string) Place { return Place{Category: filter(v)} },
		func(w writer, v string) string {
			if v == "" {
				return w.t("paper.outside")
			}
			return w.plan.CategoryName(v)
		}, func(plan *routing.Plan) []string {
			var ids []string
			for _, c := range plan.Categories {
				ids = append(ids, c.ID)
			}
			return append(ids, "")
		}}
	itemKey = key{"item", func(p Place) string { return p.Item }, func(v string) Place { return Place{Item: filter(v)} },
		func(w writer, v string) string {
			if name := w.plan.ItemName(v); name != "" {
				return v + " " + name
			}
			return w.t("paper.outside")
		}, func(plan *routing.Plan) []string {
			var ids []string
			for _, c := range plan.Categories {
				for _, i := range c.Items {
					ids = append(ids, i.ID)
				}
			}
			return append(ids, routing.Other)
		}}
	unitKey = key{"unit", func(p Place) string { return p.Unit }, func(v string) Place { return Place{Unit: filter(v)} },
		func(w writer, v string) string {
			if v == "" {
				return w.t("paper.undispatched")
			}
			return w.plan.UnitName(v)
		}, nil}
	districtKey = key{"district", func(p Place) string { return p.District }, func(v string) Place { return Place{District: filter(v)} },
		func(w writer, v string) string {
			if v == "" {
				return w.t("paper.unnamed")
			}
			return v
		}, nil}
	channelKey = key{"channel", func(p Place) string { return string(p.Channel) }, func(v string) Place { return Place{Channel: routing.Channel(v)} },
		func(w writer, v string) string { return w.t("channel." + v) }, nil}
)

// line is what is counted under one value of a key.
type line struct {
	key    string
	title  string
	counts Counts
}

// lines are the scope's figures apart by the key, where the figures named have something to say.
func (w writer) lines(k key, of ...Figure) []line {
	var list []line
	for v, c := range w.f.by(w.filter, k.of) {
		n := 0
		for _, f := range of {
			n += c[f]
		}
		if n > 0 {
			list = append(list, line{v, k.title(w, v), *c})
		}
	}
	var order []string
	if k.order != nil {
		order = k.order(w.plan)
	}
	slices.SortFunc(list, func(a, b line) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.key), slices.Index(order, b.key)), cmp.Compare(b.counts[of[0]], a.counts[of[0]]),
			strings.Compare(a.key, b.key))
	})
	return list
}

// intake is how many complaints came, by everything that tells them apart, against the periods before.
func (w writer) intake() Section {
	s := Section{ID: "intake", Title: w.t("paper.section.intake"), Notes: []string{w.t("paper.figure.filed.is")}}
	s.Lead = []string{w.t("paper.intake.lead", "whose", w.whose(), "n", strconv.Itoa(w.sum[Filed]),
		"before", strconv.Itoa(w.sum[FiledBefore]), "change", w.trend(w.sum[FiledBefore], "paper.than.before"),
		"year", strconv.Itoa(w.sum[FiledYear]), "change_year", w.trend(w.sum[FiledYear], "paper.than.year"))}
	if peak := w.lines(itemKey, Filed); len(peak) > 0 {
		slices.SortStableFunc(peak, func(a, b line) int { return cmp.Compare(b.counts[Filed], a.counts[Filed]) })
		var names []string
		for _, l := range peak[:min(3, len(peak))] {
			names = append(names, w.t("paper.intake.peak", "item", l.title, "n", strconv.Itoa(l.counts[Filed])))
		}
		s.Lead = append(s.Lead, w.t("paper.intake.peaks", "list", strings.Join(names, w.t("paper.comma"))))
	}
	keys := []key{categoryKey, itemKey, unitKey, districtKey, channelKey}
	drawn := categoryKey
	switch w.scope.Kind {
	case OfCategory:
		keys, drawn = []key{itemKey, unitKey, districtKey, channelKey}, itemKey
	case OfUnit:
		keys, drawn = []key{itemKey, districtKey, channelKey}, itemKey
	case OfDistrict:
		keys = []key{categoryKey, itemKey, unitKey, channelKey}
	}
	for _, k := range keys {
		lines := w.lines(k, Filed, FiledBefore, FiledYear)
		if k.name == drawn.name && len(lines) > 0 {
			s.Chart = w.bars(w.t("paper.chart.intake", "by", w.t("paper.by."+k.name)), lines, Filed, FiledBefore, FiledYear)
		}
		s.Tables = append(s.Tables, w.intakeBy(k, lines))
	}
	return s
}

func (w writer) intakeBy(k key, lines []line) Grid {
	g := Grid{Title: w.t("paper.by." + k.name), Columns: []GridColumn{{Head: w.t("paper.by." + k.name)}, {Head: w.t("paper.col.now"), Number: true},
		{Head: w.t("paper.col.share"), Number: true}, {Head: w.t("paper.col.before"), Number: true}, {Head: w.t("paper.col.change"), Number: true},
		{Head: w.t("paper.col.year"), Number: true}, {Head: w.t("paper.col.change_year"), Number: true}}}
	row := func(title string, c Counts, p Place) []Datum {
		share := Rate{c[Filed], w.sum[Filed]}.Value()
		return []Datum{{Text: title}, w.count(c, Filed, p), {Text: percent(share), Value: round4(share)}, w.count(c, FiledBefore, p),
			w.changed(c[Filed], c[FiledBefore]), w.count(c, FiledYear, p), w.changed(c[Filed], c[FiledYear])}
	}
	for _, l := range lines {
		g.Rows = append(g.Rows, row(l.title, l.counts, k.place(l.key)))
	}
	g.Rows = append(g.Rows, row(w.t("paper.total"), w.sum, Place{}))
	return g
}

// bars draws figures of the lines side by side.
func (w writer) bars(title string, lines []line, of ...Figure) *Chart {
	c := &Chart{Kind: "bars", Title: title}
	for _, f := range of {
		c.Names = append(c.Names, w.t("paper.series."+f.String()))
		c.Values = append(c.Values, make([]float64, len(lines)))
	}
	for i, l := range lines {
		c.Labels = append(c.Labels, l.title)
		for j, f := range of {
			c.Values[j][i] = float64(l.counts[f])
		}
	}
	return c
}

// rates are the measures, each with its formula and what it leaves out.
func (w writer) rates() Section {
	s := Section{ID: "rates", Title: w.t("paper.section.rates"), Lead: []string{w.t("paper.rates.lead")}}
	g := Grid{Columns: []GridColumn{{Head: w.t("paper.col.measure")}, w.rateColumn(w.t("paper.col.rate")),
		{Head: w.t("paper.col.good"), Number: true}, {Head: w.t("paper.col.of"), Number: true}, {Head: w.t("paper.col.without"), Number: true}}}
	if w.scope.Kind != City {
		g.Columns = append(g.Columns, w.rateColumn(w.t("paper.col.city")))
	}
	city := w.f.of(Place{})
	chart := &Chart{Kind: "rates", Title: w.t("paper.chart.rates"), Names: []string{w.t("paper.col.rate"), w.t("paper.col.interval")}, Values: [][]float64{nil}}
	for _, m := range Measures() {
		r := w.sum.Rate(m)
		good, bad, without := m.parts()
		row := []Datum{{Text: w.t("paper.measure." + string(m))}, w.rate(r), w.part(r.Good, good), w.part(r.Of, append(good, bad...)), w.part(w.sum.Without(m), without)}
		if w.scope.Kind != City {
			row = append(row, w.rate(city.Rate(m)))
		}
		g.Rows = append(g.Rows, row)
		chart.add(w.t("paper.measure."+string(m)), r)
		s.Notes = append(s.Notes, w.t("paper.measure."+string(m)+".formula"), w.t("paper.measure."+string(m)+".without"))
	}
	s.Chart, s.Tables = chart, []Grid{g, w.judged()}
	s.Notes = append(s.Notes, w.t("paper.note.interval"))
	return s
}

// part is a count that is a sum of figures; it links only when it is one.
func (w writer) part(n int, of []Figure) Datum {
	d := Datum{Text: strconv.Itoa(n), Value: n}
	if len(of) == 1 {
		d.Link = w.link(of[0], Place{}, n)
	}
	return d
}

func (c *Chart) add(label string, r Rate) {
	low, high := r.Interval()
	if r.Of == 0 {
		low, high = 0, 0
	}
	c.Labels = append(c.Labels, label)
	c.Values[0] = append(c.Values[0], math.Round(1000*r.Value())/10)
	c.Low, c.High = append(c.Low, math.Round(1000*low)/10), append(c.High, math.Round(1000*high)/10)
}

// judged is what complainants said.
func (w writer) judged() Grid {
	g := Grid{Title: w.t("paper.judged"), Columns: []GridColumn{{Head: w.t("paper.col.said")}, {Head: w.t("paper.col.cases"), Number: true}}}
	for _, f := range []Figure{SolvedYes, SolvedPartly, SolvedNo, SatisfiedYes, SatisfiedNo, SatisfiedUnsaid} {
		g.Rows = append(g.Rows, []Datum{{Text: w.t("paper.figure." + f.String())}, w.count(w.sum, f, Place{})})
	}
	return g
}

// clocks is how each duty was kept.
func (w writer) clocks() Section {
	s := Section{ID: "clocks", Title: w.t("paper.section.clocks"), Notes: []string{w.t("paper.clocks.formula"), w.t("paper.clocks.without")}}
	g := Grid{Columns: []GridColumn{{Head: w.t("paper.col.clock")}, {Head: w.t("paper.col.met"), Number: true}, {Head: w.t("paper.col.late"), Number: true},
		w.rateColumn(w.t("paper.col.rate")), {Head: w.t("paper.col.without"), Number: true}}}
	for _, k := range countedClocks {
		if k == routing.ClockDispatch && w.scope.Kind == OfUnit {
			continue // the office's
		}
		g.Rows = append(g.Rows, []Datum{{Text: w.t("clock." + string(k))}, w.count(w.sum, ofClock(k, met), Place{}), w.count(w.sum, ofClock(k, late), Place{}),
			w.rate(w.sum.ofKind(k)), w.count(w.sum, ofClock(k, void), Place{})})
	}
	s.Tables = []Grid{g}
	return s
}

// ranking sets bodies side by side by each measure, by the lower end of its interval; few cases are marked and not ranked.
func (w writer) ranking(k key) Section {
	s := Section{ID: "rank-" + k.name, Title: w.t("paper.section.rank." + k.name),
		Notes: []string{w.t("paper.rank.how", "least", strconv.Itoa(LeastRanked)), w.t("paper.note.interval")}}
	g := Grid{Columns: []GridColumn{{Head: w.t("paper.by." + k.name)}}}
	var of []Figure
	for _, m := range Measures() {
		good, bad, _ := m.parts()
		of = append(append(of, good...), bad...)
		g.Columns = append(g.Columns, w.rateColumn(w.t("paper.measure."+string(m))), GridColumn{Head: w.t("paper.col.rank"), Number: true})
	}
	var lines []line
	for _, l := range w.lines(k, of...) {
		if l.key != "" { // nobody
			lines = append(lines, l)
		}
	}
	placed := map[Measure][]int{}
	for _, m := range Measures() {
		rates := make([]Rate, len(lines))
		for i, l := range lines {
			rates[i] = l.counts.Rate(m)
		}
		placed[m] = ranks(rates)
	}
	order := make([]int, len(lines))
	for i := range order {
		order[i] = i
	}
	last := func(i int) int { // those without a rank come last
		if r := placed[OnTime][i]; r > 0 {
			return r
		}
		return len(lines) + 1
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(last(a), last(b)), strings.Compare(lines[a].key, lines[b].key))
	})
	chart := &Chart{Kind: "rates", Title: w.t("paper.chart.rank", "by", w.t("paper.by."+k.name), "measure", w.t("paper.measure."+string(OnTime))),
		Names: []string{w.t("paper.col.rate"), w.t("paper.col.interval")}, Values: [][]float64{nil}}
	for _, i := range order {
		l := lines[i]
		row := []Datum{{Text: l.title}}
		for _, m := range Measures() {
			r := l.counts.Rate(m)
			d, rank := w.rate(r), Datum{Text: "–"}
			if n := placed[m][i]; n > 0 {
				rank = Datum{Text: strconv.Itoa(n), Value: n}
			} else if r.Of > 0 {
				d.Mark = w.t("paper.rank.few")
			}
			row = append(row, d, rank)
		}
		g.Rows = append(g.Rows, row)
		if r := l.counts.Rate(OnTime); r.Ranked() {
			chart.add(l.title, r)
		}
	}
	if len(chart.Labels) > 1 {
		s.Chart = chart
	}
	s.Tables = []Grid{g}
	if len(lines) == 0 {
		s.Lead = []string{w.t("paper.rank.none")}
	}
	return s
}

// trouble is what went wrong: refusals, cases that went round, redos, and what is late, with the numbers of the cases.
func (w writer) trouble() Section {
	s := Section{ID: "trouble", Title: w.t("paper.section.trouble")}
	shown := []Figure{Refused, Bounced, Redone, Late, LateOpen, Urged, Supervised, Named, Extended}
	k := unitKey
	if w.scope.Kind == OfUnit {
		k = districtKey
	}
	g := Grid{Columns: []GridColumn{{Head: w.t("paper.by." + k.name)}}}
	for _, f := range shown {
		g.Columns = append(g.Columns, GridColumn{Head: w.t("paper.figure." + f.String()), Number: true})
		s.Notes = append(s.Notes, w.t("paper.figure."+f.String()+".is"))
	}
	row := func(title string, c Counts, p Place) []Datum {
		cells := []Datum{{Text: title}}
		for _, f := range shown {
			cells = append(cells, w.count(c, f, p))
		}
		return cells
	}
	for _, l := range w.lines(k, shown...) {
		g.Rows = append(g.Rows, row(l.title, l.counts, k.place(l.key)))
	}
	g.Rows = append(g.Rows, row(w.t("paper.total"), w.sum, Place{}))
	s.Tables = []Grid{g}
	for _, f := range []Figure{LateOpen, Late, Bounced, Refused, Redone, SolvedNo, SatisfiedNo} {
		s.Lists = w.list(s.Lists, f)
	}
	return s
}

// list appends the numbers of a figure's cases, if there are any and the reader may know them.
func (w writer) list(to []List, f Figure) []List {
	if !w.full || w.sum[f] == 0 {
		return to
	}
	numbers := w.f.numbers(w.filter, f)
	shown := numbers[:min(mostListed, len(numbers))]
	return append(to, List{Title: w.t("paper.list", "figure", w.t("paper.figure."+f.String()), "n", strconv.Itoa(len(numbers))), Numbers: shown,
		More: len(numbers) - len(shown), Link: w.link(f, Place{}, w.sum[f])})
}

// mass is the mass incidents.
func (w writer) mass() Section {
	s := Section{ID: "mass", Title: w.t("paper.section.mass"), Notes: []string{w.t("paper.figure.joined.is")}}
	all := w.f.incidents(w.filter)
	if len(all) == 0 {
		s.Lead = []string{w.t("paper.mass.none")}
		return s
	}
	s.Lead = []string{w.t("paper.mass.lead", "n", strconv.Itoa(len(all)), "cases", strconv.Itoa(w.sum[Joined]))}
	g := Grid{Columns: []GridColumn{{Head: w.t("paper.col.incident")}, {Head: w.t("paper.by.item")}, {Head: w.t("paper.col.cases"), Number: true}}}
	for n, i := range all {
		items := make([]string, 0, len(i.Items))
		for id := range i.Items {
			items = append(items, id)
		}
		slices.SortFunc(items, func(a, b string) int { return cmp.Or(cmp.Compare(i.Items[b], i.Items[a]), strings.Compare(a, b)) })
		for j, id := range items {
			items[j] = itemKey.title(w, id)
		}
		name := w.t("paper.mass.name", "n", strconv.Itoa(n+1))
		g.Rows = append(g.Rows, []Datum{{Text: name}, {Text: strings.Join(items, w.t("paper.comma"))}, {Text: strconv.Itoa(len(i.Cases)), Value: len(i.Cases)}})
		if w.full {
			shown := i.Cases[:min(mostListed, len(i.Cases))]
			s.Lists = append(s.Lists, List{Title: name, Numbers: shown, More: len(i.Cases) - len(shown)})
		}
	}
	s.Tables = []Grid{g}
	return s
}

// ledger is what was struck off and what came back; how cases left otherwise stands beside it.
func (w writer) ledger() Section {
	s := Section{ID: "ledger", Title: w.t("paper.section.ledger")}
	g := Grid{Columns: []GridColumn{{Head: w.t("paper.col.what")}, {Head: w.t("paper.col.cases"), Number: true}}}
	for _, f := range []Figure{Closed, StruckOff, Returned, Withdrawn, NotAccepted, Transferred} {
		g.Rows = append(g.Rows, []Datum{{Text: w.t("paper.figure." + f.String())}, w.count(w.sum, f, Place{})})
		s.Notes = append(s.Notes, w.t("paper.figure."+f.String()+".is"))
	}
	s.Tables = []Grid{g}
	s.Lists = w.list(nil, Returned)
	return s
}
