package routing

import (
	"context"
	"errors"
	"time"
)

// ErrTooMany: so many cases match that counting them would take too long; narrow the query.
var ErrTooMany = errors.New("too many to count")

// Order is what a list is sorted by.
type Order string

// The orders; their Chinese names are in the catalogue under "console.order.<value>".
const (
	OrderNewest Order = ""      // filed last first
	OrderClock  Order = "clock" // the first running clock to end in front, cases without one at the end
)

// Figure is how many cases a unit has of a category in a state.
type Figure struct {
	Category string
	Unit     string
	State    State
	Cases    int
}

// SavedFilter is a list with its conditions, under a name that its owner gave it.
type SavedFilter struct {
	ID        string
	UserID    string
	Name      string
	Query     string // of the list's address
	CreatedAt time.Time
}

// ReplyTemplate is words that a unit's people use again in their answers.
type ReplyTemplate struct {
	ID        string
	Unit      string
	Name      string
	Body      string
	UpdatedAt time.Time
	UpdatedBy string // name of the account
}

// ListReader reads what lists need beside cases.
type ListReader interface {
	// Figures counts the cases that the query matches by category, unit and state. The query may name unit, category, item and district
	// alone. ErrForbidden: whoever asks is no member of staff.
	Figures(ctx context.Context, q Query) ([]Figure, error)
	// LateByUnit counts the cases that the query matches by category and unit; State is empty.
	LateByUnit(ctx context.Context, q Query) ([]Figure, error)
	SavedFilter(ctx context.Context, id string) (SavedFilter, error)
	// SavedFilters lists those of a user, oldest first.
	SavedFilters(ctx context.Context, userID string) ([]SavedFilter, error)
	// ReplyTemplates lists those of a unit by name.
	ReplyTemplates(ctx context.Context, unit string) ([]ReplyTemplate, error)
}

// ListWriter writes what people keep for their lists.
type ListWriter interface {
	// PutSavedFilter stores the filter, in place of the user's of the same name.
	PutSavedFilter(ctx context.Context, f SavedFilter) error
	DeleteSavedFilter(ctx context.Context, userID, id string) error // ErrNotFound: the user has none such
	InsertReplyTemplate(ctx context.Context, p ReplyTemplate) error // ErrExists: the unit has one of the name
	UpdateReplyTemplate(ctx context.Context, p ReplyTemplate) error // ErrNotFound: the unit has none such; ErrExists as before
	DeleteReplyTemplate(ctx context.Context, unit, id string) error // ErrNotFound: the unit has none such
}

// Figures counts what the actor may see of what the query selects, by category, unit and state.
func (d *Desk) Figures(ctx context.Context, actor Actor, q Query) ([]Figure, error) {
	q.Visible = actor
	return d.store.Figures(ctx, q)
}

// LateByUnit counts by category and unit what the actor may see of the query's cases that are over a limit.
func (d *Desk) LateByUnit(ctx context.Context, actor Actor, q Query) ([]Figure, error) {
	q.Visible = actor
	return d.store.LateByUnit(ctx, q.ByClock(ClockOver, d.now()))
}
