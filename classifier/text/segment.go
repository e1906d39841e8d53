package text

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"slices"
	"unicode"
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
// times as much and invents words that training has never seen. gse reads the dictionary and defines the path; the path is searched here, the
// same to the word (a test compares), since gse reserves memory for every character. Safe for concurrent use.
type Segmenter struct{ words trie }

// NewSegmenter loads the embedded dictionary, which takes some tens of milliseconds; keep the result.
func NewSegmenter() (*Segmenter, error) {
	dictionary := gse.Segmenter{SkipLog: true, NotLoadHMM: true}
	for _, words := range []string{domainWords, commonWords} { // the first entry of a word wins
		if err := dictionary.LoadDictStr(words); err != nil {
			return nil, fmt.Errorf("load dictionary: %w", err)
		}
	}
	return &Segmenter{words: newTrie(dictionary.Dict)}, nil
}

// Fingerprint changes with the dictionary and the table of traditional characters.
func Fingerprint() [sha256.Size]byte {
	return sha256.Sum256([]byte(domainWords + commonWords + traditionalPairs))
}

// Segment cuts a normalised text. The tokens joined are the text; spaces, punctuation and emoji are tokens of their own.
func (s *Segmenter) Segment(normalized string) []Token {
	b := Buffers{Text: normalized}
	b.Normalized.Runes = []rune(normalized)
	s.cut(&b)
	return b.Tokens
}

// Cut cuts the text that is prepared in b.
func (s *Segmenter) Cut(b *Buffers) {
	b.Text = b.Normalized.String()
	s.cut(b)
}

// step is the last word of the shortest path to the end of a unit.
type step struct {
	distance float32
	from     int32 // unit where the word begins
}

// unknown is the distance of a character that is no word.
const unknown = 32

// cut searches the shortest path over units: letters and digits together, any other character alone.
func (s *Segmenter) cut(b *Buffers) {
	runes := b.Normalized.Runes
	b.units = appendUnits(b.units[:0], runes)
	b.steps = append(b.steps[:0], make([]step, len(b.units))...)
	var before float32
	for from := range b.units {
		if from > 0 {
			before = b.steps[from-1].distance
		}
		node, alone := root, false
		for to := from; to < min(from+s.words.longest, len(b.units)); to++ {
			if node = s.words.walk(node, runes[b.units[to]:unitEnd(b.units, to, len(runes))]); node == nowhere {
				break
			}
			if distance := s.words.distances[node]; distance != noWord {
				b.steps[to].shorten(before+distance, from)
				alone = alone || to == from
			}
		}
		if !alone {
			b.steps[from].shorten(before+unknown, from)
		}
	}
	b.tokens()
}

func (s *step) shorten(distance float32, from int) {
	if s.distance == 0 || s.distance > distance {
		*s = step{distance, int32(from)}
	}
}

// tokens reads the path back.
func (b *Buffers) tokens() {
	runes := b.Normalized.Runes
	b.Tokens = b.Tokens[:0]
	for to := len(b.units) - 1; to >= 0; to = int(b.steps[to].from) - 1 {
		b.Tokens = append(b.Tokens, Token{Start: int(b.units[b.steps[to].from]), End: unitEnd(b.units, to, len(runes))})
	}
	slices.Reverse(b.Tokens)
	at := 0
	for i := range b.Tokens {
		token, start := &b.Tokens[i], at
		for range token.End - token.Start {
			_, size := utf8.DecodeRuneInString(b.Text[at:])
			at += size
		}
		token.Text = b.Text[start:at]
	}
}

func unitEnd(units []int32, i, length int) int {
	if i+1 < len(units) {
		return int(units[i+1])
	}
	return length
}

// appendUnits adds where each unit begins. Letters and numbers of up to two bytes stay together, as gse has it.
func appendUnits(units []int32, runes []rune) []int32 {
	inWord := false
	for i, r := range runes {
		together := r < 0x800 && (unicode.IsLetter(r) || unicode.IsNumber(r))
		if !together || !inWord {
			units = append(units, int32(i))
		}
		inWord = together
	}
	return units
}
