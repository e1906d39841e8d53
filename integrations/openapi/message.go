package openapi

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
)

// What our own checks of a request say, in the words that go into detail.
const (
	notText = "must be UTF-8 text without NUL"
	notUTF8 = "body must be UTF-8"
)

// sentences gives the catalogue's sentence for what the checks of a request say. A verb of the English words stands for one value, which
// the sentence has as {value}.
var sentences = []struct{ english, key string }{
	{notText, "openapi.not_text"},
	{notUTF8, "openapi.not_utf8"},
	{validation.MsgUnexpectedProperty, "openapi.unknown_field"},
	{"unknown query parameter", "openapi.unknown_field"},
	{validation.MsgExpectedRequiredProperty, "openapi.required"},
	{validation.MsgExpectedString, "openapi.want_string"},
	{validation.MsgExpectedBoolean, "openapi.want_boolean"},
	{"invalid boolean", "openapi.want_boolean"},
	{validation.MsgExpectedNumber, "openapi.want_number"},
	{validation.MsgExpectedInteger, "openapi.want_integer"},
	{"invalid integer", "openapi.want_integer"},
	{validation.MsgExpectedArray, "openapi.want_array"},
	{validation.MsgExpectedObject, "openapi.want_object"},
	{validation.MsgExpectedOneOf, "openapi.one_of"},
	{validation.MsgExpectedMinimumNumber, "openapi.minimum"},
	{validation.MsgExpectedMaximumNumber, "openapi.maximum"},
	{validation.MsgExpectedMinLength, "openapi.min_length"},
	{validation.MsgExpectedMaxLength, "openapi.max_length"},
	{validation.MsgExpectedMaxItems, "openapi.max_items"},
}

// sentence returns the key of the sentence for what a check says and the value that belongs in it. known is false for words that we
// have no sentence for.
func sentence(english string) (key, value string, known bool) {
	for _, s := range sentences {
		before, after, open := strings.Cut(s.english, "%")
		if !open && english == before {
			return s.key, "", true
		}
		rest, begins := strings.CutPrefix(english, before)
		if !open || !begins {
			continue
		}
		if value, ends := strings.CutSuffix(rest, after[1:]); ends { // behind the verb's letter
			return s.key, value, true
		}
	}
	return "openapi.invalid_value", "", false
}

// translate puts the messages of a failed check into the catalogue's words, which an outside system may show to its own users. What
// programmers read of it goes into detail; words that we don't know might repeat the value and go nowhere.
func (a *API) translate(m *huma.ErrorModel) {
	var english []string
	for _, e := range m.Errors {
		key, value, known := sentence(e.Message)
		if known {
			english = append(english, e.Location+": "+e.Message)
		} else if m.Status == 400 {
			key = "openapi.not_json"
		}
		e.Message = a.Wording.Text(key, "value", value)
	}
	if len(english) > 0 {
		m.Detail += ": " + strings.Join(english, "; ")
	}
}

// utf8Only refuses a body with bytes that are no text, before the decoder makes replacement characters of them: a program that sends GBK
// must hear of it.
func utf8Only(f huma.Format) huma.Format {
	decode := f.Unmarshal
	f.Unmarshal = func(data []byte, v any) error {
		if !utf8.Valid(data) {
			return errors.New(notUTF8)
		}
		return decode(data, v)
	}
	return f
}
