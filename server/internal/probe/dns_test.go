package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// fixed resolves every name to the same addresses.
type fixed []string

func (f fixed) LookupNetIP(_ context.Context, network, _ string) (out []netip.Addr, err error) {
	for _, s := range f {
		a := netip.MustParseAddr(s)
		if (network == "ip4") == a.Is4() {
			out = append(out, a)
		}
	}
	return out, nil
}

// zone is what a DNS stub answers, by name without its dot. Each look-up takes
// the next of several answers, the last one for ever.
type zone struct {
	mu    sync.Mutex
	names map[string][]record
	asked map[string]int
}

// record is one answer: addresses of both kinds, aliases in a chain, or a code.
type record struct {
	addrs   []string
	aliases []string
	rcode   dnsmessage.RCode
	silent  bool
	tcp     bool // truncated by UDP, so that it is asked again by TCP
}

// dnsStub serves a zone on loopback, by UDP and TCP.
func dnsStub(t testing.TB, names map[string][]record) (string, *zone) {
	t.Helper()
	z := &zone{names: names, asked: map[string]int{}}
	var (
		pc  net.PacketConn
		ln  net.Listener
		err error
	)
	for range 20 { // one port for both
		if pc, err = net.ListenPacket("udp4", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		if ln, err = net.Listen("tcp4", pc.LocalAddr().String()); err == nil {
			break
		}
		pc.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			if out := z.answer(buf[:n], false); out != nil {
				_, _ = pc.WriteTo(out, from)
			}
		}
	})
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(2 * time.Second))
			buf := make([]byte, 4096)
			if n, err := c.Read(buf); err == nil && n > 2 {
				out := z.answer(buf[2:n], true)
				_, _ = c.Write(append([]byte{byte(len(out) >> 8), byte(len(out))}, out...))
			}
			c.Close()
		}
	})
	t.Cleanup(func() { pc.Close(); ln.Close(); wg.Wait() })
	return pc.LocalAddr().String(), z
}

func (z *zone) answer(query []byte, tcp bool) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(query)
	if err != nil {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	name := strings.TrimSuffix(q.Name.String(), ".")
	z.mu.Lock()
	list, known := z.names[name]
	rec := record{rcode: dnsmessage.RCodeNameError}
	if known {
		rec = list[min(z.asked[name+q.Type.String()], len(list)-1)]
	}
	if !rec.tcp || tcp {
		z.asked[name+q.Type.String()]++
	}
	z.mu.Unlock()
	if rec.silent {
		return nil
	}
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{
		ID: h.ID, Response: true, RecursionDesired: true, RecursionAvailable: true, RCode: rec.rcode, Truncated: rec.tcp && !tcp,
	})
	_ = b.StartQuestions()
	_ = b.Question(q)
	if rec.tcp && !tcp {
		out, _ := b.Finish()
		return out
	}
	_ = b.StartAnswers()
	at := q.Name
	for _, alias := range rec.aliases {
		to := dnsmessage.MustNewName(alias + ".")
		_ = b.CNAMEResource(dnsmessage.ResourceHeader{Name: at, Class: dnsmessage.ClassINET, TTL: 1}, dnsmessage.CNAMEResource{CNAME: to})
		at = to
	}
	for _, s := range rec.addrs {
		a := netip.MustParseAddr(s)
		rh := dnsmessage.ResourceHeader{Name: at, Class: dnsmessage.ClassINET, TTL: 1}
		switch {
		case a.Is4() && q.Type == dnsmessage.TypeA:
			_ = b.AResource(rh, dnsmessage.AResource{A: a.As4()})
		case a.Is6() && q.Type == dnsmessage.TypeAAAA:
			_ = b.AAAAResource(rh, dnsmessage.AAAAResource{AAAA: a.As16()})
		}
	}
	out, _ := b.Finish()
	return out
}

