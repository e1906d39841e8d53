package classifier

import (
	"cmp"
	"math"
	"slices"
)

// Model classifies texts. It never changes after it is made: safe for concurrent use; to replace it, make another.
type Model struct {
	featurizer *Featurizer
	places     *places
	finder     *finder
	tax        Taxonomy
	version    string

	labels      []Label
	columns     int
	bias        []float32
	temperature float64
	thresholds  Thresholds
	corpus      string

	index  index
	hashes []uint32
	idf    []float32
	scale  []float32 // one step of a row's weights
	matrix []int8    // rows × columns
}

// Version names the trained weights, e.g. "1-8f3a12bc90de": format, then hash of the content. It is in every Result.
func (m *Model) Version() string { return m.version }

// Corpus is the fingerprint of the texts that the model was trained on (train.Fingerprint).
func (m *Model) Corpus() string { return m.corpus }

// Labels returns the answers that the model can give.
func (m *Model) Labels() []Label { return slices.Clone(m.labels) }

// term is a known feature of a text: its row and value.
type term struct {
	row   int
	value float32
}

// terms returns the known features of a text, scaled to length one, so that long letters weigh no more than short messages.
func (m *Model) terms(features []Feature) []term {
	terms := make([]term, 0, len(features))
	var squares float64
	for _, f := range features {
		row, ok := m.index.row(f.Hash)
		if !ok {
			continue
		}
		value := TermWeight(f.Count, m.idf[row])
		squares += float64(value) * float64(value)
		terms = append(terms, term{row, value})
	}
	if squares > 0 {
		norm := float32(1 / math.Sqrt(squares))
		for i := range terms {
			terms[i].value *= norm
		}
	}
	return terms
}

// score returns the labels' raw scores.
func (m *Model) score(terms []term) []float64 {
	columns := make([]float32, m.columns)
	for _, t := range terms {
		step := t.value * m.scale[t.row]
		for c, w := range m.matrix[t.row*m.columns:][:m.columns] {
			columns[c] += step * float32(w)
		}
	}
	scores := make([]float64, len(m.labels))
	for i, label := range m.labels {
		scores[i] = float64(m.bias[i])
		for _, c := range label.Columns {
			scores[i] += float64(columns[c])
		}
	}
	return scores
}

// Softmax turns scores into probabilities in place and returns them.
func Softmax(scores []float64, temperature float64) []float64 {
	highest := slices.Max(scores)
	var sum float64
	for i, s := range scores {
		scores[i] = math.Exp((s - highest) / temperature)
		sum += scores[i]
	}
	for i := range scores {
		scores[i] /= sum
	}
	return scores
}

// ranked returns the labels' indices from the most to the least probable.
func ranked(probabilities []float64) []int {
	order := make([]int, len(probabilities))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(probabilities[b], probabilities[a]) })
	return order
}

// index finds the row of a hash: open addressing at half load, built at start.
type index struct {
	slots []uint32 // row + 1, or 0
	keys  []uint32
	mask  uint32
}

func newIndex(hashes []uint32) index {
	size := 16
	for size < 2*len(hashes) {
		size *= 2
	}
	x := index{slots: make([]uint32, size), keys: make([]uint32, size), mask: uint32(size - 1)}
	for row, h := range hashes {
		at := h & x.mask
		for x.slots[at] != 0 {
			at = (at + 1) & x.mask
		}
		x.slots[at], x.keys[at] = uint32(row+1), h
	}
	return x
}

func (x index) row(hash uint32) (int, bool) {
	for at := hash & x.mask; x.slots[at] != 0; at = (at + 1) & x.mask {
		if x.keys[at] == hash {
			return int(x.slots[at] - 1), true
		}
	}
	return 0, false
}
