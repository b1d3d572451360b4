package flv

// Codec is an audio or video codec, whichever way the tag named it.
type Codec uint8

// The codecs. Legacy ids and Enhanced RTMP FourCCs map onto them.
const (
	UnknownCodec Codec = iota
	// Video.
	AVC
	HEVC
	AV1
	VP8
	VP9
	VVC
	Sorenson
	ScreenVideo
	ScreenVideo2
	VP6
	VP6Alpha
	JPEG
	// Audio.
	AAC
	MP3
	MP3At8k
	Opus
	FLAC
	AC3
	EAC3
	PCMPlatform
	PCMLittle
	ADPCM
	G711A
	G711Mu
	Speex
	Nellymoser
	Nellymoser8k
	Nellymoser16k
	DeviceSound
)
