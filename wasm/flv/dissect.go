package flv

// Bounds of what Dissect gives.
const (
	maxDissected = 64      // tags
	maxFields    = 400     // fields of one tag
	maxUnits     = 64      // NAL units of one track
	lookBack     = 8 << 20 // bytes looked at for tags that PreviousTagSize does not lead to
)

// Field is a run of bytes with its name and what it says.
type Field struct {
	Start, End int64 // bytes [Start, End) of the file
	Name       string
	Value      string
}

// DissectedTag is one tag, field by field, for a view of the bytes.
type DissectedTag struct {
	Offset    int64  // of the tag header in the file
	End       int64  // behind its PreviousTagSize, or behind the window
	Type      uint8  // as in Tag
	Size      uint32 // DataSize
	Timestamp int64  // milliseconds, signed 32 bit; no wrap is followed
	// Garbage: these bytes are no tag. Type, Size and Timestamp mean nothing.
	Garbage bool
	// Partial: the window ends inside the tag.
	Partial bool
	Summary string  // one line: "video, H.264 key frame, 34,120 bytes, CTS 80 ms"
	Fields  []Field // in order; they do not overlap except that fields may share a byte
}

// Dissect names the bytes of the tags around a place. window holds the file's
// bytes from offset base on; at is the offset of a tag header (or of garbage) in
// it. Up to before tags in front of it and after tags behind it are given as
// well, in file order, at most 64 in all. NAL lengths are taken to be 4 bytes
// unless a sequence header is among the tags.
func Dissect(window []byte, base, at int64, before, after int) []DissectedTag {
	pos := at - base
	if pos < 0 || pos >= int64(len(window)) {
		return nil
	}
	d := dissector{w: window, base: base, lookBack: lookBack}
	before = max(0, min(before, maxDissected-1))
	after = max(0, min(after, maxDissected-1-before))
	first := int(pos)
	for range before {
		p, ok := d.previous(first)
		if !ok {
			break
		}
		first = p
	}
	d.r = NewReader(&d.got)
	d.r.state = InTagHeader
	var out []DissectedTag
	for p := first; p < len(window) && len(out) < maxDissected; {
		if p > int(pos) {
			if after == 0 {
				break
			}
			after--
		}
		t := d.tag(p)
		out = append(out, t)
		p = int(t.End - base)
	}
	return out
}

type dissector struct {
	w    []byte
	base int64
	r    *Reader // keeps the configurations
	got  lastTag
	out  *DissectedTag
	cut  bool // too many fields: the rest is left out

	lookBack int // bytes that previous may still look at
}

// lastTag is a Handler that keeps the last tag's frames.
type lastTag struct {
	tag    Tag
	frames []Frame
}

func (l *lastTag) Header(Header)                       {}
func (l *lastTag) PreviousTagSize(*Tag, int64, uint32) {}
func (l *lastTag) Garbage(_, _ int64)                  {}
func (l *lastTag) NotFLV(string)                       {}
func (l *lastTag) Tag(t *Tag, frames []Frame) {
	l.tag = *t
	l.frames = append(l.frames[:0], frames...)
}

// headerAt reports whether the bytes at p look like a tag header, whose claimed
// size it gives.
//
//go:noinline
func (d *dissector) headerAt(p int) (size int, ok bool) {
	if p < 0 || len(d.w)-p < tagHeaderLen || d.w[p]&0xc0 != 0 {
		return 0, false
	}
	return int(be24(d.w[p+1:])), true
}

// previous finds the tag that ends in front of p.
func (d *dissector) previous(p int) (start int, ok bool) {
	end := p - ptsLen
	if end < tagHeaderLen {
		return 0, false
	}
	for _, less := range [...]int{0, 4} {
		s := end - int(be32(d.w[end:])) + less
		if s < 0 || s > end-tagHeaderLen {
			continue
		}
		if size, ok := d.headerAt(s); ok && s+tagHeaderLen+size == end {
			return s, true
		}
	}
	// PreviousTagSize is no help: look for a header that ends there.
	for s := end - tagHeaderLen; s >= 0 && d.lookBack > 0; s-- {
		d.lookBack--
		if knownType(d.w[s]) && be24(d.w[s+8:]) == 0 && s+tagHeaderLen+int(be24(d.w[s+1:])) == end {
			return s, true
		}
	}
	return 0, false
}

