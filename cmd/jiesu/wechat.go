package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"jiesu/configs"
	"jiesu/integrations/wechat"
	"jiesu/routing"
)

type wechatCommand struct {
	Menu wechatMenu `cmd:"" help:"Publish the account's menu."`
}

type wechatMenu struct{}

// Run implements the command.
func (wechatMenu) Run(ctx context.Context, w world, load loader) error {
	cfg, err := load(configs.ModeServe)
	if err != nil {
		return err
	}
	if !cfg.WeChat.Configured() {
		return errors.New("wechat.app_id (JIESU_WECHAT_APP_ID) is not set")
	}
	words, err := loadWording()
	if err != nil {
		return err
	}
	client := newWeChatClient(cfg.WeChat, routing.NewMemory(clock), clock, newLogger(w.stderr, cfg.Log))
	if err := client.MenuCreate(ctx, wechat.Menu(words)); err != nil {
		return fmt.Errorf("publish menu: %w", err)
	}
	_, err = fmt.Fprintln(w.stdout, "the menu is published; fans see it within five minutes")
	return err
}

// publishMenu brings the account's menu to what this version offers. Everything works without it, so a failure is only told.
func (a *app) publishMenu(ctx context.Context) {
	if a.client == nil || !a.cfg.WeChat.Menu {
		return
	}
	if err := a.client.MenuCreate(ctx, wechat.Menu(a.words)); err != nil && ctx.Err() == nil {
		a.log.WarnContext(ctx, "the account's menu is not published; try `jiesu wechat menu`", "error", err)
	}
}

func newWeChatClient(cfg configs.WeChat, volatile routing.Volatile, now func() time.Time, log *slog.Logger) *wechat.Client {
	return wechat.NewClient(wechat.ClientConfig{
		AppID: cfg.AppID, AppSecret: cfg.AppSecret.Reveal(), APIBase: cfg.APIBase,
		HTTP: keepingClient(), Volatile: volatile, Now: now, Logger: log,
	})
}

// keepingClient keeps as many connections to the one host that it talks to as are needed at a time: a new one costs more than a message. By itself Go
// keeps two.
func keepingClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = t.MaxIdleConns
	return &http.Client{Timeout: 10 * time.Second, Transport: t}
}
