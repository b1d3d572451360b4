package flv

import "github.com/yutopp/go-flv/tag"

// soundFormatEx is SoundFormat.ExHeader of E-RTMP v2, reserved in FLV 10.1.
const soundFormatEx = 9

func legacyAudio(format uint8) Codec {
	switch tag.SoundFormat(format) {
	case tag.SoundFormatLinearPCMPlatformEndian:
		return PCMPlatform
	case tag.SoundFormatADPCM:
		return ADPCM
	case tag.SoundFormatMP3:
		return MP3
	case tag.SoundFormatLinearPCMLittleEndian:
		return PCMLittle
	case tag.SoundFormatNellymoser16kHzMono:
		return Nellymoser16k
	case tag.SoundFormatNellymoser8kHzMono:
		return Nellymoser8k
	case tag.SoundFormatNellymoser:
		return Nellymoser
	case tag.SoundFormatG711ALawLogarithmicPCM:
		return G711A
	case tag.SoundFormatG711muLawLogarithmicPCM:
		return G711Mu
	case tag.SoundFormatAAC:
		return AAC
	case tag.SoundFormatSpeex:
		return Speex
	case tag.SoundFormatMP3_8kHz:
		return MP3At8k
	case tag.SoundFormatDeviceSpecificSound:
		return DeviceSound
	}
	return UnknownCodec
}

// audioHeader takes the first byte of an audio body (FLV 10.1 E.4.2.1; E-RTMP
// v2 ExAudioTagHeader for SoundFormat 9).
func (r *Reader) audioHeader(c byte) {
	r.body.first = c
	if c>>4 == soundFormatEx {
		r.packetType(1, c&0x0f)
		return
	}
	f := r.addFrame()
	f.Kind = AudioFrame
	f.AudioHeader = c
	f.CodecID = c >> 4
	f.Codec = legacyAudio(f.CodecID)
	if f.Codec == AAC {
		if r.tag.Size < 2 {
			r.malformed(1, "the audio header ends before the AAC packet type")
			return
		}
		r.wants(stepAAC, 1, 1)
		return
	}
	r.audioPayload(1)
}

// aacHeader takes the AACPacketType (FLV 10.1 E.4.2.1).
func (r *Reader) aacHeader(c byte) {
	switch tag.AACPacketType(c) {
	case tag.AACPacketTypeSequenceHeader:
		r.frame().Kind = AudioConfig
		r.wantRecord(2)
	case tag.AACPacketTypeRaw:
		r.audioPayload(2)
	default:
		r.malformed(1, "unknown AAC packet type "+itoa(int64(c)))
	}
}

// audioPayload begins the coded payload of the current frame at offset at.
func (r *Reader) audioPayload(at uint32) {
	b := &r.body
	f := r.frame()
	f.Bytes = b.trackEnd - at
	if f.Bytes == 0 {
		f.Kind = Empty
		r.endTrack()
		return
	}
	if n := selfDescribing(f, r.acfg[f.Track]); n > 0 {
		r.wants(stepPeek, at, min(n, f.Bytes))
		return
	}
	r.endTrack()
}
