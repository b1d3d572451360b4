package live

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/flv"
)

const (
	// linger is how long a connection is drained after we have ended it: closing
	// over unread bytes would be a reset, which overtakes what was said last.
	linger = 500 * time.Millisecond
	// ackWindow is the acknowledgement window where the encoder sets none.
	ackWindow = 2_500_000
	leastAck  = 4096
	// beforePublish bounds what may come before publish, and maxCommands what may
	// come besides media in all.
	beforePublish = 1 << 20
	maxCommands   = 50_000
	// entryBurst and entryRate (a second) bound the entries of one connection.
	entryBurst = 200
	entryRate  = 20
	streamID   = 1
)

// ending is how a connection ends.
type ending struct {
	reason  string // for metrics
	text    string // for a person
	code    string // of the status that says so; empty: nothing is said
	session bool   // the session ends with it

	// where the status is not an onStatus of level error with the text
	command, level, description string
}

// conn is one encoder's connection.
type conn struct {
	hub    *Hub
	raw    net.Conn
	sys    syscall.RawConn // nil where it is not a socket
	speaks atomic.Bool     // the handshake is over: commands can be sent
	port   int
	tls    string
	start  time.Time
	got    atomic.Int64
	in     *rtmp.Reader

	windowIn atomic.Int64 // acknowledgement window in force
	acked    atomic.Int64

	outMu sync.Mutex

	mu    sync.Mutex
	ended *ending

	rtt      atomic.Int64 // of pings, microseconds; 0: none
	pinged   atomic.Int64
	commands int

	// the reading goroutine's alone
	shake     rtmp.ServerHandshake
	connected bool
	app       string
	info      *Connection
	pending   []early
	s         *session
	push      *push
	bye       bool
	acks      int
	names     map[string]bool
	tokens    float64 // entries that may be made
	tokensAt  time.Time

	described  bool    // onMetaData came
	metadataOf []Field // the last, less what tells the time
}

// early is an entry of a time when the session was not known yet.
type early struct {
	at time.Time
	e  Entry
}

// Serve speaks RTMP with an encoder until the connection ends, which is closed
// then. port is ours; state is that of TLS, nil for none. A connection that
// wraps another should have a method NetConn that gives it, so that the kernel's
// view of it is known.
func (h *Hub) Serve(raw net.Conn, port int, state *tls.ConnectionState) {
	defer raw.Close()
	c := &conn{hub: h, raw: raw, port: port, start: time.Now()}
	c.windowIn.Store(ackWindow)
	if state != nil {
		c.tls = tls.VersionName(state.Version)
	}
	if s, ok := bottom(raw).(syscall.Conn); ok {
		c.sys, _ = s.SyscallConn()
	}
	if !h.enter(c) {
		return
	}
	defer h.leave(c)
	m := h.cfg.Metrics
	m.Connection(1)
	defer func() {
		if r := recover(); r != nil {
			h.cfg.Log.Error("a panic while serving an encoder", "stack", string(debug.Stack()))
			c.abort(ending{reason: "panic", text: "This server failed."})
		}
		c.leave()
		m.Connection(-1)
	}()
	c.serve()
}

// bottom is the connection under all that wrap it.
func bottom(c net.Conn) net.Conn {
	for {
		w, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return c
		}
		c = w.NetConn()
	}
}

// Read counts what comes.
func (c *conn) Read(p []byte) (int, error) {
	if c.in != nil && c.push == nil && c.got.Load() > beforePublish {
		return 0, rtmp.Errorf("more than %s bytes and no publish", number(beforePublish))
	}
	if c.sys != nil {
		_ = c.sys.Control(quickAck)
	}
	n, err := c.raw.Read(p)
	c.got.Add(int64(n))
	c.hub.cfg.Metrics.Received(int64(n))
	return n, err
}

