package flv

import "strconv"

// cursor goes through the bytes of a body, naming them. It stops quietly where
// they end.
type cursor struct {
	d   *dissector
	b   []byte
	p   int // of b[0] in the window
	end bool
}

// take names the next n bytes; nil when they are not all there.
func (c *cursor) take(n int, name string, value func(b []byte) string) []byte {
	if c.end || n > len(c.b) {
		if !c.end && len(c.b) > 0 {
			c.d.field(c.p, len(c.b), name, "cut off")
		}
		c.end = true
		return nil
	}
	b := c.b[:n]
	v := ""
	if value != nil {
		v = value(b)
	}
	c.d.field(c.p, n, name, v)
	c.b, c.p = c.b[n:], c.p+n
	return b
}

// also names the last n bytes a second time: fields that share a byte.
//
//go:noinline
func (c *cursor) also(n int, name, value string) {
	if !c.end {
		c.d.field(c.p-n, n, name, value)
	}
}

//go:noinline
func (c *cursor) rest(name, value string) {
	if !c.end && len(c.b) > 0 {
		c.d.field(c.p, len(c.b), name, value)
	}
	c.end = true
}

//go:noinline
func number(b []byte) string {
	var n int64
	for _, x := range b {
		n = n<<8 | int64(x)
	}
	return commas(n)
}

func hexByte(b []byte) string { return "0x" + strconv.FormatUint(uint64(b[0]), 16) }

func (d *dissector) body(p int, b []byte, frames []Frame) {
	c := &cursor{d: d, b: b, p: p}
	switch d.out.Type {
	case TypeVideo:
		d.videoBody(c, frames)
	case TypeAudio:
		d.audioBody(c, frames)
	case TypeScript, TypeAMF3:
		if d.out.Type == TypeAMF3 && len(b) > 0 && b[0] == 0 {
			c.take(1, "Format", func([]byte) string { return "0 (AMF0 follows)" })
		}
		d.amf(c)
	default:
		c.rest("Body", commas(int64(len(b)))+" bytes")
	}
	for i := range frames {
		if f := &frames[i]; f.Kind == Malformed {
			d.field(int(f.ProblemAt-d.base), 0, "problem", f.Problem)
		}
	}
}

func (d *dissector) videoBody(c *cursor, frames []Frame) {
	if len(c.b) == 0 {
		return
	}
	h := c.b[0]
	if h&0x80 != 0 {
		c.take(1, "IsExHeader", func([]byte) string { return "1 (Enhanced RTMP)" })
		c.also(1, "FrameType", itoa(int64(h>>4&7))+" ("+frameTypeName(h>>4&7)+")")
		d.enhanced(c, h&15, true, frames)
		return
	}
	codec := legacyVideo(h & 15)
	c.take(1, "FrameType", func([]byte) string { return itoa(int64(h>>4)) + " (" + frameTypeName(h>>4) + ")" })
	c.also(1, "CodecID", itoa(int64(h&15))+" ("+codec.String()+")")
	if h>>4 == 5 {
		c.take(1, "VideoCommand", commandName)
		return
	}
	if codec != AVC && codec != HEVC && codec != AV1 {
		c.rest("Video data", codec.String())
		return
	}
	typ := c.take(1, "AVCPacketType", func(b []byte) string {
		switch b[0] {
		case 0:
			return "0 (sequence header)"
		case 1:
			return "1 (NAL units)"
		case 2:
			return "2 (end of sequence)"
		}
		return itoa(int64(b[0])) + " (unknown)"
	})
	c.take(3, "CompositionTime", milliseconds)
	if typ == nil || c.end {
		return
	}
	var f *Frame
	if len(frames) > 0 {
		f = &frames[0]
	}
	switch typ[0] {
	case 0:
		d.config(c, codec, f)
	case 1:
		d.units(c, codec, 0)
	}
	c.rest("Data", "")
}

func milliseconds(b []byte) string {
	return commas(int64(int32(be24(b)<<8)>>8)) + " ms"
}

func commandName(b []byte) string {
	switch b[0] {
	case 0:
		return "0 (start of seeking)"
	case 1:
		return "1 (end of seeking)"
	}
	return itoa(int64(b[0]))
}

