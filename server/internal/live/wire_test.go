package live_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
)

// A tap stands between an encoder and the hub and keeps what the encoder sends,
// so that a test can make the file of a push without any of the code that it
// tests.
type tap struct {
	port int

	mu    sync.Mutex
	conns []*bytes.Buffer
}

// newTap forwards to a port on loopback until the test ends.
func newTap(t *testing.T, to int) *tap {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{port: l.Addr().(*net.TCPAddr).Port}
	var running sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		running.Wait()
	})
	running.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			kept := &bytes.Buffer{}
			p.mu.Lock()
			p.conns = append(p.conns, kept)
			p.mu.Unlock()
			running.Go(func() { p.carry(from, to, kept) })
		}
	})
	return p
}

func (p *tap) carry(from net.Conn, port int, kept *bytes.Buffer) {
	defer from.Close()
	to, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(from, to)
		from.Close()
	})
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		kept.Write(buf[:n])
		p.mu.Unlock()
		if _, bad := to.Write(buf[:n]); bad != nil || err != nil {
			break
		}
	}
	_ = to.(*net.TCPConn).CloseWrite() // closing over unread answers would be a reset
	back.Wait()
	to.Close()
}

// sent is what came on the n-th connection, from 0.
func (p *tap) sent(n int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n >= len(p.conns) {
		return nil
	}
	return bytes.Clone(p.conns[n].Bytes())
}

// said is one message of an encoder.
type said struct {
	typ    byte
	ms     uint32
	stream uint32
	body   []byte
}

// messages reads what an encoder sent, handshake and chunks, as RTMP 1.0, 5.2
// and 5.3 have it. It is written anew for the tests: a second opinion on
// server/internal/rtmp. A message that is cut short is left out.
func messages(sent []byte) ([]said, error) {
	if len(sent) < 1+2*1536 {
		return nil, errors.New("no whole handshake")
	}
	type lane struct {
		ms, delta, size, stream uint32
		typ                     byte
		wide                    bool
		body                    []byte
	}
	var (
		in    = sent[1+2*1536:]
		size  = 128
		lanes = map[int]*lane{}
		all   []said
		short = errors.New("short")
	)
	take := func(n int) []byte {
		if len(in) < n {
			panic(short)
		}
		b := in[:n]
		in = in[n:]
		return b
	}
	read := func() error {
		b := take(1)[0]
		id := int(b & 63)
		switch id {
		case 0:
			id = 64 + int(take(1)[0])
		case 1:
			n := take(2)
			id = 64 + int(n[0]) + int(n[1])<<8
		}
		l, known := lanes[id]
		if !known {
			l = &lane{}
			lanes[id] = l
		}
		form := b >> 6
		if form != 0 && !known {
			return fmt.Errorf("chunk stream %d begins with type %d", id, form)
		}
		var stamp uint32
		if form < 3 {
			h := take([]int{11, 7, 3}[form])
			stamp = uint32(h[0])<<16 | uint32(h[1])<<8 | uint32(h[2])
			l.wide = stamp == 0xffffff
			if form < 2 {
				l.size, l.typ = uint32(h[3])<<16|uint32(h[4])<<8|uint32(h[5]), h[6]
			}
			if form == 0 {
				l.stream = binary.LittleEndian.Uint32(h[7:])
			}
		}
		if l.wide {
			stamp = binary.BigEndian.Uint32(take(4))
		}
		if len(l.body) == 0 {
			switch form {
			case 0:
				l.ms, l.delta = stamp, stamp
			case 1, 2:
				l.delta = stamp
				l.ms += stamp
			default:
				l.ms += l.delta
			}
		}
		l.body = append(l.body, take(min(size, int(l.size)-len(l.body)))...)
		if len(l.body) < int(l.size) {
			return nil
		}
		m := said{typ: l.typ, ms: l.ms, stream: l.stream, body: l.body}
		l.body = nil
		if m.typ == 1 {
			size = int(binary.BigEndian.Uint32(m.body))
		}
		all = append(all, m)
		return nil
	}
	for len(in) > 0 {
		err := func() (err error) {
			defer func() {
				if v := recover(); v != nil {
					if v != any(short) {
						panic(v)
					}
					in = nil
				}
			}()
			return read()
		}()
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// fileOf is the FLV file of a push: audio, video and metadata, in their order.
func fileOf(t *testing.T, sent []byte) []byte {
	t.Helper()
	all, err := messages(sent)
	if err != nil {
		t.Fatalf("what the encoder sent is no RTMP: %v", err)
	}
	var flags byte
	var body bytes.Buffer
	for _, m := range all {
		switch m.typ {
		case 8, 9:
			if len(m.body) > 0 {
				flags |= map[byte]byte{8: 4, 9: 1}[m.typ]
			}
		case 18:
			// "@setDataFrame" is the command, what follows is the tag.
			m.body = bytes.TrimPrefix(m.body, []byte("\x02\x00\x0d@setDataFrame"))
		default:
			continue
		}
		n := len(m.body)
		body.Write([]byte{m.typ, byte(n >> 16), byte(n >> 8), byte(n), byte(m.ms >> 16), byte(m.ms >> 8), byte(m.ms), byte(m.ms >> 24), 0, 0, 0})
		body.Write(m.body)
		_ = binary.Write(&body, binary.BigEndian, uint32(n+11))
	}
	return append([]byte{'F', 'L', 'V', 1, flags, 0, 0, 0, 9, 0, 0, 0, 0}, body.Bytes()...)
}
