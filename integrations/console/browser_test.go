package console

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
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

// patience is how long a browser may take for one thing on a busy machine.
const patience = 2 * time.Minute

// browser is Chromium, the same for all tests; every tab of it has a profile of its own and signs in by itself.
type browser struct {
	t    *testing.T
	ctx  context.Context
	base string
}

// chromium starts the browser of all tests: a start of its own for each of them takes longer than most of what they do.
var chromium = sync.OnceValues(func() (context.Context, error) {
	allocated, end := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(os.Getenv("JIESU_TEST_CHROMIUM")), chromedp.Headless, chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(time.Minute))
	ctx, _ := chromedp.NewContext(allocated) //nolint:govet // ended with the allocator
	endChromium = end
	return ctx, chromedp.Do(ctx)
})

// endChromium is for TestMain.
var endChromium = func() {}

// startBrowser opens the world's pages in Chromium.
func startBrowser(t *testing.T, base string) *browser {
	t.Helper()
	path := os.Getenv("JIESU_TEST_CHROMIUM")
	if path == "" && os.Getenv("CI") == "true" {
		t.Fatal("JIESU_TEST_CHROMIUM is not set")
	}
	if path == "" {
		t.Skip("JIESU_TEST_CHROMIUM is not set")
	}
	ctx, err := chromium()
	must(t, err)
	return &browser{t, ctx, base}
}

// screen is one page of the browser with a login of its own.
type screen struct {
	t     *testing.T
	ctx   context.Context
	base  string
	mu    sync.Mutex
	noise []string // what the page wrote to its console
}

// size of a screen.
type size struct {
	name          string
	width, height int64
}

var sizes = []size{{"phone", 375, 812}, {"desk", 1280, 800}}

func (b *browser) tab(s size) *screen {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	b.t.Cleanup(cancel)
	p := &screen{t: b.t, ctx: ctx, base: b.base}
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			p.mu.Lock()
			p.noise = append(p.noise, m.String())
			p.mu.Unlock()
		}
	}()
	var options []chromedp.EmulateViewportOption
	if s.width < 500 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	p.do(chromedp.EmulateViewport(s.width, s.height, options...))
	return p
}

// do runs the actions within patience.
func (p *screen) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("browser: %v\n%s", err, p.text())
	}
}

// text is what the page shows.
func (p *screen) text() string {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	s, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
	if err != nil {
		return err.Error()
	}
	return s
}

// eval returns what the expression yields.
func eval[T any](p *screen, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// await waits until the expression is true, also across pages.
func (p *screen) await(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 80*time.Millisecond) { // each look costs the browser some milliseconds
		if yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")")); err == nil && yes {
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			p.t.Fatalf("never came about: %s\n%s", expression, p.text())
		}
	}
}

func (p *screen) open(path string) {
	p.t.Helper()
	p.do(chromedp.Navigate(p.base + path))
	p.await(`document.readyState === "complete"`)
}

// keys types with the keyboard wherever the focus is.
func (p *screen) keys(s string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(s))
}

// focus moves by Tab until an element that matches has the focus.
func (p *screen) focus(selector string) {
	p.t.Helper()
	for range 80 {
		if eval[bool](p, fmt.Sprintf(`!!document.activeElement && document.activeElement.matches(%q)`, selector)) {
			return
		}
		p.keys(kb.Tab)
	}
	p.t.Fatalf("the keyboard doesn't reach %s\n%s", selector, p.text())
}

// signIn signs in through the form.
func (p *screen) signIn(name string) {
	p.t.Helper()
	p.open("/console/login")
	p.do(chromedp.SendKeys(chromedp.CSS("input[name=name]"), name), chromedp.SendKeys(chromedp.CSS("input[name=password]"), password+kb.Enter))
	p.await(`location.pathname === "/console" && document.readyState === "complete"`)
}

