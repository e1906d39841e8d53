package train

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (r Report) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "rows %d\n", r.Rows)
	for _, line := range []struct {
		name  string
		value float64
	}{
		{"accuracy (item)", r.Accuracy}, {"macro F1 (item)", r.MacroF1}, {"unit", r.UnitAccuracy}, {"category", r.CategoryAccuracy},
		{"item and unit", r.BothAccuracy}, {"top three", r.TopThree}, {"district", r.DistrictAccuracy}, {"calibration error", r.ECE},
	} {
		fmt.Fprintf(&b, "%-18s %6.2f %%\n", line.name, 100*line.value)
	}
	if r.Temperature > 0 {
		fmt.Fprintf(&b, "temperature %.3f, dispatch from %.3f, ask from %.3f\n", r.Temperature, r.Thresholds.Dispatch, r.Thresholds.Ask)
	}
	fmt.Fprintf(&b, "\n%-16s %7s %10s %9s\n", "decision", "share", "wrong unit", "top three")
	for _, name := range sortedKeys(r.Decisions) {
		d := r.Decisions[name]
		fmt.Fprintf(&b, "%-16s %7.2f %10.2f %9.2f\n", name, 100*d.Share, 100*d.WrongUnit, 100*d.TopThree)
	}
	fmt.Fprintf(&b, "\n%-16s %5s %10s %7s\n", "confidence", "rows", "mean", "right")
	for _, bin := range r.Reliability {
		if bin.Rows > 0 {
			fmt.Fprintf(&b, "%.1f to %-9.1f %5d %10.2f %7.2f\n", bin.From, bin.To, bin.Rows, 100*bin.Confidence, 100*bin.Right)
		}
	}
	fmt.Fprintf(&b, "\n%-16s %10s %10s\n", "coverage", "wrong unit", "from")
	for _, p := range r.RiskCoverage {
		fmt.Fprintf(&b, "%-16.2f %10.2f %10.3f\n", 100*p.Coverage, 100*p.Risk, p.Confidence)
	}
	fmt.Fprintf(&b, "\n%-16s %5s %7s %7s %8s %8s\n", "style", "rows", "item", "unit", "category", "district")
	for _, name := range sortedKeys(r.PerStyle) {
		s := r.PerStyle[name]
		fmt.Fprintf(&b, "%-16s %5d %7.2f %7.2f %8.2f %8.2f\n", name, s.Rows, 100*s.Accuracy, 100*s.UnitAccuracy, 100*s.CategoryAccuracy, 100*s.DistrictAccuracy)
	}
	fmt.Fprintf(&b, "\n%-16s %5s %9s %7s %7s\n", "label", "rows", "precision", "recall", "F1")
	for _, name := range sortedKeys(r.PerLabel) {
		s := r.PerLabel[name]
		fmt.Fprintf(&b, "%-16s %5d %9.2f %7.2f %7.2f\n", name, s.Rows, 100*s.Precision, 100*s.Recall, 100*s.F1)
	}
	b.WriteString("\nconfusions (truth, answer, rows)\n")
	for _, c := range r.Confusions {
		fmt.Fprintf(&b, "%-16s %-16s %4d\n", c.Truth, c.Answer, c.Rows)
	}
	return b.String()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func compareConfusions(a, b Confusion) int {
	return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Truth, b.Truth), cmp.Compare(a.Answer, b.Answer))
}
