package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// errRefused says that an address may not be dialled. It names none: what an
// internal name resolves to is not told.
var errRefused = errors.New("the address may not be probed")

// metadata are addresses on the public internet's side of every list that
// answer inside a cloud only.
var metadata = []netip.Prefix{
	netip.MustParsePrefix("168.63.129.16/32"), // Azure: DNS, DHCP, health, metadata of every machine there
}

// guard judges addresses. The same judgement is made twice: of what a name
// resolved to, and by the socket of what is connected to.
type guard struct {
	any    bool
	allow  []netip.Prefix
	ranges *ssrf.Guardian
	fixed  map[netip.Addr]bool // own addresses from the configuration

	mu     sync.Mutex
	own    map[netip.Addr]bool // addresses of the network interfaces
	ownAt  time.Time
	ifaces func() ([]net.Addr, error)

	// asked, when set, is told of every socket that is about to be connected, and
	// whether it will be.
	asked func(to netip.AddrPort, err error)
}

func newGuard(cfg Config) *guard {
	g := &guard{
		any: cfg.AllowPrivate, allow: cfg.Allow, fixed: map[netip.Addr]bool{}, ifaces: net.InterfaceAddrs,
		// The port is the plan's matter.
		ranges: ssrf.New(ssrf.WithAnyPort(), ssrf.WithNetworks("tcp4", "tcp6"), ssrf.WithDeniedV4Prefixes(metadata...)),
	}
	for _, a := range cfg.Own {
		g.fixed[a.Unmap().WithZone("")] = true
	}
	return g
}

// may reports whether an address may be dialled.
func (g *guard) may(a netip.Addr) bool {
	switch {
	case !a.IsValid():
		return false
	case g.any:
		return !a.IsUnspecified() && !a.IsMulticast()
	case a.Zone() != "":
		return false
	}
	for _, p := range g.allow {
		if p.Contains(a) {
			return true
		}
	}
	// An IPv4 address in IPv6 clothes is outside 2000::/3 and refused as such.
	return g.ranges.SafeAddr(a) == nil && !g.isOwn(a)
}

// isOwn reports whether an address is one of this machine's. Interfaces come
// and go, so they are asked for anew once a minute.
func (g *guard) isOwn(a netip.Addr) bool {
	if g.fixed[a] {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := time.Now(); g.own == nil || now.Sub(g.ownAt) > time.Minute {
		addrs, err := g.ifaces()
		if err != nil {
			return g.own[a] // what was known before, if anything
		}
		g.own, g.ownAt = make(map[netip.Addr]bool, len(addrs)), now
		for _, n := range addrs {
			if p, err := netip.ParsePrefix(n.String()); err == nil {
				g.own[p.Addr().Unmap().WithZone("")] = true
			}
		}
	}
	return g.own[a]
}

// control is net.Dialer.ControlContext: the last word before connect(2), on
// the very address that the socket gets.
func (g *guard) control(want netip.AddrPort) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, network, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		switch {
		case err != nil || network != "tcp4" && network != "tcp6":
			err = errRefused
		case to != want || !g.may(to.Addr()):
			err = errRefused
		}
		if g.asked != nil {
			g.asked(to, err)
		}
		return err
	}
}

// dial connects to an address that was judged, and judges it again on its way.
func (g *guard) dial(ctx context.Context, to netip.AddrPort) (*net.TCPConn, error) {
	if !g.may(to.Addr()) {
		return nil, errRefused
	}
	network := "tcp6"
	if to.Addr().Is4() {
		network = "tcp4"
	}
	d := net.Dialer{ControlContext: g.control(to), KeepAlive: -1}
	c, err := d.DialContext(ctx, network, to.String())
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}
