package report

import (
	"strconv"
	"strings"
	"time"

	"jiesu/routing"
)

// Ledger is the table of the ledger in the office's usual columns. more: the entries are not all that there are. It shows no personal data,
// for whoever it is made: the desk has blanked the texts.
func Ledger(entries []routing.LedgerEntry, more bool, plan *routing.Plan, words routing.Wording, at time.Time) Table {
	t := Table{Name: words.Text("ledger.sheet.name"), Title: words.Text("ledger.sheet.title", "date", day(at)), Notes: []string{words.Text("ledger.sheet.note")}}
	for _, c := range []struct {
		head  string
		width float64
	}{
		{"no", 6}, {"number", 20}, {"category", 18}, {"item", 22}, {"source", 18}, {"what", 44}, {"cases", 10}, {"unit", 14}, {"responsible", 20},
		{"measure", 36}, {"person", 16}, {"due", 12}, {"progress", 36}, {"struck", 10}, {"struck_at", 12}, {"mechanism", 32}, {"returns", 10},
	} {
		t.Columns = append(t.Columns, Column{Head: words.Text("ledger.sheet." + c.head), Width: c.width})
	}
	l := ledger{plan, words}
	for i, e := range entries {
		t.Rows = append(t.Rows, append([]any{i + 1}, l.row(e)...))
	}
	if more {
		t.Notes = append(t.Notes, words.Text("ledger.sheet.more", "n", strconv.Itoa(len(entries))))
	}
	return t
}

type ledger struct {
	plan  *routing.Plan
	words routing.Wording
}

func (l ledger) row(e routing.LedgerEntry) []any {
	item := l.plan.ItemName(e.Item)
	if item == "" {
		item = l.words.Text("ledger.sheet.other")
	}
	struck, struckAt := l.words.Text("ledger.sheet.no_yet"), ""
	if e.State == routing.ProblemStruckOff {
		struck, struckAt = l.words.Text("ledger.sheet.yes"), day(e.StruckAt)
	}
	return []any{e.Number, l.plan.CategoryName(e.Category), item, l.source(e), l.what(e), len(e.Sources), l.plan.UnitName(e.Unit), l.responsible(e),
		e.Measure, e.Person, day(e.DueAt), e.LastNote, struck, struckAt, l.mechanism(e), e.Returns}
}

// source counts the channels, in the order in which they first came.
func (l ledger) source(e routing.LedgerEntry) string {
	count := map[routing.Channel]int{}
	var order []routing.Channel
	for _, c := range e.Sources {
		if count[c] == 0 {
			order = append(order, c)
		}
		count[c]++
	}
	parts := make([]string, len(order))
	for i, c := range order {
		parts[i] = l.words.Text("ledger.sheet.source.count", "channel", l.words.Text("channel."+string(c)), "n", strconv.Itoa(count[c]))
	}
	return strings.Join(parts, l.words.Text("ledger.sheet.separator"))
}

// what is the cause that the unit found, or what was said until it did.
func (l ledger) what(e routing.LedgerEntry) string {
	switch {
	case e.Cause != "":
		return e.Cause
	case e.Said != "":
		return e.Said
	}
	return l.words.Text("ledger.sheet.hidden")
}

// responsible names the districts of the cases and the assisting units.
func (l ledger) responsible(e routing.LedgerEntry) string {
	names := append([]string(nil), e.Districts...)
	for _, a := range e.Assisting {
		names = append(names, l.plan.UnitName(a))
	}
	return strings.Join(names, l.words.Text("ledger.sheet.comma"))
}

func (l ledger) mechanism(e routing.LedgerEntry) string {
	if e.NoMechanism != "" {
		return l.words.Text("ledger.sheet.none", "reason", e.NoMechanism)
	}
	return e.Mechanism
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(beijing).Format(time.DateOnly)
}
