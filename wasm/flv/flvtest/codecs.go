package flvtest

var aacRates = []int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

func rateIndex(hz int) uint32 {
	for i, r := range aacRates {
		if r == hz {
			return uint32(i)
		}
	}
	return 15
}

// ASC is an AudioSpecificConfig: object type (2 is AAC-LC, 5 HE-AAC, 29
// HE-AAC v2; with the latter two the core runs at half the rate).
func ASC(objectType, hz, channels int) []byte {
	var w bits
	rate := func(hz int) {
		w.u(4, rateIndex(hz))
		if rateIndex(hz) == 15 {
			w.u(24, uint32(hz))
		}
	}
	core := hz
	if objectType == 5 || objectType == 29 {
		core = hz / 2
	}
	if channels == 8 {
		channels = 7
	}
	if objectType == 29 {
		channels = 1
	}
	w.u(5, uint32(objectType))
	rate(core)
	w.u(4, uint32(channels))
	if core != hz {
		rate(hz)
		w.u(5, 2)
	}
	w.u(3, 0)
	return w.b
}

// AACConfig is the body of an AAC-LC sequence header tag.
func AACConfig(hz, channels int) []byte { return AACConfigRecord(ASC(2, hz, channels)) }

// AACConfigRecord is the same with any AudioSpecificConfig.
func AACConfigRecord(asc []byte) []byte { return join([]byte{0xaf, 0}, asc) }

// AAC is the body of a raw AAC frame tag with n bytes of payload.
func AAC(n int) []byte { return join([]byte{0xaf, 1}, fill(n)) }

// MP3 is the body of an MP3 tag: 44.1 kHz stereo, n bytes of payload.
func MP3(n int) []byte { return join([]byte{0x2f, 0xff, 0xfb, 0x90, 0x64}, fill(n-4)) }

// FourCC strings of Enhanced RTMP v2 are written as they are: "avc1", "hvc1",
// "av01", "vp09", "Opus", "mp4a", ...

// ExVideo is the body of an Enhanced RTMP video tag. packet: 0 sequence start, 1 coded
// frames, 2 sequence end, 3 coded frames X, 4 metadata, 5 MPEG-2 TS start.
func ExVideo(frameType, packet byte, fourCC string, payload []byte) []byte {
	return join([]byte{0x80 | frameType<<4 | packet}, []byte(fourCC), payload)
}

// ExAudio is the body of an Enhanced RTMP audio tag. packet: 0 sequence start, 1 coded
// frames, 2 sequence end, 4 multichannel configuration.
func ExAudio(packet byte, fourCC string, payload []byte) []byte {
	return join([]byte{0x90 | packet}, []byte(fourCC), payload)
}

// WithCTS puts a composition time before a payload, as coded frames of avc1,
// hvc1 and vvc1 have it.
func WithCTS(cts int, payload []byte) []byte { return join(u24(cts), payload) }

// Track is one track of a multitrack tag.
type Track struct {
	ID      byte
	FourCC  string
	Payload []byte
}

// The multitrack types.
const (
	OneTrack        = 0
	ManyTracks      = 1
	ManyTracksCodec = 2
)

// MultiVideo is the body of a multitrack video tag. All tracks take the FourCC
// of the first unless multi is ManyTracksCodec.
func MultiVideo(frameType, multi, packet byte, tracks ...Track) []byte {
	return join([]byte{0x80 | frameType<<4 | 6, multi<<4 | packet}, multitrack(multi, tracks))
}

// MultiAudio is the body of a multitrack audio tag.
func MultiAudio(multi, packet byte, tracks ...Track) []byte {
	return join([]byte{0x95, multi<<4 | packet}, multitrack(multi, tracks))
}

func multitrack(multi byte, tracks []Track) []byte {
	var out []byte
	if multi != ManyTracksCodec {
		out = append(out, tracks[0].FourCC...)
	}
	for _, t := range tracks {
		if multi == ManyTracksCodec {
			out = append(out, t.FourCC...)
		}
		out = append(out, t.ID)
		if multi != OneTrack {
			out = append(out, u24(len(t.Payload))...)
		}
		out = append(out, t.Payload...)
	}
	return out
}

// ModEx puts a ModEx packet of this type and data before an Enhanced RTMP body.
func ModEx(body []byte, typ byte, data []byte) []byte {
	size := []byte{byte(len(data) - 1)}
	if len(data) >= 256 {
		size = append([]byte{255}, u16(len(data)-1)...)
	}
	return join([]byte{body[0]&0xf0 | 7}, size, data, []byte{typ<<4 | body[0]&0x0f}, body[1:])
}

// NanoOffset puts a TimestampOffsetNano ModEx before an Enhanced RTMP body.
func NanoOffset(body []byte, ns int) []byte { return ModEx(body, 0, u24(ns)) }

// OpusHead is an Opus identification header.
func OpusHead(channels byte, hz uint32) []byte {
	return join([]byte("OpusHead"), []byte{1, channels, 0x38, 1},
		[]byte{byte(hz), byte(hz >> 8), byte(hz >> 16), byte(hz >> 24)}, []byte{0, 0, 0})
}

// FLACHead is "fLaC" and a STREAMINFO block.
func FLACHead(hz uint32, channels, depth byte) []byte {
	var w bits
	w.u(16, 4096)
	w.u(16, 4096)
	w.u(24, 0)
	w.u(24, 0)
	w.u(20, hz)
	w.u(3, uint32(channels-1))
	w.u(5, uint32(depth-1))
	w.u(4, 0)
	w.u(32, 0)
	return join([]byte("fLaC"), []byte{0x80, 0, 0, 34}, w.b, make([]byte, 16))
}

