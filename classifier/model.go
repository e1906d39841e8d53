package classifier

import (
	"math"
	"math/bits"
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
	joint       int
	bias        []float32
	temperature float64
	thresholds  Thresholds
	risks       []Risk
	corpus      string
	figures     Figures

	index  index
	hashes []uint32
	idf    []float32
	rarest float32   // the greatest of idf
	scale  []float32 // one step of a row's weights
	matrix []byte    // rows × columns, each a signed byte
	// steps are the values that a weight in the matrix can have, by its byte: faster than to convert each one.
	steps *[256]float32
	free  *workspaces
}

// Version names the trained weights, e.g. "1-8f3a12bc90de": format, then hash of the content. It is in every Result.
func (m *Model) Version() string { return m.version }

// Corpus is the fingerprint of the texts that the model was trained on (train.Fingerprint).
func (m *Model) Corpus() string { return m.corpus }

// AtRisk returns the model with thresholds by which at most so large a share of the cases dispatched unseen had a wrong unit on held-out
// texts: the largest of the shares in the model's file that isn't above it. Below all of them nothing is dispatched unseen.
func (m *Model) AtRisk(share float64) *Model {
	other := *m
	other.thresholds = Thresholds{Dispatch: never, Ask: m.thresholds.Ask}
	for _, r := range m.risks {
		if r.Share <= share {
			other.thresholds = r.Thresholds
		}
	}
	return &other
}

// never is a confidence that no answer has.
const never = 2

// Figures returns how good the model was when it was made.
func (m *Model) Figures() Figures { return m.figures }

// Labels returns the answers that the model can give.
func (m *Model) Labels() []Label { return slices.Clone(m.labels) }

// term is a known feature of a text: its row and value.
type term struct {
	row   int
	value float32
}

// find looks the text's features up.
func (m *Model) find(occurrences []occurrence) {
	for i := range occurrences {
		occurrences[i].row = m.index.row(occurrences[i].hash)
	}
}

// weigh makes the terms of what was counted, scaled to length one, so that long letters weigh no more than short messages. Until
// forgetTerms each row's count is the number of its term.
func (m *Model) weigh(w *workspace) {
	w.terms = w.terms[:0]
	var squares float64
	for i, word := range w.seen {
		if word == 0 {
			continue
		}
		w.seen[i] = 0
		for ; word != 0; word &= word - 1 {
			row := 64*i + bits.TrailingZeros64(word)
			value := TermWeight(int(w.counts[row]), m.idf[row])
			squares += float64(value) * float64(value)
			w.terms = append(w.terms, term{row, value})
			w.counts[row] = int32(len(w.terms))
		}
	}
	if squares > 0 {
		norm := float32(1 / math.Sqrt(squares))
		for i := range w.terms {
			w.terms[i].value *= norm
		}
	}
}

// score sets the labels' raw scores by the columns that all texts are judged by.
func (m *Model) score(w *workspace) {
	m.sum(w, 0, m.joint)
	join(m.labels, w.columns, w.scores)
}

// refine lets the columns within the best items choose the unit.
func (m *Model) refine(w *workspace) {
	refine(m.labels, w.columns, w.scores, func(from, to int) { m.sum(w, from, to) })
}

// sum sets the columns from and up to to.
func (m *Model) sum(w *workspace, from, to int) {
	c := from
	for ; c+block <= to; c += block {
		m.sumBlock(w, c)
	}
	for ; c < to; c++ {
		sum := m.bias[c]
		for _, t := range w.terms {
			sum += t.value * m.scale[t.row] * m.steps[m.matrix[t.row*m.columns+c]]
		}
		w.columns[c] = sum
	}
}

// block is how many columns are summed together: so many sums stay in registers.
const block = 8

func (m *Model) sumBlock(w *workspace, first int) {
	var c0, c1, c2, c3, c4, c5, c6, c7 float32
	for _, t := range w.terms {
		step := t.value * m.scale[t.row]
		row := m.matrix[t.row*m.columns+first:][:block]
		c0 += step * m.steps[row[0]]
		c1 += step * m.steps[row[1]]
		c2 += step * m.steps[row[2]]
		c3 += step * m.steps[row[3]]
		c4 += step * m.steps[row[4]]
		c5 += step * m.steps[row[5]]
		c6 += step * m.steps[row[6]]
		c7 += step * m.steps[row[7]]
	}
	for i, sum := range [block]float32{c0, c1, c2, c3, c4, c5, c6, c7} {
		w.columns[first+i] = m.bias[first+i] + sum
	}
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

// ranked adds to order the indices of the most probable labels, at most most of them, the first of equals first.
func ranked(order []int, probabilities []float64, most int) []int {
	for i, p := range probabilities {
		at := len(order)
		for at > 0 && probabilities[order[at-1]] < p {
			at--
		}
		if at == most {
			continue
		}
		if len(order) == most {
			order = order[:most-1]
		}
		order = slices.Insert(order, at, i)
	}
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

// row returns -1 for an unknown hash.
func (x *index) row(hash uint32) int32 {
	for at := hash & x.mask; x.slots[at] != 0; at = (at + 1) & x.mask {
		if x.keys[at] == hash {
			return int32(x.slots[at] - 1)
		}
	}
	return -1
}