// units names NAL units behind their lengths.
func (d *dissector) units(c *cursor, codec Codec, track uint8) {
	if codec != AVC && codec != HEVC {
		c.rest("Video data", codec.String())
		return
	}
	size := 4
	if cfg := d.r.vcfg[track]; cfg != nil && cfg.Codec == codec && cfg.NALLength > 0 {
		size = cfg.NALLength
	}
	for n := 0; len(c.b) > 0 && !c.end; n++ {
		if n == maxUnits {
			c.rest("NAL units", "further units are left out")
			return
		}
		l := c.take(size, "NALUnitLength", number)
		if l == nil {
			return
		}
		length := 0
		for _, x := range l {
			length = length<<8 | int(x)
		}
		if length > len(c.b) {
			if d.out.Partial {
				c.rest("NALUnit", "continues behind the window")
				return
			}
			v := "the length runs " + commas(int64(length-len(c.b))) + " bytes over the end"
			if n == 0 && (length == 1 || length>>8 == 1) {
				v = "an Annex B start code where a length belongs"
			}
			c.rest("NALUnit", v)
			return
		}
		if length == 0 {
			continue
		}
		c.take(length, "NALUnit", func(b []byte) string { return unitName(codec, b) })
	}
}

func unitName(codec Codec, b []byte) string {
	if codec == HEVC {
		t := b[0] >> 1 & 0x3f
		return hevcUnit(t) + " (" + itoa(int64(t)) + ")"
	}
	t := b[0] & 0x1f
	s := avcUnit(t) + " (" + itoa(int64(t)) + "), nal_ref_idc " + itoa(int64(b[0]>>5&3))
	if t >= 1 && t <= 5 && len(b) > 1 && intraSlice(b[1]) {
		s += ", I slice"
	}
	return s
}

func avcUnit(t byte) string {
	switch t {
	case 1:
		return "slice"
	case 2, 3, 4:
		return "slice data partition"
	case 5:
		return "IDR slice"
	case 6:
		return "SEI"
	case 7:
		return "sequence parameter set"
	case 8:
		return "picture parameter set"
	case 9:
		return "access unit delimiter"
	case 10:
		return "end of sequence"
	case 11:
		return "end of stream"
	case 12:
		return "filler data"
	case 13:
		return "SPS extension"
	}
	return "NAL unit"
}

func hevcUnit(t byte) string {
	switch {
	case t <= 1:
		return "trailing slice"
	case t <= 9:
		return "leading slice"
	case t >= 16 && t <= 18:
		return "BLA slice"
	case t == 19 || t == 20:
		return "IDR slice"
	case t == 21:
		return "CRA slice"
	}
	switch t {
	case 32:
		return "video parameter set"
	case 33:
		return "sequence parameter set"
	case 34:
		return "picture parameter set"
	case 35:
		return "access unit delimiter"
	case 36:
		return "end of sequence"
	case 37:
		return "end of bitstream"
	case 38:
		return "filler data"
	case 39:
		return "prefix SEI"
	case 40:
		return "suffix SEI"
	}
	return "NAL unit"
}

func (d *dissector) audioBody(c *cursor, frames []Frame) {
	if len(c.b) == 0 {
		return
	}
	h := c.b[0]
	if h>>4 == soundFormatEx {
		c.take(1, "SoundFormat", func([]byte) string { return "9 (Enhanced RTMP)" })
		d.enhanced(c, h&15, false, frames)
		return
	}
	codec := legacyAudio(h >> 4)
	c.take(1, "SoundFormat", func([]byte) string { return itoa(int64(h>>4)) + " (" + codec.String() + ")" })
	c.also(1, "SoundRate", itoa(int64(h>>2&3))+[4]string{" (5.5 kHz)", " (11 kHz)", " (22 kHz)", " (44 kHz)"}[h>>2&3])
	c.also(1, "SoundSize", itoa(int64(h>>1&1))+[2]string{" (8 bit)", " (16 bit)"}[h>>1&1])
	c.also(1, "SoundType", itoa(int64(h&1))+[2]string{" (mono)", " (stereo)"}[h&1])
	if codec != AAC {
		c.rest("Sound data", codec.String())
		return
	}
	typ := c.take(1, "AACPacketType", func(b []byte) string {
		switch b[0] {
		case 0:
			return "0 (sequence header)"
		case 1:
			return "1 (raw frame)"
		}
		return itoa(int64(b[0])) + " (unknown)"
	})
	if typ == nil {
		return
	}
	if typ[0] == 0 && len(frames) > 0 {
		d.config(c, AAC, &frames[0])
	}
	c.rest("AAC data", "")
}

