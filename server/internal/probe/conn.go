package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// errBudget ends a connection that sends more than any answer needs.
var errBudget = errors.New("more bytes than any answer needs")

// conn is a connection to a server that is not trusted: it ends with its
// context, after its stage's deadline (an absolute one: a byte now and then does
// not move it), and after its budget of bytes.
type conn struct {
	*net.TCPConn
	left  int64 // bytes that may still be read
	got   int64 // bytes read
	raw   syscall.RawConn
	stop  func() bool
	first []byte // the first bytes read, at most sniffLen
}

// newConn takes over c: closing the conn closes c.
func newConn(ctx context.Context, c *net.TCPConn, budget int64) *conn {
	raw, _ := c.SyscallConn()
	// Closing, and not a deadline in the past: a stage may set its own after it.
	stop := context.AfterFunc(ctx, func() { c.Close() })
	return &conn{TCPConn: c, left: budget, raw: raw, stop: stop}
}

// stage sets the deadline for everything up to the next call.
func (c *conn) stage(until time.Time) { _ = c.SetDeadline(until) }

// Read implements io.Reader.
func (c *conn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errBudget
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	// Without it the answer of a server that writes in pieces comes 40 ms late:
	// its Nagle waits for our delayed acknowledgement.
	quickAck(c.raw)
	n, err := c.TCPConn.Read(p)
	if room := sniffLen - len(c.first); room > 0 {
		c.first = append(c.first, p[:min(n, room)]...)
	}
	c.left -= int64(n)
	c.got += int64(n)
	return n, err
}

// Close implements io.Closer.
func (c *conn) Close() error {
	c.stop()
	return c.TCPConn.Close()
}

// How a connection or a dial ended.
type ending uint8

const (
	endOther     ending = iota
	endTimeout          // the deadline passed
	endClosed           // an orderly close by the server
	endReset            // reset by the server
	endRefused          // nothing listens
	endNoRoute          // no way there from here: this machine knows none
	endUnreach          // a router on the way says so
	endDenied           // this machine's own firewall
	endBudget           // too many bytes
	endCancelled        // by us
	endRule             // our own guard
)

// endingOf sorts an error of the network.
func endingOf(ctx context.Context, err error) ending {
	var ne net.Error
	switch {
	case err == nil:
		return endOther
	case errors.Is(err, errRefused):
		return endRule
	case errors.Is(err, errBudget):
		return endBudget
	case errors.Is(ctx.Err(), context.Canceled):
		return endCancelled
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return endTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return endRefused
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAFNOSUPPORT):
		return endNoRoute
	case errors.Is(err, syscall.EHOSTUNREACH):
		return endUnreach
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return endDenied
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED):
		return endReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return endClosed
	case native(err) != endOther:
		return native(err)
	case errors.As(err, &ne) && ne.Timeout():
		return endTimeout
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return endTimeout
	}
	return endOther
}
