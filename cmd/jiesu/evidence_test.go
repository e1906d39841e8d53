package main

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What a fan sends before and after the words is fetched from the platform and lies with the case.
func TestPicturesAndVoiceLieWithTheCase(t *testing.T) {
	t.Parallel()
	box, apiBase, callTo := platform(t)
	srv := start(t, serveEnv(t, apiBase), "serve")
	callTo(srv.URL)
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	fan := box.Fan("printer")
	if _, err := fan.SendImage(ctx, picture.Bytes()); err != nil {
		t.Fatal(err)
	}
	say(t, fan, complaint)
	filed := say(t, fan, "1")
	page := regexp.MustCompile(`/p/[\w-]+`).FindString(filed)
	if page == "" {
		t.Fatalf("no page in %q", filed)
	}
	if _, err := fan.SendVoice(ctx, []byte("#!AMR\n"+strings.Repeat("\x3c", 320))); err != nil {
		t.Fatal(err)
	}
	complainant := newVisitor(t, srv.URL)
	address := regexp.MustCompile(page + `/attachments/[0-9A-Z]+`)
	var links []string
	eventually(t, func() error {
		text := complainant.get(page)
		links = address.FindAllString(text, -1)
		return errors.Join(contains(text, "<img"), contains(text, "下载语音"))
	})
	kinds := map[string]bool{}
	for _, link := range links {
		resp, err := http.Get(srv.URL + link)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		name := resp.Header.Get("Content-Disposition")
		kinds[strings.Trim(filepath.Ext(name), `"`)] = true
	}
	if !kinds[".jpeg"] || !kinds[".amr"] {
		t.Errorf("evidence of the kinds %v", kinds)
	}
	stranger := strings.Replace(links[0], page, "/p/"+strings.Repeat("A", 32), 1)
	if status := srv.get(stranger); status != 404 {
		t.Errorf("with another token: status %d", status)
	}
}
