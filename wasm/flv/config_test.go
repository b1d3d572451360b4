package flv_test

import (
	"encoding/hex"
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"ingestdoctor/wasm/flv"
	ft "ingestdoctor/wasm/flv/flvtest"
)

func say(c *flv.Config) string {
	s := c.Profile
	if c.Level != "" {
		s += " " + c.Level
	}
	if c.CodedWidth > 0 {
		s += fmt.Sprintf(" %dx%d of %dx%d", c.Width, c.Height, c.CodedWidth, c.CodedHeight)
	}
	if c.Chroma != "" {
		s += fmt.Sprintf(" %s %d bit", c.Chroma, c.BitDepth)
	}
	if c.FrameRate > 0 {
		s += fmt.Sprintf(" %.3f fps", c.FrameRate)
		if c.FixedFrameRate {
			s += " fixed"
		}
	}
	if c.NALLength > 0 {
		s += fmt.Sprintf(" lengths %d", c.NALLength)
	}
	if c.SampleRate > 0 {
		s += fmt.Sprintf(" type %d, %d Hz, core %d, %d channels, %d samples", c.ObjectType, c.SampleRate, c.CoreRate, c.Channels, c.FrameSize)
	}
	if c.Err != "" {
		s += " ERROR " + c.Err
	}
	return s
}

