package routing

import (
	"os"
	"strings"
	"testing"

	"jiesu/configs"
)

func wordsOf(t testing.TB) Wording {
	t.Helper()
	w, err := configs.Wording()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// hearing replays a story and returns what the complainant is told at the moment.
func hearing(p *Plan, w Wording, lines, at string) (Case, []Event, Outlook) {
	events, now := story(lines), clockAt(at)
	c := Case{Number: "JS20260924-000001", Channel: ChannelHotline}
	var past []Event
	for _, e := range events {
		if e.At.After(now) {
			break
		}
		if e.Action == ActionRate {
			e.Data.Rating = &Rating{Solved: SolvedYes, Satisfied: 5}
			if e.Data.Internal { // as a story has it: not solved
				e.Data.Rating, e.Data.Internal = &Rating{Solved: SolvedNo}, false
			}
		}
		c.Apply(e, p)
		past = append(past, e)
	}
	return c, past, p.Outlook(w, c, past, now)
}

// TestWhatTheComplainantIsToldOfEveryState compares with testdata/outlook.txt: of each story the events, lines that begin with @ for the
// moments looked at, and under each what is said. JIESU_TEST_UPDATE=1 writes the answers anew, to be read before they are committed.
func TestWhatTheComplainantIsToldOfEveryState(t *testing.T) {
	t.Parallel()
	const path = "testdata/outlook.txt"
	p, w := city(t), wordsOf(t)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	seen := map[State]bool{}
	for i, part := range strings.Split(string(raw), "\n# ") {
		if i == 0 {
			out.WriteString(part)
			continue
		}
		name, body, _ := strings.Cut(part, "\n")
		out.WriteString("\n# " + name + "\n")
		var events []string
		for _, line := range strings.Split(strings.TrimRight(body, "\n"), "\n") {
			switch {
			case strings.HasPrefix(line, "2026-"):
				events = append(events, line)
				out.WriteString(line + "\n")
			case strings.HasPrefix(line, "@ "):
				c, _, o := hearing(p, w, strings.Join(events, "\n"), strings.TrimPrefix(line, "@ "))
				seen[c.State] = true
				out.WriteString(line + "\n  " + strings.Join(o.Lines(), "\n  ") + "\n")
			}
		}
	}
	if os.Getenv("JIESU_TEST_UPDATE") != "" {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got := out.String(); got != string(raw) {
		t.Errorf("the words have changed:\n%s", got)
	}
	for _, s := range States() {
		if !seen[s] {
			t.Errorf("no story comes to %s", s)
		}
	}
}

func TestNobodyIsToldOfARefusal(t *testing.T) {
	t.Parallel()
	p, w := city(t), wordsOf(t)
	lines := `2026-11-24 09:30 operator file dispatched unit=finance item=2.1
		2026-11-24 15:00 unit refuse refused
		2026-11-26 10:00 office reassign dispatched unit=finance`
	for _, at := range []string{"2026-11-24 16:00", "2026-11-26 11:00"} {
		c, _, o := hearing(p, w, lines, at)
		text := strings.Join(o.Lines(), "\n") + w.Text("state."+string(c.State.Told()))
		for _, never := range []string{"退单", "拒", "推", "不属于", "退回"} {
			if strings.Contains(text, never) {
				t.Errorf("%s: %q is in %s", at, never, text)
			}
		}
	}
}

func TestEverySentenceIsShortAndWhole(t *testing.T) {
	t.Parallel()
	for key, text := range wordsOf(t) {
		if !strings.HasPrefix(key, "outlook.") {
			continue
		}
		if n := len([]rune(text)); n > 45 {
			t.Errorf("%s has %d characters", key, n)
		}
	}
	p, w := city(t), wordsOf(t)
	for _, s := range States() {
		o := p.Outlook(w, Case{State: s, Unit: "finance"}, nil, clockAt("2026-11-24 09:30"))
		if o.Who == "" || strings.ContainsAny(strings.Join(o.Lines(), ""), "{}") || strings.Contains(strings.Join(o.Lines(), ""), "outlook.") {
			t.Errorf("%s: %q", s, o.Lines())
		}
	}
}
