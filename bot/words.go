package bot

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"jiesu/routing"
)

// Command is something that can be asked for at any time.
type Command string

// The commands; also the keys of the menu's buttons.
const (
	CommandProgress   Command = "progress"
	CommandSupplement Command = "supplement"
	CommandWithdraw   Command = "withdraw"
	CommandRate       Command = "rate"
	CommandHuman      Command = "human"
	CommandHelp       Command = "help"
	CommandUrge       Command = "urge"
	CommandReport     Command = "report"
	CommandHide       Command = "hide"
)

var commands = []Command{CommandProgress, CommandSupplement, CommandWithdraw, CommandRate, CommandHuman, CommandHelp, CommandUrge,
	CommandReport, CommandHide}

// listNames are the word lists beside the commands' own.
var listNames = []string{"prefix", "suffix", "yes", "no", "skip", "cancel", "done", "hide_in_text", "greet", "thanks", "insist",
	"solved_yes", "solved_partly", "solved_no", "enterprise"}

const maxOptions = 5

// Words are the words that the bot understands, from the catalogue (bot.words.…).
type Words struct {
	lists   map[string][]string
	options [maxOptions][]string
}

// NewWords reads the lists of the catalogue. It fails on a missing or empty one, since the bot would then be deaf in one ear.
func NewWords(w routing.Wording) (*Words, error) {
	words := &Words{lists: map[string][]string{}}
	names := append([]string(nil), listNames...)
	for _, c := range commands {
		names = append(names, string(c))
	}
	for _, name := range names {
		list := strings.Fields(w["bot.words."+name])
		if len(list) == 0 {
			return nil, fmt.Errorf("wording: bot.words.%s is missing or empty", name)
		}
		words.lists[name] = list
	}
	rows := strings.Split(w["bot.words.options"], "|")
	if len(rows) != maxOptions {
		return nil, fmt.Errorf("wording: bot.words.options has %d rows, want %d", len(rows), maxOptions)
	}
	for i, row := range rows {
		words.options[i] = strings.Fields(row)
	}
	return words, nil
}

// fold makes full-width characters half-width and letters small, so that what a phone's keyboard makes of a word doesn't matter.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u3000':
			return ' '
		case r >= '\uff01' && r <= '\uff5e':
			r -= 0xfee0
		}
		return unicode.ToLower(r)
	}, strings.ToValidUTF8(s, ""))
}

// bare is the folded text without blanks, punctuation and pictures.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, fold(s))
}

// is reports whether the text is one of the list's words, with or without a particle around it.
func (w *Words) is(list, text string) bool { return w.among(w.lists[list], text) }

func (w *Words) among(list []string, text string) bool {
	b := bare(text)
	if contains(list, b) {
		return true
	}
	for _, p := range w.lists["prefix"] {
		if rest, ok := strings.CutPrefix(b, p); ok && contains(list, rest) {
			return true
		}
	}
	for _, p := range w.lists["suffix"] {
		if rest, ok := strings.CutSuffix(b, p); ok && rest != "" && (contains(list, rest) || w.prefixed(list, rest)) {
			return true
		}
	}
	return false
}

func (w *Words) prefixed(list []string, b string) bool {
	for _, p := range w.lists["prefix"] {
		if rest, ok := strings.CutPrefix(b, p); ok && contains(list, rest) {
			return true
		}
	}
	return false
}

// option reads a number of 1 to n, 0 when the text is none.
func (w *Words) option(text string, n int) int {
	for i := range min(n, maxOptions) {
		if w.among(w.options[i], text) {
			return i + 1
		}
	}
	return 0
}

// madeOf reports whether the whole text is words of the lists, one after another, and nothing else.
func (w *Words) madeOf(text string, lists ...string) bool {
	b := bare(text)
	if b == "" || len(b) > 90 {
		return false
	}
	ends := make([]bool, len(b)+1) // ends[i]: the first i bytes are words
	ends[0] = true
	for i := range b {
		if !ends[i] {
			continue
		}
		for _, name := range lists {
			for _, word := range w.lists[name] {
				if strings.HasPrefix(b[i:], word) {
					ends[i+len(word)] = true
				}
			}
		}
	}
	return ends[len(b)]
}

// yes also takes a polite yes ("好的，谢谢").
func (w *Words) yes(text string) bool {
	if w.is("yes", text) || w.option(text, 1) == 1 {
		return true
	}
	for _, word := range w.lists["yes"] {
		if rest, ok := strings.CutPrefix(bare(text), word); ok && w.madeOf(rest, "yes", "thanks") {
			return true
		}
	}
	return false
}

// has reports whether a word of the list stands in the text.
func (w *Words) has(list, text string) bool {
	for _, word := range w.lists[list] {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// ends reports whether the text ends in a word of the list.
func (w *Words) ends(list, text string) bool {
	for _, word := range w.lists[list] {
		if strings.HasSuffix(text, word) {
			return true
		}
	}
	return false
}

var numberPattern = regexp.MustCompile(`(?i)js[0-9]{8}-[0-9]{6}`)

// CaseNumber finds the first case number in the text, "" when there is none.
func CaseNumber(text string) string { return strings.ToUpper(numberPattern.FindString(fold(text))) }

// command reads a command, with what follows it: nothing, a case number, or after a mark or a blank the words for a supplement or
// a clerk. Anything else that merely begins like a command is something said ("进度太慢了", "补充材料一直让我交").
func (w *Words) command(text string) (c Command, rest string, ok bool) {
	folded := strings.TrimSpace(fold(text))
	if n := CaseNumber(folded); n != "" {
		others := strings.Replace(bare(folded), bare(n), "", 1)
		if others == "" {
			return CommandProgress, n, true
		}
		for _, c := range commands {
			if w.among(w.lists[string(c)], others) {
				return c, n, true
			}
		}
	}
	for _, c := range commands {
		if w.among(w.lists[string(c)], folded) {
			return c, "", true
		}
	}
	for _, c := range commands {
		for _, word := range w.lists[string(c)] {
			after, found := strings.CutPrefix(folded, word)
			if !found || bare(after) == "" {
				continue
			}
			n := CaseNumber(after)
			marked := !unicode.IsLetter([]rune(after)[0]) && !unicode.IsNumber([]rune(after)[0])
			if (c == CommandSupplement || c == CommandHuman) && (marked || strings.HasPrefix(strings.ToUpper(after), n) && n != "") {
				return c, original(text, after), true
			}
		}
	}
	return "", "", false
}

// original is the end of the text as it was written whose folded form is `after`: folding keeps the number of characters.
func original(text, after string) string {
	r := []rune(strings.TrimSpace(strings.ToValidUTF8(text, "")))
	n := len([]rune(after))
	if n > len(r) {
		return after
	}
	return strings.TrimLeftFunc(string(r[len(r)-n:]), func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) })
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}
