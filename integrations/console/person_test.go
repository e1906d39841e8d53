package console

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

// sealed lets two days go by and seals them, so that what has ended can be erased. Ids are of the real clock.
func (w *world) sealed() {
	w.t.Helper()
	ahead := max(0, time.Until(w.clock.now())) + 48*time.Hour
	w.clock.add(max(48*time.Hour, time.Since(w.clock.now())+ahead))
	must(w.t, w.db.SealDays(w.t.Context()))
	clear(w.cookies) // the sign-ins have ended
}

func TestEverythingAboutSomebodyIsHandedToThem(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateReplied)
	w.attach(c, "image", "image/png", onePixel)
	path := casePath(c, "person")
	w.get("office", casePath(c)).want(200, path)
	w.get("operator", casePath(c)).want(200).lacks(path)
	w.get("office", path).want(200, c.Number, "查阅、复制")
	w.post("office", path+"/dossier.zip", "note", "").want(422, "请写明情况或理由")

	a := w.post("office", path+"/dossier.zip", "note", "本人持身份证到窗口申请")
	a.want(200)
	z, err := zip.NewReader(bytes.NewReader(a.Body.Bytes()), int64(a.Body.Len()))
	must(t, err)
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		text, err := io.ReadAll(r)
		must(t, err)
		files[f.Name] = string(text)
	}
	if len(files) != 3 {
		t.Errorf("%d files", len(files))
	}
	for _, name := range []string{"dossier.html", "dossier.json"} {
		for _, part := range []string{c.Contact.Phone, c.Contact.Name, c.Text, "款项已列入本月拨付计划"} {
			if part == "" || !strings.Contains(files[name], part) {
				t.Errorf("%s lacks %q", name, part)
			}
		}
	}
	events, err := w.store.Events(t.Context(), c.Number)
	must(t, err)
	if last := events[len(events)-1]; last.Action != routing.ActionHandOut || last.Actor.Name != "office" || last.Data.Note != "本人持身份证到窗口申请" {
		t.Errorf("on record: %+v", last)
	}
	w.get("unit", casePath(c)).want(200).lacks("个人信息已交给本人")
}

func TestWhoIsErasedIsNamedNowhere(t *testing.T) {
	t.Parallel()
	w := start(t)
	ended := w.at(routing.StateStruckOff)
	file := w.attach(ended, "image", "image/png", onePixel)
	running := w.at(routing.StateSigned)
	if ended.ComplainantID != running.ComplainantID {
		t.Fatal("two people")
	}
	path := casePath(ended, "person")
	why := []string{"note", "本人申请删除", "confirm", ended.Number}
	w.post("office", path+"/erase", "note", "本人申请删除", "confirm", "JS1").want(422, "工单号不一致")
	w.post("office", path+"/erase", why...).want(200, "已清除 0 件", ended.Number, running.Number) // the day isn't sealed
	w.sealed()
	w.post("office", path+"/erase", why...).want(200, "已清除 1 件", running.Number).lacks("没有留下任何信息")
	if who, err := w.store.Complainant(t.Context(), ended.ComplainantID); err != nil || who.Phone == "" {
		t.Errorf("of a case that is worked on, who complains is gone: %+v %v", who, err)
	}
	page := w.get("office", casePath(ended))
	page.want(200, "诉求内容和个人信息已按规定清除", "（内容已清除）", "个人信息已清除").lacks(ended.Text, ended.Contact.Name, "款项已列入")
	w.get("office", casePath(ended, "attachments", file)).want(404)
	w.get("", "/p/"+ended.Token).want(404)
	w.get("unit", casePath(ended)).want(200).lacks(ended.Text)
	w.get("office", "/console?q=拖欠").want(200).lacks(ended.Number)
	w.post("office", casePath(ended, "redo"), "note", "再来").want(409, "个人信息已经清除")
	w.post("office", casePath(ended, "reveal"), "note", "看看").want(409)

	w.act("complainant", running.Number, step(routing.ActionWithdraw, ""))
	w.sealed()
	w.post("admin", casePath(running, "person", "erase"), "note", "本人申请删除", "confirm", running.Number).want(200, "没有留下任何信息")
	who, err := w.store.Complainant(t.Context(), ended.ComplainantID)
	must(t, err)
	if who.Phone+who.Name+who.OpenID+who.Enterprise != "" {
		t.Errorf("left: %+v", who)
	}
	w.get("office", path).want(200, "没有可以清除的内容")
}

