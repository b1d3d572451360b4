// Package listen opens the ports that encoders push to. Each of them speaks
// RTMP, RTMP over TLS, and enough HTTP, plain and over TLS, to answer a browser
// that tries whether it gets through: which it is, the first byte tells.
package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/soheilhy/cmux"
)

// Config says where to listen and how.
type Config struct {
	Addrs    []string // host:port each, the host may be missing; port 0 takes a free one
	CertFile string   // PEM: the certificate and those that lead to its issuer
	KeyFile  string   // PEM
	DevTLS   bool     // make a self-signed certificate, for trying out
	Hosts    []string // names that encoders use: a self-signed certificate is for them
	Limits   Limits
	Log      *slog.Logger
}

// Limits bound what connections may cost. The zero value of a field means its default.
type Limits struct {
	All, Client int // connections at once, and of one IPv4 address or IPv6 /64
	// Those of them that have not said yet what they are, or not all of an RTMP
	// handshake. When there are more, the one that has waited longest is closed:
	// whoever comes with something to say finds a place, however many are silent.
	Waiting, ClientWaiting int

	First  time.Duration // to the first byte, plain and again inside TLS
	TLS    time.Duration // for the TLS handshake
	Header time.Duration // for the headers of a request
	HTTP   time.Duration // for a whole request and its answer
}

func (l Limits) complete() Limits {
	for n, def := range map[*int]int{&l.All: 2000, &l.Client: 128, &l.Waiting: 1000, &l.ClientWaiting: 64} {
		if *n <= 0 {
			*n = def
		}
	}
	for d, def := range map[*time.Duration]time.Duration{
		&l.First: 10 * time.Second, &l.TLS: 10 * time.Second, &l.Header: 5 * time.Second, &l.HTTP: 20 * time.Second,
	} {
		if *d <= 0 {
			*d = def
		}
	}
	return l
}

// Handlers are who takes what has come.
type Handlers struct {
	// RTMP takes a connection whose first byte is that of an RTMP handshake, and
	// returns when it is done with it. The connection has a method NetConn that gives
	// the TCP connection below. state is nil where it is not encrypted.
	RTMP func(conn net.Conn, port int, state *tls.ConnectionState)
	// HTTP takes one request a connection; PortOf tells where it came in.
	HTTP http.Handler
	// Observe is told what became of each connection; it may be nil. It must not block.
	Observe func(Event)
}

// Event is what became of a connection.
type Event struct {
	Port   int
	Client netip.Addr
	Kind   string
	Err    error // of TLSFailed: what the handshake ended with
}

// The kinds of events.
const (
	RTMP      = "rtmp"
	RTMPS     = "rtmps"
	HTTP      = "http"
	HTTPS     = "https"
	Unknown   = "unknown"    // its first byte is that of nothing known here
	Silent    = "silent"     // it ended, or was ended, before it said anything
	TLSFailed = "tls-failed" // the TLS handshake failed

	RefusedAll    = "refused-all"    // too many connections in all
	RefusedClient = "refused-client" // too many of this client
	Displaced     = "displaced"      // it waited longest when there were too many that wait
)

// Listeners are the open ports.
type Listeners struct {
	cfg   Config
	gates []*gate
	ports []int
	certs *certificates // nil: none, and TLS is refused
	table *table
	h     Handlers
	web   *http.Server
	stop  chan struct{}
	once  sync.Once
	loops sync.WaitGroup // that hand connections on
	wg    sync.WaitGroup // of connections that were handed on
}

// Open opens the ports. Nobody is served before Serve is called; until then the
// system keeps whoever comes waiting. Its errors are for whoever gave the settings.
func Open(cfg Config) (*Listeners, error) {
	cfg.Limits = cfg.Limits.complete()
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	l := &Listeners{cfg: cfg, stop: make(chan struct{})}
	l.table = newTable(cfg.Limits, l.observe)
	var err error
	if l.certs, err = newCertificates(cfg); err != nil {
		return nil, err
	}
	for _, addr := range cfg.Addrs {
		socket, err := net.Listen("tcp", addr)
		if err != nil {
			l.closeSockets()
			return nil, openError(addr, err)
		}
		port := socket.Addr().(*net.TCPAddr).Port
		l.gates = append(l.gates, &gate{Listener: socket, port: port, table: l.table, stop: l.stop, log: cfg.Log})
		if !slices.Contains(l.ports, port) {
			l.ports = append(l.ports, port)
		}
	}
	return l, nil
}

// openError says in words what keeps a port from being opened.
func openError(addr string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("cannot take streams on %s: the port is in use by another program, or named twice", addr)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("cannot take streams on %s: the system lets this user open no port below 1024", addr)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("cannot take streams on %s: this machine does not have the address", addr)
	}
	return fmt.Errorf("cannot take streams on %q (an address is like :1935 or 192.0.2.1:1935): %w", addr, err)
}

// Ports are the ports that are open, in the order of the addresses.
func (l *Listeners) Ports() []int { return l.ports }

// TLS says which certificate there is.
func (l *Listeners) TLS() TLSMode {
	switch {
	case l.certs == nil:
		return NoTLS
	case l.cfg.DevTLS:
		return SelfSigned
	}
	return FromFiles
}