// garbage says how many bytes from p on are no tag, 0 when a tag begins there.
// As the Reader does, it takes a plain header where one belongs at its word and
// wants evidence for any other.
func (d *dissector) garbage(p int) int {
	size, ok := d.headerAt(p)
	if ok && knownType(d.w[p]) && d.familiar(p) {
		return 0
	}
	if end := p + tagHeaderLen + size; ok && (end == len(d.w) || d.confirmed(p)) {
		return 0
	}
	for q := p + 1; q < len(d.w); q++ {
		if knownType(d.w[q]) && d.confirmed(q) {
			return q - p
		}
	}
	return len(d.w) - p
}

// familiar reports whether the header at p has StreamID 0, or that of the tag
// before it.
//
//go:noinline
func (d *dissector) familiar(p int) bool {
	id := be24(d.w[p+8:])
	return id == 0 || id == d.got.tag.StreamID
}

// confirmed reports whether a PreviousTagSize stands where the tag at p ends
// or, as some write 0 there, another tag follows.
func (d *dissector) confirmed(p int) bool {
	size, ok := d.headerAt(p)
	end := p + tagHeaderLen + size
	if !ok || end+ptsLen > len(d.w) {
		return false
	}
	pts := int(be32(d.w[end:]))
	if pts == tagHeaderLen+size {
		return true
	}
	next := end + ptsLen
	_, ok = d.headerAt(next)
	return ok && (pts == 0 || pts == tagHeaderLen+size+4) && d.familiar(p) && knownType(d.w[next]) && d.familiar(next)
}

// tag names the bytes of the tag at p.
func (d *dissector) tag(p int) DissectedTag {
	off := d.base + int64(p)
	t := DissectedTag{Offset: off}
	d.out, d.cut = &t, false
	if n := d.garbage(p); n > 0 {
		t.Garbage = true
		t.End = off + int64(n)
		t.Partial = p+n == len(d.w)
		t.Summary = commas(int64(n)) + " bytes that are no tag"
		d.field(p, n, "no tag", commas(int64(n))+" bytes")
		return t
	}
	b := d.w[p:]
	size := int(be24(b[1:]))
	t.Type, t.Size = b[0]&0x1f, uint32(size)
	t.Timestamp = int64(int32(uint32(b[7])<<24 | be24(b[4:])))
	end := min(p+tagHeaderLen+size, len(d.w))
	last := min(end+ptsLen, len(d.w))
	t.End = d.base + int64(last)
	t.Partial = len(d.w)-p < tagHeaderLen+size

	typ := typeName(t.Type)
	if b[0]&0x20 != 0 {
		typ += ", encrypted"
	}
	d.field(p, 1, "TagType", itoa(int64(b[0]&0x1f))+" ("+typ+")")
	d.field(p+1, 3, "DataSize", commas(int64(size)))
	d.field(p+4, 3, "Timestamp", commas(int64(be24(b[4:])))+" ms")
	ext := itoa(int64(b[7]))
	if b[7] != 0 {
		ext += " (with it " + commas(t.Timestamp) + " ms)"
	}
	d.field(p+7, 1, "TimestampExtended", ext)
	d.field(p+8, 3, "StreamID", itoa(int64(be24(b[8:]))))

	frames := d.frames(p, last, t.Partial)
	t.Summary = summary(typ, &d.got.tag, frames)
	body := d.w[p+tagHeaderLen : end]
	if b[0]&0x20 != 0 {
		d.field(p+tagHeaderLen, len(body), "Body", "encrypted")
	} else {
		d.body(p+tagHeaderLen, body, frames)
	}
	if d.cut {
		t.Fields = append(t.Fields, Field{Start: d.base + int64(end), End: d.base + int64(end), Name: "more", Value: "further fields are left out"})
	}
	switch n := last - end; {
	case t.Partial || n == 0:
	case n < ptsLen:
		t.Fields = append(t.Fields, Field{Start: d.base + int64(end), End: t.End, Name: "PreviousTagSize", Value: "cut off"})
	default:
		pts := be32(d.w[end:])
		v := commas(int64(pts))
		if pts != t.Size+tagHeaderLen {
			v += " (the tag has " + commas(int64(t.Size)+tagHeaderLen) + ")"
		}
		t.Fields = append(t.Fields, Field{Start: d.base + int64(end), End: d.base + int64(last), Name: "PreviousTagSize", Value: v})
	}
	return t
}

