package bot

import (
	"time"

	"jiesu/routing"
)

// How alike the words of two texts must be to ask whether they are one matter: the share of the shorter text's pairs of neighbouring characters
// that the longer one has too. Two texts on the same item share a topic's words anyway, hence not lower. This finds what is said
// in the same words; who says it again in others is found by what it is about (routing.SameMatter).
const (
	alikeSameItem = 0.35
	alikeAnyItem  = 0.6
	followOn      = 30 * time.Minute // what is said so soon after filing may belong to it
)

// repeated finds the own open case that the text says again: in the same words, or about the same matter in others.
func repeated(text string, j routing.Judgement, w World) (routing.Case, bool) {
	var best routing.Case
	var most float64
	said := bigrams(text)
	for _, c := range w.Cases {
		if !c.State.Open() {
			continue
		}
		need := alikeAnyItem
		if c.Item == j.Item && c.Item != routing.Other {
			need = alikeSameItem
		}
		alike := overlap(said, bigrams(c.Text))
		if alike < need {
			alike = 0
		}
		if l := j.Matter.Likeness(w.Matters[c.Number]); l >= routing.SameMatter {
			alike = max(alike, l)
		}
		if alike > most {
			best, most = c, alike
		}
	}
	return best, most > 0
}

func overlap(x, y map[[2]rune]bool) float64 {
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) < 3 {
		return 0
	}
	common := 0
	for k := range x {
		if y[k] {
			common++
		}
	}
	return float64(common) / float64(len(x))
}

func bigrams(s string) map[[2]rune]bool {
	r := []rune(bare(s))
	set := make(map[[2]rune]bool, len(r))
	for i := 1; i < len(r); i++ {
		set[[2]rune{r[i-1], r[i]}] = true
	}
	return set
}
