package bot_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

// The notice comes before the first question that is answered with something personal; who goes on has agreed, who doesn't has not.
func TestConsentIsRecordedWhenTheyGoOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, defaultJudge(t))
	version := w.config.Wording.Text("privacy.version")
	of := func(fan string) routing.Complainant {
		t.Helper()
		who, err := w.store.ComplainantByOpenID(t.Context(), fan)
		if err != nil {
			t.Fatal(err)
		}
		return who
	}
	const notice = "往下回复就是同意"
	w.wants(w.say("fan-1", "城管总来罚款，没有依据"), notice)
	if who := of("fan-1"); who.Consent != "" {
		t.Errorf("agreed before anything was answered: %+v", who)
	}
	w.say("fan-1", "1")
	if who := of("fan-1"); who.Consent != version || !who.ConsentAt.Equal(w.clock.now()) {
		t.Errorf("after filing: consent %q at %v", who.Consent, who.ConsentAt)
	}
	w.say("fan-2", "城管总来罚款，没有依据")
	w.say("fan-2", "撤回")
	if who := of("fan-2"); who.Consent != "" {
		t.Errorf("who took it back has agreed: %+v", who)
	}
	if again := w.say("fan-2", "城管又来罚款，没有依据"); strings.Contains(again, notice) {
		t.Errorf("told twice: %s", again)
	}

	// Other words: everybody is told once more.
	w.say("fan-1", "跳过")
	w.say("fan-1", "跳过")
	w.config.Wording["privacy.version"] = "2"
	w.pass(72 * time.Hour)
	w.wants(w.say("fan-1", "银行不给贷款，说我是小企业")+w.say("fan-1", "城管总来罚款，没有依据"), notice)
}

func TestAnOldAddressOfAPageIsWorthNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, defaultJudge(t))
	w.say("fan-1", "城管总来罚款，没有依据")
	w.say("fan-1", "1")
	w.say("fan-1", "跳过")
	w.say("fan-1", "跳过")
	was := w.cases()[0]
	w.say("fan-1", "换链接")
	now := w.cases()[0]
	if now.Token == was.Token || len(now.Token) != len(was.Token) {
		t.Fatalf("token %q, was %q", now.Token, was.Token)
	}
	if _, _, err := w.desk.CaseByToken(t.Context(), was.Token); !errors.Is(err, routing.ErrNotFound) {
		t.Errorf("the old address: %v", err)
	}
	w.wants(w.say("fan-1", "进度"), now.Token)
}