// frames reads the tag with the Reader, so that configurations are known to
// the tags that follow.
func (d *dissector) frames(p, end int, partial bool) []Frame {
	r := d.r
	r.off = d.base + int64(p)
	r.approved = r.off
	r.have = 0
	r.state = InTagHeader
	d.got.frames = d.got.frames[:0]
	r.run(d.w[p : p+tagHeaderLen])
	if r.state == InBody {
		r.run(d.w[p+tagHeaderLen : end])
	}
	if partial && r.state == InBody {
		d.got.Tag(&r.tag, r.truncated())
	}
	return d.got.frames
}

//go:noinline
func (d *dissector) field(p, n int, name, value string) {
	if d.cut || n < 0 {
		return
	}
	if len(d.out.Fields) >= maxFields {
		d.cut = true
		return
	}
	d.out.Fields = append(d.out.Fields, Field{Start: d.base + int64(p), End: d.base + int64(p+n), Name: name, Value: value})
}

func typeName(t uint8) string {
	switch t {
	case TypeAudio:
		return "audio"
	case TypeVideo:
		return "video"
	case TypeScript:
		return "script"
	case TypeAMF3:
		return "AMF3 script"
	}
	return "unknown type"
}

// summary is the line above a tag's fields.
func summary(typ string, t *Tag, frames []Frame) string {
	s := typ
	if len(frames) > 1 {
		s += ", " + itoa(int64(len(frames))) + " tracks"
		frames = frames[:1]
	}
	for i := range frames {
		f := &frames[i]
		name := f.Codec.String()
		if f.Codec == UnknownCodec {
			name = "codec " + itoa(int64(f.CodecID))
			if f.FourCC != 0 {
				name = "codec " + FourCCString(f.FourCC)
			}
		}
		bytes := ", " + commas(int64(f.Bytes)) + " bytes"
		switch f.Kind {
		case Malformed:
			s += ", malformed: " + f.Problem
		case Empty:
			s += ", empty"
		case VideoConfig, AudioConfig:
			s += ", " + name + " sequence header" + describeConfig(f.Config)
		case VideoFrame:
			s += ", " + name + " " + frameTypeName(uint8(f.Type)) + bytes
			if f.CompositionTime != 0 {
				s += ", CTS " + itoa(int64(f.CompositionTime)) + " ms"
			}
			if f.NAL.AnnexB {
				s += ", start codes instead of NAL lengths"
			} else if f.NAL.Broken {
				s += ", NAL lengths do not add up"
			}
		case AudioFrame:
			s += ", " + name + " frame" + bytes
		case VideoEnd, AudioEnd:
			s += ", " + name + " end of sequence"
		case VideoMetadata:
			s += ", " + name + " metadata"
			if f.Script != nil && f.Script.Name != "" {
				s += " " + f.Script.Name
			}
		case VideoCommand:
			s += ", command"
		case AudioMultichannel:
			s += ", " + name + " channel configuration"
		case ScriptData:
			if f.Script != nil && f.Script.Name != "" {
				s += ", " + f.Script.Name
			}
			s += bytes
			if f.Script != nil && f.Script.Err != nil {
				s += ", not valid AMF0"
			}
		}
	}
	if len(frames) == 0 {
		s += ", " + commas(int64(t.Size)) + " bytes"
	}
	if t.Truncated {
		s += ", cut off"
	}
	return s
}

// describeConfig sums a configuration up: ", High 4.0, 1920x1080".
func describeConfig(c *Config) string {
	if c == nil {
		return ""
	}
	s := ""
	if c.Profile != "" {
		s += ", " + c.Profile
		if c.Level != "" {
			s += " " + c.Level
		}
	}
	if c.Width > 0 {
		s += ", " + itoa(int64(c.Width)) + "x" + itoa(int64(c.Height))
	}
	if c.SampleRate > 0 {
		s += ", " + commas(int64(c.SampleRate)) + " Hz"
	}
	if c.Channels > 0 {
		s += ", " + itoa(int64(c.Channels)) + " channel"
		if c.Channels > 1 {
			s += "s"
		}
	}
	if c.Err != "" {
		s += ", malformed: " + c.Err
	}
	return s
}

func frameTypeName(t uint8) string {
	switch t {
	case 1:
		return "key frame"
	case 2:
		return "inter frame"
	case 3:
		return "disposable inter frame"
	case 4:
		return "generated key frame"
	case 5:
		return "command frame"
	}
	return "frame of reserved type " + itoa(int64(t))
}
