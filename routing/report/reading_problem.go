package report

import (
	"time"

	"jiesu/routing"
)

// visitProblem counts the history of a problem. It never fails.
func (r *reading) visitProblem(h routing.ProblemHistory) error {
	r.problem(h)
	return nil
}

// problem counts what happened to an entry of the ledger in the span, and whether it is open as the span ends. A problem lies at no district and
// came by no channel: its cases may be of several.
func (r *reading) problem(h routing.ProblemHistory) {
	type moment struct {
		at    time.Time
		place Place
	}
	var p Place
	var last routing.ProblemState
	var back []moment // how often it came back, less what turned out to be another matter
	tell := func(f Figure, at time.Time, p Place) {
		if r.span.Has(at) {
			r.tell(fact{figure: f, place: p, number: h.Number, n: 1})
		}
	}
	for _, e := range h.Events {
		if !e.At.Before(r.until) {
			break
		}
		last = e.To
		switch d := e.Data; e.Action {
		case routing.ProblemBegin:
			p = placeOfProblem(d, r.plan)
			tell(ProblemsOpened, e.At, p)
		case routing.ProblemMove:
			p = placeOfProblem(d, r.plan)
		case routing.ProblemStrikeOff:
			tell(ProblemsStruck, e.At, p)
		case routing.ProblemReturn:
			if !d.Late {
				back = append(back, moment{e.At, p})
			}
		case routing.ProblemSplit:
			if d.Undone && len(back) > 0 {
				back = back[:len(back)-1]
			}
		}
	}
	for _, m := range back {
		tell(ProblemsReturned, m.at, m.place)
	}
	if last == routing.ProblemOpen || last == routing.ProblemApplied {
		r.tell(fact{figure: ProblemsOpen, place: p, number: h.Number, n: 1})
	}
}

func placeOfProblem(d routing.ProblemData, plan *routing.Plan) Place {
	return Place{Category: plan.CategoryOf(d.Item), Item: d.Item, Unit: d.Unit}
}
