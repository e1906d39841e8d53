package train

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"jiesu/classifier"
	"jiesu/routing"
)

// telling is one of three texts about a matter: of the first complainant, of the same one again, and of somebody else. The matters of a topic are
// alike: in part "chosen" of the same item, in part "apart" mostly of the same place or body, which is harder to tell apart. The features and
// thresholds were chosen by "chosen" alone; "apart" was written afterwards and only measured.
type telling struct {
	Part   string `json:"part"`
	Topic  string `json:"topic"`
	Matter string `json:"matter"`
	Text   string `json:"text"`
	is     routing.Matter
}

const tellings = 3

func readTellings(t *testing.T, model *classifier.Model) []telling {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "repeats.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var all []telling
	for line := range strings.Lines(string(data)) {
		var x telling
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		if n := len(all); n%tellings != 0 && x.Matter != all[n-1].Matter {
			t.Fatalf("matter %s isn't told %d times", all[n-1].Matter, tellings)
		}
		x.is = matterOf(model, x.Text)
		all = append(all, x)
	}
	return all
}

func matterOf(model *classifier.Model, text string) routing.Matter {
	var m routing.Matter
	for _, t := range model.Classify(text).Matter {
		m = append(m, routing.Trait(t))
	}
	return m
}

// found counts pairs of texts by whether their likeness reaches a threshold.
type found struct{ alike, all int }

func (f *found) add(likeness, least float64) {
	f.all++
	if likeness >= least {
		f.alike++
	}
}

func (f found) share() float64 { return float64(f.alike) / float64(f.all) }

// What is found is told by who tells it: what others tell of a matter shares less with it than what the same person says again. Wrong are
// pairs of the two matters of a topic, which are closer than two complaints of a city usually are.
func TestRepeatsAreFoundAndLikeMattersKeptApart(t *testing.T) {
	t.Parallel()
	_, _, tax := corpusRows(t)
	model, err := classifier.Embedded(tax)
	if err != nil {
		t.Fatal(err)
	}
	all := readTellings(t, model)
	for _, c := range []struct {
		part          string
		pairs         int
		least         float64
		again, others float64 // floors
		wrong         float64 // ceiling
	}{
		{"chosen", 360, routing.SameMatterOwn, 0.9, 0.66, 0.01},
		{"chosen", 360, routing.SameMatter, 0.87, 0.43, 0.01},
		{"apart", 150, routing.SameMatterOwn, 0.93, 0.8, 0.32},
		{"apart", 150, routing.SameMatter, 0.88, 0.65, 0.23},
	} {
		var again, others, apart found
		for i, x := range all {
			for j, y := range all[:i] {
				if x.Part != c.part || x.Topic != y.Topic {
					continue
				}
				likeness := x.is.Likeness(y.is)
				switch {
				case x.Matter != y.Matter:
					apart.add(likeness, c.least)
				case i%tellings == 1 && j%tellings == 0:
					again.add(likeness, c.least)
				default:
					others.add(likeness, c.least)
				}
			}
		}
		right := again.alike + others.alike
		t.Logf("%s from %.2f: told again %.3f, by others %.3f, another matter %.3f, precision %.3f", c.part, c.least, again.share(), others.share(),
			apart.share(), float64(right)/float64(right+apart.alike))
		if n := again.all + others.all + apart.all; n != c.pairs {
			t.Errorf("%s: %d pairs, want %d", c.part, n, c.pairs)
		}
		if again.share() < c.again || others.share() < c.others || apart.share() > c.wrong {
			t.Errorf("%s from %.2f: told again %.3f, by others %.3f, another matter %.3f; want %+v", c.part, c.least, again.share(), others.share(), apart.share(), c)
		}
	}
}

// No two texts of the corpus are of the same matter, so that what is called alike there shows what a city's complaints would give by
// chance: about this share of all pairs.
func TestFewOfACitysComplaintsAreAlikeByChance(t *testing.T) {
	t.Parallel()
	rows, _, tax := corpusRows(t)
	model, err := classifier.Embedded(tax)
	if err != nil {
		t.Fatal(err)
	}
	matters, holders := make([]routing.Matter, len(rows)), map[uint32][]int{}
	var alike float64
	for i, r := range rows {
		matters[i] = matterOf(model, r.Text)
		shared := map[int]bool{}
		for _, trait := range matters[i] {
			for _, other := range holders[trait.Hash] {
				shared[other] = true
			}
			holders[trait.Hash] = append(holders[trait.Hash], i)
		}
		for other := range shared {
			if matters[i].Likeness(matters[other]) >= routing.SameMatter {
				alike++
			}
		}
	}
	n := float64(len(rows))
	share := alike / (n * (n - 1) / 2)
	t.Logf("%.0f pairs of %d texts, %.1f in a million", alike, len(rows), 1e6*share)
	if share > 60e-6 {
		t.Errorf("%.1f of a million pairs are called alike", 1e6*share)
	}
}

func TestAMatterIsSmallAndSaysNothingOfTelephones(t *testing.T) {
	t.Parallel()
	_, _, tax := corpusRows(t)
	model, err := classifier.Embedded(tax)
	if err != nil {
		t.Fatal(err)
	}
	const text = "于洪区平罗街道修路的工程款拖了两年，村口的三公里水泥路早就通车了，请催一催街道。"
	is := matterOf(model, text)
	with := matterOf(model, text+"电话13800001234，02424681357。")
	if l := is.Likeness(with); l < 0.95*is.Likeness(is) {
		t.Errorf("with telephone numbers: %.3f of %.3f", l, is.Likeness(is))
	}
	if other := matterOf(model, "电话13800001234，02424681357。"); is.Likeness(other) != 0 || with.Likeness(other) > 0.1 {
		t.Errorf("like its telephone numbers: %.3f", with.Likeness(other))
	}
	long := matterOf(model, strings.Repeat("工程款拖了两年。", 40))
	for what, m := range map[string]routing.Matter{"short": is, "said forty times": long, "nothing": matterOf(model, ""), "one word": matterOf(model, "工程款")} {
		if len(m) > 16 || m.Likeness(m) > 1.000001 {
			t.Errorf("%s: %d traits, like itself %.3f", what, len(m), m.Likeness(m))
		}
		if !slices.IsSortedFunc(m, func(a, b routing.Trait) int { return int(int64(a.Hash) - int64(b.Hash)) }) {
			t.Errorf("%s: out of order", what)
		}
	}
	if once := matterOf(model, "工程款拖了两年。"); fmt.Sprint(once) != fmt.Sprint(long) || utf8.RuneCountInString(text) < 20 {
		t.Errorf("said once %v, forty times %v", once, long)
	}
}
