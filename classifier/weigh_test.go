package classifier

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

var weigh = flag.Bool("weigh", false, "write the weights of data/places.tsv anew")

// The weights of data/places.tsv are those of a logistic regression over the districts that a text of the corpus names, and none of them.
// After a change of the words, the rules or the corpus: go test ./classifier -run PlaceWeights -weigh (`make model` does it).
func TestPlaceWeightsAreThoseOfTheCorpus(t *testing.T) {
	t.Parallel()
	m := modelWithPlaces(t)
	choices := corpusChoices(t, m)
	weights := regress(choices)
	table := weighed(t, m.places, weights)
	if *weigh {
		if err := os.WriteFile("data/places.tsv", []byte(table), 0o644); err != nil { //nolint:gosec // a source file
			t.Fatal(err)
		}
		return
	}
	for i, now := range pointsOf(m.places) {
		if math.Abs(*now-weights[i]) > 0.2 { // rounded, and other processors round otherwise on the way
			t.Errorf("weight %d is %.1f and should be %.1f: go test ./classifier -run PlaceWeights -weigh", i, *now, weights[i])
		}
	}
}

// modelWithPlaces is the built-in model, not shared: its weights are changed to find out what each is multiplied with.
func modelWithPlaces(t *testing.T) *Model {
	t.Helper()
	var tax Taxonomy
	data, err := os.ReadFile("../configs/plan/taxonomy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &tax); err != nil {
		t.Fatal(err)
	}
	if data, err = os.ReadFile("../configs/plan/places.tsv"); err != nil {
		t.Fatal(err)
	}
	if tax.Places, err = ReadPlaces(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	m, err := Embedded(tax)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// pointsOf are the weights, in the order of the table's kinds.
func pointsOf(p *places) []*float64 {
	var list []*float64
	for _, kind := range [][]cues{p.before, p.after, p.near} {
		for i := range kind {
			list = append(list, &kind[i].points)
		}
	}
	for i := range p.rules {
		list = append(list, &p.rules[i])
	}
	return list
}

// choice is what a text offers: for each district that it names, and last for none, how often each weight counts; and which is right.
type choice struct {
	options [][]float64
	right   int
}

// corpusChoices are those of all texts that name a district, the right one among them if there is one.
func corpusChoices(t *testing.T, m *Model) []choice {
	t.Helper()
	files, err := filepath.Glob("corpus/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d batches: %v", len(files), err)
	}
	slices.Sort(files)
	points := pointsOf(m.places)
	saved := make([]float64, len(points))
	for i, p := range points {
		saved[i], *p = *p, 0
	}
	defer func() {
		for i, p := range points {
			*p = saved[i]
		}
	}()
	var all []choice
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var row struct{ Text, District string }
			if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
				t.Fatal(err)
			}
			if c, ok := choiceOf(m, points, row.Text, row.District); ok {
				all = append(all, c)
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func choiceOf(m *Model, points []*float64, text, district string) (choice, bool) {
	w := m.free.take()
	defer m.free.release(w)
	m.featurizer.read(&w.reading, text)
	w.search.reading = &w.reading
	m.places.mentions(&w.reading, &w.search)
	if len(w.search.districts) == 0 {
		return choice{}, false
	}
	var c choice
	for i := range points {
		*points[i] = 1
		nothing := m.places.score(w.Folded, &w.search)
		*points[i] = 0
		if c.options == nil {
			c.options = make([][]float64, len(w.points)+1)
			for k := range c.options {
				c.options[k] = make([]float64, len(points))
			}
		}
		for k, d := range w.points {
			c.options[k][i] = d.points
		}
		c.options[len(w.points)][i] = nothing
	}
	c.right = len(w.points)
	if district != "" {
		c.right = slices.IndexFunc(w.points, func(d districtPoints) bool { return m.places.districts[d.district] == district })
	}
	return c, c.right >= 0
}

// regress minimises the logarithmic loss and half the weights' squares, by steps that grow smaller where the slope was steep.
func regress(choices []choice) []float64 {
	const rounds, step = 400, 0.3
	weights := make([]float64, len(choices[0].options[0]))
	slope, steep := make([]float64, len(weights)), make([]float64, len(weights))
	for range rounds {
		copy(slope, weights)
		for _, c := range choices {
			scores := make([]float64, len(c.options))
			for k, option := range c.options {
				for i, v := range option {
					scores[k] += v * weights[i]
				}
			}
			for k, p := range Softmax(scores, 1) {
				if k == c.right {
					p--
				}
				for i, v := range c.options[k] {
					slope[i] += p * v
				}
			}
		}
		for i, g := range slope {
			steep[i] += g * g
			weights[i] -= step * g / (math.Sqrt(steep[i]) + 1e-9)
		}
	}
	return weights
}

// weighed is the table with other weights.
func weighed(t *testing.T, p *places, weights []float64) string {
	t.Helper()
	next := map[string]int{"before": 0, "after": len(p.before), "near": len(p.before) + len(p.after)}
	rules := len(weights) - len(p.rules)
	var table strings.Builder
	for line := range strings.Lines(placeData) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		kind := fields[0]
		if kind == "registered" {
			kind = "before"
		}
		at, ok := next[kind]
		switch {
		case len(fields) == 3 && kind == "rule":
			at = rules + slices.Index(ruleNames[:], fields[2])
		case len(fields) != 3 || !ok:
			table.WriteString(line)
			continue
		default:
			next[kind]++
		}
		fmt.Fprintf(&table, "%s\t%s\t%s\n", fields[0], strconv.FormatFloat(weights[at], 'f', 1, 64), fields[2])
	}
	return table.String()
}
