package text

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"unicode/utf8"

	"github.com/go-ego/gse"
)

//go:embed dict/domain.txt
var domainWords string

//go:embed dict/words.txt
var commonWords string

// Token is a word of a normalised text: its characters [Start, End).
type Token struct {
	Text       string
	Start, End int
}

// Segmenter cuts words by the shortest path through our own dictionary (see dict/README.md), without a hidden Markov model, which costs five
// times as much and invents words that training has never seen. Safe for concurrent use.
type Segmenter struct{ gse gse.Segmenter }

// NewSegmenter loads the embedded dictionary, which takes some tens of milliseconds; keep the result.
func NewSegmenter() (*Segmenter, error) {
	s := &Segmenter{gse: gse.Segmenter{SkipLog: true, NotLoadHMM: true}}
	for _, words := range []string{domainWords, commonWords} { // the first entry of a word wins
		if err := s.gse.LoadDictStr(words); err != nil {
			return nil, fmt.Errorf("load dictionary: %w", err)
		}
	}
	return s, nil
}

// Fingerprint changes with the dictionary and the table of traditional characters.
func Fingerprint() [sha256.Size]byte {
	return sha256.Sum256([]byte(domainWords + commonWords + traditionalPairs))
}

// Segment cuts a normalised text. The tokens joined are the text; spaces, punctuation and emoji are tokens of their own.
func (s *Segmenter) Segment(normalized string) []Token {
	segments := s.gse.Segment([]byte(normalized))
	tokens := make([]Token, len(segments))
	at := 0
	for i := range segments {
		word := normalized[segments[i].Start():segments[i].End()]
		end := at + utf8.RuneCountInString(word)
		tokens[i] = Token{Text: word, Start: at, End: end}
		at = end
	}
	return tokens
}
