package sandbox

import (
	"testing"

	"jiesu/routing"
)

func TestATapOnAnAnswerIsSaidAndCarriesItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	f := w.box.Fan("打印店")
	if _, err := f.Say(t.Context(), "你好"); err != nil {
		t.Fatal(err)
	}
	list := []map[string]string{{"id": "rate/JS20260304-000001/yes", "content": "已解决"}, {"id": "rate/JS20260304-000001/no", "content": "没解决"}}
	menu := map[string]any{"touser": f.OpenID(), "msgtype": "msgmenu", "msgmenu": map[string]any{"head_content": "解决了吗？", "list": list}}
	if a := w.call("/cgi-bin/message/custom/send", menu); a.code() != 0 {
		t.Fatal(a)
	}
	e := w.await(f, func(e Entry) bool { return len(e.Taps) == 2 })
	if e.Text != "解决了吗？" || e.Taps[1].Text != "没解决" {
		t.Errorf("shown %+v", e)
	}
	if _, err := f.Tap(t.Context(), e.Taps[1].ID, e.Taps[1].Text); err != nil {
		t.Fatal(err)
	}
	all := w.received()
	got := all[len(all)-1]
	if got.Kind != routing.InboundClick || got.Button != "rate/JS20260304-000001/no" {
		t.Errorf("the account was told %+v", got)
	}
}
