package routing

import (
	"errors"
	"fmt"
	"time"
)

// The kinds of error that callers tell apart with errors.Is. Everything else is internal: it is logged in full at the edge and
// shown to a person as one plain sentence.
var (
	// ErrNotFound: the thing does not exist, or the actor may not know that it does.
	ErrNotFound = errors.New("not found")
	// ErrConflict: somebody else was faster; read again and decide again.
	ErrConflict = errors.New("conflict: changed by someone else")
	// ErrForbidden: the actor's role or relation to the case does not allow it.
	ErrForbidden = errors.New("not allowed for this role")
	// ErrSamePerson: who applied for striking off may not check it; an ErrForbidden.
	ErrSamePerson = fmt.Errorf("the applicant may not check: %w", ErrForbidden)
	// ErrExists: a unique key (number, name, external id) is taken.
	ErrExists = errors.New("already exists")
)

// InvalidError is input that a person or program can mend. Field is the name used on the wire ("note", "unit"); Key is the
// catalogue key of the sentence that says what to do, Args what belongs in it. More are further fields of the same input.
type InvalidError struct {
	Field string
	Key   string
	Args  []string
	More  []*InvalidError
}

// All lists what is wrong, field by field.
func (e *InvalidError) All() []*InvalidError { return append([]*InvalidError{e}, e.More...) }

// Say is the sentence of the error alone.
func (e *InvalidError) Say(w Wording) string { return w.Text(e.Key, e.Args...) }

func (e *InvalidError) Error() string { return fmt.Sprintf("invalid %s: %s", e.Field, e.Key) }

// WhyNot says why a step isn't legal in a state in which it otherwise is; the sentences are in the catalogue under "illegal.<value>".
type WhyNot string

// The reasons.
const (
	WhyRefusedOnce   WhyNot = "refused_once"
	WhyRefuseOver    WhyNot = "refuse_over" // Ended says when
	WhyExtendedTwice WhyNot = "extended_twice"
	WhyExtendOver    WhyNot = "extend_over" // Ended says when
	WhyAsked         WhyNot = "asked"
	WhyNotAsked      WhyNot = "not_asked"
	WhyStruckOff     WhyNot = "struck_off"
	WhyDoubted       WhyNot = "doubted"
	WhyNotDoubted    WhyNot = "not_doubted"
	WhyErased        WhyNot = "erased"
	WhyUnsealed      WhyNot = "unsealed" // the day of the last step is still to be sealed
)

// IllegalStepError: the action is not among the legal ones of the state the case is in.
type IllegalStepError struct {
	Action Action
	State  State
	Why    WhyNot    // "": the state alone
	Ended  time.Time // when the time for it was over, zero: it isn't about time
}

func (e *IllegalStepError) Error() string {
	if !e.Ended.IsZero() {
		return fmt.Sprintf("action %s is no longer legal in state %s: its time ended at %s", e.Action, e.State, e.Ended.In(Beijing()).Format(time.RFC3339))
	}
	if e.Why != "" {
		return fmt.Sprintf("action %s is not legal in state %s (%s)", e.Action, e.State, e.Why)
	}
	return fmt.Sprintf("action %s is not legal in state %s", e.Action, e.State)
}

// OvertakenError is ErrConflict with what was done since the version that the step was decided on, as its actor may see it.
type OvertakenError struct{ Since []Event }

func (e *OvertakenError) Error() string { return ErrConflict.Error() }

// Is makes it an ErrConflict.
func (e *OvertakenError) Is(target error) bool { return target == ErrConflict }

// IllegalProblemStepError: the action is not among the legal ones of the state the problem is in.
type IllegalProblemStepError struct {
	Action ProblemAction
	State  ProblemState
}

func (e *IllegalProblemStepError) Error() string {
	return fmt.Sprintf("action %s is not legal for a problem in state %s", e.Action, e.State)
}

func invalid(field, key string, args ...string) error {
	return &InvalidError{Field: field, Key: key, Args: args}
}
