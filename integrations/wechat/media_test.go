package wechat

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"jiesu/routing"
)

const (
	jpegHead = "\xff\xd8\xff\xe0\x00\x10JFIF\x00"
	pngHead  = "\x89PNG\r\n\x1a\n"
	mp4Head  = "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
)

func TestMediaIsTakenForWhatItIs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, kind, content string
		want                string // content type, "" for refused
		field               string // key of the refusal
	}{
		{"JPEG", "image", jpegHead + "…", "image/jpeg", ""},
		{"PNG", "image", pngHead, "image/png", ""},
		{"GIF", "image", "GIF89a…", "image/gif", ""},
		{"WebP", "image", "RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp", ""},
		{"AMR", "voice", "#!AMR\n\x04", "audio/amr", ""},
		{"wide band AMR", "voice", "#!AMR-WB\n\x04", "audio/amr", ""},
		{"MP3", "voice", "ID3\x04", "audio/mpeg", ""},
		{"image as a voice", "voice", jpegHead, "", "error.media_type"},
		{"image as something else", "hologram", jpegHead, "", "error.media_type"},
		{"page as an image", "image", "<html><script>", "", "error.media_type"},
		{"SVG", "image", `<svg xmlns="http://www.w3.org/2000/svg"/>`, "", "error.media_type"},
		{"PDF", "image", "%PDF-1.7", "", "error.media_type"},
		{"program", "image", "MZ\x90\x00", "", "error.media_type"},
		{"voice as an image", "image", "#!AMR\n", "", "error.media_type"},
		{"image as a video", "video", jpegHead, "", "error.media_type"},
		{"MP4", "video", mp4Head, "video/mp4", ""},
		{"HEIC in the box of MP4", "video", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "", "error.media_type"},
		{"nothing", "image", "", "", "error.media_type"},
		{"as large as may be", "image", jpegHead + strings.Repeat("x", 1000-len(jpegHead)), "image/jpeg", ""},
		{"one byte too many", "image", jpegHead + strings.Repeat("x", 1001-len(jpegHead)), "", "error.media_too_large"},
		{"far too many", "image", jpegHead + strings.Repeat("x", 100_000), "", "error.media_too_large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeAPI(t, says(tt.content))
			content, kind, err := f.client().Media(t.Context(), "id/1", tt.kind, 1000)
			var invalid *routing.InvalidError
			switch {
			case tt.want != "":
				if err != nil || kind != tt.want || string(content) != tt.content {
					t.Errorf("%s, %d bytes, %v", kind, len(content), err)
				}
			case !errors.As(err, &invalid) || invalid.Key != tt.field || content != nil:
				t.Errorf("%d bytes, %v; want %s", len(content), err, tt.field)
			}
		})
	}
}

func TestVideoComesByItsAddressOrAtOnce(t *testing.T) {
	t.Parallel()
	video := mp4Head + strings.Repeat("v", 500)
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("access_token") {
			t.Error("the token was handed to the server of files")
		}
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/v.mp4", http.StatusFound) // as file servers do
		case "/v.mp4":
			_, _ = io.WriteString(w, video)
		case "/large.mp4":
			_, _ = io.WriteString(w, mp4Head+strings.Repeat("v", 2000))
		default:
			http.NotFound(w, r)
		}
	}))
	defer files.Close()
	for name, tt := range map[string]struct {
		answer string
		want   bool
	}{
		"address":            {`{"video_url":"` + files.URL + `/v.mp4"}`, true},
		"address that moves": {`{"video_url":"` + files.URL + `/moved"}`, true},
		"raw":                {video, true},
		"gone":               {`{"video_url":"` + files.URL + `/gone"}`, false},
		"too large":          {`{"video_url":"` + files.URL + `/large.mp4"}`, false},
		"of this machine":    {`{"video_url":"file:///etc/passwd"}`, false},
		"no address":         {`{"down_url":"x"}`, false},
		"broken":             {`{"video_url":`, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeAPI(t, says(tt.answer))
			content, kind, err := f.client().Media(t.Context(), "id", "video", 1000)
			if (err == nil) != tt.want || tt.want && (kind != "video/mp4" || !bytes.Equal(content, []byte(video))) {
				t.Errorf("%s, %d bytes, %v", kind, len(content), err)
			}
		})
	}
}

func TestMediaErrorsComeWithStatus200(t *testing.T) {
	t.Parallel()
	gone := newFakeAPI(t, says(`{"errcode":40007,"errmsg":"invalid media_id"}`))
	if _, _, err := gone.client().Media(t.Context(), "id", "image", 1000); !errors.Is(err, routing.ErrNotFound) {
		t.Errorf("gone: %v", err)
	}
	stale := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("access_token") == "TOKEN-1" {
			_, _ = io.WriteString(w, ` {"errcode":42001}`)
			return
		}
		_, _ = io.WriteString(w, jpegHead)
	})
	if _, kind, err := stale.client().Media(t.Context(), "id", "image", 1000); err != nil || kind != "image/jpeg" {
		t.Errorf("stale token: %s, %v", kind, err)
	}
	busy := newFakeAPI(t, says(`{"errcode":-1,"errmsg":"system error"}`))
	var refused *APIError
	if _, _, err := busy.client().Media(t.Context(), "id", "image", 1000); !errors.As(err, &refused) || refused.Code != -1 {
		t.Errorf("busy: %v", err)
	}
}
