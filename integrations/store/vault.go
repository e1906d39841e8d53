package store

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// vault seals personal data with SM4-GCM (GB/T 32907) and makes the hashes it is looked up by with HMAC-SM3 (GB/T 32905). Its keys lie in the database, each sealed
// under the secret, so that the secret and the keys can be exchanged one without the other (keys.go). A database from before that has the keys that were derived from
// its secret.
type vault struct {
	secrets []derived // the present one first, then the one before it
	ring    atomic.Pointer[ring]
}

// ring is the keys in use.
type ring struct {
	newest       string                 // id of the key that is sealed with
	seal         map[string]cipher.AEAD // by id
	index, audit []byte                 // for look-ups; for what shows that events were changed
}

// derived are the keys that come out of a secret: its own, under which the database's keys are sealed, and those of databases that have none of their own.
type derived struct {
	id           string
	aead         cipher.AEAD
	index, audit []byte
}

func newVault(secrets ...string) (*vault, error) {
	v := &vault{}
	for i, secret := range secrets {
		if secret == "" && i > 0 {
			continue
		}
		d, err := derive(secret)
		if err != nil {
			return nil, err
		}
		v.secrets = append(v.secrets, d)
	}
	v.ring.Store(v.ringOf(v.secrets[0]))
	return v, nil
}

// ringOf is the ring of a database without keys of its own that was set up with this secret.
func (v *vault) ringOf(d derived) *ring {
	r := &ring{newest: d.id, seal: map[string]cipher.AEAD{}, index: d.index, audit: d.audit}
	for _, s := range v.secrets {
		r.seal[s.id] = s.aead
	}
	return r
}

func derive(secret string) (d derived, err error) {
	if secret == "" {
		return d, errors.New("the secret key is empty")
	}
	master, err := hkdf.Extract(sm3.New, []byte(secret), []byte("jiesu store v1"))
	if err != nil {
		return d, fmt.Errorf("derive keys: %w", err)
	}
	var sealKey, id []byte
	for _, part := range []struct {
		info string
		size int
		into *[]byte
	}{{"seal", sealKeySize, &sealKey}, {"index", sm3.Size, &d.index}, {"audit", sm3.Size, &d.audit}, {"key id", 4, &id}} {
		if *part.into, err = hkdf.Expand(sm3.New, master, part.info, part.size); err != nil {
			return d, fmt.Errorf("derive the key for %s: %w", part.info, err)
		}
	}
	d.id = hex.EncodeToString(id)
	d.aead, err = newAEAD(sealKey)
	return d, err
}

const sealKeySize = 16

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := sm4.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("set up SM4: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("set up GCM: %w", err)
	}
	return aead, nil
}

// seal returns "keyid:base64(nonce, ciphertext)", bound to the column so that a value moved to another one doesn't open. The empty
// string stays empty: that nothing was given is no secret.
func (v *vault) seal(column, plain string) string {
	if plain == "" {
		return ""
	}
	r := v.ring.Load()
	return sealWith(r.newest, r.seal[r.newest], column, plain)
}

func sealWith(id string, aead cipher.AEAD, column, plain string) string {
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails since Go 1.24
	return id + ":" + base64.RawStdEncoding.EncodeToString(aead.Seal(nonce, nonce, []byte(plain), []byte(column)))
}

// open is the inverse of seal. ErrWrongKey: sealed under another key, or changed since.
func (v *vault) open(column, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	id, _, _ := strings.Cut(sealed, ":")
	return openWith(v.ring.Load().seal[id], column, sealed)
}

// openWith opens with one key; nil: it isn't known.
func openWith(aead cipher.AEAD, column, sealed string) (string, error) {
	id, body, _ := strings.Cut(sealed, ":")
	raw, err := base64.RawStdEncoding.DecodeString(body)
	if err != nil || aead != nil && len(raw) < aead.NonceSize() {
		return "", fmt.Errorf("open %s: not a sealed value", column)
	}
	if aead == nil {
		return "", fmt.Errorf("open %s, sealed with key %s, which isn't known: %w", column, id, ErrWrongKey)
	}
	plain, err := aead.Open(nil, raw[:aead.NonceSize()], raw[aead.NonceSize():], []byte(column))
	if err != nil {
		return "", fmt.Errorf("open %s: %w", column, ErrWrongKey)
	}
	return string(plain), nil
}

// sealedFile begins a file that is sealed. No picture, recording or document begins so, which tells files of before from it.
const sealedFile = "\x00jiesu1:"

// sealFile seals a file's bytes, bound to the attachment.
func (v *vault) sealFile(id string, content []byte) []byte {
	r := v.ring.Load()
	aead := r.seal[r.newest]
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails since Go 1.24
	out := append([]byte(sealedFile), r.newest...)
	return aead.Seal(append(out, nonce...), nonce, content, []byte("attachment_contents.content\x00"+id))
}

// fileKey is the id of the key that a file is sealed with; "" for one that was stored before files were sealed.
func fileKey(stored []byte) string {
	rest, sealed := bytes.CutPrefix(stored, []byte(sealedFile))
	if !sealed {
		return ""
	}
	return string(rest[:min(len(rest), keyIDLength)])
}

// keyIDLength is the length of a key's id: four bytes in hexadecimal digits.
const keyIDLength = 8

// openFile is the inverse of sealFile; a file that was stored before files were sealed comes back as it is. Error: ErrWrongKey.
func (v *vault) openFile(id string, stored []byte) ([]byte, error) {
	key := fileKey(stored)
	if key == "" {
		return stored, nil
	}
	aead := v.ring.Load().seal[key]
	rest := stored[len(sealedFile)+len(key):]
	if aead == nil || len(rest) < aead.NonceSize() {
		return nil, fmt.Errorf("open attachment %s: %w", id, ErrWrongKey)
	}
	n := aead.NonceSize()
	plain, err := aead.Open(nil, rest[:n], rest[n:], []byte("attachment_contents.content\x00"+id))
	if err != nil {
		return nil, fmt.Errorf("open attachment %s: %w", id, ErrWrongKey)
	}
	return plain, nil
}

// lookup is the keyed hash that a value of the column is found by, "" for the empty value.
func (v *vault) lookup(column, value string) string {
	if value == "" {
		return ""
	}
	mac := hmac.New(sm3.New, v.ring.Load().index)
	mac.Write([]byte(column + "\x00" + value))
	return hex.EncodeToString(mac.Sum(nil))
}
