package live

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/flv/flvtest"
)

func TestCreate(t *testing.T) {
	h, _ := open(t, Config{Sessions: 4, PerClient: 2, Ended: 3})
	seen := map[string]bool{}
	make1 := func(client string) (Created, error) {
		return h.Create(Request{Profile: "azure-live-encoding"}, netip.MustParsePrefix(client))
	}
	for _, c := range []struct {
		client string
		err    error
	}{
		{"192.0.2.1/32", nil},
		{"192.0.2.1/32", nil},
		{"192.0.2.1/32", ErrClient},
		{"2001:db8::/64", nil},
		{"2001:db8:0:1::/64", nil},
		{"192.0.2.9/32", ErrFull},
	} {
		s, err := make1(c.client)
		if !errors.Is(err, c.err) {
			t.Fatalf("%s: %v", c.client, err)
		}
		if err != nil {
			continue
		}
		for _, token := range []string{s.ID, s.Key} {
			if len(token) != 32 || seen[token] {
				t.Errorf("token %q", token)
			}
			seen[token] = true
		}
		if left := time.Until(s.Expires); s.App != "live" || left < 29*time.Minute || left > 30*time.Minute {
			t.Errorf("%+v", s)
		}
		v, ok := h.Snapshot(s.ID)
		if !ok || v.State != Waiting || v.Profile != "azure-live-encoding" || v.Report != nil || v.Connections == nil || v.Entries == nil || v.Ticks == nil {
			t.Errorf("%v %+v", ok, v)
		}
		if _, ok := h.Snapshot(s.Key); ok {
			t.Error("the key shows the session")
		}
		if h.sessionOfKey(s.ID) != nil || h.sessionOfKey(s.Key) == nil {
			t.Error("the id is a key, or the key is none")
		}
		if _, ok := h.Watch(context.Background(), s.Key, 0); ok || h.Stop(s.Key) {
			t.Error("the key watches or stops the session")
		}
	}
	if _, err := h.Create(Request{Profile: "no-such"}, somebody); !errors.Is(err, ErrProfile) {
		t.Error(err)
	}

	// What has ended makes room and stays readable, the newest Ended of it.
	h2, _ := open(t, Config{Sessions: 1, PerClient: 1, Ended: 3})
	var ids []string
	for range 5 {
		s := create(t, h2)
		ids = append(ids, s.ID)
		for range 2 {
			if !h2.Stop(s.ID) {
				t.Error("a session that is there is not stopped")
			}
		}
		if h2.sessionOfKey(s.Key) != nil {
			t.Error("the key lives on")
		}
	}
	for i, id := range ids {
		v, ok := h2.Snapshot(id)
		if ok != (i >= 2) || ok && (v.State != Ended || v.End != EndedStopped || v.EndText == "" || v.Report != nil) {
			t.Errorf("session %d of 5: %v %+v", i, ok, v)
		}
	}
	if h2.Stop(ids[0]) || h2.Stop("") {
		t.Error("what is gone was stopped")
	}
	_ = h2.Close(context.Background())
	if _, err := h2.Create(Request{}, somebody); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestForgotten(t *testing.T) {
	h, _ := open(t, Config{Expiry: 20 * time.Millisecond, Keep: 60 * time.Millisecond})
	s := create(t, h)
	v := ended(t, h, s.ID)
	if v.End != EndedExpired || !strings.Contains(v.EndText, "time was up") {
		t.Errorf("%s: %s", v.End, v.EndText)
	}
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if _, ok := h.Snapshot(s.ID); !ok {
			break
		}
		if time.Now().After(end) {
			t.Fatal("it is never forgotten")
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.byID)+len(h.byKey)+len(h.clients)+len(h.ended) > 0 {
		t.Errorf("something is left: %d %d %d %d", len(h.byID), len(h.byKey), len(h.clients), len(h.ended))
	}
}

// A push from the handshake to the end, with everything that is said.
func TestSession(t *testing.T) {
	h, addr := open(t, fast())
	s := create(t, h)
	events, ok := h.Watch(context.Background(), s.ID, 0)
	if !ok {
		t.Fatal("a new session cannot be watched")
	}
	p := dial(t, addr).shake()
	p.command(0, "connect", 1, rtmp.Object("app", "live", "flashVer", "FMLE/3.0 (compatible; FMSc/1.0)",
		"tcUrl", "rtmp://user:pa55word@192.0.2.7/live?token=s3cr3t-v4lue", "pageUrl", "x"+s.Key, "x\x1b[2J", "y\u202e"))
	p.await("_result")
	p.command(0, "releaseStream", 2, rtmp.Null(), flv.Str(s.Key))
	p.command(0, "FCPublish", 3, rtmp.Null(), flv.Str(s.Key))
	p.command(0, "createStream", 4, rtmp.Null())
	p.command(0, "_checkbw", 9, rtmp.Null())
	p.command(0, "getStreamLength", 10, rtmp.Null(), flv.Str(s.Key))
	p.command(0, "whatever", 11, rtmp.Null())
	p.await("_error")
	p.send(rtmp.AppendMessage(nil, 3, rtmp.CommandAMF3, 1, append([]byte{0}, rtmp.AppendCommand("publish", 5, rtmp.Null(), flv.Str(s.Key+"?auth=hidden-thing"), flv.Str("live"))...), 128))
	if c := p.await("onStatus"); c.Status().Code != "NetStream.Publish.Start" {
		t.Fatal(c)
	}
	p.send(rtmp.AppendUserControl(nil, rtmp.PingRequest, 77))
	p.send(rtmp.AppendControl(nil, rtmp.WindowAckSize, 10_000))
	p.send(rtmp.AppendControl(nil, rtmp.Ack, 3073))
	file := flvtest.Healthy(2, 30, 1).Bytes()
	p.send(chunks(file))
	p.send(rtmp.AppendMessage(nil, 4, rtmp.Data, 1, append([]byte("\x02\x00\x0d@setDataFrame"), flvtest.MetaData(flvtest.S("encoder", "obs-output module (libobs version 30.2.0)"), flvtest.S("comment", "rtmp://a.rtmp.youtube.com/live2/abcd-efgh-ijkl-mnop-qrst"))...), 128))
	until(t, h, s.ID, "all media", func(v Snapshot) bool {
		return len(v.Ticks) > 0 && v.Ticks[len(v.Ticks)-1].Bytes > int64(len(file)) && v.Report != nil && strings.Contains(string(v.Report), `"state":"reading"`)
	})
	p.bye(s.Key)
	v := ended(t, h, s.ID)

	if v.End != EndedFinished || v.EndText != "The encoder ended its stream." {
		t.Errorf("%s: %s", v.End, v.EndText)
	}
	want := []string{
		"1 in connect", "1 out _result NetConnection.Connect.Success", `1 in releaseStream "****"`, `1 in FCPublish "****"`,
		"1 out onFCPublish NetStream.Publish.Start", "1 in createStream", "1 out _result stream 1", "1 in _checkbw",
		`1 in getStreamLength "****"`, "1 in whatever", `1 in publish "****?auth=****", "live"`, "1 out onStatus NetStream.Publish.Start",
		"1 in Ping Request answered", "1 in Window Acknowledgement Size 10,000 bytes", "1 in Acknowledgement 3,073 bytes",
	}
	// Ours come when so many bytes have, which is between any two of the others.
	got := slices.DeleteFunc(lines(v), func(line string) bool { return strings.HasPrefix(line, "1 out Acknowledgement") })
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("entries\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, line := range []string{`1 in FCUnpublish "****"`, "1 in deleteStream 1", "1 out onStatus NetStream.Unpublish.Success", "1 note end The encoder ended its stream."} {
		if !slices.Contains(got, line) {
			t.Errorf("no entry %q in\n%s", line, strings.Join(got, "\n"))
		}
	}
	if len(v.Connections) != 1 {
		t.Fatalf("%d connections", len(v.Connections))
	}
	c := v.Connections[0]
	if c.N != 1 || c.Address != "127.0.0.1" || c.Port != 1935 || c.TLS != "" || c.Handshake != "simple" || c.App != "live" ||
		c.Client != "OBS 30.2.0" || c.FirstKey < 0 || c.FirstData < 0 || c.Ended < c.Began || c.Why != "The encoder ended its stream." {
		t.Errorf("%+v", c)
	}
	if !slices.Contains(c.Metadata, Field{"encoder", "obs-output module (libobs version 30.2.0)"}) {
		t.Errorf("metadata %v", c.Metadata)
	}
	if !slices.Contains(c.Fields, Field{`x\x1b[2J`, `y\u202e`}) {
		t.Errorf("fields %q", c.Fields)
	}
	r := report(t, v.Report)
	if r.Kind != "live" || r.Input.State != diag.StateComplete || r.Media.Tracks[0].Frames != 60 || r.Verdict.Headline == "" || len(r.Checks) == 0 {
		t.Errorf("%+v", r)
	}
	for _, f := range r.Findings {
		if f.Rule != "burst" { // 2 s at once
			t.Errorf("%s: %s", f.Rule, f.Message)
		}
	}
	if !slices.Contains(p.said, "ack") || !slices.Contains(p.said, "window") || !slices.Contains(p.said, "bandwidth") {
		t.Errorf("said %v", p.said)
	}

	// The watcher has seen it all, in order, and no secret.
	last, n := "", int64(-1)
	counts := map[string]int{}
	for e := range events {
		if counts["state"] == 0 && e.Name != "state" || e.N <= n && e.Name != "state" {
			t.Errorf("event %d %s behind %d", e.N, e.Name, n)
		}
		last, n = e.Name, e.N
		counts[e.Name]++
		if !json.Valid(e.Data) {
			t.Errorf("%s is not JSON: %s", e.Name, e.Data)
		}
		for _, secret := range []string{s.Key, s.ID, "pa55word", "s3cr3t", "hidden-thing", "abcd-efgh", "\x1b"} {
			if bytes.Contains(e.Data, []byte(secret)) {
				t.Errorf("%s holds %q: %s", e.Name, secret, e.Data)
			}
		}
	}
	if last != "end" || counts["end"] != 1 || counts["tick"] == 0 || counts["entry"] < 10 || counts["connection"] < 3 {
		t.Errorf("the last event is %s; %v", last, counts)
	}
}

func report(t testing.TB, raw json.RawMessage) *diag.Report {
	t.Helper()
	r := &diag.Report{}
	if err := json.Unmarshal(raw, r); err != nil {
		t.Fatalf("%v: %.200s", err, raw)
	}
	return r
}

// Whoever is not let in is told why, in words, and the connection is closed in
// an orderly way.
func TestRefused(t *testing.T) {
	cfg := fast()
	cfg.Takeover = time.Hour
	cfg.PerClient = 50
	h, addr := open(t, cfg)
	busy := create(t, h)
	dial(t, addr).publish(busy.Key).send(media())
	gone := create(t, h)
	h.Stop(gone.ID)

	publish := func(p *peer, name string) {
		p.command(1, "publish", 5, rtmp.Null(), flv.Str(name), flv.Str("live"))
	}
	for _, c := range []struct {
		name string
		do   func(p *peer, key string)
		code string
		text string
		seen string // by whoever watches the session whose key was used; empty: nothing can be
	}{
		{"a wrong key", func(p *peer, _ string) { publish(p.connect("live"), "0123456789abcdef0123456789abcdef") }, "NetStream.Publish.BadName", "not known here", ""},
		{"no key", func(p *peer, _ string) { publish(p.connect("live"), "") }, "NetStream.Publish.BadName", "no stream key", ""},
		{"the key of a session that has ended", func(p *peer, _ string) { publish(p.connect("live"), gone.Key) }, "NetStream.Publish.BadName", "has ended", ""},
		{"a wrong application", func(p *peer, key string) { publish(p.connect("stream"), key) }, "NetStream.Publish.BadName", `"stream"; it has to be "live"`, "it has to be"},
		{"the key in the server's address", func(p *peer, key string) { publish(p.connect("live/"+key), "") }, "NetStream.Publish.BadName", "key is in the server's address", "key is in the server's"},
		{"the key as the application", func(p *peer, key string) { publish(p.connect(key), "x") }, "NetStream.Publish.BadName", "key is in the server's address", "key is in the server's"},
		{"the key behind something", func(p *peer, key string) { publish(p.connect("live"), "live/"+key) }, "NetStream.Publish.BadName", "something else before or behind", "before or behind"},
		{"a second encoder", func(p *peer, _ string) { publish(p.connect("live"), busy.Key) }, "NetStream.Publish.BadName", "publishing with this key already", "-"},
		{"publish twice", func(p *peer, key string) {
			p.connect("live")
			publish(p, key)
			p.await("onStatus")
			publish(p, key)
		}, "NetStream.Publish.BadName", "publishes already", "publishes already"},
		{"publish before connect", publish, "NetConnection.Call.Failed", "before connect", ""},
		{"connect twice", func(p *peer, _ string) {
			p.connect("live")
			p.command(0, "connect", 2, app("live"))
		}, "NetConnection.Connect.Failed", "connect came twice", ""},
		{"play", func(p *peer, key string) {
			p.connect("live")
			p.command(1, "play", 5, rtmp.Null(), flv.Str(key))
		}, "NetStream.Play.Failed", "does not play", ""},
		{"a chunk size of 1", func(p *peer, _ string) { p.send(rtmp.AppendControl(nil, rtmp.SetChunkSize, 1)) }, "NetConnection.Call.BadVersion", "a chunk size of 1 bytes; less than 128 is not taken", ""},
		{"a chunk size of 1 while publishing", func(p *peer, key string) {
			p.connect("live")
			publish(p, key)
			p.await("onStatus")
			p.send(rtmp.AppendControl(nil, rtmp.SetChunkSize, 1))
		}, "NetConnection.Call.BadVersion", "a chunk size of 1 bytes", "a chunk size of 1 bytes"},
		{"a command of 65 KB", func(p *peer, _ string) {
			p.send(rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, 0, make([]byte, 65<<10), 128))
		}, "NetConnection.Call.BadVersion", "a message of 66,560 bytes, and at most 65,536", ""},
		{"a command that is none", func(p *peer, _ string) {
			p.send(rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, 0, []byte{0x77, 1, 2}, 128))
		}, "NetConnection.Call.BadVersion", "not AMF0", ""},
		{"an aggregate that is broken", func(p *peer, key string) {
			p.connect("live")
			publish(p, key)
			p.await("onStatus")
			p.send(rtmp.AppendMessage(nil, 4, rtmp.Aggregate, 1, []byte{9, 0, 0, 99}, 128))
		}, "NetConnection.Call.BadVersion", "an aggregate message that is broken", "aggregate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := create(t, h)
			p := dial(t, addr).shake()
			c.do(p, s.Key)
			var st rtmp.Status
			cmd, err := p.next(func(c *rtmp.Command) bool { st = c.Status(); return st.Level == "error" })
			if err != nil {
				t.Fatalf("%v; so far: %v", err, p.said)
			}
			if cmd.Name != "onStatus" || st.Code != c.code || !strings.Contains(st.Description, c.text) {
				t.Errorf("%s %s: %q", cmd.Name, st.Code, st.Description)
			}
			if strings.Contains(st.Description, s.Key) {
				t.Error("the key is in the answer")
			}
			p.rest()
			if c.seen == "-" {
				return
			}
			v := until(t, h, s.ID, "it is shown", func(v Snapshot) bool {
				return c.seen == "" || len(v.Connections) == 1 && v.Connections[0].Ended >= 0
			})
			if c.seen == "" {
				if len(v.Connections) > 0 {
					t.Errorf("connections %+v", v.Connections)
				}
				return
			}
			if !strings.Contains(v.Connections[0].Why, c.seen) {
				t.Errorf("why: %q", v.Connections[0].Why)
			}
			text, _ := json.Marshal(v)
			if bytes.Contains(text, []byte(s.Key)) {
				t.Errorf("the key is in %s", text)
			}
		})
	}
}