// shoot checks that the page doesn't scroll sideways, and keeps a picture of the whole of it where JIESU_TEST_SCREENSHOTS says.
func (p *screen) shoot(name string, s size) {
	p.t.Helper()
	if wide := eval[int64](p, `document.documentElement.scrollWidth`); wide > s.width {
		p.t.Errorf("%s on a %s scrolls sideways: %d px wide, the widest: %s", name, s.name, wide, eval[string](p, `
			Array.from(document.querySelectorAll("body *")).filter(e => e.getBoundingClientRect().right > innerWidth + 1)
				.slice(0, 5).map(e => e.outerHTML.slice(0, 120)).join("\n")`))
	}
	folder := os.Getenv("JIESU_TEST_SCREENSHOTS")
	if folder == "" { // nobody looks, and a picture takes longer than the page
		return
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	must(p.t, err)
	must(p.t, os.MkdirAll(folder, 0o755))
	must(p.t, os.WriteFile(filepath.Join(folder, name+"-"+s.name+".png"), picture, 0o644))
}

// quiet checks that no page of the tab has complained in the browser's console.
func (p *screen) quiet() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.noise) > 0 {
		p.t.Errorf("the browser's console: %s", strings.Join(p.noise, "\n"))
	}
}

// click clicks what the selector finds, and scrolls there first as a person would.
func (p *screen) click(selector string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// submit presses the button of the form and waits for the page that answers.
func (p *screen) submit(form, until string) {
	p.t.Helper()
	p.click(form + " button[type=submit]")
	p.await(`document.readyState === "complete" && (` + until + `)`)
}

// shows waits until the page shows the words.
func (p *screen) shows(words string) {
	p.t.Helper()
	p.await(fmt.Sprintf("document.body && document.body.innerText.includes(%q)", words))
}

func TestAUnitWorksOnACaseWhileTheOfficeWatches(t *testing.T) {
	w := start(t)
	server := w.serve()
	b := startBrowser(t, server.URL)
	for _, s := range sizes {
		c, waiting := w.file(), w.at(routing.StateTriage)

		watcher := b.tab(s)
		watcher.signIn("office")
		watcher.shows(c.Number)
		reader := b.tab(s)
		reader.signIn("operator")
		reader.open(casePath(c))

		p := b.tab(s)
		p.signIn("unit")
		p.shows(c.Number)
		if text := p.text(); strings.Contains(text, waiting.Number) {
			t.Errorf("the unit sees a case that waits for triage: %s", text)
		}
		p.click(".filter summary")
		p.do(chromedp.SetValue(chromedp.CSS("select[name=item]"), "2.3"))
		p.submit(".filter", `location.search.includes("item=2.3")`)
		p.shows("没有符合条件的工单")
		p.open("/console")
		p.do(chromedp.SendKeys(chromedp.CSS("#q"), "外墙保温"+kb.Enter))
		p.await(`location.search.includes("q=")`)
		p.click(fmt.Sprintf(`tr[data-number="%s"] a`, c.Number))
		p.await(`document.querySelector("#case")`)
		p.submit("details[data-step=sign]", `document.querySelector(".state.s-signed")`)

		watcher.await(fmt.Sprintf(`document.querySelector('tr[data-number="%s"] .s-signed')`, c.Number))
		reader.await(`document.querySelector("#timeline li.fresh[data-action=sign]")`)
		reader.click("details[data-step=supplement] > summary")
		reader.do(chromedp.SendKeys(chromedp.CSS("details[data-step=supplement] textarea"), "又来电了"))
		reader.await(`document.querySelector("details[data-step=supplement] textarea").value === "又来电了"`)

		p.do(chromedp.SendKeys(chromedp.CSS("details[data-step=reply] textarea"), "款项已经拨付，请查收。"), chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
		p.await(`document.querySelector("#timeline li[data-action=reply]")`)
		if got := eval[string](p, `document.querySelector("#timeline li[data-action=reply] blockquote").innerText`); got != "款项已经拨付，请查收。" {
			t.Errorf("the timeline says %q", got)
		}
		// Somebody is typing on that page: it isn't replaced under their hands.
		reader.await(`!document.querySelector("#toast").hidden`)
		if got := eval[string](reader, `document.querySelector("details[data-step=supplement] textarea").value`); got != "又来电了" {
			t.Errorf("what was typed became %q", got)
		}
		reader.submit("details[data-step=supplement]", `document.querySelector(".problem")`)
		reader.shows("已被他人更新")
		reader.submit("details[data-step=supplement]", `document.querySelector("#timeline li[data-action=supplement]")`)
		watcher.await(fmt.Sprintf(`document.querySelector('tr[data-number="%s"] .s-replied')`, c.Number))
		for _, q := range []*screen{watcher, p} {
			q.quiet()
		}
		if got := w.load(c.Number); got.State != routing.StateReplied || got.Reply != "款项已经拨付，请查收。" {
			t.Errorf("%+v", got)
		}
		w.act("office", waiting.Number, routing.Step{Action: routing.ActionAssign, Item: "2.3", Unit: "tax"})
	}
}

func TestAnOperatorFilesWithTheKeyboardAlone(t *testing.T) {
	w := start(t)
	known := w.file()
	server := w.serve()
	b := startBrowser(t, server.URL)
	for _, s := range sizes {
		p := b.tab(s)
		p.open("/console/login")
		p.keys("operator" + kb.Tab + password + kb.Enter)
		p.await(`location.pathname === "/console" && document.readyState === "complete"`)
		p.focus(`nav a[href="/console/file"]`)
		p.keys(kb.Enter)
		p.await(`location.pathname === "/console/file" && document.activeElement.name === "phone"`)
		p.keys(caller.Phone)
		p.shows(known.Number)
		p.await(fmt.Sprintf(`document.querySelector("input[name=enterprise]").value === %q`, caller.Enterprise))
		p.focus("textarea[name=text]")
		p.keys("开发票跑了三趟，浑南区的窗口")
		p.await(`document.querySelectorAll("#suggest .choice").length === 4`)
		p.focus("#suggest input[type=radio]")
		p.keys(kb.ArrowDown + kb.ArrowDown)
		p.await(`document.querySelector("#suggest input:checked").value === "2.4|business-environment"`)
		p.focus("#filing button[type=submit]")
		p.keys(kb.Enter)
		p.await(`document.querySelector(".big") && document.readyState === "complete"`)
		c := w.load(numberPattern.FindString(p.text()))
		if c.Unit != "business-environment" || c.Item != "2.4" || c.District != "浑南区" || c.ComplainantID != known.ComplainantID || c.Contact.Enterprise != caller.Enterprise {
			t.Errorf("filed: %+v", c)
		}
		p.await(`document.activeElement.pathname === "/console/file"`) // the next caller is one key away
		p.quiet()
	}
}

// An operator types as soon as there is a cursor; on a slow line the scripts come after it.
func TestWhatIsTypedBeforeTheScriptsIsLookedUp(t *testing.T) {
	w := start(t)
	known := w.file()
	typed := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, ".js") {
			w.engine.ServeHTTP(rw, r)
			return
		}
		if strings.HasSuffix(r.Referer(), "/console/file") {
			<-typed
		}
		script := httptest.NewRecorder()
		w.engine.ServeHTTP(script, r)
		rw.Header().Set("Content-Type", script.Header().Get("Content-Type")) // and nothing about keeping it
		_, _ = rw.Write(script.Body.Bytes())
	}))
	t.Cleanup(func() {
		w.stop()
		server.Close()
	})
	p := startBrowser(t, server.URL).tab(sizes[1])
	p.signIn("operator")
	p.do(chromedp.Evaluate[chromedp.Void](`location.assign("/console/file")`))
	p.await(`location.pathname === "/console/file" && document.activeElement.name === "phone"`)
	p.keys(caller.Phone)
	p.keys(kb.Tab + kb.Tab + kb.Tab + "开发票跑了三趟，浑南区的窗口")
	p.await(`document.querySelector("textarea[name=text]").value.includes("窗口")`)
	close(typed)
	p.shows(known.Number)
	p.await(`document.querySelectorAll("#suggest .choice").length === 4`)
	p.quiet()
}

