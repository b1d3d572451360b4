package flv

// nalWalk goes from length to length over the NAL units of one access unit
// (ISO/IEC 14496-15 5.3.4.2). It looks at the length, the NAL header and, of
// AVC slices, the byte behind it; nothing else of the payload is touched.
type nalWalk struct {
	size  uint32 // bytes of a length
	hevc  bool
	begin uint32 // payload of the track, as offsets of the body
	end   uint32
	next  uint32 // the length after the unit whose head is wanted
	code  bool   // the payload begins like a start code
}

// startWalk begins the walk of the current frame's payload at offset at.
func (r *Reader) startWalk(at uint32) {
	b := &r.body
	f := r.frame()
	w := &b.nal
	*w = nalWalk{size: 4, hevc: f.Codec == HEVC, begin: at, end: b.trackEnd, next: at}
	if c := r.vcfg[f.Track]; c != nil && c.Codec == f.Codec && c.NALLength > 0 {
		w.size = uint32(c.NALLength)
		f.NAL.Walked = true
	}
	r.walkOn()
}

// walkOn wants the next length.
func (r *Reader) walkOn() {
	b := &r.body
	w := &b.nal
	switch {
	case w.next == w.end:
		r.endTrack()
	case w.end-w.next < w.size:
		r.broken(w.next)
	default:
		r.wants(stepNALSize, w.next, w.size)
	}
}

// broken ends the walk at the length at offset at.
func (r *Reader) broken(at uint32) {
	w := &r.body.nal
	if w.code {
		at = w.begin
	}
	r.frame().NAL.breakAt(r.tag.Offset+tagHeaderLen+int64(at), w.code)
	r.endTrack()
}

// breakAt notes the length that does not add up; with start codes that is the
// first of them.
func (n *NAL) breakAt(at int64, annexB bool) {
	n.Broken = true
	n.BrokenAt = at
	if annexB {
		// Units found by taking start codes for lengths mean nothing.
		*n = NAL{Walked: n.Walked, Broken: true, BrokenAt: at, AnnexB: true}
	}
}

// length reads a length of w.size bytes and notes a start code at the begin.
func (w *nalWalk) length(at uint32, q []byte) uint32 {
	var n uint32
	if w.size == 4 {
		n = be32(q)
		if at == w.begin && (n == 1 || n>>8 == 1) {
			w.code = true
		}
		return n
	}
	for _, c := range q[:w.size] {
		n = n<<8 | uint32(c)
	}
	if w.size == 2 {
		if at == w.begin {
			w.code = n == 0
		} else if at == w.begin+2 {
			w.code = w.code && (n == 1 || n>>8 == 1)
		}
	}
	return n
}

// nalSize takes a length that came byte by byte.
func (r *Reader) nalSize(at uint32, q []byte) {
	w := &r.body.nal
	n := w.length(at, q)
	left := w.end - at - w.size
	if n > left {
		r.broken(at)
		return
	}
	nal := &r.frame().NAL
	nal.count(n)
	w.next = at + w.size + n
	if n == 0 {
		r.walkOn()
		return
	}
	r.wants(stepNALHead, at+w.size, min(n, 2))
}

func (n *NAL) count(size uint32) {
	if n.Count != 1<<16-1 {
		n.Count++
	}
	if size == 0 && n.Zero != 1<<16-1 {
		n.Zero++
	}
}

// head takes the first two bytes (or the one) of a unit.
func (w *nalWalk) head(n *NAL, q []byte) {
	if w.hevc {
		t := q[0] >> 1 & 0x3f
		n.Types |= 1 << t
		if t < 32 {
			n.SliceSeen = true
		}
		return
	}
	t := q[0] & 0x1f
	n.Types |= 1 << t
	if t >= 1 && t <= 5 && !n.SliceSeen {
		n.SliceSeen = true
		if len(q) > 1 {
			n.Intra = intraSlice(q[1])
		}
	}
}

// intraSlice reads an AVC slice header's first byte (H.264 7.3.3): true when
// first_mb_in_slice is 0 and slice_type is I or SI. ue(v) 2, 4, 7 and 9 are
// 011, 00101, 0001000 and 0001010.
func intraSlice(b byte) bool {
	if b&0x80 == 0 {
		return false // first_mb_in_slice is not 0
	}
	return b>>4&7 == 3 || b>>2&0x1f == 5 || b&0x7f == 8 || b&0x7f == 10
}

// walk takes the units whose length and head lie in p, which begins at offset
// b.pos of the body, and wants the length that does not.
func (r *Reader) walk(p []byte) {
	b := &r.body
	w := &b.nal
	n := &r.frame().NAL
	at, pos := b.at, b.pos
	limit := pos + uint32(len(p))
	for at != w.end {
		left := w.end - at
		if left < w.size {
			r.broken(at)
			return
		}
		if at > limit || limit-at < w.size+2 {
			r.wants(stepNALSize, at, w.size)
			return
		}
		q := p[at-pos:]
		size := w.length(at, q)
		if size > left-w.size {
			r.broken(at)
			return
		}
		n.count(size)
		if size > 1 {
			w.head(n, q[w.size:w.size+2])
		} else if size == 1 {
			w.head(n, q[w.size:w.size+1])
		}
		at += w.size + size
	}
	r.endTrack()
}
