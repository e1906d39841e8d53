package routing

import "time"

// Quota is what the platform still lets us send to one fan by customer message, by what the fan did last (5 within 48 hours of a
// message; 3 within a minute of a menu click, a follow or a scan).
type Quota struct {
	Trigger Trigger
	Left    int
	Until   time.Time
}

// Trigger is what a fan did that allows customer messages.
type Trigger string

// The triggers.
const (
	TriggerMessage Trigger = "message"
	TriggerClick   Trigger = "click"
	TriggerFollow  Trigger = "follow"
	TriggerScan    Trigger = "scan"
)

// Grant returns the quota that the kind of inbound message gives, false when it gives none (VIEW clicks, reports).
func Grant(k InboundKind, at time.Time) (Quota, bool) {
	switch k {
	case InboundText, InboundImage, InboundVoice, InboundVideo, InboundLocation, InboundLink:
		return Quota{TriggerMessage, 5, at.Add(48 * time.Hour)}, true
	case InboundClick:
		return Quota{TriggerClick, 3, at.Add(time.Minute)}, true
	case InboundSubscribe:
		return Quota{TriggerFollow, 3, at.Add(time.Minute)}, true
	case InboundScan:
		return Quota{TriggerScan, 3, at.Add(time.Minute)}, true
	}
	return Quota{}, false
}
