package flv_test

import (
	"fmt"
	"runtime/metrics"
	"testing"

	"ingestdoctor/wasm/flv"
	ft "ingestdoctor/wasm/flv/flvtest"
)

// counter checks a Reader's calls as they come and sums them up.
type counter struct {
	tags, frames, garbage int64
	covered               int64
	next                  int64 // where the next tag or garbage must begin, at least
	hash                  uint64
	bad                   string
	header                flv.Header
	notFLV                bool
}

func (c *counter) mix(v ...int64) {
	for _, x := range v {
		c.hash = (c.hash ^ uint64(x)) * 0x100000001b3
		c.hash ^= c.hash >> 29
	}
}

func (c *counter) Header(h flv.Header) { c.header = h }
func (c *counter) Tag(t *flv.Tag, frames []flv.Frame) {
	if t.Offset < c.next {
		c.bad = fmt.Sprintf("tag at %d before %d", t.Offset, c.next)
	}
	if t.Index != c.tags {
		c.bad = "index"
	}
	if len(frames) > flv.MaxTracks+1 {
		c.bad = "too many frames"
	}
	c.tags++
	c.frames += int64(len(frames))
	c.next = t.End()
	c.covered += 11 + int64(t.Size)
	c.mix(t.Offset, int64(t.Type), int64(t.Size), t.Timestamp, int64(t.StreamID))
	for i := range frames {
		f := &frames[i]
		if f.Bytes > t.Size {
			c.bad = "frame larger than its tag"
		}
		if (f.Kind == flv.Malformed) != (f.Problem != "") {
			c.bad = "malformed without a problem, or the other way about"
		}
		if f.Kind == flv.Malformed && (f.ProblemAt < t.Offset || f.ProblemAt > t.End()) {
			c.bad = "problem outside the tag"
		}
		if f.NAL.Broken && (f.NAL.BrokenAt < t.Offset+11 || f.NAL.BrokenAt > t.End()) {
			c.bad = "broken NAL outside the tag"
		}
		c.mix(int64(f.Kind), int64(f.Codec), int64(f.Track), int64(f.CompositionTime), int64(f.Bytes), int64(f.NAL.Count), int64(f.NAL.Types), f.NAL.BrokenAt, f.ProblemAt)
		if f.Config != nil {
			c.mix(int64(f.Config.Width), int64(f.Config.Height), int64(f.Config.SampleRate), int64(f.Config.Channels), int64(len(f.Config.Err)), f.Config.ErrAt)
			if len(f.Config.Raw) > flv.MaxConfig {
				c.bad = "configuration too large"
			}
			if f.Config.Width < 0 || f.Config.Height < 0 || f.Config.Width > f.Config.CodedWidth {
				c.bad = "impossible size"
			}
		}
		if f.Script != nil {
			c.mix(int64(len(f.Script.Values)), int64(len(f.Script.Name)))
			if f.Script.Err != nil {
				c.mix(int64(f.Script.Err.Offset))
				if f.Script.Err.Offset < 0 || f.Script.Err.Offset > int(t.Size) {
					c.bad = "AMF error outside the body"
				}
			}
		}
	}
}

func (c *counter) PreviousTagSize(_ *flv.Tag, offset int64, got uint32) {
	c.covered += 4
	c.mix(offset, int64(got))
}

func (c *counter) Garbage(offset, n int64) {
	if offset < c.next || n <= 0 {
		c.bad = fmt.Sprintf("garbage %d+%d, next %d", offset, n, c.next)
	}
	c.next = offset + n
	c.garbage += n
	c.covered += n
	c.mix(offset, n)
}
func (c *counter) NotFLV(string) { c.notFLV = true }

// allocated is how many bytes were allocated so far. It does not stop the
// world as runtime.ReadMemStats does; small allocations are counted late.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

func count(data []byte, chunk int) (*counter, error) {
	c := &counter{}
	r := flv.NewReader(c)
	for p := data; len(p) > 0; {
		n := min(len(p), chunk)
		r.Write(p[:n])
		p = p[n:]
	}
	r.Close()
	if c.bad != "" {
		return c, fmt.Errorf("%s", c.bad)
	}
	l := &logger{covered: c.covered, header: c.header, notFLV: c.notFLV}
	l.end, l.have, l.missing = r.End()
	return c, accounts(l, int64(len(data)))
}

func FuzzReader(f *testing.F) {
	for _, x := range fixtures() {
		if len(x.data) < 100_000 {
			f.Add(x.data, uint16(7))
		}
	}
	for _, data := range otherFormats() {
		f.Add(data, uint16(100))
	}
	f.Fuzz(func(t *testing.T, data []byte, chunk uint16) {
		before := allocated()
		whole, err := count(data, len(data)+1)
		if err != nil {
			t.Fatal(err)
		}
		if n := allocated() - before; n > 32<<20 {
			t.Errorf("%d bytes allocated for %d", n, len(data))
		}
		parts, err := count(data, int(chunk)+1)
		if err != nil {
			t.Fatal(err)
		}
		if whole.hash != parts.hash {
			t.Errorf("chunks of %d: %+v, whole: %+v", int(chunk)+1, parts, whole)
		}
		if whole.tags > int64(len(data)) || whole.frames > int64(len(data)) {
			t.Error("more tags than bytes")
		}
	})
}

