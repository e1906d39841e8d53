package train

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
)

//go:embed page.html
var pageText string

// HTML writes the report as one page with charts, which needs nothing from anywhere.
func (r Report) HTML(w io.Writer) error {
	page, err := template.New("report").Funcs(template.FuncMap{
		"percent": func(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) },
		// The charts' paper is 270 by 200, from (40, 210) upwards.
		"x":      func(share float64) float64 { return math.Round(40 + 270*share) },
		"y":      func(share float64) float64 { return math.Round(210 - 200*share) },
		"y10":    func(share float64) float64 { return math.Round(210 - 200*min(10*share, 1)) },
		"radius": func(rows, of int) float64 { return math.Round(3 + 15*math.Sqrt(float64(rows)/float64(of))) },
	}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("read the page of the report: %w", err)
	}
	if err := page.Execute(w, r); err != nil {
		return fmt.Errorf("write the page of the report: %w", err)
	}
	return nil
}
