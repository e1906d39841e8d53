package routing

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Asks finds what a complaint asks for, so that an answer can be held against it: answers that miss the point are what complainants of
// hotlines complain of most. The words come from the catalogue (routing.asks.…).
type Asks struct {
	mark     *regexp.Regexp // begins an item of a numbered list
	ordinals []string       // one, two, three …
	begins   []string       // a clause that begins so asks for something
	leads    []string       // may stand before that
	holds    []string       // a sentence that holds one of these asks a question
}

// NewAsks reads the words. Error: a list is missing or empty.
func NewAsks(w Wording) (*Asks, error) {
	a := &Asks{}
	for name, into := range map[string]*[]string{"ordinals": &a.ordinals, "begins": &a.begins, "leads": &a.leads, "holds": &a.holds} {
		if *into = strings.Fields(w["routing.asks."+name]); len(*into) == 0 {
			return nil, fmt.Errorf("wording: routing.asks.%s is missing or empty", name)
		}
	}
	words := strings.Join(quoted(a.ordinals), "|")
	forms := strings.Fields(w["routing.asks.counted"]) // what is written with an ordinal, {n} for it
	for i, form := range forms {
		forms[i] = strings.ReplaceAll(regexp.QuoteMeta(form), `\{n\}`, "("+words+")")
	}
	// A number counts where a clause can begin; "1.5" is none.
	mark, err := regexp.Compile(`(?:^|[\s\p{P}])(?:[（(](\d{1,2}|` + words + `)[）)]|(\d{1,2})[、．)）]|(\d{1,2})\.\D|(` + words + `)[、．.]|` + strings.Join(forms, "|") + `)`)
	if err != nil || len(forms) == 0 {
		return nil, fmt.Errorf("wording: routing.asks.counted is missing or wrong: %w", err)
	}
	a.mark = mark
	return a, nil
}

func quoted(words []string) []string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = regexp.QuoteMeta(word)
	}
	return list
}

// Points lists what the text asks for, in its order and its own words: the items of a numbered list, else the sentences that ask for
// something. At most MaxPoints, none twice. It would rather find too little than hold an answer against what was only told.
func (a *Asks) Points(text string) []string {
	if a == nil {
		return nil
	}
	list := a.numbered(text)
	if len(list) < 2 {
		list = a.asking(text)
	}
	var points []string
	for _, p := range list {
		p = strings.TrimFunc(p, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("，,；;。.、：:", r) })
		if r := []rune(p); len(r) > maxPoint {
			p = string(r[:maxPoint])
		}
		if len([]rune(p)) > 1 && !slices.Contains(points, p) && len(points) < MaxPoints {
			points = append(points, p)
		}
	}
	return points
}

// numbered cuts the text at the marks that count 1, 2, 3 …; the last item ends with its sentence.
func (a *Asks) numbered(text string) []string {
	var list []string
	next, from := 1, -1
	for _, at := range a.mark.FindAllStringSubmatchIndex(text, -1) {
		if a.number(text, at) != next {
			continue
		}
		if from >= 0 {
			list = append(list, text[from:a.start(text, at)])
		}
		from, next = a.end(text, at), next+1
	}
	if from < 0 {
		return nil
	}
	return append(list, sentences(text[from:])[0])
}

// number is what a mark counts, 0 for no number that we know.
func (a *Asks) number(text string, at []int) (n int) {
	for i := 2; i < len(at); i += 2 {
		if at[i] < 0 {
			continue
		}
		word := text[at[i]:at[i+1]]
		if n := slices.Index(a.ordinals, word); n >= 0 {
			return n + 1
		}
		for _, digit := range word {
			n = 10*n + int(digit-'0')
		}
	}
	return n
}

// start is where the mark itself begins, behind the character that stands before it.
func (a *Asks) start(text string, at []int) int {
	for i, r := range text[at[0]:at[1]] {
		if !unicode.IsSpace(r) && (!unicode.IsPunct(r) || strings.ContainsRune("（(", r)) {
			return at[0] + i
		}
	}
	return at[0]
}

// end is where the item begins: of "1." the character behind the dot was only looked at.
func (a *Asks) end(text string, at []int) int {
	if at[6] >= 0 {
		return at[7] + 1
	}
	return at[1]
}

// asking lists the sentences that ask for something.
func (a *Asks) asking(text string) []string {
	var list []string
	for _, s := range sentences(text) {
		if strings.HasSuffix(s, "？") || strings.HasSuffix(s, "?") || holdsAny(s, a.holds) || slices.ContainsFunc(strings.FieldsFunc(s, clause), a.asks) {
			list = append(list, s)
		}
	}
	return list
}

// asks reports whether a clause begins with words that ask.
func (a *Asks) asks(text string) bool {
	text = strings.TrimSpace(text)
	for cut := true; cut; {
		cut = false
		for _, b := range a.begins {
			if strings.HasPrefix(text, b) {
				return true
			}
		}
		for _, l := range a.leads {
			if rest, ok := strings.CutPrefix(text, l); ok && rest != "" {
				text, cut = rest, true
				break
			}
		}
	}
	return false
}

func clause(r rune) bool { return strings.ContainsRune("，,：:、", r) }

// sentences cuts a text, each sentence with its end; there is at least one.
func sentences(text string) []string {
	var list []string
	from := 0
	for i, r := range text {
		if strings.ContainsRune("。！？!?；;\n", r) {
			end := i + len(string(r))
			if strings.TrimSpace(text[from:end]) != "" {
				list = append(list, strings.TrimSpace(text[from:end]))
			}
			from = end
		}
	}
	if rest := strings.TrimSpace(text[from:]); rest != "" || len(list) == 0 {
		list = append(list, rest)
	}
	return list
}

func holdsAny(text string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}
