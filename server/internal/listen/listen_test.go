package listen

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// seen counts what became of connections.
type seen struct {
	mu   sync.Mutex
	kind map[string]int
	last Event
}

func (s *seen) observe(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kind[e.Kind]++
	s.last = e
}

func (s *seen) count(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kind[kind]
}

// await waits until so many events of a kind were seen.
func (s *seen) await(t *testing.T, kind string, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); s.count(kind) < n; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			s.mu.Lock()
			defer s.mu.Unlock()
			t.Fatalf("%d of %s wanted, seen %v", n, kind, s.kind)
		}
	}
}

// echo is an encoder's side: it sends what comes back, with how it came.
func echo(conn net.Conn, _ int, state *tls.ConnectionState) {
	defer conn.Close()
	how := "plain "
	if state != nil {
		how = tls.VersionName(state.Version) + " "
	}
	if _, ok := conn.(interface{ NetConn() net.Conn }).NetConn().(*net.TCPConn); !ok {
		how = "no TCP connection below "
	}
	_, _ = io.WriteString(conn, how)
	_, _ = io.Copy(conn, conn)
}

var web = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	port, encrypted, client := PortOf(r)
	fmt.Fprintf(w, "port %d tls %t client %s path %s", port, encrypted, client, r.URL.Path)
})

func open(t *testing.T, cfg Config) (*Listeners, *seen) {
	t.Helper()
	if cfg.Addrs == nil {
		cfg.Addrs = []string{"127.0.0.1:0"}
	}
	l, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := &seen{kind: map[string]int{}}
	l.Serve(Handlers{RTMP: echo, HTTP: web, Observe: s.observe})
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		l.Close(ctx)
		if n := l.Open(); n != 0 {
			t.Errorf("%d connections after the end", n)
		}
	})
	return l, s
}

func (l *Listeners) addr() string { return l.gates[0].Addr().String() }

func dial(t *testing.T, l *Listeners) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

// says sends and reads so many bytes.
func says(t *testing.T, c net.Conn, send, want string) {
	t.Helper()
	if _, err := io.WriteString(c, send); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("%q came back (%v), want %q", got[:n], err, want)
	}
}

// gone waits for the other end to close, and gives what it said before.
func gone(t *testing.T, c net.Conn) string {
	t.Helper()
	got, err := io.ReadAll(c)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Fatal("the connection stays open")
	}
	return string(got)
}

var blind = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // self-signed

// Each protocol reaches whom it is for, on one port.
func TestProtocols(t *testing.T) {
	l, s := open(t, Config{DevTLS: true, Hosts: []string{"ingest.example.com"}})
	port := l.Ports()[0]
	says(t, dial(t, l), "\x03rest", "plain \x03rest")
	says(t, tls.Client(dial(t, l), blind), "\x03rest", "TLS 1.3 \x03rest")
	// byte by byte, as a slow line delivers it
	slow := dial(t, l)
	for _, b := range []byte("\x03abc") {
		if _, err := slow.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	says(t, slow, "", "plain \x03abc")

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: blind, ForceAttemptHTTP2: true}}
	for scheme, encrypted := range map[string]bool{"http": false, "https": true} {
		res, err := client.Get(scheme + "://" + l.addr() + "/outbound/x")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		want := fmt.Sprintf("port %d tls %t client 127.0.0.1 path /outbound/x", port, encrypted)
		if string(body) != want || res.ProtoMajor != 1 || !res.Close {
			t.Errorf("%s: %q, HTTP/%d, close %t", scheme, body, res.ProtoMajor, res.Close)
		}
	}
	for _, first := range []string{"\x00", "\x06", "\x80\x2e", "get /", "\xff\xfe", " GET / HTTP/1.1\r\n\r\n"} {
		c := dial(t, l)
		if _, err := io.WriteString(c, first); err != nil {
			t.Fatal(err)
		}
		if got := gone(t, c); got != "" {
			t.Errorf("%q is answered with %q", first, got)
		}
	}
	s.await(t, Unknown, 6)
	// an unknown protocol inside TLS
	c := tls.Client(dial(t, l), blind)
	if _, err := io.WriteString(c, "\x00\x00"); err != nil {
		t.Fatal(err)
	}
	gone(t, c)
	s.await(t, Unknown, 7)
	dial(t, l).Close()
	s.await(t, Silent, 1)
	for kind, n := range map[string]int{RTMP: 2, RTMPS: 1, HTTP: 1, HTTPS: 1, Unknown: 7, Silent: 1, TLSFailed: 0} {
		if got := s.count(kind); got != n {
			t.Errorf("%s: %d, want %d", kind, got, n)
		}
	}
}

