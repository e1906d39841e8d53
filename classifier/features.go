package classifier

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"unicode"

	"jiesu/classifier/text"
)

// Featurizer turns a text into the features that the model weighs: words, one to three neighbouring characters, openings and endings of
// clauses, and concepts, each known by a 32-bit hash. Longer sequences and pairs of words were measured too: no better, and many more. Safe for concurrent use.
type Featurizer struct {
	folder    *text.Folder
	segmenter *text.Segmenter
	concepts  *text.Phrases
}

// NewFeaturizer loads the segmenter's dictionary (some tens of milliseconds).
func NewFeaturizer() (*Featurizer, error) {
	segmenter, err := text.NewSegmenter()
	if err != nil {
		return nil, fmt.Errorf("make segmenter: %w", err)
	}
	concepts, err := text.NewPhrases(concepts, func(name string) uint32 { return hashRunes(kindConcept, []rune(name)) })
	if err != nil {
		return nil, fmt.Errorf("read concepts: %w", err)
	}
	return &Featurizer{folder: text.NewFolder(), segmenter: segmenter, concepts: concepts}, nil
}

// Concepts are expressions that mean the same to the guide, so that a word that no training text has is understood by those that some have.
// They were written from the plan and the guide, without the corpus in sight.
//
//go:embed data/concepts.tsv
var concepts string

// A sentence with everything that preparing a text can change.
//
//go:embed data/probe.txt
var probe string

// Fingerprint changes when the same text would have other features than before: with the dictionary, or with the code, of which
// the features of a sample sentence tell. Weights learnt with one fingerprint mean nothing under another.
func (f *Featurizer) Fingerprint() string {
	dictionary, phrases := text.Fingerprint(), sha256.Sum256([]byte(concepts))
	known := slices.Concat(dictionary[:], phrases[:])
	for _, feature := range f.Features(probe) {
		known = binary.LittleEndian.AppendUint32(known, feature.Hash)
		known = binary.LittleEndian.AppendUint32(known, uint32(feature.Count))
	}
	sum := sha256.Sum256(known)
	return hex.EncodeToString(sum[:8])
}

// Feature is a feature of a text and how often it occurs there.
type Feature struct {
	Hash  uint32
	Count int
}

// Features returns the features of s in order of hash.
func (f *Featurizer) Features(s string) []Feature {
	var r reading
	f.read(&r, s)
	return count(r.occurrences)
}

// occurrence is a feature at its place: the normalised characters [start, end).
type occurrence struct {
	hash       uint32
	row        int32 // of the model, or -1
	start, end int32
}

// reading is a text prepared once for everything that looks at it.
type reading struct {
	text.Buffers
	cutter
	// Words come first, then characters, clauses and concepts, each in order of start; kind k ends where ofKind[k] says.
	occurrences []occurrence
	ofKind      [kinds]int
	ends        []int // of the passages
	points      []districtPoints
}

func (f *Featurizer) read(r *reading, s string) {
	r.cutter.set(s)
	f.folder.Prepare(&r.Buffers, s)
	f.segmenter.Cut(&r.Buffers)
	r.occurrences = slices.Grow(r.occurrences[:0], 5*len(r.Normalized.Runes))
	r.addWords()
	r.ofKind[0] = len(r.occurrences)
	r.addCharacters()
	r.ofKind[1] = len(r.occurrences)
	r.addClauses()
	r.ofKind[2] = len(r.occurrences)
	f.concepts.Each(r.Normalized.Runes, func(concept uint32, start, end int) {
		r.occurrences = append(r.occurrences, occurrence{concept, -1, int32(start), int32(end)})
	})
	r.ofKind[3] = len(r.occurrences)
}

// kinds is how many kinds of features there are.
const kinds = 4

// byKind returns the occurrences of each kind.
func (r *reading) byKind() (lists [kinds][]occurrence) {
	start := 0
	for kind, end := range r.ofKind {
		lists[kind] = r.occurrences[start:end]
		start = end
	}
	return lists
}

// Kinds of features, the seeds of their hashes: the word 备案 is another feature than the characters 备案.
const (
	kindCharacters = iota + 1
	kindWord
	kindConcept
	kindOpening
	kindEnding
)

func (r *reading) addWords() {
	for _, token := range r.Tokens {
		word := r.Normalized.Runes[token.Start:token.End]
		if meaningful(word[0]) {
			r.occurrences = append(r.occurrences, occurrence{hashRunes(kindWord, word), -1, int32(token.Start), int32(token.End)})
		}
	}
}

// addCharacters adds each character alone and with up to two that follow; none reaches over punctuation.
func (r *reading) addCharacters() {
	seed, next := hashSeed(kindCharacters), false
	runes := r.Normalized.Runes
	for i, c := range runes {
		meant := next
		if i == 0 {
			meant = meaningful(c)
		}
		next = i+1 < len(runes) && meaningful(runes[i+1])
		if !meant {
			continue
		}
		hash, start := mix(seed, uint32(c)), int32(i)
		r.occurrences = append(r.occurrences, occurrence{hash, -1, start, start + 1})
		if next {
			pair := mix(hash, uint32(runes[i+1]))
			r.occurrences = append(r.occurrences, occurrence{pair, -1, start, start + 2})
			if i+2 < len(runes) && meaningful(runes[i+2]) {
				r.occurrences = append(r.occurrences, occurrence{mix(pair, uint32(runes[i+2])), -1, start, start + 3})
			}
		}
	}
}

// addClauses adds how each clause opens and how it ends, with its mark: asking, thanking, offering and complaining differ there when they speak
// of the same matter.
func (r *reading) addClauses() {
	const shortest = 3
	runes, start := r.Normalized.Runes, 0
	for i := range len(runes) + 1 {
		mark := '\n'
		if i < len(runes) {
			mark = runes[i]
		}
		if meaningful(mark) {
			continue
		}
		if i-start >= shortest {
			r.occurrences = append(r.occurrences, occurrence{hashRunes(kindOpening, runes[start:start+2]), -1, int32(start), int32(start + 2)},
				occurrence{mix(hashRunes(kindEnding, runes[i-2:i]), uint32(mark)), -1, int32(i - 2), int32(i)})
		}
		start = i + 1
	}
}

// meaningful leaves out punctuation and spaces; emoji and other symbols say something.
func meaningful(r rune) bool {
	return r >= '\u4e00' && r <= '\u9fff' || !unicode.IsSpace(r) && !unicode.IsPunct(r) // the Chinese characters first, most of a text
}

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
	features := make([]Feature, 0, len(hashes))
	for _, h := range hashes {
		if last := len(features) - 1; last >= 0 && features[last].Hash == h {
			features[last].Count++
			continue
		}
		features = append(features, Feature{Hash: h, Count: 1})
	}
	return features
}
