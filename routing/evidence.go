package routing

import "strings"

// VisibleTo reports whether the attachment of the case may be given to the actor, who may see the case. A voice says who speaks: when the
// complainant wishes to stay hidden, the unit doesn't get theirs. What an image or a video shows is for a person to judge. Of a case that is
// with another body only the office gets any.
func (a Attachment) VisibleTo(actor Actor, c Case) bool {
	voice := a.Kind == "voice" || strings.HasPrefix(a.ContentType, "audio/")
	if c.WithheldFrom(actor) {
		return false
	}
	return !voice || !c.Confidential || actor.Role != RoleUnit
}
