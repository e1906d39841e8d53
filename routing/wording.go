package routing

import "strings"

// Wording is the catalogue of every text that a person reads, by key.
type Wording map[string]string

// Text returns the text under key with each {name} replaced by the value that follows the name in args:
// Text("bot.filed", "number", c.Number). An unknown key comes back as the key itself, so that a gap is seen and nothing breaks.
func (w Wording) Text(key string, args ...string) string {
	text, ok := w[key]
	if !ok {
		return key
	}
	if len(args) < 2 {
		return text
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, "{"+args[i]+"}", args[i+1])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Has reports whether the catalogue has the key.
func (w Wording) Has(key string) bool {
	_, ok := w[key]
	return ok
}
