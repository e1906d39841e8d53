package classifier

import (
	"cmp"
	"slices"
)

// evidence finds the words that spoke for the chosen label: each feature's contribution to it, less its average contribution to
// all labels, is spread over the feature's characters and summed per word. A word that is repeated counts once, where it comes first.
func (m *Model) evidence(r reading, terms []term, probabilities []float64, chosen int) []Span {
	const most = 5
	perCharacter := m.contributions(r, terms, probabilities, chosen)
	spans := map[string]*Span{}
	var order []*Span
	var total float64
	for _, token := range r.tokens {
		var weight float64
		for _, w := range perCharacter[token.Start:token.End] {
			weight += w
		}
		if weight <= 0 || !meaningful(r.normalized.Runes[token.Start]) {
			continue
		}
		total += weight
		span := spans[token.Text]
		if span == nil {
			start, end := r.normalized.Original(token.Start, token.End)
			span = &Span{Start: start, End: end}
			spans[token.Text], order = span, append(order, span)
		}
		span.Weight += weight
	}
	slices.SortStableFunc(order, func(a, b *Span) int { return cmp.Compare(b.Weight, a.Weight) })
	cut := newCutter(r.original)
	strongest := make([]Span, 0, most)
	for _, span := range order[:min(most, len(order))] {
		strongest = append(strongest, Span{cut.text(span.Start, span.End), span.Start, span.End, span.Weight / total})
	}
	return strongest
}

func (m *Model) contributions(r reading, terms []term, probabilities []float64, chosen int) []float64 {
	direction := m.direction(probabilities, chosen)
	contribution := make(map[int]float64, len(terms))
	for _, t := range terms {
		var sum float64
		for c, w := range m.matrix[t.row*m.columns:][:m.columns] {
			sum += direction[c] * float64(w)
		}
		contribution[t.row] = sum * float64(t.value*m.scale[t.row])
	}
	perCharacter := make([]float64, len(r.normalized.Runes))
	for _, o := range r.occurrences {
		row, ok := m.index.row(o.hash)
		if !ok {
			continue
		}
		share := contribution[row] / float64(o.end-o.start)
		for i := o.start; i < o.end; i++ {
			perCharacter[i] += share
		}
	}
	return perCharacter
}

// direction weighs the columns: the chosen label's for, all others' against by their probability.
func (m *Model) direction(probabilities []float64, chosen int) []float64 {
	direction := make([]float64, m.columns)
	rest := max(1-probabilities[chosen], 1e-9)
	for i, label := range m.labels {
		weight := -probabilities[i] / rest
		if i == chosen {
			weight = 1
		}
		for _, c := range label.Columns {
			direction[c] += weight
		}
	}
	return direction
}

// cutter cuts stretches of a text by characters; it keeps the original bytes, invalid ones too.
type cutter struct {
	source  string
	offsets []int
}

func newCutter(s string) cutter {
	c := cutter{source: s, offsets: make([]int, 0, len(s)/2)}
	for i := range s {
		c.offsets = append(c.offsets, i)
	}
	c.offsets = append(c.offsets, len(s))
	return c
}

func (c cutter) text(start, end int) string { return c.source[c.offsets[start]:c.offsets[end]] }
