package bot_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"jiesu/routing"
)

// script is one dialogue of testdata/dialogues; filing.yaml explains the format to those who write them.
type script struct {
	Name   string   `yaml:"名称"`
	Enough bool     `yaml:"一句话说清"`
	Hints  []hint   `yaml:"看懂"`
	Lines  []line   `yaml:"对话"`
	Cases  []want   `yaml:"工单"`
	Tasks  []string `yaml:"待办"`
}

type line struct {
	Who    string   `yaml:"谁"`
	Say    *string  `yaml:"说"`
	Repeat int      `yaml:"重复"` // the text so many times over: very long messages
	Send   string   `yaml:"发"`
	Press  string   `yaml:"点"`
	Pass   string   `yaml:"过"`
	Unit   string   `yaml:"单位"`
	Of     int      `yaml:"第"`
	Note   string   `yaml:"写"`
	Call   string   `yaml:"热线"` // an operator files these words of a caller
	Scan   int      `yaml:"扫"`  // the fan scans the code of the n-th case
	Has    []string `yaml:"答"`
	Not    []string `yaml:"不答"`
}

type want struct {
	Item         string   `yaml:"事项"`
	Unit         string   `yaml:"单位"`
	State        string   `yaml:"状态"`
	District     string   `yaml:"区县"` // 无: none
	Text         []string `yaml:"原文"`
	Length       int      `yaml:"原文字数"`
	Notes        []string `yaml:"补充"`
	Confidential bool     `yaml:"保密"`
	Enterprise   string   `yaml:"企业"`
	Phone        string   `yaml:"电话"`
	Evidence     int      `yaml:"材料"`
	Solved       string   `yaml:"解决"`
	Satisfied    int      `yaml:"满意"`
	Redos        int      `yaml:"重办"`
	Urges        int      `yaml:"催办"`
}

func scripts(t testing.TB) []script {
	t.Helper()
	files, err := filepath.Glob("testdata/dialogues/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []script
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		d := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
		for {
			var s script
			if err := d.Decode(&s); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			if s.Name == "" || len(s.Lines) == 0 {
				t.Fatalf("%s: a script without a name or without lines", f)
			}
			all = append(all, s)
		}
	}
	return all
}

func TestDialogues(t *testing.T) {
	t.Parallel()
	all := scripts(t)
	if len(all) < 45 {
		t.Errorf("%d scripts, want at least 45", len(all))
	}
	base := defaultJudge(t)
	seen := map[string]bool{}
	for _, s := range all {
		if seen[s.Name] {
			t.Errorf("two scripts are called %q", s.Name)
		}
		seen[s.Name] = true
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, append(append(judge{}, s.Hints...), base...))
			s.play(w)
			s.check(w)
		})
	}
}

// TestEnoughSaidNeedsFewTurns: the promise of at most three messages to a case number, measured over the scripts that say enough.
func TestEnoughSaidNeedsFewTurns(t *testing.T) {
	t.Parallel()
	base := defaultJudge(t)
	var turns []int
	for _, s := range scripts(t) {
		if s.Enough {
			turns = append(turns, s.play(newWorld(t, append(append(judge{}, s.Hints...), base...))))
		}
	}
	if len(turns) < 10 {
		t.Fatalf("only %d scripts say enough at once", len(turns))
	}
	slices.Sort(turns)
	if turns[0] == 0 {
		t.Error("a script that says enough never got a number")
	}
	if m := turns[len(turns)/2]; m > 3 {
		t.Errorf("median of %d turns to a number: %v", m, turns)
	}
	t.Logf("turns to a number: %v", turns)
}

var numbers = regexp.MustCompile(`JS\d{8}-\d{6}`)

