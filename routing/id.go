package routing

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// crockford sorts like the bytes it encodes and has no letters that are read wrongly.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// NewID returns a unique id of 26 characters that sorts by time: 48 bits of milliseconds, 80 random bits.
func NewID() string {
	b := idBytes(time.Now())
	_, _ = rand.Read(b[6:]) // never fails since Go 1.24
	return crockford.EncodeToString(b[:])
}

// IDsFrom is where the ids that were made at the moment or later begin, in the order of text.
func IDsFrom(at time.Time) string {
	b := idBytes(at)
	return crockford.EncodeToString(b[:])
}

// IDTime is the moment an id was made; false for what NewID didn't make.
func IDTime(id string) (time.Time, bool) {
	b, err := crockford.DecodeString(id)
	if err != nil || len(b) != 16 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b[:8]) >> 16)).UTC(), true //nolint:gosec // 48 bits
}

func idBytes(at time.Time) (b [16]byte) {
	binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMilli())<<16)
	return b
}

// NewToken returns 192 random bits for addresses that must not be guessed.
func NewToken() string {
	var b [24]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// newNumber draws a case number: the day of filing in Beijing and six random digits, so that numbers don't tell how many cases
// there are and can't be counted through. The store says when one is taken.
func newNumber(at time.Time) (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("draw case number: %w", err)
	}
	return fmt.Sprintf("JS%s-%06d", at.In(Beijing()).Format("20060102"), n), nil
}

// newProblemNumber draws the number of a problem, as newNumber does.
func newProblemNumber(at time.Time) (string, error) {
	number, err := newNumber(at)
	return "TZ" + strings.TrimPrefix(number, "JS"), err
}

// IsProblemNumber reports whether the number is one of the ledger's, not a case's.
func IsProblemNumber(number string) bool { return strings.HasPrefix(number, "TZ") }

// NumbersFrom is where the numbers of cases filed on the day of at or later begin, in the order of text.
func NumbersFrom(at time.Time) string { return "JS" + at.In(Beijing()).Format("20060102") }

// Beijing is the time zone of the office, its calendar and its case numbers. China has had no daylight saving since 1991.
func Beijing() *time.Location { return time.FixedZone("CST", 8*60*60) }
