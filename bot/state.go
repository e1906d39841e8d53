package bot

import (
	"time"

	"jiesu/routing"
)

// Mode is what the bot waits for. The zero mode waits for nothing.
type Mode string

// The modes. From Thin to Door the draft is being made; the others ask about a case.
const (
	ModeIdle       Mode = ""
	ModeThin       Mode = "thin"       // what happened?
	ModeConfirm    Mode = "confirm"    // is this what you mean?
	ModePick       Mode = "pick"       // which of three?
	ModeTriage     Mode = "triage"     // a clerk will place it: file?
	ModeRepeat     Mode = "repeat"     // the same as your open case?
	ModeDoor       Mode = "door"       // outside the plan, the right door was named
	ModeEnterprise Mode = "enterprise" // filed: name of the enterprise?
	ModePhone      Mode = "phone"      // filed: telephone?
	ModeChoose     Mode = "choose"     // which of your cases?
	ModeAdd        Mode = "add"        // every message is a supplement until it is ended
	ModeWithdraw   Mode = "withdraw"   // really?
	ModeSolved     Mode = "solved"     // is it solved?
	ModeSatisfied  Mode = "satisfied"  // how satisfied?
	ModeRedo       Mode = "redo"       // have it redone?
	ModeRedoReason Mode = "reason"     // why redone?
	ModeHuman      Mode = "human"      // a human was asked for: what about, which telephone?
	ModeBind       Mode = "bind"       // by which number do you want to be known?
	ModeCode       Mode = "code"       // the six digits that were sent there?
)

// drafting reports whether the mode is a question about the draft.
func (m Mode) drafting() bool {
	switch m {
	case ModeThin, ModeConfirm, ModePick, ModeTriage, ModeRepeat, ModeDoor:
		return true
	}
	return false
}

// State is where the conversation with one complainant stands; stored as JSON between messages.
type State struct {
	Mode  Mode  `json:"mode,omitempty"`
	Draft Draft `json:"draft,omitzero"`

	Case   string         `json:"case,omitempty"`   // number of the case that the question is about
	Choice []string       `json:"choice,omitempty"` // ModeChoose: numbers offered; ModePick: nothing
	Then   Command        `json:"then,omitempty"`   // ModeChoose: what to do with the choice
	Held   string         `json:"held,omitempty"`   // ModeChoose: words said for the chosen case; while rating: words beside the answers
	Solved routing.Solved `json:"solved,omitempty"` // ModeSatisfied: the answer so far
	Phones []string       `json:"phones,omitempty"` // ModePhone, ModeEnterprise: numbers named in the text, to be proposed

	Proposed string    `json:"proposed,omitempty"` // value that `1` confirms
	AskPhone bool      `json:"ask_phone,omitempty"`
	Offered  []Offer   `json:"offered,omitempty"` // ModePick: what the numbers mean that were shown
	Sure     bool      `json:"sure,omitempty"`    // ModeDoor: assented to, so that it isn't dropped
	Guessed  bool      `json:"guessed,omitempty"` // the enterprise of the case filed last was read out of its text
	Said     string    `json:"said,omitempty"`    // fingerprint of the last answer
	Last     string    `json:"last,omitempty"`    // number of the case filed last
	LastAt   time.Time `json:"last_at,omitzero"`
	HumanAt  time.Time `json:"human_at,omitzero"` // when a human was asked for last
	SpokeAt  time.Time `json:"spoke_at,omitzero"`
	Reminded bool      `json:"reminded,omitempty"`
	Informed string    `json:"informed,omitempty"` // version of the words on personal data that were said last
}

// Offer is one line of the list to pick from.
type Offer struct {
	Item string `json:"item"`
	Unit string `json:"unit"`
}

// Draft is the complaint being made: everything said so far, in order.
type Draft struct {
	Parts        []string        `json:"parts,omitempty"`
	Attachments  []string        `json:"attachments,omitempty"` // ids
	Voice        bool            `json:"voice,omitempty"`       // one of them is a voice message, given to the operators to write down
	Confidential bool            `json:"confidential,omitempty"`
	Fresh        bool            `json:"fresh,omitempty"`     // said to be a matter of its own, not a repeat
	District     string          `json:"district,omitempty"`  // suggested by a place that is named, and shown: confirmed together with the draft
	Elsewhere    bool            `json:"elsewhere,omitempty"` // the suggestion was denied
	Asked        int             `json:"asked,omitempty"`     // how often it was found too thin
	Contact      routing.Contact `json:"contact,omitzero"`    // given in so many words, not guessed from the text
}

