package bot

import (
	"strings"
	"unicode/utf8"

	"jiesu/routing"
)

// When a second matter is told of. Without a word that announces one ("我有两个事") the text must be long enough to hold two and another
// category come close. With one the clauses between such words are judged each by itself; messages are judged so in any case, but only
// two that the judge is sure of are two matters, since people tell one story in several messages.
const (
	secondLength  = 60   // characters
	secondFrom    = 0.25 // confidence
	clauseLetters = 8    // fewest that can hold a matter
	partLetters   = 12
	mostClauses   = 12
)

// second finds another matter in the draft than the one that was understood. Item is "" when there is one, and it isn't clear which.
func (t *talk) second(j routing.Judgement) (item string, ok bool) {
	text := t.s.Draft.text()
	announced := t.w.Words.hinted("second", text)
	if announced || utf8.RuneCountInString(text) >= secondLength {
		for _, a := range j.Alternatives {
			if a.Item != j.Item && a.Item != routing.Other && a.Confidence >= secondFrom && t.elsewhere(a.Item, j.Item) {
				return a.Item, true
			}
		}
	}
	if announced {
		return t.secondAmong(j.Item, t.w.Words.clauses(text))
	}
	return t.secondPart(j.Item)
}

func (t *talk) elsewhere(item, from string) bool {
	return t.w.Plan.CategoryOf(item) != t.w.Plan.CategoryOf(from)
}

// secondAmong is the surest other item among the clauses; "" if there is one, and none is likely enough to be named.
func (t *talk) secondAmong(item string, clauses []string) (second string, ok bool) {
	var most float64
	matters := map[string]bool{item: true}
	for _, clause := range clauses {
		j := t.judgeText(clause)
		if letters(clause) < clauseLetters || vague(j) || j.Decision == routing.DecisionTriage {
			continue
		}
		matters[j.Item] = true
		if j.Item != item && j.Confidence >= secondFrom && j.Confidence > most {
			second, most = j.Item, j.Confidence
		}
	}
	return second, len(matters) > 1
}

// secondPart is another item that one of several messages is surely about, while another one surely isn't.
func (t *talk) secondPart(item string) (second string, ok bool) {
	parts := t.s.Draft.Parts
	sure := map[string]bool{}
	for _, part := range parts[:min(len(parts), mostClauses)] {
		j := t.judgeText(part)
		if letters(part) < partLetters || vague(j) || j.Decision != routing.DecisionDispatch {
			continue
		}
		sure[j.Item] = true
		if t.elsewhere(j.Item, item) {
			second = j.Item
		}
	}
	return second, second != "" && len(sure) > 1
}

// clauses cuts a text at the ends of its sentences and before the words that begin another matter.
func (w *Words) clauses(text string) []string {
	var list []string
	for _, sentence := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\u3002' || r == '\uff1b' || r == ';' }) {
		for sentence != "" && len(list) < mostClauses {
			at := w.nextMatter(sentence)
			list = append(list, sentence[:at])
			sentence = sentence[at:]
		}
	}
	return list
}

// nextMatter is where the next matter begins, the length of the text if nowhere.
func (w *Words) nextMatter(text string) int {
	first := len(text)
	_, skip := utf8.DecodeRuneInString(text) // the word that this one begins with
	for _, word := range w.lists["second_at"] {
		if i := strings.Index(text[skip:], word); i >= 0 && skip+i < first {
			first = skip + i
		}
	}
	return first
}
