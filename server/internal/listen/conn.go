package listen

import (
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/soheilhy/cmux"
)

// gate is a listening socket. What Accept gives is within the limits; it fails
// only when the socket is closed, for cmux would ask again at once and for ever.
type gate struct {
	net.Listener
	port  int
	table *table
	stop  <-chan struct{}
	log   *slog.Logger
}

// Accept waits for the next connection.
func (g *gate) Accept() (net.Conn, error) {
	for pause := time.Duration(0); ; {
		tcp, err := g.Listener.Accept()
		switch {
		case err == nil:
			pause = 0
			if c := g.table.admit(tcp, g.port); c != nil {
				return c, nil
			}
			continue
		case errors.Is(err, net.ErrClosed):
			return nil, net.ErrClosed // which is not a net.Error: cmux ends
		}
		// Out of file descriptors or of memory, as a rule: it passes when connections end.
		if pause == 0 {
			g.log.Warn("cannot take a connection for the moment", "port", g.port, "reason", err.Error())
		}
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		select {
		case <-time.After(pause):
		case <-g.stop:
			return nil, net.ErrClosed
		}
	}
}

// table is all connections of all ports.
type table struct {
	limits  Limits
	observe func(Event)

	mu      sync.Mutex
	closed  bool
	open    map[*conn]struct{}
	clients map[netip.Prefix]*client
	waiting list.List // of *conn, the longest first
}

type client struct {
	open    int
	waiting list.List
}

func newTable(l Limits, observe func(Event)) *table {
	return &table{limits: l, observe: observe, open: map[*conn]struct{}{}, clients: map[netip.Prefix]*client{}}
}

func (t *table) size() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.open)
}

// admit takes a connection in, or closes it and gives nil.
func (t *table) admit(tcp net.Conn, port int) *conn {
	c := &conn{Conn: tcp, table: t, port: port}
	if a, err := netip.ParseAddrPort(tcp.RemoteAddr().String()); err == nil {
		c.addr = a.Addr().Unmap().WithZone("")
	}
	c.key = network(c.addr)

	t.mu.Lock()
	cl := t.clients[c.key]
	if cl == nil {
		cl = &client{}
		t.clients[c.key] = cl
	}
	var out *conn // whom it displaces
	full := func(n, most int, waiting *list.List, mostWaiting int) bool {
		if first := waiting.Front(); first != nil && (n >= most || waiting.Len() >= mostWaiting) {
			out = first.Value.(*conn)
			t.remove(out)
			return false
		}
		return n >= most
	}
	refused := ""
	switch {
	case t.closed:
		refused = RefusedAll
	case full(cl.open, t.limits.Client, &cl.waiting, t.limits.ClientWaiting):
		refused = RefusedClient
	case out == nil && full(len(t.open), t.limits.All, &t.waiting, t.limits.Waiting):
		refused = RefusedAll
	}
	if refused == "" {
		t.clients[c.key] = cl // it may have gone with the one that was displaced
		t.open[c] = struct{}{}
		cl.open++
		c.inClient, c.inAll = cl.waiting.PushBack(c), t.waiting.PushBack(c)
	} else if cl.open == 0 {
		delete(t.clients, c.key)
	}
	t.mu.Unlock()

	if out != nil {
		out.told.Store(true) // it may have been told as RTMP already
		t.observe(Event{Port: out.port, Client: out.addr, Kind: Displaced})
		out.Conn.Close()
	}
	if refused != "" {
		c.tell(refused, nil)
		if tcp, ok := tcp.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // the system keeps nothing of a flood
		}
		tcp.Close()
		return nil
	}
	return c
}

// handshake is the bytes that a client sends in an RTMP handshake, C0, C1 and C2;
// around them TLS makes some more.
const handshake = 1 + 1536 + 1536

// settle notes what a connection is. It no longer waits, unless it is RTMP: then
// the first byte is cheap, and it waits until a whole handshake has come.
func (t *table) settle(c *conn, kind string) {
	t.mu.Lock()
	c.kind = kind
	if c.owes = (kind == RTMP || kind == RTMPS) && c.got < handshake; !c.owes {
		t.unwait(c)
	}
	t.mu.Unlock()
	c.tell(kind, nil)
}

// unwait takes a connection off the lists of those that wait.
func (t *table) unwait(c *conn) {
	if c.inAll != nil {
		t.waiting.Remove(c.inAll)
		t.clients[c.key].waiting.Remove(c.inClient)
		c.inAll, c.inClient = nil, nil
	}
}

// remove forgets a connection; again, it does nothing.
func (t *table) remove(c *conn) {
	if _, ok := t.open[c]; !ok {
		return
	}
	t.unwait(c)
	delete(t.open, c)
	cl := t.clients[c.key]
	if cl.open--; cl.open == 0 {
		delete(t.clients, c.key)
	}
}