// enhanced names an E-RTMP body behind its first byte.
func (d *dissector) enhanced(c *cursor, packet byte, video bool, frames []Frame) {
	name := func(p byte) string { return itoa(int64(p)) + " (" + packetName(p, video) + ")" }
	field := "AudioPacketType"
	if video {
		field = "VideoPacketType"
	}
	c.also(1, field, name(packet))
	for n := 0; packet == packetModEx && n <= maxModEx; n++ {
		b := c.take(1, "ModExDataSize", func(b []byte) string { return itoa(int64(b[0])+1) + " bytes" })
		if b == nil {
			return
		}
		size := int(b[0]) + 1
		if size == 256 {
			if b = c.take(2, "ModExDataSize", func(b []byte) string { return commas(int64(b[0])<<8+int64(b[1])+1) + " bytes" }); b == nil {
				return
			}
			size = int(b[0])<<8 + int(b[1]) + 1
		}
		data := c.take(size, "ModExData", func(b []byte) string {
			if len(b) >= 3 {
				return number(b[:3]) + " ns when it is a timestamp offset"
			}
			return ""
		})
		if data == nil {
			return
		}
		if b = c.take(1, "ModExType", func(b []byte) string {
			if b[0]>>4 == modTimestampNano {
				return "0 (timestamp offset in nanoseconds)"
			}
			return itoa(int64(b[0] >> 4))
		}); b == nil {
			return
		}
		packet = b[0] & 15
		c.also(1, field, name(packet))
	}
	if video && len(frames) > 0 && frames[0].Kind == VideoCommand {
		c.take(1, "VideoCommand", commandName)
		return
	}
	multi := byte(255)
	if packet == videoMultitrack && video || packet == audioMultitrack && !video {
		b := c.take(1, "MultitrackType", func(b []byte) string {
			return itoa(int64(b[0]>>4)) + [...]string{" (one track)", " (many tracks)", " (many tracks, many codecs)", ""}[min(b[0]>>4, 3)]
		})
		if b == nil {
			return
		}
		multi, packet = b[0]>>4, b[0]&15
		c.also(1, field, name(packet))
	}
	codec, ok := UnknownCodec, true
	fourcc := func() {
		b := c.take(4, "FourCC", func(b []byte) string {
			return FourCCString(be32(b)) + " (" + CodecOf(be32(b)).String() + ")"
		})
		if ok = b != nil; ok {
			codec = CodecOf(be32(b))
		}
	}
	if multi != manyTracksCodecs {
		fourcc()
	}
	if multi == 255 {
		if ok {
			var f *Frame
			if len(frames) > 0 {
				f = &frames[0]
			}
			d.packet(c, packet, codec, 0, video, f)
		}
		return
	}
	for i := 0; ok && !c.end && len(c.b) > 0 && i < MaxTracks; i++ {
		if multi == manyTracksCodecs {
			if fourcc(); !ok {
				return
			}
		}
		id := c.take(1, "TrackId", number)
		if id == nil {
			return
		}
		var f *Frame
		if i < len(frames) {
			f = &frames[i]
		}
		if multi == oneTrack {
			d.packet(c, packet, codec, id[0], video, f)
			return
		}
		b := c.take(3, "SizeOfTrack", number)
		if b == nil {
			return
		}
		n := min(int(be24(b)), len(c.b))
		t := &cursor{d: d, b: c.b[:n], p: c.p}
		d.packet(t, packet, codec, id[0], video, f)
		c.b, c.p = c.b[n:], c.p+n
	}
	c.rest("Tracks", "further tracks are left out")
}

//go:noinline
func packetName(p byte, video bool) string {
	switch p {
	case packetSequenceStart:
		return "sequence start"
	case packetCodedFrames:
		return "coded frames"
	case packetSequenceEnd:
		return "sequence end"
	case packetModEx:
		return "ModEx"
	}
	if video {
		switch p {
		case videoCodedFramesX:
			return "coded frames without composition time"
		case videoMetadata:
			return "metadata"
		case videoMPEG2TSStart:
			return "MPEG-2 TS sequence start"
		case videoMultitrack:
			return "multitrack"
		}
		return "reserved"
	}
	switch p {
	case audioMultichannel:
		return "multichannel configuration"
	case audioMultitrack:
		return "multitrack"
	}
	return "reserved"
}

// packet names the payload of one E-RTMP track.
func (d *dissector) packet(c *cursor, packet byte, codec Codec, track uint8, video bool, f *Frame) {
	switch {
	case packet == packetSequenceStart:
		d.config(c, codec, f)
	case video && packet == packetCodedFrames:
		if codec == AVC || codec == HEVC || codec == VVC {
			c.take(3, "CompositionTime", milliseconds)
		}
		d.units(c, codec, track)
	case video && packet == videoCodedFramesX:
		d.units(c, codec, track)
	case video && packet == videoMetadata:
		d.amf(c)
	case !video && packet == audioMultichannel:
		c.take(1, "AudioChannelOrder", func(b []byte) string {
			return itoa(int64(b[0])) + [...]string{" (unspecified)", " (native)", " (custom)", ""}[min(b[0], 3)]
		})
		c.take(1, "ChannelCount", number)
		c.rest("Channel layout", "")
	}
	c.rest("Data", codec.String())
}
