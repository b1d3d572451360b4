package live

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/analyze"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/flv/flvtest"
	"ingestdoctor/wasm/profile"
)

// reasons counts what a hub's metrics are told.
type reasons struct {
	mu    sync.Mutex
	ends  map[string]int
	open  int
	other map[string]int
	bytes int64
}

func newReasons() *reasons { return &reasons{ends: map[string]int{}, other: map[string]int{}} }

func (r *reasons) note(m map[string]int, key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m[key]++
}

func (r *reasons) ConnectionEnded(reason string) { r.note(r.ends, reason) }
func (r *reasons) SessionMade()                  { r.note(r.other, "made") }
func (r *reasons) SessionRefused(reason string)  { r.note(r.other, "refused "+reason) }
func (r *reasons) SessionEnded(reason string)    { r.note(r.other, "ended "+reason) }
func (r *reasons) Finding(rule, sev string)      { r.note(r.other, sev+" "+rule) }
func (r *reasons) Connection(delta int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open += delta
}

func (r *reasons) Received(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes += n
}

func (r *reasons) await(t *testing.T, reason string, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		r.mu.Lock()
		got, all := r.ends[reason], fmt.Sprint(r.ends)
		r.mu.Unlock()
		if got >= n {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not %d connections ended by %q: %s", n, reason, all)
		}
	}
}

