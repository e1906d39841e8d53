package bot_test

import (
	"context"
	"strings"
	"testing"

	"jiesu/bot"
	"jiesu/routing"
)

// crossed is a store in which something happens between the thinking about a message and its transaction.
type crossed struct {
	routing.Store
	between func()
}

func (c *crossed) Update(ctx context.Context, fn func(tx routing.Tx) error) error {
	if between := c.between; between != nil {
		c.between = nil
		between()
	}
	return c.Store.Update(ctx, fn)
}

// A turn is thought about before the transaction that stores it. What has changed until then counts: nothing is done twice, nothing that can't be done any
// more, and nobody is left without an answer.
func TestWhatChangesBetweenThinkingAndStoringCounts(t *testing.T) {
	t.Parallel()
	const text = "铁西区欠我们保温工程款三年了，一直不给"
	tests := map[string]struct {
		before  []string
		says    string
		between func(w *world)
		want    string // in the answer
		cases   int
	}{
		"the same fan's first message was faster": {says: text, between: func(w *world) { w.say("fan", text) }, want: "", cases: 0},
		"the case was confirmed by another message": {before: []string{text}, says: "对", between: func(w *world) { w.say("fan", "对") }, want: "",
			cases: 1},
		"the case was withdrawn on its page": {before: []string{text, "对", "撤回"}, says: "1", between: func(w *world) {
			c := w.cases()[0]
			_, err := w.desk.Act(context.Background(), routing.Actor{Role: routing.RoleComplainant, ID: c.ComplainantID}, c.Number, routing.Step{Action: routing.ActionWithdraw})
			if err != nil {
				w.t.Fatal(err)
			}
		}, want: "撤", cases: 1},
		"the office was faster": {before: []string{text, "对"}, says: "进度", between: func(w *world) {
			c := w.cases()[0]
			if _, err := w.desk.Act(context.Background(), routing.Actor{Role: routing.RoleOffice}, c.Number, routing.Step{Action: routing.ActionSupervise, Note: "重要"}); err != nil {
				w.t.Fatal(err)
			}
		}, want: "", cases: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, defaultJudge(t))
			for _, said := range test.before {
				w.say("fan", said)
			}
			m := w.inbound("fan", routing.InboundText)
			m.Text = test.says
			happened := false
			store := &crossed{Store: w.store, between: func() { happened = true; test.between(w) }}
			config := w.config
			config.Store = store
			intake, err := bot.NewIntake(config)
			if err != nil {
				t.Fatal(err)
			}
			reply, err := intake.Receive(t.Context(), m, onTime)
			if err != nil || reply == "" || !strings.Contains(reply, test.want) || !happened {
				t.Errorf("answered %q, %v", reply, err)
			}
			if got := w.cases(); len(got) != test.cases {
				t.Errorf("%d cases: %+v", len(got), got)
			}
			if again, err := intake.Receive(t.Context(), m, onTime); err != nil || again != reply {
				t.Errorf("delivered again: %q, %v", again, err)
			}
		})
	}
}
