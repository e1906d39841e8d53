package routing

import "time"

// Complainant is who speaks to us: a WeChat fan, a caller, or both once they have bound them. OpenID, Phone and Name are personal
// data: encrypted at rest and looked up by keyed index.
type Complainant struct {
	ID         string
	OpenID     string // "" for somebody known by phone alone
	Phone      string
	Proven     bool // a WeChat user has shown, by a code sent there, that the number is theirs
	Name       string
	Enterprise string
	Following  bool   // follows the official account, so that it may send to them
	Consent    string // version of the words on personal data that they went on after; "": none
	ConsentAt  time.Time
	CreatedAt  time.Time
}

// Attachment is evidence (图片、语音、视频) of a complaint. Its content is kept apart from this record.
type Attachment struct {
	ID            string
	ComplainantID string
	CaseNumber    string // "" until filed
	Kind          string // image, voice, video
	ContentType   string // sniffed, "" while pending
	Size          int64
	SHA256        string
	State         AttachmentState
	MediaID       string // of the platform; lives three days there
	At            time.Time
}

// AttachmentState tells whether the content has arrived.
type AttachmentState string

// Attachment states.
const (
	AttachmentPending  AttachmentState = "pending"
	AttachmentStored   AttachmentState = "stored"
	AttachmentRejected AttachmentState = "rejected" // too large, wrong type or gone at the platform
)

// Task is work for the operators (somebody must call or write), or for the office.
type Task struct {
	ID            string
	Kind          TaskKind
	CaseNumber    string
	ComplainantID string
	Note          string // why, as catalogue text
	CreatedAt     time.Time
	DoneAt        time.Time // zero while open
	DoneBy        string    // user name
	AttachmentID  string    // TaskVoice: what is to be written down
}

// TaskKind is what the operator has to do.
type TaskKind string

// The kinds of task.
const (
	TaskCallBack TaskKind = "call_back" // no message reached the complainant
	TaskChat     TaskKind = "chat"      // asked for a human
	TaskVoice    TaskKind = "voice"     // write down a voice message
	TaskMissed   TaskKind = "missed"    // called, and nobody answered
	TaskReply    TaskKind = "reply"     // answered a text message; Note is what they wrote
	TaskPrivacy  TaskKind = "privacy"   // wishes to see or to erase what is kept of them
	TaskIncident TaskKind = "incident"  // see to a mass incident: the office alone
)