// Whoever connects and does not get on is let go after the stage's time, however
// busy it looks.
func TestDeadlines(t *testing.T) {
	m := newReasons()
	cfg := fast()
	cfg.Handshake, cfg.Publish, cfg.Metrics = 150*time.Millisecond, 250*time.Millisecond, m
	_, addr := open(t, cfg)
	trickle := func(p *peer, b []byte) {
		go func() {
			for i := range b {
				if _, err := p.Write(b[i : i+1]); err != nil {
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		}()
	}
	silent := dial(t, addr)
	slow := dial(t, addr)
	trickle(slow, append([]byte{3}, make([]byte, 1536)...))
	shaken := dial(t, addr).shake()
	busy := dial(t, addr).shake()
	trickle(busy, rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, 0, make([]byte, 4000), 128))
	connected := dial(t, addr).shake().connect("live")
	began := time.Now()
	for _, p := range []*peer{silent, slow} {
		if n, err := p.Read(make([]byte, 1)); err == nil || timedOut(err) {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
	for _, p := range []*peer{shaken, busy, connected} {
		_, err := p.next(func(*rtmp.Command) bool { return false })
		if timedOut(err) {
			t.Error("a connection that publishes nothing stays open")
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	m.await(t, "timeout", 5)
}

// What goes beyond the limits of a push ends it, and says so.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(c *Config)
		do   func(p *peer)
		end  string // of the session
		text string // of the session or of the connection
		code string
	}{
		{
			"silence", func(c *Config) { c.Idle = 100 * time.Millisecond }, func(p *peer) { p.send(media()) },
			EndedFinished, "No audio or video came for 0.1 s", "NetConnection.Connect.IdleTimeout",
		},
		{
			"silence with pings", func(c *Config) { c.Idle = 200 * time.Millisecond }, func(p *peer) {
				p.send(media())
				go func() {
					for range 500 {
						if _, err := p.Write(rtmp.AppendUserControl(nil, rtmp.PingRequest, 1)); err != nil {
							return
						}
						time.Sleep(5 * time.Millisecond)
					}
				}()
			},
			EndedFinished, "No audio or video came", "NetConnection.Connect.IdleTimeout",
		},
		{
			"no media at all", func(c *Config) { c.Idle = 50 * time.Millisecond }, func(*peer) {},
			EndedFinished, "No audio or video came", "NetConnection.Connect.IdleTimeout",
		},
		{
			"the rate", func(c *Config) { c.Bitrate, c.Window = 100_000, 500*time.Millisecond }, func(p *peer) { p.send(media()) },
			EndedLimit, "faster than 0.1 Mb/s over 0.5 s", "NetConnection.Connect.Closed",
		},
		{
			"the duration", func(c *Config) { c.Duration = 100 * time.Millisecond }, func(p *peer) { p.send(media()) },
			EndedLimit, "has run for 0.1 s", "NetConnection.Connect.Closed",
		},
		{
			"the key's time", func(c *Config) { c.Expiry = 300 * time.Millisecond }, func(p *peer) { p.send(media()) },
			EndedExpired, "good for 0.3 s", "NetConnection.Connect.Closed",
		},
		{
			"a message too long", func(c *Config) { c.Message = 10_000 }, func(p *peer) {
				p.send(rtmp.AppendMessage(nil, 6, rtmp.Video, 1, make([]byte, 10_001), 128))
			},
			EndedFinished, "a message of 10,001 bytes, and at most 10,000 are taken", "NetConnection.Call.BadVersion",
		},
		{
			"too much under way", func(c *Config) { c.Queue = 50_000 }, func(p *peer) {
				for id := range byte(20) {
					b := append([]byte{id + 6, 0, 0, 0, 0, 0x10, 0, rtmp.Video, 1, 0, 0, 0}, make([]byte, 128)...)
					p.send(b)
				}
				for range 30 {
					for id := range byte(20) {
						if _, err := p.Write(append([]byte{0xc0 | (id + 6)}, make([]byte, 128)...)); err != nil {
							return
						}
					}
				}
			},
			EndedFinished, "more than 50000 bytes under way", "NetConnection.Call.BadVersion",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := fast()
			c.edit(&cfg)
			h, addr := open(t, cfg)
			s := create(t, h)
			p := dial(t, addr).publish(s.Key)
			c.do(p)
			_, _ = p.next(func(*rtmp.Command) bool { return false })
			if !slices.Contains(p.said, "onStatus "+c.code) {
				t.Errorf("the encoder was told %v", p.said)
			}
			p.Close()
			v := ended(t, h, s.ID)
			if v.End != c.end || !strings.Contains(v.EndText, c.text) {
				t.Errorf("%s: %s", v.End, v.EndText)
			}
			if why := v.Connections[0].Why; !strings.Contains(why, c.text) {
				t.Errorf("the connection: %s", why)
			}
		})
	}
}

// Without publish nobody may send much, not even in messages that never end.
func TestNoPublish(t *testing.T) {
	m := newReasons()
	cfg := fast()
	cfg.Metrics = m
	h, addr := open(t, cfg)
	for _, long := range []bool{false, true} {
		p := dial(t, addr).shake()
		one := rtmp.AppendMessage(nil, 6, rtmp.Video, 1, make([]byte, 16<<20-1), 128)
		if long {
			one = nil
			for id := range byte(60) {
				b := append([]byte{id + 3, 0, 0, 0, 0, 0xff, 0xff, rtmp.CommandAMF0, 0, 0, 0, 0}, make([]byte, 128)...)
				one = append(one, b...)
			}
			for range 500 {
				for id := range byte(60) {
					one = append(append(one, 0xc0|(id+3)), make([]byte, 128)...)
				}
			}
		}
		go func() { _, _ = p.Write(one) }()
		c, err := p.next(func(c *rtmp.Command) bool { return c.Status().Level == "error" })
		if err != nil || !strings.Contains(c.Status().Description, "1,048,576 bytes and no publish") {
			t.Errorf("%v, %v", c, err)
		}
		p.Close()
	}
	m.await(t, "protocol", 2)
	if n := h.held.Load(); n != 0 {
		t.Errorf("%d bytes are held", n)
	}
}

// An encoder that does not read what it is sent is let go, and holds nobody up.
func TestDeafEncoder(t *testing.T) {
	m := newReasons()
	cfg := fast()
	cfg.Metrics, cfg.Write = m, 100*time.Millisecond
	h, _ := open(t, cfg)
	s := create(t, h)
	ours, theirs := net.Pipe() // no buffer: what is not read hangs
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.Serve(theirs, 1935, nil)
	}()
	e := &eager{Conn: ours, out: make(chan []byte, 10_000)}
	p := newPeer(t, e)
	p.publish(s.Key)
	for range 100 { // each wants an answer
		p.send(rtmp.AppendUserControl(nil, rtmp.PingRequest, 1))
	}
	<-done
	m.await(t, "write", 1)
	if v := ended(t, h, s.ID); !strings.Contains(v.Connections[0].Why, "did not read") {
		t.Errorf("%+v", v.Connections[0])
	}
	close(e.out)
	ours.Close()
}

// A flood of commands neither fills memory nor buries the session's log.
func TestFlood(t *testing.T) {
	h, addr := open(t, fast())
	s := create(t, h)
	p := dial(t, addr).publish(s.Key)
	one := rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, 0, rtmp.AppendCommand("releaseStream", 0, rtmp.Null(), flv.Str("x")), 128)
	meta := rtmp.AppendMessage(nil, 4, rtmp.Data, 1, flvtest.MetaData(flvtest.N("width", 640)), 128)
	go func() { _, _ = p.next(func(*rtmp.Command) bool { return false }) }()
	for range 100 {
		p.send(bytes.Repeat(one, 100))
		p.send(bytes.Repeat(meta, 20))
		meta[len(meta)-10]++ // another width
	}
	v := until(t, h, s.ID, "the flood", func(v Snapshot) bool { return v.Dropped > 9_700 })
	if len(v.Entries) > maxEntries {
		t.Errorf("%d entries", len(v.Entries))
	}
	if v.State != Publishing {
		t.Errorf("%s: %+v", v.State, v.Connections)
	}
}

