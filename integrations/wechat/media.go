package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"jiesu/routing"
)

// Media downloads what a fan has sent (api/material/temporary/api_getmedia; it is there for three days). kind is image, voice or video,
// limit the largest size in bytes. Errors: a *routing.InvalidError for what will never be good (too large, of another type than it
// claims), routing.ErrNotFound when the platform has it no more, *APIError, or what broke on the way.
func (c *Client) Media(ctx context.Context, id, kind string, limit int64) (content []byte, contentType string, err error) {
	var got exchanged
	err = c.authorized(ctx, func(token string) error {
		address := c.base + "/cgi-bin/media/get?" + url.Values{"access_token": {token}, "media_id": {id}}.Encode()
		got, err = c.exchange(ctx, c.http, "media/get", http.MethodGet, address, nil, limit)
		if err != nil || !isJSON(got) {
			return err
		}
		return c.mediaJSON(ctx, limit, &got)
	})
	if err != nil {
		return nil, "", err
	}
	if int64(len(got.body)) > limit {
		return nil, "", &routing.InvalidError{Field: "media", Key: "error.media_too_large"}
	}
	contentType = sniff(got.body)
	if prefix, known := mediaPrefix[kind]; !known || !strings.HasPrefix(contentType, prefix) {
		return nil, "", &routing.InvalidError{Field: "media", Key: "error.media_type"}
	}
	return got.body, contentType, nil
}

// mediaPrefix is how the content types of each kind begin.
var mediaPrefix = map[string]string{"image": "image/", "voice": "audio/", "video": "video/"}

// isJSON tells an error or a video's address from content: no image, voice or video starts with a brace.
func isJSON(e exchanged) bool { return bytes.HasPrefix(bytes.TrimSpace(e.body), []byte("{")) }

// mediaJSON handles the answers in JSON: an error, or the address of a video.
func (c *Client) mediaJSON(ctx context.Context, limit int64, got *exchanged) error {
	var answer struct {
		Code     int    `json:"errcode"`
		VideoURL string `json:"video_url"`
	}
	if err := json.Unmarshal(got.body, &answer); err == nil && answer.Code == 40007 {
		return fmt.Errorf("wechat media/get: errcode %d: %w", answer.Code, routing.ErrNotFound)
	}
	if err := decode("media/get", got.body, &answer); err != nil {
		return err
	}
	u, err := url.Parse(answer.VideoURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("wechat media/get: JSON without a video's address")
	}
	*got, err = c.exchange(ctx, c.files, "media/get video", http.MethodGet, answer.VideoURL, nil, limit)
	return err
}

// signatures by which we know a type; what a file says of itself doesn't count.
var signatures = []struct{ prefix, contentType string }{
	{"#!AMR", "audio/amr"}, // 8 kHz and wide band
	{"ID3", "audio/mpeg"},
	{"\xff\xfb", "audio/mpeg"},
	{"\xff\xf3", "audio/mpeg"},
	{"\xff\xf2", "audio/mpeg"},
	{"OggS", "audio/ogg"},
}

// videoBrands are the major brands of MP4 files that phones make; the box has the same form in pictures (heic) and sound (M4A).
var videoBrands = []string{"isom", "iso2", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "M4V ", "MSNV", "3gp4", "3gp5", "3gp6", "qt  "}

// sniff returns the content type by the first bytes, "" when it is none that we take in.
func sniff(content []byte) string {
	for _, s := range signatures {
		if bytes.HasPrefix(content, []byte(s.prefix)) {
			return s.contentType
		}
	}
	if len(content) >= 12 && string(content[4:8]) == "ftyp" {
		for _, brand := range videoBrands {
			if string(content[8:12]) == brand {
				return "video/mp4"
			}
		}
		return ""
	}
	switch t := http.DetectContentType(content); t {
	case "image/jpeg", "image/png", "image/gif", "image/webp":
		return t
	}
	return ""
}
