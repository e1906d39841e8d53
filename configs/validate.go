package configs

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Mode is what the configuration is for.
type Mode string

// The modes. A demo makes its own secret key and forgets it; a server must be given one.
const (
	ModeServe Mode = "serve"
	ModeDemo  Mode = "demo"
)

// platformDeadline is when WeChat drops a callback and sends it again (passive reply page).
const platformDeadline = 5 * time.Second

// minSecretLength of JIESU_SECRET_KEY: `openssl rand -hex 16` gives 32 characters, 128 bits.
const minSecretLength = 32

var (
	callbackToken = regexp.MustCompile(`^[A-Za-z0-9]{3,32}$`)      // as the platform's settings page demands
	templateKey   = regexp.MustCompile(`^[a-z]+(_[a-z]+)*[0-9]+$`) // thing1, character_string2, …
)

// templateFields are what a notice can fill into a template message.
var templateFields = []string{"number", "state", "item", "unit", "time", "note"}

// Validate returns every rule that the configuration breaks, joined, one *Problem and one line each, or nil.
func (c Config) Validate(mode Mode) error {
	v := &validation{}
	c.validateServer(v, mode)
	c.WeChat.validate(v)
	c.validateLimits(v)
	return errors.Join(v.problems...)
}

// validation collects problems, so that one start shows them all.
type validation struct{ problems []error }

func (v *validation) check(ok bool, path, rule string) {
	if !ok {
		v.problems = append(v.problems, &Problem{Key: path, Env: envName(path), Rule: rule})
	}
}

var timeSpan = regexp.MustCompile(`^([01]?\d|2[0-3]):[0-5]\d-(([01]?\d|2[0-3]):[0-5]\d|24:00)$`)

func (r Retention) validate(v *validation) {
	const rule = "must be 720h (30 days) or longer, or 0 to keep everything"
	v.check(r.Cases == 0 || r.Cases >= 30*24*time.Hour, "retention.cases", rule)
	v.check(r.Talk == 0 || r.Talk >= 30*24*time.Hour, "retention.talk", rule)
}

func (h Handover) validate(v *validation) {
	for _, s := range h.Spans() {
		v.check(timeSpan.MatchString(s), "handover.hours", "must be spans like 08:00-12:00,13:00-20:00")
	}
	for name, d := range map[string]time.Duration{"wait": h.Wait, "answer": h.Answer, "idle": h.Idle} {
		v.check(d >= time.Minute && d <= 24*time.Hour, "handover."+name, "must be from 1m to 24h")
	}
	v.check(h.Chats >= 1 && h.Chats <= 50, "handover.chats", "must be from 1 to 50 conversations")
}

func (o OIDC) validate(v *validation) {
	if o.Issuer == "" {
		return
	}
	u, err := url.Parse(o.Issuer)
	v.check(err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())), "oidc.issuer", "must be https://HOST")
	v.check(o.ClientID != "", "oidc.client_id", "must not be empty")
	v.check(o.Name != "", "oidc.name", "must not be empty")
}

// isLoopback reports whether only this machine is meant.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (o Outside) validate(v *validation) {
	v.check(o.Secret == "" || strings.HasPrefix(string(o.Secret), "whsec_") && len(o.Secret) >= minSecretLength, "outside.secret", "must begin with whsec_ and have 32 characters or more")
	for _, meaning := range o.Statuses {
		v.check(slices.Contains([]string{"progress", "signed", "refused", "replied", "closed"}, meaning), "outside.statuses", "must mean progress, signed, refused, replied or closed")
	}
}

// smsValues are what a text message's template can be filled with.
var smsValues = map[string][]string{"notice": {"number", "state", "unit", "token"}, "code": {"code", "minutes", "number"}}

func (s SMS) validate(v *validation) {
	if !s.Configured() {
		return
	}
	v.check(slices.Contains([]string{"aliyun", "tencent", "http"}, s.Provider), "sms.provider", "must be aliyun, tencent or http")
	v.check(s.KeyID != "", "sms.key_id", "must be set")
	v.check(s.Secret != "", "sms.secret", "must be set")
	v.check(s.Sign != "", "sms.sign", "must be the approved signature")
	v.check(s.Provider != "tencent" || s.AppID != "", "sms.app_id", "must be set for Tencent Cloud")
	v.check(s.Endpoint == "" && s.Provider != "http" || webURL(s.Endpoint), "sms.endpoint", "must be an http or https URL")
	v.check(s.CallbackToken == "" || len(s.CallbackToken) >= minSecretLength, "sms.callback_token", "must have 32 characters or more")
	v.check(s.PerPerson >= 1 && s.PerPerson <= 50, "sms.per_person", "must be from 1 to 50")
	v.check(s.PerDay >= 1, "sms.per_day", "must be above zero")
	for name, t := range s.Templates {
		values, known := smsValues[name]
		v.check(known && t.ID != "", "sms.templates", "must be notice and code, each with an id")
		for _, p := range t.Params {
			v.check(!known || slices.Contains(values, p), "sms.templates", "notice takes number, state, unit, token; code takes code, minutes, number")
		}
	}
}

