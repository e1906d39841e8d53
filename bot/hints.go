package bot

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"jiesu/routing"
)

// hintNames are the things that people say in ever new words, so that a list of words is too little (bot.hints.…).
var hintNames = []string{"hide", "refuse", "impatient", "over", "regret", "advert", "advert_maybe", "about_it", "second", "dissatisfied", "solved_yes", "solved_partly",
	"solved_no", "satisfied_1", "satisfied_2", "satisfied_3", "satisfied_4", "satisfied_5"}

// hint finds one of several turns of phrase. Unless blots out, before, the phrases that look like one and aren't.
type hint struct {
	phrases []phrase
	unless  *strings.Replacer
}

// phrase is one turn of phrase: pieces with gaps between them, each a sequence of words of which there may be several to choose from.
type phrase [][][]string

// gap is what "…" stands for in a hint: how many characters of the same clause there may be.
const gap = 6

// listName is a word list named inside a hint: {never}.
var listName = regexp.MustCompile(`\{([a-z_]+)\}`)

// readHints compiles the hints of the catalogue. It fails on a missing one and on one that names a list that there isn't.
func (w *Words) readHints(texts routing.Wording) error {
	w.hints = make(map[string]hint, len(hintNames))
	for _, name := range hintNames {
		key := "bot.hints." + name
		var phrases []phrase
		for _, text := range strings.Fields(texts[key]) {
			p, err := w.phrase(text)
			if err != nil {
				return fmt.Errorf("wording: %s: %w", key, err)
			}
			phrases = append(phrases, p)
		}
		if len(phrases) == 0 {
			return fmt.Errorf("wording: %s is missing or empty", key)
		}
		var pairs []string
		for _, word := range strings.Fields(texts[key+".unless"]) {
			pairs = append(pairs, word, "_")
		}
		w.hints[name] = hint{phrases, strings.NewReplacer(pairs...)}
	}
	return nil
}

// phrase reads one turn of phrase.
func (w *Words) phrase(text string) (phrase, error) {
	var p phrase
	for _, part := range strings.Split(text, "…") {
		var piece [][]string
		at := 0
		literal := func(word string) {
			if word != "" {
				piece = append(piece, []string{word})
			}
		}
		for _, m := range listName.FindAllStringSubmatchIndex(part, -1) {
			list := w.lists[part[m[2]:m[3]]]
			if len(list) == 0 {
				return nil, fmt.Errorf("no list %s", part[m[0]:m[1]])
			}
			literal(part[at:m[0]])
			piece = append(piece, list)
			at = m[1]
		}
		literal(part[at:])
		p = append(p, piece)
	}
	return p, nil
}

// hinted reports whether the text has one of the turns of phrase.
func (w *Words) hinted(name, text string) bool {
	h := w.hints[name]
	text = h.unless.Replace(flat(text))
	return slices.ContainsFunc(h.phrases, func(p phrase) bool { return p.in(text) })
}

// in reports whether the phrase stands anywhere in the text. Almost every text lacks one of its words, which is found out soonest.
func (p phrase) in(text string) bool {
	for _, piece := range p {
		for _, words := range piece {
			if !slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) }) {
				return false
			}
		}
	}
	for i := range text {
		if p.begins(text[i:]) {
			return true
		}
	}
	return false
}

// begins reports whether the text begins with the phrase.
func (p phrase) begins(text string) bool {
	if len(p) == 0 {
		return true
	}
	if len(p[0]) > 0 {
		for _, word := range p[0][0] {
			rest, ok := strings.CutPrefix(text, word)
			if ok && append(phrase{p[0][1:]}, p[1:]...).begins(rest) {
				return true
			}
		}
		return false
	}
	if len(p) == 1 {
		return true
	}
	for n := 0; ; n++ {
		if p[1:].begins(text) {
			return true
		}
		r, size := utf8.DecodeRuneInString(text)
		if n == gap || size == 0 || r == ' ' {
			return false
		}
		text = text[size:]
	}
}

// flat is the folded text with a blank for every mark and picture: a hint stays within a clause.
func flat(text string) string {
	return strings.Map(func(r rune) rune {
		if r = folded(r); spoken(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, ""))
}

// link is what leads out of an advertisement.
var link = regexp.MustCompile(`https?://|www\.|[a-z0-9]\.(?:cn|com|net|cc|top|xyz|vip)(?:[^a-z0-9]|$)`)

// signed texts begin or end with a sender's name in the brackets that short messages have it in.
func signed(text string) bool {
	text = strings.TrimSpace(text)
	return strings.Contains(text, "\u3010") && (strings.HasPrefix(text, "\u3010") && strings.Contains(text, "\u3011") || strings.HasSuffix(text, "\u3011"))
}

// advert reports whether the text is a short message sent to thousands. vague says that the judge makes nothing of it.
func (w *Words) advert(text string, vague bool) bool {
	maybe, linked := w.hinted("advert_maybe", text), link.MatchString(fold(text))
	phone, _ := cutPhone(text)
	switch {
	case w.hinted("advert", text):
		return true
	case signed(text):
		return linked || maybe || phone != "" && vague
	}
	return maybe && linked
}

// verdict reads an answer to "is it solved?" that may go on ("没解决，街道说没收到钱"): rest is what is said beside it.
func (w *Words) verdict(text string, asked bool) (solved routing.Solved, rest string) {
	if s := w.solved(text); s != "" {
		return s, ""
	}
	head, tail := headOf(text)
	s := w.solved(head)
	if n := w.option(head, len(solvedOptions)); s == "" && asked && n > 0 && tail != "" {
		s = solvedOptions[n-1]
	}
	if s != "" {
		return s, w.said(tail)
	}
	if !asked {
		return "", ""
	}
	for _, h := range []struct {
		name   string
		solved routing.Solved
	}{{"solved_partly", routing.SolvedPartly}, {"solved_no", routing.SolvedNo}, {"solved_yes", routing.SolvedYes}} {
		if w.hinted(h.name, text) {
			return h.solved, w.whole(text)
		}
	}
	return "", ""
}

var solvedOptions = []routing.Solved{routing.SolvedYes, routing.SolvedPartly, routing.SolvedNo}

// graded reads how satisfied somebody is in a text that may go on ("2，罚款没退"); 0 when it says nothing of the kind.
func (w *Words) graded(text string) (n int, rest string) {
	if n := w.grade(text); n > 0 {
		return n, ""
	}
	head, tail := headOf(text)
	if n := w.grade(head); n > 0 && tail != "" {
		return n, w.said(tail)
	}
	for _, n := range []int{1, 2, 5, 4, 3} { // "not very satisfied" has "very satisfied" in it
		if w.hinted(fmt.Sprintf("satisfied_%d", n), text) {
			return n, w.whole(text)
		}
	}
	return 0, ""
}

// headOf cuts a text after its first clause.
func headOf(text string) (head, tail string) {
	text = strings.TrimFunc(text, isMark)
	i := strings.IndexFunc(text, isMark)
	if i < 0 {
		return text, ""
	}
	return text[:i], strings.TrimFunc(text[i:], isMark)
}

// said is the text if it says anything beside courtesies.
func (w *Words) said(text string) string {
	if bare(text) == "" || w.madeOf(text, "thanks", "thanks_with", "greet") {
		return ""
	}
	return text
}

// wholeLength is the length, in letters, up to which an answer is taken to say nothing beside the answer.
const wholeLength = 10

func (w *Words) whole(text string) string {
	if letters(text) <= wholeLength {
		return ""
	}
	return text
}