// An encoder that comes back goes on with the same session and key.
func TestComesBack(t *testing.T) {
	cfg := fast()
	cfg.Return = time.Hour
	h, addr := open(t, cfg)
	s := create(t, h)
	stream := func(kbps, start float64) []byte {
		return chunks(flvtest.Stream{Seconds: 1, GOP: 1, VideoKbps: kbps, StartMS: int64(start)}.Build().Bytes())
	}
	p := dial(t, addr).publish(s.Key)
	p.send(stream(1000, 5000))
	until(t, h, s.ID, "media", func(v Snapshot) bool { return len(v.Connections) == 1 && v.Connections[0].FirstKey >= 0 })
	p.Close() // without a word
	v := until(t, h, s.ID, "between", func(v Snapshot) bool { return v.State == Between })
	if !strings.Contains(string(v.Report), `"state":"reading"`) {
		t.Errorf("the report between: %.300s", v.Report)
	}
	// Its clock begins anew, and it has a lower rate.
	p = dial(t, addr).publish(s.Key)
	p.send(stream(600, 0))
	until(t, h, s.ID, "publishing again", func(v Snapshot) bool {
		return v.State == Publishing && len(v.Connections) == 2 && v.Connections[1].FirstKey >= 0
	})
	p.bye(s.Key)
	v = until(t, h, s.ID, "between", func(v Snapshot) bool { return v.State == Between })
	h.Stop(s.ID)
	v = ended(t, h, s.ID)
	if v.End != EndedStopped || len(v.Connections) != 2 {
		t.Fatalf("%s, %+v", v.End, v.Connections)
	}
	if why := v.Connections[0].Why; !strings.Contains(why, "without ending its stream") && !strings.Contains(why, "reset") {
		t.Errorf("why: %q", why)
	}
	if c := v.Connections[0].Changed; len(c) > 0 {
		t.Errorf("changed against nothing: %v", c)
	}
	if c := v.Connections[1].Changed; !slices.Equal(c, []string{"video bitrate 1,000 kb/s → 600 kb/s"}) {
		t.Errorf("changed: %v", c)
	}
	r := report(t, v.Report)
	for _, f := range r.Findings {
		if f.Rule == "timestamp-backwards" || f.Rule == "timestamp-jump" || f.Rule == "idle-gap" {
			t.Errorf("%s: %s", f.Rule, f.Message)
		}
	}
	if n := r.Media.Tracks[0].Frames; n != 60 {
		t.Errorf("%d frames of both connections", n)
	}
	if last := v.Ticks[len(v.Ticks)-1]; last.Conn != 2 || last.Bytes < int64(len(stream(1000, 0))) {
		t.Errorf("last tick %+v", last)
	}
}

