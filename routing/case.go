package routing

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Channel is how a complaint reached us.
type Channel string

// The channels; their Chinese names are in the catalogue under "channel.<value>".
const (
	ChannelWeChat  Channel = "wechat"
	ChannelHotline Channel = "hotline"
	ChannelWeb     Channel = "web"
	ChannelAPI     Channel = "api"
	ChannelImport  Channel = "import"
)

// Valid reports whether c is a known channel.
func (c Channel) Valid() bool {
	switch c {
	case ChannelWeChat, ChannelHotline, ChannelWeb, ChannelAPI, ChannelImport:
		return true
	}
	return false
}

// Contact is how to reach the complainant about one case, as given for it. Personal data: encrypted at rest (but for Enterprise,
// which is searched), masked on screens.
type Contact struct {
	Enterprise string `json:"enterprise,omitempty"`
	Name       string `json:"contact_name,omitempty"`
	Phone      string `json:"phone,omitempty"`
}

// Case is a filed complaint (工单): a projection of its events, beside what was said.
type Case struct {
	Number  string // JS + day of filing (Beijing) + six digits
	State   State
	Version int64 // number of events so far; a step names the version it was decided on

	Text          string // the complaint as said, without later supplements
	Contact       Contact
	Confidential  bool // the complainant stays hidden from the unit everywhere
	Channel       Channel
	ExternalID    string // number of the outside system that filed it, unique per Source
	Source        string // who filed it: key or user id; empty for the bot
	ComplainantID string
	Token         string // of the complainant's page: unguessable

	Judgement  Judgement // what the classifier said at filing
	Category   string    // id of the plan, "" for other
	Item       string    // id of the plan, or Other
	Unit       string    // lead unit id, "" before dispatch
	District   string    // full name, "" when none is named
	Assisting  []string  // assisting unit ids
	Confidence float64   // of the judgement, 1 when a person decided

	FiledAt      time.Time
	UpdatedAt    time.Time
	DispatchedAt time.Time // last dispatch, zero before; the unit's clock starts here, not at signing

	Reply      string // the last answer of the unit
	Rating     *Rating
	Redos      int
	Urges      int
	RefusedBy  []string // units that have used their one refusal
	Supervised bool
}

// Other is the item of everything outside the plan.
const Other = "other"

// Solved is the complainant's word on the matter itself, apart from how satisfied they are (解决 / 满意).
type Solved string

// The answers to "is it solved?".
const (
	SolvedYes    Solved = "yes"
	SolvedPartly Solved = "partly"
	SolvedNo     Solved = "no"
)

// Rating is the complainant's judgement of an answer (评价). Satisfied is 1 to 5, 0 when not asked or not said.
type Rating struct {
	Solved    Solved `json:"solved"`
	Satisfied int    `json:"satisfied,omitempty"`
}

// View is the case as the actor may see it: contact masked for staff, gone for the unit when the complainant wishes to stay hidden.
// Only the complainant sees their own contact in full; staff use ActionReveal.
func (c Case) View(a Actor) Case {
	if a.Role == RoleComplainant || a.Role == RoleSystem {
		return c
	}
	if a.Role == RoleUnit {
		if c.Confidential {
			c = c.hidden()
		}
		c.Judgement.Entities = nil
		c.Source, c.ExternalID = "", ""
	}
	c.Token = ""
	c.Contact.Phone = MaskPhone(c.Contact.Phone)
	c.Contact.Name = MaskName(c.Contact.Name)
	return c
}

// hidden is the case without who the complainant is, also where they named themselves in their own words.
func (c Case) hidden() Case {
	text := []rune(c.hush(c.Text))
	evidence := make([]Evidence, 0, len(c.Judgement.Evidence))
	for _, e := range c.Judgement.Evidence {
		if 0 <= e.Start && e.Start <= e.End && e.End <= len(text) {
			e.Text = string(text[e.Start:e.End])
			evidence = append(evidence, e)
		}
	}
	c.Text, c.Judgement.Evidence = string(text), evidence
	c.Contact, c.ComplainantID = Contact{}, ""
	return c
}

// hush blanks the complainant's names and numbers in a text, character for character, so that offsets into it hold.
func (c Case) hush(text string) string {
	known := []string{c.Contact.Enterprise, c.Contact.Name, c.Contact.Phone}
	if e := c.Judgement.Entities; e != nil {
		known = append(append(append(known, e.Enterprise), e.People...), e.Phones...)
	}
	for _, word := range known {
		if n := utf8.RuneCountInString(word); n > 1 { // one character would blank the family name wherever it is a word
			text = strings.ReplaceAll(text, word, strings.Repeat("＊", n))
		}
	}
	return text
}

// MaskPhone keeps the first three and last four digits of a phone number: 138****5678.
func MaskPhone(phone string) string {
	r := []rune(phone)
	switch {
	case len(r) == 0:
		return ""
	case len(r) < 8:
		return "****"
	}
	return string(r[:3]) + "****" + string(r[len(r)-4:])
}

// MaskName keeps the family name.
func MaskName(name string) string {
	r := []rune(name)
	if len(r) == 0 {
		return ""
	}
	return string(r[:1]) + "**"
}
