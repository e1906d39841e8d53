package webhooks

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

// chat is a group chat's robot as strict as those of WeCom and DingTalk: it takes the one kind of message that it knows, up to its length, and answers 200
// whatever it thinks of it.
type chat struct {
	t     *testing.T
	robot routing.Robot
	said  []string
	codes []int // answers to come before it takes anything
}

func (c *chat) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	code := 0
	if len(c.codes) > 0 {
		code, c.codes = c.codes[0], c.codes[1:]
	}
	content, err := io.ReadAll(r.Body)
	must(c.t, err)
	var m struct {
		Type     string                                `json:"msgtype"`
		Markdown struct{ Content, Title, Text string } `json:"markdown"`
	}
	text := func() string {
		if c.robot == routing.RobotDingTalk {
			return m.Markdown.Text
		}
		return m.Markdown.Content
	}
	switch err := json.Unmarshal(content, &m); {
	case r.URL.Query().Get("key") != "693axxx6":
		code = 93000
	case err != nil || m.Type != "markdown" || text() == "" || c.robot == routing.RobotDingTalk && m.Markdown.Title == "":
		code = 40008
	case len(text()) > 4096:
		code = 40058
	case c.robot == routing.RobotDingTalk && !strings.Contains(text(), "接诉"):
		code = 310000 // the keyword is missing
	}
	if code == 0 {
		c.said = append(c.said, text())
	}
	w.Header().Set("Content-Type", "application/json")
	must(c.t, json.NewEncoder(w).Encode(map[string]any{"errcode": code, "errmsg": "…"}))
}

// robot makes an endpoint of a chat.
func (w *world) robot(e routing.Endpoint, codes ...int) *chat {
	w.t.Helper()
	c := &chat{t: w.t, robot: e.Robot, codes: codes}
	server := httptest.NewServer(c)
	w.t.Cleanup(server.Close)
	e.Name, e.URL = "群"+string(e.Robot)+e.Unit, server.URL+"/webhook/send?key=693axxx6"
	_, err := w.desk.AddEndpoint(w.t.Context(), admin, e)
	must(w.t, err)
	return c
}

func TestARobotTellsTheStaffOfItsUnitInWords(t *testing.T) {
	t.Parallel()
	w := start(t, routing.HookStandard)
	events := []string{"case.file", "case.reply"}
	finance := w.robot(routing.Endpoint{Robot: routing.RobotWeCom, Unit: "finance", Events: events}, 45009, -1) // too many, busy
	tax := w.robot(routing.Endpoint{Robot: routing.RobotWeCom, Unit: "tax", Events: events})
	office := w.robot(routing.Endpoint{Robot: routing.RobotDingTalk, Events: events})
	number := w.file()
	w.run(time.Hour)
	if len(tax.said) > 0 {
		t.Errorf("another unit's chat hears %q", tax.said)
	}
	for _, c := range []*chat{finance, office} {
		if len(c.said) != 2 {
			t.Fatalf("%s heard %q", c.robot, c.said)
		}
		for i, event := range []string{"诉求已登记", "承办单位已答复"} {
			for _, want := range []string{event, "[" + number + "](https://jiesu.example/console/cases/" + number + ")", "市财政局"} {
				if !strings.Contains(c.said[i], want) {
					t.Errorf("%s: %q lacks %q", c.robot, c.said[i], want)
				}
			}
		}
		for _, private := range []string{"13800001234", "虚构建筑", "拖欠工程款", "已付"} {
			if all := strings.Join(c.said, ""); strings.Contains(all, private) {
				t.Errorf("%s: %q says %q", c.robot, all, private)
			}
		}
	}
	w.check(1) // systems hear what they always heard
}