// play goes through the lines and returns after how many messages the first number was told, 0 for never.
func (s script) play(w *world) (turns int) {
	said := 0
	for i, l := range s.Lines {
		reply := l.play(w)
		if !l.outside() {
			said++
			if turns == 0 && numbers.MatchString(reply) {
				turns = said
			}
		}
		for _, part := range l.Has {
			if part = w.fill(part); !strings.Contains(reply, part) {
				w.t.Errorf("line %d: the answer lacks %q:\n%s", i+1, part, reply)
			}
		}
		for _, part := range l.Not {
			if part = w.fill(part); strings.Contains(reply, part) {
				w.t.Errorf("line %d: the answer has %q:\n%s", i+1, part, reply)
			}
		}
		if reply == "" && !l.outside() && l.Send != "取关" && l.Send != "表情包" {
			w.t.Errorf("line %d: no answer", i+1)
		}
		if strings.Contains(reply, "bot.") || strings.Contains(reply, "{") {
			w.t.Errorf("line %d: a text is missing from the catalogue or has a gap:\n%s", i+1, reply)
		}
	}
	return turns
}

// outside reports whether the line is no message of the complainant's.
func (l line) outside() bool { return l.Pass != "" || l.Unit != "" || l.Call != "" }

// fill puts the number of the n-th case for {n}.
func (w *world) fill(s string) string {
	if !strings.Contains(s, "{") {
		return s
	}
	for i, c := range w.cases() {
		s = strings.ReplaceAll(s, "{"+strconv.Itoa(i+1)+"}", c.Number)
	}
	return s
}

func (l line) play(w *world) string {
	w.t.Helper()
	fan := "甲"
	if l.Who != "" {
		fan = l.Who
	}
	switch {
	case l.Pass != "":
		d, err := time.ParseDuration(l.Pass)
		if err != nil {
			w.t.Fatal(err)
		}
		return w.pass(d)
	case l.Unit != "":
		w.unit(l)
		return ""
	case l.Send != "":
		kind := map[string]routing.InboundKind{"图片": routing.InboundImage, "语音": routing.InboundVoice, "视频": routing.InboundVideo,
			"关注": routing.InboundSubscribe, "取关": routing.InboundUnsubscribe, "表情包": routing.InboundUnknown,
			"链接": routing.InboundLink, "位置": routing.InboundLocation}[l.Send]
		if kind == "" {
			w.t.Fatalf("can't send %q", l.Send)
		}
		w.clock.pass(time.Second)
		m := w.inbound(fan, kind)
		m.MediaID = "media"
		if l.Say != nil {
			m.Text = *l.Say
		}
		return w.receive(m)
	case l.Call != "":
		operator := routing.Actor{Role: routing.RoleOperator, ID: "op"}
		c := routing.Complaint{Text: l.Call, Channel: routing.ChannelHotline, Judgement: w.config.Judge.Judge(l.Call), Contact: routing.Contact{Phone: "13800009999"}}
		if _, _, err := w.desk.File(context.Background(), operator, c); err != nil {
			w.t.Fatal(err)
		}
		return ""
	case l.Scan != 0:
		w.clock.pass(time.Second)
		m := w.inbound(fan, routing.InboundScan)
		m.Scene = "case_gone"
		if cases := w.cases(); l.Scan <= len(cases) {
			m.Scene = "case_" + cases[l.Scan-1].Token
		}
		return w.receive(m)
	case l.Press != "":
		w.clock.pass(time.Second)
		m := w.inbound(fan, routing.InboundClick)
		m.Button = w.fill(l.Press)
		return w.receive(m)
	}
	return w.say(fan, strings.Repeat(w.fill(*l.Say), max(1, l.Repeat)))
}

