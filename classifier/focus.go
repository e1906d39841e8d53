package classifier

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// A long letter tells the story of the firm, thanks, dates and journeys; what it complains of is a few sentences of it. As a bag of words
// of its whole it drowns, but the bag also knows from the story whether an enterprise or a resident speaks. So a text is judged by both: by
// all of it, and by the passages that look most like a complaint, if these are strong (FocusShare).
const (
	// focusLength is how many characters the focus has; shorter texts are judged whole.
	focusLength = 250
	// passageLength is the least length of a passage; shorter sentences are joined to the next one.
	passageLength = 40
	// passageLimit ends a passage of somebody who writes without stops.
	passageLimit = 70
)

// FocusShare is how much the focus counts, 0 to 1, by the labels' scores for it; the whole counts the rest. Half of the complaints in
// held-out letters are further ahead of other than 4, and 2 in 100 of the letters outside the plan further than 2.4. Beyond the length of any
// letter learnt from, in characters, the whole says less and less.
func FocusShare(labels []Label, scores []float64, length int) float64 {
	const most, width, longest = 0.9, 0.4, 2000
	half := 2.5
	if length > longest {
		half -= 0.5 * math.Log2(float64(length)/longest)
	}
	return most / (1 + math.Exp((half-lead(scores, otherOf(labels)))/width))
}

// Passage is a sentence of a text, or a few short ones.
type Passage struct {
	Features []Feature
	// Length counts normalised characters.
	Length int
}

// fingerprint is the same for passages of the same features.
func (p Passage) fingerprint() uint64 {
	var sum uint64
	for _, f := range p.Features {
		sum += uint64(f.Count) * spread(f.Hash)
	}
	return sum
}

// spread makes 64 random-looking bits of a feature's hash, so that sums of them differ (the finalizer of SplitMix64).
func spread(hash uint32) uint64 {
	x := uint64(hash) + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Passages cuts a text into its passages; one that is short enough to be judged whole is one passage.
func (f *Featurizer) Passages(s string) []Passage {
	var r reading
	f.read(&r, s)
	return r.passages(r.cuts())
}

// Focus tells which passages to judge a text by: those in which a label of the plan is furthest ahead of other, until there is enough to
// read. score returns the labels' scores. Without the label other, which says what is no complaint, all are kept; nil means all.
func Focus(passages []Passage, labels []Label, score func([]Feature) []float64) []bool {
	other := otherOf(labels)
	if len(passages) < 2 || other < 0 {
		return nil
	}
	candidates := make([]candidate, len(passages))
	for i, p := range passages {
		candidates[i] = candidate{i, p.Length, lead(score(p.Features), other), p.fingerprint()}
	}
	kept := make([]bool, len(passages))
	choose(candidates, kept)
	return kept
}

// candidate is a passage with how far its best label is ahead of other.
type candidate struct {
	passage, length int
	lead            float64
	fingerprint     uint64
}

// otherOf returns the index of the label other, -1 if nothing can be ahead of it.
func otherOf(labels []Label) int {
	if len(labels) < 2 {
		return -1
	}
	return slices.IndexFunc(labels, func(l Label) bool { return l.Item == Other })
}

func lead(scores []float64, other int) float64 {
	best := math.Inf(-1)
	for i, score := range scores {
		if i != other {
			best = max(best, score)
		}
	}
	return best - scores[other]
}

// choose marks the passages to judge by, and sorts the candidates for it.
func choose(candidates []candidate, kept []bool) {
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(b.lead, a.lead) })
	var read []uint64
	length := 0
	for _, c := range candidates {
		if slices.Contains(read, c.fingerprint) {
			continue // pasted once more: says nothing new
		}
		kept[c.passage], read = true, append(read, c.fingerprint)
		if length += c.length; length >= focusLength {
			break
		}
	}
}

