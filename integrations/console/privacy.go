package console

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
)

// PrivacyPath is the page that says to everybody what becomes of personal data.
const PrivacyPath = "/privacy"

// privacyView says for how long what is kept; "" for ever.
type privacyView struct{ Cases, Talk string }

func (s *Console) privacy(c *gin.Context) {
	v := privacyView{Cases: s.span(s.Retention.Cases), Talk: s.span(s.Retention.Talk)}
	s.render(c, http.StatusOK, "privacy", page{Title: "privacy.title", Public: true, Data: v})
}

// span is a length of time in years or days.
func (s *Console) span(d time.Duration) string {
	const year = 365 * 24 * time.Hour
	switch {
	case d == 0:
		return ""
	case d%year == 0:
		return s.text("privacy.years", "n", strconv.Itoa(int(d/year)))
	}
	return s.text("privacy.days", "n", strconv.Itoa(int(d/(24*time.Hour))))
}
