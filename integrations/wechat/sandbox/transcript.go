package sandbox

import (
	"regexp"
	"time"
)

// Side is who speaks in a chat.
type Side string

// The sides. The platform speaks when a message could not be delivered or somebody follows.
const (
	SideFan      Side = "fan"
	SideAccount  Side = "account"
	SidePlatform Side = "platform"
)

// Kind is what an entry of a chat is.
type Kind string

// The kinds of entry.
const (
	KindText  Kind = "text"
	KindImage Kind = "image"
	KindVoice Kind = "voice"
	KindVideo Kind = "video"
	KindCard  Kind = "card"  // a template message
	KindEvent Kind = "event" // followed, tapped a button …
	KindError Kind = "error" // what the user sees when the account's server fails
)

// Entry is one line of a fan's chat. Passive: it answered the message before it at once; otherwise it was sent by the API.
type Entry struct {
	ID      int64
	At      time.Time
	Side    Side
	Kind    Kind
	Text    string
	MediaID string
	Seconds int // of a voice, rounded up
	Passive bool
	Card    *Card
	Taps    []Tap // answers under a text
}

// Tap is an answer that the fan can tap under a message.
type Tap struct {
	ID   string `json:"id"`
	Text string `json:"content"`
}

// Card is a template message as the phone shows it.
type Card struct {
	Title  string
	URL    string
	Fields []CardField
	MsgID  int64
}

// CardField is one line of a card.
type CardField struct{ Key, Label, Value string }

// Part is a stretch of a text; URL is set when it is a link.
type Part struct{ Text, URL string }

var linkPattern = regexp.MustCompile(`https?://[!-~]+`)

// Parts splits the text at its links, for showing.
func (e Entry) Parts() []Part {
	var parts []Part
	from := 0
	for _, at := range linkPattern.FindAllStringIndex(e.Text, -1) {
		if at[0] > from {
			parts = append(parts, Part{Text: e.Text[from:at[0]]})
		}
		link := e.Text[at[0]:at[1]]
		parts, from = append(parts, Part{Text: link, URL: link}), at[1]
	}
	if from < len(e.Text) {
		parts = append(parts, Part{Text: e.Text[from:]})
	}
	return parts
}
