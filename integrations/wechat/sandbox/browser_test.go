package sandbox

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"jiesu/routing"
)

// browser is a tab of a real Chromium that reaches nothing but this machine.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string // what the page wrote to the console as an error
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	path := os.Getenv("JIESU_TEST_CHROMIUM")
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("JIESU_TEST_CHROMIUM is not set")
		}
		t.Skip("JIESU_TEST_CHROMIUM is not set")
	}
	alloc, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.Flag("no-pings", true), chromedp.Flag("lang", "zh-CN"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"),
	)...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(alloc)
	t.Cleanup(end)
	b := &browser{t: t, ctx: ctx}
	b.do() // starts it, with no deadline that would end it
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.IsException() || m.Type == "error" {
				b.mu.Lock()
				b.problems = append(b.problems, m.String())
				b.mu.Unlock()
			}
		}
	}()
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := b.ctx, context.CancelFunc(func() {})
	if len(steps) > 0 {
		ctx, cancel = context.WithTimeout(b.ctx, 30*time.Second)
	}
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.shoot("failed")
		b.t.Fatal(err)
	}
}

// until waits for an expression to be true.
func (b *browser) until(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(20*time.Millisecond))); err != nil {
		b.shoot("failed")
		b.t.Fatalf("%s: %v", expression, err)
	}
}

func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// shoot keeps a picture of the page where JIESU_TEST_SCREENSHOTS says, else in the test's folder.
func (b *browser) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("JIESU_TEST_SCREENSHOTS")
	if dir == "" {
		dir = b.t.TempDir()
	}
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "sandbox-"+name+".png"), png, 0o600)
	}
	if err != nil {
		b.t.Errorf("screenshot: %v", err)
	}
}

// clean fails the test for anything that the page complained about.
func (b *browser) clean() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.problems {
		b.t.Errorf("console: %s", p)
	}
}

// fitsWidth: nothing sticks out to the right.
func (b *browser) fitsWidth() {
	b.t.Helper()
	if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
		b.t.Errorf("page is %d px too wide", over)
	}
}

func photo() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 480, 320))
	for y := range 320 {
		for x := range 480 {
			img.Set(x, y, color.RGBA{uint8(90 + x/4), uint8(120 + y/4), uint8(160 - x/8), 255})
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, nil) // to memory
	return b.Bytes()
}

// helpful is an account that answers as the bot would.
func helpful(in routing.Inbound) (string, error) {
	switch {
	case in.Kind == routing.InboundText && strings.Contains(in.Text, "印刷费"):
		return "听明白了，请核对：\n事项：拖欠中小企业账款\n牵头单位：市财政局\n区县：铁西区\n金额：3.6 万元\n\n回复 1 确认登记；有不对的，直接说。", nil
	case in.Text == "1":
		return "已登记，编号 JS20260304-000001。\n进展会在这里通知您，也可以随时查看：\nhttps://jiesu.example/p/abc", nil
	case in.Kind == routing.InboundImage, in.Kind == routing.InboundVoice:
		return "收到，已作为证据附在这件诉求后面。", nil
	case in.Kind == routing.InboundClick && in.Button == "progress":
		return "您有 1 件诉求正在办理：\nJS20260304-000001　市财政局　已签收", nil
	case in.Kind == routing.InboundClick:
		return "正在转接人工，请稍候。", nil
	case in.Kind == routing.InboundSubscribe:
		return "您好，这里是营商环境诉求受理。请直接说说遇到的问题。", nil
	}
	return "", nil
}

func setMenu(w *world) {
	w.t.Helper()
	menu := map[string]any{"button": []map[string]any{
		{"type": "click", "name": "提诉求", "key": "report"}, {"type": "click", "name": "查进度", "key": "progress"},
		{"name": "更多", "sub_button": []map[string]any{
			{"type": "click", "name": "人工服务", "key": "human"}, {"type": "view", "name": "办事指南", "url": w.url + "/guide"},
		}},
	}}
	if a := w.call("/cgi-bin/menu/create", menu); a.code() != 0 {
		w.t.Fatal(a)
	}
}

