package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"testing"
)

// ingest is a server on loopback, as far as a probe looks.
type ingest struct {
	host    string
	port    string
	release chan struct{} // connect is answered once it is closed
}

// listen serves each connection with f until the test ends.
func listen(t *testing.T, f func(c net.Conn)) *ingest {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	host, port, _ := net.SplitHostPort(l.Addr().String())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				f(c)
			}()
		}
	}()
	return &ingest{host: host, port: port}
}

func (s *ingest) addr() string { return s.host + ":" + s.port }

// rtmpServer speaks enough RTMP for a probe: handshake, connect, and the verdict on
// publish that it is given. hold keeps the answer to connect until release.
func rtmpServer(t *testing.T, hold bool, verdict string) *ingest {
	t.Helper()
	s := &ingest{release: make(chan struct{})}
	if !hold {
		close(s.release)
	}
	in := listen(t, func(c net.Conn) { s.serve(c, verdict) })
	s.host, s.port = in.host, in.port
	return s
}

func (s *ingest) serve(c net.Conn, verdict string) {
	hello := make([]byte, 1537)
	if _, err := io.ReadFull(c, hello); err != nil {
		return
	}
	c.Write(append(append([]byte{3}, make([]byte, 1536)...), hello[1:]...))
	if _, err := io.ReadFull(c, hello[:1536]); err != nil {
		return
	}
	var got []byte
	buf := make([]byte, 4096)
	said := map[string]bool{}
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		got = append(got, buf[:n]...)
		for name, answer := range map[string]func(tx float64){
			"connect": func(tx float64) {
				<-s.release
				c.Write(command("_result", tx, object("fmsVer", "FMS/3,0,1,123"), object("level", "status", "code", "NetConnection.Connect.Success", "description", "Connection succeeded.")))
			},
			"createStream": func(tx float64) { c.Write(command("_result", tx, []byte{5}, number(1))) },
			"publish": func(float64) {
				level := "error"
				if strings.HasSuffix(verdict, "Start") {
					level = "status"
				}
				c.Write(command("onStatus", 0, []byte{5}, object("level", level, "code", verdict, "description", "as the test says")))
			},
		} {
			mark := append([]byte{2, 0, byte(len(name))}, name...)
			at := bytes.Index(got, mark)
			if at < 0 || said[name] || len(got) < at+len(mark)+9 {
				continue
			}
			said[name] = true
			answer(math.Float64frombits(binary.BigEndian.Uint64(got[at+len(mark)+1:])))
		}
	}
}

// command is an AMF0 command in one chunk.
func command(name string, tx float64, args ...[]byte) []byte {
	body := append([]byte{2, 0, byte(len(name))}, name...)
	body = append(body, number(tx)...)
	for _, a := range args {
		body = append(body, a...)
	}
	head := []byte{3, 0, 0, 0, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body)), 20, 0, 0, 0, 0}
	var out []byte
	out = append(out, head...)
	for i := 0; i < len(body); i += 128 {
		if i > 0 {
			out = append(out, 0xc3)
		}
		out = append(out, body[i:min(len(body), i+128)]...)
	}
	return out
}

func number(v float64) []byte {
	return binary.BigEndian.AppendUint64([]byte{0}, math.Float64bits(v))
}

func object(pairs ...string) []byte {
	b := []byte{3}
	for i := 0; i < len(pairs); i += 2 {
		b = append(b, fmt.Sprintf("\x00%c%s\x02\x00%c%s", len(pairs[i]), pairs[i], len(pairs[i+1]), pairs[i+1])...)
	}
	return append(b, 0, 0, 9)
}

// silent takes connections and says nothing.
func silentServer(t *testing.T) *ingest {
	return listen(t, func(c net.Conn) { io.Copy(io.Discard, c) })
}

// webServer answers as a web server does that is asked for something else.
func webServer(t *testing.T) *ingest {
	return listen(t, func(c net.Conn) {
		c.Read(make([]byte, 4096))
		io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nConnection: close\r\n\r\n<html><script>alert(1)</script></html>")
	})
}

// closedPort is an address that refuses connections.
func closedPort(t *testing.T) *ingest {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	host, port, _ := net.SplitHostPort(l.Addr().String())
	return &ingest{host: host, port: port}
}
