package probe

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/rules"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// patient are limits that a busy machine keeps, but for what is waited for on
// purpose.
func patient() Limits { return Limits{Silence: 400 * time.Millisecond, Refusal: 50 * time.Millisecond} }

// short is patient with one stage that ends soon: the one that a test wants to
// see end so.
func short(stage string) Limits {
	const soon = 1500 * time.Millisecond
	l := patient()
	switch stage {
	case DNS:
		l.DNS = soon
	case TCP:
		l.TCP = soon
	case TLS:
		l.TLS = soon
	case Handshake:
		l.Handshake = soon
	case Connect:
		l.Connect = soon
	case Publish:
		l.Publish = soon
	}
	return l
}

func testProber(t testing.TB, change ...func(*Config)) *Prober {
	t.Helper()
	cfg := Config{Allow: loopback, AnyPort: true, Limits: patient(), Contact: "https://doctor.example.com/about"}
	for _, f := range change {
		f(&cfg)
	}
	return New(cfg)
}

func withLimits(l Limits) func(*Config) { return func(c *Config) { c.Limits = l } }

// probeIt plans and runs, and holds what must be true of every result.
func probeIt(t testing.TB, p *Prober, req Request) *Result {
	t.Helper()
	plan, err := p.Plan(req)
	if err != nil {
		t.Fatalf("%s: %v", req.Target, err)
	}
	var events []Event
	r := p.Run(context.Background(), plan, func(e Event) { events = append(events, e) })
	checkResult(t, r, events)
	return r
}

func checkResult(t testing.TB, r *Result, events []Event) {
	t.Helper()
	for i := range r.Findings {
		f := &r.Findings[i]
		if err := rules.Validate(f); err != nil {
			t.Errorf("finding: %v", err)
		}
		if f.Message == "" || f.Basis == "" {
			t.Errorf("finding without words: %+v", f)
		}
		if strings.HasPrefix(f.Rule, "probe-") && f.Rung == nil {
			t.Errorf("%s has no place", f.Rule)
		}
	}
	for i, e := range events {
		if e.Seq != i+1 {
			t.Errorf("event %d has number %d", i+1, e.Seq)
		}
	}
	if n := len(events); n == 0 || events[n-1].Type != "done" || events[n-1].Result != r {
		t.Error("the last event is not the result")
	}
	// All events together give the result.
	var ladders []Ladder
	var dns *Rung
	for _, e := range events {
		switch {
		case e.Type == "ladders":
			ladders = copyLadders(e.Ladders)
		case e.Type == "rung" && e.Ladder < 0:
			dns = e.Rung
		case e.Type == "rung":
			for k := range ladders[e.Ladder].Rungs {
				if ladders[e.Ladder].Rungs[k].Stage == e.Rung.Stage {
					ladders[e.Ladder].Rungs[k] = *e.Rung
				}
			}
		}
	}
	if r.DNS != nil && (dns == nil || dns.State != r.DNS.State) {
		t.Error("the events tell another dns rung")
	}
	for i := range r.Ladders {
		for k := range r.Ladders[i].Rungs {
			got, want := &r.Ladders[i].Rungs[k], &ladders[i].Rungs[k]
			if got.State != want.State || got.Detail != want.Detail || len(got.Facts) != len(want.Facts) {
				t.Errorf("ladder %d, %s: the events end with %s %q, the result has %s %q", i, got.Stage, want.State, want.Detail, got.State, got.Detail)
			}
			switch got.State {
			case OK, Failed, TimedOut, Skipped, Cancelled:
			default:
				t.Errorf("ladder %d ends with %s %s", i, got.Stage, got.State)
			}
			if got.Detail == "" {
				t.Errorf("ladder %d: %s %s without a word", i, got.Stage, got.State)
			}
			for _, l := range got.Seen {
				for _, c := range l.Text {
					if c < ' ' || c == 0x7f || c == '\u202e' {
						t.Errorf("a control character in the transcript: %q", l.Text)
					}
				}
			}
		}
	}
}

// rungOf finds a rung of the first ladder.
func rungOf(t testing.TB, r *Result, stage string) *Rung {
	t.Helper()
	if stage == DNS {
		if r.DNS == nil {
			t.Fatal("no dns rung")
		}
		return r.DNS
	}
	if len(r.Ladders) == 0 {
		t.Fatalf("no ladder; findings %v", messages(r))
	}
	for i := range r.Ladders[0].Rungs {
		if g := &r.Ladders[0].Rungs[i]; g.Stage == stage {
			return g
		}
	}
	t.Fatalf("no rung %s", stage)
	return nil
}

func messages(r *Result) (out []string) {
	for i := range r.Findings {
		out = append(out, r.Findings[i].Rule+": "+r.Findings[i].Message)
	}
	return out
}

