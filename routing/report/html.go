package report

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"jiesu/routing"
)

//go:embed page
var pageFiles embed.FS

// Links say where a reader of a page is led; an empty address is no link.
type Links struct {
	Number func(number string) string // of a case or of a problem
	Figure func(Link) string
}

// Style is the style of a paper's page, screen and print.
func Style() ([]byte, error) { return pageFiles.ReadFile("page/paper.css") }

// WriteHTML writes the paper as a page of its own that needs nothing from anywhere, made to be printed: charts are pictures in it, and there is
// no script.
func (d Document) WriteHTML(w io.Writer, words routing.Wording, links Links) error {
	style, err := Style()
	if err != nil {
		return fmt.Errorf("write paper: %w", err)
	}
	body, err := d.Body(words, links)
	if err != nil {
		return err
	}
	page, err := template.ParseFS(pageFiles, "page/alone.html")
	if err != nil {
		return fmt.Errorf("write paper: %w", err)
	}
	err = page.Execute(w, struct {
		Document
		Style template.CSS
		Body  template.HTML
	}{d, template.CSS(style), body}) // #nosec G203 -- our own file
	if err != nil {
		return fmt.Errorf("write paper: %w", err)
	}
	return nil
}

// Body is the paper as part of a page.
func (d Document) Body(words routing.Wording, links Links) (template.HTML, error) {
	t, err := template.New("body.html").Funcs(template.FuncMap{
		"t":      func(key string, args ...string) string { return words.Text(key, args...) },
		"number": func(number string) string { return address(links.Number, number) },
		"figure": func(l *Link) string { return figureAddress(links, l) },
		"svg":    func(c *Chart) template.HTML { return template.HTML(c.svg()) }, // #nosec G203 -- texts in it are escaped
		"data": func(c *Chart) (string, error) {
			text, err := json.Marshal(c)
			return string(text), err
		},
	}).ParseFS(pageFiles, "page/body.html")
	if err != nil {
		return "", fmt.Errorf("write paper: %w", err)
	}
	var b strings.Builder
	if err := t.Execute(&b, d); err != nil {
		return "", fmt.Errorf("write paper: %w", err)
	}
	return template.HTML(b.String()), nil // #nosec G203 -- made by html/template
}

func address(of func(string) string, v string) string {
	if of == nil {
		return ""
	}
	return of(v)
}

func figureAddress(links Links, l *Link) string {
	if l == nil || links.Figure == nil {
		return ""
	}
	return links.Figure(*l)
}
