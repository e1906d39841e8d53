package console

import (
	"context"
	"fmt"
	"slices"

	"jiesu/routing"
)

// ownEvent is an entry of the complainant's timeline, with the words that it is told in.
type ownEvent struct {
	routing.Event
	Key   string // page.event.<key>
	Unit  string // who had the case then
	Moved string // how it moved the end
}

// askView is the question that is open: one tap answers it. The two are asked apart, solved first.
type askView struct {
	Question string // solved or satisfied
	Address  string
	Solved   routing.Solved // answered already
	Answers  []string
}

// againView offers a redo to whoever has just said that it is needed.
type againView struct {
	Why     string // unsolved or unhappy
	Address string
}

// askOf is the question for the case, nil when there is none.
func askOf(actor routing.Actor, c routing.Case, base string) *askView {
	if !slices.Contains(routing.Legal(actor, c), routing.ActionRate) {
		return nil
	}
	v := askView{Address: base + "/" + string(routing.ActionRate)}
	switch {
	case c.Rating == nil:
		v.Question, v.Answers = "solved", form{}.Solved()
	case c.Rating.Satisfied == 0:
		v.Question, v.Solved, v.Answers = "satisfied", c.Rating.Solved, form{}.Grades()
	default:
		return nil
	}
	return &v
}

// againOf offers a redo when the rating says that it is needed and the case can still be redone.
func againOf(actor routing.Actor, c routing.Case, base string) *againView {
	if c.Rating == nil || !c.Rating.Poor() || !slices.Contains(routing.Legal(actor, c), routing.ActionRedo) {
		return nil
	}
	v := againView{Why: "unsolved", Address: base + "/" + string(routing.ActionRedo)}
	if c.Rating.Solved == routing.SolvedYes {
		v.Why = "unhappy"
	}
	return &v
}

// ownTimeline tells the timeline in the complainant's words. Of several ratings in a row, the two questions answered one after the other, the
// last says all.
func (s *Console) ownTimeline(ctx context.Context, actor routing.Actor, c routing.Case) ([]routing.Event, []ownEvent, error) {
	visible, err := s.Desk.Timeline(ctx, actor, c.Number)
	if err != nil {
		return nil, nil, err
	}
	all, err := s.Store.Events(ctx, c.Number)
	if err != nil {
		return nil, nil, fmt.Errorf("read events of %s: %w", c.Number, err)
	}
	var list []ownEvent
	unit, next := "", 0
	for i, e := range visible {
		for ; next < len(all) && all[next].Seq <= e.Seq; next++ {
			if u := all[next].Data.Unit; u != "" {
				unit = u
			}
		}
		if e.Action == routing.ActionRate && i+1 < len(visible) && visible[i+1].Action == routing.ActionRate {
			continue
		}
		o := ownEvent{Event: e, Key: did(e), Unit: unit, Moved: s.Plan.MovedBy(s.Wording, c, all, e.Seq)}
		switch {
		case e.Action == routing.ActionFile && e.To == routing.StateTriage:
			o.Key += ".triage"
		case routing.Kept(all[:next]):
			o.Key += ".kept"
		case e.Actor.Unit != "":
			o.Unit = e.Actor.Unit
		}
		list = append(list, o)
	}
	return visible, list, nil
}
