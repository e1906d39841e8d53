package wechat

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

const fan = "oFan0000000000000000000000001"

func TestEveryMessageAndEventBecomesInbound(t *testing.T) {
	t.Parallel()
	at := time.Unix(1700000000, 0)
	tests := []struct {
		name, xml string
		want      routing.Inbound // without Key, OpenID and At
	}{
		{"text", `<MsgType>text</MsgType><Content><![CDATA[收费 <不合理> & ]]]]><![CDATA[>]]></Content><MsgId>1</MsgId>`,
			routing.Inbound{Kind: routing.InboundText, Text: "收费 <不合理> & ]]>"}},
		{"image", `<MsgType>image</MsgType><PicUrl>http://x</PicUrl><MediaId>m1</MediaId><MsgId>1</MsgId>`,
			routing.Inbound{Kind: routing.InboundImage, MediaID: "m1"}},
		{"voice", `<MsgType>voice</MsgType><MediaId>m8</MediaId><MediaId16K>m16</MediaId16K><Recognition></Recognition><MsgId>1</MsgId>`,
			routing.Inbound{Kind: routing.InboundVoice, MediaID: "m8"}},
		{"voice in 16 kHz alone", `<MsgType>voice</MsgType><MediaId16K>m16</MediaId16K><MsgId>1</MsgId>`,
			routing.Inbound{Kind: routing.InboundVoice, MediaID: "m16"}},
		{"video", `<MsgType>video</MsgType><MediaId>m1</MediaId><ThumbMediaId>t</ThumbMediaId><MsgId>1</MsgId>`,
			routing.Inbound{Kind: routing.InboundVideo, MediaID: "m1"}},
		{"short video", `<MsgType>shortvideo</MsgType><MediaId>m1</MediaId><MsgId>1</MsgId>`,
			routing.Inbound{Kind: routing.InboundVideo, MediaID: "m1"}},
		{"location", `<MsgType>location</MsgType><Location_X>41.8</Location_X><Location_Y>123.4</Location_Y><Label>沈河区某路1号</Label><MsgId>1</MsgId>`,
			routing.Inbound{Kind: routing.InboundLocation, Text: "沈河区某路1号"}},
		{"link", `<MsgType>link</MsgType><Title>标题</Title><Description></Description><Url>http://a.example/1</Url><MsgId>1</MsgId>`,
			routing.Inbound{Kind: routing.InboundLink, Text: "标题\nhttp://a.example/1"}},
		{"subscribe", `<MsgType>event</MsgType><Event>subscribe</Event><EventKey></EventKey>`,
			routing.Inbound{Kind: routing.InboundSubscribe}},
		{"subscribe by QR code", `<MsgType>event</MsgType><Event>subscribe</Event><EventKey>qrscene_case-1</EventKey><Ticket>t</Ticket>`,
			routing.Inbound{Kind: routing.InboundSubscribe, Scene: "case-1"}},
		{"unsubscribe", `<MsgType>event</MsgType><Event>unsubscribe</Event>`,
			routing.Inbound{Kind: routing.InboundUnsubscribe}},
		{"scan", `<MsgType>event</MsgType><Event>SCAN</Event><EventKey>case-1</EventKey><Ticket>t</Ticket>`,
			routing.Inbound{Kind: routing.InboundScan, Scene: "case-1"}},
		{"click", `<MsgType>event</MsgType><Event>CLICK</Event><EventKey>report</EventKey>`,
			routing.Inbound{Kind: routing.InboundClick, Button: "report"}},
		{"view", `<MsgType>event</MsgType><Event>VIEW</Event><EventKey>http://a.example/</EventKey>`,
			routing.Inbound{Kind: routing.InboundView, Button: "http://a.example/"}},
		{"report", `<MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><MsgID>200163836</MsgID><Status>failed: system failed</Status>`,
			routing.Inbound{Kind: routing.InboundReport, ProviderID: "200163836", Status: "failed: system failed"}},
		{"unknown event", `<MsgType>event</MsgType><Event>LOCATION</Event>`, routing.Inbound{Kind: routing.InboundUnknown}},
		{"unknown type", `<MsgType>hologram</MsgType><MsgId>1</MsgId>`, routing.Inbound{Kind: routing.InboundUnknown}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, err := parseMessage(wrapXML(tt.xml))
			if err != nil {
				t.Fatal(err)
			}
			got := m.inbound(at)
			if got.Key == "" || strings.Contains(got.Key, fan) {
				t.Errorf("key %q must be there and without the openid", got.Key)
			}
			tt.want.Key, tt.want.OpenID, tt.want.At = got.Key, fan, at
			if got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestATapOnAnAnswerIsAClickAndAStrangersMenuIsNot(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]routing.InboundKind{"rate/JS20260304-000001/no": routing.InboundClick, "101": routing.InboundText, "": routing.InboundText} {
		m, err := parseMessage([]byte(`<xml><FromUserName>o</FromUserName><MsgType>text</MsgType><Content>没解决</Content><MsgId>7</MsgId><bizmsgmenuid>` + id + `</bizmsgmenuid></xml>`))
		if err != nil {
			t.Fatal(err)
		}
		in := m.inbound(testNow)
		if in.Kind != want || in.Text != "没解决" || in.Key != "m:7" || (want == routing.InboundClick) != (in.Button == id && id != "") {
			t.Errorf("%q: %+v", id, in)
		}
	}
}

func TestKeyTellsMessagesApartAndKnowsThemAgain(t *testing.T) {
	t.Parallel()
	distinct := []string{
		`<MsgType>text</MsgType><Content>a</Content><MsgId>23456789012345678</MsgId>`,
		`<MsgType>text</MsgType><Content>a</Content><MsgId>23456789012345679</MsgId>`,
		`<MsgType>event</MsgType><Event>CLICK</Event><EventKey>report</EventKey>`,
		`<MsgType>event</MsgType><Event>CLICK</Event><EventKey>progress</EventKey>`,
		`<MsgType>event</MsgType><Event>VIEW</Event><EventKey>report</EventKey>`,
		`<MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><MsgID>1</MsgID><Status>success</Status>`,
		`<MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><MsgID>2</MsgID><Status>success</Status>`,
		`<MsgType>event</MsgType><Event>subscribe_msg_sent_event</Event><SubscribeMsgSentEvent><List><TemplateId>a</TemplateId><MsgID>1</MsgID></List></SubscribeMsgSentEvent>`,
		`<MsgType>event</MsgType><Event>subscribe_msg_sent_event</Event><SubscribeMsgSentEvent><List><TemplateId>a</TemplateId><MsgID>2</MsgID></List></SubscribeMsgSentEvent>`,
		`<MsgType>event</MsgType><Event>subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent><List><TemplateId>a</TemplateId></List><List><TemplateId>c</TemplateId></List></SubscribeMsgPopupEvent>`,
		`<MsgType>event</MsgType><Event>subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent><List><TemplateId>b</TemplateId></List><List><TemplateId>c</TemplateId></List></SubscribeMsgPopupEvent>`,
	}
	seen := map[string]string{}
	for _, text := range distinct {
		m, err := parseMessage(wrapXML(text))
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseMessage(wrapXML(text))
		if err != nil {
			t.Fatal(err)
		}
		if m.key() != again.key() {
			t.Errorf("delivered again it has another key: %s", text)
		}
		if other, taken := seen[m.key()]; taken {
			t.Errorf("same key for\n%s\n%s", other, text)
		}
		seen[m.key()] = text
	}
}

func TestUnusableMessagesAreErrors(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", "{}", "<xml>", "<html></html>", "<xml><MsgType>text</MsgType></xml>", "<xml><FromUserName>o</FromUserName></xml>",
		"<xml><FromUserName>o</FromUserName><MsgType>text</MsgType><MsgId>abc</MsgId></xml>", v3Plain,
	} {
		_, err := parseMessage([]byte(raw))
		if err == nil {
			t.Errorf("%q accepted", raw)
			continue
		}
		if strings.Contains(err.Error(), "abc") {
			t.Errorf("error quotes the message: %v", err)
		}
	}
}

func FuzzParseMessage(f *testing.F) {
	f.Add([]byte(`<xml><FromUserName>o</FromUserName><MsgType>text</MsgType><Content>x</Content><MsgId>5</MsgId></xml>`))
	f.Add([]byte(`<xml><FromUserName>o</FromUserName><MsgType>event</MsgType><Event>subscribe</Event><EventKey>qrscene_1</EventKey></xml>`))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parseMessage(raw)
		if err != nil {
			return
		}
		in := m.inbound(time.Unix(0, 0))
		if in.Key == "" || in.OpenID == "" || in.Kind == "" {
			t.Fatalf("incomplete: %+v", in)
		}
		if in.Key != m.inbound(time.Unix(9, 0)).Key {
			t.Fatal("the key depends on when it came")
		}
		if strings.HasPrefix(in.Key, "m:") != (m.MsgType != "event" && m.MsgID != 0) {
			t.Fatalf("key %q for %q %d", in.Key, m.MsgType, m.MsgID)
		}
	})
}

func wrapXML(inner string) []byte {
	return fmt.Appendf(nil, "<xml><ToUserName>gh_1</ToUserName><FromUserName>%s</FromUserName><CreateTime>1700000000</CreateTime>%s</xml>", fan, inner)
}
