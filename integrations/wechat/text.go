package wechat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of one text, passive or by customer message. The platform cuts or refuses at 2048 bytes; measured replies fail at about 680
// Chinese characters, so we stay well below both.
const (
	MaxTextRunes = 600
	MaxTextBytes = 1800
)

// ellipsis marks a text that was cut.
const ellipsis = "\u2026"

// CutText makes text fit for one message: at most MaxTextRunes characters and MaxTextBytes bytes with a mark where it was cut, never
// inside a character, without control characters, which are not allowed in XML.
func CutText(text string) string { return cut(clean(text, true), MaxTextRunes, MaxTextBytes) }

// clean drops control characters and broken UTF-8; newlines and tabs stay when they may, and become spaces otherwise.
func clean(text string, lines bool) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			if lines {
				return r
			}
			return ' '
		case unicode.IsControl(r), r == utf8.RuneError, r == '\uFFFE', r == '\uFFFF', r == '\u2028', r == '\u2029':
			return -1
		}
		return r
	}, text))
}

// cut shortens text to at most runes characters and size bytes, the mark included.
func cut(text string, runes, size int) string {
	if utf8.RuneCountInString(text) <= runes && len(text) <= size {
		return text
	}
	n, end := 0, 0
	for i, r := range text {
		if n == runes-1 || i+utf8.RuneLen(r) > size-len(ellipsis) {
			break
		}
		n, end = n+1, i+utf8.RuneLen(r)
	}
	return strings.TrimRightFunc(text[:end], unicode.IsSpace) + ellipsis
}
