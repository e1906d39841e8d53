package jobs

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"jiesu/routing"
)

func TestBackoffDoublesUpToItsMaximum(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]time.Duration{
		-1: 2 * time.Second, 0: 2 * time.Second, 1: 2 * time.Second, 2: 4 * time.Second, 3: 8 * time.Second, 7: 128 * time.Second,
		8: 256 * time.Second, 9: 5 * time.Minute, 64: 5 * time.Minute, 1 << 40: 5 * time.Minute,
	} {
		if got := Backoff(attempt, 0.5); got != want {
			t.Errorf("attempt %d: %v, want %v", attempt, got, want)
		}
	}
}

func TestBackoffStaysWithinAFifthOfItsCurve(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		attempt, jitter := rapid.IntRange(1, 10_000).Draw(t, "attempt"), rapid.Float64Range(0, 0.999).Draw(t, "jitter")
		got, middle := Backoff(attempt, jitter).Seconds(), Backoff(attempt, 0.5).Seconds()
		if got < middle*0.799 || got > middle*1.201 || Backoff(attempt+1, jitter) < Backoff(attempt, jitter) {
			t.Fatalf("attempt %d: %v s around %v s", attempt, got, middle)
		}
	})
}

func TestRetriesEndWithinThePlatformsMemory(t *testing.T) {
	t.Parallel()
	var total time.Duration
	for n := range maxRetries {
		total += Backoff(n+1, 1)
	}
	if total > 9*time.Minute { // it recognises a repetition for ten
		t.Fatalf("the last retry comes after %v", total)
	}
}

func TestTurnsAreAskedForLessOftenWithTime(t *testing.T) {
	t.Parallel()
	last := time.Duration(0)
	for looks := range 1000 {
		wait := turnWait(looks)
		if wait < last || wait < 500*time.Millisecond || wait > 30*time.Second {
			t.Fatalf("look %d waits %v after %v", looks, wait, last)
		}
		last = wait
	}
	if last != 30*time.Second {
		t.Fatalf("the longest wait is %v", last)
	}
}

// unsaid are the steps whose note is between the office and the unit.
var unsaid = map[routing.Action]bool{routing.ActionSendBack: true}

func TestEveryStepHasItsWords(t *testing.T) {
	t.Parallel()
	words, p := wording(t), plan(t)
	w := writer{plan: p, words: words}
	c := routing.Case{Number: "JS20261124-000001", State: routing.StateSigned, Item: p.Categories[0].Items[0].ID, Unit: "finance"}
	for _, a := range append(routing.Actions(), routing.ActionFile) {
		text := w.text(routing.Notice{Kind: routing.NoticeKind(a)}, c, outlook{})
		if !strings.Contains(text, c.Number) || strings.ContainsAny(text, "{}") || strings.Contains(text, "notice.") || strings.HasSuffix(text, "：") {
			t.Errorf("%s: %q", a, text)
		}
		with := w.text(routing.Notice{Kind: routing.NoticeKind(a), Text: "张经理已来电"}, c, outlook{})
		if strings.Contains(with, "：张经理已来电") == unsaid[a] || strings.ContainsAny(with, "{}") {
			t.Errorf("%s with a note: %q", a, with)
		}
	}
	for _, key := range []string{"notice.more", "notice.no_item", "notice.no_unit", "notice.call_back", "notice.write_back", "notice.other"} {
		if !words.Has(key) {
			t.Errorf("%s is missing", key)
		}
	}
	triage := w.text(routing.Notice{Kind: "file"}, routing.Case{Number: "JS20261124-000002", State: routing.StateTriage, Item: routing.Other}, outlook{})
	if !strings.Contains(triage, words.Text("state.triage")) {
		t.Errorf("in triage: %q", triage)
	}
}

func TestALetterOfWhatIsWithACriminalBodySaysNoMoreThanThat(t *testing.T) {
	t.Parallel()
	w := writer{plan: plan(t), words: wording(t)}
	c := routing.Case{Number: "JS20261124-000001", State: routing.StateTransferred, Unit: "finance"}
	if text := w.text(routing.Notice{Kind: "transfer", Text: "转省里办理"}, c, outlook{}); !strings.Contains(text, "去向：转省里办理") {
		t.Errorf("elsewhere: %q", text)
	}
	c.Restricted = true
	text := w.text(routing.Notice{Kind: "transfer"}, c, outlook{})
	if !strings.Contains(text, "已依法移送有权处理的机关") || !strings.Contains(text, c.Number) || strings.ContainsAny(text, "{}") {
		t.Errorf("criminal body: %q", text)
	}
}

func TestLettersAreShortAndKeepTheBeginningOfTheNote(t *testing.T) {
	t.Parallel()
	words, p := wording(t), plan(t)
	w := writer{plan: p, words: words}
	rapid.Check(t, func(t *rapid.T) {
		note := rapid.StringOfN(rapid.Rune(), 1, 1500, -1).Draw(t, "note")
		kind := rapid.SampledFrom(routing.Actions()).Draw(t, "kind")
		c := routing.Case{Number: "JS20261124-000001", State: routing.StateReplied, Unit: "finance"}
		text := w.text(routing.Notice{Kind: routing.NoticeKind(kind), Text: note}, c, outlook{})
		if n := utf8.RuneCountInString(text); n > maxLetter {
			t.Fatalf("%d characters", n)
		}
		start := []rune(note)[:min(100, utf8.RuneCountInString(note))]
		if unsaid[kind] {
			return
		}
		if !strings.Contains(text, string(start)) {
			t.Fatalf("the note's beginning is lost: %q", text)
		}
		whole := strings.Contains(text, note)
		if !whole && !strings.Contains(text, words.Text("notice.more")) {
			t.Fatalf("shortened without a word: %q", text)
		}
	})
}

func TestAnUnreadableCountIsNone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{`{"snoozes": 7}`: 7, `{}`: 0, ``: 0, `{"snoozes": "x"}`: 0} {
		if got := snoozes([]byte(text)); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
}
