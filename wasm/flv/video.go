package flv

import "github.com/yutopp/go-flv/tag"

// Legacy codec ids that FLV 10.1 does not know and Chinese networks write, in
// the layout of AVC.
const (
	codecIDHEVC = 12
	codecIDAV1  = 13
)

func legacyVideo(id uint8) Codec {
	switch tag.CodecID(id) {
	case tag.CodecIDJPEG:
		return JPEG
	case tag.CodecIDSorensonH263:
		return Sorenson
	case tag.CodecIDScreenVideo:
		return ScreenVideo
	case tag.CodecIDOn2VP6:
		return VP6
	case tag.CodecIDOn2VP6WithAlphaChannel:
		return VP6Alpha
	case tag.CodecIDScreenVideoVersion2:
		return ScreenVideo2
	case tag.CodecIDAVC:
		return AVC
	case codecIDHEVC:
		return HEVC
	case codecIDAV1:
		return AV1
	}
	return UnknownCodec
}

// videoHeader takes the first byte of a video body (FLV 10.1 E.4.3.1; E-RTMP
// v2 ExVideoTagHeader when its highest bit is set).
func (r *Reader) videoHeader(c byte) {
	b := &r.body
	b.first = c
	if c&0x80 != 0 {
		r.packetType(1, c&0x0f)
		return
	}
	f := r.addFrame()
	f.Kind = VideoFrame
	f.Type = FrameType(c >> 4)
	f.CodecID = c & 0x0f
	f.Codec = legacyVideo(f.CodecID)
	size := r.tag.Size
	if tag.FrameType(f.Type) == tag.FrameTypeVideoInfoCommandFrame {
		f.Kind = VideoCommand
		if size > 1 {
			r.wants(stepCommand, 1, 1)
		}
		return
	}
	switch f.Codec {
	case AVC, HEVC, AV1:
		if size < 2 {
			r.malformed(1, "the video header ends before the packet type")
			return
		}
		r.wants(stepAVC, 1, min(size-1, 4))
	default:
		r.payload(1)
	}
}

// avcHeader takes packet type and composition time (FLV 10.1 E.4.3.2).
func (r *Reader) avcHeader(w []byte) {
	f := r.frame()
	typ := tag.AVCPacketType(w[0])
	if len(w) == 4 {
		f.CompositionTime = int32(be24(w[1:])<<8) >> 8
	}
	switch typ {
	case tag.AVCPacketTypeEOS:
		// Some writers leave the composition time out here.
		f.Kind = VideoEnd
		f.CompositionTime = 0
		r.endTrack()
	case tag.AVCPacketTypeSequenceHeader, tag.AVCPacketTypeNALU:
		if len(w) < 4 {
			r.malformed(2, "the video header ends before the composition time")
			return
		}
		if typ == tag.AVCPacketTypeNALU {
			r.payload(5)
			return
		}
		f.Kind = VideoConfig
		f.CompositionTime = 0
		r.wantRecord(5)
	default:
		r.malformed(1, "unknown AVC packet type "+itoa(int64(w[0])))
	}
}

// payload begins the coded payload of the current frame at offset at.
func (r *Reader) payload(at uint32) {
	b := &r.body
	f := r.frame()
	f.Bytes = b.trackEnd - at
	if f.Bytes == 0 {
		f.Kind = Empty
		r.endTrack()
		return
	}
	switch f.Codec {
	case AVC, HEVC:
		r.startWalk(at)
		return
	}
	if n := selfDescribing(f, r.vcfg[f.Track]); n > 0 {
		r.wants(stepPeek, at, min(n, f.Bytes))
		return
	}
	r.endTrack()
}

// wantRecord wants the current frame's payload from offset at to the end of
// the track, as far as MaxConfig goes.
func (r *Reader) wantRecord(at uint32) {
	f := r.frame()
	f.Bytes = r.body.trackEnd - at
	r.acc = r.acc[:0]
	if f.Bytes == 0 {
		if needsRecord(f) {
			// Encoders that do not know their parameters yet send an empty
			// sequence header first and the right one later.
			f.Kind = Empty
		} else {
			r.record(at, nil)
		}
		r.endTrack()
		return
	}
	r.wants(stepRecord, at, min(f.Bytes, MaxConfig))
}

// needsRecord reports whether a frame of this kind and codec says nothing
// without a payload. Opus may leave its header out (E-RTMP v2).
func needsRecord(f *Frame) bool {
	switch f.Kind {
	case VideoConfig, AudioConfig:
		switch f.Codec {
		case AVC, HEVC, AV1, VP9, VVC, AAC, FLAC:
			return true
		}
		return false
	}
	return true
}
