package sandbox

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/silenceper/wechat/v2/util"
)

// How the platform delivers (guide/product/message/Passive_user_reply_message): it hangs up after five seconds and tries three times more.
const (
	deliveries  = 4
	retryPause  = 5 * time.Second
	hangUp      = 5 * time.Second
	maxPassive  = 2048 // bytes of a passive text
	accountName = "gh_jiesu_sandbox"
)

// cdata is text in <![CDATA[…]]>.
type cdata struct {
	Text string `xml:",cdata"`
}

func wrap(text string) cdata  { return cdata{text} }
func some(text string) *cdata { return &cdata{text} }

// push is a message or event as the platform sends it; what is nil or zero is left out.
type push struct {
	XMLName      xml.Name `xml:"xml"`
	ToUserName   cdata
	FromUserName cdata
	CreateTime   int64
	MsgType      cdata
	Event        *cdata
	EventKey     *cdata
	Ticket       *cdata
	Content      *cdata
	MenuID       *cdata  `xml:"bizmsgmenuid"`
	PicURL       *cdata  `xml:"PicUrl"`
	MediaID      *cdata  `xml:"MediaId"`
	MediaID16K   *cdata  `xml:"MediaId16K"`
	ThumbMediaID *cdata  `xml:"ThumbMediaId"`
	Format       *cdata  `xml:"Format"`
	LocationX    float64 `xml:"Location_X,omitempty"`
	LocationY    float64 `xml:"Location_Y,omitempty"`
	Scale        int     `xml:"Scale,omitempty"`
	Label        *cdata
	Title        *cdata
	Description  *cdata
	URL          *cdata `xml:"Url"`
	MsgID        int64  `xml:"MsgId,omitempty"`
	ReportID     int64  `xml:"MsgID,omitempty"`
	Status       *cdata
}

// errTooSlow: the account's server let the five seconds pass.
var errTooSlow = errors.New("no answer within five seconds")

// deliver brings p to the account's server as the platform does and puts the passive reply into the chat.
func (f *Fan) deliver(ctx context.Context, p push) (reply string, err error) {
	s := f.box
	p.ToUserName, p.FromUserName, p.CreateTime = wrap(accountName), wrap(f.openID), s.cfg.Now().Unix()
	plain, err := xml.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("sandbox: encode callback: %w", err)
	}
	report := p.ReportID != 0
	f.set(func() {
		if !report {
			f.waiting++
		}
	})
	reply, err = s.deliver(ctx, f.openID, plain)
	f.set(func() {
		if !report {
			f.waiting--
		}
		switch {
		case err != nil && !report && f.follows:
			f.add(Entry{Side: SidePlatform, Kind: KindError, Text: s.cfg.Wording.Text("sandbox.unavailable")})
		case reply != "":
			f.add(Entry{Side: SideAccount, Kind: KindText, Text: reply, Passive: true})
		}
	})
	return reply, err
}

// deliver posts until an answer is accepted, four times at most.
func (s *Sandbox) deliver(ctx context.Context, openID string, plain []byte) (reply string, err error) {
	for n := range deliveries {
		if n > 0 {
			select {
			case <-s.cfg.After(retryPause):
			case <-ctx.Done():
				return "", fmt.Errorf("sandbox: deliver: %w", ctx.Err())
			}
		}
		reply, err = s.post(ctx, openID, plain)
		if err == nil && s.Faults().Duplicate {
			_, _ = s.post(ctx, openID, plain) // the second answer is nobody's
		}
		if err == nil && s.loseAnswer() {
			err = errors.New("answer lost on purpose")
		}
		if err == nil {
			return reply, nil
		}
		s.cfg.Logger.Warn("sandbox: callback failed", "delivery", n+1, "error", err)
	}
	return "", fmt.Errorf("sandbox: callback failed %d times: %w", deliveries, err)
}

func (s *Sandbox) loseAnswer() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.DropAnswers == 0 {
		return false
	}
	s.faults.DropAnswers--
	s.announce()
	return true
}

// post sends one signed, encrypted delivery and reads the answer.
func (s *Sandbox) post(ctx context.Context, openID string, plain []byte) (reply string, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tooSlow := s.cfg.After(hangUp)
	go func() {
		select {
		case <-tooSlow:
			cancel(errTooSlow)
		case <-ctx.Done():
		}
	}()
	encrypted, err := util.EncryptMsg([]byte(crand.Text()[:16]), plain, s.cfg.AppID, s.cfg.AESKey)
	if err != nil {
		return "", fmt.Errorf("encrypt: %w", err)
	}
	timestamp, nonce := strconv.FormatInt(s.cfg.Now().Unix(), 10), strconv.FormatUint(uint64(rand.Uint32()), 10)
	query := url.Values{
		"signature": {util.Signature(s.cfg.Token, timestamp, nonce)}, "timestamp": {timestamp}, "nonce": {nonce}, "openid": {openID},
		"encrypt_type": {"aes"}, "msg_signature": {util.Signature(s.cfg.Token, timestamp, nonce, string(encrypted))},
	}
	body, err := xml.Marshal(struct {
		XMLName    xml.Name `xml:"xml"`
		ToUserName cdata
		Encrypt    cdata
	}{ToUserName: wrap(accountName), Encrypt: wrap(string(encrypted))})
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.CallbackURL+"?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "text/xml")
	return s.answer(req, openID)
}

func (s *Sandbox) answer(req *http.Request, openID string) (string, error) {
	resp, err := s.cfg.HTTP.Do(req)
	if err != nil {
		if errors.Is(context.Cause(req.Context()), errTooSlow) {
			return "", errTooSlow
		}
		return "", fmt.Errorf("no answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	switch {
	case err != nil:
		return "", fmt.Errorf("read answer: %w", err)
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("HTTP status %d", resp.StatusCode)
	case len(body) == 0 || string(body) == "success":
		return "", nil
	}
	return s.open(body, openID)
}

// open checks and decrypts a passive reply, which must be as the platform demands it in safe mode.
func (s *Sandbox) open(body []byte, openID string) (string, error) {
	var outer struct {
		Encrypt, MsgSignature, TimeStamp, Nonce string
	}
	if err := xml.Unmarshal(body, &outer); err != nil {
		return "", errors.New("answer is neither success nor XML")
	}
	if util.Signature(s.cfg.Token, outer.TimeStamp, outer.Nonce, outer.Encrypt) != outer.MsgSignature {
		return "", errors.New("answer is not signed rightly")
	}
	_, plain, err := util.DecryptMsg(s.cfg.AppID, outer.Encrypt, s.cfg.AESKey)
	if err != nil {
		return "", fmt.Errorf("decrypt answer: %w", err)
	}
	var reply struct {
		ToUserName, FromUserName, MsgType, Content string
		CreateTime                                 int64
	}
	if err := xml.Unmarshal(plain, &reply); err != nil {
		return "", errors.New("decrypted answer is not XML")
	}
	switch {
	case reply.ToUserName != openID || reply.FromUserName != accountName:
		return "", errors.New("answer is for somebody else")
	case reply.MsgType != "text":
		return "", fmt.Errorf("answer of unknown type %q", reply.MsgType)
	case strings.TrimSpace(reply.Content) == "" || len(reply.Content) > maxPassive:
		return "", errors.New("answer is empty or too long")
	}
	return reply.Content, nil
}
