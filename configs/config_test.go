package configs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// write puts text into a fresh file and returns its path.
func write(tb testing.TB, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestExampleFileSaysEveryDefault(t *testing.T) {
	t.Parallel()
	c, err := Load("example.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Outside.Statuses = map[string]string{}
	want.WeChat.Templates, want.SMS.Templates = map[string]Template{}, map[string]SMSTemplate{}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("example.yaml gives\n%+v\nwant the defaults\n%+v", c, want)
	}

	// Equal values prove nothing about a key that the file leaves out, so every key must be written there.
	text, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	for _, k := range keys(&want) {
		section, leaf, nested := strings.Cut(k.path, ".")
		at := tree
		if nested {
			at, _ = tree[section].(map[string]any)
		} else {
			leaf = section
		}
		if _, ok := at[leaf]; !ok {
			t.Errorf("example.yaml doesn't show %s", k.path)
		}
	}
}

func TestEnvironmentNamesArePromised(t *testing.T) {
	t.Parallel()
	have := map[string]bool{}
	c := Default()
	for _, k := range keys(&c) {
		have[k.env] = true
	}
	for _, name := range []string{"LISTEN", "PUBLIC_URL", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "WECHAT_APP_ID", "WECHAT_APP_SECRET",
		"WECHAT_TOKEN", "WECHAT_AES_KEY", "WECHAT_AES_KEY_PREVIOUS", "WECHAT_API_BASE"} {
		if !have["JIESU_"+name] {
			t.Errorf("JIESU_%s sets nothing", name)
		}
	}
}

func TestEnvironmentWinsOverFileAndFileOverDefault(t *testing.T) {
	t.Parallel()
	file := write(t, "listen: 127.0.0.1:1\nlog: {level: warn}\njobs: {workers: 3}\nwechat: {menu: false}\n")
	c, err := Load(file, []string{"JIESU_LISTEN=127.0.0.1:2", "JIESU_JOBS_WORKERS=7", "JIESU_SESSION_IDLE=5m", "JIESU_LOG_FORMAT=",
		"LISTEN=127.0.0.1:3", "JIESU_PORT=tcp://10.0.0.1:80", "nonsense"})
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]any{
		"environment over file":    {c.Listen, "127.0.0.1:2"},
		"environment, number":      {c.Jobs.Workers, 7},
		"environment, duration":    {c.Session.Idle, 5 * time.Minute},
		"file over default":        {c.Log.Level, "warn"},
		"file, bool":               {c.WeChat.Menu, false},
		"empty variable is no set": {c.Log.Format, "text"},
		"default":                  {c.Login.MaxFailures, 5},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %v, want %v", what, pair[0], pair[1])
		}
	}
}

func TestSecretComesFromFile(t *testing.T) {
	t.Parallel()
	path := write(t, "from-a-file\n")
	c, err := Load("", []string{"JIESU_SECRET_KEY_FILE=" + path})
	if err != nil || c.SecretKey.Reveal() != "from-a-file" {
		t.Errorf("got %q, %v", c.SecretKey.Reveal(), err)
	}

	_, err = Load("", []string{"JIESU_SECRET_KEY_FILE=" + path, "JIESU_SECRET_KEY=given"})
	if err == nil || !strings.Contains(err.Error(), "not both") {
		t.Errorf("both given: got %v", err)
	}
	_, err = Load("", []string{"JIESU_SECRET_KEY_FILE=" + path + ".missing"})
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "secret_key (JIESU_SECRET_KEY_FILE)") {
		t.Errorf("missing file: got %v", err)
	}
	c, err = Load("", []string{"JIESU_LISTEN_FILE=" + path})
	if err != nil || c.Listen != Default().Listen {
		t.Errorf("_FILE of a key that is no secret must do nothing: got %q, %v", c.Listen, err)
	}
}

func TestFileKeepsSecretsAsWritten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0123456789", "0x10", "1e400", "true", "'quoted # text'", "|\n  block\n"} {
		c, err := Load(write(t, "secret_key: "+text), nil)
		want := strings.TrimSpace(strings.Trim(strings.TrimPrefix(text, "|"), "'"))
		if err != nil || c.SecretKey.Reveal() != want {
			t.Errorf("%q: got %q, %v, want %q", text, c.SecretKey.Reveal(), err, want)
		}
	}
}

func TestTemplatesComeFromFile(t *testing.T) {
	t.Parallel()
	c, err := Load(write(t, "wechat:\n  templates:\n    default: {id: abc, fields: {number: character_string1}}\n"), nil)
	want := map[string]Template{"default": {ID: "abc", Fields: map[string]string{"number": "character_string1"}}}
	if err != nil || !reflect.DeepEqual(c.WeChat.Templates, want) {
		t.Errorf("got %v, %v", c.WeChat.Templates, err)
	}
}

func TestBadFileIsRefusedWithKeyAndLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"log:\n  levl: info":                    "line 2: unknown key log.levl",
		"tokens: 3":                             "line 1: unknown key tokens",
		"listen: a\nlisten: b":                  "line 2: listen: set twice",
		"jobs:\n  workers: 1.5":                 "line 2: jobs.workers (JIESU_JOBS_WORKERS): must be a whole number",
		"jobs: {workers: 99999999999999999999}": "must be a whole number",
		"dialogue: {remind_after: 5}":           "dialogue.remind_after (JIESU_DIALOGUE_REMIND_AFTER): must be a duration",
		"wechat: {menu: maybe}":                 "must be true or false",
		"listen: [a]":                           "line 1: listen: must be a single value",
		"wechat: on":                            "line 1: wechat: must be a mapping",
		"- listen":                              "the file: must be a mapping",
		"log: {level: [":                        "not valid YAML",
		"---\nlisten: a\n---\nlisten: b":        "more than one YAML document",
		"wechat: {templates: {a: {id: x, colour: red}}}":            "wechat.templates: must be KIND",
		"outside: {statuses: {a: [b]}}":                             "outside.statuses: must be WORDS",
		"sms: {templates: {code: {id: x, params: code}}}":           "sms.templates: must be KIND",
		"jobs: {workers: a}\nlogs: {}\nattachments: {max_image: b}": "line 2: unknown key logs\nline 3: attachments.max_image",
	} {
		_, err := Load(write(t, text), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: got %v", err)
	}
}

func TestEveryBadVariableIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Load("", []string{"JIESU_JOBS_WORKERS=many", "JIESU_SESSION_IDLE=soon", "JIESU_WECHAT_MENU=oui"})
	for _, want := range []string{"JIESU_JOBS_WORKERS", "JIESU_SESSION_IDLE", "JIESU_WECHAT_MENU"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
}

// marked fills every secret with a value that must not turn up anywhere.
func marked() (Config, string) {
	const mark = "HUSHHUSH-0123456789-0123456789-0123456789"
	c := Default()
	for _, k := range keys(&c) {
		if k.secret() {
			k.value.SetString(mark)
		}
	}
	return c, mark
}

func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	c, mark := marked()
	shown := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T %[1]v"} {
		shown["config "+verb] = fmt.Sprintf(verb, c)
		shown["pointer "+verb] = fmt.Sprintf(verb, &c)
		shown["secret "+verb] = fmt.Sprintf(verb, c.SecretKey)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "config", c, "key", c.SecretKey)
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "config", c, "key", c.SecretKey)
	shown["slog"] = log.String()
	text, err := json.Marshal(c)
	shown["json"] = fmt.Sprint(string(text), err)
	text, err = yaml.Marshal(c)
	shown["yaml"] = fmt.Sprint(string(text), err)
	shown["validation"] = fmt.Sprintf("%v %+v", c.Validate(ModeServe), c.Validate(ModeServe))
	for where, text := range shown {
		if strings.Contains(text, mark) || strings.Contains(text, fmt.Sprintf("%x", mark)) || text == "" {
			t.Errorf("%s shows a secret, or nothing at all: %s", where, text)
		}
	}
	if !strings.Contains(shown["slog"], "[secret]") || Secret("").String() != "" {
		t.Error("a reader must see whether a secret is set")
	}
}

func FuzzLoad(f *testing.F) {
	example, err := os.ReadFile("example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example), "127.0.0.1:80")
	f.Add("secret_key: @x", "")
	f.Add("jobs: {workers: -1}\n---\n", "x")
	f.Add("wechat: {templates: {a: {id: b, fields: {c: d}}}}", "true")
	f.Add("? [a]\n: *b", "0")
	const mark = "HUSHHUSH-0123456789"
	f.Fuzz(func(t *testing.T, text, value string) {
		environ := []string{"JIESU_WECHAT_TOKEN=" + mark, "JIESU_LISTEN=" + value, "JIESU_JOBS_WORKERS=" + value}
		c, err := Load(write(t, text), environ)
		if err != nil {
			if strings.Contains(err.Error(), mark) {
				t.Errorf("error shows a secret: %v", err)
			}
			return
		}
		// Whatever the file says, the environment has the last word, and judging the result never fails in itself.
		if c.WeChat.Token.Reveal() != mark || value != "" && c.Listen != value {
			t.Errorf("environment lost: %q, %q", c.WeChat.Token.Reveal(), c.Listen)
		}
		if err := c.Validate(ModeServe); err != nil && strings.Contains(err.Error(), mark) {
			t.Errorf("validation shows a secret: %v", err)
		}
	})
}
