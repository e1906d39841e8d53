package bot

import (
	"time"

	"jiesu/routing"
)

// How alike two texts must be to ask whether they are one matter: the share of the shorter text's pairs of neighbouring characters
// that the longer one has too. Two texts on the same item share a topic's words anyway, hence not lower; a person who says it again says it in
// other words, hence not higher.
const (
	alikeSameItem = 0.35
	alikeAnyItem  = 0.6
	followOn      = 30 * time.Minute // what is said so soon after filing may belong to it
)

// repeated finds the own open case that the text says again.
func repeated(text string, j routing.Judgement, own []routing.Case) (routing.Case, bool) {
	var best routing.Case
	var most float64
	said := bigrams(text)
	for _, c := range own {
		need := alikeAnyItem
		if c.Item == j.Item && c.Item != routing.Other {
			need = alikeSameItem
		}
		if o := overlap(said, bigrams(c.Text)); c.State.Open() && o >= need && o > most {
			best, most = c, o
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
