package console

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
	"jiesu/routing/report"
)

// exportsPerHour bounds what one account takes out.
const exportsPerHour = 20

// formats are the kinds of file, by the end of their name.
var formats = map[string]struct {
	kind  string
	write func(s *Console, w io.Writer, t report.Table) error
}{
	"csv": {"text/csv; charset=utf-8", func(_ *Console, w io.Writer, t report.Table) error { return report.WriteCSV(w, t) }},
	"xlsx": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		func(s *Console, w io.Writer, t report.Table) error { return report.WriteXLSX(w, s.Now(), t) }},
}

// export writes the list as it is narrowed and sorted to a file, row by row. Who took how many is on record in the log.
func (s *Console) export(c *gin.Context, actor routing.Actor) error {
	kind := c.Param("kind")
	format, known := formats[kind]
	if !known {
		return routing.ErrNotFound
	}
	allowed, err := s.Live.Allow(c.Request.Context(), "export/"+actor.ID, exportsPerHour, time.Hour)
	if err != nil {
		s.Logger.Warn("limit of exports is not working", "error", err)
	} else if !allowed {
		s.problem(c, http.StatusTooManyRequests, "too_many")
		return nil
	}
	q, rows, more := s.selected(c, actor), 0, false
	t := s.sheet()
	t.Stream = func(write func(row []any) error) (err error) {
		rows, more, err = s.Desk.Export(c.Request.Context(), actor, q, func(found routing.Case) error { return write(s.line(found)) })
		return err
	}
	begun := s.Now()
	name := "jiesu-" + begun.In(routing.Beijing()).Format("20060102-1504") + "." + kind
	// The head goes out with the first bytes: what fails before is answered with a page.
	out := &late{w: c.Writer, head: func() {
		h := c.Writer.Header()
		h.Set("Content-Type", format.kind)
		h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
		c.Writer.WriteHeader(http.StatusOK)
	}}
	err = format.write(s, out, t)
	s.Logger.Info("cases exported", "actor_id", actor.ID, "role", string(actor.Role), "unit", actor.Unit, "kind", kind, "rows", rows, "cut", more, "done", err == nil)
	if err != nil && out.begun {
		s.Logger.Error("export broke off", "actor_id", actor.ID, "rows", rows, "error", err)
		panic(http.ErrAbortHandler) // half a file must not look like a whole one
	}
	return err
}

// late writes the head with the first bytes.
type late struct {
	w     io.Writer
	head  func()
	begun bool
}

func (l *late) Write(p []byte) (int, error) {
	if !l.begun {
		l.begun = true
		l.head()
	}
	return l.w.Write(p)
}

// sheet is the table of an export without its rows.
func (s *Console) sheet() report.Table {
	t := report.Table{Name: s.text("console.list.title")}
	for _, col := range []struct {
		key   string
		width float64
	}{{"number", 20}, {"state", 10}, {"category", 18}, {"item", 30}, {"unit", 18}, {"assisting", 18}, {"district", 12}, {"enterprise", 26}, {"what", 60},
		{"channel", 10}, {"filed", 18}, {"dispatched", 18}, {"due", 18}, {"clock", 22}, {"flags", 20}, {"redos", 8}, {"urges", 8}, {"rating", 14}, {"reply", 60}} {
		t.Columns = append(t.Columns, report.Column{Head: s.text("console.export." + col.key), Width: col.width})
	}
	return t
}

// line is a case as a row of sheet.
func (s *Console) line(c routing.Case) []any {
	day := func(t time.Time) any {
		if t.IsZero() {
			return nil
		}
		return t
	}
	var clocks, flags, helpers []string
	for _, l := range s.clockLines(c) {
		clocks = append(clocks, l.Text)
	}
	if c.Urgency != routing.UrgencyOrdinary {
		flags = append(flags, s.text("urgency."+string(c.Urgency)))
	}
	if c.Supervised {
		flags = append(flags, s.text("console.flag.supervised"))
	}
	if c.Confidential {
		flags = append(flags, s.text("console.flag.confidential"))
	}
	for _, unit := range c.Assisting {
		helpers = append(helpers, s.Plan.UnitName(unit))
	}
	unit, category, rating := "", "", ""
	if c.Unit != "" {
		unit = s.Plan.UnitName(c.Unit)
	}
	if c.Category != "" {
		category = s.Plan.CategoryName(c.Category)
	}
	if c.Rating != nil {
		rating = s.text("page.solved." + string(c.Rating.Solved))
	}
	comma := s.text("console.comma")
	return []any{c.Number, s.text("state." + string(c.State)), category, s.itemName(c.Item), unit, strings.Join(helpers, comma), c.District,
		c.Contact.Enterprise, c.Text, s.text("channel." + string(c.Channel)), day(c.FiledAt), day(c.DispatchedAt), day(c.Clock.Due), strings.Join(clocks, comma),
		strings.Join(flags, comma), c.Redos, c.Urges, rating, c.Reply}
}

// selected is the whole query of a list's address: its filters, its tab, its order.
func (s *Console) selected(c *gin.Context, actor routing.Actor) routing.Query {
	q := s.narrowed(c)
	tab := tabOf(c.Query("state"))
	q.States, q.Order = statesOf(tab), orderOf(actor, tab, c.Query("order"))
	return q
}

// narrowed is the query of a list's address beside its tab and order.
func (s *Console) narrowed(c *gin.Context) routing.Query {
	q := queryOf(c.Request.URL.Query())
	if f := routing.ClockFilter(c.Query("clock")); slices.Contains(routing.ClockFilters(), f) {
		q = q.ByClock(f, s.Now())
	}
	return q
}

// orders are the values of the address's order.
var orders = []string{"newest", "clock"}

// orderOf reads the order. Unless another is asked for, a unit's open cases stand by their clocks, everything else by its filing.
func orderOf(actor routing.Actor, tab, asked string) routing.Order {
	switch {
	case asked == "clock", asked != "newest" && actor.Role == routing.RoleUnit && tab == "open":
		return routing.OrderClock
	}
	return routing.OrderNewest
}

// exportable says whether the actor may export, for templates.
func exportable(r routing.Role) bool { return routing.RelationOf(r, routing.DeedExport) != "" }

// most is the longest export as people write it.
func most() string { return fmt.Sprint(routing.MaxExport / 10_000) }