func TestNames(t *testing.T) {
	t.Parallel()
	server, _ := dnsStub(t, map[string][]record{
		"both.probe-test.net":     {{addrs: []string{"127.0.0.1", "::1"}}},
		"four.probe-test.net":     {{addrs: []string{"127.0.0.1"}}},
		"alias.probe-test.net":    {{addrs: []string{"127.0.0.1"}, aliases: []string{"cdn.probe-test.net", "edge.probe-test.net"}}},
		"dangling.probe-test.net": {{aliases: []string{"gone.probe-test.net"}}},
		"empty.probe-test.net":    {{}},
		"broken.probe-test.net":   {{rcode: dnsmessage.RCodeServerFailure}},
		"denied.probe-test.net":   {{rcode: dnsmessage.RCodeRefused}},
		"silent.probe-test.net":   {{silent: true}},
		"tcp.probe-test.net":      {{addrs: []string{"127.0.0.1"}, tcp: true}},
		"tcpempty.probe-test.net": {{tcp: true}},
		"many.probe-test.net":     {{addrs: []string{"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.8", "127.0.0.9", "127.0.0.10"}}},
		"xn--bcher-kva.net":       {{addrs: []string{"127.0.0.1"}}},
	})
	p := testProber(t, func(c *Config) { c.NameServer = server })
	addr := serve(t, healthy)
	_, port, _ := net.SplitHostPort(addr)
	for _, tt := range []struct {
		name    string
		state   string
		outcome string // part of probe-dns's
		addrs   []string
		saw     string
	}{
		{name: "both.probe-test.net", state: OK, addrs: []string{"127.0.0.1", "::1"}},
		{name: "four.probe-test.net", state: OK, addrs: []string{"127.0.0.1"}, saw: "AAAA: the name has no address"},
		{name: "FOUR.probe-test.net.", state: OK, addrs: []string{"127.0.0.1"}},
		{name: "alias.probe-test.net", state: OK, addrs: []string{"127.0.0.1"}, saw: "A: is an alias of edge.probe-test.net"},
		{name: "tcp.probe-test.net", state: OK, addrs: []string{"127.0.0.1"}},
		{name: "bücher.net", state: OK, addrs: []string{"127.0.0.1"}},
		{name: "many.probe-test.net", state: OK, addrs: []string{"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.8"}},
		{name: "missing.probe-test.net", state: Failed, outcome: "the name does not exist, NXDOMAIN"},
		{name: "empty.probe-test.net", state: Failed, outcome: "the name has no address"},
		{name: "tcpempty.probe-test.net", state: Failed, outcome: "the name has no address"},
		{name: "dangling.probe-test.net", state: Failed, outcome: "it is an alias of gone.probe-test.net, which has no address"},
		{name: "broken.probe-test.net", state: Failed, outcome: "the name server failed, SERVFAIL"},
		{name: "denied.probe-test.net", state: Failed, outcome: "the name server refuses to answer, REFUSED"},
		{name: "silent.probe-test.net", state: TimedOut, outcome: "no answer from the name server within 1.5 s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := p
			if tt.state == TimedOut {
				p = testProber(t, withLimits(short(DNS)), func(c *Config) { c.NameServer = server })
			}
			r := probeIt(t, p, Request{Target: "rtmp://" + tt.name + ":" + port + "/live"})
			g := rungOf(t, r, DNS)
			if g.State != tt.state || !slices.Equal(g.Addresses, tt.addrs) || !strings.Contains(transcript(g), tt.saw) {
				t.Errorf("dns is %s with %v: %s\n%s", g.State, g.Addresses, g.Detail, transcript(g))
			}
			f := findingOf(r, "probe-dns")
			if tt.outcome == "" {
				if f != nil || len(r.Ladders) != len(tt.addrs) || r.Ladders[0].State != OK {
					t.Errorf("%d ladders, %v", len(r.Ladders), messages(r))
				}
				return
			}
			if f == nil || argOf(f, "outcome") != tt.outcome || len(r.Findings) != 1 || len(r.Ladders) != 0 {
				t.Errorf("found %v, want %q", messages(r), tt.outcome)
			}
		})
	}
}

// One address that does not answer beside one that does makes a push a matter
// of luck, and is no error.
func TestOneAddressOfTwo(t *testing.T) {
	t.Parallel()
	server, _ := dnsStub(t, map[string][]record{"two.probe-test.net": {{addrs: []string{"127.0.0.1", "127.0.0.77"}}}})
	addr := serve(t, healthy) // on 127.0.0.1 alone
	_, port, _ := net.SplitHostPort(addr)
	p := testProber(t, func(c *Config) { c.NameServer = server })
	r := probeIt(t, p, Request{Target: "rtmp://two.probe-test.net:" + port + "/live"})
	f := findingOf(r, "probe-tcp-refused")
	if f == nil || f.Severity.String() != "warning" || f.Rung.Address != "127.0.0.77" || r.Verdict.Errors != 0 || !strings.HasPrefix(r.Verdict.Headline, "A push may fail: ") {
		t.Errorf("verdict %q, found %v", r.Verdict.Headline, messages(r))
	}
}

// A resolver that says less than Go's own still tells what it can.
func TestForeignResolver(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		dnsNotFound: &net.DNSError{Err: "no such host", IsNotFound: true},
		dnsFailed:   &net.DNSError{Err: "server misbehaving", IsTemporary: true},
		dnsUnknown:  errors.New("no idea"),
	} {
		p := testProber(t, func(c *Config) { c.Resolver = failing{err} })
		r := probeIt(t, p, Request{Target: "rtmp://x.probe-test.net/live"})
		if f := findingOf(r, "probe-dns"); f == nil || argOf(f, "outcome") != want {
			t.Errorf("%v: found %v", err, messages(r))
		}
	}
}

type failing struct{ err error }

func (f failing) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, f.err
}
