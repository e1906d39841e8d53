package console

import (
	"testing"

	"jiesu/routing"
)

func TestTheOfficeErasesInTheBrowser(t *testing.T) {
	w := start(t)
	ended, running := w.at(routing.StateStruckOff), w.at(routing.StateSigned)
	w.sealed()
	b := startBrowser(t, w.serve().URL)
	for _, s := range sizes[:2] {
		p := b.tab(s)
		p.open(PrivacyPath)
		p.shows("个人信息保护说明")
		p.shoot("privacy", s)
		p.signIn("office")
		p.open(casePath(running))
		p.shoot("case-office", s)
		p.click(`a[href$="/person"]`)
		p.shows("此人的全部诉求")
		p.shoot("person", s)
		p.quiet()
	}
	p := b.tab(sizes[1])
	p.signIn("office")
	p.open(casePath(ended, "person"))
	p.choose("form[data-action=erase] input[name=note]", "本人持身份证到窗口申请")
	p.choose("form[data-action=erase] input[name=confirm]", ended.Number)
	p.submit("form[data-action=erase]", `document.body.innerText.includes("已清除 1 件")`)
	p.shoot("person-erased", sizes[1])
	p.open(casePath(ended))
	p.shows("诉求内容和个人信息已按规定清除")
	p.shoot("case-erased", sizes[1])
	p.quiet()
}