// Records as encoders write them: x264, x265 (without its SEI), SVT-AV1, libaom, rav1e, libvpx and
// FFmpeg's AAC encoder, sizes and rates as ffprobe reads them.
func TestConfigsOfEncoders(t *testing.T) {
	for _, c := range []struct {
		name   string
		codec  flv.Codec
		record string
		want   string
	}{
		{
			"x264 high", flv.AVC, "01640028ffe1001967640028acd940780227e5c04400000fa40003a9803c60c65801000668ebe3cb22c0fdf8f800",
			"High 4.0 1920x1080 of 1920x1088 4:2:0 8 bit 29.970 fps lengths 4",
		},
		{
			"x264 baseline", flv.AVC, "0142c01fffe1001c6742c01fd900d83de6fff05000501100000303e90000ea600f18324801000568cb83cb20",
			"Constrained Baseline 3.1 854x480 of 864x480 4:2:0 8 bit 29.970 fps lengths 4",
		},
		{
			"x264 main interlaced", flv.AVC, "014d4028ffe10018674d4028eca03c0227ef011000003e90000ea601f162d96001000568fba3cb20",
			"Main 4.0 1920x1080 of 1920x1088 4:2:0 8 bit 29.970 fps lengths 4",
		},
		{
			"x264 high 10", flv.AVC, "016e0028ffe1001a676e0028a6cd940780227e5c04400000fa40003a9803c60c658001000668ebe3cb22c0fdfafa00",
			"High 10 4.0 1920x1080 of 1920x1088 4:2:0 10 bit 29.970 fps lengths 4",
		},
		{
			"x264 4:2:2", flv.AVC, "017a0020ffe1001d677a0020bcd94056061e6fff080008011000003e90000ea600f183196001000668ebe3cb22c0fef8f800",
			"High 4:2:2 3.2 1366x768 of 1376x768 4:2:2 8 bit 29.970 fps lengths 4",
		},
		{
			"x264 4:4:4", flv.AVC, "01f4000dffe1001d67f4000d919b282a33c7c5ffe01a0019e2000007d20001d4c01e28532c01000668ebe3c44844fff8f800",
			"High 4:4:4 Predictive 1.3 322x182 of 336x192 4:4:4 8 bit 29.970 fps lengths 4",
		},
		{
			"x264 grey", flv.AVC, "0164000dffe1001d6764000df365054678f8bffc0340033db2000007d20001d4c01e28532c01000668ebe3cb22c0fcf8f800",
			"High 1.3 322x182 of 336x192 4:0:0 8 bit 29.970 fps lengths 4",
		},
		{
			"x265 main", flv.HEVC, "01016000000090000000000078f000fcfdf8f800000f03a00001001840010c01ffff016000000300900000030000030078959809a100010029420101016000000300900000030000030078a003c08010e596566924caf01680800001f480003a9804a2000100074401c172b46240",
			"Main 4.0 1920x1080 of 1920x1080 4:2:0 8 bit 29.970 fps lengths 4",
		},
		{
			"x265 main 10, temporal layers", flv.HEVC, "01022000000090000000000078f000fcfdfaf800001303200001001c40010c02ffff02200000030090000003000003007800009598acc048210001002d4201020220000003009000000300000300780000a003c08010e4d965662b349265780b40400000fa40001d4c0222000100074401c172b46240",
			"Main 10 4.0 1920x1080 of 1920x1080 4:2:0 10 bit 29.970 fps lengths 4",
		},
		{
			"x265 4:2:2", flv.HEVC, "0104080000009d080000000078f000fcfefaf800000f03200001001740010c01ffff0408000003009d08000003000078959809210001002d4201010408000003009d08000003000078b002ac80301d6d96566924cafff08000801680800001f480003a980422000100074401c172b46240",
			"Range Extensions 4.0 1366x768 of 1368x768 4:2:2 10 bit 29.970 fps lengths 4",
		},
		{"SVT-AV1", flv.AV1, "81084c000a0b00000042abbfc3700be101", "Main 4.0 1920x1080 of 1920x1080 4:2:0 10 bit"},
		{"libaom 4:4:4", flv.AV1, "812100000a0b2000000cc5036936be4080", "High 2.1 642x362 of 642x362 4:4:4 8 bit"},
		{"rav1e", flv.AV1, "811f0c000a0e000000fa627fb38842b204040428", "Main 640x360 of 640x360 4:2:0 8 bit"},
		{"libvpx VP9", flv.VP9, "010000000215a20202020000", "Profile 2 2.1 4:2:0 10 bit"},
		{"libvpx VP9 without version", flv.VP9, "0215a20202020000", "Profile 2 2.1 4:2:0 10 bit"},
		{"AAC mono", flv.AAC, "120856e500", "LC type 2, 44100 Hz, core 44100, 1 channels, 1024 samples"},
		{"AAC 5.1", flv.AAC, "11b056e500", "LC type 2, 48000 Hz, core 48000, 6 channels, 1024 samples"},
		{"AAC 7.1", flv.AAC, "103856e500", "LC type 2, 96000 Hz, core 96000, 8 channels, 1024 samples"},
		{"AAC main", flv.AAC, "0a0856e500", "Main type 1, 44100 Hz, core 44100, 1 channels, 1024 samples"},
		{"AAC 7,350 Hz", flv.AAC, "160856e500", "LC type 2, 7350 Hz, core 7350, 1 channels, 1024 samples"},
		{"AAC with its channels in a PCE", flv.AAC, "1200050" + "4010020000d4c61766335392e33372e31303056e500", "LC type 2, 44100 Hz, core 44100, 3 channels, 1024 samples"},
		{"AAC with in-band channels", flv.AAC, "1200", "LC type 2, 44100 Hz, core 44100, 0 channels, 1024 samples"},
		{"HE-AAC, explicit", flv.AAC, "2b920800", "HE-AAC type 5, 44100 Hz, core 22050, 2 channels, 1024 samples"},
		{"HE-AAC, backward compatible", flv.AAC, "139056e5a0", "HE-AAC type 5, 44100 Hz, core 22050, 2 channels, 1024 samples"},
		{"HE-AAC v2, explicit", flv.AAC, "eb8a0800", "HE-AAC v2 type 29, 44100 Hz, core 22050, 2 channels, 1024 samples"},
		{"HE-AAC v2, backward compatible", flv.AAC, "138856e5a54880", "HE-AAC v2 type 29, 44100 Hz, core 22050, 2 channels, 1024 samples"},
		{"AAC of 960 samples", flv.AAC, "1194", "LC type 2, 48000 Hz, core 48000, 2 channels, 960 samples"},
		{"AAC of an explicit rate", flv.AAC, "1780566110", "LC type 2, 44226 Hz, core 44226, 2 channels, 1024 samples"},
		{"xHE-AAC", flv.AAC, "f94840", "xHE-AAC type 42, 44100 Hz, core 44100, 2 channels, 0 samples"},
		{"Opus", flv.Opus, hex.EncodeToString(ft.OpusHead(6, 48000)), " type 0, 48000 Hz, core 48000, 6 channels, 0 samples"},
		{"FLAC", flv.FLAC, "664c61438000002210001000" + "00000d000011" + "0bb802f0" + "0000000000000000000000000000000000000000", " type 0, 48000 Hz, core 48000, 2 channels, 4096 samples"},
		{"FLAC, block only", flv.FLAC, "800000221000100000000d0000110bb802f00000000000000000000000000000000000000000", " type 0, 48000 Hz, core 48000, 2 channels, 4096 samples"},
	} {
		b, err := hex.DecodeString(c.record)
		if err != nil {
			t.Fatal(c.name, err)
		}
		got := flv.ParseConfig(c.codec, b, 0)
		if s := say(got); s != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, s, c.want)
		}
	}
}

