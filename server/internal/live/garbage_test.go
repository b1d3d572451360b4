package live_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ingestdoctor/server/internal/live"
	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/flv"
)

// anyKey stands for the stream key in a capture: a hub has its own each time.
const anyKey = "0123456789abcdef0123456789abcdef"

// captures are pushes as they go over the wire, every kind of message among them.
func captures() [][]byte {
	var all [][]byte
	for name, file := range fixtures() {
		media := played(file)
		media = media[:min(len(media), 48<<10)]
		push := append(opening("live", anyKey), media...)
		if name == "healthy" {
			aggregate := rtmp.AppendMessage(nil, 6, rtmp.Aggregate, 1, file[13:min(len(file), 9000)], 4096)
			push = append(push, aggregate...)
			for _, typ := range []byte{rtmp.Abort, rtmp.Ack, rtmp.WindowAckSize} {
				push = append(push, rtmp.AppendControl(nil, typ, 5000)...)
			}
			push = append(push, rtmp.AppendUserControl(nil, rtmp.PingRequest, 77)...)
			push = append(push, rtmp.AppendMessageAt(nil, 900, rtmp.Shared, 1, 1<<25, []byte("shared"), 4096)...)
			deep := flv.AMFValue{Kind: flv.AMFObject}
			for range 12 {
				deep = rtmp.Object("in", deep, "list", flv.AMFValue{Kind: flv.AMFStrictArray, Items: []flv.AMFValue{flv.Num(1)}})
			}
			push = append(push, rtmp.AppendMessage(nil, 3, rtmp.CommandAMF3, 1, append([]byte{0}, rtmp.AppendCommand("what", 9, deep)...), 4096)...)
		}
		all = append(all, append(push, goodbye(anyKey)...))
	}
	return all
}

// meter counts how connections ended, panics above all.
type meter struct {
	ended, panics, received atomic.Int64

	mu      sync.Mutex
	reasons map[string]int
}

func (*meter) SessionMade()          {}
func (*meter) SessionRefused(string) {}
func (*meter) SessionEnded(string)   {}
func (*meter) Connection(int)        {}
func (m *meter) ConnectionEnded(reason string) {
	m.ended.Add(1)
	m.mu.Lock()
	m.reasons[reason]++
	m.mu.Unlock()
	if reason == "panic" {
		m.panics.Add(1)
	}
}
func (m *meter) Received(n int64)     { m.received.Add(n) }
func (*meter) Finding(string, string) {}

// quick are the hub's limits where nobody waits for anything.
func quick(m live.Metrics) live.Config {
	return live.Config{
		Metrics: m, Sessions: 1000, PerClient: 1000, Ended: 20, Takeover: time.Nanosecond,
		Handshake: 5 * time.Second, Publish: 5 * time.Second, Idle: 5 * time.Second,
	}
}

// wire makes connections inside this process that can be closed by halves.
type wire struct {
	l    *net.UnixListener
	pair sync.Mutex
}

func newWire(t testing.TB) *wire {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "wire"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &wire{l: l}
}

func (w *wire) open() (ours *net.UnixConn, theirs net.Conn, err error) {
	w.pair.Lock()
	defer w.pair.Unlock()
	if ours, err = net.DialUnix("unix", nil, w.l.Addr().(*net.UnixAddr)); err != nil {
		return nil, nil, err
	}
	theirs, err = w.l.Accept()
	return ours, theirs, err
}

// serve pushes bytes to the hub as one connection, and waits until it is over.
func (w *wire) serve(hub *live.Hub, push []byte) error {
	ours, theirs, err := w.open()
	if err != nil {
		return err
	}
	defer ours.Close()
	_ = ours.SetDeadline(time.Now().Add(10 * time.Second))
	done := make(chan struct{})
	go func() {
		defer close(done)
		hub.Serve(theirs, 1935, nil)
	}()
	var out sync.WaitGroup
	out.Go(func() {
		_, _ = ours.Write(push)
		_ = ours.CloseWrite()
	})
	_, err = io.Copy(io.Discard, ours)
	out.Wait()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.New("it hangs")
	}
	<-done
	return nil
}

// spoil changes a push here and there, behind the handshake most of the time.
func spoil(rnd *rand.Rand, all [][]byte) []byte {
	b := bytes.Clone(all[rnd.IntN(len(all))])
	if rnd.IntN(8) > 0 {
		b = b[:min(len(b), 3073+rnd.IntN(30<<10))]
	}
	const head = 1 + 2*1536
	place := func() int {
		switch rnd.IntN(20) {
		case 0:
			return rnd.IntN(len(b))
		case 1, 2:
			return min(head+rnd.IntN(900), len(b)-1) // the commands
		}
		return min(head+rnd.IntN(max(len(b)-head, 1)), len(b)-1)
	}
	sizes := []byte{0, 1, 0x7f, 0x80, 0xff, 3, 0xc3, 0x43, 0x83}
	for range 1 + rnd.IntN(6) {
		if len(b) < head+2 {
			return b
		}
		at := place()
		n := min(1+rnd.IntN(64), len(b)-at)
		switch rnd.IntN(9) {
		case 0:
			b[at] ^= 1 << rnd.IntN(8)
		case 1:
			b[at] = byte(rnd.Uint32())
		case 2:
			b[at] = sizes[rnd.IntN(len(sizes))]
		case 3:
			for i := range n {
				b[at+i] = byte(rnd.Uint32())
			}
		case 4:
			b = append(b[:at], b[at+n:]...)
		case 5:
			b = append(b[:at:at], append(bytes.Clone(b[at:at+n]), b[at:]...)...)
		case 6:
			b = b[:at+1]
		case 7: // another push goes on here
			other := all[rnd.IntN(len(all))]
			from := rnd.IntN(len(other))
			b = append(b[:at:at], other[from:min(len(other), from+8<<10)]...)
		case 8: // a number becomes huge
			for i := range min(4, len(b)-at) {
				b[at+i] = 0xff
			}
		}
	}
	return b
}