// AV1Record is an AV1CodecConfigurationRecord with a sequence header, Main
// profile, level 4.0.
func AV1Record(width, height int) []byte { return AV1RecordTimed(width, height, 0, false, false) }

// AV1RecordTimed is one with timing information (when fps is not 0), a decoder
// model and an initial display delay.
func AV1RecordTimed(width, height int, fps float64, model, delay bool) []byte {
	var w bits
	w.u(3, 0) // seq_profile
	w.u(2, 0)
	w.flag(fps > 0) // timing_info_present_flag
	if fps > 0 {
		units, scale := timing(fps)
		w.u(32, units)
		w.u(32, scale)
		w.flag(true)
		w.ue(0)
		w.flag(model)
		if model {
			w.u(5, 9)
			w.u(32, 1000)
			w.u(5, 9)
			w.u(5, 9)
		}
	}
	w.flag(delay) // initial_display_delay_present_flag
	w.u(5, 0)
	w.u(12, 0)
	w.u(5, 8) // seq_level_idx 4.0
	w.u(1, 0) // seq_tier
	if model {
		w.flag(true)
		w.u(10, 5)
		w.u(10, 5)
		w.u(1, 0)
	}
	if delay {
		w.flag(true)
		w.u(4, 3)
	}
	w.u(4, 15)
	w.u(4, 15)
	w.u(16, uint32(width-1))
	w.u(16, uint32(height-1))
	w.flag(false)
	w.u(3, 0)
	w.u(4, 0)
	w.flag(false) // enable_order_hint
	w.flag(true)  // seq_choose_screen_content_tools
	w.flag(true)  // seq_choose_integer_mv
	w.u(3, 0)
	w.u(3, 0) // color_config: 8 bit, colour, no description
	w.u(1, 0)
	w.u(2, 0)
	w.u(1, 0) // separate_uv_delta_q
	w.u(1, 0) // film grain
	w.trailing()
	return join([]byte{0x81, 0x08, 0x0c, 0, 0x0a, byte(len(w.b))}, w.b)
}

// HEVCRecord is an HEVCDecoderConfigurationRecord, Main profile, level 4.0.
func HEVCRecord(width, height int, fps float64) []byte {
	sps := HEVCSPS(width, height, fps)
	vps := []byte{0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x78, 0x95, 0x98, 0x09}
	pps := []byte{0x44, 0x01, 0xc1, 0x72, 0xb4, 0x62, 0x40}
	r := []byte{1, 0x01, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 120, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 3}
	for _, n := range []struct {
		typ byte
		nal []byte
	}{{32, vps}, {33, sps}, {34, pps}} {
		r = join(r, []byte{0x80 | n.typ}, u16(1), u16(len(n.nal)), n.nal)
	}
	return r
}

// HEVCSPS is an HEVC sequence parameter set as a NAL unit.
func HEVCSPS(width, height int, fps float64) []byte { return HEVCSPSLayers(width, height, fps, 0) }

// HEVCSPSLayers is one with this many sub-layers (0 to 6) below the highest,
// each with a profile and a level of its own.
func HEVCSPSLayers(width, height int, fps float64, layers int) []byte {
	var w bits
	w.u(4, 0)
	w.u(3, uint32(layers)) // sps_max_sub_layers_minus1
	w.u(1, 1)
	w.u(2, 0)
	w.u(1, 0)
	w.u(5, 1) // Main
	w.u(32, 0x60000000)
	w.u(4, 9)
	w.u(32, 0)
	w.u(12, 0)
	w.u(8, 120)
	if layers > 0 {
		for i := range 8 {
			w.flag(i < layers)
			w.flag(i < layers)
		}
		for range layers {
			w.u(32, 0x01600000)
			w.u(32, 0)
			w.u(24, 0)
			w.u(8, 93)
		}
	}
	w.ue(0)
	w.ue(1)
	cw, ch := (width+7)&^7, (height+7)&^7
	w.ue(uint32(cw))
	w.ue(uint32(ch))
	w.flag(cw != width || ch != height)
	if cw != width || ch != height {
		w.ue(0)
		w.ue(uint32(cw-width) / 2)
		w.ue(0)
		w.ue(uint32(ch-height) / 2)
	}
	w.ue(0)
	w.ue(0)
	w.ue(4)
	w.flag(true)
	for range layers + 1 {
		w.ue(4)
		w.ue(2)
		w.ue(0)
	}
	w.ue(0)
	w.ue(3)
	w.ue(0)
	w.ue(3)
	w.ue(0)
	w.ue(0)
	w.u(4, 0) // scaling list, amp, sao, pcm
	w.ue(0)   // num_short_term_ref_pic_sets
	w.u(3, 0)
	w.flag(fps > 0)
	if fps > 0 {
		units, scale := timing(fps)
		w.u(4, 0)
		w.u(3, 0)
		w.flag(false)
		w.flag(true)
		w.u(32, units)
		w.u(32, scale)
		w.flag(false)
		w.flag(false)
		w.flag(false)
	}
	w.flag(false)
	w.trailing()
	return join([]byte{0x42, 0x01}, escape(w.b))
}

// HEVCSlice is an HEVC slice NAL unit of n bytes; typ 19 is IDR_W_RADL, 21
// CRA, 1 TRAIL_R.
func HEVCSlice(typ byte, n int) []byte {
	return append([]byte{typ << 1, 1, 0xaf}, fill(n-3)...)
}
