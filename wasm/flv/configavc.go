package flv

import (
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
)

// maxSPS is the longest sequence parameter set that is parsed; real ones have
// less than 200 bytes.
const maxSPS = 4 << 10

// recordReader reads the bytes of a configuration record and says where they
// end.
type recordReader struct {
	b    []byte
	at   int
	off  int64 // of b[0] in the file
	fail func(at int64, problem string)
	bad  bool
}

func (r *recordReader) bytes(n int, what string) []byte {
	if n > len(r.b)-r.at {
		if !r.bad {
			r.bad = true
			r.fail(r.off+int64(r.at), "the configuration record ends inside "+what)
		}
		return nil
	}
	p := r.b[r.at : r.at+n]
	r.at += n
	return p
}

func (r *recordReader) u8(what string) int {
	if p := r.bytes(1, what); p != nil {
		return int(p[0])
	}
	return 0
}

func (r *recordReader) u16(what string) int {
	if p := r.bytes(2, what); p != nil {
		return int(p[0])<<8 | int(p[1])
	}
	return 0
}

func startCode(b []byte) bool {
	return len(b) >= 4 && b[0] == 0 && b[1] == 0 && (b[2] == 1 || b[2] == 0 && b[3] == 1)
}

// avc reads an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1.2).
func (c *Config) avc(off int64) {
	if startCode(c.Raw) {
		c.fail(off, "Annex B start codes where the configuration record belongs")
		return
	}
	r := recordReader{b: c.Raw, off: off, fail: c.fail}
	head := r.bytes(6, "its first six bytes")
	if head == nil {
		return
	}
	if head[0] != 1 {
		c.fail(off, "configuration record version "+itoa(int64(head[0]))+" instead of 1")
		return
	}
	c.Profile = avcProfile(head[1], head[2])
	c.Level = avcLevel(head[1], head[2], head[3])
	c.NALLength = int(head[4]&3) + 1
	if c.NALLength == 3 {
		c.fail(off+4, "a NAL length of 3 bytes, which is not allowed")
	}
	n := int(head[5] & 0x1f)
	if n == 0 {
		c.fail(off+5, "no sequence parameter set in the configuration record")
	}
	for i := range n {
		size := r.u16("the length of a sequence parameter set")
		at := off + int64(r.at)
		if sps := r.bytes(size, "a sequence parameter set"); sps != nil && i == 0 {
			c.avcSPS(sps, at)
		}
	}
	n = r.u8("the number of picture parameter sets")
	for range n {
		r.bytes(r.u16("the length of a picture parameter set"), "a picture parameter set")
		if r.bad {
			return
		}
	}
}

func (c *Config) avcSPS(b []byte, off int64) {
	if len(b) == 0 {
		c.fail(off, "an empty sequence parameter set")
		return
	}
	if len(b) > maxSPS {
		c.fail(off, "a sequence parameter set of "+itoa(int64(len(b)))+" bytes")
		return
	}
	var s h264.SPS
	if err := s.Unmarshal(b); err != nil && s.PicWidthInMbsMinus1 == 0 {
		c.fail(off, "the sequence parameter set cannot be read")
		return
	} else if err != nil && s.VUI == nil {
		c.fail(off, "the sequence parameter set cannot be read")
	}
	// What is wrong behind the size (VUI) does not hide it: decoders go on.
	c.Profile = avcProfile(s.ProfileIdc, b[2])
	c.Level = avcLevel(s.ProfileIdc, b[2], s.LevelIdc)
	if s.ChromaFormatIdc > 3 || s.BitDepthLumaMinus8 > 6 {
		c.fail(off, "the sequence parameter set has an impossible chroma format or bit depth")
		return
	}
	c.Chroma = chromaName(s.ChromaFormatIdc)
	c.BitDepth = int(s.BitDepthLumaMinus8) + 8
	fields := uint64(2)
	if s.FrameMbsOnlyFlag {
		fields = 1
	}
	unitX, unitY := uint64(1), fields
	if !s.SeparateColourPlaneFlag {
		switch s.ChromaFormatIdc {
		case 1:
			unitX, unitY = 2, 2*fields
		case 2:
			unitX = 2
		}
	}
	var cropW, cropH uint64
	if w := s.FrameCropping; w != nil {
		cropW = unitX * (uint64(w.LeftOffset) + uint64(w.RightOffset))
		cropH = unitY * (uint64(w.TopOffset) + uint64(w.BottomOffset))
	}
	if !c.size(16*(uint64(s.PicWidthInMbsMinus1)+1), 16*fields*(uint64(s.PicHeightInMapUnitsMinus1)+1), cropW, cropH, off) {
		return
	}
	if s.VUI != nil && s.VUI.TimingInfo != nil {
		t := s.VUI.TimingInfo
		c.rate(uint64(t.TimeScale), 2*uint64(t.NumUnitsInTick), t.FixedFrameRateFlag)
	}
}

