package flv

// Bounds of what a Reader keeps, whatever the input claims.
const (
	// MaxScript is how much of a script message is decoded, MaxConfig how much
	// of a sequence header or an E-RTMP metadata packet.
	MaxScript = 1 << 20
	MaxConfig = 64 << 10
	// MaxTracks is how many tracks of one multitrack tag are read.
	MaxTracks = 64
	// lookAhead is how far behind a doubtful tag header its end may lie.
	lookAhead = 1 << 20
	// maxDataOffset is the longest file header that is believed.
	maxDataOffset = 64 << 10
	// sniffLen is how much of a file that is no FLV is looked at.
	sniffLen = 1 << 10

	fileHeaderLen = 9
	tagHeaderLen  = 11
	ptsLen        = 4 // PreviousTagSize
)

// State says what the next byte of the input belongs to.
type State uint8

// The states. At the end of a file that is whole the state is InPreviousTagSize
// or InTagHeader with nothing read of it.
const (
	InFileHeader State = iota
	InPreviousTagSize
	InTagHeader
	InBody
	InGarbage  // looking for the next tag
	InOtherFmt // the signature is not FLV's; the rest is not looked at
)

// Reader reads FLV from chunks of any size and calls its Handler. The calls
// are the same for every chunking. Its memory is bounded by the constants
// above, and reading tags allocates nothing.
type Reader struct {
	h     Handler
	state State
	eof   bool

	total int64 // bytes written

	off  int64 // offset of the next byte
	have int   // bytes of the current header or PreviousTagSize in buf
	want int   // bytes of the file header still to skip
	buf  [fileHeaderLen + ptsLen + tagHeaderLen]byte

	header     Header
	headerSeen bool
	dataAt     int64 // where the first tag's PreviousTagSize stands

	tag      Tag
	arrival  int64
	index    int64
	streamID uint32 // of the last tag
	otherID  uint32 // the one before it changed
	approved int64  // offset of a header that doubt confirmed
	last     [4]clock
	lastAny  clock
	ptsZero  bool   // this file writes 0
	ptsMore  uint32 // the last one's error, such as 4

	look        []byte // bytes behind a doubtful header, from lookLo on
	lookLo      int
	garbageFrom int64 // -1 outside garbage

	body   body
	audio1 [1]Frame // AAC frames, the fast path: only what changes is written
	opus1  [1]Frame // Opus frames, the same
	video1 [1]Frame // access units
	frames []Frame
	vcfg   [256]*Config // of each track
	acfg   [256]*Config
	acc    []byte // script or configuration that spans chunks
}

// clock unwraps the timestamps of one kind of tag.
type clock struct {
	raw  uint32
	seen bool
	ms   int64
}

// NewReader returns a Reader that has read nothing yet.
func NewReader(h Handler) *Reader {
	r := &Reader{h: h, arrival: -1, approved: -1, garbageFrom: -1}
	r.frames = make([]Frame, 0, 4)
	return r
}

// SetArrival sets the arrival time that the following tags carry, in
// nanoseconds since the push began; -1 when unknown, as it is at first.
func (r *Reader) SetArrival(ns int64) { r.arrival = ns }

// BytesRead is how many bytes were written so far.
func (r *Reader) BytesRead() int64 { return r.total }

// TagCount is how many tags were read so far.
func (r *Reader) TagCount() int64 { return r.index }

// HeaderSeen reports whether the file header was read and is FLV.
func (r *Reader) HeaderSeen() bool { return r.headerSeen }

// End says where the input stands, which after Close is where it ended: what
// the next byte would belong to, how many bytes of that were read and how many
// are missing (both 0 in garbage). A recording that is whole ends InTagHeader
// with none read, or InPreviousTagSize with none read where the writer leaves
// the last one out.
func (r *Reader) End() (in State, read, missing int64) {
	switch r.state {
	case InFileHeader:
		if r.headerSeen {
			return r.state, r.dataAt - int64(r.want), int64(r.want)
		}
		return r.state, int64(r.have), int64(fileHeaderLen - min(r.have, fileHeaderLen))
	case InPreviousTagSize:
		return r.state, int64(r.have), int64(ptsLen - r.have)
	case InTagHeader:
		return r.state, int64(r.have), int64(tagHeaderLen - r.have)
	case InBody:
		return r.state, int64(r.body.pos), int64(r.tag.Size) - int64(r.body.pos)
	}
	return r.state, 0, 0
}