func TestTheOfficeDispatchesWithKeys(t *testing.T) {
	w := start(t)
	first := w.at(routing.StateTriage)
	w.clock.add(-time.Hour)
	second := w.at(routing.StateTriage)
	server := w.serve()
	b := startBrowser(t, server.URL)
	p := b.tab(sizes[1])
	p.signIn("office")
	p.keys("/")
	p.await(`document.activeElement.id === "q"`)
	p.keys(kb.Backspace + "发票" + kb.Enter) // the protocol types the slash though the page took it
	p.await(`new URLSearchParams(location.search).get("q") === "发票" && document.readyState === "complete"`)
	p.keys("j" + "j" + kb.Enter)
	p.await(fmt.Sprintf(`document.body.dataset.number === %q`, second.Number))
	p.open("/console/triage")
	p.keys("j" + "2")
	p.await(`document.querySelectorAll("[data-row]").length === 1 && document.readyState === "complete"`)
	p.await(`document.querySelector("[data-row].chosen")`)
	p.keys("1")
	p.shows("没有等待分办的诉求")
	if a, z := w.load(first.Number), w.load(second.Number); a.Unit != "tax" || z.Unit != "business-environment" {
		t.Errorf("dispatched to %s and %s", a.Unit, z.Unit)
	}
	p.quiet()
}

