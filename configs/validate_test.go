package configs

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// valid is a configuration that a server may start with, every part switched on.
func valid() Config {
	c := Default()
	c.SecretKey = Secret(strings.Repeat("k", 32))
	c.DatabaseURL = "postgres://jiesu@127.0.0.1:5432/jiesu?sslmode=disable"
	c.RedisURL = "redis://127.0.0.1:6379/0"
	c.WeChat.AppID, c.WeChat.AppSecret, c.WeChat.Token = "wx0000000000000000", "secret", "Token123"
	c.WeChat.AESKey = Secret(strings.Repeat("A", 43))
	c.WeChat.AESKeyPrevious = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG" // ends in stray bits, as real keys do
	c.WeChat.Templates = map[string]Template{"default": {ID: "id", Fields: map[string]string{"number": "character_string1"}}}
	return c
}

func TestDefaultIsFitForDemoAndOnlyLacksAKeyToServe(t *testing.T) {
	t.Parallel()
	if err := Default().Validate(ModeDemo); err != nil {
		t.Errorf("demo: %v", err)
	}
	err := Default().Validate(ModeServe)
	var p *Problem
	if !errors.As(err, &p) || p.Key != "secret_key" || p.Env != "JIESU_SECRET_KEY" || strings.Contains(err.Error(), "\n") {
		t.Errorf("serve: got %v, want only secret_key", err)
	}
}

