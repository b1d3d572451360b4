package analyze

import (
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv/flvtest"
)

// move shifts the frames of a type from a moment on, in file order.
func move(s flvtest.Stream, typ byte, from, ms int64) []byte {
	s.Each = func(t *flvtest.Tag) {
		if t.Type == typ && t.Frame >= 0 && t.Timestamp >= from {
			t.Timestamp += ms
		}
	}
	return s.Build().Bytes()
}

var timeFaults = []fault{
	{name: "video goes back by 500 ms", build: func() []byte { return move(flvtest.Stream{Seconds: 20}, 9, 10000, -500) }, want: "timestamp-backwards!", check: func(t *testing.T, r *diag.Report) {
		near(t, "back_ms", arg(t, r, "timestamp-backwards", "back_ms"), 467, 1)
		near(t, "place", finding(r, "timestamp-backwards").TimestampMS, 9500, 0)
		near(t, "count", finding(r, "timestamp-backwards").Count, 1, 0)
	}},
	{name: "one frame goes back", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 9 && t.Frame == 300 {
				t.Timestamp -= 100
			}
		}
		return s.Build().Bytes()
	}, want: "timestamp-backwards!"},
	{name: "the clock starts again", build: func() []byte {
		b := flvtest.Stream{Seconds: 20}.Build().Bytes()
		return append(b, flvtest.Stream{Seconds: 20}.Build().Bytes()[13:]...)
	}, want: "timestamp-backwards!", check: func(t *testing.T, r *diag.Report) {
		near(t, "back_ms", arg(t, r, "timestamp-backwards", "back_ms"), 19967, 50)
	}},
	{name: "a wrap at 24 bits", build: func() []byte {
		s := flvtest.Stream{Seconds: 20, StartMS: 1<<24 - 10000}
		s.Each = func(t *flvtest.Tag) { t.Timestamp &= 1<<24 - 1 }
		return s.Build().Bytes()
	}, want: "timestamp-backwards!", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "timestamp-backwards", "cause", "24 bits")
	}},
	{name: "negative times without their sign, as FFmpeg writes them", build: func() []byte {
		s := flvtest.Stream{Seconds: 20, StartMS: -66}
		s.Each = func(t *flvtest.Tag) {
			if t.Timestamp < 0 {
				t.Timestamp &= 1<<31 - 1
			}
		}
		return s.Build().Bytes()
	}, want: "timestamp-backwards!", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "timestamp-backwards", "cause", "sign")
	}},
	{name: "presentation times instead of decoding times", build: func() []byte {
		s := flvtest.Stream{Seconds: 20, BFrames: 2}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 9 && t.Frame >= 0 {
				t.Timestamp += int64(t.Body[3])<<8 | int64(t.Body[4])
			}
		}
		return s.Build().Bytes()
	}, want: "timestamp-backwards!"},
	{name: "video leaps by 3 s and stays there", build: func() []byte { return move(flvtest.Stream{Seconds: 20}, 9, 10000, 3000) }, want: "timestamp-jump av-drift", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "timestamp-jump", "track", "video")
		near(t, "gap_ms", arg(t, r, "timestamp-jump", "gap_ms"), 3033, 2)
		near(t, "from_ms", arg(t, r, "timestamp-jump", "from_ms"), 9967, 1)
	}},
	{name: "video stands still for 3 s", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			t.Drop = t.Type == 9 && t.Frame >= 0 && t.Timestamp > 10000 && t.Timestamp < 13000
		}
		return s.Build().Bytes()
	}, want: "timestamp-jump", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "timestamp-jump", "track", "video")
	}},
	{name: "audio is away for 3 s", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			t.Drop = t.Type == 8 && t.Frame >= 0 && t.Timestamp > 10000 && t.Timestamp < 13000
		}
		return s.Build().Bytes()
	}, want: "timestamp-jump", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "timestamp-jump", "track", "audio")
	}},
	{name: "audio leaps 1.5 s once and comes back", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 8 && t.Frame == 200 {
				t.Timestamp += 1500
			}
		}
		return s.Build().Bytes()
	}, want: "timestamp-jump timestamp-backwards!"},
	{name: "nothing for 12 s", build: func() []byte { return pause(flvtest.Stream{Seconds: 30}, 10000, 12000) }, want: "idle-gap", check: func(t *testing.T, r *diag.Report) {
		near(t, "gap_ms", arg(t, r, "idle-gap", "gap_ms"), 12020, 40)
		near(t, "start_ms", arg(t, r, "idle-gap", "start_ms"), 9980, 40)
		near(t, "count", finding(r, "idle-gap").Count, 1, 0)
	}},
	{name: "nothing for 12 s, audio first", build: func() []byte {
		return pause(flvtest.Stream{Seconds: 30}, 10004, 12000)
	}, want: "idle-gap"},
	{name: "nothing for 12 s, video only", build: func() []byte {
		return pause(flvtest.Stream{Seconds: 30, NoAudio: true}, 10000, 12000)
	}, want: "idle-gap"},
	{name: "nothing for 6 s at SRS", profile: "srs", build: func() []byte {
		return pause(flvtest.Stream{Seconds: 30}, 10000, 6000)
	}, want: "idle-gap"},
	{name: "the clock leaps by five hours", build: func() []byte {
		return pause(flvtest.Stream{Seconds: 30}, 10000, 5*3600*1000)
	}, want: "idle-gap"},
	{name: "first frame at 0, the rest at five hours", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			if t.Timestamp > 0 {
				t.Timestamp += 5 * 3600 * 1000
			}
		}
		return s.Build().Bytes()
	}, want: "idle-gap"},
	{name: "audio 1.5 s ahead in the file", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 8 && t.Frame >= 0 {
				t.Timestamp += 1500
			}
		}
		return s.Build().Bytes()
	}, want: "av-drift", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "av-drift", "ahead", "audio")
		near(t, "interleave_ms", arg(t, r, "av-drift", "interleave_ms"), 1500, 30)
	}},
	{name: "audio drifts away by 2 s in 2 minutes", build: func() []byte {
		s := flvtest.Stream{Seconds: 120}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 8 && t.Frame >= 0 {
				t.Timestamp = int64(float64(t.Timestamp)*(1+2.0/120)) - 900
			}
		}
		return s.Build().Bytes()
	}, want: "av-drift", check: func(t *testing.T, r *diag.Report) {
		drift := false
		for _, f := range r.Findings {
			if a, ok := f.Args.Get("drift_ms"); ok {
				drift = true
				near(t, "drift_ms", a.Int, 1700, 200)
			}
		}
		if !drift {
			t.Error("the drift is not told")
		}
	}},
	{name: "48 kHz audio with 44.1 kHz timestamps", build: func() []byte {
		s := flvtest.Stream{Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 8 && t.Config {
				t.Body = flvtest.AACConfig(48000, 2)
			}
		}
		s.EditMetaData = set("audiosamplerate", 48000)
		return s.Build().Bytes()
	}, want: "av-drift", check: func(t *testing.T, r *diag.Report) {
		a, _ := finding(r, "av-drift").Args.Get("pace_percent")
		if a.Float < 8.6 || a.Float > 9.1 {
			t.Errorf("pace %v", a.Float)
		}
		text(t, r, "av-drift", "pace", "fast")
	}},
	{name: "a clock 5 % slow for 8 s", build: func() []byte {
		s := flvtest.Stream{Seconds: 8}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 8 && t.Frame >= 0 {
				t.Timestamp = int64(float64(t.Timestamp) * 0.95)
			}
		}
		return byTime(s)
	}, want: "av-drift", check: func(t *testing.T, r *diag.Report) { text(t, r, "av-drift", "pace", "slow") }},
	{name: "a negative composition time", build: func() []byte {
		return changeVideo(func(t *flvtest.Tag) {
			if t.Frame%10 == 5 {
				t.Body[2], t.Body[3], t.Body[4] = 0xff, 0xff, 0xd7
			}
		})
	}, want: "composition-time!", check: func(t *testing.T, r *diag.Report) {
		near(t, "offset_ms", arg(t, r, "composition-time", "offset_ms"), -41, 0)
		near(t, "count", finding(r, "composition-time").Count, 30, 0)
	}},
	{name: "a composition time of a minute", build: func() []byte {
		return changeVideo(func(t *flvtest.Tag) {
			if t.Frame == 55 {
				t.Body[2], t.Body[3], t.Body[4] = 0x00, 0xea, 0x60
			}
		})
	}, want: "composition-time!"},
}
