package probe

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ingestdoctor/server/internal/rtmp"
)

// sockets counts the open ones of this process.
func sockets(t *testing.T) (n int) {
	t.Helper()
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Skip("needs /proc")
	}
	for _, e := range entries {
		if to, err := os.Readlink(dir + "/" + e.Name()); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// 500 probes at once, most of them of servers that misbehave: memory stays
// flat, and nothing is left afterwards. Not parallel: it counts.
func TestManyAtOnce(t *testing.T) {
	endless := func(body []byte) func(int, *net.TCPConn) {
		return after(1, func(p *peer) {
			for {
				if _, err := p.Write(body); err != nil {
					return
				}
			}
		})
	}
	root := newCA(t, nil, "Test Root")
	kinds := map[string]func(int, *net.TCPConn){
		"healthy":   healthy,
		"silent":    func(_ int, c *net.TCPConn) { hold(c) },
		"trickling": func(_ int, c *net.TCPConn) { trickle(c, answerOf(c), 20*time.Millisecond) },
		"mute":      after(1, func(p *peer) { hold(p) }),
		"media":     endless(rtmp.AppendMessage(nil, 4, rtmp.Video, 1, make([]byte, 60000), 128)),
		"commands":  endless(rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, 0, rtmp.AppendCommand("onBWDone", 0, rtmp.Null()), 128)),
		"messages": func(_ int, c *net.TCPConn) { // 64 messages under way at once
			p, ok := shake(c)
			if !ok {
				return
			}
			var b []byte
			for id := byte(2); id < 64; id++ {
				b = append(b, id, 0, 0, 0, 0, 0xff, 0xff, rtmp.CommandAMF0, 0, 0, 0, 0)
				b = append(b, make([]byte, 128)...)
			}
			_, _ = p.Write(b)
			for {
				b = b[:0]
				for id := byte(2); id < 64; id++ {
					b = append(append(b, 0xc0|id), make([]byte, 128)...)
				}
				if _, err := p.Write(b); err != nil {
					return
				}
			}
		},
		"tls":     overTLS(issue(t, root, nil).config(), func(c net.Conn) { hold(c) }),
		"resets":  func(_ int, c *net.TCPConn) { reset(c) },
		"garbage": func(_ int, c *net.TCPConn) { _, _ = io.Copy(c, bytes.NewReader(bytes.Repeat([]byte{3, 0xff}, 1<<16))) },
	}
	limits := Limits{
		DNS: time.Second, TCP: 3 * time.Second, TLS: 3 * time.Second, Handshake: 2500 * time.Millisecond, Connect: 2500 * time.Millisecond,
		Publish: 2500 * time.Millisecond, Silence: 500 * time.Millisecond, All: 15 * time.Second,
	}
	p := testProber(t, withLimits(limits), func(c *Config) { c.Roots = root.pool() })
	var targets []string
	t.Run("all", func(t *testing.T) {
		for name, handle := range kinds {
			scheme := "rtmp"
			if name == "tls" {
				scheme = "rtmps"
			}
			targets = append(targets, scheme+"://"+serve(t, handle)+"/live")
		}
		idle, goroutines := sockets(t), runtime.NumGoroutine()
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		var (
			peak  atomic.Uint64
			stop  = make(chan struct{})
			watch sync.WaitGroup
		)
		watch.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(20 * time.Millisecond):
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak.Store(max(peak.Load(), m.HeapInuse+m.StackInuse))
				}
			}
		})
		const n = 500
		var (
			wg     sync.WaitGroup
			states sync.Map
			began  = time.Now()
		)
		for i := range n {
			target := targets[i%len(targets)]
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			wg.Go(func() {
				plan, err := p.Plan(Request{Target: target, Publish: false})
				if err != nil {
					t.Error(err)
					return
				}
				if i%25 == 24 { // some are given up
					time.AfterFunc(100*time.Millisecond, cancel)
				}
				r := p.Run(ctx, plan, nil)
				for _, l := range r.Ladders {
					for _, g := range l.Rungs {
						if g.State == Running || g.State == Waiting {
							t.Errorf("%s ends with %s %s", target, g.Stage, g.State)
						}
					}
					v, _ := states.LoadOrStore(l.State, new(atomic.Int64))
					v.(*atomic.Int64).Add(1)
				}
			})
		}
		wg.Wait()
		took := time.Since(began)
		close(stop)
		watch.Wait()
		grown := int64(peak.Load()) - int64(before.HeapInuse+before.StackInuse)
		var sums []string
		states.Range(func(k, v any) bool {
			sums = append(sums, fmt.Sprintf("%v %d", k, v.(*atomic.Int64).Load()))
			return true
		})
		t.Logf("%d probes in %v, memory grew by %.1f MB at most (servers included): %s", n, took.Round(time.Millisecond), float64(grown)/1e6, strings.Join(sums, ", "))
		if grown > 150e6 {
			t.Errorf("memory grew by %d bytes", grown)
		}
		if took > 20*time.Second {
			t.Errorf("took %v", took)
		}
		// Nothing is left: the servers' ends close with ours.
		until := time.Now().Add(5 * time.Second)
		for sockets(t) > idle || runtime.NumGoroutine() > goroutines {
			if time.Now().After(until) {
				t.Fatalf("left: %d sockets, %d goroutines", sockets(t)-idle, runtime.NumGoroutine()-goroutines)
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
}

// A probe that is stopped ends at once, in whatever stage it is, and says so.
func TestCancel(t *testing.T) {
	t.Parallel()
	server, _ := dnsStub(t, map[string][]record{"silent.cancel-test.net": {{silent: true}}})
	p := testProber(t, withLimits(Limits{}), func(c *Config) { c.NameServer = server })
	silent := serve(t, func(_ int, c *net.TCPConn) { hold(c) })
	mute := serve(t, after(1, func(p *peer) { hold(p) }))
	starts := serve(t, healthy)
	for _, tt := range []struct {
		name, stage string
		req         Request
	}{
		{"dns", DNS, Request{Target: "rtmp://silent.cancel-test.net/live"}},
		{"tls", TLS, Request{Target: "rtmps://" + silent + "/live"}},
		{"handshake", Handshake, Request{Target: "rtmp://" + silent + "/live"}},
		{"connect", Connect, Request{Target: "rtmp://" + mute + "/live"}},
		{"publish", Publish, Request{Target: "rtmp://" + starts + "/live/key", Publish: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plan, err := p.Plan(tt.req)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			var stopped time.Time
			var events []Event
			r := p.Run(ctx, plan, func(e Event) {
				events = append(events, e)
				if e.Rung != nil && e.Rung.Stage == tt.stage && e.Rung.State == Running {
					time.AfterFunc(50*time.Millisecond, func() { stopped = time.Now(); cancel() })
				}
			})
			if d := time.Since(stopped); d > time.Second {
				t.Errorf("ended %v after it was stopped", d)
			}
			checkResult(t, r, events)
			if g := rungOf(t, r, tt.stage); g.State != Cancelled {
				t.Errorf("%s is %s: %s", tt.stage, g.State, g.Detail)
			}
			if r.Input.State != "cancelled" || len(r.Findings) != 0 || r.Verdict.Headline != "Stopped before the end; nothing wrong up to there." {
				t.Errorf("%s, %q, %v", r.Input.State, r.Verdict.Headline, messages(r))
			}
		})
	}
}

// The limit for all ends a probe, too, and is no cancellation.
func TestLimitForAll(t *testing.T) {
	t.Parallel()
	l := Limits{All: 300 * time.Millisecond}
	addr := serve(t, func(_ int, c *net.TCPConn) { hold(c) })
	began := time.Now()
	r := probeIt(t, testProber(t, withLimits(l)), Request{Target: "rtmp://" + addr + "/live"})
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("took %v", d)
	}
	if g := rungOf(t, r, Handshake); g.State != TimedOut || r.Input.State != "complete" {
		t.Errorf("handshake %s, input %s", g.State, r.Input.State)
	}
}
