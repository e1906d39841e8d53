package routing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// ActOnProblem does one step to a problem, and what follows from it to its cases, in a transaction of its own. Errors: ErrNotFound,
// ErrForbidden, ErrSamePerson, ErrConflict (version), *IllegalProblemStepError, *InvalidError.
func (d *Desk) ActOnProblem(ctx context.Context, actor Actor, number string, s ProblemStep) (p Problem, err error) {
	err = d.store.Update(ctx, func(tx Tx) error {
		p, err = d.ActOnProblemIn(ctx, tx, actor, number, s)
		return err
	})
	return p, err
}

// ActOnProblemIn is ActOnProblem within the caller's transaction.
func (d *Desk) ActOnProblemIn(ctx context.Context, tx Tx, actor Actor, number string, s ProblemStep) (Problem, error) {
	held := []string{number}
	if s.Action == ProblemMerge && s.Problem != "" {
		held = append(held, s.Problem)
		slices.Sort(held) // two that merge each other's problems don't wait for each other
	}
	for _, n := range held {
		if err := tx.LockProblem(ctx, n); err != nil {
			return Problem{}, err
		}
	}
	p, err := tx.Problem(ctx, number)
	if err != nil {
		return Problem{}, err
	}
	_, err = NextProblem(actor, p, s.Action)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrForbidden) {
		return Problem{}, err
	}
	if s.Version != 0 && s.Version != p.Version {
		return Problem{}, ErrConflict
	}
	return d.stepProblem(ctx, tx, actor, p, s, nil)
}

// Problem returns a problem. ErrNotFound: there is none, or the actor may not know of it.
func (d *Desk) Problem(ctx context.Context, actor Actor, number string) (Problem, error) {
	p, err := d.store.Problem(ctx, number)
	if err == nil && !actor.CanSeeProblem(p) {
		err = ErrNotFound
	}
	if err != nil {
		return Problem{}, err
	}
	return p, nil
}

// ProblemOf returns the problem that a case is one of. ErrNotFound: it is of none, or the actor may not know of the case or of the problem.
func (d *Desk) ProblemOf(ctx context.Context, actor Actor, caseNumber string) (Problem, error) {
	if _, err := d.Case(ctx, actor, caseNumber); err != nil {
		return Problem{}, err
	}
	p, err := d.store.ProblemOf(ctx, caseNumber)
	if err == nil && !actor.CanSeeProblem(p) {
		err = ErrNotFound
	}
	return p, err
}

// Problems lists what the actor may see of what the query selects.
func (d *Desk) Problems(ctx context.Context, actor Actor, q ProblemQuery) ([]Problem, string, error) {
	q.Visible, q.Now = actor, d.now()
	problems, next, err := d.store.Problems(ctx, q)
	if err != nil {
		return nil, "", fmt.Errorf("list problems: %w", err)
	}
	return problems, next, nil
}

// CountProblems counts by state what the actor may see of what the query selects.
func (d *Desk) CountProblems(ctx context.Context, actor Actor, q ProblemQuery) (map[ProblemState]int, error) {
	q.Visible, q.Now = actor, d.now()
	return d.store.CountProblems(ctx, q)
}

// ProblemTimeline returns the events of a problem, oldest first.
func (d *Desk) ProblemTimeline(ctx context.Context, actor Actor, number string) ([]ProblemEvent, error) {
	if _, err := d.Problem(ctx, actor, number); err != nil {
		return nil, err
	}
	return d.store.ProblemEvents(ctx, number)
}

// ProblemCases returns the cases of a problem that the actor may see, each as they may see it.
func (d *Desk) ProblemCases(ctx context.Context, actor Actor, number string) ([]Case, error) {
	if _, err := d.Problem(ctx, actor, number); err != nil {
		return nil, err
	}
	all, err := d.store.ProblemCases(ctx, number)
	if err != nil {
		return nil, fmt.Errorf("read cases of %s: %w", number, err)
	}
	var list []Case
	for _, c := range all {
		if actor.CanSee(c) {
			list = append(list, c.View(actor))
		}
	}
	return list, nil
}

// AddEvidence keeps a file for an application for striking off, by who may apply. Complainants don't get it. Errors as ActOnProblem.
func (d *Desk) AddEvidence(ctx context.Context, actor Actor, number string, f File) (a Attachment, err error) {
	err = d.store.Update(ctx, func(tx Tx) error {
		a, err = d.AddEvidenceIn(ctx, tx, actor, number, f)
		return err
	})
	return a, err
}

// AddEvidenceIn is AddEvidence within the caller's transaction.
func (d *Desk) AddEvidenceIn(ctx context.Context, tx Tx, actor Actor, number string, f File) (Attachment, error) {
	p, err := tx.Problem(ctx, number)
	if err != nil {
		return Attachment{}, err
	}
	if _, err := NextProblem(actor, p, ProblemApply); err != nil {
		return Attachment{}, err
	}
	return d.keep(ctx, tx, "", number, f)
}

// MergeOffer is another open problem of the unit that may be the same one.
type MergeOffer struct {
	Problem  Problem
	Case     string  // its case that is alike, or of the same mass incident
	Likeness float64 // 0: only of the same incident
}

