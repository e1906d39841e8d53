package openapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"jiesu/routing"
)

// document fetches the served document, without a key.
func document(t *testing.T) (s *server, doc map[string]any) {
	t.Helper()
	s = start(t)
	a := s.do("", "GET", "/api/v1/openapi.json", nil)
	if a.Code != http.StatusOK || a.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%d %s", a.Code, a.Header().Get("Content-Type"))
	}
	return s, a.body
}

// at goes down into nested objects.
func at(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

func TestTheDocumentDescribesEveryRouteAndNothingElse(t *testing.T) {
	t.Parallel()
	_, doc := document(t)
	var described []string
	for path, ops := range doc["paths"].(map[string]any) {
		for method := range ops.(map[string]any) {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(described)
	api, err := New(Config{Desk: routing.NewDesk(nil, &routing.Plan{}, nil, nil)})
	if err != nil {
		t.Fatal(err)
	}
	var served []string
	for _, r := range api.router.Routes() {
		path := strings.NewReplacer(":number", "{number}", ":action", "{action}", ":id", "{id}").Replace(r.Path)
		if path != Prefix+"/openapi.json" && !strings.HasPrefix(path, Prefix+"/docs") && !strings.HasPrefix(path, Prefix+"/calls") && !strings.HasPrefix(path, Prefix+"/cti/") && path != hookPath {
			served = append(served, r.Method+" "+path)
		}
	}
	slices.Sort(served)
	if !slices.Equal(described, served) || len(served) != 18 {
		t.Errorf("described %v\nserved %v", described, served)
	}
}

func TestTheReferenceIsServedWithoutAKeyAndLoadsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	s := start(t)
	for path, says := range map[string][]string{"/docs": {"file-case", "Idempotency-Key", "/api/v1/problems/version-conflict", `href="docs.css"`}, "/docs.css": {"max-width"}} {
		w := httptest.NewRecorder()
		s.engine.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, Prefix+path, nil))
		for _, want := range says {
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: %d lacks %s", path, w.Code, want)
			}
		}
		if strings.Contains(w.Body.String(), "http://") || strings.Contains(w.Body.String(), "<script") {
			t.Errorf("%s loads something", path)
		}
	}
}

func TestTheDocumentIsSoundOpenAPI31(t *testing.T) {
	t.Parallel()
	_, doc := document(t)
	if doc["openapi"] != "3.1.0" || at(doc, "info", "version") != "1.2.3" || at(doc, "info", "title") == "" {
		t.Errorf("head: %v %v", doc["openapi"], doc["info"])
	}
	if url := doc["servers"].([]any)[0].(map[string]any)["url"]; url != "https://jiesu.example" {
		t.Errorf("server %v", url)
	}
	if at(doc, "components", "securitySchemes", "key", "scheme") != "bearer" || len(doc["security"].([]any)) != 1 {
		t.Errorf("security %v", doc["security"])
	}
	ids := map[string]bool{}
	for path, ops := range doc["paths"].(map[string]any) {
		for method, op := range ops.(map[string]any) {
			id, _ := at(op, "operationId").(string)
			if id == "" || ids[id] {
				t.Errorf("%s %s: operationId %q", method, path, id)
			}
			ids[id] = true
			checkOperation(t, method+" "+path, path, op.(map[string]any))
		}
	}
	checkRefs(t, doc, doc)
}

// checkOperation: parameters of the path are declared, every answer is described, failures are problems.
func checkOperation(t *testing.T, name, path string, op map[string]any) {
	t.Helper()
	declared := map[string]bool{}
	params, _ := op["parameters"].([]any)
	for _, p := range params {
		if at(p, "in") == "path" {
			declared[at(p, "name").(string)] = at(p, "required") == true
		}
		if at(p, "schema") == nil {
			t.Errorf("%s: parameter %v has no schema", name, at(p, "name"))
		}
	}
	for _, part := range strings.Split(path, "/") {
		if inner, ok := strings.CutPrefix(part, "{"); ok && !declared[strings.TrimSuffix(inner, "}")] {
			t.Errorf("%s: %s isn't declared", name, part)
		}
	}
	responses := op["responses"].(map[string]any)
	for _, code := range []string{"401", "422", "429", "500"} {
		if responses[code] == nil {
			t.Errorf("%s: no answer %s", name, code)
		}
	}
	for code, r := range responses {
		if at(r, "description") == nil || at(r, "description") == "" {
			t.Errorf("%s: answer %s isn't described", name, code)
		}
		if code >= "4" && at(r, "content", "application/problem+json", "schema") == nil {
			t.Errorf("%s: answer %s is no problem document", name, code)
		}
	}
}

