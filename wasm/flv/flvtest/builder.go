// Package flvtest writes FLV files byte by byte for tests, right ones and
// broken ones. It shares no code with the reader under test but the AMF0
// encoder.
//
// A file is built tag by tag:
//
//	b := flvtest.New()                         // header and PreviousTagSize 0
//	b.Script(0, flvtest.MetaData(...))         // or b.Script(0, flvtest.Script("onMetaData", ...))
//	b.Video(0, flvtest.AVCConfig(flvtest.SPS{Width: 1280, Height: 720, FPS: 30}))
//	b.Video(0, flvtest.IDR(20000, 0)).Video(33, flvtest.P(3000, 0))
//	b.Audio(0, flvtest.AACConfig(44100, 2)).Audio(0, flvtest.AAC(300))
//	b.Garbage(500)                             // bytes that are no tag
//	file := b.Bytes()
//
// or as a whole stream with one thing wrong:
//
//	flvtest.Healthy(10, 30, 2).Bytes()         // nothing to find
//	s := flvtest.Stream{Seconds: 60, GOP: 20}  // zero fields: the healthy values
//	s.Each = func(t *flvtest.Tag) { if t.Index == 100 { t.Timestamp -= 500 } }
//	s.Build().Bytes()
package flvtest

import "slices"

// PTSMode says what the builder writes behind a tag.
type PTSMode int

// The ways of writing PreviousTagSize.
const (
	PTSRight PTSMode = iota // DataSize + 11
	PTSZero                 // 0, as some servers write
	PTSMore                 // DataSize + 15, as others do
	PTSWrong                // nonsense
	PTSNone                 // nothing at all
)

// Builder appends the parts of an FLV file.
type Builder struct {
	buf      []byte
	PTS      PTSMode
	StreamID uint32
	seed     uint32
}

// New begins a file whose header promises audio and video.
func New() *Builder { return NewHeader(1, 5, 9) }

// NewHeader begins a file with this version, these flags (4 audio, 1 video)
// and this DataOffset; bytes up to DataOffset are zeros. PreviousTagSize 0
// follows.
func NewHeader(version, flags byte, dataOffset uint32) *Builder {
	b := &Builder{seed: 1}
	b.Raw('F', 'L', 'V', version, flags, byte(dataOffset>>24), byte(dataOffset>>16), byte(dataOffset>>8), byte(dataOffset))
	for i := uint32(9); i < dataOffset && i < 1<<16; i++ {
		b.Raw(0)
	}
	return b.Raw(0, 0, 0, 0)
}

// Bytes is the file so far.
func (b *Builder) Bytes() []byte { return b.buf }

// Len is its length: the offset of what comes next.
func (b *Builder) Len() int64 { return int64(len(b.buf)) }

// Raw appends bytes as they are.
func (b *Builder) Raw(p ...byte) *Builder {
	b.buf = append(b.buf, p...)
	return b
}

// Garbage appends n bytes of noise, the same ones every time.
func (b *Builder) Garbage(n int) *Builder {
	for range n {
		b.seed = b.seed*1664525 + 1013904223
		b.buf = append(b.buf, byte(b.seed>>24))
	}
	return b
}

// Cut drops the last n bytes.
func (b *Builder) Cut(n int) *Builder {
	b.buf = b.buf[:max(0, len(b.buf)-n)]
	return b
}

// Tag appends a tag of any type and its PreviousTagSize. ms may be negative or
// beyond 32 bits: it is written modulo 2^32, extension byte included.
func (b *Builder) Tag(typ byte, ms int64, body []byte) *Builder {
	b.Claim(typ, ms, len(body), body)
	n := uint32(len(body) + 11)
	switch b.PTS {
	case PTSZero:
		n = 0
	case PTSMore:
		n += 4
	case PTSWrong:
		n = 0x12345678
	case PTSNone:
		return b
	}
	return b.Raw(byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// Claim appends a tag that claims a body of size bytes, with the body given
// and without PreviousTagSize.
func (b *Builder) Claim(typ byte, ms int64, size int, body []byte) *Builder {
	t := uint32(ms)
	b.Raw(typ, byte(size>>16), byte(size>>8), byte(size),
		byte(t>>16), byte(t>>8), byte(t), byte(t>>24),
		byte(b.StreamID>>16), byte(b.StreamID>>8), byte(b.StreamID))
	return b.Raw(body...)
}

// Audio, Video, Script and AMF3 append a tag of their type.
func (b *Builder) Audio(ms int64, body []byte) *Builder  { return b.Tag(8, ms, body) }
func (b *Builder) Video(ms int64, body []byte) *Builder  { return b.Tag(9, ms, body) }
func (b *Builder) Script(ms int64, body []byte) *Builder { return b.Tag(18, ms, body) }
func (b *Builder) AMF3(ms int64, body []byte) *Builder {
	return b.Tag(15, ms, append([]byte{0}, body...))
}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

func u16(n int) []byte { return []byte{byte(n >> 8), byte(n)} }
func u24(n int) []byte { return []byte{byte(n >> 16), byte(n >> 8), byte(n)} }
func u32(n uint32) []byte {
	return []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

// fill is n bytes of payload that hold no start code and no emulation
// prevention.
func fill(n int) []byte {
	p := make([]byte, max(n, 0))
	for i := range min(len(p), 256) {
		p[i] = byte(i*7) | 0x11
	}
	for done := 256; done < len(p); done *= 2 { // and so on every 256 bytes
		copy(p[done:], p[:done])
	}
	return p
}

// bits writes bits, most significant first.
type bits struct {
	b []byte
	n int
}

func (w *bits) u(n int, v uint32) {
	for n--; n >= 0; n-- {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[w.n/8] |= byte(v>>n&1) << (7 - w.n%8)
		w.n++
	}
}

func (w *bits) flag(f bool) {
	if f {
		w.u(1, 1)
	} else {
		w.u(1, 0)
	}
}

// ue writes an Exp-Golomb code.
func (w *bits) ue(v uint32) {
	n := 0
	for (v+1)>>(n+1) != 0 {
		n++
	}
	w.u(n, 0)
	w.u(n+1, v+1)
}

// trailing ends an RBSP.
func (w *bits) trailing() {
	w.u(1, 1)
	for w.n%8 != 0 {
		w.u(1, 0)
	}
}

// escape inserts emulation prevention bytes.
func escape(p []byte) []byte {
	var out []byte
	zeros := 0
	for _, c := range p {
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