// Write sends within its deadline; one that fails ends the connection.
func (c *conn) Write(p []byte) (int, error) {
	c.outMu.Lock()
	defer c.outMu.Unlock()
	_ = c.raw.SetWriteDeadline(time.Now().Add(c.hub.cfg.Write))
	return c.raw.Write(p)
}

// abort ends the connection from any goroutine: the first reason stands.
func (c *conn) abort(e ending) {
	c.mu.Lock()
	if c.ended != nil {
		c.mu.Unlock()
		return
	}
	c.ended = &e
	c.mu.Unlock()
	// The reader drains what comes until then.
	_ = c.raw.SetReadDeadline(time.Now().Add(linger))
	if e.code != "" && c.speaks.Load() {
		_ = c.raw.SetWriteDeadline(time.Now().Add(linger)) // ends a write that hangs, too
		c.outMu.Lock()
		_ = c.raw.SetWriteDeadline(time.Now().Add(linger))
		_, _ = c.raw.Write(rtmp.AppendMessage(nil, 5, rtmp.CommandAMF0, streamID,
			statusBody(or(e.command, "onStatus"), or(e.level, "error"), e.code, or(e.description, e.text)), 128))
		c.outMu.Unlock()
	}
	if e.reason == "goodbye" {
		return // it is about to close: GStreamer's rtmp2sink fails when we do first
	}
	if w, ok := bottom(c.raw).(interface{ CloseWrite() error }); ok {
		_ = w.CloseWrite()
	}
}

func (c *conn) isEnded() *ending {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// serve is the whole of a connection, in the reading goroutine.
func (c *conn) serve() {
	cfg := &c.hub.cfg
	until := time.Now().Add(cfg.Handshake)
	_ = c.raw.SetReadDeadline(until)
	if err := c.shake.Run(c); err != nil {
		c.broke(err, "handshake")
		return
	}
	// The deadline is of the whole stage: a byte now and then does not move it.
	c.stage(cfg.Publish)
	c.speaks.Store(true)
	c.in = rtmp.NewReader(c, rtmp.Limits{Streams: 256, Held: cfg.Queue, Buffer: 16 << 10, Keep: c.keep, Grant: c.hub.grant})
	defer c.in.Close()
	for {
		m, err := c.in.Next()
		if c.isEnded() != nil {
			_, _ = io.Copy(io.Discard, c.raw)
			return
		}
		if err != nil {
			c.broke(err, "protocol")
			return
		}
		if err := c.message(m); err != nil {
			c.broke(err, "protocol")
			return
		}
		c.acknowledge()
	}
}

// stage gives the encoder that long for what comes next.
func (c *conn) stage(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		_ = c.raw.SetReadDeadline(time.Now().Add(d))
	}
}

// keep bounds the messages: media is taken once something is published.
func (c *conn) keep(typ byte) int {
	switch typ {
	case rtmp.Audio, rtmp.Video, rtmp.Aggregate, rtmp.Data, rtmp.DataAMF3:
		if c.push != nil {
			return c.hub.cfg.Message
		}
		return 0
	case rtmp.Shared, rtmp.SharedAMF3:
		return 0
	}
	return rtmp.MaxCommand
}

// broke ends the connection after an error of reading.
func (c *conn) broke(err error, stage string) {
	var bad *rtmp.Error
	var version rtmp.VersionError
	e := ending{reason: "closed"}
	switch {
	case c.isEnded() != nil:
		return
	case errors.As(err, &bad):
		e = ending{reason: "protocol", code: "NetConnection.Call.BadVersion", text: "What the encoder sent is not RTMP as this server takes it: " + bad.Why + "."}
	case errors.As(err, &version):
		e = ending{reason: "handshake", text: "The handshake broke: " + version.Error() + "."}
	case errors.Is(err, os.ErrDeadlineExceeded):
		e = ending{reason: "timeout", text: "The encoder connected and published nothing in time."}
		if stage == "handshake" {
			e.text = "The handshake was not finished in time."
		}
	case c.bye:
		e = ending{reason: "goodbye", text: "The encoder ended its stream and closed the connection."}
	case errors.Is(err, io.EOF):
		e.text = "The encoder closed the connection without ending its stream."
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.text = "The connection ended in the middle of a message."
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		e = ending{reason: "reset", text: "The connection was reset."}
	default:
		e = ending{reason: "broken", text: "The connection broke."}
	}
	if e.reason == "closed" && c.in == nil {
		e.reason = "handshake"
	}
	c.abort(e)
	if bad != nil {
		_, _ = io.Copy(io.Discard, c.raw)
	}
}

