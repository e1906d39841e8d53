package openapi

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var han = regexp.MustCompile(`\p{Han}`)

// speaks checks that people are spoken to in Chinese and programmers in English.
func speaks(t *testing.T, a answer) {
	t.Helper()
	for _, key := range []string{"title", "detail"} {
		if strings.IndexFunc(a.str(key), func(r rune) bool { return r > unicode.MaxASCII }) >= 0 {
			t.Errorf("%s isn't English: %s", key, a.Body)
		}
	}
	errs, _ := a.body["errors"].([]any)
	for _, e := range errs {
		message, _ := e.(map[string]any)["message"].(string)
		if !han.MatchString(message) || strings.ContainsAny(message, "{}") || regexp.MustCompile(`(error|openapi)\.`).MatchString(message) {
			t.Errorf("message %q is no sentence of the catalogue: %s", message, a.Body)
		}
	}
}

func TestMessagesAreChineseAndDetailsEnglish(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": unsureText})
	post := func(path, body string) func() answer {
		return func() answer { return s.do("office", "POST", path, body) }
	}
	get := func(query string) func() answer {
		return func() answer { return s.do("office", "GET", "/api/v1/cases?"+query, nil) }
	}
	cases, assign := "/api/v1/cases", "/api/v1/cases/"+number+"/actions/assign"
	for name, tc := range map[string]struct {
		ask             func() answer
		message, detail string
	}{
		"cursor":          {get("cursor=zzz"), "翻页位置", "validation failed"},
		"limit":           {get("limit=201"), "不能大于 200", "query.limit: expected number <= 200"},
		"limit below":     {get("limit=0"), "不能小于 1", "query.limit: expected number >= 1"},
		"limit is a word": {get("limit=x"), "整数", "query.limit: invalid integer"},
		"filter":          {get("status=triage"), "没有这一项", "query.status: unknown query parameter"},
		"state":           {get("state=open"), "只能从这些里选：triage, ", "query.state[0]: expected value to be one of"},
		"bytes":           {get("q=%ff"), "无法识别的字符", "query.q: must be UTF-8 text without NUL"},
		"nothing":         {post(cases, `{}`), "缺少必填项“text”", "expected required property text"},
		"empty":           {post(cases, `{"text":""}`), "至少要写 1 个字", "expected length >= 1"},
		"long":            {post(cases, `{"text":"`+strings.Repeat("长", 10_001)+`"}`), "最多写 10000 个字", "expected length <= 10000"},
		"number":          {post(cases, `{"text":7}`), "应填文字", "body.text: expected string"},
		"word":            {post(cases, `{"text":"a","confidential":"yes"}`), "true 或 false", "body.confidential: expected boolean"},
		"misspelt":        {post(cases, `{"text":"a","confidental":true}`), "没有这一项", "body.confidental: unexpected property"},
		"list":            {post(cases, `["a"]`), "JSON 对象", "body: expected object"},
		"phone":           {post(cases, `{"text":"a","phone":"12345"}`), "电话号码", "validation failed"},
		"no JSON":         {post(cases, `{"text":`), "JSON", "validation failed"},
		"no unit":         {post(assign, `{"version":1}`), "请选择承办的牵头单位", "validation failed"},
		"no list":         {post(assign, `{"version":1,"unit":"tax","assisting":"gas"}`), "应是列表", "body.assisting: expected array"},
		"half a version":  {post(assign, `{"version":1.5,"unit":"tax"}`), "整数", "body.version: expected integer"},
	} {
		a := tc.ask()
		speaks(t, a)
		if !strings.Contains(a.Body.String(), tc.message) || !strings.Contains(a.str("detail"), tc.detail) {
			t.Errorf("%s: no %q and %q in %s", name, tc.message, tc.detail, a.Body)
		}
	}
}

func TestEverySentenceIsInTheCatalogue(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, x := range append(sentences, struct{ english, key string }{"", "openapi.invalid_value"}, struct{ english, key string }{"", "openapi.not_json"}) {
		if !s.words.Has(x.key) {
			t.Errorf("%s is missing", x.key)
		}
		if verb := strings.Contains(x.english, "%"); x.key != "openapi.invalid_value" && verb != strings.Contains(s.words.Text(x.key), "{value}") {
			t.Errorf("%s: the value of %q has no place, or there is none", x.key, x.english)
		}
	}
	if key, _, known := sentence("expected something that no version of the library has said before"); known || key != "openapi.invalid_value" {
		t.Errorf("unknown words: %s", key)
	}
}

func TestABodyThatIsNoUTF8IsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := s.file("operator", map[string]any{"text": sureText})
	const gbk = "\xcd\xcf\xc7\xb7\xb9\xa4\xb3\xcc\xbf\xee" // 拖欠工程款
	for path, body := range map[string]string{
		"/api/v1/cases": `{"text":"` + gbk + `"}`, "/api/v1/cases/" + number + "/actions/urge": `{"version":1,"note":"` + gbk + `"}`,
	} {
		a := s.do("operator", "POST", path, body)
		wantProblem(t, a, http.StatusBadRequest, "malformed")
		wantLocation(t, a, "body")
		speaks(t, a)
		if !strings.Contains(a.Body.String(), "UTF-8") {
			t.Errorf("%s doesn't say what is wrong: %s", path, a.Body)
		}
	}
	wantProblem(t, s.do("operator", "POST", "/api/v1/cases", "{\"text\":\"a\",\"x\xff\":1}"), http.StatusBadRequest, "malformed")
	if page := s.do("office", "GET", "/api/v1/cases", nil); len(page.body["cases"].([]any)) != 1 {
		t.Errorf("something was filed: %s", page.Body)
	}
	// A replacement character that was sent as one is a character like others.
	if a := s.do("operator", "POST", "/api/v1/cases", `{"text":"店名里有个�字，拖欠工程款"}`); a.Code != http.StatusCreated {
		t.Errorf("%d %s", a.Code, a.Body)
	}
}

func TestTheDocumentSaysInWhichLanguageProblemsAre(t *testing.T) {
	t.Parallel()
	_, doc := document(t)
	for _, where := range [][]string{{"info", "description"}, {"components", "schemas", "ErrorDetail", "properties", "message", "description"}} {
		if text, _ := at(doc, where...).(string); !strings.Contains(text, "Chinese") {
			t.Errorf("%v: %q", where, text)
		}
	}
}
