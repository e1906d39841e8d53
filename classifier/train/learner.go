package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"

	"golang.org/x/sync/errgroup"

	"jiesu/classifier"
)

// learner holds what was learnt of some documents: for each column a plane that separates its documents from all others. A
// label's score is the sum over its columns, so that item and unit decide together. Same documents and options, same weights to the bit,
// on any number of cores: columns are learnt apart from each other.
type learner struct {
	set    labelSet
	vocab  vocabulary
	planes []plane
}

// plane is one column's weight per row of the vocabulary, and bias.
type plane struct {
	weights []float32
	bias    float32
}

// learn tells progress of each column that is done, one at a time.
func learn(ctx context.Context, docs []document, set labelSet, o Options, progress func()) (*learner, error) {
	l := &learner{set: set, vocab: newVocabulary(docs, o.MinDocuments), planes: make([]plane, len(set.shares))}
	inputs := make([][]cell, len(docs))
	for i, d := range docs {
		inputs[i] = l.vocab.cells(d.features)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for column := range l.planes {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("train: %w", err)
			}
			s := newSeparation(inputs, set.members(docs, column), len(l.vocab.hashes), o.Cost)
			l.planes[column] = s.solve(rand.New(rand.NewPCG(o.Seed, uint64(column))), o.Passes)
			progress()
			return nil
		})
	}
	return l, group.Wait()
}

// separation fits one plane: a linear support vector machine with squared hinge loss, solved in the dual by coordinate descent with
// shrinking (Hsieh et al., A Dual Coordinate Descent Method for Large-scale Linear SVM, ICML 2008, the method of LIBLINEAR).
type separation struct {
	inputs [][]cell
	inside []bool
	plane
	alpha []float64 // a document's dual variable; 0 for those on the right side of the margin
	ridge float64   // what the squared loss adds to the diagonal: 1 / (2 × cost)
	// order are the documents, those still worth visiting first: active of them.
	order  []int
	active int
}

func newSeparation(inputs [][]cell, inside []bool, features int, cost float64) *separation {
	s := &separation{inputs: inputs, inside: inside, plane: plane{weights: make([]float32, features)},
		alpha: make([]float64, len(inputs)), ridge: 1 / (2 * cost), order: make([]int, len(inputs)), active: len(inputs)}
	for i := range s.order {
		s.order[i] = i
	}
	return s
}

// solve visits the documents in random order until none asks for a change worth making, or for so many passes.
func (s *separation) solve(random *rand.Rand, passes int) plane {
	const enough = 0.1 // of a margin of 1; closer makes no difference to accuracy
	skip := math.Inf(1)
	for range passes {
		random.Shuffle(s.active, func(a, b int) { s.order[a], s.order[b] = s.order[b], s.order[a] })
		largest := s.pass(skip)
		switch {
		case largest >= enough:
			skip = largest
		case s.active == len(s.order):
			return s.plane
		default: // converged on those still visited: look at all once more
			s.active, skip = len(s.order), math.Inf(1)
		}
	}
	return s.plane
}

// pass visits the active documents once and returns the largest violation; documents on the right side by more than skip are set aside.
func (s *separation) pass(skip float64) (largest float64) {
	for n := 0; n < s.active; n++ {
		i := s.order[n]
		side := -1.0
		if s.inside[i] {
			side = 1
		}
		slope := side*float64(s.score(s.inputs[i])) - 1 + s.alpha[i]*s.ridge
		violation := slope
		if s.alpha[i] == 0 {
			if slope > skip {
				s.active--
				s.order[n], s.order[s.active] = s.order[s.active], s.order[n]
				n--
				continue
			}
			violation = min(slope, 0)
		}
		largest = max(largest, math.Abs(violation))
		if violation != 0 {
			s.move(i, side, slope)
		}
	}
	return largest
}

// move takes a document's dual variable to its optimum while the others stay.
func (s *separation) move(i int, side, slope float64) {
	const squaredLength = 2 // of any document: 1, and 1 for the bias
	before := s.alpha[i]
	s.alpha[i] = max(before-slope/(squaredLength+s.ridge), 0)
	step := float32((s.alpha[i] - before) * side)
	for _, x := range s.inputs[i] {
		s.weights[x.row] += step * x.value
	}
	s.bias += step
}

func (p plane) score(input []cell) float32 {
	sum := p.bias
	for _, x := range input {
		sum += x.value * p.weights[x.row]
	}
	return sum
}

// judge returns the labels' raw scores for a document, as Model.Classify does.
func (l *learner) judge(d document) []float64 {
	score := func(f []classifier.Feature) []float64 { return l.scores(l.vocab.cells(f)) }
	if kept := classifier.Focus(d.passages, l.set.labels, score); kept != nil {
		return score(classifier.Join(d.passages, kept))
	}
	return score(d.features)
}

// scores returns the labels' raw scores.
func (l *learner) scores(input []cell) []float64 {
	columns := make([]float64, len(l.planes))
	for c, p := range l.planes {
		columns[c] = l.set.shares[c] * float64(p.score(input))
	}
	scores := make([]float64, len(l.set.labels))
	for i, label := range l.set.labels {
		for _, c := range label.Columns {
			scores[i] += columns[c]
		}
	}
	return scores
}

// weights lays the planes side by side, each at its share.
func (l *learner) weights() classifier.Weights {
	w := classifier.Weights{Labels: l.set.labels, Columns: len(l.planes), Hashes: l.vocab.hashes, IDF: l.vocab.idf,
		Matrix: make([]float32, len(l.vocab.hashes)*len(l.planes)), Bias: make([]float32, len(l.set.labels))}
	for c, p := range l.planes {
		for row, weight := range p.weights {
			w.Matrix[row*len(l.planes)+c] = float32(l.set.shares[c]) * weight
		}
	}
	for i, label := range l.set.labels {
		for _, c := range label.Columns {
			w.Bias[i] += float32(l.set.shares[c]) * l.planes[c].bias
		}
	}
	return w
}
