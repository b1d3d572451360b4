package flv

// Codecs without a sequence header say in their frames what they are.

// selfDescribing says how many bytes of the frame's payload are wanted to see
// whether they change the configuration c; 0 when the codec needs none.
func selfDescribing(f *Frame, c *Config) uint32 {
	switch f.Codec {
	case MP3, MP3At8k:
		return 4
	case AC3, EAC3:
		return 8
	case PCMPlatform, PCMLittle, ADPCM, G711A, G711Mu, Speex, Nellymoser, Nellymoser8k, Nellymoser16k:
		if c != nil && c.Codec == f.Codec && c.opaqueByte == f.AudioHeader {
			return 0
		}
		return 1
	case Sorenson:
		if f.Type == 1 {
			return 9
		}
	case ScreenVideo, ScreenVideo2:
		if f.Type == 1 {
			return 4
		}
	case VP6:
		if f.Type == 1 {
			return 9
		}
	case VP6Alpha:
		if f.Type == 1 {
			return 12
		}
	}
	return 0
}

// describe takes those bytes: when they say something new, the frame gets a
// Config.
func (r *Reader) describe(w []byte) {
	f := r.frame()
	c := Config{Codec: f.Codec, opaqueByte: f.AudioHeader}
	slot := &r.acfg[f.Track]
	if f.Codec < AAC {
		slot = &r.vcfg[f.Track]
		c.opaqueByte = 0
	}
	if !c.fromFrame(w) {
		return
	}
	if l := *slot; l != nil && l.Codec == c.Codec && l.Width == c.Width && l.Height == c.Height &&
		l.SampleRate == c.SampleRate && l.Channels == c.Channels {
		l.opaqueByte = c.opaqueByte
		return
	}
	n := new(Config)
	*n = c
	*slot = n
	f.Config = n
}

// fromFrame fills the configuration from the first bytes of a frame; false
// when they are not what the codec's frames begin with.
func (c *Config) fromFrame(w []byte) bool {
	switch c.Codec {
	case MP3, MP3At8k:
		return c.mp3(w)
	case AC3:
		return c.ac3(w)
	case EAC3:
		return c.eac3(w)
	case Sorenson:
		return c.sorenson(w)
	case ScreenVideo, ScreenVideo2:
		if len(w) < 4 {
			return false
		}
		c.setSize(int(w[0]&15)<<8|int(w[1]), int(w[2]&15)<<8|int(w[3]))
	case VP6:
		return c.vp6(w, 0)
	case VP6Alpha:
		return c.vp6(w, 3)
	default:
		c.header(c.opaqueByte)
	}
	return true
}

//go:noinline
func (c *Config) setSize(w, h int) {
	c.Width, c.Height, c.CodedWidth, c.CodedHeight = w, h, w, h
}

// header reads rate and channels from the audio header byte (FLV 10.1 E.4.2.1).
func (c *Config) header(b byte) {
	c.SampleRate = [4]int{5512, 11025, 22050, 44100}[b>>2&3]
	c.Channels = int(b&1) + 1
	switch c.Codec {
	case Nellymoser16k, Speex:
		c.SampleRate, c.Channels = 16000, 1
	case Nellymoser8k, G711A, G711Mu:
		c.SampleRate = 8000
		if c.Codec == Nellymoser8k {
			c.Channels = 1
		}
	case PCMPlatform, PCMLittle:
		c.BitDepth = 8 + int(b>>1&1)*8
	}
	c.CoreRate = c.SampleRate
	switch c.Codec {
	case Nellymoser, Nellymoser8k, Nellymoser16k:
		c.FrameSize = 256
	case Speex:
		c.FrameSize = 320
	}
}