// listened tells when a live stream has been opened.
type listened struct {
	routing.Volatile
	heard chan struct{}
}

func (l listened) Subscribe(ctx context.Context) <-chan routing.Update {
	news := l.Volatile.Subscribe(ctx)
	l.heard <- struct{}{}
	return news
}

func TestAnAnswerBeingWrittenIsNotTakenAway(t *testing.T) {
	heard := make(chan struct{}, 16)
	w := start(t, func(c *Config) { c.Live = listened{c.Live, heard} })
	who := w.fan()
	task := w.addTask(routing.TaskChat, routing.Case{ComplainantID: who.ID}, "想问问围挡")
	server := w.serve()
	p := startBrowser(t, server.URL).tab(sizes[1])
	p.open("/console/tasks")
	p.do(chromedp.SendKeys(chromedp.CSS("input[name=name]"), "operator"), chromedp.SendKeys(chromedp.CSS("input[name=password]"), password+kb.Enter))
	p.await(`location.pathname === "/console/tasks" && document.readyState === "complete"`)
	<-heard
	second := w.addTask(routing.TaskChat, routing.Case{ComplainantID: w.fan().ID}, "第二个人")
	p.await(fmt.Sprintf(`document.querySelector('[data-task="%s"]')`, second.ID)) // nothing typed: the list follows
	must(t, w.desk.TakeChat(t.Context(), w.users["operator"].Actor(), task.ID, ""))
	p.open(talkPath(task, ""))
	<-heard
	p.do(chromedp.SendKeys(chromedp.CSS("textarea"), "您好，围挡"))
	w.update(func(ctx context.Context, tx routing.Tx) error {
		_, err := w.desk.SaidIn(ctx, tx, who.ID, "到底什么时候拆", "")
		return err
	})
	p.await(`document.querySelector("#lines").innerText.includes("到底什么时候拆")`) // their words come by themselves
	if got := eval[string](p, `document.querySelector('textarea').value`); got != "您好，围挡" {
		t.Errorf("what was typed became %q", got)
	}
	p.do(chromedp.SendKeys(chromedp.CSS("textarea"), "下周一拆除。"), chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	p.await(`document.querySelector("#lines").innerText.includes("您好，围挡下周一拆除。")`)
	p.quiet()
}

func (w *world) furnish() (signed, replied routing.Case) {
	texts := []string{
		"浑南区新厂房的竣工联合验收跑了三个多月，消防、人防、规划各要各的材料，同一张图纸交了四遍，开发票都耽误了。",
		complaint,
		"我们在沈北承租的场地，当初招商答应的厂房补贴一直没有兑现，换了领导以后没人认账，拖欠至今，合同和会议纪要都在。",
	}
	for i, s := range routing.States() {
		w.clock.add(-time.Duration(i) * 26 * time.Hour)
		w.at(s, func(c *routing.Complaint) {
			if s != routing.StateTriage && s != routing.StateNotAccepted {
				c.Text, c.Judgement = texts[i%len(texts)], judge{}.Judge(complaint)
			}
		})
		w.clock.add(time.Duration(i) * 26 * time.Hour)
	}
	w.at(routing.StateTriage)
	w.file(func(c *routing.Complaint) {
		c.Text = "你们这个系统到底管不管用，我也不知道该找谁说。"
	})
	signed = w.at(routing.StateSigned, confidential)
	w.act("unit", signed.Number, step(routing.ActionProgress, "已与建设单位核对，尚欠三十八万元，正在协调付款计划。"))
	w.act("office", signed.Number, step(routing.ActionSupervise, "拖欠超过一年，请每周报告进展。"))
	w.attach(signed, "image", "image/png", onePixel)
	w.attach(signed, "voice", "audio/amr", []byte("#!AMR\n"))
	replied = w.at(routing.StateReplied)
	w.act("complainant", replied.Number, routing.Step{Action: routing.ActionRate, Rating: &routing.Rating{Solved: routing.SolvedPartly, Satisfied: 3}, Note: "希望能快一点。"})
	w.notify(signed.Number)
	w.addTask(routing.TaskCallBack, replied, "消息没有送达，请电话告知诉求人：市财政局已答复您的诉求。")
	w.addTask(routing.TaskVoice, signed, "")
	who, late := w.fan(), w.fan()
	w.addTask(routing.TaskChat, routing.Case{ComplainantID: who.ID}, "诉求人要求人工处理。\n“门口的围挡都快一年了，到底什么时候拆？我想找个人说说。”")
	spent, err := w.store.SpendQuota(w.t.Context(), who.ID, w.clock.now())
	must(w.t, err)
	for err == nil && spent {
		spent, err = w.store.SpendQuota(w.t.Context(), late.ID, w.clock.now())
	}
	must(w.t, err)
	w.addTask(routing.TaskChat, w.byFan(late), "诉求人要求人工处理。")
	return signed, replied
}

func TestPagesLookRightOnPhoneAndDesk(t *testing.T) {
	w := start(t)
	server := w.serve()
	b := startBrowser(t, server.URL)
	for _, s := range sizes {
		p := b.tab(s)
		p.open("/console/login")
		p.shoot("login", s)
		p.do(chromedp.SendKeys(chromedp.CSS("input[name=name]"), "other"), chromedp.SendKeys(chromedp.CSS("input[name=password]"), "wrong"+kb.Enter))
		p.shows("账号或密码不对")
		p.shoot("login-wrong", s)
		p.signIn("other")
		p.shoot("empty", s)
	}
	signed, replied := w.furnish()
	fresh, waiting := w.at(routing.StateReplied), w.at(routing.StateTriage)
	for _, s := range sizes {
		p := b.tab(s)
		p.signIn("office")
		for name, path := range map[string]string{"list": "/console", "triage": "/console/triage", "tasks": "/console/tasks", "case-office": casePath(replied),
			"case-triage": casePath(waiting), "own": "/p/" + replied.Token, "own-to-rate": "/p/" + fresh.Token} {
			p.open(path)
			p.shoot(name, s)
		}
		p.open("/console/tasks")
		p.click(".chatting a")
		p.await(`document.querySelector("#lines")`)
		p.shoot("chat-waiting", s)
		p.submit("form[data-action=take]", `document.querySelector("form[data-action=write]")`)
		p.do(chromedp.SendKeys(chromedp.CSS("form[data-action=write] textarea"), "您好，围挡下周一拆除。这是"+s.name))
		p.submit("form[data-action=write]", `document.querySelector("#lines").innerText.includes("这是`+s.name+`")`)
		p.shoot("chat", s)
		p.submit("form[data-action=release]", `location.pathname === "/console/tasks"`)
		p.click("[data-task]:first-child summary")
		p.submit("[data-task]:first-child form[data-action=reveal]", `document.querySelector("[data-revealed]")`)
		p.shoot("tasks-revealed", s)
		p.open("/console?district=" + "浑南区")
		p.shoot("list-filtered", s)
		p.quiet()
		for name, path := range map[string]string{"error": "/console/cases/JS20200101-000000", "own-gone": "/p/nothing"} {
			p.open(path)
			p.shoot(name, s)
		}
		u := b.tab(s)
		u.signIn("unit")
		u.open("/console?state=all")
		u.shoot("list-unit", s)
		u.open(casePath(signed))
		u.shoot("case-unit", s)
		u.do(chromedp.SendKeys(chromedp.CSS("details[data-step=reply] textarea"), "款项已经拨付。"))
		w.act("operator", signed.Number, step(routing.ActionSupplement, "来电补充："+s.name))
		u.await(`!document.querySelector("#toast").hidden`)
		u.shoot("toast", s)
		u.submit("details[data-step=reply]", `document.querySelector(".problem")`)
		u.shoot("conflict", s)
		f := b.tab(s)
		f.signIn("operator")
		f.open("/console/file")
		f.shoot("file-fresh", s)
		f.do(chromedp.SendKeys(chromedp.CSS("input[name=phone]"), caller.Phone), chromedp.SendKeys(chromedp.CSS("textarea[name=text]"), "开发票跑了三趟，窗口每次说法都不一样，浑南区"))
		f.await(`document.querySelectorAll("#suggest .choice").length === 4 && document.querySelector(".caller")`)
		f.shoot("file", s)
		f.submit("#filing", `document.querySelector(".big")`)
		f.shoot("filed", s)
		f.quiet()
	}
}

func TestTheClocksExplainThemselvesInTheBrowser(t *testing.T) {
	w := start(t)
	server := w.serve()
	b := startBrowser(t, server.URL)
	for _, s := range sizes {
		c := w.file()
		p := b.tab(s)
		p.signIn("unit")
		p.shows("签收剩 1 个工作日")
		p.shoot("list-clocks", s)
		p.open(casePath(c))
		p.shows("办理剩 15 个工作日")
		panel := `#clocks li[data-clock=finish] details`
		if eval[bool](p, fmt.Sprintf(`document.querySelector(%q).open`, panel)) {
			t.Error("the panel is unfolded before anybody asks")
		}
		p.click(panel + " > summary")
		p.await(fmt.Sprintf(`document.querySelector(%q).open`, panel))
		if text := eval[string](p, fmt.Sprintf(`document.querySelector(%q).innerText`, panel)); !strings.Contains(text, "湖北省营商环境投诉办理要求") ||
			!strings.Contains(text, "11月28日 周六") || !strings.Contains(text, "开始的当天不计入") || !strings.Contains(text, "08:30–11:30、13:00–17:00") {
			t.Errorf("the panel says %q", text)
		}
		skipped := fmt.Sprintf(`[...document.querySelectorAll(%q)].map(e => e.innerText).join()`, panel+" .days .off b")
		if got := eval[string](p, skipped); got != "11月24日 周二,11月28日 周六,11月29日 周日,12月5日 周六,12月6日 周日,12月12日 周六,12月13日 周日" {
			t.Errorf("skipped: %s", got)
		}
		p.shoot("clocks", s)
		// The page is fetched anew when somebody else acts; the panel that is being read stays unfolded.
		w.act("office", c.Number, routing.Step{Action: routing.ActionExtend, Days: 3, Note: "同意"})
		p.shows("办理剩 18 个工作日")
		p.await(fmt.Sprintf(`document.querySelector(%q).open`, panel))
		p.quiet()
		w.act("unit", c.Number, step(routing.ActionSign, ""), step(routing.ActionReply, "好了"))
	}
}

// choose picks an option of a select.
func (p *screen) choose(selector, value string) {
	p.t.Helper()
	p.do(chromedp.SetValue(chromedp.CSS(selector), value))
}

func TestACaseThatIsRefusedTwiceLandsOnTheSupervisionList(t *testing.T) {
	w := start(t)
	server := w.serve()
	b := startBrowser(t, server.URL)
	for _, s := range sizes {
		c := w.file()
		p := b.tab(s)
		refuse := func(user, ground, note string) {
			q := b.tab(s)
			q.signIn(user)
			q.open(casePath(c))
			form := "details[data-step=refuse]"
			q.click(form + " > summary")
			q.choose(form+" select[name=ground]", ground)
			q.do(chromedp.SendKeys(chromedp.CSS(form+" textarea"), note))
			q.shoot("refuse", s)
			q.submit(form, `document.querySelector(".state.s-refused")`)
			q.quiet()
		}
		onList := func() bool {
			p.open("/console?supervised=1")
			return eval[bool](p, fmt.Sprintf(`!!document.querySelector('tr[data-number="%s"]')`, c.Number))
		}
		p.signIn("office")
		refuse("unit", "duty", "三定方案没有这一项。")
		if onList() {
			t.Error("it is supervised after one refusal")
		}
		p.open(casePath(c))
		p.shows("不属于本单位法定职责")
		form := "details[data-step=reassign]"
		p.choose(form+" select[name=unit]", other)
		p.submit(form, `document.querySelector(".state.s-dispatched")`)
		refuse("other", "district", "应由区里单独办理。")
		if !onList() {
			t.Errorf("it isn't on the list: %s", p.text())
		}
		p.shoot("supervised", s)
		p.open(casePath(c))
		p.shows("两个单位先后退单，自动列入督办")
		form = "details[data-step=uphold]"
		p.click(form + " > summary")
		p.do(chromedp.SendKeys(chromedp.CSS(form+" textarea"), "职责清单第三条有这一项。"))
		p.submit(form, `document.querySelector("#timeline li[data-action=uphold]")`)
		p.quiet()
		if got := w.load(c.Number); got.State != routing.StateDispatched || got.Unit != other || !got.Supervised {
			t.Errorf("%+v", got)
		}
		w.act("operator", c.Number, step(routing.ActionWithdraw, ""))
	}
}
