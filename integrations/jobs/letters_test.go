package jobs

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"jiesu/routing"
)

// TestEveryMessageSaysWhoHasItUntilWhenAndWhy compares the messages along three ways of a case with testdata/letters.txt: what is sent after
// each step, and what a card has room for. JIESU_TEST_UPDATE=1 writes them anew, to be read before they are committed.
func TestEveryMessageSaysWhoHasItUntilWhenAndWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, SQLite, freshSQLite.SQLite(t))
	clock := w.asking("2026-11-23 09:30", 100)
	unit, office := routing.Actor{Role: routing.RoleUnit, Unit: w.unit}, routing.Actor{Role: routing.RoleOffice}
	system, operator := routing.System(), routing.Actor{Role: routing.RoleOperator}
	type way struct {
		at    string
		actor routing.Actor
		step  routing.Step
	}
	other := w.desk.Plan().Categories[0].Leads[1]
	do := func(a routing.Action, note string) routing.Step { return routing.Step{Action: a, Note: note} }
	var out strings.Builder
	for _, path := range [][]way{
		{
			{"2026-11-23 10:30", unit, do(routing.ActionSign, "")},
			{"2026-11-24 10:30", unit, do(routing.ActionProgress, "张工已到现场看过。")},
			{"2026-11-25 09:30", unit, routing.Step{Action: routing.ActionExtend, Note: "等第三方检测", Days: 5}},
			{"2026-11-25 10:30", office, routing.Step{Action: routing.ActionExtend, Note: "检测报告要等一周", Days: 5}},
			{"2026-11-26 10:30", office, do(routing.ActionSupervise, "每周报一次进展")},
			{"2026-12-01 10:30", unit, do(routing.ActionReply, "费用已全部退还，请查收。")},
			{"2026-12-04 10:30", system, routing.Step{}}, // nobody has answered: the reminder
			{"2026-12-04 11:30", operator, do(routing.ActionRedo, "还差三千没退")},
			{"2026-12-04 13:30", unit, do(routing.ActionSign, "")},
			{"2026-12-07 10:30", unit, do(routing.ActionReply, "余款已退。")},
			{"2026-12-07 11:30", unit, do(routing.ActionClose, "")},
			{"2026-12-08 10:30", office, do(routing.ActionStrikeOff, "")},
		},
		{
			{"2026-11-23 15:30", unit, do(routing.ActionRefuse, "不是本单位的事")},
			{"2026-11-25 10:30", office, routing.Step{Action: routing.ActionReassign, Unit: w.unit, Note: "请按职责办理", Internal: true}},
			{"2026-11-25 11:30", office, routing.Step{Action: routing.ActionReassign, Unit: other}},
			{"2026-11-26 11:30", office, do(routing.ActionTransfer, "省市场监管局")},
		},
		{
			{"2026-11-23 15:30", operator, do(routing.ActionWithdraw, "")},
		},
	} {
		clock.to("2026-11-23 09:30")
		c := w.file()
		fmt.Fprintf(&out, "# %s\n", c.Text)
		for _, step := range path {
			clock.to(step.at)
			if step.step.Action == "" {
				w.followUp()
				continue
			}
			_, err := w.desk.Act(t.Context(), step.actor, c.Number, step.step)
			must(t, err)
		}
		notices, err := w.store.NoticesOf(t.Context(), c.Number)
		must(t, err)
		write := w.courier().write
		write.plan = w.desk.Plan()
		for _, n := range notices {
			l, err := write.letter(t.Context(), n)
			must(t, err)
			fmt.Fprintf(&out, "%s %s [%s] %s\n%s\n\n", n.CreatedAt.In(routing.Beijing()).Format("2006-01-02 15:04"), n.Kind, l.Case.State, l.Brief,
				strings.ReplaceAll(l.Text, c.Number, "{number}"))
			for _, never := range []string{"退单", "不是本单位的事", "请按职责办理", "等第三方检测"} {
				if strings.Contains(l.Text+l.Brief, never) || l.Case.State == routing.StateRefused {
					t.Errorf("%s tells of what is between offices: %s", n.Kind, l.Text)
				}
			}
			if n := len([]rune(l.Brief)); n > 20 {
				t.Errorf("a card has no room for %q", l.Brief)
			}
		}
	}
	const golden = "testdata/letters.txt"
	if os.Getenv("JIESU_TEST_UPDATE") != "" {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(golden, []byte(out.String()), 0o644))
		return
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if out.String() != string(want) {
		t.Errorf("the messages have changed:\n%s", out.String())
	}
}
