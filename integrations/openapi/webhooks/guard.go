package webhooks

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// ErrInside: the address leads into our own network, where a webhook has no business.
var ErrInside = errors.New("the address is not a public one")

// closed are the networks that nobody outside may have us call: of IANA's special-purpose registries whatever isn't globally reachable.
func closed() []netip.Prefix {
	var list []netip.Prefix
	for _, p := range []string{"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
		"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"::/128", "::1/128", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10", "ff00::/8"} {
		list = append(list, netip.MustParsePrefix(p))
	}
	return list
}

// guard decides about an address when it is dialled, after its name was looked up: a name can't say one thing and lead to another.
type guard struct {
	closed  []netip.Prefix
	allowed []netip.Prefix // by the administrator
}

func (g guard) check(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("read address: %w", err)
	}
	ip := to.Addr().Unmap() // ::ffff:127.0.0.1 is 127.0.0.1
	for _, p := range g.allowed {
		if p.Contains(ip) {
			return nil
		}
	}
	for _, p := range g.closed {
		if p.Contains(ip) {
			return ErrInside
		}
	}
	return nil
}

// timeout of an attempt.
const timeout = 15 * time.Second

// newClient is a client that dials public addresses and the allowed ones alone, through no proxy, and follows nothing.
func newClient(allowed []netip.Prefix) *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: guard{closed(), allowed}.check}
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: timeout,
			MaxResponseHeaderBytes: 16 << 10, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
