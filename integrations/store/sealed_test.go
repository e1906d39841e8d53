package store

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// A column that is sealed and not named where keys are exchanged would be lost with its old key.
func TestEverySealedColumnIsSealedAnew(t *testing.T) {
	t.Parallel()
	named := map[string]bool{}
	for _, t := range sealedTables() {
		for _, binding := range t.columns {
			named[binding] = true
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	use, found := regexp.MustCompile(`sealed\{\w+\.vault, "([a-z_.]+)"`), 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range use.FindAllStringSubmatch(string(text), -1) {
			if found++; !named[m[1]] {
				t.Errorf("%s: %s is not among sealedTables", f, m[1])
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d uses found", found)
	}
}
