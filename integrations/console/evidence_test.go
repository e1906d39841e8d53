package console

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"

	"jiesu/routing"
)

// onePixel is the smallest picture.
var onePixel = func() []byte {
	b, err := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
	if err != nil {
		panic(err)
	}
	return b
}()

// brokenStore fails where the case page reads notices.
type brokenStore struct{ routing.Store }

func (brokenStore) NoticesOf(context.Context, string) ([]routing.Notice, error) {
	return nil, errors.New("disk on fire")
}

func TestEvidenceIsServedAsWhatItIsAndNeverAsAPage(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	for _, tc := range []struct{ sniffed, sent, name string }{
		{"image/png", "image/png", ".png"}, {"image/jpeg", "image/jpeg", ".jpeg"}, {"video/mp4", "video/mp4", ".mp4"}, {"audio/amr", "application/octet-stream", ".amr"},
		{"text/html", "application/octet-stream", ""}, {"image/svg+xml", "application/octet-stream", ""}, {"text/html; charset=utf-8", "application/octet-stream", ""},
		{"application/javascript", "application/octet-stream", ""}, {"", "application/octet-stream", ""},
	} {
		id := w.attach(c, "image", tc.sniffed, []byte("<script>alert(1)</script>"))
		for _, path := range []string{casePath(c, "attachments", id), "/p/" + c.Token + "/attachments/" + id} {
			a := w.get("unit", path).want(200)
			for name, want := range map[string]string{"Content-Type": tc.sent, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
				"Content-Disposition": `attachment; filename="` + c.Number + "-" + id + tc.name + `"`, "Content-Security-Policy": "sandbox; default-src 'none'"} {
				if got := a.Header().Get(name); got != want {
					t.Errorf("%s as %q: %s %q, want %q", path, tc.sniffed, name, got, want)
				}
			}
		}
	}
}

func TestEvidenceIsOfItsCaseAlone(t *testing.T) {
	t.Parallel()
	w := start(t)
	mine, others := w.at(routing.StateSigned), w.at(routing.StateTriage)
	id := w.attach(others, "image", "image/png", onePixel)
	w.get("unit", casePath(mine, "attachments", id)).want(404)
	w.get("", "/p/"+mine.Token+"/attachments/"+id).want(404)
	w.get("unit", casePath(others, "attachments", id)).want(404)
	w.get("", "/p/"+others.Token+"/attachments/"+id).want(200)
	w.get("unit", casePath(mine, "attachments", "none")).want(404)
}

func TestEvidenceThatIsNotThereYetSaysSo(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	for _, state := range []routing.AttachmentState{routing.AttachmentPending, routing.AttachmentRejected} {
		a := routing.Attachment{ID: routing.NewID(), ComplainantID: c.ComplainantID, CaseNumber: c.Number, Kind: "voice", State: state, At: w.clock.now()}
		w.update(func(ctx context.Context, tx routing.Tx) error { return tx.InsertAttachment(ctx, a) })
		w.get("unit", casePath(c, "attachments", a.ID)).want(404)
	}
	w.get("unit", casePath(c)).want(200, "语音：正在获取，请稍后刷新", "语音：未能保存")
	png := w.attach(c, "image", "image/png", onePixel)
	w.get("unit", casePath(c)).want(200, `<img src="`+casePath(c, "attachments", png)+`"`, "下载图片")
}