// leave ends what the connection had begun.
func (c *conn) leave() {
	e := c.isEnded()
	if e == nil {
		e = &ending{reason: "closed", text: "The connection ended."}
	}
	c.hub.cfg.Metrics.ConnectionEnded(e.reason)
	if p := c.push; p != nil {
		close(p.stop)
		<-p.over
		c.s.pushEnded(p, e.text, c.bye)
	}
	if c.s != nil {
		c.s.mu.Lock()
		c.s.gone(c.info, e.text)
		c.s.mu.Unlock()
	}
}

// acknowledge sends an Acknowledgement when it is due (RTMP 1.0, 5.4.3).
func (c *conn) acknowledge() {
	got := c.got.Load()
	if got-c.acked.Load() < max(c.windowIn.Load(), leastAck) {
		return
	}
	c.acked.Store(got)
	// the count is modulo 2^32
	c.sent(c.Write(rtmp.AppendControl(nil, rtmp.Ack, uint32(got))))
	if c.acks++; c.acks <= 2 {
		c.say("out", "Acknowledgement", number(got)+" bytes", "")
	}
}

// sent looks at how a write ended. One that the other side did not take in time
// ends the connection; where it is gone, what it sent before is still read.
func (c *conn) sent(_ int, err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.abort(ending{reason: "write", text: "The encoder did not read what it was sent."})
	}
}

func (c *conn) unacked() (bytes, window int64) {
	return c.got.Load() - c.acked.Load(), max(c.windowIn.Load(), leastAck)
}

// kernel is the kernel's view of the connection, or what pings tell.
func (c *conn) kernel() (queue int64, rtt float64) {
	queue, rtt = -1, -1
	if c.sys != nil {
		queue, rtt = kernelOf(c.sys)
	}
	if us := c.rtt.Load(); rtt < 0 && us > 0 {
		rtt = float64(us) / 1000
	}
	return queue, round(rtt)
}

// ping asks the encoder for a sign of life.
func (c *conn) ping() {
	now := time.Now()
	c.pinged.Store(now.UnixMicro())
	c.sent(c.Write(rtmp.AppendUserControl(nil, rtmp.PingRequest, uint32(now.UnixMilli()))))
}

// message takes one message.
func (c *conn) message(m *rtmp.Message) error {
	if m.Oversize {
		return rtmp.Errorf("a message of %s bytes, and at most %s are taken", number(int64(m.Length)), number(int64(c.keep(m.Type))))
	}
	switch m.Type {
	case rtmp.Audio, rtmp.Video, rtmp.Data, rtmp.DataAMF3:
		c.media(m)
		return nil
	case rtmp.Aggregate:
		if c.push != nil && !rtmp.Split(m, c.media) {
			return rtmp.Errorf("an aggregate message that is broken")
		}
		return nil
	}
	if c.commands++; c.commands > maxCommands {
		return rtmp.Errorf("more than %s commands", number(maxCommands))
	}
	switch m.Type {
	case rtmp.CommandAMF0, rtmp.CommandAMF3:
		cmd, err := rtmp.DecodeCommand(m)
		if err != nil {
			return err
		}
		c.command(cmd)
	case rtmp.Shared, rtmp.SharedAMF3:
		c.once("shared object message", number(int64(m.Length))+" bytes; it is not looked at")
	default:
		return c.control(m)
	}
	return nil
}

