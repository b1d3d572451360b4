package live

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/flv/flvtest"
)

var somebody = netip.MustParsePrefix("192.0.2.1/32")

// fast are limits with which nobody waits long.
func fast() Config {
	return Config{
		Goodbye: 20 * time.Millisecond, Return: 20 * time.Millisecond, Takeover: 50 * time.Millisecond,
		Tick: 5 * time.Millisecond, Report: 10 * time.Millisecond,
	}
}

// open makes a hub and a port of it.
func open(t testing.TB, cfg Config) (*Hub, string) {
	t.Helper()
	h := New(cfg)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { h.Serve(c, 1935, nil) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		if err := h.Close(ctx); err != nil {
			t.Errorf("the hub does not close: %v", err)
		}
		all.Wait()
	})
	return h, l.Addr().String()
}

func create(t testing.TB, h *Hub) Created {
	t.Helper()
	s, err := h.Create(Request{}, somebody)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// peer is an encoder that does what a test wants.
type peer struct {
	t testing.TB
	net.Conn
	in   *rtmp.Reader
	said []string // commands that came, with their codes
}

func dial(t testing.TB, addr string) *peer {
	t.Helper()
	c, err := net.Dial("tcp4", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return newPeer(t, c)
}

func newPeer(t testing.TB, c net.Conn) *peer {
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return &peer{t: t, Conn: c}
}

func (p *peer) shake() *peer {
	p.t.Helper()
	if err := rtmp.NewClientHandshake().Run(p); err != nil {
		p.t.Fatal(err)
	}
	p.in = rtmp.NewReader(p, rtmp.Limits{})
	return p
}

func (p *peer) send(b []byte) {
	p.t.Helper()
	if _, err := p.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

// command sends a command, in chunks of 128 bytes.
func (p *peer) command(stream uint32, name string, tx float64, args ...flv.AMFValue) {
	p.t.Helper()
	p.send(rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, stream, rtmp.AppendCommand(name, tx, args...), 128))
}

// await reads up to a command of that name.
func (p *peer) await(name string) *rtmp.Command {
	p.t.Helper()
	c, err := p.next(func(c *rtmp.Command) bool { return c.Name == name })
	if err != nil {
		p.t.Fatalf("no %s: %v; so far: %v", name, err, p.said)
	}
	return c
}

func (p *peer) next(use func(*rtmp.Command) bool) (*rtmp.Command, error) {
	for {
		m, err := p.in.Next()
		if err != nil {
			return nil, err
		}
		switch m.Type {
		case rtmp.CommandAMF0:
			c, err := rtmp.DecodeCommand(m)
			if err != nil {
				return nil, err
			}
			p.said = append(p.said, strings.TrimSpace(c.Name+" "+c.Status().Code))
			if use(c) {
				return c, nil
			}
		case rtmp.UserControl:
			if binary.BigEndian.Uint16(m.Body) == rtmp.PingRequest {
				p.said = append(p.said, "ping")
				p.send(rtmp.AppendUserControl(nil, rtmp.PingResponse, binary.BigEndian.Uint32(m.Body[2:])))
			}
		case rtmp.Ack:
			p.said = append(p.said, "ack")
		case rtmp.WindowAckSize, rtmp.PeerBandwidth:
			p.said = append(p.said, map[byte]string{rtmp.WindowAckSize: "window", rtmp.PeerBandwidth: "bandwidth"}[m.Type])
		}
	}
}

// rest reads until the other side closes, which it has to do in an orderly way.
func (p *peer) rest() {
	p.t.Helper()
	if _, err := p.next(func(*rtmp.Command) bool { return false }); !errors.Is(err, io.EOF) {
		p.t.Errorf("the connection ended with %v; so far: %v", err, p.said)
	}
}

func app(name string) flv.AMFValue {
	return rtmp.Object("app", name, "type", "nonprivate", "flashVer", "FMLE/3.0 (compatible; test)", "tcUrl", "rtmp://192.0.2.7/"+name)
}

func (p *peer) connect(name string) *peer {
	p.t.Helper()
	p.command(0, "connect", 1, app(name))
	if c := p.await("_result"); c.Tx != 1 || c.Status().Code != "NetConnection.Connect.Success" {
		p.t.Fatalf("connect: %s", c)
	}
	return p
}

// publish does all that leads to media.
func (p *peer) publish(key string) *peer {
	p.t.Helper()
	p.shake().connect("live")
	p.command(0, "createStream", 4, rtmp.Null())
	p.await("_result")
	p.command(1, "publish", 5, rtmp.Null(), flv.Str(key), flv.Str("live"))
	if c := p.await("onStatus"); c.Status().Code != "NetStream.Publish.Start" {
		p.t.Fatalf("publish: %s", c)
	}
	return p
}

// bye ends the stream as encoders do.
func (p *peer) bye(key string) {
	p.t.Helper()
	p.command(0, "FCUnpublish", 6, rtmp.Null(), flv.Str(key))
	p.command(0, "deleteStream", 7, rtmp.Null(), flv.Num(1))
	p.rest()
	p.Close()
}

// chunks is a recording as messages.
func chunks(file []byte) (b []byte) {
	for at := 13; at+11 <= len(file); {
		n := int(file[at+1])<<16 | int(file[at+2])<<8 | int(file[at+3])
		ms := uint32(file[at+4])<<16 | uint32(file[at+5])<<8 | uint32(file[at+6]) | uint32(file[at+7])<<24
		typ, body := file[at], file[at+11:at+11+n]
		if typ == rtmp.Data {
			body = append([]byte("\x02\x00\x0d@setDataFrame"), body...)
		}
		b = rtmp.AppendMessageAt(b, uint32(typ), typ, 1, ms, body, 128)
		at += 15 + n
	}
	return b
}

// media is a short stream with nothing wrong.
func media() []byte { return chunks(flvtest.Healthy(1, 30, 1).Bytes()) }

// until waits for what a session is to become.
func until(t testing.TB, h *Hub, id, what string, ok func(v Snapshot) bool) Snapshot {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		v, found := h.Snapshot(id)
		if !found {
			t.Fatal("the session is gone")
		}
		if ok(v) {
			return v
		}
		if time.Now().After(end) {
			b, _ := json.MarshalIndent(v.Entries, "", " ")
			t.Fatalf("%s: not in time; state %s, end %s %q, %d entries dropped, connections %+v, entries %s", what, v.State, v.End, v.EndText, v.Dropped, v.Connections, b)
		}
	}
}

func ended(t testing.TB, h *Hub, id string) Snapshot {
	t.Helper()
	return until(t, h, id, "the end", func(v Snapshot) bool { return v.State == Ended })
}

// lines writes a session's entries.
func lines(v Snapshot) (list []string) {
	for _, e := range v.Entries {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", e.Conn, e.Dir, e.Name, e.Text)))
	}
	return list
}

// timedOut reports whether an error is a deadline's.
func timedOut(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
