package train

import (
	"cmp"
	"math"
	"slices"

	"jiesu/classifier"
)

// trial is what held-out scoring gave: for each document the labels' scores by a learner that hadn't seen it.
type trial struct {
	docs   []document
	set    labelSet
	scores [][]float64
}

// calibration is what a trial teaches about trust in the model.
type calibration struct {
	temperature float64
	guesses     []guess // most confident first
}

// thresholds at a risk.
func (c calibration) thresholds(risk float64) classifier.Thresholds {
	return thresholds(c.guesses, risk)
}

// risks are the promises that a model can keep.
func (c calibration) risks() []classifier.Risk {
	var list []classifier.Risk
	for _, share := range []float64{0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2} {
		list = append(list, classifier.Risk{Share: share, Thresholds: c.thresholds(share)})
	}
	return list
}

// answer is one held-out prediction.
type answer struct {
	item, unit, district string
	confidence           float64
	decision             classifier.Decision
	top                  []classifier.Alternative
}

// answers judges each fold by the calibration of the others, so that confidence and decisions are as honest as the scores.
func (t trial) answers(folds [][]int, risk float64) []answer {
	answers := make([]answer, len(t.docs))
	for _, fold := range folds {
		c := t.calibrate(without(fold, len(t.docs)))
		limits := c.thresholds(risk)
		for _, i := range fold {
			answers[i] = c.answer(t.set, t.scores[i], limits)
		}
	}
	return answers
}

// guess is a first answer inside the plan.
type guess struct {
	confidence  float64
	unit, inTop bool // right unit, right label among the top three
}

// calibrate finds the temperature at which these documents, without the traps among them, are least surprising, and how right the answers
// then are. Without documents nothing is trusted.
func (t trial) calibrate(documents []int) calibration {
	documents = slices.DeleteFunc(slices.Clone(documents), func(i int) bool { return t.docs[i].trap })
	c := calibration{temperature: 1}
	if len(documents) == 0 {
		return c
	}
	c.temperature = t.coolest(documents)
	for _, i := range documents {
		p := classifier.Softmax(slices.Clone(t.scores[i]), c.temperature)
		order := byProbability(p)
		if best := t.set.labels[order[0]]; best.Item != classifier.Other {
			truth := t.docs[i].label
			c.guesses = append(c.guesses, guess{p[order[0]], best.Unit == t.set.labels[truth].Unit, slices.Contains(order[:min(3, len(order))], truth)})
		}
	}
	slices.SortStableFunc(c.guesses, func(a, b guess) int { return cmp.Compare(b.confidence, a.confidence) })
	return c
}

// thresholds takes guesses from the most to the least confident. Dispatch is where the longest run of them ends that has no larger share of
// wrong units than risk; Ask where, of those after it, the top three hold the right answer often enough to be worth a question.
func thresholds(guesses []guess, risk float64) classifier.Thresholds {
	const (
		meaningful  = 30 // a shorter run proves nothing
		worthAsking = 0.8
	)
	t := classifier.Thresholds{Dispatch: 1, Ask: 1}
	wrong, end := 0, 0
	for n, g := range guesses {
		if !g.unit {
			wrong++
		}
		if n+1 >= meaningful && float64(wrong) <= risk*float64(n+1) {
			t.Dispatch, end = g.confidence, n+1
		}
	}
	t.Ask = t.Dispatch
	hits := 0
	for n, g := range guesses[end:] {
		if g.inTop {
			hits++
		}
		if float64(hits) >= worthAsking*float64(n+1) {
			t.Ask = g.confidence
		}
	}
	return t
}

// coolest searches the temperature of least cross-entropy, which has one minimum, by thirds on a logarithmic scale.
func (t trial) coolest(documents []int) float64 {
	low, high := math.Log(0.01), math.Log(20)
	for range 40 {
		a, b := low+(high-low)/3, high-(high-low)/3
		if t.surprise(documents, math.Exp(a)) < t.surprise(documents, math.Exp(b)) {
			high = b
		} else {
			low = a
		}
	}
	return math.Exp((low + high) / 2)
}

// surprise is the cross-entropy of the true labels.
func (t trial) surprise(documents []int, temperature float64) float64 {
	var sum float64
	p := make([]float64, len(t.set.labels))
	for _, i := range documents {
		copy(p, t.scores[i])
		sum -= math.Log(max(classifier.Softmax(p, temperature)[t.docs[i].label], 1e-12))
	}
	return sum
}

func byProbability(p []float64) []int {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[b], p[a]) })
	return order
}

func (c calibration) answer(set labelSet, scores []float64, limits classifier.Thresholds) answer {
	p := classifier.Softmax(slices.Clone(scores), c.temperature)
	order := byProbability(p)
	var a answer
	for _, i := range order[:min(3, len(order))] {
		a.top = append(a.top, classifier.Alternative{Item: set.labels[i].Item, Unit: set.labels[i].Unit, Confidence: p[i]})
	}
	a.item, a.unit, a.confidence = a.top[0].Item, a.top[0].Unit, a.top[0].Confidence
	a.decision = limits.Decide(a.item, a.confidence)
	return a
}
