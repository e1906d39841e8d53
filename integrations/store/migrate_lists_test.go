package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jiesu/routing"
)

// TestCasesFromBeforeAreFoundAndCounted takes a database back to before the lists, as it may stand with a city, and migrates it again.
func TestCasesFromBeforeAreFoundAndCounted(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		s := newStore(t, url)
		fileSecrets(t, s)
		before, err := s.CountByState(t.Context(), routing.Query{Visible: routing.System()})
		if err != nil {
			t.Fatal(err)
		}
		db := openDB(t, url)
		for _, statement := range undo(t, strings.HasPrefix(url, "sqlite:")) {
			if _, err := db.Write().ExecContext(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		if _, err := s.CountByState(t.Context(), routing.Query{Visible: routing.System()}); err == nil {
			t.Fatal("the tally is still there: the test shows nothing")
		}
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		after, err := s.CountByState(t.Context(), routing.Query{Visible: routing.System()})
		if err != nil || len(after) != 1 || after[routing.StateTriage] != before[routing.StateTriage] {
			t.Errorf("counted %v, %v, want %v", after, err, before)
		}
		for text, want := range map[string]int{"一件事": 1, "000001": 1, "两件事": 0} {
			found, _, err := s.Cases(t.Context(), routing.Query{Visible: routing.System(), Text: text, Order: routing.OrderClock})
			if err != nil || len(found) != want {
				t.Errorf("%s: %d cases, %v", text, len(found), err)
			}
		}
	})
}

// undo lists what takes back the migration of lists and everything after it.
func undo(t *testing.T, sqlite bool) (list []string) {
	t.Helper()
	later, err := filepath.Glob("migrations/000*.sql")
	if err != nil {
		t.Fatal(err)
	}
	files := []string{"migrations/lists/both.sql"}
	for _, name := range later {
		if filepath.Base(name) > "00009" {
			files = append(files, name)
		}
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`CREATE (?:UNIQUE )?(INDEX|TABLE) (\w+)|ALTER TABLE (\w+) ADD COLUMN (\w+)`).FindAllStringSubmatch(string(text), -1) {
			if m[1] != "" {
				list = append(list, "DROP "+m[1]+" "+m[2])
			} else {
				list = append(list, "ALTER TABLE "+m[3]+" DROP COLUMN "+m[4])
			}
		}
	}
	slices.Reverse(list)
	list = append(list, "DROP TABLE case_words", "DELETE FROM goose_db_version WHERE version_id >= 9")
	if sqlite {
		list = append(list, "DROP TABLE case_terms")
	}
	return list
}
