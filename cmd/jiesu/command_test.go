package main

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestUsageErrorsEndWithTwo(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"dance"}, {"serve", "--loud"}, {"key", "create"}, {"key", "create", "--role", "king", "--name", "x"}, {"train"}} {
		if _, errs, code := command(t, nil, "", args...); code != 2 || !strings.Contains(errs, "jiesu: ") {
			t.Errorf("jiesu %v: code %d, stderr %q", args, code, errs)
		}
	}
	if out, _, code := command(t, nil, "", "--help"); code != 0 || !strings.Contains(out, "serve") {
		t.Errorf("--help: code %d, %q", code, out)
	}
	if out, _, code := command(t, nil, "", "version"); code != 0 || !strings.HasPrefix(out, "jiesu ") {
		t.Errorf("version: code %d, %q", code, out)
	}
}

func TestKeysAndUsersAreMadeForRolesThatExist(t *testing.T) {
	t.Parallel()
	env := serveEnv(t, "http://127.0.0.1:1")
	for _, tt := range []struct {
		name  string
		stdin string
		args  []string
		code  int
		says  string
	}{
		{"key of a unit", "", []string{"key", "create", "--role", "unit", "--unit", "finance", "--name", "erp"}, 0, ""},
		{"unknown unit", "", []string{"key", "create", "--role", "unit", "--unit", "moon", "--name", "x"}, 1, "lead unit"},
		{"unit missing", "", []string{"key", "create", "--role", "unit", "--name", "x"}, 1, "lead unit"},
		{"unit of an office", "", []string{"key", "create", "--role", "office", "--unit", "finance", "--name", "x"}, 1, "--role unit"},
		{"nameless", "", []string{"key", "create", "--role", "office", "--name", " "}, 1, "--name"},
		{"user", "correct horse\n", []string{"user", "create", "--role", "office", "--name", "li"}, 0, "account li"},
		{"user without a line end", "correct horse", []string{"user", "create", "--role", "operator", "--name", "wang"}, 0, "account wang"},
		{"the same user", "correct horse\n", []string{"user", "create", "--role", "office", "--name", "li"}, 1, "already"},
		{"short password", "short\n", []string{"user", "create", "--role", "office", "--name", "zhou"}, 1, "8 characters"},
		{"no password", "", []string{"user", "create", "--role", "office", "--name", "zhou"}, 1, "8 characters"},
	} {
		out, errs, code := command(t, env, tt.stdin, tt.args...)
		if code != tt.code || !strings.Contains(errs, tt.says) {
			t.Errorf("%s: code %d, stderr %q", tt.name, code, errs)
		}
		if isKey := tt.args[0] == "key" && tt.code == 0; isKey != strings.HasPrefix(out, "jsk_") || !isKey && out != "" {
			t.Errorf("%s: stdout %q", tt.name, out)
		}
		if tt.stdin != "" && strings.Contains(out+errs, strings.TrimSpace(tt.stdin)) {
			t.Errorf("%s: the password was printed", tt.name)
		}
	}
}

func TestClassifyAnswersEveryLineInOrder(t *testing.T) {
	t.Parallel()
	in := `{"id":"a","text":"` + complaint + `"}` + "\n\n你好\n" + `{"text":"<b>&\u0000"}` + "\n"
	out, errs, code := command(t, nil, in, "classify")
	if code != 0 {
		t.Fatalf("code %d: %s", code, errs)
	}
	var ids []string
	decoder := json.NewDecoder(strings.NewReader(out))
	for decoder.More() {
		var line map[string]any
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, line["id"].(string))
		for _, key := range []string{"category", "item", "unit", "district", "confidence", "decision", "alternatives", "evidence", "entities"} {
			if _, ok := line[key]; !ok {
				t.Errorf("line %v has no %s", line["id"], key)
			}
		}
		if line["id"] == "a" && (line["category"] != "1" || line["district"] != "铁西区") {
			t.Errorf("judged %v of %v in %v", line["item"], line["category"], line["district"])
		}
		if !slices.Contains([]any{"dispatch", "ask", "triage"}, line["decision"]) {
			t.Errorf("decision %v", line["decision"])
		}
	}
	if !slices.Equal(ids, []string{"a", "3", "4"}) {
		t.Errorf("ids %q", ids)
	}
	if _, errs, code := command(t, nil, "fine\n{\"id\":1,\n", "classify"); code != 1 || !strings.Contains(errs, "line 2") {
		t.Errorf("broken JSON: code %d, %q", code, errs)
	}
}