func TestPhoneInTheBrowserPlaysAComplainant(t *testing.T) {
	b := newBrowser(t)
	w := newWorld(t, helpful)
	setMenu(w)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(w.url+"/sandbox"))

	// Nobody is there yet: the page says what to do, and one can't write.
	b.do(chromedp.WaitVisible(chromedp.CSS("#closed p")), chromedp.WaitNotVisible(chromedp.CSS("#write")))
	b.shoot("desktop-empty")
	b.do(chromedp.SendKeys(chromedp.CSS("#fan-name"), "城南打印店"+kb.Enter), chromedp.WaitVisible(chromedp.CSS(".bubble.in")))
	f := w.box.Fan("城南打印店")

	// A text and its reply.
	b.do(chromedp.SendKeys(chromedp.CSS("#say"), "我在铁西区开打印店，给区里一个学校印了半年试卷，三万六的印刷费拖了快两年不给，找谁都推。"+kb.Enter))
	b.until(`[...document.querySelectorAll(".bubble.in")].some(e => e.textContent.includes("市财政局"))`)
	b.do(chromedp.SendKeys(chromedp.CSS("#say"), "1"), chromedp.Click(chromedp.CSS("#send")))
	b.until(`document.querySelector(".bubble.in a")?.href === "https://jiesu.example/p/abc"`)
	if n := eval[int](b, `document.querySelectorAll(".bubble.out").length`); n != 2 {
		t.Errorf("%d bubbles of the fan, want 2", n)
	}

	// A picture and a voice.
	file := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(file, photo(), 0o600); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}))
	b.until(`document.querySelector(".bubble.out.image img")?.naturalWidth === 480`)
	b.do(chromedp.Click(chromedp.CSS("#voice")))
	b.until(`document.querySelector(".bubble.out.voice .sound")?.textContent.includes("3″")`)

	// A template card.
	if a := w.call("/cgi-bin/message/template/send", card(f, "n1")); a.code() != 0 {
		t.Fatal(a)
	}
	b.until(`document.querySelector("a.card dd")?.textContent === "JS20260304-000001"`)
	w.awaitInbound(isReport)

	// Menu buttons, of the first level and in a list.
	b.do(chromedp.Click(chromedp.CSS(`#menu [data-key=progress]`)))
	b.until(`[...document.querySelectorAll(".bubble.in")].at(-1).textContent.includes("正在办理")`)
	b.do(chromedp.Click(chromedp.CSS("#menu summary")), chromedp.WaitVisible(chromedp.CSS("#menu [data-key=human]")))
	b.shoot("desktop")
	b.do(chromedp.Click(chromedp.CSS("#menu [data-key=human]")))
	b.until(`!document.querySelector("#menu details").open`)
	b.until(`[...document.querySelectorAll(".bubble.in")].at(-1).textContent.includes("人工")`)
	if in := w.received(); in[len(in)-1].Button != "human" {
		t.Errorf("last taken in: %+v", in[len(in)-1])
	}
	b.fitsWidth()

	// The same on a phone.
	w.box.Fan("浑南机械厂")
	b.do(chromedp.EmulateViewport(375, 812, chromedp.EmulateScale(2)), chromedp.Navigate(w.url+"/sandbox?fan="+f.OpenID()))
	b.until(`document.querySelectorAll(".entry").length > 8`)
	b.fitsWidth()
	b.shoot("phone")
	for _, id := range []string{"say", "send", "voice", "file", "menu", "bar", "fan-name"} {
		if !eval[bool](b, `(() => { const r = document.getElementById("`+id+`").getBoundingClientRect(); return r.width > 0 && r.left >= 0 && r.right <= innerWidth && r.bottom <= innerHeight })()`) {
			t.Errorf("#%s is not within the screen of a phone", id)
		}
	}
	b.do(chromedp.Evaluate[chromedp.Void](`void (document.getElementById("chat").scrollTop = 0)`))
	b.shoot("phone-top")
	b.do(chromedp.EmulateViewport(820, 1180))
	b.fitsWidth()
	b.shoot("tablet")
	b.clean()
}

