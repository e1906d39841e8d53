package configs

import (
	"bytes"
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// The whole shape of the data files. Decoded strictly, so that a misspelt key in a file fails here and not silently in use.
type (
	taxonomyFile struct {
		Source, City string
		Office       struct{ ID, Name, Host string }
		Units        map[string]struct{ Name, Full string }
		Responsible  string
		Districts    []string
		Categories   []struct {
			ID, Name string
			Leads    []string
			Issues   []struct {
				ID, Name string
				Covers   []string
			}
		}
		Supervision struct {
			Ledger, Closure, Longterm    string
			Rhythm, Evaluation, Exposure []string
		}
	}
	dispatchFile struct {
		Items map[string]struct {
			Default string
			Units   []string
			Rules   []struct {
				Unit, When string
				Cues       []string
			}
		}
	}
	doorsFile struct {
		Doors []door
	}
	door struct {
		ID, Name, Phone, When string
		Urgent                bool
		Cues                  []string
	}
)

func strict[T any](t *testing.T, name string) T {
	t.Helper()
	text, err := files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTaxonomyIsThePlans(t *testing.T) {
	t.Parallel()
	plan := strict[taxonomyFile](t, "plan/taxonomy.yaml")
	items, leads := map[string]bool{}, map[string]bool{}
	for _, c := range plan.Categories {
		for _, id := range c.Leads {
			leads[id] = true
			if plan.Units[id].Name == "" {
				t.Errorf("category %s: unit %q has no name", c.ID, id)
			}
		}
		for _, item := range c.Issues {
			if items[item.ID] || !strings.HasPrefix(item.ID, c.ID+".") || item.Name == "" || len(item.Covers) == 0 {
				t.Errorf("item %q of category %s is doubled, misplaced or empty", item.ID, c.ID)
			}
			items[item.ID] = true
		}
	}
	if len(plan.Categories) != 8 || len(items) != 33 || len(plan.Units) != 32 || len(leads) != 32 || len(plan.Districts) != 13 {
		t.Errorf("%d categories, %d items, %d units, %d of them leading, %d districts; the plan has 8, 33, 32, 32, 13",
			len(plan.Categories), len(items), len(plan.Units), len(leads), len(plan.Districts))
	}
}

func TestGazetteerIsSound(t *testing.T) {
	t.Parallel()
	text, err := Read("plan/places.tsv")
	if err != nil {
		t.Fatal(err)
	}
	plan := strict[taxonomyFile](t, "plan/taxonomy.yaml")
	kinds := strings.Fields("name subdistrict street town village park market station industrial landmark city trap")
	var before string
	seen, inDistrict, hints := map[string]bool{}, map[string]int{}, 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 3 || line <= before {
			t.Fatalf("%q: not three fields, or not in order behind %q", line, before)
		}
		before = line
		district, kind, name := f[0], f[1], f[2]
		if district != "-" && !slices.Contains(plan.Districts, district) || !slices.Contains(kinds, kind) || (kind == "city" || kind == "trap") != (district == "-" && kind != "landmark") {
			t.Errorf("%q: district or kind", line)
		}
		if seen[name] || utf8.RuneCountInString(name) < 2 || strings.ContainsFunc(name, unicode.IsSpace) {
			t.Errorf("%q: doubled, too short or with a space", line)
		}
		seen[name] = true
		if kind != "city" && kind != "trap" && kind != "name" && district != "-" {
			inDistrict[district]++
			hints++
		}
	}
	for _, d := range plan.Districts {
		if inDistrict[d] < 10 {
			t.Errorf("%s has %d places", d, inDistrict[d])
		}
	}
	if hints < 400 {
		t.Errorf("%d places", hints)
	}
	if _, err := Read("plan/nowhere.tsv"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that isn't there: %v", err)
	}
}

func TestDispatchStaysWithinThePlan(t *testing.T) {
	t.Parallel()
	plan, dispatch := strict[taxonomyFile](t, "plan/taxonomy.yaml"), strict[dispatchFile](t, "plan/dispatch.yaml")
	used := map[string]bool{}
	for _, c := range plan.Categories {
		for _, item := range c.Issues {
			d, ok := dispatch.Items[item.ID]
			if !ok || len(d.Units) == 0 || d.Units[0] != d.Default {
				t.Errorf("%s: no dispatch, or its default %q isn't the first unit of %v", item.ID, d.Default, d.Units)
			}
			for _, unit := range d.Units {
				used[c.ID+" "+unit] = true
				if !slices.Contains(c.Leads, unit) {
					t.Errorf("%s: %s is no lead unit of category %s", item.ID, unit, c.ID)
				}
			}
			var ruled []string
			for _, r := range d.Rules {
				ruled = append(ruled, r.Unit)
				if r.When == "" || len(r.Cues) == 0 || !slices.Contains(d.Units, r.Unit) {
					t.Errorf("%s: the rule for %s can't be explained, never fits, or leads elsewhere", item.ID, r.Unit)
				}
			}
			for _, unit := range d.Units[1:] {
				if !slices.Contains(ruled, unit) {
					t.Errorf("%s: no rule leads to %s", item.ID, unit)
				}
			}
		}
		// A lead unit that no item can reach would never get a case of its category.
		for _, unit := range c.Leads {
			if !used[c.ID+" "+unit] {
				t.Errorf("category %s: no item goes to its lead unit %s", c.ID, unit)
			}
		}
	}
	if len(dispatch.Items) != 33 {
		t.Errorf("%d items, want the plan's 33", len(dispatch.Items))
	}
}

func TestDoorsLeaveNobodyOutside(t *testing.T) {
	t.Parallel()
	doors := strict[doorsFile](t, "plan/doors.yaml").Doors
	phone := regexp.MustCompile(`^(1[0-9]{2}|12[0-9]{3}|95[0-9]{3})$`)
	ids, cues := map[string]bool{}, map[string]string{}
	for i, d := range doors {
		last := i == len(doors)-1
		if ids[d.ID] || d.Name == "" || d.When == "" || !phone.MatchString(d.Phone) || last != (len(d.Cues) == 0) {
			t.Errorf("door %q is doubled, incomplete or can't be reached", d.ID)
		}
		ids[d.ID] = true
		for _, cue := range d.Cues {
			if cues[cue] != "" || cue == "" {
				t.Errorf("cue %q leads to %s and %s", cue, cues[cue], d.ID)
			}
			cues[cue] = d.ID
		}
		if i > 0 && d.Urgent && !doors[i-1].Urgent {
			t.Errorf("door %s is urgent but stands behind one that isn't", d.ID)
		}
	}
	for _, number := range []string{"110", "119", "120", "12315", "12333", "12348", "12366", "12393", "12345"} {
		if !slices.ContainsFunc(doors, func(d door) bool { return d.Phone == number }) {
			t.Errorf("no door with number %s", number)
		}
	}
	if doors[len(doors)-1].Phone != "12345" {
		t.Error("the last door, for everything else, must be the city's own hotline")
	}
}

func TestDecodeTakesOnlyWhatTheCallerKnows(t *testing.T) {
	t.Parallel()
	var part struct {
		City string `yaml:"city"`
	}
	if err := Decode("plan/taxonomy.yaml", &part); err != nil || part.City == "" {
		t.Errorf("got %+v, %v", part, err)
	}
	if err := Decode("plan/none.yaml", &part); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that isn't there: got %v", err)
	}
	var wrong struct {
		City int `yaml:"city"`
	}
	if err := Decode("plan/taxonomy.yaml", &wrong); err == nil || !strings.Contains(err.Error(), "plan/taxonomy.yaml") {
		t.Errorf("wrong type: got %v", err)
	}
}