// Write reads the next bytes. It keeps no reference to p and never fails.
func (r *Reader) Write(p []byte) (int, error) {
	n := len(p)
	r.total += int64(n)
	for len(p) > 0 {
		if r.state == InGarbage {
			p = r.doubt(p)
		} else {
			p = p[r.run(p):]
		}
	}
	return n, nil
}

// Close ends the input: a tag that was being read is delivered as truncated,
// and what was in doubt is decided with what is there. The Reader takes no
// more input.
func (r *Reader) Close() {
	if r.eof {
		return
	}
	r.eof = true
	switch r.state {
	case InFileHeader:
		r.closeHeader()
	case InGarbage:
		r.doubt(nil)
	}
	switch r.state {
	case InTagHeader:
		if r.have > 0 && !knownType(r.buf[0]) {
			r.h.Garbage(r.off-int64(r.have), int64(r.have))
			r.have = 0
		}
	case InBody:
		r.tag.Truncated = true
		r.h.Tag(&r.tag, r.truncated())
	}
}

// closeHeader ends an input inside its file header.
func (r *Reader) closeHeader() {
	if !r.headerSeen {
		if r.have >= fileHeaderLen && string(r.buf[:3]) == "FLV" {
			return // cannot be: it would have been seen
		}
		head := r.look
		if len(head) == 0 {
			head = r.buf[:r.have]
		}
		r.notFLV(head)
		return
	}
	if r.want > 0 {
		return
	}
	r.firstTag()
}

// run reads p until its end or, state InGarbage, up to the end of a header
// that is in doubt (its bytes stand in buf then). It returns how much it read.
func (r *Reader) run(p []byte) int {
	i := 0
	for i < len(p) {
		switch r.state {
		case InTagHeader:
			if r.have == 0 {
				if i = r.whole(p, i); i == len(p) {
					return i
				}
			}
			k := copy(r.buf[r.have:tagHeaderLen], p[i:])
			r.have += k
			r.off += int64(k)
			i += k
			if r.have < tagHeaderLen {
				return i
			}
			if !r.startTag() {
				r.state = InGarbage
				return i
			}
		case InBody:
			left := int(r.tag.Size - r.body.pos)
			b := p[i:]
			if len(b) > left {
				b = b[:left]
			}
			i += len(b)
			r.off += int64(len(b))
			r.feed(b)
			if r.body.pos == r.tag.Size {
				r.endBody()
			}
		case InPreviousTagSize:
			k := copy(r.buf[r.have:ptsLen], p[i:])
			r.have += k
			r.off += int64(k)
			i += k
			if r.have < ptsLen {
				return i
			}
			r.have = 0
			r.previousTagSize(be32(r.buf[:]))
		case InFileHeader:
			i += r.fileHeader(p[i:])
		case InOtherFmt:
			r.off += int64(len(p) - i)
			return len(p)
		case InGarbage:
			return i
		}
	}
	return i
}

// previousTagSize takes the four bytes behind the current tag.
func (r *Reader) previousTagSize(got uint32) {
	r.state = InTagHeader
	r.ptsZero = got == 0
	r.ptsMore = got - (r.tag.Size + tagHeaderLen)
	r.h.PreviousTagSize(&r.tag, r.off-ptsLen, got)
}

// fileHeader reads the file header and, with the first PreviousTagSize, looks
// as far as the first tag's header, for there are files that leave the former
// out. It returns how much of p it read.
func (r *Reader) fileHeader(p []byte) int {
	if !r.headerSeen {
		if len(r.look) > 0 || r.have >= 3 && string(r.buf[:3]) != "FLV" {
			return r.otherFormat(p)
		}
		need := fileHeaderLen
		if r.have < 3 {
			need = 3 // decide on the signature first
		}
		k := copy(r.buf[r.have:need], p)
		r.have += k
		r.off += int64(k)
		if r.have == fileHeaderLen {
			r.headerSeen = true
			r.have = 0
			r.header = Header{Version: r.buf[3], Flags: r.buf[4], DataOffset: be32(r.buf[5:])}
			r.dataAt = fileHeaderLen
			if o := r.header.DataOffset; o > fileHeaderLen && o <= maxDataOffset {
				r.dataAt = int64(o)
			}
			r.want = int(r.dataAt) - fileHeaderLen
			r.h.Header(r.header)
		}
		return k
	}
	if r.want > 0 {
		k := min(r.want, len(p))
		r.want -= k
		r.off += int64(k)
		return k
	}
	k := copy(r.buf[r.have:ptsLen+tagHeaderLen], p)
	r.have += k
	r.off += int64(k)
	if r.have == ptsLen+tagHeaderLen {
		r.firstTag()
	}
	return k
}

