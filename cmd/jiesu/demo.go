package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/gin-gonic/gin"

	"jiesu/configs"
	"jiesu/integrations/hotline/sms"
	smssandbox "jiesu/integrations/hotline/sms/sandbox"
	"jiesu/integrations/openapi"
	"jiesu/integrations/wechat/sandbox"
	"jiesu/routing"
)

// demoPassword opens every account of the demonstration, and none anywhere else.
const demoPassword = "jiesu-demo" // #nosec G101 -- it is printed

// demoFans are the people in the sandbox at the start; their names are in the catalogue.
const demoFans = 8

type demoCommand struct {
	Data string `help:"Data folder to use and keep; default: a fresh one, removed at the end." type:"path"`
}

// Run implements the command.
func (d demoCommand) Run(ctx context.Context, w world, load loader) (err error) {
	cfg, err := load(configs.ModeDemo)
	if err != nil {
		return err
	}
	l, err := listen(cfg.Listen)
	if err != nil {
		return err
	}
	cleanUp, err := d.settle(&cfg, l.Addr())
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer func() { err = errors.Join(err, cleanUp()) }()
	a, err := newApp(ctx, cfg, w, roleAll, true)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	if err := a.furnish(ctx, l.Addr()); err != nil {
		return errors.Join(err, l.Close(), a.close())
	}
	return a.Run(ctx, l)
}

// settle fills in what a demonstration needs and nobody has set: a folder, secrets, and addresses that fit the listener.
func (d demoCommand) settle(cfg *configs.Config, at net.Addr) (cleanUp func() error, err error) {
	cleanUp = func() error { return nil }
	folder := d.Data
	if folder == "" {
		if folder, err = os.MkdirTemp("", "jiesu-demo-"); err != nil {
			return nil, fmt.Errorf("make a data folder: %w", err)
		}
		cleanUp = func() error { return os.RemoveAll(folder) }
	}
	defaults := configs.Default()
	if cfg.DatabaseURL == defaults.DatabaseURL {
		cfg.DatabaseURL = configs.Secret("sqlite:" + filepath.Join(folder, "jiesu.db"))
	}
	if cfg.PublicURL == defaults.PublicURL {
		cfg.PublicURL = "http://" + at.String()
	}
	if cfg.SecretKey == "" {
		if cfg.SecretKey, err = demoKey(filepath.Join(folder, "demo.key")); err != nil {
			return nil, err
		}
	}
	if cfg.Handover.Hours == "" { // whoever tries it in the evening isn't sent home
		cfg.Handover.Hours = "00:00-24:00"
	}
	settleWeChat(&cfg.WeChat, at)
	settleSMS(&cfg.SMS, at)
	return cleanUp, nil
}

// demoKey keeps the key beside the database, so that a kept folder can be opened again.
func demoKey(path string) (configs.Secret, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make a data folder: %w", err)
	}
	if known, err := os.ReadFile(path); err == nil {
		return configs.Secret(known), nil
	}
	key := routing.NewToken() + routing.NewToken()
	if err := os.WriteFile(path, []byte(key), 0o600); err != nil {
		return "", fmt.Errorf("keep the demonstration's key: %w", err)
	}
	return configs.Secret(key), nil
}

// settleWeChat gives the sandbox's account, unless an account is set.
func settleWeChat(wc *configs.WeChat, at net.Addr) {
	if !wc.Configured() {
		wc.AppID = "wx0123456789abcdef"
		wc.AppSecret = configs.Secret(routing.NewToken())
		wc.Token = configs.Secret(routing.NewID())
		wc.AESKey = configs.Secret((routing.NewID() + routing.NewID())[:42] + "A")
	}
	if wc.APIBase == configs.Default().WeChat.APIBase {
		wc.APIBase = "http://" + at.String() + "/sandbox/api"
	}
	if wc.Templates == nil {
		wc.Templates = map[string]configs.Template{"default": {ID: sandbox.DefaultTemplateID, Fields: sandbox.DefaultFields()}}
	}
}

// The stand-in for a carrier of text messages.
const (
	smsSandbox = "/sandbox/sms"
	smsNotice  = "notice"
	smsCode    = "code"
)