func TestEachRuleIsChecked(t *testing.T) {
	t.Parallel()
	if err := valid().Validate(ModeServe); err != nil {
		t.Fatalf("valid: %v", err)
	}
	for _, test := range []struct {
		name   string
		breach func(*Config)
		want   string // keys of the problems, in order
	}{
		{"listen without port", func(c *Config) { c.Listen = "127.0.0.1" }, "listen"},
		{"listen with a port that is none", func(c *Config) { c.Listen = ":65536" }, "listen"},
		{"public URL without scheme", func(c *Config) { c.PublicURL = "example.org" }, "public_url"},
		{"public URL of another scheme", func(c *Config) { c.PublicURL = "ftp://example.org" }, "public_url"},
		{"public URL without host", func(c *Config) { c.PublicURL = "http://:80" }, "public_url"},
		{"public URL with query", func(c *Config) { c.PublicURL = "https://example.org/?a=b" }, "public_url"},
		{"database of an unknown kind", func(c *Config) { c.DatabaseURL = "mysql://h/d" }, "database_url"},
		{"database without file", func(c *Config) { c.DatabaseURL = "sqlite:" }, "database_url"},
		{"database without host", func(c *Config) { c.DatabaseURL = "postgres:///d" }, "database_url"},
		{"redis of an unknown kind", func(c *Config) { c.RedisURL = "127.0.0.1:6379" }, "redis_url"},
		{"secret key missing", func(c *Config) { c.SecretKey = "" }, "secret_key"},
		{"secret key short", func(c *Config) { c.SecretKey = Secret(strings.Repeat("k", 31)) }, "secret_key"},
		{"log level", func(c *Config) { c.Log.Level = "loud" }, "log.level"},
		{"log format", func(c *Config) { c.Log.Format = "xml" }, "log.format"},
		{"app id missing", func(c *Config) { c.WeChat.AppID = "" }, "wechat.app_id"},
		{"app secret missing", func(c *Config) { c.WeChat.AppSecret = "" }, "wechat.app_secret"},
		{"token missing", func(c *Config) { c.WeChat.Token = "" }, "wechat.token"},
		{"token with a sign", func(c *Config) { c.WeChat.Token = "ab-c" }, "wechat.token"},
		{"AES key missing", func(c *Config) { c.WeChat.AESKey = "" }, "wechat.aes_key"},
		{"AES key short", func(c *Config) { c.WeChat.AESKey = c.WeChat.AESKey[1:] }, "wechat.aes_key"},
		{"AES key with a sign", func(c *Config) { c.WeChat.AESKey = "-" + c.WeChat.AESKey[1:] }, "wechat.aes_key"},
		{"previous AES key long", func(c *Config) { c.WeChat.AESKeyPrevious += "A" }, "wechat.aes_key_previous"},
		{"API base", func(c *Config) { c.WeChat.APIBase = "" }, "wechat.api_base"},
		{"no such carrier", func(c *Config) { c.SMS = sms(); c.SMS.Provider = "pigeon" }, "sms.provider"},
		{"carrier without secret", func(c *Config) { c.SMS = sms(); c.SMS.Secret = "" }, "sms.secret"},
		{"carrier without key", func(c *Config) { c.SMS = sms(); c.SMS.KeyID = "" }, "sms.key_id"},
		{"carrier without sign", func(c *Config) { c.SMS = sms(); c.SMS.Sign = "" }, "sms.sign"},
		{"Tencent without application", func(c *Config) { c.SMS = sms(); c.SMS.Provider = "tencent" }, "sms.app_id"},
		{"gateway without address", func(c *Config) { c.SMS = sms(); c.SMS.Provider = "http" }, "sms.endpoint"},
		{"short token for reports", func(c *Config) { c.SMS = sms(); c.SMS.CallbackToken = "short" }, "sms.callback_token"},
		{"no message to anybody", func(c *Config) { c.SMS = sms(); c.SMS.PerPerson = 0 }, "sms.per_person"},
		{"no message at all", func(c *Config) { c.SMS = sms(); c.SMS.PerDay = 0 }, "sms.per_day"},
		{"text of another kind", func(c *Config) { c.SMS = sms(); c.SMS.Templates["greeting"] = SMSTemplate{ID: "x"} }, "sms.templates"},
		{"text with another value", func(c *Config) {
			c.SMS = sms()
			c.SMS.Templates["code"] = SMSTemplate{ID: "x", Params: []string{"phone"}}
		}, "sms.templates"},
		{"words without a meaning of ours", func(c *Config) { c.Outside.Statuses = map[string]string{"x": "done"} }, "outside.statuses"},
		{"a secret of another kind", func(c *Config) { c.Outside.Secret = "short" }, "outside.secret"},
		{"hours that are none", func(c *Config) { c.Handover.Hours = "8-20" }, "handover.hours"},
		{"no patience", func(c *Config) { c.Handover.Wait = time.Second }, "handover.wait"},
		{"no conversation", func(c *Config) { c.Handover.Chats = 0 }, "handover.chats"},
		{"template without id", func(c *Config) { c.WeChat.Templates["a"] = Template{} }, "wechat.templates.a.id"},
		{"template field unknown", func(c *Config) { c.WeChat.Templates["default"].Fields["phone"] = "thing1" }, "wechat.templates.default.fields.phone"},
		{"template key of wrong form", func(c *Config) { c.WeChat.Templates["default"].Fields["item"] = "thing" }, "wechat.templates.default.fields.item"},
		{"no reminder", func(c *Config) { c.Dialogue.RemindAfter = 0 }, "dialogue.remind_after"},
		{"closing before reminding", func(c *Config) { c.Dialogue.CloseAfter = c.Dialogue.RemindAfter }, "dialogue.close_after"},
		{"callback slower than the platform waits", func(c *Config) { c.Dialogue.CallbackDeadline = 5 * time.Second }, "dialogue.callback_deadline"},
		{"spans sent nowhere", func(c *Config) { c.Tracing.Endpoint = "collector:4318" }, "tracing.endpoint"},
		{"more than every request recorded", func(c *Config) { c.Tracing.Sample = 2 }, "tracing.sample"},
		{"messages of a fan in a breath", func(c *Config) { c.Dialogue.PerMinute = 5 }, "dialogue.per_minute"},
		{"nearly no message at once", func(c *Config) { c.Dialogue.MaxWorking = 1 }, "dialogue.max_working"},
		{"no callback time", func(c *Config) { c.Dialogue.CallbackDeadline = 0 }, "dialogue.callback_deadline"},
		{"the office without a second factor", func(c *Config) { c.Login.SecondFactor = "admin" }, "login.second_factor"},
		{"a second factor for nobody we know", func(c *Config) { c.Login.SecondFactor = "office,admin,mayor" }, "login.second_factor"},
		{"a provider without encryption", func(c *Config) { c.OIDC = OIDC{Name: "x", ClientID: "x", Issuer: "http://id.example"} }, "oidc.issuer"},
		{"a provider that doesn't know us", func(c *Config) { c.OIDC = OIDC{Name: "x", Issuer: "https://id.example"} }, "oidc.client_id"},
		{"a button without words", func(c *Config) { c.OIDC = OIDC{ClientID: "x", Issuer: "https://id.example"} }, "oidc.name"},
		{"session without idle time", func(c *Config) { c.Session.Idle = 0 }, "session.idle"},
		{"session shorter than its idle time", func(c *Config) { c.Session.Absolute = c.Session.Idle - 1 }, "session.absolute"},
		{"no day to come back in", func(c *Config) { c.Ledger.ReturnedDays = 0 }, "ledger.returned_days"},
		{"more days than are remembered", func(c *Config) { c.Ledger.ReturnedDays = 366 }, "ledger.returned_days"},
		{"a burst of one", func(c *Config) { c.Repeats.Burst = 1 }, "repeats.burst"},
		{"a burst of more than are compared", func(c *Config) { c.Repeats.Burst = 51 }, "repeats.burst"},
		{"a burst within minutes", func(c *Config) { c.Repeats.Within = time.Minute }, "repeats.within"},
		{"a burst within weeks", func(c *Config) { c.Repeats.Within = 15 * 24 * time.Hour }, "repeats.within"},
		{"no password attempt", func(c *Config) { c.Login.MaxFailures = 0 }, "login.max_failures"},
		{"no lock", func(c *Config) { c.Login.LockFor = -1 }, "login.lock_for"},
		{"no image", func(c *Config) { c.Attachments.MaxImage = 0 }, "attachments.max_image"},
		{"no voice", func(c *Config) { c.Attachments.MaxVoice = 0 }, "attachments.max_voice"},
		{"no video", func(c *Config) { c.Attachments.MaxVideo = -1 }, "attachments.max_video"},
		{"no worker", func(c *Config) { c.Jobs.Workers = 0 }, "jobs.workers"},
		{"too many workers", func(c *Config) { c.Jobs.Workers = 1001 }, "jobs.workers"},
		{"no cooldown", func(c *Config) { c.Jobs.FetchCooldown = 0 }, "jobs.fetch_cooldown"},
		{"no job time", func(c *Config) { c.Jobs.Timeout = 0 }, "jobs.timeout"},
		{"rescue of running jobs", func(c *Config) { c.Jobs.RescueAfter = c.Jobs.Timeout - 1 }, "jobs.rescue_after"},
		{"several at once", func(c *Config) { c.Listen, c.Log.Level, c.Jobs.Workers = "", "", 0 }, "listen log.level jobs.workers"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := valid()
			test.breach(&c)
			err := c.Validate(ModeServe)
			if got := strings.Join(broken(err), " "); got != test.want {
				t.Fatalf("problems with %q, want %q", got, test.want)
			}
			if lines := strings.Split(err.Error(), "\n"); len(lines) != len(broken(err)) {
				t.Errorf("not one line each: %q", lines)
			}
		})
	}
}

// broken lists the keys of the problems in err.
func broken(err error) []string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var list []string
	for _, e := range joined.Unwrap() {
		var p *Problem
		if errors.As(e, &p) {
			list = append(list, p.Key)
		}
	}
	return list
}

func TestProblemsOfRealSettingsNameTheEnvironmentToo(t *testing.T) {
	t.Parallel()
	c := Config{Attachments: Attachments{MaxImage: -1}}
	err := c.Validate(ModeServe)
	known := map[string]string{}
	for _, k := range keys(&c) {
		known[k.path] = k.env
	}
	for _, path := range broken(err) {
		if env := known[path]; env == "" || !strings.Contains(err.Error(), path+" ("+env+"): ") {
			t.Errorf("%s isn't a setting, or not named with its environment name", path)
		}
	}
	if len(broken(err)) < 15 {
		t.Errorf("an empty configuration breaks only %d rules: %v", len(broken(err)), err)
	}
}

func sms() SMS {
	return SMS{Provider: "aliyun", KeyID: "k", Secret: "s", Sign: "x", PerPerson: 1, PerDay: 1, Templates: map[string]SMSTemplate{}}
}
