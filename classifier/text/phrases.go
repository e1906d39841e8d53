package text

import (
	"errors"
	"fmt"
	"strings"
)

// ErrPhrases reports a line that isn't a name, a tab and the phrases of that name.
var ErrPhrases = errors.New("bad line of phrases")

// Phrases finds expressions that have been given a name. Several may have the same name, and one several names. Safe for concurrent use.
type Phrases struct {
	words trie
	// ends has, by node, the range of names that are spoken when a phrase ends there.
	ends  [][2]int32
	names []uint32
}

// NewPhrases reads lines of a name, a tab and phrases with spaces between them; number says what Each calls a name. Phrases are
// compared with normalised text, so they must be written as that is: simplified characters, lower case. It returns ErrPhrases (wrapped) with
// the number of a bad line.
func NewPhrases(lines string, number func(name string) uint32) (*Phrases, error) {
	p := &Phrases{words: trie{distances: []float32{noWord}}}
	p.words.reserve(len(lines) / 3)
	spoken := map[int32][]uint32{}
	line := 0
	for text := range strings.Lines(lines) {
		line++
		name, phrases, ok := strings.Cut(strings.TrimSuffix(text, "\n"), "\t")
		if !ok || name == "" || strings.TrimSpace(phrases) == "" {
			return nil, fmt.Errorf("%w: line %d", ErrPhrases, line)
		}
		for phrase := range strings.FieldsSeq(phrases) {
			node := root
			for _, r := range phrase {
				node = p.words.add(node, r)
			}
			spoken[node] = append(spoken[node], number(name))
		}
	}
	p.ends = make([][2]int32, len(p.words.distances))
	for node := range p.ends {
		start := int32(len(p.names))
		p.names = append(p.names, spoken[int32(node)]...)
		p.ends[node] = [2]int32{start, int32(len(p.names))}
	}
	return p, nil
}

// Each tells of every phrase in a normalised text, also of those inside others, in order of start: its name's number and its characters
// [start, end).
func (p *Phrases) Each(normalized []rune, found func(name uint32, start, end int)) {
	for start := range normalized {
		node := root
		for at := start; at < len(normalized); at++ {
			if node = p.words.next(node, normalized[at]); node == nowhere {
				break
			}
			for _, name := range p.names[p.ends[node][0]:p.ends[node][1]] {
				found(name, start, at+1)
			}
		}
	}
}
