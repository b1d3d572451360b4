package analyze

import (
	"bytes"
	"strings"
	"testing"

	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/flv/flvtest"
	"ingestdoctor/wasm/profile"
)

// healthy recordings: nothing above info may be found in them under any of the
// profiles, and no info but those listed.
var healthy = []struct {
	name     string
	profiles string // separated by spaces; empty: generic youtube twitch azure-live-encoding
	build    func() []byte
	infos    string
}{
	{name: "30 fps", build: func() []byte { return flvtest.Healthy(20, 30, 2).Bytes() }},
	{name: "29.97 fps", build: func() []byte { return flvtest.Healthy(30, 30000.0/1001, 2).Bytes() }},
	{name: "29.97 fps, 60 frames a GOP", build: func() []byte { return flvtest.Healthy(30, 30000.0/1001, 60*1.001/30).Bytes() }},
	{name: "25 fps", build: func() []byte { return flvtest.Healthy(20, 25, 2).Bytes() }},
	{name: "24 fps short", build: func() []byte { return flvtest.Healthy(1, 24, 2).Bytes() }},
	{name: "half a second", build: func() []byte { return flvtest.Healthy(0.5, 30, 2).Bytes() }},
	{name: "60 fps", profiles: "generic youtube twitch azure-pass-through facebook", build: func() []byte { return flvtest.Healthy(20, 60, 2).Bytes() }},
	{name: "59.94 fps", profiles: "generic youtube twitch azure-pass-through facebook", build: func() []byte { return flvtest.Healthy(20, 60000.0/1001, 2).Bytes() }},
	{name: "B-frames", build: func() []byte { return flvtest.Stream{Seconds: 20, BFrames: 2}.Build().Bytes() }},
	{name: "B-frames at 29.97", build: func() []byte { return flvtest.Stream{Seconds: 20, BFrames: 3, FPS: 30000.0 / 1001}.Build().Bytes() }},
	{name: "begins with three frames at 0, two seconds long", build: func() []byte {
		// flvmux of GStreamer, x264enc with B-frames: no decoding time below 0.
		s := flvtest.Stream{Seconds: 2}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == flv.TypeVideo {
				t.Timestamp = max(t.Timestamp-67, 0)
			}
		}
		return s.Build().Bytes()
	}},
	{name: "starts at five hours", build: func() []byte { return flvtest.Stream{Seconds: 20, StartMS: 5 * 3600 * 1000}.Build().Bytes() }},
	{name: "wraps after 49 days", build: func() []byte { return flvtest.Stream{Seconds: 20, StartMS: 1<<32 - 10000}.Build().Bytes() }},
	{name: "passes the signed limit", build: func() []byte { return flvtest.Stream{Seconds: 20, StartMS: 1<<31 - 10000}.Build().Bytes() }},
	{name: "passes 24 bits", build: func() []byte { return flvtest.Stream{Seconds: 20, StartMS: 1<<24 - 10000}.Build().Bytes() }},
	{name: "negative start", build: func() []byte { return flvtest.Stream{Seconds: 20, StartMS: -500}.Build().Bytes() }},
	{name: "48 kHz mono", build: func() []byte { return flvtest.Stream{Seconds: 20, SampleRate: 48000, Channels: 1}.Build().Bytes() }},
	{name: "repeated sequence headers", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		return repeatConfigs(s, func(ms int64) int64 { return ms })
	}},
	{name: "repeated sequence headers and metadata at 0", build: func() []byte {
		return repeatConfigs(flvtest.Stream{Seconds: 20, StartMS: 60000}, func(int64) int64 { return 0 })
	}},
	{name: "empty audio tags", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 8 && t.Frame > 0 && t.Frame%50 == 0 {
				t.Body = nil
			}
			if t.Type == 8 && t.Frame > 0 && t.Frame%77 == 0 {
				t.Body = []byte{0xaf, 1}
			}
		}
		return s.Build().Bytes()
	}},
	{name: "first audio tag empty at 0", build: func() []byte {
		b := flvtest.New().Audio(0, nil).Video(0, nil)
		return append(b.Bytes(), flvtest.Stream{Seconds: 20, StartMS: 3000}.Build().Bytes()[13:]...)
	}},
	{name: "onMetaData as an object", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 18 {
				t.Body = flvtest.MetaDataObject(flvtest.N("width", 1280), flvtest.N("height", 720), flvtest.N("framerate", 30),
					flvtest.S("videocodecid", "avc1"), flvtest.S("audiocodecid", "mp4a"), flvtest.N("videodatarate", 1000))
			}
		}
		return s.Build().Bytes()
	}},
	{name: "sequence headers before the metadata", build: func() []byte {
		var meta, rest []byte
		s := flvtest.Stream{Seconds: 20}
		b := flvtest.New()
		s.Each = func(t *flvtest.Tag) {
			switch {
			case t.Type == 18:
				meta = t.Body
				t.Drop = true
			case t.Config:
				b.Tag(t.Type, t.Timestamp, t.Body)
				t.Drop = true
			}
		}
		rest = s.Build().Bytes()[13:]
		return append(b.Script(0, meta).Bytes(), rest...)
	}},
	{name: "metadata of an encoder that knows little", build: func() []byte {
		return flvtest.Stream{Seconds: 20, MetaData: []flvtest.Prop{
			flvtest.N("duration", 0), flvtest.N("width", 0), flvtest.N("height", 0), flvtest.N("framerate", 0),
			flvtest.N("videodatarate", 0), flvtest.N("audiodatarate", 0), flvtest.N("videocodecid", 7), flvtest.N("audiosamplerate", 0),
		}}.Build().Bytes()
	}},
	{name: "FourCC numbers in the metadata", build: func() []byte {
		return flvtest.Stream{Seconds: 20, EditMetaData: set("videocodecid", 0x61766331, "audiocodecid", 0x6d703461)}.Build().Bytes()
	}},
	{name: "declared 30, real 29.97", build: func() []byte {
		return flvtest.Stream{Seconds: 20, FPS: 30000.0 / 1001, EditMetaData: set("framerate", 30)}.Build().Bytes()
	}},
	{name: "1080 lines, coded size declared", build: func() []byte {
		return flvtest.Stream{Seconds: 20, SPS: flvtest.SPS{Width: 1920, Height: 1080}, EditMetaData: set("height", 1088)}.Build().Bytes()
	}},
	{name: "1080 lines", profiles: "generic youtube twitch facebook azure-live-encoding azure-v2 aws-ivs", build: func() []byte {
		return flvtest.Stream{Seconds: 20, SPS: flvtest.SPS{Width: 1920, Height: 1080}}.Build().Bytes()
	}},
	{name: "variable bitrate", build: func() []byte {
		return flvtest.Stream{Seconds: 30, VideoKbps: 3000, KeyFactor: 12}.Build().Bytes()
	}},
	{name: "audio starts 300 ms late", build: func() []byte {
		return shift(flvtest.Stream{Seconds: 20}, 8, 300)
	}},
	{name: "video starts 400 ms late", build: func() []byte {
		return shift(flvtest.Stream{Seconds: 20}, 9, 400)
	}},
	{name: "audio ends 2 s early", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) { t.Drop = t.Type == 8 && t.Frame >= 0 && t.Timestamp > 18000 }
		return s.Build().Bytes()
	}},
	{name: "video jitters by 15 ms", build: func() []byte {
		s := flvtest.Stream{Seconds: 30, FPS: 30}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 9 && t.Frame > 0 {
				t.Timestamp += int64(t.Frame*7%31) - 15
			}
		}
		return s.Build().Bytes()
	}},
	{name: "audio in blocks with one timestamp", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 8 && t.Frame >= 0 {
				t.Timestamp = int64(float64(t.Frame/4*4) * 1024 * 1000 / 44100)
			}
		}
		return s.Build().Bytes()
	}},
	{name: "audio jitters by 16 ms", build: func() []byte {
		s := flvtest.Stream{Seconds: 40}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 8 && t.Frame >= 40 {
				t.Timestamp += int64(t.Frame % 17)
			}
		}
		return s.Build().Bytes()
	}},
	{name: "no last PreviousTagSize", build: func() []byte {
		return flvtest.Healthy(20, 30, 2).Cut(4).Bytes()
	}},
	{name: "half a last PreviousTagSize", build: func() []byte {
		return flvtest.Healthy(20, 30, 2).Cut(2).Bytes()
	}},
	{name: "audio only", profiles: "generic azure-live-encoding twitch", build: func() []byte {
		return flvtest.Stream{Seconds: 20, NoVideo: true}.Build().Bytes()
	}},
	{name: "video only", profiles: "generic azure-live-encoding twitch", build: func() []byte {
		return flvtest.Stream{Seconds: 20, NoAudio: true}.Build().Bytes()
	}},
	{name: "HEVC over Enhanced RTMP", profiles: "generic youtube tencent-css", build: func() []byte {
		return flvtest.Stream{Seconds: 20, HEVC: true, BFrames: 2}.Build().Bytes()
	}},
	{name: "a pause of 9 s", build: func() []byte { return pause(flvtest.Stream{Seconds: 30}, 10000, 9000) }},
	{name: "video still for 900 ms", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) { t.Drop = t.Type == 9 && !t.Key && t.Timestamp > 10050 && t.Timestamp < 10950 }
		return s.Build().Bytes()
	}},
	{name: "AAC config written in two ways", build: func() []byte {
		b := flvtest.Stream{Seconds: 10}.Build()
		b.Audio(10000, append(flvtest.AACConfig(44100, 2), 0x56, 0xe5, 0x00))
		return append(b.Bytes(), flvtest.Stream{Seconds: 10, StartMS: 10000, NoMetaData: true}.Build().Bytes()[13:]...)
	}},
	{name: "PreviousTagSize zero after the header only", build: func() []byte { return flvtest.Healthy(5, 30, 2).Bytes() }},
	{name: "metadata without its end marker", build: func() []byte {
		return withMeta(func(b []byte) []byte { return b[:len(b)-3] })
	}},
	{name: "metadata with a wrong count", build: func() []byte {
		return withMeta(func(b []byte) []byte { b[17] = 99; return b })
	}},
	{name: "@setDataFrame", build: func() []byte {
		return withMeta(func(b []byte) []byte {
			return append([]byte("\x02\x00\x0d@setDataFrame"), b...)
		})
	}},
	{name: "metadata in an AMF3 tag", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 18 {
				t.Type, t.Body = 15, append([]byte{0}, t.Body...)
			}
		}
		return s.Build().Bytes()
	}},
	{name: "other script messages in between", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			if t.Frame > 0 && t.Frame%100 == 0 {
				b := flvtest.New()
				b.Script(0, flvtest.Script("onCuePoint", flv.Num(1))).Script(t.Timestamp, flvtest.Script("onTextData", flv.Str("hello"))).Script(0, nil)
				t.Before = b.Bytes()[13:]
			}
		}
		return s.Build().Bytes()
	}},
	{name: "sequence headers at 0, frames at five hours", build: func() []byte {
		s := flvtest.Stream{Seconds: 20, StartMS: 5 * 3600 * 1000}
		s.Each = func(t *flvtest.Tag) {
			if t.Config {
				t.Timestamp = 0
			}
		}
		return s.Build().Bytes()
	}},
	{name: "HE-AAC declared at its core's rate", build: func() []byte {
		s := flvtest.Stream{Seconds: 20, SampleRate: 22050, EditMetaData: set("audiosamplerate", 22050, "stereo", true)}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 8 && t.Config {
				t.Body = flvtest.AACConfigRecord(flvtest.ASC(5, 44100, 2))
			}
		}
		return s.Build().Bytes()
	}, profiles: "generic azure-live-encoding"},
	{name: "stereo false for 5.1", profiles: "generic", build: func() []byte {
		return flvtest.Stream{Seconds: 20, Channels: 6}.Build().Bytes()
	}},
	{name: "end of sequence", build: func() []byte {
		return flvtest.Healthy(20, 30, 2).Video(20000, flvtest.AVCEnd()).Video(0, flvtest.AVCEnd()).Bytes()
	}},
	{name: "end of sequence of two bytes", build: func() []byte {
		return flvtest.Healthy(20, 30, 2).Video(20000, []byte{0x17, 2}).Bytes()
	}},
	{name: "video commands", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			if t.Key {
				t.Before = flvtest.New().Video(0, []byte{0x57, 0}).Bytes()[13:]
			}
		}
		return s.Build().Bytes()
	}},
	{name: "access unit delimiters and SEI", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 9 && t.Frame >= 0 {
				kind, header, typ := uint32(5), byte(0x41), byte(2)
				if t.Key {
					kind, header, typ = 7, 0x65, 1
				}
				t.Body = flvtest.AVC(typ, 0, []byte{9, 0xf0}, []byte{6, 5, 1, 0x80}, flvtest.Slice(header, kind, len(t.Body)-30))
			}
		}
		return s.Build().Bytes()
	}},
	{name: "NAL lengths of two bytes", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 9 && t.Config {
				t.Body = flvtest.AVCConfigRecord(flvtest.AVCRecord(flvtest.SPS{Width: 1280, Height: 720, FPS: 30}, 2))
			} else if t.Type == 9 && t.Frame >= 0 {
				t.Body = append(t.Body[:5:5], t.Body[7:]...)
			}
		}
		return s.Build().Bytes()
	}},
	{name: "both tracks pause for 3 s", build: func() []byte { return pause(flvtest.Stream{Seconds: 30}, 10000, 3000) }},
	{name: "the recording goes on in a second part", build: func() []byte {
		a := flvtest.Stream{Seconds: 10}.Build().Bytes()
		return append(a, flvtest.Stream{Seconds: 10, StartMS: 10010}.Build().Bytes()[13:]...)
	}},
	{name: "StreamID 1", infos: "flv-stream-id", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) { t.StreamID = 1 }
		return s.Build().Bytes()
	}},
	{name: "header flags without video", infos: "flv-header-flags", build: func() []byte {
		return flvtest.Stream{Seconds: 20, Flags: 4}.Build().Bytes()
	}},
	{name: "scene cuts", infos: "keyframe-irregular", build: func() []byte {
		s := flvtest.Stream{Seconds: 30, GOP: 1}
		s.Each = func(t *flvtest.Tag) {
			if t.Key && (t.Timestamp == 5000 || t.Timestamp == 12000) {
				t.Key = false
				t.Body = flvtest.P(3000, 0)
			}
		}
		return s.Build().Bytes()
	}},
}

