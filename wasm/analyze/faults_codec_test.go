package analyze

import (
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv/flvtest"
)

// ertmp is a recording of Enhanced RTMP bodies: 10 s of video at 25 frames a
// second, a key frame every 2 s, and audio every 20 ms.
func ertmp(config, audioConfig []byte, video func(i int, key bool) []byte, audio func(i int) []byte) []byte {
	b := flvtest.New()
	b.Script(0, flvtest.MetaData(flvtest.N("framerate", 25)))
	if config != nil {
		b.Video(0, config)
	}
	if audioConfig != nil {
		b.Audio(0, audioConfig)
	}
	for i := range 250 {
		b.Video(int64(i*40), video(i, i%50 == 0))
		b.Audio(int64(i*40), audio(2*i)).Audio(int64(i*40+20), audio(2*i+1))
	}
	return b.Bytes()
}

func frameType(key bool) byte {
	if key {
		return 1
	}
	return 2
}

func opus(int) []byte { return flvtest.ExAudio(1, "Opus", make([]byte, 300)) }

func av1(i int, key bool) []byte {
	// A temporal delimiter and a frame OBU that nobody looks into.
	return flvtest.ExVideo(frameType(key), 1, "av01", append([]byte{0x12, 0, 0x32, 0x64}, make([]byte, 100)...))
}

// multitrack is an Enhanced RTMP push of n video tracks.
func multitrack(n int, noMeta bool) []byte {
	b := flvtest.New()
	if !noMeta {
		b.Script(0, flvtest.MetaData(flvtest.N("framerate", 25)))
	}
	var configs []flvtest.Track
	for i := range n {
		s := flvtest.SPS{Width: 1280 >> i, Height: 720 >> i, FPS: 25}
		configs = append(configs, flvtest.Track{ID: byte(i), FourCC: "avc1", Payload: flvtest.AVCRecord(s, 4)})
	}
	b.Video(0, flvtest.MultiVideo(1, flvtest.ManyTracks, 0, configs...))
	b.Audio(0, flvtest.AACConfig(48000, 2))
	for i := range 250 {
		key := i%50 == 0
		var tracks []flvtest.Track
		for j := range n {
			unit := flvtest.Slice(0x41, 5, 1000)
			if key {
				unit = flvtest.Slice(0x65, 7, 4000)
			}
			tracks = append(tracks, flvtest.Track{ID: byte(j), FourCC: "avc1", Payload: flvtest.WithCTS(0, flvtest.NALs(unit))})
		}
		b.Video(int64(i*40), flvtest.MultiVideo(frameType(key), flvtest.ManyTracks, 1, tracks...))
		for j := i * 40 * 48 / 1024; j < (i+1)*40*48/1024; j++ {
			b.Audio(int64(j*1024/48), flvtest.AAC(300))
		}
	}
	return b.Bytes()
}

// audioTracks has legacy AAC as track 0 and two more as multitrack tags.
func audioTracks() []byte {
	s := flvtest.Stream{}
	s.Each = func(t *flvtest.Tag) {
		if t.Type != 8 {
			return
		}
		b := flvtest.New()
		for id := byte(1); id < 3; id++ {
			packet := byte(1)
			if t.Config {
				packet = 0
			}
			b.Audio(t.Timestamp, flvtest.MultiAudio(flvtest.OneTrack, packet, flvtest.Track{ID: id, FourCC: "mp4a", Payload: t.Body[2:]}))
		}
		t.Before = b.Bytes()[13:]
	}
	return s.Build().Bytes()
}

// enhancedAVC writes H.264 with FourCC headers, CodedFrames and CodedFramesX.
func enhancedAVC() []byte {
	s := flvtest.Stream{EditMetaData: set("videocodecid", 0x61766331)}
	s.Each = func(t *flvtest.Tag) {
		switch {
		case t.Type != 9:
		case t.Config:
			t.Body = flvtest.ExVideo(1, 0, "avc1", t.Body[5:])
		case t.Frame%2 == 0:
			t.Body = flvtest.ExVideo(frameType(t.Key), 1, "avc1", t.Body[2:])
		default:
			t.Body = flvtest.ExVideo(frameType(t.Key), 3, "avc1", t.Body[5:])
		}
	}
	return s.Build().Bytes()
}

