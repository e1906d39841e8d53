package jobs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"jiesu/routing"
)

// asking lets the desk follow up answers: a reminder after two working days, a call after two more.
func (w *world) asking(start string, share int) *driven {
	w.t.Helper()
	clock := w.clocked(start)
	days := routing.Limit{N: 2, Unit: routing.WorkingDays}
	w.desk = w.desk.WithSurvey(routing.SurveyRules{Remind: days, Call: days, Share: share})
	return clock
}

// answered is a case that its unit has answered.
func (w *world) answered() routing.Case {
	w.t.Helper()
	c := w.file()
	w.unitDoes(c.Number, routing.Step{Action: routing.ActionSign}, routing.Step{Action: routing.ActionReply, Note: "已退还费用"})
	return c
}

func (w *world) unitDoes(number string, steps ...routing.Step) {
	w.t.Helper()
	for _, s := range steps {
		_, err := w.desk.Act(w.t.Context(), routing.Actor{Role: routing.RoleUnit, Unit: w.unit}, number, s)
		must(w.t, err)
	}
}

func (w *world) complainantDoes(number string, steps ...routing.Step) {
	w.t.Helper()
	for _, s := range steps {
		_, err := w.desk.Act(w.t.Context(), routing.Actor{Role: routing.RoleComplainant, ID: w.fan.ID}, number, s)
		must(w.t, err)
	}
}

// followUp runs the job twice, as two processes would.
func (w *world) followUp() {
	w.t.Helper()
	s, err := NewSurveys(w.desk, w.words, w.logger(), prometheus.NewRegistry())
	must(w.t, err)
	for range 2 {
		must(w.t, s.FollowUp(w.t.Context()))
	}
}

// stages are the surveys of a case: "skipped redone, asked".
func (w *world) stages(number string) string {
	w.t.Helper()
	list, err := w.store.SurveysOf(w.t.Context(), number)
	must(w.t, err)
	var words []string
	for _, s := range list {
		words = append(words, strings.TrimSpace(fmt.Sprint(s.Stage, " ", s.Reason)))
	}
	return strings.Join(words, ", ")
}

func (w *world) reminders(number string) (n int) {
	w.t.Helper()
	list, err := w.store.NoticesOf(w.t.Context(), number)
	must(w.t, err)
	for _, notice := range list {
		if notice.Kind == routing.NoticeRemind {
			n++
		}
	}
	return n
}

func TestWhoDoesNotAnswerIsRemindedOnceByDayAndThenCalled(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		clock := w.asking("2026-11-26 16:00", 100) // a Thursday
		c, rated := w.answered(), w.answered()
		for _, step := range []struct {
			at        string
			stage     string
			reminders int
			tasks     int
		}{
			{"2026-11-26 16:59", "asked", 0, 0},
			{"2026-11-28 10:00", "asked", 0, 0}, // Saturday
			{"2026-11-30 16:59", "asked", 0, 0}, // the second working day isn't over
			{"2026-11-30 23:30", "asked", 0, 0}, // it is, but who wants to be asked at night
			{"2026-12-01 08:29", "asked", 0, 0},
			{"2026-12-01 12:00", "asked", 0, 0}, // nor in the lunch break
			{"2026-12-01 13:00", "reminded", 1, 0},
			{"2026-12-03 22:00", "reminded", 1, 0},
			{"2026-12-04 08:30", "called", 1, 1},
			{"2026-12-31 09:00", "called", 1, 1},
		} {
			if step.at == "2026-12-01 13:00" {
				w.complainantDoes(rated.Number, routing.Step{Action: routing.ActionRate, Rating: &routing.Rating{Solved: routing.SolvedYes}})
			}
			clock.to(step.at)
			w.followUp()
			if got := w.stages(c.Number); got != step.stage || w.reminders(c.Number) != step.reminders || len(w.tasks()) != step.tasks {
				t.Fatalf("%s: %s, %d reminders, tasks %+v", step.at, got, w.reminders(c.Number), w.tasks())
			}
		}
		task := w.tasks()[0]
		if task.Kind != routing.TaskCallBack || task.CaseNumber != c.Number || !strings.Contains(task.Note, "电话回访") {
			t.Errorf("task %+v", task)
		}
		if got := w.stages(rated.Number); got != "answered" || w.reminders(rated.Number) != 0 {
			t.Errorf("a rated case: %s", got)
		}
		// The closing asks nobody a second time.
		w.unitDoes(c.Number, routing.Step{Action: routing.ActionClose})
		if got := w.stages(c.Number); got != "called" {
			t.Errorf("closed: %s", got)
		}
		w.complainantDoes(c.Number, routing.Step{Action: routing.ActionRate, Rating: &routing.Rating{Solved: routing.SolvedNo, Satisfied: 1}})
		if got := w.stages(c.Number); got != "answered" {
			t.Errorf("rated late: %s", got)
		}
	})
}

