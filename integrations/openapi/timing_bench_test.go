package openapi

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"
)

// Whoever guesses must not learn from how long a refusal takes what its words don't say: that a case is there, or whose it is. Each figure is the median time of
// the refusal that hides something, divided by that of the one that has nothing to hide, asked in turn.
func BenchmarkRefusalsTakeAsLongWhateverTheyHide(b *testing.B) {
	s := start(b)
	const enterprise = "祥瑞包装厂"
	for i := range 300 {
		s.file("operator", map[string]any{"text": sureText, "enterprise": fmt.Sprint("福满楼饭店", i), "confidential": i%3 == 0})
	}
	hidden := s.file("operator", map[string]any{"text": sureText, "enterprise": enterprise, "confidential": true})
	missing := hidden[:len(hidden)-6] + "000000"
	if missing == hidden {
		b.Fatal("a draw in a million")
	}
	search := func(name string) string { return "/api/v1/cases?q=" + url.QueryEscape(name) }
	for _, tt := range []struct {
		name, role, hides, empty string
		status                   int
	}{
		{"a case of another unit, and none", "other", "/api/v1/cases/" + hidden, "/api/v1/cases/" + missing, http.StatusNotFound},
		{"a search for whom the unit may not know, and for nobody", sureRole, search(enterprise), search("祥瑞包装行"), http.StatusOK},
	} {
		b.Run(tt.name, func(b *testing.B) {
			var took [2][]time.Duration
			for b.Loop() {
				for i, path := range []string{tt.hides, tt.empty} {
					s.clock.add(time.Minute) // a key has so many requests a minute
					began := time.Now()
					a := s.do(tt.role, http.MethodGet, path, nil)
					took[i] = append(took[i], time.Since(began))
					if list, _ := a.body["cases"].([]any); a.Code != tt.status || len(list) > 0 {
						b.Fatalf("%s: %d %s", path, a.Code, a.Body)
					}
				}
			}
			for i := range took {
				slices.Sort(took[i])
			}
			b.ReportMetric(float64(took[0][len(took[0])/2])/float64(took[1][len(took[1])/2]), "hidden÷empty")
		})
	}
}

const sureRole = "unit" // whose unit the stub judge is sure of