func (d Draft) empty() bool { return len(d.Parts) == 0 && len(d.Attachments) == 0 }

// Kind is what the complainant did.
type Kind string

// The kinds of message that Step knows.
const (
	KindText     Kind = "text"     // also links and places, as text
	KindEvidence Kind = "evidence" // image or video; Attachment is its id
	KindVoice    Kind = "voice"
	KindButton   Kind = "button" // menu item; Button is its key, one of the Commands
	KindFollow   Kind = "follow" // began to follow, or scanned a code
	KindUnknown  Kind = "unknown"
	KindWake     Kind = "wake" // nothing was said until the time the bot wanted to be asked
)

// Message is one thing said; Voice says that it was spoken, and written down by an operator. Bound is the case that a scanned code gave to the complainant, Scanned says that there was a code.
type Message struct {
	Kind       Kind
	Voice      bool
	Redeemed   *Redemption // Text is six digits, which were looked at
	About      string      // Voice: number of the case that it was sent for, if there was one
	Text       string
	Attachment string
	Button     string
	Scanned    bool
	Bound      string
	At         time.Time
}

// Redemption is what became of six digits.
type Redemption struct {
	routing.Redeemed
	Wrong bool // nobody was given them, or they have expired
	Taken bool // the case is another one's by now
	Many  bool // too many guesses
}

// World is what Step may know: facts already read, and pure helpers.
type World struct {
	Judge      routing.Judge
	Plan       *routing.Plan
	Words      *Words
	Text       routing.Wording
	Doors      []Door
	Pace       Pace
	PageURL    string                    // of the complainants' pages, the token is appended; "": pages are not named
	PrivacyURL string                    // of the page that says what becomes of personal data
	Privacy    string                    // version of that page
	Agreed     string                    // version that they have agreed to, "": none
	Me         routing.Actor             // the complainant
	Cases      []routing.Case            // own cases, newest first, and the one whose number was named if it is their own
	Codes      bool                      // codes can be sent by SMS
	Staff      func() routing.Staffing   // whether a person can take over; asked only when somebody is to
	Matters    map[string]routing.Matter // what the own open cases are about, by number
}

// Pace is how long the bot waits. OtherFrom is the confidence from which a text outside the plan is answered with another door.
type Pace struct {
	Remind    time.Duration // silence until an unfinished draft is summed up
	Close     time.Duration // silence until it is filed to triage
	OtherFrom float64
}

// Turn is the outcome of one message. Reply lines that need a number not yet known have {number} open; who applies the commands fills it, as
// {outlook} with how the case Shown stands.
type Turn struct {
	State    State
	Shown    string
	Reply    []Line
	Commands []Order
	WakeAt   time.Time // zero: never
}

// Line is one line of an answer: a catalogue key and its values.
type Line struct {
	Key  string
	Args []string // name, value, name, value …
}

// Order is something for the desk to do. An empty Number means the case filed by the File before it.
type Order interface{ order() }

// File files a complaint. More is what doesn't fit into one case text and follows as supplements.
type File struct {
	Complaint routing.Complaint
	More      []string
}

// Act does a step to one of the complainant's cases.
type Act struct {
	Number string
	Step   routing.Step
}

// Hand puts work on the operators' list. A conversation with its Summary is handed over for TaskChat and, when nobody is there, for TaskCallBack; for
// TaskVoice the message is Attachment.
type Hand struct {
	Number     string
	Kind       routing.TaskKind
	Note       string
	Summary    string
	Attachment string
}

// SendCode sends six digits to a number.
type SendCode struct{ Phone string }

// Agree records that whoever speaks was told what becomes of their data, and went on.
type Agree struct{}

func (Agree) order()    {}
func (SendCode) order() {}
func (File) order()     {}
func (Act) order()      {}
func (Hand) order()     {}
