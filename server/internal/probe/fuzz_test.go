package probe

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/flv"
)

// answered is a connection whose other side has said all that it will say.
type answered struct {
	io.Reader
	wrote int
}

func (a *answered) Write(p []byte) (int, error)     { a.wrote += len(p); return len(p), nil }
func (a *answered) SetReadDeadline(time.Time) error { return nil }
func (a *answered) Close() error                    { return nil }
func script(b []byte) *answered                     { return &answered{Reader: bytes.NewReader(b)} }
func later() time.Time                              { return time.Now().Add(time.Hour) }

func harmless(t *testing.T, what, s string, max int) {
	t.Helper()
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > max {
		t.Errorf("%s: %d characters, %q", what, utf8.RuneCountInString(s), s)
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			t.Fatalf("%s holds %U: %q", what, r, s)
		}
	}
}

// The answer to the handshake.
func FuzzHandshake(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	f.Add([]byte("\x15\x03\x01\x00\x02\x02\x46"))
	f.Add([]byte("SSH-2.0-x\r\n"))
	f.Add(append([]byte{3}, make([]byte, 3072)...))
	f.Add(append([]byte{6}, make([]byte, 3072)...))
	f.Add([]byte{3, 1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		var said []string
		h := newShaker(func(_, text string) { said = append(said, text) })
		err := h.run(script(b), script(nil), later())
		if err == nil && (len(b) < rtmp.AnswerLen || b[0] != 3) {
			t.Error("a handshake out of nothing")
		}
		if len(b) >= rtmp.AnswerLen && b[0] == 3 && err != nil {
			t.Errorf("a whole answer: %v", err)
		}
		if h.got > rtmp.AnswerLen || len(h.first) > sniffLen {
			t.Errorf("took %d bytes, keeps %d", h.got, len(h.first))
		}
		for _, s := range said {
			harmless(t, "transcript", s, 2000)
		}
		var o *errOther
		if errors.As(err, &o) {
			harmless(t, "what it is", o.what, 100)
		}
		_, _ = rtmp.Signed(h.S1[:])
	})
}

// Everything after the handshake: chunks, messages, commands.
func FuzzChunks(f *testing.F) {
	f.Add(rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, 0, rtmp.AppendCommand("_result", 1, rtmp.Object("fmsVer", "FMS/3"), statusObject("status", "NetConnection.Connect.Success", "")), 128))
	f.Add(rtmp.AppendMessage(nil, 2, rtmp.SetChunkSize, 0, []byte{0, 0, 16, 0}, 128))
	f.Add(append(rtmp.AppendMessage(nil, 2, rtmp.UserControl, 0, []byte{0, 6, 1, 2, 3, 4}, 128), rtmp.AppendMessage(nil, 4, rtmp.Video, 1, make([]byte, 300), 128)...))
	f.Add([]byte{0x00, 5, 0xff, 0xff, 0xff, 0, 0, 3, 20, 0, 0, 0, 0, 0, 0, 0, 9, 2, 0, 0})
	f.Add([]byte{0x01, 0xff, 0xff, 0, 0, 0, 0, 0, 1, 17, 0, 0, 0, 0, 0})
	f.Add(bytes.Repeat([]byte{0xff, 3}, 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		a := script(b)
		s := newSession(a, func() int64 { return int64(len(b)) })
		lines := 0
		s.say = func(_, text string) {
			lines++
			harmless(t, "transcript", secrets(nil).show(text), 8*most)
		}
		s.fact = func(_, value string) { harmless(t, "fact", secrets(nil).show(value), 8*most) }
		err := s.await(func(c *rtmp.Command) bool {
			st := c.Status()
			harmless(t, "code", secrets(nil).show(st.Code), 8*most)
			harmless(t, "description", secrets(nil).show(st.Description), 8*most)
			_, _ = c.Property("fmsVer")
			_, _ = flvProperty(c, "data", "version")
			_ = refused(c, st)
			return false
		})
		if err == nil {
			t.Error("an answer without a match")
		}
		var bad *rtmp.Error
		if errors.As(err, &bad) {
			harmless(t, "why", visible(bad.Why), 8*most)
		}
		// what a Reader keeps is held in its own package
		if s.in.Streams() > 64 {
			t.Errorf("%d chunk streams", s.in.Streams())
		}
		// An answer to a ping is 18 bytes, an acknowledgement 16: never more than came.
		if a.wrote > 4*len(b) {
			t.Errorf("wrote %d bytes for %d", a.wrote, len(b))
		}
	})
}

