package live

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ingestdoctor/wasm/profile"
)

// Config is how a Hub is to be. Zero fields mean the defaults.
type Config struct {
	App    string        // application name of the push URL: live
	Expiry time.Duration // how long a key is good for: 30 minutes
	Keep   time.Duration // how long a session stays readable after its end: 30 minutes

	Sessions  int // that have not ended, in all: 100
	PerClient int // of those, by one client's prefix: 5
	Ended     int // that have ended and are still readable: 500; beyond it the oldest goes
	Watchers  int // of one session: 32

	Handshake time.Duration // for the RTMP handshake: 10 s
	Publish   time.Duration // from there to publish: 10 s
	Idle      time.Duration // without media while publishing: 60 s
	Return    time.Duration // for an encoder whose connection broke to come back: 60 s
	Goodbye   time.Duration // for one that ended its stream: 15 s
	Takeover  time.Duration // without media after which another connection with the key takes over: 5 s
	Write     time.Duration // for the encoder to take what it is sent: 5 s

	Duration time.Duration // of all pushes of a session together: no limit but the key's time
	Bitrate  int64         // bit/s of one push, all of it: 80,000,000
	Window   time.Duration // over which that is measured: 10 s
	Queue    int           // bytes of messages under way on one connection: 16 MiB
	Message  int           // bytes of one message: 8 MiB
	Memory   int           // bytes of messages under way on all connections: 256 MiB

	Tick   time.Duration // between ticks: 125 ms
	Report time.Duration // between reports: 1 s

	Metrics Metrics      // nil for none
	Log     *slog.Logger // nil for none; holds neither keys nor ids nor addresses
}