func (c Config) validateServer(v *validation, mode Mode) {
	v.check(listenable(c.Listen), "listen", "must be host:port with a port from 0 to 65535")
	v.check(webURL(c.PublicURL), "public_url", "must be an http or https URL with a host, without query or fragment")
	v.check(databaseURL(c.DatabaseURL.Reveal()), "database_url", "must be sqlite:FILE or postgres://HOST/DATABASE")
	v.check(c.Tracing.Endpoint == "" || strings.HasPrefix(c.Tracing.Endpoint, "http://") || strings.HasPrefix(c.Tracing.Endpoint, "https://"), "tracing.endpoint", "must be http://HOST:4318 or https://…, or empty")
	v.check(c.Tracing.Sample > 0 && c.Tracing.Sample <= 1, "tracing.sample", "must be a share above 0 and up to 1")
	v.check(c.RedisURL == "" || redisURL(c.RedisURL.Reveal()), "redis_url", "must be redis://HOST or rediss://HOST, or empty")
	if mode == ModeServe || c.SecretKey != "" {
		v.check(len(c.SecretKey) >= minSecretLength, "secret_key",
			fmt.Sprintf("must be set to at least %d characters, e.g. from `openssl rand -hex 32`", minSecretLength))
	}
	v.check(c.SecretKeyPrevious == "" || len(c.SecretKeyPrevious) >= minSecretLength && c.SecretKeyPrevious != c.SecretKey, "secret_key_previous",
		"must be the secret_key of before, another one than now, or empty")
	v.check(slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level), "log.level", "must be debug, info, warn or error")
	v.check(slices.Contains([]string{"text", "json"}, c.Log.Format), "log.format", "must be text or json")
}

func (w WeChat) validate(v *validation) {
	v.check(webURL(w.APIBase), "wechat.api_base", "must be an http or https URL with a host, without query or fragment")
	v.check(w.AESKeyPrevious == "" || aesKey(w.AESKeyPrevious), "wechat.aes_key_previous", "must be 43 characters of base64")
	w.validateTemplates(v)
	if w.AppID == "" && w.AppSecret == "" && w.Token == "" && w.AESKey == "" {
		return
	}
	const together = "must be set: app_id, app_secret, token and aes_key belong together"
	v.check(w.AppID != "", "wechat.app_id", together)
	v.check(w.AppSecret != "", "wechat.app_secret", together)
	v.check(w.Token != "", "wechat.token", together)
	v.check(w.AESKey != "", "wechat.aes_key", together)
	v.check(w.Token == "" || callbackToken.MatchString(w.Token.Reveal()), "wechat.token", "must be 3 to 32 letters or digits")
	v.check(w.AESKey == "" || aesKey(w.AESKey), "wechat.aes_key", "must be 43 characters of base64")
}

// validateTemplates checks what the platform would refuse only when the first notice is sent (errors 40037, 47003).
func (w WeChat) validateTemplates(v *validation) {
	for _, kind := range slices.Sorted(maps.Keys(w.Templates)) {
		t, path := w.Templates[kind], "wechat.templates."+kind
		if t.ID == "" {
			v.problems = append(v.problems, &Problem{Key: path + ".id", Rule: "must not be empty"})
		}
		for _, field := range slices.Sorted(maps.Keys(t.Fields)) {
			if !slices.Contains(templateFields, field) || !templateKey.MatchString(t.Fields[field]) {
				v.problems = append(v.problems, &Problem{Key: path + ".fields." + field,
					Rule: "must map one of " + strings.Join(templateFields, ", ") + " to a template key such as thing1"})
			}
		}
	}
}

