package rtmp

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// Any bytes, in any pieces: the same messages, bounded memory, and an end.
func FuzzReader(f *testing.F) {
	f.Add(AppendMessage(nil, 3, CommandAMF0, 0, AppendCommand("connect", 1, Object("app", "live")), 128))
	f.Add(append(AppendControl(nil, SetChunkSize, 4096), AppendMessageAt(nil, 6, Video, 1, 0x1000000, noise(5000), 4096)...))
	f.Add(AppendMessageAt(nil, 65599, Audio, 1, 0xffffffff, noise(300), 128))
	f.Add(wire(4, u24(5), u24(200), Audio, u32(0), noise(128), 2, u24(0), u24(4), Abort, u32(0), u32(4)))
	f.Add(wire(4, u24(0xffffff), u24(200), Video, u32(0), u32(0x1234567), noise(128), 0xc4, noise(72)))
	f.Add(bytes.Repeat([]byte{0xff, 3}, 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		lim := Limits{Held: 1 << 20, Streams: 100, Keep: func(typ byte) int {
			if typ == Audio {
				return 0
			}
			return 1 << 18
		}}
		whole := NewReader(bytes.NewReader(b), lim)
		pieces := NewReader(iotest.OneByteReader(bytes.NewReader(b)), lim)
		for {
			m, err := whole.Next()
			n, err2 := pieces.Next()
			if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
				t.Fatalf("%v, in pieces %v", err, err2)
			}
			if held := whole.Held(); held > 2*len(b)+whole.Streams()*leastBody+4*leastBody || held > lim.Held || held < 0 {
				t.Fatalf("%d bytes kept of %d", held, len(b))
			}
			if err != nil {
				var bad *Error
				if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &bad) {
					t.Fatal(err)
				}
				break
			}
			if m.Type != n.Type || m.Time != n.Time || m.Stream != n.Stream || m.Oversize != n.Oversize || !bytes.Equal(m.Body, n.Body) {
				t.Fatalf("%+v, in pieces %+v", m, n)
			}
			if m.Body != nil && len(m.Body) != m.Length {
				t.Fatalf("%d bytes of %d", len(m.Body), m.Length)
			}
			if m.Type == CommandAMF0 || m.Type == CommandAMF3 {
				if c, err := DecodeCommand(m); err == nil {
					if s := c.String(); len(s) > 64*MaxText+len(b) {
						t.Errorf("%d characters out of %d bytes", len(s), len(b))
					}
					_ = c.Status()
				}
			}
			if m.Type == Aggregate {
				total := 0
				Split(m, func(p *Message) { total += len(p.Body) + 11 })
				if total > len(m.Body) {
					t.Errorf("%d bytes out of %d", total, len(m.Body))
				}
			}
		}
	})
}

// What a stranger sends instead of a handshake.
func FuzzServerHandshake(f *testing.F) {
	signed := NewClientHandshake()
	signed.Sign()
	f.Add(append(append([]byte{3}, signed.C1[:]...), make([]byte, C1Len)...))
	f.Add(append([]byte{3}, make([]byte, 2*C1Len)...))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &script{Reader: bytes.NewReader(b)}
		h := &ServerHandshake{}
		err := h.Run(s)
		if whole := len(b) >= 1+2*C1Len && b[0] == 3; whole != (err == nil) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
		if n := s.out.Len(); n != 0 && n != AnswerLen || n > 0 && len(b) < 1+C1Len {
			t.Errorf("%d bytes for %d", n, len(b))
		}
		if _, ok := Signed(append(s.out.Bytes(), make([]byte, AnswerLen)...)[1 : 1+C1Len]); ok != h.Digest {
			t.Errorf("signed %v, digest %v", ok, h.Digest)
		}
	})
}
