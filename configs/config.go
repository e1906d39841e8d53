// Package configs holds everything that can be set: the program's configuration, and the data that people of the office keep
// (taxonomy, dispatch table, right doors, wording), embedded into the binary.
//
// It reads neither the process environment nor any global: the caller passes in the environment and hands each package its part.
// example.yaml explains every key.
package configs

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Config is the whole configuration. Every scalar key has an environment name made from its path: wechat.app_id is
// JIESU_WECHAT_APP_ID. Default gives working values; Load reads them; Validate says what is wrong with them.
type Config struct {
	Listen            string      `yaml:"listen"`              // host:port of the HTTP server
	PublicURL         string      `yaml:"public_url"`          // how complainants reach it; links in messages start with it
	DatabaseURL       Secret      `yaml:"database_url"`        // sqlite:FILE or postgres://…; secret because it may carry a password
	RedisURL          Secret      `yaml:"redis_url"`           // redis://… or rediss://…; empty: one node, state in the process
	SecretKey         Secret      `yaml:"secret_key"`          // seals the keys that encrypt personal data
	SecretKeyPrevious Secret      `yaml:"secret_key_previous"` // the one before, while it is exchanged
	Log               Log         `yaml:"log"`
	Tracing           Tracing     `yaml:"tracing"`
	WeChat            WeChat      `yaml:"wechat"`
	Classifier        Classifier  `yaml:"classifier"`
	Repeats           Repeats     `yaml:"repeats"`
	Ledger            Ledger      `yaml:"ledger"`
	Open311           Open311     `yaml:"open311"`
	Webhooks          Webhooks    `yaml:"webhooks"`
	Outside           Outside     `yaml:"outside"`
	Dialogue          Dialogue    `yaml:"dialogue"`
	Handover          Handover    `yaml:"handover"`
	SMS               SMS         `yaml:"sms"`
	Evaluation        Evaluation  `yaml:"evaluation"`
	Retention         Retention   `yaml:"retention"`
	Session           Session     `yaml:"session"`
	Login             Login       `yaml:"login"`
	OIDC              OIDC        `yaml:"oidc"`
	Attachments       Attachments `yaml:"attachments"`
	Jobs              Jobs        `yaml:"jobs"`
	Clocks            Clocks      `yaml:"clocks"`
	Knowledge         Knowledge   `yaml:"knowledge"`
}

// Log says what is written to standard error.
type Log struct {
	Level  string `yaml:"level"`  // debug, info, warn or error
	Format string `yaml:"format"` // text or json
}

// Tracing says where spans go.
type Tracing struct {
	Endpoint string  `yaml:"endpoint"` // of a collector: http://HOST:4318 (OTLP over HTTP); empty: nowhere
	Sample   float64 `yaml:"sample"`   // share of requests and jobs that are recorded
}

// WeChat is the official account. Without an AppID the channel is off.
type WeChat struct {
	AppID          string              `yaml:"app_id"`
	AppSecret      Secret              `yaml:"app_secret"`
	Token          Secret              `yaml:"token"`            // signs callbacks; 3 to 32 letters or digits
	AESKey         Secret              `yaml:"aes_key"`          // EncodingAESKey, 43 characters
	AESKeyPrevious Secret              `yaml:"aes_key_previous"` // still accepted while the platform changes over
	APIBase        string              `yaml:"api_base"`
	Menu           bool                `yaml:"menu"`      // publish the account's menu when the server starts
	Templates      map[string]Template `yaml:"templates"` // by notice kind; "default" serves every other kind
}

// Configured reports whether the channel is on.
func (w WeChat) Configured() bool { return w.AppID != "" }

// Template is one template message of the account.
type Template struct {
	ID     string            `yaml:"id"`
	Fields map[string]string `yaml:"fields"` // our field (number, state, …) → the template's key (character_string1, …)
}

// Classifier says what judges complaints, and how much it is trusted.
type Classifier struct {
	Model         string  `yaml:"model"`           // model file, looked at again now and then; empty: the built-in model
	MaxWrongUnits float64 `yaml:"max_wrong_units"` // accepted share of wrong units among cases dispatched unseen
}

// Repeats says when many complaints about one matter are a mass incident.
type Repeats struct {
	Burst  int           `yaml:"burst"`  // complainants
	Within time.Duration `yaml:"within"` // from the first of their cases to the last
}

