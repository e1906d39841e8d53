package open311

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"jiesu/configs"
	"jiesu/integrations/openapi"
	"jiesu/integrations/store"
	"jiesu/integrations/store/storetest"
	"jiesu/routing"
)

var rewrite = flag.Bool("update", false, "write the golden answers anew")

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	m.Run()
}

// judge is sure of arrears, and torn about invoices.
type judge struct{}

func (judge) Judge(text string) routing.Judgement {
	switch {
	case strings.Contains(text, "拖欠"):
		return routing.Judgement{Item: "1.1", Unit: "finance", Confidence: 0.93, Decision: routing.DecisionDispatch,
			Entities: &routing.Entities{Enterprise: "虚构建筑有限公司", People: []string{"钱某某"}}}
	case strings.Contains(text, "发票"):
		return routing.Judgement{Item: "2.4", Unit: "business-environment", Confidence: 0.4, Decision: routing.DecisionAsk,
			Alternatives: []routing.Alternative{{Item: "2.4", Unit: "business-environment"}, {Item: "2.3", Unit: "tax"}}}
	}
	return routing.Judgement{Item: routing.Other, Decision: routing.DecisionTriage}
}

// city is the server on a fresh database.
type city struct {
	t      testing.TB
	engine *gin.Engine
	store  *store.Store
	desk   *routing.Desk
	now    time.Time
	key    string // of an operator
	unit   string // a key of a unit
}

var fresh = storetest.Fresh{Key: "a key for tests, long enough to be one"}

