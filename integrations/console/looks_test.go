package console

import (
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

func TestWhoLookedAtACaseIsOnRecord(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	file := w.attach(c, "image", "image/png", onePixel)
	looks := func() string {
		t.Helper()
		list, err := w.store.Looks(t.Context(), c.Number, 100)
		must(t, err)
		var b strings.Builder
		for _, l := range list {
			b.WriteString(l.Actor.Name + ":" + string(l.Kind) + " ")
		}
		return b.String()
	}
	w.get("unit", casePath(c)).want(200).lacks("谁看过这个工单") // who watches isn't told to the watched
	w.get("unit", casePath(c)).want(200)
	w.clock.add(time.Second)
	w.get("unit", casePath(c, "print")).want(200)
	w.clock.add(time.Second)
	w.get("operator", casePath(c, "attachments", file)).want(200)
	w.get("other", casePath(c)).want(404)
	w.get("other", casePath(c, "print")).want(404)
	if got := looks(); got != "operator:file unit:paper unit:page " {
		t.Errorf("on record: %s", got)
	}
	w.clock.add(time.Hour)
	clear(w.cookies) // the sign-ins have ended
	w.get("unit", casePath(c)).want(200)
	w.clock.add(time.Second)
	w.get("office", casePath(c)).want(200, "谁看过这个工单", "打开附件")
	if got := looks(); !strings.HasPrefix(got, "office:page unit:page operator:file") {
		t.Errorf("an hour later: %s", got)
	}
	w.clock.add(routing.LooksKept + time.Second)
	must(t, w.desk.ForgetLooks(t.Context()))
	if got := looks(); got != "" {
		t.Errorf("kept too long: %s", got)
	}
}
