package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// OutsideStatus is what a case system outside says of a case that it works on for us: our case follows theirs.
type OutsideStatus struct {
	Number  string   // ours
	Status  string   // in their words
	Note    string   // progress, reason or answer
	Answers []Answer // when the case has several points and they answered each
}

// OutsideRules say what the words of the system outside mean: a state that our case should come to, or progress.
type OutsideRules map[string]string

// OutsideProgress is the meaning of words that change no state.
const OutsideProgress = "progress"

// OutsideMeanings lists what their words can mean.
func OutsideMeanings() []string {
	return []string{OutsideProgress, string(StateSigned), string(StateRefused), string(StateReplied), string(StateClosed)}
}

// rung is a step on the way of a case through a unit's hands.
type rung struct {
	to     State
	action Action
}

// outsideLadder is that way; a case outside may skip steps that ours doesn't.
var outsideLadder = []rung{{StateSigned, ActionSign}, {StateReplied, ActionReply}, {StateClosed, ActionClose}}

// WithOutside sets what words of case systems outside mean.
func (d *Desk) WithOutside(r OutsideRules) *Desk {
	e := *d
	e.outside = r
	return &e
}

// FollowIn brings our case to where theirs is, step by step, each with its event, its notice and its clocks, as if the unit had taken it here. What they said before is
// said again without effect. Errors: ErrForbidden: the actor doesn't work on the case; ErrNotFound; *InvalidError: words without a meaning, or without what a
// step needs; *IllegalStepError: ours can't come there from where it is, as when theirs is behind.
func (d *Desk) FollowIn(ctx context.Context, tx Tx, actor Actor, s OutsideStatus) (Case, error) {
	c, err := tx.Case(ctx, s.Number)
	if err != nil {
		return Case{}, err
	}
	if !actor.CanSee(c) {
		return Case{}, ErrNotFound
	}
	if actor.May(DeedOversee) && c.Unit != "" { // a system for all units speaks for the one that has the case
		actor = Actor{Role: RoleUnit, Unit: c.Unit, ID: actor.ID, Name: actor.Name}
	}
	if actor.Role != RoleUnit {
		return Case{}, ErrForbidden
	}
	if utf8.RuneCountInString(s.Note) > MaxText {
		return Case{}, invalid("note", "error.text_too_long")
	}
	meaning, known := d.outside[strings.TrimSpace(s.Status)]
	if !known {
		return Case{}, invalid("status", "error.outside_status")
	}
	switch State(meaning) {
	case OutsideProgress:
		return d.ActIn(ctx, tx, actor, s.Number, Step{Action: ActionProgress, Note: s.Note})
	case c.State:
		return c, nil // said before
	case StateRefused:
		return d.ActIn(ctx, tx, actor, s.Number, Step{Action: ActionRefuse, Note: s.Note})
	}
	return d.climbTo(ctx, tx, actor, c, State(meaning), s)
}

// climbTo takes the steps that lie between. An answer needs its words; the steps before it don't.
func (d *Desk) climbTo(ctx context.Context, tx Tx, actor Actor, c Case, to State, s OutsideStatus) (Case, error) {
	at := slices.IndexFunc(outsideLadder, func(r rung) bool { return r.to == c.State })
	end := slices.IndexFunc(outsideLadder, func(r rung) bool { return r.to == to })
	if end <= at || at < 0 && c.State != StateDispatched {
		return Case{}, &IllegalStepError{Action: outsideLadder[max(end, 0)].action, State: c.State}
	}
	for _, r := range outsideLadder[at+1 : end+1] {
		step := Step{Action: r.action}
		if r.action == ActionReply {
			step.Note, step.Answers = s.Note, s.Answers
		}
		next, err := d.ActIn(ctx, tx, actor, s.Number, step)
		if err != nil {
			return Case{}, fmt.Errorf("follow to %s: %w", r.to, err)
		}
		c = next
	}
	return c, nil
}

// FollowOnce is FollowIn in a transaction of its own, once for each id: a message that comes again changes nothing. Errors as of FollowIn.
func (d *Desk) FollowOnce(ctx context.Context, actor Actor, id string, s OutsideStatus) (c Case, err error) {
	for range callTries {
		err = d.store.Update(ctx, func(tx Tx) error {
			fresh, _, err := tx.PutInbound(ctx, Inbound{Key: "outside:" + id, Kind: InboundOutside, At: d.now()}, "")
			if err != nil {
				return fmt.Errorf("record message: %w", err)
			}
			if !fresh {
				c, err = tx.Case(ctx, s.Number)
				return err
			}
			c, err = d.FollowIn(ctx, tx, actor, s)
			return err
		})
		if !errors.Is(err, ErrConflict) {
			return c, err
		}
	}
	return c, err
}