// A command's body.
func FuzzCommand(f *testing.F) {
	f.Add(rtmp.AppendCommand("_error", 1, rtmp.Null(), statusObject("error", "NetConnection.Connect.Rejected", "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] :")))
	f.Add(rtmp.AppendCommand("onStatus", 0, rtmp.Null(), flv.AMFValue{Kind: flv.AMFStrictArray, Items: []flv.AMFValue{flv.Num(1), rtmp.Object("code", "x")}}))
	f.Add(deep(100))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > rtmp.MaxCommand {
			return
		}
		for _, typ := range []byte{rtmp.CommandAMF0, rtmp.CommandAMF3} {
			c, err := rtmp.DecodeCommand(&rtmp.Message{Type: typ, Body: b})
			if err != nil {
				continue
			}
			if text := c.String(); len(text) > 64*most+len(b) {
				t.Errorf("%d characters out of %d bytes", len(text), len(b))
			}
			s := newSecrets("s3cr3t-k3y")
			harmless(t, "text", s.show(c.String()), 8*most)
			if strings.Contains(s.show(c.String()), "s3cr3t-k3y") {
				t.Error("a secret")
			}
		}
	})
}

// What stands at the beginning of an answer.
func FuzzSniff(f *testing.F) {
	for _, s := range []string{"", "\x03", "HTTP/1.1", "\x16\x03\x03", "220 x", "SSH-", "\xff\xfb\x01", "J\x00\x00\x00\x0a"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		what, ok := other(b)
		if ok != (what != "") {
			t.Errorf("%q, %v", what, ok)
		}
		if ok && b[0] == 3 {
			t.Error("an S0 is taken for something else")
		}
		if !ok && len(b) > 0 && b[0] >= 32 {
			t.Errorf("%q is no version that RTMP could have", b[0])
		}
		harmless(t, "what", what, 80)
		harmless(t, "bytes", hexBytes(b), 3*sniffLen)
		harmless(t, "text", visible(string(b)), 8*most)
	})
}

// A server's side of TLS, and what is said of how it ended.
func FuzzTLS(f *testing.F) {
	f.Add([]byte("\x15\x03\x01\x00\x02\x02\x46"))
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	f.Add([]byte("\x16\x03\x03\x00\x31\x02\x00\x00\x2d\x03\x03"))
	f.Add(append([]byte{3}, make([]byte, 100)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		client, server := net.Pipe()
		go func() {
			go func() { _, _ = io.Copy(io.Discard, server) }()
			_, _ = server.Write(b)
			server.Close()
		}()
		defer client.Close()
		_ = client.SetDeadline(time.Now().Add(5 * time.Second))
		_, err := handshakeTLS(t.Context(), client, "live.example.com")
		if err == nil {
			t.Fatal("a handshake out of nothing")
		}
		harmless(t, "why", trimTLS(err), 8*most)
		if text, ok := alert(err); ok {
			_, fault := alertReason(text)
			harmless(t, "alert", fault.reason, 8*most)
		}
	})
}

// A name server's answer.
func FuzzDNS(f *testing.F) {
	z := &zone{names: map[string][]record{"a.test.net": {{addrs: []string{"1.2.3.4"}, aliases: []string{"b.test.net"}}}}, asked: map[string]int{}}
	query := []byte("\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x04test\x03net\x00\x00\x01\x00\x01")
	f.Add(z.answer(query, false))
	f.Add([]byte("\x00\x01\x81\x83\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		l := &dnsLog{}
		l.answered(b)
		_, _, aliases := l.last()
		if len(aliases) > maxAliases {
			t.Errorf("%d aliases", len(aliases))
		}
		for _, a := range aliases {
			harmless(t, "alias", visible(a), 8*most)
		}
	})
}

// A request: whatever it holds, its plan and what it says of a refusal keep the
// key to themselves.
func FuzzPlan(f *testing.F) {
	for _, h := range nasty {
		f.Add("rtmp://"+h+":1935/live", "zq8-Secret-Key-77")
	}
	f.Add("rtmps://a.rtmps.youtube.com/live2", "zq8-Secret-Key-77?a=b")
	f.Add("[::1", "k")
	p := New(Config{Limits: Limits{Refusal: time.Nanosecond}, Resolver: fixed{"10.0.0.1"}, Admit: func(netip.Addr) error { return errors.New("full") }})
	p.guard.asked = func(to netip.AddrPort, err error) { panic("a socket") }
	f.Fuzz(func(t *testing.T, target, key string) {
		if len(target) > 2000 {
			return
		}
		plan, err := p.Plan(Request{Target: target, Key: key, Publish: true})
		if err != nil {
			var input *InputError
			if !errors.As(err, &input) || input.Text == "" {
				t.Errorf("an error for nobody: %v", err)
			}
			return
		}
		if plan.Host == "" || len(plan.Endpoints) == 0 || strings.ContainsAny(plan.Host, " /\\@?#\n") {
			t.Errorf("host %q, %v", plan.Host, plan.Endpoints)
		}
		r := p.Run(t.Context(), plan, nil)
		// A public address is let through as far as Admit; a name resolves to a private one.
		if public := plan.addr.IsValid() && p.guard.may(plan.addr); !public && findingOf(r, "probe-refused-target") == nil {
			t.Errorf("%q is not refused: %v", target, messages(r))
		}
		b, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if len(key) > 8 && !strings.Contains(target, key) && !strings.Contains(string(r.Report.JSON()), "\\") && bytes.Contains(b, []byte(key)) {
			t.Errorf("the key is in the report")
		}
	})
}
