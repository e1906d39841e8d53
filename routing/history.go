package routing

import "time"

// Span is a stretch of time: From is in it, To is not.
type Span struct{ From, To time.Time }

// Has reports whether the moment lies in the span.
func (s Span) Has(t time.Time) bool { return !t.Before(s.From) && t.Before(s.To) }

// History is what papers read of a case: how it came, and its events up to a moment in their order. It holds nothing that anybody said or
// wrote: of the events no note, and no name of an actor.
type History struct {
	Number  string
	Channel Channel
	Events  []Event
}

// ProblemHistory is what papers read of an entry of the ledger: its events up to a moment, in their order, without notes and names.
type ProblemHistory struct {
	Number string
	Events []ProblemEvent
}

// Paper is what was computed for a period and is kept (周报告, 月调度, 季通报): the figures of the city and of everybody in it. What the
// figures are and how they are shown is package report's.
type Paper struct {
	Period  string // "2026-W40", "2026-09" or "2026-Q3"
	Span    Span
	Until   time.Time // the figures are as of then: the end of the span, or earlier when it wasn't over
	MadeAt  time.Time
	MadeBy  string // name of the user; "" for the system
	Figures []byte // empty in lists
}
