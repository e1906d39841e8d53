package routing

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// throughProblem are the steps on a case that are steps on its problem: applied for, checked and struck off as one.
var throughProblem = map[Action]ProblemAction{ActionClose: ProblemApply, ActionSendBack: ProblemSendBack, ActionStrikeOff: ProblemStrikeOff}

// movesProblem are the steps on a case that may change its problem beside those of throughProblem.
var movesProblem = map[Action]bool{ActionReassign: true, ActionRedo: true, ActionWithdraw: true, ActionTransfer: true}

// WithReturns returns the desk, on which a matter that comes back within this time after being struck off opens its problem again (防反弹).
func (d *Desk) WithReturns(within time.Duration) *Desk {
	watching := *d
	watching.back = within
	return &watching
}

// holdProblem takes the problem of a case before a step that may change it, so that two steps on cases of one problem follow each other.
func (d *Desk) holdProblem(ctx context.Context, tx Tx, number string, action Action) error {
	if _, through := throughProblem[action]; !through && !movesProblem[action] {
		return nil
	}
	p, err := tx.ProblemOf(ctx, number)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err == nil {
		err = tx.LockProblem(ctx, p.Number)
	}
	if err != nil {
		return fmt.Errorf("hold the problem of %s: %w", number, err)
	}
	return nil
}

// actThroughProblem does a step on a case that is one on its problem. The note goes to the complainant of this case alone.
func (d *Desk) actThroughProblem(ctx context.Context, tx Tx, actor Actor, c Case, action ProblemAction, data EventData) (Case, error) {
	p, err := tx.ProblemOf(ctx, c.Number)
	if errors.Is(err, ErrNotFound) { // from before the ledger
		p, err = d.openProblem(ctx, tx, c)
	}
	if err != nil {
		return Case{}, fmt.Errorf("find the problem of %s: %w", c.Number, err)
	}
	if action == ProblemApply && p.State == ProblemApplied { // the others wait for the check already
		return d.stepCase(ctx, tx, actor, c, ActionClose, StateClosed, data)
	}
	s := ProblemStep{Action: action, Note: data.Note}
	if action == ProblemApply && s.Note == "" {
		s.Note = c.Reply
	}
	if _, err := d.stepProblem(ctx, tx, actor, p, s, &way{c.Number, data}); err != nil {
		return Case{}, err
	}
	return tx.Case(ctx, c.Number)
}

// way is the step on a case by which one on its problem comes.
type way struct {
	number string
	data   EventData
}

// note is what the event of a case carries: the words of the step for the case that it was taken on, nothing for the others.
func (w *way) note(number string) EventData {
	if w != nil && w.number == number {
		return w.data
	}
	return EventData{}
}

// stepCase enters a step on a case that follows from one on its problem.
func (d *Desk) stepCase(ctx context.Context, tx Tx, actor Actor, c Case, action Action, to State, data EventData) (Case, error) {
	e := Event{ID: NewID(), Case: c.Number, Seq: c.Version + 1, Action: action, At: d.now(), Actor: actor, From: c.State, To: to, Data: data}
	c.Apply(e, d.plan)
	if err := d.record(ctx, tx, &c, e); err != nil {
		return Case{}, err
	}
	if err := d.notify(ctx, tx, c, e); err != nil {
		return Case{}, err
	}
	if err := d.ask(ctx, tx, c, e); err != nil {
		return Case{}, err
	}
	d.announce(tx, c)
	return c, nil
}

// stepProblem does one step to a problem that the transaction holds, and what follows from it to its cases. Nothing else makes a problem
// struck off than this, where every open case of it is struck off too.
func (d *Desk) stepProblem(ctx context.Context, tx Tx, actor Actor, p Problem, s ProblemStep, via *way) (Problem, error) {
	to, err := NextProblem(actor, p, s.Action)
	if err != nil {
		return Problem{}, err
	}
	data, err := s.data(p, d.plan, d.now(), via != nil)
	if err != nil {
		return Problem{}, err
	}
	switch s.Action {
	case ProblemApply:
		if err := d.checkEvidence(ctx, tx, p, data.Attachments); err != nil {
			return Problem{}, err
		}
		err = d.closeCases(ctx, tx, actor, p, via)
	case ProblemSendBack:
		err = d.judgeCases(ctx, tx, actor, p, ActionSendBack, StateReplied, func(string) EventData { return EventData{Note: s.Note, Internal: true} })
	case ProblemStrikeOff:
		err = d.judgeCases(ctx, tx, actor, p, ActionStrikeOff, StateStruckOff, via.note)
	case ProblemAnswer:
		err = d.answerCases(ctx, tx, actor, p, s.Note)
	case ProblemMerge:
		return d.merge(ctx, tx, actor, p, s)
	case ProblemSplit:
		return d.split(ctx, tx, actor, p, s)
	}
	if err != nil {
		return Problem{}, err
	}
	return d.recordProblem(ctx, tx, actor, p, s.Action, to, data)
}

