package classifier

import (
	"fmt"
	"slices"
	"unicode"

	"jiesu/classifier/text"
)

// Featurizer turns a text into the features that the model weighs: words, pairs of neighbouring words, and sequences of 2 to 4
// characters, each known by a 32-bit hash. Safe for concurrent use.
type Featurizer struct {
	folder    *text.Folder
	segmenter *text.Segmenter
}

// NewFeaturizer loads the segmenter's dictionary (some tens of milliseconds).
func NewFeaturizer() (*Featurizer, error) {
	segmenter, err := text.NewSegmenter()
	if err != nil {
		return nil, fmt.Errorf("make segmenter: %w", err)
	}
	return &Featurizer{folder: text.NewFolder(), segmenter: segmenter}, nil
}

// Feature is a feature of a text and how often it occurs there.
type Feature struct {
	Hash  uint32
	Count int
}

// Features returns the features of s in order of hash.
func (f *Featurizer) Features(s string) []Feature {
	return count(f.read(s).occurrences)
}

// occurrence is a feature at its place: the normalised characters [start, end).
type occurrence struct {
	hash       uint32
	start, end int
}

// reading is a text prepared once for everything that looks at it.
type reading struct {
	original    string
	folded      []rune // one for one with the original's characters
	normalized  text.Normalized
	tokens      []text.Token
	occurrences []occurrence
}

func (f *Featurizer) read(s string) reading {
	r := reading{original: s, folded: f.folder.Fold(s), normalized: f.folder.Normalize(s)}
	r.tokens = f.segmenter.Segment(r.normalized.String())
	r.occurrences = make([]occurrence, 0, 5*len(r.normalized.Runes))
	r.addWords()
	r.addCharacters()
	return r
}

// Kinds of features, the seeds of their hashes: the word 备案 is another feature than the characters 备案.
const (
	kindCharacters = iota + 1
	kindWord
	kindPair
)

func (r *reading) addWords() {
	const none = -1
	previous := none
	for i, token := range r.tokens {
		if !meaningful(r.normalized.Runes[token.Start]) {
			if !unicode.IsSpace(r.normalized.Runes[token.Start]) {
				previous = none // a pair doesn't reach over punctuation
			}
			continue
		}
		hash := hashRunes(kindWord, r.normalized.Runes[token.Start:token.End])
		r.occurrences = append(r.occurrences, occurrence{hash, token.Start, token.End})
		if previous != none {
			first := r.tokens[previous]
			pair := hashRunes(kindPair, r.normalized.Runes[first.Start:first.End])
			pair = mix(pair, hash)
			r.occurrences = append(r.occurrences, occurrence{pair, first.Start, token.End})
		}
		previous = i
	}
}

func (r *reading) addCharacters() {
	const shortest, longest = 2, 4
	runes := r.normalized.Runes
	for start := range runes {
		hash := hashSeed(kindCharacters)
		for end := start; end < len(runes) && end < start+longest && meaningful(runes[end]); end++ {
			hash = mix(hash, uint32(runes[end]))
			if end+1 >= start+shortest {
				r.occurrences = append(r.occurrences, occurrence{hash, start, end + 1})
			}
		}
	}
}

// meaningful leaves out punctuation and spaces; emoji and other symbols say something.
func meaningful(r rune) bool { return !unicode.IsSpace(r) && !unicode.IsPunct(r) }

func hashSeed(kind uint32) uint32 { return mix(2166136261, kind) }

func hashRunes(kind uint32, runes []rune) uint32 {
	hash := hashSeed(kind)
	for _, r := range runes {
		hash = mix(hash, uint32(r))
	}
	return hash
}

// mix is one step of a multiplicative hash over whole characters (FNV's prime, then a shift, since characters fill 21 bits).
func mix(hash, value uint32) uint32 {
	hash = (hash ^ value) * 16777619
	return hash ^ hash>>15
}

func count(occurrences []occurrence) []Feature {
	hashes := make([]uint32, len(occurrences))
	for i, o := range occurrences {
		hashes[i] = o.hash
	}
	slices.Sort(hashes)
	var features []Feature
	for _, h := range hashes {
		if last := len(features) - 1; last >= 0 && features[last].Hash == h {
			features[last].Count++
			continue
		}
		features = append(features, Feature{Hash: h, Count: 1})
	}
	return features
}
