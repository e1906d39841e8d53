package wechat

import (
	"context"
	"errors"
	"net/url"
	"time"
)

// qrBase is where the platform shows QR codes; another API base (a gateway, the sandbox) shows its own.
const qrBase = "https://mp.weixin.qq.com"

// maxQRLife of a temporary QR code (api/qrcode/qrcodes/api_createqrcode).
const maxQRLife = 30 * 24 * time.Hour

// QRCode is a temporary code: scanning it opens the account and tells us its scene.
type QRCode struct {
	Ticket   string
	ImageURL string
	Expires  time.Time
}

// QRCode makes a code that carries scene (1 to 64 bytes) for at most 30 days.
func (c *Client) QRCode(ctx context.Context, scene string, expire time.Duration) (QRCode, error) {
	if len(scene) < 1 || len(scene) > 64 {
		return QRCode{}, errors.New("wechat qrcode: scene must have 1 to 64 bytes")
	}
	if expire < time.Second || expire > maxQRLife {
		return QRCode{}, errors.New("wechat qrcode: must live from one second to 30 days")
	}
	body := map[string]any{
		"expire_seconds": int64(expire / time.Second),
		"action_name":    "QR_STR_SCENE",
		"action_info":    map[string]any{"scene": map[string]string{"scene_str": scene}},
	}
	var answer struct {
		Ticket string `json:"ticket"`
		Expire int64  `json:"expire_seconds"`
	}
	if err := c.post(ctx, "qrcode/create", "/cgi-bin/qrcode/create", body, &answer); err != nil {
		return QRCode{}, err
	}
	if answer.Ticket == "" {
		return QRCode{}, errors.New("wechat qrcode/create: no ticket in the answer")
	}
	base := c.base
	if base == DefaultAPIBase {
		base = qrBase
	}
	return QRCode{
		Ticket:   answer.Ticket,
		ImageURL: base + "/cgi-bin/showqrcode?ticket=" + url.QueryEscape(answer.Ticket),
		Expires:  c.now().Add(time.Duration(answer.Expire) * time.Second),
	}, nil
}