// A connection that has gone without a trace does not lock its encoder out.
func TestTakesOver(t *testing.T) {
	cfg := fast()
	cfg.Takeover = 150 * time.Millisecond
	h, addr := open(t, cfg)
	s := create(t, h)
	dead := dial(t, addr).publish(s.Key)
	dead.send(media())
	until(t, h, s.ID, "silence", func(v Snapshot) bool { n := len(v.Ticks); return n > 0 && v.Ticks[n-1].Idle > 200 })
	p := dial(t, addr).publish(s.Key)
	p.send(media())
	dead.rest()
	if !slices.Contains(dead.said, "onStatus NetStream.Publish.BadName") {
		t.Errorf("the first one was told %v", dead.said)
	}
	v := until(t, h, s.ID, "the second", func(v Snapshot) bool { return len(v.Connections) == 2 && v.Connections[0].Ended >= 0 })
	if v.State != Publishing || !strings.Contains(v.Connections[0].Why, "took over") {
		t.Errorf("%s: %+v", v.State, v.Connections[0])
	}
	p.bye(s.Key)
	if v := ended(t, h, s.ID); v.End != EndedFinished {
		t.Errorf("%s: %s", v.End, v.EndText)
	}
}

// Stop and Close end a push that runs, at once and with a word.
func TestStopped(t *testing.T) {
	cfg := fast()
	h, addr := open(t, cfg)
	for _, close := range []bool{false, true} {
		s := create(t, h)
		events, _ := h.Watch(context.Background(), s.ID, 0)
		p := dial(t, addr).publish(s.Key)
		p.send(media())
		until(t, h, s.ID, "media", func(v Snapshot) bool { return len(v.Connections) == 1 && v.Connections[0].FirstKey >= 0 })
		half := dial(t, addr) // one that never says anything
		began := time.Now()
		want, code := EndedStopped, "onStatus NetConnection.Connect.Closed"
		if close {
			want = EndedShutdown
			if err := h.Close(context.Background()); err != nil {
				t.Error(err)
			}
		} else {
			h.Stop(s.ID)
		}
		p.rest()
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
		if !slices.Contains(p.said, code) {
			t.Errorf("the encoder was told %v", p.said)
		}
		v := ended(t, h, s.ID)
		if v.End != want || report(t, v.Report).Media.Tracks[0].Frames != 30 {
			t.Errorf("%s", v.End)
		}
		last := ""
		for e := range events {
			last = e.Name
		}
		if last != "end" {
			t.Errorf("the last event is %s", last)
		}
		// The encoder tries again, as they do.
		if !close {
			again := dial(t, addr).shake().connect("live")
			again.command(1, "publish", 5, rtmp.Null(), flv.Str(s.Key))
			if c := again.await("onStatus"); c.Status().Code != "NetStream.Publish.BadName" {
				t.Error(c)
			}
			again.rest()
		} else if _, err := half.Read(make([]byte, 1)); err == nil || timedOut(err) {
			t.Error("the silent one is open still:", err)
		}
	}
}

