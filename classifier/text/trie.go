package text

import (
	"math"

	"github.com/go-ego/gse"
)

// trie holds the words of a dictionary by their characters.
type trie struct {
	// All edges in one table with open addressing at half load: the node before and the character, and the node behind.
	edges     []edge
	shift     uint
	distances []float32 // by node
	longest   int       // units of the longest word
}

type edge struct {
	key  uint64 // 0: free
	node int32
}

const (
	root    int32 = 0
	nowhere int32 = -1
	// noWord is the distance of a node where no word ends.
	noWord float32 = -1
)

// newTrie takes over gse's words and how far each one is: log2(all / frequency), in its precision.
func newTrie(dictionary *gse.Dictionary) trie {
	t := trie{distances: []float32{noWord}, longest: dictionary.MaxTokenLen()}
	t.reserve(4 * dictionary.NumTokens())
	all := float32(math.Log2(dictionary.TotalFreq()))
	for i := range dictionary.Tokens {
		word := &dictionary.Tokens[i]
		node := root
		for _, r := range word.Text() {
			node = t.add(node, r)
		}
		t.distances[node] = all - float32(math.Log2(word.Freq()))
	}
	return t
}

func (t *trie) reserve(edges int) {
	t.shift = 63
	for 1<<(64-t.shift) < 2*edges {
		t.shift--
	}
	t.edges = make([]edge, 1<<(64-t.shift))
}

func (t *trie) slot(key uint64) int { return int(key * 0x9e3779b97f4a7c15 >> t.shift) }

func edgeKey(node int32, r rune) uint64 { return uint64(node+1)<<21 | uint64(r) }

// add returns the node behind r, a new one if need be.
func (t *trie) add(node int32, r rune) int32 {
	if 2*len(t.distances) >= len(t.edges) {
		old := t.edges
		t.reserve(len(t.edges))
		for _, e := range old {
			if e.key != 0 {
				t.put(e)
			}
		}
	}
	if next := t.next(node, r); next != nowhere {
		return next
	}
	e := edge{edgeKey(node, r), int32(len(t.distances))}
	t.put(e)
	t.distances = append(t.distances, noWord)
	return e.node
}

func (t *trie) put(e edge) {
	at := t.slot(e.key)
	for t.edges[at].key != 0 {
		at = (at + 1) & (len(t.edges) - 1)
	}
	t.edges[at] = e
}

func (t *trie) next(node int32, r rune) int32 {
	key := edgeKey(node, r)
	for at := t.slot(key); t.edges[at].key != 0; at = (at + 1) & (len(t.edges) - 1) {
		if t.edges[at].key == key {
			return t.edges[at].node
		}
	}
	return nowhere
}

// walk follows a unit, lower case or not.
func (t *trie) walk(node int32, unit []rune) int32 {
	for _, r := range unit {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		if node = t.next(node, r); node == nowhere {
			return nowhere
		}
	}
	return node
}
