package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// window is one browser with a user of its own: nothing is shared with another window.
type window struct {
	t    *testing.T
	name string
	ctx  context.Context
}

// openWindow starts Chromium. It can reach nothing but this machine.
func openWindow(t *testing.T, name string, width, height int64) *window {
	t.Helper()
	alloc, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(service(t, "JIESU_TEST_CHROMIUM")), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.Flag("no-pings", true), chromedp.Flag("lang", "zh-CN"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"))...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(alloc)
	t.Cleanup(end)
	w := &window{t, name, ctx}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatalf("%s: start the browser: %v", name, err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			w.picture("failed")
		}
	})
	return w
}

const patience = 2 * time.Minute

func (w *window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		w.t.Fatalf("%s: %v", w.name, err)
	}
}

// text waits until the element is there and its text matches, and returns the match.
func (w *window) text(selector, pattern string) string {
	w.t.Helper()
	re := regexp.MustCompile(pattern)
	var last string
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		all, err := chromedp.Run(ctx, chromedp.Evaluate[string](`[...document.querySelectorAll("`+selector+`")].map(e => e.innerText).join("\n")`))
		if err == nil {
			last = all
			if m := re.FindString(all); m != "" {
				return m
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatalf("%s: no %q in %s:\n%s", w.name, pattern, selector, last)
		}
	}
}

// picture keeps what the window shows, in the folder that JIESU_TEST_SCREENSHOTS names.
func (w *window) picture(name string) {
	w.t.Helper()
	folder := os.Getenv("JIESU_TEST_SCREENSHOTS")
	if folder == "" {
		return
	}
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		w.t.Errorf("%s: take a picture: %v", w.name, err)
		return
	}
	path := filepath.Join(folder, strings.NewReplacer("/", "-").Replace(w.t.Name())+"-"+w.name+"-"+name+".png")
	if err := os.WriteFile(path, png, 0o600); err != nil {
		w.t.Error(err)
	}
}

func (w *window) signIn(url, name string) {
	w.t.Helper()
	w.do(chromedp.Navigate(url+"/console/login"), chromedp.SendKeys(chromedp.CSS("input[name=name]"), name),
		chromedp.SendKeys(chromedp.CSS("input[name=password]"), demoPassword+kb.Enter), chromedp.WaitVisible(chromedp.CSS("nav a[href='/console']")))
}

// step opens the form of a step on the page of a case, fills in the note and submits it.
func (w *window) step(action, note string) {
	w.t.Helper()
	form := "form[data-action=" + action + "]"
	w.do(chromedp.WaitReady(chromedp.CSS(form)),
		chromedp.Evaluate[chromedp.Void](`void (document.querySelector("`+form+`").closest("details").open = true)`))
	if note != "" {
		w.do(chromedp.SendKeys(chromedp.CSS(form+" textarea[name=note]"), note))
	}
	w.do(chromedp.Click(chromedp.CSS(form + " button[type=submit]")))
}

// The whole story as people see it: the complainant holds the phone, the unit and the office sit at their desks.
func TestTheWholeStoryInTheBrowser(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, databaseURL string) {
		srv := startDemo(t, "JIESU_DATABASE_URL="+databaseURL)
		phone, desk, office := openWindow(t, "phone", 390, 844), openWindow(t, "unit", 1280, 860), openWindow(t, "office", 1280, 860)

		phone.do(chromedp.Navigate(srv.URL+"/sandbox"), chromedp.SendKeys(chromedp.CSS("#fan-name"), "城南打印店"+kb.Enter))
		phone.do(chromedp.WaitVisible(chromedp.CSS(".bubble.in")), chromedp.SendKeys(chromedp.CSS("#say"), complaint+kb.Enter))
		phone.text(".bubble.in", "铁西区")
		phone.do(chromedp.SendKeys(chromedp.CSS("#say"), "1"+kb.Enter))
		number := phone.text(".bubble.in", caseNumber.String())
		phone.picture("filed")

		key := regexp.MustCompile(`office\s+(jsk_\S+)`).FindStringSubmatch(srv.out.String())[1]
		unitID, _ := client{t, srv.URL, key}.do(200, "GET", "/api/v1/cases/"+number, nil)["unit"].(string)
		if unitID == "" {
			t.Fatal("the case was not dispatched")
		}
		desk.signIn(srv.URL, unitID)
		desk.text("main", number) // the case is on the unit's list
		desk.picture("list")
		desk.do(chromedp.Navigate(srv.URL + "/console/cases/" + number))
		desk.text("main", "三万六的印刷费")
		desk.step("sign", "")
		desk.step("reply", "款项已于今日拨付，请查收。")
		desk.text("#timeline", "款项已于今日拨付")
		desk.picture("replied")
		phone.text(".card", "已签收")
		phone.text(".card", "已答复")
		phone.picture("cards")

		phone.do(chromedp.SendKeys(chromedp.CSS("#say"), "评价"+kb.Enter))
		phone.text(".bubble.in", "解决了吗") // the next answer must not be there before its question
		phone.do(chromedp.SendKeys(chromedp.CSS("#say"), "1"+kb.Enter))
		phone.text(".bubble.in", "满意吗|满意度|满不满意")
		phone.do(chromedp.SendKeys(chromedp.CSS("#say"), "5"+kb.Enter))
		phone.text(".bubble.in", "评价已记下")
		desk.text("#timeline", "很满意") // comes by itself: the page is live

		desk.step("close", "")
		office.signIn(srv.URL, "office")
		office.do(chromedp.Navigate(srv.URL + "/console/cases/" + number))
		office.step("strike-off", "")
		office.text("h1 ~ .state", "已销号")
		office.picture("struck-off")
		phone.text(".card", "已销号")
		phone.picture("done")
	})
}
