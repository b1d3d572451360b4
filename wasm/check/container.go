package check

import (
	"strconv"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
)

var containerRules = []string{
	"flv-signature", "flv-header", "flv-header-flags", "flv-truncated", "flv-previous-tag-size", "flv-stream-id",
	"flv-garbage", "flv-unknown-tag", "flv-encrypted", "flv-empty", "frame-too-large",
}

// container checks the FLV file around the media.
type container struct {
	none
	p *Pass

	signature, header, flags, truncated, size, streamID, garbage, unknown, encrypted, empty, tooLarge *rule

	head [16]byte // the first bytes of the file
	n    int

	limit      [2]uint32 // bytes of a tag from which its size is judged, by kind
	garbageSum int64
	inside     bool     // the input ended inside a tag
	sizes      [4]int64 // wrong PreviousTagSizes: zero, +4, the size of the one before, other
	tags       int64    // PreviousTagSizes behind tags
	otherMedia int64    // audio and video tags whose frames cannot be read
}

func newContainer(p *Pass) *container {
	c := &container{
		p:         p,
		signature: p.rule("flv-signature"), header: p.rule("flv-header"), flags: p.rule("flv-header-flags"),
		truncated: p.rule("flv-truncated"), size: p.rule("flv-previous-tag-size"), streamID: p.rule("flv-stream-id"),
		garbage: p.rule("flv-garbage"), unknown: p.rule("flv-unknown-tag"), encrypted: p.rule("flv-encrypted"),
		empty: p.rule("flv-empty"), tooLarge: p.rule("frame-too-large"),
	}
	for k, l := range [...]float64{lowest(&p.Profile.VideoFrame), lowest(&p.Profile.AudioFrame)} {
		c.limit[k] = 1<<32 - 1
		if l > 0 {
			c.limit[k] = uint32(l)
		}
	}
	return c
}

// first takes the first bytes of the file, for the text of flv-signature.
func (c *container) first(p []byte) {
	if c.n < len(c.head) {
		c.n += copy(c.head[c.n:], p)
	}
}

func (c *container) notFLV(looksLike string) {
	f := c.signature.hit(0, nil, nowhere)
	if f == nil {
		return
	}
	if looksLike != "" {
		f.text("looks_like", looksLike)
	}
	if c.n > 0 {
		f.text("first_bytes", hexBytes(c.head[:c.n])).text("expected", "46 4C 56")
	}
}

func hexBytes(p []byte) string {
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, 3*len(p))
	for i, v := range p {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, digits[v>>4], digits[v&15])
	}
	return string(b)
}

// Header judges the file header (FLV 10.1 E.2).
func (c *container) Header(h flv.Header) {
	wrong := func(cause uint8, offset int64, field, got, expected string) {
		if f := c.header.hit(cause, nil, diag.Media{Offset: offset, Tag: -1}); f != nil {
			f.reset().text("field", field).text("got", got).text("expected", expected)
		}
	}
	if h.Version != 1 {
		wrong(0, 3, "version", strconv.Itoa(int(h.Version)), "1")
	}
	if r := h.Flags &^ 5; r != 0 {
		wrong(1, 4, "reserved flags", "0x"+hexBytes([]byte{r}), "0")
	}
	if h.DataOffset != 9 {
		wrong(2, 5, "DataOffset", strconv.FormatUint(uint64(h.DataOffset), 10), "9")
	}
}

// Tag judges a tag's header (FLV 10.1 E.4.1).
func (c *container) Tag(t *flv.Tag) {
	if t.StreamID != 0 {
		if f := c.streamID.hit(0, nil, at(t, nil)); f != nil && f.count == 1 {
			f.reset().whole("got", int64(t.StreamID))
		}
	}
	switch t.Type {
	case flv.TypeVideo:
		if t.Size > c.limit[Video] {
			c.large(t, Video)
		}
	case flv.TypeAudio:
		if t.Size > c.limit[Audio] {
			c.large(t, Audio)
		}
	case flv.TypeScript, flv.TypeAMF3:
	default:
		if f := c.unknown.hit(t.Type, nil, at(t, nil)); f != nil && f.count == 1 {
			f.reset().whole("type", int64(t.Type)).whole("size_bytes", int64(t.Size))
		}
	}
	if t.Filter {
		c.filtered(t)
	}
}

func (c *container) filtered(t *flv.Tag) {
	c.p.Stream.Encrypted++
	switch t.Type {
	case flv.TypeVideo, flv.TypeAudio, flv.TypeScript, flv.TypeAMF3:
	default:
		return
	}
	if t.Type == flv.TypeVideo || t.Type == flv.TypeAudio {
		c.otherMedia++
	}
	where := at(t, nil)
	if f := c.encrypted.hit(t.Type, nil, where); f != nil && f.count == 1 {
		f.reset().text("track", where.Track)
	}
}

// large judges the size of a tag; a truncated one is judged by what it claims,
// which is what a server would have made room for.
func (c *container) large(t *flv.Tag, k Kind) {
	l := &c.p.Profile.VideoFrame
	if k == Audio {
		l = &c.p.Profile.AudioFrame
	}
	where := at(t, nil)
	f, limit := c.tooLarge.judge(l, float64(t.Size), uint8(k), nil, where)
	if f == nil {
		return
	}
	if f.count == 1 {
		f.worse(float64(t.Size))
		f.reset().text("track", where.Track).whole("bytes", int64(t.Size)).whole("limit_bytes", int64(limit))
		return
	}
	if f.worse(float64(t.Size)) || f.count == 2 {
		f.keep(3).whole("largest_bytes", int64(f.worst))
	}
}