// unit does the office's or the unit's step to the n-th case.
func (w *world) unit(l line) {
	w.t.Helper()
	c := w.cases()[max(1, l.Of)-1]
	unit, office := routing.Actor{Role: routing.RoleUnit, Unit: c.Unit, ID: "u"}, routing.Actor{Role: routing.RoleOffice, ID: "o"}
	steps := map[string][]struct {
		actor routing.Actor
		step  routing.Step
	}{
		"签收":   {{unit, routing.Step{Action: routing.ActionSign}}},
		"答复":   {{unit, routing.Step{Action: routing.ActionSign}}, {unit, routing.Step{Action: routing.ActionReply, Note: l.Note}}},
		"办结":   {{unit, routing.Step{Action: routing.ActionClose}}},
		"退单":   {{unit, routing.Step{Action: routing.ActionRefuse, Note: l.Note}}},
		"延期":   {{office, routing.Step{Action: routing.ActionExtend, Note: l.Note, Days: 5}}},
		"仍由它办": {{office, routing.Step{Action: routing.ActionReassign, Unit: c.Unit}}},
		"销号":   {{office, routing.Step{Action: routing.ActionStrikeOff}}},
		"移送":   {{office, routing.Step{Action: routing.ActionReassign, Unit: c.Unit}}, {office, routing.Step{Action: routing.ActionTransfer, Body: routing.BodyDiscipline, Note: "线索"}}},
	}[l.Unit]
	if len(steps) == 0 {
		w.t.Fatalf("a unit can't %q", l.Unit)
	}
	for _, s := range steps {
		if _, err := w.desk.Act(context.Background(), s.actor, c.Number, s.step); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (s script) check(w *world) {
	w.t.Helper()
	cases := w.cases()
	if len(cases) != len(s.Cases) {
		w.t.Fatalf("%d cases were filed, want %d: %+v", len(cases), len(s.Cases), cases)
	}
	for i, c := range cases {
		s.Cases[i].check(w, c)
	}
	var kinds []string
	for _, task := range w.tasks() {
		kinds = append(kinds, string(task.Kind))
	}
	slices.Sort(kinds)
	slices.Sort(s.Tasks)
	if !slices.Equal(kinds, s.Tasks) {
		w.t.Errorf("tasks %v, want %v", kinds, s.Tasks)
	}
}

func (x want) check(w *world, c routing.Case) {
	w.t.Helper()
	t := w.t
	same := func(what, got, want string) {
		t.Helper()
		if want != "" && got != want {
			t.Errorf("%s: %s is %q, want %q", c.Number, what, got, want)
		}
	}
	same("item", c.Item, x.Item)
	same("unit", c.Unit, x.Unit)
	same("state", w.text.Text("state."+string(c.State)), x.State)
	if none := x.District == "无"; x.District != "" && (none && c.District != "" || !none && c.District != x.District) {
		t.Errorf("%s: district %q, want %q", c.Number, c.District, x.District)
	}
	if c.Contact.Enterprise != x.Enterprise || c.Contact.Phone != x.Phone || c.Confidential != x.Confidential {
		t.Errorf("%s: contact %+v, confidential %v; want %q %q %v", c.Number, c.Contact, c.Confidential, x.Enterprise, x.Phone, x.Confidential)
	}
	for _, part := range x.Text {
		if !strings.Contains(c.Text, part) {
			t.Errorf("%s: the text lacks %q: %s", c.Number, part, c.Text)
		}
	}
	if n := len([]rune(c.Text)); x.Length > 0 && n != x.Length {
		t.Errorf("%s: text of %d characters, want %d", c.Number, n, x.Length)
	}
	var notes []string
	for _, e := range w.events(c.Number) {
		if e.Actor.Role == routing.RoleComplainant {
			notes = append(notes, e.Data.Note)
		}
	}
	for _, note := range x.Notes {
		if !strings.Contains(strings.Join(notes, "\n"), note) {
			t.Errorf("%s: what was added lacks %q: %q", c.Number, note, notes)
		}
	}
	x.checkRest(w, c)
}

func (x want) checkRest(w *world, c routing.Case) {
	w.t.Helper()
	evidence, err := w.store.AttachmentsOf(context.Background(), c.Number)
	if err != nil {
		w.t.Fatal(err)
	}
	var rating routing.Rating
	if c.Rating != nil {
		rating = *c.Rating
	}
	if len(evidence) != x.Evidence || string(rating.Solved) != x.Solved || rating.Satisfied != x.Satisfied || c.Redos != x.Redos || c.Urges != x.Urges {
		w.t.Errorf("%s: evidence %d, rating %+v, redos %d, urges %d; want %+v", c.Number, len(evidence), rating, c.Redos, c.Urges, x)
	}
}