// Ledger says when a problem that was struck off has come back.
type Ledger struct {
	ReturnedDays int `yaml:"returned_days"` // the same matter within so many days after striking off
}

// Open311 is how the city shows itself to systems that speak Open311.
type Open311 struct {
	Jurisdiction string `yaml:"jurisdiction"` // jurisdiction_id that is answered; empty: any
	Contact      string `yaml:"contact"`      // whom to ask for a key
}

// Webhooks says whom events may be told to.
type Webhooks struct {
	Allowed string `yaml:"allowed"` // networks (CIDR, with commas between them) that are called though they aren't public
}

// Outside is how a case system outside speaks, whose cases ours follow.
type Outside struct {
	Secret   Secret            `yaml:"secret"`   // of the webhooks that it sends us, as whsec_…; empty: none are taken
	Statuses map[string]string `yaml:"statuses"` // its words → signed, refused, replied, closed, or progress
}

// Networks are the allowed ones. Error: one of them is none.
func (w Webhooks) Networks() (list []netip.Prefix, err error) {
	for text := range strings.SplitSeq(w.Allowed, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("read network %q: %w", text, err)
		}
		list = append(list, p)
	}
	return list, nil
}

// Dialogue sets the pace of a chat.
type Dialogue struct {
	RemindAfter      time.Duration `yaml:"remind_after"`      // silence in the middle of a filing until the bot asks once more
	CloseAfter       time.Duration `yaml:"close_after"`       // silence until what was said is filed or dropped
	CallbackDeadline time.Duration `yaml:"callback_deadline"` // our answer to the platform; it gives up after 5 s
	PerMinute        int           `yaml:"per_minute"`        // messages of one fan that are taken in
	MaxWorking       int           `yaml:"max_working"`       // messages of all that a server works on at once
}

// Handover says when operators are there to take over from the bot, and how long somebody may wait.
type Handover struct {
	Hours  string        `yaml:"hours"`  // of every day, as "08:00-20:00" with commas between spans; empty: working hours of working days
	Wait   time.Duration `yaml:"wait"`   // in the queue, until it becomes a call-back
	Answer time.Duration `yaml:"answer"` // for the operator's next words, until another one is asked
	Idle   time.Duration `yaml:"idle"`   // without a word from either side, until the bot has it again
	Chats  int           `yaml:"chats"`  // conversations that one operator has at once
}

// Spans are the parts of Hours.
func (h Handover) Spans() []string {
	return strings.FieldsFunc(h.Hours, func(r rune) bool { return r == ',' || r == ' ' })
}

// SMS is the carrier of text messages. Without a provider none are sent.
type SMS struct {
	Provider      string                 `yaml:"provider"` // aliyun, tencent or http
	KeyID         string                 `yaml:"key_id"`
	Secret        Secret                 `yaml:"secret"`
	Sign          string                 `yaml:"sign"`           // approved signature
	AppID         string                 `yaml:"app_id"`         // Tencent Cloud: SmsSdkAppId
	Region        string                 `yaml:"region"`         // Tencent Cloud
	Endpoint      string                 `yaml:"endpoint"`       // empty: the provider's own
	CallbackToken Secret                 `yaml:"callback_token"` // in the address of reports; empty: none are taken
	Templates     map[string]SMSTemplate `yaml:"templates"`      // notice, code
	PerPerson     int                    `yaml:"per_person"`     // notices to one complainant in a day
	PerDay        int                    `yaml:"per_day"`        // messages of all
}

// SMSTemplate is an approved text and what its places take, in their order: number, state, unit, token of notices; code, minutes, number of codes.
type SMSTemplate struct {
	ID     string   `yaml:"id"`
	Params []string `yaml:"params"`
}

// Configured reports whether the channel is on.
func (s SMS) Configured() bool { return s.Provider != "" }

// Evaluation says how answers are followed up, and how many cases a third party is given to evaluate.
type Evaluation struct {
	RemindAfter int `yaml:"remind_after"` // working days from the answer to the one reminder
	CallAfter   int `yaml:"call_after"`   // working days from the reminder to an operator's call
	CallPercent int `yaml:"call_percent"` // how many of those who still don't answer are called
	Sample      int `yaml:"sample"`       // cases of a period for a third party
}

// Retention says for how long what names people is kept; 0 keeps it.
type Retention struct {
	Cases time.Duration `yaml:"cases"` // after a case ended
	Talk  time.Duration `yaml:"talk"`  // what was said outside of cases
}