// Other counts bodies that cannot be read: they are media that somebody sent.
func (c *container) Other(_ *flv.Tag, f *flv.Frame, tr *Track) {
	if f.Kind == flv.Malformed && tr != nil {
		c.otherMedia++
	}
}

// What a wrong PreviousTagSize looks like.
const (
	sizeZero = iota
	sizePlus4
	sizeBodyOnly
	sizeOther
)

var sizePatterns = [...]string{"0 is written after every tag", "each is 4 too many", "each counts the body without the 11 bytes of the tag header", ""}

// PreviousTagSize judges the four bytes after a tag (FLV 10.1 E.3).
func (c *container) PreviousTagSize(t *flv.Tag, offset int64, got uint32) {
	if t == nil {
		if got != 0 {
			if f := c.size.hit(sizeOther, nil, diag.Media{Offset: offset, Tag: -1}); f != nil {
				f.reset().whole("got", int64(got)).whole("expected", 0)
			}
		}
		return
	}
	c.tags++
	want := t.Size + 11
	if got == want {
		return
	}
	cause := uint8(sizeOther)
	switch got {
	case 0:
		cause = sizeZero
	case want + 4:
		cause = sizePlus4
	case t.Size:
		cause = sizeBodyOnly
	}
	c.sizes[cause]++
	where := at(t, nil)
	where.Offset = offset
	if f := c.size.hit(cause, nil, where); f != nil && f.count == 1 {
		f.reset().whole("got", int64(got)).whole("expected", int64(want))
	}
}

// Garbage notes bytes that are no tag.
func (c *container) Garbage(offset, n int64) {
	c.garbageSum += n
	st := c.p.Stream
	ms, _ := st.Last()
	f := c.garbage.hit(0, nil, diag.Media{Offset: offset, Tag: st.Tags, TimestampMS: ms})
	if f == nil {
		return
	}
	if f.count == 1 {
		f.reset().whole("skipped_bytes", n)
		return
	}
	f.keep(1).whole("total_bytes", c.garbageSum)
}

// Close judges what only the end shows.
func (c *container) Close(e *End) {
	st := c.p.Stream
	if !st.HeaderSeen {
		return
	}
	for i, f := range c.sizeFolds() {
		if f != nil && sizePatterns[i] != "" && c.sizes[i] == c.tags && c.tags > 1 {
			f.keep(2).text("pattern", sizePatterns[i])
		}
	}
	c.cutShort(e)
	c.emptiness(e)
	c.promises(e)
	if st.VideoTags+st.AudioTags == 0 {
		c.tooLarge.na("there is no audio and no video")
	}
	if st.Tags == 0 {
		for _, r := range [...]*rule{c.size, c.streamID, c.unknown, c.encrypted} {
			r.na("there is no tag")
		}
	}
}

func (c *container) sizeFolds() (by [4]*fold) {
	for _, f := range c.size.folds {
		if f.first.Tag >= 0 {
			by[f.cause] = f
		}
	}
	return by
}

// cutShort tells a file that ends inside a tag. A PreviousTagSize that is
// missing, or cut, at the end loses nothing: real writers leave it out.
func (c *container) cutShort(e *End) {
	var size int64
	switch e.In {
	case flv.InBody:
		size = 11 + e.Read + e.Missing
	case flv.InTagHeader, flv.InFileHeader:
		if e.Read == 0 || e.Missing == 0 {
			return
		}
		size = e.Read + e.Missing
	default:
		return
	}
	if e.Cut {
		c.truncated.open = true
		return
	}
	c.inside = true
	st := c.p.Stream
	ms, _ := st.Last()
	where := diag.Media{Offset: e.Offset - (size - e.Missing), Tag: st.Tags, TimestampMS: ms}
	if e.In == flv.InBody {
		where.Tag--
	}
	if f := c.truncated.hit(0, nil, where); f != nil {
		f.reset().whole("have_bytes", size-e.Missing).whole("size_bytes", size).whole("missing_bytes", e.Missing)
	}
}

// emptiness tells a file without media. Sequence headers alone are none.
func (c *container) emptiness(e *End) {
	st := c.p.Stream
	if c.otherMedia > 0 || st.Main[Video] != nil || st.Main[Audio] != nil {
		return
	}
	if e.Cut {
		c.empty.open = true
		return
	}
	if f := c.empty.hit(0, nil, nowhere); f != nil && st.Tags > 0 {
		f.reset().whole("tags", st.Tags)
	}
}

// promises holds the header's flags against what came.
func (c *container) promises(e *End) {
	st := c.p.Stream
	if st.Main[Video] == nil && st.Main[Audio] == nil || st.Encrypted > 0 {
		c.flags.na("there is no audio and no video that can be read")
		return
	}
	flag := func(cause uint8, promised, there bool, track string) {
		if promised == there {
			return
		}
		if !there && st.tooShort(e) {
			c.flags.open = true
			return
		}
		f := c.flags.hit(cause, nil, diag.Media{Offset: 4, Tag: -1})
		if f == nil {
			return
		}
		which := "missing"
		if there {
			which = "unannounced"
		}
		f.reset().text("track", track).truth(which, true)
	}
	flag(0, st.Header.HasVideo(), st.Main[Video] != nil, "video")
	flag(1, st.Header.HasAudio(), st.Main[Audio] != nil, "audio")
}
