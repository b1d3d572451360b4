package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// watched counts what reaches the sockets: the control hook of every dial, and
// listeners on loopback, which most of the nasty targets lead to.
type watched struct {
	mu     sync.Mutex
	dialed []netip.AddrPort // let through by the hook
	came   []string         // accepted by a listener
	port   int
}

func watch(t *testing.T, p *Prober) *watched {
	t.Helper()
	w := &watched{}
	p.guard.asked = func(to netip.AddrPort, err error) {
		if err == nil {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.dialed = append(w.dialed, to)
		}
	}
	return w
}

// listen takes one port on all addresses of this machine.
func (w *watched) listen(t *testing.T) {
	t.Helper()
	ln, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	w.port = ln.Addr().(*net.TCPAddr).Port
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			w.mu.Lock()
			w.came = append(w.came, c.LocalAddr().String())
			w.mu.Unlock()
			c.Close()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
}

func (w *watched) nothing(t *testing.T, target string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.dialed) > 0 || len(w.came) > 0 {
		t.Errorf("%s: dialled %v, and at the listeners came %v", target, w.dialed, w.came)
	}
}

// nasty are hosts that must not be dialled by a server. PORT is a port on which
// every address of this machine listens.
var nasty = []string{
	// loopback in all its forms
	"127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "127.255.255.254", "0", "0.0.0.0", "0.0.0.1", "1",
	"2130706433", "017700000001", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "0177.0.0.1", "0177.1", "127.0.0.01", "127.000.000.001",
	"127.0.0.1.", "2130706433.", "0x7F000001", "127.0x0.0.1", "000000127.0.0.1", "127.0.0.1.1", "4294967295", "99999999999",
	"[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::1%25lo]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[0:0:0:0:0:ffff:127.0.0.1]",
	"localhost", "LOCALHOST", "localhost.", "foo.localhost", "localhost.localdomain", "ip6-localhost",
	"１２７.０.０.１", "127。0。0。1", "ⓛocalhost", "①②⑦.⓪.⓪.①",
	// private, link-local, shared, metadata
	"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200",
	"168.63.129.16", "192.0.0.192", "192.0.0.8", "[fd00:ec2::254]", "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]", "[fec0::1]",
	"[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[::ffff:8.8.8.8]",
	// NAT64, 6to4, Teredo, and other ways to write IPv4 in IPv6
	"[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[64:ff9b::8.8.8.8]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:a00:1::1]", "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
	// documentation, benchmarking, multicast, reserved, relay, discard
	"192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.255.255", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1", "192.31.196.1", "192.52.193.1", "192.175.48.1",
	"[2001:db8::1]", "[3fff::1]", "[ff02::1]", "[100::1]", "[5f00::1]", "[2001:20::1]", "[2620:4f:8000::1]", "[4000::1]",
	// names that never lead to a public server
	"db", "router", "metadata", "metadata.google.internal", "db.corp", "nas.lan", "printer.local", "db.home.arpa", "1.0.0.127.in-addr.arpa", "a.onion", "x.test", "x.invalid",
	// names that a stub resolves
	"loop.nasty-test.net", "loop6.nasty-test.net", "private.nasty-test.net", "meta.nasty-test.net", "mapped.nasty-test.net", "nat64.nasty-test.net",
	"zero.nasty-test.net", "alias.nasty-test.net", "mixed.nasty-test.net", "LOOP.nasty-test.net.", "own.nasty-test.net",
}

