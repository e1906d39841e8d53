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
type Folder struct {
	// han has the characters of the block of Chinese characters, which are most of a text; others the rest of the table.
	han    []rune
	others map[rune]rune
}

// The block of common Chinese characters, all of them letters.
const firstHan, lastHan = '\u4e00', '\u9fff'

// NewFolder reads the embedded table of traditional characters.
func NewFolder() *Folder {
	f := &Folder{han: make([]rune, lastHan-firstHan+1), others: map[rune]rune{}}
	for i := range f.han {
		f.han[i] = firstHan + rune(i)
	}
	for line := range strings.Lines(traditionalPairs) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for pair := range strings.FieldsSeq(line) {
			from, size := utf8.DecodeRuneInString(pair)
			to, _ := utf8.DecodeRuneInString(pair[size:])
			if from >= firstHan && from <= lastHan {
				f.han[from-firstHan] = to
			} else {
				f.others[from] = to
			}
		}
	}
	return f
}

// Fold returns the characters of s, one for one: full width becomes half width, letters lower case, traditional Chinese
// simplified, an invalid byte U+FFFD. Digits stay, for whoever looks for amounts and telephone numbers.
func (f *Folder) Fold(s string) []rune {
	return f.appendFolded(make([]rune, 0, utf8.RuneCountInString(s)), s)
}

func (f *Folder) appendFolded(folded []rune, s string) []rune {
	for _, r := range s {
		if r >= firstHan && r <= lastHan {
			folded = append(folded, f.han[r-firstHan])
		} else {
			folded = append(folded, f.rune(r))
		}
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
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	default:
		if to, ok := f.others[r]; ok {
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
