package classifier

import "slices"

// evidence finds the words that spoke most in the direction: each feature's contribution is spread over the feature's characters and
// summed per word. A word that is repeated counts once, where it comes first.
func (m *Model) evidence(w *workspace, most int) []Span {
	m.contribute(w)
	clear(w.spans)
	w.weighed = w.weighed[:0]
	var total float64
	for _, token := range w.Tokens {
		var weight float64
		for _, share := range w.perCharacter[token.Start:token.End] {
			weight += share
		}
		if weight <= 0 || !meaningful(w.Normalized.Runes[token.Start]) {
			continue
		}
		total += weight
		i, again := w.spans[token.Text]
		if !again {
			i = len(w.weighed)
			start, end := w.Normalized.Original(token.Start, token.End)
			w.weighed = append(w.weighed, Span{Start: start, End: end})
			w.spans[token.Text] = i
		}
		w.weighed[i].Weight += weight
	}
	strongest := make([]Span, 0, most)
	for _, span := range w.weighed {
		at := len(strongest)
		for at > 0 && strongest[at-1].Weight < span.Weight {
			at--
		}
		if at < most {
			strongest = slices.Insert(strongest[:min(len(strongest), most-1)], at, span)
		}
	}
	for i := range strongest {
		span := &strongest[i]
		span.Text, span.Weight = w.text(span.Start, span.End), span.Weight/total
	}
	return strongest
}

// contribute sets what each character contributes to the direction.
func (m *Model) contribute(w *workspace) {
	w.contributions = slices.Grow(w.contributions[:0], len(w.terms))[:len(w.terms)]
	i := 0
	for ; i+4 <= len(w.terms); i += 4 { // four sums at a time, since each has to wait for its own last addition
		t := w.terms[i : i+4 : i+4]
		a, b, c, d := m.weights(t[0]), m.weights(t[1]), m.weights(t[2]), m.weights(t[3])
		var sums [4]float64
		for column := w.within[0]; column < w.within[1]; column++ {
			sums[0] += w.direction[column] * float64(m.steps[a[column]])
			sums[1] += w.direction[column] * float64(m.steps[b[column]])
			sums[2] += w.direction[column] * float64(m.steps[c[column]])
			sums[3] += w.direction[column] * float64(m.steps[d[column]])
		}
		a, b, c, d = a[:m.joint], b[:m.joint], c[:m.joint], d[:m.joint]
		for column, d1 := range w.direction[:len(a)] {
			_, _, _ = b[column], c[column], d[column]
			sums[0] += d1 * float64(m.steps[a[column]])
			sums[1] += d1 * float64(m.steps[b[column]])
			sums[2] += d1 * float64(m.steps[c[column]])
			sums[3] += d1 * float64(m.steps[d[column]])
		}
		for j, sum := range sums {
			w.contributions[i+j] = sum * float64(t[j].value*m.scale[t[j].row])
		}
	}
	for ; i < len(w.terms); i++ {
		t := w.terms[i]
		var sum float64
		weights := m.weights(t)
		for column, weight := range weights[:m.joint] {
			sum += w.direction[column] * float64(m.steps[weight])
		}
		for column := w.within[0]; column < w.within[1]; column++ {
			sum += w.direction[column] * float64(m.steps[weights[column]])
		}
		w.contributions[i] = sum * float64(t.value*m.scale[t.row])
	}
	w.perCharacter = append(w.perCharacter[:0], make([]float64, len(w.Normalized.Runes))...)
	for _, o := range w.occurrences {
		if o.row < 0 {
			continue
		}
		share := w.contributions[w.counts[o.row]-1] / float64(o.end-o.start)
		for i := o.start; i < o.end; i++ {
			w.perCharacter[i] += share
		}
	}
}

func (m *Model) weights(t term) []byte { return m.matrix[t.row*m.columns:][:m.columns] }

// towards weighs the columns for the chosen label, against all others by their probability.
func (m *Model) towards(w *workspace, chosen int) {
	probabilities, direction := w.scores, w.direction
	clear(direction)
	m.lookWithin(w, chosen)
	rest := max(1-probabilities[chosen], 1e-9)
	for i, label := range m.labels {
		weight := -probabilities[i] / rest
		if i == chosen {
			weight = 1
		}
		for _, c := range label.Columns {
			direction[c] += weight
		}
		if label.Item == m.labels[chosen].Item && label.Within != 0 {
			direction[label.Within] += weight
		}
	}
}

// lookWithin sets which columns beyond the joint ones have a direction: those within the label's item.
func (m *Model) lookWithin(w *workspace, label int) {
	from, to := sameItem(m.labels, label)
	w.within = [2]int{}
	if m.labels[from].Within != 0 {
		w.within = [2]int{m.labels[from].Within, m.labels[to-1].Within + 1}
	}
}

// between weighs the columns for one label and against another. What they share, their item or their unit, speaks for neither.
func (m *Model) between(w *workspace, label, other int) {
	direction := w.direction
	clear(direction)
	w.within = [2]int{}
	if m.labels[label].Item == m.labels[other].Item && m.labels[label].Within != 0 {
		m.lookWithin(w, label)
		direction[m.labels[label].Within]++
		direction[m.labels[other].Within]--
	}
	for _, c := range m.labels[label].Columns {
		direction[c]++
	}
	for _, c := range m.labels[other].Columns {
		direction[c]--
	}
}

// cutter cuts stretches of a text by characters; it keeps the original bytes, invalid ones too.
type cutter struct {
	source  string
	offsets []int32
}

func (c *cutter) set(s string) {
	c.source, c.offsets = s, c.offsets[:0]
	for i := range s {
		c.offsets = append(c.offsets, int32(i))
	}
	c.offsets = append(c.offsets, int32(len(s)))
}

func (c *cutter) text(start, end int) string { return c.source[c.offsets[start]:c.offsets[end]] }
