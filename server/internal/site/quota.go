package site

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"
)

// Who asks, how often, and from which page: the one implementation of each, for
// everything that costs the server something.

// clientOf gives echo the address of whoever asks: the other end of the
// connection, or, where that is a proxy of ours, what the nearest proxy that is
// not ours says in X-Forwarded-For. Nobody else is believed.
func clientOf(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		options = append(options, echo.TrustIPRange(&net.IPNet{
			IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

// parseProxies reads the setting: addresses and prefixes.
func parseProxies(list []string) ([]netip.Prefix, error) {
	var trusted []netip.Prefix
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			var addr netip.Addr
			if addr, err = netip.ParseAddr(text); err == nil {
				p = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
			}
		}
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q must be an address or a prefix, like 10.0.0.0/8", text)
		}
		trusted = append(trusted, p)
	}
	return trusted, nil
}

// client is whom a quota counts: an IPv4 address, or an IPv6 network of 64 bits,
// for whoever has one address of it has all.
func client(c echo.Context) netip.Prefix {
	return network(clientAddr(c)) // all that are unknown count as one
}

// clientAddr is the address of whoever asks; the zero Addr when it is not known.
func clientAddr(c echo.Context) netip.Addr {
	addr, err := netip.ParseAddr(c.RealIP())
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// network is an IPv4 address alone, or the /64 that an IPv6 address is in.
func network(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, _ := addr.Prefix(bits) // neither number is too large
	return p
}

// quota is a token bucket for each client.
type quota = quotaBy[netip.Prefix]

// quotaBy is a token bucket for each key.
type quotaBy[K comparable] struct {
	every rate.Limit
	burst int
	now   func() time.Time

	mu      sync.Mutex
	clients map[K]*rate.Limiter
}

// mostClients bounds what a quota remembers: about 20 MB.
const mostClients = 100_000

// newQuota lets each client have burst at once, and one more after each interval.
func newQuota(burst int, every time.Duration) *quota {
	return newQuotaBy[netip.Prefix](burst, every)
}

func newQuotaBy[K comparable](burst int, every time.Duration) *quotaBy[K] {
	return &quotaBy[K]{every: rate.Every(every), burst: burst, now: time.Now, clients: map[K]*rate.Limiter{}}
}

// take takes one from a client's bucket. When it is empty, nothing is taken and
// the answer is how long to wait.
func (q *quotaBy[K]) take(client K) (wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now, l := q.now(), q.clients[client]
	if l == nil {
		q.forget(now)
		l = rate.NewLimiter(q.every, q.burst)
		q.clients[client] = l
	}
	r := l.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// look is take without taking.
func (q *quotaBy[K]) look(client K) (wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.clients[client]
	if l == nil {
		return 0
	}
	if missing := 1 - l.TokensAt(q.now()); missing > 0 {
		return time.Duration(missing / float64(q.every) * float64(time.Second))
	}
	return 0
}

// forget makes room: for whoever has a full bucket again, and, where that is not
// enough, for anybody.
func (q *quotaBy[K]) forget(now time.Time) {
	if len(q.clients) < mostClients {
		return
	}
	for c, l := range q.clients {
		if l.TokensAt(now) >= float64(q.burst) {
			delete(q.clients, c)
		}
	}
	for c := range q.clients {
		if len(q.clients) < mostClients*9/10 {
			break
		}
		delete(q.clients, c)
	}
}

// ownOrigin refuses what a page of another site asks for in a browser. Programs
// that are no browser send no Origin and pass.
func ownOrigin(publicURL string) echo.MiddlewareFunc {
	p := http.NewCrossOriginProtection()
	if publicURL != "" {
		_ = p.AddTrustedOrigin(publicURL) // complete has checked it
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if p.Check(c.Request()) != nil {
				return echo.NewHTTPError(http.StatusForbidden)
			}
			return next(c)
		}
	}
}
