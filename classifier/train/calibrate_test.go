package train

import (
	"math"
	"math/rand/v2"
	"testing"

	"jiesu/classifier"
)

// guesses are n answers with falling confidence, of which every wrong-th has a wrong unit.
func guesses(n, wrong int) []guess {
	list := make([]guess, n)
	for i := range list {
		right := wrong == 0 || (i+1)%wrong != 0
		list[i] = guess{1 - float64(i)/float64(n), right, right}
	}
	return list
}

func TestThresholdsKeepTheRisk(t *testing.T) {
	t.Parallel()
	never := classifier.Thresholds{Dispatch: 1, Ask: 1}
	if got := thresholds(nil, 0.03); got != never {
		t.Errorf("nothing known: %v", got)
	}
	if got := thresholds(guesses(29, 0), 0.03); got.Dispatch != 1 {
		t.Errorf("29 answers prove something: %v", got)
	}
	if got := thresholds(guesses(100, 0), 0.03); math.Abs(got.Dispatch-0.01) > 1e-9 {
		t.Errorf("never wrong, but dispatched only from %v", got.Dispatch)
	}
	if got := thresholds(guesses(100, 2), 0.03); got.Dispatch != 1 {
		t.Errorf("wrong every second time, but dispatched from %v", got.Dispatch)
	}
	mixed := append(guesses(50, 0), guesses(100, 2)...)
	for i := range mixed {
		mixed[i].confidence = 1 - float64(i)/200
	}
	got := thresholds(mixed, 0.03)
	wrong, sent := 0, 0
	for _, g := range mixed {
		if g.confidence >= got.Dispatch {
			sent++
			if !g.unit {
				wrong++
			}
		}
	}
	if sent < 50 || float64(wrong) > 0.03*float64(sent) || got.Ask > got.Dispatch {
		t.Errorf("%v sends %d of which %d wrong", got, sent, wrong)
	}
}

// Labels are drawn with the probabilities of known scores; the temperature that was put on the scores must be found again.
func TestTemperatureIsFound(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, temperature := range []float64{0.2, 1, 3} {
		tr := trial{set: labelSet{labels: make([]classifier.Label, 3)}}
		for range 3000 {
			scores := []float64{random.NormFloat64(), random.NormFloat64(), random.NormFloat64()}
			p := classifier.Softmax([]float64{scores[0], scores[1], scores[2]}, temperature)
			label, u := 0, random.Float64()
			for u > p[label] && label < 2 {
				u -= p[label]
				label++
			}
			tr.docs, tr.scores = append(tr.docs, document{label: label}), append(tr.scores, scores)
		}
		if got := tr.coolest(all(len(tr.docs))); math.Abs(math.Log(got/temperature)) > 0.15 {
			t.Errorf("temperature %v found as %v", temperature, got)
		}
	}
}

func TestFoldsHoldEachRowOnceAndNoBatchTwice(t *testing.T) {
	t.Parallel()
	var rows []Row
	for _, batch := range []string{"a", "b", "b", "c", "c", "c", "d", "e", "a"} {
		rows = append(rows, Row{Batch: batch})
	}
	for _, folds := range []int{1, 2, 3, 5, 100} {
		parts := split(rows, folds)
		seen, fold := map[int]bool{}, map[string]int{}
		for p, part := range parts {
			for _, i := range part {
				if at, ok := fold[rows[i].Batch]; ok && at != p || seen[i] {
					t.Errorf("%d folds: row %d or its batch twice in %v", folds, i, parts)
				}
				seen[i], fold[rows[i].Batch] = true, p
			}
		}
		if len(seen) != len(rows) || len(parts) < 2 || len(parts) > 5 {
			t.Errorf("%d folds: %v", folds, parts)
		}
	}
}

func TestLabelsShareColumns(t *testing.T) {
	t.Parallel()
	rows := []Row{{Item: "1.1", Unit: "drc"}, {Item: "1.1", Unit: "finance"}, {Item: "7.2", Unit: "finance"}, {Item: "other"}, {Item: "1.1", Unit: "drc"}}
	set := newLabelSet(rows, 0.5)
	if len(set.labels) != 4 || set.joint != 6 || len(set.columns) != 8 { // items 1.1, 7.2, other; units drc, finance, none; drc and finance within 1.1
		t.Fatalf("labels %v, columns %v", set.labels, set.columns)
	}
	a, b, c := set.labels[set.of(rows[0])], set.labels[set.of(rows[1])], set.labels[set.of(rows[2])]
	if a.Columns[0] != b.Columns[0] || b.Columns[1] != c.Columns[1] || a.Columns[1] == b.Columns[1] || set.columns[a.Columns[0]].share != 1 || set.columns[a.Columns[1]].share != 0.5 {
		t.Errorf("columns of %v, %v, %v; %v", a, b, c, set.columns)
	}
	if a.Within < set.joint || b.Within != a.Within+1 || c.Within != 0 || set.columns[a.Within].within != "1.1" {
		t.Errorf("columns within of %v, %v, %v; %v", a, b, c, set.columns)
	}
	if plain := newLabelSet([]Row{{Item: "x"}, {Item: "y"}}, 0.5); len(plain.columns) != 2 {
		t.Errorf("labels without units have columns %v", plain.columns)
	}
}