// firstTag goes on with what follows the file header: PreviousTagSize 0 and
// the first tag header, or what there is of them at the end of the input.
func (r *Reader) firstTag() {
	var b [ptsLen + tagHeaderLen]byte
	n := copy(b[:], r.buf[:r.have])
	r.have = 0
	r.off -= int64(n)
	rest := b[:n]
	if missing := n == len(b) && r.plausible(b[:]) && !r.plausible(b[ptsLen:]); !missing {
		if n < ptsLen {
			r.state = InPreviousTagSize
			r.have = copy(r.buf[:], rest)
			r.off += int64(n)
			return
		}
		rest = rest[ptsLen:]
		r.off += ptsLen
		r.h.PreviousTagSize(nil, r.off-ptsLen, be32(b[:]))
	}
	r.state = InTagHeader
	for len(rest) > 0 {
		rest = rest[r.run(rest):]
		if r.state == InGarbage {
			// Only the header was read: the rest of b, if any, follows it.
			if len(rest) > 0 {
				rest = r.doubt(rest)
			}
		}
	}
}

// knownType reports whether a tag header's first byte is that of an
// unencrypted tag of a known type, its reserved bits 0.
func knownType(b byte) bool {
	return b == TypeAudio || b == TypeVideo || b == TypeScript || b == TypeAMF3
}

func kindOf(typ byte) int {
	switch typ {
	case TypeAudio:
		return 0
	case TypeVideo:
		return 1
	case TypeScript, TypeAMF3:
		return 2
	}
	return 3
}

// plausible reports whether a header at the place where one belongs may be
// taken without a further look.
func (r *Reader) plausible(b []byte) bool {
	id := uint32(b[8])<<16 | uint32(b[9])<<8 | uint32(b[10])
	return knownType(b[0]) && (id == r.streamID || id == r.otherID)
}

// startTag takes the tag header in buf; false when it is in doubt.
func (r *Reader) startTag() bool {
	b := r.buf[:tagHeaderLen]
	at := r.off - tagHeaderLen
	if !r.plausible(b) && r.approved != at {
		return false
	}
	r.have = 0
	id := uint32(b[8])<<16 | uint32(b[9])<<8 | uint32(b[10])
	if id != r.streamID {
		r.otherID, r.streamID = r.streamID, id
	}
	raw := uint32(b[7])<<24 | uint32(b[4])<<16 | uint32(b[5])<<8 | uint32(b[6])
	r.tag = Tag{
		Index:        r.index,
		Offset:       at,
		Type:         b[0] & 0x1f,
		Filter:       b[0]&0x20 != 0,
		Size:         uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]),
		Timestamp:    r.unwrap(kindOf(b[0]&0x1f), raw),
		RawTimestamp: raw,
		StreamID:     id,
		Arrival:      r.arrival,
	}
	r.index++
	r.state = InBody
	r.startBody()
	if r.tag.Size == 0 {
		r.endBody()
	}
	return true
}

// unwrap follows a 32-bit timestamp over its wrap: the difference to the last
// tag of the same kind is a signed 32-bit number. The first of a kind is held
// against the last tag of any kind, the first of all is itself signed.
func (r *Reader) unwrap(kind int, raw uint32) int64 {
	c := &r.last[kind]
	if !c.seen {
		*c = r.lastAny
	}
	c.ms += int64(int32(raw - c.raw))
	c.raw = raw
	c.seen = true
	r.lastAny = *c
	return c.ms
}

// endBody delivers the tag whose body has been read.
func (r *Reader) endBody() {
	r.state = InPreviousTagSize
	r.have = 0
	r.h.Tag(&r.tag, r.frames)
}
