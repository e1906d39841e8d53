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

// EvidenceKind says what kind of evidence a unit's file is, by its first bytes, and its content type; "" for what isn't taken.
func EvidenceKind(content []byte) (kind, contentType string) {
	for _, known := range []struct{ mark, kind, contentType string }{
		{"\xff\xd8\xff", "image", "image/jpeg"}, {"\x89PNG\r\n\x1a\n", "image", "image/png"}, {"%PDF-", "document", "application/pdf"},
	} {
		if strings.HasPrefix(string(content[:min(len(content), len(known.mark))]), known.mark) {
			return known.kind, known.contentType
		}
	}
	return "", ""
}
