package classifier

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Label is one answer that the model can give.
type Label struct {
	Item string `json:"item"`
	Unit string `json:"unit,omitempty"`
	// Columns of the weight matrix whose scores add up to the label's: one for its item, one for its unit, so that a rare label learns
	// from frequent ones with the same item or unit.
	Columns []int `json:"columns"`
	// Within is the column that tells the label's unit from the other units of its item, 0 if there is none. The columns within one item
	// follow each other as its labels do.
	Within int `json:"within,omitempty"`
}

// Thresholds turn a confidence into a Decision.
type Thresholds struct {
	// Dispatch is the lowest confidence at which a unit gets the case unseen.
	Dispatch float64 `json:"dispatch"`
	// Ask is the lowest confidence at which the top three are worth showing to the complainant.
	Ask float64 `json:"ask"`
}

// Risk is a promise kept on held-out texts: by these Thresholds at most Share of the cases dispatched unseen have a wrong unit.
type Risk struct {
	Share float64 `json:"share"`
	Thresholds
}

// Figures are how good a model was on texts that it hadn't seen when it was made: shares of Rows, 0 to 1.
type Figures struct {
	Rows     int     `json:"rows"`
	Category float64 `json:"category"`
	Item     float64 `json:"item"`
	Unit     float64 `json:"unit"`
}

// Weights are what training learns, in full precision.
type Weights struct {
	// Labels, those of one item beside each other.
	Labels []Label
	// Columns is the width of Matrix. Every text is judged by the first Joint of them; the others tell the units of one item apart.
	Columns, Joint int
	// Hashes of the features, ascending; IDF is each one's inverse document frequency; Matrix holds row after row.
	Hashes []uint32
	IDF    []float32
	Matrix []float32
	// Bias is added to each column's score.
	Bias []float32
	// Temperature divides the scores before they become probabilities; found on held-out texts, so that confidence is frequency of
	// being right.
	Temperature float64
	// Risks are what may be promised, by Share ascending; Share says which one a fresh model keeps.
	Risks []Risk
	Share float64
	// Corpus is the fingerprint of the texts that the weights were learnt from.
	Corpus  string
	Figures Figures
}

// ErrWeights reports weights that make no model: no labels, sizes that don't match, columns outside the matrix.
var ErrWeights = errors.New("inconsistent weights")

func (w Weights) check() error {
	switch {
	case len(w.Labels) == 0 || w.Columns <= 0:
		return fmt.Errorf("%w: no labels", ErrWeights)
	case len(w.Bias) != w.Columns:
		return fmt.Errorf("%w: %d biases for %d columns", ErrWeights, len(w.Bias), w.Columns)
	case len(w.Risks) == 0:
		return fmt.Errorf("%w: no thresholds", ErrWeights)
	case len(w.IDF) != len(w.Hashes) || len(w.Matrix) != len(w.Hashes)*w.Columns:
		return fmt.Errorf("%w: matrix does not fit %d features", ErrWeights, len(w.Hashes))
	}
	return checkShape(w.Labels, w.Joint, w.Columns, w.Temperature)
}

func checkShape(labels []Label, joint, columns int, temperature float64) error {
	if !(temperature > 0) || math.IsInf(temperature, 0) {
		return fmt.Errorf("%w: temperature %v", ErrWeights, temperature)
	}
	if joint <= 0 || joint > columns {
		return fmt.Errorf("%w: %d of %d columns for all texts", ErrWeights, joint, columns)
	}
	for i, label := range labels {
		for _, c := range label.Columns {
			if c < 0 || c >= joint {
				return fmt.Errorf("%w: column %d of label %q", ErrWeights, c, label.Item)
			}
		}
		if !withinFits(labels, i, joint, columns) {
			return fmt.Errorf("%w: column %d within item %q", ErrWeights, label.Within, label.Item)
		}
	}
	return nil
}

// withinFits tells whether a label's column within its item follows that of the label before, or begins the item.
func withinFits(labels []Label, i, joint, columns int) bool {
	within := labels[i].Within
	if within != 0 && (within < joint || within >= columns) {
		return false
	}
	first := slices.IndexFunc(labels, func(l Label) bool { return l.Item == labels[i].Item })
	if first == i {
		return true
	}
	if labels[i-1].Item != labels[i].Item {
		return false // the item's labels are not beside each other
	}
	return within == 0 && labels[i-1].Within == 0 || within == labels[i-1].Within+1 && labels[i-1].Within != 0
}

// TermWeight is a feature's value in a text before the text's values are scaled to length one: frequency damped, rarity rewarded.
// Training and serving must agree on it.
func TermWeight(count int, idf float32) float32 {
	if count == 1 {
		return idf
	}
	return float32(1+math.Log(float64(count))) * idf
}