// Session is how long a console login lasts.
type Session struct {
	Idle     time.Duration `yaml:"idle"`
	Absolute time.Duration `yaml:"absolute"`
}

// Login limits guessing of passwords, and says who needs more than one.
type Login struct {
	MaxFailures  int           `yaml:"max_failures"` // wrong passwords in a row
	LockFor      time.Duration `yaml:"lock_for"`
	SecondFactor string        `yaml:"second_factor"` // roles, by commas
}

// Roles are those that need a second factor.
func (l Login) Roles() (list []string) {
	for role := range strings.SplitSeq(l.SecondFactor, ",") {
		if role = strings.TrimSpace(role); role != "" {
			list = append(list, role)
		}
	}
	return list
}

// OIDC is a provider by which staff sign in with accounts that they have elsewhere (OpenID Connect Core 1.0).
type OIDC struct {
	Name     string `yaml:"name"`   // on the button
	Issuer   string `yaml:"issuer"` // empty: none
	ClientID string `yaml:"client_id"`
	Secret   Secret `yaml:"secret"`
}

// Attachments limits the size of one file, in bytes.
type Attachments struct {
	MaxImage int64 `yaml:"max_image"`
	MaxVoice int64 `yaml:"max_voice"`
	MaxVideo int64 `yaml:"max_video"`
}

// Jobs tunes the background work. Throughput is at most Workers / FetchCooldown.
type Jobs struct {
	Workers       int           `yaml:"workers"`
	FetchCooldown time.Duration `yaml:"fetch_cooldown"`
	Timeout       time.Duration `yaml:"timeout"`      // of one attempt of one job
	RescueAfter   time.Duration `yaml:"rescue_after"` // a job that a crash left running is tried again after this
}

// Knowledge says where the cards are that operators read while they file.
type Knowledge struct {
	Folder string `yaml:"folder"` // of <item>.md, beside the built-in ones; empty: those alone
}

// Clocks says where the rules of the clocks and the calendar come from.
type Clocks struct {
	File     string `yaml:"file"`     // in the place of the built-in clocks.yaml; empty: that one
	Calendar string `yaml:"calendar"` // folder of YYYY.yaml, beside the built-in years; empty: those alone
}

// Default is a configuration that works on one machine without any file or service. Only SecretKey has no default: a key that
// everybody knows protects nobody.
func Default() Config {
	return Config{
		Listen:      "127.0.0.1:8080",
		PublicURL:   "http://127.0.0.1:8080",
		DatabaseURL: "sqlite:data/jiesu.db",
		Log:         Log{Level: "info", Format: "text"},
		Tracing:     Tracing{Sample: 0.1},
		WeChat:      WeChat{APIBase: "https://api.weixin.qq.com", Menu: true},
		Classifier:  Classifier{MaxWrongUnits: 0.03},
		Repeats:     Repeats{Burst: 5, Within: 24 * time.Hour},
		Ledger:      Ledger{ReturnedDays: 90},
		Dialogue:    Dialogue{RemindAfter: 30 * time.Minute, CloseAfter: 24 * time.Hour, CallbackDeadline: 4500 * time.Millisecond, PerMinute: 60, MaxWorking: 256},
		Handover:    Handover{Wait: 5 * time.Minute, Answer: 10 * time.Minute, Idle: 30 * time.Minute, Chats: 5},
		SMS:         SMS{PerPerson: 5, PerDay: 5000},
		Evaluation:  Evaluation{RemindAfter: 2, CallAfter: 2, CallPercent: 100, Sample: 50},
		Retention:   Retention{Cases: 3 * 365 * 24 * time.Hour, Talk: 180 * 24 * time.Hour},
		Session:     Session{Idle: time.Hour, Absolute: 12 * time.Hour},
		Login:       Login{MaxFailures: 5, LockFor: 15 * time.Minute, SecondFactor: "office,admin"},
		OIDC:        OIDC{Name: "统一认证"},
		Attachments: Attachments{MaxImage: 10 << 20, MaxVoice: 2 << 20, MaxVideo: 20 << 20},
		Jobs:        Jobs{Workers: 64, FetchCooldown: 5 * time.Millisecond, Timeout: time.Minute, RescueAfter: 5 * time.Minute},
	}
}
