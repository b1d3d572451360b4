package site

import (
	"bytes"
	"context"
	"net"
	"net/http"
)

// conn sends an answer that stands ready in one piece: the headers that net/http
// writes, those that never change, and the body. By itself net/http copies,
// sorts and writes every header anew each time, and hands on what is larger than
// its buffer of 4 kB in two parts, which costs a system call more here and one
// at the client. Together that is a third of what a page costs.
type conn struct {
	net.Conn
	headers []byte // that are put in after the first line; nil when nothing was announced
	want    int    // bytes that net/http has yet to write: first of the body, then of the whole answer
	got     int
	held    []byte // what is sent once all is there
}

// announce says that the answer now written is a 200 with a body of n bytes,
// all of which are written at once, and that these lines belong to its headers.
func (c *conn) announce(headers []byte, n int) { c.headers, c.want, c.got = headers, n, 0 }

func (c *conn) Write(p []byte) (int, error) {
	if c.headers == nil {
		return c.Conn.Write(p)
	}
	last := p
	if c.got == 0 {
		first, end := bytes.Index(p, []byte("\r\n"))+2, bytes.Index(p, []byte("\r\n\r\n"))+4
		c.held = append(append(append(c.held[:0], p[:first]...), c.headers...), p[first:]...)
		if c.want += end; end < 4 {
			c.want = 0 // headers larger than the buffer: in parts, then
		}
		last = nil
	}
	if c.got += len(p); c.got < c.want {
		if last != nil {
			c.held = append(c.held, last...)
		}
		return len(p), nil
	}
	c.headers = nil
	parts := net.Buffers{c.held, last}
	if _, err := parts.WriteTo(c.Conn); err != nil {
		return 0, err
	}
	return len(p), nil
}

type connListener struct{ net.Listener }

func (l connListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

type connKey struct{}

func keepConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// connFor is the connection of a request whose answer may be announced, or nil.
// Shorter answers leave net/http's buffer in one piece anyway.
func connFor(r *http.Request, size int) *conn {
	if r.Method != http.MethodGet || size < 4<<10 {
		return nil
	}
	c, _ := r.Context().Value(connKey{}).(*conn)
	return c
}