func TestIPv6(t *testing.T) {
	probe, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 on this machine")
	}
	probe.Close()
	l, s := open(t, Config{Addrs: []string{"[::1]:0"}})
	says(t, dial(t, l), "\x03", "plain \x03")
	s.await(t, RTMP, 1)
	if s.last.Client != netip.IPv6Loopback() {
		t.Errorf("the client is %v", s.last.Client)
	}
}

func TestOpenErrors(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, tt := range []struct {
		cfg  Config
		want string
	}{
		{Config{Addrs: []string{busy.Addr().String()}}, "the port is in use"},
		{Config{Addrs: []string{"127.0.0.1:0", busy.Addr().String()}}, "the port is in use"},
		{Config{Addrs: []string{"192.0.2.1:1935"}}, "does not have the address"},
		{Config{Addrs: []string{"1935"}}, "an address is like :1935"},
		{Config{Addrs: []string{":port"}}, "an address is like :1935"},
		{Config{CertFile: "cert.pem"}, "two files"},
		{Config{CertFile: "/nowhere/cert.pem", KeyFile: "/nowhere/key.pem"}, "no such file"},
		{Config{CertFile: "cert.pem", KeyFile: "key.pem", DevTLS: true}, "not both"},
	} {
		if l, err := Open(tt.cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, %v", tt.cfg, l, err)
		}
	}
}

// Who says nothing, or half of something, is closed by its deadline.
func TestDeadlines(t *testing.T) {
	l, s := open(t, Config{DevTLS: true, Limits: Limits{
		First: 150 * time.Millisecond, TLS: 300 * time.Millisecond, Header: 150 * time.Millisecond, HTTP: 400 * time.Millisecond,
	}})
	closes := func(name string, c net.Conn, drip string) {
		t.Helper()
		start := time.Now()
		ended := make(chan string, 1)
		go func() { ended <- gone(t, c) }()
		for i := 0; ; i++ {
			select {
			case <-ended:
				if took := time.Since(start); took > 2*time.Second || took < 100*time.Millisecond {
					t.Errorf("%s: closed after %v", name, took)
				}
				return
			case <-time.After(20 * time.Millisecond): // a byte from time to time must not keep it open
				if i < len(drip) {
					_, _ = c.Write([]byte{drip[i]})
				}
			}
		}
	}
	closes("silence", dial(t, l), "")
	closes("half a hello", dial(t, l), "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"+strings.Repeat("x", 500))
	closes("headers", dial(t, l), "GET / HTTP/1.1\r\nHost: x\r\nX-A: "+strings.Repeat("x", 500))
	inside := tls.Client(dial(t, l), blind)
	if err := inside.Handshake(); err != nil {
		t.Fatal(err)
	}
	closes("silence inside TLS", inside, "")
	s.await(t, TLSFailed, 1)
	s.await(t, Silent, 1)
}

// hands is as much as a client sends in an RTMP handshake.
var hands = "\x03" + strings.Repeat("h", 3072)