// Join returns the features of the kept passages together; nil keeps all.
func Join(passages []Passage, kept []bool) []Feature {
	counts := map[uint32]int{}
	for i, p := range passages {
		if kept != nil && !kept[i] {
			continue
		}
		for _, f := range p.Features {
			counts[f.Hash] += f.Count
		}
	}
	features := make([]Feature, 0, len(counts))
	for hash, n := range counts {
		features = append(features, Feature{hash, n})
	}
	slices.SortFunc(features, func(a, b Feature) int { return cmp.Compare(a.Hash, b.Hash) })
	return features
}

// cuts returns where each passage ends, nil if the text is to be judged whole.
func (r *reading) cuts() []int {
	runes := r.Normalized.Runes
	if len(runes) <= focusLength {
		return nil
	}
	ends := r.ends[:0]
	start := 0
	for i, c := range runes {
		length := i + 1 - start
		if length >= passageLength && endsSentence(c) || length >= passageLimit || i+1 == len(runes) {
			ends = append(ends, i+1)
			start = i + 1
		}
	}
	r.ends = ends
	return ends
}

func endsSentence(r rune) bool { return strings.ContainsRune("。!?;…", r) || unicode.IsSpace(r) }

// passages groups the features by the passage that they begin in.
func (r *reading) passages(ends []int) []Passage {
	if ends == nil {
		return []Passage{{count(r.occurrences), len(r.Normalized.Runes)}}
	}
	passages := make([]Passage, 0, len(ends))
	start := 0
	r.eachPassage(ends, func(lists [kinds][]occurrence) {
		end := ends[len(passages)]
		passages = append(passages, Passage{count(slices.Concat(lists[:]...)), end - start})
		start = end
	})
	return passages
}

// eachPassage calls do with the features that begin in each passage, by kind.
func (r *reading) eachPassage(ends []int, do func(lists [kinds][]occurrence)) {
	rest := r.byKind()
	for _, end := range ends {
		var lists [kinds][]occurrence
		for kind, list := range rest {
			n := before(list, end)
			lists[kind], rest[kind] = list[:n], list[n:]
		}
		do(lists)
	}
}

// before counts the occurrences, which are in order, that begin before a character.
func before(occurrences []occurrence, end int) int {
	n := 0
	for n < len(occurrences) && int(occurrences[n].start) < end {
		n++
	}
	return n
}

// focus finds the passages that look most like a complaint, leaves their terms in w.focused and their words in w.matterWords, and returns how much these count, 0 when
// there is nothing to choose from.
func (m *Model) focus(w *workspace) (share float64) {
	ends := w.cuts()
	other := otherOf(m.labels)
	if len(ends) < 2 || other < 0 {
		w.matterWords = append(w.matterWords[:0], w.byKind()[0]...)
		return 0
	}
	w.passages, w.kept = w.passages[:0], append(w.kept[:0], make([]bool, len(ends))...)
	start := 0
	w.eachPassage(ends, func(lists [kinds][]occurrence) {
		c := candidate{passage: len(w.passages), length: ends[len(w.passages)] - start}
		start += c.length
		for _, list := range lists {
			w.count(list)
			for _, o := range list {
				c.fingerprint += spread(o.hash)
			}
		}
		m.weigh(w)
		w.forgetTerms()
		m.score(w)
		c.lead = lead(w.scores, other)
		w.passages = append(w.passages, c)
	})
	choose(w.passages, w.kept)
	w.matterWords = w.matterWords[:0]
	passage := 0
	w.eachPassage(ends, func(lists [kinds][]occurrence) {
		if w.kept[passage] {
			w.matterWords = append(w.matterWords, lists[0]...)
			for _, list := range lists {
				w.count(list)
			}
		}
		passage++
	})
	m.weigh(w)
	w.forgetTerms()
	m.score(w)
	w.focused = append(w.focused[:0], w.terms...)
	return FocusShare(m.labels, w.scores, len(w.Normalized.Runes))
}

// blend adds the share of the focused terms to those of the whole text.
func (w *workspace) blend(share float64) {
	rest, share32 := float32(1-share), float32(share)
	for i := range w.terms {
		w.terms[i].value *= rest
	}
	for _, t := range w.focused {
		w.terms[w.counts[t.row]-1].value += share32 * t.value
	}
}
