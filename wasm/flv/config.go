package flv

import (
	"bytes"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/flac"
)

// maxSide is the largest width or height that is believed.
const maxSide = 1 << 15

// maxRate is the highest frame rate that a timing field is believed to mean;
// some encoders write a clock instead.
const maxRate = 1000

// record takes the payload of a sequence header, of E-RTMP metadata or of a
// channel configuration, whose first byte is at offset at of the body.
func (r *Reader) record(at uint32, w []byte) {
	f := r.frame()
	off := r.tag.Offset + tagHeaderLen + int64(at)
	switch f.Kind {
	case VideoConfig:
		opaque := r.body.video && f.Enhanced && r.body.packet == videoMPEG2TSStart
		f.Config = sequenceHeader(r.vcfg[f.Track], f, w, off, opaque)
		r.vcfg[f.Track] = f.Config
	case AudioConfig:
		f.Config = sequenceHeader(r.acfg[f.Track], f, w, off, false)
		r.acfg[f.Track] = f.Config
	case AudioMultichannel:
		c := &Config{Codec: f.Codec, Raw: bytes.Clone(w), Size: f.Bytes}
		if len(w) >= 2 {
			c.Channels = int(w[1])
			if w[0] == 1 && len(w) < 6 || w[0] == 2 && len(w) < 2+c.Channels {
				c.fail(off+int64(len(w)), "the channel configuration is cut short")
			}
		} else {
			c.fail(off, "the channel configuration is cut short")
		}
		f.Config = c
	case VideoMetadata:
		s := &Script{}
		s.decode(w, 0, f.Bytes > uint32(len(w)))
		f.Script = s
	}
}

// sequenceHeader parses a record, or gives the last one when it is the same.
func sequenceHeader(last *Config, f *Frame, w []byte, off int64, opaque bool) *Config {
	if last != nil && last.Codec == f.Codec && last.Size == f.Bytes && last.opaque == opaque && bytes.Equal(last.Raw, w) {
		return last
	}
	c := &Config{Codec: f.Codec, Raw: bytes.Clone(w), Size: f.Bytes, opaque: opaque}
	if opaque {
		return c
	}
	if f.Bytes > uint32(len(w)) {
		c.fail(off, "the configuration record is larger than 64 KiB")
		return c
	}
	c.parse(off)
	return c
}

// ParseConfig parses a sequence header of the codec: what follows the packet
// header in the tag. offset is where raw begins in the file; faults are told as
// offsets of the file. It never fails: Config.Err says what is wrong.
func ParseConfig(codec Codec, raw []byte, offset int64) *Config {
	f := Frame{Codec: codec, Bytes: uint32(len(raw))}
	return sequenceHeader(nil, &f, raw[:min(len(raw), MaxConfig)], offset, false)
}

// fail notes the first fault.
//
//go:noinline
func (c *Config) fail(at int64, problem string) {
	if c.Err == "" {
		c.Err, c.ErrAt = problem, at
	}
}

func (c *Config) parse(off int64) {
	switch c.Codec {
	case AVC:
		c.avc(off)
	case HEVC:
		c.hevc(off)
	case AV1:
		c.av1(off)
	case VP8, VP9:
		c.vp(off)
	case AAC:
		c.aac(off)
	case Opus:
		c.opus(off)
	case FLAC:
		c.flac(off)
	}
}

// size takes coded and cropped size; false when they are absurd.
func (c *Config) size(codedW, codedH, cropW, cropH uint64, off int64) bool {
	if codedW == 0 || codedH == 0 || codedW > maxSide || codedH > maxSide {
		c.fail(off, "an impossible picture size, "+utoa(codedW)+"x"+utoa(codedH))
		return false
	}
	if cropW >= codedW || cropH >= codedH {
		c.fail(off, "the cropping leaves nothing of the picture")
		return false
	}
	c.CodedWidth, c.CodedHeight = int(codedW), int(codedH)
	c.Width, c.Height = int(codedW-cropW), int(codedH-cropH)
	return true
}

//go:noinline
func (c *Config) rate(scale, units uint64, fixed bool) {
	if scale == 0 || units == 0 {
		return
	}
	if f := float64(scale) / float64(units); f <= maxRate {
		c.FrameRate, c.FixedFrameRate = f, fixed
	}
}

//go:noinline
func chromaName(idc uint32) string {
	switch idc {
	case 0:
		return "4:0:0"
	case 1:
		return "4:2:0"
	case 2:
		return "4:2:2"
	case 3:
		return "4:4:4"
	}
	return ""
}

// vp reads a VPCodecConfigurationRecord (VP Codec ISO Media File Format
// Binding 1.0), with or without the version and flags of its box.
func (c *Config) vp(off int64) {
	b := c.Raw
	if len(b) >= 12 && b[0] == 1 && b[1] == 0 && b[2] == 0 && b[3] == 0 {
		b, off = b[4:], off+4
	}
	if len(b) < 8 {
		c.fail(off+int64(len(b)), "the configuration record is cut short")
		return
	}
	c.Profile = "Profile " + itoa(int64(b[0]))
	if b[1] > 0 {
		c.Level = itoa(int64(b[1]/10)) + "." + itoa(int64(b[1]%10))
	}
	c.BitDepth = int(b[2] >> 4)
	switch b[2] >> 1 & 7 {
	case 0, 1:
		c.Chroma = "4:2:0"
	case 2:
		c.Chroma = "4:2:2"
	case 3:
		c.Chroma = "4:4:4"
	}
}

// opus reads an Opus identification header (RFC 7845 5.1). E-RTMP allows an
// empty one: mono or stereo, told by the packets.
func (c *Config) opus(off int64) {
	b := c.Raw
	c.SampleRate, c.CoreRate = 48000, 48000
	if len(b) == 0 {
		return
	}
	switch {
	case len(b) < 8 || string(b[:8]) != "OpusHead":
		c.fail(off, "the Opus header does not begin with OpusHead")
	case len(b) < 19:
		c.fail(off+int64(len(b)), "the Opus header is cut short")
	case b[8]>>4 != 0:
		c.fail(off+8, "an unknown version of the Opus header, "+itoa(int64(b[8])))
	case b[9] == 0:
		c.fail(off+9, "the Opus header says 0 channels")
	default:
		c.Channels = int(b[9])
	}
}

// flac reads the "fLaC" marker and the STREAMINFO block (RFC 9639 8.2); some
// writers leave the marker, or the block's header too, out.
func (c *Config) flac(off int64) {
	b := c.Raw
	if len(b) >= 4 && string(b[:4]) == "fLaC" {
		b, off = b[4:], off+4
	}
	if len(b) >= 38 && b[0]&0x7f == 0 && be24(b[1:]) == 34 {
		b, off = b[4:], off+4
	}
	var s flac.StreamInfo
	if err := s.Unmarshal(b); err != nil {
		c.fail(off+int64(len(b)), "the FLAC stream information is cut short")
		return
	}
	if s.SampleRate == 0 {
		c.fail(off+10, "the FLAC stream information says 0 Hz")
		return
	}
	c.SampleRate, c.CoreRate = int(s.SampleRate), int(s.SampleRate)
	c.Channels, c.BitDepth = int(s.ChannelCount), int(s.BitDepth)
	if s.MinBlockSize == s.MaxBlockSize {
		c.FrameSize = int(s.MaxBlockSize)
	}
}
