package probe

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// Sizes of the RTMP handshake (RTMP 1.0, 5.2).
const (
	c1Len     = 1536
	answerLen = 1 + 2*c1Len // S0, S1 and S2
)

// errOther is an answer that is something else than RTMP.
type errOther struct{ what string }

func (e *errOther) Error() string { return e.what }

// errVersion is an S0 that is not 3.
type errVersion byte

func (e errVersion) Error() string { return fmt.Sprintf("version %d instead of 3", byte(e)) }

// shaker is one handshake: what came of it is in its fields, also after an error.
type shaker struct {
	c1    [c1Len]byte
	s1    [c1Len]byte
	first []byte // the answer's first bytes, at most sniffLen
	got   int    // bytes of the answer
	// echoed: S2 repeats our C1. Its first eight bytes are times, which some
	// servers write anew.
	echoed bool
	said   func(dir, text string) // transcript; nil for none
}

func (h *shaker) say(dir, format string, args ...any) {
	if h.said != nil {
		h.said(dir, fmt.Sprintf(format, args...))
	}
}

// deadliner is the part of a connection that sets deadlines.
type deadliner interface {
	SetReadDeadline(t time.Time) error
}

// run shakes hands. until is the stage's deadline, set on d already; it is set
// again after the short wait for a few more bytes of a stranger's greeting.
func (h *shaker) run(rw io.ReadWriter, d deadliner, until time.Time) error {
	if _, err := rw.Write(append([]byte{3}, h.c1[:]...)); err != nil {
		// A server that speaks first and closes: what it said may still be there.
		if h.peek(rw, d, until) == nil {
			return h.sort()
		}
		return err
	}
	h.say(">", "C0 version 3, C1 of 1,536 bytes")
	var s0 [1]byte
	n, err := io.ReadFull(rw, s0[:])
	h.add(s0[:n])
	if err != nil {
		return err
	}
	if s0[0] != 3 {
		_ = h.peek(rw, d, until)
		return h.sort()
	}
	h.say("<", "S0 version 3")
	n, err = io.ReadFull(rw, h.s1[:])
	h.add(h.s1[:n])
	if err != nil {
		return h.short(n, "S1", err)
	}
	h.say("<", "S1 time %d, version %d.%d.%d.%d", binary.BigEndian.Uint32(h.s1[:]), h.s1[4], h.s1[5], h.s1[6], h.s1[7])
	// C2 repeats S1. A server may wait for it before its S2.
	if _, err := rw.Write(h.s1[:]); err != nil {
		return err
	}
	h.say(">", "C2, which repeats S1")
	var s2 [c1Len]byte
	n, err = io.ReadFull(rw, s2[:])
	h.add(s2[:n])
	if err != nil {
		return h.short(n, "S2", err)
	}
	if h.echoed = bytes.Equal(s2[8:], h.c1[8:]); h.echoed {
		h.say("<", "S2, which repeats C1")
	} else {
		h.say("<", "S2, which does not repeat C1")
	}
	return nil
}

func (h *shaker) add(b []byte) {
	if room := sniffLen - len(h.first); room > 0 {
		h.first = append(h.first, b[:min(len(b), room)]...)
	}
	h.got += len(b)
}

func (h *shaker) short(n int, what string, err error) error {
	if n > 0 {
		h.say("<", "%d bytes of %s's 1,536", n, what)
	}
	return err
}

// peek reads the beginning of an answer that is no handshake: enough to name it.
func (h *shaker) peek(rw io.Reader, d deadliner, until time.Time) error {
	soon := time.Now().Add(300 * time.Millisecond)
	if soon.After(until) {
		soon = until
	}
	_ = d.SetReadDeadline(soon)
	defer d.SetReadDeadline(until)
	var p [sniffLen]byte
	for h.got < sniffLen {
		n, err := rw.Read(p[:sniffLen-h.got])
		h.add(p[:n])
		if err != nil {
			break
		}
	}
	if h.got == 0 {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// sort says what an answer is that does not begin as it should.
func (h *shaker) sort() error {
	h.say("<", "%s  %s", hexBytes(h.first), visible(string(h.first)))
	if what, ok := other(h.first); ok {
		return &errOther{what}
	}
	return errVersion(h.first[0])
}

// The complex handshake, as Flash Player and Media Server have it: a digest of
// C1 at a place that C1 itself tells. Adobe never published it; every server
// that has it follows the same two schemes.
var (
	clientKey = []byte("Genuine Adobe Flash Player 001")
	serverKey = []byte("Genuine Adobe Flash Media Server 001")
)

const digestLen = sha256.Size

// digestAt is the place of the digest in C1 or S1; base is 8 or 772.
func digestAt(p []byte, base int) int {
	sum := int(p[base]) + int(p[base+1]) + int(p[base+2]) + int(p[base+3])
	return base + 4 + sum%728
}

func digest(p []byte, at int, key []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(p[:at])
	m.Write(p[at+digestLen:])
	return m.Sum(nil)
}

// sign makes C1 one with a digest, of the scheme that Flash Player used.
func (h *shaker) sign() {
	copy(h.c1[4:], []byte{0x80, 0, 7, 2}) // a version above 9 asks for it
	at := digestAt(h.c1[:], 8)
	copy(h.c1[at:], digest(h.c1[:], at, clientKey))
}

// signed reports whether S1 carries a digest, and of which scheme.
func signed(s1 []byte) (scheme string, ok bool) {
	for _, s := range [...]struct {
		base int
		name string
	}{{8, "first"}, {772, "second"}} {
		at := digestAt(s1, s.base)
		if hmac.Equal(s1[at:at+digestLen], digest(s1, at, serverKey)) {
			return s.name, true
		}
	}
	return "", false
}

// newShaker makes a C1: time 0, version 0, random bytes.
func newShaker(said func(dir, text string)) *shaker {
	h := &shaker{said: said}
	_, _ = rand.Read(h.c1[8:]) // never fails
	return h
}
