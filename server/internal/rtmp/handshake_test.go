package rtmp

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// Both sides shake hands with each other, over a pipe without any buffer.
func TestHandshakes(t *testing.T) {
	for _, digest := range []bool{false, true} {
		a, b := net.Pipe()
		deadline := time.Now().Add(5 * time.Second)
		_, _ = a.SetDeadline(deadline), b.SetDeadline(deadline)
		server := &ServerHandshake{}
		done := make(chan error, 1)
		go func() { done <- server.Run(b) }()
		client := NewClientHandshake()
		if digest {
			client.Sign()
		}
		var lines int
		client.Said = func(string, string) { lines++ }
		// The client writes C2 before it reads S2, which a pipe without a buffer
		// does not take: the client gets one.
		if err := client.Run(buffered(a)); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if _, ok := Signed(client.S1[:]); ok != digest || server.Digest != digest {
			t.Errorf("digest %v: S1 signed %v, server %+v", digest, ok, server)
		}
		if client.Echoed == digest || !server.Echoed || server.Got != 1+2*C1Len || lines != 5 || !client.Sent {
			t.Errorf("digest %v: client echoed %v, server %+v, %d lines", digest, client.Echoed, server, lines)
		}
		a.Close()
		b.Close()
	}
}

// buffered takes writes without waiting.
func buffered(c net.Conn) io.ReadWriter {
	r, w := io.Pipe()
	queue := make(chan []byte, 8)
	go func() {
		for p := range queue {
			_, _ = c.Write(p)
		}
	}()
	go func() {
		_, _ = io.Copy(w, c)
		w.Close()
		close(queue)
	}()
	return struct {
		io.Reader
		io.Writer
	}{r, writer(func(p []byte) (int, error) {
		queue <- bytes.Clone(p)
		return len(p), nil
	})}
}

type writer func(p []byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// script reads from bytes and keeps what is written.
type script struct {
	io.Reader
	out bytes.Buffer
}

func (s *script) Write(p []byte) (int, error) { return s.out.Write(p) }

// The answer to a C1 with a digest, held against the scheme as it is published in
// nginx-rtmp and librtmp, written anew here.
func TestDigestAnswer(t *testing.T) {
	for base, name := range map[int]string{8: "first", 772: "second"} {
		c1 := noise(C1Len)
		copy(c1, []byte{0, 0, 0, 0, 9, 0, 124, 2})
		at := base + 4 + (int(c1[base])+int(c1[base+1])+int(c1[base+2])+int(c1[base+3]))%728
		m := hmac.New(sha256.New, []byte("Genuine Adobe Flash Player 001"))
		m.Write(c1[:at])
		m.Write(c1[at+32:])
		copy(c1[at:], m.Sum(nil))
		s := &script{Reader: io.MultiReader(bytes.NewReader([]byte{3}), bytes.NewReader(c1), bytes.NewReader(noise(C1Len)))}
		h := &ServerHandshake{}
		if err := h.Run(s); err != nil || !h.Digest || h.Echoed || h.Version != [4]byte{9, 0, 124, 2} {
			t.Fatalf("%s: %v, %+v", name, err, h)
		}
		out := s.out.Bytes()
		if len(out) != AnswerLen || out[0] != 3 {
			t.Fatalf("%d bytes", len(out))
		}
		if scheme, ok := Signed(out[1 : 1+C1Len]); !ok || scheme != name {
			t.Errorf("S1 is signed by the scheme %q", scheme)
		}
		key := hmac.New(sha256.New, append([]byte("Genuine Adobe Flash Media Server 001"),
			"\xf0\xee\xc2\x4a\x80\x68\xbe\xe8\x2e\x00\xd0\xd1\x02\x9e\x7e\x57\x6e\xec\x5d\x2d\x29\x80\x6f\xab\x93\xb8\xe6\x36\xcf\xeb\x31\xae"...))
		key.Write(c1[at : at+32])
		sig := hmac.New(sha256.New, key.Sum(nil))
		s2 := out[1+C1Len:]
		sig.Write(s2[:C1Len-32])
		if !bytes.Equal(sig.Sum(nil), s2[C1Len-32:]) {
			t.Errorf("%s: S2 is not signed with C1's digest", name)
		}
	}
}

func TestServerHandshakeEnds(t *testing.T) {
	c1 := append([]byte{3}, make([]byte, 2*C1Len)...)
	for _, c := range []struct {
		name string
		in   []byte
		want error
	}{
		{"nothing", nil, io.EOF},
		{"C0 alone", c1[:1], io.ErrUnexpectedEOF},
		{"a part of C1", c1[:700], io.ErrUnexpectedEOF},
		{"no C2", c1[:1+C1Len], io.ErrUnexpectedEOF},
		{"a part of C2", c1[:len(c1)-1], io.ErrUnexpectedEOF},
		{"HTTP", []byte("GET / HTTP/1.1\r\n\r\n"), VersionError('G')},
		{"RTMPE", append([]byte{6}, c1[1:]...), VersionError(6)},
		{"all of it", c1, nil},
	} {
		h := &ServerHandshake{}
		if err := h.Run(&script{Reader: bytes.NewReader(c.in)}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	var v VersionError
	if err := NewClientHandshake().Run(&script{Reader: bytes.NewReader([]byte("HTTP/1.1"))}); !errors.As(err, &v) || v != 'H' {
		t.Error(err)
	}
}
