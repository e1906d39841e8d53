package sandbox

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// Template is a template of the account.
type Template struct {
	ID     string
	Title  string
	Fields []Field
}

// Field is one of a template's lines; Key says by its name what values it takes.
type Field struct{ Key, Label string }

// DefaultTemplateID is the id of DefaultTemplate.
const DefaultTemplateID = "jiesu-sandbox-progress"

// DefaultTemplate is a template for the progress of a case.
func DefaultTemplate(w routing.Wording) Template {
	t := Template{ID: DefaultTemplateID, Title: w.Text("sandbox.template.title")}
	for _, name := range []string{"number", "state", "item", "unit", "time", "note"} {
		t.Fields = append(t.Fields, Field{Key: DefaultFields()[name], Label: w.Text("sandbox.template." + name)})
	}
	return t
}

// DefaultFields maps what a notice knows to the keys of DefaultTemplate.
func DefaultFields() map[string]string {
	return map[string]string{
		"number": "character_string1", "state": "phrase2", "item": "thing3", "unit": "thing4", "time": "time5", "note": "thing6",
	}
}

// values that each kind of field takes (rules of category templates). The escapes are the characters for year, month, day and yuan.
var fieldRules = map[string]*regexp.Regexp{
	"thing":            regexp.MustCompile(`^.{1,20}$`),
	"number":           regexp.MustCompile(`^[0-9]{1,32}$`),
	"letter":           regexp.MustCompile(`^[A-Za-z]{1,32}$`),
	"symbol":           regexp.MustCompile(`^[\pP\pS]{1,5}$`),
	"character_string": regexp.MustCompile(`^[!-~]{1,32}$`),
	"time":             regexp.MustCompile(`^(\d{4}\x{5E74}\d{1,2}\x{6708}\d{1,2}\x{65E5} ?)?\d{1,2}:\d{2}(:\d{2})?$`),
	"date":             regexp.MustCompile(`^\d{4}\x{5E74}\d{1,2}\x{6708}\d{1,2}\x{65E5}( \d{1,2}:\d{2}(:\d{2})?)?$`),
	"amount":           regexp.MustCompile(`^\p{Sc}?[0-9]{1,10}(\.[0-9]+)?\x{5143}?$`),
	"phone_number":     regexp.MustCompile(`^[0-9+\-() ]{1,17}$`),
	"car_number":       regexp.MustCompile(`^.{1,8}$`),
	"name":             regexp.MustCompile(`^(\p{Han}{1,10}|[A-Za-z\pP\pS ]{1,20})$`),
	"phrase":           regexp.MustCompile(`^\p{Han}{1,5}$`),
	"const":            regexp.MustCompile(`^.{1,20}$`),
}

// fits reports whether the field that key names takes the value.
func fits(key, value string) bool {
	if strings.TrimSpace(value) == "" || strings.ContainsFunc(value, unicode.IsControl) {
		return false
	}
	rule, known := fieldRules[strings.TrimRight(key, "0123456789")]
	return known && rule.MatchString(value)
}

// opens reports whether a card can lead to the address.
func opens(address string) bool {
	u, err := url.Parse(address)
	return err == nil && len(address) <= 1024 && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

type templateCall struct {
	To       string `json:"touser"`
	Template string `json:"template_id"`
	URL      string `json:"url"`
	ClientID string `json:"client_msg_id"`
	Data     map[string]struct {
		Value string `json:"value"`
	} `json:"data"`
}

// delivered is a template message that was taken, by its client_msg_id.
type delivered struct {
	id int64
	at time.Time
}

// sendTemplate takes a template message and reports on it later (api/notify/template/api_sendtemplatemessage).
func (s *Sandbox) sendTemplate(g *gin.Context) {
	var in templateCall
	if err := g.ShouldBindJSON(&in); err != nil {
		s.fail(g, 47001, "data format error")
		return
	}
	f, id, code, message := s.template(in)
	if code != 0 {
		s.fail(g, code, message)
		return
	}
	g.JSON(http.StatusOK, gin.H{"errcode": 0, "errmsg": "ok", "msgid": id})
	if f != nil {
		s.inBackground(func(ctx context.Context) { f.report(ctx, id, in) })
	}
}

// template checks the call and gives it an id; the fan is nil when the message was taken before.
func (s *Sandbox) template(in templateCall) (f *Fan, id int64, code int, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, known := s.fans[in.To]
	t, exists := s.templates[in.Template]
	switch {
	case !known:
		return nil, 0, 40003, "invalid openid"
	case in.Template == "":
		return nil, 0, 40036, "invalid template_id size"
	case !exists:
		return nil, 0, 40037, "invalid template_id"
	case in.URL != "" && !opens(in.URL):
		return nil, 0, 40039, "invalid url size"
	case !f.follows:
		return nil, 0, 43004, "require subscribe"
	}
	for _, field := range t.Fields {
		if !fits(field.Key, in.Data[field.Key].Value) {
			return nil, 0, 47003, "argument invalid! data." + field.Key + ".value invalid"
		}
	}
	key, now := in.To+"\x00"+in.ClientID, s.cfg.Now()
	if d, again := s.sent[key]; again && in.ClientID != "" && now.Sub(d.at) < 10*time.Minute {
		return nil, d.id, 0, ""
	}
	id = s.nextID()
	if len(s.sent) > 10_000 {
		clear(s.sent)
	}
	s.sent[key] = delivered{id, now}
	return f, id, 0, ""
}

// report shows the card, unless the fan takes none, and tells the account what became of it.
func (f *Fan) report(ctx context.Context, id int64, in templateCall) {
	s, status := f.box, "success"
	f.set(func() {
		switch {
		case s.faults.Report != "":
			status = s.faults.Report
		case f.blocks || !f.follows:
			status = "failed:user block"
		}
		if status == "success" {
			f.add(Entry{Side: SideAccount, Kind: KindCard, Card: s.templates[in.Template].card(id, in)})
		}
	})
	p := push{MsgType: wrap("event"), Event: some("TEMPLATESENDJOBFINISH"), ReportID: id, Status: some(status)}
	if _, err := f.deliver(ctx, p); err != nil {
		s.cfg.Logger.Warn("sandbox: report on template message not delivered", "message", id, "error", err)
	}
}

func (t Template) card(id int64, in templateCall) *Card {
	c := &Card{Title: t.Title, URL: in.URL, MsgID: id}
	for _, f := range t.Fields {
		c.Fields = append(c.Fields, CardField{Key: f.Key, Label: f.Label, Value: in.Data[f.Key].Value})
	}
	return c
}
