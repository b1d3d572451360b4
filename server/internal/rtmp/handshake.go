package rtmp

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

// Sizes of the handshake (RTMP 1.0, 5.2).
const (
	C1Len     = 1536
	AnswerLen = 1 + 2*C1Len // S0, S1 and S2
)

// VersionError is a C0 or S0 that is not 3.
type VersionError byte

// Error implements error.
func (e VersionError) Error() string { return fmt.Sprintf("version %d instead of 3", byte(e)) }

// The complex handshake, as Flash Player and Media Server have it: a digest of
// C1 at a place that C1 itself tells. Adobe never published it; every server
// that has it follows the same two schemes.
var (
	clientKey = []byte("Genuine Adobe Flash Player 001")
	serverKey = []byte("Genuine Adobe Flash Media Server 001")
	// S2 is signed with a key that goes on with these.
	keyTail = []byte{
		0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57,
		0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
	}
)

const digestLen = sha256.Size

// schemes are the places of the digest's offset.
var schemes = [...]struct {
	base int
	name string
}{{8, "first"}, {772, "second"}}

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

// signedBy finds the digest of C1 or S1 made with key, and its scheme's base.
func signedBy(p, key []byte) (at, base int, ok bool) {
	for _, s := range schemes {
		at := digestAt(p, s.base)
		if hmac.Equal(p[at:at+digestLen], digest(p, at, key)) {
			return at, s.base, true
		}
	}
	return 0, 0, false
}

// Signed reports whether S1 carries a digest, and of which scheme.
func Signed(s1 []byte) (scheme string, ok bool) {
	_, base, ok := signedBy(s1, serverKey)
	for _, s := range schemes {
		if ok && s.base == base {
			scheme = s.name
		}
	}
	return scheme, ok
}

// ClientHandshake is one handshake from the client's side: what came of it is in
// its fields, also after an error.
type ClientHandshake struct {
	C1, S1 [C1Len]byte
	// Echoed: S2 repeats our C1. Its first eight bytes are times, which some
	// servers write anew.
	Echoed bool
	// Sent: C0 and C1 went out.
	Sent bool
	// Said, where not nil, is told what goes out (">") and comes in ("<").
	Said func(dir, text string)
}

// NewClientHandshake makes a C1: time 0, version 0, random bytes.
func NewClientHandshake() *ClientHandshake {
	h := &ClientHandshake{}
	_, _ = rand.Read(h.C1[8:]) // never fails
	return h
}

// Sign makes C1 one with a digest, of the scheme that Flash Player used.
func (h *ClientHandshake) Sign() {
	copy(h.C1[4:], []byte{0x80, 0, 7, 2}) // a version above 9 asks for it
	at := digestAt(h.C1[:], schemes[0].base)
	copy(h.C1[at:], digest(h.C1[:], at, clientKey))
}

func (h *ClientHandshake) say(dir, format string, args ...any) {
	if h.Said != nil {
		h.Said(dir, fmt.Sprintf(format, args...))
	}
}

// Run shakes hands. An S0 other than 3 is a VersionError; nothing was read
// behind it then.
func (h *ClientHandshake) Run(rw io.ReadWriter) error {
	if _, err := rw.Write(append([]byte{3}, h.C1[:]...)); err != nil {
		return err
	}
	h.Sent = true
	h.say(">", "C0 version 3, C1 of 1,536 bytes")
	var s0 [1]byte
	if _, err := io.ReadFull(rw, s0[:]); err != nil {
		return err
	}
	if s0[0] != 3 {
		return VersionError(s0[0])
	}
	h.say("<", "S0 version 3")
	if err := h.part(rw, h.S1[:], "S1"); err != nil {
		return err
	}
	h.say("<", "S1 time %d, version %d.%d.%d.%d", binary.BigEndian.Uint32(h.S1[:]), h.S1[4], h.S1[5], h.S1[6], h.S1[7])
	// C2 repeats S1. A server may wait for it before its S2.
	if _, err := rw.Write(h.S1[:]); err != nil {
		return err
	}
	h.say(">", "C2, which repeats S1")
	var s2 [C1Len]byte
	if err := h.part(rw, s2[:], "S2"); err != nil {
		return err
	}
	if h.Echoed = bytes.Equal(s2[8:], h.C1[8:]); h.Echoed {
		h.say("<", "S2, which repeats C1")
	} else {
		h.say("<", "S2, which does not repeat C1")
	}
	return nil
}

func (h *ClientHandshake) part(r io.Reader, p []byte, what string) error {
	n, err := io.ReadFull(r, p)
	if err != nil && n > 0 {
		h.say("<", "%d bytes of %s's 1,536", n, what)
	}
	return err
}

// ServerHandshake is one handshake from the server's side.
type ServerHandshake struct {
	Digest  bool    // C1 carried a digest, and so did the answer
	Version [4]byte // as C1 says it; 0 in the simple form
	Echoed  bool    // C2 repeats our S1
	Got     int     // bytes that came
}

// Run waits for C0 and C1, answers in their form, and waits for C2. A C0 other
// than 3 is a VersionError; the caller's deadlines bound the wait.
func (h *ServerHandshake) Run(rw io.ReadWriter) error {
	var c0 [1]byte
	if _, err := io.ReadFull(rw, c0[:]); err != nil {
		return err
	}
	h.Got = 1
	if c0[0] != 3 {
		return VersionError(c0[0])
	}
	var c1 [C1Len]byte
	n, err := io.ReadFull(rw, c1[:])
	h.Got += n
	if err != nil {
		return cut(err)
	}
	copy(h.Version[:], c1[4:8])

	var answer [AnswerLen]byte
	answer[0] = 3
	s1, s2 := answer[1:1+C1Len], answer[1+C1Len:]
	_, _ = rand.Read(s1[8:]) // never fails
	binary.BigEndian.PutUint32(s1, uint32(time.Now().UnixMilli()))
	var at, base int
	if h.Version != [4]byte{} {
		at, base, h.Digest = signedBy(c1[:], clientKey)
	}
	if h.Digest {
		copy(s1[4:], []byte{5, 0, 3, 1})
		to := digestAt(s1, base)
		copy(s1[to:], digest(s1, to, serverKey))
		sign(s2, c1[at:at+digestLen])
	} else {
		// The whole of C1, as most servers do: some clients compare the time in it too.
		copy(s2, c1[:])
	}
	if _, err := rw.Write(answer[:]); err != nil {
		return err
	}
	var c2 [C1Len]byte
	n, err = io.ReadFull(rw, c2[:])
	h.Got += n
	if err != nil {
		return cut(err)
	}
	h.Echoed = bytes.Equal(c2[8:], s1[8:])
	return nil
}

// sign makes an S2 of random bytes, signed with a key that C1's digest gives.
func sign(s2, clientDigest []byte) {
	_, _ = rand.Read(s2)
	k := hmac.New(sha256.New, append(append([]byte{}, serverKey...), keyTail...))
	k.Write(clientDigest)
	m := hmac.New(sha256.New, k.Sum(nil))
	m.Write(s2[:C1Len-digestLen])
	copy(s2[C1Len-digestLen:], m.Sum(nil))
}
