package classifier

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"jiesu/classifier/text"
)

// A concept that is written otherwise than texts are normalised is never found; one of a single character is found everywhere.
func TestConceptsAreWrittenAsTextsAreRead(t *testing.T) {
	t.Parallel()
	folder := text.NewFolder()
	previous := ""
	for line := range strings.Lines(concepts) {
		name, list, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if name <= previous {
			t.Errorf("%s comes after %s", name, previous)
		}
		previous = name
		phrases := strings.Split(list, " ")
		if !slices.IsSorted(phrases) || len(slices.Compact(slices.Clone(phrases))) != len(phrases) {
			t.Errorf("%s: phrases out of order or twice", name)
		}
		for _, phrase := range phrases {
			if folder.Normalize(phrase).String() != phrase || utf8.RuneCountInString(phrase) < 2 {
				t.Errorf("%s: %q is read as %q", name, phrase, folder.Normalize(phrase))
			}
		}
	}
}

func TestConceptsJoinWordsThatNoTextHadTogether(t *testing.T) {
	t.Parallel()
	f, err := NewFeaturizer()
	if err != nil {
		t.Fatal(err)
	}
	concepts := func(s string) (hashes []uint32) {
		var r reading
		f.read(&r, s)
		for _, o := range r.byKind()[3] {
			hashes = append(hashes, o.hash)
		}
		return hashes
	}
	shared := func(a, b string) bool {
		in := concepts(b)
		return slices.ContainsFunc(concepts(a), func(h uint32) bool { return slices.Contains(in, h) })
	}
	if !shared("变压器", "配电室") {
		t.Error("a transformer and a switch room have nothing in common")
	}
	if shared("变压器", "烧烤店") {
		t.Error("a transformer and a restaurant have something in common")
	}
}