func TestWatchers(t *testing.T) {
	cfg := fast()
	cfg.Watchers = 3
	h, addr := open(t, cfg)
	s := create(t, h)
	ctx, leave := context.WithCancel(context.Background())
	slow, _ := h.Watch(context.Background(), s.ID, 0) // reads nothing until the end
	gone, _ := h.Watch(ctx, s.ID, 0)
	quick, ok := h.Watch(context.Background(), s.ID, 0)
	if !ok {
		t.Fatal("three may watch")
	}
	if _, ok := h.Watch(context.Background(), s.ID, 0); ok {
		t.Error("a fourth watches")
	}
	leave()
	for range gone { // it is closed
	}
	if late, ok := h.Watch(context.Background(), s.ID, 99); !ok {
		t.Error("nobody may take the place of one that left")
	} else if e := <-late; e.Name != "state" {
		t.Errorf("the first event is %s", e.Name)
	}
	if _, ok := h.Watch(ctx, "0123456789abcdef0123456789abcdef", 0); ok {
		t.Error("a session that is not there is watched")
	}

	seen := make(chan map[string]int)
	go func() {
		counts := map[string]int{}
		n := int64(-1)
		for e := range quick {
			if n >= 0 && e.N > n+1 && e.Name != "state" {
				t.Errorf("%s, event %d, follows %d without a state", e.Name, e.N, n)
			}
			n = e.N
			counts[e.Name]++
		}
		seen <- counts
	}()
	p := dial(t, addr).publish(s.Key)
	for i := range 40 {
		p.send(chunks(flvtest.Stream{Seconds: 0.2, GOP: 0.2, StartMS: int64(i * 200)}.Build().Bytes()))
		time.Sleep(10 * time.Millisecond)
	}
	until(t, h, s.ID, "more ticks than a watcher has room for", func(v Snapshot) bool { return len(v.Ticks) > 2*watcherRoom })
	p.bye(s.Key)
	v := ended(t, h, s.ID)
	counts := <-seen
	if counts["tick"] < watcherRoom || counts["report"] < 3 || counts["end"] != 1 {
		t.Errorf("whoever keeps up sees %v", counts)
	}

	// Whoever read nothing gets what there was room for, and the end.
	var names []string
	var last Event
	for e := range slow {
		names = append(names, e.Name)
		last = e
	}
	if len(names) < watcherRoom || len(names) > watcherRoom+2 || names[0] != "state" || last.Name != "end" {
		t.Errorf("%d events, from %s to %s", len(names), names[0], last.Name)
	}
	var end Snapshot
	if err := json.Unmarshal(last.Data, &end); err != nil || end.State != Ended || end.End != v.End || len(end.Ticks) != len(v.Ticks) {
		t.Errorf("%v, %+v", err, end.State)
	}

	// After the end there is the state, and the end.
	after, ok := h.Watch(context.Background(), s.ID, 0)
	names = nil
	for e := range after {
		names = append(names, e.Name)
	}
	if !ok || !slices.Equal(names, []string{"state", "end"}) {
		t.Errorf("afterwards: %v", names)
	}
}

