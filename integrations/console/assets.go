package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"

	"jiesu/routing/report"
)

//go:embed static
var staticFiles embed.FS

// assets are the embedded files under names that change with their content, so that browsers may keep them for ever.
type assets struct {
	url  map[string]string // "app.css" → "/console/static/app.1a2b3c4d5e.css"
	file map[string][]byte // by hashed name
}

func loadAssets() (assets, error) {
	a := assets{url: map[string]string{}, file: map[string][]byte{}}
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		return a, fmt.Errorf("console: list assets: %w", err)
	}
	for _, e := range entries {
		content, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			return a, fmt.Errorf("console: read asset: %w", err)
		}
		a.add(e.Name(), content)
	}
	style, err := report.Style()
	if err != nil {
		return a, fmt.Errorf("console: read asset: %w", err)
	}
	a.add("paper.css", style)
	return a, nil
}

func (a assets) add(name string, content []byte) {
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:5]) + ext
	a.url[name], a.file[hashed] = "/console/static/"+hashed, content
}

// asset returns the address of an embedded file; an unknown name is an error of a template and stops its test.
func (a assets) asset(name string) (string, error) {
	u, ok := a.url[name]
	if !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return u, nil
}

func (s *Console) static(c *gin.Context) {
	name := c.Param("name")
	content, ok := s.assets.file[name]
	if !ok {
		c.Status(http.StatusNotFound)
		return
	}
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "text/plain; charset=utf-8"
	}
	h := c.Writer.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	c.Data(http.StatusOK, kind, content)
}
