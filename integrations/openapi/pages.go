package openapi

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

//go:embed pages
var pageFiles embed.FS

// reference is the document as a page for people who write programs against it.
type reference struct {
	Title, Version, Description string
	Operations                  []described
	Problems                    []problemKind
}

type described struct {
	Method, Path, ID, Summary, Description string
	Parameters                             []*huma.Param
	Fields                                 []fieldOf
	Answers                                []answerOf
}

type fieldOf struct {
	Name, Type, Doc string
	Required        bool
}

type answerOf struct{ Status, Description string }

// pages renders the reference once; it doesn't change while the program runs.
func (a *API) pages(doc *huma.OpenAPI) error {
	r := reference{Title: doc.Info.Title, Version: doc.Info.Version, Description: doc.Info.Description}
	paths := make([]string, 0, len(doc.Paths))
	for p := range doc.Paths {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for _, p := range paths {
		item := doc.Paths[p]
		for _, m := range []struct {
			method string
			op     *huma.Operation
		}{{"GET", item.Get}, {"POST", item.Post}, {"PUT", item.Put}, {"PATCH", item.Patch}, {"DELETE", item.Delete}} {
			if m.op != nil {
				r.Operations = append(r.Operations, describe(doc, m.method, p, m.op))
			}
		}
	}
	for _, k := range problemKinds {
		k.Type = Prefix + "/problems/" + k.Name
		r.Problems = append(r.Problems, k)
	}
	page, err := template.ParseFS(pageFiles, "pages/reference.html")
	if err != nil {
		return fmt.Errorf("read reference page: %w", err)
	}
	style, err := pageFiles.ReadFile("pages/reference.css")
	if err != nil {
		return fmt.Errorf("read reference page: %w", err)
	}
	var b bytes.Buffer
	if err := page.Execute(&b, r); err != nil {
		return fmt.Errorf("write reference page: %w", err)
	}
	a.router.GET(Prefix+"/docs", func(g *gin.Context) {
		g.Header("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'")
		g.Data(http.StatusOK, "text/html; charset=utf-8", b.Bytes())
	})
	a.router.GET(Prefix+"/docs.css", func(g *gin.Context) { g.Data(http.StatusOK, "text/css; charset=utf-8", style) })
	return nil
}

func describe(doc *huma.OpenAPI, method, path string, op *huma.Operation) described {
	d := described{Method: method, Path: path, ID: op.OperationID, Summary: op.Summary, Description: op.Description, Parameters: op.Parameters}
	if op.RequestBody != nil {
		if media := op.RequestBody.Content["application/json"]; media != nil {
			d.Fields = fieldsOf(doc, media.Schema)
		}
	}
	for status, response := range op.Responses {
		d.Answers = append(d.Answers, answerOf{status, response.Description})
	}
	slices.SortFunc(d.Answers, func(a, b answerOf) int { return strings.Compare(a.Status, b.Status) })
	return d
}

func fieldsOf(doc *huma.OpenAPI, s *huma.Schema) []fieldOf {
	if s.Ref != "" {
		s = doc.Components.Schemas.SchemaFromRef(s.Ref)
	}
	var list []fieldOf
	for name, p := range s.Properties {
		list = append(list, fieldOf{Name: name, Type: typeOf(p), Doc: p.Description, Required: slices.Contains(s.Required, name)})
	}
	slices.SortFunc(list, func(a, b fieldOf) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// typeOf says a type with the values that it is limited to.
func typeOf(s *huma.Schema) string {
	t := s.Type
	switch {
	case s.Ref != "":
		return s.Ref[strings.LastIndex(s.Ref, "/")+1:]
	case s.Items != nil:
		return typeOf(s.Items) + "[]"
	}
	if len(s.Enum) > 0 {
		var values []string
		for _, v := range s.Enum {
			values = append(values, fmt.Sprint(v))
		}
		t += ": " + strings.Join(values, " | ")
	}
	return t
}
