package train

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jiesu/classifier"
)

// judged draws rows and answers to them.
func judged(t *rapid.T) ([]Row, []answer) {
	units := rapid.SampledFrom([]string{"a", "b"})
	n := rapid.IntRange(1, 200).Draw(t, "n")
	rows, answers := make([]Row, n), make([]answer, n)
	for i := range rows {
		rows[i] = Row{Item: "1.1", Unit: units.Draw(t, "unit"), Style: "s"}
		answers[i] = answer{item: rapid.SampledFrom([]string{"1.1", classifier.Other}).Draw(t, "item"), unit: units.Draw(t, "answer"),
			confidence: rapid.Float64Range(0, 1).Draw(t, "confidence"), decision: classifier.Ask}
	}
	return rows, answers
}

func TestReliabilityCountsEveryTextOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows, answers := judged(t)
		bins, ece := reliability(rows, answers)
		total, weighted := 0, 0.0
		for _, b := range bins {
			total += b.Rows
			weighted += float64(b.Rows) * math.Abs(b.Confidence-b.Right) / float64(len(rows))
			if b.Rows > 0 && (b.Confidence < b.From-1e-9 || b.Confidence > b.To+1e-9) {
				t.Fatalf("mean confidence %v from %v to %v", b.Confidence, b.From, b.To)
			}
		}
		if total != len(rows) || math.Abs(weighted-ece) > 1e-9 || ece < 0 || ece > 1 {
			t.Fatalf("%d of %d texts, error %v, by the bins %v", total, len(rows), ece, weighted)
		}
	})
}

func TestTheRiskCurveEndsWithEverythingThatCouldBeDispatched(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows, answers := judged(t)
		points := riskCoverage(rows, answers)
		inside, wrong := 0, 0
		for i, a := range answers {
			if a.item != classifier.Other {
				inside++
				wrong += int(one(a.unit != rows[i].Unit))
			}
		}
		if inside == 0 {
			if points != nil {
				t.Fatalf("points %v of nothing", points)
			}
			return
		}
		for i := 1; i < len(points); i++ {
			if points[i].Coverage <= points[i-1].Coverage || points[i].Confidence > points[i-1].Confidence {
				t.Fatalf("point %v after %v", points[i], points[i-1])
			}
		}
		last := points[len(points)-1]
		if math.Abs(last.Coverage-float64(inside)/float64(len(rows))) > 1e-9 || math.Abs(last.Risk-float64(wrong)/float64(inside)) > 1e-9 {
			t.Fatalf("the curve ends at %+v: %d of %d, %d wrong", last, inside, len(rows), wrong)
		}
	})
}

func TestTheReportIsPrintedAndDrawn(t *testing.T) {
	t.Parallel()
	rows := []Row{{Item: "1.1", Unit: "finance", Style: "<voice>"}, {Item: "other", Style: "<voice>"}}
	answers := []answer{{item: "1.1", unit: "finance", confidence: 0.95, decision: classifier.Dispatch}, {item: "1.1", unit: "drc", confidence: 0.4, decision: classifier.Triage}}
	r := report(rows, answers, classifier.Taxonomy{})
	var text, page strings.Builder
	if err := r.Print(&text); err != nil {
		t.Fatal(err)
	}
	if err := r.HTML(&page); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"0.9 to 1.0", "100.00", "50.00", "dispatch"} {
		if !strings.Contains(text.String(), words) {
			t.Errorf("%q is not in\n%s", words, text.String())
		}
	}
	for _, words := range []string{"&lt;voice&gt;", "<circle", "<polyline", "50.0 %"} {
		if !strings.Contains(page.String(), words) {
			t.Errorf("%q is not on the page", words)
		}
	}
	if strings.Contains(page.String(), "ZgotmplZ") || strings.Contains(page.String(), "http") {
		t.Error("the page has something unsafe or from elsewhere")
	}
}
