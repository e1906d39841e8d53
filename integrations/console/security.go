package console

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// maxBody bounds a form: 10,000 characters take 90 kB when every byte is escaped.
const maxBody = 512 << 10

// pagePolicy is the Content-Security-Policy of every page: our own files and nothing inline. WeChat's QR images are the one
// thing from outside, and only when codes are made.
func pagePolicy(qr bool) string {
	images := "img-src 'self' data:"
	if qr {
		images += " https://mp.weixin.qq.com"
	}
	return strings.Join([]string{"default-src 'none'", "script-src 'self'", "style-src 'self'", images, "media-src 'self'", "connect-src 'self'", "object-src 'none'",
		"form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"}, "; ")
}

// nowhere is what lies at a wrong address.
func nowhere(*gin.Context, routing.Actor) error { return routing.ErrNotFound }

// protect sets the headers of every page and turns away posts from other sites.
func (s *Console) protect(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", s.csp)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	// same-origin, not no-referrer: the latter makes browsers without Sec-Fetch-Site send "Origin: null" with our own forms.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Cache-Control", "no-store")
	if s.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if err := s.guard.Check(c.Request); err != nil {
		s.problem(c, http.StatusForbidden, "cross_site")
		c.Abort()
		return
	}
	limit := int64(maxBody)
	switch c.FullPath() + " " + c.Param("action") {
	case entryActionPath + " " + string(routing.ProblemApply), caseActionPath + " " + string(routing.ActionSupplement), ownActionPath + " " + string(routing.ActionSupplement):
		limit = maxUpload
	case importsPath + " ":
		limit = maxSheet
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, limit)
	c.Next()
}
