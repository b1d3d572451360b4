package flv

// bitReader reads bits, most significant first. Reading past the end gives
// zeros and sets short.
type bitReader struct {
	b     []byte
	pos   int // in bits
	short bool
}

// u reads n bits, n at most 32.
//
//go:noinline
func (r *bitReader) u(n int) uint32 {
	if r.pos+n > 8*len(r.b) {
		r.pos = 8 * len(r.b)
		r.short = true
		return 0
	}
	var v uint32
	for ; n > 0; n-- {
		v = v<<1 | uint32(r.b[r.pos>>3]>>(7-r.pos&7)&1)
		r.pos++
	}
	return v
}

//go:noinline
func (r *bitReader) flag() bool { return r.u(1) == 1 }

//go:noinline
func (r *bitReader) left() int { return 8*len(r.b) - r.pos }

// ue reads an Exp-Golomb code of at most 32 bits (H.264 9.1; AV1 uvlc).
func (r *bitReader) ue() uint32 {
	zeros := 0
	for !r.flag() {
		if zeros++; zeros > 31 || r.short {
			r.short = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.u(zeros)
}

// unescape removes emulation prevention bytes (H.264 7.4.1).
func unescape(b []byte) []byte {
	out := make([]byte, 0, len(b))
	zeros := 0
	for _, c := range b {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		out = append(out, c)
	}
	return out
}