// control takes a protocol control or user control message.
func (c *conn) control(m *rtmp.Message) error {
	word := func(at int) uint32 {
		if len(m.Body) < at+4 {
			return 0
		}
		return binary.BigEndian.Uint32(m.Body[at:])
	}
	switch m.Type {
	case rtmp.SetChunkSize:
		c.say("in", "Set Chunk Size", number(int64(word(0)))+" bytes", "")
	case rtmp.Abort:
		c.say("in", "Abort", "", "")
	case rtmp.Ack:
		c.once("Acknowledgement", number(int64(word(0)))+" bytes")
	case rtmp.WindowAckSize:
		if w := word(0); w > 0 {
			c.windowIn.Store(int64(w))
		}
		c.say("in", "Window Acknowledgement Size", number(int64(word(0)))+" bytes", "")
	case rtmp.PeerBandwidth:
		c.say("in", "Set Peer Bandwidth", number(int64(word(0)))+" bytes", "")
	case rtmp.UserControl:
		if len(m.Body) < 2 {
			return rtmp.Errorf("a user control message of %d bytes", len(m.Body))
		}
		switch event := binary.BigEndian.Uint16(m.Body); event {
		case rtmp.PingRequest:
			if len(m.Body) >= 6 {
				c.sent(c.Write(rtmp.AppendUserControl(nil, rtmp.PingResponse, word(2))))
			}
			c.once("Ping Request", "answered")
		case rtmp.PingResponse:
			if at := c.pinged.Swap(0); at > 0 {
				c.rtt.Store(max(time.Now().UnixMicro()-at, 1))
				c.once("Ping Response", "after "+text1(float64(c.rtt.Load())/1000)+" ms")
			}
		case rtmp.BufferLength:
			c.once("Set Buffer Length", "")
		default:
			c.once("User Control", "event "+number(int64(event)))
		}
	default:
		c.once("message of the unknown type "+number(int64(m.Type)), number(int64(m.Length))+" bytes; it is not looked at")
	}
	return nil
}

// media takes audio, video or data.
func (c *conn) media(m *rtmp.Message) {
	p := c.push
	if p == nil {
		c.once("media before publish", "it is not looked at")
		return
	}
	switch m.Type {
	case rtmp.Audio, rtmp.Video:
		key, first := p.tag(m.Type, m.Time, m.Body)
		if key || first {
			c.began(p)
		}
		if first && p.behaviour != nil {
			c.s.mu.Lock()
			v := p.behaviour.media(c.info)
			c.s.mu.Unlock()
			c.judged(v)
		}
	case rtmp.Data, rtmp.DataAMF3:
		body, ok := c.data(p, m)
		if ok {
			p.tag(m.Type, m.Time, body)
		}
	}
}

// setDataFrame is how @setDataFrame stands in AMF0.
var setDataFrame = append([]byte{2, 0, 13}, "@setDataFrame"...)

// data takes the envelope off a data message, and shows what is in it.
func (c *conn) data(p *push, m *rtmp.Message) (body []byte, ok bool) {
	body = m.Body
	head := 0
	if m.Type == rtmp.DataAMF3 && len(body) > 0 && body[0] == 0 {
		head = 1
	}
	name := ""
	if n := len(setDataFrame); len(body) >= head+n && string(body[head:head+n]) == string(setDataFrame) {
		// What stays is what a file would have.
		copy(body[n:], body[:head])
		body = body[n:]
		name = "@setDataFrame "
	}
	values, _ := flv.DecodeAMF0(body[min(head, len(body)):min(len(body), rtmp.MaxCommand)])
	event := "data"
	if len(values) > 0 && values[0].Kind == flv.AMFString {
		event = values[0].Str
	}
	if event == "@clearDataFrame" {
		c.say("in", event, "", "")
		return nil, false
	}
	if event == "onMetaData" {
		c.metadata(p, name+event, values[1:])
	} else {
		c.once(name+event, c.values(values[min(1, len(values)):]))
	}
	return body, true
}
