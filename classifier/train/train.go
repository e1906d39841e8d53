package train

import (
	"context"
	"fmt"
	"slices"

	"jiesu/classifier"
)

// Options steer training. DefaultOptions made the embedded model.
type Options struct {
	// Seed of the order in which documents are seen.
	Seed uint64
	// Epochs is how often each document is seen; Rate is the first step size.
	Epochs int
	Rate   float64
	// MinDocuments is how many documents must hold a feature for it to count.
	MinDocuments int
	// Folds is the number of parts that are held out in turn to calibrate; a batch is never split. With fewer batches than two, rows
	// are split instead.
	Folds int
	// Risk is the share of wrong units accepted among the cases dispatched unseen.
	Risk float64
	// Progress, if not nil, is told after each pass over the documents.
	Progress func(done, total int)
}

// DefaultOptions are the measured best (see classifier/README.md).
func DefaultOptions() Options {
	return Options{Seed: 1, Epochs: 12, Rate: 4, MinDocuments: 2, Folds: 4, Risk: 0.03}
}

// Train learns a model from rows and measures it on held-out batches: the report is of models that hadn't seen the texts they answered,
// the returned model has seen them all. It stops with ctx's error when ctx ends, and returns ErrRow without rows to learn from.
func Train(ctx context.Context, rows []Row, tax classifier.Taxonomy, o Options) (*classifier.Model, Report, error) {
	if len(rows) == 0 {
		return nil, Report{}, fmt.Errorf("%w: nothing to learn from", ErrRow)
	}
	docs, set, err := documents(rows)
	if err != nil {
		return nil, Report{}, err
	}
	folds := split(rows, o.Folds)
	done, total := 0, o.Epochs*(len(folds)+1)
	progress := func() {
		done++
		if o.Progress != nil {
			o.Progress(done, total)
		}
	}
	held, err := heldOut(ctx, docs, folds, set, o, progress)
	if err != nil {
		return nil, Report{}, err
	}
	final, err := learn(ctx, docs, set, o, progress)
	if err != nil {
		return nil, Report{}, err
	}
	weights := final.weights()
	calibration := calibrate(held, docs, set, o.Risk)
	weights.Temperature, weights.Thresholds = calibration.temperature, calibration.thresholds
	model, err := classifier.New(weights, tax)
	if err != nil {
		return nil, Report{}, fmt.Errorf("make model: %w", err)
	}
	answers := make([]answer, len(rows))
	for i := range rows {
		answers[i] = calibration.answer(set, held[i])
		answers[i].district = model.District(rows[i].Text)
	}
	r := report(rows, answers, tax)
	r.Temperature, r.Thresholds = calibration.temperature, calibration.thresholds
	return model, r, nil
}

func documents(rows []Row) ([]document, labelSet, error) {
	featurizer, err := classifier.NewFeaturizer()
	if err != nil {
		return nil, labelSet{}, fmt.Errorf("prepare training: %w", err)
	}
	set := newLabelSet(rows)
	docs := make([]document, len(rows))
	for i, row := range rows {
		docs[i] = document{features: featurizer.Features(row.Text), label: set.of(row), batch: row.Batch}
	}
	return docs, set, nil
}

// split numbers the rows' folds: whole batches, each to the fold that has least so far; rows in turn if there is one batch only.
func split(rows []Row, folds int) [][]int {
	var batches []string
	members := map[string][]int{}
	for i, row := range rows {
		if members[row.Batch] == nil {
			batches = append(batches, row.Batch)
		}
		members[row.Batch] = append(members[row.Batch], i)
	}
	if len(batches) < 2 {
		parts := make([][]int, min(max(folds, 2), len(rows)))
		for i := range rows {
			parts[i%len(parts)] = append(parts[i%len(parts)], i)
		}
		return parts
	}
	slices.SortStableFunc(batches, func(a, b string) int { return len(members[b]) - len(members[a]) })
	parts := make([][]int, min(max(folds, 2), len(batches)))
	for _, batch := range batches {
		least := 0
		for p := range parts {
			if len(parts[p]) < len(parts[least]) {
				least = p
			}
		}
		parts[least] = append(parts[least], members[batch]...)
	}
	return parts
}

// heldOut returns each document's scores by a learner that hadn't seen its fold.
func heldOut(ctx context.Context, docs []document, folds [][]int, set labelSet, o Options, progress func()) ([][]float64, error) {
	scores := make([][]float64, len(docs))
	for _, fold := range folds {
		out := make(map[int]bool, len(fold))
		for _, i := range fold {
			out[i] = true
		}
		var rest []document
		for i, d := range docs {
			if !out[i] {
				rest = append(rest, d)
			}
		}
		l, err := learn(ctx, rest, set, o, progress)
		if err != nil {
			return nil, err
		}
		for _, i := range fold {
			scores[i] = l.scores(l.vocab.cells(docs[i]))
		}
	}
	return scores, nil
}

func (l *learner) weights() classifier.Weights {
	return classifier.Weights{Labels: l.set.labels, Columns: l.set.columns, Hashes: l.vocab.hashes, IDF: l.vocab.idf, Matrix: l.matrix, Bias: l.bias}
}

func sortHashes(h []uint32) { slices.Sort(h) }
