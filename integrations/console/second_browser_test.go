package console

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"jiesu/routing"
)

func TestTheFirstSignInByKeyboardAlone(t *testing.T) {
	for _, s := range sizes {
		w := start(t, func(c *Config) { c.SecondFactor = []routing.Role{routing.RoleOffice} })
		u := w.user("office")
		u.Initial = true
		w.update(func(ctx context.Context, tx routing.Tx) error { return tx.UpdateUser(ctx, u) })
		server := w.serve()
		p := startBrowser(t, server.URL).tab(s)
		p.open("/console/login?next=/console/triage")
		p.keys("office" + kb.Tab + password + kb.Enter)
		p.await(`location.pathname === "/console/password" && document.readyState === "complete"`)
		p.shoot("first-password", s)
		const fresh = "盛京路的槐花开了"
		p.keys(password + kb.Tab + fresh + kb.Tab + fresh + kb.Enter)
		p.await(`location.pathname === "/console/second/new" && document.readyState === "complete"`)
		p.await(`document.querySelector(".scan img").naturalWidth === 240`)
		p.shoot("telephone", s)
		secret := strings.ReplaceAll(eval[string](p, `document.querySelector(".secret").innerText`), " ", "")
		p.focus("input[name=code]")
		p.keys(w.code(secret) + kb.Enter)
		p.shows("请保存恢复码")
		p.shoot("recovery-codes", s)
		p.keys(kb.Enter) // the focus is on "kept"
		p.await(`location.pathname === "/console/triage" && document.readyState === "complete"`)
		p.open("/console/account")
		p.shoot("account", s)

		w.clock.add(time.Minute)
		q := startBrowser(t, server.URL).tab(s)
		q.open("/console/login?next=/console/triage")
		q.keys("office" + kb.Tab + fresh + kb.Enter)
		q.await(`location.pathname === "/console/second" && document.readyState === "complete"`)
		q.shoot("second-factor", s)
		q.keys(w.code(secret) + kb.Enter)
		q.await(`location.pathname === "/console/triage" && document.readyState === "complete"`)
		p.quiet()
		q.quiet()
	}
}
