package routing

import "time"

// Draft is a filing form that isn't sent yet, kept for whom it belongs to until it is, or for DraftsKept.
type Draft struct {
	UserID string
	Fields string // as the form has them; personal data
	At     time.Time
}

// DraftsKept is how long a draft is offered again: a call that wasn't filed by then is forgotten.
const DraftsKept = 7 * 24 * time.Hour
