package open311

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strconv"
	"strings"
	"time"
)

// element is a piece of an answer, written alike as XML and as JSON by the standard's convention ("Spark"): the root's wrapper is dropped, a plural
// container is an array, an empty element is null.
type element struct {
	name     string
	value    any // string, bool, float64 or nil
	children []element
	kind     kind
}

type kind int

const (
	leaf   kind = iota
	object      // children by name
	array       // children of one name
)

func text(name, value string) element       { return element{name: name, value: value} }
func truth(name string, value bool) element { return element{name: name, value: value} }
func number(name string, value int) element { return element{name: name, value: float64(value)} }
func nothing(name string) element           { return element{name: name} }
func group(name string, of ...element) element {
	return element{name: name, kind: object, children: of}
}
func listOf(name string, of ...element) element {
	return element{name: name, kind: array, children: of}
}

// moment is a time with Beijing's offset, as W3C's profile of ISO 8601 wants it.
func moment(name string, at time.Time) element {
	if at.IsZero() {
		return nothing(name)
	}
	return text(name, at.In(beijing).Format(time.RFC3339))
}

func (e element) xml() []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e.writeXML(&b)
	b.WriteByte('\n')
	return b.Bytes()
}

func (e element) writeXML(b *bytes.Buffer) {
	content := e.plain()
	if e.kind == leaf && content == "" || e.kind != leaf && len(e.children) == 0 {
		b.WriteString("<" + e.name + "/>")
		return
	}
	b.WriteString("<" + e.name + ">")
	if e.kind == leaf {
		_ = xml.EscapeText(b, []byte(content)) // a buffer takes everything; what XML can't say becomes U+FFFD
	}
	for _, c := range e.children {
		c.writeXML(b)
	}
	b.WriteString("</" + e.name + ">")
}

func (e element) plain() string {
	switch v := e.value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func (e element) json() []byte {
	var b bytes.Buffer
	e.writeJSON(&b)
	b.WriteByte('\n')
	return b.Bytes()
}

func (e element) writeJSON(b *bytes.Buffer) {
	brackets := [...]string{object: "{}", array: "[]"}
	switch e.kind {
	case leaf:
		v := e.value
		if v == "" {
			v = nil
		}
		b.Write(encoded(v))
		return
	case object, array:
	}
	b.WriteByte(brackets[e.kind][0])
	for i, c := range e.children {
		if i > 0 {
			b.WriteByte(',')
		}
		if e.kind == object {
			b.Write(encoded(c.name))
			b.WriteByte(':')
		}
		c.writeJSON(b)
	}
	b.WriteByte(brackets[e.kind][1])
}

func encoded(v any) []byte {
	if s, ok := v.(string); ok {
		v = strings.ToValidUTF8(s, "\ufffd")
	}
	b, err := json.Marshal(v)
	if err != nil { // strings, numbers and booleans: cannot happen
		return []byte("null")
	}
	return b
}