// FuzzBody puts a body into a tag of each type.
func FuzzBody(f *testing.F) {
	for _, x := range fixtures() {
		k := &keeper{}
		r := flv.NewReader(k)
		r.Write(x.data)
		for _, tag := range k.tags {
			if tag.Size < 2000 && tag.End() <= int64(len(x.data)) {
				f.Add(x.data[tag.Offset+11 : tag.End()])
			}
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 1<<20 {
			return
		}
		b := ft.New().Video(0, ft.AVCConfig(ft.SPS{})).Video(0, body).Audio(0, body).Script(0, body).AMF3(0, body)
		c, err := count(b.Bytes(), 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		if c.tags != 5 || c.garbage != 0 {
			t.Errorf("%d tags, %d bytes of garbage", c.tags, c.garbage)
		}
		d, err := count(b.Bytes(), 1)
		if err != nil || c.hash != d.hash {
			t.Errorf("bytes one by one read differently: %v", err)
		}
	})
}

func FuzzConfig(f *testing.F) {
	for _, x := range fixtures() {
		k := &keeper{}
		r := flv.NewReader(k)
		r.Write(x.data)
		for _, frames := range k.frames {
			for _, fr := range frames {
				if fr.Config != nil && len(fr.Config.Raw) < 1000 {
					f.Add(uint8(fr.Codec), fr.Config.Raw)
				}
			}
		}
	}
	for _, s := range []ft.SPS{{Profile: 66}, {Profile: 77, Interlaced: true, Width: 1920, Height: 1080}, {Profile: 122, FPS: 29.97}, {Profile: 244}} {
		f.Add(uint8(flv.AVC), ft.AVCRecord(s, 4))
	}
	f.Fuzz(func(t *testing.T, codec uint8, raw []byte) {
		before := allocated()
		c := flv.ParseConfig(flv.Codec(codec%30), raw, 1000)
		if n := allocated() - before; n > 4<<20 {
			t.Errorf("%d bytes allocated for %d", n, len(raw))
		}
		if c.Width < 0 || c.Height < 0 || c.Width > 1<<15 || c.Height > 1<<15 || c.Channels < 0 || c.Channels > 255 {
			t.Errorf("%+v", c)
		}
		if c.FrameRate < 0 || c.FrameRate > 1000 || c.FrameRate != c.FrameRate || c.SampleRate < 0 || c.SampleRate > 1<<24 {
			t.Errorf("%+v", c)
		}
		if c.Err != "" && (c.ErrAt < 1000 || c.ErrAt > 1000+int64(len(raw))) {
			t.Errorf("fault at %d of %d: %s", c.ErrAt-1000, len(raw), c.Err)
		}
	})
}

func FuzzAMF0(f *testing.F) {
	for _, x := range fixtures() {
		k := &keeper{}
		r := flv.NewReader(k)
		r.Write(x.data)
		for _, tag := range k.tags {
			if (tag.Type == 18 || tag.Type == 15) && tag.Size < 5000 && tag.End() <= int64(len(x.data)) {
				f.Add(x.data[tag.Offset+11 : tag.End()])
			}
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := allocated()
		values, err := flv.DecodeAMF0(body)
		if n := allocated() - before; n > 8<<20 {
			t.Errorf("%d bytes allocated for %d", n, len(body))
		}
		if err != nil && (err.Offset < 0 || err.Offset > len(body) || err.Reason == "") {
			t.Error(err)
		}
		if err != nil {
			return
		}
		// What was decoded whole, encodes and decodes to the same.
		var again []byte
		for _, v := range values {
			if omitted(&v) {
				return
			}
			again = flv.AppendAMF0(again, v)
		}
		second, err := flv.DecodeAMF0(again)
		if err != nil || len(second) != len(values) {
			t.Errorf("encoded again: %v, %d values, %d before", err, len(second), len(values))
		}
	})
}

func omitted(v *flv.AMFValue) bool {
	if v.Omitted > 0 || v.Unclosed || v.Kind == flv.AMFSwitch {
		return true
	}
	for i := range v.Props {
		if omitted(&v.Props[i].Value) || len(v.Props[i].Name) > 0xffff {
			return true
		}
	}
	for i := range v.Items {
		if omitted(&v.Items[i]) {
			return true
		}
	}
	return false
}

func FuzzDissect(f *testing.F) {
	for _, x := range fixtures() {
		if len(x.data) < 20_000 {
			f.Add(x.data, uint16(13), uint8(2), uint8(3))
			f.Add(x.data, uint16(944), uint8(20), uint8(20))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, at uint16, before, after uint8) {
		const base = 1 << 33
		if err := sane(flv.Dissect(data, base, base+int64(at), int(before), int(after)), base, len(data)); err != nil {
			t.Error(err)
		}
	})
}

// FuzzLooksLike holds the signature sniffer against anything: it answers, and
// with one of its words.
func FuzzLooksLike(f *testing.F) {
	for _, s := range []string{
		"", "F", "FLV\x01", "\x00\x00\x00\x18ftypisom", "\x00\x00\x00\x00ftyp", "\x00\x00\x00\x01ftypqt  ", "G", "\x1aE\xdf\xa3",
		"RIFF\x00\x00\x00\x00AVI ", "<!doctype html>", "{\"a\":1}", "#EXTM3U", "\x00\x00\x00\x01\x67", "\xff\xf1", "ID3", "OggS", "\x03",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := flv.LooksLike(b); len(got) > 60 {
			t.Errorf("%q", got)
		}
	})
}
