package analyze

import (
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv/flvtest"
)

// keysAt leaves key frames only at these timestamps.
func keysAt(s flvtest.Stream, at ...int64) []byte {
	s.Each = func(t *flvtest.Tag) {
		if t.Type != 9 || t.Frame < 0 {
			return
		}
		t.Body = flvtest.P(3800, 0)
		for _, ms := range at {
			if t.Timestamp == ms {
				t.Body = flvtest.IDR(15000, 0)
			}
		}
	}
	return s.Build().Bytes()
}

var keyframeFaults = []fault{
	{name: "begins between two key frames", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) { t.Drop = t.Frame >= 0 && t.Timestamp < 500 }
		return s.Build().Bytes()
	}, want: "keyframe-first", check: func(t *testing.T, r *diag.Report) {
		near(t, "frames", arg(t, r, "keyframe-first", "frames"), 45, 0)
		near(t, "late_ms", arg(t, r, "keyframe-first", "late_ms"), 1500, 0)
	}},
	{name: "no key frame for 20 s", profile: "azure-live-encoding", build: func() []byte {
		return keysAt(flvtest.Stream{Seconds: 60}, 0, 2000, 4000, 6000, 8000, 10000, 12000, 14000, 34000, 36000, 38000, 40000, 42000, 44000, 46000, 48000, 50000, 52000, 54000, 56000, 58000)
	}, want: "keyframe-interval!", infos: "keyframe-irregular", check: func(t *testing.T, r *diag.Report) {
		f := finding(r, "keyframe-interval")
		near(t, "place", f.TimestampMS, 14000, 0)
		near(t, "interval_ms", arg(t, r, "keyframe-interval", "interval_ms"), 20000, 0)
		near(t, "count", f.Count, 1, 0)
		if r.Verdict.Headline != "Azure would probably refuse this: no key frame for 20.0 s at 0:14.0" {
			t.Error(r.Verdict.Headline)
		}
	}},
	{name: "key frames every 6 s", build: func() []byte { return flvtest.Healthy(40, 30, 6).Bytes() }, want: "keyframe-interval", check: func(t *testing.T, r *diag.Report) {
		near(t, "count", finding(r, "keyframe-interval").Count, 6, 0)
		near(t, "limit_ms", arg(t, r, "keyframe-interval", "limit_ms"), 4000, 0)
	}},
	{name: "key frames every 6 s at Facebook", profile: "facebook", build: func() []byte {
		return flvtest.Healthy(40, 30, 6).Bytes()
	}, want: "keyframe-interval!", check: func(t *testing.T, r *diag.Report) {
		if got := r.Verdict.Headline; got != "Facebook would refuse this: no key frame for 6.0 s at 0:00.0" {
			t.Error(got)
		}
	}},
	{name: "key frames every 4 s at 29.97 fps", build: func() []byte { return flvtest.Healthy(40, 30000.0/1001, 4.004).Bytes() }},
	{name: "the last interval is open", build: func() []byte {
		return keysAt(flvtest.Stream{Seconds: 40}, 0, 2000, 4000, 6000)
	}, want: "keyframe-interval!", check: func(t *testing.T, r *diag.Report) {
		near(t, "interval_ms", arg(t, r, "keyframe-interval", "interval_ms"), 33967, 1)
		if a, _ := finding(r, "keyframe-interval").Args.Get("open"); a.Int != 1 {
			t.Error("the interval is not called open")
		}
	}},
	{name: "no key frame at all", build: func() []byte { return keysAt(flvtest.Stream{Seconds: 20}) }, want: "keyframe-interval! keyframe-first", check: func(t *testing.T, r *diag.Report) {
		near(t, "interval_ms", arg(t, r, "keyframe-interval", "interval_ms"), 19967, 1)
		near(t, "frames", arg(t, r, "keyframe-first", "frames"), 600, 0)
	}},
	{name: "one key frame in 3 s", build: func() []byte { return keysAt(flvtest.Stream{Seconds: 3}, 0) }},
	{name: "25 MB without a key frame", build: func() []byte {
		return flvtest.Stream{Seconds: 10, GOP: 3.9, VideoKbps: 60000}.Build().Bytes()
	}, want: "keyframe-interval!", check: func(t *testing.T, r *diag.Report) {
		near(t, "bytes", arg(t, r, "keyframe-interval", "bytes"), 29_000_000, 1_000_000)
	}},
	{name: "a pause inside a GOP", build: func() []byte { return pause(flvtest.Stream{Seconds: 30}, 11000, 12000) }, want: "idle-gap"},
	{name: "flagged key, coded inter", build: func() []byte {
		return changeVideo(func(t *flvtest.Tag) {
			if t.Frame%60 == 30 {
				t.Body[0] = 0x17
			}
		})
	}, want: "keyframe-flag", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "keyframe-flag", "flag", "key frame")
		near(t, "count", finding(r, "keyframe-flag").Count, 5, 0)
	}},
	{name: "flagged inter, coded IDR", build: func() []byte {
		return changeVideo(func(t *flvtest.Tag) {
			if t.Frame == 60 {
				t.Body[0] = 0x27
			}
		})
	}, want: "keyframe-flag"},
	{name: "I slices without IDR", build: func() []byte {
		return changeVideo(func(t *flvtest.Tag) {
			if t.Key && t.Frame > 0 {
				t.Body = flvtest.I(9000, 0)
			}
		})
	}},
	{name: "HEVC flagged key, coded inter", build: func() []byte {
		s := flvtest.Stream{HEVC: true}
		s.Each = func(t *flvtest.Tag) {
			if t.Frame%60 == 30 && t.Type == 9 {
				t.Body[0] = 0x91
			}
		}
		return s.Build().Bytes()
	}, want: "keyframe-flag"},
	{name: "ten seconds of audio at once", build: func() []byte {
		s := flvtest.Stream{Seconds: 30}
		var held []byte
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 9 && t.Frame >= 0 && t.Timestamp >= 10000 && t.Timestamp < 20000 {
				held = append(held, flvtest.New().Video(t.Timestamp, t.Body).Bytes()[13:]...)
				t.Drop = true
			}
			if held != nil && t.Timestamp >= 20000 {
				t.Before, held = held, nil
			}
		}
		return s.Build().Bytes()
	}, want: "audio-backlog av-drift", check: func(t *testing.T, r *diag.Report) {
		near(t, "ahead_ms", arg(t, r, "audio-backlog", "ahead_ms"), 9980, 40)
	}},
	{name: "the metadata promises audio", build: func() []byte {
		return flvtest.Stream{NoAudio: true, EditMetaData: set("audiocodecid", 10)}.Build().Bytes()
	}, want: "track-missing", check: func(t *testing.T, r *diag.Report) { text(t, r, "track-missing", "promised_by", "metadata") }},
	{name: "no audio at Facebook", profile: "facebook", build: func() []byte {
		return flvtest.Stream{NoAudio: true}.Build().Bytes()
	}, want: "track-missing!", check: func(t *testing.T, r *diag.Report) { text(t, r, "track-missing", "needed_by", "Facebook") }},
	{name: "no video at YouTube", profile: "youtube", build: func() []byte {
		return flvtest.Stream{NoVideo: true}.Build().Bytes()
	}, want: "track-missing!"},
}