func TestPhoneInTheBrowserShowsWhatGoesWrong(t *testing.T) {
	b := newBrowser(t)
	gate := make(chan struct{})
	w := newWorld(t, func(in routing.Inbound) (string, error) {
		if in.Kind == routing.InboundText {
			<-gate
			return "", context.DeadlineExceeded
		}
		return "", nil
	})
	f := w.box.Fan("城南打印店")
	b.do(chromedp.EmulateViewport(375, 812, chromedp.EmulateScale(2)), chromedp.Navigate(w.url+"/sandbox"))
	b.do(chromedp.WaitVisible(chromedp.CSS("#chat .empty"))) // nothing was said yet

	// While the account thinks, the phone says so; in the end it says that nobody answered.
	b.do(chromedp.SendKeys(chromedp.CSS("#say"), "有人吗"+kb.Enter), chromedp.WaitVisible(chromedp.CSS("#waiting .dots")))
	close(gate)
	for range deliveries - 1 {
		w.setTimer(hangUp)
		w.setTimer(retryPause).fire <- time.Time{}
	}
	b.do(chromedp.WaitVisible(chromedp.CSS(".aside.error")), chromedp.WaitNotPresent(chromedp.CSS("#waiting .dots")))

	// By keyboard alone: open the list at the top, leave the account, come back.
	b.do(chromedp.Focus(chromedp.CSS("#bar summary")), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS("#bar [data-act=unfollow]")),
		chromedp.KeyEvent(kb.Escape))
	b.until(`!document.querySelector("#bar details").open && document.activeElement.matches("#bar summary")`)
	b.do(chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	b.do(chromedp.WaitVisible(chromedp.CSS("#closed [data-act=follow]")), chromedp.WaitNotVisible(chromedp.CSS("#write")))
	if f.following() {
		t.Error("still follows")
	}
	b.do(chromedp.Focus(chromedp.CSS("#closed [data-act=follow]")), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS("#write")))

	// A file of no kind that the platform takes is refused in words.
	file := filepath.Join(t.TempDir(), "notes.jpg")
	if err := os.WriteFile(file, []byte("just text"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}))
	b.until(`document.getElementById("notice").textContent === document.body.dataset.unfit`)

	// Faults are switched on, shown, and off again.
	b.do(chromedp.Click(chromedp.CSS(".faults summary")), chromedp.SetValue(chromedp.CSS("[name=code]"), "45015"),
		chromedp.Click(chromedp.CSS("[name=duplicate]")), chromedp.Click(chromedp.CSS("#faults .main")))
	b.until(`document.querySelectorAll("#active em").length === 2`)
	if got, want := w.box.Faults(), (Faults{Code: 45015, Duplicate: true}); got != want {
		t.Errorf("faults %+v, want %+v", got, want)
	}
	b.fitsWidth()
	b.shoot("phone-faults")
	b.do(chromedp.Click(chromedp.CSS("#repair")), chromedp.WaitNotPresent(chromedp.CSS("#active em")))
	if got := w.box.Faults(); got != (Faults{}) {
		t.Errorf("faults %+v after the repair", got)
	}

	// The sandbox goes away.
	b.do(chromedp.WaitNotVisible(chromedp.CSS("#offline")))
	w.close()
	b.do(chromedp.WaitVisible(chromedp.CSS("#offline")), chromedp.SendKeys(chromedp.CSS("#say"), "还在吗"+kb.Enter))
	b.until(`document.getElementById("notice").textContent === document.body.dataset.unreachable && document.getElementById("say").value === "还在吗"`)
	b.do(chromedp.Evaluate[chromedp.Void](`void scrollTo(0, 0)`))
	b.shoot("phone-trouble")
}
