package routing

import (
	"context"
	"encoding/json"
	"time"
)

// InboundKind is what the platform delivered to us.
type InboundKind string

// The kinds of inbound message and event (facts: platform message and event types).
const (
	InboundText        InboundKind = "text"
	InboundImage       InboundKind = "image"
	InboundVoice       InboundKind = "voice"
	InboundVideo       InboundKind = "video"
	InboundLocation    InboundKind = "location"
	InboundLink        InboundKind = "link"
	InboundSubscribe   InboundKind = "subscribe"
	InboundUnsubscribe InboundKind = "unsubscribe"
	InboundScan        InboundKind = "scan"
	InboundClick       InboundKind = "click"
	InboundView        InboundKind = "view"
	InboundReport      InboundKind = "report"  // the platform's word on a template message it took from us
	InboundOutside     InboundKind = "outside" // a case system's word; its key alone is kept
	InboundUnknown     InboundKind = "unknown" // recorded, answered with nothing
)

// Inbound is one message or event of a complainant, already authenticated and decrypted. Key is unique: the platform delivers the
// same message up to four times.
type Inbound struct {
	Key    string
	Kind   InboundKind
	OpenID string
	At     time.Time // when we received it
	Text   string    // text, or the title, description and address of a link, or the label of a location

	MediaID string // image, voice, video
	Scene   string // subscribe, scan: what the QR code carried, without the platform's prefix
	Button  string // click: key of the menu item; view: its address

	ProviderID string // report: id of the template message
	Status     string // report: the platform's words, "success" or "failed…"
}

// Intake takes in one inbound message durably. It returns the reply to give within the platform's deadline, "" for none. A repeated
// Key returns the stored reply and does nothing else. Before it commits a reply it calls onTime once: when that says false, the
// caller has already answered with nothing, and the reply goes out as a message of its own. An error means that nothing was
// stored, and the platform should deliver again.
type Intake interface {
	Receive(ctx context.Context, in Inbound, onTime func() bool) (reply string, err error)
	// Keep makes the message durable and leaves the work for later, not before from. It returns what to say meanwhile. One that is taken in, or kept,
	// already stays as it is. An error means that nothing was stored.
	Keep(ctx context.Context, in Inbound, from time.Time) (reply string, err error)
}

// Dialogue is the stored state of the conversation with one complainant. State is the bot's own.
type Dialogue struct {
	ComplainantID string
	State         json.RawMessage
	Version       int64     // 0: not stored yet
	WakeAt        time.Time // when the bot wants to be asked again if nothing was said; zero: never
}
