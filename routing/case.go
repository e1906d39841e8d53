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
	Published     bool // the complainant agreed that everybody may read it, without who they are
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
	Urgency    Urgency
	Named      int // times that it was named in the bulletin for being late

	Points     []string // what the complaint asks for, each to be answered; none or one: the answer is to the whole
	Asked      int      // days of the extension that its unit has asked for and the office hasn't decided, 0: none
	Extensions int      // granted to its unit
	Restricted bool     // with a criminal or discipline body: only the office sees what it says and what was done

	Doubted  bool      // the office holds that it was made up; for the office and operators alone
	ErasedAt time.Time // when what names people was removed; zero: it wasn't

	Clock CaseClock // of all its clocks, the one to look at; a projection
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
	if c.WithheldFrom(a) {
		c = c.withheld()
	}
	if a.Role == RoleComplainant {
		c.Doubted = false
	}
	if a.Role == RoleComplainant || a.Role == RoleSystem {
		return c
	}
	if a.Role == RoleUnit {
		c.Doubted = false // lest it is an excuse
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

// WithheldFrom reports whether the actor may only know that the case is with another body.
func (c Case) WithheldFrom(a Actor) bool { return c.Restricted && !a.ReadsAll() }

// withheld is the case without what it says, who said it and what was answered.
func (c Case) withheld() Case {
	c.Text, c.Contact, c.Judgement, c.Reply, c.Points, c.Rating, c.ExternalID = "", Contact{}, Judgement{}, "", nil, nil, ""
	return c
}

// hidden is the case without who the complainant is, also where they named themselves in their own words.
func (c Case) hidden() Case {
	text := []rune(c.hush(c.Text))
	c.Text, c.Points = string(text), c.hushAll(c.Points)
	c.Judgement.Evidence, c.Judgement.Contrary = reread(c.Judgement.Evidence, text), reread(c.Judgement.Contrary, text)
	c.Contact, c.ComplainantID = Contact{}, ""
	return c
}

func (c Case) hushAll(list []string) []string {
	var plain []string
	for _, text := range list {
		plain = append(plain, c.hush(text))
	}
	return plain
}

// reread takes the words of the evidence from a text that was blanked since.
func reread(list []Evidence, text []rune) []Evidence {
	var now []Evidence
	for _, e := range list {
		if 0 <= e.Start && e.Start <= e.End && e.End <= len(text) {
			e.Text = string(text[e.Start:e.End])
			now = append(now, e)
		}
	}
	return now
}

// hush blanks the complainant's names and all personal data of a known form in a text, character for character, so that offsets into it hold. Of an
// enterprise's name every part of three characters is blanked too: people leave out where it is and what kind of company.
func (c Case) hush(text string) string {
	known := []string{c.Contact.Name}
	firms := []string{c.Contact.Enterprise}
	if e := c.Judgement.Entities; e != nil {
		known, firms = append(known, e.People...), append(firms, e.Enterprise)
	}
	for _, firm := range firms {
		r := []rune(firm)
		for i := 0; i+3 <= len(r); i++ {
			known = append(known, string(r[i:i+3]))
		}
		known = append(known, firm)
	}
	plain := []rune(text)
	blank := func(start, end int) { // bytes
		for i := utf8.RuneCountInString(text[:start]); start < end; i++ {
			_, size := utf8.DecodeRuneInString(text[start:])
			plain[i], start = '＊', start+size
		}
	}
	for _, p := range FindPersonal(text) {
		blank(p.Start, p.End)
	}
	for _, word := range known {
		if utf8.RuneCountInString(word) < 2 { // one character would blank the family name wherever it is a word
			continue
		}
		for from := 0; ; {
			i := strings.Index(text[from:], word)
			if i < 0 {
				break
			}
			blank(from+i, from+i+len(word))
			_, size := utf8.DecodeRuneInString(text[from+i:])
			from += i + size
		}
	}
	return string(plain)
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