// closeCases puts every answered case before the check. One whose complainant has no answer yet holds up the application.
func (d *Desk) closeCases(ctx context.Context, tx Tx, actor Actor, p Problem, via *way) error {
	cases, err := tx.ProblemCases(ctx, p.Number)
	if err != nil {
		return fmt.Errorf("read cases of %s: %w", p.Number, err)
	}
	for _, c := range cases {
		if c.State.Open() && c.State != StateReplied && c.State != StateClosed {
			return invalid("case", "error.problem_unanswered")
		}
	}
	for _, c := range cases {
		if c.State != StateReplied {
			continue
		}
		if _, err := d.stepCase(ctx, tx, actor, c, ActionClose, StateClosed, via.note(c.Number)); err != nil {
			return err
		}
	}
	return nil
}

// judgeCases takes every case that waits for the check to where the check leads.
func (d *Desk) judgeCases(ctx context.Context, tx Tx, actor Actor, p Problem, action Action, to State, data func(number string) EventData) error {
	cases, err := tx.ProblemCases(ctx, p.Number)
	if err != nil {
		return fmt.Errorf("read cases of %s: %w", p.Number, err)
	}
	for _, c := range cases {
		if c.State.Open() && c.State != StateClosed && action == ActionStrikeOff {
			return invalid("case", "error.problem_open_cases")
		}
	}
	for _, c := range cases {
		if c.State != StateClosed {
			continue
		}
		if _, err := d.stepCase(ctx, tx, actor, c, action, to, data(c.Number)); err != nil {
			return err
		}
	}
	return nil
}

// answerCases gives one answer to every complainant who has none, each in their own case.
func (d *Desk) answerCases(ctx context.Context, tx Tx, actor Actor, p Problem, text string) error {
	cases, err := tx.ProblemCases(ctx, p.Number)
	if err != nil {
		return fmt.Errorf("read cases of %s: %w", p.Number, err)
	}
	answered := 0
	for _, c := range cases {
		if c.State == StateDispatched {
			if c, err = d.ActIn(ctx, tx, actor, c.Number, Step{Action: ActionSign}); err != nil {
				return err
			}
		}
		if c.State != StateSigned {
			continue
		}
		if _, err := d.ActIn(ctx, tx, actor, c.Number, Step{Action: ActionReply, Note: text}); err != nil {
			return err
		}
		answered++
	}
	if answered == 0 {
		return invalid("note", "error.problem_answered")
	}
	return nil
}

// merge makes one problem of two. Every complainant keeps their case, is told so, and nothing of the others.
func (d *Desk) merge(ctx context.Context, tx Tx, actor Actor, p Problem, s ProblemStep) (Problem, error) {
	other, err := tx.Problem(ctx, s.Problem)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && (!actor.CanSeeProblem(other) || other.Number == p.Number):
		return Problem{}, invalid("problem", "error.unknown_problem")
	case err != nil:
		return Problem{}, err
	case other.Unit != p.Unit:
		return Problem{}, invalid("problem", "error.merge_unit")
	case other.State != ProblemOpen:
		return Problem{}, invalid("problem", "error.merge_state")
	}
	cases, err := tx.ProblemCases(ctx, other.Number)
	if err != nil {
		return Problem{}, fmt.Errorf("read cases of %s: %w", other.Number, err)
	}
	data := ProblemData{Problem: other.Number, Note: s.Note}
	for _, c := range cases {
		if err := tx.PutInProblem(ctx, c.Number, p.Number, d.now()); err != nil {
			return Problem{}, err
		}
		if !c.State.Open() {
			continue
		}
		if data.Case == "" {
			data.Case = c.Number
		}
		if _, err := d.stepCase(ctx, tx, actor, c, ActionMerge, c.State, EventData{Problem: p.Number}); err != nil {
			return Problem{}, err
		}
	}
	if _, err := d.recordProblem(ctx, tx, actor, other, ProblemMerged, ProblemVoid, ProblemData{Problem: p.Number}); err != nil {
		return Problem{}, err
	}
	if p.State == ProblemStruckOff {
		data.Late = d.lateFor(p)
		return d.recordProblem(ctx, tx, actor, p, ProblemReturn, ProblemOpen, data)
	}
	return d.recordProblem(ctx, tx, actor, p, ProblemMerge, ProblemOpen, data)
}