func TestWhatWasKeptLongEnoughIsErasedBySchedule(t *testing.T) {
	t.Parallel()
	w := start(t)
	ended, running := w.at(routing.StateStruckOff), w.at(routing.StateSigned)
	desk := w.desk.WithRetention(routing.Retention{Cases: 1000 * time.Hour, Talk: 500 * time.Hour})
	w.sealed()
	must(t, desk.Forget(t.Context()))
	if c := w.load(ended.Number); !c.ErasedAt.IsZero() {
		t.Error("erased before its time")
	}
	w.clock.add(1000 * time.Hour)
	must(t, desk.Forget(t.Context()))
	must(t, desk.Forget(t.Context())) // again: nothing more
	if c := w.load(ended.Number); c.ErasedAt.IsZero() || c.Text != "" {
		t.Errorf("kept: %+v", c)
	}
	if c := w.load(running.Number); !c.ErasedAt.IsZero() || c.Text == "" {
		t.Errorf("erased while it is worked on: %+v", c)
	}
	if who, err := w.store.Complainant(t.Context(), ended.ComplainantID); err != nil || who.Phone == "" {
		t.Errorf("who still has a case: %+v %v", who, err)
	}
	w.update(func(ctx context.Context, tx routing.Tx) error {
		return tx.InsertComplainant(ctx, routing.Complainant{ID: "passer-by", OpenID: "openid-of-a-passer-by", CreatedAt: w.clock.now().Add(-501 * time.Hour)})
	})
	must(t, desk.Forget(t.Context()))
	if who, err := w.store.Complainant(t.Context(), "passer-by"); err != nil || who.OpenID != "" {
		t.Errorf("who never had a case: %+v %v", who, err)
	}
}

// A case that is held to be made up is worked on all the same; whom it is about isn't told, so that it is no excuse.
func TestAMarkOfDoubtIsForTheOfficeAndOperatorsAlone(t *testing.T) {
	t.Parallel()
	w := start(t)
	doubted, another := w.at(routing.StateSigned), w.at(routing.StateSigned)
	w.post("office", casePath(doubted, "doubt"), append(version(doubted), "note", "同一件事已经查过三次，凭证是伪造的")...).to(casePath(doubted))
	if c := w.load(doubted.Number); !c.Doubted || c.State != routing.StateSigned {
		t.Errorf("%+v", c)
	}
	for _, who := range []string{"office", "operator"} {
		w.get(who, casePath(doubted)).want(200, "疑似恶意", "凭证是伪造的")
		w.get(who, casePath(another)).want(200, "此人另有 1 件诉求标为疑似恶意")
	}
	for _, path := range []string{casePath(doubted), casePath(another), casePath(doubted, "print"), "/console"} {
		w.get("unit", path).want(200).lacks("疑似恶意", "凭证是伪造的")
	}
	w.get("", "/p/"+doubted.Token).want(200).lacks("疑似恶意", "凭证是伪造的")
	w.act("unit", doubted.Number, step(routing.ActionReply, "已核实"))
	w.post("office", casePath(doubted, "trust"), append(version(w.load(doubted.Number)), "note", "申诉成立")...).to(casePath(doubted))
	w.get("operator", casePath(another)).want(200).lacks("此人另有")
}

func TestThePageOnPersonalDataSaysHowLongItIsKept(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *Config) {
		c.Retention = routing.Retention{Cases: 3 * 365 * 24 * time.Hour, Talk: 180 * 24 * time.Hour}
	})
	w.get("", "/privacy").want(200, "个人信息保护说明", "保存 3 年", "保存 180 天", "我的信息")
	w = start(t)
	w.get("", "/privacy").want(200, "按档案管理规定保存").lacks("180 天")
}