// What wraps a connection does not hide it, and a connection that is none of the
// kernel's is served as well.
func TestPipe(t *testing.T) {
	h, _ := open(t, fast())
	s := create(t, h)
	ours, theirs := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.Serve(theirs, 2935, &tls.ConnectionState{Version: tls.VersionTLS13})
	}()
	p := newPeer(t, &eager{Conn: ours, out: make(chan []byte, 100)})
	p.publish(s.Key)
	all := media()
	p.send(all)
	v := until(t, h, s.ID, "media", func(v Snapshot) bool {
		return len(v.Ticks) > 0 && v.Connections[0].FirstKey >= 0 && v.Ticks[len(v.Ticks)-1].Bytes > int64(len(all))+3073
	})
	if k := v.Ticks[len(v.Ticks)-1]; k.Queue != -1 || k.RTT != -1 {
		t.Errorf("%+v", k)
	}
	if c := v.Connections[0]; c.TLS != "TLS 1.3" || c.Port != 2935 || c.Address != "unknown" {
		t.Errorf("%+v", c)
	}
	ours.Close()
	close(p.Conn.(*eager).out)
	<-done
	v = ended(t, h, s.ID)
	if !strings.Contains(v.EndText, "without ending its stream") || !strings.Contains(v.EndText, "did not come back") {
		t.Error(v.EndText)
	}
}

// eager is a pipe whose writes wait for nobody.
type eager struct {
	net.Conn
	out chan []byte
	on  bool
}

func (e *eager) Write(p []byte) (int, error) {
	if !e.on {
		e.on = true
		go func() {
			for b := range e.out {
				if _, err := e.Conn.Write(b); err != nil {
					return
				}
			}
		}()
	}
	e.out <- bytes.Clone(p)
	return len(p), nil
}
