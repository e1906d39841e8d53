package main

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Somebody asks for a person in WeChat; an operator takes the conversation over, hears a voice message, files the case and hands the conversation back.
func TestAPersonTakesOverTheChatAndHandsItBack(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, databaseURL string) {
		srv := startDemo(t, "JIESU_DATABASE_URL="+databaseURL)
		desk, phone := openWindow(t, "operator", 1280, 860), openWindow(t, "phone", 390, 844)
		desk.signIn(srv.URL, "operator")
		desk.do(chromedp.Navigate(srv.URL+"/console/tasks"), chromedp.WaitReady(chromedp.CSS("#list")))

		phone.do(chromedp.Navigate(srv.URL+"/sandbox"), chromedp.SendKeys(chromedp.CSS("#fan-name"), "河畔小吃店"+kb.Enter))
		say := func(text string) {
			t.Helper()
			phone.do(chromedp.WaitVisible(chromedp.CSS(".bubble.in")), chromedp.SendKeys(chromedp.CSS("#say"), text+kb.Enter))
		}
		say("人工")
		phone.text(".bubble.in", "已请工作人员联系您|已转给工作人员")
		desk.text("#list", "请求人工") // comes by itself
		desk.picture("queue")
		desk.do(chromedp.Click(chromedp.CSS(".chatting a")), chromedp.Click(chromedp.CSS("form[data-action=take] button")))
		phone.text(".bubble.in", "工作人员已接入")
		say("城管隔三差五来罚款，也不开票，说不清依据")
		desk.text("#lines", "隔三差五来罚款")
		phone.do(chromedp.Click(chromedp.CSS("#voice")))
		desk.do(chromedp.WaitVisible(chromedp.CSS("#lines button[data-amr]")),
			// By the page itself: the lines may be drawn anew between finding the button and pressing where it was.
			chromedp.Evaluate[chromedp.Void](`void document.querySelector("#lines button[data-amr]").click()`),
			chromedp.WaitReady(chromedp.CSS("button[data-heard]"))) // decoded, and played: a mark that stays, however the lines are drawn anew
		desk.do(chromedp.SendKeys(chromedp.CSS("form[data-action=write] textarea"), "听到了，我这就替您登记。"), chromedp.Click(chromedp.CSS("form[data-action=write] button")))
		phone.text(".bubble.in", "听到了，我这就替您登记")
		desk.text("#quota", "还可以发")
		desk.picture("chat")
		phone.picture("chat")
		desk.do(chromedp.Click(chromedp.CSS("#steps a.button")), chromedp.WaitVisible(chromedp.CSS("#suggest mark")), chromedp.Click(chromedp.CSS("#filing button.wide")))
		number := desk.text("p.big", caseNumber.String())
		desk.picture("filed")
		desk.do(chromedp.Click(chromedp.CSS(".pages a[href^='/console/chats/']")), chromedp.Click(chromedp.CSS("form[data-action=back] button")))
		phone.text(".bubble.in", "人工会话已结束")
		say("进度")
		phone.text(".bubble.in", number) // the bot is back, and the case is theirs
		phone.picture("back")
	})
}
