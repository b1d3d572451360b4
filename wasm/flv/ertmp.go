package flv

// E-RTMP v2 packet types. Video and audio agree on the first three and on
// ModEx.
const (
	packetSequenceStart = 0
	packetCodedFrames   = 1
	packetSequenceEnd   = 2
	videoCodedFramesX   = 3
	videoMetadata       = 4
	videoMPEG2TSStart   = 5
	videoMultitrack     = 6
	packetModEx         = 7
	audioMultichannel   = 4
	audioMultitrack     = 5

	modTimestampNano = 0

	oneTrack         = 0
	manyTracks       = 1
	manyTracksCodecs = 2

	// maxModEx is how many ModEx packets one tag may have.
	maxModEx = 16
)

// FourCCs, big endian.
const (
	ccAVC  = 0x61766331 // avc1
	ccHVC  = 0x68766331 // hvc1
	ccHEV  = 0x68657631 // hev1
	ccAV1  = 0x61763031 // av01
	ccVP8  = 0x76703038 // vp08
	ccVP9  = 0x76703039 // vp09
	ccVVC  = 0x76766331 // vvc1
	ccOpus = 0x4f707573 // Opus
	ccFLAC = 0x664c6143 // fLaC
	ccAC3  = 0x61632d33 // ac-3
	ccEAC3 = 0x65632d33 // ec-3
	ccMP3  = 0x2e6d7033 // .mp3
	ccAAC  = 0x6d703461 // mp4a
)

// CodecOf gives the codec of an E-RTMP FourCC (big endian), UnknownCodec when
// E-RTMP v2 does not know it.
func CodecOf(cc uint32) Codec {
	switch cc {
	case ccAVC:
		return AVC
	case ccHVC, ccHEV:
		return HEVC
	case ccAV1:
		return AV1
	case ccVP8:
		return VP8
	case ccVP9:
		return VP9
	case ccVVC:
		return VVC
	case ccOpus:
		return Opus
	case ccFLAC:
		return FLAC
	case ccAC3:
		return AC3
	case ccEAC3:
		return EAC3
	case ccMP3:
		return MP3
	case ccAAC:
		return AAC
	}
	return UnknownCodec
}

// badTag ends an E-RTMP body with a problem that belongs to no track of it.
func (r *Reader) badTag(at uint32, problem string) {
	f := r.addFrame()
	r.stamp(f)
	r.malformed(at, problem)
}

// stamp gives a frame what the tag's E-RTMP header says for all of its tracks.
func (r *Reader) stamp(f *Frame) {
	b := &r.body
	f.Enhanced = true
	f.Multi = b.multi > 0
	f.NanoOffset = b.nano
	if b.video {
		f.Type = FrameType(b.first >> 4 & 7)
	} else {
		f.AudioHeader = b.first
	}
}

// packetType takes an E-RTMP packet type; what it calls for begins at offset at.
func (r *Reader) packetType(at uint32, typ uint8) {
	b := &r.body
	b.packet = typ
	left := r.tag.Size - at
	if b.mods == 0 {
		b.nano = 0
	}
	switch {
	case typ == packetModEx:
		if b.mods++; b.mods > maxModEx {
			r.badTag(at, "more than 16 ModEx packets")
			return
		}
		if left < 1 {
			r.badTag(at, "the header ends before the size of its ModEx packet")
			return
		}
		r.wants(stepModSize, at, 1)
	case b.video && b.first>>4&7 == 5 && typ != videoMetadata:
		f := r.addFrame()
		r.stamp(f)
		f.Kind = VideoCommand
		if left > 0 {
			r.wants(stepCommand, at, 1)
		}
	case b.video && typ == videoMultitrack, !b.video && typ == audioMultitrack:
		if left < 1 {
			r.badTag(at, "the header ends before the multitrack type")
			return
		}
		r.wants(stepMulti, at, 1)
	default:
		if left < 4 {
			r.badTag(at, "the header ends before the FourCC")
			return
		}
		r.wants(stepFourCC, at, 4)
	}
}

// modEx reads a ModEx packet: size less one in one byte, in two more when that
// is 256; data; then its type and the packet type that follows.
func (r *Reader) modEx(s step, at uint32, w []byte) {
	b := &r.body
	size := r.tag.Size
	switch s {
	case stepModSize:
		b.modSize = uint32(w[0]) + 1
		at++
		if b.modSize == 256 {
			if size-at < 2 {
				r.badTag(at, "the header ends inside the size of a ModEx packet")
				return
			}
			r.wants(stepModSize16, at, 2)
			return
		}
	case stepModSize16:
		b.modSize = uint32(w[0])<<8 + uint32(w[1]) + 1
		at += 2
	case stepModData:
		b.modNano = 0
		if len(w) >= 3 {
			b.modNano = be24(w)
		}
		r.wants(stepModType, at+b.modSize, 1)
		return
	case stepModType:
		if w[0]>>4 == modTimestampNano {
			b.nano = b.modNano
		}
		r.packetType(at+1, w[0]&0x0f)
		return
	}
	if size-at < b.modSize+1 {
		r.badTag(at, "a ModEx packet of "+itoa(int64(b.modSize))+" bytes does not fit in the tag")
		return
	}
	r.wants(stepModData, at, min(b.modSize, 3))
}