func start(t testing.TB, change ...func(*Config)) *city {
	t.Helper()
	c := &city{t: t, engine: gin.New(), now: time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)}
	now := func() time.Time { return c.now }
	db, err := store.Open(t.Context(), store.Options{URL: fresh.SQLite(t), Key: fresh.Key, Now: now,
		Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	c.store = store.New(db, func(context.Context, *sql.Tx, routing.Job) error { return nil })
	t.Cleanup(func() { must(t, c.store.Close()) })
	plan := &routing.Plan{}
	must(t, configs.Decode("plan/taxonomy.yaml", plan))
	words, err := configs.Wording()
	must(t, err)
	plan.Asks, err = routing.NewAsks(words)
	must(t, err)
	live := routing.NewMemory(now)
	c.desk = routing.NewDesk(c.store, plan, live, now)
	cfg := Config{Store: c.store, Desk: c.desk, Judge: judge{}, Wording: routing.Wording(words), Live: live, Now: now, Logger: slog.New(slog.DiscardHandler),
		PublicURL: "https://jiesu.example", Contact: "office@jiesu.example", PerMinute: 100_000}
	for _, f := range change {
		f(&cfg)
	}
	s, err := New(cfg)
	must(t, err)
	s.Routes(c.engine)
	c.key, c.unit = c.newKey(routing.RoleOperator, ""), c.newKey(routing.RoleUnit, "finance")
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (c *city) newKey(role routing.Role, unit string) string {
	plain, hash := openapi.NewKey()
	k := routing.APIKey{ID: routing.NewID(), Name: "k", Role: role, Unit: unit, Hash: hash, CreatedAt: c.now}
	must(c.t, c.store.Update(c.t.Context(), func(tx routing.Tx) error { return tx.InsertAPIKey(c.t.Context(), k) }))
	return plain
}

func (c *city) get(path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	c.engine.ServeHTTP(w, httptest.NewRequestWithContext(c.t.Context(), http.MethodGet, Prefix+path, nil))
	return w
}

func (c *city) post(path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(c.t.Context(), http.MethodPost, Prefix+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	c.engine.ServeHTTP(w, r)
	return w
}

// form is a request with everything; pairs change it, an empty value takes a field away.
func (c *city) form(pairs ...string) url.Values {
	v := url.Values{"api_key": {c.key}, "service_code": {"1.1"}, "lat": {"41.79"}, "long": {"123.43"}, "address_string": {"沈阳市和平区某街1号"},
		"description": {"虚构建筑有限公司钱某某反映：区政府拖欠工程款三百万元，电话13800001234。"},
		"last_name":   {"钱"}, "first_name": {"某某"}, "phone": {"13800001234"}, "email": {"x@example.org"},
		"attribute[enterprise]": {"虚构建筑有限公司"}, "attribute[publish]": {"yes"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if v.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	return v
}

var idOf = regexp.MustCompile(`"service_request_id":"(JS\d{8}-\d{6})"`)

func (c *city) file(pairs ...string) string {
	c.t.Helper()
	w := c.post("/requests.json", c.form(pairs...))
	m := idOf.FindStringSubmatch(w.Body.String())
	if w.Code != http.StatusCreated || m == nil {
		c.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return m[1]
}

func (c *city) act(number string, actor routing.Actor, s routing.Step) {
	c.t.Helper()
	c.now = c.now.Add(time.Minute)
	_, err := c.desk.Act(c.t.Context(), actor, number, s)
	must(c.t, err)
}

// SeeClickFix's rules for the discovery, each on its own.
func TestDiscoveryKeepsTheValidatorsRules(t *testing.T) {
	t.Parallel()
	c := start(t)
	js, xm := c.get("/discovery.json"), c.get("/discovery.xml")
	var d struct {
		Changeset, Contact string
		KeyService         string `json:"key_service"`
		Endpoints          []struct {
			Specification, URL, Changeset, Type string
			Formats                             []string
		}
	}
	must(t, json.Unmarshal(js.Body.Bytes(), &d))
	var x struct {
		XMLName   xml.Name `xml:"discovery"`
		Changeset string   `xml:"changeset"`
		Endpoints []struct {
			URL     string   `xml:"url"`
			Formats []string `xml:"formats>format"`
		} `xml:"endpoints>endpoint"`
	}
	must(t, xml.Unmarshal(xm.Body.Bytes(), &x))
	changed, err := time.Parse(time.RFC3339, d.Changeset)
	must(t, err)
	end, err := time.Parse(time.RFC3339, d.Endpoints[0].Changeset)
	must(t, err)
	for name, ok := range map[string]bool{
		"json is found": js.Code == 200, "xml is found": xm.Code == 200,
		"json header is bare": js.Header().Get("Content-Type") == "application/json", "xml header is bare": xm.Header().Get("Content-Type") == "text/xml",
		"json is an object": bytes.HasPrefix(js.Body.Bytes(), []byte("{")), "xml has its root": x.XMLName.Local == "discovery",
		"the changeset is a time in the past": changed.Before(c.now), "both formats agree": x.Changeset == d.Changeset && x.Endpoints[0].URL == d.Endpoints[0].URL,
		"there is a contact": d.Contact != "", "there is a key service": d.KeyService != "", "there is an endpoint": len(d.Endpoints) == 1 && len(x.Endpoints) == 1,
		"it names the specification": d.Endpoints[0].Specification == "http://wiki.open311.org/GeoReport_v2", "its address is whole": strings.HasPrefix(d.Endpoints[0].URL, "https://"),
		"its address is where we are": strings.HasSuffix(d.Endpoints[0].URL, Prefix), "its changeset is a time in the past": end.Before(c.now),
		"its type is known": d.Endpoints[0].Type == "production" || d.Endpoints[0].Type == "test", "it has formats": len(d.Endpoints[0].Formats) == 2 && len(x.Endpoints[0].Formats) == 2,
		"xml is a format": d.Endpoints[0].Formats[0] == "text/xml", "json is a format": d.Endpoints[0].Formats[1] == "application/json",
	} {
		if !ok {
			t.Errorf("%s: no", name)
		}
	}
}

// The four scenarios of Chicago's tests.
func TestTheScenariosOfChicago(t *testing.T) {
	t.Parallel()
	c := start(t)
	// A service list leads to definitions.
	var services []struct {
		Code     string `json:"service_code"`
		Metadata bool   `json:"metadata"`
	}
	must(t, json.Unmarshal(c.get("/services.json").Body.Bytes(), &services))
	if len(services) != 34 {
		t.Fatalf("%d services", len(services))
	}
	for _, s := range services {
		if w := c.get("/services/" + s.Code + ".json"); w.Code != 200 || !s.Metadata || !strings.Contains(w.Body.String(), `"service_code":"`+s.Code+`"`) {
			t.Errorf("%s: %d %s", s.Code, w.Code, w.Body)
		}
	}
	// A request is made, and read by its id.
	number := c.file()
	if w := c.get("/requests/" + number + ".json"); w.Code != 200 || !strings.Contains(w.Body.String(), number) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	// A token leads to the id.
	kept, err := c.store.Case(t.Context(), number)
	must(t, err)
	if w := c.get("/tokens/" + kept.Token + ".json"); w.Code != 200 || !strings.Contains(w.Body.String(), `"service_request_id":"`+number+`","token":"`+kept.Token+`"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	// What is missing is said.
	if w := c.post("/requests.json", c.form("description", "")); w.Code != 400 || !strings.Contains(w.Body.String(), "description was not provided") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestNobodyReadsWhatWasNotPublished(t *testing.T) {
	t.Parallel()
	c := start(t)
	public := c.file()
	private, hidden, silent := c.file("attribute[publish]", "no"), c.file("attribute[confidential]", "yes"), c.file("attribute[publish]", "")
	office := routing.Actor{Role: routing.RoleOffice, ID: "o"}
	finance := routing.Actor{Role: routing.RoleUnit, Unit: "finance", ID: "u"}
	c.act(public, finance, routing.Step{Action: routing.ActionSign})
	c.act(public, finance, routing.Step{Action: routing.ActionReply, Note: "已向虚构建筑有限公司钱某某（13800001234）付款。"})
	for _, path := range []string{"/requests.json", "/requests.xml", "/requests/" + public + ".json?extensions=true", "/requests/" + public + ".xml", "/servicerequestupdates.json"} {
		w := c.get(path)
		if w.Code != 200 || !strings.Contains(w.Body.String(), public) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		for _, secret := range []string{"钱某某", "13800001234", "虚构建筑", "example.org", private, hidden, silent} {
			if strings.Contains(w.Body.String(), secret) {
				t.Errorf("%s tells %s:\n%s", path, secret, w.Body)
			}
		}
	}
	for _, n := range []string{private, hidden, silent, "JS20261124-999999", "x"} {
		if w := c.get("/requests/" + n + ".json"); w.Code != 404 {
			t.Errorf("%s: %d", n, w.Code)
		}
		if w := c.get("/requests.json?service_request_id=" + n); w.Body.String() != "[]\n" {
			t.Errorf("%s: %s", n, w.Body)
		}
	}
	// Who filed it may follow it, still without who it is; another key may not.
	if w := c.get("/requests/" + private + ".json?api_key=" + c.key); w.Code != 200 || strings.Contains(w.Body.String(), "钱某某") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := c.get("/requests/" + private + ".json?api_key=" + c.newKey(routing.RoleOperator, "")); w.Code != 404 {
		t.Errorf("another's: %d", w.Code)
	}
	// Published once doesn't mean for ever: a criminal body takes it out of sight.
	lead := c.file("service_code", "4.3", "description", "注销办不下来，有人收钱。")
	c.act(lead, office, routing.Step{Action: routing.ActionTransfer, Note: "线索移交", Body: routing.BodyDiscipline})
	if w := c.get("/requests/" + lead + ".json"); w.Code != 404 {
		t.Errorf("with the discipline body: %d %s", w.Code, w.Body)
	}
}

func TestARequestIsPlacedByItsService(t *testing.T) {
	t.Parallel()
	c := start(t)
	for _, tt := range []struct{ name, code, said, state, item, unit string }{
		{"the same as the classifier says", "1.1", "政府拖欠工程款两年。", "dispatched", "1.1", "finance"},
		{"the classifier's second thought", "2.3", "为开发票跑了三趟。", "dispatched", "2.3", "tax"},
		{"unlike anything", "4.3", "公司注销办不下来。", "triage", "4.3", ""},
		{"outside the plan", "other", "路灯不亮。", "triage", "other", ""},
	} {
		kept, err := c.store.Case(t.Context(), c.file("service_code", tt.code, "description", tt.said))
		must(t, err)
		if string(kept.State) != tt.state || kept.Item != tt.item || kept.Unit != tt.unit || kept.District != "和平区" {
			t.Errorf("%s: %s %s %s %s", tt.name, kept.State, kept.Item, kept.Unit, kept.District)
		}
	}
}

// golden compares an answer with a file; numbers and ids that are drawn are levelled.
func golden(t *testing.T, name string, got string) {
	t.Helper()
	got = regexp.MustCompile(`JS\d{8}-\d{6}`).ReplaceAllString(got, "JS20261124-000000")
	got = regexp.MustCompile(`0[0-9A-HJKMNP-TV-Z]{25}`).ReplaceAllString(got, "01ULID")
	path := filepath.Join("testdata", name)
	if *rewrite {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if got != string(want) {
		t.Errorf("%s is another than before:\n%s\nif that is meant: go test ./integrations/openapi/open311 -update", name, got)
	}
}

// The calls of mysociety's endpoint tests, to the byte in both formats.
func TestAnswersAreAsTheyWere(t *testing.T) {
	t.Parallel()
	c := start(t)
	number := c.file()
	finance := routing.Actor{Role: routing.RoleUnit, Unit: "finance", ID: "u"}
	c.act(number, finance, routing.Step{Action: routing.ActionSign})
	c.act(number, finance, routing.Step{Action: routing.ActionReply, Note: "款项已付 <全部> & 结清。"})
	for _, format := range []string{"xml", "json"} {
		golden(t, "discovery."+format, c.get("/discovery."+format).Body.String())
		golden(t, "services."+format, c.get("/services."+format).Body.String())
		golden(t, "definition."+format, c.get("/services/1.1."+format).Body.String())
		golden(t, "requests."+format, c.get("/requests."+format).Body.String())
		golden(t, "request."+format, c.get("/requests/"+number+"."+format+"?extensions=true").Body.String())
		golden(t, "empty."+format, c.get("/requests."+format+"?status=closed").Body.String())
		golden(t, "updates."+format, c.get("/servicerequestupdates."+format+"?start_date=2026-11-24T00:00:00Z&end_date=2026-11-25T00:00:00Z").Body.String())
		golden(t, "filed."+format, c.post("/requests."+format, c.form()).Body.String())
		golden(t, "updated."+format, c.post("/servicerequestupdates."+format, url.Values{"api_key": {c.key}, "service_request_id": {c.file()}, "description": {"又来催"}}).Body.String())
		golden(t, "no-key."+format, c.post("/requests."+format, c.form("api_key", "")).Body.String())
		golden(t, "no-service."+format, c.get("/services/9.9."+format).Body.String())
	}
}

func TestWrongCallsAreAnsweredExactly(t *testing.T) {
	t.Parallel()
	c := start(t, func(c *Config) { c.Jurisdiction = "shenyang.gov.cn" })
	number := c.file()
	long := strings.Repeat("字", 4001)
	for _, tt := range []struct {
		name, method, path string
		form               url.Values
		status             int
		says               string
	}{
		{"no key", "POST", "/requests.json", c.form("api_key", ""), 403, "api_key"}, {"a wrong key", "POST", "/requests.json", c.form("api_key", "x"), 403, "api_key"},
		{"a unit's key", "POST", "/requests.json", c.form("api_key", c.unit), 403, "api_key"},
		{"no service", "POST", "/requests.json", c.form("service_code", ""), 400, "service_code was not provided"},
		{"no such service", "POST", "/requests.json", c.form("service_code", "9.9"), 404, "service_code was not found"},
		{"no description", "POST", "/requests.json", c.form("description", " "), 400, "description was not provided"},
		{"endless", "POST", "/requests.json", c.form("description", long), 400, "4000"},
		{"half a place", "POST", "/requests.json", c.form("lat", ""), 400, "both"}, {"no place on earth", "POST", "/requests.json", c.form("lat", "91"), 400, "coordinate"},
		{"not a number", "POST", "/requests.json", c.form("long", "NaN"), 400, "coordinate"},
		{"an unknown attribute", "POST", "/requests.json", c.form("attribute[x]", "1"), 400, "not an attribute"},
		{"a value that is none", "POST", "/requests.json", c.form("attribute[publish]", "perhaps"), 400, "none of its values"},
		{"a phone that is none", "POST", "/requests.json", c.form("phone", "12"), 400, "telephone"}, {"a script for a picture", "POST", "/requests.json", c.form("media_url", "javascript:x"), 400, "media_url"},
		{"NUL", "POST", "/requests.json", c.form("description", "a\x00b"), 400, "UTF-8"}, {"another city", "POST", "/requests.json", c.form("jurisdiction_id", "x"), 404, "jurisdiction_id"},
		{"too large", "POST", "/requests.json", c.form("description", strings.Repeat("a", maxForm)), 400, "too large"},
		{"another city's services", "GET", "/services.json?jurisdiction_id=x", nil, 404, "jurisdiction_id"}, {"our city", "GET", "/services.json?jurisdiction_id=shenyang.gov.cn", nil, 200, "1.1"},
		{"no suffix", "GET", "/services", nil, 404, ".xml or .json"}, {"another suffix", "GET", "/services.csv", nil, 404, ".xml or .json"}, {"nothing there", "GET", "/nothing.json", nil, 404, "nothing"},
		{"no such definition", "GET", "/services/9.9.json", nil, 404, "service_code"}, {"no such token", "GET", "/tokens/x.json", nil, 404, "token"},
		{"no such request", "GET", "/requests/JS20200101-000000.json", nil, 404, "service_request_id"},
		{"a date that is none", "GET", "/requests.json?start_date=tomorrow", nil, 400, "start_date"}, {"backwards", "GET", "/requests.json?start_date=2026-11-02&end_date=2026-11-01", nil, 400, "before"},
		{"too long a span", "GET", "/requests.json?start_date=2026-01-01&end_date=2026-11-01", nil, 400, "90 days"}, {"a status that is none", "GET", "/requests.json?status=lost", nil, 400, "status"},
		{"no such code", "GET", "/requests.json?service_code=1.1,9.9", nil, 404, "service_code"}, {"page nought", "GET", "/requests.json?page=0", nil, 400, "page"},
		{"a page too large", "GET", "/requests.json?page_size=1001", nil, 400, "page_size"}, {"broken escapes", "GET", "/requests.json?a=%zz", nil, 400, "query"},
		{"an update without a key", "POST", "/servicerequestupdates.json", url.Values{"service_request_id": {number}, "description": {"x"}}, 403, "api_key"},
		{"an update of another's", "POST", "/servicerequestupdates.json", url.Values{"api_key": {c.newKey(routing.RoleOperator, "")}, "service_request_id": {number}, "description": {"x"}}, 404, "service_request_id"},
		{"an empty update", "POST", "/servicerequestupdates.json", url.Values{"api_key": {c.key}, "service_request_id": {number}}, 400, "description"},
		{"an update of nothing", "POST", "/servicerequestupdates.json", url.Values{"api_key": {c.key}, "description": {"x"}}, 400, "service_request_id was not provided"},
	} {
		var w *httptest.ResponseRecorder
		if tt.method == "POST" {
			w = c.post(tt.path, tt.form)
		} else {
			w = c.get(tt.path)
		}
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%s: %d %s", tt.name, w.Code, w.Body)
		}
		if tt.status >= 400 && strings.HasSuffix(strings.SplitN(tt.path, "?", 2)[0], ".json") {
			var list []struct{ Code, Description string }
			if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || len(list) != 1 || list[0].Code == "" || list[0].Description == "" {
				t.Errorf("%s: no list of errors: %s", tt.name, w.Body)
			}
		}
	}
	if w := c.post("/requests.json", c.form(), "Idempotency-Key", "k1"); w.Code != 201 {
		t.Fatal(w.Body)
	} else if again := c.post("/requests.json", c.form(), "Idempotency-Key", "k1"); again.Body.String() != w.Body.String() {
		t.Errorf("sent twice: %s and %s", w.Body, again.Body)
	}
}

// schemas are our own words for the rules of the official ones.
var schemas = map[string]string{
	"services": `{"type":"array","items":{"type":"object","required":["service_code","service_name","description","metadata","type","keywords","group"],"properties":{
		"service_code":{"type":"string","minLength":1},"service_name":{"type":"string","minLength":1},"description":{"type":["string","null"]},"metadata":{"type":"boolean"},
		"type":{"enum":["realtime","batch","blackbox"]},"keywords":{"type":["string","null"]},"group":{"type":["string","null"]}}}}`,
	"definition": `{"type":"object","required":["service_code","attributes"],"properties":{"service_code":{"type":"string"},"attributes":{"type":"array","items":{"type":"object",
		"required":["variable","code","datatype","required","datatype_description","order","description","values"],"properties":{"variable":{"type":"boolean"},"required":{"type":"boolean"},
		"code":{"type":"string"},"datatype":{"enum":["string","number","datetime","text","singlevaluelist","multivaluelist"]},"order":{"type":"integer","minimum":1},
		"values":{"type":"array","items":{"type":"object","required":["key","name"],"properties":{"key":{"type":"string"},"name":{"type":"string"}}}}}}}}}`,
	"requests": `{"type":"array","items":{"type":"object","required":["service_request_id","status","status_notes","service_name","service_code","description","agency_responsible",
		"service_notice","requested_datetime","updated_datetime","expected_datetime","address","address_id","zipcode","lat","long","media_url"],"properties":{
		"service_request_id":{"type":"string","minLength":1},"status":{"enum":["open","closed"]},"service_code":{"type":"string"},"requested_datetime":{"type":"string","format":"date-time"},
		"updated_datetime":{"type":"string","format":"date-time"},"lat":{"type":["number","null"]},"long":{"type":["number","null"]},"address":{"type":["string","null"]}}}}`,
	"filed": `{"type":"array","minItems":1,"maxItems":1,"items":{"type":"object","oneOf":[{"required":["service_request_id"]},{"required":["token"]}],
		"properties":{"service_request_id":{"type":"string"},"service_notice":{"type":["string","null"]},"account_id":{"type":["string","null"]}}}}`,
	"errors": `{"type":"array","minItems":1,"items":{"type":"object","required":["code","description"]}}`,
}

func TestEveryJSONAnswerKeepsItsSchema(t *testing.T) {
	t.Parallel()
	c := start(t)
	number := c.file()
	c.file("service_code", "other", "description", "路灯不亮。")
	for _, tt := range []struct{ schema, body string }{
		{"services", c.get("/services.json").Body.String()}, {"definition", c.get("/services/other.json").Body.String()}, {"requests", c.get("/requests.json").Body.String()},
		{"requests", c.get("/requests/" + number + ".json?extensions=true").Body.String()}, {"requests", c.get("/requests.json?service_code=8.2").Body.String()},
		{"filed", c.post("/requests.json", c.form()).Body.String()}, {"errors", c.get("/tokens/x.json").Body.String()}, {"errors", c.post("/requests.json", nil).Body.String()},
	} {
		compiler := jsonschema.NewCompiler()
		compiler.AssertFormat()
		schema, err := jsonschema.UnmarshalJSON(strings.NewReader(schemas[tt.schema]))
		must(t, err)
		must(t, compiler.AddResource(tt.schema+".json", schema))
		compiled, err := compiler.Compile(tt.schema + ".json")
		must(t, err)
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(tt.body))
		must(t, err)
		if err := compiled.Validate(v); err != nil {
			t.Errorf("%s: %v\n%s", tt.schema, err, tt.body)
		}
	}
}

// tree is XML read by somebody who knows the standard alone.
type tree struct {
	XMLName  xml.Name
	Text     string `xml:",chardata"`
	Children []tree `xml:",any"`
}

// spark turns XML into what JSON says by the standard's convention, for elements that aren't empty.
func (n tree) spark() any {
	if len(n.Children) == 0 {
		return n.Text
	}
	if name := n.XMLName.Local; strings.HasSuffix(name, "s") && n.Children[0].XMLName.Local != name && (len(n.Children) == 1 || n.Children[0].XMLName == n.Children[1].XMLName) {
		var list []any
		for _, c := range n.Children {
			list = append(list, c.spark())
		}
		return list
	}
	m := map[string]any{}
	for _, c := range n.Children {
		m[c.XMLName.Local] = c.spark()
	}
	return m
}

// level makes JSON comparable: empty is "", everything else a text.
func level(v any) any {
	switch v := v.(type) {
	case nil:
		return ""
	case []any:
		if len(v) == 0 {
			return ""
		}
		for i := range v {
			v[i] = level(v[i])
		}
		return v
	case map[string]any:
		for k := range v {
			v[k] = level(v[k])
		}
		return v
	}
	return fmt.Sprint(v)
}

// A client that was written from the specification alone goes the whole way in both formats, and reads the same in both.
func TestAClientOfTheSpecificationGoesTheWholeWay(t *testing.T) {
	t.Parallel()
	c := start(t)
	c.file()
	c.file("service_code", "2.3", "description", "为开发票跑了三趟。", "attribute[district]", "铁西区")
	for _, path := range []string{"/services", "/services/1.1", "/requests", "/requests/" + c.file(), "/servicerequestupdates"} {
		var root tree
		must(t, xml.Unmarshal(c.get(path+".xml").Body.Bytes(), &root))
		var v any
		must(t, json.Unmarshal(c.get(path+".json").Body.Bytes(), &v))
		a, err := json.Marshal(level(root.spark()))
		must(t, err)
		b, err := json.Marshal(level(v))
		must(t, err)
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs:\nxml  %s\njson %s", path, a, b)
		}
	}
	for query, n := range map[string]int{"": 3, "?service_code=2.3": 1, "?service_code=2.3,1.1": 3, "?status=open": 3, "?status=closed": 0, "?status=open,closed": 3,
		"?page=1&page_size=2": 2, "?page=2&page_size=2": 1, "?page=3&page_size=2": 0, "?start_date=2026-11-25": 0, "?end_date=2026-11-23T00:00:00Z": 0, "?start_date=2026-11-24": 3} {
		var list []any
		must(t, json.Unmarshal(c.get("/requests.json"+query).Body.Bytes(), &list))
		if len(list) != n {
			t.Errorf("%q: %d requests, want %d", query, len(list), n)
		}
	}
}

// Whatever is sent, we are not at fault for it.
func FuzzForms(f *testing.F) {
	f.Add("requests.json", "service_code=1.1&description=a&lat=1&long=2&attribute[publish]=yes")
	f.Add("requests.xml", "service_code=other&description=%00")
	f.Add("servicerequestupdates.json", "service_request_id=JS20261124-000000&description=x")
	f.Add("services/1.1.json", "a=%zz")
	c := start(f)
	f.Fuzz(func(t *testing.T, path, form string) {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			u := &url.URL{Path: Prefix + "/" + path}
			var body io.Reader = strings.NewReader("api_key=" + c.key + "&" + form)
			if method == http.MethodGet {
				u.RawQuery, body = form, nil
			}
			r, err := http.NewRequestWithContext(context.Background(), method, u.String(), body)
			if err != nil {
				return
			}
			r.RemoteAddr = "127.0.0.1:1"
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			c.engine.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Fatalf("%s %s: %d %s", method, u, w.Code, w.Body)
			}
			if strings.HasPrefix(w.Header().Get("Content-Type"), "text/xml") {
				if err := xml.Unmarshal(w.Body.Bytes(), &tree{}); err != nil && !errors.Is(err, io.EOF) {
					t.Fatalf("no XML: %v\n%s", err, w.Body)
				}
			}
		}
	})
}