// mp3 reads an MPEG audio frame header (ISO/IEC 11172-3 2.4.2.3).
func (c *Config) mp3(w []byte) bool {
	if len(w) < 4 || w[0] != 0xff || w[1]&0xe0 != 0xe0 {
		return false
	}
	version, layer, rate := w[1]>>3&3, w[1]>>1&3, w[2]>>2&3
	if version == 1 || layer == 0 || rate == 3 {
		return false
	}
	c.SampleRate = [3]int{44100, 48000, 32000}[rate]
	c.FrameSize = 1152
	switch version {
	case 2:
		c.SampleRate /= 2
	case 0:
		c.SampleRate /= 4
	}
	if layer == 1 && version != 3 {
		c.FrameSize = 576
	}
	if layer == 3 {
		c.FrameSize = 384
	}
	c.Profile = [4]string{"", "Layer III", "Layer II", "Layer I"}[layer]
	c.CoreRate = c.SampleRate
	c.Channels = 2
	if w[3]>>6 == 3 {
		c.Channels = 1
	}
	return true
}

var ac3Rates = [3]int{48000, 44100, 32000}

var ac3Channels = [8]int{2, 1, 2, 3, 3, 4, 4, 5}

// ac3 reads syncinfo and the begin of bsi (ATSC A/52 5.3).
func (c *Config) ac3(w []byte) bool {
	if len(w) < 8 || w[0] != 0x0b || w[1] != 0x77 {
		return false
	}
	r := bitReader{b: w, pos: 32}
	rate := r.u(2)
	r.u(6 + 5 + 3)
	acmod := r.u(3)
	if rate == 3 {
		return false
	}
	if acmod&1 != 0 && acmod != 1 {
		r.u(2)
	}
	if acmod&4 != 0 {
		r.u(2)
	}
	if acmod == 2 {
		r.u(2)
	}
	c.SampleRate, c.FrameSize = ac3Rates[rate], 1536
	c.CoreRate = c.SampleRate
	c.Channels = ac3Channels[acmod] + int(r.u(1))
	return true
}

// eac3 reads the begin of an E-AC-3 syncframe (ATSC A/52 E.1.2).
func (c *Config) eac3(w []byte) bool {
	if len(w) < 6 || w[0] != 0x0b || w[1] != 0x77 {
		return false
	}
	r := bitReader{b: w, pos: 16}
	r.u(2 + 3 + 11)
	rate := r.u(2)
	blocks := r.u(2) // or fscod2 when rate is 3
	acmod := r.u(3)
	if rate == 3 {
		if blocks == 3 {
			return false
		}
		c.SampleRate, c.FrameSize = ac3Rates[blocks]/2, 1536
	} else {
		c.SampleRate, c.FrameSize = ac3Rates[rate], [4]int{256, 512, 768, 1536}[blocks]
	}
	c.CoreRate = c.SampleRate
	c.Channels = ac3Channels[acmod] + int(r.u(1))
	return true
}

// sorenson reads an H.263 video packet's picture header (FLV 10.1 E.4.3.1,
// SWF 10 H263VIDEOPACKET).
func (c *Config) sorenson(w []byte) bool {
	r := bitReader{b: w}
	if r.u(17) != 1 {
		return false
	}
	r.u(5 + 8)
	switch r.u(3) {
	case 0:
		c.setSize(int(r.u(8)), int(r.u(8)))
	case 1:
		c.setSize(int(r.u(16)), int(r.u(16)))
	case 2:
		c.setSize(352, 288)
	case 3:
		c.setSize(176, 144)
	case 4:
		c.setSize(128, 96)
	case 5:
		c.setSize(320, 240)
	case 6:
		c.setSize(160, 120)
	default:
		return false
	}
	return !r.short
}

// vp6 reads the adjustment byte that FLV puts first and the frame header
// behind it; skip is the length of what stands between (alpha offset).
func (c *Config) vp6(w []byte, skip int) bool {
	if len(w) < 1+skip+4 {
		return false
	}
	adjust := w[0]
	w = w[1+skip:]
	if w[0]&0x80 != 0 {
		return false // not an intra frame
	}
	if w[0]&1 != 0 || w[1]&6 == 0 {
		w = w[2:] // offset of the coefficients
	}
	if len(w) < 4 || w[2] == 0 || w[3] == 0 {
		return false
	}
	c.CodedWidth, c.CodedHeight = 16*int(w[3]), 16*int(w[2])
	c.Width, c.Height = c.CodedWidth-int(adjust>>4), c.CodedHeight-int(adjust&15)
	return true
}