func TestTrainAndEvalWorkForAnyLabels(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	corpus := filepath.Join(folder, "sport.tsv")
	var rows strings.Builder
	for i, text := range []string{"球队进了三个球", "篮球比赛很精彩", "股票今天涨了", "银行提高了利率", "足球联赛开始了", "基金净值下跌", "他打破了游泳纪录", "央行发布公告"} {
		for range 3 {
			rows.WriteString([]string{"sport", "sport", "money", "money", "sport", "money", "sport", "money"}[i] + "\t" + text + "\n")
		}
	}
	if err := os.WriteFile(corpus, []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	models := [2][]byte{}
	for i := range models {
		path := filepath.Join(folder, "model")
		if _, errs, code := command(t, nil, "", "train", "--in", corpus, "--out", path); code != 0 {
			t.Fatalf("train: %s", errs)
		}
		var err error
		if models[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(models[0], models[1]) {
		t.Error("the same corpus gave two different models")
	}
	out, errs, code := command(t, nil, "", "eval", "--model", filepath.Join(folder, "model"), "--in", corpus, "--json")
	var report struct {
		Rows     int     `json:"rows"`
		Accuracy float64 `json:"accuracy"`
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 0 || report.Rows != 24 || report.Accuracy < 0.9 {
		t.Errorf("eval: code %d, %+v, %v, %s", code, report, err, errs)
	}
	page := filepath.Join(folder, "report.html")
	if _, errs, code := command(t, nil, "", "eval", "--model", filepath.Join(folder, "model"), "--in", corpus, "--html", page); code != 0 {
		t.Errorf("eval --html: %s", errs)
	}
	html, err := os.ReadFile(page)
	if err != nil || !bytes.Contains(html, []byte("<svg")) || !bytes.Contains(html, []byte("sport")) || bytes.Contains(html, []byte("ZgotmplZ")) {
		t.Errorf("the page: %v, %.200s", err, html)
	}
	if _, errs, code := command(t, nil, "", "eval", "--in", filepath.Join(folder, "none.tsv")); code != 1 || !strings.Contains(errs, "none.tsv") {
		t.Errorf("no such file: code %d, %q", code, errs)
	}
	left, err := filepath.Glob(filepath.Join(folder, ".jiesu-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestTheMenuIsPublishedByCommandAndAtTheStart(t *testing.T) {
	t.Parallel()
	_, apiBase, callTo := platform(t)
	env := serveEnv(t, apiBase)
	if out, errs, code := command(t, env, "", "wechat", "menu"); code != 0 || !strings.Contains(out, "published") {
		t.Errorf("code %d, %q, %q", code, out, errs)
	}
	srv := start(t, env, "serve")
	callTo(srv.URL)
	if _, errs, code := command(t, append(env, "JIESU_WECHAT_APP_SECRET=wrong"), "", "wechat", "menu"); code != 1 || strings.Contains(errs, "secret=") {
		t.Errorf("wrong secret: code %d, %q", code, errs)
	}
}

func TestAnAccountGetsAnotherPasswordAndExtension(t *testing.T) {
	t.Parallel()
	env := serveEnv(t, "http://127.0.0.1:1")
	if _, errs, code := command(t, env, "first password", "user", "create", "--role", "operator", "--name", "li"); code != 0 {
		t.Fatal(errs)
	}
	srv := start(t, env, "serve")
	v := newVisitor(t, srv.URL)
	v.post("/console/login", url.Values{"name": {"li"}, "password": {"first password"}})
	if page := v.get("/console"); !strings.Contains(page, "现在的密码是别人替您设的") {
		t.Fatalf("the password that the command set may be kept: %s", page)
	}
	v.post("/console/password", url.Values{"password": {"first password"}, "new": {"盛京路的槐花开了"}, "repeat": {"盛京路的槐花开了"}})
	if page := v.get("/console"); !strings.Contains(page, "data-live") {
		t.Fatal("not signed in")
	}
	if _, errs, code := command(t, env, "second password", "user", "password", "--name", "li"); code != 0 {
		t.Fatal(errs)
	}
	if page := v.get("/console"); strings.Contains(page, "data-live") {
		t.Error("the old sign-in still holds")
	}
	for password, want := range map[string]int{"first password": 401, "盛京路的槐花开了": 401, "second password": 303} {
		if got := srv.login("li", password); got != want {
			t.Errorf("with %q: %d, want %d", password, got, want)
		}
	}
	if _, errs, code := command(t, env, "", "user", "phone", "--name", "li", "--extension", "8001"); code != 0 {
		t.Error(errs)
	}
	for _, args := range [][]string{{"user", "password", "--name", "nobody"}, {"user", "phone", "--name", "nobody", "--extension", "1"}} {
		if _, errs, code := command(t, env, "long enough", args...); code != 1 || !strings.Contains(errs, "no account") {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	if _, errs, code := command(t, env, "short", "user", "password", "--name", "li"); code != 1 || !strings.Contains(errs, "8 characters") {
		t.Errorf("%d %s", code, errs)
	}
}

func TestAnAccountIsTiedToOneElsewhere(t *testing.T) {
	t.Parallel()
	env := serveEnv(t, "http://127.0.0.1:1")
	for _, name := range []string{"li", "wang"} {
		if _, errs, code := command(t, env, "first password", "user", "create", "--role", "operator", "--name", name); code != 0 {
			t.Fatal(errs)
		}
	}
	if _, errs, code := command(t, env, "", "user", "link", "--name", "li", "--subject", "42"); code != 1 || !strings.Contains(errs, "oidc.issuer") {
		t.Errorf("without a provider: %d %s", code, errs)
	}
	env = append(env, "JIESU_OIDC_ISSUER=http://127.0.0.1:1", "JIESU_OIDC_CLIENT_ID=jiesu", "JIESU_OIDC_SECRET=s")
	if _, errs, code := command(t, env, "", "user", "link", "--name", "li", "--subject", "42"); code != 0 {
		t.Fatal(errs)
	}
	if _, errs, code := command(t, env, "", "user", "link", "--name", "wang", "--subject", "42"); code != 1 || !strings.Contains(errs, "tied to") {
		t.Errorf("one there for two here: %d %s", code, errs)
	}
	srv := start(t, env, "serve")
	for name, want := range map[string]int{"li": 401, "wang": 303} { // who signs in elsewhere has no password here
		if got := srv.login(name, "first password"); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
	if _, errs, code := command(t, env, "", "user", "second", "--name", "wang"); code != 0 {
		t.Error(errs)
	}
}
