package bot

import (
	"strings"
	"unicode/utf8"

	"jiesu/routing"
)

// maxReply is the longest answer, in characters: the platform's limit is 2,048 bytes, of which a Chinese character takes three.
const maxReply = 600

// Render makes the text of an answer. args (name, value, …) are the values known only after the commands were applied. Answers
// are composed to fit; should one not, its middle lines go first, since the last one says what to do.
func Render(w routing.Wording, lines []Line, args ...string) string {
	texts := make([]string, len(lines))
	for i, l := range lines {
		texts[i] = w.Text(l.Key, append(append([]string(nil), l.Args...), args...)...)
	}
	for len(texts) > 2 && utf8.RuneCountInString(strings.Join(texts, "\n")) > maxReply {
		texts = append(texts[:len(texts)-2], texts[len(texts)-1])
	}
	r := []rune(strings.Join(texts, "\n"))
	if len(r) > maxReply {
		r = append(r[:maxReply-1], '…')
	}
	return string(r)
}
