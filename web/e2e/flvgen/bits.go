package flvgen

// bitWriter appends bits, most significant first.
type bitWriter struct {
	b    []byte
	free uint // unused bits of the last byte
}

func (w *bitWriter) u(n uint, v uint64) {
	for ; n > 0; n-- {
		if w.free == 0 {
			w.b = append(w.b, 0)
			w.free = 8
		}
		w.free--
		w.b[len(w.b)-1] |= byte(v>>(n-1)&1) << w.free
	}
}

// ue writes an unsigned Exp-Golomb code (ISO/IEC 14496-10 9.1).
func (w *bitWriter) ue(v uint64) {
	n := uint(0)
	for (v+1)>>n > 1 {
		n++
	}
	w.u(n, 0)
	w.u(n+1, v+1)
}

// trailing writes rbsp_trailing_bits: a one, then zeros up to a whole byte.
func (w *bitWriter) trailing() {
	w.u(1, 1)
	w.free = 0
}

// nal puts the header byte before an RBSP and escapes what would look like a
// start code (ISO/IEC 14496-10 7.4.1).
func nal(header byte, rbsp []byte) []byte {
	out := append(make([]byte, 0, len(rbsp)+8), header)
	zeros := 0
	for _, c := range rbsp {
		if zeros == 2 && c <= 3 {
			out = append(out, 3)
			zeros = 0
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
