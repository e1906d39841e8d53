package jobs

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"jiesu/routing"
)

// maxLetter is the longest message in characters: what the platform surely takes in one piece (2048 bytes).
const maxLetter = 600

// writer makes letters of notices.
type writer struct {
	store     routing.Reader
	plan      *routing.Plan
	words     routing.Wording
	publicURL string
}

// letter loads what the notice is about and renders it. Words and facts tell of the step: a case may have gone on by the time its notice
// is sent, and a message that it was signed must not say that it is answered.
func (w writer) letter(ctx context.Context, n routing.Notice) (routing.Letter, error) {
	who, err := w.store.Complainant(ctx, n.ComplainantID)
	if err != nil {
		return routing.Letter{}, fmt.Errorf("load recipient of notice %s: %w", n.ID, err)
	}
	if n.CaseNumber == "" {
		return routing.Letter{Notice: n, Recipient: who, Text: cut(n.Text, maxLetter, "…")}, nil
	}
	c, err := w.store.Case(ctx, n.CaseNumber)
	if err != nil {
		return routing.Letter{}, fmt.Errorf("load case of notice %s: %w", n.ID, err)
	}
	if c, err = w.asOf(ctx, c, n.Seq); err != nil {
		return routing.Letter{}, err
	}
	named, err := w.naming(ctx, n)
	if err != nil {
		return routing.Letter{}, err
	}
	l := routing.Letter{Notice: n, Case: c, Recipient: who, Text: w.text(named, c)}
	if c.Token != "" {
		l.PageURL = w.publicURL + "/p/" + c.Token
	}
	return l, nil
}

// asOf puts the case's state and unit back to where its event with the number left them.
func (w writer) asOf(ctx context.Context, c routing.Case, seq int64) (routing.Case, error) {
	if seq < 1 || seq >= c.Version {
		return c, nil
	}
	events, err := w.store.Events(ctx, c.Number)
	if err != nil {
		return c, fmt.Errorf("read how %s stood: %w", c.Number, err)
	}
	unit := ""
	for _, e := range events {
		if e.Seq > seq {
			break
		}
		if c.State = e.To; e.Data.Unit != "" {
			unit = e.Data.Unit
		}
	}
	c.Unit = unit
	return c, nil
}

// naming is a notice that a complaint isn't accepted with the route that its step named, before what the office wrote itself.
func (w writer) naming(ctx context.Context, n routing.Notice) (routing.Notice, error) {
	if n.Kind != routing.NoticeKind(routing.ActionNotAccept) {
		return n, nil
	}
	events, err := w.store.Events(ctx, n.CaseNumber)
	if err != nil {
		return n, fmt.Errorf("read route named by notice %s: %w", n.ID, err)
	}
	for _, e := range events {
		if e.Seq == n.Seq && e.Data.Route != nil {
			n.Text = strings.TrimSuffix(e.Data.Route.Say(w.words)+"\n"+n.Text, "\n")
		}
	}
	return n, nil
}

// text renders the whole message. A note that is too long is shortened and the reader sent to the page.
func (w writer) text(n routing.Notice, c routing.Case) string {
	full := w.render(n, c, n.Text)
	over := utf8.RuneCountInString(full) - maxLetter
	if over <= 0 {
		return full
	}
	room := utf8.RuneCountInString(n.Text) - over
	return cut(w.render(n, c, cut(n.Text, room, w.words.Text("notice.more"))), maxLetter, "…")
}

// render fills the text of the notice's kind. The note stands on a line of its own with its label, and neither is there without it.
func (w writer) render(n routing.Notice, c routing.Case, note string) string {
	key := "notice." + string(n.Kind)
	switch {
	case c.Restricted && c.State == routing.StateTransferred && w.words.Has(key+".withheld"):
		key += ".withheld"
	case !w.words.Has(key):
		key = "notice.other"
	}
	if note != "" {
		label := "notice.note." + string(n.Kind)
		if !w.words.Has(label) {
			label = "notice.note"
		}
		note = w.words.Text(label, "note", note)
	}
	return w.words.Text(key, "number", c.Number, "item", w.item(c), "unit", w.unit(c), "state", w.words.Text("state."+string(c.State)),
		"district", c.District, "note", note)
}

func (w writer) item(c routing.Case) string {
	if name := w.plan.ItemName(c.Item); name != "" {
		return name
	}
	return w.words.Text("notice.no_item")
}

func (w writer) unit(c routing.Case) string {
	if c.Unit == "" {
		return w.words.Text("notice.no_unit")
	}
	return w.plan.UnitName(c.Unit)
}

// cut shortens text to at most n characters, the tail included when something was cut.
func cut(text string, n int, tail string) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	keep := n - utf8.RuneCountInString(tail)
	if keep <= 0 {
		return ""
	}
	return string([]rune(text)[:keep]) + tail
}
