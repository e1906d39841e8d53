package bot

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

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
	CommandBind       Command = "bind"
	CommandPrivacy    Command = "privacy"
	CommandData       Command = "data"   // to see or to erase what is kept of oneself
	CommandRelink     Command = "relink" // a new address for the page of a case
)

var commands = []Command{CommandProgress, CommandSupplement, CommandWithdraw, CommandRate, CommandHuman, CommandHelp, CommandUrge,
	CommandReport, CommandHide, CommandBind, CommandPrivacy, CommandData, CommandRelink}

// listNames are the word lists beside the commands' own.
var listNames = []string{"prefix", "suffix", "yes", "no", "skip", "cancel", "done", "drop", "leave", "greet", "thanks", "thanks_with", "insist",
	"solved_yes", "solved_partly", "solved_no", "enterprise", "firm", "no_firm", "in_firm", "same", "new", "announce", "wait", "abuse", "abuse_with",
	"faces", "sticker", "contact", "name_prefix", "own_name", "sentence", "second_at", "never", "let", "know", "tell", "me"}

const maxOptions = 5

// Words are the words that the bot understands, from the catalogue (bot.words.…).
type Words struct {
	lists     map[string][]string
	options   [maxOptions][]string
	satisfied [maxOptions][]string // what stands for 1 to 5 when the question is how satisfied
	hints     map[string]hint
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
	for name, into := range map[string]*[maxOptions][]string{"options": &words.options, "satisfied": &words.satisfied} {
		rows := strings.Split(w["bot.words."+name], "|")
		if len(rows) != maxOptions {
			return nil, fmt.Errorf("wording: bot.words.%s has %d rows, want %d", name, len(rows), maxOptions)
		}
		for i, row := range rows {
			into[i] = strings.Fields(row)
		}
	}
	if err := words.readHints(w); err != nil {
		return nil, err
	}
	return words, nil
}

// fold makes full-width characters half-width and letters small, so that what a phone's keyboard makes of a word doesn't matter.
func fold(s string) string { return strings.Map(folded, strings.ToValidUTF8(s, "")) }

func folded(r rune) rune {
	switch {
	case han(r):
		return r
	case r == '\u3000':
		return ' '
	case r >= '\uff01' && r <= '\uff5e':
		r -= 0xfee0
	}
	return unicode.ToLower(r)
}

// han: almost every character that people write, told without looking into the tables.
func han(r rune) bool { return r >= '\u4e00' && r <= '\u9fff' }

func spoken(r rune) bool { return han(r) || unicode.IsLetter(r) || unicode.IsNumber(r) }

// bare is the folded text without blanks, punctuation and pictures.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if r = folded(r); spoken(r) {
			return r
		}
		return -1
	}, s)
}

// is reports whether the text is one of the list's words, with or without a particle around it.
func (w *Words) is(list, text string) bool { return w.among(w.lists[list], text) }

// longAnswer is the length in bytes from which a text is no word of any list, so that a page of text isn't read again for each.
const longAnswer = 400