func TestWordingNamesEverything(t *testing.T) {
	t.Parallel()
	words, err := Wording()
	if err != nil {
		t.Fatal(err)
	}
	for kind, values := range map[string]string{
		"state":   "triage dispatched signed refused replied closed struck_off withdrawn not_accepted transferred",
		"action":  "assign sign refuse reassign progress extend reply close strike-off redo withdraw rate urge supervise",
		"event":   "assign sign refuse reassign progress extend reply close strike-off redo withdraw rate urge supervise",
		"role":    "operator unit office admin complainant",
		"channel": "wechat hotline web api import",
	} {
		for _, value := range strings.Fields(values) {
			if words[kind+"."+value] == "" {
				t.Errorf("no text for %s.%s", kind, value)
			}
		}
	}
	shape, placeholder := regexp.MustCompile(`^[a-z][a-z0-9_.-]*$`), regexp.MustCompile(`\{[a-z][a-z0-9_]*\}`)
	for key, text := range words {
		if !shape.MatchString(key) || strings.TrimSpace(text) == "" {
			t.Errorf("key %q is malformed or its text empty", key)
		}
		if strings.ContainsAny(placeholder.ReplaceAllString(text, ""), "{}") {
			t.Errorf("%s: a brace that is no {placeholder}: %s", key, text)
		}
	}
}

func TestWordingKeyInTwoFilesIsRefused(t *testing.T) {
	t.Parallel()
	_, err := merge(fstest.MapFS{
		"w/a.yaml": {Data: []byte("x.one: 一\nx.two: 二\n")},
		"w/b.yaml": {Data: []byte("x.two: 贰\n")},
	}, "w")
	if err == nil || !strings.Contains(err.Error(), `"x.two"`) || !strings.Contains(err.Error(), "w/a.yaml") {
		t.Errorf("two files: got %v", err)
	}
	_, err = merge(fstest.MapFS{"w/a.yaml": {Data: []byte("x.two: 二\nx.two: 贰\n")}}, "w")
	if err == nil {
		t.Error("twice in one file: no error")
	}
	_, err = merge(fstest.MapFS{"w/a.yaml": {Data: []byte("x: {two: 二}\n")}}, "w")
	if err == nil {
		t.Error("nested key: no error")
	}
}