// withMeta changes the body of the metadata.
func withMeta(change func([]byte) []byte) []byte {
	s := flvtest.Stream{Seconds: 20}
	s.Each = func(t *flvtest.Tag) {
		if t.Type == 18 {
			t.Body = change(bytes.Clone(t.Body))
		}
	}
	return s.Build().Bytes()
}

// set changes or adds numbers of the metadata.
func set(pairs ...any) func([]flvtest.Prop) []flvtest.Prop {
	return func(props []flvtest.Prop) []flvtest.Prop {
		for i := 0; i < len(pairs); i += 2 {
			name := pairs[i].(string)
			var p flvtest.Prop
			switch v := pairs[i+1].(type) {
			case int:
				p = flvtest.N(name, float64(v))
			case float64:
				p = flvtest.N(name, v)
			case string:
				p = flvtest.S(name, v)
			case bool:
				p = flvtest.T(name, v)
			}
			done := false
			for j := range props {
				if props[j].Name == name {
					props[j], done = p, true
				}
			}
			if !done {
				props = append(props, p)
			}
		}
		return props
	}
}

// repeatConfigs writes the sequence headers and the metadata again before each
// key frame, at a timestamp made from that of the frame.
func repeatConfigs(s flvtest.Stream, stamp func(int64) int64) []byte {
	var meta, video, audio []byte
	s.Each = func(t *flvtest.Tag) {
		switch {
		case t.Type == 18:
			meta = t.Body
		case t.Config && t.Type == 9:
			video = t.Body
		case t.Config:
			audio = t.Body
		case t.Key:
			ms := stamp(t.Timestamp)
			b := flvtest.New().Script(ms, meta).Video(ms, video).Audio(ms, audio)
			t.Before = b.Bytes()[13:]
		}
	}
	return s.Build().Bytes()
}