// avcProfile names a profile (H.264 A.2).
func avcProfile(idc, constraints byte) string {
	intra := ""
	if constraints&0x10 != 0 {
		intra = " Intra"
	}
	switch idc {
	case 66:
		if constraints&0x40 != 0 {
			return "Constrained Baseline"
		}
		return "Baseline"
	case 77:
		return "Main"
	case 88:
		return "Extended"
	case 100:
		return "High"
	case 110:
		return "High 10" + intra
	case 122:
		return "High 4:2:2" + intra
	case 244:
		return "High 4:4:4 Predictive" + intra
	case 44:
		return "CAVLC 4:4:4 Intra"
	case 83:
		return "Scalable Baseline"
	case 86:
		return "Scalable High"
	case 118:
		return "Multiview High"
	case 128:
		return "Stereo High"
	case 138:
		return "Multiview Depth High"
	case 139:
		return "Enhanced Multiview Depth High"
	}
	return "profile " + itoa(int64(idc))
}

// avcLevel names a level (H.264 A.3): level_idc 11 with constraint_set3_flag
// means 1b in the first three profiles, 9 in the others.
func avcLevel(profile, constraints, level byte) string {
	if level == 11 && constraints&0x10 != 0 && (profile == 66 || profile == 77 || profile == 88) || level == 9 {
		return "1b"
	}
	return itoa(int64(level/10)) + "." + itoa(int64(level%10))
}

// hevc reads an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 8.3.3.1.2).
func (c *Config) hevc(off int64) {
	if startCode(c.Raw) {
		c.fail(off, "Annex B start codes where the configuration record belongs")
		return
	}
	r := recordReader{b: c.Raw, off: off, fail: c.fail}
	head := r.bytes(23, "its first 23 bytes")
	if head == nil {
		return
	}
	if head[0] > 1 {
		// Version 0 was written by early encoders and is read everywhere.
		c.fail(off, "configuration record version "+itoa(int64(head[0]))+" instead of 1")
		return
	}
	c.hevcProfile(head[1]&0x1f, be32(head[2:]), head[12])
	c.NALLength = int(head[21]&3) + 1
	if c.NALLength == 3 {
		c.fail(off+21, "a NAL length of 3 bytes, which is not allowed")
	}
	seen := false
	for range int(head[22]) {
		typ := r.u8("an array of parameter sets") & 0x3f
		for range r.u16("an array of parameter sets") {
			size := r.u16("the length of a parameter set")
			at := off + int64(r.at)
			nal := r.bytes(size, "a parameter set")
			if r.bad {
				return
			}
			if typ == 33 && !seen {
				seen = true
				c.hevcSPS(nal, at)
			}
		}
		if r.bad {
			return
		}
	}
	if !seen {
		c.fail(off+22, "no sequence parameter set in the configuration record")
	}
}

func (c *Config) hevcProfile(idc byte, compatible uint32, level byte) {
	switch {
	case idc == 1:
		c.Profile = "Main"
	case idc == 2:
		c.Profile = "Main 10"
	case idc == 3:
		c.Profile = "Main Still Picture"
	case idc == 4:
		c.Profile = "Range Extensions"
	case idc == 5:
		c.Profile = "High Throughput"
	case idc == 6:
		c.Profile = "Multiview Main"
	case idc == 7:
		c.Profile = "Scalable Main"
	case idc == 9:
		c.Profile = "Screen Content Coding"
	case idc == 0 && compatible&(1<<30) != 0:
		c.Profile = "Main"
	case idc == 0 && compatible&(1<<29) != 0:
		c.Profile = "Main 10"
	default:
		c.Profile = "profile " + itoa(int64(idc))
	}
	c.Level = itoa(int64(level/30)) + "." + itoa(int64(level%30/3))
}

