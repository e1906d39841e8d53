package train

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"jiesu/classifier"
)

// Options steer training. DefaultOptions made the embedded model.
type Options struct {
	// Seed of the order in which documents are visited.
	Seed uint64
	// Cost is what a text on the wrong side costs against plain weights: the higher, the closer the fit.
	Cost float64
	// TrapShare is what a text written to mislead costs beside others: at their full cost, plain words outside a story are taken for one.
	TrapShare float64
	// Passes is how often each document may be visited per column; most columns need fewer.
	Passes int
	// UnitShare is how much a unit's own score counts against its item's.
	UnitShare float64
	// MinDocuments is how many documents must hold a feature for it to count.
	MinDocuments int
	// MaxFeatures is how many features a model has at most: those that can move a score most.
	MaxFeatures int
	// Folds is the number of parts that are held out in turn to measure and calibrate; a batch is never split. With fewer batches than
	// two, rows are split instead.
	Folds int
	// Risk is the share of wrong units accepted among the cases dispatched unseen.
	Risk float64
	// Progress, if not nil, is told after each step of total; calls never overlap.
	Progress func(done, total int)
}

// DefaultOptions are the best of those measured on held-out batches (see classifier/README.md).
func DefaultOptions() Options {
	return Options{Seed: 1, Cost: 4, TrapShare: 0.2, Passes: 30, UnitShare: 0.7, MinDocuments: 2, MaxFeatures: 120_000, Folds: 8, Risk: 0.03}
}

// Train learns a model from rows and measures it on held-out batches: the report is of models that hadn't seen the texts they answered,
// calibrated on yet other texts; the returned model has seen them all. The same rows and options give the same model to the byte. It stops
// with ctx's error when ctx ends, and returns ErrRow without rows to learn from.
func Train(ctx context.Context, rows []Row, tax classifier.Taxonomy, o Options) (*classifier.Model, Report, error) {
	if len(rows) == 0 {
		return nil, Report{}, fmt.Errorf("%w: nothing to learn from", ErrRow)
	}
	docs, set, err := documents(rows, o)
	if err != nil {
		return nil, Report{}, err
	}
	folds := split(rows, o.Folds)
	progress := counter(len(set.columns)*(len(folds)+1), o.Progress)
	scores, err := heldOut(ctx, docs, folds, set, o, progress)
	if err != nil {
		return nil, Report{}, err
	}
	final, err := learn(ctx, docs, set, o, progress)
	if err != nil {
		return nil, Report{}, err
	}
	held := trial{docs, set, scores}
	calibration := held.calibrate(all(len(docs)))
	weights := final.weights()
	weights.Temperature, weights.Risks, weights.Share, weights.Corpus = calibration.temperature, calibration.risks(), o.Risk, Fingerprint(rows)
	answers := held.answers(folds, o.Risk)
	r := report(rows, answers, tax)
	weights.Figures = classifier.Figures{Rows: r.Rows, Category: r.CategoryAccuracy, Item: r.Accuracy, Unit: r.UnitAccuracy}
	model, err := classifier.New(weights, tax)
	if err != nil {
		return nil, Report{}, fmt.Errorf("make model: %w", err)
	}
	for i := range rows {
		answers[i].district = model.District(rows[i].Text)
	}
	r = report(rows, answers, tax) // again, with the districts, which the model finds by rules
	r.Temperature, r.Thresholds = calibration.temperature, calibration.thresholds(o.Risk)
	return model, r, nil
}

// counter counts steps for Options.Progress.
func counter(total int, tell func(done, total int)) func() {
	if tell == nil {
		return func() {}
	}
	var lock sync.Mutex
	done := 0
	return func() {
		lock.Lock()
		defer lock.Unlock()
		done++
		tell(done, total)
	}
}

func documents(rows []Row, o Options) ([]document, labelSet, error) {
	featurizer, err := classifier.NewFeaturizer()
	if err != nil {
		return nil, labelSet{}, fmt.Errorf("prepare training: %w", err)
	}
	set := newLabelSet(rows, o.UnitShare)
	docs := make([]document, len(rows))
	for i, row := range rows {
		passages := featurizer.Passages(row.Text)
		docs[i] = document{classifier.Join(passages, nil), passages, set.of(row), row.Trap}
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
		var rest []document
		for _, i := range without(fold, len(docs)) {
			rest = append(rest, docs[i])
		}
		l, err := learn(ctx, rest, set, o, progress)
		if err != nil {
			return nil, err
		}
		for _, i := range fold {
			scores[i] = l.judge(docs[i])
		}
	}
	return scores, nil
}

func all(n int) []int { return without(nil, n) }

// without returns the numbers below n that aren't in fold, ascending.
func without(fold []int, n int) []int {
	out := make([]bool, n)
	for _, i := range fold {
		out[i] = true
	}
	rest := make([]int, 0, n-len(fold))
	for i := range n {
		if !out[i] {
			rest = append(rest, i)
		}
	}
	return rest
}