func (c *Config) defaults() {
	def(&c.App, "live")
	def(&c.Expiry, 30*time.Minute)
	def(&c.Keep, 30*time.Minute)
	def(&c.Sessions, 100)
	def(&c.PerClient, 5)
	def(&c.Ended, 500)
	def(&c.Watchers, 32)
	def(&c.Handshake, 10*time.Second)
	def(&c.Publish, 10*time.Second)
	def(&c.Idle, 60*time.Second)
	def(&c.Return, 60*time.Second)
	def(&c.Goodbye, 15*time.Second)
	def(&c.Takeover, 5*time.Second)
	def(&c.Write, 5*time.Second)
	def(&c.Bitrate, 80_000_000)
	def(&c.Window, 10*time.Second)
	def(&c.Queue, 16<<20)
	def(&c.Message, 8<<20)
	def(&c.Memory, 256<<20)
	def(&c.Tick, 125*time.Millisecond)
	def(&c.Report, time.Second)
	if c.Metrics == nil {
		c.Metrics = noMetrics{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Metrics is told what happens, for counters. Its methods are called from
// several goroutines at once and must not block.
type Metrics interface {
	SessionMade()
	SessionRefused(reason string) // full, client, profile, refusal, closed
	SessionEnded(reason string)   // Ended...
	// Connection is told of every connection that opens (1) and closes (-1).
	Connection(delta int)
	// ConnectionEnded tells how one ended: handshake, protocol, timeout, refused, closed, goodbye, limit, stopped, ...
	ConnectionEnded(reason string)
	Received(bytes int64)
	// Finding is told of each finding of a push's last report.
	Finding(rule, severity string)
}

type noMetrics struct{}

func (noMetrics) SessionMade()           {}
func (noMetrics) SessionRefused(string)  {}
func (noMetrics) SessionEnded(string)    {}
func (noMetrics) Connection(int)         {}
func (noMetrics) ConnectionEnded(string) {}
func (noMetrics) Received(int64)         {}
func (noMetrics) Finding(_, _ string)    {}

type hash = [sha256.Size]byte

// Hub keeps the sessions and serves the encoders. It is safe for concurrent use.
type Hub struct {
	cfg Config

	mu      sync.Mutex
	closed  bool
	byID    map[hash]*session
	byKey   map[hash]*session // of sessions that have not ended
	clients map[netip.Prefix]int
	ended   []*session // the oldest first
	conns   map[*conn]struct{}
	serving sync.WaitGroup
	held    atomic.Int64 // bytes of messages under way
}

// New makes a Hub without sessions.
func New(cfg Config) *Hub {
	cfg.defaults()
	return &Hub{
		cfg: cfg, byID: map[hash]*session{}, byKey: map[hash]*session{},
		clients: map[netip.Prefix]int{}, conns: map[*conn]struct{}{},
	}
}

// token makes 128 random bits, and the hash under which they are kept.
func token() (string, hash) {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	s := hex.EncodeToString(b[:])
	return s, sha256.Sum256([]byte(s))
}

// Create makes a session for a client. Its errors are ErrFull, ErrClient,
// ErrProfile and ErrClosed.
func (h *Hub) Create(req Request, client netip.Prefix) (Created, error) {
	p := profile.Default()
	if req.Profile != "" {
		var ok bool
		if p, ok = profile.ByID(req.Profile); !ok {
			h.cfg.Metrics.SessionRefused("profile")
			return Created{}, ErrProfile
		}
	}
	if req.Refuse != "" && (!req.Behave || !slices.ContainsFunc(Refusals(p), func(r Refusal) bool { return r.Code == req.Refuse })) {
		h.cfg.Metrics.SessionRefused("refusal")
		return Created{}, ErrRefusal
	}
	id, idHash := token()
	key, keyHash := token()
	now := time.Now()
	s := &session{
		hub: h, profile: p, behave: req.Behave, refuse: req.Refuse, client: client, id: idHash, key: keyHash,
		created: now, expires: now.Add(h.cfg.Expiry), state: Waiting, watchers: map[*watcher]struct{}{},
		secret: key, analysis: newAnalysis(p, now),
	}

	h.mu.Lock()
	defer h.mu.Unlock()
	refuse := func(reason string, err error) (Created, error) {
		h.cfg.Metrics.SessionRefused(reason)
		return Created{}, err
	}
	switch {
	case h.closed:
		return refuse("closed", ErrClosed)
	case h.clients[client] >= h.cfg.PerClient:
		return refuse("client", ErrClient)
	case len(h.byKey) >= h.cfg.Sessions:
		return refuse("full", ErrFull)
	}
	h.byID[idHash], h.byKey[keyHash] = s, s
	h.clients[client]++
	s.expiry = time.AfterFunc(h.cfg.Expiry, func() { s.end(EndedExpired, "The key was good for "+minutes(h.cfg.Expiry)+", and its time was up.") })
	h.cfg.Metrics.SessionMade()
	return Created{ID: id, App: h.cfg.App, Key: key, Expires: s.expires}, nil
}

// byToken finds a session under the hash of its id or key, in constant time.
func byToken(m map[hash]*session, text string) *session {
	sum := sha256.Sum256([]byte(text))
	s := m[sum]
	if s == nil || subtle.ConstantTimeCompare(s.id[:], sum[:])|subtle.ConstantTimeCompare(s.key[:], sum[:]) == 0 {
		return nil
	}
	return s
}

func (h *Hub) session(id string) *session {
	h.mu.Lock()
	defer h.mu.Unlock()
	return byToken(h.byID, id)
}

func (h *Hub) sessionOfKey(key string) *session {
	h.mu.Lock()
	defer h.mu.Unlock()
	return byToken(h.byKey, key)
}

// Snapshot gives a session as it stands; false when there is none of that id.
func (h *Hub) Snapshot(id string) (Snapshot, bool) {
	s := h.session(id)
	if s == nil {
		return Snapshot{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot(), true
}

// Watch tells what happens to a session until its end or until ctx is done; then
// the channel is closed. The first event is always a state, which brings a
// watcher up to date that has seen the events up to from and whatever it missed.
// A watcher that does not keep up misses events and gets a state again; the push
// never waits for it. ok is false when there is no such session, or it has as
// many watchers as it may.
func (h *Hub) Watch(ctx context.Context, id string, from int64) (events <-chan Event, ok bool) {
	_ = from // a state holds all that a later event could be missing
	s := h.session(id)
	if s == nil {
		return nil, false
	}
	return s.watch(ctx)
}

// Stop ends a session; false when there is none of that id. One that has ended
// already stays as it is.
func (h *Hub) Stop(id string) bool {
	s := h.session(id)
	if s == nil {
		return false
	}
	s.end(EndedStopped, "The test was stopped.")
	return true
}

// retire takes an ended session's place away and forgets it later. h.mu is not
// held.
func (h *Hub) retire(s *session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.byKey, s.key)
	if h.clients[s.client]--; h.clients[s.client] <= 0 {
		delete(h.clients, s.client)
	}
	h.ended = append(h.ended, s)
	for len(h.ended) > h.cfg.Ended {
		h.forget(h.ended[0])
	}
	if !h.closed {
		s.forget = time.AfterFunc(h.cfg.Keep, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.forget(s)
		})
	}
}

func (h *Hub) forget(s *session) {
	delete(h.byID, s.id)
	for i, e := range h.ended {
		if e == s {
			h.ended = append(h.ended[:i], h.ended[i+1:]...)
			break
		}
	}
	if s.forget != nil {
		s.forget.Stop()
	}
}

// Close ends all sessions, closes all connections and waits for them until ctx
// is done. Sessions stay readable.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	var all []*session
	for _, s := range h.byKey {
		all = append(all, s)
	}
	for _, s := range h.ended {
		if s.forget != nil {
			s.forget.Stop()
		}
	}
	h.mu.Unlock()
	for _, s := range all {
		s.end(EndedShutdown, "The server stops.")
	}
	var aborting sync.WaitGroup
	h.mu.Lock()
	for c := range h.conns {
		aborting.Go(func() {
			c.abort(ending{reason: "shutdown", text: "The server stops.", code: "NetConnection.Connect.AppShutdown"})
		})
	}
	h.mu.Unlock()
	done := make(chan struct{})
	go func() {
		h.serving.Wait()
		aborting.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	h.mu.Lock()
	for c := range h.conns {
		c.raw.Close()
	}
	h.mu.Unlock()
	<-done
	return ctx.Err()
}

// grant is the budget of messages under way (rtmp.Limits.Grant).
func (h *Hub) grant(n int) bool {
	if h.held.Add(int64(n)) > int64(h.cfg.Memory) && n > 0 {
		h.held.Add(int64(-n))
		return false
	}
	return true
}

// enter counts a connection in; false when the Hub is closed.
func (h *Hub) enter(c *conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.conns[c] = struct{}{}
	h.serving.Add(1)
	return true
}

func (h *Hub) leave(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c)
	h.serving.Done()
}

// addressOf is a connection's other side as a person reads it.
func addressOf(c net.Conn) string {
	a, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return "unknown"
	}
	return a.Addr().Unmap().WithZone("").String()
}

func seconds(d time.Duration) string {
	return fmt.Sprintf("%g s", d.Seconds())
}
