package main

import (
	"context"
	"time"

	"jiesu/bot"
	"jiesu/configs"
	"jiesu/integrations/jobs"
	"jiesu/integrations/wechat"
)

// media fetches evidence from the platform within the configured sizes; nil without an official account.
func (a *app) media() jobs.MediaFetcher {
	if a.client == nil {
		return nil
	}
	return mediaFetcher{a.client, a.cfg.Attachments}
}

type mediaFetcher struct {
	client *wechat.Client
	limits configs.Attachments
}

// Fetch implements jobs.MediaFetcher.
func (m mediaFetcher) Fetch(ctx context.Context, mediaID, kind string) ([]byte, string, error) {
	limit := map[string]int64{"image": m.limits.MaxImage, "voice": m.limits.MaxVoice, "video": m.limits.MaxVideo}[kind]
	return m.client.Media(ctx, mediaID, kind, limit)
}

// qrLife is how long a code that binds a case to a fan can be scanned; a caller does it at once or in the next days.
const qrLife = 7 * 24 * time.Hour

// qr makes codes of cases, by their token, for the console; nil without an official account.
func (a *app) qr() func(ctx context.Context, token string) (string, error) {
	if a.client == nil {
		return nil
	}
	return func(ctx context.Context, token string) (string, error) {
		code, err := a.client.QRCode(ctx, bot.CaseScene(token), qrLife)
		return code.ImageURL, err
	}
}
