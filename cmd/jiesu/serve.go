package main

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"jiesu/configs"
)

type serveCommand struct{}

// Run implements the command.
func (serveCommand) Run(ctx context.Context, w world, load loader) error {
	cfg, err := load(configs.ModeServe)
	if err != nil {
		return err
	}
	l, err := listen(cfg.Listen)
	if err != nil {
		return err
	}
	a, err := newApp(ctx, cfg, w, false)
	if err != nil {
		_ = l.Close()
		return err
	}
	if u, err := url.Parse(cfg.PublicURL); err == nil && cfg.WeChat.Configured() && net.ParseIP(u.Hostname()).IsLoopback() {
		a.log.Warn("links in messages lead to this machine only: set public_url (JIESU_PUBLIC_URL)", "public_url", cfg.PublicURL)
	}
	a.log.Info("ready", "listen", l.Addr().String(), "public_url", cfg.PublicURL, "version", version)
	return a.Run(ctx, l)
}

// listen takes the port before anything else is touched, so that a second start of the same server does no harm.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s (JIESU_LISTEN): %w", address, err)
	}
	return l, nil
}
