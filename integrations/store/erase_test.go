package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

// step is the case after an action of the system, with its event.
func step(c routing.Case, action routing.Action, state routing.State, at time.Time) (routing.Case, routing.Event) {
	e := routing.Event{ID: routing.NewID(), Case: c.Number, Seq: c.Version + 1, Action: action, At: at, From: c.State, To: state, Actor: routing.System()}
	c.Apply(e, &routing.Plan{})
	return c, e
}

func eraseIn(ctx context.Context, tx routing.Tx, number string) error {
	c, err := tx.Case(ctx, number)
	if err != nil {
		return err
	}
	c, e := step(c, routing.ActionErase, c.State, time.Now())
	return tx.EraseCase(ctx, c, e)
}

// What was written is gone, and the trail still holds, before the days are sealed and after; what is changed beyond that is found.
func TestWhatIsErasedLeavesTheTrailWhole(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		db, numbers := lived(t, url, false)
		s := newStore(t, url)
		number := numbers[0] // of three days ago
		err := s.Update(t.Context(), func(tx routing.Tx) error { return eraseIn(t.Context(), tx, number) })
		var illegal *routing.IllegalStepError
		if !errors.As(err, &illegal) || illegal.Why != routing.WhyUnsealed {
			t.Fatalf("a case of a day that isn't sealed: %v", err)
		}
		if err := s.Update(t.Context(), func(tx routing.Tx) error { // the step of before, so that it is sealed too
			c, err := tx.Case(t.Context(), number)
			if err != nil {
				return err
			}
			c, e := step(c, routing.ActionWithdraw, routing.StateWithdrawn, c.FiledAt)
			e.ID = idOf(c.FiledAt, 0, 5)
			return tx.UpdateCase(t.Context(), c, e)
		}); err != nil {
			t.Fatal(err)
		}
		if err := db.SealDays(t.Context()); err != nil {
			t.Fatal(err)
		}
		head := audited(t, db).Head
		if err := s.Update(t.Context(), func(tx routing.Tx) error { return eraseIn(t.Context(), tx, number) }); err != nil {
			t.Fatal(err)
		}
		r := audited(t, db)
		if len(r.Findings) > 0 || r.Head != head {
			t.Errorf("after erasing: %+v", r)
		}
		c, err := s.Case(t.Context(), number)
		if err != nil || c.Text != "" || c.Contact != (routing.Contact{}) || c.Reply != "" || c.Token != "" || c.ErasedAt.IsZero() || c.Item != "1.1" || c.Rating == nil {
			t.Errorf("case: %+v, %v", c, err)
		}
		events, err := s.Events(t.Context(), number)
		if err != nil || len(events) != 6 {
			t.Fatal(len(events), err)
		}
		for _, e := range events[1:4] {
			if e.Data.Note != "" || !e.Data.Erased {
				t.Errorf("event %d: %+v", e.Seq, e.Data)
			}
		}
		for _, tampering := range [][2]string{
			{"words put into what was erased", `UPDATE events SET data = '{"note":"solved","erased":true}' WHERE case_number = '$0' AND seq = 2`},
			{"the row made to look as not erased", `UPDATE cases SET erased_at = 0 WHERE number = '$0'`},
			{"another event made to look erased", `UPDATE events SET data = '{"erased":true}' WHERE case_number = '$1' AND seq = 2`},
			{"the event that erased", `UPDATE events SET actor_name = '王某' WHERE case_number = '$0' AND seq = 6`},
		} {
			before := len(audited(t, db).Findings)
			if _, err := db.Write().ExecContext(t.Context(), strings.NewReplacer("$0", number, "$1", numbers[3]).Replace(tampering[1])); err != nil {
				t.Fatal(err)
			}
			if after := len(audited(t, db).Findings); after <= before {
				t.Errorf("%s: nothing was found", tampering[0])
			}
		}
	})
}
