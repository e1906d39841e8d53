package console

import (
	"fmt"
	"testing"
	"time"

	"jiesu/integrations/jobs"
	"jiesu/routing"
)

// A unit lets a case lie: it is warned, urged, put on the supervision list and named, each at its hour, and everybody whose matter it is sees
// it where they look. The case is filed on Tuesday, 24 November 2026, at ten and must be signed by five on Wednesday.
func TestAnOverdueCaseClimbsTheLadderBeforeEverybodysEyes(t *testing.T) {
	for _, s := range extremes {
		w := start(t)
		b := startBrowser(t, w.serve().URL)
		clocks, err := jobs.NewClocks(w.desk, w.console.Logger, nil)
		must(t, err)
		c := w.file()
		filed := w.clock.now()
		// at lets the clocks beat some time after the case was filed, and signs in anew: sessions don't live for days.
		at := func(after time.Duration, who string) *screen {
			w.clock.add(filed.Add(after).Sub(w.clock.now()))
			must(t, clocks.Tick(t.Context()))
			p := b.tab(s)
			p.signIn(who)
			return p
		}
		row := fmt.Sprintf(`document.querySelector('tr[data-number="%s"]')`, c.Number)
		board := func(p *screen, filter string, has bool) {
			t.Helper()
			p.open("/console?state=all&clock=" + filter)
			if found := eval[bool](p, "!!"+row); found != has {
				t.Errorf("%s: on the list of %s: %v\n%s", s.name, filter, found, p.text())
			}
		}
		const day, hour = 24 * time.Hour, time.Hour

		p := at(day+5*hour+15*time.Minute, "unit") // 15:15 on Wednesday: three quarters of seven working hours
		board(p, "late", false)
		board(p, "soon", true)
		p.open(casePath(c))
		p.shows("时限预警")
		p.shoot("ladder-warned", s)
		p.quiet()

		p = at(day+7*hour+time.Minute, "unit") // past five o'clock
		board(p, "late", true)
		p.open(casePath(c))
		p.shows("已催办")
		p.shoot("ladder-urged", s)
		p.quiet()

		p = at(2*day+7*hour, "office") // a working day later
		board(p, "late", true)
		p.open("/console?supervised=1")
		p.await(row)
		p.open(casePath(c))
		p.shows("已列入督办")
		p.quiet()
		own := b.tab(s)
		own.open("/p/" + c.Token)
		own.shows("已列入重点督办")
		own.quiet()

		p = at(8*day+7*hour, "office") // the fifth working day after the limit
		board(p, "named", true)
		p.open("/console")
		p.shows("应通报")
		p.shoot("ladder-board", s)
		p.open(casePath(c))
		p.shows("列入通报")
		p.shoot("ladder-named", s)
		p.quiet()

		p = at(8*day+7*hour, "unit") // signed at last: no longer late to sign, still on the list
		p.open(casePath(c))
		form := "form[data-action=sign], details[data-step=sign]"
		p.submit(`:is(`+form+`)`, `document.querySelector(".state.s-signed")`)
		p.quiet()
		got := w.load(c.Number)
		if !got.Supervised || got.Named != 1 || got.Urges == 0 || got.State != routing.StateSigned {
			t.Errorf("%s: %+v", s.name, got)
		}
	}
}
