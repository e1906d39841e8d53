package routing

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Ground is why a unit refuses a case (退单理由). Units bounce orders without one (a finding of 12345 hotlines; the State Council's opinion on
// them of 2025 asks for a review of objections), so it is chosen from what an office may uphold, and explained in words.
type Ground string

// The grounds; their Chinese names are in the catalogue under "ground.<value>".
const (
	GroundDuty     Ground = "duty"     // the duties of the unit don't have it
	GroundDistrict Ground = "district" // a district has to deal with it alone
	GroundCourt    Ground = "court"    // before a court, in review, arbitration or petition already
	GroundUnclear  Ground = "unclear"  // what happened, or to whom, isn't said and can't be found out
	GroundOther    Ground = "other"    // another rule, which the words name
)

// Grounds lists the grounds as forms offer them.
func Grounds() []Ground {
	return []Ground{GroundDuty, GroundDistrict, GroundCourt, GroundUnclear, GroundOther}
}

// Route is the right door for a matter that isn't accepted, as it was named to the complainant. When completes "…，请找这里".
type Route struct {
	ID    string `json:"id" yaml:"id"`
	Name  string `json:"name" yaml:"name"`
	Phone string `json:"phone" yaml:"phone"`
	When  string `json:"when" yaml:"when"`
}

// Say names the route in plain words.
func (r Route) Say(w Wording) string {
	return w.Text("route.say", "name", r.Name, "phone", r.Phone, "when", r.When)
}

// Body is whom the office hands a case to (转办).
type Body string

// The bodies; their Chinese names are in the catalogue under "body.<value>".
const (
	BodyOther      Body = "other"      // one outside the process, whose work is no secret
	BodyCriminal   Body = "criminal"   // the police or the prosecution
	BodyDiscipline Body = "discipline" // discipline inspection and supervision
)

// Bodies lists the bodies as forms offer them.
func Bodies() []Body { return []Body{BodyOther, BodyCriminal, BodyDiscipline} }

// restricts: what is said to these bodies must warn nobody.
func (b Body) restricts() bool { return b == BodyCriminal || b == BodyDiscipline }

// ContactWay is how the complainant was spoken with.
type ContactWay string

// The ways; their Chinese names are in the catalogue under "contact_way.<value>".
const (
	ContactPhone   ContactWay = "phone"
	ContactVisit   ContactWay = "visit"   // at the complainant's
	ContactMeeting ContactWay = "meeting" // at the unit's
	ContactMessage ContactWay = "message"
)

// ContactWays lists the ways as forms offer them.
func ContactWays() []ContactWay {
	return []ContactWay{ContactPhone, ContactVisit, ContactMeeting, ContactMessage}
}

// Cause is why the system did something by itself that no clock made it do.
type Cause string

// The causes; their Chinese names are in the catalogue under "cause.<value>".
const (
	CauseRefusals Cause = "refusals" // refused by two units
	CauseRedos    Cause = "redos"    // to be redone a second time
)

// cause says what puts a case on the supervision list right after the event, "" for nothing.
func (c Case) cause(a Action) Cause {
	switch {
	case a == ActionRefuse && len(c.RefusedBy) > 1:
		return CauseRefusals
	case a == ActionRedo && c.Redos > 1:
		return CauseRedos
	}
	return ""
}

// PointOutcome is what becomes of a point.
type PointOutcome string

// The outcomes of a point; their Chinese names are in the catalogue under "outcome.<value>".
const (
	PointSolved      PointOutcome = "solved"
	PointExplained   PointOutcome = "explained"    // there is nothing to solve, and why
	PointNotPossible PointOutcome = "not_possible" // and by which rule
)

// PointOutcomes lists the outcomes as forms offer them.
func PointOutcomes() []PointOutcome {
	return []PointOutcome{PointSolved, PointExplained, PointNotPossible}
}

// Answer is what a reply says to one point of the complaint.
type Answer struct {
	Point   int          `json:"point"`          // number in the case's list, from 1
	Text    string       `json:"text,omitempty"` // the point, as it stood when it was answered
	Outcome PointOutcome `json:"outcome"`
	Note    string       `json:"note"`
}

// MaxPoints is how many points a complaint may have, maxPoint how long one is in characters.
const (
	MaxPoints = 20
	maxPoint  = 500
)

// answer is a reply as one text: what was said of the whole, then to each point under its number.
func (d EventData) answer() string {
	lines := []string{d.Note}
	for _, a := range d.Answers {
		lines = append(lines, strconv.Itoa(a.Point)+". "+a.Note)
	}
	return strings.TrimPrefix(strings.Join(lines, "\n"), "\n")
}

// answers checks a reply against the points of the case. With none or one the note answers the complaint; with more each needs an outcome
// and words, and what is said of the whole may be left out. Errors: *InvalidError with every point that was left out.
func (s Step) answers(c Case) ([]Answer, error) {
	if len(c.Points) < 2 {
		if s.Note == "" {
			return nil, invalid("note", "error.note_empty")
		}
		return nil, nil
	}
	var list []Answer
	var wrong []*InvalidError
	total := utf8.RuneCountInString(s.Note)
	for i, point := range c.Points {
		at := slices.IndexFunc(s.Answers, func(a Answer) bool { return a.Point == i+1 })
		field := "answers." + strconv.Itoa(i+1)
		if at < 0 || strings.TrimSpace(s.Answers[at].Note) == "" || !oneOf(s.Answers[at].Outcome, PointOutcomes()) {
			if c.Confidential { // it is the unit that reads this
				point = c.hush(point)
			}
			wrong = append(wrong, &InvalidError{Field: field, Key: "error.point_unanswered", Args: []string{"n", strconv.Itoa(i + 1), "point", point}})
			continue
		}
		a := s.Answers[at]
		a.Note, a.Text = strings.TrimSpace(a.Note), point
		total += utf8.RuneCountInString(a.Note)
		list = append(list, a)
	}
	for _, a := range s.Answers {
		if a.Point < 1 || a.Point > len(c.Points) {
			wrong = append(wrong, &InvalidError{Field: "answers", Key: "error.point_unknown"})
		}
	}
	if total > MaxText {
		wrong = append(wrong, &InvalidError{Field: "note", Key: "error.text_too_long"})
	}
	if len(wrong) > 0 {
		wrong[0].More = wrong[1:]
		return nil, wrong[0]
	}
	return list, nil
}

// corrected checks a list of points as a person wrote it. Errors: *InvalidError.
func (s Step) corrected() ([]string, error) {
	var list []string
	for _, point := range s.Points {
		point = strings.TrimSpace(point)
		switch {
		case point == "":
		case utf8.RuneCountInString(point) > maxPoint:
			return nil, invalid("points", "error.points_range")
		default:
			list = append(list, point)
		}
	}
	if len(list) < 1 || len(list) > MaxPoints {
		return nil, invalid("points", "error.points_range")
	}
	return list, nil
}

// contacted checks when the complainant was spoken with: not before they complained, and not in the future. A minute is left for clocks
// that differ.
func (s Step) contacted(c Case, now time.Time) (time.Time, error) {
	at := s.ContactedAt
	if at.IsZero() {
		return now.Truncate(time.Millisecond).UTC(), nil
	}
	if at.Before(c.FiledAt.Truncate(time.Minute)) || at.After(now.Add(time.Minute)) {
		return time.Time{}, invalid("contacted_at", "error.contacted_at")
	}
	return at.Truncate(time.Millisecond).UTC(), nil
}
