package configs

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a value that no log, error, page or dump shows: every way of printing gives "[secret]", or nothing when it is empty.
// Reveal is the only way to the value, so that a search for it finds every use.
type Secret string

const hidden = "[secret]"

// Reveal returns the value itself.
func (s Secret) Reveal() string { return string(s) }

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// Format hides the value under every verb. String alone is not enough: fmt prints the raw value for a verb that doesn't fit (%d).
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue hides the value from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the value from JSON and YAML encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
