package routing

import (
	"errors"
	"fmt"
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
// catalogue key of the sentence that says what to do.
type InvalidError struct {
	Field string
	Key   string
}

func (e *InvalidError) Error() string { return fmt.Sprintf("invalid %s: %s", e.Field, e.Key) }

// IllegalStepError: the action is not among the legal ones of the state the case is in.
type IllegalStepError struct {
	Action Action
	State  State
}

func (e *IllegalStepError) Error() string {
	return fmt.Sprintf("action %s is not legal in state %s", e.Action, e.State)
}

// IllegalProblemStepError: the action is not among the legal ones of the state the problem is in.
type IllegalProblemStepError struct {
	Action ProblemAction
	State  ProblemState
}

func (e *IllegalProblemStepError) Error() string {
	return fmt.Sprintf("action %s is not legal for a problem in state %s", e.Action, e.State)
}

func invalid(field, key string) error { return &InvalidError{Field: field, Key: key} }
