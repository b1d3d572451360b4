package probe

import (
	"errors"
	"io"
	"time"

	"ingestdoctor/server/internal/rtmp"
)

// errOther is an answer that is something else than RTMP.
type errOther struct{ what string }

func (e *errOther) Error() string { return e.what }

// shaker is one handshake with a server that is not trusted: what came of it is
// in its fields, also after an error.
type shaker struct {
	*rtmp.ClientHandshake
	first []byte // the answer's first bytes, at most sniffLen
	got   int    // bytes of the answer
}

// deadliner is the part of a connection that sets deadlines.
type deadliner interface {
	SetReadDeadline(t time.Time) error
}

// tally notes what a shaker reads.
type tally struct {
	io.ReadWriter
	h *shaker
}

func (t tally) Read(p []byte) (int, error) {
	n, err := t.ReadWriter.Read(p)
	t.h.add(p[:n])
	return n, err
}

// run shakes hands. until is the stage's deadline, set on d already; it is set
// again after the short wait for a few more bytes of a stranger's greeting.
func (h *shaker) run(rw io.ReadWriter, d deadliner, until time.Time) error {
	err := h.Run(tally{rw, h})
	var version rtmp.VersionError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &version):
		_ = h.peek(rw, d, until)
		return h.sort()
	case !h.Sent:
		// A server that speaks first and closes: what it said may still be there.
		if h.peek(rw, d, until) == nil {
			return h.sort()
		}
	}
	return err
}

func (h *shaker) add(b []byte) {
	if room := sniffLen - len(h.first); room > 0 {
		h.first = append(h.first, b[:min(len(b), room)]...)
	}
	h.got += len(b)
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
	if h.Said != nil {
		h.Said("<", hexBytes(h.first)+"  "+visible(string(h.first)))
	}
	if what, ok := other(h.first); ok {
		return &errOther{what}
	}
	return rtmp.VersionError(h.first[0])
}

// newShaker makes a C1: time 0, version 0, random bytes.
func newShaker(said func(dir, text string)) *shaker {
	h := &shaker{ClientHandshake: rtmp.NewClientHandshake()}
	h.Said = said
	return h
}
