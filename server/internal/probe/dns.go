package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// What a look-up came to.
const (
	dnsFound    = "found"
	dnsMissing  = "the name does not exist, NXDOMAIN"
	dnsEmpty    = "the name has no address"
	dnsFailed   = "the name server failed, SERVFAIL"
	dnsDenied   = "the name server refuses to answer, REFUSED"
	dnsSilent   = "no answer from the name server"
	dnsUnknown  = "the look-up failed"
	dnsStopped  = "cancelled"
	dnsNotFound = "the name does not exist, or has no address" // a resolver that does not say which
)

// answer is what one look-up gave.
type answer struct {
	record  string // A or AAAA
	addrs   []netip.Addr
	outcome string
	aliases []string // the chain of CNAMEs
	took    time.Duration
}

// lookup asks for one kind of address. name is looked up as it is.
func (p *Prober) lookup(ctx context.Context, record, name string) (a answer) {
	a.record = record
	network := map[string]string{"A": "ip4", "AAAA": "ip6"}[record]
	log := &dnsLog{}
	r := p.cfg.Resolver
	if r == nil {
		r = log.resolver(p.cfg.NameServer)
	}
	began := time.Now()
	addrs, err := r.LookupNetIP(ctx, network, name)
	a.took = time.Since(began)
	log.close()
	for _, ip := range addrs {
		// A records come as IPv4, in whatever form a resolver has them. What a AAAA
		// record holds stays as it is: a mapped address is refused.
		if record == "A" {
			ip = ip.Unmap()
		}
		if record == "A" == ip.Is4() {
			a.addrs = append(a.addrs, ip)
		}
	}
	rcode, seen, aliases := log.last()
	a.aliases = aliases
	var (
		de *net.DNSError
		ae *net.AddrError // known from the hosts file, without this kind of address
	)
	switch {
	case len(a.addrs) > 0:
		a.outcome = dnsFound
	case err == nil, errors.As(err, &ae):
		a.outcome = dnsEmpty
	case errors.Is(ctx.Err(), context.Canceled):
		a.outcome = dnsStopped
	case errors.As(err, &de) && de.IsTimeout, errors.Is(ctx.Err(), context.DeadlineExceeded):
		a.outcome = dnsSilent
	case seen && rcode == dnsmessage.RCodeNameError:
		a.outcome = dnsMissing
	case seen && rcode == dnsmessage.RCodeSuccess && errors.As(err, &de) && de.IsNotFound:
		a.outcome = dnsEmpty
	case seen && rcode == dnsmessage.RCodeServerFailure:
		a.outcome = dnsFailed
	case seen && rcode == dnsmessage.RCodeRefused:
		a.outcome = dnsDenied
	case errors.As(err, &de) && de.IsNotFound:
		a.outcome = dnsNotFound
	case errors.As(err, &de) && de.IsTemporary:
		a.outcome = dnsFailed
	default:
		a.outcome = dnsUnknown
	}
	return a
}

// lookupAll asks for both kinds at once.
func (p *Prober) lookupAll(ctx context.Context, host string) [2]answer {
	name := host
	if strings.Contains(host, ".") || !p.cfg.AllowPrivate {
		name += "." // no search list: it would ask for other names
	}
	var (
		out [2]answer
		wg  sync.WaitGroup
	)
	for i, record := range [...]string{"A", "AAAA"} {
		wg.Go(func() { out[i] = p.lookup(ctx, record, name) })
	}
	wg.Wait()
	if p.cfg.SystemNames && len(out[0].addrs)+len(out[1].addrs) == 0 && ctx.Err() == nil {
		p.askSystem(ctx, host, &out)
	}
	return out
}

// askSystem looks a name up as the machine's other programs do.
func (p *Prober) askSystem(ctx context.Context, host string, out *[2]answer) {
	began := time.Now()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return // what Go's resolver said says more
	}
	for _, ip := range addrs {
		ip = ip.Unmap()
		i := 1
		if ip.Is4() {
			i = 0
		}
		out[i].addrs = append(out[i].addrs, ip)
		out[i].outcome, out[i].took = dnsFound, time.Since(began)
	}
}

// outcome sums up two look-ups that gave no address.
func outcome(answers [2]answer) string {
	// The one that says most: a server in trouble may hide an address.
	for _, o := range [...]string{dnsStopped, dnsMissing, dnsFailed, dnsDenied, dnsSilent, dnsUnknown, dnsNotFound} {
		if answers[0].outcome == o || answers[1].outcome == o {
			return o
		}
	}
	for _, a := range answers {
		if n := len(a.aliases); n > 0 {
			return "it is an alias of " + visible(a.aliases[n-1]) + ", which has no address"
		}
	}
	return dnsEmpty
}

// dnsLog listens in on Go's resolver, whose errors do not tell a name that
// does not exist from one that has no address.
type dnsLog struct {
	mu      sync.Mutex
	seen    bool
	rcode   dnsmessage.RCode
	aliases []string

	conns  []net.Conn
	closed bool
}

// keep takes note of a connection to a name server.
func (l *dnsLog) keep(c net.Conn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		c.Close()
		return net.ErrClosed
	}
	l.conns = append(l.conns, c)
	return nil
}

// close ends what the resolver still waits for: it goes on for ten seconds
// after its context has ended.
func (l *dnsLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, c := range l.conns {
		c.Close()
	}
}

// resolver makes a resolver that asks the system's name servers, or one
// that is given.
func (l *dnsLog) resolver(server string) *net.Resolver {
	return &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if server != "" {
				address = server
			}
			var d net.Dialer
			c, err := d.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			if err := l.keep(c); err != nil {
				return nil, err
			}
			switch c := c.(type) {
			case *net.UDPConn:
				return &udpLog{c, l}, nil
			case *net.TCPConn:
				return &tcpLog{TCPConn: c, log: l}, nil
			}
			return c, nil
		},
	}
}

func (l *dnsLog) last() (dnsmessage.RCode, bool, []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rcode, l.seen, l.aliases
}

// maxAliases bounds what is kept of a chain of CNAMEs.
const maxAliases = 10

// answered reads one DNS message.
func (l *dnsLog) answered(b []byte) {
	var p dnsmessage.Parser
	h, err := p.Start(b)
	if err != nil || !h.Response || h.Truncated {
		return
	}
	var aliases []string
	if p.SkipAllQuestions() == nil {
		for len(aliases) < maxAliases {
			a, err := p.Answer()
			if err != nil {
				break
			}
			if c, ok := a.Body.(*dnsmessage.CNAMEResource); ok {
				aliases = append(aliases, strings.TrimSuffix(c.CNAME.String(), "."))
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen, l.rcode, l.aliases = true, h.RCode, aliases
}

// udpLog stays a net.PacketConn: the resolver asks by UDP because of it.
type udpLog struct {
	*net.UDPConn
	log *dnsLog
}

func (c *udpLog) Read(p []byte) (int, error) {
	n, err := c.UDPConn.Read(p)
	if n > 0 {
		c.log.answered(p[:n])
	}
	return n, err
}

// tcpLog puts the messages together: each has its length in front.
type tcpLog struct {
	*net.TCPConn
	log *dnsLog
	buf []byte
}

func (c *tcpLog) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if len(c.buf) < 2+1<<16 {
		c.buf = append(c.buf, p[:n]...)
	}
	if len(c.buf) >= 2 {
		if size := int(binary.BigEndian.Uint16(c.buf)); len(c.buf) >= 2+size {
			c.log.answered(c.buf[2 : 2+size])
			c.buf = c.buf[2+size:]
		}
	}
	return n, err
}