// TestConfigsMade holds the parser against records made for a size.
func TestConfigsMade(t *testing.T) {
	for _, size := range [][2]int{{1920, 1080}, {1280, 720}, {640, 360}, {426, 240}, {3840, 2160}, {1080, 1920}, {2, 2}, {8192, 4320}} {
		w, h := size[0], size[1]
		for _, s := range []ft.SPS{{Profile: 66}, {Profile: 77, Interlaced: true}, {Profile: 100, FPS: 59.94}, {Profile: 110}, {Profile: 122}} {
			s.Width, s.Height = w, h
			if s.Interlaced && h%4 != 0 || s.Profile == 122 && h != (h+15)&^15 {
				continue
			}
			c := flv.ParseConfig(flv.AVC, ft.AVCRecord(s, 4), 0)
			if c.Err != "" || c.Width != w || c.Height != h || math.Abs(c.FrameRate-s.FPS) > 0.001 || c.FixedFrameRate != (s.FPS > 0) {
				t.Errorf("%+v: %s", s, say(c))
			}
		}
		for codec, rec := range map[flv.Codec][]byte{flv.HEVC: ft.HEVCRecord(w, h, 25), flv.AV1: ft.AV1Record(w, h)} {
			c := flv.ParseConfig(codec, rec, 0)
			if c.Err != "" || c.Width != w || c.Height != h || codec == flv.HEVC && c.FrameRate != 25 {
				t.Errorf("%v %dx%d: %s", codec, w, h, say(c))
			}
		}
	}
	for _, hz := range []int{44100, 48000, 32000, 8000, 12345} {
		for _, ch := range []int{1, 2, 6, 8} {
			c := flv.ParseConfig(flv.AAC, ft.ASC(2, hz, ch), 0)
			if c.Err != "" || c.SampleRate != hz || c.Channels != ch || c.Profile != "LC" {
				t.Errorf("%d Hz, %d channels: %s", hz, ch, say(c))
			}
			// mediacommon as second opinion.
			var m mpeg4audio.AudioSpecificConfig
			if err := m.Unmarshal(ft.ASC(2, hz, ch)); err != nil || m.SampleRate != c.SampleRate || int(m.ChannelConfig) != min(c.Channels, 7) {
				t.Errorf("%d Hz, %d channels: mediacommon %+v %v", hz, ch, m, err)
			}
		}
	}
}