// Pushes that were captured and spoilt crash nothing, hang nothing and leave
// nothing behind. INGESTDOCTOR_GARBAGE=1m goes on for that long.
func TestGarbage(t *testing.T) {
	limit := 1500 * time.Millisecond
	if s := os.Getenv("INGESTDOCTOR_GARBAGE"); s != "" {
		var err error
		if limit, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	m := &meter{reasons: map[string]int{}}
	hub := live.New(quick(m))
	line := newWire(t)
	all := captures()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	goroutines := runtime.NumGoroutine()

	seed := uint64(time.Now().UnixNano())
	var tries, published atomic.Int64
	var workers sync.WaitGroup
	end := time.Now().Add(limit)
	var peak atomic.Uint64
	for w := range 4 {
		workers.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(w)))
			var s live.Created
			for n := 0; time.Now().Before(end); n++ {
				if n%10 == 0 {
					if n > 0 {
						if v, ok := hub.Snapshot(s.ID); ok && len(v.Connections) > 0 {
							published.Add(int64(len(v.Connections)))
						}
						hub.Stop(s.ID)
					}
					var err error
					if s, err = hub.Create(live.Request{Profile: []string{"", "tencent-css", "azure-live-encoding"}[n/10%3], Behave: n/10%2 == 0}, netip.MustParsePrefix("127.0.0.1/32")); err != nil {
						t.Error(err)
						return
					}
				}
				push := bytes.ReplaceAll(spoil(rnd, all), []byte(anyKey), []byte(s.Key))
				was := m.panics.Load()
				if err := line.serve(hub, push); err != nil || m.panics.Load() > was {
					path := filepath.Join(os.TempDir(), fmt.Sprintf("ingestdoctor-garbage-%08x", crc32.ChecksumIEEE(push)))
					_ = os.WriteFile(path, bytes.ReplaceAll(push, []byte(s.Key), []byte(anyKey)), 0o600)
					t.Errorf("seed %d: %d panics, %v with %s", seed, m.panics.Load(), err, path)
					return
				}
				if tries.Add(1)%500 == 0 {
					var now runtime.MemStats
					runtime.ReadMemStats(&now)
					peak.Store(max(peak.Load(), now.HeapAlloc))
				}
			}
			hub.Stop(s.ID)
		})
	}
	workers.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := hub.Close(ctx); err != nil {
		t.Errorf("the hub does not close: %v", err)
	}
	for i := 0; runtime.NumGoroutine() > goroutines && i < 200; i++ {
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		buf := make([]byte, 1<<16)
		t.Errorf("%d goroutines, %d before\n%s", n, goroutines, buf[:runtime.Stack(buf, true)])
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(hub)
	t.Logf("%d spoilt pushes, %d of them with a known key, %d MB; heap %d kB before, %d kB after, %d MB at most; %v",
		tries.Load(), published.Load(), m.received.Load()>>20, before.HeapAlloc>>10, after.HeapAlloc>>10, peak.Load()>>20, m.reasons)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 30<<20 {
		t.Errorf("%d MB are left behind", grown>>20)
	}
	if n := m.ended.Load(); n != tries.Load() {
		t.Errorf("%d connections, %d ended", tries.Load(), n)
	}
	if tries.Load() < 10 || published.Load() < tries.Load()/4 {
		t.Errorf("of %d pushes only %d came as far as publish: this tests nothing", tries.Load(), published.Load())
	}
}

// FuzzServe: whatever comes behind the handshake, the hub lives on.
func FuzzServe(f *testing.F) {
	for _, b := range captures() {
		f.Add(b[3073:min(len(b), 3073+6<<10)])
	}
	m := &meter{reasons: map[string]int{}}
	hub, line := live.New(quick(m)), newWire(f)
	shake := opening("live", anyKey)[:3073]
	f.Fuzz(func(t *testing.T, rest []byte) {
		s, err := hub.Create(live.Request{}, netip.MustParsePrefix("127.0.0.1/32"))
		if err != nil {
			t.Fatal(err)
		}
		push := append(bytes.Clone(shake), bytes.ReplaceAll(rest, []byte(anyKey), []byte(s.Key))...)
		if err := line.serve(hub, push); err != nil {
			t.Error(err)
		}
		if !hub.Stop(s.ID) {
			t.Error("the session is gone")
		}
		if m.panics.Load() > 0 {
			t.Fatal("it panics")
		}
	})
}
