package text

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed dict/t2s.txt
var traditionalPairs string

// Folder maps each character to the one that the classifier knows it by. It never adds or removes a character, so that positions
// in its result are positions in the original. Safe for concurrent use.
type Folder struct{ simplified map[rune]rune }

// NewFolder reads the embedded table of traditional characters.
func NewFolder() *Folder {
	table := make(map[rune]rune, 1024)
	for line := range strings.Lines(traditionalPairs) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for pair := range strings.FieldsSeq(line) {
			from, size := utf8.DecodeRuneInString(pair)
			to, _ := utf8.DecodeRuneInString(pair[size:])
			table[from] = to
		}
	}
	return &Folder{simplified: table}
}

// Fold returns the characters of s, one for one: full width becomes half width, letters lower case, traditional Chinese
// simplified, an invalid byte U+FFFD. Digits stay, for whoever looks for amounts and telephone numbers.
func (f *Folder) Fold(s string) []rune {
	folded := make([]rune, 0, utf8.RuneCountInString(s))
	for _, r := range s {
		folded = append(folded, f.rune(r))
	}
	return folded
}

func (f *Folder) rune(r rune) rune {
	switch {
	case r >= '！' && r <= '～': // U+FF01 to U+FF5E repeat ASCII at full width
		r -= '！' - '!'
	case r == '　':
		return ' '
	case r < utf8.RuneSelf:
	default:
		if to, ok := f.simplified[r]; ok {
			return to
		}
	}
	return lower(r)
}

// lower is unicode.ToLower where that keeps its promise: a few letters (İ) have lower case that changes again when lowered.
func lower(r rune) rune {
	if l := unicode.ToLower(r); unicode.ToLower(l) == l {
		return l
	}
	return r
}
