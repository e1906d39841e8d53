package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"jiesu/routing"
)

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

// ledger is what was struck off and what came back, as problems of the ledger and as cases; how cases left otherwise stands beside it.
func (w writer) ledger() Section {
	s := Section{ID: "ledger", Title: w.t("paper.section.ledger")}
	table := func(head string, figures ...Figure) {
		g := Grid{Columns: []GridColumn{{Head: w.t("paper.col.what")}, {Head: w.t(head), Number: true}}}
		for _, f := range figures {
			g.Rows = append(g.Rows, []Datum{{Text: w.t("paper.figure." + f.String())}, w.count(w.sum, f, Place{})})
			s.Notes = append(s.Notes, w.t("paper.figure."+f.String()+".is"))
		}
		s.Tables = append(s.Tables, g)
	}
	if w.scope.Kind != OfDistrict { // a problem is its unit's; its cases may be of several districts
		table("paper.col.problems", ProblemsOpened, ProblemsStruck, ProblemsReturned, ProblemsOpen)
		s.Lists = w.list(nil, ProblemsReturned)
	}
	table("paper.col.cases", Closed, StruckOff, Returned, Withdrawn, NotAccepted, Transferred)
	s.Lists = w.list(s.Lists, Returned)
	return s
}
