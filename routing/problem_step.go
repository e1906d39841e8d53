package routing

import (
	"strings"
	"time"
	"unicode/utf8"
)

// maxPerson is the longest name of who answers for a problem, in characters.
const maxPerson = 100

// ProblemStep is what an actor wants to do to a problem. Which fields count depends on the action; the others are ignored.
type ProblemStep struct {
	Action      ProblemAction
	Version     int64  // the version it was decided on; 0: whatever it is now
	Note        string // reason, progress, answer, or what was done
	Cause       string // ProblemPlan: what is empty stays as it is
	Measure     string
	Person      string
	Due         string   // last day, as 2026-12-31
	Assisting   []string // nil: as it is
	LastWeek    bool     // ProblemNote: for the week before this one
	Mechanism   string   // ProblemMechanism, ProblemApply: one of the two
	NoMechanism string
	Problem     string   // ProblemMerge: whose cases it takes over
	Case        string   // ProblemSplit
	Attachments []string // ProblemApply: evidence added to the problem before
}

// data checks the step against the problem and returns what its event carries. through: it comes by way of a step on one case, where nothing
// is asked but what the case's own step needs. Errors: *InvalidError.
func (s ProblemStep) data(p Problem, plan *Plan, now time.Time, through bool) (ProblemData, error) {
	for field, text := range map[string]string{"note": s.Note, "cause": s.Cause, "measure": s.Measure, "mechanism": s.Mechanism, "no_mechanism": s.NoMechanism} {
		if utf8.RuneCountInString(text) > MaxText {
			return ProblemData{}, invalid(field, "error.text_too_long")
		}
	}
	d := ProblemData{Note: s.Note}
	switch s.Action {
	case ProblemPlan:
		return s.planned(d, p, plan, now)
	case ProblemNote:
		week := WeekOf(now)
		if s.LastWeek {
			week = week.AddDate(0, 0, -7)
		}
		d.Week = &week
		return d, s.needNote()
	case ProblemMechanism:
		d.Mechanism, d.NoMechanism = s.Mechanism, s.NoMechanism
		return d, s.needMechanism(Problem{}, false)
	case ProblemApply:
		d.Mechanism, d.NoMechanism, d.Attachments = s.Mechanism, s.NoMechanism, s.Attachments
		if through {
			return d, nil
		}
		if err := s.needMechanism(p, true); err != nil {
			return d, err
		}
		return d, s.needNote()
	case ProblemSendBack, ProblemAnswer:
		return d, s.needNote()
	}
	return d, nil
}

func (s ProblemStep) needNote() error {
	if strings.TrimSpace(s.Note) == "" {
		return invalid("note", "error.note_empty")
	}
	return nil
}

// needMechanism wants the mechanism or the reason why there is none, not both; an application may rely on what is on record.
func (s ProblemStep) needMechanism(p Problem, recorded bool) error {
	switch {
	case s.Mechanism != "" && s.NoMechanism != "":
		return invalid("no_mechanism", "error.mechanism_both")
	case s.Mechanism == "" && s.NoMechanism == "" && (!recorded || p.Mechanism == "" && p.NoMechanism == ""):
		return invalid("mechanism", "error.mechanism_empty")
	}
	return nil
}

// planned fills what is put right how, by whom, until when. What was set before is changed with a reason only.
func (s ProblemStep) planned(d ProblemData, p Problem, plan *Plan, now time.Time) (ProblemData, error) {
	d.Cause, d.Measure, d.Person = fresh(s.Cause, p.Cause), fresh(s.Measure, p.Measure), fresh(s.Person, p.Person)
	if utf8.RuneCountInString(d.Person) > maxPerson {
		return d, invalid("person", "error.text_too_long")
	}
	if s.Due != "" {
		due, err := lastDay(s.Due)
		if err != nil {
			return d, err
		}
		if !due.Equal(p.DueAt) {
			if due.Before(now) {
				return d, invalid("due", "error.due_past")
			}
			d.DueAt = &due
		}
	}
	for _, a := range s.Assisting {
		if _, known := plan.UnitByID[a]; !known || a == p.Unit {
			return d, invalid("assisting", "error.unknown_unit")
		}
	}
	if s.Assisting != nil && !equalSets(s.Assisting, p.Assisting) {
		d.Assisting = s.Assisting
	}
	changes := d.Cause != "" && p.Cause != "" || d.Measure != "" && p.Measure != "" || d.Person != "" && p.Person != "" || d.DueAt != nil && !p.DueAt.IsZero()
	switch {
	case d.Cause == "" && d.Measure == "" && d.Person == "" && d.DueAt == nil && d.Assisting == nil:
		return d, invalid("measure", "error.plan_empty")
	case changes && strings.TrimSpace(s.Note) == "":
		return d, invalid("note", "error.plan_reason")
	}
	return d, nil
}

// fresh is the new text if it says something else than the old one.
func fresh(text, old string) string {
	if text == old {
		return ""
	}
	return text
}

func equalSets(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for _, v := range a {
		if !contains(b, v) {
			return false
		}
	}
	return true
}

// lastDay is the end of a day in Beijing.
func lastDay(day string) (time.Time, error) {
	d, err := time.ParseInLocation(time.DateOnly, day, Beijing())
	if err != nil {
		return time.Time{}, invalid("due", "error.due_form")
	}
	return d.AddDate(0, 0, 1).Add(-time.Millisecond).UTC(), nil
}
