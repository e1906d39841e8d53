package wechat

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// errUnfit: the value can't be made to fit the field; the template's mapping is wrong.
var errUnfit = errors.New("value does not fit the template field")

var (
	digits  = regexp.MustCompile(`^[0-9]{1,32}$`)
	amount  = regexp.MustCompile(`^\p{Sc}?[0-9]{1,10}(\.[0-9]+)?\x{5143}?$`) // the yuan at the end
	phoneNo = regexp.MustCompile(`^[0-9+\-() ]{1,17}$`)
)

// FitField makes a value keep the rules of the template field that key names (thing1, phrase2 …; rules of category templates, where a
// breach fails the whole message with 47003). Long text is cut; layout is how the account's time and date fields are written.
// A value that can't fit, an empty one above all, is an error.
func FitField(key, value, layout string) (string, error) {
	value = clean(value, false)
	kind := strings.TrimRight(key, "0123456789")
	fitted, ok := fit(kind, value, layout)
	if !ok || fitted == "" {
		return "", fmt.Errorf("field %s: %w", key, errUnfit)
	}
	return fitted, nil
}

func fit(kind, value, layout string) (string, bool) {
	switch kind {
	case "number":
		return value, digits.MatchString(value)
	case "amount":
		return value, amount.MatchString(value)
	case "phone_number":
		return value, phoneNo.MatchString(value)
	case "time", "date":
		_, err := time.Parse(layout, value)
		return value, err == nil
	case "letter":
		return first(only(value, isLetter), 32), true
	case "symbol":
		return first(only(value, isSymbol), 5), true
	case "character_string":
		return first(only(value, isPrintableASCII), 32), true
	case "phrase":
		return first(only(value, isHan), 5), true
	case "car_number":
		return value, utf8.RuneCountInString(value) <= 8
	case "name":
		return fitName(value), true
	}
	return cut(value, 20, len(value)+len(ellipsis)), true // thing, const and whatever the account calls its own
}

// fitName: ten Chinese characters and nothing else, or twenty letters and signs.
func fitName(value string) string {
	if han := only(value, isHan); han != "" {
		return first(han, 10)
	}
	return strings.TrimSpace(first(only(value, isNameSign), 20))
}

func only(value string, keep func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if keep(r) {
			return r
		}
		return -1
	}, value)
}

func first(value string, n int) string {
	if r := []rune(value); len(r) > n {
		return string(r[:n])
	}
	return value
}

func isHan(r rune) bool            { return unicode.Is(unicode.Han, r) }
func isLetter(r rune) bool         { return r < utf8.RuneSelf && unicode.IsLetter(r) }
func isSymbol(r rune) bool         { return unicode.IsSymbol(r) || unicode.IsPunct(r) }
func isPrintableASCII(r rune) bool { return r > ' ' && r < 0x7f }
func isNameSign(r rune) bool       { return r == ' ' || isPrintableASCII(r) && !unicode.IsDigit(r) }
