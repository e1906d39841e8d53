package console

import (
	"cmp"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// groupLine is how the cases of a category, or of one of its units, stand.
type groupLine struct {
	ID, Name    string
	Address     string
	Counts      map[routing.State]int
	Open        int
	Late        int
	LateAddress string
	Done        int // struck off
	All         int
	Accepted    int // all but those that were withdrawn, not accepted or transferred
	states      url.Values
}

// Struck is how many hundredths of the accepted cases are struck off.
func (l groupLine) Struck() int {
	if l.Accepted == 0 {
		return 0
	}
	return 100 * l.Done / l.Accepted
}

// In is the address of the line's cases in a state.
func (l groupLine) In(state routing.State) string {
	v := url.Values{}
	for k := range l.states {
		v.Set(k, l.states.Get(k))
	}
	v.Set("state", string(state))
	return "/console?" + v.Encode()
}

func (l *groupLine) add(f routing.Figure) {
	l.Counts[f.State] += f.Cases
	l.All += f.Cases
	switch f.State {
	case routing.StateWithdrawn, routing.StateNotAccepted, routing.StateTransferred:
		return
	case routing.StateStruckOff:
		l.Done += f.Cases
	}
	l.Accepted += f.Cases
	if f.State.Open() {
		l.Open += f.Cases
	}
}

// groupView is the work of the category groups (专项组), or of one of them unit by unit.
type groupView struct {
	Category *routing.Category // nil for all
	Lines    []groupLine
	Sum      groupLine
	States   []routing.State
	Cases    []routing.Case // the open ones of the category whose clocks end first
	More     string         // address of all its cases
}

// groups shows how the eight categories stand, each over all units.
func (s *Console) groups(c *gin.Context, actor routing.Actor) error {
	v := groupView{States: routing.States(), Sum: newLine("", s.text("console.groups.sum"), url.Values{"state": {"all"}})}
	for _, category := range s.Plan.Categories {
		line := newLine(category.ID, category.Name, url.Values{"category": {category.ID}})
		line.Address = "/console/groups/" + url.PathEscape(category.ID)
		v.Lines = append(v.Lines, line)
	}
	other := newLine("", s.text("console.item.other"), url.Values{"item": {routing.Other}})
	other.Address = other.In("all")
	v.Lines = append(v.Lines, other)
	if err := s.sum(c, actor, &v, routing.Query{}, func(f routing.Figure) string { return f.Category }); err != nil {
		return err
	}
	s.render(c, 200, "groups", page{Title: "console.groups.title", Actor: actor, Section: "groups", Data: v})
	return nil
}

// group shows how one category stands, unit by unit, and what of it ends first.
func (s *Console) group(c *gin.Context, actor routing.Actor) error {
	at := slices.IndexFunc(s.Plan.Categories, func(k routing.Category) bool { return k.ID == c.Param("id") })
	if at < 0 {
		return routing.ErrNotFound
	}
	category := s.Plan.Categories[at]
	q := routing.Query{Category: category.ID}
	v := groupView{Category: &category, States: routing.States(), Sum: newLine("", s.text("console.groups.sum"), url.Values{"category": {category.ID}}),
		More: "/console?" + url.Values{"category": {category.ID}, "state": {"open"}, "order": {"clock"}}.Encode()}
	for _, unit := range category.Leads {
		line := newLine(unit, s.Plan.UnitName(unit), url.Values{"category": {category.ID}, "unit": {unit}})
		line.Address = line.In("all")
		v.Lines = append(v.Lines, line)
	}
	v.Lines = append(v.Lines, newLine("", s.text("console.unit.none"), url.Values{"category": {category.ID}}))
	if err := s.sum(c, actor, &v, q, func(f routing.Figure) string { return f.Unit }); err != nil {
		return err
	}
	v.Lines = slices.DeleteFunc(v.Lines, func(l groupLine) bool { return l.ID == "" && l.All == 0 })
	for i := range v.Lines {
		if v.Lines[i].ID == "" {
			v.Lines[i].Address = v.Lines[i].In(routing.StateTriage)
		}
	}
	q.States, q.Order, q.Limit = statesOf("open"), routing.OrderClock, pageSize
	var err error
	if v.Cases, _, err = s.Desk.Cases(c.Request.Context(), actor, q); err != nil {
		return err
	}
	s.render(c, 200, "groups", page{Title: "console.groups.title", Actor: actor, Section: "groups", Data: v})
	return nil
}

func newLine(id, name string, narrowed url.Values) groupLine {
	l := groupLine{ID: id, Name: name, Counts: map[routing.State]int{}, states: narrowed}
	late := url.Values{"state": {"all"}, "clock": {string(routing.ClockOver)}, "order": {"clock"}}
	for k := range narrowed {
		if k != "state" {
			late.Set(k, narrowed.Get(k))
		}
	}
	l.LateAddress = "/console?" + late.Encode()
	return l
}

// sum adds the figures to the lines that key names. What no line is for (a unit that the plan has dropped) gets a line of its own.
func (s *Console) sum(c *gin.Context, actor routing.Actor, v *groupView, q routing.Query, key func(routing.Figure) string) error {
	figures, err := s.Desk.Figures(c.Request.Context(), actor, q)
	if err != nil {
		return err
	}
	late, err := s.Desk.LateByUnit(c.Request.Context(), actor, q)
	if err != nil {
		return err
	}
	line := func(f routing.Figure) *groupLine {
		i := slices.IndexFunc(v.Lines, func(l groupLine) bool { return l.ID == key(f) })
		if i < 0 {
			id := key(f)
			l := newLine(id, s.Plan.UnitName(id), url.Values{"category": {f.Category}, "unit": {id}})
			l.Address = l.In("all")
			v.Lines = append(v.Lines, l)
			i = len(v.Lines) - 1
		}
		return &v.Lines[i]
	}
	for _, f := range figures {
		line(f).add(f)
		v.Sum.add(f)
	}
	for _, f := range late {
		line(f).Late += f.Cases
		v.Sum.Late += f.Cases
	}
	if v.Category != nil { // who has most to do stands first
		slices.SortStableFunc(v.Lines, func(a, b groupLine) int { return cmp.Compare(b.Open, a.Open) })
	}
	return nil
}
