package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"ingestdoctor/server/internal/rtmp"
)

// harm is what stands beside the pushes and must not disturb them.
type harm struct {
	p     *program
	media *media

	idle, half                    atomic.Int64 // open now
	idleMade, halfMade, replayed  atomic.Int64
	lowIdle, lowHalf              atomic.Int64 // the fewest that were open, once all were
	health                        lags
	mu                            sync.Mutex
	problems                      []string
	started                       time.Time
	wantIdle, wantHalf, wantSpoil int
}

func newHarm(p *program, m *media) *harm {
	return &harm{p: p, media: m, started: time.Now()}
}

func (h *harm) String() string {
	return fmt.Sprintf("%d idle and %d half-open connections at once at least (made again %d and %d times), %d spoilt pushes",
		h.lowIdle.Load(), h.lowHalf.Load(), max(0, h.idleMade.Load()-int64(h.wantIdle)), max(0, h.halfMade.Load()-int64(h.wantHalf)), h.replayed.Load())
}

func (h *harm) complain(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.problems) < 10 {
		h.problems = append(h.problems, fmt.Sprintf(format, args...))
	}
}

func (h *harm) errors() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := h.problems
	if h.wantSpoil > 0 && h.replayed.Load() == 0 {
		all = append(all, "no spoilt push was replayed")
	}
	return all
}

// from is an address on loopback for the n-th troublemaker: they come from
// many networks.
func (h *harm) dial(ctx context.Context, n int) (net.Conn, error) {
	d := net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 20, byte(1+n%20))}}
	return d.DialContext(ctx, "tcp4", h.p.ingest)
}

// run begins all of it; the context ends it.
func (h *harm) run(ctx context.Context, wg *sync.WaitGroup, s settings) {
	h.wantIdle, h.wantHalf, h.wantSpoil = s.idle, s.half, s.garbage
	halves := h.halves()
	later := func(n, of int) bool { // spread over the time that they are borne, or all would go at once
		select {
		case <-time.After(10 * time.Second * time.Duration(n) / time.Duration(of)):
			return true
		case <-ctx.Done():
			return false
		}
	}
	for n := range s.idle {
		wg.Go(func() {
			if later(n, s.idle) {
				h.hold(ctx, n, nil, &h.idle, &h.idleMade)
			}
		})
	}
	for n := range s.half {
		wg.Go(func() {
			if later(n, s.half) {
				h.hold(ctx, n, halves[n%len(halves)], &h.half, &h.halfMade)
			}
		})
	}
	for n := range s.garbage {
		wg.Go(func() { h.spoil(ctx, n) })
	}
	wg.Go(func() { h.look(ctx) })
}

// halves are beginnings that are not gone on with.
func (h *harm) halves() [][]byte {
	shake := rtmp.NewClientHandshake()
	c0c1 := append([]byte{3}, shake.C1[:]...)
	hello := clientHello()
	return [][]byte{
		{3},        // C0
		c0c1[:800], // half of C1
		c0c1,       // no C2
		hello[:5],  // a TLS record's head
		hello[:len(hello)/2],
		[]byte("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "),
		append(append([]byte{}, c0c1...), shake.C1[:]...), // handshake and no connect
	}
}

// clientHello is what crypto/tls says first.
func clientHello() []byte {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	go func() {
		_ = tls.Client(ours, &tls.Config{ServerName: "localhost"}).Handshake()
		ours.Close()
	}()
	buf := make([]byte, 4096)
	n, _ := theirs.Read(buf)
	return buf[:n]
}

// hold keeps a connection open that has said this much; when the server closes
// it, another takes its place.
func (h *harm) hold(ctx context.Context, n int, said []byte, open, made *atomic.Int64) {
	for ctx.Err() == nil {
		c, err := h.dial(ctx, n)
		if err != nil {
			if ctx.Err() == nil {
				h.complain("a connection is refused: %v", err)
			}
			return
		}
		made.Add(1)
		open.Add(1)
		stop := context.AfterFunc(ctx, func() { c.Close() })
		_, _ = c.Write(said)
		_, _ = io.Copy(io.Discard, c)
		stop()
		c.Close()
		open.Add(-1)
		select { // rather than in a frenzy
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// spoil replays pushes in which something was changed.
func (h *harm) spoil(ctx context.Context, n int) {
	rnd := rand.New(rand.NewPCG(uint64(n), uint64(h.started.UnixNano())))
	victim := &stream{p: h.p, n: 1000 + n} // a key that is known lets it come far
	if err := victim.open(ctx); err != nil {
		h.complain("%v", err)
		return
	}
	shake := rtmp.NewClientHandshake()
	push := append(append([]byte{3}, shake.C1[:]...), shake.C1[:]...)
	push = append(push, introduction(victim.app, victim.key)...)
	for _, t := range append(h.media.head[:len(h.media.head):len(h.media.head)], h.media.round[:40]...) {
		push = rtmp.AppendMessageAt(push, uint32(t.typ), t.typ, 1, uint32(t.ms), t.body, chunk)
	}
	for ctx.Err() == nil {
		b := append([]byte{}, push...)
		for range 1 + rnd.IntN(8) {
			at := rnd.IntN(len(b))
			if rnd.IntN(3) > 0 {
				at = min(3073+rnd.IntN(600), len(b)-1)
			}
			b[at] = byte(rnd.Uint32())
		}
		b = b[:1+rnd.IntN(len(b))]
		c, err := h.dial(ctx, n)
		if err != nil {
			if ctx.Err() == nil {
				h.complain("a connection is refused: %v", err)
			}
			return
		}
		_ = c.SetDeadline(time.Now().Add(15 * time.Second))
		_, _ = c.Write(b)
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c)
		c.Close()
		h.replayed.Add(1)
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// look asks the portal for its health, and counts who is still there.
func (h *harm) look(ctx context.Context) {
	h.lowIdle.Store(int64(h.wantIdle))
	h.lowHalf.Store(int64(h.wantHalf))
	full := false
	for {
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return
		}
		began := time.Now()
		if err := h.p.healthy(ctx); err != nil && ctx.Err() == nil {
			h.complain("/healthz: %v", err)
		}
		if ctx.Err() != nil {
			return
		}
		h.health.add(int(time.Since(began).Milliseconds()))
		idle, half := h.idle.Load(), h.half.Load()
		full = full || time.Since(h.started) > 12*time.Second
		if full {
			h.lowIdle.Store(min(h.lowIdle.Load(), idle))
			h.lowHalf.Store(min(h.lowHalf.Load(), half))
		}
	}
}
