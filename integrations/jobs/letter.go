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
	if n.Kind == routing.NoticeCode {
		code, err := w.store.CodeByID(ctx, n.ID)
		if err != nil {
			return routing.Letter{}, fmt.Errorf("load code of notice %s: %w", n.ID, err)
		}
		return routing.Letter{Notice: n, Recipient: who, Code: code}, nil
	}
	if n.CaseNumber == "" {
		return routing.Letter{Notice: n, Recipient: who, Text: cut(n.Text, maxLetter, "…")}, nil
	}
	c, err := w.store.Case(ctx, n.CaseNumber)
	if err != nil {
		return routing.Letter{}, fmt.Errorf("load case of notice %s: %w", n.ID, err)
	}
	c, o, err := w.asOf(ctx, c, n.Seq)
	if err != nil {
		return routing.Letter{}, err
	}
	named, err := w.naming(ctx, n)
	if err != nil {
		return routing.Letter{}, err
	}
	l := routing.Letter{Notice: n, Case: c, Recipient: who, Text: w.text(named, c, o), Brief: o.brief(n.Kind)}
	if asks(n.Kind) && c.Rating == nil && c.State != routing.StateWithdrawn {
		l.Taps = routing.Taps(w.words, c.Number)
	}
	if c.Token != "" {
		l.PageURL = w.publicURL + "/p/" + c.Token
	}
	return l, nil
}

// asks reports whether the notice asks how the answer turned out.
func asks(k routing.NoticeKind) bool {
	return k == routing.NoticeKind(routing.ActionReply) || k == routing.NoticeKind(routing.ActionClose) || k == routing.NoticeRemind
}

// outlook is how the case stood after the step, and how the step moved its end.
type outlook struct {
	routing.Outlook
	moved string
	kept  bool // the office sent it to the unit that had it already
}

// brief is what a card says of until when. Words of progress are worth more than that.
func (o outlook) brief(k routing.NoticeKind) string {
	if k == routing.NoticeKind(routing.ActionProgress) {
		return ""
	}
	return o.Brief
}

// asOf puts the case's state and unit back to where its event with the number left them, and says how it stood then. The state is as the
// complainant is told of it.
func (w writer) asOf(ctx context.Context, c routing.Case, seq int64) (routing.Case, outlook, error) {
	events, err := w.store.Events(ctx, c.Number)
	if err != nil {
		return c, outlook{}, fmt.Errorf("read how %s stood: %w", c.Number, err)
	}
	if seq < 1 || seq > int64(len(events)) {
		seq = int64(len(events))
	}
	if events = events[:seq]; len(events) == 0 {
		return c, outlook{}, nil
	}
	if seq < c.Version {
		c.Unit = ""
		for _, e := range events {
			if c.State = e.To; e.Data.Unit != "" {
				c.Unit = e.Data.Unit
			}
		}
	}
	o := outlook{w.plan.Outlook(w.words, c, events, events[seq-1].At), w.plan.MovedBy(w.words, c, events, seq), routing.Kept(events)}
	c.State = c.State.Told()
	return c, o, nil
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
func (w writer) text(n routing.Notice, c routing.Case, o outlook) string {
	full := w.render(n, c, o, n.Text)
	over := utf8.RuneCountInString(full) - maxLetter
	if over <= 0 {
		return full
	}
	room := utf8.RuneCountInString(n.Text) - over
	return cut(w.render(n, c, o, cut(n.Text, room, w.words.Text("notice.more"))), maxLetter, "…")
}

// render fills the text of the notice's kind. The note stands on a line of its own with its label, and neither is there without it.
func (w writer) render(n routing.Notice, c routing.Case, o outlook, note string) string {
	key := "notice." + string(n.Kind)
	switch {
	case c.Restricted && c.State == routing.StateTransferred && w.words.Has(key+".withheld"):
		key += ".withheld"
	case !w.words.Has(key):
		key = "notice.other"
	}
	if o.kept {
		key += ".kept"
	}
	if note != "" {
		label := "notice.note." + string(n.Kind)
		if !w.words.Has(label) {
			label = "notice.note"
		}
		note = w.words.Text(label, "note", note)
	}
	return w.words.Text(key, "number", c.Number, "item", w.item(c), "unit", w.unit(c), "state", w.words.Text("state."+string(c.State)),
		"district", c.District, "note", note, "until", line(o.Until), "next", line(o.Next), "moved", line(o.moved))
}

// line puts a sentence on a line of its own, if there is one.
func line(text string) string {
	if text == "" {
		return ""
	}
	return "\n" + text
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
