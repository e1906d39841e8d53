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

func (n *Normalized) add(r rune, from, to int32) {
	n.Runes = append(n.Runes, r)
	n.from = append(n.from, from)
	n.to = append(n.to, to)
}

// Normalize folds s (see Folder.Fold) and then what differs without meaning a difference: a number of any length becomes 0, a web
// address becomes url, a run of spaces one space, a run of one punctuation mark that mark; invisible characters disappear.
// Normalising a normalised text changes nothing.
func (f *Folder) Normalize(s string) Normalized {
	var b Buffers
	f.Prepare(&b, s)
	return b.Normalized
}

// Prepare folds and normalises s into b.
func (f *Folder) Prepare(b *Buffers, s string) {
	b.Folded = f.appendFolded(b.Folded[:0], s)
	b.dropInvisible()
	n := &b.Normalized
	n.Runes, n.from, n.to = n.Runes[:0], n.from[:0], n.to[:0]
	for i := 0; i < len(b.visible); {
		if r := b.visible[i]; r >= firstHan && r <= lastHan {
			n.add(r, b.where[i], b.where[i]+1)
			i++
			continue
		}
		end, replacement := unit(b.visible, i)
		from, to := b.where[i], b.where[end-1]+1
		for _, r := range replacement {
			n.add(r, from, to)
		}
		if replacement == "" {
			n.add(b.visible[i], from, to)
		}
		i = end
	}
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

// numberEnd takes 5,386,400.00 as one number, also where a mark was typed twice: the run becomes one mark, which must not make another number of it.
func numberEnd(runes []rune, i int) int {
	for i < len(runes) {
		next := i + 1
		if r := runes[i]; r == '.' || r == ',' {
			for next < len(runes) && runes[next] == r {
				next++
			}
			if next == len(runes) || !isDigit(runes[next]) {
				return i
			}
		} else if !isDigit(r) {
			return i
		}
		i = next
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
func (b *Buffers) dropInvisible() {
	b.visible, b.where = b.visible[:0], b.where[:0]
	for i, r := range b.Folded {
		if !(r >= firstHan && r <= lastHan) && invisible(r) {
			continue
		}
		b.visible, b.where = append(b.visible, r), append(b.where, int32(i))
	}
}

func invisible(r rune) bool {
	if r >= ' ' && r <= '~' {
		return false
	}
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || unicode.IsControl(r) && !unicode.IsSpace(r)
}
