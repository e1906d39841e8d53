package text_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jiesu/classifier/text"
)

type finding struct {
	name       uint32
	start, end int
}

func found(p *text.Phrases, s string) []finding {
	list := []finding{}
	p.Each([]rune(s), func(name uint32, start, end int) { list = append(list, finding{name, start, end}) })
	return list
}

func TestPhrasesAreFoundInsideOthersAndUnderEachName(t *testing.T) {
	t.Parallel()
	number := func(name string) uint32 { return uint32(name[0]) }
	p, err := text.NewPhrases("a\t停电 停电通知\nb\t通知 停电\n", number)
	if err != nil {
		t.Fatal(err)
	}
	want := []finding{{'a', 1, 3}, {'b', 1, 3}, {'a', 1, 5}, {'b', 3, 5}}
	if got := found(p, "没停电通知"); !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
	if got := found(p, ""); len(got) != 0 {
		t.Errorf("found %v in nothing", got)
	}
}

func TestPhrasesAreThoseThatASearchFinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("停电水")), 1, 4, -1)
		lists := rapid.SliceOfN(rapid.SliceOfN(word, 1, 4), 1, 4).Draw(t, "phrases")
		s := rapid.StringOfN(rapid.RuneFrom([]rune("停电水。")), 0, 30, -1).Draw(t, "text")
		var lines strings.Builder
		for i, list := range lists {
			lines.WriteString(string(rune('a'+i)) + "\t" + strings.Join(list, " ") + "\n")
		}
		p, err := text.NewPhrases(lines.String(), func(name string) uint32 { return uint32(name[0]) })
		if err != nil {
			t.Fatal(err)
		}
		want := []finding{}
		runes := []rune(s)
		for start := range runes {
			for end := start + 1; end <= len(runes); end++ {
				for i, list := range lists {
					for _, phrase := range list {
						if string(runes[start:end]) == phrase {
							want = append(want, finding{uint32('a' + i), start, end})
						}
					}
				}
			}
		}
		if got := found(p, s); !slices.Equal(got, want) {
			t.Errorf("found %v, want %v", got, want)
		}
	})
}

func TestBadLinesOfPhrasesAreNamed(t *testing.T) {
	t.Parallel()
	for _, lines := range []string{"a\t停电\nb 停水\n", "a\t停电\n\t停水\n", "a\t停电\nb\t \n"} {
		if _, err := text.NewPhrases(lines, func(string) uint32 { return 0 }); !errors.Is(err, text.ErrPhrases) || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: %v", lines, err)
		}
	}
}
