package text

import (
	"strings"
	"unicode"
)

// Normalized is a text as the classifier sees it, with the way back to the original.
type Normalized struct {
	// Runes are the normalised characters.
	Runes []rune
	// from[i] and to[i] are the characters [from, to) of the original that became Runes[i].
	from, to []int32
}

// String returns the normalised text.
func (n Normalized) String() string { return string(n.Runes) }

// Original returns the characters [start, end) of the original that became the normalised characters [start, end). It panics on
// positions outside the text or an empty stretch, as indexing a slice does.
func (n Normalized) Original(start, end int) (int, int) {
	return int(n.from[start]), int(n.to[end-1])
}

func (n *Normalized) add(r rune, from, to int) {
	n.Runes = append(n.Runes, r)
	n.from = append(n.from, int32(from))
	n.to = append(n.to, int32(to))
}

// Normalize folds s (see Folder.Fold) and then what differs without meaning a difference: a number of any length becomes 0, a web
// address becomes url, a run of spaces one space, a run of one punctuation mark that mark; invisible characters disappear.
// Normalising a normalised text changes nothing.
func (f *Folder) Normalize(s string) Normalized {
	runes := f.Fold(s)
	visible, where := dropInvisible(runes)
	n := Normalized{Runes: make([]rune, 0, len(visible)), from: make([]int32, 0, len(visible)), to: make([]int32, 0, len(visible))}
	for i := 0; i < len(visible); {
		end, replacement := unit(visible, i)
		from, to := where[i], where[end-1]+1
		for _, r := range replacement {
			n.add(r, from, to)
		}
		if replacement == "" {
			n.add(visible[i], from, to)
		}
		i = end
	}
	return n
}

// unit finds the stretch [i, end) that is replaced as a whole, and by what; "" keeps its first character.
func unit(runes []rune, i int) (end int, replacement string) {
	if end := urlEnd(runes, i); end > i {
		return end, "url"
	}
	r := runes[i]
	end = i + 1
	switch {
	case isDigit(r):
		return numberEnd(runes, i), "0"
	case unicode.IsSpace(r):
		for end < len(runes) && unicode.IsSpace(runes[end]) {
			end++
		}
		return end, " "
	case unicode.IsPunct(r):
		for end < len(runes) && runes[end] == r {
			end++
		}
	}
	return end, ""
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// numberEnd takes 5,386,400.00 as one number.
func numberEnd(runes []rune, i int) int {
	for i < len(runes) {
		switch {
		case isDigit(runes[i]):
			i++
		case (runes[i] == '.' || runes[i] == ',') && i+1 < len(runes) && isDigit(runes[i+1]):
			i++
		default:
			return i
		}
	}
	return i
}

// urlEnd returns the end of the web address that starts at i, or i if none does.
func urlEnd(runes []rune, i int) int {
	for _, prefix := range [...]string{"https://", "http://", "www."} {
		if end := i + len(prefix); hasPrefix(runes[i:], prefix) && end < len(runes) && inURL(runes[end]) {
			for end < len(runes) && inURL(runes[end]) {
				end++
			}
			return end
		}
	}
	return i
}

func inURL(r rune) bool {
	return r > ' ' && r < 0x7f && !strings.ContainsRune(`"'<>()[]{},;`, r)
}

// hasPrefix compares with an ASCII prefix.
func hasPrefix(runes []rune, prefix string) bool {
	if len(runes) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if runes[i] != rune(prefix[i]) {
			return false
		}
	}
	return true
}

// dropInvisible leaves out joiners, variation selectors, marks of direction and control characters, which chats put between any two
// characters; where tells the original position of each that stays.
func dropInvisible(runes []rune) (visible []rune, where []int) {
	visible, where = make([]rune, 0, len(runes)), make([]int, 0, len(runes))
	for i, r := range runes {
		if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || unicode.IsControl(r) && !unicode.IsSpace(r) {
			continue
		}
		visible, where = append(visible, r), append(where, i)
	}
	return visible, where
}