// two joins two recordings, the second one continuing the clock.
func two(a, c flvtest.Stream) []byte {
	a.Seconds, c.Seconds = 10, 10
	c.StartMS, c.NoMetaData = 10000, true
	return append(a.Build().Bytes(), c.Build().Bytes()[13:]...)
}

var codecFaults = []fault{
	{name: "HEVC to Azure", profile: "azure-live-encoding", build: func() []byte { return flvtest.Stream{HEVC: true}.Build().Bytes() }, want: "codec-video-unsupported!", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "codec-video-unsupported", "codec", "HEVC")
		text(t, r, "codec-video-unsupported", "codec_tag", "hvc1")
		near(t, "count", finding(r, "codec-video-unsupported").Count, 300, 0)
		if r.Verdict.Headline != "Azure would refuse this: its video is HEVC (taken: H.264)" {
			t.Error(r.Verdict.Headline)
		}
	}},
	{name: "MP3 to Azure", profile: "azure-live-encoding", build: func() []byte { return withMP3() }, want: "codec-audio-unsupported!"},
	{name: "MP3 to YouTube", profile: "youtube", build: func() []byte { return withMP3() }},
	{name: "Sorenson H.263 and MP3", build: func() []byte {
		b := flvtest.New()
		b.Script(0, flvtest.MetaData(flvtest.N("videocodecid", 2), flvtest.N("audiocodecid", 2), flvtest.N("width", 352), flvtest.N("height", 288)))
		for i, n := 0, 0; i < 250; i++ {
			for ; n*26 < i*40; n++ {
				b.Audio(int64(n*26), flvtest.MP3(417))
			}
			typ := frameType(i%50 == 0)
			b.Video(int64(i*40), append([]byte{typ<<4 | 2, 0, 0, 0x80, 0x01, 0}, make([]byte, 500)...))
		}
		return b.Bytes()
	}, want: "codec-video-unsupported", check: func(t *testing.T, r *diag.Report) {
		if v := r.Media.Tracks[0]; v.Width != 352 || v.Height != 288 {
			t.Errorf("%+v", v)
		}
	}},
	{name: "AV1 and Opus", build: func() []byte {
		return ertmp(flvtest.ExVideo(1, 0, "av01", flvtest.AV1Record(1280, 720)), flvtest.ExAudio(0, "Opus", flvtest.OpusHead(2, 48000)), av1, opus)
	}, check: func(t *testing.T, r *diag.Report) {
		if len(r.Media.Tracks) != 2 || r.Media.Tracks[0].Codec != "AV1" || r.Media.Tracks[0].Width != 1280 || r.Media.Tracks[1].Codec != "Opus" || !r.Media.Enhanced {
			t.Errorf("%+v", r.Media.Tracks)
		}
	}},
	{name: "AV1 without and Opus without sequence header", build: func() []byte { return ertmp(nil, nil, av1, opus) }, want: "config-video-missing!"},
	{name: "VP9 without sequence header", build: func() []byte {
		return ertmp(nil, nil, func(i int, key bool) []byte {
			return flvtest.ExVideo(frameType(key), 1, "vp09", make([]byte, 100))
		}, opus)
	}},
	{name: "an unknown FourCC", build: func() []byte {
		return ertmp(nil, nil, func(i int, key bool) []byte {
			return flvtest.ExVideo(frameType(key), 1, "zzzz", make([]byte, 100))
		}, opus)
	}, want: "codec-video-unsupported"},
	{name: "no video sequence header", build: func() []byte { return flvtest.Stream{NoVideoConfig: true}.Build().Bytes() }, want: "config-video-missing!", check: func(t *testing.T, r *diag.Report) {
		near(t, "frames", arg(t, r, "config-video-missing", "frames"), 300, 0)
	}},
	{name: "no audio sequence header", build: func() []byte { return flvtest.Stream{NoAudioConfig: true}.Build().Bytes() }, want: "config-audio-missing!"},
	{name: "sequence headers after a second", build: func() []byte {
		s := flvtest.Stream{}
		var kept []byte
		s.Each = func(t *flvtest.Tag) {
			if t.Config {
				kept = append(kept, flvtest.New().Tag(t.Type, 1000, t.Body).Bytes()[13:]...)
				t.Drop = true
			}
			if t.Type == 9 && t.Timestamp == 1000 {
				t.Before = kept
			}
		}
		return s.Build().Bytes()
	}, want: "config-video-late! config-audio-late!", check: func(t *testing.T, r *diag.Report) {
		near(t, "frames", arg(t, r, "config-video-late", "frames"), 30, 0)
		near(t, "late_ms", arg(t, r, "config-audio-late", "late_ms"), 1000, 0)
	}},
	{name: "an AVC record that ends early", build: func() []byte {
		return changeConfig(9, func(b []byte) []byte { return b[:len(b)-10] })
	}, want: "config-malformed!"},
	{name: "an empty AudioSpecificConfig", build: func() []byte {
		return changeConfig(8, func(b []byte) []byte { return b[:2] })
	}, want: "config-audio-missing!"},
	{name: "the resolution changes", build: func() []byte {
		return two(flvtest.Stream{}, flvtest.Stream{SPS: flvtest.SPS{Width: 640, Height: 360}})
	}, want: "config-changed", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "config-changed", "changed", "resolution")
		text(t, r, "config-changed", "before", "1280x720")
		text(t, r, "config-changed", "after", "640x360")
		near(t, "timestamp", finding(r, "config-changed").TimestampMS, 10000, 0)
	}},
	{name: "the sample rate changes at Facebook", profile: "facebook", build: func() []byte {
		return two(flvtest.Stream{}, flvtest.Stream{SampleRate: 48000})
	}, want: "config-changed!", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "config-changed", "changed", "sample rate")
	}},
	{name: "the video codec changes", build: func() []byte {
		return two(flvtest.Stream{}, flvtest.Stream{HEVC: true})
	}, want: "config-changed", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "config-changed", "changed", "codec")
		near(t, "count", finding(r, "config-changed").Count, 1, 0)
	}},
	{name: "two configurations take turns at Azure", profile: "azure-live-encoding", build: func() []byte {
		a := flvtest.AVCConfig(flvtest.SPS{FPS: 30})
		c := flvtest.AVCConfig(flvtest.SPS{Width: 640, Height: 360, FPS: 30})
		s := flvtest.Stream{}
		n := 0
		s.Each = func(t *flvtest.Tag) {
			if t.Key {
				n++
				body := a
				if n%2 == 0 {
					body = c
				}
				t.Before = flvtest.New().Video(t.Timestamp, body).Bytes()[13:]
			}
		}
		return s.Build().Bytes()
	}, want: "config-changed qualities-exceeded!", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "qualities-exceeded", "how", "alternating")
		near(t, "qualities", arg(t, r, "qualities-exceeded", "qualities"), 2, 0)
	}},
	{name: "three tracks to YouTube", profile: "youtube", build: func() []byte { return multitrack(3, false) }, want: "qualities-exceeded!", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "qualities-exceeded", "how", "multitrack")
		text(t, r, "qualities-exceeded", "seen", "1280x720, 640x360, 320x180")
		near(t, "qualities", arg(t, r, "qualities-exceeded", "qualities"), 3, 0)
		if len(r.Media.Tracks) != 4 {
			t.Errorf("%d tracks", len(r.Media.Tracks))
		}
	}},
	{name: "three tracks anywhere", build: func() []byte { return multitrack(3, false) }},
	{name: "three audio tracks, as OBS sends them, to YouTube", profile: "youtube", build: audioTracks, want: "qualities-exceeded!", infos: "bitrate-exceeded", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "qualities-exceeded", "track", "audio")
		if n := len(r.Media.Tracks); n != 4 || r.Media.Tracks[2].ID != 1 || r.Media.Tracks[2].SampleRate != 44100 {
			t.Errorf("%+v", r.Media.Tracks)
		}
	}},
	{name: "three audio tracks anywhere", build: audioTracks},
	{name: "an AVC sequence header in Enhanced form", build: func() []byte { return enhancedAVC() }},
	{name: "Enhanced AVC to Azure", profile: "azure-live-encoding", build: func() []byte { return enhancedAVC() }, want: "codec-video-unsupported!", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "codec-video-unsupported", "codec", "Enhanced RTMP")
		if f := finding(r, "codec-video-unsupported"); f.Basis != diag.Inferred {
			t.Errorf("basis %s", f.Basis)
		}
	}},
	{name: "Annex B", build: func() []byte {
		return changeVideo(func(t *flvtest.Tag) {
			if t.Key {
				t.Body = flvtest.AnnexB(1, flvtest.Slice(0x65, 7, 9000))
			} else {
				t.Body = flvtest.AnnexB(2, flvtest.Slice(0x41, 5, 3700))
			}
		})
	}, want: "nal-format!", check: func(t *testing.T, r *diag.Report) {
		if a, _ := finding(r, "nal-format").Args.Get("annexb"); a.Int != 1 {
			t.Error("Annex B is not named")
		}
	}},
	{name: "NAL lengths that do not add up", build: func() []byte {
		return changeVideo(func(t *flvtest.Tag) {
			if t.Frame%100 == 50 {
				t.Body[7] ^= 0x40
			}
		})
	}, want: "nal-format!", check: func(t *testing.T, r *diag.Report) { near(t, "count", finding(r, "nal-format").Count, 3, 0) }},
	{name: "an AVC tag of one byte", build: func() []byte {
		return changeVideo(func(t *flvtest.Tag) {
			if t.Frame == 50 {
				t.Body = []byte{0x27}
			}
		})
	}, want: "frame-malformed!"},
	{name: "32 kHz to YouTube", profile: "youtube", build: func() []byte { return flvtest.Stream{SampleRate: 32000}.Build().Bytes() }, want: "audio-config-mismatch"},
	{name: "5.1 to Twitch", profile: "twitch", build: func() []byte {
		return flvtest.Stream{Channels: 6}.Build().Bytes()
	}, want: "audio-config-mismatch", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "audio-config-mismatch", "property", "channel count")
	}},
}

