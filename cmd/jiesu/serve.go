package main

import (
	"context"
	"fmt"
	"net"

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
