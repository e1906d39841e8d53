package train

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"

	"jiesu/classifier"
)

// Report is how well a model answers labelled texts. All shares are 0 to 1.
type Report struct {
	Rows int `json:"rows"`
	// Accuracy is the share of texts whose item is right, other included.
	Accuracy float64 `json:"accuracy"`
	// MacroF1 is the mean over the labels' F1, so that rare items count as much as frequent ones.
	MacroF1 float64 `json:"macro_f1"`
	// UnitAccuracy is the share of texts whose unit is right ("" for other); CategoryAccuracy likewise.
	UnitAccuracy     float64 `json:"unit_accuracy"`
	CategoryAccuracy float64 `json:"category_accuracy"`
	// BothAccuracy is the share with item and unit right, TopThree that with the right pair among the three alternatives.
	BothAccuracy float64 `json:"both_accuracy"`
	TopThree     float64 `json:"top_three"`
	// DistrictAccuracy counts texts without a district too.
	DistrictAccuracy float64 `json:"district_accuracy"`
	// ECE is the expected calibration error: how far, over the bins of Reliability, the confidence is from the frequency of being right.
	ECE         float64 `json:"ece"`
	Reliability []Bin   `json:"reliability"`
	// RiskCoverage tells what share of all texts could be dispatched unseen at what share of wrong units, most confident first.
	RiskCoverage []Point `json:"risk_coverage"`

	Decisions map[string]Outcome    `json:"decisions"`
	PerLabel  map[string]LabelScore `json:"per_label"`
	PerStyle  map[string]StyleScore `json:"per_style"`
	// Confusions are the wrong answers, the most frequent first, at most thirty.
	Confusions []Confusion `json:"confusions"`
	// Thresholds and Temperature are those of a training's report; zero in an evaluation.
	Thresholds  classifier.Thresholds `json:"thresholds,omitzero"`
	Temperature float64               `json:"temperature,omitzero"`
}

// Outcome tells of the texts with one Decision: their share, and how many of them had a wrong unit, or the right pair among three.
type Outcome struct {
	Share     float64 `json:"share"`
	WrongUnit float64 `json:"wrong_unit"`
	TopThree  float64 `json:"top_three"`
}

// Bin is the texts whose confidence lies from From (included) to To.
type Bin struct {
	From       float64 `json:"from"`
	To         float64 `json:"to"`
	Rows       int     `json:"rows"`
	Confidence float64 `json:"confidence"` // mean
	Right      float64 `json:"right"`      // share with item and unit right
}

// Point is one of the risk–coverage curve: dispatching every text of the plan with at least this Confidence covers so large a share of all
// texts, of which so large a share has a wrong unit.
type Point struct {
	Coverage   float64 `json:"coverage"`
	Risk       float64 `json:"risk"`
	Confidence float64 `json:"confidence"`
}

