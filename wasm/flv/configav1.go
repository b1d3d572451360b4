package flv

import "github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"

// av1 reads an AV1CodecConfigurationRecord (AV1 Codec ISO Media File Format
// Binding 2.3.3).
func (c *Config) av1(off int64) {
	b := c.Raw
	if len(b) < 4 {
		c.fail(off+int64(len(b)), "the configuration record is cut short")
		return
	}
	if b[0] != 0x81 {
		c.fail(off, "the configuration record does not begin with marker and version 1")
		return
	}
	c.av1Profile(b[1]>>5, b[1]&0x1f)
	c.BitDepth = 8
	if b[2]&0x40 != 0 { // high_bitdepth
		c.BitDepth = 10
		if b[2]&0x20 != 0 {
			c.BitDepth = 12
		}
	}
	switch {
	case b[2]&0x10 != 0:
		c.Chroma = chromaName(0)
	case b[2]&0x0c == 0x0c:
		c.Chroma = chromaName(1)
	case b[2]&0x0c == 0x08:
		c.Chroma = chromaName(2)
	default:
		c.Chroma = chromaName(3)
	}
	// configOBUs: none, or a sequence header first.
	for at := 4; at < len(b); {
		head := b[at]
		start := at
		if head&0x80 != 0 {
			c.fail(off+int64(at), "an AV1 unit with its forbidden bit set")
			return
		}
		at++
		if head&4 != 0 {
			at++
		}
		size := uint64(max(len(b)-at, 0))
		if head&2 != 0 {
			var n int
			size, n = leb128(b[min(at, len(b)):])
			if n == 0 {
				c.fail(off+int64(start), "an AV1 unit whose size cannot be read")
				return
			}
			at += n
		}
		if at > len(b) || size > uint64(len(b)-at) {
			c.fail(off+int64(start), "the configuration record ends inside an AV1 unit")
			return
		}
		if head>>3&15 == 1 {
			c.av1Sequence(b[at:at+int(size)], off+int64(at))
			return
		}
		at += int(size)
	}
}

func (c *Config) av1Profile(profile, level byte) {
	switch profile {
	case 0:
		c.Profile = "Main"
	case 1:
		c.Profile = "High"
	case 2:
		c.Profile = "Professional"
	default:
		c.Profile = "profile " + itoa(int64(profile))
	}
	if level < 24 {
		c.Level = itoa(int64(2+level>>2)) + "." + itoa(int64(level&3))
	} else {
		c.Level = ""
	}
}

// av1Sequence reads the payload of a sequence header OBU (AV1 5.5.1).
func (c *Config) av1Sequence(b []byte, off int64) {
	if len(b) > maxSPS {
		c.fail(off, "an AV1 sequence header of "+itoa(int64(len(b)))+" bytes")
		return
	}
	var h av1.SequenceHeader
	if err := h.Unmarshal(append([]byte{1 << 3}, b...)); err != nil {
		// The library does not know decoder model and display delay.
		if h = (av1.SequenceHeader{}); !av1Size(b, &h) {
			c.fail(off, "the AV1 sequence header cannot be read")
			return
		}
	}
	c.size(uint64(h.MaxFrameWidthMinus1)+1, uint64(h.MaxFrameHeightMinus1)+1, 0, 0, off)
	if t := h.TimingInfo; t != nil {
		// Without equal intervals the tick says nothing of the frame rate.
		if t.EqualPictureInterval {
			c.rate(uint64(t.TimeScale), uint64(t.NumUnitsInDisplayTick)*(uint64(t.NumTicksPerPictureMinus1)+1), true)
		}
	}
}

// av1Size reads a sequence header as far as the picture size.
func av1Size(b []byte, h *av1.SequenceHeader) bool {
	r := bitReader{b: b}
	r.u(3 + 1)
	if r.flag() { // reduced_still_picture_header
		r.u(5)
	} else {
		delayBits := 0
		if r.flag() { // timing_info
			t := &av1.SequenceHeader_TimingInfo{NumUnitsInDisplayTick: r.u(32), TimeScale: r.u(32), EqualPictureInterval: r.flag()}
			if t.EqualPictureInterval {
				t.NumTicksPerPictureMinus1 = r.ue()
			}
			h.TimingInfo = t
			if r.flag() { // decoder_model_info
				delayBits = int(r.u(5)) + 1
				r.u(32)
				r.u(10)
			}
		}
		display := r.flag()
		for range r.u(5) + 1 {
			r.u(12)
			if r.u(5) > 7 {
				r.u(1)
			}
			if delayBits > 0 && r.flag() {
				r.u(delayBits)
				r.u(delayBits)
				r.u(1)
			}
			if display && r.flag() {
				r.u(4)
			}
		}
	}
	w, hgt := int(r.u(4))+1, int(r.u(4))+1
	h.MaxFrameWidthMinus1 = r.u(w)
	h.MaxFrameHeightMinus1 = r.u(hgt)
	return !r.short
}

// leb128 reads an unsigned LEB128 number of at most 8 bytes (AV1 4.10.5) and
// its length, 0 when there is none.
func leb128(b []byte) (v uint64, n int) {
	for i := 0; i < 8 && i < len(b); i++ {
		v |= uint64(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return v, i + 1
		}
	}
	return 0, 0
}
