package report

import (
	"encoding/json"
	"fmt"
	"slices"

	"jiesu/routing"
)

// Figure is something that papers count. Each is a number of events or of cases, as its definition in the catalogue says
// ("paper.figure.<name>", "paper.figure.<name>.is").
type Figure int

// The figures. Of those of a clock, met, late and void follow each other for each kind of clock.
const (
	Filed       Figure = iota
	FiledBefore        // in the period before
	FiledYear          // in the same period of the year before
	Answered
	Closed
	StruckOff
	Returned // a redo of what was struck off: it came back (反弹)
	Refused
	Bounced // refusals and moves to another unit, three or more (来回流转)
	Redone
	Withdrawn
	NotAccepted
	Transferred
	Extended
	Urged
	Supervised
	Named
	Open // as the period ends
	Late
	LateOpen // as the period ends
	SolvedYes
	SolvedPartly
	SolvedNo
	SatisfiedYes
	SatisfiedNo
	SatisfiedUnsaid
	Joined // put on a mass incident
	ProblemsOpened
	ProblemsStruck
	ProblemsReturned // the matter of one that was struck off is back within the time in which that counts (防反弹)
	ProblemsOpen     // as the period ends

	firstOfClocks
)

// countedClocks are the clocks that are duties, in the order of the process; the window for a refusal is none.
var countedClocks = []routing.ClockKind{routing.ClockDispatch, routing.ClockSign, routing.ClockContact, routing.ClockFinish, routing.ClockTell}

// outcome is how a clock ended for the figures.
type outcome int

const (
	met outcome = iota
	late
	void // it ended without either: the case left or went elsewhere, or the calendar has no data
	outcomes
)

const figures = int(firstOfClocks) + 5*int(outcomes)

// ofClock is the figure of the clock's outcome.
func ofClock(k routing.ClockKind, o outcome) Figure {
	return firstOfClocks + Figure(slices.Index(countedClocks, k)*int(outcomes)+int(o))
}

var figureNames = [figures]string{"filed", "filed_before", "filed_year", "answered", "closed", "struck_off", "returned", "refused", "bounced",
	"redone", "withdrawn", "not_accepted", "transferred", "extended", "urged", "supervised", "named", "open", "late", "late_open", "solved_yes",
	"solved_partly", "solved_no", "satisfied_yes", "satisfied_no", "satisfied_unsaid", "joined",
	"problems_opened", "problems_struck", "problems_returned", "problems_open",
	"dispatch_met", "dispatch_late", "dispatch_void", "sign_met", "sign_late", "sign_void", "contact_met", "contact_late", "contact_void",
	"finish_met", "finish_late", "finish_void", "tell_met", "tell_late", "tell_void"}

func (f Figure) String() string { return figureNames[f] }

// OfProblems reports whether the figure counts entries of the ledger; the others count cases.
func (f Figure) OfProblems() bool { return f >= ProblemsOpened && f <= ProblemsOpen }

// ParseFigure reads a figure's name. False: there is none.
func ParseFigure(name string) (Figure, bool) {
	i := slices.Index(figureNames[:], name)
	return Figure(i), i >= 0
}

// AllFigures lists every figure.
func AllFigures() []Figure {
	list := make([]Figure, figures)
	for i := range list {
		list[i] = Figure(i)
	}
	return list
}

// listed are the figures whose cases stand by number in the paper itself; those of the others are found when somebody asks.
var listed = []Figure{Returned, ProblemsReturned, Refused, Bounced, Redone, Late, LateOpen, SolvedNo, SatisfiedNo}

// Counts are figures by number.
type Counts [figures]int

func (c *Counts) add(o Counts) {
	for i, n := range o {
		c[i] += n
	}
}

// MarshalJSON writes what isn't zero, by name.
func (c Counts) MarshalJSON() ([]byte, error) {
	named := map[string]int{}
	for i, n := range c {
		if n != 0 {
			named[figureNames[i]] = n
		}
	}
	return json.Marshal(named)
}

// UnmarshalJSON reads what MarshalJSON has written. Error: a figure that this program doesn't know.
func (c *Counts) UnmarshalJSON(text []byte) error {
	var named map[string]int
	if err := json.Unmarshal(text, &named); err != nil {
		return err
	}
	for name, n := range named {
		f, ok := ParseFigure(name)
		if !ok {
			return fmt.Errorf("unknown figure %q", name)
		}
		c[f] = n
	}
	return nil
}

// Measure is one of the rates of a paper; they are never mixed into one.
type Measure string

// The measures. Their names, formulas and exclusions are in the catalogue under "paper.measure.<value>", ".formula" and ".without".
const (
	Response  Measure = "response"  // 响应率
	Solution  Measure = "solution"  // 解决率
	Contented Measure = "contented" // 满意率
	OnTime    Measure = "on_time"   // 按时办结率
)

// Measures lists the measures in the order of the papers.
func Measures() []Measure { return []Measure{Response, Solution, Contented, OnTime} }

// parts are the figures that a measure counts as good, those that count otherwise, and those left out.
func (m Measure) parts() (good, bad, without []Figure) {
	f := ofClock
	switch m {
	case Response:
		return []Figure{f(routing.ClockContact, met)}, []Figure{f(routing.ClockContact, late)}, []Figure{f(routing.ClockContact, void)}
	case OnTime:
		return []Figure{f(routing.ClockFinish, met)}, []Figure{f(routing.ClockFinish, late)}, []Figure{f(routing.ClockFinish, void)}
	case Solution:
		return []Figure{SolvedYes}, []Figure{SolvedPartly, SolvedNo}, nil
	}
	return []Figure{SatisfiedYes}, []Figure{SatisfiedNo}, []Figure{SatisfiedUnsaid}
}

// Rate is the measure's rate.
func (c Counts) Rate(m Measure) Rate {
	good, bad, _ := m.parts()
	r := Rate{}
	for _, f := range good {
		r.Good += c[f]
	}
	r.Of = r.Good
	for _, f := range bad {
		r.Of += c[f]
	}
	return r
}

// Without is how many the measure leaves out.
func (c Counts) Without(m Measure) int {
	_, _, without := m.parts()
	n := 0
	for _, f := range without {
		n += c[f]
	}
	return n
}

// ofKind is the rate of a clock that was kept.
func (c Counts) ofKind(k routing.ClockKind) Rate {
	good := c[ofClock(k, met)]
	return Rate{good, good + c[ofClock(k, late)]}
}
