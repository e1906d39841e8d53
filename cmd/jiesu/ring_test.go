package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// The player of a call centre rings, the form opens on the screen of who answers, the complaint is typed and filed, and the caller has it in WeChat.
func TestACallGoesFromItsRingingToTheCallersPhone(t *testing.T) {
	t.Parallel()
	srv := startDemo(t, "")
	desk, phone := openWindow(t, "operator", 1280, 860), openWindow(t, "phone", 390, 844)
	desk.signIn(srv.URL, "operator")
	desk.do(chromedp.Navigate(srv.URL+"/console"), chromedp.WaitReady(chromedp.CSS("body[data-live]")))
	key := regexp.MustCompile(`operator\s+(jsk_\S+)`).FindStringSubmatch(srv.out.String())
	if key == nil {
		t.Fatal("the demo printed no key")
	}
	out, errs, code := command(t, nil, "", "ring", "--url", srv.URL, "--key", key[1], "--from", "13812340000", "--user", "operator", "--rings", "1s", "--talk", "2s", "--recording", "https://records.example/1")
	if code != 0 || strings.Count(out, "\n") != 3 {
		t.Fatalf("%d: %s%s", code, out, errs)
	}
	desk.do(chromedp.WaitVisible(chromedp.CSS("#filing"))) // it has opened by itself
	desk.picture("pop")
	desk.do(chromedp.SendKeys(chromedp.CSS("#filing textarea[name=text]"), complaint), chromedp.WaitVisible(chromedp.CSS("#suggest mark")), chromedp.Click(chromedp.CSS("#filing button.wide")))
	number := desk.text("p.big", caseNumber.String())
	desk.do(chromedp.Click(chromedp.CSS("form[data-action=read] button")))
	digits := desk.text("p.digits", `\d{6}`)
	phone.do(chromedp.Navigate(srv.URL+"/sandbox"), chromedp.SendKeys(chromedp.CSS("#fan-name"), "打电话的人\r"), chromedp.WaitVisible(chromedp.CSS(".bubble.in")),
		chromedp.SendKeys(chromedp.CSS("#say"), digits+"\r"))
	phone.text(".bubble.in", number)
	phone.picture("bound")
	desk.do(chromedp.Navigate(srv.URL + "/console/cases/" + number))
	desk.text(".calls-card", "来电")
	desk.text(".calls-card", "录音")
	desk.picture("case")
	if _, errs, code := command(t, nil, "", "ring", "--url", srv.URL, "--key", "jsk_wrong", "--rings", "1ms"); code != 1 || !strings.Contains(errs, "401") {
		t.Errorf("another key: %d %s", code, errs)
	}
}