// settleSMS gives the stand-in's account, unless a carrier is set.
func settleSMS(c *configs.SMS, at net.Addr) {
	if c.Configured() {
		return
	}
	c.Provider, c.KeyID, c.Secret, c.Endpoint = sms.Gateway, "demo", configs.Secret(routing.NewToken()), "http://"+at.String()+smsSandbox
	c.Sign, c.CallbackToken = "demo", configs.Secret(routing.NewToken()+routing.NewToken())
	c.Templates = map[string]configs.SMSTemplate{sms.TemplateNotice: {ID: smsNotice, Params: []string{"number", "state", "token"}},
		sms.TemplateCode: {ID: smsCode, Params: []string{"code", "minutes"}}}
}

// buildCarrier mounts the carrier's stand-in; what it has taken is listed at the same address.
func (a *app) buildCarrier() {
	c := a.cfg.SMS
	if c.Provider != sms.Gateway || c.KeyID != "demo" {
		return
	}
	carrier := smssandbox.New(smssandbox.Account{KeyID: c.KeyID, Secret: c.Secret.Reveal(), Sign: c.Sign, Templates: map[string]string{
		smsNotice: a.words.Text("demo.sms.notice", "url", a.publicURL()), smsCode: a.words.Text("demo.sms.code")}}, a.now)
	a.engine.POST(smsSandbox, gin.WrapH(carrier))
	a.engine.GET(smsSandbox, func(g *gin.Context) {
		g.Header("Cache-Control", "no-store")
		g.JSON(http.StatusOK, carrier.Sent())
	})
}

// furnish adds what makes a demonstration: the sandbox, accounts, keys and sample cases. It prints the way in.
func (a *app) furnish(ctx context.Context, at net.Addr) error {
	a.buildCarrier()
	var openIDs []string
	phone := a.buildSandbox(at)
	for i := range demoFans {
		openIDs = append(openIDs, phone.Fan(a.words.Text(fmt.Sprintf("demo.fan.%d", i+1))).OpenID())
	}
	if err := seed(ctx, a.db.store, a.plan, a.judge, a.words, openIDs); err != nil {
		return fmt.Errorf("add sample cases: %w", err)
	}
	if err := demoAccounts(ctx, a.db.store, a.plan); err != nil {
		return err
	}
	keys, err := demoKeys(ctx, a.db.store)
	if err != nil {
		return err
	}
	return a.printWelcome(keys)
}

// buildSandbox mounts the platform's stand-in on our own engine; it calls back over HTTP like the real one.
func (a *app) buildSandbox(at net.Addr) *sandbox.Sandbox {
	wc := a.cfg.WeChat
	base := "http://" + at.String()
	phone := sandbox.New(sandbox.Config{
		AppID: wc.AppID, AppSecret: wc.AppSecret.Reveal(), Token: wc.Token.Reveal(), AESKey: wc.AESKey.Reveal(),
		CallbackURL: base + "/wechat/callback", BaseURL: base, Now: a.now, Logger: a.log, Wording: a.words,
		HTTP: keepingClient(), Stopping: a.stopping,
	})
	phone.Routes(a.engine)
	a.closing = append(a.closing, func() error { phone.Close(); return nil })
	return phone
}

// demoKeys makes one API key for each role.
func demoKeys(ctx context.Context, st routing.Store) (map[string]string, error) {
	plain := map[string]string{}
	err := st.Update(ctx, func(tx routing.Tx) error {
		for _, role := range routing.StaffRoles() {
			key, hash := openapi.NewKey()
			k := routing.APIKey{ID: routing.NewID(), Name: "demo " + string(role), Role: role, Hash: hash, CreatedAt: clock()}
			if role == routing.RoleUnit {
				k.Unit = "finance"
			}
			if err := tx.InsertAPIKey(ctx, k); err != nil {
				return fmt.Errorf("demo key: %w", err)
			}
			plain[string(role)] = key
		}
		return nil
	})
	return plain, err
}

func (a *app) printWelcome(keys map[string]string) error {
	_, err := fmt.Fprint(a.w.stdout, a.words.Text("demo.welcome", "url", a.cfg.PublicURL, "password", demoPassword,
		"operator_key", keys["operator"], "unit_key", keys["unit"], "office_key", keys["office"], "admin_key", keys["admin"]))
	return err
}
