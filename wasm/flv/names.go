package flv

// codecNames are the names that pages, reports and profiles use.
var codecNames = [...]string{
	UnknownCodec: "unknown",
	AVC:          "H.264", HEVC: "HEVC", AV1: "AV1", VP8: "VP8", VP9: "VP9", VVC: "VVC",
	Sorenson: "Sorenson H.263", ScreenVideo: "Screen Video", ScreenVideo2: "Screen Video 2",
	VP6: "VP6", VP6Alpha: "VP6 with alpha", JPEG: "JPEG",
	AAC: "AAC", MP3: "MP3", MP3At8k: "MP3 at 8 kHz", Opus: "Opus", FLAC: "FLAC", AC3: "AC-3", EAC3: "E-AC-3",
	PCMPlatform: "PCM, platform endian", PCMLittle: "PCM, little endian", ADPCM: "ADPCM",
	G711A: "G.711 A-law", G711Mu: "G.711 mu-law", Speex: "Speex",
	Nellymoser: "Nellymoser", Nellymoser8k: "Nellymoser at 8 kHz", Nellymoser16k: "Nellymoser at 16 kHz",
	DeviceSound: "device-specific sound",
}

// String names the codec as every page does: H.264, HEVC, AAC, ...
//
//go:noinline
func (c Codec) String() string {
	if int(c) < len(codecNames) {
		return codecNames[c]
	}
	return codecNames[UnknownCodec]
}

// LegacyVideo gives the codec of a legacy video CodecID (FLV 10.1 E.4.3.1),
// LegacyAudio that of a SoundFormat (E.4.2.1).
func LegacyVideo(id uint8) Codec     { return legacyVideo(id) }
func LegacyAudio(format uint8) Codec { return legacyAudio(format) }

// FourCCString writes an E-RTMP FourCC as text; bytes that are no printable
// ASCII as \xNN.
func FourCCString(cc uint32) string {
	const digits = "0123456789abcdef"
	b := make([]byte, 0, 16)
	for shift := 24; shift >= 0; shift -= 8 {
		if c := byte(cc >> shift); c >= ' ' && c < 0x7f {
			b = append(b, c)
		} else {
			b = append(b, '\\', 'x', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}
