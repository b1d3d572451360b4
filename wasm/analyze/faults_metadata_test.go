package analyze

import (
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv/flvtest"
)

var metadataFaults = []fault{
	{name: "no metadata", build: func() []byte { return flvtest.Stream{NoMetaData: true}.Build().Bytes() }, want: "metadata-missing"},
	{name: "no metadata, one bitrate to Azure live encoding", profile: "azure-live-encoding", build: func() []byte {
		return flvtest.Stream{NoMetaData: true}.Build().Bytes()
	}, infos: "metadata-missing"},
	{name: "no metadata, several bitrates to Azure pass-through", profile: "azure-pass-through", build: func() []byte {
		return multitrack(3, true)
	}, want: "metadata-missing! codec-video-unsupported!"},
	{name: "metadata after a second", build: func() []byte {
		s := flvtest.Stream{}
		var meta []byte
		s.Each = func(t *flvtest.Tag) {
			switch {
			case t.Type == 18:
				meta, t.Drop = t.Body, true
			case t.Type == 9 && t.Timestamp == 1000:
				t.Before = flvtest.New().Script(1000, meta).Bytes()[13:]
			}
		}
		return s.Build().Bytes()
	}, want: "metadata-late", check: func(t *testing.T, r *diag.Report) {
		near(t, "late_ms", arg(t, r, "metadata-late", "late_ms"), 975, 30)
	}},
	{name: "metadata cut off", build: func() []byte {
		s := flvtest.Stream{}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 18 {
				t.Body = t.Body[:60]
			}
		}
		return s.Build().Bytes()
	}, want: "metadata-malformed!", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "metadata-malformed", "name", "onMetaData")
		text(t, r, "metadata-malformed", "read", "duration")
		if at := arg(t, r, "metadata-malformed", "problem_offset"); at < 13+11+18 || at > 13+11+60 {
			t.Errorf("problem at %d", at)
		}
	}},
	{name: "a script tag of noise", build: func() []byte {
		s := flvtest.Stream{NoMetaData: true}
		s.Each = func(t *flvtest.Tag) {
			if t.Index == 0 {
				t.Before = flvtest.New().Script(0, []byte{0xff, 0xfe, 1, 2, 3}).Bytes()[13:]
			}
		}
		return s.Build().Bytes()
	}, want: "metadata-malformed!"},
	{name: "another size declared", build: func() []byte {
		return flvtest.Stream{EditMetaData: set("width", 1920, "height", 1080)}.Build().Bytes()
	}, want: "metadata-mismatch", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "metadata-mismatch", "property", "width")
		text(t, r, "metadata-mismatch", "measured", "1280")
		text(t, r, "metadata-mismatch", "others", "height 1080 (720")
	}},
	{name: "another frame rate declared", build: func() []byte {
		return flvtest.Stream{EditMetaData: set("framerate", 60)}.Build().Bytes()
	}, want: "metadata-mismatch", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "metadata-mismatch", "measured", "30 fps")
	}},
	{name: "another video codec declared", build: func() []byte {
		return flvtest.Stream{EditMetaData: set("videocodecid", 2)}.Build().Bytes()
	}, want: "metadata-mismatch"},
	{name: "another audio codec declared, as text", build: func() []byte {
		return flvtest.Stream{EditMetaData: set("audiocodecid", ".mp3")}.Build().Bytes()
	}, want: "metadata-mismatch"},
	{name: "another sample rate declared", build: func() []byte {
		return flvtest.Stream{EditMetaData: set("audiosamplerate", 48000)}.Build().Bytes()
	}, want: "metadata-mismatch"},
	{name: "stereo declared for mono", build: func() []byte {
		return flvtest.Stream{Channels: 1, EditMetaData: set("stereo", true)}.Build().Bytes()
	}, want: "metadata-mismatch"},
	{name: "video far below its declared rate", build: func() []byte {
		return flvtest.Stream{EditMetaData: set("videodatarate", 5000)}.Build().Bytes()
	}, want: "bitrate-mismatch", check: func(t *testing.T, r *diag.Report) {
		f := finding(r, "bitrate-mismatch")
		got, _ := f.Args.Get("measured_kbps")
		if got.Float < 950 || got.Float > 1050 {
			t.Errorf("measured %v", got.Float)
		}
	}},
	{name: "audio at twice its declared rate, exactly", build: func() []byte {
		s := flvtest.Stream{SampleRate: 48000, EditMetaData: set("audiodatarate", 100)}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 8 && t.Frame >= 0 {
				t.Body = flvtest.AAC(534)
			}
		}
		return s.Build().Bytes()
	}, want: "bitrate-mismatch"},
	{name: "too short for a rate", build: func() []byte {
		return flvtest.Stream{Seconds: 4, EditMetaData: set("videodatarate", 9000)}.Build().Bytes()
	}, check: func(t *testing.T, r *diag.Report) {
		for _, c := range r.Checks {
			if c.Rule == "bitrate-mismatch" && c.State != diag.CheckNA && c.State != diag.CheckPassed {
				t.Errorf("%s", c.State)
			}
		}
	}},
}