func withMP3() []byte {
	s := flvtest.Stream{EditMetaData: set("audiocodecid", 2)}
	s.Each = func(t *flvtest.Tag) {
		switch {
		case t.Type == 8 && t.Config:
			t.Drop = true
		case t.Type == 8:
			t.Timestamp = int64(float64(t.Frame) * 1152 * 1000 / 44100)
			t.Body = flvtest.MP3(417)
			t.Drop = t.Timestamp > 9990
		}
	}
	return byTime(s)
}

// byTime builds a stream whose Each changed timestamps, in the order of time.
func byTime(s flvtest.Stream) []byte {
	type tag struct {
		typ  byte
		ms   int64
		body []byte
	}
	var tags []tag
	each := s.Each
	s.Each = func(t *flvtest.Tag) {
		each(t)
		if t.Drop {
			return
		}
		i := len(tags)
		for i > 0 && t.Frame >= 0 && tags[i-1].ms > t.Timestamp {
			i--
		}
		tags = append(tags, tag{})
		copy(tags[i+1:], tags[i:])
		tags[i] = tag{t.Type, t.Timestamp, t.Body}
	}
	s.Build()
	b := flvtest.New()
	for _, t := range tags {
		b.Tag(t.typ, t.ms, t.body)
	}
	return b.Bytes()
}

func changeConfig(typ byte, change func([]byte) []byte) []byte {
	s := flvtest.Stream{}
	s.Each = func(t *flvtest.Tag) {
		if t.Config && t.Type == typ {
			t.Body = change(t.Body)
		}
	}
	return s.Build().Bytes()
}

func changeVideo(change func(t *flvtest.Tag)) []byte {
	s := flvtest.Stream{}
	s.Each = func(t *flvtest.Tag) {
		if t.Type == 9 && t.Frame >= 0 {
			change(t)
		}
	}
	return s.Build().Bytes()
}