const (
	// mostOffered is how many cases of a problem others are looked for by.
	mostOffered = 10
)

// MergeOffers lists problems that are likely the same as this one: those with cases alike and, for who sees mass incidents, with cases of the
// same one. A unit is told nothing by confidential cases.
func (d *Desk) MergeOffers(ctx context.Context, actor Actor, number string) ([]MergeOffer, error) {
	p, err := d.Problem(ctx, actor, number)
	if err != nil || !slices.Contains(LegalForProblem(actor, p), ProblemMerge) || p.State != ProblemOpen {
		return nil, err
	}
	cases, err := d.ProblemCases(ctx, actor, number)
	if err != nil {
		return nil, err
	}
	near := map[string]float64{}
	for _, c := range cases[:min(len(cases), mostOffered)] {
		if !c.State.Open() {
			continue
		}
		alike, err := d.AlikeTo(ctx, actor, c.Number)
		if err != nil {
			return nil, err
		}
		for _, a := range alike {
			near[a.Case.Number] = max(near[a.Case.Number], a.Likeness)
		}
	}
	if err := d.gathered(ctx, actor, cases, near); err != nil {
		return nil, err
	}
	return d.offers(ctx, actor, p, near)
}

// gathered adds the cases of mass incidents that one of the cases is of.
func (d *Desk) gathered(ctx context.Context, actor Actor, cases []Case, near map[string]float64) error {
	if !actor.May(DeedServe) {
		return nil
	}
	incidents, err := d.Incidents(ctx, actor)
	if err != nil {
		return err
	}
	for _, i := range incidents {
		if !slices.ContainsFunc(cases, func(c Case) bool { return contains(i.Cases, c.Number) }) {
			continue
		}
		for _, number := range i.Cases {
			near[number] += 0
		}
	}
	return nil
}

// offers finds the problems of the cases, each once, the most alike first.
func (d *Desk) offers(ctx context.Context, actor Actor, p Problem, near map[string]float64) ([]MergeOffer, error) {
	best := map[string]MergeOffer{}
	for number, likeness := range near {
		other, err := d.store.ProblemOf(ctx, number)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("find the problem of %s: %w", number, err)
		}
		if other.Number == p.Number || other.State != ProblemOpen || other.Unit != p.Unit || !actor.CanSeeProblem(other) {
			continue
		}
		if known, ok := best[other.Number]; !ok || known.Likeness < likeness || known.Likeness == likeness && number < known.Case {
			best[other.Number] = MergeOffer{other, number, likeness}
		}
	}
	list := make([]MergeOffer, 0, len(best))
	for _, o := range best {
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b MergeOffer) int {
		return cmp.Or(cmp.Compare(b.Likeness, a.Likeness), cmp.Compare(a.Problem.Number, b.Problem.Number))
	})
	return list, nil
}

// LedgerEntry is a problem for a table that leaves the house: without personal data, whoever asks.
type LedgerEntry struct {
	Problem             // its free texts blanked where they name a complainant
	Said      string    // what the first complainant said, blanked; "" when all wish to stay hidden
	Sources   []Channel // of its cases, one for each
	Districts []string  // that its cases name, each once
}

// mostEntries bounds a table of the ledger.
const mostEntries = 5000

// Ledger reads the entries that the query selects, oldest first; more says that there are others beyond the most that one table takes.
func (d *Desk) Ledger(ctx context.Context, actor Actor, q ProblemQuery) (entries []LedgerEntry, more bool, err error) {
	q.Limit = 200
	for q.Cursor = ""; ; {
		problems, next, err := d.Problems(ctx, actor, q)
		if err != nil {
			return nil, false, err
		}
		for _, p := range problems {
			cases, err := d.store.ProblemCases(ctx, p.Number)
			if err != nil {
				return nil, false, fmt.Errorf("read cases of %s: %w", p.Number, err)
			}
			entries = append(entries, entryOf(p, cases))
		}
		if next == "" || len(entries) >= mostEntries {
			slices.Reverse(entries)
			return entries, next != "", nil
		}
		q.Cursor = next
	}
}

// longDigits finds numbers of identity cards and bank accounts.
var longDigits = regexp.MustCompile(`\d{15,19}[0-9Xx]?`)

func entryOf(p Problem, cases []Case) LedgerEntry {
	plain := func(text string) string {
		for _, c := range cases {
			text = c.hush(text)
		}
		return longDigits.ReplaceAllString(text, "＊")
	}
	e := LedgerEntry{Problem: p}
	for _, text := range []*string{&e.Cause, &e.Measure, &e.LastNote, &e.Mechanism, &e.NoMechanism, &e.Done} {
		*text = plain(*text)
	}
	for _, c := range cases {
		if e.Said == "" && !c.Confidential {
			e.Said = plain(c.Text)
		}
		e.Sources = append(e.Sources, c.Channel)
		if c.District != "" && !contains(e.Districts, c.District) {
			e.Districts = append(e.Districts, c.District)
		}
	}
	return e
}
