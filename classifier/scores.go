package classifier

import (
	"math"
	"slices"
)

// refined is how many items, the best first, have their units told apart by the columns learnt within the item. The others have no chance.
const refined = alternatives

// JointScores returns the labels' raw scores by the columns that all texts are judged by.
func JointScores(labels []Label, columns []float64) []float64 {
	scores := make([]float64, len(labels))
	join(labels, columns, scores)
	return scores
}

// Scores returns the labels' raw scores by all columns. The item is chosen by the columns that all texts are judged by; which unit of the
// item, also by what tells its units apart.
func Scores(labels []Label, columns []float64) []float64 {
	scores := JointScores(labels, columns)
	refine(labels, columns, scores, func(_, _ int) {})
	return scores
}

// join adds up each label's columns.
func join[T float32 | float64](labels []Label, columns []T, scores []float64) {
	for i, label := range labels {
		scores[i] = 0
		for _, c := range label.Columns {
			scores[i] += float64(columns[c])
		}
	}
}

// refine shifts scores among the labels of the best items, each item's best score staying what it is. prepare is told which columns,
// from and up to to, are about to be read.
func refine[T float32 | float64](labels []Label, columns []T, scores []float64, prepare func(from, to int)) {
	var done [refined]string
	for n := range done {
		best := -1
		for i, label := range labels {
			if (best < 0 || scores[i] > scores[best]) && !slices.Contains(done[:n], label.Item) {
				best = i
			}
		}
		if best < 0 {
			return
		}
		done[n] = labels[best].Item
		top := scores[best]
		from, to := sameItem(labels, best)
		if labels[from].Within == 0 {
			continue
		}
		prepare(labels[from].Within, labels[to-1].Within+1)
		highest := math.Inf(-1)
		for i := from; i < to; i++ {
			scores[i] += float64(columns[labels[i].Within])
			highest = max(highest, scores[i])
		}
		for i := from; i < to; i++ {
			scores[i] += top - highest
		}
	}
}

// sameItem returns the range of labels with the item of label i.
func sameItem(labels []Label, i int) (from, to int) {
	from, to = i, i+1
	for from > 0 && labels[from-1].Item == labels[i].Item {
		from--
	}
	for to < len(labels) && labels[to].Item == labels[i].Item {
		to++
	}
	return from, to
}
