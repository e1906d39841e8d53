package store

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// While servers are replaced one by one, the old version works on the schema of the new one. So a migration only adds: what the old version doesn't
// name must not be missed by it. Taking away is for a later version, when nobody runs the one that still used it; such a statement says so in a line
// "-- contract: VERSION" above it, the version from which it is safe.
func TestMigrationsOnlyAdd(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d migrations, %v", len(names), err)
	}
	for _, name := range names {
		content, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range takesAway(string(content), strings.HasSuffix(name, "00001_initial.sql")) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

func TestWhatTakesAwayIsSeen(t *testing.T) {
	t.Parallel()
	for statement, bad := range map[string]bool{
		"CREATE TABLE a (id TEXT NOT NULL PRIMARY KEY);\nCREATE UNIQUE INDEX a_id ON a (id);": false,
		"ALTER TABLE cases ADD COLUMN note TEXT NOT NULL DEFAULT '';":                         false,
		"CREATE INDEX cases_note ON cases (note);":                                            false,
		"INSERT INTO a SELECT id FROM cases;":                                                 false,
		"ALTER TABLE cases ADD COLUMN note TEXT NOT NULL;":                                    true, // the old version doesn't fill it
		"ALTER TABLE cases ADD COLUMN note TEXT;":                                             false,
		"ALTER TABLE cases DROP COLUMN note;":                                                 true,
		"ALTER TABLE cases RENAME COLUMN a TO b;":                                             true,
		"ALTER TABLE cases ALTER COLUMN a TYPE BIGINT;":                                       true,
		"DROP TABLE cases;":                                                                   true,
		"DROP INDEX cases_unit;":                                                              false, // slower, not wrong
		"CREATE UNIQUE INDEX cases_token ON cases (token);":                                   true,  // the old version may write what it forbids
		"ALTER TABLE users ADD COLUMN subject TEXT NOT NULL DEFAULT '';\nCREATE UNIQUE INDEX u ON users (subject) WHERE subject <> '';": false, // nor does it write what it doesn't know
		"CREATE UNIQUE INDEX u ON users (name) WHERE name <> '';":                                                                       true,
		"-- contract: 1.4\nDROP TABLE cases;":                                                                                           false,
		"DELETE FROM cases;":                                                                                                            true,
	} {
		if got := len(takesAway(statement, false)) > 0; got != bad {
			t.Errorf("%q takes away: %v", statement, got)
		}
	}
}

var (
	createdTable = regexp.MustCompile(`(?i)CREATE (?:VIRTUAL )?TABLE (?:IF NOT EXISTS )?(\w+)`)
	uniqueIndex  = regexp.MustCompile(`(?is)^CREATE UNIQUE INDEX \w+ ON (\w+)`)
	uniqueOfNew  = regexp.MustCompile(`(?is)^CREATE UNIQUE INDEX \w+ ON (\w+) \((\w+)\) WHERE (\w+) <> ''$`)
	addedEmpty   = regexp.MustCompile(`(?i)ALTER TABLE (\w+) ADD COLUMN (\w+) TEXT NOT NULL DEFAULT ''`)
	addedColumn  = regexp.MustCompile(`(?is)^ALTER TABLE \w+ ADD COLUMN `)
	harmless     = regexp.MustCompile(`(?is)^(CREATE (VIRTUAL )?TABLE|CREATE INDEX|DROP INDEX|INSERT INTO|UPDATE )`)
	comment      = regexp.MustCompile(`--[^\n]*`)
)

// takesAway lists the statements of a migration that an old version could stumble over.
func takesAway(migration string, first bool) (problems []string) {
	if first { // there is no older version
		return nil
	}
	made := map[string]bool{}
	for _, m := range createdTable.FindAllStringSubmatch(migration, -1) {
		made[strings.ToLower(m[1])] = true
	}
	empty := map[string]bool{} // columns that the old version leaves empty
	for _, m := range addedEmpty.FindAllStringSubmatch(migration, -1) {
		empty[strings.ToLower(m[1]+"."+m[2])] = true
	}
	// A semicolon in a comment ends nothing.
	plain := comment.ReplaceAllStringFunc(migration, func(c string) string { return strings.ReplaceAll(c, ";", ",") })
	for statement := range strings.SplitSeq(plain, ";") {
		contract := strings.Contains(statement, "-- contract: ")
		text := strings.TrimSpace(comment.ReplaceAllString(statement, ""))
		unique, ofNew := uniqueIndex.FindStringSubmatch(text), uniqueOfNew.FindStringSubmatch(text)
		switch {
		case text == "", contract, harmless.MatchString(text):
		case unique != nil && made[strings.ToLower(unique[1])]:
		case ofNew != nil && ofNew[2] == ofNew[3] && empty[strings.ToLower(ofNew[1]+"."+ofNew[2])]:
		case addedColumn.MatchString(text) && (strings.Contains(strings.ToUpper(text), "DEFAULT") || !strings.Contains(strings.ToUpper(text), "NOT NULL")):
		default:
			problems = append(problems, text)
		}
	}
	return problems
}