// Hundreds that say nothing, or half of a greeting, harm nobody: neither others nor
// whoever shares their address.
func TestIdle(t *testing.T) {
	l, s := open(t, Config{DevTLS: true})
	running, secure := dial(t, l), tls.Client(dial(t, l), blind)
	says(t, running, hands, "plain "+hands)
	says(t, secure, hands, "TLS 1.3 "+hands)
	for i := range 600 { // nothing, half of a TLS hello, half of an RTMP handshake
		if _, err := io.WriteString(dial(t, l), []string{"", "\x16\x03\x01\x02", hands[:1000]}[i%3]); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	says(t, dial(t, l), "\x03", "plain \x03")
	says(t, tls.Client(dial(t, l), blind), "\x03", "TLS 1.3 \x03")
	says(t, running, "more", "more")
	says(t, secure, "more", "more")
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	s.await(t, Displaced, 600-64)
	if n := l.Open(); n > 64+4 {
		t.Errorf("%d are open", n)
	}
}

// What is at work is never displaced; one client takes no more than its share,
// and all together no more than there is.
func TestLimits(t *testing.T) {
	l, s := open(t, Config{Limits: Limits{Client: 4, ClientWaiting: 2, All: 100}})
	var at []net.Conn
	for range 4 {
		c := dial(t, l)
		says(t, c, hands, "plain "+hands)
		at = append(at, c)
	}
	gone(t, dial(t, l))
	s.await(t, RefusedClient, 1)
	for _, c := range at {
		says(t, c, "on", "on")
	}
	at[0].Close()
	for end := time.Now().Add(5 * time.Second); l.Open() > 3 && time.Now().Before(end); time.Sleep(time.Millisecond) {
	}
	says(t, dial(t, l), "\x03", "plain \x03")

	// other clients: by hand, for a test has one address
	table := newTable(Limits{All: 6, Client: 4, Waiting: 4, ClientWaiting: 3}, s.observe)
	from := func(addr string) *conn { return table.admit(fakeConn{addr: addr}, 1935) }
	var settled []*conn
	for i := range 2 {
		c := from(fmt.Sprintf("192.0.2.%d:5000", i))
		table.settle(c, HTTP)
		settled = append(settled, c)
	}
	for i := range 9 { // four wait at most; a new one displaces the oldest
		if from(fmt.Sprintf("198.51.100.%d:5000", i)) == nil {
			t.Fatalf("number %d is refused although others wait", i)
		}
	}
	if n := table.size(); n != 6 {
		t.Errorf("%d are open", n)
	}
	for i := range 4 { // one network of IPv6 is one client
		if from(fmt.Sprintf("[2001:db8::%d]:5000", i+1)) == nil {
			t.Fatal("refused")
		}
	}
	table.mu.Lock()
	if n := table.clients[netip.MustParsePrefix("2001:db8::/64")].open; n != 3 {
		t.Errorf("%d of one network", n)
	}
	table.mu.Unlock()
	for _, c := range settled {
		c.Close()
		c.Close()
	}
	table.closeAll(func(string) bool { return true })
	if len(table.clients) != 0 || table.waiting.Len() != 0 || from("192.0.2.9:1") != nil {
		t.Errorf("left behind: %d clients, %d that wait", len(table.clients), table.waiting.Len())
	}
}

type fakeConn struct {
	net.Conn
	addr string
}

func (f fakeConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(f.addr))
}
func (fakeConn) Close() error { return nil }

// A socket that cannot accept for a while is asked again, more and more slowly.
func TestAcceptErrors(t *testing.T) {
	f, stop := &failing{left: 4}, make(chan struct{})
	g := &gate{Listener: f, port: 1935, table: newTable(Limits{}.complete(), func(Event) {}), stop: stop, log: slog.New(slog.DiscardHandler)}
	start := time.Now()
	c, err := g.Accept()
	if err != nil || c == nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 75*time.Millisecond { // 5 + 10 + 20 + 40
		t.Errorf("asked again after %v", took)
	}
	go func() { time.Sleep(20 * time.Millisecond); close(stop) }()
	f.left = 1 << 30
	if _, err := g.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("at the end: %v", err)
	}
}

type failing struct{ left int }

func (f *failing) Accept() (net.Conn, error) {
	if f.left--; f.left >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return fakeConn{addr: "192.0.2.1:5"}, nil
}
func (f *failing) Close() error   { return nil }
func (f *failing) Addr() net.Addr { return &net.TCPAddr{} }

// One connection is one request: nothing hides behind the first.
func TestSmuggling(t *testing.T) {
	l, _ := open(t, Config{})
	for name, sent := range map[string]string{
		"pipelined":       "GET /one HTTP/1.1\r\nHost: a\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\n\r\n",
		"length":          "GET /one HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nxxxxGET /two HTTP/1.1\r\nHost: a\r\n\r\n",
		"both lengths":    "POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\n\r\n",
		"two lengths":     "POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 0\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\n\r\n",
		"keep alive":      "GET /one HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\n\r\n",
		"RTMP behind":     "GET /one HTTP/1.1\r\nHost: a\r\n\r\n\x03" + strings.Repeat("x", 1536),
		"HTTP/2":          "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"SSH":             "SSH-2.0-OpenSSH_9.6\r\n",
		"no host":         "GET /one HTTP/1.1\r\n\r\n",
		"large headers":   "GET /one HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n",
		"upgrade":         "GET /one HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
		"folded headers":  "GET /one HTTP/1.1\r\nHost: a\r\nContent-\r\n Length: 3\r\n\r\n",
		"carriage return": "GET /one HTTP/1.1\rHost: a\r\r",
	} {
		c := dial(t, l)
		go func() {
			_, _ = io.WriteString(c, sent)
			_ = c.(*net.TCPConn).CloseWrite()
		}()
		answer := gone(t, c)
		if n := strings.Count(answer, "HTTP/1.1 "); n > 1 || strings.Contains(answer, "/two") {
			t.Errorf("%s: %d answers: %q", name, n, answer)
		}
	}
}