// checkRefs: every reference leads to something.
func checkRefs(t *testing.T, doc map[string]any, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok && at(doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...) == nil {
			t.Errorf("%s leads nowhere", ref)
		}
		for _, inner := range v {
			checkRefs(t, doc, inner)
		}
	case []any:
		for _, inner := range v {
			checkRefs(t, doc, inner)
		}
	}
}

func TestTheDocumentListsWhatTheDomainKnows(t *testing.T) {
	t.Parallel()
	_, doc := document(t)
	enum := func(where any) (list []string) {
		values, _ := at(where, "enum").([]any)
		for _, v := range values {
			list = append(list, v.(string))
		}
		return list
	}
	var actions []string
	for _, x := range routing.Actions() {
		if viaAPI(x) {
			actions = append(actions, string(x))
		}
	}
	act := at(doc, "paths", "/api/v1/cases/{number}/actions/{action}", "post")
	for _, p := range at(act, "parameters").([]any) {
		if got := enum(at(p, "schema")); at(p, "name") == "action" && !slices.Equal(got, actions) {
			t.Errorf("actions %v, want %v", got, actions)
		}
	}
	channels := enum(at(doc, "components", "schemas", "Filing", "properties", "channel"))
	for _, c := range channels {
		if !routing.Channel(c).Valid() {
			t.Errorf("channel %q is unknown to the domain", c)
		}
	}
	if len(channels) != 5 {
		t.Errorf("channels %v", channels)
	}
}

// Every answer has the fields that its schema says it has, and no others.
func TestAnswersMatchTheirSchemas(t *testing.T) {
	t.Parallel()
	s, doc := document(t)
	number := s.file("operator", map[string]any{"text": sureText, "phone": "13800001234"})
	s.act("unit", number, "sign", 1)
	for path, schema := range map[string]string{"/api/v1/cases/" + number: "CaseDetail", "/api/v1/cases": "CasePage",
		"/api/v1/cases/" + number + "/notices": "NoticeList", "/api/v1/plan": "Plan"} {
		checkSchema(t, doc, at(doc, "components", "schemas", schema), s.do("office", "GET", path, nil).body, schema)
	}
	checkSchema(t, doc, at(doc, "components", "schemas", "ErrorModel"), s.act("unit", number, "sign", 1).body, "ErrorModel")
}

func checkSchema(t *testing.T, doc map[string]any, schema, v any, where string) {
	t.Helper()
	if ref, ok := at(schema, "$ref").(string); ok {
		schema = at(doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	switch v := v.(type) {
	case map[string]any:
		properties, _ := at(schema, "properties").(map[string]any)
		for key, inner := range v {
			if properties[key] == nil {
				t.Errorf("%s.%s isn't in the schema", where, key)
				continue
			}
			checkSchema(t, doc, properties[key], inner, where+"."+key)
		}
		required, _ := at(schema, "required").([]any)
		for _, key := range required {
			if _, there := v[key.(string)]; !there {
				t.Errorf("%s.%s is missing", where, key)
			}
		}
	case []any:
		for _, inner := range v {
			checkSchema(t, doc, at(schema, "items"), inner, where+"[]")
		}
	default:
		want, _ := json.Marshal(at(schema, "type"))
		got := map[bool]string{true: "null"}[v == nil]
		switch v.(type) {
		case string:
			got = "string"
		case bool:
			got = "boolean"
		case float64:
			got = "number"
		}
		if s := string(want); !strings.Contains(s, got) && !(got == "number" && strings.Contains(s, "integer")) {
			t.Errorf("%s is a %s, want %s", where, got, s)
		}
	}
}
