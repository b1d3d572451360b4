package flv

var aacRates = [13]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

func aacObjectType(r *bitReader) int {
	t := int(r.u(5))
	if t == 31 {
		t = 32 + int(r.u(6))
	}
	return t
}

func aacRate(r *bitReader) int {
	i := r.u(4)
	if i == 15 {
		return int(r.u(24))
	}
	if int(i) < len(aacRates) {
		return aacRates[i]
	}
	return 0
}

// aac reads an AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1), SBR and PS
// signalled either way included.
func (c *Config) aac(off int64) {
	const (
		typeSBR = 5
		typePS  = 29
	)
	if len(c.Raw) < 2 {
		c.fail(off+int64(len(c.Raw)), "the AudioSpecificConfig is cut short")
		return
	}
	r := bitReader{b: c.Raw}
	typ := aacObjectType(&r)
	core := aacRate(&r)
	if core == 0 {
		c.fail(off, "the AudioSpecificConfig has a reserved sampling frequency")
		return
	}
	channels := int(r.u(4))
	c.ObjectType, c.CoreRate, c.SampleRate = typ, core, core
	extension, psSignalled := 0, false
	if typ == typeSBR || typ == typePS {
		extension, psSignalled = typeSBR, typ == typePS
		if c.SampleRate = aacRate(&r); c.SampleRate == 0 {
			c.fail(off, "the AudioSpecificConfig has a reserved extension sampling frequency")
			c.SampleRate = core
		}
		typ = aacObjectType(&r)
		if typ == 22 {
			r.u(4) // extensionChannelConfiguration
		}
	}
	switch {
	case channels >= 1 && channels <= 6:
		c.Channels = channels
	case channels == 7 || channels == 12 || channels == 14:
		c.Channels = 8
	case channels == 11:
		c.Channels = 7
	case channels == 13:
		c.Channels = 24
	case channels != 0:
		c.fail(off+1, "the AudioSpecificConfig has reserved channel configuration "+itoa(int64(channels)))
	}
	short := r.short
	switch typ {
	case 1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23: // GASpecificConfig, 4.4.1
		c.FrameSize = 1024
		if typ == 23 {
			c.FrameSize = 512
		}
		if r.flag() { // frameLengthFlag
			c.FrameSize -= c.FrameSize / 16
		}
		if r.flag() { // dependsOnCoreCoder
			r.u(14)
		}
		ext := r.flag()
		if channels == 0 {
			// The layout may come with the frames instead.
			before := r
			if c.Channels = pceChannels(&r); c.Channels == 0 {
				r = before
			}
		}
		if typ == 6 || typ == 20 {
			r.u(3)
		}
		if ext {
			if typ == 22 {
				r.u(16)
			}
			if typ == 17 || typ == 19 || typ == 20 || typ == 23 {
				r.u(3)
			}
			r.u(1)
		}
		short = r.short
		// Backward compatible signalling behind it.
		if extension == 0 && r.left() >= 16 && r.u(11) == 0x2b7 {
			if aacObjectType(&r) == typeSBR && r.flag() {
				if rate := aacRate(&r); rate > 0 && !r.short {
					extension, c.SampleRate = typeSBR, rate
				}
				if r.left() >= 12 && r.u(11) == 0x548 && r.flag() {
					psSignalled = true
				}
			}
		}
	}
	if short {
		c.fail(off+int64(len(c.Raw)), "the AudioSpecificConfig is cut short")
	}
	switch {
	case psSignalled:
		c.ObjectType, c.Profile = typePS, "HE-AAC v2"
		if c.Channels == 1 {
			c.Channels = 2 // PS makes stereo of it
		}
	case extension != 0:
		c.ObjectType, c.Profile = typeSBR, "HE-AAC"
	default:
		c.Profile = aacProfile(typ)
	}
	if core < 1000 || c.SampleRate > 200_000 {
		c.fail(off, "the AudioSpecificConfig says "+itoa(int64(c.SampleRate))+" Hz")
	}
}

func aacProfile(typ int) string {
	switch typ {
	case 1:
		return "Main"
	case 2:
		return "LC"
	case 3:
		return "SSR"
	case 4:
		return "LTP"
	case 6:
		return "Scalable"
	case 17:
		return "ER LC"
	case 22:
		return "ER BSAC"
	case 23:
		return "LD"
	case 34:
		return "MPEG-1 Layer III"
	case 36:
		return "ALS"
	case 39:
		return "ELD"
	case 42:
		return "xHE-AAC"
	}
	return "object type " + itoa(int64(typ))
}

// pceChannels reads a program_config_element (ISO/IEC 14496-3 4.4.1.1) and
// counts its channels, 0 when there is none.
func pceChannels(r *bitReader) int {
	r.u(4 + 2 + 4)
	front, side, back, lfe := int(r.u(4)), int(r.u(4)), int(r.u(4)), int(r.u(2))
	data, coupling := int(r.u(3)), int(r.u(4))
	if r.flag() {
		r.u(4)
	}
	if r.flag() {
		r.u(4)
	}
	if r.flag() {
		r.u(3)
	}
	n := lfe
	for range front + side + back {
		n++
		if r.flag() {
			n++
		}
		r.u(4)
	}
	r.u(4 * lfe)
	r.u(4 * data)
	for range coupling {
		r.u(5)
	}
	r.pos = (r.pos + 7) &^ 7
	comment := int(r.u(8))
	for range comment {
		r.u(8)
	}
	if r.short {
		return 0
	}
	return n
}