// LabelScore is how well one item is found.
type LabelScore struct {
	Rows      int     `json:"rows"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// StyleScore is how well one voice is understood.
type StyleScore struct {
	Rows             int     `json:"rows"`
	Accuracy         float64 `json:"accuracy"`
	UnitAccuracy     float64 `json:"unit_accuracy"`
	CategoryAccuracy float64 `json:"category_accuracy"`
	DistrictAccuracy float64 `json:"district_accuracy"`
}

// Confusion is one kind of wrong answer.
type Confusion struct {
	Truth  string `json:"truth"`
	Answer string `json:"answer"`
	Rows   int    `json:"rows"`
}

// Evaluate asks a model for each row.
func Evaluate(model *classifier.Model, rows []Row, tax classifier.Taxonomy) Report {
	answers := make([]answer, len(rows))
	for i, row := range rows {
		r := model.Classify(row.Text)
		answers[i] = answer{r.Item, r.Unit, r.District, r.Confidence, r.Decision, r.Alternatives}
	}
	return report(rows, answers, tax)
}

// verdict is one row's comparison of answer and truth.
type verdict struct{ item, unit, category, district, top bool }

func judge(row Row, a answer, tax classifier.Taxonomy) verdict {
	return verdict{
		item: a.item == row.Item, unit: a.unit == row.Unit, district: a.district == row.District,
		category: a.item == row.Item || tax.CategoryOf(a.item) != "" && tax.CategoryOf(a.item) == tax.CategoryOf(row.Item),
		top:      slices.ContainsFunc(a.top, func(x classifier.Alternative) bool { return x.Item == row.Item && x.Unit == row.Unit }),
	}
}

func report(rows []Row, answers []answer, tax classifier.Taxonomy) Report {
	r := Report{Rows: len(rows), Decisions: map[string]Outcome{}, PerStyle: map[string]StyleScore{}}
	if len(rows) == 0 {
		return r
	}
	for i, row := range rows {
		v := judge(row, answers[i], tax)
		r.Accuracy += one(v.item)
		r.UnitAccuracy += one(v.unit)
		r.CategoryAccuracy += one(v.category)
		r.BothAccuracy += one(v.item && v.unit)
		r.TopThree += one(v.top)
		r.DistrictAccuracy += one(v.district)
		o := r.Decisions[string(answers[i].decision)]
		o.Share++
		o.WrongUnit += one(!v.unit)
		o.TopThree += one(v.top)
		r.Decisions[string(answers[i].decision)] = o
		s := r.PerStyle[row.Style]
		s.Rows++
		s.Accuracy += one(v.item)
		s.UnitAccuracy += one(v.unit)
		s.CategoryAccuracy += one(v.category)
		s.DistrictAccuracy += one(v.district)
		r.PerStyle[row.Style] = s
	}
	n := float64(len(rows))
	for _, share := range []*float64{&r.Accuracy, &r.UnitAccuracy, &r.CategoryAccuracy, &r.BothAccuracy, &r.TopThree, &r.DistrictAccuracy} {
		*share /= n
	}
	for name, o := range r.Decisions {
		r.Decisions[name] = Outcome{o.Share / n, o.WrongUnit / o.Share, o.TopThree / o.Share}
	}
	for name, s := range r.PerStyle {
		n := float64(s.Rows)
		r.PerStyle[name] = StyleScore{s.Rows, s.Accuracy / n, s.UnitAccuracy / n, s.CategoryAccuracy / n, s.DistrictAccuracy / n}
	}
	r.PerLabel, r.MacroF1 = perLabel(rows, answers)
	r.Confusions = confusions(rows, answers)
	r.Reliability, r.ECE = reliability(rows, answers)
	r.RiskCoverage = riskCoverage(rows, answers)
	return r
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func perLabel(rows []Row, answers []answer) (map[string]LabelScore, float64) {
	truth, given, right := map[string]int{}, map[string]int{}, map[string]int{}
	for i, row := range rows {
		truth[row.Item]++
		given[answers[i].item]++
		if row.Item == answers[i].item {
			right[row.Item]++
		}
	}
	scores := make(map[string]LabelScore, len(truth))
	var sum float64
	for _, label := range sortedKeys(truth) { // in order, so that the sum is the same to the bit each time
		s := LabelScore{Rows: truth[label], Recall: float64(right[label]) / float64(truth[label])}
		if given[label] > 0 {
			s.Precision = float64(right[label]) / float64(given[label])
		}
		s.F1 = 2 * float64(right[label]) / float64(truth[label]+given[label])
		scores[label] = s
		sum += s.F1
	}
	return scores, sum / float64(len(truth))
}

func confusions(rows []Row, answers []answer) []Confusion {
	const most = 30
	counts := map[[2]string]int{}
	for i, row := range rows {
		if row.Item != answers[i].item {
			counts[[2]string{row.Item, answers[i].item}]++
		}
	}
	list := make([]Confusion, 0, len(counts))
	for pair, n := range counts {
		list = append(list, Confusion{pair[0], pair[1], n})
	}
	slices.SortFunc(list, compareConfusions)
	return list[:min(most, len(list))]
}

func reliability(rows []Row, answers []answer) (list []Bin, ece float64) {
	const bins = 10
	list = make([]Bin, bins)
	for b := range list {
		list[b].From, list[b].To = float64(b)/bins, float64(b+1)/bins
	}
	for i, a := range answers {
		bin := &list[min(int(a.confidence*bins), bins-1)]
		bin.Rows++
		bin.Confidence += a.confidence
		bin.Right += one(a.item == rows[i].Item && a.unit == rows[i].Unit)
	}
	for b := range list {
		bin := &list[b]
		ece += math.Abs(bin.Confidence-bin.Right) / float64(len(rows))
		if bin.Rows > 0 {
			bin.Confidence /= float64(bin.Rows)
			bin.Right /= float64(bin.Rows)
		}
	}
	return list, ece
}

// riskCoverage gives a point for each twentieth of the texts, and one for all that are of the plan by their answer.
func riskCoverage(rows []Row, answers []answer) []Point {
	const steps = 20
	var order []int
	for i, a := range answers {
		if a.item != classifier.Other {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(answers[b].confidence, answers[a].confidence) })
	var points []Point
	wrong := 0
	for n, i := range order {
		wrong += int(one(answers[i].unit != rows[i].Unit))
		if (n+1)*steps/len(rows) > n*steps/len(rows) || n+1 == len(order) {
			points = append(points, Point{float64(n+1) / float64(len(rows)), float64(wrong) / float64(n+1), answers[i].confidence})
		}
	}
	return points
}

// Print writes the report for a person to read.
func (r Report) Print(w io.Writer) error {
	_, err := fmt.Fprint(w, r.text())
	return err
}
