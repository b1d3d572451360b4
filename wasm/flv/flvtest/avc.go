package flvtest

// SPS describes a sequence parameter set. Zero fields mean: High profile,
// level 4.0, 1280x720, no timing.
type SPS struct {
	Width, Height int // after cropping; any even numbers
	FPS           float64
	Profile       byte // profile_idc: 66, 77, 100, ...
	Constraints   byte
	Level         byte // level_idc: 40 is 4.0
	VFR           bool // fixed_frame_rate_flag 0
	Interlaced    bool
}

func (s SPS) defaults() SPS {
	if s.Width == 0 {
		s.Width, s.Height = 1280, 720
	}
	if s.Profile == 0 {
		s.Profile = 100
	}
	if s.Level == 0 {
		s.Level = 40
	}
	return s
}

// timing gives units and scale whose quotient is the frame rate.
func timing(fps float64) (units, scale uint32) {
	if fps == float64(int(fps)) {
		return 1000, uint32(fps * 1000)
	}
	return 1001, uint32(fps*1001 + 0.5) // 29.97 and the like
}

// NAL is the parameter set as a NAL unit.
func (s SPS) NAL() []byte {
	s = s.defaults()
	var w bits
	w.u(8, uint32(s.Profile))
	w.u(8, uint32(s.Constraints))
	w.u(8, uint32(s.Level))
	w.ue(0)
	if s.Profile == 100 || s.Profile == 110 || s.Profile == 122 || s.Profile == 244 {
		depth, chroma := uint32(0), uint32(1)
		if s.Profile >= 110 {
			depth = 2
		}
		if s.Profile == 122 {
			chroma = 2
		}
		if s.Profile == 244 {
			chroma = 3
		}
		w.ue(chroma)
		if chroma == 3 {
			w.flag(false)
		}
		w.ue(depth)
		w.ue(depth)
		w.flag(false)
		w.flag(false)
	}
	w.ue(0) // log2_max_frame_num_minus4
	w.ue(0) // pic_order_cnt_type
	w.ue(2)
	w.ue(4) // max_num_ref_frames
	w.flag(false)
	rows := 16
	if s.Interlaced {
		rows = 32
	}
	mw, mh := (s.Width+15)/16, (s.Height+rows-1)/rows
	w.ue(uint32(mw - 1))
	w.ue(uint32(mh - 1))
	w.flag(!s.Interlaced)
	unit := 2
	if s.Interlaced {
		w.flag(false)
		unit = 4
	}
	w.flag(true)
	right, bottom := (16*mw-s.Width)/2, (rows*mh-s.Height)/unit
	w.flag(right+bottom > 0)
	if right+bottom > 0 {
		w.ue(0)
		w.ue(uint32(right))
		w.ue(0)
		w.ue(uint32(bottom))
	}
	w.flag(s.FPS > 0)
	if s.FPS > 0 {
		units, scale := timing(s.FPS)
		w.flag(false)
		w.flag(false)
		w.flag(false)
		w.flag(false)
		w.flag(true)
		w.u(32, units)
		w.u(32, 2*scale)
		w.flag(!s.VFR)
		w.flag(false)
		w.flag(false)
		w.flag(false)
		w.flag(false)
	}
	w.trailing()
	return append([]byte{0x67}, escape(w.b)...)
}

// PPS is a picture parameter set.
func PPS() []byte { return []byte{0x68, 0xee, 0x3c, 0x80} }

// AVCRecord is an AVCDecoderConfigurationRecord with NAL lengths of size bytes.
func AVCRecord(s SPS, size int) []byte {
	s = s.defaults()
	sps, pps := s.NAL(), PPS()
	r := join([]byte{1, s.Profile, s.Constraints, s.Level, 0xfc | byte(size-1), 0xe1},
		u16(len(sps)), sps, []byte{1}, u16(len(pps)), pps)
	if s.Profile == 100 || s.Profile == 110 || s.Profile == 122 || s.Profile == 244 {
		depth, chroma := byte(0), byte(1)
		if s.Profile >= 110 {
			depth = 2
		}
		if s.Profile == 122 {
			chroma = 2
		}
		if s.Profile == 244 {
			chroma = 3
		}
		r = append(r, 0xfc|chroma, 0xf8|depth, 0xf8|depth, 0)
	}
	return r
}

// AVCConfig is the body of a sequence header tag.
func AVCConfig(s SPS) []byte { return AVCConfigRecord(AVCRecord(s, 4)) }

// AVCConfigRecord is the body of a sequence header tag with any record.
func AVCConfigRecord(record []byte) []byte { return join([]byte{0x17, 0, 0, 0, 0}, record) }

// AVCEnd is the body of an end of sequence tag.
func AVCEnd() []byte { return []byte{0x17, 2, 0, 0, 0} }

// NALs writes NAL units with lengths of 4 bytes.
func NALs(units ...[]byte) []byte {
	var out []byte
	for _, u := range units {
		out = join(out, u32(uint32(len(u))), u)
	}
	return out
}

// Slice is a slice NAL unit of n bytes: header is its first byte (0x65 IDR,
// 0x41 P, 0x01 B), kind the slice type (0 P, 1 B, 2 I; plus 5 when all slices
// of the picture are so).
func Slice(header byte, kind uint32, n int) []byte {
	var w bits
	w.ue(0)
	w.ue(kind)
	w.ue(0)
	w.trailing()
	p := append([]byte{header}, w.b...)
	return append(p, fill(n-len(p))...)
}

// AVC is the body of a coded AVC tag: frame type (1 key, 2 inter, 3
// disposable), composition time in ms, NAL units.
func AVC(frameType byte, cts int, units ...[]byte) []byte {
	return AVCRaw(frameType, cts, NALs(units...))
}

// AVCRaw is the same with any payload.
func AVCRaw(frameType byte, cts int, payload []byte) []byte {
	return join([]byte{frameType<<4 | 7, 1}, u24(cts), payload)
}

// IDR, I, P and B are the bodies of coded AVC tags whose one slice makes the
// body n bytes of payload long. I is a key frame without an IDR slice.
func IDR(n, cts int) []byte { return AVC(1, cts, Slice(0x65, 7, n-4)) }
func I(n, cts int) []byte   { return AVC(1, cts, Slice(0x41, 7, n-4)) }
func P(n, cts int) []byte   { return AVC(2, cts, Slice(0x41, 5, n-4)) }
func B(n, cts int) []byte   { return AVC(2, cts, Slice(0x01, 6, n-4)) }

// AnnexB is the body of a coded AVC tag with start codes for lengths.
func AnnexB(frameType byte, units ...[]byte) []byte {
	var p []byte
	for _, u := range units {
		p = join(p, []byte{0, 0, 0, 1}, u)
	}
	return AVCRaw(frameType, 0, p)
}