func (c Config) validateLimits(v *validation) {
	d, s, l, a, j := c.Dialogue, c.Session, c.Login, c.Attachments, c.Jobs
	risk := c.Classifier.MaxWrongUnits
	v.check(risk >= 0 && risk <= 0.2, "classifier.max_wrong_units", "must be a share from 0 to 0.2")
	v.check(c.Repeats.Burst >= 2 && c.Repeats.Burst <= 50, "repeats.burst", "must be from 2 to 50 complainants")
	v.check(c.Repeats.Within >= time.Hour && c.Repeats.Within <= 7*24*time.Hour, "repeats.within", "must be from 1h to 168h")
	_, err := c.Webhooks.Networks()
	v.check(err == nil, "webhooks.allowed", "must be networks like 10.20.0.0/16, with commas between them")
	v.check(c.Ledger.ReturnedDays >= 1 && c.Ledger.ReturnedDays <= 365, "ledger.returned_days", "must be from 1 to 365 days")
	v.check(d.RemindAfter > 0, "dialogue.remind_after", "must be longer than 0")
	v.check(d.CloseAfter > d.RemindAfter, "dialogue.close_after", "must be longer than dialogue.remind_after")
	v.check(d.CallbackDeadline > 0 && d.CallbackDeadline < platformDeadline, "dialogue.callback_deadline",
		"must be longer than 0 and shorter than 5s, after which the platform sends the message again")
	v.check(d.PerMinute >= 10 && d.PerMinute <= 10_000, "dialogue.per_minute", "must be from 10 to 10000 messages")
	v.check(d.MaxWorking >= 16 && d.MaxWorking <= 10_000, "dialogue.max_working", "must be from 16 to 10000 messages")
	c.Handover.validate(v)
	c.SMS.validate(v)
	c.Outside.validate(v)
	c.Retention.validate(v)
	e := c.Evaluation
	v.check(e.RemindAfter >= 1 && e.RemindAfter <= 30, "evaluation.remind_after", "must be from 1 to 30 working days")
	v.check(e.CallAfter >= 1 && e.CallAfter <= 30, "evaluation.call_after", "must be from 1 to 30 working days")
	v.check(e.CallPercent >= 0 && e.CallPercent <= 100, "evaluation.call_percent", "must be from 0 to 100 percent")
	v.check(e.Sample >= 1 && e.Sample <= 10_000, "evaluation.sample", "must be from 1 to 10000 cases")
	v.check(s.Idle > 0, "session.idle", "must be longer than 0")
	v.check(s.Absolute >= s.Idle, "session.absolute", "must not be shorter than session.idle")
	v.check(l.MaxFailures >= 1, "login.max_failures", "must be 1 or more")
	v.check(l.LockFor > 0, "login.lock_for", "must be longer than 0")
	for _, role := range l.Roles() {
		v.check(slices.Contains([]string{"operator", "unit", "office", "admin"}, role), "login.second_factor", "must be roles: operator, unit, office, admin")
	}
	v.check(slices.Contains(l.Roles(), "office") && slices.Contains(l.Roles(), "admin"), "login.second_factor", "must have office and admin: they see everybody")
	c.OIDC.validate(v)
	v.check(a.MaxImage > 0, "attachments.max_image", "must be more than 0 bytes")
	v.check(a.MaxVoice > 0, "attachments.max_voice", "must be more than 0 bytes")
	v.check(a.MaxVideo > 0, "attachments.max_video", "must be more than 0 bytes")
	v.check(j.Workers >= 1 && j.Workers <= 1000, "jobs.workers", "must be from 1 to 1000")
	v.check(j.FetchCooldown >= time.Millisecond, "jobs.fetch_cooldown", "must be 1ms or longer")
	v.check(j.Timeout > 0, "jobs.timeout", "must be longer than 0")
	v.check(j.RescueAfter >= j.Timeout, "jobs.rescue_after", "must not be shorter than jobs.timeout, or running jobs are run twice")
}

func listenable(address string) bool {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func webURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" &&
		u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}

func databaseURL(text string) bool {
	if file, ok := strings.CutPrefix(text, "sqlite:"); ok {
		return file != ""
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") && (u.Host != "" || u.Query().Get("host") != "")
}

func redisURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "redis" || u.Scheme == "rediss") && u.Host != ""
}

// aesKey checks the shape of an EncodingAESKey: with the "=" that the platform leaves out it is the base64 of 32 bytes. Not strict:
// the platform's keys may end in stray bits.
func aesKey(s Secret) bool {
	raw, err := base64.StdEncoding.DecodeString(s.Reveal() + "=")
	return err == nil && len(s) == 43 && len(raw) == 32
}