// shift moves the frames of one type by ms and sorts the file by time again.
func shift(s flvtest.Stream, typ byte, ms int64) []byte {
	s.Each = func(t *flvtest.Tag) {
		if t.Type == typ && t.Frame >= 0 {
			t.Timestamp += ms
		}
	}
	return s.Build().Bytes()
}

// pause moves everything from a moment on by ms.
func pause(s flvtest.Stream, from, ms int64) []byte {
	s.Each = func(t *flvtest.Tag) {
		if t.Timestamp >= from {
			t.Timestamp += ms
		}
	}
	return s.Build().Bytes()
}

func TestHealthyRecordingsAreClean(t *testing.T) {
	for _, c := range healthy {
		t.Run(c.name, func(t *testing.T) {
			file := c.build()
			profiles := c.profiles
			if profiles == "" {
				profiles = "generic youtube twitch azure-live-encoding"
			}
			for _, id := range strings.Fields(profiles) {
				r := analyse(t, id, file, 0)
				sound(t, r)
				grave, infos := found(r)
				for _, f := range r.Findings {
					if f.Severity > 1 {
						t.Errorf("%s: %s %s: %s", id, f.Severity, f.Rule, f.Message)
					}
				}
				if len(grave) > 0 {
					continue
				}
				for _, id2 := range infos {
					if !strings.Contains(c.infos, id2) {
						t.Errorf("%s: info %s: %s", id, id2, finding(r, id2).Message)
					}
				}
				for _, want := range strings.Fields(c.infos) {
					if finding(r, want) == nil {
						t.Errorf("%s: no %s", id, want)
					}
				}
			}
		})
	}
}

// TestEveryProfileTakesAModestStream: 720p30 with a key frame every 2 s is
// within the limits of every platform.
func TestEveryProfileTakesAModestStream(t *testing.T) {
	file := flvtest.Stream{Seconds: 30, VideoKbps: 2500}.Build().Bytes()
	for _, p := range profile.All() {
		r := analyse(t, p.ID, file, 0)
		sound(t, r)
		for _, f := range r.Findings {
			t.Errorf("%s: %s %s: %s", p.ID, f.Severity, f.Rule, f.Message)
		}
		if !strings.HasPrefix(r.Verdict.Headline, "Nothing in this recording would") {
			t.Errorf("%s: %s", p.ID, r.Verdict.Headline)
		}
	}
}