// A watcher that falls behind and catches up gets a state in place of what it missed.
func TestCatchesUp(t *testing.T) {
	h, _ := open(t, fast())
	made := create(t, h)
	events, _ := h.Watch(context.Background(), made.ID, 0)
	s := h.session(made.ID)
	for i := range 3 * watcherRoom {
		s.note(Entry{At: int64(i), Name: "x"})
	}
	for range watcherRoom {
		<-events
	}
	s.note(Entry{Name: "after"})
	e := <-events
	var v Snapshot
	if err := json.Unmarshal(e.Data, &v); err != nil || e.Name != "state" || len(v.Entries) != 3*watcherRoom+1 || e.N != 3*watcherRoom+1 {
		t.Errorf("%v: event %d %s, %d entries", err, e.N, e.Name, len(v.Entries))
	}
	s.note(Entry{Name: "more"})
	if e := <-events; e.Name != "entry" || e.N != 3*watcherRoom+2 {
		t.Errorf("event %d %s", e.N, e.Name)
	}
}

// Without anybody who looks no report is made.
func TestNobodyWatches(t *testing.T) {
	h, addr := open(t, fast())
	s := create(t, h)
	p := dial(t, addr).publish(s.Key)
	p.send(media())
	a := h.session(s.ID).analysis
	until := time.Now().Add(200 * time.Millisecond)
	for time.Now().Before(until) {
		a.mu.Lock()
		made := a.json != nil
		a.mu.Unlock()
		if made {
			t.Fatal("a report was made")
		}
		time.Sleep(5 * time.Millisecond)
	}
	if v, _ := h.Snapshot(s.ID); v.Report == nil || len(v.Ticks) < 5 {
		t.Errorf("%d ticks, report %.50s", len(v.Ticks), v.Report)
	}
}

func TestHistory(t *testing.T) {
	var h history
	for i := range 20_000 {
		h.add(Tick{At: int64(i * 125)})
		if i%97 > 0 {
			continue
		}
		if n := len(h.all()); n > maxTicks || n == 0 {
			t.Fatalf("%d ticks", n)
		}
	}
	all := h.all()
	if len(all) < maxTicks/2 || all[0].At > 1000 || all[len(all)-1].At != 19_999*125 {
		t.Errorf("%d ticks from %d to %d", len(all), all[0].At, all[len(all)-1].At)
	}
	for i := 2; i < len(all)-1; i++ {
		if all[i].At-all[i-1].At != all[1].At-all[0].At {
			t.Fatalf("uneven at %d: %d, %d", i, all[i-1].At, all[i].At)
		}
	}
	var few history
	few.add(Tick{At: 1})
	few.add(Tick{At: 2})
	if len(few.all()) != 2 {
		t.Errorf("%+v", few.all())
	}
}

// Acknowledgements come within the encoder's window.
func TestAcknowledges(t *testing.T) {
	h, addr := open(t, fast())
	s := create(t, h)
	p := dial(t, addr).publish(s.Key)
	p.send(rtmp.AppendControl(nil, rtmp.WindowAckSize, 5000))
	b := media()
	sent, acked := 3073, 0
	for _, part := range slices.Collect(slices.Chunk(b, 10_000)) {
		p.send(part)
		sent += len(part)
		for sent-acked > 5000+16<<10 {
			m, err := p.in.Next()
			if err != nil {
				t.Fatalf("%v with %d of %d bytes acknowledged", err, acked, sent)
			}
			if m.Type == rtmp.Ack {
				acked = int(m.Body[0])<<24 | int(m.Body[1])<<16 | int(m.Body[2])<<8 | int(m.Body[3])
			}
		}
	}
	v := until(t, h, s.ID, "ticks", func(v Snapshot) bool { return len(v.Ticks) > 0 && v.Ticks[len(v.Ticks)-1].Window == 5000 })
	if k := v.Ticks[len(v.Ticks)-1]; k.Unacked > 5000+16<<10 {
		t.Errorf("%d bytes without an Acknowledgement", k.Unacked)
	}
}