func (w *Words) among(list []string, text string) bool {
	if len(text) > longAnswer {
		return false
	}
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

// grade reads how satisfied somebody is, 1 to 5, by number or in words; 0 when the text says nothing of the kind.
func (w *Words) grade(text string) int {
	if n := w.option(text, maxOptions); n > 0 {
		return n
	}
	return w.opinion(text)
}

// opinion is a grade in words.
func (w *Words) opinion(text string) int {
	for i, row := range w.satisfied {
		if w.among(row, text) {
			return i + 1
		}
	}
	return 0
}

// solved reads the answer to "is it solved?" in words, "" when it is none.
func (w *Words) solved(text string) routing.Solved {
	switch {
	case w.is("solved_yes", text):
		return routing.SolvedYes
	case w.is("solved_partly", text):
		return routing.SolvedPartly
	case w.is("solved_no", text):
		return routing.SolvedNo
	}
	return ""
}

// faces reports whether the text is only the platform's own little pictures, which arrive as words in brackets.
func (w *Words) faces(text string) bool {
	return strings.Contains(fold(text), "[") && w.madeOf(text, "faces")
}

// swearing reports whether the text is swearing and nothing else.
func (w *Words) swearing(text string) bool {
	return w.has("abuse", fold(text)) && w.madeOf(text, "abuse", "abuse_with", "greet")
}

// strayOption: one or two digits that no option of the open question has.
func strayOption(text string) bool {
	b := bare(text)
	return len(b) > 0 && len(b) <= 2 && strings.Trim(b, "0123456789") == ""
}

// madeOf reports whether the whole text is words of the lists, one after another, and nothing else.
func (w *Words) madeOf(text string, lists ...string) bool {
	if len(text) > longAnswer {
		return false
	}
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

// greets reports whether the text is a greeting and nothing else, whoever it is addressed to.
func (w *Words) greets(text string) bool {
	return w.madeOf(text, "greet") || w.has("greet", bare(text)) && w.madeOf(text, "greet", "thanks_with")
}

// thanked reports whether the text thanks or takes note, and does nothing else: "you" alone is no thanks.
func (w *Words) thanked(text string) bool {
	return w.has("thanks", bare(text)) && w.madeOf(text, "thanks", "thanks_with", "greet")
}

// yes also takes a polite yes ("好的，谢谢").
func (w *Words) yes(text string) bool {
	if w.is("yes", text) || w.option(text, 1) == 1 {
		return true
	}
	if len(text) > longAnswer {
		return false
	}
	b := bare(text)
	for _, word := range append(append([]string(nil), w.lists["yes"]...), w.options[0]...) {
		if rest, ok := strings.CutPrefix(b, word); ok && w.madeOf(rest, "yes", "thanks", "thanks_with") {
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

// numberPattern also takes what people make of a number when they copy it by hand: a blank after JS, another dash or none.
var numberPattern = regexp.MustCompile(`(?i)js ?([0-9]{8})[-\x{2014}\x{2013} ]?([0-9]{6})`)

// CaseNumber finds the first case number in the text, "" when there is none.
func CaseNumber(text string) string {
	m := numberPattern.FindStringSubmatch(fold(text))
	if m == nil {
		return ""
	}
	return "JS" + m[1] + "-" + m[2]
}

// cutNumber takes the first case number out of the text, which is otherwise as it was written.
func cutNumber(text string) (number, rest string) {
	text = strings.ToValidUTF8(text, "")
	folded := fold(text)
	m := numberPattern.FindStringIndex(folded)
	if m == nil {
		return "", strings.TrimSpace(text)
	}
	r := []rune(text) // folding keeps the number of characters
	from, to := utf8.RuneCountInString(folded[:m[0]]), utf8.RuneCountInString(folded[:m[1]])
	return CaseNumber(text), strings.TrimFunc(string(r[:from])+string(r[to:]), isMark)
}

// isMark: blanks and punctuation, which say nothing at the ends of a value.
func isMark(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) }

// command reads a command, with what follows it: nothing, a case number, or after a mark or a blank the words for a supplement, a
// clerk or a rating. Anything else that merely begins like a command is something said ("进度太慢了", "补充材料一直让我交").
func (w *Words) command(text string) (c Command, rest string, ok bool) {
	if n, others := cutNumber(text); n != "" {
		if bare(others) == "" {
			return CommandProgress, n, true
		}
		for _, c := range commands {
			if w.among(w.lists[string(c)], others) {
				return c, n, true
			}
		}
	}
	folded := strings.TrimSpace(fold(text))
	for _, c := range commands {
		if w.among(w.lists[string(c)], folded) {
			return c, "", true
		}
	}
	for _, c := range commands {
		for _, word := range w.lists[string(c)] {
			after, found := strings.CutPrefix(folded, word)
			if found && bare(after) != "" && w.takes(c, after) {
				return c, original(text, after), true
			}
		}
	}
	return "", "", false
}

// takes reports whether the command can have what stands after it. A rating takes only an answer to its questions, and what
// goes on after one.
func (w *Words) takes(c Command, after string) bool {
	first := []rune(after)[0]
	marked := !unicode.IsLetter(first) && !unicode.IsNumber(first)
	number := numberPattern.FindStringIndex(after)
	switch c {
	case CommandSupplement, CommandHuman:
		return marked || number != nil && number[0] == 0
	case CommandRate:
		solved, rest := w.verdict(strings.TrimFunc(after, isMark), false)
		return solved != "" && (rest == "" || marked) || w.opinion(after) > 0
	}
	return false
}

// original is the end of the text as it was written whose folded form is `after`: folding keeps the number of characters.
func original(text, after string) string {
	r := []rune(strings.TrimSpace(strings.ToValidUTF8(text, "")))
	n := len([]rune(after))
	if n > len(r) {
		return after
	}
	return strings.TrimLeftFunc(string(r[len(r)-n:]), isMark)
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}
