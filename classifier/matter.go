package classifier

import (
	"cmp"
	"math"
	"slices"
	"unicode"
)

// Trait is a word that tells the matter of a text from other matters, by its hash, and how much it does.
type Trait struct {
	Hash   uint32
	Weight float32
}

const (
	// matterTraits is how many traits tell the matter of a text. 24 find no more (docs/evaluation.md).
	matterTraits = 16
	// pairShare is what a pair of neighbouring characters counts beside a word as rare: most such pairs are pieces of a name that is in no
	// dictionary, but not all.
	pairShare = 0.7
	// leastTraits is how many traits of usual weight a text must have to be wholly like itself: two texts of five words each are soon alike.
	leastTraits = 8
	usualWeight = 6
	// numberLength is the length from which a number is one of a telephone, an account or a file: it would tell who speaks.
	numberLength = 7
)

// matter returns the traits of the text in order of hash: its rarest words, and its rarest pairs of characters that are no words, which names
// of places, projects and firms are made of. The sum of their squares is at most 1. How often a word comes doesn't count: who repeats
// themselves has no other matter.
func (m *Model) matter(w *workspace) []Trait {
	w.traits = w.traits[:0]
	words := w.matterWords
	for i, o := range words {
		switch {
		case o.end-o.start > 1:
			if !w.isNumber(o) {
				w.addTrait(Trait{o.hash, m.rarity(o.row)})
			}
		case i+1 < len(words) && words[i+1].start == o.end && words[i+1].end == o.end+1:
			pair := hashRunes(kindCharacters, w.Normalized.Runes[o.start:o.end+1])
			w.addTrait(Trait{pair, pairShare * m.rarity(m.index.row(pair))})
		}
	}
	var squares float64
	for _, t := range w.traits {
		squares += float64(t.Weight) * float64(t.Weight)
	}
	norm := float32(1 / math.Sqrt(max(squares, leastTraits*usualWeight*usualWeight)))
	traits := append([]Trait{}, w.traits...)
	for i := range traits {
		traits[i].Weight *= norm
	}
	slices.SortFunc(traits, func(a, b Trait) int { return cmp.Compare(a.Hash, b.Hash) })
	return traits
}

// rarity is the inverse document frequency of a feature; what the model never saw is as rare as what it saw least.
func (m *Model) rarity(row int32) float32 {
	if row < 0 {
		return m.rarest
	}
	return m.idf[row]
}

// addTrait keeps the trait if it is new and among the heaviest; of equals that with the smaller hash, so that the order of words doesn't count.
func (w *workspace) addTrait(t Trait) {
	heavier := func(a, b Trait) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Hash, b.Hash))
	}
	at, known := slices.BinarySearchFunc(w.traits, t, heavier) // the same hash has the same weight
	if known || at == matterTraits {
		return
	}
	w.traits = slices.Insert(w.traits[:min(len(w.traits), matterTraits-1)], at, t)
}

func (w *workspace) isNumber(o occurrence) bool {
	return o.end-o.start >= numberLength && unicode.IsDigit(w.Normalized.Runes[o.start])
}
