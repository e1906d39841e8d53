package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"jiesu/classifier"
)

// document is a text as the learner sees it.
type document struct {
	features []classifier.Feature
	label    int
	batch    string
}

// cell is a known feature of a document: its row and scaled value.
type cell struct {
	row   int32
	value float32
}

// learner fits a softmax over labels whose scores are sums of columns, by stochastic gradient descent with one AdaGrad step size per
// feature and a rate that falls to zero. Same documents and seed, same weights to the bit.
type learner struct {
	Options
	set    labelSet
	vocab  vocabulary
	matrix []float32
	bias   []float32
	spent  []float32 // squared gradients per row
}

// vocabulary are the features that occur in enough documents to learn from.
type vocabulary struct {
	hashes []uint32
	idf    []float32
	row    map[uint32]int32
}

func newVocabulary(docs []document, minimum int) vocabulary {
	frequency := map[uint32]int{}
	for _, d := range docs {
		for _, f := range d.features {
			frequency[f.Hash]++
		}
	}
	v := vocabulary{row: map[uint32]int32{}}
	for h, n := range frequency {
		if n >= minimum {
			v.hashes = append(v.hashes, h)
		}
	}
	sortHashes(v.hashes)
	for i, h := range v.hashes {
		v.row[h] = int32(i)
		v.idf = append(v.idf, float32(1+math.Log(float64(len(docs)+1)/float64(frequency[h]+1))))
	}
	return v
}

// cells are the document's known features, scaled to length one as the model does.
func (v vocabulary) cells(d document) []cell {
	cells := make([]cell, 0, len(d.features))
	var squares float64
	for _, f := range d.features {
		row, ok := v.row[f.Hash]
		if !ok {
			continue
		}
		value := classifier.TermWeight(f.Count, v.idf[row])
		squares += float64(value) * float64(value)
		cells = append(cells, cell{row, value})
	}
	if squares > 0 {
		norm := float32(1 / math.Sqrt(squares))
		for i := range cells {
			cells[i].value *= norm
		}
	}
	return cells
}

func learn(ctx context.Context, docs []document, set labelSet, o Options, progress func()) (*learner, error) {
	l := &learner{Options: o, set: set, vocab: newVocabulary(docs, o.MinDocuments)}
	l.matrix = make([]float32, len(l.vocab.hashes)*set.columns)
	l.bias = make([]float32, len(set.labels))
	l.spent = make([]float32, len(l.vocab.hashes))
	inputs := make([][]cell, len(docs))
	order := make([]int, len(docs))
	for i, d := range docs {
		inputs[i], order[i] = l.vocab.cells(d), i
	}
	random := rand.New(rand.NewPCG(o.Seed, 0))
	for epoch := range o.Epochs {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("train: %w", err)
		}
		random.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
		for n, i := range order {
			done := (float64(epoch) + float64(n)/float64(len(order))) / float64(o.Epochs)
			l.step(inputs[i], docs[i].label, float32(o.Rate*(1-done)))
		}
		progress()
	}
	return l, nil
}

const (
	// damping bounds the first step of a feature, whose gradients are not known yet.
	damping = 0.05
	// biasPace slows the biases, which every document moves.
	biasPace = 0.02
)

func (l *learner) step(input []cell, label int, rate float32) {
	p := classifier.Softmax(l.scores(input), 1)
	slopes := l.slopes(p, label, rate)
	var length float32
	for _, s := range slopes {
		length += s.by * s.by
	}
	for _, x := range input {
		l.spent[x.row] += length * x.value * x.value
		pace := rate * x.value / (float32(math.Sqrt(float64(l.spent[x.row]))) + damping)
		row := l.matrix[int(x.row)*l.set.columns:][:l.set.columns]
		for _, s := range slopes {
			row[s.column] -= pace * s.by
		}
	}
}

// slope is how the loss changes with a column's score.
type slope struct {
	column int
	by     float32
}

// slopes sums the labels' errors per column; columns that are right already are left out, which saves most of the work.
func (l *learner) slopes(p []float64, label int, rate float32) []slope {
	const negligible = 1e-3
	gradient := make([]float32, l.set.columns)
	for i, probability := range p {
		g := float32(probability)
		if i == label {
			g--
		}
		l.bias[i] -= biasPace * rate * g
		for _, c := range l.set.labels[i].Columns {
			gradient[c] += g
		}
	}
	slopes := make([]slope, 0, l.set.columns)
	for c, g := range gradient {
		if g > negligible || g < -negligible {
			slopes = append(slopes, slope{c, g})
		}
	}
	return slopes
}

// scores returns the labels' raw scores.
func (l *learner) scores(input []cell) []float64 {
	columns := make([]float32, l.set.columns)
	for _, x := range input {
		for c, w := range l.matrix[int(x.row)*l.set.columns:][:l.set.columns] {
			columns[c] += x.value * w
		}
	}
	scores := make([]float64, len(l.set.labels))
	for i, label := range l.set.labels {
		scores[i] = float64(l.bias[i])
		for _, c := range label.Columns {
			scores[i] += float64(columns[c])
		}
	}
	return scores
}
