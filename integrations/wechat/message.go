package wechat

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"jiesu/routing"
)

// message is a decrypted callback: every field of every type that we read (guide/product/message/Receiving_standard_messages and
// Receiving_event_pushes). MsgId is a message's, MsgID a report's: the platform spells them apart.
type message struct {
	XMLName      xml.Name `xml:"xml"`
	ToUserName   string
	FromUserName string
	CreateTime   int64
	MsgType      string

	MsgID       int64 `xml:"MsgId"`
	Content     string
	MenuID      string `xml:"bizmsgmenuid"` // of a tap on an answer under a customer message
	MediaID     string `xml:"MediaId"`
	MediaID16K  string `xml:"MediaId16K"`
	Label       string
	Title       string
	Description string
	URL         string `xml:"Url"`

	Event    string
	EventKey string
	ReportID int64 `xml:"MsgID"`
	Status   string
	Popups   []subscription `xml:"SubscribeMsgPopupEvent>List"`
	Changes  []subscription `xml:"SubscribeMsgChangeEvent>List"`
	Sents    []subscription `xml:"SubscribeMsgSentEvent>List"`
}

// subscription is one entry of a subscription event, which may carry several.
type subscription struct {
	TemplateID string `xml:"TemplateId"`
	MsgID      string
}

// scenePrefix stands before the scene of a QR code when the scan made somebody follow.
const scenePrefix = "qrscene_"

// parseMessage reads a decrypted callback. One without sender or type can't be worked on and is an error too.
func parseMessage(raw []byte) (message, error) {
	var m message
	if err := xml.Unmarshal(raw, &m); err != nil {
		// The decoder's error may quote the message, which is personal.
		return message{}, errors.New("not readable as XML")
	}
	if m.FromUserName == "" || m.MsgType == "" {
		return message{}, errors.New("no sender or no type")
	}
	return m, nil
}

// inbound translates the message into the domain's terms.
func (m message) inbound(at time.Time) routing.Inbound {
	in := routing.Inbound{Key: m.key(), Kind: routing.InboundUnknown, OpenID: m.FromUserName, At: at}
	if m.MsgType == "event" {
		m.event(&in)
		return in
	}
	switch m.MsgType {
	case "text":
		in.Kind, in.Text = routing.InboundText, m.Content
		if _, _, tap := routing.ReadTap(m.MenuID); tap { // counts as a click of the menu, not as something said
			in.Kind, in.Button = routing.InboundClick, m.MenuID
		}
	case "image":
		in.Kind, in.MediaID = routing.InboundImage, m.MediaID
	case "voice":
		in.Kind, in.MediaID = routing.InboundVoice, m.MediaID
		if in.MediaID == "" { // the 16 kHz form may be Speex, which fewer programs play: second choice
			in.MediaID = m.MediaID16K
		}
	case "video", "shortvideo":
		in.Kind, in.MediaID = routing.InboundVideo, m.MediaID
	case "location":
		in.Kind, in.Text = routing.InboundLocation, m.Label
	case "link":
		in.Kind, in.Text = routing.InboundLink, joinLines(m.Title, m.Description, m.URL)
	}
	return in
}

func (m message) event(in *routing.Inbound) {
	switch m.Event {
	case "subscribe":
		in.Kind, in.Scene = routing.InboundSubscribe, strings.TrimPrefix(m.EventKey, scenePrefix)
	case "unsubscribe":
		in.Kind = routing.InboundUnsubscribe
	case "SCAN":
		in.Kind, in.Scene = routing.InboundScan, m.EventKey
	case "CLICK":
		in.Kind, in.Button = routing.InboundClick, m.EventKey
	case "VIEW":
		in.Kind, in.Button = routing.InboundView, m.EventKey
	case "TEMPLATESENDJOBFINISH":
		in.Kind, in.ProviderID, in.Status = routing.InboundReport, strconv.FormatInt(m.ReportID, 10), m.Status
	}
}

// key names the message whenever the platform delivers it again: MsgId for messages, sender and time for events (Passive_user_reply_message),
// to which we add what tells apart two events of one second. The sender's openid is personal data, so it goes in as a hash.
func (m message) key() string {
	switch {
	case m.MsgType != "event" && m.MsgID != 0:
		return fmt.Sprintf("m:%d", m.MsgID)
	case m.Event == "TEMPLATESENDJOBFINISH" && m.ReportID != 0:
		return fmt.Sprintf("r:%d", m.ReportID)
	}
	parts := []string{m.FromUserName, strconv.FormatInt(m.CreateTime, 10), m.MsgType, m.Event, m.EventKey, m.MediaID, m.Content}
	for _, list := range [][]subscription{m.Popups, m.Changes, m.Sents} {
		for _, s := range list {
			parts = append(parts, s.TemplateID, s.MsgID)
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "e:" + hex.EncodeToString(sum[:16])
}

func joinLines(parts ...string) string {
	var lines []string
	for _, p := range parts {
		if p != "" {
			lines = append(lines, p)
		}
	}
	return strings.Join(lines, "\n")
}

// textAnswer is a passive reply (guide/product/message/Passive_user_reply_message).
type textAnswer struct {
	XMLName      xml.Name `xml:"xml"`
	ToUserName   cdata
	FromUserName cdata
	CreateTime   int64
	MsgType      cdata
	Content      cdata
}

// answer is the passive reply to m as XML.
func (m message) answer(text string, now time.Time) ([]byte, error) {
	b, err := xml.Marshal(textAnswer{
		ToUserName: cdata{m.FromUserName}, FromUserName: cdata{m.ToUserName}, CreateTime: now.Unix(),
		MsgType: cdata{"text"}, Content: cdata{CutText(text)},
	})
	if err != nil {
		return nil, fmt.Errorf("encode reply: %w", err)
	}
	return b, nil
}
