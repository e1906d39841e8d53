package report

import (
	"fmt"
	"html"
	"strconv"
	"strings"
)

// Measures of a chart's picture, in its own units.
const (
	svgWide   = 720
	svgLabels = 210 // for the labels at the left
	svgValues = 70  // for the values at the right
	svgBar    = 11  // height of a bar
	svgGap    = 12  // between labels
)

// svg draws the chart for print and for browsers without scripts. It uses classes and attributes alone, so that a strict content policy lets it be.
func (c *Chart) svg() string {
	var b strings.Builder
	rows := 1
	if c.Kind == "bars" {
		rows = len(c.Names)
	}
	step := rows*(svgBar+1) + svgGap
	if rows == 1 {
		step = 26
	}
	top := 26
	tall := top + step*len(c.Labels) + 4
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, svgWide, tall, html.EscapeString(c.Title))
	x := float64(svgLabels)
	for i, name := range c.Names {
		fmt.Fprintf(&b, `<rect class="c%d" x="%.0f" y="4" width="12" height="12"/><text x="%.0f" y="14">%s</text>`, i, x, x+17, html.EscapeString(name))
		x += 36 + 13*float64(len([]rune(name)))
	}
	for i, label := range c.Labels {
		y := top + i*step
		fmt.Fprintf(&b, `<text class="l" x="%d" y="%d">%s</text>`, svgLabels-10, y+step/2, html.EscapeString(cutLabel(label)))
		if c.Kind == "bars" {
			c.drawBars(&b, i, y)
		} else {
			c.drawRate(&b, i, y, step)
		}
	}
	b.WriteString(`</svg>`)
	return b.String()
}

func (c *Chart) drawBars(b *strings.Builder, i, y int) {
	most := 1.0
	for _, values := range c.Values {
		for _, v := range values {
			most = max(most, v)
		}
	}
	for j, values := range c.Values {
		wide := values[i] / most * (svgWide - svgLabels - svgValues)
		fmt.Fprintf(b, `<rect class="c%d" x="%d" y="%d" width="%.1f" height="%d"/><text class="v" x="%.1f" y="%d">%s</text>`, j, svgLabels,
			y+j*(svgBar+1), wide, svgBar, svgLabels+wide+6, y+j*(svgBar+1)+svgBar-1, strconv.FormatFloat(values[i], 'f', -1, 64))
	}
}

// drawRate draws the interval as a band and the rate as a dot in it, on a line from 0 to 100.
func (c *Chart) drawRate(b *strings.Builder, i, y, step int) {
	at := func(percent float64) float64 { return svgLabels + percent/100*(svgWide-svgLabels-svgValues) }
	middle := y + step/2 - 4
	fmt.Fprintf(b, `<line class="axis" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>`, at(0), at(100), middle, middle)
	if c.High[i] > 0 {
		fmt.Fprintf(b, `<rect class="c1" x="%.1f" y="%d" width="%.1f" height="10"/><circle class="c0" cx="%.1f" cy="%d" r="5"/>`, at(c.Low[i]), middle-5,
			at(c.High[i])-at(c.Low[i]), at(c.Values[0][i]), middle)
		fmt.Fprintf(b, `<text class="v" x="%.1f" y="%d">%s%%</text>`, at(100)+8, middle+4, strconv.FormatFloat(c.Values[0][i], 'f', 1, 64))
	}
}

// cutLabel keeps a label within its column.
func cutLabel(s string) string {
	r := []rune(s)
	if len(r) <= 15 {
		return s
	}
	return string(r[:14]) + "…"
}