func TestNastyTargets(t *testing.T) {
	t.Parallel()
	own := netip.MustParseAddr("198.41.0.4")
	server, _ := dnsStub(t, map[string][]record{
		"loop.nasty-test.net":    {{addrs: []string{"127.0.0.1"}}},
		"loop6.nasty-test.net":   {{addrs: []string{"::1"}}},
		"private.nasty-test.net": {{addrs: []string{"10.1.2.3", "192.168.7.7"}}},
		"meta.nasty-test.net":    {{addrs: []string{"169.254.169.254"}}},
		"mapped.nasty-test.net":  {{addrs: []string{"::ffff:127.0.0.1"}}},
		"nat64.nasty-test.net":   {{addrs: []string{"64:ff9b::7f00:1"}}},
		"zero.nasty-test.net":    {{addrs: []string{"0.0.0.0", "::"}}},
		"alias.nasty-test.net":   {{addrs: []string{"127.0.0.1"}, aliases: []string{"secret-db.internal"}}},
		"mixed.nasty-test.net":   {{addrs: []string{"127.0.0.1", "::1", "10.0.0.1"}}},
		"own.nasty-test.net":     {{addrs: []string{own.String()}}},
	})
	limits := patient()
	p := New(Config{Limits: limits, NameServer: server, Own: []netip.Addr{own}})
	w := watch(t, p)
	w.listen(t)
	p.cfg.Ports = []int{w.port}

	hosts := slices.Clone(nasty)
	// this machine's own addresses, as its interfaces have them
	if addrs, err := net.InterfaceAddrs(); err == nil {
		for _, a := range addrs {
			if pre, err := netip.ParsePrefix(a.String()); err == nil {
				h := pre.Addr().String()
				if pre.Addr().Is6() {
					h = "[" + h + "]"
				}
				hosts = append(hosts, h)
			}
		}
	}
	if len(hosts) < 60 {
		t.Fatalf("%d targets", len(hosts))
	}
	// what a refusal is like, apart from the target's name
	var like string
	var mu sync.Mutex
	t.Run("all", func(t *testing.T) {
		for _, h := range hosts {
			for _, target := range []string{"rtmp://" + h + ":" + strconv.Itoa(w.port) + "/live/key", h} {
				t.Run(target, func(t *testing.T) {
					t.Parallel()
					plan, err := p.Plan(Request{Target: target})
					var input *InputError
					if errors.As(err, &input) {
						return // not understood, so not dialled
					}
					if err != nil {
						t.Fatal(err)
					}
					began := time.Now()
					r := p.Run(context.Background(), plan, nil)
					took := time.Since(began)
					f := findingOf(r, "probe-refused-target")
					if f == nil {
						if d := findingOf(r, "probe-dns"); d != nil && strings.Contains(argOf(d, "outcome"), "no address") && strings.Contains(target, "mapped") {
							return // Go's resolver itself drops a mapped address
						}
						t.Fatalf("not refused: %v", messages(r))
					}
					if len(r.Ladders) != 0 || r.DNS != nil || len(r.Findings) != 1 {
						t.Errorf("a refusal that tells: %v", messages(r))
					}
					if took < limits.Refusal {
						t.Errorf("took %v: the time tells", took)
					}
					b, err := r.MarshalJSON()
					if err != nil {
						t.Fatal(err)
					}
					text := string(b)
					for _, secret := range []string{"10.1.2.3", "192.168.7.7", "secret-db"} {
						if strings.Contains(text, secret) && !strings.Contains(target, secret) {
							t.Errorf("%s is told", secret)
						}
					}
					words := strings.ReplaceAll(f.Message, argOf(f, "target"), "TARGET") + r.Verdict.Headline + r.Verdict.Next
					mu.Lock()
					defer mu.Unlock()
					if like == "" {
						like = words
					} else if words != like {
						t.Errorf("refused in other words: %q, not %q", words, like)
					}
				})
			}
		}
	})
	t.Logf("%d hosts, each as a URL and alone", len(hosts))
	w.nothing(t, "all of them")
}