// What came is judged as a file is, however it was packed.
func TestSameAsFile(t *testing.T) {
	faulty := flvtest.Stream{Seconds: 6, GOP: 6, BFrames: 2, Each: func(tag *flvtest.Tag) {
		if tag.Index == 200 {
			tag.Timestamp -= 700
		}
	}}.Build().Bytes()
	far := flvtest.Stream{Seconds: 3, StartMS: 0xffffff - 1500}.Build().Bytes()
	for name, file := range map[string][]byte{"faulty": faulty, "far": far, "healthy": flvtest.Healthy(3, 25, 1).Bytes()} {
		for _, packed := range []string{"plain", "large chunks", "aggregates", "AMF3", "no @setDataFrame"} {
			t.Run(name+", "+packed, func(t *testing.T) {
				t.Parallel()
				h, addr := open(t, fast())
				s, err := h.Create(Request{Profile: "tencent-css"}, somebody)
				if err != nil {
					t.Fatal(err)
				}
				p := dial(t, addr).publish(s.Key)
				p.send(pack(file, packed))
				p.bye(s.Key)
				got := report(t, ended(t, h, s.ID).Report)
				pr, _ := profile.ByID("tencent-css")
				a := analyze.New(analyze.Options{Profile: pr, Size: -1})
				_, _ = a.Write(file)
				want := a.Close(diag.StateComplete, "")
				var findings []string
				for _, f := range got.Findings {
					if f.Rule != "burst" && f.Rule != "arrival-jitter" && f.Rule != "arrival-stall" {
						f.Message, f.DocURL = "", ""
						findings = append(findings, string(f.AppendJSON(nil)))
					}
				}
				var wanted []string
				for _, f := range want.Findings {
					f.Message = ""
					wanted = append(wanted, string(f.AppendJSON(nil)))
				}
				if name == "faulty" && len(wanted) < 2 {
					t.Errorf("the file raises %v", wanted)
				}
				if len(findings) != len(wanted) {
					t.Errorf("push %v\nfile %v", findings, wanted)
				}
				same := func(what string, push, file any) {
					a, _ := json.Marshal(push)
					b, _ := json.Marshal(file)
					if !bytes.Equal(a, b) {
						t.Errorf("%s of the push and of the file differ:\n%s\n%s", what, a, b)
					}
				}
				for i := range min(len(wanted), len(findings)) {
					f, g := got.Findings[i], want.Findings[i]
					_ = f
					if packed == "AMF3" {
						break // its metadata is one byte longer
					}
					if !strings.Contains(findings[i], `"rule":"`+g.Rule+`"`) {
						t.Errorf("finding %d: %s, want %s", i, findings[i], wanted[i])
					}
				}
				if packed != "AMF3" {
					same("media", got.Media, want.Media)
					same("series", got.Series, want.Series)
					if got.Input.Read != int64(len(file)) {
						t.Errorf("%d bytes of %d", got.Input.Read, len(file))
					}
				} else {
					same("tracks", got.Media.Tracks, want.Media.Tracks)
				}
			})
		}
	}
}

// pack is a recording as messages, in one of the ways of RTMP.
func pack(file []byte, how string) []byte {
	size := 128
	var b []byte
	if how == "large chunks" {
		size = 1 << 20
		b = rtmp.AppendControl(b, rtmp.SetChunkSize, uint32(size))
	}
	var list []byte
	var first uint32
	for at := 13; at+11 <= len(file); {
		n := int(file[at+1])<<16 | int(file[at+2])<<8 | int(file[at+3])
		ms := uint32(file[at+4])<<16 | uint32(file[at+5])<<8 | uint32(file[at+6]) | uint32(file[at+7])<<24
		typ, body := file[at], file[at+11:at+11+n]
		switch {
		case how == "aggregates" && typ != rtmp.Data:
			if len(list) == 0 {
				first = ms
			}
			if list = append(list, file[at:at+15+n]...); len(list) > 50_000 || at+15+n >= len(file) {
				b = rtmp.AppendMessageAt(b, 300, rtmp.Aggregate, 1, first, list, size)
				list = nil
			}
		case how == "AMF3" && typ == rtmp.Data:
			body = append([]byte("\x00\x02\x00\x0d@setDataFrame"), body...)
			b = rtmp.AppendMessageAt(b, 4, rtmp.DataAMF3, 1, ms, body, size)
		case typ == rtmp.Data && how != "no @setDataFrame":
			b = rtmp.AppendMessageAt(b, 4, typ, 1, ms, append([]byte("\x02\x00\x0d@setDataFrame"), body...), size)
		default:
			b = rtmp.AppendMessageAt(b, uint32(typ), typ, 1, ms, body, size)
		}
		at += 15 + n
	}
	return b
}
