package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryItemHasAKnowledgeCard(t *testing.T) {
	t.Parallel()
	cards, err := KnowledgeCards("")
	if err != nil {
		t.Fatal(err)
	}
	plan := strict[taxonomyFile](t, "plan/taxonomy.yaml")
	items := []string{"other"}
	for _, c := range plan.Categories {
		for _, i := range c.Issues {
			items = append(items, i.ID)
		}
	}
	if len(items) != 34 || len(cards) != 34 {
		t.Errorf("%d items, %d cards", len(items), len(cards))
	}
	for _, item := range items {
		text := string(cards[item])
		for _, part := range []string{"受理", "不在这里", "请问清楚", "谁来办", "\n- "} {
			if !strings.Contains(text, part) {
				t.Errorf("the card of %s lacks %q", item, part)
			}
		}
	}
}

func TestACardOfTheOfficeTakesThePlaceOfOurs(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "1.1.md"), []byte("本市的做法"), 0o600); err != nil {
		t.Fatal(err)
	}
	cards, err := KnowledgeCards(folder)
	if err != nil || string(cards["1.1"]) != "本市的做法" || len(cards["1.2"]) == 0 {
		t.Errorf("%q, %v", cards["1.1"], err)
	}
}