func TestNobodyIsAskedWithoutNeedAndEverySkipSaysWhy(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		clock := w.asking("2026-11-23 09:30", 0)
		withdrawn, redone, unsampled, incident := w.answered(), w.answered(), w.answered(), w.answered()
		w.complainantDoes(withdrawn.Number, routing.Step{Action: routing.ActionWithdraw})
		w.complainantDoes(redone.Number, routing.Step{Action: routing.ActionRedo, Note: "钱没退"})
		must(t, w.store.Update(t.Context(), func(tx routing.Tx) error {
			c, err := tx.Case(t.Context(), incident.Number)
			if err != nil {
				return err
			}
			e := routing.Event{ID: routing.NewID(), Case: c.Number, Seq: c.Version + 1, Action: routing.ActionJoin, At: clock.now(), Actor: routing.System(), From: c.State, To: c.State}
			c.Apply(e, w.desk.Plan())
			return tx.UpdateCase(t.Context(), c, e)
		}))
		anonymous, _, err := w.desk.File(t.Context(), routing.Actor{Role: routing.RoleOperator, ID: "op"}, routing.Complaint{
			Text: "开发票被收了额外的费用", Channel: routing.ChannelHotline, Placement: &routing.Placement{Item: w.item, Unit: w.unit}})
		must(t, err)
		w.unitDoes(anonymous.Number, routing.Step{Action: routing.ActionSign}, routing.Step{Action: routing.ActionReply, Note: "已处理"})
		for _, at := range []string{"2026-11-26 09:00", "2026-12-01 09:00", "2026-12-10 09:00"} {
			clock.to(at)
			w.followUp()
		}
		for number, want := range map[string]string{withdrawn.Number: "skipped withdrawn", redone.Number: "skipped redone", unsampled.Number: "skipped unsampled",
			incident.Number: "skipped incident", anonymous.Number: "skipped anonymous"} {
			if got := w.stages(number); got != want {
				t.Errorf("%s, want %s", got, want)
			}
			if n := w.reminders(number); (n == 1) != (number == unsampled.Number) {
				t.Errorf("%s: %d reminders", want, n)
			}
		}
		if open := w.tasks(); len(open) != 0 {
			t.Errorf("tasks %+v", open)
		}
		// The answer to the redo is asked about anew.
		w.unitDoes(redone.Number, routing.Step{Action: routing.ActionSign}, routing.Step{Action: routing.ActionReply, Note: "已退还"})
		if got := w.stages(redone.Number); got != "skipped redone, asked" {
			t.Errorf("answered again: %s", got)
		}
	})
}

func TestWhoHasOnlyATelephoneIsCalledAndWhoHasNothingLeftIsNot(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		clock := w.asking("2026-11-23 09:30", 100)
		gone := w.answered()
		caller, _, err := w.desk.File(t.Context(), routing.Actor{Role: routing.RoleOperator, ID: "op"}, routing.Complaint{
			Text: "开发票被收了额外的费用", Channel: routing.ChannelHotline, Contact: routing.Contact{Phone: "13800009999"},
			Placement: &routing.Placement{Item: w.item, Unit: w.unit}})
		must(t, err)
		w.unitDoes(caller.Number, routing.Step{Action: routing.ActionSign}, routing.Step{Action: routing.ActionReply, Note: "已处理"})
		w.fan.Following = false
		must(t, w.store.Update(t.Context(), func(tx routing.Tx) error { return tx.UpdateComplainant(t.Context(), w.fan) }))
		clock.to("2026-11-26 09:00")
		w.followUp()
		if got := w.stages(gone.Number); got != "skipped unreachable" {
			t.Errorf("no way left: %s", got)
		}
		if got := w.stages(caller.Number); got != "called" || w.reminders(caller.Number) != 0 || len(w.tasks()) != 1 {
			t.Errorf("a telephone alone: %s, %d tasks", got, len(w.tasks()))
		}
		// What the operator hears: unsolved, once more please.
		operator := routing.Actor{Role: routing.RoleOperator, ID: "op", Name: "接线员"}
		task := w.tasks()[0]
		heard := routing.Called{Rating: &routing.Rating{Solved: routing.SolvedNo, Satisfied: 2}, Note: "费用没退", Redo: true}
		must(t, w.desk.FinishCall(t.Context(), operator, task.ID, heard))
		c, err := w.store.Case(t.Context(), caller.Number)
		must(t, err)
		if c.State != routing.StateDispatched || c.Redos != 1 || w.stages(c.Number) != "answered" || len(w.tasks()) != 0 {
			t.Errorf("after the call: %s, %d redos, %s", c.State, c.Redos, w.stages(c.Number))
		}
		if err := w.desk.FinishCall(t.Context(), operator, task.ID, heard); err == nil {
			t.Error("one call was put on record twice")
		}
	})
}

func TestACallInVainEndsTheAsking(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		clock := w.asking("2026-11-23 09:30", 100)
		c := w.answered()
		for _, at := range []string{"2026-11-26 09:00", "2026-12-01 09:00"} {
			clock.to(at)
			w.followUp()
		}
		operator := routing.Actor{Role: routing.RoleOperator, ID: "op", Name: "接线员"}
		id := w.tasks()[0].ID
		if err := w.desk.FinishCall(t.Context(), operator, id, routing.Called{Skip: routing.SurveyWithdrawn}); err == nil {
			t.Error("an operator gave a reason that isn't theirs to give")
		}
		if err := w.desk.FinishCall(t.Context(), routing.Actor{Role: routing.RoleUnit, Unit: w.unit}, id, routing.Called{Skip: routing.SurveyDeclined}); err == nil {
			t.Error("a unit put the call on record")
		}
		must(t, w.desk.FinishCall(t.Context(), operator, id, routing.Called{Skip: routing.SurveyUnreachable}))
		if got := w.stages(c.Number); got != "skipped unreachable" || len(w.tasks()) != 0 {
			t.Errorf("%s, %d tasks", got, len(w.tasks()))
		}
	})
}