// Garbage, cut and replayed hellos and handshakes: whatever comes, the port goes on.
func TestGarbage(t *testing.T) {
	l, s := open(t, Config{DevTLS: true, Limits: Limits{First: 2 * time.Second, TLS: 2 * time.Second, Client: 1000}})
	hello := recordHello(t)
	request := []byte("GET /outbound/x HTTP/1.1\r\nHost: a\r\n\r\n")
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // must repeat
	starts := [][]byte{hello, request, append([]byte{3}, bytes.Repeat([]byte{7}, 1536)...)}
	for i := range 600 {
		c, err := net.Dial("tcp", l.addr())
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, random.IntN(200))
		for j := range b {
			b[j] = byte(random.IntN(256))
		}
		if i%2 == 0 {
			b = bytes.Clone(starts[i/2%len(starts)])
			for range 1 + random.IntN(8) {
				b[random.IntN(len(b))] = byte(random.IntN(256))
			}
			b = b[:random.IntN(len(b)+1)]
		}
		_, _ = c.Write(b)
		if i%3 == 0 {
			_ = c.(*net.TCPConn).SetLinger(0)
		}
		c.Close()
	}
	// a hello that was recorded on another connection gets nowhere
	c := dial(t, l)
	if _, err := c.Write(append(bytes.Clone(hello), hello...)); err != nil {
		t.Fatal(err)
	}
	if got := gone(t, c); strings.Contains(got, "plain") || strings.Contains(got, "HTTP/") {
		t.Errorf("a replayed hello is answered with %q", got)
	}
	says(t, dial(t, l), "\x03", "plain \x03")
	says(t, tls.Client(dial(t, l), blind), "\x03", "TLS 1.3 \x03")
	if s.count(TLSFailed) == 0 || s.count(Unknown) == 0 {
		t.Errorf("seen %v", s.kind)
	}
}

// recordHello is the first thing that a TLS client sends.
func recordHello(t *testing.T) []byte {
	t.Helper()
	near, far := net.Pipe()
	go tls.Client(near, blind).Handshake() //nolint:errcheck // nobody answers
	b := make([]byte, 4096)
	n, err := bufio.NewReader(far).Read(b)
	if err != nil {
		t.Fatal(err)
	}
	near.Close()
	return b[:n]
}

// The end: silence and requests are closed at once, pushes when time is up; one
// that panics takes nobody along; nothing is left running.
func TestClose(t *testing.T) {
	before := runtime.NumGoroutine()
	l, err := Open(Config{Addrs: []string{"127.0.0.1:0", "127.0.0.1:0"}, DevTLS: true})
	if err != nil {
		t.Fatal(err)
	}
	l.Serve(Handlers{HTTP: web, RTMP: func(c net.Conn, port int, state *tls.ConnectionState) {
		var b [2]byte
		_, _ = io.ReadFull(c, b[:])
		if b[1] == 'p' {
			panic("at the disco")
		}
		echo(c, port, state)
	}})
	gone(t, func() net.Conn { c := dial(t, l); _, _ = io.WriteString(c, "\x03p"); return c }())
	silent, push := dial(t, l), dial(t, l)
	inside := tls.Client(dial(t, l), blind)
	if err := inside.Handshake(); err != nil {
		t.Fatal(err)
	}
	says(t, push, "\x03x", "plain ")
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	ended := make(chan struct{})
	go func() { l.Close(ctx); close(ended) }()
	gone(t, silent)
	gone(t, inside)
	if took := time.Since(start); took > 250*time.Millisecond {
		t.Errorf("what is silent was closed after %v", took)
	}
	says(t, push, "still", "still")
	gone(t, push)
	<-ended
	if took := time.Since(start); took < 250*time.Millisecond || took > 2*time.Second {
		t.Errorf("the end took %v", took)
	}
	l.Close(ctx)
	if c, err := net.Dial("tcp", l.addr()); err == nil {
		c.Close()
		t.Error("the port is still open")
	}
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			b := make([]byte, 1<<16)
			t.Fatalf("%d goroutines before, %d after\n%s", before, runtime.NumGoroutine(), b[:runtime.Stack(b, true)])
		}
	}
}
