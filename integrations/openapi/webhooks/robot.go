package webhooks

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"jiesu/routing"
)

// told is what a body of the standard format says of an event.
type told struct {
	Data struct {
		Number string            `json:"number"`
		Action routing.Action    `json:"action"`
		Item   string            `json:"item"`
		Unit   string            `json:"unit"`
		Clock  routing.ClockKind `json:"clock"`
		Due    time.Time         `json:"due"`
	} `json:"data"`
}

// words puts an event into words for the staff in a group chat, as its robot takes them (企业微信 群机器人配置说明, 钉钉 自定义机器人: markdown). They name
// the case and who must act, never who complains or of what.
func (s *Sender) words(h routing.Hook, robot routing.Robot) (string, error) {
	var t told
	if err := json.Unmarshal([]byte(h.Body), &t); err != nil {
		return "", fmt.Errorf("read webhook %s: %w", h.ID, err)
	}
	d, say := t.Data, s.Wording
	event := "hook.robot.event." + string(d.Action)
	if !say.Has(event) {
		event = "event." + string(d.Action)
	}
	title := say.Text("hook.robot.title", "event", say.Text(event))
	lines := []string{say.Text("hook.robot.case", "number", d.Number, "address", s.PublicURL+"/console/cases/"+d.Number)}
	if name := s.Plan.UnitName(d.Unit); name != "" {
		lines = append(lines, say.Text("hook.robot.unit", "unit", name))
	}
	if name := s.Plan.ItemName(d.Item); name != "" {
		lines = append(lines, say.Text("hook.robot.item", "item", name))
	}
	if d.Clock != "" && !d.Due.IsZero() {
		due := d.Due.In(routing.Beijing()).Format(say.Text("hook.robot.due"))
		lines = append(lines, say.Text("hook.robot.clock", "clock", say.Text("clock."+string(d.Clock)), "due", due))
	}
	text := "### " + title + "\n> " + strings.Join(lines, "\n> ")
	var body any = map[string]any{"msgtype": "markdown", "markdown": map[string]string{"content": text}}
	if robot == routing.RobotDingTalk {
		body = map[string]any{"msgtype": "markdown", "markdown": map[string]string{"title": title, "text": strings.ReplaceAll(text, "\n> ", "\n>\n> ")}}
	}
	content, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("write to robot: %w", err)
	}
	return string(content), nil
}

// refusal reads a robot's answer, which is 200 whatever came of it: "" when it took the words.
func refusal(answer []byte) string {
	var a struct {
		Code *int `json:"errcode"`
	}
	if err := json.Unmarshal(answer, &a); err != nil || a.Code == nil {
		return "the answer is not a robot's"
	}
	if *a.Code == 0 {
		return ""
	}
	return "answered errcode " + strconv.Itoa(*a.Code)
}