// What is handed to a body before which nobody must be warned stays out of the unit's chat.
func TestAUnitsChatHearsNothingOfWhatIsWithheldFromIt(t *testing.T) {
	t.Parallel()
	w := start(t, routing.HookStandard)
	finance := w.robot(routing.Endpoint{Robot: routing.RobotWeCom, Unit: "finance", Events: []string{"case.*"}})
	number := w.file()
	w.run(time.Hour)
	before := len(finance.said)
	operator := routing.Actor{Role: routing.RoleOperator, ID: "o"}
	_, err := w.desk.Act(t.Context(), operator, number, routing.Step{Action: routing.ActionRedo, Note: "钱没有到账"})
	must(t, err)
	_, err = w.desk.Act(t.Context(), admin, number, routing.Step{Action: routing.ActionTransfer, Note: "移送", Body: routing.BodyDiscipline})
	must(t, err)
	w.run(time.Hour)
	if got := len(finance.said) - before; got != 1 || strings.Contains(finance.said[before], "转办") {
		t.Errorf("the chat heard %q", finance.said[before:])
	}
}

func TestARobotThatRefusesIsTriedAgainAndThenTurnedOff(t *testing.T) {
	t.Parallel()
	w := start(t, routing.HookStandard)
	c := w.robot(routing.Endpoint{Robot: routing.RobotWeCom, Events: []string{"case.file"}}, 93000, 93000, 93000, 93000, 93000, 93000, 93000, 93000, 93000, 93000)
	w.file()
	w.run(7 * 24 * time.Hour)
	off, err := w.desk.FailedEndpoints(t.Context(), admin)
	must(t, err)
	if len(off) != 1 || off[0].Robot != routing.RobotWeCom || len(c.said) > 0 {
		t.Fatalf("off %+v, heard %q", off, c.said)
	}
	log, err := w.desk.Hooks(t.Context(), admin, routing.HookQuery{Endpoint: off[0].ID})
	must(t, err)
	if len(log) != 1 || log[0].Error != "answered errcode 93000" || log[0].State != routing.HookFailed {
		t.Errorf("%+v", log)
	}
	for answer, want := range map[string]string{`{"errcode":0}`: "", `{}`: "the answer is not a robot's", `<html>`: "the answer is not a robot's", ``: "the answer is not a robot's"} {
		if got := refusal([]byte(answer)); got != want {
			t.Errorf("%q: %q, want %q", answer, got, want)
		}
	}
}

func TestARobotSaysWhichLimitIsOver(t *testing.T) {
	t.Parallel()
	w := start(t, routing.HookStandard)
	h := routing.Hook{Body: `{"data":{"number":"JS20261124-000001","action":"supervise","item":"1.1","unit":"finance","clock":"contact","due":"2026-11-24T02:00:00Z"}}`}
	text, err := w.sender.words(h, routing.RobotWeCom)
	must(t, err)
	for _, want := range []string{"超时未办，已列入督办", "首次联系截止：11月24日 10:00", "事项："} {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %s", text, want)
		}
	}
	if _, err := w.sender.words(routing.Hook{Body: "{"}, routing.RobotWeCom); err == nil {
		t.Error("a broken body is put into words")
	}
}

func TestAnEndpointOfARobotIsChecked(t *testing.T) {
	t.Parallel()
	w := start(t, routing.HookStandard)
	add := func(e routing.Endpoint) (routing.Endpoint, error) {
		e.Name, e.URL = "群", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x"
		return w.desk.AddEndpoint(t.Context(), admin, e)
	}
	for field, e := range map[string]routing.Endpoint{"robot": {Robot: "feishu"}, "unit": {Unit: "nobody"}, "format": {Robot: routing.RobotWeCom, Format: "xml"}} {
		var bad *routing.InvalidError
		if _, err := add(e); !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%+v: %v", e, err)
		}
	}
	if _, err := add(routing.Endpoint{Robot: routing.RobotWeCom, Format: routing.HookCloudEvents}); err == nil {
		t.Error("a robot takes CloudEvents")
	}
	e, err := add(routing.Endpoint{Robot: routing.RobotWeCom})
	must(t, err)
	if got := strings.Join(e.Events, " "); got != "case.warn case.urge case.supervise case.bulletin" {
		t.Errorf("without events a robot hears of %s", got)
	}
}
