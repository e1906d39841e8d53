package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"jiesu/configs"
	"jiesu/routing"
)

func TestADraftIsItsOwnersAndGoesWhenItIsFiled(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.addUser("second", routing.RoleOperator, "")
	fields := []string{"phone", "13800001234", "enterprise", "虚构建筑公司", "text", "拖欠工程款两年", "confidential", "yes"}
	w.post("operator", "/console/file/draft", fields...).want(http.StatusOK, "已自动保存")
	w.get("operator", "/console/file").complete().want(http.StatusOK, "已恢复没有登记完的内容", `value="13800001234"`, "拖欠工程款两年", "虚构建筑公司", "市财政局")
	w.get("second", "/console/file").complete().want(http.StatusOK).lacks("已恢复", "13800001234")
	w.post("unit", "/console/file/draft", fields...).want(http.StatusForbidden)
	w.clock.add(routing.DraftsKept + time.Minute)
	w.cookies = map[string]string{}
	w.get("operator", "/console/file").complete().want(http.StatusOK).lacks("已恢复")
	w.post("operator", "/console/file/draft", fields...).want(http.StatusOK, "已自动保存")
	w.post("operator", "/console/file", append(fields, "external_id", formID+"x")...).want(http.StatusOK)
	w.get("operator", "/console/file").complete().want(http.StatusOK).lacks("已恢复")
	w.post("operator", "/console/file/draft", append(fields, "external_id", formID+"x")...).want(http.StatusNoContent) // saved by itself, overtaken by the filing
	w.get("operator", "/console/file").complete().want(http.StatusOK).lacks("已恢复")
	w.post("operator", "/console/file/draft", fields...).want(http.StatusOK, "已自动保存")
	w.post("operator", "/console/file/fresh").to("/console/file")
	w.get("operator", "/console/file").complete().want(http.StatusOK).lacks("已恢复")
	w.post("operator", "/console/file/draft", fields...).want(http.StatusOK, "已自动保存")
	w.post("operator", "/console/file/draft", "phone", "", "text", "").want(http.StatusNoContent) // everything was deleted by hand
	w.get("operator", "/console/file").complete().want(http.StatusOK).lacks("已恢复")
}

func TestAKnowledgeCardStandsBesideTheForm(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *Config) {
		c.Knowledge = map[string][]byte{"1.1": []byte("### 受理\n\n欠款\n\n- 欠多少？\n\n<script>alert(1)</script>"), "2.3": []byte("跑了几趟？")}
	})
	w.post("operator", "/console/suggest", "text", "拖欠工程款").want(http.StatusOK, ">受理</h3>", "<li>欠多少？</li>").lacks("<script>")
	w.post("operator", "/console/suggest", "text", "拖欠工程款", "placement", "2.3|tax").want(http.StatusOK, "跑了几趟？").lacks("欠多少")
}

// A call is written down with the keyboard alone, at the speed of the call: strokes are counted, and five a second make the time. A browser that closes in the
// middle loses nothing.
func TestATypicalCallIsFiledInLessThanAMinuteOfTyping(t *testing.T) {
	w := start(t, func(c *Config) {
		cards, err := configs.KnowledgeCards("")
		must(t, err)
		c.Knowledge = cards
	})
	b := startBrowser(t, w.serve().URL)
	for i, s := range extremes {
		strokes := 0
		p := b.tab(s)
		typed := func(text string) {
			strokes += len([]rune(text)) * 2 // by an input method a character takes about two strokes
			p.do(chromedp.KeyEvent(text))
		}
		key := func(k string, mods ...chromedp.KeyOption) {
			strokes++
			p.do(chromedp.KeyEvent(k, mods...))
		}
		p.signIn("operator")
		p.open("/console/file")
		p.await(`document.activeElement && document.activeElement.name === "phone"`)
		strokes += 11
		p.do(chromedp.KeyEvent(fmt.Sprintf("1380000432%d", i))) // somebody new each time
		key(kb.Tab)
		typed("钱某")
		key(kb.Tab)
		typed("虚构餐饮店")
		key(kb.Tab)
		typed("为开发票跑了三趟，铁西区办税厅每次说材料不齐。")
		p.await(`document.querySelectorAll("#suggest .picks input[name=placement]").length > 2 && document.querySelector("#suggest .knowledge li")`)
		p.await(`!document.querySelector(".htmx-request")`)
		p.shoot("file-card", s)

		p.await(`document.querySelector("#kept").textContent.includes("已自动保存")`)
		again := b.tab(s)
		again.signIn("operator")
		again.open("/console/file")
		again.shows("已恢复没有登记完的内容")
		again.shoot("file-restored", s)
		if got := eval[string](again, `document.querySelector("textarea[name=text]").value`); !strings.Contains(got, "跑了三趟") {
			t.Errorf("restored %q", got)
		}
		key("1", chromedp.KeyModifiers(1)) // Alt
		p.await(`document.querySelectorAll("#suggest .picks input[name=placement]")[1].checked`)
		key(kb.Enter, chromedp.KeyModifiers(2)) // Ctrl
		p.await(`!document.querySelector("#filing") && document.readyState === "complete"`)
		p.quiet()
		seconds := float64(strokes) / 5
		t.Logf("%s: %d strokes, %.0f s at five a second", s.name, strokes, seconds)
		if seconds >= 60 {
			t.Errorf("%d strokes take %.0f s", strokes, seconds)
		}
		if _, err := w.store.Draft(t.Context(), w.users["operator"].ID); err == nil {
			t.Error("the draft is still there")
		}
		if n := eval[string](p, `document.body.innerText`); !strings.Contains(n, "JS2026") {
			t.Error(fmt.Sprint("nothing was filed: ", n))
		}
	}
}
