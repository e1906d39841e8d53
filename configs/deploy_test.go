package configs

import (
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// metrics are the names that the program registers, in its source.
func metrics(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	registered := regexp.MustCompile(`Name:\s+"(jiesu_\w+)"`)
	err := filepath.WalkDir("../integrations", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range registered.FindAllStringSubmatch(string(text), -1) {
			names[m[1]] = true
		}
		return err
	})
	if err != nil || len(names) < 5 {
		t.Fatalf("%d metrics, %v", len(names), err)
	}
	return names
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Alarms and dashboard look at figures that there are, and the runbook says what to do about each alarm.
func TestAlarmsAndDashboardAreOfFiguresThatThereAre(t *testing.T) {
	t.Parallel()
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert string `yaml:"alert"`
				Expr  string `yaml:"expr"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}
	alerts, board := read(t, "deploy/alerts.yaml"), read(t, "deploy/grafana.json")
	if err := yaml.Unmarshal([]byte(alerts), &rules); err != nil {
		t.Fatal(err)
	}
	if !json.Valid([]byte(board)) {
		t.Error("grafana.json is no JSON")
	}
	known, runbook, n := metrics(t), read(t, "../docs/runbook.md"), 0
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			n++
			if r.Expr == "" || !strings.Contains(runbook, "\n### "+r.Alert+"\n") {
				t.Errorf("%s: no rule, or nothing about it in the runbook", r.Alert)
			}
		}
	}
	if n < 5 {
		t.Errorf("%d alarms", n)
	}
	for _, name := range regexp.MustCompile(`jiesu_[a-z_]+`).FindAllString(alerts+board, -1) {
		if !known[strings.TrimSuffix(name, "_bucket")] {
			t.Errorf("nobody counts %s", name)
		}
	}
}

// What deployments set are settings that there are.
func TestDeploymentsSetWhatThereIs(t *testing.T) {
	t.Parallel()
	c := Default()
	known := map[string]bool{}
	for _, k := range keys(&c) {
		known[k.env] = true
	}
	for _, name := range []string{"jiesu.service", "compose.yaml", "kubernetes.yaml"} {
		text := read(t, "deploy/"+name)
		set := regexp.MustCompile(`JIESU_[A-Z_]+`).FindAllString(text, -1)
		if len(set) == 0 {
			t.Errorf("%s sets nothing", name)
		}
		for _, env := range set {
			if !known[strings.TrimSuffix(env, "_FILE")] {
				t.Errorf("%s sets %s, which is no setting", name, env)
			}
		}
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		docs := yaml.NewDecoder(strings.NewReader(text))
		for {
			var doc map[string]any
			err := docs.Decode(&doc)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}
