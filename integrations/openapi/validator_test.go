package openapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"pgregory.net/rapid"
)

// checked is a validator of others on our document.
func checked(t *testing.T, s *server) validator.Validator {
	t.Helper()
	document, err := libopenapi.NewDocument(s.do("", "GET", "/api/v1/openapi.json", nil).Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return v
}

func TestTheDocumentPassesAPublicValidator(t *testing.T) {
	t.Parallel()
	if ok, errs := checked(t, start(t)).ValidateDocument(); !ok {
		for _, e := range errs {
			t.Errorf("%s: %s %v", e.Message, e.Reason, e.SchemaValidationErrors)
		}
	}
}

// Values that are right, on the edge and wrong, for fields of every kind.
var (
	words = []any{"", " ", "拖欠工程款两年没有给。", "a\u0000b", strings.Repeat("字", 10_001), "finance", "1.1", "other", "沈河区", "13800001234", "../..", "' OR 1=1 --", "yes", "phone", "2026-11-24T10:00:00Z"}
	kinds = []any{nil, true, false, 0, 1, -1, 5, 1e18, 0.5, []any{}, map[string]any{}, []any{"x"}, []any{map[string]any{"point": 1, "outcome": "solved", "note": "x"}}}
)

// The walk sends whatever to every operation of the document: nothing is our fault, and every answer is one that the document describes.
func TestNoRequestIsOurFaultAndEveryAnswerIsDescribed(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *Config) { c.PerMinute = 1_000_000 })
	v := checked(t, s)
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
			Body       struct {
				Content map[string]struct {
					Schema struct {
						Ref string `json:"$ref"`
					}
				}
			} `json:"requestBody"`
		}
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal(s.do("", "GET", "/api/v1/openapi.json", nil).Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	number := s.file("operator", map[string]any{"text": sureText})
	paths := []string{}
	for p := range doc.Paths {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	seen := map[int]int{}
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.SampledFrom(paths).Draw(t, "path")
		methods := []string{}
		for m := range doc.Paths[path] {
			methods = append(methods, m)
		}
		slices.Sort(methods)
		method := rapid.SampledFrom(methods).Draw(t, "method")
		op := doc.Paths[path][method]
		anything := rapid.OneOf(rapid.SampledFrom(words), rapid.SampledFrom(kinds))
		address := path
		query := []string{}
		for _, p := range op.Parameters {
			value := fmt.Sprint(rapid.SampledFrom([]any{number, "sign", "reply", "TZ20261124-000001", "x", "", "1", "-1", "open", "triage", "soon", "%00"}).Draw(t, p.Name))
			switch p.In {
			case "path":
				if value == "" || strings.Contains(value, "%") { // another address
					value = "x"
				}
				address = strings.ReplaceAll(address, "{"+p.Name+"}", strings.ReplaceAll(value, "/", "_"))
			case "query":
				if rapid.Bool().Draw(t, "has "+p.Name) {
					query = append(query, p.Name+"="+value)
				}
			}
		}
		if len(query) > 0 {
			address += "?" + strings.Join(query, "&")
		}
		body := ""
		if ref := op.Body.Content["application/json"].Schema.Ref; ref != "" {
			filled := map[string]any{}
			fields := []string{}
			for name := range doc.Components.Schemas[ref[strings.LastIndex(ref, "/")+1:]].Properties {
				fields = append(fields, name)
			}
			slices.Sort(fields)
			for _, name := range fields {
				if rapid.IntRange(0, 2).Draw(t, "fill "+name) == 0 {
					filled[name] = anything.Draw(t, name)
				}
			}
			text, err := json.Marshal(filled)
			if err != nil {
				t.Fatal(err)
			}
			body = rapid.SampledFrom([]string{string(text), string(text), string(text), "", "{", "null", "[]"}).Draw(t, "body")
		}
		r, err := http.NewRequest(strings.ToUpper(method), address, strings.NewReader(body))
		if err != nil {
			return // no address at all
		}
		r.RequestURI, r.RemoteAddr, r.Host = address, "127.0.0.1:1", "jiesu.example"
		r.URL.Scheme, r.URL.Host = "https", "jiesu.example"
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+s.keys[rapid.SampledFrom([]string{"operator", "unit", "office", "admin"}).Draw(t, "role")])
		w := httptest.NewRecorder()
		s.engine.ServeHTTP(w, r)
		seen[w.Code]++
		if w.Code >= 500 {
			t.Fatalf("%s %s %s: %d %s", method, address, body, w.Code, w.Body)
		}
		if w.Code == http.StatusNotFound || w.Code == http.StatusMethodNotAllowed {
			return // the address may be none of the document's
		}
		if ok, errs := v.ValidateHttpResponse(r, w.Result()); !ok {
			t.Fatalf("%s %s: %d isn't described: %v %s\n%s", method, address, w.Code, errs[0].Message, errs[0].Reason, w.Body)
		}
	})
	for _, status := range []int{200, 404, 422} { // the others come now and then
		if seen[status] == 0 {
			t.Errorf("no request was answered %d: %v", status, seen)
		}
	}
}
