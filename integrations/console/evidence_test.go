package console

import (
	"context"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
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

func TestAUnitDoesNotHearWhoWishesToStayHidden(t *testing.T) {
	t.Parallel()
	w := start(t)
	hidden, open := w.at(routing.StateSigned, confidential), w.at(routing.StateSigned)
	const caution = "图片可能显示诉求人身份，请勿外传"
	w.get("unit", casePath(hidden)).want(200).lacks(caution, "转述", "证据材料")
	voice, pending := w.attach(hidden, "voice", "audio/amr", []byte("#!AMR\n")), routing.NewID()
	w.update(func(ctx context.Context, tx routing.Tx) error {
		return tx.InsertAttachment(ctx, routing.Attachment{ID: pending, ComplainantID: hidden.ComplainantID, CaseNumber: hidden.Number, Kind: "voice",
			State: routing.AttachmentPending, At: w.clock.now()})
	})
	w.get("unit", casePath(hidden)).want(200, "证据材料", "2 条语音不提供给承办单位", "请联系领导小组办公室转述").lacks(voice, pending, caution, "下载语音", "语音：")
	image := w.attach(hidden, "image", "image/png", onePixel)
	w.get("unit", casePath(hidden)).want(200, caution, image).lacks(voice, "视频可能")
	film := w.attach(hidden, "video", "video/mp4", []byte("x"))
	w.get("unit", casePath(hidden)).want(200, caution, "视频可能显示诉求人身份", film)
	w.get("unit", casePath(hidden, "attachments", voice)).want(404)
	w.get("unit", casePath(hidden, "attachments", image)).want(200)
	for _, role := range []string{"operator", "office", "admin"} {
		w.get(role, casePath(hidden)).want(200, voice, image, "下载语音").lacks(caution, "转述")
		w.get(role, casePath(hidden, "attachments", voice)).want(200)
	}
	w.get("", "/p/"+hidden.Token).want(200, voice, image).lacks(caution, "转述")
	w.get("", "/p/"+hidden.Token+"/attachments/"+voice).want(200)

	said := w.attach(open, "voice", "audio/amr", []byte("#!AMR\n"))
	w.get("unit", casePath(open)).want(200, said, "下载语音").lacks(caution, "转述")
	w.get("unit", casePath(open, "attachments", said)).want(200)
	w.act("complainant", open.Number, routing.Step{Action: routing.ActionSupplement, Confidential: new(true)})
	w.get("unit", casePath(open)).want(200, "1 条语音不提供").lacks(said)
	w.get("unit", casePath(open, "attachments", said)).want(404)
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

func TestAComplainantAddsFilesOnTheirPage(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	page, picture := "/p/"+c.Token, string(onePixel)
	w.get("", page).want(200, `type="file"`, `enctype="multipart/form-data"`)

	w.postFiles("", page+"/supplement", []string{"<script>"}, "note", "这是合同").want(422, "材料只收图片", "这是合同")
	w.postFiles("", page+"/supplement", []string{picture, picture, picture, picture, picture, picture, picture}, "note", "这是合同").want(422, "一次最多 6 份", "这是合同")
	w.postFiles("", page+"/urge", []string{picture}).want(422, "这一步不收材料")
	w.postFiles("", page+"/supplement", []string{strings.Repeat("x", maxUpload)}).want(413)
	if kept, err := w.store.AttachmentsOf(t.Context(), c.Number); err != nil || len(kept) != 0 {
		t.Fatalf("%d files of forms that failed, %v", len(kept), err)
	}

	w.postFiles("", page+"/supplement", []string{picture, "%PDF-" + strings.Repeat("x", 2<<20)}).to(page + "?done=supplement") // no words needed
	kept, err := w.store.AttachmentsOf(t.Context(), c.Number)
	must(t, err)
	if len(kept) != 2 || kept[0].ComplainantID != c.ComplainantID {
		t.Fatalf("%+v", kept)
	}
	for _, a := range kept {
		w.get("", page).want(200, page+"/attachments/"+a.ID, "下载文件")
		w.get("unit", casePath(c)).want(200, casePath(c, "attachments", a.ID))
	}
	timeline, err := w.store.Events(t.Context(), c.Number)
	must(t, err)
	if last := timeline[len(timeline)-1]; last.Action != routing.ActionSupplement || len(last.Data.Attachments) != 2 {
		t.Errorf("last event %+v", last)
	}

	// An operator adds what a caller brings along; a case that is over takes nothing.
	w.postFiles("operator", casePath(c, "supplement"), []string{picture}, "version", strconv.FormatInt(w.load(c.Number).Version, 10)).to(casePath(c))
	w.postFiles("unit", casePath(c, "supplement"), []string{picture}).want(403)
	over := w.at(routing.StateStruckOff)
	w.postFiles("", "/p/"+over.Token+"/supplement", []string{picture}).want(409)
	if kept, err := w.store.AttachmentsOf(t.Context(), over.Number); err != nil || len(kept) != 0 {
		t.Errorf("%d files of a case that is over, %v", len(kept), err)
	}
}