func findingOf(r *Result, rule string) *diag.Finding {
	for i := range r.Findings {
		if r.Findings[i].Rule == rule {
			return &r.Findings[i]
		}
	}
	return nil
}

func factOf(g *Rung, name string) string {
	for _, f := range g.Facts {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

func argOf(f *diag.Finding, name string) string {
	a, ok := f.Args.Get(name)
	if !ok {
		return ""
	}
	if a.Kind == diag.Text {
		return a.Text
	}
	return strconv.FormatInt(a.Int, 10)
}

// transcript is all lines of a rung.
func transcript(g *Rung) string {
	var b strings.Builder
	for _, l := range g.Seen {
		b.WriteString(l.Dir + " " + l.Text + "\n")
	}
	return b.String()
}

// serve runs a server for the test on loopback: handle gets each connection
// with its number, from 0, and closes nothing: that happens when it returns.
func serve(t testing.TB, handle func(n int, c *net.TCPConn)) string {
	t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		conns []net.Conn
	)
	wg.Go(func() {
		for n := 0; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				handle(n, c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return ln.Addr().String()
}

// hold keeps a connection open until the other side, or the test, ends it.
func hold(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// reset ends a connection with RST.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	c.Close()
}

// peer is the server's side of RTMP, for scripts.
type peer struct {
	net.Conn
	in *rtmp.Reader
	br *bufio.Reader
}

// shake is the server's handshake, as real servers do it.
func shake(c net.Conn) (*peer, bool) {
	p := &peer{Conn: c, br: bufio.NewReader(c)}
	var c0c1 [1 + rtmp.C1Len]byte
	if _, err := io.ReadFull(p.br, c0c1[:]); err != nil {
		return nil, false
	}
	var s [rtmp.AnswerLen]byte
	s[0] = 3
	_, _ = rand.Read(s[9 : 1+rtmp.C1Len])
	copy(s[1+rtmp.C1Len:], c0c1[1:])
	if _, err := c.Write(s[:]); err != nil {
		return nil, false
	}
	if _, err := io.ReadFull(p.br, make([]byte, rtmp.C1Len)); err != nil {
		return nil, false
	}
	p.in = rtmp.NewReader(p.br, rtmp.Limits{MaxChunk: maxChunk})
	return p, true
}

// command reads up to the next command.
func (p *peer) command() (*rtmp.Command, bool) {
	for {
		m, err := p.in.Next()
		if err != nil {
			return nil, false
		}
		if m.Type == rtmp.CommandAMF0 {
			c, err := rtmp.DecodeCommand(m)
			return c, err == nil
		}
	}
}

func (p *peer) reply(stream uint32, name string, tx float64, args ...flv.AMFValue) {
	_, _ = p.Write(rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, stream, rtmp.AppendCommand(name, tx, args...), 128))
}

func statusObject(level, code, description string) flv.AMFValue {
	return rtmp.Object("level", level, "code", code, "description", description)
}

// connected is a peer after a successful connect.
func connected(c net.Conn) (*peer, bool) {
	p, ok := shake(c)
	if !ok {
		return nil, false
	}
	if cmd, ok := p.command(); !ok || cmd.Name != "connect" {
		return nil, false
	}
	p.reply(0, "_result", 1, rtmp.Object("fmsVer", "FMS/3,5,7,7009", "capabilities", 31.0),
		statusObject("status", "NetConnection.Connect.Success", "Connection succeeded."))
	return p, true
}

// created is a peer after createStream.
func created(c net.Conn) (*peer, bool) {
	p, ok := connected(c)
	for ok {
		var cmd *rtmp.Command
		if cmd, ok = p.command(); ok && cmd.Name == "createStream" {
			p.reply(0, "_result", cmd.Tx, rtmp.Null(), flv.Num(1))
			cmd, ok = p.command()
			return p, ok && cmd.Name == "publish"
		}
	}
	return nil, false
}

// healthy is a server that takes everything.
func healthy(_ int, c *net.TCPConn) {
	if p, ok := created(c); ok {
		p.reply(1, "onStatus", 0, rtmp.Null(), statusObject("status", "NetStream.Publish.Start", "Start publishing"))
		hold(c)
	}
}

// overTLS puts a TLS server in front of a script.
func overTLS(cfg *tls.Config, handle func(c net.Conn)) func(int, *net.TCPConn) {
	return func(_ int, c *net.TCPConn) {
		t := tls.Server(c, cfg)
		if t.Handshake() != nil {
			hold(c) // closing over unread bytes would be a reset, which overtakes the alert
			return
		}
		handle(t)
		t.Close()
	}
}
