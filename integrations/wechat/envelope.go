package wechat

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/silenceper/wechat/v2/util"
)

// What can be wrong with an encrypted message.
var (
	errBase64  = errors.New("not base64")
	errDecrypt = errors.New("not encrypted with any of our keys")
	errAppID   = errors.New("encrypted for another account")
)

// envelope seals and opens messages of the safe mode (guide/dev/push/encryption): AES-256-CBC under the EncodingAESKey, signed by
// SHA-1 over token, timestamp, nonce and cipher text.
type envelope struct {
	appID string
	token string
	keys  [][]byte // current first, then the one before the last change
}

func newEnvelope(appID, token string, aesKeys ...string) (envelope, error) {
	e := envelope{appID: appID, token: token}
	if appID == "" || token == "" {
		return envelope{}, errors.New("app id and token must be set")
	}
	for _, k := range aesKeys {
		// Not strict: the platform's keys may end in stray bits.
		key, err := base64.StdEncoding.DecodeString(k + "=")
		if err != nil || len(key) != 32 {
			return envelope{}, errors.New("AES key must be 43 characters of base64")
		}
		e.keys = append(e.keys, key)
	}
	return e, nil
}

// signed compares a signature over parts in constant time.
func (e envelope) signed(signature string, parts ...string) bool {
	want := util.Signature(append([]string{e.token}, parts...)...)
	return subtle.ConstantTimeCompare([]byte(want), []byte(signature)) == 1
}

// open decrypts; key is the one that worked, to be used for the answer. The current key is tried first.
func (e envelope) open(encrypted string) (msg, key []byte, err error) {
	cipher, err := base64.StdEncoding.DecodeString(encrypted)
	if err != nil {
		return nil, nil, errBase64
	}
	err = errDecrypt
	for _, key := range e.keys {
		_, msg, appID, failed := util.AESDecryptMsg(cipher, key)
		switch {
		case failed != nil:
		case string(appID) != e.appID:
			err = errAppID // or a wrong key that happened to leave a valid padding: the next key decides
		default:
			return msg, key, nil
		}
	}
	return nil, nil, err
}

// cdata is text inside <![CDATA[…]]>, as the platform writes it.
type cdata struct {
	Text string `xml:",cdata"`
}

// sealed is the encrypted answer to a callback.
type sealed struct {
	XMLName      xml.Name `xml:"xml"`
	Encrypt      cdata
	MsgSignature cdata
	TimeStamp    int64
	Nonce        cdata
}

// seal encrypts an answer with fresh random, and signs it for now and the request's nonce.
func (e envelope) seal(msg, key []byte, nonce string, now time.Time) ([]byte, error) {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails since Go 1.24
	return e.sealWith(random, msg, key, nonce, now)
}

func (e envelope) sealWith(random, msg, key []byte, nonce string, now time.Time) ([]byte, error) {
	encrypted := base64.StdEncoding.EncodeToString(util.AESEncryptMsg(random, msg, e.appID, key))
	signature := util.Signature(e.token, strconv.FormatInt(now.Unix(), 10), nonce, encrypted)
	answer, err := xml.Marshal(sealed{
		Encrypt: cdata{encrypted}, MsgSignature: cdata{signature}, TimeStamp: now.Unix(), Nonce: cdata{nonce},
	})
	if err != nil {
		return nil, fmt.Errorf("encode sealed answer: %w", err)
	}
	return answer, nil
}
