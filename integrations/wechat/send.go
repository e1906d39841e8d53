package wechat

import (
	"context"
	"strconv"

	"jiesu/routing"
)

// TemplateMessage is one template message. Its values must already fit their fields, see FitField.
type TemplateMessage struct {
	OpenID          string
	TemplateID      string
	URL             string            // where a tap leads, "" for nowhere
	Data            map[string]string // by the template's keys, e.g. thing1
	ClientMessageID string            // the platform delivers one message of this id within 10 minutes: safe to send again
}

// TemplateSend hands a template message to the platform and returns its id, by which the delivery report comes later
// (api/notify/template/api_sendtemplatemessage).
func (c *Client) TemplateSend(ctx context.Context, m TemplateMessage) (id string, err error) {
	type value struct {
		Value string `json:"value"`
	}
	body := struct {
		To       string           `json:"touser"`
		Template string           `json:"template_id"`
		URL      string           `json:"url,omitempty"`
		ClientID string           `json:"client_msg_id,omitempty"`
		Data     map[string]value `json:"data"`
	}{To: m.OpenID, Template: m.TemplateID, URL: m.URL, ClientID: m.ClientMessageID, Data: map[string]value{}}
	for key, v := range m.Data {
		body.Data[key] = value{v}
	}
	var answer struct {
		ID int64 `json:"msgid"`
	}
	if err := c.post(ctx, "template/send", "/cgi-bin/message/template/send", body, &answer); err != nil {
		return "", err
	}
	return strconv.FormatInt(answer.ID, 10), nil
}

// CustomerText sends a text by customer message (api/customer/message/api_sendcustommessage). The platform has no key against sending
// it twice: after an unclear failure don't just send again.
func (c *Client) CustomerText(ctx context.Context, openID, text string) error {
	body := map[string]any{"touser": openID, "msgtype": "text", "text": map[string]string{"content": CutText(text)}}
	return c.post(ctx, "custom/send", "/cgi-bin/message/custom/send", body, nil)
}

// CustomerMenu sends a text with answers to tap under it (msgtype msgmenu of api/customer/message/api_sendcustommessage). A tap comes back as a
// text message that carries the answer's key as bizmsgmenuid.
func (c *Client) CustomerMenu(ctx context.Context, openID, text string, taps []routing.Tap) error {
	type entry struct {
		ID      string `json:"id"`
		Content string `json:"content"`
	}
	list := make([]entry, len(taps))
	for i, t := range taps {
		list[i] = entry{t.Key, t.Text}
	}
	body := map[string]any{"touser": openID, "msgtype": "msgmenu", "msgmenu": map[string]any{"head_content": CutText(text), "list": list, "tail_content": ""}}
	return c.post(ctx, "custom/send", "/cgi-bin/message/custom/send", body, nil)
}
