package flv

// verdict is what doubt says of a possible tag header.
type verdict uint8

const (
	no verdict = iota
	yes
	more // not before more bytes are there
)

// doubt reads p while it is not certain where the next tag begins. On entry
// either look holds bytes from a doubtful header on, or buf holds such a
// header. It returns what it left of p.
//
// A header is confirmed when its claimed end is within the look-ahead, an
// acceptable PreviousTagSize stands there and a further tag (or the end of the
// input) follows. Bytes that no header confirms are garbage. The verdicts depend
// on the bytes alone, so every chunking comes to the same.
func (r *Reader) doubt(p []byte) []byte {
	if r.lookLo == len(r.look) && r.garbageFrom < 0 {
		r.look = append(r.look[:0], r.buf[:tagHeaderLen]...)
		r.lookLo = 0
		r.off -= tagHeaderLen
		r.have = 0
	}
	for {
		v, need := r.judge()
		if v == more {
			if len(p) == 0 {
				return nil
			}
			// Take a little more than needed, so that a crawl through garbage
			// does not go byte by byte.
			k := min(len(p), max(need-(len(r.look)-r.lookLo), 16<<10))
			r.keep(p[:k])
			p = p[k:]
			continue
		}
		if v == no { // end of input
			r.endGarbage()
			r.look, r.lookLo = nil, 0
			return nil
		}
		r.endGarbage()
		r.approved = r.off
		r.state = InTagHeader
		for r.lookLo < len(r.look) {
			r.lookLo += r.run(r.look[r.lookLo:])
			if r.state == InGarbage {
				// The next doubtful header stands in look as well.
				r.lookLo -= tagHeaderLen
				r.off -= tagHeaderLen
				r.have = 0
				break
			}
		}
		if r.state != InGarbage {
			r.look, r.lookLo = r.look[:0], 0
			return p
		}
	}
}

// keep adds bytes to look, making room at its front first.
func (r *Reader) keep(p []byte) {
	if r.lookLo > 0 && len(r.look)+len(p) > cap(r.look) && r.lookLo >= len(r.look)/2 {
		r.look = r.look[:copy(r.look, r.look[r.lookLo:])]
		r.lookLo = 0
	}
	r.look = append(r.look, p...)
}

// endGarbage reports the stretch of garbage up to the current offset.
func (r *Reader) endGarbage() {
	if from := r.garbageFrom; from >= 0 {
		r.garbageFrom = -1
		r.h.Garbage(from, r.off-from)
	}
}

// judge looks for a header that can be confirmed, passing by what cannot. need
// is, with more, how many bytes must be there.
func (r *Reader) judge() (v verdict, need int) {
	for {
		c := r.look[r.lookLo:]
		if len(c) == 0 && r.eof {
			return no, 0
		}
		if v, need = r.confirm(c, r.garbageFrom < 0); v != no {
			return v, need
		}
		if r.garbageFrom < 0 {
			r.garbageFrom = r.off
		}
		k := 1
		for k < len(c) && !knownType(c[k]) {
			k++
		}
		r.lookLo += k
		r.off += int64(k)
	}
}

// confirm judges the bytes c as a tag. expected: they stand where a tag
// belongs, so an unknown type or an encrypted tag may be one.
func (r *Reader) confirm(c []byte, expected bool) (v verdict, need int) {
	if len(c) < tagHeaderLen {
		if r.eof {
			return no, 0
		}
		return more, tagHeaderLen
	}
	known := knownType(c[0])
	if c[0]&0xc0 != 0 || !expected && !known {
		return no, 0
	}
	size := uint32(c[1])<<16 | uint32(c[2])<<8 | uint32(c[3])
	id := uint32(c[8])<<16 | uint32(c[9])<<8 | uint32(c[10])
	familiar := id == r.streamID || id == r.otherID
	end := tagHeaderLen + int(size)
	if end+ptsLen+tagHeaderLen > lookAhead {
		return no, 0
	}
	if need = end + ptsLen + tagHeaderLen; len(c) < need && !r.eof {
		return more, need
	}
	c = c[min(end, len(c)):]
	if len(c) < ptsLen {
		// The input ends here or is cut in the tag. Nothing but an exact end
		// speaks for the tag.
		n := size + tagHeaderLen
		pts := [ptsLen]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
		if len(r.look)-r.lookLo < end || string(c) != string(pts[:len(c)]) {
			return no, 0
		}
		if expected || familiar {
			return yes, 0
		}
		return no, 0
	}
	over := be32(c) - (size + tagHeaderLen) // what PreviousTagSize says too much
	exact := over == 0
	usual := exact || over == -(size+tagHeaderLen) && r.ptsZero ||
		r.ptsMore != 0 && (over == r.ptsMore || over == r.ptsMore+4)
	c = c[ptsLen:]
	if len(c) < tagHeaderLen { // end of input
		if (exact || usual && expected && familiar) && (len(c) == 0 || knownType(c[0])) {
			return yes, 0
		}
		return no, 0
	}
	next := uint32(c[8])<<16 | uint32(c[9])<<8 | uint32(c[10])
	switch {
	case knownType(c[0]) && (exact || next == id && expected && known):
		return yes, 0 // the latter: a new StreamID that goes on
	case !usual || next != id && next != r.streamID && next != r.otherID:
		return no, 0
	case exact && c[0]&0xc0 == 0 || familiar && knownType(c[0]):
		return yes, 0
	}
	return no, 0
}