// split gives a case a problem of its own again. If the case was the one by which a struck-off problem came back, it didn't.
func (d *Desk) split(ctx context.Context, tx Tx, actor Actor, p Problem, s ProblemStep) (Problem, error) {
	cases, err := tx.ProblemCases(ctx, p.Number)
	if err != nil {
		return Problem{}, fmt.Errorf("read cases of %s: %w", p.Number, err)
	}
	var gone *Case
	others := 0
	for i, c := range cases {
		switch {
		case c.Number == s.Case && c.State.Open():
			gone = &cases[i]
		case c.Number != s.Case && (c.State.Open() || c.State == StateStruckOff):
			others++
		}
	}
	if gone == nil {
		return Problem{}, invalid("case", "error.split_case")
	}
	if others == 0 {
		return Problem{}, invalid("case", "error.split_only")
	}
	own, err := d.openProblem(ctx, tx, *gone)
	if err != nil {
		return Problem{}, err
	}
	if _, err := d.stepCase(ctx, tx, actor, *gone, ActionSplit, gone.State, EventData{Problem: own.Number}); err != nil {
		return Problem{}, err
	}
	data := ProblemData{Case: gone.Number, Problem: own.Number, Note: s.Note, Undone: p.ReturnedBy == gone.Number}
	return d.recordProblem(ctx, tx, actor, p, ProblemSplit, without(p, cases, gone.Number), data)
}

// without is the state of a problem when a case is gone.
func without(p Problem, cases []Case, gone string) ProblemState {
	to := ProblemVoid
	for _, c := range cases {
		switch {
		case c.Number == gone:
		case c.State.Open():
			return p.State
		case c.State == StateStruckOff:
			to = ProblemStruckOff
		}
	}
	return to
}

// recordProblem stores an event and the problem as it leaves it, and has the screens look again where nothing else does.
func (d *Desk) recordProblem(ctx context.Context, tx Tx, actor Actor, p Problem, action ProblemAction, to ProblemState, data ProblemData) (Problem, error) {
	e := ProblemEvent{ID: NewID(), Problem: p.Number, Seq: p.Version + 1, Action: action, At: d.now(), Actor: actor, From: p.State, To: to, Data: data}
	p.Apply(e)
	if err := tx.UpdateProblem(ctx, p, e); err != nil {
		return Problem{}, fmt.Errorf("record %s of %s: %w", action, p.Number, err)
	}
	if announced[action] {
		d.announceProblem(tx, p)
	}
	return p, nil
}

// announced: what else is entered follows from a step on a case, which is announced itself.
var announced = map[ProblemAction]bool{ProblemPlan: true, ProblemNote: true, ProblemMechanism: true, ProblemAnswer: true, ProblemApply: true,
	ProblemSendBack: true, ProblemStrikeOff: true, ProblemMerge: true, ProblemMerged: true, ProblemSplit: true, ProblemReopen: true, ProblemReturn: true}

func (d *Desk) announceProblem(tx Tx, p Problem) {
	u := Update{Number: p.Number, Units: append([]string{p.Unit}, p.Assisting...)}
	tx.AfterCommit(func() { d.live.Publish(context.Background(), u) })
}

// checkEvidence holds an application to evidence that was added to the problem: no other attachment is given away by its id.
func (d *Desk) checkEvidence(ctx context.Context, tx Tx, p Problem, ids []string) error {
	for _, id := range ids {
		a, err := tx.Attachment(ctx, id)
		if errors.Is(err, ErrNotFound) || err == nil && a.CaseNumber != p.Number {
			return invalid("attachments", "error.unknown_attachment")
		}
		if err != nil {
			return fmt.Errorf("read evidence of %s: %w", p.Number, err)
		}
	}
	return nil
}