// multitrack takes multitrack type and packet type.
func (r *Reader) multitrack(at uint32, c byte) {
	b := &r.body
	b.multi = c>>4 + 1
	b.packet = c & 0x0f
	if c>>4 > manyTracksCodecs {
		r.badTag(at, "unknown multitrack type "+itoa(int64(c>>4)))
		return
	}
	if b.video && b.packet == videoMultitrack || !b.video && b.packet == audioMultitrack {
		r.badTag(at, "a multitrack packet inside a multitrack packet")
		return
	}
	at++
	if c>>4 == manyTracksCodecs {
		r.nextTrack(at)
		return
	}
	if r.tag.Size-at < 4 {
		r.badTag(at, "the header ends before the FourCC")
		return
	}
	r.wants(stepFourCC, at, 4)
}

// trackHeaderLen is the length of what stands before each track's payload:
// FourCC, track id and size as the multitrack type has them.
func (b *body) trackHeaderLen() uint32 {
	switch b.multi - 1 {
	case oneTrack:
		return 1
	case manyTracks:
		return 4
	}
	return 8
}

// nextTrack wants the header of the next track at offset at.
func (r *Reader) nextTrack(at uint32) {
	b := &r.body
	n := b.trackHeaderLen()
	if len(r.frames) >= MaxTracks {
		r.badTag(at, "more than 64 tracks in one tag")
		return
	}
	if r.tag.Size-at < n {
		r.badTag(at, "the tag ends inside a track's header")
		return
	}
	r.wants(stepTrack, at, n)
}

// trackHeader takes a track's header.
func (r *Reader) trackHeader(at uint32, w []byte) {
	b := &r.body
	at += uint32(len(w))
	end := r.tag.Size
	switch b.multi - 1 {
	case manyTracksCodecs:
		b.fourCC = be32(w)
		w = w[4:]
		fallthrough
	case manyTracks:
		n := be24(w[1:])
		if n > end-at {
			f := r.addFrame()
			r.stamp(f)
			f.Track, f.FourCC, f.Codec = w[0], b.fourCC, CodecOf(b.fourCC)
			r.malformed(at-3, "track "+itoa(int64(w[0]))+" claims "+itoa(int64(n))+" bytes, but "+itoa(int64(end-at))+" are left in the tag")
			return
		}
		end = at + n
	}
	r.addTrack(w[0], at, end)
}

// addTrack begins the payload of one track, from at to end.
func (r *Reader) addTrack(id uint8, at, end uint32) {
	b := &r.body
	b.trackEnd = end
	f := r.addFrame()
	r.stamp(f)
	f.Track, f.FourCC, f.Codec = id, b.fourCC, CodecOf(b.fourCC)
	if !b.video {
		switch b.packet {
		case packetSequenceStart:
			f.Kind = AudioConfig
			r.wantRecord(at)
		case packetCodedFrames:
			f.Kind = AudioFrame
			r.audioPayload(at)
		case packetSequenceEnd:
			f.Kind = AudioEnd
			r.endTrack()
		case audioMultichannel:
			f.Kind = AudioMultichannel
			r.wantRecord(at)
		default:
			r.malformed(0, "unknown audio packet type "+itoa(int64(b.packet)))
		}
		return
	}
	switch b.packet {
	case packetSequenceStart, videoMPEG2TSStart:
		f.Kind = VideoConfig
		r.wantRecord(at)
	case packetCodedFrames:
		f.Kind = VideoFrame
		switch {
		case f.Codec != AVC && f.Codec != HEVC && f.Codec != VVC:
			r.payload(at)
		case end == at:
			r.payload(at) // nothing at all
		case end-at < 3:
			r.malformed(at, "the track ends before the composition time")
		default:
			r.wants(stepCTS, at, 3)
		}
	case packetSequenceEnd:
		f.Kind = VideoEnd
		r.endTrack()
	case videoCodedFramesX:
		f.Kind = VideoFrame
		r.payload(at)
	case videoMetadata:
		f.Kind = VideoMetadata
		r.wantRecord(at)
	default:
		r.malformed(0, "unknown video packet type "+itoa(int64(b.packet)))
	}
}

// endTrack goes on behind the current track.
func (r *Reader) endTrack() {
	b := &r.body
	b.step = stepNone
	if b.multi > oneTrack+1 && b.trackEnd < r.tag.Size {
		r.nextTrack(b.trackEnd)
	}
}
