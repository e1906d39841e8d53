package classifier

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"slices"
	"strings"
	"unicode"
)

// A long letter tells the story of the firm, thanks, dates and journeys; what it complains of is a few sentences of it. Judged as one bag of
// words it drowns: of complaints from held-out batches hidden among twelve sentences of such talk, 26 % were given the right item,
// and 64 % when only the passages that look most like a complaint were judged.
const (
	// focusLength is how many characters are judged; shorter texts are judged whole.
	focusLength = 250
	// passageLength is the least length of a passage; shorter sentences are joined to the next one.
	passageLength = 40
	// passageLimit ends a passage of somebody who writes without stops.
	passageLimit = 80
)

// Passage is a sentence of a text, or a few short ones.
type Passage struct {
	Features []Feature
	// Length counts normalised characters.
	Length int
}

// fingerprint is the same for passages of the same features.
func (p Passage) fingerprint() uint64 {
	hash := fnv.New64a()
	var b [8]byte
	for _, f := range p.Features {
		binary.LittleEndian.PutUint32(b[:], f.Hash)
		binary.LittleEndian.PutUint32(b[4:], uint32(f.Count))
		hash.Write(b[:]) //nolint:errcheck // never fails
	}
	return hash.Sum64()
}

// Passages cuts a text into its passages; one that is short enough to be judged whole is one passage.
func (f *Featurizer) Passages(s string) []Passage {
	r := f.read(s)
	return r.passages(r.cuts())
}

// Focus tells which passages to judge a text by: those in which a label of the plan is furthest ahead of other, until there is enough to
// read. score returns the labels' scores. Without the label other, which says what is no complaint, all are kept; nil means all.
func Focus(passages []Passage, labels []Label, score func([]Feature) []float64) []bool {
	other := slices.IndexFunc(labels, func(l Label) bool { return l.Item == Other })
	if len(passages) < 2 || other < 0 || len(labels) < 2 {
		return nil
	}
	type ranked struct {
		passage int
		lead    float64
	}
	order := make([]ranked, len(passages))
	for i, p := range passages {
		scores := score(p.Features)
		against := scores[other]
		scores = slices.Delete(scores, other, other+1)
		order[i] = ranked{i, slices.Max(scores) - against}
	}
	slices.SortStableFunc(order, func(a, b ranked) int { return cmp.Compare(b.lead, a.lead) })
	kept := make([]bool, len(passages))
	read := map[uint64]bool{}
	length := 0
	for _, r := range order {
		p := passages[r.passage]
		known := p.fingerprint()
		if read[known] {
			continue // pasted once more: says nothing new
		}
		kept[r.passage], read[known] = true, true
		if length += p.Length; length >= focusLength {
			break
		}
	}
	return kept
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
	runes := r.normalized.Runes
	if len(runes) <= focusLength {
		return nil
	}
	var ends []int
	start := 0
	for i, c := range runes {
		length := i + 1 - start
		if length >= passageLength && endsSentence(c) || length >= passageLimit || i+1 == len(runes) {
			ends = append(ends, i+1)
			start = i + 1
		}
	}
	return ends
}

func endsSentence(r rune) bool { return strings.ContainsRune("。!?;…", r) || unicode.IsSpace(r) }

// passages groups the features by the passage that they begin in.
func (r *reading) passages(ends []int) []Passage {
	if ends == nil {
		return []Passage{{count(r.occurrences), len(r.normalized.Runes)}}
	}
	grouped := make([][]occurrence, len(ends))
	for _, o := range r.occurrences {
		p := passageOf(ends, o.start)
		grouped[p] = append(grouped[p], o)
	}
	passages := make([]Passage, len(ends))
	start := 0
	for p, end := range ends {
		passages[p] = Passage{count(grouped[p]), end - start}
		start = end
	}
	return passages
}

func passageOf(ends []int, position int) int {
	p, _ := slices.BinarySearch(ends, position+1)
	return p
}

// focus drops what the text isn't to be judged by.
func (m *Model) focus(r *reading) {
	ends := r.cuts()
	if ends == nil {
		return
	}
	kept := Focus(r.passages(ends), m.labels, func(f []Feature) []float64 { return m.score(m.terms(f)) })
	if kept != nil {
		r.occurrences = slices.DeleteFunc(r.occurrences, func(o occurrence) bool { return !kept[passageOf(ends, o.start)] })
	}
}
