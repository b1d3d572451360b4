package check

import (
	"strconv"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
)

// Declared is what onMetaData announces; 0 and "" where it does not.
type Declared struct {
	Width, Height        float64
	FrameRate            float64
	VideoKbps, AudioKbps float64
	SampleRate           float64
	Channels             float64
	Stereo               int // 1 yes, -1 no
	VideoCodec           flv.Codec
	AudioCodec           flv.Codec
	videoName, audioName string // as written
	hasVideo, hasAudio   bool   // promised
	at                   diag.Media
}

// declare reads the properties that checks and summary use. Encoders write
// them as an object or as an associative array.
func declare(s *flv.Script) (d Declared) {
	for i := range s.Values {
		for j := range s.Values[i].Props {
			p := &s.Values[i].Props[j]
			v := &p.Value
			n, isNum := v.Number()
			if !isNum || !(n > 0 && n < 1e12) {
				n = 0 // absent, as many encoders write what they do not know
			}
			switch p.Name {
			case "width":
				d.Width = n
			case "height":
				d.Height = n
			case "framerate":
				d.FrameRate = n
			case "videoframerate", "fps":
				if d.FrameRate == 0 {
					d.FrameRate = n
				}
			case "videodatarate":
				d.VideoKbps = n
			case "audiodatarate":
				d.AudioKbps = n
			case "audiosamplerate":
				d.SampleRate = n
			case "audiochannels":
				d.Channels = n
			case "stereo":
				if b, ok := v.Bool(); ok {
					d.Stereo = -1
					if b {
						d.Stereo = 1
					}
				}
			case "videocodecid":
				d.VideoCodec, d.videoName = codecNamed(v, true)
				d.hasVideo = d.hasVideo || d.videoName != ""
			case "audiocodecid":
				d.AudioCodec, d.audioName = codecNamed(v, false)
				d.hasAudio = d.hasAudio || d.audioName != ""
			case "hasVideo":
				if b, _ := v.Bool(); b {
					d.hasVideo = true
				}
			case "hasAudio":
				if b, _ := v.Bool(); b {
					d.hasAudio = true
				}
			}
		}
	}
	return d
}

// codecNamed reads videocodecid or audiocodecid: a legacy id, a FourCC as a
// number (E-RTMP v2), or a FourCC or name as text. UnknownCodec where the value
// names none that we know; name is empty where nothing is declared.
func codecNamed(v *flv.AMFValue, video bool) (c flv.Codec, name string) {
	if n, ok := v.Number(); ok {
		switch {
		case !(n > 0 && n < 1<<32):
			return flv.UnknownCodec, ""
		case n < 16:
			name = strconv.FormatFloat(n, 'f', -1, 64)
			if n != float64(uint8(n)) {
				return flv.UnknownCodec, name
			}
			if video {
				return flv.LegacyVideo(uint8(n)), name
			}
			return flv.LegacyAudio(uint8(n)), name
		}
		cc := uint32(n)
		return flv.CodecOf(cc), flv.FourCCString(cc)
	}
	s, ok := v.Text()
	if !ok || s == "" {
		return flv.UnknownCodec, ""
	}
	name = clip(s, 32)
	if len(s) == 4 {
		if c = flv.CodecOf(uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])); c != flv.UnknownCodec {
			return c, name
		}
	}
	word := lower(s)
	for i := range codecWords {
		if codecWords[i].word == word {
			return codecWords[i].codec, name
		}
	}
	return flv.UnknownCodec, name
}

// codecWords are the names that encoders write besides FourCCs.
var codecWords = [...]struct {
	word  string
	codec flv.Codec
}{
	{"avc", flv.AVC},
	{"h264", flv.AVC},
	{"h.264", flv.AVC},
	{"x264", flv.AVC},
	{"avc1", flv.AVC},
	{"avc3", flv.AVC},
	{"hevc", flv.HEVC},
	{"h265", flv.HEVC},
	{"h.265", flv.HEVC},
	{"hvc1", flv.HEVC},
	{"hev1", flv.HEVC},
	{"av1", flv.AV1},
	{"av01", flv.AV1},
	{"vp6", flv.VP6},
	{"vp6f", flv.VP6},
	{"aac", flv.AAC},
	{"mp4a", flv.AAC},
	{"mp3", flv.MP3},
	{".mp3", flv.MP3},
	{"opus", flv.Opus},
	{"speex", flv.Speex},
	{"spex", flv.Speex},
}

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
