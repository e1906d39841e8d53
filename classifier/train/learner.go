package train

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"jiesu/classifier"
)

// learner holds what was learnt of some documents: for each column a plane that separates its documents from the others. Same documents
// and options, same weights to the bit, on any number of cores: columns are learnt apart from each other.
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
	l := &learner{set: set, vocab: newVocabulary(docs, o.MinDocuments), planes: make([]plane, len(set.columns))}
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
			taught, inside := set.members(docs, column)
			costs := make([]float64, len(taught))
			for i, d := range taught {
				if costs[i] = o.Cost; docs[d].trap {
					costs[i] = o.Cost * o.TrapShare
				}
			}
			s := newSeparation(inputs, taught, inside, len(l.vocab.hashes), costs)
			l.planes[column] = s.solve(rand.New(rand.NewPCG(o.Seed, uint64(column))), o.Passes)
			progress()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	l.prune(o.MaxFeatures)
	return l, nil
}

// prune keeps the features that can move a score most, as many as most. Sequences of three characters are many and few of them say anything:
// without four fifths of all features no more than 0.1 % of the texts are answered worse.
func (l *learner) prune(most int) {
	if len(l.vocab.hashes) <= most {
		return
	}
	moves := make([]float32, len(l.vocab.hashes))
	for c, p := range l.planes {
		share := float32(l.set.columns[c].share)
		for row, weight := range p.weights {
			move := share * l.vocab.idf[row] * weight
			moves[row] = max(moves[row], move, -move)
		}
	}
	rows := make([]int, len(moves))
	for i := range rows {
		if rows[i] = i; l.vocab.frequent(i) {
			moves[i] = math.MaxFloat32 // how common it is says much to whoever asks what a text is about
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(moves[b], moves[a]) })
	rows = rows[:most]
	slices.Sort(rows)
	for c, p := range l.planes {
		l.planes[c].weights = pick(p.weights, rows)
	}
	l.vocab = l.vocab.only(rows)
}

func pick[T any](from []T, rows []int) []T {
	list := make([]T, len(rows))
	for i, row := range rows {
		list[i] = from[row]
	}
	return list
}

// separation fits one plane: a linear support vector machine with squared hinge loss, solved in the dual by coordinate descent with
// shrinking (Hsieh et al., A Dual Coordinate Descent Method for Large-scale Linear SVM, ICML 2008, the method of LIBLINEAR).
type separation struct {
	inputs [][]cell // of the documents that teach
	inside []bool
	plane
	alpha []float64 // a document's dual variable; 0 for those on the right side of the margin
	ridge []float64 // what the squared loss adds to the diagonal: 1 / (2 × cost of the document)
	// order are the documents, those still worth visiting first: active of them.
	order  []int
	active int
}

func newSeparation(inputs [][]cell, taught []int, inside []bool, features int, costs []float64) *separation {
	s := &separation{inputs: make([][]cell, len(taught)), inside: inside, plane: plane{weights: make([]float32, features)},
		alpha: make([]float64, len(taught)), ridge: make([]float64, len(taught)), order: make([]int, len(taught)), active: len(taught)}
	for i, document := range taught {
		s.inputs[i], s.order[i], s.ridge[i] = inputs[document], i, 1/(2*costs[i])
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
		slope := side*float64(s.score(s.inputs[i])) - 1 + s.alpha[i]*s.ridge[i]
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
	s.alpha[i] = max(before-slope/(squaredLength+s.ridge[i]), 0)
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
	whole := l.vocab.cells(d.features)
	columns := l.columns(whole, len(l.planes))
	score := func(f []classifier.Feature) []float64 {
		return classifier.JointScores(l.set.labels, l.columns(l.vocab.cells(f), l.set.joint))
	}
	if kept := classifier.Focus(d.passages, l.set.labels, score); kept != nil {
		focus := l.columns(l.vocab.cells(classifier.Join(d.passages, kept)), len(l.planes))
		share := classifier.FocusShare(l.set.labels, classifier.JointScores(l.set.labels, focus), d.length())
		for c := range columns {
			columns[c] = (1-share)*columns[c] + share*focus[c]
		}
	}
	return classifier.Scores(l.set.labels, columns)
}

// columns returns the first scores of an input, each at its share.
func (l *learner) columns(input []cell, first int) []float64 {
	columns := make([]float64, first)
	for c, p := range l.planes[:first] {
		columns[c] = l.set.columns[c].share * float64(p.score(input))
	}
	return columns
}

// weights lays the planes side by side, each at its share.
func (l *learner) weights() classifier.Weights {
	w := classifier.Weights{Labels: l.set.labels, Joint: l.set.joint, Columns: len(l.planes), Hashes: l.vocab.hashes, IDF: l.vocab.idf,
		Matrix: make([]float32, len(l.vocab.hashes)*len(l.planes)), Bias: make([]float32, len(l.planes))}
	for c, p := range l.planes {
		share := float32(l.set.columns[c].share)
		for row, weight := range p.weights {
			w.Matrix[row*len(l.planes)+c] = share * weight
		}
		w.Bias[c] = share * p.bias
	}
	return w
}