// TLSMode is where the certificate is from.
type TLSMode string

// The modes.
const (
	NoTLS      TLSMode = ""
	SelfSigned TLSMode = "self-signed" // made by this program: nobody trusts it by itself
	FromFiles  TLSMode = "files"
)

// Open is how many connections there are.
func (l *Listeners) Open() int { return l.table.size() }

// Serve begins to serve; it does not wait. It is called once.
func (l *Listeners) Serve(h Handlers) {
	l.h = h
	limits := l.cfg.Limits
	l.web = &http.Server{
		Handler: h.HTTP, ConnContext: keepConn,
		ReadHeaderTimeout: limits.Header, ReadTimeout: limits.HTTP, WriteTimeout: limits.HTTP,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(l.cfg.Log.Handler(), slog.LevelDebug), // strangers' mistakes
	}
	l.web.SetKeepAlivesEnabled(false) // one request a connection: nothing can hide behind the first
	for _, g := range l.gates {
		outer, inner := cmux.New(g), newHandoff(g.Addr())
		plain, web, secret := outer.Match(starts(isRTMP)), outer.Match(starts(isHTTP)), outer.Match(starts(isTLS))
		within := cmux.New(inner)
		securePlain, secureWeb := within.Match(starts(isRTMP)), within.Match(starts(isHTTP))
		for _, m := range []cmux.CMux{outer, within} {
			m.SetReadTimeout(limits.First)
			go m.Serve() //nolint:errcheck // it ends when the port is closed, and only then
		}
		l.loops.Go(func() { l.push(plain, g.port, RTMP) })
		l.loops.Go(func() { l.push(securePlain, g.port, RTMPS) })
		go l.web.Serve(settling{web, HTTP})        //nolint:errcheck // likewise
		go l.web.Serve(settling{secureWeb, HTTPS}) //nolint:errcheck // likewise
		l.loops.Go(func() { l.encrypt(secret, inner) })
	}
}

// The first byte tells the protocols apart, and more is never waited for: whoever
// sends one byte and stops is the handler's, with the handler's deadline.
func isRTMP(b byte) bool { return b == 3 }               // C0: the version
func isTLS(b byte) bool  { return b == 0x16 }            // a handshake record
func isHTTP(b byte) bool { return b >= 'A' && b <= 'Z' } // a method

// starts matches connections by their first byte. cmux's own matchers would wait
// for one byte more than they compare.
func starts(with func(byte) bool) cmux.Matcher {
	return func(r io.Reader) bool {
		var b [1]byte
		_, err := io.ReadFull(r, b[:])
		return err == nil && with(b[0])
	}
}

// push hands connections on to whoever speaks RTMP.
func (l *Listeners) push(from net.Listener, port int, kind string) {
	for {
		c, err := settling{from, kind}.Accept()
		if err != nil {
			return
		}
		l.wg.Go(func() {
			defer c.Close()
			defer func() { // one connection must not end all the others
				if v := recover(); v != nil {
					l.cfg.Log.Error("panic", "part", "rtmp", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
				}
			}()
			if l.h.RTMP == nil {
				return
			}
			l.h.RTMP(pushed{c, baseOf(c)}, port, stateOf(c))
		})
	}
}

// encrypt does the TLS handshakes, each with its own deadline, and hands what
// comes of them on.
func (l *Listeners) encrypt(from net.Listener, to *handoff) {
	defer to.Close()
	for {
		c, err := from.Accept()
		if err != nil {
			return
		}
		l.wg.Go(func() {
			base := baseOf(c)
			_ = base.SetDeadline(time.Now().Add(l.cfg.Limits.TLS))
			if l.certs == nil {
				base.fail(ErrNoCertificate)
				refuseTLS(c)
				return
			}
			s := &secured{tls.Server(c, l.certs.config), base}
			if err := s.Handshake(); err != nil {
				base.fail(err)
				c.Close()
				return
			}
			_ = base.SetDeadline(time.Time{})
			to.put(s)
		})
	}
}

// observe passes an event on.
func (l *Listeners) observe(e Event) {
	if l.h.Observe != nil {
		l.h.Observe(e)
	}
}

func (l *Listeners) closeSockets() {
	for _, g := range l.gates {
		g.Listener.Close()
	}
}

// Close closes the ports and everything that is not a push, waits for the pushes
// until the context ends, and then closes those too.
func (l *Listeners) Close(ctx context.Context) {
	l.once.Do(func() {
		close(l.stop)
		l.closeSockets()
		l.table.closeAll(func(kind string) bool { return kind == "" })
		if l.web != nil {
			soon, cancel := context.WithTimeout(ctx, time.Second) // requests take milliseconds
			defer cancel()
			_ = l.web.Shutdown(soon)
			l.web.Close()
		}
		l.table.closeAll(func(kind string) bool { return kind != RTMP && kind != RTMPS })
	})
	done := make(chan struct{})
	go func() {
		l.loops.Wait()
		l.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		l.table.closeAll(func(string) bool { return true })
		select {
		case <-done:
		case <-time.After(time.Second):
			l.cfg.Log.Warn("connections of encoders were still being served at the end")
		}
	}
}