func (c *Config) hevcSPS(b []byte, off int64) {
	if len(b) > maxSPS {
		c.fail(off, "a sequence parameter set of "+itoa(int64(len(b)))+" bytes")
		return
	}
	var s h265.SPS
	err := s.Unmarshal(b)
	if err != nil {
		// The library does not know sub-layers and the like: read as far as the
		// sizes by hand.
		if s = (h265.SPS{}); !hevcSize(b, &s) {
			c.fail(off, "the sequence parameter set cannot be read")
			return
		}
	}
	if s.ChromaFormatIdc > 3 || s.BitDepthLumaMinus8 > 8 {
		c.fail(off, "the sequence parameter set has an impossible chroma format or bit depth")
		return
	}
	p := &s.ProfileTierLevel
	var compatible uint32
	for i, set := range p.GeneralProfileCompatibilityFlag {
		if set {
			compatible |= 1 << (31 - i)
		}
	}
	c.hevcProfile(p.GeneralProfileIdc, compatible, p.GeneralLevelIdc)
	c.Chroma = chromaName(s.ChromaFormatIdc)
	c.BitDepth = int(s.BitDepthLumaMinus8) + 8
	unitX, unitY := uint64(1), uint64(1)
	switch s.ChromaFormatIdc {
	case 1:
		unitX, unitY = 2, 2
	case 2:
		unitX = 2
	}
	var cropW, cropH uint64
	if w := s.ConformanceWindow; w != nil {
		cropW = unitX * (uint64(w.LeftOffset) + uint64(w.RightOffset))
		cropH = unitY * (uint64(w.TopOffset) + uint64(w.BottomOffset))
	}
	if !c.size(uint64(s.PicWidthInLumaSamples), uint64(s.PicHeightInLumaSamples), cropW, cropH, off) {
		return
	}
	if s.VUI != nil && s.VUI.TimingInfo != nil {
		c.rate(uint64(s.VUI.TimingInfo.TimeScale), uint64(s.VUI.TimingInfo.NumUnitsInTick), false)
	}
}

// hevcSize reads an SPS (H.265 7.3.2.2.1) as far as the bit depth, sub-layers
// included; false when it does not reach there.
func hevcSize(nal []byte, s *h265.SPS) bool {
	if len(nal) < 3 {
		return false
	}
	r := bitReader{b: unescape(nal[2:])}
	r.u(4)
	layers := int(r.u(3))
	r.u(1)
	p := &s.ProfileTierLevel
	r.u(3)
	p.GeneralProfileIdc = uint8(r.u(5))
	for i := range p.GeneralProfileCompatibilityFlag {
		p.GeneralProfileCompatibilityFlag[i] = r.flag()
	}
	r.u(32)
	r.u(16)
	p.GeneralLevelIdc = uint8(r.u(8))
	if layers > 0 {
		flags := r.u(16)
		for i := range layers {
			if flags>>(15-2*i)&1 != 0 {
				r.u(32)
				r.u(32)
				r.u(24)
			}
			if flags>>(14-2*i)&1 != 0 {
				r.u(8)
			}
		}
	}
	r.ue()
	s.ChromaFormatIdc = r.ue()
	if s.ChromaFormatIdc == 3 {
		r.u(1)
	}
	s.PicWidthInLumaSamples = r.ue()
	s.PicHeightInLumaSamples = r.ue()
	if r.flag() {
		s.ConformanceWindow = &h265.SPS_Window{LeftOffset: r.ue(), RightOffset: r.ue(), TopOffset: r.ue(), BottomOffset: r.ue()}
	}
	s.BitDepthLumaMinus8 = r.ue()
	r.ue()
	return !r.short
}
