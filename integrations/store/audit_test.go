package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"jiesu/integrations/store"
	"jiesu/routing"
)

// lived fills a database with a few cases that went through some steps on three days, with their problems, and seals the whole days. The last of them is
// the day before yesterday: yesterday isn't sealed in the first minutes of today.
func lived(t testing.TB, url string, sealed bool) (*store.DB, []string) {
	t.Helper()
	db := openDB(t, url)
	s := newStore(t, url)
	var numbers []string
	day := time.Now().AddDate(0, 0, -4)
	for n := range 6 {
		at := day.AddDate(0, 0, n%3)
		number := fmt.Sprintf("%s-%06d", routing.NumbersFrom(at), n)
		numbers = append(numbers, number)
		who := routing.Complainant{ID: number, CreatedAt: at}
		c := routing.Case{Number: number, State: routing.StateDispatched, Version: 1, Text: "一件事", ComplainantID: who.ID, Token: number, FiledAt: at, UpdatedAt: at,
			Category: "1", Item: "1.1", Unit: "finance", Contact: routing.Contact{Name: secretName, Phone: secretPhone}, Rating: &routing.Rating{Solved: routing.SolvedYes, Satisfied: 4}}
		p := routing.Problem{Number: "TZ" + number[2:], State: routing.ProblemOpen, Version: 1, Category: "1", Item: "1.1", Unit: "finance", OpenedAt: at, UpdatedAt: at}
		err := s.Update(t.Context(), func(tx routing.Tx) error {
			if err := tx.InsertComplainant(t.Context(), who); err != nil {
				return err
			}
			if err := tx.InsertCase(t.Context(), c, routing.Event{ID: idOf(at, n, 1), Case: number, Seq: 1, Action: routing.ActionFile, At: at, To: c.State}); err != nil {
				return err
			}
			for seq := int64(2); seq <= 4; seq++ {
				c.Version, c.State, c.Reply = seq, routing.StateSigned, fmt.Sprint("step ", seq)
				e := routing.Event{ID: idOf(at, n, int(seq)), Case: number, Seq: seq, Action: routing.ActionProgress, At: at, From: routing.StateDispatched, To: c.State,
					Actor: routing.Actor{Role: routing.RoleUnit, Unit: "finance", Name: "李某"}, Data: routing.EventData{Note: fmt.Sprint("note ", seq)}}
				if err := tx.UpdateCase(t.Context(), c, e); err != nil {
					return err
				}
			}
			if err := tx.InsertProblem(t.Context(), p, routing.ProblemEvent{ID: idOf(at, n, 8), Problem: p.Number, Seq: 1, Action: routing.ProblemBegin, At: at, To: p.State}); err != nil {
				return err
			}
			p.Version, p.Cause = 2, "cause"
			return tx.UpdateProblem(t.Context(), p, routing.ProblemEvent{ID: idOf(at, n, 9), Problem: p.Number, Seq: 2, Action: routing.ProblemPlan, At: at, From: p.State, To: p.State})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if sealed {
		if err := db.SealDays(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return db, numbers
}

// idOf is an id as it would have been made then.
func idOf(at time.Time, n, seq int) string {
	return routing.IDsFrom(at)[:20] + fmt.Sprintf("%03d%03d", n, seq)
}

func audited(t testing.TB, db *store.DB) store.AuditReport {
	t.Helper()
	r, err := db.Audit(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestADatabaseThatNobodyTouchedHasNoFindings(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		db, _ := lived(t, url, true)
		r := audited(t, db)
		if len(r.Findings) > 0 || r.Events != 36 || r.Unchained != 0 || r.Days < 3 || r.Head == "" {
			t.Errorf("%+v", r)
		}
		if err := db.SealDays(t.Context()); err != nil {
			t.Errorf("again: %v", err)
		}
		if again := audited(t, db); again.Head != r.Head || len(again.Findings) > 0 {
			t.Errorf("again: %+v", again)
		}
	})
}

// Before the day is sealed the chains alone show it.
func TestWhatWasChangedTodayIsFound(t *testing.T) {
	t.Parallel()
	db, numbers := lived(t, fresh.SQLite(t), false)
	before := len(audited(t, db).Findings) // days that nobody sealed
	for _, statement := range []string{
		`UPDATE events SET data = '{"note":"solved"}' WHERE case_number = '$0' AND seq = 2`,
		`UPDATE events SET actor_name = '王某' WHERE case_number = '$1' AND seq = 1`,
		`UPDATE problem_events SET at = 5 WHERE problem = 'TZ' || substr('$0', 3) AND seq = 1`,
		`UPDATE cases SET reply = 'x' WHERE number = '$0'`,
	} {
		if _, err := db.Write().ExecContext(t.Context(), strings.NewReplacer("$0", numbers[2], "$1", numbers[5]).Replace(statement)); err != nil {
			t.Fatal(err)
		}
		after := len(audited(t, db).Findings)
		if after <= before {
			t.Errorf("%s: nothing was found", statement)
		}
		before = after
	}
}

// Whoever can write to the database but hasn't the key is seen, whatever they do.
func TestWhatWasChangedPastTheProgramIsFound(t *testing.T) {
	t.Parallel()
	for name, statements := range map[string]string{
		"a note rewritten":   `UPDATE events SET data = '{"note":"solved"}' WHERE case_number = '$0' AND seq = 3`,
		"who did it":         `UPDATE events SET actor_name = '王某' WHERE case_number = '$0' AND seq = 2`,
		"when it was":        `UPDATE events SET at = at - 86400000 WHERE case_number = '$0' AND seq = 4`,
		"an event taken out": `DELETE FROM events WHERE case_number = '$0' AND seq = 2`,
		"the last event taken off, the row set back": `DELETE FROM events WHERE case_number = '$0' AND seq = 4; UPDATE cases SET version = 3, reply = 'step 3' WHERE number = '$0'`,
		"an event put in":                `INSERT INTO events SELECT 'x' || id, case_number, 5, action, at, actor_role, actor_unit, actor_id, actor_name, from_state, to_state, data, chain FROM events WHERE case_number = '$0' AND seq = 4; UPDATE cases SET version = 5 WHERE number = '$0'`,
		"two events exchanged":           `UPDATE events SET seq = 99 WHERE case_number = '$0' AND seq = 2; UPDATE events SET seq = 2 WHERE case_number = '$0' AND seq = 3; UPDATE events SET seq = 3 WHERE case_number = '$0' AND seq = 99`,
		"an event of another case":       `UPDATE events SET data = (SELECT data FROM events WHERE case_number = '$1' AND seq = 1), chain = (SELECT chain FROM events WHERE case_number = '$1' AND seq = 1) WHERE case_number = '$0' AND seq = 1`,
		"chains wiped":                   `UPDATE events SET chain = '', data = '{}' WHERE case_number = '$0'`,
		"the complaint rewritten":        `UPDATE cases SET complaint = '没有事' WHERE number = '$0'`,
		"the case given to another unit": `UPDATE cases SET unit = 'gas' WHERE number = '$0'`,
		"the case's state":               `UPDATE cases SET state = 'struck_off' WHERE number = '$0'`,
		"the answer improved":            `UPDATE cases SET reply = '已经解决' WHERE number = '$0'`,
		"another's telephone":            `UPDATE cases SET phone = (SELECT contact_name FROM cases WHERE number = '$1') WHERE number = '$0'`,
		"a case away":                    `DELETE FROM case_units WHERE case_number = '$0'; DELETE FROM case_words WHERE case_number = '$0'; DELETE FROM events WHERE case_number = '$0'; DELETE FROM cases WHERE number = '$0'`,
		"a case that never was":          `INSERT INTO cases SELECT * FROM cases WHERE FALSE; UPDATE cases SET token = '' WHERE number = '$0'; INSERT INTO events SELECT 'y' || id, case_number, seq + 4, action, at, actor_role, actor_unit, actor_id, actor_name, from_state, to_state, data, '' FROM events WHERE case_number = '$0'; UPDATE cases SET version = 8 WHERE number = '$0'`,
		"a problem's cause":              `UPDATE problems SET cause = 'none' WHERE number = 'TZ' || substr('$0', 3)`,
		"a problem's event":              `UPDATE problem_events SET data = '{"note":"x"}' WHERE problem = 'TZ' || substr('$0', 3) AND seq = 1`,
		"a seal away":                    `DELETE FROM audit_seals WHERE day = (SELECT min(day) FROM audit_seals)`,
		"a seal rewritten":               `UPDATE audit_seals SET events = events + 1`,
		"all seals away":                 `DELETE FROM audit_seals`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothDatabases(t, func(t *testing.T, url string) {
				db, numbers := lived(t, url, true)
				for statement := range strings.SplitSeq(statements, "; ") {
					statement = strings.NewReplacer("$0", numbers[0], "$1", numbers[3]).Replace(statement)
					if _, err := db.Write().ExecContext(t.Context(), statement); err != nil {
						t.Fatalf("%s: %v", statement, err)
					}
				}
				r := audited(t, db)
				if len(r.Findings) == 0 {
					t.Error("nothing was found")
				}
			})
		})
	}
}
