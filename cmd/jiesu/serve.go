package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"jiesu/configs"
)

type serveCommand struct {
	Role role `default:"all" enum:"all,web,worker" help:"What this process does: all; web takes in and shows, worker delivers, ticks clocks and makes papers. Several processes share one PostgreSQL."`
}

// role is what a process does.
type role string

// The roles. One process can be all; several share the work in any number of each.
const (
	roleAll    role = "all"
	roleWeb    role = "web"    // answers requests and works no jobs
	roleWorker role = "worker" // works jobs and answers nothing but how it is
)

// Run implements the command.
func (s serveCommand) Run(ctx context.Context, w world, load loader) error {
	cfg, err := load(configs.ModeServe)
	if err != nil {
		return err
	}
	if s.Role != roleAll && strings.HasPrefix(cfg.DatabaseURL.Reveal(), "sqlite:") {
		return fmt.Errorf("--role %s: SQLite serves one process, which must do everything; use PostgreSQL (JIESU_DATABASE_URL) for several", s.Role)
	}
	l, err := listen(cfg.Listen)
	if err != nil {
		return err
	}
	a, err := newApp(ctx, cfg, w, s.Role, false)
	if err != nil {
		_ = l.Close()
		return err
	}
	if u, err := url.Parse(cfg.PublicURL); err == nil && cfg.WeChat.Configured() && net.ParseIP(u.Hostname()).IsLoopback() {
		a.log.Warn("links in messages lead to this machine only: set public_url (JIESU_PUBLIC_URL)", "public_url", cfg.PublicURL)
	}
	a.log.Info("ready", "role", string(s.Role), "listen", l.Addr().String(), "public_url", cfg.PublicURL, "version", version)
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