// A name that changes between look-ups is judged and dialled by one answer.
func TestRebinding(t *testing.T) {
	t.Parallel()
	const good, bad = "127.0.0.5", "127.0.0.1"
	server, z := dnsStub(t, map[string][]record{
		"good-first.rebind-test.net": {{addrs: []string{good}}, {addrs: []string{bad}}},
		"bad-first.rebind-test.net":  {{addrs: []string{bad}}, {addrs: []string{good}}},
		"both.rebind-test.net":       {{addrs: []string{good, bad}}},
		"fails.rebind-test.net":      {{rcode: dnsmessage.RCodeServerFailure}, {addrs: []string{bad}}},
	})
	for name, dialled := range map[string]bool{"good-first": true, "bad-first": false, "both": true, "fails": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := New(Config{Limits: patient(), NameServer: server, Allow: []netip.Prefix{netip.MustParsePrefix(good + "/32")}})
			w := watch(t, p)
			w.listen(t)
			p.cfg.Ports = []int{w.port}
			r := probeIt(t, p, Request{Target: "rtmp://" + name + ".rebind-test.net:" + strconv.Itoa(w.port) + "/live"})
			w.mu.Lock()
			defer w.mu.Unlock()
			for _, to := range w.dialed {
				if to.Addr().String() != good {
					t.Errorf("%v was dialled", to)
				}
			}
			for _, at := range w.came {
				if !strings.HasPrefix(at, good+":") {
					t.Errorf("%v was reached", at)
				}
			}
			if dialled != (len(w.dialed) > 0) {
				t.Errorf("dialled %v: %v", w.dialed, messages(r))
			}
			if b, _ := r.MarshalJSON(); strings.Contains(string(b), bad) {
				t.Error("the report tells the address that was left out")
			}
			z.mu.Lock()
			defer z.mu.Unlock()
			if n := z.asked[name+".rebind-test.net"+"TypeA"]; n > 1 && name != "fails" {
				t.Errorf("the name was looked up %d times", n)
			}
		})
	}
}

// The hook itself: whatever led there, only the judged address is connected to.
func TestControlHook(t *testing.T) {
	t.Parallel()
	p := New(Config{})
	w := watch(t, p)
	w.listen(t)
	for _, h := range []string{"127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "168.63.129.16", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fe80::1%lo"} {
		to := netip.AddrPortFrom(netip.MustParseAddr(h), uint16(w.port))
		if _, err := p.guard.dial(context.Background(), to); !errors.Is(err, errRefused) {
			t.Errorf("%v: %v", to, err)
		}
		// past the first judgement
		d := net.Dialer{ControlContext: p.guard.control(to)}
		ctx, stop := context.WithTimeout(context.Background(), time.Second)
		if c, err := d.DialContext(ctx, "tcp", to.String()); !errors.Is(err, errRefused) {
			t.Errorf("%v past the first judgement: %v %v", to, c, err)
		}
		stop()
	}
	// another address than the one that was judged
	d := net.Dialer{ControlContext: p.guard.control(netip.MustParseAddrPort("9.9.9.9:1935"))}
	if _, err := d.Dial("tcp4", "8.8.8.8:1935"); !errors.Is(err, errRefused) {
		t.Errorf("another address: %v", err)
	}
	w.nothing(t, "the hook")
	for _, h := range []string{"8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001:830::200e"} {
		if !p.guard.may(netip.MustParseAddr(h)) {
			t.Errorf("%s is refused", h)
		}
	}
	if any := New(Config{AllowPrivate: true}).guard; !any.may(netip.MustParseAddr("192.168.1.1")) || any.may(netip.IPv4Unspecified()) || any.may(netip.MustParseAddr("224.0.0.1")) {
		t.Error("allow-private lets the wrong ones through")
	}
}

// Ports beside the documented ones are refused like addresses.
func TestPorts(t *testing.T) {
	t.Parallel()
	p := New(Config{Limits: patient(), Ports: []int{5000}})
	for target, want := range map[string]bool{
		"rtmp://live.example.com/app": true, "rtmps://live.example.com/app": true, "rtmp://live.example.com:443/app": true,
		"rtmp://live.example.com:1936/app": true, "rtmps://live.example.com:2935/app": true, "rtmp://live.example.com:5000/app": true,
		"rtmp://live.example.com:22/app": false, "rtmp://live.example.com:25/app": false, "rtmp://live.example.com:80/app": false,
		"rtmp://live.example.com:6379/app": false, "live.example.com:3306": false, "live.example.com": true,
	} {
		plan, err := p.Plan(Request{Target: target})
		if err != nil {
			t.Fatal(err)
		}
		if plan.refused == want {
			t.Errorf("%s: refused is %v", target, plan.refused)
		}
	}
}
