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

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// vault seals personal data with SM4-GCM (GB/T 32907) and makes the hashes it is looked up by with HMAC-SM3 (GB/T 32905), each under
// its own key derived from the secret.
type vault struct {
	id    string // names the key in every sealed value, so that a later one can stand beside it
	aead  cipher.AEAD
	index []byte
	audit []byte // for what shows that events were changed
}

func newVault(secret string) (*vault, error) {
	if secret == "" {
		return nil, errors.New("the secret key is empty")
	}
	master, err := hkdf.Extract(sm3.New, []byte(secret), []byte("jiesu store v1"))
	if err != nil {
		return nil, fmt.Errorf("derive keys: %w", err)
	}
	sealKey, err := hkdf.Expand(sm3.New, master, "seal", 16)
	if err != nil {
		return nil, fmt.Errorf("derive sealing key: %w", err)
	}
	indexKey, err := hkdf.Expand(sm3.New, master, "index", sm3.Size)
	if err != nil {
		return nil, fmt.Errorf("derive index key: %w", err)
	}
	auditKey, err := hkdf.Expand(sm3.New, master, "audit", sm3.Size)
	if err != nil {
		return nil, fmt.Errorf("derive audit key: %w", err)
	}
	id, err := hkdf.Expand(sm3.New, master, "key id", 4)
	if err != nil {
		return nil, fmt.Errorf("derive key id: %w", err)
	}
	block, err := sm4.NewCipher(sealKey)
	if err != nil {
		return nil, fmt.Errorf("set up SM4: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("set up GCM: %w", err)
	}
	return &vault{id: hex.EncodeToString(id), aead: aead, index: indexKey, audit: auditKey}, nil
}

// seal returns "keyid:base64(nonce, ciphertext)", bound to the column so that a value moved to another one doesn't open. The empty
// string stays empty: that nothing was given is no secret.
func (v *vault) seal(column, plain string) string {
	if plain == "" {
		return ""
	}
	nonce := make([]byte, v.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails since Go 1.24
	return v.id + ":" + base64.RawStdEncoding.EncodeToString(v.aead.Seal(nonce, nonce, []byte(plain), []byte(column)))
}

// open is the inverse of seal. ErrWrongKey: sealed under another key, or changed since.
func (v *vault) open(column, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	id, body, _ := strings.Cut(sealed, ":")
	raw, err := base64.RawStdEncoding.DecodeString(body)
	if err != nil || len(raw) < v.aead.NonceSize() {
		return "", fmt.Errorf("open %s: not a sealed value", column)
	}
	if id != v.id {
		return "", fmt.Errorf("open %s, sealed with key %s, with key %s: %w", column, id, v.id, ErrWrongKey)
	}
	nonce, body2 := raw[:v.aead.NonceSize()], raw[v.aead.NonceSize():]
	plain, err := v.aead.Open(nil, nonce, body2, []byte(column))
	if err != nil {
		return "", fmt.Errorf("open %s: %w", column, ErrWrongKey)
	}
	return string(plain), nil
}

// sealedFile begins a file that is sealed. No picture, recording or document begins so, which tells files of before from it.
const sealedFile = "\x00jiesu1:"

// sealFile seals a file's bytes, bound to the attachment.
func (v *vault) sealFile(id string, content []byte) []byte {
	out := append([]byte(sealedFile), v.id...)
	nonce := make([]byte, v.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails since Go 1.24
	return v.aead.Seal(append(out, nonce...), nonce, content, []byte("attachment_contents.content\x00"+id))
}

// openFile is the inverse of sealFile; a file that was stored before files were sealed comes back as it is. Error: ErrWrongKey.
func (v *vault) openFile(id string, stored []byte) ([]byte, error) {
	rest, sealed := bytes.CutPrefix(stored, []byte(sealedFile))
	if !sealed {
		return stored, nil
	}
	n := v.aead.NonceSize()
	if len(rest) < len(v.id)+n || string(rest[:len(v.id)]) != v.id {
		return nil, fmt.Errorf("open attachment %s: %w", id, ErrWrongKey)
	}
	rest = rest[len(v.id):]
	plain, err := v.aead.Open(nil, rest[:n], rest[n:], []byte("attachment_contents.content\x00"+id))
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
	mac := hmac.New(sm3.New, v.index)
	mac.Write([]byte(column + "\x00" + value))
	return hex.EncodeToString(mac.Sum(nil))
}