func TestConfigFaults(t *testing.T) {
	avc := ft.AVCRecord(ft.SPS{}, 4)
	hevc := ft.HEVCRecord(1280, 720, 0)
	av1 := ft.AV1Record(1280, 720)
	with := func(b []byte, at int, v ...byte) []byte {
		b = append([]byte(nil), b...)
		copy(b[at:], v)
		return b
	}
	for _, c := range []struct {
		name  string
		codec flv.Codec
		raw   []byte
		at    int64
		sized bool // the size is told all the same
	}{
		{"avc cut", flv.AVC, avc[:4], 0, false},
		{"avc version", flv.AVC, with(avc, 0, 3), 0, false},
		{"avc annex b", flv.AVC, append([]byte{0, 0, 0, 1}, ft.SPS{}.NAL()...), 0, false},
		{"avc without sps", flv.AVC, []byte{1, 100, 0, 40, 0xff, 0xe0, 0}, 5, false},
		{"avc cut in sps", flv.AVC, avc[:15], 8, false},
		{"avc cut in pps", flv.AVC, avc[:len(avc)-6], -1, true},
		{"avc cut behind sps", flv.AVC, avc[:8+len(ft.SPS{}.NAL())], -1, true},
		{"avc nal length 3", flv.AVC, with(avc, 4, 0xfe), 4, true},
		{"avc sps of another type", flv.AVC, with(avc, 8, 0x68), 8, false},
		{"avc sps of noise", flv.AVC, append([]byte{1, 100, 0, 40, 0xff, 0xe1, 0, 20, 0x67}, make([]byte, 19)...), -1, false},
		{"hevc cut", flv.HEVC, hevc[:20], 0, false},
		{"hevc without sps", flv.HEVC, with(hevc[:23], 22, 0), 22, false},
		{"hevc cut in a set", flv.HEVC, hevc[:60], -1, false},
		{"av1 cut", flv.AV1, av1[:3], 3, false},
		{"av1 marker", flv.AV1, with(av1, 0, 1), 0, false},
		{"av1 unit cut", flv.AV1, av1[:len(av1)-2], 4, false},
		{"aac of one byte", flv.AAC, []byte{0x12}, 1, false},
		{"aac reserved rate", flv.AAC, []byte{0x16, 0x90}, 0, false},
		{"aac reserved channels", flv.AAC, []byte{0x12, 0x78}, 1, false},
		{"opus name", flv.Opus, []byte("OpusTail12345678901"), 0, false},
		{"opus cut", flv.Opus, []byte("OpusHead\x01"), 9, false},
		{"flac cut", flv.FLAC, []byte("fLaC\x80\x00\x00\x22"), -1, false},
		{"vp9 cut", flv.VP9, []byte{1, 0, 0, 0, 0, 1}, 6, false},
	} {
		got := flv.ParseConfig(c.codec, c.raw, 5000)
		if got.Err == "" {
			t.Errorf("%s: no fault: %s", c.name, say(got))
		} else if at := got.ErrAt - 5000; c.at >= 0 && at != c.at || at < 0 || at > int64(len(c.raw)) {
			t.Errorf("%s: %s at %d, want %d", c.name, got.Err, at, c.at)
		}
		if (got.Width > 0) != c.sized {
			t.Errorf("%s: size %dx%d", c.name, got.Width, got.Height)
		}
	}
	// Sub-layers with their own profile and level, which mediacommon does not
	// read: size, depth and profile are told all the same.
	for layers := range 7 {
		sps := ft.HEVCSPSLayers(1366, 768, 25, layers)
		rec := append(hevc[:22:22], 1, 0xa1, 0, 1, byte(len(sps)>>8), byte(len(sps)))
		c := flv.ParseConfig(flv.HEVC, append(rec, sps...), 0)
		if c.Err != "" || c.Width != 1366 || c.Height != 768 || c.CodedWidth != 1368 || c.Profile != "Main" || c.Level != "4.0" || c.BitDepth != 8 {
			t.Errorf("%d sub-layers: %s", layers, say(c))
		}
	}
	// A decoder model and a display delay are foreign to it too.
	for i := range 4 {
		c := flv.ParseConfig(flv.AV1, ft.AV1RecordTimed(1366, 768, 29.97, i&1 != 0, i&2 != 0), 0)
		if c.Err != "" || c.Width != 1366 || c.Height != 768 || math.Abs(c.FrameRate-29.97) > 0.001 {
			t.Errorf("AV1 %d: %s", i, say(c))
		}
	}
	if c := flv.ParseConfig(flv.AV1, append([]byte{0x81, 8, 0x0c, 0}, 0x0a, 0), 0); c.Err == "" {
		t.Error("an empty AV1 sequence header")
	}
}

func TestConfigIsCheap(t *testing.T) {
	// A record of 64 KiB whose parameter sets overlap in every way.
	raw := make([]byte, 64<<10)
	for i := range raw {
		raw[i] = byte(i * 31)
	}
	raw[0] = 1
	for _, codec := range []flv.Codec{flv.AVC, flv.HEVC, flv.AV1, flv.AAC, flv.Opus, flv.FLAC, flv.VP9} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		flv.ParseConfig(codec, raw, 0)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%v: %d bytes", codec, n)
		}
	}
}