// closeAll lets nobody in any more and closes connections by their kind, which
// is empty for those that wait.
func (t *table) closeAll(which func(kind string) bool) {
	t.mu.Lock()
	t.closed = true
	var list []*conn
	for c := range t.open {
		if which(c.kind) {
			list = append(list, c)
		}
	}
	t.mu.Unlock()
	for _, c := range list {
		c.Close()
	}
}

// network is whom a limit counts: an IPv4 address, or the /64 that an IPv6
// address is in, for whoever has one address of it has all.
func network(addr netip.Addr) netip.Prefix {
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, _ := addr.Prefix(bits) // neither number is too large; unknown addresses count as one
	return p
}

// conn is one TCP connection.
type conn struct {
	net.Conn
	table *table
	port  int
	addr  netip.Addr
	key   netip.Prefix
	got   int         // bytes; of whoever reads, one at a time
	owes  bool        // some of its handshake, likewise
	said  atomic.Bool // something
	told  atomic.Bool // what became of it

	// under the table's lock
	kind            string
	inAll, inClient *list.Element
}

// Read notes that something came.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.said.Load() {
		c.said.Store(true)
	}
	if c.got += n; c.owes && c.got >= handshake {
		c.owes = false
		c.table.mu.Lock()
		c.table.unwait(c)
		c.table.mu.Unlock()
	}
	return n, err
}

// Close closes the connection and gives its place free.
func (c *conn) Close() error {
	c.table.mu.Lock()
	c.table.remove(c)
	c.table.mu.Unlock()
	if c.said.Load() {
		c.tell(Unknown, nil) // unless more was told
	} else {
		c.tell(Silent, nil)
	}
	return c.Conn.Close()
}

func (c *conn) fail(err error) { c.tell(TLSFailed, err) }

// tell tells once what became of a connection.
func (c *conn) tell(kind string, err error) {
	if c.told.CompareAndSwap(false, true) {
		c.table.observe(Event{c.port, c.addr, kind, err})
	}
}

// secured is a connection after its TLS handshake.
type secured struct {
	*tls.Conn
	base *conn
}

// pushed is a connection as whoever speaks RTMP gets it.
type pushed struct {
	net.Conn
	base *conn
}

// NetConn is the TCP connection below.
func (p pushed) NetConn() net.Conn { return p.base.Conn }

// baseOf finds the TCP connection below what cmux and TLS have put around it.
func baseOf(c net.Conn) *conn {
	for {
		switch v := c.(type) {
		case *cmux.MuxConn:
			c = v.Conn
		case *secured:
			return v.base
		case *conn:
			return v
		}
	}
}

// stateOf is what was agreed on in the TLS handshake, nil where there was none.
func stateOf(c net.Conn) *tls.ConnectionState {
	if m, ok := c.(*cmux.MuxConn); ok {
		c = m.Conn
	}
	if s, ok := c.(*secured); ok {
		state := s.ConnectionState()
		return &state
	}
	return nil
}

// settling notes what the connections of a listener are.
type settling struct {
	net.Listener
	kind string
}

// Accept waits for the next connection.
func (s settling) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	if err == nil {
		b := baseOf(c)
		b.table.settle(b, s.kind)
	}
	return c, err
}

// handoff is a listener for connections that somebody else has accepted.
type handoff struct {
	addr net.Addr
	list chan net.Conn
	done chan struct{}
	once sync.Once
}

func newHandoff(addr net.Addr) *handoff {
	return &handoff{addr: addr, list: make(chan net.Conn), done: make(chan struct{})}
}

func (h *handoff) put(c net.Conn) {
	select {
	case h.list <- c:
	case <-h.done:
		c.Close()
	}
}

// Accept waits for the next connection.
func (h *handoff) Accept() (net.Conn, error) {
	select {
	case c := <-h.list:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

// Addr is the port's address.
func (h *handoff) Addr() net.Addr { return h.addr }

// Close ends Accept.
func (h *handoff) Close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

type portKey struct{}

type arrival struct {
	port int
	tls  bool
	addr netip.Addr
}

func keepConn(ctx context.Context, c net.Conn) context.Context {
	b := baseOf(c)
	return context.WithValue(ctx, portKey{}, arrival{b.port, stateOf(c) != nil, b.addr})
}

// PortOf tells at which port a request came in, whether encrypted, and from
// where. Without one of these listeners the port is 0.
func PortOf(r *http.Request) (port int, encrypted bool, client netip.Addr) {
	a, _ := r.Context().Value(portKey{}).(arrival)
	return a.port, a.tls, a.addr
}
